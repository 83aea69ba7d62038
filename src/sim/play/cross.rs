//! What went over the network.

use super::Play;
use crate::scenario::Span;
use crate::scenario::verbs::{Count, Crossing, Path};
use crate::sim::network::Network;
use crate::transcript::{Fault, Hop};

impl<N: Network> Play<'_, N> {
    pub(super) fn crosses(&mut self, span: Span, crossing: &Crossing) {
        match crossing {
            Crossing::Stanzas(count, path) => {
                let number = self.crossed(path);
                self.check_count(span, *count, number, "to cross");
            }
            Crossing::CutLost(count) => {
                let faults = self.network.world().faults().iter();
                let cuts = faults.filter(|record| matches!(record.fault, Fault::Cut(..)));
                let lost = cuts.map(|record| record.touched.lost + record.touched.bounced).sum();
                self.check_count(span, *count, lost, "to be lost");
            }
        }
    }

    fn crossed(&self, path: &Path) -> u64 {
        let Some(transcript) = self.network.world().recorder().transcript() else { return 0 };
        let on_path = |hop: &Hop| match path {
            Path::BetweenServers => hop.crosses_servers(),
            Path::FromTo(from, to) => hop.from == *from && hop.to == *to,
            Path::Between(one, other) => {
                (&hop.from, &hop.to) == (one, other) || (&hop.from, &hop.to) == (other, one)
            }
        };
        let since =
            transcript.hops().filter(|(index, _, hop)| *index >= self.marked_entry && on_path(hop));
        since.count() as u64
    }

    fn check_count(&mut self, span: Span, count: Count, number: u64, what: &str) {
        if !count.admits(number) {
            let expected = match count {
                Count::Exactly(0) => format!("nothing {what}"),
                Count::Exactly(number) => format!("exactly {number} {what}"),
                Count::AtLeast(number) => format!("at least {number} {what}"),
                Count::AtMost(number) => format!("at most {number} {what}"),
            };
            self.fail(span, "", &expected, &format!("it was {number}"), None);
        }
    }
}

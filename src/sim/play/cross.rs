//! What went over the network.

use super::Play;
use crate::scenario::Span;
use crate::scenario::verbs::{Count, Crossing, Kind, Path};
use crate::sim::network::Network;
use crate::stanza::{Element, Stanza};
use crate::transcript::{Fault, Hop};

impl<N: Network> Play<'_, N> {
    pub(super) fn crosses(&mut self, span: Span, crossing: &Crossing) {
        match crossing {
            Crossing::Stanzas { count, kind, with, path, since_beginning } => {
                let since = if *since_beginning { 0 } else { self.marked_entry };
                let number = self.crossed(path, since, |stanza| {
                    let is_kind = match kind {
                        Kind::Any => true,
                        Kind::Only(kind) => stanza.kind == *kind,
                    };
                    is_kind
                        && with
                            .as_ref()
                            .is_none_or(|name| stanza.payloads.iter().any(|one| holds(one, name)))
                });
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

    fn crossed(&self, path: &Path, since: usize, counts: impl Fn(&Stanza) -> bool) -> u64 {
        let Some(transcript) = self.network.world().recorder().transcript() else { return 0 };
        let on_path = |hop: &Hop| match path {
            Path::BetweenServers => hop.crosses_servers(),
            Path::FromTo(from, to) => hop.from == *from && hop.to == *to,
            Path::Between(one, other) => {
                (&hop.from, &hop.to) == (one, other) || (&hop.from, &hop.to) == (other, one)
            }
        };
        let hops = transcript.hops().filter(|(index, ..)| *index >= since);
        hops.filter(|(_, _, hop)| on_path(hop) && counts(&hop.stanza)).count() as u64
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

/// Whether this element, or one within it, has this name. Stanzas are not deep.
fn holds(element: &Element, name: &str) -> bool {
    element.name() == name || element.children().any(|child| holds(child, name))
}

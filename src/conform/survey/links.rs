//! How long links take while nothing is wrong with them.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::time::{Duration, Time};
use crate::transcript::{Between, Entry, Fate, Fault, Name, StreamEvent, What, is_client};

/// The longest that links took.
#[derive(Debug, Default)]
pub(in crate::conform) struct Links {
    longest: IndexMap<(Name, Name), Duration, FxBuildHasher>,
    faults: usize,
    /// When a stream was opened last: what waited for it took longer.
    opened: Option<Time>,
}

impl Links {
    pub fn feed(&mut self, entry: &Entry) {
        match &entry.what {
            What::Fault(Fault::Heal(_) | Fault::Restart(_)) => {
                self.faults = self.faults.saturating_sub(1);
            }
            What::Fault(Fault::HealEverything) => self.faults = 0,
            What::Fault(_) => self.faults += 1,
            What::Stream { event: StreamEvent::Opened, .. } => self.opened = Some(entry.at),
            What::Hop(hop) => {
                let Fate::Delivered(after) = hop.fate else { return };
                if self.faults == 0 && self.opened != Some(entry.at) {
                    match self.longest.get_mut(&Between(&hop.from, &hop.to)) {
                        Some(most) => *most = after.max(*most),
                        None => {
                            self.longest.insert((hop.from.clone(), hop.to.clone()), after);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Links that take other than the usual time, one way each.
    pub fn unusual(mut self) -> Vec<(Name, Name, Duration)> {
        self.longest.sort_unstable_keys();
        let unusual = |((from, to), most): ((Name, Name), Duration)| {
            let usual = if is_client(&from) || is_client(&to) { 1 } else { 20 };
            (most > Duration::from_millis(usual)).then_some((from, to, most))
        };
        self.longest.into_iter().filter_map(unusual).collect()
    }
}

//! How long links take while nothing is wrong with them.

use std::collections::BTreeMap;

use crate::time::{Duration, Time};
use crate::transcript::{Fate, Fault, Name, StreamEvent, Transcript, What, is_client};

/// Links that take other than the usual time, one way each.
pub(super) fn links(transcript: &Transcript) -> Vec<(Name, Name, Duration)> {
    let mut links: BTreeMap<(Name, Name), Duration> = BTreeMap::new();
    let mut faults = 0_usize;
    let mut opened: Option<Time> = None;
    for entry in &transcript.entries {
        match &entry.what {
            What::Fault(Fault::Heal(_) | Fault::Restart(_)) => faults = faults.saturating_sub(1),
            What::Fault(Fault::HealEverything) => faults = 0,
            What::Fault(_) => faults += 1,
            What::Stream { event: StreamEvent::Opened, .. } => opened = Some(entry.at),
            What::Hop(hop) => {
                let Fate::Delivered(after) = hop.fate else { continue };
                if faults == 0 && opened != Some(entry.at) {
                    let link = (hop.from.clone(), hop.to.clone());
                    let most = links.entry(link).or_default();
                    *most = after.max(*most);
                }
            }
            _ => {}
        }
    }
    let unusual = |((from, to), most): ((Name, Name), Duration)| {
        let usual = if is_client(&from) || is_client(&to) { 1 } else { 20 };
        (most > Duration::from_millis(usual)).then_some((from, to, most))
    };
    links.into_iter().filter_map(unusual).collect()
}

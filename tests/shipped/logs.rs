//! Runs as the log of one host has them, and the judgement of such a log.

use std::collections::BTreeSet;

use wallops::conform::instants::gather;
use wallops::conform::judgement::Judgement;
use wallops::conform::survey::survey;
use wallops::conform::views::Views;
use wallops::time::Duration;
use wallops::transcript::{Entry, Fate, Hop, Name, Transcript, What};

/// A run as this host has it in its log: each stanza at the instant at which it leaves the host or
/// comes to it, and nothing of what became of it elsewhere.
pub fn seen_by(host: &str, transcript: &Transcript) -> Transcript {
    let seen = transcript.hops().filter_map(|(number, left, hop)| {
        let at = match hop.fate {
            _ if *hop.from == *host => left,
            Fate::Delivered(after) if *hop.to == *host => left + after,
            _ => return None,
        };
        let hop = Hop { fate: Fate::Delivered(Duration::ZERO), ..hop.clone() };
        Some((at, number, What::Hop(hop)))
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort_by_key(|(at, number, _)| (*at, *number));
    let entries = seen.into_iter().map(|(at, _, what)| Entry { at, what }).collect();
    Transcript { entries, ..transcript.clone() }
}

/// The judgement of a log; none if no room shows in it.
pub fn judged(log: &Transcript) -> Option<Judgement> {
    let setting = survey(log);
    let mut gathered = log.clone();
    gather(&mut gathered, &setting);
    let mut judgement = Judgement::of(&gathered, &setting);
    judgement.limit(&Views::of(log, &setting));
    (!setting.rooms.is_empty()).then_some(judgement)
}

/// All that have a part in a run.
pub fn hosts(transcript: &Transcript) -> BTreeSet<Name> {
    transcript.hops().flat_map(|(_, _, hop)| [hop.from.clone(), hop.to.clone()]).collect()
}

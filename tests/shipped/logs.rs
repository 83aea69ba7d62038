//! Runs as logs of real machines have them, and the judgement of such logs.

use std::collections::{BTreeMap, BTreeSet};

use wallops::conform::instants;
use wallops::conform::judgement::Judgement;
use wallops::conform::survey::survey;
use wallops::time::{Duration, Time};
use wallops::transcript::{Entry, Fate, Hop, Name, Space, Transcript, What, is_client};

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

/// A run of the same machines if they took time: each server up to 4 ms for each stanza that it
/// sends, one after another. Nothing else than stanzas is told.
pub fn slowly(transcript: &Transcript) -> Transcript {
    let mut free: BTreeMap<Name, Time> = BTreeMap::new();
    let mut under_way: BTreeMap<(Time, usize), (Name, Time)> = BTreeMap::new();
    let mut entries = Vec::new();
    for (number, left, hop) in transcript.hops() {
        while let Some(first) = under_way.first_entry().filter(|first| first.key().0 <= left) {
            let (_, (to, came)) = first.remove_entry();
            let free = free.entry(to).or_insert(came);
            *free = came.max(*free);
        }
        let work = match is_client(&hop.from) {
            true => Duration::ZERO,
            false => Duration::from_micros(50 + number as u64 * 7_919 % 4_000),
        };
        let free = free.entry(hop.from.clone()).or_insert(left);
        let at = left.max(*free) + work;
        *free = at;
        if let Fate::Delivered(after) = hop.fate {
            under_way.insert((left + after, number), (hop.to.clone(), at + after));
        }
        entries.push(Entry { at, what: What::Hop(hop.clone()) });
    }
    entries.sort_by_key(|entry| entry.at);
    Transcript { entries, ..transcript.clone() }
}

/// The same, if nothing tells when a stanza arrived.
pub fn without_arrivals(mut transcript: Transcript) -> Transcript {
    for entry in &mut transcript.entries {
        if let What::Hop(Hop { fate: fate @ Fate::Delivered(_), .. }) = &mut entry.what {
            *fate = Fate::Delivered(Duration::ZERO);
        }
    }
    transcript
}

/// The judgement of a log; none if no room shows in it.
pub fn judged(log: &Transcript) -> Option<Judgement> {
    let setting = survey(log);
    let judgement = instants::judge(log, &setting, false, Space::MEMORY).unwrap();
    (!setting.rooms.is_empty()).then_some(judgement)
}

/// All that have a part in a run.
pub fn hosts(transcript: &Transcript) -> BTreeSet<Name> {
    transcript.hops().flat_map(|(_, _, hop)| [hop.from.clone(), hop.to.clone()]).collect()
}

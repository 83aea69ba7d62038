//! The log of one server, or of one person's client, condemns nobody who did nothing wrong.

use std::collections::BTreeSet;

use wallops::conform::instants::gather;
use wallops::conform::judgement::Judgement;
use wallops::conform::survey::survey;
use wallops::conform::views::Views;
use wallops::time::Duration;
use wallops::transcript::{Entry, Fate, Hop, Name, Transcript, What};

use crate::stage::{Run, shipped};

/// A run as this host has it in its log: each stanza at the instant at which it leaves the host or
/// comes to it, and nothing of what became of it elsewhere.
fn seen_by(host: &str, transcript: &Transcript) -> Transcript {
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
fn judged(log: &Transcript) -> Option<Judgement> {
    let setting = survey(log);
    let mut gathered = log.clone();
    gather(&mut gathered, &setting);
    let mut judgement = Judgement::of(&gathered, &setting);
    judgement.limit(&Views::of(log, &setting));
    (!setting.rooms.is_empty()).then_some(judgement)
}

fn hosts(transcript: &Transcript) -> BTreeSet<Name> {
    transcript.hops().flat_map(|(_, _, hop)| [hop.from.clone(), hop.to.clone()]).collect()
}

#[test]
fn what_one_host_has_seen_condemns_nobody() {
    let (mut wrong, mut logs, mut applied) = (String::new(), 0, 0);
    for path in shipped() {
        let run = Run::event(&path);
        // What random schedules have found is odd in every way; in s07 hosts are made to send what
        // their machines would not.
        if run.name.starts_with("found-") || run.name.starts_with("s07-") {
            continue;
        }
        for host in hosts(&run.transcript) {
            let Some(judgement) = judged(&seen_by(&host, &run.transcript)) else { continue };
            logs += 1;
            applied += judgement.rows.iter().filter(|row| row.applied()).count();
            let found = judgement.findings.iter();
            wrong.extend(found.map(|one| format!("{} at {host}: {one}\n", run.name)));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(logs > 400 && applied > logs * 10, "{applied} in {logs}");
}

//! The record of real machines, as if they took no time.
//!
//! A simulated machine does at one instant what it does about a stanza, and the monitors tell by
//! that what belongs together: the copies of one message, a presence and the ENTER after it. A real
//! one takes a while for each stanza that it sends. What a server sends soon after it was sent
//! something, or soon after what it has sent itself, belongs to the same instant. What it relays
//! for its users does not: they act when they like.

use std::collections::BTreeMap;

use super::invariants::Setting;
use super::invariants::reading::{bare_of, domain_of};
use crate::time::{Duration, Time};
use crate::transcript::{Fate, Hop, Name, Transcript, What, is_client};

/// What a server is busy with.
#[derive(Clone, Copy, Debug)]
struct Busy {
    /// The instant at which that began, as the record will have it.
    since: Time,
    /// When it was last seen to do, or to be sent, anything.
    until: Time,
}

/// Let each server answer at the instant at which it is asked. The order of the entries stays.
pub fn gather(transcript: &mut Transcript, setting: &Setting) {
    let mut servers: BTreeMap<Name, Busy> = BTreeMap::new();
    let mut arrivals: BTreeMap<(Time, usize), (Name, Time)> = BTreeMap::new();
    let mut floor = Time::from_micros(i64::MIN);
    for (number, entry) in transcript.entries.iter_mut().enumerate() {
        let at = entry.at;
        while let Some(first) = arrivals.first_entry().filter(|first| first.key().0 <= at) {
            let ((until, _), (server, since)) = first.remove_entry();
            servers.insert(server, Busy { since, until });
        }
        let What::Hop(hop) = &entry.what else {
            floor = floor.max(at);
            continue;
        };
        if !is_client(&hop.from) {
            let busy = servers.get(&hop.from).filter(|busy| at.since(busy.until) <= PAUSE);
            let busy = busy.filter(|_| !is_relayed(hop, setting));
            let since = busy.map_or(at, |busy| busy.since.max(floor).min(at));
            entry.at = since;
            servers.insert(hop.from.clone(), Busy { since, until: at });
        }
        floor = floor.max(entry.at);
        if let Fate::Delivered(after) = hop.fate
            && !is_client(&hop.to)
        {
            arrivals.insert((at + after, number), (hop.to.clone(), entry.at + after));
        }
    }
}

/// Whether a server sends it for one of its users: it is from a session, not from an occupant.
fn is_relayed(hop: &Hop, setting: &Setting) -> bool {
    let from = hop.stanza.from.as_ref().map_or("", |from| from.as_str());
    let is_room = |bare: &str| setting.rooms.iter().any(|room| room.config.jid.as_str() == bare);
    from.contains('/') && *domain_of(from) == *hop.from && !is_room(bare_of(from))
}

/// No pause within one thing that a machine does is longer.
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::super::survey::survey;
    use super::*;
    use crate::transcript::import::{Format, ImportOptions, import};

    /// The milliseconds of the entries of a plain log, as they are gathered.
    fn gathered(log: &str) -> Vec<u128> {
        let imported = import(log, Format::Plain, &ImportOptions::default());
        let mut transcript = imported.map(|one| one.transcript).unwrap_or_default();
        let setting = survey(&transcript);
        gather(&mut transcript, &setting);
        let epoch = "2026-01-01T00:00:00Z".parse().unwrap_or_default();
        transcript.entries.iter().map(|entry| entry.at.since(epoch).as_micros() / 1000).collect()
    }

    fn entry(ms: u32, from: &str, to: &str, stanza: &str) -> String {
        format!("2026-01-01T00:00:00.{ms:03}Z\t{from}\t{to}\t{stanza}\n")
    }

    fn relayed(ms: u32) -> String {
        let from = "<message from='a@s.example/b' to='r@m.example' type='groupchat'";
        entry(ms, "s.example", "m.example", &format!("{from}><body>{ms}</body></message>"))
    }

    fn told(ms: u32, to: &str) -> String {
        let head = format!("<message from='r@m.example/A' to='slave@{to}' type='groupchat'>");
        let x = "<body>1</body><x xmlns='urn:xmpp:tmp:dmuc:0'/></message>";
        entry(ms, "m.example", to, &(head + x))
    }

    #[test]
    fn what_a_master_sends_is_of_the_instant_at_which_it_was_asked() {
        let log = relayed(10) + &told(13, "s.example") + &told(29, "t.example");
        assert_eq!(gathered(&log), [10, 10, 10]);
    }

    #[test]
    fn what_comes_after_a_pause_is_not() {
        let log = relayed(10) + &told(13, "s.example") + &told(40, "t.example");
        assert_eq!(gathered(&log), [10, 10, 40]);
    }

    #[test]
    fn users_act_when_they_like() {
        let log = relayed(10) + &told(13, "s.example") + &relayed(15) + &told(17, "t.example");
        assert_eq!(gathered(&log), [10, 10, 15, 15]);
    }
}

//! What was said in a room before a record begins, as far as the record shows it later.

use std::collections::BTreeSet;

use super::Reading;
use crate::conform::invariants::reading::nick_in;
use crate::stanza::Stanza;
use crate::time::Time;
use crate::transcript::Transcript;

/// The messages of before `begin` that the room tells of later, oldest first.
pub(super) fn past(transcript: &Transcript, room: &str, begin: Time) -> Vec<Stanza> {
    let mut known = BTreeSet::new();
    let mut said = BTreeSet::new();
    let mut past: Vec<(Time, Stanza)> = Vec::new();
    for (_, _, hop) in transcript.hops().filter(|(_, _, hop)| hop.stanza.is_groupchat()) {
        let to = hop.stanza.to.as_ref().map_or("", |to| to.as_str());
        let reading = Reading::new(&hop.stanza, room);
        if nick_in(to, room).is_some() {
            said.insert(reading.content);
        }
        if !reading.from_room {
            continue;
        }
        let subject = hop.stanza.is_subject_change();
        let stamp = reading.dmuc.and_then(|dmuc| dmuc.stamp).or(reading.delay);
        let late = match stamp {
            Some(stamp) => stamp < begin,
            // Without a stamp only a subject is shown that nobody has set since.
            None => subject && !said.contains(&reading.content) && reading.nick.is_some(),
        };
        // Copies to users may have the stamp elsewhere; they are of one message. Those of a subject
        // may have ids of their own.
        let id = subject.then(|| reading.id().to_owned());
        let key = (reading.nick.map(str::to_owned), reading.content, stamp, id);
        if late && past.len() < PAST_MAX && known.insert(key) {
            past.push((stamp.unwrap_or(begin), hop.stanza.clone()));
        }
    }
    past.sort_by_key(|(stamp, _)| *stamp);
    past.into_iter().map(|(_, stanza)| stanza).collect()
}

/// A room remembers less.
const PAST_MAX: usize = 10_000;

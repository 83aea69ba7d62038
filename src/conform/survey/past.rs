//! What was said in a room before a record begins, as far as the record shows it later.

use std::collections::BTreeSet;

use super::Reading;
use crate::conform::invariants::reading::nick_in;
use crate::stanza::Stanza;
use crate::time::Time;
use crate::transcript::Hop;

/// What a room tells of what was before.
#[derive(Debug)]
pub(super) struct Past {
    begin: Time,
    known: BTreeSet<Told>,
    /// The subjects that somebody sets.
    set: BTreeSet<u64>,
    past: Vec<(Time, Stanza)>,
}

/// Nick, content, stamp and id of a message.
type Told = (Option<String>, u64, Option<Time>, Option<String>);

impl Past {
    /// Of a record that begins then.
    pub fn before(begin: Time) -> Self {
        Self { begin, known: BTreeSet::new(), set: BTreeSet::new(), past: Vec::new() }
    }

    pub fn feed(&mut self, hop: &Hop, room: &str) {
        if !hop.stanza.is_groupchat() {
            return;
        }
        let to = hop.stanza.to.as_ref().map_or("", |to| to.as_str());
        let reading = Reading::new(&hop.stanza, room);
        if nick_in(to, room).is_some() && hop.stanza.is_subject_change() {
            self.set.insert(reading.content);
        }
        if !reading.from_room {
            return;
        }
        let subject = hop.stanza.is_subject_change();
        let stamp = reading.dmuc.and_then(|dmuc| dmuc.stamp).or(reading.delay);
        let late = match stamp {
            Some(stamp) => stamp < self.begin,
            // Without a stamp only a subject is shown that nobody has set since.
            None => subject && !self.set.contains(&reading.content) && reading.nick.is_some(),
        };
        // Copies to users may have the stamp elsewhere; they are of one message. Those of a subject
        // may have ids of their own.
        let id = subject.then(|| reading.id().to_owned());
        let key = (reading.nick.map(str::to_owned), reading.content, stamp, id);
        if late && self.past.len() < PAST_MAX && self.known.insert(key) {
            self.past.push((stamp.unwrap_or(self.begin), hop.stanza.clone()));
        }
    }

    /// The messages of before, oldest first.
    pub fn messages(mut self) -> Vec<Stanza> {
        self.past.sort_by_key(|(stamp, _)| *stamp);
        self.past.into_iter().map(|(_, stanza)| stanza).collect()
    }
}

/// A room remembers less.
const PAST_MAX: usize = 10_000;

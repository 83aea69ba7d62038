//! What was said in a room before a record begins, as far as the record shows it later.

use std::collections::BTreeSet;

use super::Reading;
use crate::conform::invariants::reading::nick_in;
use crate::stanza::Stanza;
use crate::time::Time;

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

    pub fn feed(&mut self, reading: &Reading<'_>, room: &str) {
        let stanza = reading.stanza;
        if !stanza.is_groupchat() {
            return;
        }
        let subject = stanza.is_subject_change();
        if subject && nick_in(reading.to, room).is_some() {
            self.set.insert(reading.content);
        }
        if !reading.from_room {
            return;
        }
        let stamp = reading.dmuc.and_then(|dmuc| dmuc.stamp).or(reading.delay);
        let late = match stamp {
            Some(stamp) => stamp < self.begin,
            // Without a stamp only a subject is shown that nobody has set since.
            None => subject && !self.set.contains(&reading.content) && reading.nick.is_some(),
        };
        if !late || self.past.len() >= PAST_MAX {
            return;
        }
        // Copies to users may have the stamp elsewhere; they are of one message. Those of a subject
        // may have ids of their own.
        let id = subject.then(|| reading.id().to_owned());
        let key = (reading.nick.map(str::to_owned), reading.content, stamp, id);
        if self.known.insert(key) {
            self.past.push((stamp.unwrap_or(self.begin), stanza.clone()));
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

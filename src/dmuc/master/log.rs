//! What happened in the room of late, for slaves that miss it.
//!
//! Events have numbers, 1, 2, 3 … within one run of the room; a session that leaves a nick to
//! another one of the same person is no event of its own and has none.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::room::StoredMessage;
use crate::stanza::{Jid, Payloads};
use crate::time::Time;

/// Something that every slave has to know.
#[derive(Clone, Debug)]
pub(super) enum Logged {
    /// This nick has a new presence, or is new.
    Changed(String),
    /// This nick is no more.
    Gone(Gone),
    /// A session is out of the room, but not the last one of its nick, or not for the others.
    Left(Gone),
    /// A message, or the subject.
    Message(StoredMessage),
    /// The end of the room.
    Ended,
}

/// A nick that is no more, or a session that has none any more.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    /// The nick.
    pub nick: String,
    /// Whose it was: his last session.
    pub session: Arc<Jid>,
    /// The slave that served it.
    pub via: Option<usize>,
    /// The payloads of the departure, as the event had them.
    pub farewell: Payloads,
    /// His other sessions, if they took another nick with it.
    pub others: Vec<Arc<Jid>>,
    /// Whether he only took another nick.
    pub renamed: bool,
}

impl Gone {
    /// Whether it was the same account both times.
    pub fn is_same_person(&self, other: &Gone) -> bool {
        self.session.to_bare() == other.session.to_bare()
    }
}

#[derive(Clone, Debug)]
struct Entry {
    at: Time,
    /// The number of the event; of what is none, that of the next one.
    seq: u64,
    logged: Logged,
}

/// The last happenings, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    /// The number of the last event.
    seq: u64,
    /// The number of the last event that is forgotten; 0 if none is.
    forgotten: u64,
}

impl Log {
    /// One more event; its number. The oldest goes if there are too many: that is how much a split
    /// slave can miss.
    pub fn push(&mut self, now: Time, logged: Logged) -> u64 {
        self.note(now, logged);
        self.seq += 1;
        self.seq
    }

    /// Something that is no event.
    pub fn note(&mut self, now: Time, logged: Logged) {
        self.entries.push_back(Entry { at: now, seq: self.seq + 1, logged });
        if self.entries.len() > LOG_MAX {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            // Of something that is no event the next one may still be to come.
            self.forgotten = entry.seq.min(self.seq);
        }
    }

    /// Forget what was before this instant.
    pub fn forget_before(&mut self, instant: Time) {
        while self.entries.front().is_some_and(|entry| entry.at < instant) {
            self.forget_first();
        }
    }

    /// What happened at this instant or later, oldest first.
    pub fn since(&self, instant: Time) -> impl Iterator<Item = &Logged> {
        let late = self.entries.iter().filter(move |entry| entry.at >= instant);
        late.map(|entry| &entry.logged)
    }

    /// The number of the last event.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// What happened after the event of this number, oldest first, each with its number. Nothing if
    /// some of it is forgotten.
    pub fn after(&self, seq: u64) -> Option<impl Iterator<Item = (u64, &Logged)>> {
        let known = seq >= self.forgotten && seq <= self.seq;
        known.then(|| self.beyond(seq))
    }

    /// The messages after the event of this number that are not forgotten, oldest first.
    pub fn messages_after(&self, seq: u64) -> impl Iterator<Item = (u64, &StoredMessage)> {
        self.beyond(seq).filter_map(|(seq, logged)| match logged {
            Logged::Message(message) => Some((seq, message)),
            _ => None,
        })
    }

    fn beyond(&self, seq: u64) -> impl Iterator<Item = (u64, &Logged)> {
        // Entries are in the order of their numbers.
        let first = self.entries.partition_point(|entry| entry.seq <= seq);
        self.entries.range(first..).map(|entry| (entry.seq, &entry.logged))
    }

    /// When something happened last.
    pub fn last(&self) -> Option<Time> {
        self.entries.back().map(|entry| entry.at)
    }
}

/// How many happenings are remembered.
const LOG_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(count: usize) -> Log {
        let mut log = Log::default();
        for number in 1..=count {
            let at = Time::from_micros(i64::try_from(number).unwrap());
            log.push(at, Logged::Changed(format!("nick{number}")));
        }
        log
    }

    fn numbers(log: &Log, seq: u64) -> Option<Vec<u64>> {
        log.after(seq).map(|late| late.map(|(seq, _)| seq).collect())
    }

    #[test]
    fn events_are_numbered_from_one_without_gaps() {
        let log = log_of(3);
        assert_eq!(log.seq(), 3);
        assert_eq!(numbers(&log, 0), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&log, 2), Some(vec![3]));
        assert_eq!(numbers(&log, 3), Some(vec![]));
    }

    #[test]
    fn what_is_forgotten_or_not_yet_there_cannot_be_told() {
        let mut log = log_of(5);
        log.forget_before(Time::from_micros(3));
        assert_eq!(numbers(&log, 1), None);
        assert_eq!(numbers(&log, 2), Some(vec![3, 4, 5]));
        assert_eq!(numbers(&log, 6), None);
        let full = log_of(LOG_MAX + 1);
        assert_eq!(numbers(&full, 0), None);
        assert_eq!(numbers(&full, 1).map(|late| late.len()), Some(LOG_MAX));
    }

    #[test]
    fn the_log_answers_for_an_instant_too() {
        let log = log_of(4);
        assert_eq!(log.since(Time::from_micros(3)).count(), 2);
    }
}

//! The record of a run: what left a host and when, what became of it, what was done to the
//! network, and what the machines tell of themselves.
//!
//! Everything before the transcript is a pure machine plus a schedule; everything after it is a
//! pure function of the transcript. It is *not* a log: nothing in it depends on how the program
//! that made it was run.

mod ahead;
mod blocks;
mod compact;
mod copies;
mod cursor;
mod day;
mod diff;
pub mod edition;
mod fault;
pub mod import;
mod read;
mod record;
mod sorted;
mod sorter;
mod space;
mod stored;
mod text;
mod words;

use std::sync::Arc;

pub use self::compact::{Class, CompactLine};
pub use self::diff::{Comparison, Diff, Difference, Summary, Way};
pub use self::fault::{Fault, Link, Loss, Machine, StreamEvent};
pub use self::read::TEXT_MAX;
pub(crate) use self::record::Between;
pub use self::record::{Record, Watched};
pub use self::sorted::SortedRecord;
pub(crate) use self::sorted::Sorting;
pub(crate) use self::sorter::{Reading as SortedReading, Sorted, Sorter};
pub use self::space::{Keep, Space};
pub use self::stored::{StoredError, StoredRecord};
pub(crate) use self::text::is_end;
use crate::dmuc::Note;
use crate::stanza::Stanza;
use crate::time::{Duration, Time};

/// The name of a host: the domain of a server, or the full JID of a client.
pub type Name = Arc<str>;

/// Whether a host of this name is a client's. Domains have no `/`, full JIDs have one.
pub fn is_client(name: &str) -> bool {
    name.contains('/')
}

/// The record of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// What was run, and how.
    pub header: Header,
    /// What happened, in the order in which it happened.
    pub entries: Vec<Entry>,
}

/// What was run, and how: enough to run it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The scenario's title.
    pub scenario: String,
    /// The specification and its version, `0282@0.1`.
    pub spec: String,
    /// The profile, such as `core`.
    pub profile: String,
    /// The seed of everything that is random.
    pub seed: u64,
    /// The network, `event` or `wire`.
    pub network: String,
    /// When the script starts.
    pub epoch: Time,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            scenario: String::new(),
            spec: "0282@0.1".to_owned(),
            profile: "core".to_owned(),
            seed: 0,
            network: "event".to_owned(),
            epoch: Time::XEP_EPOCH,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A stanza left a host.
    Hop(Hop),
    /// A server could not deliver a stanza; it answered it with an error or, where nothing may be
    /// answered, dropped it.
    Undeliverable {
        /// The server.
        at: Name,
        /// The domain that it could not reach.
        to: Name,
        /// What it could not deliver.
        stanza: Stanza,
    },
    /// The network or a host was tampered with.
    Fault(Fault),
    /// A stream opened, could not be opened, or ended.
    Stream {
        /// Who dialled it.
        from: Name,
        /// Who was dialled.
        to: Name,
        /// What became of it.
        event: StreamEvent,
    },
    /// A machine tells of itself.
    Note(Note),
    /// A line of the scenario begins to act. Tells a reader why the following happened.
    Line {
        /// The line's number in its file, from 1.
        number: u32,
        /// The line.
        text: Arc<str>,
    },
}

/// A stanza on its way from one host to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// The host that it left.
    pub from: Name,
    /// The host that it goes to.
    pub to: Name,
    /// The stanza.
    pub stanza: Stanza,
    /// How long it had waited at the host that it left, for there was no stream on which it could.
    pub waited: Duration,
    /// What became of it.
    pub fate: Fate,
}

impl Hop {
    /// A stanza that leaves a host without having waited, and has not arrived.
    pub fn new(from: Name, to: Name, stanza: Stanza) -> Self {
        Self { from, to, stanza, waited: Duration::ZERO, fate: Fate::UnderWay }
    }

    /// Whether it is between two servers.
    pub fn crosses_servers(&self) -> bool {
        !is_client(&self.from) && !is_client(&self.to)
    }
}

/// What became of a stanza that left a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It had not arrived when the record ended.
    #[default]
    UnderWay,
    /// It arrived, so long after it had left.
    Delivered(Duration),
    /// It never arrived.
    Lost,
}

impl Transcript {
    /// An empty record.
    pub fn new(header: Header) -> Self {
        Self { header, entries: Vec::new() }
    }

    /// Record what happened at this instant. The index of the new entry names it from now on.
    pub fn push(&mut self, at: Time, what: What) -> usize {
        self.entries.push(Entry { at, what });
        self.entries.len() - 1
    }

    /// Record that a stanza left a host, without having waited there; what becomes of it is told
    /// later with [`Transcript::delivered`] or [`Transcript::lost`] and the index that this
    /// returns.
    pub fn sent(&mut self, at: Time, from: Name, to: Name, stanza: Stanza) -> usize {
        self.push(at, What::Hop(Hop::new(from, to, stanza)))
    }

    /// The stanza of this entry arrived at this instant.
    pub fn delivered(&mut self, index: usize, at: Time) {
        if let Some(Entry { at: left, what: What::Hop(hop) }) = self.entries.get_mut(index) {
            hop.fate = Fate::Delivered(at.since(*left));
        }
    }

    /// The stanza of this entry will never arrive.
    pub fn lost(&mut self, index: usize) {
        if let Some(Entry { what: What::Hop(hop), .. }) = self.entries.get_mut(index) {
            hop.fate = Fate::Lost;
        }
    }

    /// Every stanza that left a host: the index of its entry, when, and the hop.
    pub fn hops(&self) -> impl Iterator<Item = (usize, Time, &Hop)> {
        self.entries.iter().enumerate().filter_map(|(index, entry)| match &entry.what {
            What::Hop(hop) => Some((index, entry.at, hop)),
            _ => None,
        })
    }

    /// Every stanza that arrived, in order of arrival, with the instant of that. Of those that
    /// arrived at one instant, what left first comes first.
    pub fn all_arrivals(&self) -> Vec<(Time, &Hop)> {
        let arrivals = self.hops().filter_map(|(_, left, hop)| match hop.fate {
            Fate::Delivered(after) => Some((left + after, hop)),
            Fate::UnderWay | Fate::Lost => None,
        });
        let mut arrivals: Vec<_> = arrivals.collect();
        arrivals.sort_by_key(|(at, _)| *at);
        arrivals
    }

    /// Every stanza that arrived at this host, in order of arrival, with the instant of that.
    pub fn arrivals(&self, receiver: &str) -> Vec<(Time, &Hop)> {
        let mut arrivals = self.all_arrivals();
        arrivals.retain(|(_, hop)| &*hop.to == receiver);
        arrivals
    }
}

#[cfg(test)]
pub(crate) mod tests;

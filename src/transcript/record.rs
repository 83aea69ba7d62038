//! A record that can be gone through as often as one likes, be it in memory or in a file that is
//! too long for that.

use std::cell::Cell;

use indexmap::Equivalent;

use super::{Entry, Header, Hop, Name, Transcript, What};
use crate::time::Time;

/// The header and the entries of a run.
pub trait Record {
    /// What was run, and how.
    fn header(&self) -> &Header;

    /// Go through all entries, in their order.
    fn each(&self, take: &mut dyn FnMut(&Entry));
}

impl Record for Transcript {
    fn header(&self) -> &Header {
        &self.header
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        self.entries.iter().for_each(take);
    }
}

/// A record that somebody else looks at too, the first time that one goes through it.
pub struct Watched<'a> {
    record: &'a dyn Record,
    watch: Cell<Option<&'a mut Watch<'a>>>,
}

/// What looks at entries.
type Watch<'a> = dyn FnMut(&Entry) + 'a;

impl<'a> Watched<'a> {
    /// This record, at which `watch` looks.
    pub fn new(record: &'a dyn Record, watch: &'a mut Watch<'a>) -> Self {
        Self { record, watch: Cell::new(Some(watch)) }
    }
}

impl Record for Watched<'_> {
    fn header(&self) -> &Header {
        self.record.header()
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        match self.watch.take() {
            Some(watch) => self.record.each(&mut |entry| {
                watch(entry);
                take(entry);
            }),
            None => self.record.each(take),
        }
    }
}

/// Two hosts, to be looked for among pairs of names that are kept.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct Between<'a>(pub &'a str, pub &'a str);

impl Equivalent<(Name, Name)> for Between<'_> {
    fn equivalent(&self, (one, other): &(Name, Name)) -> bool {
        *self.0 == **one && *self.1 == **other
    }
}

impl Entry {
    /// The stanza that left a host, if the entry is of one: when, and the hop.
    pub fn hop(&self) -> Option<(Time, &Hop)> {
        match &self.what {
            What::Hop(hop) => Some((self.at, hop)),
            _ => None,
        }
    }
}

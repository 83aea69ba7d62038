//! A record that can be gone through as often as one likes, be it in memory or in a file that is
//! too long for that.

use super::{Entry, Header, Hop, Transcript, What};
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

impl Entry {
    /// The stanza that left a host, if the entry is of one: when, and the hop.
    pub fn hop(&self) -> Option<(Time, &Hop)> {
        match &self.what {
            What::Hop(hop) => Some((self.at, hop)),
            _ => None,
        }
    }
}

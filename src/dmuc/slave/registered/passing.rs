//! What went up for who is not in the room, and whatever else no answer is awaited to: if it comes
//! back, the master is lost all the same (XEP-0282, Netsplit at the Slave).

use super::outbox::{Entry, Outbox};
use crate::stanza::{Jid, Stanza};

impl Outbox {
    /// It goes up, and the slave waits for no answer.
    pub fn pass(&mut self, entry: Entry) {
        self.passing.push_back(entry);
        if self.passing.len() > PASSING_MAX {
            self.passing.pop_front();
        }
    }

    /// The slave is accepted: what comes back from before that says nothing of its master.
    pub fn forget_passing(&mut self) {
        self.passing.clear();
    }

    /// What of it came back with this error.
    pub fn take_passing(&mut self, user: &Jid, error: &Stanza) -> Option<Entry> {
        let same = |entry: &Entry| entry.is_of(user) && entry.is_refused_by(error);
        let position = self.passing.iter().position(same)?;
        self.passing.remove(position)
    }
}

/// How many of them are remembered.
const PASSING_MAX: usize = 64;

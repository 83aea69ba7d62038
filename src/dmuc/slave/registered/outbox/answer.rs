//! What becomes of what was sent: which answer is for what, and what is out of date without one.

use std::sync::Arc;

use super::{Entry, Outbox, Status, What};
use crate::stanza::Jid;

impl Entry {
    /// Whether this session said it to all with this id, and the master may have it.
    pub fn is_message(&self, session: &Jid, id: Option<&Arc<str>>) -> bool {
        let message = self.is_of(session) && self.what == What::Message;
        message && self.status != Status::Held && self.stanza.id.as_ref() == id
    }
}

impl Outbox {
    /// A late join of this session is refused, and with it what it has said after that: it is to go
    /// up again, in another late phase.
    pub fn say_again(&mut self, session: &Jid) {
        let late = |entry: &Entry| entry.status == Status::Sent && entry.what == What::Message;
        for entry in self.entries.iter_mut().filter(|entry| entry.is_of(session) && late(entry)) {
            entry.refusals += 1;
            entry.status = Status::Queued;
        }
    }

    /// The oldest that `matches` is refused. Whether it is to go up again all the same.
    pub fn forgive(&mut self, matches: impl Fn(&Entry) -> bool) -> bool {
        let refused = self.entries.iter_mut().find(|entry| matches(entry) && entry.refusals > 0);
        refused.map(|entry| entry.refusals -= 1).is_some()
    }

    /// The author of this message is told that it may be lost; the master may have it.
    pub fn overtake(&mut self, message: &Entry) {
        let same =
            |one: &&mut Entry| one.what == What::Message && one.stanza.from == message.stanza.from;
        self.entries.iter_mut().filter(same).for_each(|one| one.overtaken = true);
    }
}

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
    /// The author of this message is told that it may be lost; the master may have it.
    pub fn overtake(&mut self, message: &Entry) {
        let same =
            |one: &&mut Entry| one.what == What::Message && one.stanza.from == message.stanza.from;
        self.entries.iter_mut().filter(same).for_each(|one| one.overtaken = true);
    }
}

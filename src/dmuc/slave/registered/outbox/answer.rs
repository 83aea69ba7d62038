//! What becomes of what was sent: which answer is for what, and what is out of date without one.

use std::sync::Arc;

use super::{Entry, Outbox, Status, What};
use crate::stanza::{Jid, Stanza, ns};

impl Entry {
    /// Whether this session said it to all with this id, and the master may have it.
    pub fn is_message(&self, session: &Jid, id: Option<&Arc<str>>) -> bool {
        let message = self.is_of(session) && self.what == What::Message;
        message && self.status != Status::Held && self.stanza.id.as_ref() == id
    }

    /// Whether what comes from this address may answer it.
    pub fn is_answered_by(&self, from: Option<&Arc<Jid>>) -> bool {
        [&self.stanza.to, &self.went_to].into_iter().flatten().any(|to| Some(to) == from)
    }

    /// A room that knows no slave was told this after the join: its author wants to be in so. The
    /// join is answered all the same, under the nick that it was for.
    pub fn ask_as(&mut self, newer: &Stanza) {
        let muc = self.stanza.payload("x", ns::MUC).cloned();
        let asked = muc.into_iter().fold(newer.clone(), Stanza::with_payload);
        let before = std::mem::replace(&mut self.stanza, asked);
        if before.to != self.stanza.to {
            self.went_to = self.went_to.take().or(before.to);
        }
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

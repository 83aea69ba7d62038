//! From local users to the master (XEP-0282, Slave Forwards Stanza to Master).

use super::*;
use crate::stanza::{Kind, ns};

impl SlaveRoom {
    /// A local user sends something to the room.
    pub(super) fn up(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let stanza = stanza.retaining(|payload| !ns::is_dmuc(payload));
        if self.is_split() {
            self.up_while_split(now, stanza, out);
        } else {
            self.relay(now, stanza, out);
        }
    }

    /// A local session's connection has ended; its leave goes up like any other. Whoever connects
    /// under the same address has not asked for what is told until then.
    pub(super) fn closed(&mut self, session: &Arc<Jid>) {
        if self.locals.contains_key(session) {
            self.returning.insert(session.clone());
        }
    }

    /// Relay: `from` and `to` as they are (`slave.relay.from-unmodified`,
    /// `slave.relay.to-unmodified`), payload as it is. A message to all gets an id if it has none,
    /// so that its reflection can be told from another.
    pub(super) fn relay(&mut self, now: Time, mut stanza: Stanza, out: &mut Vec<Output>) {
        let Some(session) = stanza.from.clone() else { return };
        match (stanza.kind, &stanza.type_) {
            (Kind::Presence, Type::Absent) => {
                let gone = || self.waiting.has(&session, Stanza::is_unavailable);
                if is_join(&stanza) && self.locals.contains_key(&session) && gone() {
                    self.returning.insert(session.clone());
                }
                if !is_join(&stanza) {
                    self.waiting.restate(&session, &stanza);
                }
                if let Some(to) = &stanza.to {
                    self.queue.shift_remove(&session);
                    self.goodbyes.shift_remove(&session);
                    self.directed.insert(session, to.clone());
                }
                self.await_answer(now, stanza.clone());
            }
            (Kind::Presence, Type::Unavailable) => {
                let entering = self.directed.remove(&session).is_some();
                let left = self.waiting.has(&session, Stanza::is_unavailable);
                if entering || (self.locals.contains_key(&session) && !left) {
                    self.await_answer(now, stanza.clone());
                }
            }
            (Kind::Message, Type::Groupchat) => {
                if stanza.id.is_none() {
                    stanza.id = Some(self.next_id());
                }
                self.await_answer(now, stanza.clone());
            }
            _ => {}
        }
        out.push(Output::Send(stanza));
    }
}

/// Whether it asks to enter the room.
pub(super) fn is_join(stanza: &Stanza) -> bool {
    stanza.is_available() && stanza.has_payload("x", ns::MUC)
}

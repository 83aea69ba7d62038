//! The directed presence of local sessions: where it went, and what it said.

use super::direct::is_join_that_went_up;
use super::outbox::{Entry, What, is_join};
use super::*;
use crate::dmuc::own_payloads;
use crate::stanza::{Condition, Kind, Type, element, ns};

impl RegisteredRoom {
    /// To whom this session has sent presence. To a room that knows no slave presence alone asks
    /// for nothing: it may take him for who had his address.
    pub(super) fn remember_directed(&mut self, stanza: &Stanza) {
        let (Some(session), Some(to)) = (&stanza.from, &stanza.to) else { return };
        match (stanza.kind, &stanza.type_) {
            (Kind::Presence, Type::Absent) => {
                if !self.accepted && !is_join(stanza) && !self.directed.contains_key(session) {
                    return;
                }
                if !self.locals.contains_key(session) {
                    self.closed.remove(session);
                }
                self.directed.insert(session.clone(), to.clone());
            }
            // What he has said stands for a nick of several until he is out.
            (Kind::Presence, Type::Unavailable) if self.locals.contains_key(session) => {
                self.directed.remove(session);
            }
            (Kind::Presence, Type::Unavailable) => self.undirect(session),
            _ => {}
        }
    }

    /// This session is out of the room; unless it has asked again already, it has to ask anew.
    pub(super) fn forget_directed(&mut self, session: &Jid) {
        if !self.outbox.has(session, |entry| entry.what == What::Join) {
            self.undirect(session);
            self.ahead.take(session);
        }
    }

    pub(super) fn undirect(&mut self, session: &Jid) {
        self.directed.remove(session);
        self.said.remove(session);
    }

    /// What a session has said of itself, if it counts from now on.
    pub(super) fn remember_said(&mut self, stanza: &Stanza) {
        let Some(session) = stanza.from.as_ref().filter(|_| stanza.kind == Kind::Presence) else {
            return;
        };
        if stanza.is_available() {
            self.said.insert(session.clone(), Arc::new(own_payloads(stanza)));
        }
    }

    /// Whether this refuses what somebody who is not in the room has said of himself. If he asks
    /// to be in, that came before or after, and is answered by itself.
    pub(super) fn is_of_before_he_asked(&self, user: &Jid, stanza: &Stanza) -> bool {
        let condition = stanza.error().map(|error| error.defined_condition);
        let refused = stanza.kind == Kind::Presence && stanza.is_error();
        let asks = |entry: &Entry| is_join_that_went_up(entry) && is_join(&entry.stanza);
        let is_it = |entry: &Entry| asks(entry) && entry.is_refused_by(stanza);
        let before = match stanza.id {
            Some(_) => self.outbox.has(user, asks) && !self.outbox.has(user, is_it),
            None => self.outbox.has(user, is_it),
        };
        before && refused && condition == Some(Condition::NotAcceptable)
    }

    /// The join that a local occupant would send now.
    pub(super) fn join_of(&self, session: &Arc<Jid>) -> Option<Stanza> {
        let nick = self.locals.get(session)?;
        let own: Vec<_> = match self.said.get(session) {
            Some(said) => said.iter().cloned().collect(),
            None => self.roster.get(nick)?.own_payloads().cloned().collect(),
        };
        let muc = element("x", ns::MUC, &[]);
        let join = Stanza::presence(Type::Absent).with_from(session.clone());
        let payloads: Vec<_> = own.into_iter().chain([muc]).collect();
        Some(join.with_to(self.occupant(nick)?).with_payloads(payloads))
    }
}

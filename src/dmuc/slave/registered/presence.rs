//! The directed presence of local sessions: where it went, what it said, and what a room that knows
//! no slave answers to it.

use super::direct::{is_farewell, is_join_that_went_up};
use super::names::is_of_slave;
use super::outbox::{Entry, Status, What, is_join};
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

    /// A room that knows no slave tells a session that it is in, whichever of its wishes that
    /// answers, or out.
    pub(super) fn follow_whether_in(&mut self, user: &Arc<Jid>, stanza: &Stanza) {
        let is_in = stanza.has_code("110") && stanza.is_available();
        if !is_in && !is_farewell(stanza) {
            return;
        }
        let his = self.outbox.iter_mut().filter(|entry| entry.is_of(user));
        his.for_each(|entry| entry.let_in = is_in);
        match is_in {
            true => self.served.insert(user.clone()),
            false => self.served.remove(user),
        };
    }

    /// Somebody is served by the master itself: whether he is in the room.
    pub(super) fn follow_direct(&mut self, user: &Arc<Jid>, stanza: &Stanza) {
        if self.is_of_before_he_asked(user, stanza) {
            return;
        }
        if stanza.kind == Kind::Message && stanza.is_error() {
            // He knows that it was not said, so that it is not said late.
            self.outbox.take_first(|entry| entry.is_message(user, stanza.id.as_ref()));
        }
        let left = |entry: &Entry| entry.what == What::Leave && entry.status != Status::Held;
        if is_farewell(stanza) && self.outbox.take_settled(user, left).is_some() {
            // What he has asked for since is not answered by it.
            return self.follow_end(user, stanza);
        }
        // That he gives up a nick answers nothing: what comes under the next one does.
        let own = stanza.has_code("110") && !stanza.has_code("303");
        if stanza.kind == Kind::Presence && (stanza.is_error() || own) {
            // Under another nick he may be answered otherwise.
            let by_room = stanza.from.as_ref().is_some_and(|from| from.resource().is_none());
            let asked = |entry: &Entry| match stanza.id {
                Some(_) if stanza.is_error() => entry.is_refused_by(stanza),
                _ => by_room || entry.is_answered_by(stanza),
            };
            let sent = |entry: &Entry| is_join_that_went_up(entry) && asked(entry);
            let visit = |entry: &&Entry| entry.what != What::Leave || entry.is_goodbye();
            let goes = |e: &Entry| e.what == What::Leave && e.sent_to() == stanza.from.as_ref();
            let anew = stanza.is_error() || !self.outbox.has(user, goes);
            if anew && !self.outbox.of(user).take_while(visit).any(sent) {
                // What was asked for before had its answer, under another nick, or was lost.
                self.outbox.take_settled(user, sent);
            }
            while self.outbox.of(user).take_while(visit).any(sent) {
                self.outbox.take_settled(user, sent);
            }
            // Whatever came before what has this id was answered before that, or is lost.
            let it = |one: &Entry| is_join_that_went_up(one) && one.stanza.id == stanza.id;
            if is_of_slave(stanza) && self.outbox.has(user, it) {
                self.outbox.take_settled(user, it);
            }
            if stanza.is_error() {
                self.forget_leaves(user);
            }
        }
        self.follow_end(user, stanza);
    }

    /// Somebody was not let in: that he leaves after that is answered by nobody, so that it stands
    /// before nothing that he asks for since.
    fn forget_leaves(&mut self, user: &Jid) {
        let goes = |entry: &Entry| entry.what == What::Leave && entry.is_under_way();
        let left = |entry: &Entry| goes(entry) && !entry.is_goodbye();
        let presence = |entry: &&Entry| entry.stanza.kind == Kind::Presence;
        while self.outbox.of(user).find(presence).is_some_and(left) {
            self.outbox.take_first(|entry| entry.is_of(user) && left(entry));
        }
    }

    /// Somebody whom the master serves itself is told that he is out, or not let in.
    pub(super) fn follow_end(&mut self, user: &Arc<Jid>, stanza: &Stanza) {
        let over = is_farewell(stanza) && self.directed.get(user) == stanza.from.as_ref();
        let refused = stanza.is_error() && stanza.kind == Kind::Presence;
        if over || refused {
            self.forget_directed(user);
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

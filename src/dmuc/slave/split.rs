//! Losing the master, being without it, and having it back (XEP-0282, Netsplit at the Slave).

use indexmap::IndexMap;

use super::up::is_join;
use super::waiting::Relayed;
use super::*;
use crate::dmuc::Change;
use crate::room::{Audience, Seat};
use crate::stanza::{Kind, ns};

impl SlaveRoom {
    /// The master was heard. If it was lost, it is on its way back.
    pub(super) fn hear(&mut self, now: Time) {
        self.pinger.hear(now);
        let stale = |back: Time| self.pinger.split_since().is_some_and(|since| back < since);
        if self.is_split() && self.back_at.is_none_or(stale) {
            self.back_at = Some(now);
        }
    }

    /// The master is lost: what waits for its answer is treated as if it came now.
    pub(super) fn split(&mut self, now: Time, out: &mut Vec<Output>) {
        if self.is_split() {
            return;
        }
        self.pinger.split(now);
        out.push(self.note(&self.address, Change::Split));
        for stanza in self.waiting.take() {
            self.up_while_split(now, stanza, out);
        }
        self.ping(now, out);
    }

    /// A pong. After a split the leaves and last presences go up as ordinary stanzas.
    pub(super) fn pong(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let split = self.pinger.split_since();
        let known = stanza.id.as_deref().and_then(|id| self.pinger.pong(id, now));
        let Some(sent) = known else { return };
        let Some(since) = split else { return self.settle(now, sent, out) };
        if self.amnesia {
            return self.pinger.stay_split(since);
        }
        if self.is_split() {
            return;
        }
        out.push(self.note(&self.address, Change::Synced));
        // A leave stays in the queue until LEAVE comes: it may be lost again.
        for late in self.goodbyes.values().chain(self.queue.values()) {
            out.push(Output::Send(late.clone()));
        }
        self.queue.retain(|_, late| late.is_unavailable());
    }

    /// What was relayed before a ping that is answered, and is not answered itself, is lost.
    /// A message might overtake a later one and is returned. Of each session's presence the newest
    /// goes up once more, a join until its session is entered. Newer presence takes the place of an
    /// older join: it is to enter by itself; but who has left asks for nothing by it.
    fn settle(&mut self, now: Time, pinged: Time, out: &mut Vec<Output>) {
        let mut newest: IndexMap<Arc<Jid>, Relayed> = IndexMap::new();
        for lost in self.waiting.take_before(pinged) {
            let Some(session) = lost.stanza.from.clone() else { continue };
            if lost.stanza.kind != Kind::Presence {
                self.return_to_sender(&lost.stanza, out);
                continue;
            }
            let older = newest.swap_remove(&session);
            let left = older.as_ref().filter(|older| older.stanza.is_unavailable());
            match left.filter(|_| lost.stanza.is_available() && !is_join(&lost.stanza)) {
                Some(left) => newest.insert(session, left.clone()),
                None => newest.insert(session, lost.in_place_of(older)),
            };
        }
        for (session, lost) in newest {
            let join = is_join(&lost.stanza);
            let plain = lost.stanza.is_available() && !join;
            let newer = |s: &Stanza| match s.type_ {
                Type::Absent => s.kind == Kind::Presence && (plain || is_join(s)),
                _ => s.is_unavailable(),
            };
            let superseded = self.waiting.has(&session, newer);
            let settled = if join { lost.entered } else { lost.again };
            if !superseded && !settled {
                out.push(Output::Send(lost.stanza.clone()));
                self.waiting.push(Relayed { at: now, again: true, ..lost });
            }
        }
    }

    /// A request of the master: a ping, if it is one that a slave knows.
    pub(super) fn query_from_master(&mut self, now: Time, query: &Stanza, out: &mut Vec<Output>) {
        let ping = query.type_ == Type::Get && query.has_payload("ping", ns::PING);
        let anew = ping && (self.amnesia || self.blank);
        let (type_, condition) = match (ping, anew) {
            (true, false) => return self.answer_ping(now, query, out),
            (true, true) => {
                self.begin_anew(now);
                (ErrorType::Cancel, Condition::ItemNotFound)
            }
            (false, _) => (ErrorType::Cancel, Condition::ServiceUnavailable),
        };
        let error = error_element(type_, condition, None, None);
        out.extend(query.error_reply(error).map(Output::Send));
        if anew {
            // What was said before and is not answered may have been lost.
            out.extend(self.goodbyes.values().cloned().map(Output::Send));
        }
    }

    fn answer_ping(&mut self, now: Time, query: &Stanza, out: &mut Vec<Output>) {
        out.push(Output::Send(query.result_reply(vec![])));
        // The master has not heard of us for long, though we relayed something: is the way dead?
        if !self.waiting.is_empty() && self.pinger.may_doubt(now) {
            self.ping(now, out);
        }
    }

    /// An error from the room for the slave itself (`slave.split.trigger`). Answers that prove a
    /// live master, and answers to pings long given up, are none.
    pub(super) fn error_from_master(&mut self, now: Time, error: &Stanza, out: &mut Vec<Output>) {
        if error.kind == Kind::Iq {
            let condition = error.error().map(|error| error.defined_condition);
            if condition == Some(Condition::FeatureNotImplemented) {
                self.hear(now);
                return self.pong(now, error, out);
            }
            let id = error.id.as_deref().unwrap_or_default();
            if !self.pinger.withdraw(id) {
                return;
            }
        }
        self.split(now, out);
    }

    /// The slave's own server could not reach the master: no doubt about whose link it is
    /// (`slave.split.sees-user-bounces`).
    pub(super) fn bounced(&mut self, now: Time, error: Stanza, out: &mut Vec<Output>) {
        if error.to.as_deref() == Some(&*self.slave) {
            return self.error_from_master(now, &error, out);
        }
        self.split(now, out);
        let to_room = error.from.as_ref().is_some_and(|from| from.resource().is_none());
        let treated = error.kind == Kind::Presence || (error.kind == Kind::Message && to_room);
        if !treated {
            let unreachable = unreachable_element();
            let mut told = Stanza::new(error.kind, Type::Error).with_payload(unreachable);
            (told.id, told.from, told.to) = (error.id, error.from, error.to);
            out.push(Output::Send(told));
        }
    }

    /// An error of the kind that a broken link makes, from somewhere beyond: ours, or that of the
    /// occupant whom it was for? A ping will tell.
    pub(super) fn doubt(&mut self, now: Time, error: &Stanza, out: &mut Vec<Output>) {
        if error.is_unreachable() && !self.is_split() && !self.pinger.is_waiting() {
            self.ping(now, out);
        }
    }

    /// What a local user sends while the master is lost. Nothing of it goes up now.
    pub(super) fn up_while_split(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(session) = stanza.from.clone() else { return };
        let nick = self.locals.get(&session).cloned();
        match (stanza.kind, &stanza.type_, nick) {
            (_, Type::Error, _) | (Kind::Iq, Type::Result, _) => {}
            (Kind::Presence, Type::Unavailable, nick) => {
                self.leave_while_split(stanza, session, nick, out);
            }
            (Kind::Presence, Type::Absent, Some(nick)) => {
                self.presence_while_split(now, stanza, &session, &nick, out);
            }
            (Kind::Presence, Type::Absent, None) => {
                self.directed.remove(&session);
                self.return_to_sender(&stanza, out);
            }
            (Kind::Message, Type::Groupchat, Some(nick)) if self.is_mute(&nick) => {
                let error = error_element(ErrorType::Auth, Condition::Forbidden, None, None);
                out.extend(stanza.error_reply(error).map(Output::Send));
            }
            (Kind::Iq, Type::Get, Some(nick)) if self.is_self_ping(&stanza, &nick) => {
                out.push(Output::Send(stanza.result_reply(vec![])));
            }
            _ => self.return_to_sender(&stanza, out),
        }
    }

    /// An occupant leaves: told to him and to the other locals at once, to the master later
    /// (`req.leave-while-split`, `slave.split.react-leave`).
    fn leave_while_split(
        &mut self,
        stanza: Stanza,
        session: Arc<Jid>,
        nick: Option<String>,
        out: &mut Vec<Output>,
    ) {
        self.directed.remove(&session);
        self.returning.remove(&session);
        if let Some((nick, seat)) =
            nick.and_then(|nick| self.roster.get(&nick).cloned().map(|s| (nick, s)))
        {
            self.show_leave(&stanza, &session, &nick, &seat, out);
        }
        self.queue.insert(session, stanza);
    }

    /// The departure of a local session, as the master would tell of it. The nick stays as long as
    /// another session has it.
    fn show_leave(
        &mut self,
        stanza: &Stanza,
        session: &Arc<Jid>,
        nick: &str,
        seat: &Seat,
        out: &mut Vec<Output>,
    ) {
        let item = Item {
            affiliation: Some(seat.affiliation.clone()),
            role: Some(Role::None),
            jid: Some(session),
            ..Item::default()
        };
        let mut payloads = seat.with_id(crate::dmuc::own_payloads(stanza));
        payloads.push(item.element(&[]));
        let presence = Stanza::presence(Type::Unavailable)
            .with_from(seat.occupant.clone())
            .with_payloads(payloads);
        let last = self.local_sessions(nick).len() == 1;
        if last {
            self.distribute_presence(&presence, nick, out);
        } else {
            let jids = self.sees_jids(nick);
            let sessions = std::slice::from_ref(session);
            let own = Audience::Own { sessions, jids }.render(&presence.payloads);
            out.push(Output::Send(presence.with_to(session.clone()).with_payloads(own)));
        }
        let moderated = self.has_moderator();
        self.locals.shift_remove(session);
        self.drop_jids(moderated);
        if last {
            self.roster.shift_remove(nick);
            self.leaving.insert(nick.to_owned(), session.clone());
            return;
        }
        let remaining = self.local_sessions(nick);
        let jids = self.sees_jids(nick);
        let own = Audience::Own { sessions: &remaining, jids }.render(&seat.presence);
        let stays =
            Stanza::presence(Type::Absent).with_from(seat.occupant.clone()).with_payloads(own);
        let told = remaining.into_iter().filter(|session| !self.returning.contains(session));
        out.extend(told.map(|to| Output::Send(stays.clone().with_to(to))));
    }

    /// An occupant's presence changes, or his client asks to enter again
    /// (`slave.split.react-presence`, `slave.split.rejoin-answer`). Nicks are locked.
    fn presence_while_split(
        &mut self,
        now: Time,
        stanza: Stanza,
        session: &Arc<Jid>,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let asked = stanza.to.as_ref().and_then(|to| to.resource());
        if asked.is_some_and(|asked| asked.as_str() != nick) {
            let by = Some(&*self.address);
            let error = error_element(ErrorType::Cancel, Condition::NotAcceptable, by, None);
            out.extend(stanza.error_reply(error).map(Output::Send));
            return;
        }
        let Some(seat) = self.roster.get_mut(nick) else { return };
        let x = seat.presence.iter().find(|payload| payload.is("x", ns::MUC_USER)).cloned();
        let mut payloads = seat.with_id(crate::dmuc::own_payloads(&stanza));
        payloads.extend(x);
        let changed = payloads != *seat.presence;
        seat.presence = Arc::new(payloads);
        let presence = Stanza::presence(Type::Absent)
            .with_from(seat.occupant.clone())
            .with_payloads(seat.presence.clone());
        if is_join(&stanza) {
            if changed {
                self.distribute_to_others(&presence, nick, Some(session), out);
            }
            let limits = Default::default();
            self.burst(now, session, nick, &presence, &limits, out);
        } else {
            self.distribute_presence(&presence, nick, out);
        }
        // Of several sessions one shows; what the others said last is known to the master alone.
        self.queue.insert(session.clone(), stanza);
    }

    /// The room cannot be reached; better late.
    fn return_to_sender(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        out.extend(stanza.error_reply(unreachable_element()).map(Output::Send));
    }

    fn is_mute(&self, nick: &str) -> bool {
        self.roster.get(nick).is_none_or(|seat| seat.role == Role::Visitor)
    }

    fn is_self_ping(&self, stanza: &Stanza, nick: &str) -> bool {
        let to = stanza.to.as_ref().and_then(|to| to.resource());
        to.is_some_and(|to| to.as_str() == nick) && stanza.has_payload("ping", ns::PING)
    }
}

fn unreachable_element() -> crate::stanza::Element {
    error_element(ErrorType::Wait, Condition::RemoteServerTimeout, None, None)
}

//! ENTER and LEAVE (XEP-0282).

use super::event::{is_expulsion, is_the_same};
use super::*;
use crate::dmuc::Change;
use crate::room::{Audience, Item, Seat, StoredMessage};
use crate::stanza::{dmuc, ns};

impl SlaveRoom {
    /// The master asks to add a session to the distribution list.
    pub(super) fn enter(
        &mut self,
        now: Time,
        stanza: &Stanza,
        x: dmuc::X,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(enter) = x.enter else { return };
        let session = Arc::new(Jid::from(enter.jid));
        let left = self.waiting.has_left_before_it_asks(&session);
        let asked = self.waiting.entered(&session);
        // The same address, as the user's server shares it.
        let Some(session) = self.directed.get_key_value(&session).map(|(known, _)| known.clone())
        else {
            return self.refuse_enter(stanza, session, out);
        };
        if self.locals.contains_key(&session) && !asked {
            // Told again; he knows (`netjoin`).
            let before = self.locals.insert(session.clone(), nick.to_owned());
            self.keep_hidden(stanza, before.clone(), nick);
            if let Some(before) = before.filter(|before| before != nick) {
                self.tell_new_nick(&before, nick, &session, out);
            }
            return self.show_own(stanza, nick, out);
        }
        if self.returning.remove(&session) && left {
            self.tell_end_of_before(&session, out);
        }
        self.locals.insert(session.clone(), nick.to_owned());
        let own = stanza.clone().retaining(|payload| !ns::is_dmuc(payload));
        let codes = own.muc_user().map(|x| x.status).unwrap_or_default();
        self.non_anonymous |= codes
            .iter()
            .any(|code| matches!(code, xmpp_parsers::muc::user::Status::NonAnonymousRoom));
        if self.leaving.remove(nick).is_some() {
            // He left while the master was away, and the others were told: so is he back.
            self.store_own(&own, nick);
            self.distribute_to_others(&own, nick, Some(&session), out);
        } else if !self.roster.contains_key(nick) {
            self.hidden.insert(nick.to_owned());
            self.store_own(&own, nick);
        }
        self.queue.shift_remove(&session);
        self.burst(now, &session, nick, &own, &x.history.unwrap_or_default(), out);
    }

    /// What ENTER says of somebody, as others would see him.
    fn store_own(&mut self, own: &Stanza, nick: &str) {
        let payloads = Audience::Other { jids: true }.render(&own.payloads);
        self.store_presence(&own.clone().with_payloads(payloads), nick);
    }

    /// A session has another nick than it knows, which another session of his has now: ENTER says
    /// so, and nothing else does (XEP-0045 §7.6).
    fn tell_new_nick(
        &mut self,
        before: &str,
        nick: &str,
        session: &Arc<Jid>,
        out: &mut Vec<Output>,
    ) {
        let Some(seat) = self.roster.get(before) else { return };
        let item = Item {
            affiliation: Some(seat.affiliation.clone()),
            role: Some(seat.role.clone()),
            jid: Some(session),
            nick: Some(nick),
            ..Item::default()
        };
        let farewell = Arc::new(vec![item.element(&[303])]);
        let sessions = std::slice::from_ref(session);
        let own = Audience::Own { sessions, jids: self.non_anonymous }.render(&farewell);
        let left = Stanza::presence(Type::Unavailable).with_from(seat.occupant.clone());
        out.push(Output::Send(left.with_to(session.clone()).with_payloads(own)));
        // He is shown himself under the new one with all others.
        if !self.hidden.contains(nick) {
            self.roster.shift_remove(nick);
        }
    }

    /// What was shown while the master was away may have been of another session than the one that
    /// stands for the nick there: ENTER says what others see.
    fn show_own(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        let own = stanza.clone().retaining(|payload| !ns::is_dmuc(payload));
        let payloads = Audience::Other { jids: true }.render(&own.payloads);
        let same = |seat: &Seat| is_the_same(&seat.presence, &payloads);
        if !self.hidden.contains(nick) && !self.roster.get(nick).is_some_and(same) {
            let moderated = self.has_moderator();
            self.store_own(&own, nick);
            self.distribute_presence(&own.with_payloads(payloads), nick, out);
            self.drop_jids(moderated);
        }
    }

    /// Of somebody whom others do not see, ENTER is the only news: of his role, of his nick.
    fn keep_hidden(&mut self, stanza: &Stanza, before: Option<String>, nick: &str) {
        let Some(before) = before.filter(|before| self.hidden.contains(before)) else { return };
        if before != nick && self.local_sessions(&before).is_empty() {
            self.roster.shift_remove(&before);
            self.hidden.remove(&before);
        }
        self.hidden.insert(nick.to_owned());
        let own = stanza.clone().retaining(|payload| !ns::is_dmuc(payload));
        self.store_own(&own, nick);
    }

    /// Nobody asked for it (`slave.enter.verify-directed-presence`): no effect towards users. The
    /// master's ghost of a local user is cleared by the stanza that his server sends for somebody
    /// who is offline; an error would look like a split.
    fn refuse_enter(&mut self, stanza: &Stanza, session: Arc<Jid>, out: &mut Vec<Output>) {
        out.push(self.note(&session, Change::EnterRefused));
        if session.domain() != self.slave.domain() {
            return;
        }
        let Some(occupant) = stanza.from.clone() else { return };
        let unavailable = Stanza::presence(Type::Unavailable).with_from(session).with_to(occupant);
        if self.is_split() {
            if let Some(session) = unavailable.from.clone() {
                self.queue.insert(session, unavailable);
            }
        } else {
            out.push(Output::Send(unavailable));
        }
    }

    /// What a newcomer is sent: the others, himself, history, subject
    /// (`slave.enter.send-roster`, `slave.enter.own-presence-last`,
    /// `slave.enter.history-after-roster`, `slave.enter.subject`).
    pub(super) fn burst(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        nick: &str,
        own: &Stanza,
        limits: &dmuc::History,
        out: &mut Vec<Output>,
    ) {
        let jids = self.sees_jids(nick);
        let shown = |other: &str| other != nick && !self.hidden.contains(other);
        for (_, seat) in self.roster.iter().filter(|(other, _)| shown(other)) {
            let presence = Stanza::presence(Type::Absent)
                .with_from(seat.occupant.clone())
                .with_to(session.clone())
                .with_payloads(Audience::Other { jids }.render(&seat.presence));
            out.push(Output::Send(presence));
        }
        out.extend(self.ahead.take(session).into_iter().map(Output::Send));
        let sessions = &self.local_sessions(nick);
        let payloads = Audience::Own { sessions, jids }.render(&own.payloads);
        out.push(Output::Send(own.clone().with_to(session.clone()).with_payloads(payloads)));
        let tail = self.history.tail(limits, now, &self.address, session);
        out.extend(tail.into_iter().map(Output::Send));
        let subject = StoredMessage::subject_for(self.subject.as_ref(), &self.address);
        out.push(Output::Send(subject.with_to(session.clone())));
    }

    /// The master asks to remove a session from the distribution list. The stanza goes on to the
    /// user as his own departure (`slave.leave.forward`).
    pub(super) fn leave(&mut self, stanza: &Stanza, leave: dmuc::Leave, out: &mut Vec<Output>) {
        let session = Arc::new(Jid::from(leave.jid));
        let moderated = self.has_moderator();
        let nick = self.locals.shift_remove(&session);
        let listed = nick.is_some();
        if let Some(nick) = nick.filter(|nick| self.local_sessions(nick).is_empty())
            && self.hidden.remove(&nick)
        {
            self.roster.shift_remove(&nick);
        }
        self.drop_jids(moderated);
        // Only who is removed by somebody has a join answered by it.
        let asked = self.waiting.left(&session, is_expulsion(stanza));
        self.returning.remove(&session);
        self.forget_directed(&session);
        self.queue.shift_remove(&session);
        self.goodbyes.shift_remove(&session);
        // Whoever is there under his nick from now on is somebody else.
        self.leaving.retain(|_, leaver| *leaver != session);
        if !listed && !asked {
            // He left while the master was away, and was told then.
            return;
        }
        if session.domain() != self.slave.domain() {
            return;
        }
        let own = stanza.clone().retaining(|payload| !ns::is_dmuc(payload));
        self.tell_own_end(&own, &session, out);
    }

    /// All are told that somebody is gone, and this session is he. Who has asked to enter again,
    /// and hears nothing more of this stay, is told that it is over.
    pub(super) fn end_stay(
        &mut self,
        farewell: &Stanza,
        session: &Arc<Jid>,
        out: &mut Vec<Output>,
    ) {
        self.locals.shift_remove(session);
        self.waiting.left(session, is_expulsion(farewell));
        if self.returning.remove(session) {
            self.tell_own_end(farewell, session, out);
        }
        self.forget_directed(session);
    }

    /// A session is let in that has left before, of which the master has lost the answer: to who
    /// hears that these are two stays.
    fn tell_end_of_before(&self, session: &Arc<Jid>, out: &mut Vec<Output>) {
        let before = self.locals.get(session).and_then(|nick| self.roster.get(nick));
        let Some(seat) = before else { return };
        let affiliation = Some(seat.affiliation.clone());
        let item = Item { affiliation, role: Some(Role::None), ..Item::default() };
        let farewell = Stanza::presence(Type::Unavailable).with_from(seat.occupant.clone());
        let payloads = Arc::new(seat.with_id(vec![item.element(&[])]));
        self.tell_own_end(&farewell.with_payloads(payloads), session, out);
    }

    /// A local session is told that its stay is over.
    fn tell_own_end(&self, farewell: &Stanza, session: &Arc<Jid>, out: &mut Vec<Output>) {
        let (jids, sessions) = (self.non_anonymous, std::slice::from_ref(session));
        let payloads = Audience::Own { sessions, jids }.render(&farewell.payloads);
        out.push(Output::Send(farewell.clone().with_to(session.clone()).with_payloads(payloads)));
    }
}

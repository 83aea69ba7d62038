//! ENTER and LEAVE (XEP-0282), with what a slave has to think of that loses stanzas: answers to
//! joins and leaves that were answered here already, or are older than what came after them.

use super::names::is_of_slave;
use super::outbox::{Entry, Status, What, is_join};
use super::*;
use crate::room::Audience;
use crate::stanza::{Element, Kind, Type, dmuc, ns};

impl RegisteredRoom {
    /// The master asks to add a session to the distribution list.
    pub(super) fn enter(
        &mut self,
        now: Time,
        stanza: Stanza,
        x: dmuc::X,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(enter) = x.enter else { return };
        let session = Arc::new(Jid::from(enter.jid));
        if session.domain() != self.slave.domain() {
            return out.push(self.note(&session, Change::EnterRefused));
        }
        if self.is_in_again(&session) {
            self.former.insert(session, nick.to_owned());
            return;
        }
        self.former.remove(&session);
        self.outbox.forget_again(&session);
        // Presence alone asks for nothing of who is not there: it is refused, or was lost.
        let join = |entry: &Entry| entry.what == What::Join && entry.status != Status::Held;
        let real = self.outbox.has(&session, |entry| join(entry) && is_join(&entry.stanza));
        let asked = |entry: &Entry| join(entry) && (!real || is_join(&entry.stanza));
        // Of several it answers the one whose id it has, or the one for this nick: an older one was
        // lost.
        let for_it = |entry: &Entry| asked(entry) && entry.is_answered_by(&stanza);
        let named = is_of_slave(&stanza) || self.outbox.has(&session, for_it);
        let asked = |entry: &Entry| if named { for_it(entry) } else { asked(entry) };
        let join = self.outbox.take_settled(&session, asked);
        if self.outbox.has(&session, |entry| entry.what == What::Leave) {
            // He has left again; his leave is on its way.
            self.confirmed.insert(session, nick.to_owned());
            return;
        }
        // The same address, as the user's server shares it.
        let known = self.directed.get_key_value(&session).map(|(known, _)| known.clone());
        let Some(session) = known else { return self.refuse_enter(now, &stanza, session, out) };
        let own = stanza.retaining(|payload| !ns::is_dmuc(payload));
        let codes = own.muc_user().map(|x| x.status).unwrap_or_default();
        if codes.contains(&xmpp_parsers::muc::user::Status::NonAnonymousRoom) {
            self.whois = Whois::Anyone;
        }
        let limits = x.history.unwrap_or_default();
        if self.parts(&session, nick) {
            self.part(&session, nick, out);
        }
        if self.locals.contains_key(&session) {
            self.confirm_hidden(&session, &own, nick, out);
            self.confirm(&session, nick, out);
            self.learn(nick, &own, out);
            if join.is_some_and(|join| !join.done) {
                self.burst(now, &session, nick, &own, &limits, out);
            }
            return;
        }
        self.miss_dismissed(out);
        self.make_room_for(nick, &session, out);
        if !self.roster.contains_key(nick) {
            self.enter_hidden(&own, nick, out);
        }
        self.confirmed.insert(session.clone(), nick.to_owned());
        self.locals.insert(session.clone(), nick.to_owned());
        self.has_seen_nothing(&session);
        self.burst(now, &session, nick, &own, &limits, out);
    }

    /// Who was admitted here has the privileges that the room gives him from now on, and its id for
    /// him (XEP-0421), which is no news to anybody. His presence is the one that he has here.
    fn learn(&mut self, nick: &str, own: &Stanza, out: &mut Vec<Output>) {
        let is_id = |payload: &&Element| payload.is("occupant-id", ns::OCCUPANT_IDS);
        let is_room = |payload: &&Element| payload.is("x", ns::MUC_USER);
        let Some(seat) = self.roster.get_mut(nick) else { return };
        let Some(said) = super::told::seat_of(own) else { return };
        let same = seat.privileges() == said.privileges();
        let his = seat.presence.iter().filter(|payload| !is_id(payload) && !is_room(payload));
        let id = own.payloads.iter().find(is_id);
        let room = if same { &seat.presence } else { &own.payloads };
        // In the order of the room, which says the same again in a netjoin.
        let payloads = his.chain(id).chain(room.iter().filter(is_room));
        let payloads: Vec<_> = payloads.cloned().collect();
        if same {
            seat.presence = Arc::new(payloads);
            return;
        }
        let presence =
            Stanza::presence(Type::Absent).with_from(said.occupant).with_payloads(payloads);
        self.show(&presence, nick, super::told::Telling::Always, None, out);
    }

    /// Nobody asked for it: no effect towards users. The master's ghost of a local user is cleared
    /// by the stanza that his server sends for somebody who is offline, repeated until LEAVE comes;
    /// an error would look like a split.
    fn refuse_enter(
        &mut self,
        now: Time,
        stanza: &Stanza,
        session: Arc<Jid>,
        out: &mut Vec<Output>,
    ) {
        out.push(self.note(&session, Change::EnterRefused));
        let Some(occupant) = stanza.from.clone() else { return };
        let unavailable = Stanza::presence(Type::Unavailable).with_from(session).with_to(occupant);
        let status = match self.phase {
            Phase::Active => Status::Relayed(now),
            Phase::Split => Status::Queued,
            _ => Status::Held,
        };
        let mut entry = Entry::new(unavailable.clone(), now, None, status);
        entry.done = true;
        self.outbox.push(entry);
        if matches!(self.phase, Phase::Active) {
            self.send_up(now, unavailable, out);
        }
    }

    /// Whether this session is out of the room and has not asked to be in since, but a wish of
    /// before, which was answered here, may have come to it.
    pub(super) fn is_stranger(&self, user: &Jid) -> bool {
        let asks = |entry: &Entry| matches!(entry.what, What::Join | What::Leave);
        self.answered_here.contains(user)
            && !self.directed.contains_key(user)
            && !self.locals.contains_key(user)
            && !self.confirmed.contains_key(user)
            && !self.outbox.has(user, asks)
    }

    /// The master serves somebody itself who has not asked for it, as it would have his slave do:
    /// what he asked was answered here, and is over. He is told nothing, and it that he is out.
    pub(super) fn refuse_direct(
        &mut self,
        now: Time,
        user: &Arc<Jid>,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        if stanza.kind == Kind::Presence && stanza.is_available() && stanza.has_code("110") {
            self.pinger.hear(now);
            self.refuse_enter(now, stanza, user.clone(), out);
        }
    }

    /// What a newcomer is sent: the others, himself, history, subject.
    pub(super) fn burst(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        nick: &str,
        own: &Stanza,
        limits: &dmuc::History,
        out: &mut Vec<Output>,
    ) {
        self.closed.remove(session);
        self.leave_apart(session, nick, out);
        let jids = self.sees_jids(nick);
        if jids {
            self.name_locals();
        }
        let shown = |other: &str| other != nick && !self.hidden.contains(other);
        for (other, seat) in self.roster.iter().filter(|(other, _)| shown(other)) {
            let presence = Stanza::presence(Type::Absent)
                .with_from(seat.occupant.clone())
                .with_to(session.clone())
                .with_payloads(Audience::Other { jids }.render(&self.as_told(other, seat)));
            out.push(Output::Send(presence));
        }
        out.extend(self.ahead.take(session).into_iter().map(Output::Send));
        let payloads = self.own(nick, &own.payloads);
        out.push(Output::Send(own.clone().with_to(session.clone()).with_payloads(payloads)));
        let tail = self.history.tail(limits, now, &self.address, session);
        for message in &tail {
            self.seen(message, session);
        }
        out.extend(tail.into_iter().map(Output::Send));
        let subject = StoredMessage::subject_for(self.subject.as_ref(), &self.address);
        out.push(Output::Send(subject.with_to(session.clone())));
    }

    /// The master asks to remove a session from the distribution list. The stanza goes on to the
    /// user as his own departure.
    pub(super) fn leave(
        &mut self,
        stanza: &Stanza,
        leave: dmuc::Leave,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let session = Arc::new(Jid::from(leave.jid));
        if session.domain() != self.slave.domain() {
            return;
        }
        self.former.remove(&session);
        if self.is_of_a_visit_before(stanza, &session) {
            self.confirmed.shift_remove(&session);
            let left = self.ended.get_mut(&session);
            left.into_iter().for_each(|left| *left = left.saturating_sub(1));
            return;
        }
        self.ended.remove(&session);
        let moderated = self.is_moderated();
        let asked = self.answer_leave(stanza, &session, out);
        let known = self.confirmed.shift_remove(&session);
        let here = self.locals.shift_remove(&session);
        self.closed.remove(&session);
        self.forget_directed(&session);
        if here.is_some() || asked {
            self.tell_own_farewell(stanza, &session, out);
        }
        if let Some(here) = &here {
            self.forget_hidden(here);
        }
        // The event that follows names him as the master does. In a netjoin that may be by the nick
        // that he had before he took another one here.
        let syncing = matches!(self.phase, Phase::Syncing(_));
        if let Some(here) = here
            && let Some(from) = self.occupant(&here)
        {
            let gone = stanza.clone().with_from(from).retaining(|payload| !ns::is_dmuc(payload));
            let untold = syncing || known.as_ref() != Some(&here) || here != nick;
            match self.is_local(&here) {
                true if untold => self.restate(&here, &session, out),
                true => self.drop_session(&here, &session),
                false if untold => self.show_gone(&gone, &here, out),
                false if self.roster.contains_key(&here) => self.dismissed.push((here, gone)),
                false => {}
            }
        }
        self.drop_jids(moderated);
    }

    /// Whether this session was let in here after it had left, and the answer to that has yet to
    /// come: what comes before is of a stay that is over here.
    pub(super) fn is_in_again(&self, session: &Jid) -> bool {
        let left = self.ended.get(session).is_some_and(|left| *left > 0);
        left && self.locals.contains_key(session)
    }

    /// Whether this LEAVE ends a visit that was over here before the master knew: the session was
    /// let in here again since.
    fn is_of_a_visit_before(&self, stanza: &Stanza, session: &Arc<Jid>) -> bool {
        if !self.locals.contains_key(session) {
            return false;
        }
        let again = |status| {
            let admitted = |entry: &Entry| entry.what == What::Join && entry.done;
            self.outbox.has(session, |entry| admitted(entry) && entry.status == status)
        };
        if stanza.has_code("307") {
            // What is late says so in this order, if he was kicked here.
            return again(Status::Sent) && self.was_kicked_here(session);
        }
        // He has left; the join that is late follows.
        let leaves = self.outbox.has(session, |entry| entry.what == What::Leave);
        is_granted(stanza) && !leaves && again(Status::Queued)
    }

    /// A newcomer is told nothing of who is out. That all are told of him was lost, if it has not
    /// come by now.
    pub(super) fn miss_dismissed(&mut self, out: &mut Vec<Output>) {
        for (gone, farewell) in std::mem::take(&mut self.dismissed) {
            if !self.is_local(&gone) {
                self.show_gone(&farewell, &gone, out);
            }
        }
    }

    /// Tell a session that it is out.
    pub(super) fn tell_own_farewell(
        &self,
        stanza: &Stanza,
        session: &Arc<Jid>,
        out: &mut Vec<Output>,
    ) {
        let own = stanza.clone().retaining(|payload| !ns::is_dmuc(payload));
        let sessions = std::slice::from_ref(session);
        let jids = self.whois == Whois::Anyone;
        let payloads = Audience::Own { sessions, jids }.render(&own.payloads);
        out.push(Output::Send(own.with_to(session.clone()).with_payloads(payloads)));
    }

    /// What LEAVE answers: a leave, with all presence of this session before it, unless he was
    /// removed before that came; else whatever of his is late is dropped. Whether he waits for it.
    fn answer_leave(&mut self, stanza: &Stanza, session: &Arc<Jid>, out: &mut Vec<Output>) -> bool {
        // He has left more than once; what he has asked since is answered by itself.
        let over = is_granted(stanza) && !self.locals.contains_key(session);
        if over && self.outbox.take_again(session) {
            return false;
        }
        let removed = !is_granted(stanza);
        if let Some(untold) = removed.then(|| self.outbox.is_removed(session)).flatten() {
            return untold;
        }
        let leave = |entry: &Entry| entry.what == What::Leave && entry.status != Status::Held;
        let left = self.outbox.take_settled(session, leave);
        left.iter().for_each(|left| self.outbox.follow_again(left));
        if over && left.is_none() {
            return false;
        }
        self.end_visit(session, left.as_ref(), out)
    }

    /// A session is out because it has `left`, or else was removed. Whether it waits to be told.
    pub(super) fn end_visit(
        &mut self,
        session: &Arc<Jid>,
        left: Option<&Entry>,
        out: &mut Vec<Output>,
    ) -> bool {
        if let Some(left) = left {
            let lost = |entry: &Entry| {
                entry.is_of(session) && entry.what == What::Message && entry.at <= left.at
            };
            for message in self.outbox.take(lost) {
                self.return_lost(&message, out);
            }
            return !left.done;
        }
        let waits = |entry: &Entry| {
            let late = entry.status == Status::Queued && !entry.done;
            entry.what == What::Join && (entry.is_under_way() || late)
        };
        let entering = !self.locals.contains_key(session) && self.outbox.has(session, waits);
        // How he has said to be since he asked to be in again, he is if he is let in.
        let mut asks = false;
        let over = |entry: &Entry| {
            let under_way = entry.is_of(session) && entry.is_under_way();
            asks |= under_way && entry.what == What::Join && !entering;
            match entry.what {
                _ if !under_way => entry.is_of(session) && entry.status == Status::Queued,
                What::Join => entering,
                what => what == What::Presence && !asks,
            }
        };
        for late in self.outbox.take(over) {
            match late.what {
                What::Message if !late.done => self.return_lost(&late, out),
                _ => self.purge(&late),
            }
        }
        entering
    }
}

/// Whether LEAVE says that somebody is out because he has asked for it.
pub(super) fn is_granted(stanza: &Stanza) -> bool {
    let codes = stanza.muc_user().map(|x| x.status).unwrap_or_default();
    codes.iter().all(|code| *code == xmpp_parsers::muc::user::Status::SelfPresence)
}

//! What comes for local users, and what comes back: whose error it is, and what it says of the way
//! to the master.

use super::apart::nick_of;
use super::direct::is_farewell;
use super::event::plain;
use super::names::{is_for_slave, is_named};
use super::outbox::{Entry, Status, What, is_join};
use super::*;
use crate::room::{Affiliation, Item};
use crate::stanza::{Condition, ErrorType, Kind, Type};

impl RegisteredRoom {
    /// A stanza of the room, or of an occupant, for one local user: it goes to him as it is, unless
    /// it answers what was answered here.
    pub(in crate::dmuc::slave) fn user_stanza(
        &mut self,
        now: Time,
        stanza: Stanza,
        out: &mut Vec<Output>,
    ) {
        let Some(user) = stanza.to.clone().filter(|_| !self.is_for_goodbye(&stanza)) else {
            return;
        };
        let to_all = stanza.kind == Kind::Presence || stanza.is_groupchat();
        if to_all && !stanza.is_error() && self.was_told_out(&user) {
            // The room did not know it yet.
            if is_farewell(&stanza) {
                self.outbox.take_settled(&user, |entry| {
                    entry.what == What::Leave && entry.done && entry.status != Status::Held
                });
            }
            return;
        }
        if self.is_of_before(&user, &stanza) || self.is_ghost(now, &user, &stanza, out) {
            return;
        }
        if to_all && self.is_of_ended(&user, &stanza) {
            return;
        }
        if to_all && !stanza.is_error() && self.accepted && self.is_stranger(&user) {
            return self.refuse_direct(now, &user, &stanza, out);
        }
        if !self.accepted {
            self.follow_whether_in(&user, &stanza);
            self.follow_direct(&user, &stanza);
            self.hears_directly(&user, &stanza, out);
            if !(stanza.is_groupchat() && self.is_at_the_door(&user)) {
                out.push(Output::Send(plain(stanza)));
            }
            return;
        }
        self.pinger.hear(now);
        if stanza.is_error() {
            return self.user_error(now, stanza, out);
        }
        let kick = |entry: &Entry| {
            entry.what == What::Kick && entry.is_of(&user) && entry.stanza.id == stanza.id
        };
        if stanza.kind == Kind::Iq && self.outbox.take_first(kick).is_some() {
            return;
        }
        let enters = |entry: &Entry| entry.what == What::Join && entry.is_under_way();
        if is_absence(&stanza) && self.outbox.has(&user, enters) {
            return self.ahead.keep(user, plain(stanza));
        }
        if stanza.is_groupchat() {
            self.follow_status(&stanza);
        }
        let shown = self.was_shown(&user, &stanza);
        self.hears_directly(&user, &stanza, out);
        let early = stanza.is_groupchat() && self.is_at_the_door(&user);
        if shown || early || !self.sees_directly(&user, &stanza, out) {
            return;
        }
        if stanza.has_code("110") && stanza.kind == Kind::Presence {
            let nick = nick_of(&stanza).filter(|_| stanza.is_available());
            self.served_directly(now, &user, plain(stanza), out);
            // Under his own nick he knows nobody else.
            if let (Some(told), Some(nick)) = (self.apart.get_mut(&user), nick) {
                told.remove(&nick);
            }
            return;
        }
        out.push(Output::Send(plain(stanza)));
    }

    /// An error for a local user. One of the kind that a broken link makes comes from our link,
    /// if it is the room that cannot be reached; if it is an occupant, it may be his. A ping will
    /// tell.
    fn user_error(&mut self, now: Time, error: Stanza, out: &mut Vec<Output>) {
        let link = error.is_unreachable();
        let by_room = error.from.as_ref().is_some_and(|from| from.resource().is_none());
        let active = matches!(self.phase, Phase::Active);
        // Presence goes to the room, whatever nick it names.
        let by_room = by_room || (error.kind == Kind::Presence && !active);
        match (link, by_room, active) {
            (true, true, _) => self.user_bounce(now, error, out),
            (true, false, true) => {
                self.doubted.push(error);
                if !self.pinger.is_waiting() {
                    self.ping(now, out);
                }
            }
            _ => self.pass_error(now, error, out),
        }
    }

    /// The answer of the room, or of an occupant.
    pub(super) fn pass_error(&mut self, now: Time, error: Stanza, out: &mut Vec<Output>) {
        let Some(user) = error.to.clone() else { return };
        let answered = |entry: &Entry| entry.is_of(&user) && entry.is_refused_by(&error);
        let unconfirmed = self.locals.contains_key(&user) && !self.confirmed.contains_key(&user);
        let together = matches!(self.phase, Phase::Active | Phase::Late(_));
        match error.kind {
            // The netjoin asks for him anew, and that is answered.
            Kind::Presence if unconfirmed && !together => return,
            Kind::Presence if unconfirmed => {
                let here = self.locals.get(&user).map(String::as_str);
                let named = error.from.as_ref().and_then(|from| from.resource());
                let own = named.is_none_or(|named| Some(named.as_str()) == here);
                let condition = error.error().map(|error| error.defined_condition);
                // He may have been given another nick since he asked.
                let any = own || condition == Some(Condition::Conflict);
                // What was asked for him is refused, or what he asked; what he was told before he
                // was admitted here is no answer to that.
                let asked = self.outbox.take_first(answered);
                let unknown = condition == Some(Condition::NotAcceptable);
                if unknown && asked.as_ref().is_some_and(|entry| entry.what == What::Presence) {
                    // How he has said to be, or by which nick; whether he is to be in is asked by
                    // itself.
                    return;
                }
                if asked.is_some() || is_for_slave(&error) || (any && !is_named(&error)) {
                    self.refuse_entry(now, &user, &error, out);
                }
                return;
            }
            Kind::Presence if is_for_slave(&error) => return,
            Kind::Presence => {
                if !self.passes_refusal(now, &user, &error, out) {
                    return;
                }
            }
            Kind::Message if self.outbox.forgive(answered) => return,
            Kind::Message => {
                // Not what was shown here: if only its answer was lost, the master says so in the
                // netjoin.
                self.lost_before(&user, error.id.as_ref(), |entry| !entry.done, out);
                if let Some(entry) = self.outbox.take_first(answered) {
                    self.purge(&entry);
                }
            }
            Kind::Iq => {
                let entry =
                    self.outbox.take_first(|entry| entry.what == What::Kick && answered(entry));
                if entry.is_some() {
                    return;
                }
            }
        }
        out.push(Output::Send(plain(error)));
    }

    /// What an occupant asked for, or who wants to be one, is refused. Whether he is told.
    fn passes_refusal(
        &mut self,
        now: Time,
        user: &Arc<Jid>,
        error: &Stanza,
        out: &mut Vec<Output>,
    ) -> bool {
        // Nobody is refused to be out: that goes on until he is told so.
        let said = self.is_of_before_he_asked(user, error);
        let asked = |entry: &Entry| {
            let join = is_join(&entry.stanza);
            entry.is_of(user)
                && entry.is_refused_by(error)
                && entry.what != What::Leave
                && !(said && join)
        };
        let entry = self.outbox.take_first(asked);
        if entry.is_none() && self.was_told_out(user) {
            // It was answered here.
            return false;
        }
        // What he has said of himself since is answered by itself.
        let since = entry.as_ref().is_some_and(|entry| {
            let later = |one: &Entry| one.what == What::Presence && one.at >= entry.at;
            self.outbox.has(user, later)
        });
        let done = entry.as_ref().is_some_and(|entry| entry.done);
        if !said && !since && !done {
            // What was refused does not count. What was done here is said again.
            self.said.remove(user);
        }
        if let Some(entry) = entry.filter(|_| done) {
            // He has the nick here that he wanted, and may not have it; unless he gets it by what
            // he has asked since.
            let here = self.locals.get(user).cloned().unwrap_or_default();
            let asks = |one: &Entry| one.is_under_way() && one.stanza.is_available();
            let again = self.outbox.has(user, |one| asks(one) && one.is_to(&here));
            if let Some(known) = self.confirmed.get(user).filter(|_| !again).cloned() {
                self.rename_to(user, &known, out);
                if error.from != self.occupant(&known) && !since {
                    self.say_as(now, entry, &known, out);
                }
            }
            return false;
        }
        if !self.locals.contains_key(user) {
            self.forget_directed(user);
        }
        true
    }

    /// Somebody did not get the nick under which he has said how he is: that is so all the same.
    fn say_as(&mut self, now: Time, refused: Entry, nick: &str, out: &mut Vec<Output>) {
        let here = refused.stanza.from.as_ref().is_some_and(|one| self.locals.contains_key(one));
        let Some(to) = self.occupant(nick).filter(|_| here) else { return };
        let status = match self.phase {
            Phase::Active => Status::Relayed(now),
            Phase::Split => Status::Queued,
            _ => Status::Held,
        };
        let stanza = refused.stanza.with_to(to);
        let mut entry = Entry::new(stanza, now, Some(&nick.to_owned()), status);
        entry.done = true;
        match status {
            Status::Relayed(_) => self.relay_entry(now, entry, out),
            _ => self.outbox.push(entry),
        }
    }

    /// What a session said before a message that is answered, and is not answered itself, is lost,
    /// if it `counts`. It is not said again: it would come after the later one.
    pub(super) fn lost_before(
        &mut self,
        session: &Jid,
        id: Option<&Arc<str>>,
        counts: impl Fn(&Entry) -> bool,
        out: &mut Vec<Output>,
    ) {
        for entry in self.outbox.take_older(session, id, counts) {
            if self.slips.has(Slip::SaidAgain) {
                out.push(Output::Send(entry.stanza));
                continue;
            }
            self.return_lost(&entry, out);
        }
    }

    /// Who was admitted here is not admitted by the master. A nick that somebody else has is no
    /// reason to go (XEP-0045 §7.2.8); everything else is told as a removal.
    fn refuse_entry(&mut self, now: Time, user: &Arc<Jid>, error: &Stanza, out: &mut Vec<Output>) {
        let refused = error.from.as_ref().and_then(|from| from.resource());
        let refused = refused.map(|nick| nick.to_string());
        let error = error.error();
        let condition = error.as_ref().map(|error| error.defined_condition.clone());
        let Some(nick) = self.locals.get(user).cloned() else { return };
        if condition == Some(Condition::Conflict) {
            // Unless he has got another one since he asked for that.
            if refused.is_none_or(|refused| refused == nick) {
                self.rename_away(&nick, out);
            }
            if let Some(join) = self.join_for(user) {
                self.rejoined = now;
                self.send_up(now, join, out);
            }
            if matches!(self.phase, Phase::Late(_)) {
                self.outbox.say_again(user);
            }
            return;
        }
        let (code, why) = match condition {
            Some(Condition::Forbidden) => (301, None),
            Some(Condition::RegistrationRequired) => (322, None),
            Some(Condition::NotAuthorized) => (333, Some("The room has a password")),
            Some(Condition::ServiceUnavailable) => (333, Some("The room is full")),
            _ => (333, None),
        };
        let text = error.as_ref().and_then(|error| error.texts.values().next());
        let reason = text.map(String::as_str).or(why);
        let affiliation = (code == 301).then_some(Affiliation::Outcast);
        let item = Item { jid: Some(user), reason, affiliation, ..Item::default() };
        let farewell = self.farewell(&nick, item, &[code]);
        self.drop_late(user, out);
        self.expel(user, farewell, out);
    }

    /// A local session is out: told to him, and to the others if nobody else has his nick.
    pub(super) fn expel(
        &mut self,
        session: &Arc<Jid>,
        farewell: Option<Stanza>,
        out: &mut Vec<Output>,
    ) {
        let moderated = self.is_moderated();
        let Some(nick) = self.locals.get(session).cloned() else { return };
        let connected = !self.closed.remove(session);
        if let Some(farewell) = farewell.as_ref().filter(|_| connected) {
            let sessions = std::slice::from_ref(session);
            let jids = self.sees_jids(&nick);
            let own = crate::room::Audience::Own { sessions, jids }.render(&farewell.payloads);
            out.push(Output::Send(farewell.clone().with_to(session.clone()).with_payloads(own)));
        }
        self.locals.shift_remove(session);
        self.confirmed.shift_remove(session);
        if self.is_local(&nick) {
            self.restate(&nick, session, out);
        } else if let Some(farewell) = farewell {
            self.show_gone(&farewell, &nick, out);
        }
        self.forget_directed(session);
        self.drop_jids(moderated);
    }

    /// What a session had under way, or late, is nothing any more; what it sends from now on is.
    pub(super) fn drop_late(&mut self, session: &Jid, out: &mut Vec<Output>) {
        let late = |entry: &Entry| entry.is_of(session) && entry.status != Status::Held;
        for entry in self.outbox.take(late) {
            match entry.what {
                What::Message if !entry.done => self.return_lost(&entry, out),
                _ => self.purge(&entry),
            }
        }
    }

    /// A message or presence of the slave came back; it sends none.
    pub(super) fn stanza_came_back(&mut self, _: Time, _: &Stanza, out: &mut Vec<Output>) {
        out.push(self.note(&self.address, Change::Ignored));
    }

    /// The slave's own server could not reach the master: no doubt about whose link it is.
    pub(in crate::dmuc::slave) fn bounced(
        &mut self,
        now: Time,
        error: Stanza,
        out: &mut Vec<Output>,
    ) {
        if error.to.as_deref() == Some(&*self.slave) {
            let id = error.id.clone().unwrap_or_default();
            if error.kind == Kind::Iq {
                self.refusal(now, &error, &id, out);
            }
            return;
        }
        if self.is_for_goodbye(&error) {
            return;
        }
        if !self.accepted {
            if let Some(user) = &error.to {
                self.follow_direct(&user.clone(), &error);
            }
            return out.push(Output::Send(error));
        }
        self.user_bounce(now, error, out);
    }

    /// A user's stanza did not reach the room: it is treated as what is sent in a split.
    fn user_bounce(&mut self, now: Time, error: Stanza, out: &mut Vec<Output>) {
        let Some(user) = error.to.clone() else { return };
        let to_room = error.from.as_ref().is_some_and(|from| from.resource().is_none());
        let known = self.outbox.mark_bounced(&user, &error);
        let awaited = error.kind == Kind::Presence || (error.kind == Kind::Message && to_room);
        // What is relayed has an id. What has none went past the slave, as it was down.
        let relayed = error.kind == Kind::Presence || error.id.is_some();
        let passing = self.outbox.take_passing(&user, &error).filter(|_| !known);
        if awaited && !known && relayed && passing.is_none() {
            // Long settled.
            return;
        }
        self.split(now, out);
        if passing.is_some_and(|entry| entry.what == What::Leave) {
            return;
        }
        if !known {
            let text = crate::stanza::error_element(
                ErrorType::Wait,
                Condition::RemoteServerTimeout,
                None,
                None,
            );
            let mut told = Stanza::new(error.kind, Type::Error).with_payload(text);
            (told.id, told.from, told.to) = (error.id, error.from, error.to);
            out.push(Output::Send(told));
            return;
        }
        let shown = self.provisional.iter().filter(|shown| !shown.dropped);
        let shown: BTreeSet<_> = shown.map(|shown| shown.message.id.clone()).collect();
        for entry in self.outbox.take(|entry| {
            entry.bounced && entry.what == What::Message && !shown.contains(&entry.stanza.id)
        }) {
            self.return_lost(&entry, out);
        }
    }
}

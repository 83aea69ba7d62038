//! Whom local users know whom the master has told itself, since it knew no slave, who is in the
//! room: they may know others than are stored here.

use super::direct::{is_farewell, is_join_that_went_up};
use super::event::said_in;
use super::names::is_of_slave;
use super::outbox::{Entry, What, is_join};
use super::told::is_another;
use super::*;
use crate::room::{Audience, Item, Role};
use crate::stanza::{Kind, Payloads, Type};

impl RegisteredRoom {
    /// Nobody has this nick here any more, and all know it.
    pub(super) fn forget_told(&mut self, nick: &str) {
        for told in self.told_apart() {
            told.remove(nick);
        }
    }

    /// What those know whom the master itself has let in.
    pub(super) fn told_apart(&mut self) -> impl Iterator<Item = &mut BTreeMap<String, Payloads>> {
        let locals = &self.locals;
        let here = self.apart.iter_mut().filter(|(session, _)| locals.contains_key(*session));
        here.map(|(_, told)| told)
    }

    /// Nobody has this nick here, and somebody is about to: to those whom the master has told of
    /// it itself that is somebody else, who is gone.
    pub(super) fn clear_nick_apart(&mut self, nick: &str, out: &mut Vec<Output>) {
        if !self.roster.contains_key(nick) {
            self.bid_farewell_apart(nick, |_| true, out);
        }
    }

    /// Those whom the master has told itself of somebody `other` under this nick hear that he is
    /// gone.
    pub(super) fn bid_farewell_apart(
        &mut self,
        nick: &str,
        other: impl Fn(&Payloads) -> bool,
        out: &mut Vec<Output>,
    ) {
        let knows = |told: &BTreeMap<String, Payloads>| told.get(nick).is_some_and(&other);
        let to = self.hearing().filter(|(one, _)| self.apart.get(*one).is_some_and(knows));
        let to: Vec<_> = to.map(|(session, _)| session.clone()).collect();
        for session in to {
            if let Some(told) = self.apart.get_mut(&session) {
                told.remove(nick);
            }
            self.say_gone(nick, &session, out);
        }
    }

    /// A session hears that nobody has this nick any more.
    pub(super) fn say_gone(&self, nick: &str, to: &Arc<Jid>, out: &mut Vec<Output>) {
        let farewell = self.farewell(nick, Item::default(), &[]);
        out.extend(farewell.map(|gone| Output::Send(gone.with_to(to.clone()))));
    }

    /// Those here whom a master that has forgotten them has not shown him.
    pub(super) fn show_locals(
        &mut self,
        user: &Arc<Jid>,
        stanza: &Stanza,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let role = super::told::seat_of(stanza).map(|seat| seat.role);
        let jids = self.whois == Whois::Anyone || role == Some(Role::Moderator);
        let mut told = self.apart.remove(user).unwrap_or_default();
        let shown = |other: &str| self.is_local(other) && !self.hidden.contains(other);
        for (other, seat) in self.roster.iter().filter(|(other, _)| shown(other)) {
            if other == nick || told.contains_key(other) {
                continue;
            }
            let sessions = &self.sessions(other);
            // The room's JIDs are for moderators, and there may have been none here.
            let known = match jids {
                true => Audience::Own { sessions, jids }.render(&seat.presence),
                false => seat.presence.clone(),
            };
            let known = Audience::Other { jids }.render(&known);
            let presence = Stanza::presence(Type::Absent)
                .with_from(seat.occupant.clone())
                .with_to(user.clone())
                .with_payloads(known.clone());
            out.push(Output::Send(presence));
            told.insert(other.clone(), known);
        }
        self.apart.insert(user.clone(), told);
    }

    /// The master tells somebody of an occupant himself, since it knows no slave. Whether that is
    /// for him: of whom he knows nothing any more he is told no farewell.
    pub(super) fn sees_directly(
        &mut self,
        user: &Arc<Jid>,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) -> bool {
        // That a member is away is no farewell: it answers who asks how he is.
        if stanza.kind != Kind::Presence || stanza.is_error() || is_absence(stanza) {
            return true;
        }
        let Some(nick) = nick_of(stanza) else { return true };
        if stanza.has_code("110") {
            if stanza.is_unavailable() {
                self.apart.get_mut(user).and_then(|told| told.remove(&nick));
            }
            if is_farewell(stanza) && !self.locals.contains_key(user) {
                self.apart.remove(user);
            }
            return true;
        }
        let left = self.locals.contains_key(user) && self.has_left_first(user);
        if self.locals.get(user) == Some(&nick) {
            // Somebody else has his nick by now.
            if !left {
                // He gets another one first, and then the state tells of it.
                return false;
            }
            self.end_left(user, out);
        }
        let new = !self.apart.contains_key(user) && self.apart.len() < APART_MAX;
        let asks = || stanza.is_available() && self.outbox.has(user, is_join_that_went_up);
        if new && (self.locals.contains_key(user) || asks()) {
            let own = self.locals.get(user).filter(|_| left).cloned();
            let mut known = self.known_to(user);
            own.inspect(|own| drop(known.remove(own)));
            self.apart.insert(user.clone(), known);
        }
        let Some(told) = self.apart.get_mut(user) else { return true };
        if stanza.is_unavailable() {
            return told.remove(&nick).is_some() || !self.locals.contains_key(user);
        }
        let before = told.insert(nick.clone(), stanza.payloads.clone());
        if before.is_some_and(|before| is_another(&before, None, &stanza.payloads)) {
            self.say_gone(&nick, user, out);
        }
        true
    }

    /// Whether this session has asked to leave, and to be in only after that.
    fn has_left_first(&self, user: &Jid) -> bool {
        let mut his = self.outbox.of(user);
        let asked = his.find(|entry| {
            is_join_that_went_up(entry) || (entry.what == What::Leave && !entry.done)
        });
        asked.is_some_and(|first| first.what == What::Leave)
    }

    /// Whether what the master tells a session of itself answers how it said to be before it left.
    pub(super) fn is_how_he_was(&mut self, user: &Jid, stanza: &Stanza) -> bool {
        let says = |entry: &&Entry| {
            entry.stanza.is_available()
                && !is_join(&entry.stanza)
                && entry.may_have_come()
                && entry.is_answered_by(stanza)
                && (is_of_slave(stanza) || said_in(&entry.stanza) == said_in(stanza))
        };
        let answered =
            self.outbox.of(user).take_while(|entry| entry.what != What::Leave).find(says);
        let answered = answered.filter(|_| stanza.is_available()).cloned();
        answered.is_some_and(|one| self.outbox.take_first(|entry| *entry == one).is_some())
    }

    /// Whom a session knows that the master has told nothing itself yet.
    pub(super) fn known_to(&self, session: &Jid) -> BTreeMap<String, Payloads> {
        let here = self.locals.contains_key(session) && !self.closed.contains(session);
        let shown = self.roster.iter().filter(|(nick, _)| here && !self.hidden.contains(*nick));
        shown.map(|(nick, seat)| (nick.clone(), seat.presence.clone())).collect()
    }

    /// Somebody is about to be told who is there: of whom the master has told him itself, and who
    /// is not there any more, he hears that he is gone.
    pub(super) fn leave_apart(&mut self, session: &Arc<Jid>, nick: &str, out: &mut Vec<Output>) {
        let told = self.apart.remove(session).unwrap_or_default();
        let shown = |other: &str| self.roster.contains_key(other) && !self.hidden.contains(other);
        for gone in told.keys().filter(|other| *other != nick && !shown(other)) {
            self.say_gone(gone, session, out);
        }
    }

    /// The state is told: of those whom the master has shown to somebody himself, and who are not
    /// there any more, he has to hear, and of those here whom he does not know.
    pub(super) fn rejoin_apart(&mut self, out: &mut Vec<Output>) {
        for (session, told) in std::mem::take(&mut self.apart) {
            let Some(own) = self.locals.get(&session) else {
                // The room serves him itself, and may not be his own for long.
                self.apart.insert(session, told);
                continue;
            };
            // Somebody here may have a nick under which he was shown somebody else.
            let lasts = |nick: &String, told: &Payloads| {
                let seat = self.roster.get(nick);
                seat.is_some_and(|seat| nick == own || !is_another(told, None, &seat.presence))
            };
            let (told, gone): (BTreeMap<_, _>, BTreeMap<_, _>) =
                told.into_iter().partition(|(nick, told)| lasts(nick, told));
            for nick in gone.keys() {
                self.say_gone(nick, &session, out);
            }
            let jids = self.sees_jids(own);
            let hidden = |nick: &String| nick == own || self.hidden.contains(nick);
            let here = self.roster.iter().filter(|(nick, _)| !hidden(nick));
            for (nick, seat) in here.filter(|(nick, _)| !told.contains_key(*nick)) {
                let payloads = Audience::Other { jids }.render(&self.as_told(nick, seat));
                let there = Stanza::presence(Type::Absent).with_from(seat.occupant.clone());
                out.push(Output::Send(there.with_to(session.clone()).with_payloads(payloads)));
            }
        }
    }
}

/// The nick of whom a presence tells.
pub(super) fn nick_of(stanza: &Stanza) -> Option<String> {
    let nick = stanza.from.as_ref().and_then(|from| from.resource());
    nick.map(|nick| nick.to_string())
}

/// Of how many sessions is remembered whom the master has shown them.
pub(super) const APART_MAX: usize = 1_000;

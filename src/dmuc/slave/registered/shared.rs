//! A nick that several sessions of one person have here, when one of them gives it up and the
//! others keep it (XEP-0045 §7.6).

use super::outbox::{Entry, What};
use super::told::Telling;
use super::*;
use crate::room::audience::{of_sessions, without_sessions};
use crate::room::{Audience, Item, Seat};
use crate::stanza::{Type, ns};

impl RegisteredRoom {
    /// Whether this nick is held here by other sessions of who enters under it.
    pub(super) fn is_shared(&self, nick: &str, entered: Option<&Jid>) -> bool {
        let same = |one: &Arc<Jid>| entered.is_some_and(|jid| jid.to_bare() == one.to_bare());
        self.sessions(nick).iter().any(same)
    }

    /// Whether the master has this session under this nick, and has others, or is asked to let
    /// them in, under the one that it shares with them here.
    pub(super) fn parts(&self, session: &Arc<Jid>, nick: &str) -> bool {
        let Some(here) = self.locals.get(session).filter(|here| *here != nick) else {
            return false;
        };
        let asks = |entry: &Entry| entry.what == What::Join && entry.went_to(here);
        self.sessions(here).iter().filter(|other| *other != session).any(|other| {
            match self.confirmed.get(other) {
                Some(known) => known == here,
                None => self.outbox.has(other, asks),
            }
        })
    }

    /// A session enters under a nick of its own; the others with whom it had one keep that.
    pub(super) fn part(&mut self, session: &Arc<Jid>, nick: &str, out: &mut Vec<Output>) {
        let Some(here) = self.locals.shift_remove(session) else { return };
        let role = self.roster.get(&here).map(|seat| seat.role.clone());
        let item = Item { role, nick: Some(nick), jid: Some(session), ..Item::default() };
        if let Some(farewell) = self.farewell(&here, item, &[303]) {
            self.tell_own_farewell(&farewell, session, out);
        }
        self.restate(&here, session, out);
    }

    /// A session gets another nick than the others with whom it has one here, who keep that.
    pub(super) fn rename_alone(
        &mut self,
        session: &Arc<Jid>,
        here: &str,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(seat) = self.roster.get(here).cloned() else { return };
        self.tell_taken(session, here, nick, true, out);
        self.locals.insert(session.clone(), nick.to_owned());
        self.restate(here, session, out);
        let Some(occupant) = self.occupant(nick) else { return };
        self.outbox.retarget(session, here, &occupant);
        self.directed.insert(session.clone(), occupant.clone());
        let payloads = of_sessions(&seat.presence, std::slice::from_ref(session));
        let there = Stanza::presence(Type::Absent).with_from(occupant).with_payloads(payloads);
        self.show(&there, nick, Telling::Always, None, out);
    }

    /// The master itself tells a session that it takes another nick. Of the others with whom it has
    /// one here it knows nothing: they keep that.
    pub(super) fn renamed_alone(
        &mut self,
        user: &Arc<Jid>,
        here: &str,
        new: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(seat) = self.roster.get(here).cloned() else { return };
        self.tell_staying(user, here, &seat, out);
        self.locals.insert(user.clone(), new.to_owned());
        self.confirmed.insert(user.clone(), new.to_owned());
        self.restate(here, user, out);
        let payloads = of_sessions(&seat.presence, std::slice::from_ref(user));
        if let Some(occupant) = self.occupant(new).filter(|_| !self.roster.contains_key(new)) {
            let there = Stanza::presence(Type::Absent).with_from(occupant).with_payloads(payloads);
            self.show(&there, new, Telling::Always, Some(user), out);
        }
    }

    /// A session has another nick at the master than here. `shared`: others keep the one here, so
    /// that nobody else hears of it, and it has to be shown to him again.
    pub(super) fn tell_taken(
        &mut self,
        user: &Arc<Jid>,
        here: &str,
        nick: &str,
        shared: bool,
        out: &mut Vec<Output>,
    ) {
        let Some(seat) = self.roster.get(here).cloned() else { return };
        let item = Item { role: Some(seat.role.clone()), nick: Some(nick), ..Item::default() };
        let Some(farewell) = self.farewell(here, item, &[303]) else { return };
        if !shared {
            self.tell_presence(&farewell, here, None, [true; 2], out);
            return self.forget_told(here);
        }
        self.tell_own_farewell(&farewell, user, out);
        self.tell_staying(user, here, &seat, out);
    }

    /// A session that gives up a nick is shown the others that keep it.
    pub(super) fn tell_staying(
        &self,
        user: &Arc<Jid>,
        here: &str,
        seat: &Seat,
        out: &mut Vec<Output>,
    ) {
        let jids = self.sees_jids(here);
        let others = Audience::Other { jids }.render(&self.without(seat, here, user));
        let from = seat.occupant.clone();
        let others = Stanza::presence(Type::Absent).with_from(from).with_payloads(others);
        out.push(Output::Send(others.with_to(user.clone())));
    }

    /// A session has this nick no more; others here have it still.
    pub(super) fn restate(&mut self, nick: &str, gone: &Jid, out: &mut Vec<Output>) {
        let Some(seat) = self.roster.get(nick) else { return };
        let payloads = self.without(seat, nick, gone);
        let presence =
            Stanza::presence(Type::Absent).with_from(seat.occupant.clone()).with_payloads(payloads);
        self.show(&presence, nick, Telling::News, Some(gone), out);
    }

    /// A session has this nick no more; others here have it still, and all are told so by the event
    /// that comes next of it.
    pub(super) fn drop_session(&mut self, nick: &str, gone: &Jid) {
        let Some(seat) = self.roster.get(nick) else { return };
        let payloads = self.without(seat, nick, gone);
        self.roster.get_mut(nick).into_iter().for_each(|seat| seat.presence = payloads.clone());
        self.taken.insert(nick.to_owned());
    }

    /// What is shown of a nick that this session gives up and others keep, of whom nobody may have
    /// said that they have it.
    pub(super) fn without(&self, seat: &Seat, nick: &str, gone: &Jid) -> Payloads {
        let mut staying = self.sessions(nick);
        staying.retain(|one| **one != *gone);
        let presence = self.said_without(seat, &staying, gone);
        let others = without_sessions(&presence, |jid| jid == gone.as_str());
        if staying.is_empty() || !names_session(&others, gone) {
            return others;
        }
        of_sessions(&presence, &staying)
    }

    /// What stands for a nick when a session is gone: if it was that one's, what one of the others
    /// has said of itself.
    fn said_without(&self, seat: &Seat, staying: &[Arc<Jid>], gone: &Jid) -> Payloads {
        let shown: Vec<_> = seat.own_payloads().cloned().collect();
        let his = self.said.get(gone).is_some_and(|said| seat.with_id(Vec::clone(said)) == shown);
        let other = staying.iter().find_map(|one| self.said.get(one)).filter(|_| his);
        other.map_or(seat.presence.clone(), |said| Arc::new(seat.saying(Vec::clone(said))))
    }
}

/// Whether a presence is about this session too, by its real JID.
pub(super) fn names_session(payloads: &Payloads, session: &Jid) -> bool {
    let x = payloads.iter().find(|payload| payload.is("x", ns::MUC_USER));
    let mut items = x.into_iter().flat_map(|x| x.children());
    items.any(|item| item.attr("jid") == Some(session.as_str()))
}

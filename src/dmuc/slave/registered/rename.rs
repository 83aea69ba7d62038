//! Whose nick is whose: what a local session is called here and at the master, and the renames that
//! keep two people apart (XEP-0045 §7.6, 303 and 210).
//!
//! A session is *confirmed* under the nick that the master is known to have for it. Only a
//! confirmed nick is owned; who was admitted here, or changed his nick here, makes room for who
//! comes from the master.

use super::outbox::{Entry, What};
use super::told::seat_of;
use super::*;
use crate::room::audience::without_sessions;
use crate::room::item::status;
use crate::room::{Item, Role, nick::is_acceptable};
use crate::stanza::{Type, ns};

impl RegisteredRoom {
    /// The local sessions that the master has under this nick.
    pub(super) fn confirmed_as(&self, nick: &str) -> Vec<Arc<Jid>> {
        let own = self.confirmed.iter().filter(|(_, known)| *known == nick);
        own.filter(|(session, _)| self.locals.contains_key(*session))
            .map(|(session, _)| session.clone())
            .collect()
    }

    /// The local sessions with this nick that the master may not have at all, if the nick is not
    /// otherwise owned here; or those that it may not have and that have asked to be in under this
    /// nick instead of the one that they have here.
    pub(super) fn unconfirmed(&self, nick: &str) -> Vec<Arc<Jid>> {
        if !self.confirmed_as(nick).is_empty() {
            return Vec::new();
        }
        if self.is_local(nick) {
            let own = self.sessions(nick);
            return own.into_iter().filter(|one| !self.confirmed.contains_key(one)).collect();
        }
        let asks = |entry: &Entry| {
            let waits = entry.is_under_way() && entry.stanza.is_available();
            (waits && entry.went_to(nick)) || entry.was_for(nick)
        };
        let unknown = self.locals.keys().filter(|one| !self.confirmed.contains_key(*one));
        unknown.filter(|one| self.outbox.has(one, asks)).cloned().collect()
    }

    /// Whether the stay of who owns this nick is over here, and the master has not heard of it.
    pub(super) fn has_left_here(&self, nick: &str) -> bool {
        let left = |session: &Arc<Jid>| {
            !self.locals.contains_key(session)
                && self.outbox.has(session, |entry| entry.what == What::Leave && entry.done)
        };
        let mut owners = self.confirmed.iter().filter(|(_, known)| *known == nick);
        let former = self.former.values().any(|former| former == nick);
        self.confirmed_as(nick).is_empty() && (former || owners.any(|(session, _)| left(session)))
    }

    /// The stay of this session is over here, whatever the master knows of it.
    pub(super) fn end_confirmed(&mut self, session: &Arc<Jid>) {
        let known = self.confirmed.shift_remove(session);
        self.former.extend(known.map(|known| (session.clone(), known)));
    }

    /// A session is let in here under this nick: nobody has the one that it has at the master, if
    /// that was shown before ENTER.
    pub(super) fn give_up_former(&mut self, session: &Jid, nick: &str, out: &mut Vec<Output>) {
        let known = self.confirmed.get(session).or_else(|| self.former.get(session)).cloned();
        let Some(known) = known.filter(|known| known != nick) else { return };
        let shared = self.confirmed.iter().any(|(one, other)| **one != *session && *other == known);
        if !shared {
            self.give_up(&known, session, out);
        }
    }

    /// The nick that the owner of a nick of the master's has here, if it is another one: he took it
    /// here, and the master has not heard of it.
    pub(super) fn taken_here_by(&self, nick: &str) -> Option<String> {
        let own = self.confirmed_as(nick);
        let here = own.iter().filter_map(|session| self.locals.get(session));
        let here: Vec<_> = here.collect();
        (!here.iter().any(|here| *here == nick))
            .then(|| here.first().map(|here| (*here).clone()))?
    }

    /// What the master says of a nick, as it is to be said here.
    pub(super) fn as_here(&self, stanza: Stanza, nick: &str) -> (Stanza, String) {
        let here = self.taken_here_by(nick);
        let (stanza, here) = match here.and_then(|here| Some((self.occupant(&here)?, here))) {
            Some((occupant, here)) => (stanza.with_from(occupant), here),
            None => (stanza, nick.to_owned()),
        };
        (self.of_sessions_here(stanza, &here), here)
    }

    /// A presence of a nick without those sessions that have another nick here.
    pub(super) fn of_sessions_here(&self, stanza: Stanza, nick: &str) -> Stanza {
        let elsewhere = |jid: &str| {
            let jid = Jid::new(jid).ok();
            let here = jid.and_then(|jid| self.locals.get(&jid));
            here.is_some_and(|here| here != nick)
        };
        let payloads = without_sessions(&stanza.payloads, elsewhere);
        stanza.with_payloads(payloads)
    }

    /// The master has this session under this nick.
    pub(super) fn confirm(&mut self, session: &Arc<Jid>, nick: &str, out: &mut Vec<Output>) {
        self.confirmed.insert(session.clone(), nick.to_owned());
        if self.locals.get(session).is_some_and(|here| here != nick) {
            self.rename_to(session, nick, out);
        }
    }

    /// A local session gets the nick that the master has for it.
    pub(super) fn rename_to(&mut self, session: &Arc<Jid>, nick: &str, out: &mut Vec<Output>) {
        self.make_room_for(nick, session, out);
        let Some(here) = self.locals.get(session).cloned() else { return };
        if self.parts(session, nick) {
            return self.rename_alone(session, &here, nick, out);
        }
        self.rename_here(&here, nick, out);
    }

    /// Whoever has this nick here without owning it gives it up, for this session.
    pub(super) fn make_room_for(&mut self, nick: &str, session: &Arc<Jid>, out: &mut Vec<Output>) {
        let holders = self.sessions(nick);
        let owner = |one: &Arc<Jid>| {
            one.to_bare() == session.to_bare()
                || self.confirmed.get(one).is_some_and(|known| known == nick)
        };
        if !holders.is_empty() && !holders.iter().any(owner) {
            self.displace(nick, None, out);
        }
    }

    /// The nick belongs to somebody of the master's: who has it here without owning it gets his own
    /// back, or another one.
    pub(super) fn rename_away(&mut self, nick: &str, out: &mut Vec<Output>) {
        if self.confirmed_as(nick).is_empty() {
            self.displace(nick, None, out);
        }
    }

    /// Nobody but this account has this nick here any more. Whose connection is over does not get
    /// another one: nobody is to meet him again.
    fn displace(&mut self, nick: &str, owner: Option<&BareJid>, out: &mut Vec<Output>) {
        let holders = self.sessions(nick);
        let other = |one: &&Arc<Jid>| owner != Some(&one.to_bare());
        let Some(session) = holders.iter().find(other).cloned() else { return };
        if holders.iter().all(|one| self.closed.contains(one)) {
            let farewell = self.farewell(nick, Item::default(), &[]);
            holders.iter().for_each(|one| self.expel(one, farewell.clone(), out));
            return;
        }
        let owned = self.confirmed.get(&session).filter(|owned| *owned != nick).cloned();
        let new = match owned {
            // Who has it without being known to the master has no nick of his own to go back to.
            Some(owned) if self.unconfirmed_only(&owned) => {
                self.displace(&owned, None, out);
                owned
            }
            // Its holder waits for another nick himself.
            Some(owned) if self.is_local(&owned) => self.free_nick(nick),
            Some(owned) => owned,
            None => self.free_nick(nick),
        };
        self.rename_here(nick, &new, out);
    }

    /// Whether this nick is held here, and by nobody whom the master is known to have.
    fn unconfirmed_only(&self, nick: &str) -> bool {
        let holders = self.sessions(nick);
        !holders.is_empty() && !holders.iter().any(|one| self.confirmed.contains_key(one))
    }

    /// Rename those whose nicks at the master were still others' here when it accepted; these have
    /// had their LEAVE by now.
    pub(super) fn rename_waiting(&mut self, out: &mut Vec<Output>) {
        for (session, nick) in std::mem::take(&mut self.renames) {
            if self.confirmed.get(&session) != Some(&nick) {
                continue;
            }
            let stale = |one: &Arc<Jid>| one.to_bare() != session.to_bare();
            for one in self.confirmed_as(&nick).into_iter().filter(stale) {
                self.confirmed.shift_remove(&one);
            }
            if self.locals.get(&session).is_some_and(|here| *here != nick) {
                self.rename_to(&session, &nick, out);
            }
        }
    }

    /// A nick like this one that nobody has, is known to have, or has asked for.
    fn free_nick(&self, nick: &str) -> String {
        let (base, number) = match nick.rsplit_once('~') {
            Some((base, number)) if !base.is_empty() => match number.parse::<u32>() {
                Ok(number) if number < u32::MAX => (base, number + 1),
                _ => (nick, 2),
            },
            _ => (nick, 2),
        };
        let base: String = base.chars().take(NICK_CHARS).collect();
        let mut candidates = (number..).map(|number| format!("{base}~{number}"));
        let free = candidates.find(|candidate| {
            !self.is_taken(candidate, None) && !self.confirmed.values().any(|n| n == candidate)
        });
        free.unwrap_or_else(|| nick.to_owned())
    }

    /// Whether somebody has this nick here, or somebody other than this session has asked for it.
    pub(super) fn is_taken(&self, nick: &str, except: Option<&Jid>) -> bool {
        let other = |session: &Jid| except != Some(session);
        let asked = |stanza: &Stanza| {
            let to = stanza.to.as_ref().and_then(|to| to.resource());
            stanza.is_available() && to.is_some_and(|to| to.as_str() == nick)
        };
        self.roster.contains_key(nick)
            || self.outbox.iter().any(|entry| {
                let author = entry.stanza.from.as_deref();
                !entry.done && asked(&entry.stanza) && author.is_some_and(other)
            })
    }

    /// All local sessions with this nick get another one: told as a change of nick, and that the
    /// service did it.
    fn rename_here(&mut self, old: &str, new: &str, out: &mut Vec<Output>) {
        if old == new || !is_acceptable(new) {
            return;
        }
        // Whose other sessions have it already shares it with them.
        if self.roster.contains_key(new)
            && !self.is_local(new)
            && let Some(gone) = self.farewell(new, Item::default(), &[])
        {
            self.show_gone(&gone, new, out);
        }
        self.tell_new_nick(old, new, &[210], out);
    }

    /// Tell of a change of nick that was decided here, and make it. `codes`: what the subject is
    /// told beside.
    pub(super) fn tell_new_nick(
        &mut self,
        old: &str,
        new: &str,
        codes: &[u16],
        out: &mut Vec<Output>,
    ) {
        let Some(mut seat) = self.roster.get(old).cloned() else { return };
        self.clear_nick_apart(new, out);
        let item = Item { role: Some(seat.role.clone()), nick: Some(new), ..Item::default() };
        if let Some(left) = self.farewell(old, item, &[303]) {
            self.tell_presence(&left, old, None, [true; 2], out);
        }
        let sessions = self.sessions(old);
        let shared = self.roster.get(new).filter(|_| self.is_local(new)).cloned();
        self.move_seat(old, new);
        if let Some(shared) = shared {
            // They are seen as his other sessions, who have it already.
            self.roster.insert(new.to_owned(), shared.clone());
            seat = shared;
        }
        let Some(occupant) = self.occupant(new) else { return };
        for session in &sessions {
            self.outbox.retarget(session, old, &occupant);
            self.directed.insert(session.clone(), occupant.clone());
        }
        let mut payloads = Vec::clone(&seat.presence);
        for x in payloads.iter_mut().filter(|payload| payload.is("x", ns::MUC_USER)) {
            for code in codes {
                x.append_child(status(*code));
            }
        }
        let there = Stanza::presence(Type::Absent).with_from(occupant).with_payloads(payloads);
        self.tell_presence(&there, new, None, [true; 2], out);
    }

    /// The master says that somebody takes another nick, with all his sessions. Here they may have
    /// several: those that have the new one already are told nothing.
    pub(super) fn renamed(&mut self, stanza: &Stanza, old: &str, new: &str, out: &mut Vec<Output>) {
        let own = self.confirmed_as(old);
        let known = self.confirmed.values_mut().chain(self.former.values_mut());
        for known in known.filter(|known| *known == old) {
            new.clone_into(known);
        }
        if own.is_empty() {
            let stranger = self.is_local(old);
            if !stranger && self.roster.contains_key(old) {
                self.follow_rename(stanza, old, new, &own, out);
            }
            return;
        }
        let here: BTreeSet<_> =
            own.iter().filter_map(|one| self.locals.get(one)).cloned().collect();
        if here.contains(new) {
            // His change is known here; the presence that follows is, too.
            self.announced.insert(new.to_owned());
        }
        if !self.is_local(old)
            && self.roster.contains_key(old)
            && let Some(gone) = self.farewell(old, Item::default(), &[])
        {
            // It was shown as that of a session that has left since, and had another one here.
            self.show_gone(&gone, old, out);
        }
        for here in here.iter().filter(|here| *here != new) {
            if !self.is_taken_since(&own, here) {
                self.follow_rename(stanza, here, new, &own, out);
            }
        }
    }

    /// Whether one of these sessions has changed its nick here to this one, which the master has
    /// yet to hear. Who has it because another was due to somebody else has not asked for it.
    pub(super) fn is_taken_since(&self, sessions: &[Arc<Jid>], nick: &str) -> bool {
        let asked = |entry: &Entry| entry.is_to(nick) && entry.went_to(nick);
        let renamed = |entry: &Entry| entry.done && entry.is_renaming() && asked(entry);
        sessions.iter().any(|one| self.outbox.has(one, renamed))
    }

    /// Who has this nick here takes another one.
    fn follow_rename(
        &mut self,
        stanza: &Stanza,
        here: &str,
        new: &str,
        owners: &[Arc<Jid>],
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupant(here) else { return };
        self.make_way(new, owners, out);
        self.marked.remove(here);
        let farewell = self.of_sessions_here(stanza.clone().with_from(occupant), here);
        self.tell_presence(&farewell, here, None, [true; 2], out);
        self.move_seat(here, new);
        if owners.is_empty() {
            self.keep_privileges(stanza, new);
        }
        self.taken.insert(new.to_owned());
        // What his sessions that have not asked for it have said is no wish to have the old one.
        let asks = |entry: &Entry| entry.stanza.is_available() && entry.is_to(new);
        if let Some(occupant) = self.occupant(new) {
            for one in owners {
                if !self.outbox.has(one, asks) {
                    self.outbox.retarget(one, here, &occupant);
                }
            }
        }
    }

    /// What the master says of somebody elsewhere as he changes his nick: it may be news to who is
    /// shown everybody before the presence follows.
    fn keep_privileges(&mut self, stanza: &Stanza, nick: &str) {
        let Some(now) = seat_of(stanza).filter(|now| now.role != Role::None) else { return };
        if let Some(seat) = self.roster.get_mut(nick) {
            seat.set_privileges(now.affiliation, now.role);
        }
    }

    /// Whoever has this nick makes way for these, but not their owner's other sessions.
    pub(super) fn make_way(&mut self, nick: &str, owners: &[Arc<Jid>], out: &mut Vec<Output>) {
        let owners = owners.first().map(|one| one.to_bare());
        let holders = self.sessions(nick);
        if holders.iter().any(|one| Some(one.to_bare()) != owners) {
            self.displace(nick, owners.as_ref(), out);
        } else if holders.is_empty()
            && self.roster.contains_key(nick)
            && let Some(gone) = self.farewell(nick, Item::default(), &[])
        {
            self.show_gone(&gone, nick, out);
        }
    }

    /// A seat, and the local sessions in it, get another nick; the place in the roster stays.
    pub(super) fn move_seat(&mut self, old: &str, new: &str) {
        for nick in self.locals.values_mut().filter(|nick| *nick == old) {
            new.clone_into(nick);
        }
        let Some((position, _, mut seat)) = self.roster.shift_remove_full(old) else { return };
        if let Some(occupant) = self.occupant(new) {
            seat.occupant = occupant;
            self.roster.shift_remove(new);
            let position = position.min(self.roster.len());
            if let Some(owner) = self.owners.remove(old) {
                self.owners.insert(new.to_owned(), owner);
            }
            for told in self.told_apart() {
                told.remove(old);
                told.insert(new.to_owned(), seat.presence.clone());
            }
            self.roster.shift_insert(position, new.to_owned(), seat);
        }
    }
}

/// How much of a nick is kept before the number that tells two apart.
const NICK_CHARS: usize = 60;

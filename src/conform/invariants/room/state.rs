//! What a master tells a slave of who is there, from `accept` to `synced`. Who is not among them is
//! not in the room: he may have gone when there was no slave to be told.

use std::collections::BTreeSet;

use super::slave::Print;
use super::user::is_one_of;
use super::{NickId, Privileges, Room, Side, SlaveId, UserId, same_person};
use crate::conform::invariants::reading::Reading;
use crate::stanza::slave::{Accept, Sync};
use crate::stanza::{Kind, Type, ns};
use crate::time::Time;

/// What a master has said since `accept`.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct State {
    /// Whether it says all there is, or what has changed.
    full: bool,
    there: BTreeSet<NickId>,
    gone: BTreeSet<NickId>,
    /// When it was so, if it had to wait for a stream.
    at: Option<Time>,
}

impl Room {
    /// The master begins to say who is there. What waited for a stream was so when the slave asked.
    pub(super) fn begin_state(&mut self, slave: SlaveId, accept: &Accept, waited: bool) {
        let full = accept.sync == Sync::Full;
        let asked = self.slaves[slave].registering.map(|(at, _)| at);
        let begins = !waited || asked.is_some();
        let at = asked.filter(|_| waited);
        self.slaves[slave].state = begins.then(|| State { full, at, ..State::default() });
    }

    /// It says something of this nick.
    pub(super) fn note_state(&mut self, slave: SlaveId, nick: NickId, reading: &Reading<'_>) {
        let hidden = self.hides(reading);
        let Some(state) = &mut self.slaves[slave].state else { return };
        if reading.stanza.is_available() || hidden {
            state.there.insert(nick);
        } else if !reading.has(303) {
            state.gone.insert(nick);
        }
    }

    /// It has said all.
    pub(super) fn end_state(&mut self, slave: SlaveId) {
        let Some(state) = self.slaves[slave].state.take() else { return };
        let all = self.shows_all();
        let said = |nick: &NickId| state.gone.contains(nick) || state.full && all;
        let announced = &self.announced;
        // What it was told itself came before in the same stream, however long it waited for that.
        let others = |print: &&Print| print.to != Some(slave);
        let since = |nick: &NickId| {
            let announced = announced.get(nick).map(|announced| announced.recent.iter());
            let last = announced.and_then(|recent| recent.rev().find(others));
            last.is_some_and(|last| state.at.is_some_and(|at| last.at >= at))
        };
        self.occupants.retain(|nick, _| state.there.contains(nick) || !said(nick) || since(nick));
    }

    /// A slave asks to be registered: of its occupants it lists these. The others may be out, and
    /// nobody be there to be told.
    pub(super) fn may_remove(&mut self, slave: usize, listed: &[&str]) {
        let unlisted = |user: &super::User| !listed.contains(&user.jid.as_str());
        let served = self.users.iter().enumerate().filter(|(_, user)| user.via == Some(slave));
        let served = served.filter(|(_, user)| unlisted(user)).map(|(user, _)| user);
        self.slaves[slave].unlisted = served.collect();
        if !self.is_told_alone(slave) {
            return;
        }
        let its = |user: &UserId| {
            let user = &self.users[*user];
            user.slave == Some(slave) && unlisted(user)
        };
        let its = self.occupants.iter().filter(|(_, one)| one.sessions.iter().all(its));
        let its: Vec<_> = its.map(|(nick, _)| *nick).collect();
        self.doubtful.extend(its);
    }

    /// It is accepted: whom it did not list is out. Of sessions of who stays nobody says so.
    pub(super) fn remove_unlisted(&mut self, slave: SlaveId) {
        let unlisted = &self.slaves[slave].unlisted;
        let listed = |user: &UserId| !unlisted.contains(user);
        let several = self.occupants.values_mut().filter(|one| one.sessions.iter().any(listed));
        several.for_each(|one| one.sessions.retain(listed));
    }

    /// That it is accepted has waited for a stream. Whom it did not list may have had another nick
    /// by then, which it was told just before.
    pub(super) fn doubt_unlisted(&mut self, slave: SlaveId) {
        let unlisted = std::mem::take(&mut self.slaves[slave].unlisted);
        if self.is_told_alone(slave) {
            let gone =
                |one: &super::Occupant| one.sessions.iter().all(|user| unlisted.contains(user));
            let its = self.occupants.iter().filter(|(_, one)| gone(one));
            let its: Vec<_> = its.map(|(nick, _)| *nick).collect();
            self.doubtful.extend(its);
        }
    }

    /// Whether nobody but this slave is told at once what happens.
    fn is_told_alone(&self, slave: SlaveId) -> bool {
        let told = |(other, one): (usize, &super::Slave)| {
            other != slave
                && matches!(one.master, Side::Active | Side::Syncing)
                && self.health.waits_since(&self.domain, &one.domain).is_none()
        };
        !self.serves_anybody() && !self.slaves.iter().enumerate().any(told)
    }

    /// What there is, for who does not know it. If nobody was told before, it is news to the reader
    /// of the record too.
    pub(super) fn emit_state(
        &mut self,
        entry: usize,
        slave: Option<SlaveId>,
        nick: NickId,
        reading: &Reading<'_>,
    ) {
        if !reading.stanza.is_available() {
            // Who has numbers is told when all is said.
            let news =
                |slave: &SlaveId| self.slaves[*slave].state.is_none() && self.is_told_alone(*slave);
            if slave.filter(news).is_some()
                && !reading.has(303)
                && !self.hides(reading)
                && let Some(occupant) = self.occupants.remove(&nick)
            {
                self.lose_unheard(&occupant);
            }
            return;
        }
        let privileges = Privileges::of(reading).unwrap_or_default();
        match self.occupants.get_mut(&nick) {
            Some(occupant) if !self.doubtful.contains(&nick) => {
                occupant.content = reading.content;
                occupant.privileges = privileges;
                self.learn_shown(nick, reading);
            }
            _ => self.arrive(entry, nick, reading, &mut Vec::new()),
        }
    }

    /// Whether another slave, which gets all there is to tell, was told of this nick since then:
    /// what was not among that was before.
    pub(super) fn is_overtaken(&self, nick: NickId, slave: SlaveId, since: Time) -> bool {
        let announced = self.announced.get(&nick).into_iter();
        let mut last = announced.flat_map(|announced| announced.recent.iter().rev());
        let last = last.find(|last| last.to.is_some());
        let other = last.filter(|last| last.at >= since).and_then(|last| last.to);
        other.is_some_and(|other| other != slave && self.slaves[other].master == Side::Active)
    }

    /// Who may see JIDs is told whose nick it is, if nobody was before: of all his sessions.
    pub(super) fn learn_shown(&mut self, nick: NickId, reading: &Reading<'_>) {
        let sessions = self.shown(reading);
        self.learn_owner(nick, sessions.clone());
        let Some(his) = self.occupants.get_mut(&nick) else { return };
        let jid = |user: &UserId| self.users[*user].jid.as_str();
        let known = his.sessions.iter().chain(&sessions).map(jid);
        if known.collect::<Vec<_>>().windows(2).all(|two| same_person(two[0], two[1])) {
            // One of them was let in where nobody was told of the others.
            let others = sessions.into_iter().filter(|user| !is_one_of(&his.sessions, *user));
            let others: Vec<_> = others.collect();
            his.sessions.extend(others);
        }
    }

    /// The sessions of which a presence is, if it shows them.
    pub(super) fn shown(&self, reading: &Reading<'_>) -> Vec<UserId> {
        let Some(shown) = reading.item.and_then(|item| item.jid) else { return Vec::new() };
        let his = reading.sessions.iter().filter(|jid| same_person(jid, shown));
        let mut sessions: Vec<UserId> = his.filter_map(|jid| self.known_user(jid)).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// Whose nick it is, if that was not known.
    pub(super) fn learn_owner(&mut self, nick: NickId, sessions: Vec<UserId>) {
        let unknown = self.occupants.get(&nick).filter(|one| one.sessions.is_empty());
        let Some(stay) = unknown.map(|one| one.stay).filter(|_| !sessions.is_empty()) else {
            return;
        };
        sessions.iter().for_each(|session| self.place(*session, nick));
        if let Some(his) = self.occupants.get_mut(&nick) {
            his.sessions.clone_from(&sessions);
        }
        self.owners.insert(stay, sessions);
    }
}

/// What a master grants in this stanza.
pub(in crate::conform) fn accepted(reading: &Reading<'_>) -> Option<Accept> {
    if reading.stanza.kind != Kind::Iq || reading.stanza.type_ != Type::Result {
        return None;
    }
    let accept = reading.stanza.payload("accept", ns::SLAVE)?;
    Accept::try_from(accept.clone()).ok()
}

//! Whom the master serves itself.

use super::slave::Print;
use super::user::is_one_of;
use super::{
    Fact, NickId, Occupant, Passage, Room, Side, SlaveId, UserId, push_bounded, same_person,
};
use crate::conform::invariants::reading::Reading;
use crate::dmuc::Persistence;
use crate::time::Time;
use crate::transcript::{Fate, Hop};

impl Room {
    /// Whether this is from a slave, or the master sends it to one under the address of a user.
    pub(super) fn is_of_slaves(&self, hop: &Hop, from: &str, to: &str) -> bool {
        let to_slave = *hop.from == *self.domain && self.slave_of(to).is_some();
        self.slave_of(from).is_some() || (to_slave && self.known_user(from).is_some())
    }

    /// The master sends something to one user at his own address.
    pub(super) fn emit_to_user(
        &mut self,
        entry: usize,
        user: Option<UserId>,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        if reading.stanza.is_error() {
            return;
        }
        if reading.stanza.is_groupchat() || reading.is_presence() {
            user.into_iter().for_each(|user| self.serve_itself(user));
        }
        if reading.stanza.is_groupchat() {
            return self.emit_message(entry, reading, (reading.delay.is_some(), false), facts);
        }
        let (Some(user), Some(nick)) = (user, reading.nick.filter(|_| reading.is_presence()))
        else {
            return;
        };
        let nick = self.nick(nick);
        if reading.has(110) && reading.stanza.is_available() {
            if !self.users[user].ending {
                self.let_in(entry, user, nick, None);
            }
            let his = |one: &Occupant| is_one_of(&one.sessions, user);
            let known = self.occupants.get(&nick).is_some_and(his);
            self.admit(entry, nick, user, reading, facts);
            if known {
                // There may be nobody else to be told what has become of him.
                self.emit_presence(entry, nick, reading, facts);
            }
            self.serve_directly(user);
            self.announce(nick, reading, (None, None));
        } else if reading.has(110) && self.lasts_without(nick, user, reading) {
            // Another session stays.
        } else if self.is_settled(user) || !reading.stanza.is_available() {
            self.emit_presence(entry, nick, reading, facts);
            self.announce(nick, reading, (None, None));
        } else {
            self.emit_state(entry, None, nick, reading);
        }
    }

    /// One session of a nick is gone, as the master says; whether there are others, or may be.
    pub(super) fn lasts_without(
        &mut self,
        nick: NickId,
        user: UserId,
        reading: &Reading<'_>,
    ) -> bool {
        let Some(occupant) = self.occupants.get_mut(&nick) else { return false };
        let several = occupant.sessions.len() != 1;
        if several {
            occupant.sessions.retain(|session| *session != user);
            self.end_asking(user, reading);
        }
        several
    }

    /// Whether a user whom the master serves itself was told who is there already.
    fn is_settled(&self, user: UserId) -> bool {
        self.occupants.values().any(|occupant| is_one_of(&occupant.sessions, user))
            && !self.asking.iter().any(|(_, asking)| *asking == user)
    }

    /// A master that serves a user itself has admitted him, and had to wait for a stream to say so.
    pub(super) fn served_late(
        &mut self,
        entry: usize,
        (user, since): (UserId, Time),
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let Some(nick) = reading.nick.map(|nick| self.nick(nick)) else { return };
        if reading.stanza.is_available() {
            self.let_in(entry, user, nick, None);
            self.users[user].was_let_in_as_he_asked();
            let kept = self.silent || self.persistence == Persistence::Everything;
            if !kept && self.lost_since(since) {
                self.forget(user);
                return;
            }
        }
        let renamed = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303));
        if let Some(new) = renamed.map(|new| self.nick(new)) {
            let his = |one: &Occupant| is_one_of(&one.sessions, user);
            if self.occupants.get(&nick).is_some_and(his)
                && !self.occupants.contains_key(&new)
                && let Some(occupant) = self.occupants.remove(&nick)
            {
                self.occupants.insert(new, occupant);
            }
            return;
        }
        if !reading.stanza.is_available() {
            if let Some(occupant) = self.occupants.get_mut(&nick) {
                occupant.sessions.retain(|session| *session != user);
                if occupant.sessions.is_empty() {
                    self.occupants.remove(&nick);
                }
            }
            return;
        }
        self.serve_itself(user);
        let one = &mut self.users[user];
        one.via = None;
        let before = one.direct.filter(|_| one.asks.joins() == 0);
        if before.is_some_and(|stay| self.occupants.values().all(|other| other.stay != stay)) {
            // That was so before the end of the stay which others were told of at once.
            return;
        }
        let users = &self.users;
        let his = |one: &UserId| same_person(&users[*one].jid, &users[user].jid);
        // Another session of his may have it already.
        let free = self.occupants.get(&nick).is_none_or(|one| one.sessions.iter().any(his));
        if free && !self.is_elsewhere(user, nick) {
            self.admit(entry, nick, user, reading, facts);
        }
        self.serve_directly(user);
    }

    /// His leave reaches a master that surely serves this user itself. Whom it has behind a slave
    /// that it has lost it tells nothing, nor who was told that he is out and has not asked since.
    pub(super) fn begins_to_end(&mut self, user: UserId) {
        let one = &self.users[user];
        let there = one.inside || one.entered || one.coming.begins() || one.asks.to_be_in();
        self.users[user].ending = there && one.via.is_none() && self.serves(user);
    }

    /// The master tells a user himself something, perhaps the end of his stay.
    pub(super) fn goes_to_user(&mut self, entry: usize, user: UserId, passage: &Passage<'_>) {
        let farewell = passage.reading.stanza.is_unavailable() && passage.reading.has(110);
        let out = farewell && !passage.reading.has(303);
        self.users[user].ending &= !out;
        if passage.hop.fate == Fate::Lost && farewell {
            self.forget(user);
        } else if out {
            self.users[user].let_out(entry, passage.reading.is_unasked());
        }
    }

    /// What the master tells a user himself of his being in the room reaches his server: an error
    /// for who wants to enter, the end of his stay, or that he is in.
    pub(super) fn comes_to_user(&mut self, entry: usize, user: UserId, passage: &Passage<'_>) {
        let reading = &passage.reading;
        let out = !reading.stanza.is_available();
        if !self.users[user].online && reading.has(110) && !reading.has(303) {
            self.users[user].miss(out);
        }
        if !out && reading.has(110) {
            self.store_own(user, reading);
        }
        self.users[user].dismissed |= out;
        if reading.stanza.is_unavailable() {
            self.users[user].dismissed_at = Some(self.now);
        }
        self.comes_by(entry, user, passage);
        let slave = self.users[user].slave.map(|slave| &self.slaves[slave]);
        if out && slave.is_some_and(|slave| slave.lame && slave.persistent) {
            self.users[user].removed_at = Some(self.now);
        }
    }

    /// What a master that serves a user itself says to him of a nick is of the stay in which that
    /// was when it said so.
    pub(super) fn goes_by(&mut self, entry: usize, passage: &Passage<'_>) {
        let known = passage.reading.nick.and_then(|nick| self.known_nick(nick));
        let Some(nick) = known.filter(|_| passage.reading.is_presence()) else { return };
        // What waited for a stream may be of a stay before.
        let waited = self.waited_since(passage.hop).filter(|_| !passage.reading.has(110));
        let stay = match waited {
            Some(since) => self.announced_at(nick, &passage.reading, since),
            None => self.occupants.get(&nick).map(|occupant| occupant.stay),
        };
        self.flight.insert(entry, stay.unwrap_or_default());
    }

    fn comes_by(&mut self, entry: usize, user: UserId, passage: &Passage<'_>) {
        let nick = passage.reading.nick.and_then(|nick| self.known_nick(nick));
        let Some((stay, nick)) = self.flight.remove(&entry).zip(nick) else { return };
        let sent = match passage.hop.fate {
            Fate::Delivered(after) => self.now - after,
            _ => self.now,
        };
        let print = Print::of(&passage.reading, stay, sent);
        push_bounded(&mut self.users[user].passing, (nick, print), PASSING_MAX);
    }

    /// Whether what a user is told is for a stay over which his connection ended: the master serves
    /// him itself, or did when it said so, and is to let him in again through a slave.
    pub fn is_of_before(&self, user: UserId, reading: &Reading<'_>) -> bool {
        let one = &self.users[user];
        if one.is_of_before() || !one.hung_up || one.inside || one.is_let_in() {
            return one.is_of_before();
        }
        if reading.stanza.is_groupchat() {
            return one.heard_itself.contains(&reading.content);
        }
        let nick = reading.nick.and_then(|nick| self.known_nick(nick));
        let print = Print::of(reading, 0, self.now);
        nick.is_some_and(|nick| one.passing(nick, &print).is_some())
    }

    /// A slave that reads that the master has let somebody in knows from that what he is.
    fn store_own(&mut self, user: UserId, reading: &Reading<'_>) {
        let nick = reading.nick.map(|nick| self.nick(nick));
        let Some((slave, nick)) = self.users[user].slave.zip(nick) else { return };
        let his = self.occupants.get(&nick).filter(|one| is_one_of(&one.sessions, user));
        let print = Print::of(reading, his.map_or(0, |one| one.stay), self.now);
        self.store(slave, nick, print);
    }

    /// The master tells a user himself what it would tell his slave, if it had one.
    pub(super) fn serve_itself(&mut self, user: UserId) {
        let unknown = |slave: &SlaveId| self.slaves[*slave].master == Side::Unknown;
        let Some(slave) = self.users[user].slave.filter(unknown) else { return };
        self.slaves[slave].master = Side::Idle;
        if self.slaves[slave].own != Side::Split {
            // That it has lost the master it has said itself.
            self.slaves[slave].own = Side::Idle;
        }
        let lost = self.master_lost;
        for user in self.users.iter_mut().filter(|user| user.slave == Some(slave)) {
            user.via = None;
            // If it has forgotten him, nobody tells him before his slave is registered again.
            user.unsure |= user.inside && lost.is_some_and(|lost| lost >= user.since);
        }
    }

    /// Whether the master surely serves this session itself.
    pub fn serves(&self, user: UserId) -> bool {
        let one = &self.users[user];
        let local = one.domain == self.domain;
        let here = |other: &Occupant| {
            is_one_of(&other.sessions, user) && (local || one.direct == Some(other.stay))
        };
        let told = one.nick.and_then(|nick| self.occupants.get(&nick));
        told.is_some_and(here) || self.occupants.values().any(here)
    }

    /// Whether there is anybody whom it does, and to whom a stream is open.
    pub(super) fn serves_anybody(&self) -> bool {
        let open = |user: &UserId| self.health.is_open(&self.domain, &self.users[*user].domain);
        (0..self.users.len()).filter(open).any(|user| self.serves(user))
    }

    /// A slave that asks to be registered lists these of its users. If it is accepted it serves all
    /// of them; of whom it has under the same nick accept need not say so.
    pub(super) fn claim(&mut self, slave: SlaveId, listed: &[&str]) {
        let listed: Vec<_> = listed.iter().filter_map(|jid| self.known_user(jid)).collect();
        for user in listed {
            let one = &mut self.users[user];
            one.direct = one.direct.filter(|_| one.slave != Some(slave));
        }
    }

    /// The master serves this session itself, in the stay in which it is.
    pub(super) fn serve_directly(&mut self, user: UserId) {
        let mut stays = self.occupants.values().filter(|one| is_one_of(&one.sessions, user));
        self.users[user].direct = stays.next().map(|one| one.stay);
    }

    /// From now on the master serves itself whom it has served through this slave; `stay`: if he
    /// stays in the room.
    pub(super) fn release(&mut self, slave: SlaveId, stay: bool) {
        for user in 0..self.users.len() {
            if self.users[user].via == Some(slave) {
                self.users[user].via = None;
                if stay {
                    self.serve_directly(user);
                } else {
                    // Whom it had removed before that, of which nothing came, it tells nothing.
                    self.users[user].gone_unheard |= self.users[user].inside;
                }
            }
        }
    }
}

/// How much is remembered of what came by for one user.
const PASSING_MAX: usize = 256;

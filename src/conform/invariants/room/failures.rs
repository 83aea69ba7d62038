//! What becomes of the room when something breaks.

use super::heeded::Heeded;
use super::{Class, Occupant, Passage, Room, Side, Slave, SlaveId, Touch, UserId};
use crate::conform::invariants::reading::Reading;
use crate::dmuc::Persistence;
use crate::time::Time;
use crate::transcript::{Fault, Machine, StreamEvent, is_client};

impl Room {
    /// A server could not deliver something.
    pub(super) fn undeliverable(&mut self, entry: usize, at: &str, reading: &Reading<'_>) {
        if self.silent {
            self.infer_from_undeliverable(at, reading);
        }
        self.health.trouble(self.now);
        self.health.bounced = self.now;
        self.log.learn_id(reading);
        for jid in [reading.from, reading.to] {
            if let Some(user) = self.known_user(jid) {
                self.users[user].unsure |= self.users[user].via.is_none();
            }
        }
        if let Some(slave) = self.slave_of(reading.from) {
            self.begins_anew(slave, reading);
        }
        // A slave that the room knows may treat it itself, and one that was started again may have
        // said it itself: what its user has said comes back to him with the id that he gave.
        let asks = reading.is_presence() && reading.to_nick.is_some() && !reading.stanza.is_error();
        if let Some(user) = self.known_user(reading.from).filter(|_| asks) {
            let slave = self.users[user].slave.map(|slave| &self.slaves[slave]);
            let idle = |slave: &Slave| slave.registers && slave.own == Side::Idle;
            if slave.is_none_or(idle) {
                let lame = slave.is_some_and(|slave| slave.lame);
                let id = lame.then(|| reading.id().to_owned());
                self.users[user].asks.come_back(reading.stanza.is_unavailable(), id);
            }
        }
        if *at != *self.domain {
            return;
        }
        if let Some(user) = self.known_user(reading.to) {
            if reading.stanza.is_unavailable() && reading.has(110) {
                self.farewell_came_back(user, reading);
            }
            self.reached.push((user, entry, Touch::Error));
        }
        if let (Some(slave), true) = (self.slave_of(reading.to), reading.is_presence()) {
            self.news_came_back(entry, slave, reading);
        }
    }

    /// What the master has told a slave of somebody comes back: if nobody else was told that, or
    /// what has become of it since, nobody is.
    fn news_came_back(&mut self, entry: usize, slave: SlaveId, reading: &Reading<'_>) {
        let dmuc = reading.dmuc.unwrap_or_default();
        let for_one = dmuc.enter.is_some() || dmuc.leave.is_some() || dmuc.state;
        let Some(nick) = reading.nick.filter(|_| !for_one) else { return };
        let nick = self.nick(nick);
        let since = self.health.waits_since(&self.domain, &self.slaves[slave].domain);
        let untold = |at: &Time| {
            let told = self.announced_since(nick, slave, reading, *at).is_some();
            !told && !self.is_overtaken(nick, slave, *at)
        };
        if since.filter(untold).is_some() {
            self.emit_presence(entry, nick, reading, &mut Vec::new());
        }
    }

    /// What tells a user that he is out does not reach him.
    pub(super) fn farewell_came_back(&mut self, user: UserId, reading: &Reading<'_>) {
        self.forget(user);
        if let Some(nick) = reading.nick.map(|nick| self.nick(nick)) {
            self.lasts_without(nick, user, reading);
        }
    }

    pub(super) fn fault(&mut self, fault: &Fault) {
        self.health.fault(self.now, fault);
        if let Fault::Restart(Machine::Server(domain) | Machine::Slave(domain)) = fault
            && let Some(slave) = self.slave_at(domain)
        {
            self.slaves[slave].stopped = Some(self.now);
        }
        if let Fault::Restart(Machine::Server(domain) | Machine::Service(domain)) = fault
            && **domain == *self.domain
            && self.persistence == Persistence::Everything
        {
            // A master that knows what it knew has lost all its slaves.
            for slave in &mut self.slaves {
                slave.split_master.get_or_insert(self.now);
            }
        }
        let Fault::Crash(machine) = fault else { return };
        let (domain, whole) = match machine {
            Machine::Server(domain) => (&**domain, true),
            Machine::Slave(domain) | Machine::Service(domain) => (&**domain, false),
        };
        let (now, last) = (self.now, self.last);
        if whole {
            let there: Vec<_> = self.occupants.values().flat_map(|one| &one.sessions).collect();
            let here = self.users.iter_mut().enumerate().filter(|(_, one)| one.domain == domain);
            for (id, user) in here {
                user.hang_up(now, last);
                // A room that serves him itself may not know yet that he was told he is out.
                user.hung_up |= user.via.is_none() && there.contains(&&id);
            }
            self.end_streams(domain);
        }
        if domain == self.domain && !matches!(machine, Machine::Slave(_)) {
            self.lose_master();
        } else if let (Some(slave), false) =
            (self.slave_at(domain), matches!(machine, Machine::Service(_)))
        {
            let slave = &mut self.slaves[slave];
            (slave.own, slave.lame, slave.split_own) = (Side::Idle, true, None);
            if !slave.persistent {
                slave.store.clear();
                slave.heeded = Heeded::default();
            }
            slave.heeded.give_up();
            slave.answer();
        }
    }

    /// The master says that somebody is gone. Those of his sessions whose slave is lost are told so
    /// when it is back, unless they have asked to enter before.
    pub(super) fn lose_unheard(&mut self, occupant: &Occupant) {
        for session in &occupant.sessions {
            let via = self.users[*session].via;
            let lost = via.is_some_and(|slave| self.slaves[slave].master == Side::Split);
            self.users[*session].gone_unheard |= lost && self.users[*session].inside;
        }
    }

    /// A server is down: with it all its streams have ended.
    fn end_streams(&mut self, domain: &str) {
        let now = self.now;
        for slave in &self.slaves {
            if domain == self.domain || domain == slave.domain {
                self.health.end(now, &slave.domain, &self.domain);
                self.health.end(now, &self.domain, &slave.domain);
            }
        }
    }

    fn lose_master(&mut self) {
        self.master_lost = Some(self.now);
        let forgets = self.persistence != Persistence::Everything;
        if forgets {
            self.occupants.clear();
            // Whom a slave serves hears of it from that.
            let direct = |user: &UserId| self.users[*user].via.is_none();
            let direct: Vec<_> = (0..self.users.len()).filter(direct).collect();
            direct.into_iter().for_each(|user| self.forget(user));
            self.forgotten = self.stays;
        }
        if self.persistence == Persistence::Nothing {
            self.unconfigure();
        }
        self.wishes.clear();
        for slave in &mut self.slaves {
            slave.split_master = slave.split_master.filter(|_| !forgets);
            // If it remembers them it does not know what they have missed.
            slave.master = match slave.master {
                Side::Idle if !forgets && slave.registers => Side::Idle,
                _ if !forgets && slave.registers => Side::Split,
                _ => Side::Unknown,
            };
        }
    }

    pub(super) fn stream(&mut self, from: &str, to: &str, event: &StreamEvent) {
        if !is_client(from) {
            let opened = *event == StreamEvent::Opened;
            return self.health.stream(self.now, from, to, opened);
        }
        let (user, now, last) = (self.user(from), self.now, self.last);
        if self.users[user].online || self.users[user].inside {
            self.users[user].hang_up(now, last);
        }
        self.users[user].online = *event == StreamEvent::Opened;
        self.health.acted = self.now;
    }

    /// A record in which machines tell nothing of themselves may not tell of connections either: if
    /// a server says that a user is gone who has not said so, his is over.
    pub(super) fn infer_connection(&mut self, entry: usize, passage: &Passage<'_>) {
        if !self.silent {
            return;
        }
        match passage.class {
            Class::Up(user) | Class::Down(user) => {
                let one = &mut self.users[user];
                (one.seen, one.online) = (true, true);
            }
            Class::Relay(Some(user)) if passage.reading.stanza.is_unavailable() => {
                let now = self.now;
                let one = &mut self.users[user];
                if one.seen && one.online && one.leaving().is_none() {
                    one.hang_up(now, entry);
                }
            }
            _ => {}
        }
    }

    /// The master gives up a slave that registers. Whom it removes it has told so by now, if there
    /// was anybody to be told.
    pub(super) fn give_up(&mut self, slave: usize) {
        self.begin_without(slave);
        self.release(slave, false);
        self.slaves[slave].master = Side::Idle;
    }

    /// The master creates a slave, and has removed all whom that served. If there was nobody to be
    /// told, the record does not show it.
    pub(super) fn begin_without(&mut self, slave: usize) {
        let users = &self.users;
        self.occupants.retain(|_, occupant| {
            let known = !occupant.sessions.is_empty();
            occupant.sessions.retain(|user| users[*user].via != Some(slave));
            !known || !occupant.sessions.is_empty()
        });
    }
}

//! What the master announces.

use super::slave::Print;
use super::state::accepted;
use super::user::is_one_of;
use super::{Fact, NickId, Privileges, Room, Side, SlaveId, UserId, same_person};
use crate::conform::invariants::reading::Reading;
use crate::dmuc::Persistence;
use crate::stanza::ns;
use crate::stanza::slave::{Accept, Whois};
use crate::time::Time;

impl Room {
    /// The master sends something to a slave.
    pub(super) fn emit_to_slave(
        &mut self,
        entry: usize,
        slave: SlaveId,
        reading: &Reading<'_>,
        waited: Option<Time>,
        facts: &mut Vec<Fact>,
    ) {
        let dmuc = reading.dmuc.unwrap_or_default();
        let pings = reading.stanza.has_payload("ping", ns::PING);
        let says = (dmuc.at.is_some() || pings) && waited.is_none();
        if says && self.slaves[slave].master == Side::Unknown {
            self.slaves[slave].master = Side::Active;
            // Of one that had lost it before, a record of simulated machines would tell.
            let one = &mut self.slaves[slave];
            let well = self.health.carries(&one.domain, &self.domain);
            if one.own == Side::Unknown && !self.silent && well {
                one.own = Side::Active;
            }
        }
        // What the run before has said, and was not there any more when a stream was opened.
        let registered = self.slaves[slave].registering.map(|(at, _)| at);
        let stale = waited.is_some() && registered.is_some_and(|at| self.lost_since(at));
        if let Some(accept) = accepted(reading).filter(|_| !stale) {
            if waited.is_none() {
                self.learn_whois(accept.whois == Whois::Anyone, self.now);
                self.remove_unlisted(slave);
            } else {
                self.doubt_unlisted(slave);
            }
            self.accept(slave, &accept);
            self.begin_state(slave, &accept, waited.is_some());
        }
        if dmuc.synced {
            if !stale {
                self.end_state(slave);
                self.slaves[slave].sync();
            }
            return;
        }
        if reading.stanza.is_groupchat() {
            let told = self.is_syncing(slave) || dmuc.backfill || dmuc.history || dmuc.state;
            return self.emit_message(entry, reading, (told, waited.is_some()), facts);
        }
        let Some(nick) = reading.nick.filter(|_| reading.is_presence()) else {
            if reading.destroys && reading.stanza.is_unavailable() {
                self.occupants.clear();
                self.slaves[slave].master = Side::Idle;
            }
            return;
        };
        self.emit_presence_to_slave(entry, slave, (nick, reading), waited, facts);
    }

    /// The master tells a slave of somebody.
    fn emit_presence_to_slave(
        &mut self,
        entry: usize,
        slave: SlaveId,
        (nick, reading): (&str, &Reading<'_>),
        waited: Option<Time>,
        facts: &mut Vec<Fact>,
    ) {
        let dmuc = reading.dmuc.unwrap_or_default();
        let nick = self.nick(nick);
        let occurs = dmuc.enter.is_none() && dmuc.leave.is_none();
        // What has a number happened, even if it waits for a stream until all there is is told.
        let state = dmuc.state || (self.is_syncing(slave) && dmuc.at.is_none());
        if occurs && state {
            self.note_state(slave, nick, reading);
        }
        if let Some(since) = waited
            && let Some(stay) = self.told_before(nick, slave, reading, since)
        {
            self.flight.insert(entry, stay);
            if let Some(jid) = dmuc.enter {
                let user = self.user(jid);
                self.users[user].serve_via(slave);
                self.learn_owner(nick, vec![user]);
            }
            self.restate(nick, slave, reading);
            return;
        }
        // State that looks otherwise than news of the same instant was sent before that.
        let is_old = |since| self.is_outdated(nick, slave, (since, state));
        if waited.is_some_and(|since| occurs && is_old(since)) {
            self.flight.insert(entry, 0);
            return;
        }
        let entering = dmuc.enter.and_then(|jid| self.known_user(jid));
        let entering = entering.filter(|_| waited.is_some());
        let gone = waited.is_some_and(|since| self.is_gone_since(nick, since));
        if let Some(user) = entering.filter(|user| gone || self.is_elsewhere(*user, nick)) {
            // He has another nick by now, or is gone, as others were told already.
            self.users[user].serve_via(slave);
            return;
        }
        // What waited for a stream and is news was caused at another instant.
        let mut unseen = Vec::new();
        let facts = if waited.is_some() { &mut unseen } else { facts };
        if let Some(jid) = dmuc.enter {
            let user = self.user(jid);
            self.users[user].serve_via(slave);
            self.admit(entry, nick, user, reading, facts);
        } else if let Some(jid) = dmuc.leave {
            self.emit_leave(slave, nick, jid, reading);
        } else if state {
            self.emit_state(entry, Some(slave), nick, reading);
        } else {
            self.emit_presence(entry, nick, reading, facts);
        }
        let stay = self.occupants.get(&nick).map_or(0, |occupant| occupant.stay);
        self.flight.insert(entry, stay);
        if dmuc.enter.is_some() || dmuc.leave.is_some() {
            // For one slave only.
            return;
        }
        self.announce(nick, reading, (Some(slave), waited));
    }

    /// What others were told last of this nick comes to a slave now: whatever older news came to it
    /// before in this stream, that is how he is.
    fn restate(&mut self, nick: NickId, slave: SlaveId, reading: &Reading<'_>) {
        let print = Print::of(reading, 0, self.now);
        let announced = self.announced.get(&nick).into_iter();
        let mut recent = announced.flat_map(|announced| announced.recent.iter().rev());
        let last = recent.find(|last| last.to != Some(slave));
        let last = last.filter(|last| last.looks_like(&print) && last.may_be(&print));
        let Some(last) = last.copied() else { return };
        if !last.available {
            if !self.hides(reading) {
                self.occupants.remove(&nick);
            }
            return;
        }
        if let Some(occupant) = self.occupants.get_mut(&nick).filter(|one| one.stay == last.stay) {
            (occupant.privileges, occupant.content) = (last.privileges, last.content);
        }
    }

    /// Of which stay it is what a slave is told of a nick after it waited since then, if it was
    /// told to others before. A run says how long it waited; what others were told then is the
    /// same news.
    fn told_before(
        &self,
        nick: NickId,
        slave: SlaveId,
        reading: &Reading<'_>,
        since: Time,
    ) -> Option<u32> {
        if self.silent {
            return self.announced_since(nick, slave, reading, since);
        }
        self.announced_at(nick, reading, since)
    }

    /// Of which stay it is what the master said of a nick at this instant.
    pub(super) fn announced_at(
        &self,
        nick: NickId,
        reading: &Reading<'_>,
        at: Time,
    ) -> Option<u32> {
        let print = Print::of(reading, 0, at);
        let mut then = self.announced.get(&nick)?.recent.iter().filter(|one| one.at == at);
        let same = then.find(|one| one.looks_like(&print) && one.may_be(&print));
        same.map(|one| one.stay)
    }

    /// Whether others were told later news of this nick than what has waited for a stream since
    /// then; what was told of it at the same instant may count as `later`.
    fn is_outdated(&self, nick: NickId, slave: SlaveId, (since, later): (Time, bool)) -> bool {
        if self.silent {
            return self.is_overtaken(nick, slave, since);
        }
        let announced = self.announced.get(&nick);
        let is_later = |one: &Print| one.at > since || (later && one.at == since);
        announced.is_some_and(|announced| announced.recent.iter().any(is_later))
    }

    /// Whether others were told last that nobody has this nick, later than what has waited for a
    /// stream since then.
    fn is_gone_since(&self, nick: NickId, since: Time) -> bool {
        let last = self.announced.get(&nick).and_then(|announced| announced.recent.back());
        !self.silent && last.is_some_and(|last| last.at > since && !last.available)
    }

    /// The master has told somebody of this nick: which slave, or a user whom it serves itself. It
    /// did so when it had to wait for a stream, if it had to.
    pub(super) fn announce(
        &mut self,
        nick: NickId,
        reading: &Reading<'_>,
        (to, waited): (Option<SlaveId>, Option<Time>),
    ) {
        let stay = self.occupants.get(&nick).map_or(0, |occupant| occupant.stay);
        let at = waited.filter(|_| !self.silent).unwrap_or(self.now);
        let print = Print::of(reading, stay, at);
        let announced = self.announced.entry(nick).or_default();
        let same = |last: &Print| {
            let (to, seq) = (None, print.seq);
            last.may_be(&print) && (Print { to, seq, ..*last }) == print
        };
        match announced.recent.back_mut().filter(|last| same(last)) {
            Some(last) => (last.to, last.seq) = (last.to.or(to), last.seq.or(print.seq)),
            _ => announced.push(Print { to, ..print }),
        }
    }

    /// Whether the master told others the same of this nick since then; of which stay it is.
    pub(super) fn announced_since(
        &self,
        nick: NickId,
        slave: SlaveId,
        reading: &Reading<'_>,
        since: Time,
    ) -> Option<u32> {
        let print = Print::of(reading, 0, self.now);
        let listeners = self.slaves.iter().filter(|slave| slave.master == Side::Active).count();
        let recent = self.announced.get(&nick)?.recent.iter();
        // Others were told later news already.
        let overtaken = recent.clone().next_back();
        let overtaken = overtaken.is_some_and(|last| last.at >= since && last.to != Some(slave));
        // What was so before it forgot everybody tells nothing of what it says now.
        let kept =
            |one: &Print| self.persistence == Persistence::Everything || !self.lost_since(one.at);
        let same = |one: &&Print| {
            let late = one.at >= since || (listeners > 1 && kept(one));
            let news = late && one.to != Some(slave);
            (overtaken || news) && one.looks_like(&print) && one.may_be(&print)
        };
        // What was said before he came or went is of another stay. What this slave was told first,
        // at this instant, comes before this in the same stream.
        let lasts = |one: &&Print| {
            let after = one.at >= since && !(one.at == self.now && one.to == Some(slave));
            after || one.available == print.available
        };
        let mut like = recent.rev().take_while(lasts).filter(same);
        let numbered = like.clone().find(|one| one.seq == print.seq);
        numbered.or_else(|| like.next()).map(|one| one.stay)
    }

    /// Whether the master is telling this slave what there is, rather than what happens. One that
    /// has no numbers is told all of that at one instant.
    pub(in crate::conform) fn is_syncing(&self, slave: SlaveId) -> bool {
        let slave = &self.slaves[slave];
        let begins = !slave.registers && slave.telling && slave.synced == self.now;
        slave.master == Side::Syncing || begins
    }

    fn accept(&mut self, slave: SlaveId, accept: &Accept) {
        let now = self.now;
        for occupant in &accept.occupants {
            let user = self.user(&occupant.jid.to_string());
            self.users[user].serve_via(slave);
            let nick = self.nick(&occupant.nick);
            self.place(user, nick);
            if !self.doubtful.contains(&nick) {
                self.learn_owner(nick, vec![user]);
            }
        }
        let slave = &mut self.slaves[slave];
        slave.grant(accept);
        slave.begin_late(now);
        (slave.master, slave.synced) = (Side::Syncing, now);
    }

    /// News of an occupant. Further copies of it find it done.
    pub(super) fn emit_presence(
        &mut self,
        entry: usize,
        nick: NickId,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let privileges = Privileges::of(reading).unwrap_or_default();
        if reading.stanza.is_available() {
            self.learn_shown(nick, reading);
            let mut asking = self.asking.clone();
            asking.retain(|(_, user)| !self.is_elsewhere(*user, nick));
            let Some(occupant) = self.occupants.get_mut(&nick) else {
                return self.arrive(entry, nick, reading, facts);
            };
            // With him another session of his may have come, which looks the same.
            let mine = |user: &UserId| {
                let mut sessions = occupant.sessions.iter();
                sessions.len() > 0
                    && sessions
                        .all(|one| same_person(&self.users[*one].jid, &self.users[*user].jid))
            };
            let asking = asking.iter().filter(|(wanted, _)| *wanted == nick);
            let mut others: Vec<UserId> = asking.map(|(_, user)| *user).filter(mine).collect();
            others.retain(|user| !is_one_of(&occupant.sessions, *user));
            occupant.sessions.append(&mut others);
            let (before, content) = (occupant.privileges, occupant.content);
            (occupant.privileges, occupant.content) = (privileges, reading.content);
            if before != privileges {
                facts.push(Fact::Restated { nick, before });
            } else if content != reading.content {
                facts.push(Fact::Updated(nick));
            }
            return;
        }
        if self.hides(reading) {
            if let Some(occupant) = self.occupants.get_mut(&nick) {
                let before = std::mem::replace(&mut occupant.privileges, privileges);
                facts.extend((before != privileges).then_some(Fact::Restated { nick, before }));
            }
            return;
        }
        let Some(occupant) = self.occupants.remove(&nick) else { return };
        let renamed = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303));
        if let Some(new) = renamed {
            let new = self.nick(new);
            let holder = self.occupants.insert(new, occupant);
            if let Some(holder) = holder.filter(|_| !self.doubtful.contains(&new)) {
                facts.push(Fact::Contested { nick: new, holder });
            }
            self.doubtful.retain(|doubtful| *doubtful != new);
            facts.push(Fact::Renamed(new));
            return;
        }
        for slave in self.slaves.iter_mut().filter(|slave| slave.master != Side::Active) {
            slave.departures += 1;
        }
        self.lose_unheard(&occupant);
        facts.push(Fact::Departed { nick, occupant });
    }
}

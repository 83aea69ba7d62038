//! What users are told, and what reaches a slave.

use super::slave::Print;
use super::{Fact, NickId, Privileges, Room, Side, SlaveId, Submission, UserId, accepted};
use crate::conform::invariants::reading::Reading;
use crate::stanza::Kind;

impl Room {
    /// A user is told something by the room.
    pub(super) fn told(&mut self, user: UserId, reading: &Reading<'_>, facts: &mut Vec<Fact>) {
        if reading.stanza.is_error() {
            return self.told_error(user, reading);
        }
        if reading.stanza.is_groupchat() {
            let nick = reading.nick.map(|nick| self.nick(nick));
            let event = self.log.heard(reading, nick);
            let is_news = reading.delay.is_none() || reading.stanza.is_subject_change();
            self.users[user].in_burst &= !is_news;
            return facts.push(Fact::Heard { event });
        }
        let Some(nick) = reading.nick.filter(|_| reading.is_presence()) else { return };
        let nick = self.nick(nick);
        if reading.stanza.is_available() {
            self.told_available(user, nick, reading, facts);
        } else {
            self.told_unavailable(user, nick, reading, facts);
        }
    }

    fn told_error(&mut self, user: UserId, reading: &Reading<'_>) {
        let nick = reading.nick.map(|nick| self.nick(nick));
        let one = &mut self.users[user];
        match reading.stanza.kind {
            // What he asked for under another nick since may be answered otherwise.
            Kind::Presence if one.asked.is_some_and(|asked| Some(asked.nick) != nick) => {}
            Kind::Presence => {
                one.own = None;
                if let (Some(asked), true) = (&mut one.asked, one.inside) {
                    asked.join = false;
                } else if let Some(asked) = one.asked.as_mut().filter(|asked| asked.open > 1) {
                    asked.open -= 1;
                } else {
                    one.asked = None;
                }
            }
            Kind::Message => {
                let id = reading.id();
                let open = |said: &&mut Submission| {
                    said.user == user && !said.returned && said.events.is_empty()
                };
                let mut mine = self.log.said.iter_mut().filter(open);
                let has_it = |said: &Submission| {
                    *said.id == *id || said.given.as_deref().is_some_and(|given| given == id)
                };
                if let Some(said) = mine.find(|said| has_it(said)) {
                    said.returned = true;
                    return;
                }
                // It had none, and got one that nobody was told.
                let mut mine = self.log.said.iter_mut().filter(open);
                let unknown = |said: &Submission| said.id.is_empty() && said.given.is_none();
                if let Some(said) = mine.find(|said| unknown(said)) {
                    said.returned = true;
                }
            }
            Kind::Iq => {}
        }
    }

    fn told_available(
        &mut self,
        user: UserId,
        nick: NickId,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let privileges = Privileges::of(reading).unwrap_or_default();
        let mut seen = self.seen(nick, privileges, reading.content);
        seen.stay = self.stay_told(user, nick);
        seen.jid = reading.item.and_then(|item| item.jid).map(str::to_owned);
        let one = &mut self.users[user];
        let before = one.view.insert(nick, seen);
        facts.push(Fact::Seen { nick, before });
        // Somebody else's is none, whatever it says.
        let own = !one.inside || one.nick == Some(nick) || reading.has(210);
        if reading.has(110) && own {
            let joins = one.asked.is_some_and(|asked| asked.join);
            if !one.inside || joins {
                facts.push(Fact::Entered(user));
            }
            if let Some(asked) = &mut one.asked {
                asked.join = false;
            }
            if !one.inside {
                (one.since, one.dismissed) = (self.now, false);
                one.leaving = None;
                (one.leaves, one.hung_up) = (0, false);
            }
            if !one.inside || (joins && one.forgotten) {
                (one.known, one.forgotten) = (self.now, false);
            }
            if joins && one.leaving.is_some() {
                // He has left, has not been told so, and has asked for another stay.
                one.since = self.now;
            }
            one.in_burst |= !one.inside || joins;
            (one.inside, one.nick) = (true, Some(nick));
        }
    }

    /// Which stay it is of which a user is told: the newest that reached who tells him. If that is
    /// over, or if somebody here has taken the nick of who has it there, it is one that only the
    /// slave knows.
    fn stay_told(&self, user: UserId, nick: NickId) -> u32 {
        let Some(slave) = self.users[user].via else {
            return self.occupants.get(&nick).map_or(0, |occupant| occupant.stay);
        };
        let stored = self.slaves[slave].store.get(&nick).and_then(|stored| stored.recent.back());
        let stay = stored.filter(|last| last.available).map_or(0, |last: &Print| last.stay);
        let owners = self.owners.get(&stay).map_or(&[][..], Vec::as_slice);
        let mut users = self.users.iter().enumerate().filter(|(_, one)| one.slave == Some(slave));
        let taken = users.any(|(one, claims)| {
            let asked = claims.asked.map(|asked| asked.nick);
            [claims.nick, asked].contains(&Some(nick)) && !owners.contains(&one)
        });
        if taken && self.slaves[slave].own == Side::Split { 0 } else { stay }
    }

    fn told_unavailable(
        &mut self,
        user: UserId,
        nick: NickId,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let one = &self.users[user];
        let own = reading.has(110) || one.nick == Some(nick);
        let renamed = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303));
        let new = renamed.map(|new| self.nick(new));
        let seen = self.users[user].view.get(&nick).map(|seen| seen.privileges);
        if let (Some(new), Some(slave)) = (new, self.users[user].slave) {
            self.rename_stored(slave, nick, new, seen);
        }
        let one = &mut self.users[user];
        one.view.remove(&nick);
        match new {
            Some(new) if own => one.nick = Some(new),
            None if own => {
                one.exit();
                one.hung_up = false;
                one.leaves = one.leaves.saturating_sub(1);
                facts.push(Fact::Left(user));
            }
            _ => {}
        }
    }

    /// Something of the master reaches a slave.
    pub(super) fn reach_slave(&mut self, entry: usize, slave: SlaveId, reading: &Reading<'_>) {
        let now = self.now;
        let stay = self.flight.remove(&entry).unwrap_or(0);
        let dmuc = reading.dmuc.unwrap_or_default();
        if dmuc.at.is_some() && self.slaves[slave].own == Side::Unknown {
            self.slaves[slave].own = Side::Active;
        }
        if accepted(reading).is_some() {
            (self.slaves[slave].own, self.slaves[slave].split_own) = (Side::Syncing, None);
        }
        if dmuc.synced {
            (self.slaves[slave].own, self.slaves[slave].split_own) = (Side::Active, None);
            self.slaves[slave].told_all = Some(now);
        }
        if reading.stanza.kind == Kind::Iq && reading.stanza.is_error() {
            self.slaves[slave].refused = Some(now);
        }
        if reading.stanza.is_unavailable() && reading.nick.is_none() {
            self.slaves[slave].closed = Some(now);
        }
        let Some(nick) = reading.nick.filter(|_| reading.is_presence()) else { return };
        let nick = self.nick(nick);
        if let Some(jid) = dmuc.enter {
            let user = self.user(jid);
            let one = &mut self.users[user];
            one.entered_again = (one.leaving.is_some() || one.hung_up) && one.asked.is_some();
            (one.entered, one.entered_at, one.dismissed) = (true, now, false);
        } else if reading.stanza.is_unavailable() && !dmuc.state && !reading.has(303) {
            self.dismiss(slave, nick, dmuc.leave);
        }
        let print = Print::of(reading, stay, now);
        self.slaves[slave].store.entry(nick).or_default().push(print);
    }

    /// A slave that renames somebody shows him as he was seen before. What came for his nick last
    /// may be of who gets it now.
    fn rename_stored(
        &mut self,
        slave: SlaveId,
        old: NickId,
        new: NickId,
        seen: Option<Privileges>,
    ) {
        let store = &mut self.slaves[slave].store;
        let his = |one: &&Print| one.available && seen.is_none_or(|seen| one.privileges == seen);
        let last = store.get(&old).and_then(|one| one.recent.iter().rev().find(his));
        let Some(last) = last.map(|last| Print { stay: 0, ..*last }) else { return };
        let stored = store.entry(new).or_default();
        if !stored.recent.iter().any(|print| print.looks_like(&last)) {
            stored.recent.push_front(last);
        }
    }

    /// A slave is told that this session, or all who have this nick, are out.
    fn dismiss(&mut self, slave: SlaveId, nick: NickId, session: Option<&str>) {
        let now = self.now;
        for user in self.users.iter_mut().filter(|user| user.slave == Some(slave)) {
            let dismissed = match session {
                Some(session) => user.jid == session,
                None => user.nick == Some(nick),
            };
            if dismissed {
                (user.dismissed, user.dismissed_at) = (true, Some(now));
            }
        }
    }
}

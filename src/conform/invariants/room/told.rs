//! What users are told, and what reaches a slave.

use super::slave::Print;
use super::{Fact, NickId, Privileges, Room, Seen, Side, SlaveId, User, UserId, accepted};
use crate::conform::invariants::reading::Reading;
use crate::dmuc::Persistence;
use crate::stanza::{Condition, Kind};

impl Room {
    /// A user is told something by the room.
    pub(super) fn told(&mut self, user: UserId, reading: &Reading<'_>, facts: &mut Vec<Fact>) {
        if reading.stanza.is_error() {
            return self.told_error(user, reading);
        }
        if reading.stanza.is_groupchat() {
            let one = &self.users[user];
            let before = match one.is_of_before() {
                true => one.is_told_of_before(self.is_alone(user)),
                false => self.is_of_before(user, reading),
            };
            self.users[user].heard(reading.content);
            if !self.users[user].online || before {
                // It was sent before anybody heard that his connection is over.
                return;
            }
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
        // A slave that has lost its master answers for itself: nothing comes back to it.
        let alone = self.is_alone(user);
        let one = &mut self.users[user];
        let condition = reading.stanza.error().map(|error| error.defined_condition);
        let returned = Some(reading.id()).filter(|_| reading.stanza.is_unreachable() && !alone);
        match reading.stanza.kind {
            Kind::Presence => {
                let said = condition == Some(Condition::NotAcceptable);
                if let Some(nick) = nick {
                    let own = one.nick.filter(|_| one.inside);
                    let sent = condition != Some(Condition::RemoteServerNotFound);
                    let returned = returned.map(|id| (id, sent));
                    one.asks.refused(nick, returned, said, own);
                }
                // What he asked for under another nick since may be answered otherwise.
                if one.asked.is_none_or(|asked| Some(asked) == nick) {
                    one.own = None;
                    let waits = one.asked.is_some_and(|asked| one.asks.want(asked));
                    one.asked = one.asked.filter(|_| one.inside || waits);
                }
            }
            Kind::Message => self.told_returned(user, reading.id()),
            Kind::Iq => {}
        }
    }

    /// Whether this user's slave has lost its master: it may let him in itself.
    fn is_alone(&self, user: UserId) -> bool {
        let slave = self.users[user].slave.map(|slave| &self.slaves[slave]);
        slave.is_some_and(|slave| slave.own == Side::Split)
    }

    /// What somebody looks like to a user who is told of it now.
    fn seen(&self, nick: usize, privileges: Privileges, content: u64) -> Seen {
        let stay = self.occupants.get(&nick).map_or(0, |occupant| occupant.stay);
        Seen { privileges, content, stay, jid: None, guess: false }
    }

    fn told_available(
        &mut self,
        user: UserId,
        nick: NickId,
        reading: &Reading<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let one = &mut self.users[user];
        if !one.online {
            // What was for the connection that is over.
            if reading.has(110) && one.via.is_some() {
                one.miss(false);
            }
            return;
        }
        let one = &self.users[user];
        let asks = one.asks.want_still(reading.has(110).then_some(nick));
        let alone = self.is_alone(user);
        let before = one.is_told_of_before(alone) || (one.is_of_before() && !asks);
        if before || (!one.is_of_before() && self.is_of_before(user, reading)) {
            // A plain room has sent it before it heard that his connection is over.
            if reading.has(110) && one.is_of_before() {
                self.users[user].miss(false);
            }
            return;
        }
        let privileges = Privileges::of(reading).unwrap_or_default();
        let mut seen = self.seen(nick, privileges, reading.content);
        seen.stay = self.stay_told(user, nick, reading);
        let sent = self.users[user].passed_on(nick, &Print::of(reading, 0, self.now));
        seen.jid = reading.item.and_then(|item| item.jid).map(str::to_owned);
        let now = self.now;
        let direct = self.users[user].via.is_none();
        let slave = self.users[user].slave.map(|slave| &self.slaves[slave]);
        let tracked = slave.is_some_and(|slave| slave.tracked);
        let own = slave.map(|slave| slave.own);
        let unsure = matches!(own, Some(Side::Unknown | Side::Syncing | Side::Split));
        let anew = direct && self.lost_since(self.users[user].since);
        let forgets = direct && self.persistence != Persistence::Everything;
        let lost = self.master_lost.filter(|_| forgets);
        // What lets him in may be older than the crash after which he is told.
        let forgot = lost.is_some_and(|lost| self.users[user].was_let_in_before(lost));
        let void = if forgot { self.forgotten } else { 0 };
        let one = &mut self.users[user];
        let before = one.view.insert(nick, seen);
        facts.push(Fact::Seen { nick, before });
        // Somebody else's is none, whatever it says.
        let lost = one.leaving().is_some() || one.forgotten || anew;
        let returns = lost && one.asks.want(nick);
        let own = !one.inside || one.nick == Some(nick) || reading.has(210) || returns;
        if !reading.has(110) || !own {
            return;
        }
        let asked = one.asks.joins();
        let mut answered = one.told_in(nick, (unsure, tracked), sent, now);
        // A slave without its master changes a nick, and tells nothing else.
        answered.join &= one.renaming.take().is_none() || !alone;
        if !one.inside || answered.join {
            facts.push(Fact::Entered(user));
        }
        if !one.inside {
            // Who has not asked to enter is taken for who he was before his server was started
            // again; a room that has not heard of that does not tell him who is there.
            one.unsure |= direct && !answered.join;
            (one.since, one.dismissed, one.hung_up) = (now, false, false);
            one.removed_at = None;
            // What he asked for under another nick may be answered once he has this one.
            one.joins = asked.max(1 + one.asks.joins());
        }
        if !one.inside || (answered.join && one.forgotten) {
            (one.known, one.forgotten) = (now, forgot);
            one.void = one.void.max(void);
        }
        if answered.left_before {
            one.left_unseen = false;
            // He has left, has not been told so, and has asked for another stay.
            one.since = now;
        }
        one.in_burst |= !one.inside || answered.join;
        (one.inside, one.nick) = (true, Some(nick));
        one.named.insert(nick);
    }

    /// A master, or the slave that it tells, lets somebody in under this nick.
    pub(super) fn let_in(
        &mut self,
        entry: usize,
        user: UserId,
        nick: NickId,
        via: Option<SlaveId>,
    ) {
        let (now, stays) = (self.now, self.stays);
        let one = &self.users[user];
        let forgot = self.slave_forgot(one, one.since) || self.has_left_untold(one);
        let numbered = via.is_some_and(|slave| self.slaves[slave].registers);
        let one = &mut self.users[user];
        if one.is_out_untold() && (forgot || !numbered) {
            // The answer to his leave was lost, and without numbers nobody notices: nor is he told
            // of the end of anybody whom he saw before.
            (one.void, one.forgotten) = (stays, true);
        }
        one.let_in(now, entry, nick, via);
        (one.via, one.let_in_via) = (via, via);
        one.direct = one.direct.filter(|_| via.is_none());
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
        if let (Some(new), Some(slave)) = (new, self.users[user].slave) {
            self.rename_stored(slave, nick, new, Privileges::of(reading));
        }
        let now = self.now;
        let one = &mut self.users[user];
        let before = one.privileges();
        one.view.remove(&nick);
        match new {
            Some(new) if own => (one.nick, one.renaming) = (Some(new), before),
            None if own => {
                let expelled = reading.is_unasked();
                one.was_told_of_before(now);
                one.told_out(expelled);
                one.asks.told_out(expelled);
                // There may have been several over that connection.
                one.hung_up &= !expelled && one.via.is_none() && one.asks.hung_up();
                facts.push(Fact::Left(user));
            }
            _ => {}
        }
    }

    /// Something of the master reaches a slave.
    pub(super) fn reach_slave(&mut self, entry: usize, slave: SlaveId, reading: &Reading<'_>) {
        let now = self.now;
        let stay = self.flight.remove(&entry).unwrap_or(0);
        self.slaves[slave].tracked = true;
        let dmuc = reading.dmuc.unwrap_or_default();
        if dmuc.at.is_some() && self.slaves[slave].own == Side::Unknown {
            self.slaves[slave].own = Side::Active;
        }
        let down = self.health.is_down(&self.slaves[slave].domain);
        let awaited = !down && self.slaves[slave].awaits(reading, now);
        if let Some(accept) = accepted(reading).filter(|_| awaited) {
            self.slaves[slave].answer();
            self.slaves[slave].heeded.accepted(&accept.epoch, accept.seq);
            (self.slaves[slave].own, self.slaves[slave].split_own) = (Side::Syncing, None);
            // What it has not told by now it does not heed: it is told all there is.
            let its = self.users.iter_mut().filter(|user| user.let_in_via == Some(slave));
            its.for_each(|user| user.coming.clear());
        }
        let lost = down || matches!(self.slaves[slave].own, Side::Idle | Side::Split);
        if dmuc.synced && !lost {
            (self.slaves[slave].own, self.slaves[slave].split_own) = (Side::Active, None);
            (self.slaves[slave].told_all, self.slaves[slave].lame) = (Some(now), false);
            self.slaves[slave].heeded.synced();
        }
        if reading.stanza.kind == Kind::Iq && !reading.stanza.is_request() && !down {
            self.slaves[slave].is_answered(reading);
        }
        if reading.stanza.kind == Kind::Iq && reading.stanza.is_error() {
            self.slaves[slave].refused = Some(now);
            self.slaves[slave].heeded.give_up();
        }
        if reading.stanza.is_unavailable() && reading.nick.is_none() {
            self.slaves[slave].closed = Some(now);
        }
        let sure = self.slaves[slave].own == Side::Active;
        let event = dmuc.at.filter(|_| !dmuc.state && !down);
        if event.is_some_and(|at| !self.slaves[slave].heeded.takes(at, sure)) {
            return;
        }
        let Some(nick) = reading.nick.filter(|_| reading.is_presence()) else { return };
        let nick = self.nick(nick);
        let deaf = self.slaves[slave].is_deaf();
        if let Some(jid) = dmuc.enter.filter(|_| !deaf) {
            let user = self.user(jid);
            let via = self.users[user].via;
            self.let_in(entry, user, nick, via);
        } else if reading.stanza.is_unavailable() && !dmuc.state && !reading.has(303) {
            self.dismiss(entry, slave, nick, reading);
        }
        self.store(slave, nick, Print::of(reading, stay, now));
    }

    /// A slave stores what it is told of a nick. One that knows what it knew hears, once it runs
    /// again, what comes before it was told everything anew.
    pub(super) fn store(&mut self, slave: SlaveId, nick: NickId, print: Print) {
        let one = &mut self.slaves[slave];
        let runs = one.persistent && !self.health.is_down(&one.domain);
        if !one.is_deaf() || runs {
            one.store.entry(nick).or_default().push(print);
        }
    }

    /// A slave that renames somebody shows him as before, and says what that is. What came for his
    /// nick last may be of who gets it now.
    fn rename_stored(
        &mut self,
        slave: SlaveId,
        old: NickId,
        new: NickId,
        said: Option<Privileges>,
    ) {
        let store = &mut self.slaves[slave].store;
        let his = |one: &&Print| one.available && said.is_none_or(|said| one.privileges == said);
        let last = store.get(&old).and_then(|one| one.recent.iter().rev().find(his));
        let Some(last) = last.map(|last| Print { stay: 0, ..*last }) else { return };
        let stored = store.entry(new).or_default();
        if !stored.recent.iter().any(|print| print.looks_like(&last)) {
            stored.recent.push_front(last);
        }
    }

    /// A slave is told that this session, or all who have this nick, are out.
    fn dismiss(&mut self, entry: usize, slave: SlaveId, nick: NickId, reading: &Reading<'_>) {
        let session = reading.dmuc.and_then(|dmuc| dmuc.leave);
        let (now, deaf) = (self.now, self.slaves[slave].is_deaf());
        // Whom a slave has forgotten it does not tell that he is out.
        let slaves = &self.slaves;
        let forgot = |user: &User| {
            deaf || (slaves[slave].forgets() && slaves[slave].stopped >= Some(user.since))
        };
        for user in self.users.iter_mut().filter(|user| user.slave == Some(slave)) {
            let dismissed = match session {
                Some(session) => user.jid == session,
                None => user.nick == Some(nick),
            };
            if dismissed {
                (user.dismissed, user.dismissed_at) = (true, Some(now));
                if !user.online && session.is_some() {
                    // It ends what he has asked over his last connection.
                    user.coming.clear();
                    user.asks.answer_hung_up();
                }
                if !forgot(user) && !user.is_gone_already() {
                    user.let_out(entry, reading.is_unasked());
                }
            }
        }
    }
}

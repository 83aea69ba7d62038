//! What a step changes in the room.

use super::user::is_one_of;
use super::{Class, Fact, Passage, Room, Side, TOUCHED_MAX, Touch, UserId, push_bounded};
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::{Change, Note};
use crate::stanza::{Condition, Kind, Type, ns};
use crate::time::Time;
use crate::transcript::{Fate, Hop};

impl Room {
    /// Time goes on: what was so at the last instant only is over.
    pub fn advance(&mut self, step: &Step<'_>) {
        self.last = self.last.max(step.entry);
        if step.at > self.now {
            for (user, _, touch) in std::mem::take(&mut self.reached) {
                push_bounded(&mut self.touched, (self.now, user, touch), TOUCHED_MAX);
            }
            self.look_back();
            if self.silent {
                self.infer_given_up(step.at);
            }
            self.now = step.at;
            self.asking.clear();
            self.ended.clear();
        }
        self.infer_resumed(step);
    }

    /// Take a step, and tell what it changes.
    pub fn apply(&mut self, step: &Step<'_>, facts: &mut Vec<Fact>) {
        match &step.what {
            Happening::Left(passage) => {
                if self.silent {
                    self.infer_from_sent(passage);
                }
                self.left(step.entry, passage, facts);
                self.know(passage);
            }
            Happening::Came(passage) => {
                self.note_copy(step, passage);
                self.came(step.entry, passage);
                if self.silent {
                    self.infer_from_came(passage);
                }
            }
            Happening::Undeliverable { at, reading } => {
                self.undeliverable(step.entry, at, reading);
            }
            Happening::Note(note) => self.note(note),
            Happening::Fault(fault) => self.fault(fault),
            Happening::Stream { from, to, event } => self.stream(from, to, event),
            Happening::Line => self.health.acted = step.at,
        }
        self.slaves.iter_mut().for_each(|slave| slave.shown(step.entry));
    }

    fn left(&mut self, entry: usize, passage: &Passage<'_>, facts: &mut Vec<Fact>) {
        if passage.hop.fate == Fate::Lost {
            self.health.trouble(self.now);
            if let Class::Relay(Some(user)) | Class::ToUser(Some(user)) = passage.class {
                let one = &mut self.users[user];
                if one.via.is_none() {
                    one.unsure = true;
                    // Nobody repeats what he has said of himself.
                    let own = Some(passage.reading.content);
                    one.own = one.own.filter(|_| one.own != own);
                }
            }
        }
        if let Class::ToUser(Some(user)) = passage.class {
            self.goes_to_user(entry, user, passage);
        }
        if matches!(passage.class, Class::ToSlave(_) | Class::ToUser(_)) {
            self.health.went(&passage.hop.from, &passage.hop.to);
        }
        if !matches!(passage.class, Class::Up(_)) {
            self.log.learn_id(&passage.reading);
        }
        self.infer_connection(entry, passage);
        if let Class::ToUser(Some(user)) | Class::Down(user) = passage.class
            && *passage.hop.from == *self.domain
        {
            self.is_answered(user, &passage.reading);
        }
        match passage.class {
            Class::Up(user) => self.up(entry, user, passage),
            Class::Down(user) => {
                if *passage.hop.from == *self.domain {
                    self.emit_to_user(entry, Some(user), &passage.reading, facts);
                }
                self.told(user, &passage.reading, facts);
            }
            Class::ToSlave(slave) => {
                let waited = self.waited_since(passage.hop);
                self.emit_to_slave(entry, slave, &passage.reading, waited, facts);
            }
            Class::ToUser(user) => self.goes_direct(entry, user, passage, facts),
            Class::Own(slave) => {
                let since = self.waited_since(passage.hop);
                if since.is_some_and(|since| self.slaves[slave].stopped > Some(since)) {
                    // What a run before has asked this one does not know.
                    self.slaves[slave].answer();
                } else {
                    self.begins_anew(slave, &passage.reading);
                    self.slaves[slave].asks(&passage.reading, self.now);
                }
            }
            Class::Relay(Some(user)) => {
                if self.has_asked_before(user, &passage.reading) {
                    self.up(entry, user, passage);
                }
                self.goes_up(user, passage);
            }
            Class::Relay(None) | Class::Stray => {}
        }
        if !matches!(passage.hop.fate, Fate::Delivered(_)) {
            self.flight.remove(&entry);
            if let Class::ToUser(Some(user)) = passage.class {
                self.users[user].coming.lose(entry);
            }
        }
    }

    /// The master sends something to a user whom it serves itself.
    fn goes_direct(
        &mut self,
        entry: usize,
        user: Option<UserId>,
        passage: &Passage<'_>,
        facts: &mut Vec<Fact>,
    ) {
        let reading = &passage.reading;
        let waited = self.waited_since(passage.hop);
        if waited.is_none() || reading.stanza.is_groupchat() {
            self.emit_to_user(entry, user, reading, facts);
        } else if let (Some(user), Some(since)) = (user, waited.filter(|_| reading.has(110))) {
            self.served_late(entry, (user, since), reading, facts);
        }
        if user.is_some() {
            self.goes_by(entry, passage);
        }
    }

    /// What a slave says for itself. One that has forgotten everything counts the master as lost no
    /// more.
    pub(super) fn begins_anew(&mut self, slave: usize, reading: &Reading<'_>) {
        // Without its notes nobody knows when it gives that up.
        if reading.stanza.has_payload("register", ns::SLAVE) && !self.silent {
            self.slaves[slave].heeded.ask();
        }
        let error = reading.stanza.error().filter(|_| reading.stanza.kind == Kind::Iq);
        let forgot = error.map(|error| error.defined_condition) == Some(Condition::ItemNotFound);
        let slave = &mut self.slaves[slave];
        if forgot && slave.own == Side::Split && !slave.registers {
            (slave.own, slave.split_own) = (Side::Active, None);
        }
    }

    fn came(&mut self, entry: usize, passage: &Passage<'_>) {
        if *passage.hop.to == *self.domain && !self.health.is_serving(&self.domain) {
            return;
        }
        match passage.class {
            Class::Up(user) if *passage.hop.to == *self.domain => {
                self.reach(entry, user, passage, true);
            }
            Class::Relay(Some(user)) => {
                let valid = *passage.hop.from == *self.users[user].domain;
                self.reach(entry, user, passage, valid);
                if !passage.reading.stanza.is_error() {
                    self.hear(&passage.hop.from);
                }
            }
            Class::Own(slave) => self.hear_slave(slave, &passage.reading),
            Class::ToSlave(slave) => self.reach_slave(entry, slave, &passage.reading),
            Class::ToUser(Some(user)) if passage.reading.stanza.kind == Kind::Presence => {
                self.comes_to_user(entry, user, passage);
            }
            Class::ToUser(Some(user)) if passage.reading.stanza.is_groupchat() => {
                let said = passage.reading.content;
                push_bounded(&mut self.users[user].heard_itself, said, TOUCHED_MAX);
            }
            _ => {}
        }
    }

    /// What a slave says for itself reaches the master.
    fn hear_slave(&mut self, id: usize, reading: &Reading<'_>) {
        let (now, stanza) = (self.now, reading.stanza);
        let slave = &mut self.slaves[id];
        if stanza.kind == Kind::Iq && stanza.is_error() {
            let condition = stanza.error().map(|error| error.defined_condition);
            let at_once = match condition {
                Some(Condition::ServiceUnavailable | Condition::RecipientUnavailable) => false,
                Some(
                    Condition::ItemNotFound | Condition::Gone { .. } | Condition::Redirect { .. },
                ) => true,
                _ => return,
            };
            slave.gone = Some((slave.gone.map_or(now, |(since, _)| since), at_once));
            slave.denied = Some(now);
        } else if stanza.kind == Kind::Iq && stanza.type_ == Type::Result {
            // Answers to several pings may come at one instant.
            slave.gone = slave.gone.filter(|_| slave.denied == Some(now));
        } else if stanza.has_payload("synced", ns::SLAVE) {
            slave.settled = true;
        } else if let Some(register) = stanza.payload("register", ns::SLAVE) {
            let listed = register.children().filter(|child| child.name() == "occupant");
            let listed: Vec<_> = listed.filter_map(|listed| listed.attr("jid")).collect();
            slave.registering = Some((now, listed.len()));
            self.claim(id, &listed);
            self.may_remove(id, &listed);
        }
    }

    /// A user of this domain is heard live. What a slave says for itself may show that something
    /// was lost before, and proves nothing about that.
    fn hear(&mut self, domain: &str) {
        let now = self.now;
        let Some(slave) = self.slave_at(domain).map(|slave| &mut self.slaves[slave]) else {
            return;
        };
        if slave.master == Side::Active && slave.settled {
            slave.hear(now);
        }
    }

    /// A user's stanza reaches the master; `valid`: from the server of his domain.
    fn reach(&mut self, entry: usize, user: UserId, passage: &Passage<'_>, valid: bool) {
        if !valid {
            return;
        }
        let reading = &passage.reading;
        let to_nick = reading.to_nick.map(|nick| self.nick(nick));
        let touch = match reading.stanza.kind {
            _ if reading.stanza.is_error() => Touch::Error,
            Kind::Presence if reading.stanza.is_unavailable() => Touch::Unavailable,
            Kind::Presence if reading.stanza.is_available() => Touch::Available,
            Kind::Iq if reading.stanza.is_request() => Touch::Request,
            Kind::Message if reading.stanza.has_payload("x", ns::DATA_FORMS) => Touch::Request,
            _ => Touch::Other,
        };
        // Who is not in the room does not come in by any other presence.
        let asks = touch == Touch::Available && self.may_be_in_by(user, reading);
        let touch = if touch == Touch::Available && !asks { Touch::Other } else { touch };
        self.reached.push((user, entry, touch));
        if touch == Touch::Unavailable {
            self.begins_to_end(user);
        }
        self.is_wanted(user, reading);
        if let (true, Some(nick)) = (reading.stanza.is_available(), to_nick) {
            if asks {
                self.asking.push((nick, user));
            }
            self.wanted.insert(nick);
            let said = reading.dmuc.and_then(|dmuc| dmuc.stamp).filter(|_| !self.silent);
            let says = (reading.is_join(), reading.content);
            if said.is_some_and(|said| said == self.sent_at(passage.hop)) {
                // What his slave asks for him is as late as that it asks.
                self.users[user].asks.come_in_his_name();
            } else {
                self.users[user].asks.come(nick, says, self.now, said);
            }
        }
        if reading.stanza.is_groupchat() {
            self.submission_came(entry, user, passage);
        }
        if touch == Touch::Request && !self.is_heard() {
            self.decide_untold(user, reading);
        } else if !self.is_heard() {
            let own = self.occupants.iter().find(|(_, one)| is_one_of(&one.sessions, user));
            let own = own.map(|(nick, _)| *nick);
            let asks = matches!(touch, Touch::Available | Touch::Unavailable);
            let new = to_nick.filter(|nick| asks && own != Some(*nick));
            let new = new.filter(|nick| !self.is_kept_from(*nick, user));
            // What he says or looks like makes nobody of him.
            let stays = matches!(touch, Touch::Available | Touch::Other) && new.is_none();
            self.doubtful.extend(own.filter(|_| !stays).into_iter().chain(new));
        }
    }

    /// When a server has sent what comes now, or wanted to.
    fn sent_at(&self, hop: &Hop) -> Time {
        match hop.fate {
            Fate::Delivered(after) => self.now - after - hop.waited,
            _ => self.now - hop.waited,
        }
    }

    /// Whether who says that he is there may be in the room by that: he asks for it, or has not
    /// left.
    fn may_be_in_by(&self, user: UserId, reading: &Reading<'_>) -> bool {
        let mut reached = self.reached.iter();
        let left = reached.any(|(one, _, touch)| *one == user && *touch == Touch::Unavailable);
        let mut occupants = self.occupants.values();
        let there = !left && occupants.any(|one| is_one_of(&one.sessions, user));
        reading.is_join() || there || !self.is_heard()
    }

    fn note(&mut self, note: &Note) {
        let now = self.now;
        if note.by.as_str() == self.address {
            let Some(slave) = self.slave_of(note.about.as_str()) else { return };
            match note.change {
                Change::Expired if self.slaves[slave].registers => self.give_up(slave),
                Change::Deregistered => self.release(slave, true),
                Change::Created => self.begin_without(slave),
                Change::Registered | Change::Resyncing => self.remove_unlisted(slave),
                _ => {}
            }
            let slave = &mut self.slaves[slave];
            match note.change {
                Change::Split => {
                    slave.lose(now);
                    (slave.master, slave.split_master) = (Side::Split, Some(now));
                    slave.departures = 0;
                }
                Change::Created => {
                    (slave.master, slave.lame, slave.synced) = (Side::Active, false, now);
                    (slave.split_master, slave.gone) = (None, None);
                    slave.telling = true;
                }
                // From now on it gets what happens, after what there is.
                Change::Registered | Change::Resyncing if slave.registers => {
                    (slave.master, slave.split_master) = (Side::Syncing, None);
                }
                Change::Resyncing if !slave.registers => {
                    (slave.master, slave.synced) = (Side::Syncing, now);
                    slave.telling = true;
                }
                Change::Synced if !slave.registers => {
                    (slave.master, slave.split_master) = (Side::Active, None);
                    slave.telling = false;
                }
                Change::Deregistered => slave.master = Side::Idle,
                _ => {}
            }
        } else if note.about.as_str() == self.address {
            let Some(slave) = self.slave_of(note.by.as_str()) else { return };
            let slave = &mut self.slaves[slave];
            match note.change {
                Change::Split => {
                    slave.lose(now);
                    slave.heeded.give_up();
                    (slave.own, slave.split_own) = (Side::Split, Some(now));
                }
                Change::Synced => {
                    (slave.own, slave.split_own) = (Side::Active, None);
                }
                Change::Deregistered => slave.own = Side::Idle,
                _ => {}
            }
        } else {
            return;
        }
        self.health.trouble(now);
    }
}

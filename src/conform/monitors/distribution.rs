//! What a slave makes of a copy: everybody behind it gets it, nobody else, and unchanged.

use super::{content_key, is_heeding, is_news, is_working, key, serving, words};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::reading::{Reading, START, digest};
use crate::conform::invariants::room::{
    Class, Fact, Passage, Privileges, Room, SlaveId, User, UserId,
};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::Stanza;
use crate::time::Time;
use crate::transcript::Fate;

/// What slaves are distributing at this instant.
#[derive(Debug, Default)]
pub(super) struct Distribution {
    copies: Vec<Copy>,
    /// Who entered or left at this instant, or asked for all there is.
    moving: Vec<UserId>,
    /// For whom a LEAVE has come at this instant.
    leaving: Vec<String>,
    /// Who was given once more what he had been given: user, where, and where it was before.
    again: Vec<(UserId, usize, usize)>,
}

/// A copy that has come to a slave.
#[derive(Debug)]
struct Copy {
    slave: SlaveId,
    key: u64,
    content: u64,
    from: String,
    /// The real JID in it.
    jid: Option<String>,
    late: bool,
    message: bool,
    entry: usize,
    /// Who is to have it, and has not.
    waiting: Vec<UserId>,
    /// The entries by which it went to others.
    told: Vec<usize>,
    /// Who was given it, as what, and in which entry.
    given: Vec<(UserId, u64, usize)>,
    stanza: Stanza,
}

impl Invariant for Distribution {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let moving = std::mem::take(&mut self.moving);
        self.leaving.clear();
        let again = self.again.drain(..).filter(|(user, ..)| !moving.contains(user));
        for (user, entry, before) in again {
            let one = &room.users[user];
            let Some(slave) = one.slave.filter(|slave| is_working(room, *slave)) else { continue };
            let what = format!("{} is given twice what came once", one.jid);
            let expected = "what has come from the master to be shown once";
            let (id, host) = ("slave.submit.no-local-echo", &room.slaves[slave].domain);
            findings.push(id, host, entry, what, expected, &[before]);
        }
        for copy in self.copies.drain(..).filter(|copy| is_heeding(room, copy.slave)) {
            copy.judge(&moving, room, findings);
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step, passage, room, findings),
            Happening::Left(passage) => self.left(step.entry, passage, room, findings),
            _ => {}
        }
    }

    fn after(&mut self, _: &Step<'_>, facts: &[Fact], _: &Room, _: &mut Findings) {
        for fact in facts {
            if let Fact::Entered(user) | Fact::Left(user) = fact {
                self.moving.push(*user);
            }
        }
    }
}

/// Whether it says how somebody is who has left behind this slave, as the master has yet to hear.
fn has_left_here(reading: &Reading<'_>, slave: SlaveId, room: &Room) -> bool {
    let nick = reading.nick.filter(|_| reading.is_presence() && room.slaves[slave].registers);
    let Some(nick) = nick.and_then(|nick| room.known_nick(nick)) else { return false };
    let left = |one: &User| one.slave == Some(slave) && !one.inside;
    match room.occupants.get(&nick) {
        Some(occupant) => {
            let mut sessions = occupant.sessions.iter().map(|user| &room.users[*user]);
            !occupant.sessions.is_empty() && sessions.all(left)
        }
        // The master has heard it since.
        None => room.users.iter().any(|one| left(one) && one.named.contains(&nick)),
    }
}

/// Whether he has asked to be let in once more, and was not yet: he is told all there is then.
fn is_entered_anew(user: &User, slave: SlaveId, room: &Room) -> bool {
    room.slaves[slave].registers && user.asks.joins() > 0
}

impl Distribution {
    fn came(&mut self, step: &Step<'_>, passage: &Passage<'_>, room: &Room, findings: &Findings) {
        let Class::ToSlave(slave) = passage.class else { return };
        let reading = &passage.reading;
        let leave = reading.dmuc.and_then(|dmuc| dmuc.leave);
        self.leaving.extend(leave.map(str::to_owned));
        if !is_news(reading) || !is_working(room, slave) || room.slaves[slave].synced == room.now {
            return;
        }
        if findings.is_forger(&passage.hop.from) || is_late(step, passage, slave, room) {
            return;
        }
        if has_left_here(reading, slave, room) {
            return;
        }
        // Of somebody a slave is told again for who may see his JID: others need not hear it twice.
        let same = |copy: &Copy| copy.slave == slave && copy.key == key(reading) && !copy.message;
        let again = self.copies.iter().any(same);
        let is_local = |user: &UserId| {
            let one = &room.users[*user];
            !again
                && one.inside
                && one.via == Some(slave)
                && one.online
                && one.leaving().is_none()
                && !is_entered_anew(one, slave, room)
                && is_news_to(one, reading, &self.leaving, room)
                && !is_claimed(*user, slave, (step.entry, reading), room)
        };
        self.copies.push(Copy {
            slave,
            key: key(reading),
            content: content_key(reading),
            from: reading.from.to_owned(),
            jid: reading.item.and_then(|item| item.jid).map(str::to_owned),
            late: reading.delay.is_some(),
            message: reading.stanza.is_groupchat(),
            entry: step.entry,
            waiting: (0..room.users.len()).filter(is_local).collect(),
            told: Vec::new(),
            given: Vec::new(),
            stanza: passage.hop.stanza.clone(),
        });
    }

    fn left(&mut self, entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
        let (Class::Down(user), reading) = (passage.class, &passage.reading) else { return };
        let one = &room.users[user];
        let is_event = reading.is_presence() || reading.stanza.is_groupchat();
        let Some(slave) = serving(passage, one, room).filter(|_| is_event) else { return };
        let here = (entry, passage);
        let full = reading.to == &*passage.hop.to && reading.to.contains('/');
        let expected = "the full JID of an occupant as the address";
        findings.judge("slave.redistribute.rewrite-to", full, here, expected, || {
            Wrong::of(format!("it is for {}, and goes to {}", reading.to, passage.hop.to))
        });
        let (key, content) = (key(reading), content_key(reading));
        let of_slave = |copy: &&mut Copy| copy.slave == slave;
        let waits = |copy: &&mut Copy| copy.waiting.contains(&user);
        let mut copies = self.copies.iter_mut().filter(of_slave);
        if let Some(copy) = copies.find(|copy| copy.key == key && waits(copy)) {
            copy.waiting.retain(|waiting| *waiting != user);
            copy.told.push(entry);
            copy.given.push((user, whole(reading), entry));
            if reading.misnamed.is_none() {
                findings.kept("slave.redistribute.keep-from");
            }
            copy.compare(here, user, room, findings);
            return;
        }
        if reading.delay.is_none() && !reading.has(110) {
            self.once_more(slave, key, (user, whole(reading), entry));
        }
        let mut copies = self.copies.iter_mut().filter(of_slave);
        // The same words by two people look alike.
        let alike = copies.find(|copy| copy.content == content && waits(copy) && copy.message);
        if let Some(copy) = alike.filter(|copy| copy.from != reading.from) {
            let expected = format!("{} as the sender", copy.from);
            let wrong = Wrong::of(format!("it came from {}", copy.from)).because([copy.entry]);
            findings.wrong("slave.redistribute.keep-from", here, &expected, wrong);
        }
    }
}

impl Distribution {
    /// No copy of this waits for somebody who is given it: it may be one that he was not known to
    /// wait for.
    fn once_more(&mut self, slave: SlaveId, key: u64, now: (UserId, u64, usize)) {
        let (user, says, entry) = now;
        let mut before = None;
        for copy in self.copies.iter_mut().filter(|copy| copy.slave == slave && copy.key == key) {
            let mut his = copy.given.iter().filter(|(given, ..)| *given == user);
            match his.clone().next() {
                Some(_) => before = before.or(his.find(|one| one.1 == says).map(|one| one.2)),
                None => return copy.given.push(now),
            }
        }
        self.again.extend(before.map(|before| (user, entry, before)));
    }
}

/// All that it says, in one number.
fn whole(reading: &Reading<'_>) -> u64 {
    reading.stanza.payloads.iter().fold(START, digest)
}

/// Whether it left before its slave was told what there is, which may have been this.
fn is_late(step: &Step<'_>, passage: &Passage<'_>, slave: SlaveId, room: &Room) -> bool {
    let Fate::Delivered(after) = passage.hop.fate else { return true };
    let (left, one) = (step.at - after, &room.slaves[slave]);
    one.synced >= left || one.told_all.is_some_and(|told| told >= left)
}

/// Whether somebody behind the slave claims this nick, who has not been entered under it. One whom
/// the master tells of claims it from nobody; a slave that registers may know another there.
fn is_claimed(
    reader: UserId,
    slave: SlaveId,
    (entry, reading): (usize, &Reading<'_>),
    room: &Room,
) -> bool {
    let nick = reading.nick.filter(|_| reading.is_presence());
    let Some(nick) = nick.and_then(|nick| room.known_nick(nick)) else { return false };
    let holder = room.occupants.get(&nick).filter(|holder| holder.entry <= entry);
    let holder = holder.filter(|_| !room.slaves[slave].registers);
    let holds = |user: usize| holder.is_some_and(|holder| holder.sessions.contains(&user));
    let locals = room.users.iter().enumerate().filter(|(_, one)| one.slave == Some(slave));
    let asks = |one: &User| one.asked == Some(nick) && (!one.inside || one.nick != Some(nick));
    room.is_unconfirmed(nick, reader)
        || locals.into_iter().any(|(user, one)| asks(one) && !holds(user))
}

/// Whether a user was not shown the same already.
fn is_news_to(user: &User, reading: &Reading<'_>, leaving: &[String], room: &Room) -> bool {
    let nick = reading.nick.filter(|_| reading.is_presence());
    let Some(nick) = nick else { return true };
    if user.nick.is_none() && room.hides(reading) {
        // It may be himself who is hidden from others.
        return false;
    }
    // What somebody has taken in a split he is known by; the one before may be another's by now.
    let new = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303));
    let new = new.and_then(|new| room.known_nick(new));
    let taken = new.is_some_and(|new| user.view.contains_key(&new) || user.nick == Some(new));
    if taken && user.slave.is_some_and(|slave| room.slaves[slave].registers) {
        return false;
    }
    let seen = room.known_nick(nick).and_then(|nick| user.view.get(&nick));
    match seen {
        // It may be what he was shown before the record began.
        Some(seen) if seen.guess && reading.stanza.is_available() => false,
        Some(seen) if reading.stanza.is_available() => {
            Some(seen.privileges) != Privileges::of(reading) || seen.content != reading.content
        }
        // Another session of his may be here, of which the room does not know yet.
        seen => {
            let goes = |other: &User| reading.has(303) || leaving.contains(&other.jid);
            let here = |other: &User| {
                other.slave == user.slave
                    && other.inside
                    && other.nick == room.known_nick(nick)
                    && !goes(other)
            };
            reading.stanza.is_available() || (seen.is_some() && !room.users.iter().any(here))
        }
    }
}

impl Copy {
    /// What a user is told of it.
    fn compare(
        &self,
        here: (usize, &Passage<'_>),
        user: UserId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &here.1.reading;
        if self.message && reading.nick.is_some() {
            let well = self.late || reading.delay.is_none();
            let expected = "no delay of what is said now";
            findings.judge("slave.broadcast.no-delay-live", well, here, expected, || {
                Wrong::of("it has a delay, which it came without").because([self.entry])
            });
        }
        if reading.has(303) {
            let came = Reading::new(&self.stanza, &room.address).item.and_then(|item| item.nick);
            let shown = reading.item.and_then(|item| item.nick);
            let expected = "the new nick that came";
            findings.judge("INV-JUSTIFIED", came == shown, here, expected, || {
                let shown = shown.unwrap_or("none");
                Wrong::of(format!("the new nick in it is {shown}")).because([self.entry])
            });
        }
        let moderates = room.users[user].privileges().is_some_and(|one| one.moderates());
        if let (Some(jid), true) = (&self.jid, (moderates || room.is_long_open()) && !self.message)
        {
            // Of himself, who shares the nick with others, each is shown his own.
            let own = room.users[user].jid.as_str();
            let shown = [jid.as_str(), own]
                .iter()
                .any(|one| reading.jids.contains(one) && (*one == jid || reading.has(110)));
            let (id, expected) = match moderates {
                true => {
                    let id = "slave.presence.keep-jid-for-moderators";
                    (id, "the real JID, for a moderator")
                }
                false => ("slave.presence.nonanon", "the real JID, which everybody may see"),
            };
            findings.judge(id, shown, here, expected, || {
                Wrong::of(format!("{jid} came with it, and is left out")).because([self.entry])
            });
        }
    }

    fn judge(&self, moving: &[UserId], room: &Room, findings: &mut Findings) {
        let missed = self.waiting.iter().filter(|user| {
            let one = &room.users[**user];
            one.inside && one.online && one.leaving().is_none() && !moving.contains(user)
        });
        let missed: Vec<_> = missed.map(|user| room.users[*user].jid.as_str()).collect();
        if missed.is_empty() && self.told.is_empty() {
            return;
        }
        let rows = [
            (true, "slave.fanout.all-local-leaves"),
            (true, "slave.store.local-roster"),
            (self.message, "slave.broadcast.each-local-user"),
            (!self.message, "usecase.arrival.distributed"),
        ];
        for (_, id) in rows.into_iter().filter(|(applies, _)| *applies) {
            if missed.is_empty() {
                findings.kept(id);
                continue;
            }
            let host = &room.slaves[self.slave].domain;
            let what = format!("{} not given: {}", missed.join(", "), words(&self.stanza));
            let expected = "every occupant behind a slave to be given what comes to it";
            findings.push(id, host, self.entry, what, expected, &self.told);
        }
    }
}

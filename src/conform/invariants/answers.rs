//! Who asks to enter or to leave is answered: LIVE-JOIN, LIVE-LEAVE.

use super::Invariant;
use super::findings::Findings;
use super::room::{Class, Fact, Room, Side, SlaveId, UserId};
use super::steps::{Happening, Step};
use crate::stanza::Kind;
use crate::time::{Duration, Time};

/// Who waits for an answer.
#[derive(Debug, Default)]
pub(super) struct Answers {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    user: UserId,
    leaves: bool,
    since: Time,
    entry: usize,
    /// Whether everything worked when he asked.
    well: bool,
    /// Whether his slave was stopped: the answer may have come to it then.
    stopped: bool,
}

impl Invariant for Answers {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        if self.waiting.is_empty() {
            return;
        }
        let (overdue, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|one| one.since + patience(one, room) < next);
        self.waiting = waiting;
        for one in overdue {
            let user = &room.users[one.user];
            // What a slave forgets it cannot answer.
            let since = if one.leaves { user.since } else { one.since };
            let forgot = room.slave_forgot(user, since);
            let ghost = one.leaves && (user.forgotten || room.has_left_untold(user));
            let stopped =
                forgot || ghost || room.lost_since(one.since) || room.health.is_down(&user.domain);
            // A plain room does not promise to notice what is lost on the way to it.
            let slave = user.via.map(|slave| &room.slaves[slave]);
            let direct = slave.is_none_or(|slave| slave.own == Side::Idle);
            let unsure = direct && room.health.troubled >= one.since;
            if !user.online || stopped || unsure || (one.leaves && one.stopped) {
                continue;
            }
            let (id, asked) = match one.leaves {
                true => ("LIVE-LEAVE", "leave"),
                false => ("LIVE-JOIN", "enter"),
            };
            let what = format!("{} has asked to {asked}, and was not answered", user.jid);
            let expected = format!("an answer within {:?}", patience(&one, room));
            findings.push(id, &user.domain, one.entry, what, &expected, &[]);
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, _: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let (Class::Up(user), reading) = (passage.class, &passage.reading) else { return };
        if reading.stanza.kind != Kind::Presence || reading.stanza.is_error() {
            return;
        }
        let one = &room.users[user];
        let leaves = reading.stanza.is_unavailable();
        if reading.stanza.is_available() && (one.inside || reading.to_nick.is_none()) {
            // An answer to who leaves may have crossed this.
            self.waiting.retain(|waiting| waiting.user != user || !waiting.leaves);
            return;
        }
        // Nor does a probe ask for anything.
        if !leaves && !reading.is_join() {
            return;
        }
        self.waiting.retain(|waiting| waiting.user != user);
        if !leaves || one.inside {
            // It may have to notice first, too, that the answer to what it has told is lost.
            let serves =
                |slave: SlaveId| room.slaves[slave].is_together() && !room.slaves[slave].holds();
            let together = one.via.is_none_or(serves);
            // Who serves him may have to notice first that the master has forgotten it.
            let slave = one.slave.map(|slave| &room.slaves[slave]);
            let forgotten = slave.is_some_and(|slave| {
                slave.master == Side::Unknown && room.master_lost.is_some()
                    || slave.master == Side::Split
            });
            let well = room.health.is_smooth() && together && !forgotten;
            let stopped = slave.is_some_and(|slave| slave.lame);
            let (since, entry) = (step.at, step.entry);
            self.waiting.push(Waiting { user, leaves, since, entry, well, stopped });
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
        if let Happening::Left(passage) = &step.what
            && let Class::Down(user) = passage.class
        {
            let reading = &passage.reading;
            let refused = reading.stanza.kind == Kind::Presence && reading.stanza.is_error();
            let out = reading.has(110) && reading.stanza.is_unavailable() && !reading.has(303);
            self.waiting
                .retain(|one| one.user != user || if one.leaves { !out } else { !refused && !out });
        }
        for fact in facts {
            let Fact::Entered(user) = fact else { continue };
            self.waiting.retain(|one| one.user != *user || one.leaves);
        }
        if matches!(step.what, Happening::Stream { .. } | Happening::Fault(_)) {
            self.waiting.retain(|one| room.users[one.user].online);
            for one in &mut self.waiting {
                let slave = room.users[one.user].slave;
                one.stopped |= slave.is_some_and(|slave| room.slaves[slave].lame);
            }
        }
    }
}

/// How long an answer may take: there and back, unless something goes wrong on the way; then until
/// that is noticed.
fn patience(one: &Waiting, room: &Room) -> Duration {
    let user = &room.users[one.user];
    let slave = user.slave.map(|slave| &room.slaves[slave]);
    let trips = if one.leaves { 3 } else { 4 };
    // Its first user's join makes a slave register.
    let register = slave.filter(|slave| slave.registers && !one.leaves).map(|_| REGISTER);
    // Between servers that have nothing else to say streams have to be opened first.
    let dials = if user.via.is_none() { room.round_trip * 9 } else { Duration::ZERO };
    let usual = room.round_trip * trips / 2 + register.unwrap_or_default() + dials;
    let well = one.well && room.health.is_well() && room.health.troubled + usual * 4 < one.since;
    if well { usual } else { room.settling() + (room.now.since(one.since)).min(trouble(one, room)) }
}

/// What goes wrong later has to be noticed later.
fn trouble(one: &Waiting, room: &Room) -> Duration {
    room.health.troubled.since(one.since)
}

/// How long a slave may hold back a join while it registers.
const REGISTER: Duration = Duration::from_secs(5);

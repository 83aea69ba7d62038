//! Master-Slave Keepalive: pings after silence, answers, and pings at a higher rate while split.

use std::collections::BTreeMap;

use super::{is_served, is_working};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, Side, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::Change;
use crate::stanza::{Condition, Kind, Type, ns};
use crate::time::{Duration, Time};

/// What is known of both ends of each slave's link.
#[derive(Debug, Default)]
pub(super) struct Keepalive {
    ends: BTreeMap<SlaveId, Ends>,
    /// Pings that are not answered yet: who has to, entry, id, when they came.
    open: Vec<(Asked, usize, String, Time)>,
    /// To which slaves something came back at this instant.
    bounced: Vec<SlaveId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Master(SlaveId),
    Slave(SlaveId),
}

#[derive(Debug, Default)]
struct Ends {
    master: End,
    slave: End,
    /// The entry in which the last split ended, as the master has it.
    mended: Option<usize>,
    was_split: bool,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Time,
    entry: usize,
}

/// One end, as it has the other.
#[derive(Debug, Default)]
struct End {
    /// When something of the other came last, and in which entry.
    heard: Option<Heard>,
    /// When it last sent a ping, in which entry, and whether that was answered.
    pinged: Option<(Time, usize)>,
    answered: bool,
    /// Whether its silence was noted already.
    overdue: bool,
}

impl Invariant for Keepalive {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        self.bounced.clear();
        // A record of simulated machines has both ends of a way; another may have one, so that what
        // the ping and its answer took is in between.
        let patience = if room.silent { PATIENCE } else { Duration::default() };
        let due = self.open.extract_if(.., |(.., at)| *at + patience < next);
        for (asked, entry, ..) in due {
            let (host, well) = match asked {
                Asked::Master(slave) => {
                    let one = &room.slaves[slave];
                    let carries = room.health.carries(&room.domain, &one.domain);
                    let unknown = matches!(one.master, Side::Unknown | Side::Idle);
                    (&room.domain, !carries || unknown || room.health.is_down(&room.domain))
                }
                Asked::Slave(slave) => {
                    let one = &room.slaves[slave];
                    let carries = room.health.carries(&one.domain, &room.domain);
                    (&one.domain, !carries || !is_working(room, slave))
                }
            };
            if !well {
                let what = "a ping is not answered".to_owned();
                findings.push("keepalive.pong", host, entry, what, "an answer to a ping", &[]);
            }
        }
        for (slave, ends) in &mut self.ends {
            ends.overdue(*slave, next, room, findings);
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step, passage, room),
            Happening::Left(passage) => self.left(step, passage, room, findings),
            Happening::Undeliverable { at, reading } => {
                self.bounced.extend(room.slave_at(at));
                let answers = reading.stanza.kind == Kind::Iq && !reading.stanza.is_request();
                let to_slave = room.slave_of(reading.to).map(|slave| (slave, true));
                let between = to_slave.or_else(|| Some((room.slave_of(reading.from)?, false)));
                if let Some((slave, by_master)) = between.filter(|_| answers) {
                    self.answered(slave, by_master, reading.id(), findings);
                }
            }
            Happening::Note(note) if note.change == Change::Split => {
                if let Some(slave) = room.slave_of(note.by.as_str()) {
                    self.gave_up(step.entry, slave, room, findings);
                }
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, _: &mut Findings) {
        for (number, slave) in room.slaves.iter().enumerate() {
            let ends = self.ends.entry(number).or_default();
            let split = slave.master == Side::Split;
            if ends.was_split && !split {
                ends.mended = Some(step.entry);
            }
            ends.was_split = split;
        }
    }
}

impl Keepalive {
    /// A slave takes its master for lost: because something came back, or because it asked.
    fn gave_up(&self, entry: usize, slave: SlaveId, room: &Room, findings: &mut Findings) {
        let Some(end) = self.ends.get(&slave).map(|ends| &ends.slave) else { return };
        let one = &room.slaves[slave];
        let asked = end.pinged.is_some_and(|(at, _)| end.heard.is_none_or(|heard| at >= heard.at));
        let carries = room.health.carries(&one.domain, &room.domain);
        let serves = matches!(one.own, Side::Active | Side::Unknown) && !one.lame;
        if carries && serves && !self.bounced.contains(&slave) && !asked {
            let what = format!("{} takes the master for lost and has not asked it", one.jid);
            let expected = "a ping for a master that is silent";
            let id = "slave.keepalive.ping-when-quiet";
            findings.push(id, &one.domain, entry, what, expected, &end.last());
        }
    }

    /// One of them answers a ping, whether or not the answer can be delivered.
    fn answered(&mut self, slave: SlaveId, by_master: bool, id: &str, findings: &mut Findings) {
        let who = if by_master { Asked::Master(slave) } else { Asked::Slave(slave) };
        let mut open = self.open.iter();
        if let Some(place) = open.position(|(asked, _, open, _)| *asked == who && open == id) {
            self.open.remove(place);
            findings.kept("keepalive.pong");
        }
    }

    fn came(&mut self, step: &Step<'_>, passage: &Passage<'_>, room: &Room) {
        let own = matches!(passage.class, Class::ToSlave(_) | Class::Own(_));
        let pings = own && is_ping(passage) && passage.reading.nick.is_none();
        let id = passage.reading.id().to_owned();
        let (slave, to_slave) = match passage.class {
            Class::ToSlave(slave) => (slave, true),
            Class::Own(slave) => (slave, false),
            Class::ToUser(Some(user)) if passage.reading.stanza.is_error() => {
                return self.bounced.extend(room.users[user].slave);
            }
            Class::Relay(_) => match room.slave_at(&passage.hop.from) {
                Some(slave) => (slave, false),
                None => return,
            },
            _ => return,
        };
        let ends = self.ends.entry(slave).or_default();
        let end = if to_slave { &mut ends.slave } else { &mut ends.master };
        if to_slave && passage.reading.stanza.is_error() {
            self.bounced.push(slave);
        }
        end.heard = Some(Heard { at: step.at, entry: step.entry });
        end.overdue = false;
        if passage.reading.stanza.kind == Kind::Iq && passage.reading.stanza.type_ == Type::Result {
            end.answered = true;
        }
        if pings {
            let asked = if to_slave { Asked::Slave(slave) } else { Asked::Master(slave) };
            self.open.push((asked, step.entry, id, step.at));
        }
    }

    fn left(
        &mut self,
        step: &Step<'_>,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (slave, by_master) = match passage.class {
            Class::ToSlave(slave) => (slave, true),
            Class::Own(slave) => (slave, false),
            _ => return,
        };
        let reading = &passage.reading;
        if reading.stanza.kind == Kind::Iq && !reading.stanza.is_request() {
            let who = if by_master { Asked::Master(slave) } else { Asked::Slave(slave) };
            let mut open = self.open.iter();
            let asked = open.any(|(asked, _, open, _)| *asked == who && open == reading.id());
            let serves = asked && by_master && room.health.is_serving(&room.domain);
            // One that registers is asked for rooms that it serves no more.
            let knows = asked && !by_master && !room.slaves[slave].registers;
            let works = serves || (knows && is_working(room, slave));
            refused((step.entry, passage), works, room, findings);
            return self.answered(slave, by_master, reading.id(), findings);
        }
        if !reading.stanza.has_payload("ping", ns::PING) {
            return;
        }
        let here = (step.entry, passage);
        let jid = &room.slaves[slave].jid;
        let ends = if by_master { (&room.address, jid) } else { (jid, &room.address) };
        let whole = is_ping(passage)
            && !reading.id().is_empty()
            && (reading.from, reading.to) == (ends.0.as_str(), ends.1.as_str());
        let expected = "an IQ of type get with an id, between the room and the slave";
        let ends = self.ends.entry(slave).or_default();
        findings.judge("keepalive.xep0199", whole, here, expected, || {
            let words = "there is something else in it, or it is another IQ, or for another";
            Wrong::of(words).because(if by_master { ends.master.last() } else { ends.slave.last() })
        });
        if by_master {
            ends.pinged_by_master(here, slave, room, findings);
        } else {
            ends.pinged_by_slave(here, slave, room, findings);
        }
    }
}

impl End {
    /// It sends a ping: when it did before, and whether all has been well for as long as it waits.
    fn pings(&mut self, entry: usize, idle: Duration, room: &Room) -> (Option<Time>, bool) {
        let before = self.pinged.replace((room.now, entry)).map(|(at, _)| at);
        let answered = std::mem::take(&mut self.answered);
        let well = room.health.troubled + idle < room.now;
        (before, well && (answered || before.is_none()))
    }

    /// What it heard last, and its last ping.
    fn last(&self) -> Vec<usize> {
        let heard = self.heard.map(|heard| heard.entry);
        heard.into_iter().chain(self.pinged.map(|(_, entry)| entry)).collect()
    }
}

impl Ends {
    fn pinged_by_master(
        &mut self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let timers = &room.slaves[slave].timers;
        let last = self.master.last();
        let (before, calm) = self.master.pings(here.0, timers.master_idle, room);
        if room.slaves[slave].master == Side::Split {
            if let Some(at) = before.filter(|_| !room.is_stale(here.1)) {
                let gap = timers.split_ping.max(timers.pong_timeout) + SLACK;
                let since = room.slaves[slave].split_master.unwrap_or(at).max(at);
                let since = since.max(room.health.troubled);
                let well = room.now <= since + gap;
                let expected = "pings at a higher rate while the slave is split";
                findings.judge("master.split.fast-ping", well, here, expected, || {
                    let words = format!("the last ping was {:?} before", room.now.since(at));
                    Wrong::of(words).because(room.slaves[slave].lost_master.into_iter().chain(last))
                });
            }
            return;
        }
        let heard = self.master.heard.filter(|_| is_served(room, slave) && calm);
        let Some(heard) =
            heard.filter(|_| room.slaves[slave].synced + timers.master_idle < room.now)
        else {
            return;
        };
        let silence = room.now.since(heard.at);
        let idle = silence + SLACK + room.clock >= timers.master_idle;
        let expected = "no ping before the slave has been silent for as long as was agreed";
        let wrong = || {
            let words = format!("the slave was silent for {silence:?} only");
            Wrong::of(words).because([heard.entry].into_iter().chain(self.mended))
        };
        findings.judge("keepalive.traffic-suppresses", idle, here, expected, wrong);
        if idle {
            findings.kept("master.keepalive.ping-when-idle");
            findings.kept("master.keepalive.each-slave");
            if self.slave.pinged.is_none_or(|(at, _)| at < heard.at) {
                findings.kept("slave.keepalive.longer-than-master");
            }
        }
        if self.mended.is_some() {
            findings.judge("master.split.fast-ping-ends", idle, here, expected, wrong);
        }
    }

    fn pinged_by_slave(
        &mut self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let timers = &room.slaves[slave].timers;
        let (_, calm) = self.slave.pings(here.0, timers.slave_idle, room);
        let Some(heard) = self.slave.heard.filter(|_| is_working(room, slave)) else { return };
        let silence = room.now.since(heard.at);
        let idle = silence + SLACK >= timers.slave_idle;
        if idle {
            findings.kept("slave.keepalive.ping-when-quiet");
        }
        let alive = room.slaves[slave].synced + timers.slave_idle < room.now;
        if calm && alive {
            let later = silence > timers.master_idle;
            let expected = "the slave to wait longer than its master does";
            findings.judge("slave.keepalive.longer-than-master", later, here, expected, || {
                let idle = timers.master_idle;
                let words = format!("it pings after {silence:?}, and its master after {idle:?}");
                Wrong::of(words).because([heard.entry])
            });
        }
    }

    /// Somebody should have pinged by now.
    fn overdue(&mut self, slave: SlaveId, next: Time, room: &Room, findings: &mut Findings) {
        let one = &room.slaves[slave];
        let timers = &one.timers;
        if room.now > Time::from_micros(i64::MAX / 2) {
            return;
        }
        let up = !room.health.is_down(&room.domain) && room.health.is_well();
        let quiet = |end: &End, idle: Duration| {
            let heard = end.heard.map_or(one.synced, |heard| heard.at);
            let since = heard.max(one.synced).max(room.health.changed);
            let pinged = end.pinged.is_some_and(|(at, _)| at >= heard);
            !end.overdue && !pinged && next > since + idle + SLACK + room.clock
        };
        if up && is_served(room, slave) && quiet(&self.master, timers.master_idle) {
            self.master.overdue = true;
            let what = format!("{} is silent, and not pinged", one.jid);
            for id in ["master.keepalive.ping-when-idle", "master.keepalive.each-slave"] {
                let expected = "a ping for a slave that is silent";
                let last = self.master.last();
                findings.push(id, &room.domain, room.last, what.clone(), expected, &last);
            }
        }
        // Who cannot be heard does not know it yet.
        let cut = room.health.cut_since(&room.domain, &one.domain).is_some();
        let back = room.health.carries(&one.domain, &room.domain);
        let expects = (one.is_together() && up) || (cut && back);
        if is_working(room, slave) && expects && quiet(&self.slave, timers.slave_idle) {
            self.slave.overdue = true;
            let what = format!("the master is silent, and {} does not ping it", one.jid);
            let expected = "a ping for a master that is silent";
            let id = "slave.keepalive.ping-when-quiet";
            findings.push(id, &one.domain, room.last, what, expected, &self.slave.last());
        }
        let lost = one.split_master.filter(|_| one.master == Side::Split);
        if let Some(lost) = lost.filter(|_| !room.health.is_down(&room.domain)) {
            let last = self.master.pinged.map_or(lost, |(at, _)| at.max(lost));
            let gap = timers.split_ping + timers.pong_timeout * 2 + SLACK;
            let reachable = room.health.carries(&room.domain, &one.domain);
            if next > last.max(room.health.troubled) + gap && reachable && !self.master.overdue {
                self.master.overdue = true;
                let what = format!("{} is split, and not pinged", one.jid);
                let expected = "pings at a higher rate while the slave is split";
                let id = "master.split.fast-ping";
                let causes: Vec<_> =
                    one.lost_master.into_iter().chain(self.master.last()).collect();
                findings.push(id, &room.domain, room.last, what, expected, &causes);
            }
        }
    }
}

/// Who works answers with a result. That somebody does not know the room is an answer, too.
fn refused(here: (usize, &Passage<'_>), works: bool, room: &Room, findings: &mut Findings) {
    let stanza = here.1.reading.stanza;
    let error = stanza.error().map(|error| error.defined_condition);
    let unknown = matches!(error, Some(Condition::ItemNotFound | Condition::Gone { .. }));
    // Of who cannot be reached the server before it says so.
    let refuses = stanza.is_error() && !unknown && !stanza.is_unreachable();
    if refuses && works && !room.is_stale(here.1) {
        let wrong = Wrong::of("a ping is answered with an error, as if nobody were there");
        findings.wrong("keepalive.pong", here, "an answer to a ping, of type result", wrong);
    }
}

fn is_ping(passage: &Passage<'_>) -> bool {
    let stanza = passage.reading.stanza;
    stanza.kind == Kind::Iq
        && stanza.type_ == Type::Get
        && stanza.payloads.len() == 1
        && stanza.has_payload("ping", ns::PING)
}

/// How much later than it is due something may be.
const SLACK: Duration = Duration::from_secs(1);

/// How long an answer may be under way.
const PATIENCE: Duration = Duration::from_secs(10);

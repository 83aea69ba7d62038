//! What the ends of a link know of one another: when they heard and pinged the other.

use std::collections::VecDeque;

use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Passage, Room, Side, SlaveId, push_bounded};
use crate::conform::monitors::{is_served, is_working};
use crate::time::{Duration, Time};

/// Both ends of the link of a slave.
#[derive(Debug, Default)]
pub(super) struct Ends {
    pub master: End,
    pub slave: End,
    /// The entry in which the last split ended, as the master has it.
    pub mended: Option<usize>,
    pub was_split: bool,
}

/// When something came, and in which entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub at: Time,
    pub entry: usize,
}

/// One end, as it has the other.
#[derive(Debug, Default)]
pub(super) struct End {
    /// When something of the other came last, and in which entry.
    pub heard: Option<Heard>,
    /// When it last sent a ping, in which entry, and whether that was answered.
    pub pinged: Option<(Time, usize)>,
    pub answered: bool,
    /// Whether its silence was noted already.
    pub overdue: bool,
    /// When it was last told an error, which makes it ask whether the other is there.
    pub alarmed: Option<Time>,
    /// The id of its last ping, and how many before that had the same.
    id: String,
    alike: usize,
    /// When something of the other came last that answers no ping, and when it pinged it right
    /// after.
    pub told: Option<Heard>,
    hasty: VecDeque<Time>,
}

impl End {
    /// It sends a ping: when it did before, and whether all has been well for as long as it waits.
    fn pings(&mut self, entry: usize, idle: Duration, room: &Room) -> (Option<Time>, bool) {
        let before = self.pinged.replace((room.now, entry)).map(|(at, _)| at);
        let answered = std::mem::take(&mut self.answered);
        let well = room.health.troubled + idle < room.now;
        (before, well && (answered || before.is_none()))
    }

    /// Its next ping has this id: whether the one before had the same. A machine that was started
    /// again may begin anew, of which logs tell nothing.
    pub fn has_this_id(&mut self, id: &str, host: &str, room: &Room) -> bool {
        let since = self.pinged.map(|(at, _)| at);
        let again = *self.id == *id && room.health.restarted(host, host) < since;
        self.alike = if again { self.alike + 1 } else { 0 };
        id.clone_into(&mut self.id);
        self.alike > usize::from(room.silent)
    }

    /// It sends a ping, perhaps again and again although the other has just told it something. How
    /// long it would wait a log does not tell if it never waits.
    fn is_hasty(&mut self, room: &Room, findings: &mut Findings, here: (usize, &Passage<'_>)) {
        let Some(told) = self.told.filter(|told| room.silent && told.at + HASTE > room.now) else {
            return;
        };
        let alarmed = self.alarmed.max(Some(room.health.troubled));
        if alarmed.is_some_and(|at| at + CALM >= room.now) {
            return self.hasty.clear();
        }
        push_bounded(&mut self.hasty, room.now, HASTY_MAX);
        let first = self.hasty.front().filter(|_| self.hasty.len() == HASTY_MAX);
        if first.is_some_and(|first| *first + OFTEN > room.now) {
            let silence = room.now.since(told.at);
            let words = format!("the other was silent for {silence:?} only, as before other pings");
            let expected = "no ping for who is heard all the time";
            let wrong = Wrong::of(words).because([told.entry]);
            findings.wrong("keepalive.traffic-suppresses", here, expected, wrong);
        }
    }

    /// What it heard last, and its last ping.
    pub fn last(&self) -> Vec<usize> {
        let heard = self.heard.map(|heard| heard.entry);
        heard.into_iter().chain(self.pinged.map(|(_, entry)| entry)).collect()
    }
}

impl Ends {
    /// The slave is told everything anew.
    pub fn begin(&mut self) {
        self.master.id.clear();
        self.slave.id.clear();
    }

    pub fn pinged_by_master(
        &mut self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let timers = &room.slaves[slave].timers;
        let last = self.master.last();
        if is_served(room, slave) {
            self.master.is_hasty(room, findings, here);
        }
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

    pub fn pinged_by_slave(
        &mut self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        room: &Room,
        findings: &mut Findings,
    ) {
        let timers = &room.slaves[slave].timers;
        if is_working(room, slave) {
            self.slave.is_hasty(room, findings, here);
        }
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
    pub fn overdue(&mut self, slave: SlaveId, next: Time, room: &Room, findings: &mut Findings) {
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

/// How much later than it is due something may be.
const SLACK: Duration = Duration::from_secs(1);

/// Who has told something so lately need not be asked, whatever was agreed.
const HASTE: Duration = Duration::from_secs(1);

/// How often that may be for some other reason.
const HASTY_MAX: usize = 4;

/// Within this time.
const OFTEN: Duration = Duration::from_secs(60);

/// For so long trouble may make anybody ask.
const CALM: Duration = Duration::from_secs(5);

//! What has to hold of every run of a distributed room, whatever was played: its safety, that it
//! comes to rest, and what it costs.
//!
//! Each invariant is a small state machine that is fed the record step by step. What several of
//! them need to know (who is in the room, who is split, what each user was told) is folded once, in
//! `room`. Nothing but the record is read, and a [`Setting`]: what the record does not show,
//! because it was so before it began.
//!
//! | family | invariants |
//! | --- | --- |
//! | `order` | INV-FIFO, INV-TOTAL-ORDER, INV-GAPLESS |
//! | `copies` | INV-SAME-COPY |
//! | `duplicates` | INV-NO-DUP |
//! | `enter` | INV-ENTER, INV-AFTER-LEAVE, INV-ONE-110, INV-JOIN-ORDER |
//! | `jids` | INV-JID-SLAVE, INV-JID-USER |
//! | `transparency` | INV-TRANSPARENT, INV-DOMAIN |
//! | `quiet` | INV-QUIET-M, INV-QUIET-S |
//! | `nicks` | INV-NICK-UNIQUE, INV-NICK-HELD, INV-NO-VANISH |
//! | `privileges` | INV-NO-ESCALATION, INV-EXPELLED |
//! | `stay` | INV-STAY |
//! | `justified` | INV-JUSTIFIED |
//! | `history` | INV-HISTORY-TRUE, INV-STAMP |
//! | `authors` | INV-AUTH, INV-NO-ERROR-LOOP |
//! | `answers` | LIVE-LEAVE, LIVE-JOIN |
//! | `delivery` | LIVE-DELIVER, LIVE-NO-SILENT-LOSS |
//! | `detection` | LIVE-DETECT, LIVE-HEAL |
//! | `rest` | LIVE-CONV-ROSTER, LIVE-AWAY-UNDONE, LIVE-QUEUE-EMPTY |
//! | `past` | LIVE-CONV-HISTORY |
//! | `calm` | LIVE-CALM, COST-IDLE, COST-SPLIT |
//! | `syncs` | LIVE-SYNC-TERMINATES, COST-STORE |
//! | `cost` | COST-BROADCAST, COST-JOIN, COST-LEAVE; for COST-CAST, what things cost |
//!
//! What is *not* judged: expectations of a scenario, and the examples of the XEP.

mod answers;
mod authors;
mod calm;
mod came;
mod copies;
mod cost;
mod delivery;
mod detection;
mod duplicates;
mod enter;
pub(in crate::conform) mod findings;
mod history;
mod jids;
mod justified;
mod nicks;
mod order;
mod past;
mod privileges;
mod quiet;
pub(in crate::conform) mod reading;
mod rest;
pub(in crate::conform) mod room;
mod setting;
mod stay;
pub(in crate::conform) mod steps;
mod syncs;
mod transparency;
pub(in crate::conform) mod words;

use self::came::Came;
pub use self::cost::{Cost, CostOf};
use self::findings::{Doer, Findings};
pub use self::findings::{Finding, Tally};
use self::room::{Fact, Room};
pub use self::setting::{Present, RoomSetting, Setting, SlaveSetting};
use self::steps::{Step, Steps};
use std::collections::BTreeMap;

use crate::time::Time;
use crate::transcript::{Entry, Transcript};

/// Every invariant that does not hold in this record, in the order in which that shows.
pub fn check(transcript: &Transcript, setting: &Setting) -> Vec<Finding> {
    let mut monitor = Monitor::new(setting, transcript.header.epoch);
    for entry in &transcript.entries {
        monitor.feed(entry);
    }
    monitor.finish()
}

/// What everything that happened in a record has cost (COST-CAST).
pub fn costs(transcript: &Transcript, setting: &Setting) -> Vec<Cost> {
    let mut monitor = Monitor::new(setting, transcript.header.epoch);
    monitor.findings.costs = Some(Vec::new());
    for entry in &transcript.entries {
        monitor.feed(entry);
    }
    monitor.end();
    monitor.findings.costs.unwrap_or_default()
}

/// Judges a record entry by entry. It keeps of them what is under way, and what the room is.
#[derive(Debug)]
pub struct Monitor {
    rooms: Vec<Watch>,
    findings: Findings,
    fed: usize,
}

/// A room and its invariants.
#[derive(Debug)]
struct Watch {
    room: Room,
    steps: Steps,
    invariants: Vec<Box<dyn Invariant>>,
    facts: Vec<Fact>,
    came: Came,
}

impl Monitor {
    /// The invariants of a record that begins at this instant.
    pub fn new(setting: &Setting, begin: Time) -> Self {
        Self::with(setting, begin, &invariants)
    }

    /// These invariants of a record that begins at this instant.
    pub(in crate::conform) fn with(
        setting: &Setting,
        begin: Time,
        invariants: &dyn Fn() -> Vec<Box<dyn Invariant>>,
    ) -> Self {
        let rooms = setting.rooms.iter().map(|one| Watch {
            room: Room::new(setting, one, begin),
            steps: Steps::default(),
            invariants: invariants(),
            facts: Vec::new(),
            came: Came::default(),
        });
        Self { rooms: rooms.collect(), findings: Findings::new(setting), fed: 0 }
    }

    /// The next entry of the record.
    pub fn feed(&mut self, entry: &Entry) {
        for watch in &mut self.rooms {
            let (invariants, facts) = (&mut watch.invariants, &mut watch.facts);
            std::mem::swap(&mut self.findings.came, &mut watch.came);
            watch.steps.feed(&mut watch.room, self.fed, entry, &mut |room, step| {
                take(room, step, invariants, facts, &mut self.findings);
            });
            std::mem::swap(&mut self.findings.came, &mut watch.came);
        }
        self.fed += 1;
    }

    /// What was found until now.
    pub fn found(&self) -> &[Finding] {
        self.findings.all()
    }

    /// The record is over: what was found in all of it.
    pub fn finish(mut self) -> Vec<Finding> {
        self.end();
        self.findings.into_all()
    }

    /// The record is over: what was found in all of it, and how often each requirement applied.
    pub(in crate::conform) fn conclude(mut self) -> (Vec<Finding>, BTreeMap<&'static str, Tally>) {
        self.end();
        let tallies = self.findings.tallies();
        (self.findings.into_all(), tallies)
    }

    /// What is under way comes; what is due at the end is judged.
    fn end(&mut self) {
        for watch in &mut self.rooms {
            let (invariants, facts) = (&mut watch.invariants, &mut watch.facts);
            let end = Time::from_micros(i64::MAX);
            std::mem::swap(&mut self.findings.came, &mut watch.came);
            watch.steps.arrive(&mut watch.room, end, &mut |room, step| {
                take(room, step, invariants, facts, &mut self.findings);
            });
            let rests = watch.room.is_at_rest();
            self.findings.lacks = true;
            for invariant in invariants.iter_mut() {
                invariant.pass(watch.room.now, &watch.room, &mut self.findings);
                if rests {
                    invariant.rest(&watch.room, &mut self.findings);
                }
            }
            self.findings.lacks = false;
        }
    }
}

/// One step: what is due before it, how things are, what it changes.
fn take(
    room: &mut Room,
    step: &Step<'_>,
    invariants: &mut [Box<dyn Invariant>],
    facts: &mut Vec<Fact>,
    findings: &mut Findings,
) {
    findings.lacks = true;
    if step.disturbs() && room.is_at_rest_until(step.at) {
        for invariant in invariants.iter_mut() {
            invariant.rest(room, findings);
        }
    }
    if step.at > room.now {
        for invariant in invariants.iter_mut() {
            invariant.pass(step.at, room, findings);
        }
        findings.came.clear();
    }
    findings.lacks = false;
    findings.came.take(step);
    room.advance(step);
    findings.doer = room.doer(step);
    for invariant in invariants.iter_mut() {
        invariant.before(step, room, findings);
    }
    facts.clear();
    room.apply(step, facts);
    for invariant in invariants.iter_mut() {
        invariant.after(step, facts, room, findings);
    }
    findings.doer = Doer::Other;
    if room.log.is_full() {
        let horizon = room.horizon();
        for invariant in invariants.iter_mut() {
            invariant.forget(horizon, room, findings);
        }
        room.forget_before(horizon);
    }
}

/// An invariant, or a few that share what they remember.
pub(in crate::conform) trait Invariant: std::fmt::Debug {
    /// An instant is over; the next is `next`. The room is as it was.
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        let _ = (next, room, findings);
    }

    /// A step is about to be taken.
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let _ = (step, room, findings);
    }

    /// A step was taken, and changed this.
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let _ = (step, facts, room, findings);
    }

    /// What was before `horizon` has become what it will become, and is about to be forgotten.
    fn forget(&mut self, horizon: Time, room: &Room, findings: &mut Findings) {
        let _ = (horizon, room, findings);
    }

    /// Everything has been well, and nobody has done anything, for so long that all has to be in
    /// order.
    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        let _ = (room, findings);
    }
}

/// All of them.
pub(in crate::conform) fn invariants() -> Vec<Box<dyn Invariant>> {
    vec![
        Box::<order::Order>::default(),
        Box::<copies::Copies>::default(),
        Box::<duplicates::Duplicates>::default(),
        Box::<enter::Enter>::default(),
        Box::<jids::Jids>::default(),
        Box::<transparency::Transparency>::default(),
        Box::<quiet::Quiet>::default(),
        Box::<nicks::Nicks>::default(),
        Box::<privileges::PrivilegesKept>::default(),
        Box::<stay::Stay>::default(),
        Box::<justified::Justified>::default(),
        Box::<history::History>::default(),
        Box::<authors::Authors>::default(),
        Box::<answers::Answers>::default(),
        Box::<delivery::Delivery>::default(),
        Box::<detection::Detection>::default(),
        Box::<rest::Rest>::default(),
        Box::<past::Past>::default(),
        Box::<calm::Calm>::default(),
        Box::<syncs::Syncs>::default(),
        Box::<cost::Costs>::default(),
    ]
}

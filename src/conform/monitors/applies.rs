//! When the invariants apply: they say themselves only when they are broken.

use std::collections::BTreeSet;

use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Fact, Passage, Privileges, Room, Side, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::ns;

/// What is remembered of splits.
#[derive(Debug, Default)]
pub(super) struct Applies {
    /// Slaves that have lost their master, or that it has lost, and have not been seen together
    /// with it since.
    apart: BTreeSet<SlaveId>,
}

const TOLD: &[&str] = &["INV-TRANSPARENT", "INV-ENTER", "INV-AFTER-LEAVE", "INV-JUSTIFIED"];
const TOLD_OF_SOMEBODY: &[&str] = &["INV-ONE-110", "INV-JID-USER"];
const HEARD: &[&str] = &[
    "INV-FIFO",
    "INV-TOTAL-ORDER",
    "INV-NO-DUP",
    "INV-AUTH",
    "LIVE-DELIVER",
    "LIVE-NO-SILENT-LOSS",
];
const PAST: &[&str] = &["INV-HISTORY-TRUE", "INV-STAMP"];
const ALONE: &[&str] = &["INV-QUIET-M", "INV-STAY", "INV-NO-VANISH", "INV-NICK-HELD", "COST-SPLIT"];
const AT_REST: &[&str] = &[
    "LIVE-CONV-ROSTER",
    "LIVE-CONV-HISTORY",
    "LIVE-AWAY-UNDONE",
    "LIVE-QUEUE-EMPTY",
    "LIVE-CALM",
    "COST-IDLE",
];

impl Invariant for Applies {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Left(passage) => self.left(passage, room, findings),
            Happening::Undeliverable { .. } => findings.kept("INV-NO-ERROR-LOOP"),
            Happening::Note(note) if note.change == crate::dmuc::Change::Split => {
                findings.kept("LIVE-DETECT");
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let expels = matches!(&step.what, Happening::Left(passage) if passage.reading.expels());
        for fact in facts {
            let ids: &[&'static str] = match fact {
                Fact::Logged(event) if !room.log.is_news(*event) => &[],
                Fact::Logged(_) | Fact::Updated(_) => &["COST-BROADCAST"],
                Fact::Arrived(_) => &["COST-JOIN", "INV-NICK-UNIQUE"],
                Fact::Departed { .. } if expels => &["COST-LEAVE", "INV-EXPELLED"],
                Fact::Departed { .. } => &["COST-LEAVE"],
                Fact::Restated { .. } => &["INV-NO-ESCALATION"],
                Fact::Entered(_) => &["INV-JOIN-ORDER", "LIVE-JOIN"],
                Fact::Left(_) => &["LIVE-LEAVE"],
                Fact::Heard { .. } => HEARD,
                _ => &[],
            };
            ids.iter().for_each(|id| findings.kept(id));
        }
    }

    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        AT_REST.iter().for_each(|id| findings.kept(id));
        let together = |slave: &SlaveId| room.slaves[*slave].is_together();
        for _ in self.apart.extract_if(.., together) {
            findings.kept("LIVE-HEAL");
        }
    }
}

impl Applies {
    fn left(&mut self, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
        let reading = &passage.reading;
        if let Class::ToSlave(slave) | Class::Own(slave) = passage.class {
            let one = &room.slaves[slave];
            if one.master == Side::Split || one.own == Side::Split {
                self.apart.insert(slave);
            }
        }
        let mut all = |ids: &[&'static str]| ids.iter().for_each(|id| findings.kept(id));
        match passage.class {
            Class::Down(user) if reading.is_presence() || reading.stanza.is_groupchat() => {
                all(TOLD);
                if reading.is_presence() {
                    all(TOLD_OF_SOMEBODY);
                    if *passage.hop.from != *room.domain && Privileges::of(reading).is_some() {
                        all(&["INV-NO-ESCALATION"]);
                    }
                } else if reading.delay.is_some() {
                    all(PAST);
                }
                let slave = room.users[user].slave.map(|slave| &room.slaves[slave]);
                if slave.is_some_and(|slave| slave.own == Side::Split) {
                    all(&["INV-QUIET-S"]);
                }
            }
            Class::ToSlave(slave) => {
                let dmuc = reading.dmuc.unwrap_or_default();
                all(&["INV-JID-SLAVE"]);
                if super::is_news(reading) {
                    all(&["INV-SAME-COPY"]);
                }
                if dmuc.at.is_some() {
                    all(&["INV-GAPLESS"]);
                }
                if dmuc.enter.is_some() {
                    all(&["INV-DOMAIN"]);
                }
                if dmuc.history && dmuc.enter.is_none() && !reading.stanza.is_subject_change() {
                    all(&["COST-STORE"]);
                }
                if dmuc.synced {
                    all(&["LIVE-SYNC-TERMINATES"]);
                    if self.apart.remove(&slave) {
                        all(&["LIVE-HEAL"]);
                    }
                }
                let pings = reading.stanza.has_payload("ping", ns::PING);
                if pings && room.slaves[slave].master == Side::Split {
                    all(ALONE);
                }
            }
            _ => {}
        }
    }
}

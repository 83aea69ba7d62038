//! When the invariants apply: they say themselves only when they are broken.

use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Fact, Passage, Room, Side};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::ns;

/// Nothing has to be remembered.
#[derive(Debug, Default)]
pub(super) struct Applies;

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
const TOGETHER_AGAIN: &[&str] =
    &["LIVE-HEAL", "INV-EXPELLED", "INV-NO-ESCALATION", "LIVE-SYNC-TERMINATES", "COST-STORE"];
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
            Happening::Left(passage) => left(passage, room, findings),
            Happening::Undeliverable { .. } => findings.kept("INV-NO-ERROR-LOOP"),
            Happening::Note(note) if note.change == crate::dmuc::Change::Split => {
                findings.kept("LIVE-DETECT");
            }
            _ => {}
        }
    }

    fn after(&mut self, _: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        for fact in facts {
            let ids: &[&'static str] = match fact {
                Fact::Logged(event) if !room.log.is_news(*event) => &[],
                Fact::Logged(_) | Fact::Updated(_) => &["COST-BROADCAST"],
                Fact::Arrived(_) => &["COST-JOIN", "INV-NICK-UNIQUE"],
                Fact::Departed { .. } => &["COST-LEAVE"],
                Fact::Entered(_) => &["INV-JOIN-ORDER", "LIVE-JOIN"],
                Fact::Left(_) => &["LIVE-LEAVE"],
                Fact::Heard { .. } => HEARD,
                _ => &[],
            };
            ids.iter().for_each(|id| findings.kept(id));
        }
    }

    fn rest(&mut self, _: &Room, findings: &mut Findings) {
        AT_REST.iter().for_each(|id| findings.kept(id));
    }
}

fn left(passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
    let reading = &passage.reading;
    let mut all = |ids: &[&'static str]| ids.iter().for_each(|id| findings.kept(id));
    match passage.class {
        Class::Down(user) if reading.is_presence() || reading.stanza.is_groupchat() => {
            all(TOLD);
            if reading.is_presence() {
                all(TOLD_OF_SOMEBODY);
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
            if dmuc.synced {
                all(TOGETHER_AGAIN);
            }
            let pings = reading.stanza.has_payload("ping", ns::PING);
            if pings && room.slaves[slave].master == Side::Split {
                all(ALONE);
            }
        }
        _ => {}
    }
}

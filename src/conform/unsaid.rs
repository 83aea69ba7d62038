//! Where a run enters what XEP-0282 does not say.
//!
//! In version 0.1 four sections have nothing but the words `to follow`, and a fifth, of the initial
//! history, ends with a question: from whom to whom?

use std::collections::BTreeSet;

use super::invariants::findings::Findings;
use super::invariants::room::{Class, Fact, Passage, Room, Side, Slave, SlaveId};
use super::invariants::steps::{Happening, Step};
use super::invariants::{Invariant, Monitor, Setting};
use crate::dmuc::Change;
use crate::stanza::{Stanza, ns};
use crate::transcript::Record;

/// A section that XEP-0282 leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What the XEP calls it.
    pub name: &'static str,
    /// What a run does that enters it.
    pub entered: &'static str,
}

/// How a run entered such a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Which one.
    pub section: &'static Section,
    /// The entry of the record at which it did so first, counted from 0.
    pub first: usize,
    /// How often it did so.
    pub times: u64,
}

const CREATING: &str = "Creating a Slave";
const HISTORY: &str = "Initial Room History";
const NETJOIN: &str = "Netjoin";
const SECURITY: &str = "Security Considerations";
const SCHEMA: &str = "XML Schema";

/// All of them, as they stand in the XEP.
pub const SECTIONS: [Section; 5] = [
    Section {
        name: CREATING,
        entered: "a slave registers, is offered to, or is let go; one configured by hand does not",
    },
    Section { name: HISTORY, entered: "a slave is sent what was said before it came" },
    Section { name: NETJOIN, entered: "a slave and its master meet again after a split" },
    Section { name: SECURITY, entered: "who is cut off asks for what could take the room over" },
    Section { name: SCHEMA, entered: "an element of the XEP crosses, for which it has no schema" },
];

/// Which of these sections a run enters, in their order.
pub fn entered(record: &dyn Record, setting: &Setting) -> Vec<Entered> {
    let monitors = || vec![Box::<Unsaid>::default() as Box<dyn Invariant>];
    let mut monitor = Monitor::with(setting, record.header().epoch, &monitors);
    record.each(&mut |entry| monitor.feed(entry));
    let (found, tallies) = monitor.conclude();
    let of = |section: &'static Section| {
        let first = found.iter().find(|one| one.requirement == section.name)?.entry;
        let tally = tallies.get(section.name).copied().unwrap_or_default();
        Some(Entered { section, first, times: tally.kept + tally.broken })
    };
    SECTIONS.iter().filter_map(of).collect()
}

/// Which sections were entered already.
#[derive(Debug, Default)]
struct Unsaid {
    entered: BTreeSet<&'static str>,
    /// The slaves that one side has lost, or both.
    lost: BTreeSet<SlaveId>,
}

impl Unsaid {
    fn enter(&mut self, section: &'static str, entry: usize, findings: &mut Findings) {
        match self.entered.insert(section) {
            true => findings.push(section, "", entry, String::new(), "", &[]),
            false => findings.kept(section),
        }
    }
}

impl Invariant for Unsaid {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let mut enter = |section| self.enter(section, step.entry, findings);
        match &step.what {
            Happening::Left(passage) => left(passage, room, &mut enter),
            Happening::Note(note) if note.change == Change::Resyncing => {
                let slave = room.slave_of(note.about.as_str()).map(|slave| &room.slaves[slave]);
                if slave.is_some_and(is_lost) {
                    enter(NETJOIN);
                }
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        if !room.silent {
            return;
        }
        // Machines that say nothing of themselves show by what they do that they have met again.
        for (number, slave) in room.slaves.iter().enumerate() {
            if is_lost(slave) {
                self.lost.insert(number);
            } else if slave.is_together() && self.lost.remove(&number) {
                self.enter(NETJOIN, step.entry, findings);
            }
        }
    }
}

/// Whether one side has lost the other.
fn is_lost(slave: &Slave) -> bool {
    [slave.master, slave.own].contains(&Side::Split)
}

/// A stanza leaves a host.
fn left(passage: &Passage<'_>, room: &Room, enter: &mut impl FnMut(&'static str)) {
    let reading = &passage.reading;
    let stanza = reading.stanza;
    match passage.class {
        Class::Up(user) => {
            let slave = room.users[user].slave.map(|slave| &room.slaves[slave]);
            if slave.is_some_and(|slave| slave.own == Side::Split) && seeks_power(stanza) {
                enter(SECURITY);
            }
        }
        Class::ToSlave(_) | Class::Own(_) => {
            if REGISTRATION.iter().any(|name| stanza.has_payload(name, ns::SLAVE)) {
                enter(CREATING);
            }
            let dmuc = reading.dmuc.unwrap_or_default();
            if dmuc.history && dmuc.enter.is_none() && reading.is_said() {
                enter(HISTORY);
            }
            if stanza.payloads.iter().any(ns::is_dmuc) {
                enter(SCHEMA);
            }
        }
        _ => {}
    }
}

/// Whether it asks to enter, for more rights, for less of others, or for another room.
fn seeks_power(stanza: &Stanza) -> bool {
    let asks = [ns::MUC_ADMIN, ns::MUC_OWNER].iter().any(|of| stanza.has_payload("query", of));
    asks || stanza.has_payload("x", ns::MUC) || stanza.is_subject_change()
}

const REGISTRATION: [&str; 3] = ["register", "offer", "deregister"];

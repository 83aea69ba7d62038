//! When machines that say nothing of themselves have lost one another and met again, as far as what
//! they do shows it.

use std::collections::BTreeMap;

use super::invariants::findings::Findings;
use super::invariants::room::{Fact, Room, Side, SlaveId};
use super::invariants::steps::Step;
use super::invariants::{Finding, Invariant, Monitor, Setting};
use crate::dmuc::{Change, Note};
use crate::transcript::Record;

/// What machines would have said of their splits if they said anything: each note with the entry of
/// the record at which that shows. Nothing, of machines that do.
pub fn splits(record: &dyn Record, setting: &Setting) -> Vec<(usize, Note)> {
    if !setting.silent {
        return Vec::new();
    }
    let monitors = || vec![Box::<Splits>::default() as Box<dyn Invariant>];
    let mut monitor = Monitor::with(setting, record.header().epoch, &monitors);
    record.each(&mut |entry| monitor.feed(entry));
    let (found, _) = monitor.conclude();
    found.iter().filter_map(|one| Some((one.entry, note(one)?))).collect()
}

/// What was found, as a note.
fn note(found: &Finding) -> Option<Note> {
    let change = if found.requirement == LOST { Change::Split } else { Change::Synced };
    Some(Note { by: found.host.parse().ok()?, about: found.what.parse().ok()?, change })
}

/// Which sides of which slaves have lost the other: the master's, and their own.
#[derive(Debug, Default)]
struct Splits(BTreeMap<SlaveId, [bool; 2]>);

impl Invariant for Splits {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        self.look(step.entry, room, findings);
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        self.look(step.entry, room, findings);
    }
}

impl Splits {
    fn look(&mut self, entry: usize, room: &Room, findings: &mut Findings) {
        for (number, slave) in room.slaves.iter().enumerate() {
            let known = self.0.entry(number).or_default();
            let ends = [&room.address, &slave.jid];
            for (place, side) in [slave.master, slave.own].into_iter().enumerate() {
                let apart = side == Side::Split || (known[place] && side == Side::Syncing);
                if apart != known[place] {
                    known[place] = apart;
                    let word = if apart { LOST } else { FOUND };
                    let (by, about) = (ends[place], ends[1 - place]);
                    findings.push(word, by, entry, about.clone(), "", &[]);
                }
            }
        }
    }
}

const LOST: &str = "lost";
const FOUND: &str = "found";

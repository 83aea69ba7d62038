//! LIVE-CONV-HISTORY: who enters when all is quiet reads the end of the master's log, wherever he
//! enters.

use std::collections::{BTreeMap, BTreeSet};

use super::Invariant;
use super::findings::Findings;
use super::room::{Class, Event, Fact, Room, SlaveId, UserId};
use super::steps::{Happening, Step};
use crate::stanza::ns;
use crate::time::Time;
use crate::transcript::Fate;

/// What newcomers read.
#[derive(Debug, Default)]
pub(super) struct Past {
    readers: BTreeMap<UserId, Reader>,
    /// When the last message was said.
    said: Option<Time>,
    /// Slaves without numbers towards which something was lost: nobody promises that they notice.
    unsure: BTreeSet<SlaveId>,
}

#[derive(Debug)]
struct Reader {
    /// Whether he asked for all there is.
    all: bool,
    since: Time,
    entered: bool,
    /// The events that he was shown.
    events: Vec<usize>,
}

impl Invariant for Past {
    fn before(&mut self, step: &Step<'_>, room: &Room, _: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let (Class::Up(user), reading) = (passage.class, &passage.reading) else { return };
        self.readers.remove(&user);
        let well = room.health.is_well();
        let last = self.said.map_or(room.health.changed, |said| said.max(room.health.changed));
        let quiet = well && last + room.settling() < step.at && room.master_lost.is_none();
        if quiet && reading.is_join() && !room.users[user].inside && self.is_sure(user, room) {
            let x = reading.stanza.payload("x", ns::MUC);
            let all = x.is_some_and(|x| x.get_child("history", ns::MUC).is_none());
            self.readers
                .insert(user, Reader { all, since: step.at, entered: false, events: Vec::new() });
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        if let (Class::ToSlave(slave), Fate::Lost) = (passage.class, passage.hop.fate) {
            self.unsure.insert(slave);
        }
        for fact in facts {
            match (fact, passage.class) {
                (Fact::Logged(event), _) if room.log.is_news(*event) => {
                    self.said = Some(step.at);
                }
                (Fact::Entered(user), _) => {
                    if let Some(reader) = self.readers.get_mut(user) {
                        reader.entered = true;
                    }
                }
                (Fact::Heard { event }, Class::Down(user)) => {
                    let reading = &passage.reading;
                    if reading.stanza.is_subject_change() {
                        self.has_read(user, step.entry, room, findings);
                    } else if let (Some(reader), Some(event)) =
                        (self.readers.get_mut(&user).filter(|reader| reader.entered), event)
                    {
                        reader.events.push(*event);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Past {
    fn is_sure(&self, user: UserId, room: &Room) -> bool {
        let Some(slave) = room.users[user].slave else { return true };
        let one = &room.slaves[slave];
        one.is_together() && (one.registers || !self.unsure.contains(&slave))
    }

    fn has_read(&mut self, user: UserId, entry: usize, room: &Room, findings: &mut Findings) {
        let Some(reader) = self.readers.remove(&user).filter(|reader| reader.entered) else {
            return;
        };
        if self.said.is_some_and(|said| said >= reader.since) {
            // What is said while he enters may be history to him, or news.
            return;
        }
        let kept = room.log.events().filter(|(_, event)| event.is_history());
        let mut tail: Vec<(usize, &Event)> = kept.collect();
        tail.sort_by_key(|(number, event)| (event.stamp, *number));
        let one = &room.users[user];
        let slave = one.via.map(|slave| &room.slaves[slave]);
        let most = match slave {
            Some(slave) if slave.registers => 0,
            Some(slave) => slave.history_max.min(room.history_len()),
            None => room.history_len(),
        };
        let least = if reader.all { most.min(tail.len()) } else { 0 };
        let shown = tail.split_off(tail.len().saturating_sub(reader.events.len()));
        let is_shown = shown.iter().map(|(number, _)| number).eq(&reader.events);
        if !is_shown || reader.events.len() < least {
            let read = reader.events.len();
            let what = match is_shown {
                true => format!("{} reads only {read} of {least} messages", one.jid),
                false => {
                    format!("{} reads {read} messages, which are not the last {read}", one.jid)
                }
            };
            let expected = "everybody to read the end of the master's log";
            let causes: Vec<_> = shown.iter().filter_map(|(_, event)| event.entry).collect();
            findings.push("LIVE-CONV-HISTORY", &one.domain, entry, what, expected, &causes);
        }
    }
}

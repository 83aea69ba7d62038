//! In which order people hear things: INV-FIFO, INV-TOTAL-ORDER, INV-GAPLESS.
//!
//! The order is that of the master's log. A slave that registers lets nothing pass out of it; one
//! that is configured has no numbers, and shows what it missed when it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::findings::Findings;
use super::room::{Class, Fact, NickId, Passage, Room, Side, UserId};
use super::steps::{Happening, Step};
use super::{Invariant, reading::Reading};

/// The three of them.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The last of what an author said that became an event.
    logged: BTreeMap<UserId, usize>,
    listeners: BTreeMap<UserId, Listener>,
}

/// What somebody has heard in this stay.
#[derive(Debug, Default)]
struct Listener {
    /// Of each author the last that he said.
    authors: BTreeMap<UserId, usize>,
    /// The last event.
    last: Option<usize>,
    /// Events that he has not heard yet.
    waiting: BTreeSet<usize>,
    /// What he heard before it was an event: id and content.
    provisional: BTreeSet<(Arc<str>, u64)>,
}

impl Invariant for Order {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        for fact in facts {
            match fact {
                Fact::Logged(event) => self.logged(step.entry, *event, passage, room, findings),
                Fact::Entered(user) | Fact::Left(user) => {
                    self.listeners.remove(user);
                }
                Fact::Heard { event } => self.heard(step.entry, *event, passage, room, findings),
                _ => {}
            }
        }
        if let (Class::ToSlave(slave), Some(accept)) =
            (passage.class, super::room::accepted(&passage.reading))
        {
            self.resume(slave, accept.history.maxstanzas as usize, room);
        }
    }
}

impl Order {
    fn logged(
        &mut self,
        entry: usize,
        number: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let event = &room.log.events[number];
        if let (Some(said), false) = (event.said, event.late) {
            let author = room.log.said[said].user;
            let before = self.logged.insert(author, said);
            if let Some(before) = before.filter(|before| *before > said) {
                let causes = [room.log.said[said].entry, room.log.said[before].entry];
                let expected = "the messages of one author in the order in which he sent them";
                findings.stanza("INV-FIFO", entry, passage, expected, &causes);
            }
        }
        // An event of the run that the master forgot: who heard it then does not hear it again.
        let again = event.said.map(|said| &room.log.said[said]);
        let again = again.is_some_and(|said| said.events.len() > 1 && room.lost_since(said.at));
        if !event.kept || event.subject || again {
            return;
        }
        let key = (event.id.clone(), event.content);
        for (user, one) in room.users.iter().enumerate() {
            let served = one.via.is_some_and(|slave| room.slaves[slave].registers);
            if one.inside && served {
                let listener = self.listeners.entry(user).or_default();
                if !listener.provisional.remove(&key) {
                    listener.waiting.insert(number);
                }
            }
        }
    }

    fn heard(
        &mut self,
        entry: usize,
        event: Option<usize>,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (Class::Down(user), reading) = (passage.class, &passage.reading) else { return };
        let one = &room.users[user];
        let slave = one.via.map(|slave| &room.slaves[slave]);
        let alone = slave.is_some_and(|slave| slave.own == Side::Split);
        let listener = self.listeners.entry(user).or_default();
        let Some(event) = event else {
            let key = (room.log.id(reading), reading.content);
            listener.provisional.insert(key);
            return;
        };
        let numbered = slave.is_none_or(|slave| slave.registers);
        let late = reading.delay.is_some();
        let lost = room.lost_since(room.log.events[event].at);
        // Who asks again for all there is gets it again.
        let past = late && (one.in_burst || one.joins > 1 || reading.stanza.is_subject_change());
        let judged = (numbered || !late) && !lost && !past;
        if let Some(said) = room.log.events[event].said.filter(|_| judged) {
            let author = room.log.said[said].user;
            let before = listener.authors.get(&author).copied();
            if let Some(before) = before.filter(|before| *before > said && !alone) {
                let causes = [room.log.said[said].entry, room.log.said[before].entry];
                let expected = "the messages of one author in the order in which he sent them";
                findings.stanza("INV-FIFO", entry, passage, expected, &causes);
            }
            listener.authors.insert(author, said.max(before.unwrap_or(0)));
        }
        listener.waiting.remove(&event);
        if late && reading.nick.is_none() && (reading.has(172) || reading.has(173)) {
            // Who missed that JIDs are shown is warned before he is shown any.
            return;
        }
        let fresh = !reading.stanza.is_subject_change() || (!late && reading.nick.is_some());
        // For whom JIDs are is said before any are shown, out of its order.
        let privacy = !numbered && (reading.has(172) || reading.has(173));
        if alone || one.in_burst || lost || !fresh || past || privacy || (late && !numbered) {
            return;
        }
        self.in_order(user, event, entry, passage, room, findings);
        if numbered && !late {
            self.no_gap(user, event, entry, passage, room, findings);
        }
    }

    fn in_order(
        &mut self,
        user: UserId,
        event: usize,
        entry: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let listener = self.listeners.entry(user).or_default();
        let last = listener.last;
        // Of several that say the same it is the first that he has not heard.
        let next = candidates(room, &passage.reading)
            .find(|number| last.is_none_or(|last| *number > last))
            .filter(|_| passage.reading.delay.is_none());
        let number = next.unwrap_or(event);
        let is_late = |number: usize| room.log.events[number].late;
        match last.filter(|last| *last > number && !is_late(*last) && !is_late(number)) {
            Some(last) => {
                let told = |number: usize| room.log.events[number].entry;
                let causes: Vec<_> = [number, last].into_iter().filter_map(told).collect();
                let expected = "everybody to hear what is said in the order of the master's log";
                findings.stanza("INV-TOTAL-ORDER", entry, passage, expected, &causes);
            }
            None => listener.last = Some(number.max(last.unwrap_or(0))),
        }
    }

    fn no_gap(
        &mut self,
        user: UserId,
        event: usize,
        entry: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let listener = self.listeners.entry(user).or_default();
        let later = listener.waiting.split_off(&event);
        let skipped = std::mem::replace(&mut listener.waiting, later);
        let direct = room.users[user].via.is_none();
        for number in skipped.into_iter().filter(|_| !direct) {
            let causes: Vec<_> = room.log.events[number].entry.into_iter().collect();
            let expected = "everything that was said before this one to be heard before it";
            findings.stanza("INV-GAPLESS", entry, passage, expected, &causes);
        }
    }

    /// What is more than a slave is granted to keep may be missing.
    fn resume(&mut self, slave: usize, granted: usize, room: &Room) {
        for (user, listener) in &mut self.listeners {
            if room.users[*user].slave == Some(slave) {
                while listener.waiting.len() > granted {
                    listener.waiting.pop_first();
                }
                if room.master_lost.is_some() {
                    listener.waiting.clear();
                }
            }
        }
    }
}

/// The events that a message may be a copy of, oldest first.
fn candidates(room: &Room, reading: &Reading<'_>) -> impl Iterator<Item = usize> {
    let nick: Option<NickId> = reading.nick.and_then(|nick| room.known_nick(nick));
    let like = room.log.like(&room.log.id(reading), reading.content);
    like.iter().copied().filter(move |number| room.log.events[*number].nick == nick)
}

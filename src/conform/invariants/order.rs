//! In which order people hear things: INV-FIFO, INV-TOTAL-ORDER, INV-GAPLESS.
//!
//! The order is that of the master's log. A slave that registers lets nothing pass out of it; one
//! that is configured has no numbers, and shows what it missed when it comes.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Findings, Wrong};
use super::room::{Class, Fact, Key, NickId, Passage, Room, Side, SlaveId, Submission, UserId};
use super::steps::{Happening, Step};
use super::words::author;
use super::{Invariant, reading::Reading};
use crate::time::Time;

/// The three of them.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The last of what an author said that became an event, and which.
    logged: BTreeMap<UserId, (usize, usize)>,
    listeners: BTreeMap<UserId, Listener>,
}

/// What somebody has heard in this stay.
#[derive(Debug, Default)]
struct Listener {
    /// Of each author the last that he said, and when it was heard.
    authors: BTreeMap<UserId, (usize, Time)>,
    /// The last event.
    last: Option<usize>,
    /// Through which slave he heard that, if he did.
    via: Option<Option<SlaveId>>,
    /// Events that he has not heard yet.
    waiting: BTreeSet<usize>,
    /// What he heard before it was an event: id and content.
    provisional: BTreeSet<Key>,
}

impl Invariant for Order {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        for fact in facts {
            match fact {
                Fact::Logged(event) => self.logged(step.entry, *event, passage, room, findings),
                Fact::Entered(user) | Fact::Left(user) => {
                    let one = &room.users[*user];
                    let again = one.inside && one.since < room.now;
                    let all = self.listeners.remove(user).filter(|_| again);
                    self.listeners.extend(all.map(|all| (*user, all)));
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

    fn forget(&mut self, _: Time, room: &Room, _: &mut Findings) {
        for listener in self.listeners.values_mut() {
            listener.waiting.retain(|number| room.log.event(*number).is_some());
            listener.provisional.retain(|key| room.log.knows(key));
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
        let Some(event) = room.log.event(number) else { return };
        let origin = room.log.origin(event);
        if let (Some(said), Some(author), false) = (event.said, origin, event.late) {
            let last = self.logged.entry(author.user).or_insert((said, number));
            let (before, then) = *last;
            *last = (*last).max((said, number));
            // What had to wait for a stream was logged before it is told.
            if before > said && !room.log.precedes(number, then) {
                let told = "the master tells all";
                out_of_turn(entry, told, [said, before], passage, room, findings);
            }
        }
        // An event of the run that the master forgot: who heard it then does not hear it again.
        let lost = origin.filter(|said| room.lost_since(said.at));
        let again = lost.is_some_and(|said| said.events.len() > 1);
        // One of before that is told first as history: who was there then is not told by this run.
        let before = lost.is_some() && passage.reading.dmuc.is_some_and(|dmuc| dmuc.history);
        if !event.kept || event.subject || again || before {
            return;
        }
        let key = (event.content, event.id.clone());
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
        // It may show something itself to whom a master that has forgotten it serves.
        let alone = one.slave.is_some_and(|slave| room.slaves[slave].own == Side::Split);
        let listener = self.listeners.entry(user).or_default();
        let Some((event, told)) = event.and_then(|one| Some((one, room.log.event(one)?))) else {
            let key = (reading.content, room.log.id(reading));
            // The master may have it already, from the same author under another nick.
            let like = room.log.like(&key.1, key.0);
            let before = listener.waiting.len();
            listener.waiting.retain(|number| !like.contains(number));
            if listener.waiting.len() == before {
                listener.provisional.insert(key);
            }
            return;
        };
        let numbered = slave.is_none_or(|slave| slave.registers);
        let late = reading.delay.is_some();
        // A slave that asks to be registered tells nothing before it is.
        let asks = |slave: &SlaveId| room.slaves[*slave].asks_to_serve();
        let via = one.via.filter(|slave| late || !asks(slave));
        if late && via.is_some() && listener.via == Some(None) {
            // What a master has told him itself, since it knew no slave, he was not told through
            // one: that tells him now what he has missed before.
            (listener.last, listener.authors) = (None, BTreeMap::new());
        }
        listener.via = Some(via);
        let lost = room.lost_since(told.at);
        // Who asks again for all there is gets it again.
        let past = late && (one.in_burst || one.joins > 1 || reading.stanza.is_subject_change());
        let judged = (numbered || !late) && !lost && !past;
        // What the run has said that the master forgot, and is said again, perhaps under another
        // nick, was heard in its turn then.
        let again = |said: &Submission| said.events.len() > 1 && room.lost_since(said.at);
        let origin = room.log.origin(told).filter(|said| judged && !again(said));
        if let Some((said, author)) = told.said.zip(origin) {
            // A run of the master that is lost may have refused what the next one accepts.
            let before = listener.authors.get(&author.user).copied();
            let before = before.filter(|(_, heard)| !room.lost_since(*heard)).map(|(said, _)| said);
            if let Some(before) = before.filter(|before| *before > said && !alone) {
                let told = format!("{} is told", one.jid);
                out_of_turn(entry, &told, [said, before], passage, room, findings);
            }
            // What a slave has shown by itself may be before what is older.
            if late || !alone {
                listener.authors.insert(author.user, (said.max(before.unwrap_or(0)), room.now));
            }
        }
        let number = listener.next_of(event, reading, room);
        listener.waiting.remove(&number);
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
        self.in_order(user, number, entry, passage, room, findings);
        if numbered && !late {
            self.no_gap(user, number, entry, passage, room, findings);
        }
    }

    fn in_order(
        &mut self,
        user: UserId,
        number: usize,
        entry: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let listener = self.listeners.entry(user).or_default();
        let last = listener.last;
        let is_late = |number: usize| room.log.event(number).is_none_or(|event| event.late);
        let newer = last.filter(|last| room.log.precedes(number, *last));
        match newer.filter(|last| !is_late(*last) && !is_late(number)) {
            Some(last) => {
                let told = |number: usize| room.log.event(number)?.entry;
                let causes: Vec<_> = [number, last].into_iter().filter_map(told).collect();
                let expected = "everybody to hear what is said in the order of the master's log";
                let after = room.log.event(last).and_then(|event| event.nick);
                let words = format!(
                    "{} is told this after what {} said, which the master has sent after it",
                    room.users[user].jid,
                    author(after, room)
                );
                let wrong = Wrong::of(words).because(causes);
                findings.wrong("INV-TOTAL-ORDER", (entry, passage), expected, wrong);
            }
            None => listener.last = newer.or(Some(number)),
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
        let all = std::mem::take(&mut listener.waiting).into_iter();
        let (skipped, later): (Vec<_>, _) = all.partition(|one| room.log.precedes(*one, event));
        listener.waiting.extend(later);
        let direct = room.users[user].via.is_none();
        for number in skipped.into_iter().filter(|_| !direct) {
            let missed = room.log.event(number);
            let words = format!(
                "{} is told this, and was not told before what {} said before it",
                room.users[user].jid,
                author(missed.and_then(|event| event.nick), room)
            );
            let wrong = Wrong::of(words).because(missed.and_then(|event| event.entry));
            let expected = "everything that was said before this one to be heard before it";
            findings.wrong("INV-GAPLESS", (entry, passage), expected, wrong);
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

/// An author is heard to have said the second before the first.
fn out_of_turn(
    entry: usize,
    told: &str,
    said: [usize; 2],
    passage: &Passage<'_>,
    room: &Room,
    findings: &mut Findings,
) {
    let author = room.log.submission(said[0]).map(|said| room.users[said.user].jid.as_str());
    let author = author.unwrap_or("its author");
    let causes = said.into_iter().filter_map(|said| Some(room.log.submission(said)?.entry));
    let words = format!("{author} has sent this before another message, which {told} first");
    let expected = "the messages of one author in the order in which he sent them";
    findings.wrong("INV-FIFO", (entry, passage), expected, Wrong::of(words).because(causes));
}

impl Listener {
    /// Of several events that say the same it is the first that he has not heard; `event` is the
    /// last of them.
    fn next_of(&self, event: usize, reading: &Reading<'_>, room: &Room) -> usize {
        if reading.delay.is_some() {
            return event;
        }
        let waits = |number: &usize| self.waiting.contains(number);
        let new = |number: &usize| self.last.is_none_or(|last| room.log.precedes(last, *number));
        let first = candidates(room, reading).find(waits);
        first.or_else(|| candidates(room, reading).find(new)).unwrap_or(event)
    }
}

/// The events that a message may be a copy of, oldest first.
fn candidates(room: &Room, reading: &Reading<'_>) -> impl Iterator<Item = usize> {
    let nick: Option<NickId> = reading.nick.and_then(|nick| room.known_nick(nick));
    let like = room.log.like(&room.log.id(reading), reading.content);
    let by_him = move |number: &usize| room.log.event(*number).is_some_and(|one| one.nick == nick);
    like.iter().copied().filter(by_him)
}

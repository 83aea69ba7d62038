//! Copies that a slave distributes under the nick of somebody else.
//!
//! Such a copy is known by what it says, which came to the slave at this instant under another
//! nick. That is one fault; it is not missing as well where the right one was to be, nor does it
//! tell anything of whoever has the nick.

use std::sync::Arc;

use super::slave::Print;
use super::{Class, Passage, Room, SlaveId};
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::steps::Step;
use crate::time::Time;

/// What came to slaves at an instant.
#[derive(Debug, Default)]
pub(super) struct Copies {
    at: Time,
    all: Vec<Copy>,
}

/// What came to a slave, to be distributed.
#[derive(Debug)]
struct Copy {
    slave: SlaveId,
    entry: usize,
    nick: String,
    says: Says,
}

/// What users are shown of it beside the nick.
#[derive(Debug)]
struct Says {
    /// The id of a message.
    message: Option<Arc<str>>,
    /// The nick that he is to have from now on.
    new_nick: Option<Box<str>>,
    print: Print,
}

impl Says {
    /// Nothing, if it is nothing that happens.
    fn of(reading: &Reading<'_>, now: Time) -> Option<Self> {
        let said = reading.is_said() && reading.delay.is_none();
        let message = match reading.stanza.id.as_ref().filter(|id| said && !id.is_empty()) {
            Some(id) => Some(id.clone()),
            None if reading.is_presence() => None,
            None => return None,
        };
        let new_nick = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303));
        let new_nick = new_nick.map(Box::from);
        Some(Self { message, new_nick, print: Print::of(reading, 0, now) })
    }

    fn is_like(&self, other: &Self) -> bool {
        self.message == other.message
            && self.new_nick == other.new_nick
            && self.print.content == other.print.content
            && (self.message.is_some() || self.print.looks_like(&other.print))
    }
}

impl Room {
    /// Something comes that may be for a slave to distribute.
    pub(super) fn note_copy(&mut self, step: &Step<'_>, passage: &Passage<'_>) {
        if self.copies.at != step.at {
            self.copies = Copies { at: step.at, all: Vec::new() };
        }
        let (Class::ToSlave(slave), reading) = (passage.class, &passage.reading) else { return };
        let nick = reading.nick.filter(|_| reading.dmuc.is_none_or(|dmuc| dmuc.leave.is_none()));
        if let Some((nick, says)) = nick.zip(Says::of(reading, step.at)) {
            let (nick, entry) = (nick.to_owned(), step.entry);
            self.copies.all.push(Copy { slave, entry, nick, says });
        }
    }

    /// Whose a copy is that leaves for a user at this instant under another nick: his address in
    /// the room, and the entry of what came to the slave.
    pub fn misnamed(&self, passage: &Passage<'_>, now: Time) -> Option<(String, usize)> {
        let (Class::Down(user), reading) = (passage.class, &passage.reading) else { return None };
        if self.copies.at != now || self.copies.all.is_empty() || reading.has(110) {
            return None;
        }
        let reader = &self.users[user];
        // Who enters is told of the others at once.
        if !reader.inside || reader.in_burst || reader.asks.to_be_in() {
            return None;
        }
        let slave = reader.slave?;
        let one = &self.slaves[slave];
        let nick = reading.nick.filter(|_| *passage.hop.from == *one.domain)?;
        let says = Says::of(reading, now)?;
        let came = self.copies.all.iter().filter(|copy| copy.slave == slave);
        let mut like = came.filter(|copy| copy.says.is_like(&says));
        let first = like.next()?;
        if first.nick == nick || like.any(|copy| copy.nick != first.nick) {
            return None;
        }
        let known = self.known_nick(nick);
        let told = match &says.message {
            Some(id) => {
                let events = self.log.like(id, reading.content).iter();
                let mut events = events.filter_map(|number| self.log.event(*number));
                events.any(|event| event.nick == known)
            }
            None => known.and_then(|nick| one.store.get(&nick)).is_some_and(|stored| {
                stored.recent.iter().any(|print| print.looks_like(&says.print))
            }),
        };
        // One that registers may know its own users by other nicks than the master.
        let is_local = || {
            let mut locals = self.users.iter().filter(|one| one.slave == Some(slave));
            known.is_some_and(|nick| {
                locals.any(|one| one.nick == Some(nick) || one.named.contains(&nick))
            })
        };
        // Nor is it another's farewell if it is one for who has the nick no more, or is told where
        // all there is comes: by that a slave finds out itself whose nick another has got.
        let gone = || {
            let seen = known.filter(|nick| reader.view.contains_key(nick));
            let all = one.told_all == Some(now);
            let given_up = seen.is_some_and(|nick| all || !self.occupants.contains_key(&nick));
            reading.stanza.is_unavailable() && given_up
        };
        if told || (one.registers && (is_local() || gone())) {
            return None;
        }
        Some((format!("{}/{}", self.address, first.nick), first.entry))
    }
}

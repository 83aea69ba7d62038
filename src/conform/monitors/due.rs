//! What came late to a slave, and has to be given to those behind it.

use super::{LATE, is_heeding, words};
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::room::{Passage, Room, Side, SlaveId, UserId};
use crate::stanza::Stanza;
use crate::time::{Duration, Time};

/// What a slave had missed, and has to tell its own.
#[derive(Debug)]
pub(super) struct Due {
    slave: SlaveId,
    event: usize,
    entry: usize,
    at: Time,
    waiting: Vec<UserId>,
    stanza: Stanza,
}

impl Due {
    /// It has come to the slave: those are to have it who were there when it was said.
    pub fn new(
        slave: SlaveId,
        event: usize,
        (entry, passage): (usize, &Passage<'_>),
        room: &Room,
    ) -> Option<Self> {
        let said = room.log.event(event).filter(|said| said.kept)?;
        let waits = |user: &UserId| {
            let one = &room.users[*user];
            let here = one.inside && one.online && one.via == Some(slave);
            here && one.leaving().is_none() && one.since < said.stamp
        };
        let waiting: Vec<_> = (0..room.users.len()).filter(waits).collect();
        let stanza = passage.hop.stanza.clone();
        let due = Self { slave, event, entry, at: room.now, waiting, stanza };
        (!due.waiting.is_empty()).then_some(due)
    }

    /// A user hears something.
    pub fn hear(&mut self, user: UserId, reading: &Reading<'_>, room: &Room) {
        if reading.stanza.is_groupchat() && self.waiting.contains(&user) {
            let like = room.log.like(&room.log.id(reading), reading.content);
            if like.contains(&self.event) {
                self.excuse(user);
            }
        }
    }

    /// This user need not hear it any more.
    pub fn excuse(&mut self, user: UserId) {
        self.waiting.retain(|waiting| *waiting != user);
    }

    /// Whether nothing comes of it any more. A slave may do nothing for its own before it has
    /// found its master itself.
    pub fn is_over(&self, next: Time, room: &Room, findings: &mut Findings) -> bool {
        let one = &room.slaves[self.slave];
        let down = one.lame || one.own == Side::Idle || room.health.is_down(&one.domain);
        if down || one.stopped >= Some(self.at) {
            return true;
        }
        let patience = if room.silent { LATE } else { Duration::default() };
        if !is_heeding(room, self.slave) || next < self.at + patience {
            return false;
        }
        let stays = |user: &&UserId| {
            let one = &room.users[**user];
            one.inside && one.online && one.leaving().is_none()
        };
        let waiting = self.waiting.iter().filter(stays);
        let waiting: Vec<_> = waiting.map(|user| room.users[*user].jid.as_str()).collect();
        let id = "slave.broadcast.each-local-user";
        if waiting.is_empty() {
            findings.kept(id);
        } else {
            let what = format!("{} not given: {}", waiting.join(", "), words(&self.stanza));
            let expected = "every occupant behind a slave to be given what he has missed";
            let event = room.log.event(self.event);
            let said = event.and_then(|event| room.log.origin(event)).map(|said| said.entry);
            let told = event.and_then(|event| event.entry);
            let causes: Vec<_> = said.into_iter().chain(told).collect();
            findings.push(id, &one.domain, self.entry, what, expected, &causes);
        }
        true
    }
}

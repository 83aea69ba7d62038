//! What a slave without numbers cannot pass on does not get lost in silence: its author gets it
//! back, or it is passed on later.

use std::collections::VecDeque;
use std::sync::Arc;

use super::LATE;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Fact, Room, Side, SlaveId, UserId, push_bounded};
use crate::conform::invariants::steps::{Happening, Step};
use crate::time::{Duration, Time};

/// What was said and has come back to slaves.
#[derive(Debug, Default)]
pub(super) struct Returned {
    open: VecDeque<Bounced>,
}

#[derive(Debug)]
struct Bounced {
    slave: SlaveId,
    user: UserId,
    /// What was said, and the id with which it came back.
    said: usize,
    id: Arc<str>,
    at: Time,
    entry: usize,
    /// Since when both ends have one another again.
    together: Option<Time>,
}

impl Invariant for Returned {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        if !self.open.is_empty() {
            self.open.retain_mut(|one| !one.is_over(next, room, findings));
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, _: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        if self.open.is_empty() {
            return;
        }
        let reading = &passage.reading;
        let id = room.log.id(reading);
        let mut open = self.open.iter();
        let done = match passage.class {
            Class::Down(user) if reading.stanza.is_error() => {
                open.position(|one| one.user == user && one.id == id)
            }
            // It is passed on all the same.
            Class::Relay(Some(user)) => open.position(|one| {
                let mut like = room.log.said_like(&id, reading.content);
                one.user == user && like.any(|like| like == one.said)
            }),
            _ => None,
        };
        done.and_then(|place| self.open.remove(place));
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
        for fact in facts {
            if let Fact::Entered(user) | Fact::Left(user) = fact {
                self.open.retain(|one| one.user != *user);
            }
        }
        let Happening::Undeliverable { at, reading } = &step.what else { return };
        let Some(slave) = room.slave_at(at).filter(|slave| !room.slaves[*slave].registers) else {
            return;
        };
        let Some(user) = room.known_user(reading.from) else { return };
        let one = &room.users[user];
        let here = one.inside && one.online && one.via == Some(slave) && !room.slaves[slave].lame;
        if !here || !reading.stanza.is_groupchat() || reading.to != room.address {
            return;
        }
        let id = room.log.id(reading);
        let like = room.log.said_like(&id, reading.content);
        let mut like = like.filter(|number| {
            room.log.submission(*number).is_some_and(|said| {
                said.user == user && said.voiced && !said.returned && said.events.is_empty()
            })
        });
        let said = like.next_back();
        drop(like);
        if let Some(said) = said {
            let (at, entry) = (room.now, step.entry);
            let one = Bounced { slave, user, said, id, at, entry, together: None };
            push_bounded(&mut self.open, one, OPEN_MAX);
        }
    }
}

impl Bounced {
    /// Whether its author has got it back, or does not wait for it any more; or never gets it.
    fn is_over(&mut self, next: Time, room: &Room, findings: &mut Findings) -> bool {
        let (one, author) = (&room.slaves[self.slave], &room.users[self.user]);
        let Some(said) = room.log.submission(self.said) else { return true };
        let gone = !author.inside || !author.online || author.leaving().is_some();
        let stopped = one.lame || one.stopped >= Some(self.at) || room.lost_since(self.at);
        if !said.events.is_empty() || gone || stopped || author.unsure {
            return true;
        }
        if !one.is_together() {
            self.together = None;
            return false;
        }
        let together = *self.together.get_or_insert(room.now);
        let patience = if room.silent { LATE } else { Duration::default() };
        if one.own != Side::Active || next <= together + patience {
            return false;
        }
        let what = format!("what {} has said is neither heard nor returned", author.jid);
        let expected = "every message to become an event or to come back as an error";
        findings.push(
            "LIVE-NO-SILENT-LOSS",
            &one.domain,
            self.entry,
            what,
            expected,
            &[said.entry],
        );
        true
    }
}

/// How much is remembered of what has come back.
const OPEN_MAX: usize = 64;

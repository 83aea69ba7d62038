//! Netjoin with numbers: what was said while a slave was alone becomes an event when it is back,
//! and goes to every slave, and to all behind them.

use std::collections::{BTreeMap, VecDeque};

use super::due::Due;
use super::{is_heeding, is_served, names};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Fact, Passage, Room, SlaveId, push_bounded};
use crate::conform::invariants::steps::{Happening, Step};
use crate::time::Time;
use crate::transcript::Fate;

/// What is told late.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// At this instant, to all.
    told: Vec<Told>,
    /// What is on its way of that, by its entry: slave, event.
    flight: BTreeMap<usize, (SlaveId, usize)>,
    /// What has come to slaves of that, and has to be told by them.
    due: VecDeque<Due>,
}

/// An event that is told late.
#[derive(Debug)]
struct Told {
    event: usize,
    entry: usize,
    /// Who is to be told, and was not.
    waiting: Vec<SlaveId>,
    /// In which entries others were.
    others: Vec<usize>,
}

impl Invariant for Late {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        for told in self.told.drain(..) {
            let missed = told.waiting.iter().filter(|slave| is_served(room, **slave));
            let missed: Vec<_> = missed.map(|slave| room.slaves[*slave].jid.as_str()).collect();
            let id = "master.broadcast.copy-to-each";
            if missed.is_empty() {
                findings.kept(id);
                continue;
            }
            let what = format!("not told what others are told late: {}", names(missed.into_iter()));
            let expected = "what is told late to go to each slave";
            findings.push(id, &room.domain, told.entry, what, expected, &told.others);
        }
        self.due.retain(|due| !due.is_over(next, room, findings));
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, _: &mut Findings) {
        match &step.what {
            Happening::Left(passage) if !self.due.is_empty() => {
                let Class::Down(user) = passage.class else { return };
                self.due.iter_mut().for_each(|due| due.hear(user, &passage.reading, room));
            }
            Happening::Came(passage) if !self.flight.is_empty() => {
                let Some((slave, event)) = self.flight.remove(&step.entry) else { return };
                // One that asks to be told everything does not heed it.
                if is_heeding(room, slave) && room.master_lost.is_none() {
                    let due = Due::new(slave, event, (step.entry, passage), room);
                    due.into_iter().for_each(|due| push_bounded(&mut self.due, due, DUE_MAX));
                }
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
        for fact in facts {
            if let Fact::Entered(user) | Fact::Left(user) = fact {
                self.due.iter_mut().for_each(|due| due.excuse(*user));
            }
        }
        let Happening::Left(passage) = &step.what else { return };
        let Some((slave, event)) = late(passage, room).filter(|_| !room.is_stale(passage)) else {
            return;
        };
        let said = room.log.event(event).and_then(|event| room.log.origin(event));
        // Behind the slave of its author they have heard it already, or refuse it.
        let own = said.is_none_or(|said| room.users[said.user].slave == Some(slave));
        if !own && matches!(passage.hop.fate, Fate::Delivered(_)) {
            self.flight.insert(step.entry, (slave, event));
        }
        let known = self.told.iter().position(|told| told.event == event);
        let place = known.unwrap_or_else(|| {
            let to = |slave: &SlaveId| room.slaves[*slave].registers && is_served(room, *slave);
            let waiting = (0..room.slaves.len()).filter(to).collect();
            self.told.push(Told { event, entry: step.entry, waiting, others: Vec::new() });
            self.told.len() - 1
        });
        if let Some(told) = self.told.get_mut(place) {
            told.waiting.retain(|waiting| *waiting != slave);
            told.others.push(step.entry);
        }
    }
}

/// What the master tells a slave late that has not missed it: all are told.
fn late(passage: &Passage<'_>, room: &Room) -> Option<(SlaveId, usize)> {
    let Class::ToSlave(slave) = passage.class else { return None };
    let reading = &passage.reading;
    let told = reading.stanza.is_groupchat() && reading.dmuc.is_some_and(|dmuc| dmuc.backfill);
    if !told || !room.slaves[slave].registers || !is_served(room, slave) {
        return None;
    }
    let nick = reading.nick.and_then(|nick| room.known_nick(nick));
    Some((slave, room.log.event_of(reading, nick, room.now)?))
}

/// How much is remembered of what slaves have to tell.
const DUE_MAX: usize = 256;

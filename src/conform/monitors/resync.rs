//! Netsplit without numbers: what was said while a slave was lost is told to it when it is found,
//! with its stamp, and by it to its own; and of who is there it is told what the others know.

use std::collections::{BTreeMap, VecDeque};

use super::due::Due;
use super::{LATE, is_served};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{
    Class, Fact, NickId, Passage, Privileges, Room, Side, SlaveId, push_bounded,
};
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::Change;
use crate::stanza::{Element, Kind, Type, ns};
use crate::time::{Duration, Time};
use crate::transcript::Fate;

/// What slaves have missed.
#[derive(Debug, Default)]
pub(super) struct Resync {
    missed: BTreeMap<SlaveId, Missed>,
    /// What is on its way of that, by its entry: slave, event.
    told: BTreeMap<usize, (SlaveId, usize)>,
    /// What has come to slaves of that, and has to be told by them.
    due: VecDeque<Due>,
    /// Who is said to be gone at this instant, and is there: slave, nick, entry, since which entry.
    gone: Vec<(SlaveId, NickId, usize, usize)>,
}

/// What a slave was not told of what was said.
#[derive(Debug, Default)]
struct Missed {
    events: VecDeque<usize>,
    /// In which entry the master has taken it for lost, if it has since.
    lost: Option<usize>,
}

impl Invariant for Resync {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        self.due.retain_mut(|due| !due.is_over(next, room, findings));
        for (.., entry, since) in self.gone.drain(..) {
            let what = "he is in the room, as others know".to_owned();
            let expected = "those who are in the room, as they are";
            let host = &room.domain;
            findings.shown().push("master.split.resync", host, entry, what, expected, &[since]);
        }
        self.missed.retain(|slave, missed| !missed.is_over(*slave, room, findings));
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Left(passage) => match passage.class {
                Class::ToSlave(slave) if passage.reading.is_presence() => {
                    self.told_of(slave, (step.entry, passage), room, findings);
                }
                Class::Down(user) if !self.due.is_empty() => {
                    let reading = &passage.reading;
                    self.due.iter_mut().for_each(|due| due.hear(user, reading, room));
                }
                _ => {}
            },
            Happening::Came(passage) => match passage.class {
                Class::Own(slave) => {
                    let stanza = passage.reading.stanza;
                    let well = room.slaves[slave].master != Side::Split;
                    let answers = stanza.kind == Kind::Iq && stanza.type_ == Type::Result;
                    if answers
                        && well
                        && self.missed.get(&slave).is_some_and(|one| one.lost.is_none())
                    {
                        // Nobody notices what was lost before.
                        self.missed.remove(&slave);
                    }
                }
                Class::ToSlave(_) => {
                    if let Some((slave, event)) = self.told.remove(&step.entry) {
                        let due = Due::new(slave, event, (step.entry, passage), room);
                        due.into_iter().for_each(|due| push_bounded(&mut self.due, due, DUE_MAX));
                    }
                }
                _ => {}
            },
            // It is told everything anew.
            Happening::Note(note) if note.change == Change::Created => {
                let slave = room.slave_of(note.about.as_str());
                slave.and_then(|slave| self.missed.remove(&slave));
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        for fact in facts {
            match fact {
                Fact::Entered(user) | Fact::Left(user) => {
                    self.due.iter_mut().for_each(|due| due.excuse(*user));
                }
                Fact::Logged(event) if room.log.is_news(*event) => self.said(*event, room),
                _ => {}
            }
        }
        match &step.what {
            Happening::Left(passage) => {
                let Class::ToSlave(slave) = passage.class else { return };
                self.sent(slave, (step.entry, passage), facts, room, findings);
            }
            Happening::Undeliverable { at, reading } if **at == *room.domain => {
                let slave = room.slave_of(reading.to);
                let slave = slave.filter(|slave| !room.slaves[*slave].registers);
                let nick = reading.nick.and_then(|nick| room.known_nick(nick));
                if let Some(slave) = slave.filter(|_| reading.stanza.is_groupchat())
                    && let Some(event) = room.log.event_of(reading, nick, room.now)
                {
                    self.missed.entry(slave).or_default().push(event);
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self, _: Time, room: &Room, _: &mut Findings) {
        let known = |event: &usize| room.log.event(*event).is_some();
        self.missed.values_mut().for_each(|missed| missed.events.retain(known));
    }
}

impl Resync {
    /// Something new is said, of which a lost slave is told nothing.
    fn said(&mut self, event: usize, room: &Room) {
        for (slave, one) in room.slaves.iter().enumerate() {
            if one.master == Side::Split && !one.registers {
                self.missed.entry(slave).or_default().push(event);
            }
        }
    }

    /// The master sends a slave what was said.
    fn sent(
        &mut self,
        slave: SlaveId,
        here: (usize, &Passage<'_>),
        facts: &[Fact],
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &here.1.reading;
        if room.slaves[slave].registers || !reading.stanza.is_groupchat() {
            return;
        }
        let comes = matches!(here.1.hop.fate, Fate::Delivered(_));
        let new = facts.iter().find_map(|fact| restamped(here, fact, room, findings));
        if comes && !self.missed.contains_key(&slave) {
            return;
        }
        let nick = reading.nick.and_then(|nick| room.known_nick(nick));
        let event = new.or_else(|| room.log.event_of(reading, nick, room.now));
        let Some(event) = event else { return };
        let missed = self.missed.entry(slave).or_default();
        if !comes {
            missed.push(event);
        } else if missed.take(event) {
            findings.kept("master.split.resync");
            self.told.insert(here.0, (slave, event));
        }
    }

    /// Of who is there a slave that is found is told what the others know.
    fn told_of(
        &mut self,
        slave: SlaveId,
        here: (usize, &Passage<'_>),
        room: &Room,
        findings: &mut Findings,
    ) {
        let one = &room.slaves[slave];
        let sure = !room.silent && room.master_lost.is_none();
        if one.registers || !sure || !room.is_syncing(slave) {
            return;
        }
        let reading = &here.1.reading;
        let dmuc = reading.dmuc.unwrap_or_default();
        let others = (0..room.slaves.len()).any(|other| other != slave && is_served(room, other));
        let Some(nick) = reading.nick.filter(|_| others) else { return };
        if dmuc.leave.is_some() || reading.has(303) || room.hides(reading) {
            return;
        }
        let (id, expected) = ("master.split.resync", "those who are in the room, as they are");
        let known = room.known_nick(nick);
        let holder = known.and_then(|nick| room.occupants.get(&nick));
        let doubtful = known.is_some_and(|nick| room.doubtful.contains(&nick));
        let Some(holder) = holder.filter(|_| !doubtful) else {
            if reading.stanza.is_available() && !doubtful {
                let wrong = Wrong::of(format!("nobody is in the room as {nick}, as others know"));
                findings.wrong(id, here, expected, wrong);
            }
            return;
        };
        let nick = known.unwrap_or_default();
        if !reading.stanza.is_available() {
            return self.gone.push((slave, nick, here.0, holder.entry));
        }
        if dmuc.enter.is_none() {
            self.gone.retain(|(told, gone, ..)| (*told, *gone) != (slave, nick));
        }
        let (says, knows) = (Privileges::of(reading), holder.privileges);
        let away = reading.stanza.payload("show", ns::CLIENT).is_some_and(is_away);
        // What he was like before the record began need not be known.
        let otherwise = holder.entry > 0 && reading.content != holder.content;
        let wrong = match says {
            Some(says) if says != knows => format!("it says {says}, and others know {knows}"),
            // An ENTER need not show him; and who is lost may be shown as away.
            Some(_) if otherwise && dmuc.enter.is_none() && !away => {
                "it shows him otherwise than others were told".into()
            }
            _ => return,
        };
        findings.wrong(id, here, expected, Wrong::of(wrong).because([holder.entry]));
    }
}

impl Missed {
    fn push(&mut self, event: usize) {
        if !self.events.contains(&event) {
            push_bounded(&mut self.events, event, MISSED_MAX);
        }
    }

    /// It is told of this; whether it had missed it.
    fn take(&mut self, event: usize) -> bool {
        let place = self.events.iter().position(|missed| *missed == event);
        place.and_then(|place| self.events.remove(place)).is_some()
    }

    /// Whether the slave was told all of it, or cannot be any more.
    fn is_over(&mut self, slave: SlaveId, room: &Room, findings: &mut Findings) -> bool {
        let one = &room.slaves[slave];
        self.lost = self.lost.or(one.lost_master);
        if room.master_lost.is_some() || one.master == Side::Idle {
            return true;
        }
        let patience = if room.silent { LATE } else { Duration::default() };
        let there = one.master == Side::Active && room.now >= one.synced + patience;
        if !there || self.lost.is_none() || !room.health.carries(&room.domain, &one.domain) {
            return false;
        }
        let events = self.events.iter().filter_map(|event| room.log.event(*event));
        for event in events.filter(|event| event.kept && !event.stray) {
            let what = format!("{} is not told what was said while it was lost", one.jid);
            let expected = "all that it has missed, for a slave that is found again";
            let entry = event.entry.unwrap_or(room.last);
            let causes: Vec<_> = self.lost.into_iter().collect();
            findings.push("master.split.resync", &room.domain, entry, what, expected, &causes);
        }
        true
    }
}

/// What a slave is told late was told to others with another stamp: as which event.
fn restamped(
    here: (usize, &Passage<'_>),
    fact: &Fact,
    room: &Room,
    findings: &mut Findings,
) -> Option<usize> {
    let Fact::Logged(number) = fact else { return None };
    let event = room.log.event(*number).filter(|event| event.late && event.exact)?;
    let mut others = room.log.origin(event)?.events.iter().filter(|other| *other != number);
    let told = |other: &usize| room.log.event(*other).is_some_and(|one| one.exact && !one.stray);
    let other = others.find(|other| told(other)).copied()?;
    let known = room.log.event(other)?;
    let expected = format!("the stamp {}, as others were told", known.stamp);
    let wrong = Wrong::of(format!("its stamp is {}", event.stamp)).because(known.entry);
    findings.wrong("INV-STAMP", here, &expected, wrong);
    Some(other)
}

fn is_away(show: &Element) -> bool {
    matches!(show.text().as_str(), "away" | "xa")
}

/// How much is remembered of what a slave misses.
const MISSED_MAX: usize = 64;

/// And of what slaves have to tell.
const DUE_MAX: usize = 256;

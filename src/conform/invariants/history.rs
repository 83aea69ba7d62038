//! What was said, and when: INV-HISTORY-TRUE, INV-STAMP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{Class, Event, Fact, Passage, Room, Side, SlaveId, UserId};
use super::steps::{Happening, Step};
use super::words::author;
use crate::time::{Duration, Time};

/// Both of them.
#[derive(Debug, Default)]
pub(super) struct History {
    /// What came to each slave last as what it had missed, and in which entry.
    missed: BTreeMap<Heard, usize>,
    /// What came to slaves live at this instant.
    live: (Time, BTreeSet<Heard>),
    /// What a master that serves them itself has told users so.
    direct: (Time, BTreeSet<(UserId, Arc<str>, u64)>),
}

/// To whom a message came, its id and its content.
type Heard = (SlaveId, Arc<str>, u64);

impl Invariant for History {
    fn before(&mut self, step: &Step<'_>, room: &Room, _: &mut Findings) {
        let Happening::Came(passage) = &step.what else { return };
        let reading = &passage.reading;
        if let (Class::ToUser(Some(user)), None) = (passage.class, reading.delay)
            && reading.is_said()
        {
            if self.direct.0 != step.at {
                self.direct = (step.at, BTreeSet::new());
            }
            self.direct.1.insert((user, room.log.id(reading), reading.content));
        }
        let Class::ToSlave(slave) = passage.class else { return };
        if reading.is_said() {
            let key = (slave, room.log.id(reading), reading.content);
            if reading.dmuc.is_some_and(|dmuc| dmuc.backfill) {
                self.missed.insert(key, step.entry);
                return;
            }
            self.missed.remove(&key);
            if self.live.0 != step.at {
                self.live = (step.at, BTreeSet::new());
            }
            self.live.1.insert(key);
        }
    }

    fn forget(&mut self, _: Time, room: &Room, _: &mut Findings) {
        self.missed.retain(|(_, id, content), _| room.log.knows(&(*content, id.clone())));
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        for fact in facts {
            match fact {
                Fact::Heard { event: None } if is_past(passage) => {
                    heard(step.entry, passage, room, findings);
                }
                Fact::Heard { event: Some(event) } if passage.reading.delay.is_none() => {
                    self.as_live(step.entry, *event, passage, room, findings);
                }
                Fact::Logged(event) => {
                    let Some(event) = room.log.event(*event) else { continue };
                    if event.late && event.said.is_none() && event.nick.is_some() {
                        let expected = "history that was once said, with its stamp";
                        let words = format!(
                            "{} has said nothing like it, as far as the record tells",
                            author(event.nick, room)
                        );
                        let (id, here) = ("INV-HISTORY-TRUE", (step.entry, *passage));
                        findings.wrong(id, here, expected, Wrong::of(words));
                    } else {
                        stamped(step.entry, event, passage, room, findings);
                    }
                }
                _ => {}
            }
        }
    }
}

impl History {
    /// What a slave had missed is shown with the time at which it was said.
    fn as_live(
        &self,
        entry: usize,
        event: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (Class::Down(user), reading) = (passage.class, &passage.reading) else { return };
        let Some((slave, event)) = room.users[user].slave.zip(room.log.event(event)) else {
            return;
        };
        let key = (slave, room.log.id(reading), reading.content);
        let direct = (user, key.1.clone(), key.2);
        let live = self.live.0 == room.now && self.live.1.contains(&key);
        let live = live || (self.direct.0 == room.now && self.direct.1.contains(&direct));
        if let Some(came) = self.missed.get(&key).filter(|_| !live) {
            let expected = format!("the stamp {}, as it is told late", event.stamp);
            let slave = &room.slaves[slave].jid;
            let words =
                format!("there is no delay in it, and {slave} was told of it as it had missed it");
            let wrong = Wrong::of(words).because([*came]);
            findings.wrong("INV-STAMP", (entry, passage), &expected, wrong);
        }
    }
}

fn is_past(passage: &Passage<'_>) -> bool {
    passage.reading.delay.is_some() && passage.reading.is_said()
}

/// Somebody is told of the past what the master has not in its log. A slave may have it from one of
/// its own users, while it is without the master.
fn heard(entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
    let Class::Down(user) = passage.class else { return };
    let slave = room.users[user].slave;
    let id = room.log.id(&passage.reading);
    let mut said = room.log.said_like(&id, passage.reading.content);
    let alone = slave.is_some_and(|slave| room.slaves[slave].own != Side::Active);
    let own = said.any(|said| {
        let author = room.log.submission(said).map(|said| &room.users[said.user]);
        author.is_some_and(|author| author.slave == slave)
    });
    if !alone || !own {
        let expected = "history that was once said, with its stamp";
        let (reading, jid) = (&passage.reading, &room.users[user].jid);
        let nick = reading.nick.unwrap_or("the room");
        let stamp = reading.delay.unwrap_or_default();
        let words = format!(
            "{jid} is told that {nick} said it at {stamp}; the master tells of no message like it \
             of that time"
        );
        findings.wrong("INV-HISTORY-TRUE", (entry, passage), expected, Wrong::of(words));
    }
}

/// The stamp is when the master received a message; of a late one, when it was said, as far as that
/// can be true.
fn stamped(
    entry: usize,
    event: &Event,
    passage: &Passage<'_>,
    room: &Room,
    findings: &mut Findings,
) {
    let Some(said) = room.log.origin(event).filter(|_| event.exact) else { return };
    let dmuc = passage.reading.dmuc.unwrap_or_default();
    if !event.late {
        let Some(came) = said.came else { return };
        let least = came.min(said.at + room.clock) - room.clock;
        if event.stamp < least || event.stamp > came + CLOSE + room.clock {
            let expected = format!("the stamp {came}, when the master received it");
            let words = format!("its stamp is {}", event.stamp);
            let wrong = Wrong::of(words).because([said.entry]);
            findings.wrong("INV-STAMP", (entry, passage), &expected, wrong);
        }
    } else if dmuc.backfill {
        let slave = room.users[said.user].slave.map(|slave| &room.slaves[slave]);
        let alive = slave.and_then(|slave| slave.alive);
        let least = alive.map(|alive| alive - room.round_trip);
        // What came before that, live or late, was only told late.
        let least = least.and_then(|least| Some(least.min(said.least?)));
        let early = least.is_some_and(|least| event.stamp < least - room.clock);
        if event.stamp > room.now + CLOSE + room.clock || early {
            let expected = "a stamp between the slave's last proof of life and now";
            let words = match alive.filter(|_| early) {
                Some(alive) => format!(
                    "it is said to be of {}, when its slave was not split yet: it was heard at {alive}",
                    event.stamp
                ),
                None => format!("it is said to be of {}, which is later than now", event.stamp),
            };
            let wrong = Wrong::of(words).because([said.entry]);
            findings.wrong("INV-STAMP", (entry, passage), expected, wrong);
        }
    }
}

/// No two stamps of a room are equal; so some are a little later than the clock.
const CLOSE: Duration = Duration::from_millis(1);

//! What a slave is told when it comes (back) is no more than has to be: LIVE-SYNC-TERMINATES,
//! COST-STORE.

use std::collections::BTreeMap;

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::reading::Reading;
use super::room::{Class, Fact, Passage, Room, SlaveId, accepted};
use super::steps::{Happening, Step};
use crate::stanza::{Kind, ns};
use crate::time::Time;

/// What is being told to each slave.
#[derive(Debug, Default)]
pub(super) struct Syncs {
    /// How often each slave was brought up to date in vain, and since when.
    attempts: BTreeMap<SlaveId, (usize, Time)>,
    down: BTreeMap<SlaveId, Down>,
    /// What users of each slave have sent since it was last in order with the master.
    asked: BTreeMap<SlaveId, usize>,
    /// What has gone up since the slave was accepted.
    up: BTreeMap<SlaveId, usize>,
    /// History told at one instant to slaves without numbers.
    stored: BTreeMap<SlaveId, Stored>,
}

/// History that a slave without numbers is sent at one instant.
#[derive(Debug)]
struct Stored {
    at: Time,
    first: usize,
    count: usize,
}

#[derive(Debug)]
struct Down {
    /// The entry in which it began.
    entry: usize,
    sent: usize,
    history: usize,
    most: usize,
    granted: usize,
}

impl Invariant for Syncs {
    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Left(passage) => match passage.class {
                Class::ToSlave(slave) => self.down(slave, step, passage, room, findings),
                Class::Up(user) => {
                    if let Some(slave) = room.users[user].slave {
                        *self.asked.entry(slave).or_default() += 1;
                    }
                }
                Class::Relay(Some(user)) if is_request(&passage.reading) => {
                    let up = room.users[user].slave.and_then(|slave| self.up.get_mut(&slave));
                    up.into_iter().for_each(|up| *up += 1);
                }
                Class::Own(slave) => self.up(slave, step, passage, room, findings),
                _ => {}
            },
            Happening::Came(passage) => {
                if let Class::ToSlave(slave) = passage.class
                    && accepted(&passage.reading).is_some()
                {
                    self.up.insert(slave, 0);
                }
            }
            _ => {}
        }
    }
}

impl Syncs {
    fn down(
        &mut self,
        slave: SlaveId,
        step: &Step<'_>,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &passage.reading;
        if let Some(accept) = accepted(reading) {
            let one = &room.slaves[slave];
            let listed = one.registering.map_or(0, |(_, listed)| listed);
            let granted = accept.history.maxstanzas as usize;
            let most = room.occupants.len() + listed + granted + one.departures + FRAME;
            let down = Down { entry: step.entry, sent: 1, history: 0, most, granted };
            let again = self.down.insert(slave, down);
            self.begun(slave, again.is_some(), step.entry, passage, room, findings);
            return;
        }
        let dmuc = reading.dmuc.unwrap_or_default();
        let is_history =
            dmuc.history && dmuc.enter.is_none() && !reading.stanza.is_subject_change();
        if let Some(down) = self.down.get_mut(&slave) {
            down.sent += usize::from(reading.stanza.kind != Kind::Iq);
            down.history += usize::from(is_history);
            if down.history > down.granted && is_history {
                let (count, most) = (down.history, down.granted);
                too_much((step.entry, passage), [count, most], down.entry, findings);
            }
            if dmuc.synced {
                if down.sent > down.most {
                    let expected = format!("at most {} stanzas to bring it up to date", down.most);
                    let words = format!(
                        "{} was sent {} stanzas since it was accepted",
                        room.slaves[slave].jid, down.sent
                    );
                    let wrong = Wrong::of(words).because([down.entry]);
                    let id = "LIVE-SYNC-TERMINATES";
                    findings.wrong(id, (step.entry, passage), &expected, wrong);
                }
                self.down.remove(&slave);
            }
        } else if is_history {
            let begin = Stored { at: step.at, first: step.entry, count: 0 };
            let before = self.stored.remove(&slave).filter(|one| one.at == step.at);
            let stored = before.unwrap_or(begin);
            let stored = Stored { count: stored.count + 1, ..stored };
            let most = room.slaves[slave].history_max;
            if stored.count > most {
                let here = (step.entry, passage);
                too_much(here, [stored.count, most], stored.first, findings);
            }
            self.stored.insert(slave, stored);
        }
    }

    /// A netjoin begins, although the last one has not ended.
    fn begun(
        &mut self,
        slave: SlaveId,
        again: bool,
        entry: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (attempts, since) = self.attempts.entry(slave).or_insert((0, room.now));
        if !again || room.health.changed >= *since {
            (*attempts, *since) = (0, room.now);
        }
        *attempts += 1;
        if *attempts == ATTEMPTS_MAX {
            let expected = "an end of a netjoin that nothing disturbs";
            let words = format!(
                "{} is accepted for the {ATTEMPTS_MAX}rd time since {}, and was never told that \
                 it knows all",
                room.slaves[slave].jid,
                since.time_of_day()
            );
            findings.wrong("LIVE-SYNC-TERMINATES", (entry, passage), expected, Wrong::of(words));
        }
    }

    /// Late stanzas end with the slave's own word that these were all.
    fn up(
        &mut self,
        slave: SlaveId,
        step: &Step<'_>,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        if !passage.reading.stanza.has_payload("synced", ns::SLAVE) {
            return;
        }
        let asked = self.asked.remove(&slave).unwrap_or_default();
        let local = room.users.iter().filter(|user| user.slave == Some(slave)).count();
        if let Some(sent) = self.up.remove(&slave).filter(|sent| *sent > local + asked + 2) {
            let expected = format!("at most {} late stanzas", local + asked + 2);
            let slave = &room.slaves[slave].jid;
            let words = format!("{slave} has sent {sent} since it was accepted");
            let here = (step.entry, passage);
            findings.wrong("LIVE-SYNC-TERMINATES", here, &expected, Wrong::of(words));
        }
        // If it is not answered, they come again.
        self.asked.insert(slave, asked);
    }
}

/// Whether this counts as late: what a server answers of its own accord does not.
fn is_request(reading: &Reading<'_>) -> bool {
    match reading.stanza.kind {
        Kind::Presence => !reading.stanza.is_error(),
        Kind::Message => reading.stanza.is_groupchat(),
        Kind::Iq => reading.stanza.is_request(),
    }
}

fn too_much(
    here: (usize, &Passage<'_>),
    [count, most]: [usize; 2],
    first: usize,
    findings: &mut Findings,
) {
    let expected = "no more history than the slave stores";
    let to = here.1.reading.to;
    let words = format!("it is message {count} of the history for {to}, which stores {most}");
    findings.wrong("COST-STORE", here, expected, Wrong::of(words).because([first]));
}

/// So many netjoins without a fault and without an end are no accident.
const ATTEMPTS_MAX: usize = 3;

/// The answer, the subject, the end, and one for good measure.
const FRAME: usize = 4;

//! What is said is heard: LIVE-DELIVER, LIVE-NO-SILENT-LOSS.

mod overdue;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rustc_hash::FxHashSet;

use self::overdue::{Overdue, Queue};
use super::Invariant;
use super::findings::Findings;
use super::reading::Reading;
use super::room::{Class, Event, Fact, Key, Room, SlaveId, Submission, UserId};
use super::steps::{Happening, Step};
use crate::time::{Duration, Time};
use crate::transcript::Fate;

/// Who has heard what.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// What is on its way to whom.
    under_way: VecDeque<UnderWay>,
    /// What was not heard in time, and may yet be.
    overdue: Queue,
    /// What everybody has heard in this stay: id and content.
    heard: BTreeMap<UserId, FxHashSet<Key>>,
    /// How much of what was said is judged already.
    judged: usize,
    /// Slaves without numbers towards which something was lost: nobody promises that they notice.
    unsure: BTreeSet<usize>,
}

#[derive(Debug)]
struct UnderWay {
    event: usize,
    at: Time,
    until: Time,
    users: Vec<UserId>,
    /// To which slaves the master has sent it, and in which entries.
    copies: Vec<(SlaveId, usize)>,
}

impl Invariant for Delivery {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        while let Some(one) = self.under_way.pop_front_if(|one| one.until < next) {
            let Some(event) = room.log.event(one.event).filter(|event| !event.stray) else {
                continue;
            };
            if room.health.troubled >= one.at || !room.health.is_well() {
                continue;
            }
            for (user, waiting) in one.users.iter().map(|user| (*user, &room.users[*user])) {
                if waiting.inside && waiting.leaving().is_none() && !waiting.dismissed {
                    // Whoever was given it, and did not hand it on.
                    let copy = one.copies.iter().find(|(slave, _)| Some(*slave) == waiting.via);
                    let (host, entry) = match copy {
                        Some((slave, entry)) => (&room.slaves[*slave].domain, *entry),
                        None => (&room.domain, event.entry.unwrap_or_default()),
                    };
                    let key = (event.content, event.id.clone());
                    let (host, since) = (host.clone(), one.until);
                    self.overdue.push(Overdue { key, user, host, entry, since });
                }
            }
        }
        // At the end of the record nothing is next.
        let ended = next <= room.now;
        let settling = room.settling();
        while let Some(one) = self.overdue.pop_if(|one| ended || one.since + settling < next) {
            one.judge(None, room, findings);
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        if let (Class::ToSlave(slave), Fate::Lost) = (passage.class, passage.hop.fate) {
            self.unsure.insert(slave);
        }
        let reading = &passage.reading;
        for fact in facts {
            match fact {
                Fact::Logged(event) if room.log.is_news(*event) => {
                    self.expect(*event, step.at, room);
                }
                Fact::Heard { .. } => {
                    let Class::Down(user) = passage.class else { continue };
                    let key = (reading.content, room.log.id(reading));
                    let mut under_way = self.under_way.iter_mut();
                    let same = under_way.find(|one| {
                        let is_it = |event: &Event| {
                            (event.content, &event.id) == (key.0, &key.1) && !event.stray
                        };
                        room.log.event(one.event).is_some_and(is_it) && one.users.contains(&user)
                    });
                    if let Some(one) = same {
                        one.users.retain(|waiting| *waiting != user);
                    }
                    let late = self.overdue.take(user, |one| one.key == key);
                    late.iter().for_each(|one| one.judge(Some(step.entry), room, findings));
                    self.heard.entry(user).or_default().insert(key);
                }
                Fact::Entered(user) | Fact::Left(user) => {
                    let one = &room.users[*user];
                    let again = one.inside && one.since < room.now;
                    if !again {
                        self.heard.remove(user);
                        let never = self.overdue.take(*user, |_| true);
                        never.iter().for_each(|one| one.judge(None, room, findings));
                        self.under_way.iter_mut().for_each(|one| one.users.retain(|u| u != user));
                    }
                }
                _ => {}
            }
        }
        if let Class::ToSlave(slave) = passage.class
            && reading.stanza.is_groupchat()
            && !self.under_way.is_empty()
        {
            self.sent(slave, step.entry, reading, room);
        }
    }

    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        self.judge_before(room.now - room.settling(), room, findings);
    }

    fn forget(&mut self, horizon: Time, room: &Room, findings: &mut Findings) {
        self.judge_before(horizon, room, findings);
        for heard in self.heard.values_mut() {
            heard.retain(|key| room.log.knows(key));
        }
    }
}

impl Delivery {
    /// The master sends a copy to a slave.
    fn sent(&mut self, slave: SlaveId, entry: usize, reading: &Reading<'_>, room: &Room) {
        let (content, id) = (reading.content, room.log.id(reading));
        let same = self.under_way.iter_mut().find(|one| {
            let event = room.log.event(one.event);
            event.is_some_and(|event| {
                (event.content, &event.id, event.stray) == (content, &id, false)
            }) && !one.copies.iter().any(|(told, _)| *told == slave)
        });
        if let Some(one) = same {
            one.copies.push((slave, entry));
        }
    }

    /// What was said before this instant has become what it will become.
    fn judge_before(&mut self, instant: Time, room: &Room, findings: &mut Findings) {
        let said = room.log.submissions_since(self.judged);
        for (number, said) in said.take_while(|(_, said)| said.at < instant) {
            self.judge(said, room, findings);
            self.judged = number + 1;
        }
    }

    fn expect(&mut self, event: usize, now: Time, room: &Room) {
        if !room.health.is_smooth() {
            return;
        }
        let served = |user: &UserId| {
            let one = &room.users[*user];
            let via = match one.via {
                Some(slave) => room.slaves[slave].is_together(),
                None => room.serves(*user) && is_reached(room, &one.domain),
            };
            let stays = one.inside && one.leaving().is_none();
            stays && via && one.online && !one.forgotten && !one.unsure
        };
        let users: Vec<UserId> = (0..room.users.len()).filter(served).collect();
        let until = now + room.round_trip * 3 / 2 + PROCESSING;
        let copies = Vec::new();
        self.under_way.push_back(UnderWay { event, at: now, until, users, copies });
    }

    fn judge(&self, said: &Submission, room: &Room, findings: &mut Findings) {
        let author = &room.users[said.user];
        let stopped = room.lost_since(said.at)
            || author
                .slave
                .is_some_and(|slave| room.slaves[slave].lame || !room.slaves[slave].is_together());
        if !said.voiced || stopped || author.unsure {
            return;
        }
        let stayed = author.inside && author.since <= said.at && author.online;
        let stayed = stayed && !said.unserved && !room.has_left_untold(author);
        if said.events.is_empty() {
            if stayed && !said.returned {
                let what = format!("what {} has said is neither heard nor returned", author.jid);
                let expected = "every message to become an event or to come back as an error";
                let id = "LIVE-NO-SILENT-LOSS";
                findings.push(id, &author.domain, said.entry, what, expected, &[]);
            }
            return;
        }
        for event in said.events.iter().filter_map(|event| room.log.event(*event)) {
            let key = (event.content, event.id.clone());
            for (user, one) in room.users.iter().enumerate() {
                let sure = one.via.is_none_or(|slave| {
                    room.slaves[slave].registers || !self.unsure.contains(&slave)
                });
                let sure = sure && !one.unsure;
                let known = !one.forgotten && one.known < said.at;
                let known = known && !room.has_left_untold(one);
                let there = one.inside && one.since < said.at && known && one.online && sure;
                let heard = self.heard.get(&user).is_some_and(|heard| heard.contains(&key));
                if there && event.kept && !heard {
                    let what = format!("{} was there and never hears it", one.jid);
                    let expected = "what was said to be heard by everybody who was there";
                    let id = "LIVE-NO-SILENT-LOSS";
                    let causes: Vec<_> = event.entry.into_iter().collect();
                    findings.push(id, &room.domain, said.entry, what, expected, &causes);
                }
            }
        }
    }
}

/// Whether what the master sends to this domain goes there at once.
fn is_reached(room: &Room, domain: &str) -> bool {
    *domain == *room.domain || room.health.reaches(&room.domain, domain, room.now)
}

/// What machines may take for themselves; in a simulated run nothing.
const PROCESSING: Duration = Duration::from_millis(1);

//! INV-SAME-COPY: the copies of one event for different slaves differ in their address, in real
//! JIDs and in codes for the subject alone.
//!
//! Copies for slaves that register have a number in common. Those for slaves that are configured
//! leave the master one after the other, and go to each slave once.

use std::collections::BTreeMap;

use super::Invariant;
use super::findings::{Finding, Findings};
use super::reading::{Reading, START, digest, digest_text};
use super::room::{Class, Fact, Passage, Room, SELF_CODES, Side, SlaveId};
use super::steps::{Happening, Step};
use super::words::names;
use crate::stanza::{Element, ns};
use crate::time::Time;

/// What the copies of an event have in common.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// By epoch, as a digest, and number.
    numbered: BTreeMap<(u64, u64), (Common, usize)>,
    /// The event that is being told to slaves that are configured.
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    key: u64,
    /// For whom they are.
    slaves: Vec<SlaveId>,
    /// What the first of them says.
    says: Common,
    entry: usize,
    /// What is wrong with the others, unless they turn out to be of two events.
    wrong: Vec<Finding>,
}

/// What is the same in all copies, part by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Common {
    type_: u64,
    from: u64,
    id: u64,
    /// Privileges and codes.
    user: u64,
    /// The master's stamp.
    stamp: u64,
    said: u64,
}

impl Invariant for Copies {
    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let (Class::ToSlave(slave), reading) = (passage.class, &passage.reading) else {
            return self.close(findings);
        };
        let dmuc = reading.dmuc.unwrap_or_default();
        let is_event = reading.is_presence() || reading.stanza.is_groupchat();
        if !is_event || dmuc.enter.is_some() || dmuc.leave.is_some() || dmuc.state || dmuc.history {
            return self.close(findings);
        }
        let says = Common::of(reading);
        let other = match dmuc.at {
            Some((epoch, seq)) => self.numbered(epoch, seq, says, step.entry),
            None if room.slaves[slave].registers => None,
            None => self.next_of_run(slave, says, (step.entry, passage), room, findings),
        };
        if let Some((other, entry)) = other.filter(|(other, _)| *other != says) {
            let expected =
                "the same for every slave but for the address, real JIDs and codes about oneself";
            let parts = names(says.differs_from(&other));
            let finding = Finding {
                requirement: "INV-SAME-COPY",
                host: passage.hop.from.to_string(),
                entry: step.entry,
                what: format!("it differs from the copy for another slave in {parts}"),
                expected: expected.to_owned(),
                causes: vec![entry],
            };
            match self.run.as_mut().filter(|_| dmuc.at.is_none()) {
                Some(run) => run.wrong.push(finding),
                None => tell(finding, findings),
            }
        }
    }

    fn pass(&mut self, _: Time, _: &Room, findings: &mut Findings) {
        self.close(findings);
    }
}

fn tell(finding: Finding, findings: &mut Findings) {
    let Finding { requirement, host, entry, what, expected, causes } = finding;
    findings.push(requirement, &host, entry, what, &expected, &causes);
}

impl Copies {
    /// No more copies of an event come.
    fn close(&mut self, findings: &mut Findings) {
        let wrong = self.run.take().map(|run| run.wrong);
        wrong.into_iter().flatten().for_each(|one| tell(one, findings));
    }

    /// Another copy of the event with this number.
    fn numbered(
        &mut self,
        epoch: &str,
        seq: u64,
        says: Common,
        entry: usize,
    ) -> Option<(Common, usize)> {
        if self.numbered.len() > NUMBERED_MAX {
            self.numbered.pop_first();
        }
        let key = (digest_text(START, epoch), seq);
        Some(*self.numbered.entry(key).or_insert((says, entry)))
    }

    /// The copy before this one, if it is of the same event.
    fn next_of_run(
        &mut self,
        slave: SlaveId,
        says: Common,
        (entry, passage): (usize, &Passage<'_>),
        room: &Room,
        findings: &mut Findings,
    ) -> Option<(Common, usize)> {
        let (telling, reading) = (&room.slaves[slave], &passage.reading);
        let key = digest_text(digest_text(START, reading.from), reading.id());
        let key = key ^ u64::from(reading.stanza.is_available()) ^ reading.stanza.kind as u64;
        // What has waited for a stream is not told to one after the other.
        let syncs = telling.master != Side::Active || telling.synced == room.now;
        if syncs || room.is_stale(passage) {
            // Whoever is told all there is at this instant may be told this beside the others.
            if !syncs || self.run.as_ref().is_none_or(|run| run.key != key) {
                self.close(findings);
            }
            return None;
        }
        if let Some(run) = self.run.as_mut().filter(|run| run.key == key) {
            if !run.slaves.contains(&slave) {
                run.slaves.push(slave);
                return Some((run.says, run.entry));
            }
            // It is told twice of what looks alike: which of the others belong to which, nobody
            // knows.
            run.wrong.clear();
        }
        self.close(findings);
        self.run = Some(Run { key, slaves: vec![slave], says, entry, wrong: Vec::new() });
        None
    }
}

impl Common {
    fn of(reading: &Reading<'_>) -> Self {
        let stanza = reading.stanza;
        let kind = digest_text(START, stanza.kind.name());
        let mut all = Self {
            type_: digest_text(kind, &format!("{:?}", stanza.type_)),
            from: digest_text(START, reading.from),
            id: digest_text(START, reading.id()),
            user: START,
            stamp: START,
            said: START,
        };
        for payload in stanza.payloads.iter() {
            if payload.is("x", ns::MUC_USER) {
                all.user = common_x(all.user, payload);
            } else if ns::is_dmuc(payload) {
                for delay in payload.children().filter(|child| child.is("delay", ns::DELAY)) {
                    all.stamp = digest(all.stamp, delay);
                }
            } else {
                all.said = digest(all.said, payload);
            }
        }
        all
    }

    /// In which parts another copy says something else.
    fn differs_from(&self, other: &Self) -> impl Iterator<Item = &'static str> {
        [
            (self.type_ != other.type_, "its type"),
            (self.from != other.from, "its sender"),
            (self.id != other.id, "its id"),
            (self.user != other.user, "what is said of the occupant (muc#user)"),
            (self.stamp != other.stamp, "the master's stamp"),
            (self.said != other.said, "what the occupant says"),
        ]
        .into_iter()
        .filter_map(|(differs, part)| differs.then_some(part))
    }
}

fn common_x(mut all: u64, x: &Element) -> u64 {
    let mut items = Vec::new();
    for child in x.children() {
        let code = child.attr("code").and_then(|code| code.parse().ok());
        if code.is_some_and(|code: u16| SELF_CODES.contains(&code)) {
            continue;
        }
        if child.name() == "item" {
            // One for each session, where their JIDs are shown.
            let mut one = ["affiliation", "role", "nick"]
                .into_iter()
                .fold(START, |all, name| digest_text(all, child.attr(name).unwrap_or("")));
            for inner in child.children() {
                one = match inner.name() {
                    "actor" => digest_text(one, inner.attr("nick").unwrap_or("")),
                    _ => digest(one, inner),
                };
            }
            if !items.contains(&one) {
                items.push(one);
                all = all.rotate_left(1) ^ one;
            }
        } else {
            all = digest(all, child);
        }
    }
    all
}

/// How many events are remembered; their copies leave at one instant.
const NUMBERED_MAX: usize = 1_024;

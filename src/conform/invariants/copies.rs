//! INV-SAME-COPY: the copies of one event for different slaves differ in their address, in real
//! JIDs and in codes for the subject alone.
//!
//! Copies for slaves that register have a number in common. Those for slaves that are configured
//! leave the master one after the other, in the order of the slaves.

use std::collections::BTreeMap;

use super::Invariant;
use super::findings::Findings;
use super::reading::{Reading, START, digest, digest_text};
use super::room::{Class, Fact, Passage, Room, SELF_CODES, Side, SlaveId};
use super::steps::{Happening, Step};
use crate::stanza::{Element, ns};
use crate::time::Time;

/// What the copies of an event have in common.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// By epoch, as a digest, and number.
    numbered: BTreeMap<(u64, u64), (u64, usize)>,
    /// The event that is being told to slaves that are configured.
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    at: Time,
    key: u64,
    slave: SlaveId,
    digest: u64,
    entry: usize,
}

impl Invariant for Copies {
    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let (Class::ToSlave(slave), reading) = (passage.class, &passage.reading) else {
            self.run = None;
            return;
        };
        let dmuc = reading.dmuc.unwrap_or_default();
        let is_event = reading.is_presence() || reading.stanza.is_groupchat();
        if !is_event || dmuc.enter.is_some() || dmuc.leave.is_some() || dmuc.state || dmuc.history {
            self.run = None;
            return;
        }
        let same = common(reading);
        let other = match dmuc.at {
            Some((epoch, seq)) => self.numbered(epoch, seq, same, step.entry),
            None if room.slaves[slave].registers => None,
            None => self.next_of_run(slave, same, step, passage, room),
        };
        if let Some(other) = other {
            differ(step.entry, passage, other, findings);
        }
    }
}

impl Copies {
    /// The entry of another copy that says something else.
    fn numbered(&mut self, epoch: &str, seq: u64, same: u64, entry: usize) -> Option<usize> {
        if self.numbered.len() > NUMBERED_MAX {
            self.numbered.pop_first();
        }
        let key = (digest_text(START, epoch), seq);
        let first = *self.numbered.entry(key).or_insert((same, entry));
        (first.0 != same).then_some(first.1)
    }

    fn next_of_run(
        &mut self,
        slave: SlaveId,
        same: u64,
        step: &Step<'_>,
        passage: &Passage<'_>,
        room: &Room,
    ) -> Option<usize> {
        let (telling, reading) = (&room.slaves[slave], &passage.reading);
        // What has waited for a stream is not told to one after the other.
        let syncs = telling.master != Side::Active || telling.synced == room.now;
        if syncs || room.is_stale(passage) {
            self.run = None;
            return None;
        }
        let key = digest_text(digest_text(START, reading.from), reading.id());
        let key = key ^ u64::from(reading.stanza.is_available()) ^ reading.stanza.kind as u64;
        let run = Run { at: step.at, key, slave, digest: same, entry: step.entry };
        match self.run.replace(run) {
            Some(before) if before.at == step.at && before.key == key && before.slave < slave => {
                (before.digest != same).then_some(before.entry)
            }
            _ => None,
        }
    }
}

fn differ(entry: usize, passage: &Passage<'_>, other: usize, findings: &mut Findings) {
    let expected =
        "the same for every slave but for the address, real JIDs and codes about oneself";
    findings.stanza("INV-SAME-COPY", entry, passage, expected, &[other]);
}

/// What is the same in all copies, in one number.
fn common(reading: &Reading<'_>) -> u64 {
    let stanza = reading.stanza;
    let mut all = digest_text(START, stanza.kind.name());
    all = digest_text(all, &format!("{:?}", stanza.type_));
    all = digest_text(all, reading.from);
    all = digest_text(all, reading.id());
    for payload in stanza.payloads.iter() {
        if payload.is("x", ns::MUC_USER) {
            all = common_x(all, payload);
        } else if ns::is_dmuc(payload) {
            for delay in payload.children().filter(|child| child.is("delay", ns::DELAY)) {
                all = digest(all, delay);
            }
        } else {
            all = digest(all, payload);
        }
    }
    all
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

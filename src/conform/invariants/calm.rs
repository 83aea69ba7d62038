//! Who has nothing to say says nothing: LIVE-CALM, COST-IDLE, COST-SPLIT.

use std::collections::{BTreeMap, VecDeque};

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{Class, Passage, Room, Side, SlaveId, push_bounded};
use super::steps::{Happening, Step};
use crate::stanza::{Kind, Type, ns};
use crate::time::{Duration, Time};

/// When who was pinged.
#[derive(Debug, Default)]
pub(super) struct Calm {
    /// The master's last ping to each slave, while nothing happens.
    pinged: BTreeMap<SlaveId, (Time, usize)>,
    /// The last pings of who is split: slave, whether by the master.
    split: BTreeMap<(SlaveId, bool), VecDeque<(Time, usize)>>,
}

impl Invariant for Calm {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Left(passage) if room.is_stale(passage) => {}
            Happening::Left(passage) => match passage.class {
                Class::ToSlave(slave) => self.sends(slave, true, step, passage, room, findings),
                Class::Own(slave) => self.sends(slave, false, step, passage, room, findings),
                Class::Relay(_) | Class::ToUser(_) if is_idle(room, step.at, Duration::ZERO) => {
                    let expected = "nothing between servers but pings when nobody does anything";
                    let wrong = Wrong::of(idle_since(room));
                    findings.wrong("COST-IDLE", (step.entry, passage), expected, wrong);
                }
                _ => {}
            },
            Happening::Note(_) => self.split.clear(),
            Happening::Stream { .. } => {
                // What waited for it leaves all at once.
                self.split.clear();
            }
            _ => {}
        }
    }
}

impl Calm {
    fn sends(
        &mut self,
        slave: SlaveId,
        by_master: bool,
        step: &Step<'_>,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (stanza, one) = (passage.reading.stanza, &room.slaves[slave]);
        let asks = stanza.type_ == Type::Get && stanza.has_payload("ping", ns::PING);
        let side = if by_master { one.master } else { one.own };
        if asks && side == Side::Split {
            let pings = self.split.entry((slave, by_master)).or_default();
            push_bounded(pings, (step.at, step.entry), 3);
            let interval = one.timers.split_ping;
            let span = pings.front().map(|(first, _)| step.at.since(*first));
            if let Some(span) = span.filter(|span| pings.len() == 3 && *span < interval) {
                let expected = "no more than one ping in each interval while split";
                let words = format!(
                    "it is the third ping to {} in {span:?}; the interval is {interval:?}",
                    passage.reading.to
                );
                let wrong = Wrong::of(words).because(pings.iter().map(|(_, entry)| *entry));
                findings.wrong("COST-SPLIT", (step.entry, passage), expected, wrong);
            }
        }
        let quiet = one.timers.master_idle * 2;
        if one.lame || !is_idle(room, step.at, quiet) {
            self.pinged.remove(&slave);
            return;
        }
        let pong = stanza.kind == Kind::Iq && stanza.type_ == Type::Result;
        if asks && by_master {
            let before = self.pinged.insert(slave, (step.at, step.entry));
            let interval = one.timers.master_idle;
            let soon = |(before, _): &(Time, usize)| step.at.since(*before) < interval;
            if let Some((before, cause)) = before.filter(soon) {
                let expected = "no more than one ping in each interval when nothing happens";
                let words = format!(
                    "the last ping to {} was sent {:?} before; the interval is {interval:?}",
                    one.jid,
                    step.at.since(before)
                );
                let wrong = Wrong::of(words).because([cause]);
                findings.wrong("LIVE-CALM", (step.entry, passage), expected, wrong);
            }
        } else if stanza.kind == Kind::Iq && (by_master || !pong) {
            let expected = "no pings of slaves, and no registrations, when nothing happens";
            let wrong = Wrong::of(idle_since(room));
            findings.wrong("LIVE-CALM", (step.entry, passage), expected, wrong);
        } else if !pong {
            let expected = "nothing between servers but pings when nobody does anything";
            let wrong = Wrong::of(idle_since(room));
            findings.wrong("COST-IDLE", (step.entry, passage), expected, wrong);
        }
    }
}

/// Since when there was nothing to do.
fn idle_since(room: &Room) -> String {
    let health = &room.health;
    let busy = health.acted.max(health.changed).max(health.troubled);
    format!("nobody has done anything, and nothing has failed, since {}", busy.time_of_day())
}

/// Whether everything has been well, and nobody has done anything, for so long and until all is in
/// order.
fn is_idle(room: &Room, now: Time, span: Duration) -> bool {
    let health = &room.health;
    let busy = health.acted.max(health.changed).max(health.troubled);
    room.is_at_rest_until(now) && now > busy + room.settling() + span
}

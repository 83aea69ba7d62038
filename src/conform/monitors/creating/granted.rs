//! Pings come at the interval that was granted.

use std::collections::BTreeMap;

use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Passage, Room, Side, SlaveId};
use crate::stanza::{Kind, Type, ns};
use crate::time::{Duration, Time};

/// What was granted in this record, and the last ping of each end.
#[derive(Debug, Default)]
pub(super) struct Granted(BTreeMap<SlaveId, Link>);

#[derive(Debug)]
struct Link {
    /// The entry of the `accept`.
    entry: usize,
    interval: Duration,
    master: Option<Ping>,
    slave: Option<Ping>,
}

#[derive(Debug)]
struct Ping {
    at: Time,
    entry: usize,
    id: String,
    answered: bool,
}

impl Granted {
    /// A slave is accepted, in this entry.
    pub fn accept(&mut self, slave: SlaveId, entry: usize, interval: u32) {
        let interval = Duration::from_secs(u64::from(interval));
        self.0.insert(slave, Link { entry, interval, master: None, slave: None });
    }

    /// Something leaves the master, or a slave. Two pings in a row that are both answered are no
    /// closer than the interval, as what comes between them puts the second off.
    pub fn left(&mut self, here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
        let reading = &here.1.reading;
        let (slave, by_master) = match here.1.class {
            Class::ToSlave(slave) => (slave, true),
            Class::Own(slave) => (slave, false),
            _ => return,
        };
        let Some(link) = self.0.get_mut(&slave) else { return };
        let stanza = reading.stanza;
        if !stanza.is_request() || !stanza.has_payload("ping", ns::PING) {
            return;
        }
        let (last, side) = match by_master {
            true => (&mut link.master, room.slaves[slave].master),
            false => (&mut link.slave, room.slaves[slave].own),
        };
        let id = reading.id().to_owned();
        let ping = Ping { at: room.now, entry: here.0, id, answered: false };
        let before = last.replace(ping).filter(|before| before.answered);
        if side != Side::Active {
            *last = None;
        } else if let Some(before) = before {
            let gap = room.now.since(before.at);
            let well = gap + SLACK + room.clock >= link.interval;
            let expected = format!("no ping before {:?} of silence, as granted", link.interval);
            let id = "create.negotiate-keepalive";
            findings.judge(id, well, here, &expected, || {
                let words = format!("the last ping was {gap:?} before, and was answered");
                Wrong::of(words).because([link.entry, before.entry])
            });
        }
    }

    /// Something comes to a slave, or to the master.
    pub fn came(&mut self, passage: &Passage<'_>) {
        let (slave, to_master) = match passage.class {
            Class::ToSlave(slave) => (slave, false),
            Class::Own(slave) => (slave, true),
            _ => return,
        };
        let stanza = passage.reading.stanza;
        if stanza.kind != Kind::Iq || stanza.type_ != Type::Result {
            return;
        }
        let Some(link) = self.0.get_mut(&slave) else { return };
        let asked = if to_master { &mut link.master } else { &mut link.slave };
        if let Some(ping) = asked.as_mut().filter(|ping| ping.id == passage.reading.id()) {
            ping.answered = true;
        }
    }
}

/// How much earlier than it is due something may be.
const SLACK: Duration = Duration::from_secs(1);

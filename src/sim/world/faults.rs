//! What is wrong with links and hosts, whose doing it is, and what it touched.
//!
//! The world keeps this itself, so that what a fault did to which stanza does not depend on the
//! network that carries it.

use std::collections::{BTreeMap, BTreeSet};

use crate::server::ServerConfig;
use crate::sim::network::{Delay, HostId, LinkState};
use crate::stanza::Stanza;
use crate::time::Time;
use crate::transcript::{Fault, Machine};

/// What a fault did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Stanzas that never arrived.
    pub lost: u64,
    /// Stanzas that a server gave up.
    pub bounced: u64,
    /// Stanzas and dials that it delayed.
    pub delayed: u64,
    /// Client sessions that ended with a host.
    pub sessions: u64,
}

impl Touched {
    /// All together.
    pub const fn total(self) -> u64 {
        self.lost + self.bounced + self.delayed + self.sessions
    }
}

/// A fault of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRecord {
    /// When it was done.
    pub at: Time,
    /// What was done.
    pub fault: Fault,
    /// What it touched.
    pub touched: Touched,
}

/// Index of a [`FaultRecord`].
pub(super) type FaultIndex = usize;

#[derive(Debug, Default)]
pub(super) struct Faults {
    records: Vec<FaultRecord>,
    /// Links that are not up, and by which fault.
    down: BTreeMap<(HostId, HostId), (LinkState, FaultIndex)>,
    /// Links that are slowed, and by which fault.
    slow: BTreeMap<(HostId, HostId), FaultIndex>,
    /// Hosts that are off, and by which fault.
    off: BTreeMap<HostId, FaultIndex>,
    /// Machines that are down while their server runs, and by which fault.
    dead: BTreeMap<Machine, FaultIndex>,
    configured: BTreeMap<(HostId, HostId), Delay>,
}

impl Faults {
    pub(super) fn configure(&mut self, from: HostId, to: HostId, delay: Delay) {
        self.configured.insert((from, to), delay);
    }

    pub(super) fn configured(&self) -> impl Iterator<Item = ((HostId, HostId), Delay)> {
        self.configured.iter().map(|(link, delay)| (*link, *delay))
    }

    pub(super) fn configured_delay(&self, from: HostId, to: HostId) -> Option<Delay> {
        self.configured.get(&(from, to)).copied()
    }

    pub(super) fn records(&self) -> &[FaultRecord] {
        &self.records
    }

    pub(super) fn begin(&mut self, at: Time, fault: Fault) -> FaultIndex {
        self.records.push(FaultRecord { at, fault, touched: Touched::default() });
        self.records.len() - 1
    }

    pub(super) fn touched(&mut self, fault: FaultIndex) -> &mut Touched {
        &mut self.records[fault].touched
    }

    pub(super) fn set_link(&mut self, link: (HostId, HostId), state: LinkState, fault: FaultIndex) {
        self.down.insert(link, (state, fault));
    }

    pub(super) fn set_slow(&mut self, link: (HostId, HostId), fault: FaultIndex) {
        self.slow.insert(link, fault);
    }

    /// Whether the link was down, and whether it was slow.
    pub(super) fn heal(&mut self, link: (HostId, HostId)) -> (bool, bool) {
        (self.down.remove(&link).is_some(), self.slow.remove(&link).is_some())
    }

    /// Every link that something is wrong with.
    pub(super) fn ill(&self) -> BTreeSet<(HostId, HostId)> {
        self.down.keys().chain(self.slow.keys()).copied().collect()
    }

    pub(super) fn power_off(&mut self, host: HostId, fault: FaultIndex) {
        self.off.insert(host, fault);
    }

    pub(super) fn power_on(&mut self, host: HostId) -> bool {
        self.off.remove(&host).is_some()
    }

    pub(super) fn machine_died(&mut self, machine: Machine, fault: FaultIndex) {
        self.dead.insert(machine, fault);
    }

    pub(super) fn machine_lives(&mut self, machine: &Machine) {
        self.dead.remove(machine);
    }

    /// A stanza comes to a server. If the machine that it is for is dead, that fault touched it.
    pub(super) fn came_in(&mut self, server: &ServerConfig, stanza: &Stanza) {
        if self.dead.is_empty() {
            return;
        }
        let Some(to) = &stanza.to else { return };
        let service =
            server.service.as_ref().filter(|service| service.domain == to.domain().as_str());
        let meets = |name: &str| {
            server.slaves.iter().enumerate().any(|(place, slave)| {
                let slave = &slave.config;
                let named = slave.jid.as_str() == name || place == 0 && name == server.domain;
                named && (slave.jid == **to || slave.rooms.contain(&to.to_bare()))
            })
        };
        for (machine, fault) in &self.dead {
            let meant = match machine {
                Machine::Server(_) => false,
                Machine::Slave(name) => meets(name),
                Machine::Service(domain) => service.is_some() && **domain == *server.domain,
            };
            if meant {
                self.records[*fault].touched.lost += 1;
            }
        }
    }

    /// A stanza leaves. Whether the link or the host at its end loses it.
    pub(super) fn sent(&mut self, from: HostId, to: HostId) -> bool {
        if let Some(fault) = self.off.get(&to) {
            self.records[*fault].touched.lost += 1;
            return true;
        }
        if let Some(fault) = self.slow.get(&(from, to)) {
            self.records[*fault].touched.delayed += 1;
        }
        let Some((state, fault)) = self.down.get(&(from, to)) else { return false };
        let touched = &mut self.records[*fault].touched;
        match state {
            LinkState::Up => false,
            LinkState::Held => {
                touched.delayed += 1;
                false
            }
            LinkState::Silent | LinkState::Refused | LinkState::Reset => {
                touched.lost += 1;
                true
            }
        }
    }

    /// A server dials. It does so because it has a stanza to send, which is late on a held link.
    pub(super) fn dialled(&mut self, from: HostId, to: HostId) {
        for link in [(from, to), (to, from)] {
            if let Some((LinkState::Held, fault)) = self.down.get(&link) {
                self.records[*fault].touched.delayed += 1;
                return;
            }
        }
    }

    /// A server gave up a stanza.
    pub(super) fn bounced(&mut self, from: HostId, to: HostId) {
        let link = self.down.get(&(from, to)).or_else(|| self.down.get(&(to, from)));
        let fault = link.map(|(_, fault)| *fault).or_else(|| self.off.get(&to).copied());
        if let Some(fault) = fault {
            self.records[fault].touched.bounced += 1;
        }
    }
}

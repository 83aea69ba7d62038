//! What a server hosts beside accounts: its slaves and its chat service, started, stopped, and
//! started again with what they had on disk.
//!
//! It is *not* the machines: what they do is `dmuc`'s business.

use std::sync::Arc;

use super::router::Path;
use super::router::{Server, Work};
use super::{HostedSlave, ServerConfig};
use crate::dmuc::{
    Passages, Persistence, Registration, Service, ServiceDisk, Slave, SlaveDisk, SlaveInput, Slips,
};
use crate::stanza::{Jid, Stanza, Type, ns};

/// A slave of a server.
#[derive(Debug)]
pub(super) struct Resident {
    hosted: HostedSlave,
    /// None while it is down, or not started yet.
    pub(super) machine: Option<Slave>,
    /// Whether it was ever started.
    started: bool,
    disk: Option<SlaveDisk>,
    /// What has passed by while it was down.
    passages: Passages,
}

/// What survives of a server when its host goes down: what its machines keep on disk.
#[derive(Debug, Default)]
pub struct ServerDisk {
    slaves: Vec<(bool, Option<SlaveDisk>)>,
    service: Option<ServiceDisk>,
}

impl Resident {
    pub(super) fn new(hosted: HostedSlave) -> Self {
        let machine = hosted.at_start.then(|| Slave::new(hosted.config.clone()));
        Self {
            started: hosted.at_start,
            hosted,
            machine,
            disk: None,
            passages: Passages::default(),
        }
    }

    /// Its address, whether it runs or not.
    pub(super) fn jid(&self) -> &Jid {
        &self.hosted.config.jid
    }

    fn registers(&self) -> bool {
        matches!(self.hosted.config.registration, Registration::Dynamic(_))
    }

    /// Whether it is down, and what concerns this room passes it by.
    fn misses(&self, address: &Jid) -> bool {
        let room = address.to_bare();
        self.machine.is_none() && self.started && self.hosted.config.rooms.contain(&room)
    }

    /// The connection of a local session ends.
    pub(super) fn closed(&mut self, session: &Arc<Jid>) {
        if self.machine.is_none() {
            self.passages.closed(session);
        }
    }

    fn stop(&mut self) {
        if let Some(machine) = self.machine.take() {
            self.disk = self.hosted.config.persistent.then(|| machine.disk());
        }
    }

    fn start(&mut self) {
        let config = self.hosted.config.clone();
        self.started = true;
        self.machine = Some(match self.disk.take() {
            Some(disk) => Slave::recovered(config, disk),
            None => Slave::new(config),
        });
    }
}

impl Server {
    /// A server that starts again with what its machines had on disk. Its slaves are to be started
    /// with [`Input::RestartSlave`](super::Input::RestartSlave), those of [`Server::slaves`].
    pub fn recovered(config: ServerConfig, disk: ServerDisk) -> Self {
        let mut server = Self::new(config);
        for (resident, (started, disk)) in server.slaves.iter_mut().zip(disk.slaves) {
            resident.started = started;
            resident.disk = disk;
            resident.machine = None;
        }
        if let (Some(kept), Some(config)) = (disk.service, &server.config.service) {
            server.service = Some(Service::recovered(config.clone(), kept));
        }
        server
    }

    /// What its machines keep on disk.
    pub fn disk(mut self) -> ServerDisk {
        self.slaves.iter_mut().for_each(Resident::stop);
        self.crash_service();
        let slaves = self.slaves.into_iter().map(|one| (one.started, one.disk));
        ServerDisk { slaves: slaves.collect(), service: self.service_disk }
    }

    /// Its machines are wrong in these ways from now on ([`Slips`]).
    pub fn slip(&mut self, slips: Slips) {
        self.slaves.iter_mut().filter_map(|one| one.machine.as_mut()).for_each(|m| m.slip(slips));
        self.service.iter_mut().for_each(|service| service.slip(slips));
    }

    /// The addresses of its slaves that were ever started.
    pub fn slaves(&self) -> impl Iterator<Item = &Jid> {
        self.slaves.iter().filter(|resident| resident.started).map(Resident::jid)
    }

    /// The slave of this address, if it runs.
    pub fn slave(&self, jid: &Jid) -> Option<&Slave> {
        self.slaves.iter().find(|resident| resident.jid() == jid)?.machine.as_ref()
    }

    /// The place of the slave that runs and serves this address for the server's users. Of two
    /// that could, that which knows the room.
    pub(super) fn serving(&self, address: &Jid) -> Option<usize> {
        let room = address.to_bare();
        let serves =
            |resident: &Resident| resident.machine.as_ref().is_some_and(|one| one.serves(address));
        let knows = |resident: &Resident| {
            resident.machine.as_ref().is_some_and(|one| one.room(&room).is_some())
        };
        let both = |resident: &Resident| serves(resident) && knows(resident);
        let first = self.slaves.iter().position(serves)?;
        if self.slaves.len() == 1 {
            return Some(first);
        }
        Some(self.slaves.iter().position(both).unwrap_or(first))
    }

    /// The place of the slave to which a room offers to serve this server's domain.
    pub(super) fn offered(&self, stanza: &Stanza) -> Option<usize> {
        let to = stanza.to.as_ref()?;
        let is_offer = stanza.type_ == Type::Set
            && to.as_str() == self.config.domain
            && stanza.has_payload("offer", ns::SLAVE);
        is_offer
            .then(|| self.slaves.iter().position(|one| one.registers() && one.machine.is_some()))?
    }

    /// Whether a slave runs here that registers.
    pub(super) fn offers_slaves(&self) -> bool {
        self.slaves.iter().any(|resident| resident.registers() && resident.machine.is_some())
    }

    pub(super) fn crash_slave(&mut self, jid: &Jid) {
        if let Some(resident) = self.slaves.iter_mut().find(|resident| resident.jid() == jid) {
            resident.stop();
        }
    }

    /// The new process knows what it had on disk, and what its server remembers for it.
    pub(super) fn restart_slave(&mut self, jid: &Jid) {
        let Some(place) = self.place_of(jid) else { return };
        self.slaves[place].start();
        let directed = self.directed_to(place);
        let passages = self.slaves[place].passages.take();
        self.work.push_back(Work::Slave(place, SlaveInput::Restarted(directed, passages)));
    }

    /// The operator has a slave register; it is started if it never was.
    pub(super) fn register_slave(&mut self, jid: &Jid, room: crate::stanza::BareJid) {
        let Some(place) = self.place_of(jid) else { return };
        if !self.slaves[place].started {
            self.slaves[place].start();
        }
        let directed = self.directed_to(place);
        self.work.push_back(Work::Slave(place, SlaveInput::Register(room, directed)));
    }

    pub(super) fn deregister_slave(&mut self, jid: &Jid, room: crate::stanza::BareJid) {
        if let Some(place) = self.place_of(jid) {
            self.work.push_back(Work::Slave(place, SlaveInput::Deregister(room)));
        }
    }

    pub(super) fn crash_service(&mut self) {
        if let (Some(service), Some(config)) = (self.service.take(), &self.config.service) {
            let keeps = config.persistence != Persistence::Nothing;
            self.service_disk = keeps.then(|| service.disk());
        }
    }

    pub(super) fn restart_service(&mut self) {
        let Some(config) = self.config.service.clone() else { return };
        self.service = Some(match self.service_disk.take() {
            Some(disk) => Service::recovered(config, disk),
            None => Service::new(config),
        });
    }

    /// No slave sees this stanza. One that is down will be told of it.
    pub(super) fn pass_by(&mut self, path: Path, stanza: &Stanza) {
        let (Some(from), Some(to)) = (&stanza.from, &stanza.to) else { return };
        match path {
            Path::Sent => {
                for resident in self.slaves.iter_mut().filter(|one| one.misses(to)) {
                    resident.passages.sent(stanza);
                }
            }
            Path::Arrived | Path::Bounced => {
                for resident in self.slaves.iter_mut().filter(|one| one.misses(from)) {
                    resident.passages.came(stanza);
                }
            }
        }
    }

    fn place_of(&self, jid: &Jid) -> Option<usize> {
        self.slaves.iter().position(|resident| resident.jid() == jid)
    }

    /// Who sent directed presence to an address that this slave serves, as far as it counts still.
    fn directed_to(&self, place: usize) -> Vec<(Arc<Jid>, Arc<Jid>)> {
        let Some(slave) = &self.slaves[place].machine else { return Vec::new() };
        self.sessions.directed().filter(|(_, to)| slave.serves(to)).collect()
    }
}

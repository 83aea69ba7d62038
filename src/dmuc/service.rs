//! The chat service: rooms by address, and what it answers at its own domain (XEP-0045 §6).

mod disk;

use std::collections::BTreeMap;

use self::disk::Graves;
use super::{Master, Output, ServiceConfig, ServiceInput, Slips};
use crate::room::RoomConfig;
use crate::stanza::{
    BareJid, Condition, Element, ErrorType, Jid, Kind, Stanza, Type, element, error_element, ns,
};
use crate::time::Time;

pub use self::disk::ServiceDisk;

/// A chat service with the masters of its rooms.
#[derive(Clone, Debug)]
pub struct Service {
    config: ServiceConfig,
    rooms: BTreeMap<BareJid, Master>,
    /// Whether the configured rooms exist already: they come to life with the first step, which
    /// brings the time.
    started: bool,
    /// Whether the operator has shut it down.
    down: bool,
    /// What it had kept, until it starts.
    disk: Option<ServiceDisk>,
    graves: Graves,
}

impl Service {
    /// A service with the rooms and slaves of its configuration, and nobody in them.
    pub fn new(config: ServiceConfig) -> Self {
        let graves = Graves::default();
        Self { config, rooms: BTreeMap::new(), started: false, down: false, disk: None, graves }
    }

    /// The domain of its rooms.
    pub fn domain(&self) -> &str {
        &self.config.domain
    }

    /// The room at this address.
    pub fn room(&self, jid: &BareJid) -> Option<&Master> {
        self.rooms.get(jid)
    }

    /// All rooms, in the order of their addresses.
    pub fn rooms(&self) -> impl Iterator<Item = &Master> {
        self.rooms.values()
    }

    /// Its rooms are wrong in these ways from now on.
    pub fn slip(&mut self, slips: Slips) {
        self.rooms.values_mut().for_each(|room| room.slip(slips));
    }

    /// Let something happen to it at `now`.
    pub fn step(&mut self, now: Time, input: ServiceInput, out: &mut Vec<Output>) {
        self.start(now);
        match input {
            ServiceInput::Stanza(stanza) => self.stanza(now, stanza, out),
            ServiceInput::CreateSlave(slave) => self.create_slave(now, &slave, out),
            ServiceInput::Offer(room, domain) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.offer(now, &domain, out);
                }
            }
            ServiceInput::Deregister(room, slave) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.deregister(&slave, out);
                }
            }
            ServiceInput::ShutDown => {
                self.down = true;
                for room in self.rooms.values_mut() {
                    room.shut_down(now, out);
                }
            }
            ServiceInput::Timeout => {
                for room in self.rooms.values_mut() {
                    room.tick(now, out);
                    room.end_if_empty(now, out);
                }
            }
        }
        let expiry = self.config.timers.expiry;
        for room in self.rooms.values().filter(|room| room.is_over()) {
            self.graves.bury(room, now, expiry);
        }
        self.rooms.retain(|_, room| !room.is_forgotten());
    }

    /// When [`ServiceInput::Timeout`] is due next. Before the first step: at once.
    pub fn deadline(&self) -> Option<Time> {
        if !self.started {
            return Some(Time::default());
        }
        self.rooms.values().filter_map(Master::deadline).min()
    }

    fn start(&mut self, now: Time) {
        if self.started {
            return;
        }
        self.started = true;
        if let Some(disk) = self.disk.take() {
            return self.restore(now, disk);
        }
        for config in self.config.rooms.clone() {
            self.open(config, now, Some(CONFIGURED.to_owned()));
        }
    }

    /// Open a room. `id` names its creation, if it was created before.
    fn open(&mut self, config: RoomConfig, now: Time, id: Option<String>) {
        let jid = config.jid.clone();
        let mut master = Master::new(config, &self.config, now);
        if let Some(id) = id {
            master.name_creation(id);
        }
        self.rooms.insert(jid, master);
    }

    fn create_slave(&mut self, now: Time, slave: &Jid, out: &mut Vec<Output>) {
        for room in self.rooms.values_mut() {
            room.create_slave(now, slave, out);
        }
        // Rooms that are opened later have it from their start.
        for known in self.config.slaves.iter_mut().filter(|known| known.jid == *slave) {
            known.at_start = true;
        }
    }

    fn stanza(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(to) = stanza.to.clone() else { return };
        let address = to.to_bare();
        let over = self.rooms.get(&address).is_none_or(Master::is_over);
        if self.down && !self.rooms.contains_key(&address) {
            return reply(&stanza, ErrorType::Cancel, Condition::ServiceUnavailable, out);
        }
        if address.node().is_none() {
            return self.service_stanza(&stanza, out);
        }
        if over && !self.down && self.creates(&stanza, &to) {
            // Until its owner wants it otherwise it lasts as long as somebody is in it.
            let mut config = RoomConfig::new(address.clone());
            config.ownerless = true;
            config.persistent = false;
            self.open(config, now, None);
            if let Some(room) = self.rooms.get_mut(&address) {
                room.lock();
                room.tick(now, out);
            }
        }
        match self.rooms.get_mut(&address) {
            Some(room) => room.stanza(now, stanza, out),
            None => match self.grave(&address, &stanza, now) {
                Some(answer) => out.push(Output::Send(answer)),
                None => reply(&stanza, ErrorType::Cancel, Condition::ItemNotFound, out),
            },
        }
    }

    /// What a slave is told that wants to register with a room that is no more.
    fn grave(&self, room: &BareJid, stanza: &Stanza, now: Time) -> Option<Stanza> {
        self.config.registration.then(|| self.graves.answer(room, stanza, now)).flatten()
    }

    /// Whether this is a request to enter a room that does not exist and may be created so.
    fn creates(&self, stanza: &Stanza, to: &Jid) -> bool {
        self.config.creation
            && self.rooms.len() < ROOMS_MAX
            && stanza.is_available()
            && to.is_full()
            && stanza.has_payload("x", ns::MUC)
    }

    fn service_stanza(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        if stanza.kind != Kind::Iq || !stanza.is_request() {
            return;
        }
        let asked =
            |name, namespace| stanza.type_ == Type::Get && stanza.has_payload(name, namespace);
        let result = if asked("query", ns::DISCO_INFO) {
            vec![self.disco_info()]
        } else if asked("query", ns::DISCO_ITEMS) {
            vec![self.disco_items()]
        } else if asked("ping", ns::PING) {
            vec![]
        } else {
            return reply(stanza, ErrorType::Cancel, Condition::ServiceUnavailable, out);
        };
        out.push(Output::Send(stanza.result_reply(result)));
    }

    fn disco_info(&self) -> Element {
        let mut query = element("query", ns::DISCO_INFO, &[]);
        let identity = [("category", "conference"), ("type", "text")];
        query.append_child(element("identity", ns::DISCO_INFO, &identity));
        for feature in [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::MUC, ns::PING] {
            query.append_child(element("feature", ns::DISCO_INFO, &[("var", feature)]));
        }
        query
    }

    fn disco_items(&self) -> Element {
        let mut query = element("query", ns::DISCO_ITEMS, &[]);
        for item in self.rooms.values().filter_map(Master::listed).take(LISTED_MAX) {
            query.append_child(item);
        }
        query
    }
}

fn reply(stanza: &Stanza, type_: ErrorType, condition: Condition, out: &mut Vec<Output>) {
    let error = error_element(type_, condition, None, None);
    out.extend(stanza.error_reply(error).map(Output::Send));
}

/// The id of the creation of a room that the configuration has: it was there before every run.
const CONFIGURED: &str = "r0";

/// How many rooms a service opens.
const ROOMS_MAX: usize = 10_000;

/// How many rooms a service lists.
const LISTED_MAX: usize = 1_000;

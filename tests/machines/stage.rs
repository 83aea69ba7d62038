//! One chat service, some slaves and some clients, joined by a list.
//!
//! What somebody sends is delivered in order, at once unless a test holds it back; time passes only
//! when a test says so. Each way between a slave's server and the service's is up, loses what it
//! should carry, or returns it as an error in the shape of Prosody. Of a server there is as much as
//! the machines need: it knows who is online and to whom they have sent directed presence.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use wallops::dmuc::{
    Registration, Service, ServiceConfig, ServiceInput, Slave, SlaveConfig, SlaveInput, Timers,
};
use wallops::room::{RoomConfig, Whois};
use wallops::stanza::Stanza;
use wallops::time::{Duration, Time};

use crate::cast::*;
use crate::client::Client;
use crate::record::{Hop, Record, text};

/// The state of one way between two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Up,
    Silent,
    Bounce,
}

/// Who has to notice that something was lost between a slave and its master.
#[derive(Clone, Debug, Default)]
pub struct Unnoticed {
    pub by_master: bool,
    /// The sessions that wait in vain.
    pub by_slave: BTreeSet<String>,
}

impl Unnoticed {
    pub fn any(&self) -> bool {
        self.by_master || !self.by_slave.is_empty()
    }
}

/// A server with a slave.
pub struct Site {
    pub slave: Slave,
    pub domain: String,
    pub jid: String,
    /// Its way to the master.
    pub up: Way,
    /// The master's way to it.
    pub down: Way,
    /// Whether its slave runs.
    pub alive: bool,
    /// Who has to notice a loss and has not.
    pub unnoticed: Unnoticed,
    config: SlaveConfig,
}

pub enum Packet {
    ToMaster(Stanza),
    ToSite(usize, Stanza),
    BounceAtSite(usize, Stanza),
}

/// The whole of it.
pub struct Stage {
    pub now: Time,
    pub service: Service,
    pub sites: Vec<Site>,
    pub clients: BTreeMap<String, Client>,
    pub record: Vec<Record>,
    /// What no machine or client may do, and was done.
    pub faults: Vec<String>,
    /// Whether stanzas stay where they are until [`Stage::pump`].
    pub held: bool,
    /// Whether the room shows JIDs to everybody.
    pub shows_jids: bool,
    pub queue: VecDeque<Packet>,
    /// Whether a way was ever cut.
    pub was_cut: bool,
    ids: u32,
}

impl Stage {
    /// A service and the slaves that it is configured with, started.
    pub fn with(config: ServiceConfig) -> Self {
        let timers = config.timers;
        let sites = config.slaves.iter().map(|slave| Site::new(slave, timers)).collect();
        let shows_jids = config.rooms.iter().any(|room| room.whois == Whois::Anyone);
        let mut stage = Self {
            shows_jids,
            now: Time::XEP_EPOCH,
            service: Service::new(config),
            sites,
            clients: BTreeMap::new(),
            record: Vec::new(),
            faults: Vec::new(),
            held: false,
            queue: VecDeque::new(),
            was_cut: false,
            ids: 0,
        };
        stage.run_due();
        stage
    }

    /// The examples' room with their three slaves, and nobody in it.
    pub fn empty() -> Self {
        Self::with(service(room(), &SLAVES))
    }

    /// The same with these people in it, in this order; what led there is not recorded.
    pub fn with_people(people: &[&str]) -> Self {
        Self::with(service(room(), &SLAVES)).entered(people)
    }

    /// All seven of the cast are in the room.
    pub fn full() -> Self {
        Self::with_people(&CAST)
    }

    /// A room of another kind, with the three slaves and these people.
    pub fn of(room: RoomConfig, people: &[&str]) -> Self {
        Self::with(service(room, &SLAVES)).entered(people)
    }

    /// These enter; the record is empty afterwards.
    pub fn entered(mut self, people: &[&str]) -> Self {
        for who in people {
            self.join(who);
        }
        self.record.clear();
        self
    }

    pub fn client(&mut self, who: &str) -> &mut Client {
        self.clients.entry(who.to_owned()).or_insert_with(|| Client::new(who))
    }

    pub fn site(&self, slave: &str) -> usize {
        self.sites.iter().position(|site| site.jid == slave).unwrap()
    }

    /// What this client got was forged; it may complain.
    pub fn forgive(&mut self, who: &str) {
        self.client(who).faults.clear();
    }

    pub fn slave(&self, slave: &str) -> &Slave {
        &self.sites[self.site(slave)].slave
    }

    pub fn site_of(&self, address: &str) -> Option<usize> {
        let domain = domain_of(address);
        self.sites.iter().position(|site| site.domain == domain)
    }

    /// A new id.
    pub fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}{}", self.ids)
    }

    /// A client sends a stanza.
    pub fn send(&mut self, who: &str, stanza: &str) {
        let mut stanza = xml(stanza);
        stanza.from = Some(Arc::new(jid(who)));
        let domain = stanza.to.as_ref().map(|to| to.domain().to_string());
        assert_eq!(domain.as_deref(), Some(DOMAIN), "only the room is talked to");
        self.client(who).sends(&stanza);
        self.submit(who, stanza);
        self.settle();
    }

    pub fn submit(&mut self, who: &str, stanza: Stanza) {
        match self.site_of(who) {
            Some(site) => {
                self.write(Hop::UserToSlave, &stanza, false);
                self.step_up(site, stanza);
            }
            None => {
                self.write(Hop::UserToSlave, &stanza, false);
                self.queue.push_back(Packet::ToMaster(stanza));
            }
        }
    }

    /// His session is lost: his server says goodbye for him.
    pub fn disconnect(&mut self, who: &str) {
        let client = self.client(who);
        let directed = client.disconnect();
        for to in directed {
            let stanza = xml(&format!("<presence type='unavailable' from='{who}' to='{to}'/>"));
            self.submit(who, stanza);
        }
        self.settle();
    }

    /// His session is opened again under the same address.
    pub fn connect(&mut self, who: &str) {
        self.client(who).connect();
    }

    /// A stanza that nobody of the play has sent reaches a slave's server from elsewhere.
    pub fn forge_at(&mut self, slave: &str, stanza: &str) {
        let site = self.site(slave);
        self.queue.push_back(Packet::ToSite(site, xml(stanza)));
        self.settle();
    }

    /// The same at the service.
    pub fn forge(&mut self, stanza: &str) {
        self.queue.push_back(Packet::ToMaster(xml(stanza)));
        self.settle();
    }

    /// The operator creates a slave.
    pub fn create(&mut self, slave: &str) {
        self.step_service(ServiceInput::CreateSlave(jid(slave)));
        self.settle();
    }

    /// Both ways between the service and this slave.
    pub fn cut(&mut self, slave: &str, up: Way, down: Way) {
        let site = self.site(slave);
        (self.sites[site].up, self.sites[site].down) = (up, down);
        self.was_cut = true;
    }

    pub fn heal(&mut self, slave: &str) {
        self.cut(slave, Way::Up, Way::Up);
    }

    /// The slave dies; its server lives on.
    pub fn crash(&mut self, slave: &str) {
        let site = self.site(slave);
        self.sites[site].alive = false;
    }

    /// The slave starts again, without memory.
    pub fn restart(&mut self, slave: &str) {
        let site = self.site(slave);
        self.sites[site].alive = true;
        self.sites[site].slave = Slave::new(self.sites[site].config.clone());
        let domain = self.sites[site].domain.clone();
        let local = self.clients.iter().filter(|(who, _)| domain_of(who) == domain);
        let directed = local
            .flat_map(|(who, client)| client.directed().map(|to| (who.clone(), to)))
            .map(|(who, to)| (Arc::new(jid(&who)), Arc::new(jid(&to))))
            .collect();
        self.step_slave(site, SlaveInput::Restarted(directed, Vec::new()));
        self.settle();
    }

    /// The record from some place on, to be read.
    pub fn story(&self, from: usize) -> String {
        let mut story = String::new();
        for record in &self.record[from..] {
            let (at, hop) = (record.at.time_of_day(), record.hop);
            let lost = if record.lost { " LOST" } else { "" };
            let _ = match &record.note {
                Some(note) => writeln!(story, "{at} {} {:?} {}", note.by, note.change, note.about),
                None => writeln!(story, "{at} {hop:?}{lost} {}", text(&record.stanza)),
            };
        }
        story
    }

    fn settle(&mut self) {
        if !self.held {
            self.pump();
        }
    }

    /// Deliver everything that is under way.
    pub fn pump(&mut self) {
        for _ in 0..100_000 {
            let Some(packet) = self.queue.pop_front() else { return };
            match packet {
                Packet::ToMaster(stanza) => self.step_service(ServiceInput::Stanza(stanza)),
                Packet::ToSite(site, stanza) => self.arrive(site, stanza),
                Packet::BounceAtSite(site, stanza) => {
                    self.step_slave(site, SlaveInput::Bounced(stanza));
                }
            }
        }
        panic!("the machines talk without end:\n{}", self.story(self.record.len() - 8));
    }

    /// Let time pass; what is due happens when it is due.
    pub fn advance(&mut self, span: Duration) {
        let target = self.now + span;
        while let Some(next) = self.deadline().filter(|next| *next <= target) {
            self.now = self.now.max(next);
            self.run_due();
        }
        self.now = target;
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    fn deadline(&self) -> Option<Time> {
        let slaves = self.sites.iter().filter(|site| site.alive).map(|site| site.slave.deadline());
        slaves.chain([self.service.deadline()]).flatten().min()
    }

    fn run_due(&mut self) {
        for _ in 0..1000 {
            let now = self.now;
            let due = |deadline: Option<Time>| deadline.is_some_and(|deadline| deadline <= now);
            if due(self.service.deadline()) {
                self.step_service(ServiceInput::Timeout);
            } else if let Some(site) =
                self.sites.iter().position(|site| site.alive && due(site.slave.deadline()))
            {
                self.step_slave(site, SlaveInput::Timeout);
            } else {
                return;
            }
            self.settle();
        }
        panic!("a deadline stays in the past");
    }
}

impl Site {
    fn new(slave: &wallops::dmuc::StaticSlave, timers: Timers) -> Self {
        let config = SlaveConfig {
            jid: slave.jid.clone(),
            rooms: slave.rooms.clone(),
            history_max: slave.history_max,
            timers,
            registration: Registration::Static,
            persistent: false,
        };
        Self {
            slave: Slave::new(config.clone()),
            domain: slave.jid.domain().to_string(),
            jid: slave.jid.to_string(),
            up: Way::Up,
            down: Way::Up,
            alive: true,
            unnoticed: Unnoticed::default(),
            config,
        }
    }
}

impl Drop for Stage {
    /// Every test is a test that nobody was sent what he may not be sent.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_sound();
        }
    }
}

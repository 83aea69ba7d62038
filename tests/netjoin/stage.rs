//! One chat service, some slaves that register, and some clients, joined by ordered ways with
//! latency.
//!
//! Each way between a slave's server and the service's is up, loses what it carries, or returns it
//! as an error in the shape of Prosody; whatever is under way when it is cut shares that fate. Time
//! advances to the next arrival or deadline. Of a server there is as much as the machines need: it
//! knows who is online, to whom they have sent directed presence, and what passed a dead slave by.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use wallops::dmuc::{
    Passages, Service, ServiceConfig, ServiceDisk, Slave, SlaveConfig, SlaveDisk, SlaveInput,
};
use wallops::room::{RoomConfig, Whois};
use wallops::stanza::slave::Policy;
use wallops::stanza::{Jid, Stanza};
use wallops::time::{Duration, Time};

use crate::cast::*;
use crate::client::Client;
use crate::lone_master::registering;
use crate::lone_slave::slave_config;
use crate::record::{Record, text};

/// The state of one way between two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Up,
    Silent,
    Bounce,
}

/// One way, with what is under way on it: when it was sent, when it arrives.
pub struct Line {
    pub way: Way,
    pub under_way: VecDeque<(Time, Time, Stanza)>,
}

impl Line {
    fn new() -> Self {
        Self { way: Way::Up, under_way: VecDeque::new() }
    }
}

/// A server and its slave, if that runs.
pub struct Site {
    pub slave: Option<Slave>,
    pub config: SlaveConfig,
    /// What was on disk when it crashed.
    disk: SlaveDisk,
    /// What passes it by while it is dead, as its server remembers.
    pub passages: Passages,
    pub domain: String,
    pub jid: String,
    /// Whether its server runs.
    pub hosted: bool,
    /// Its way to the master.
    pub up: Line,
    /// The master's way to it.
    pub down: Line,
}

/// The whole of it.
pub struct Stage {
    pub now: Time,
    /// The service, if it runs.
    pub service: Option<Service>,
    pub config: ServiceConfig,
    disk: ServiceDisk,
    pub sites: Vec<Site>,
    pub clients: BTreeMap<String, Client>,
    pub record: Vec<Record>,
    /// What no machine or client may do, and was done.
    pub faults: Vec<String>,
    /// Whether what clients do is not awaited.
    pub held: bool,
    /// How long a stanza travels between servers.
    pub latency: Duration,
    /// By how much that varies.
    pub jitter: Duration,
    /// Whether the room shows JIDs to everybody.
    pub shows_jids: bool,
    /// Whether a way was ever cut.
    pub was_cut: bool,
    /// Whether a machine ever died.
    pub died: bool,
    /// Errors that servers have made, and what users of the service's own neighbours send.
    pub returns: VecDeque<(Time, Return)>,
    /// The ids of what was lost on a way that was cut when there was no slave to keep it.
    pub unkept: BTreeSet<String>,
    dice: u64,
    ids: u32,
}

/// What a server gives back to one of its own.
pub enum Return {
    ToMaster(Stanza),
    ToSite(usize, Stanza),
}

impl Stage {
    /// A service to which these slaves may register; none has yet.
    pub fn with(config: ServiceConfig, slaves: Vec<SlaveConfig>) -> Self {
        let shows_jids = config.rooms.iter().any(|room| room.whois == Whois::Anyone);
        let mut stage = Self {
            now: Time::XEP_EPOCH,
            service: Some(Service::new(config.clone())),
            config,
            disk: ServiceDisk::default(),
            sites: slaves.into_iter().map(Site::new).collect(),
            clients: BTreeMap::new(),
            record: Vec::new(),
            faults: Vec::new(),
            held: false,
            latency: Duration::from_millis(20),
            jitter: Duration::ZERO,
            shows_jids,
            was_cut: false,
            died: false,
            returns: VecDeque::new(),
            unkept: BTreeSet::new(),
            dice: 282,
            ids: 0,
        };
        stage.run_until(stage.now);
        stage
    }

    /// The examples' room and three slaves, of whom each asks for this and gets it; these people
    /// have entered. What led there is not recorded.
    pub fn granting(policy: Policy, people: &[&str]) -> Self {
        Self::of(room(), policy, people)
    }

    /// The same with another room.
    pub fn of(mut room: RoomConfig, policy: Policy, people: &[&str]) -> Self {
        room.grants.policy = policy;
        let slaves = SLAVES.map(|slave| slave_config(slave, policy)).into();
        Self::with(registering(room), slaves).entered(people)
    }

    /// These enter; the record is empty afterwards.
    pub fn entered(mut self, people: &[&str]) -> Self {
        for who in people {
            self.join(who);
        }
        self.settle();
        self.record.clear();
        self
    }

    /// The dice of the jitter.
    pub fn seed(&mut self, seed: u64) {
        self.dice = seed | 1;
    }

    pub fn client(&mut self, who: &str) -> &mut Client {
        self.clients.entry(who.to_owned()).or_insert_with(|| Client::new(who))
    }

    pub fn site(&self, slave: &str) -> usize {
        self.sites.iter().position(|site| site.jid == slave).unwrap()
    }

    pub fn site_of(&self, address: &str) -> Option<usize> {
        let domain = domain_of(address);
        self.sites.iter().position(|site| site.domain == domain)
    }

    pub fn slave(&self, slave: &str) -> &Slave {
        self.sites[self.site(slave)].slave.as_ref().expect("the slave runs")
    }

    pub fn service(&self) -> &Service {
        self.service.as_ref().expect("the service runs")
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
        self.client(who).sends(&stanza);
        self.submit(who, stanza);
        if !self.held {
            self.settle();
        }
    }

    /// His session is lost: his server says goodbye for him.
    pub fn disconnect(&mut self, who: &str) {
        let directed = self.client(who).disconnect();
        if let Some(site) = self.site_of(who) {
            let session = Arc::new(jid(who));
            match self.sites[site].slave.is_some() {
                true => self.step_slave(site, SlaveInput::Closed(session)),
                false => self.sites[site].passages.closed(&session),
            }
        }
        for to in directed {
            let stanza = xml(&format!("<presence type='unavailable' from='{who}' to='{to}'/>"));
            self.submit(who, stanza);
        }
        if !self.held {
            self.settle();
        }
    }

    /// Both ways between the service and this slave.
    pub fn cut(&mut self, slave: &str, up: Way, down: Way) {
        let site = self.site(slave);
        self.was_cut |= up != Way::Up || down != Way::Up;
        self.sites[site].up.way = up;
        self.sites[site].down.way = down;
        if up != Way::Up {
            for (_, _, stanza) in std::mem::take(&mut self.sites[site].up.under_way) {
                self.lose_up(site, &stanza);
            }
        }
        if down != Way::Up {
            for (_, _, stanza) in std::mem::take(&mut self.sites[site].down.under_way) {
                self.lose_down(site, &stanza);
            }
        }
    }

    pub fn heal(&mut self, slave: &str) {
        self.cut(slave, Way::Up, Way::Up);
    }

    /// The slave dies and its server lives on.
    pub fn crash(&mut self, slave: &str) {
        let site = self.site(slave);
        self.died = true;
        if let Some(slave) = self.sites[site].slave.take() {
            self.sites[site].disk = slave.disk();
        }
    }

    /// The whole server dies, and with it the sessions of its users.
    pub fn crash_host(&mut self, slave: &str) {
        self.crash(slave);
        let site = self.site(slave);
        self.sites[site].hosted = false;
        self.sites[site].passages = Passages::default();
        let domain = self.sites[site].domain.clone();
        let users = self.clients.values_mut();
        for client in users.filter(|client| domain_of(&client.jid) == domain) {
            client.disconnect();
        }
        self.was_cut = true;
    }

    /// The slave starts again, and its server if that was down.
    pub fn restart(&mut self, slave: &str) {
        let site = self.site(slave);
        if self.sites[site].slave.is_some() {
            return;
        }
        self.sites[site].hosted = true;
        let (config, disk) = (self.sites[site].config.clone(), self.sites[site].disk.clone());
        self.sites[site].slave = Some(match config.persistent {
            true => Slave::recovered(config, disk),
            false => Slave::new(config),
        });
        let directed = self.directed(slave);
        let passages = self.sites[site].passages.take();
        self.step_slave(site, SlaveInput::Restarted(directed, passages));
    }

    /// The operator has this slave register.
    pub fn register(&mut self, slave: &str) {
        let (site, directed) = (self.site(slave), self.directed(slave));
        self.step_slave(site, SlaveInput::Register(bare(ROOM), directed));
    }

    /// To whom the users of this slave's server have sent presence.
    pub fn directed(&self, slave: &str) -> Vec<(Arc<Jid>, Arc<Jid>)> {
        let domain = domain_of(slave);
        let local = self.clients.iter().filter(|(who, _)| domain_of(who) == domain);
        local
            .flat_map(|(who, client)| client.directed().map(|to| (who.clone(), to)))
            .map(|(who, to)| (Arc::new(jid(&who)), Arc::new(jid(&to))))
            .collect()
    }

    /// The service dies.
    pub fn crash_service(&mut self) {
        self.died = true;
        if let Some(service) = self.service.take() {
            self.disk = service.disk();
        }
        self.was_cut = true;
    }

    /// It starts again with what it kept.
    pub fn restart_service(&mut self) {
        if self.service.is_none() {
            let service = Service::recovered(self.config.clone(), self.disk.clone());
            self.service = Some(service);
        }
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

    /// How long the next stanza travels.
    pub fn travel(&mut self) -> Duration {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let micros = u64::try_from(self.jitter.as_micros()).unwrap();
        self.latency + Duration::from_micros(self.dice % (micros + 1))
    }
}

impl Site {
    fn new(config: SlaveConfig) -> Self {
        Self {
            domain: config.jid.domain().to_string(),
            jid: config.jid.to_string(),
            slave: Some(Slave::new(config.clone())),
            disk: SlaveDisk::default(),
            passages: Passages::default(),
            hosted: true,
            up: Line::new(),
            down: Line::new(),
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

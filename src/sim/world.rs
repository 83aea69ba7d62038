//! All servers and clients of a run, the streams between them, and the record of what they do.
//!
//! The world is pure: [`World::step`] takes what a network tells, [`World::act`] what a script
//! does,
//! and both give [`Command`]s for the network. It is *not* a network: it knows no delay and no
//! queue; and it is not a play: it knows no scenario.

mod act;
mod client;
mod faults;
mod node;
mod outputs;
mod recorder;
mod streams;
mod tamper;

use std::collections::{BTreeMap, BTreeSet};

pub use self::act::Action;
pub use self::client::{Arrival, Client, ClientConfig};
use self::faults::Faults;
pub use self::faults::{FaultRecord, Touched};
pub use self::node::Node;
pub use self::recorder::{Counters, Recorder};
use self::streams::{Kind, Streams};
pub use self::tamper::Tamper;
use crate::server::{Domain, Input, Output, ServerConfig, SessionId};
use crate::sim::clock;
use crate::sim::network::{Command, Delay, End, Happening, Host, HostId, StreamId};
use crate::stanza::{Stanza, Type};
use crate::time::{Duration, Time};
use crate::transcript::{Header, Name, StreamEvent};

/// What a world is made of.
#[derive(Clone, Debug, Default)]
pub struct WorldConfig {
    /// The servers.
    pub servers: Vec<ServerConfig>,
    /// The clients. Each belongs to the server of its JID's domain.
    pub clients: Vec<ClientConfig>,
    /// Links that take other than the usual time, one way each.
    pub links: Vec<(Host, Host, Delay)>,
}

/// Why a world cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// A client's domain has no server.
    #[error("{client} has no server: there is none of the domain {domain}")]
    NoServer {
        /// The client's full JID.
        client: String,
        /// Its domain.
        domain: String,
    },
    /// Two hosts have one name.
    #[error("there are two hosts named {0}")]
    SameName(String),
    /// A link's end is no host.
    #[error("there is no host named {0}")]
    NoHost(String),
}

/// All servers and clients of a run.
#[derive(Debug)]
pub struct World {
    /// Servers first, then clients.
    hosts: Vec<(Host, Name)>,
    ids: BTreeMap<Host, HostId>,
    servers: Vec<Node>,
    clients: Vec<Client>,
    streams: Streams,
    /// When which server wants to be told the time.
    deadlines: BTreeSet<(Time, u32)>,
    recorder: Recorder,
    faults: Faults,
    tamper: Option<Box<dyn Tamper>>,
    /// Kept to save allocations.
    scratch: Vec<Output>,
}

impl World {
    /// A world in which nothing has happened yet. The servers start at `now`.
    pub fn new(config: WorldConfig, now: Time) -> Result<Self, WorldError> {
        let mut world = Self {
            hosts: Vec::new(),
            ids: BTreeMap::new(),
            servers: Vec::new(),
            clients: Vec::new(),
            streams: Streams::default(),
            deadlines: BTreeSet::new(),
            recorder: Recorder::default(),
            faults: Faults::default(),
            tamper: None,
            scratch: Vec::new(),
        };
        for server in config.servers {
            world.add_host(Host::Server(server.domain.clone()))?;
            world.servers.push(Node::new(server));
        }
        for client in config.clients {
            let domain = client.jid.domain().to_string();
            let server = world
                .host(&Host::Server(domain.clone()))
                .ok_or_else(|| WorldError::NoServer { client: client.jid.to_string(), domain })?;
            world.add_host(Host::Client(client.jid.clone()))?;
            world.clients.push(Client::new(client, server));
        }
        for (from, to, delay) in config.links {
            let ends = [&from, &to].map(|end| {
                world.host(end).ok_or_else(|| WorldError::NoHost(end.as_str().to_owned()))
            });
            let [from, to] = ends;
            world.faults.configure(from?, to?, delay);
        }
        for index in 0..world.servers.len() {
            world.note_deadline(index, now);
        }
        Ok(world)
    }

    /// With machines that are made wrong on purpose.
    #[must_use]
    pub fn tampered(mut self, tamper: Box<dyn Tamper>) -> Self {
        self.tamper = Some(tamper);
        self
    }

    fn add_host(&mut self, host: Host) -> Result<(), WorldError> {
        let id = HostId(u32::try_from(self.hosts.len()).unwrap_or(u32::MAX));
        let name: Name = host.as_str().into();
        if self.ids.insert(host.clone(), id).is_some() {
            return Err(WorldError::SameName(name.to_string()));
        }
        self.hosts.push((host, name));
        Ok(())
    }

    /// The first commands: the delays of links that take other than the usual time.
    pub fn start(&mut self, out: &mut Vec<Command>) {
        out.extend(self.faults.configured().map(|((from, to), delay)| Command::SetDelay {
            from,
            to,
            delay,
        }));
    }

    /// All hosts: servers first, then clients. A [`HostId`] is a place in it.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.iter().map(|(host, _)| host)
    }

    /// The number of the host of this name.
    pub fn host(&self, host: &Host) -> Option<HostId> {
        self.ids.get(host).copied()
    }

    /// The number of the server of this domain.
    pub fn server_id(&self, domain: &str) -> Option<HostId> {
        self.host(&Host::Server(domain.to_owned()))
    }

    /// The host's name as the transcript writes it.
    pub fn name(&self, host: HostId) -> &Name {
        &self.hosts[host.0 as usize].1
    }

    /// Whether the host is a server.
    pub fn is_server(&self, host: HostId) -> bool {
        (host.0 as usize) < self.servers.len()
    }

    /// Every server.
    pub fn servers(&self) -> &[Node] {
        &self.servers
    }

    /// The server of this number.
    pub fn server(&self, host: HostId) -> Option<&Node> {
        self.servers.get(host.0 as usize)
    }

    /// Every client.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The client of this number.
    pub fn client(&self, host: HostId) -> Option<&Client> {
        self.clients.get((host.0 as usize).checked_sub(self.servers.len())?)
    }

    /// The client of this number, to move its cursor.
    pub fn client_mut(&mut self, host: HostId) -> Option<&mut Client> {
        self.clients.get_mut((host.0 as usize).checked_sub(self.servers.len())?)
    }

    /// The record.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The record, to start or stop it.
    pub fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Start a record, with empty inboxes. What is in flight is not in it.
    pub fn begin_record(&mut self, header: Header) {
        self.streams.forget_entries();
        for client in &mut self.clients {
            client.empty_inbox();
        }
        self.recorder.begin(header);
    }

    /// Every fault so far, in order.
    pub fn faults(&self) -> &[FaultRecord] {
        self.faults.records()
    }

    /// What the link between two hosts takes, one way, unless a fault slows it.
    pub fn usual_delay(&self, from: HostId, to: HostId) -> Delay {
        let usual = if self.is_server(from) && self.is_server(to) {
            super::network::SERVER_LATENCY
        } else {
            super::network::CLIENT_LATENCY
        };
        self.faults.configured_delay(from, to).unwrap_or(Delay::fixed(usual))
    }

    /// When a [`Happening::Timeout`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Something happened in the network.
    pub fn step(&mut self, now: Time, happening: Happening, out: &mut Vec<Command>) {
        // For logs alone.
        clock::set(now);
        match happening {
            Happening::Received(stream, end, stanza) => {
                self.on_received(now, stream, end, stanza, out);
            }
            Happening::Opened(stream) => self.on_opened(now, stream, out),
            Happening::Failed(stream, error) => {
                let Some((dialer, acceptor)) = self.streams.fail(stream) else { return };
                self.record_stream(now, dialer, acceptor, StreamEvent::Failed(error));
                if self.is_server(dialer) {
                    let Some(domain) = self.forget_peer(dialer, stream) else { return };
                    self.feed(now, dialer, Input::PeerFailed(domain, error), out);
                } else if let Some(client) = self.client_mut(dialer) {
                    client.closed(stream);
                }
            }
            Happening::Closed(stream, end) => self.on_closed(now, stream, end, out),
            Happening::Timeout => self.on_timeout(now, out),
        }
    }

    fn on_received(
        &mut self,
        now: Time,
        stream: StreamId,
        end: End,
        stanza: Stanza,
        out: &mut Vec<Command>,
    ) {
        let Some(arrived) = self.streams.arrive(stream, end) else { return };
        tracing::trace!(target: "wallops::sim", "delivered  {stanza}");
        self.recorder.delivered(arrived.entry, now);
        match (arrived.kind, end) {
            (Kind::Session, End::Dialer) => {
                let keep = self.recorder.is_on();
                if let Some(client) = self.client_mut(arrived.dialer) {
                    client.receive(now, stanza, arrived.entry, keep);
                }
            }
            (Kind::Session, End::Acceptor) => {
                self.note_arrival(arrived.acceptor, &stanza);
                let input = Input::FromSession(SessionId(stream.0), stanza);
                self.feed(now, arrived.acceptor, input, out);
            }
            (Kind::Peer, _) => {
                self.note_arrival(arrived.acceptor, &stanza);
                let domain = self.name(arrived.dialer).clone();
                self.feed(now, arrived.acceptor, Input::FromPeer(domain, stanza), out);
            }
        }
    }

    fn note_arrival(&mut self, server: HostId, stanza: &Stanza) {
        if let Some(node) = self.servers.get(server.0 as usize) {
            self.faults.came_in(node.config(), stanza);
        }
    }

    fn on_opened(&mut self, now: Time, stream: StreamId, out: &mut Vec<Command>) {
        let Some((dialer, acceptor)) = self.streams.open(stream) else { return };
        self.record_stream(now, dialer, acceptor, StreamEvent::Opened);
        if self.is_server(dialer) {
            let domain: Domain = self.name(acceptor).clone();
            let from: Domain = self.name(dialer).clone();
            let Some(node) = self.servers.get_mut(acceptor.0 as usize) else { return };
            node.incoming.entry(from).or_default().insert(stream);
            self.feed(now, dialer, Input::PeerOpened(domain), out);
        } else if let Some(client) = self.client_mut(dialer) {
            client.opened(stream);
            let jid = client.jid().clone();
            self.feed(now, acceptor, Input::SessionOpened(SessionId(stream.0), jid), out);
            self.send(now, stream, End::Dialer, (Stanza::presence(Type::Absent), now), out);
        }
    }

    fn on_closed(&mut self, now: Time, stream: StreamId, end: End, out: &mut Vec<Command>) {
        let Some(ended) = self.streams.closed(stream, end) else { return };
        for entry in ended.lost {
            self.recorder.lost(entry);
        }
        if ended.first {
            self.record_stream(now, ended.dialer, ended.acceptor, StreamEvent::Broken);
        }
        match (ended.kind, end) {
            (Kind::Session, End::Dialer) => {
                if let Some(client) = self.client_mut(ended.dialer) {
                    client.closed(stream);
                }
            }
            (Kind::Session, End::Acceptor) => {
                self.feed(now, ended.acceptor, Input::SessionClosed(SessionId(stream.0)), out);
            }
            (Kind::Peer, End::Dialer) => {
                let Some(domain) = self.forget_peer(ended.dialer, stream) else { return };
                self.feed(now, ended.dialer, Input::PeerClosed(domain), out);
            }
            (Kind::Peer, End::Acceptor) => {
                let from = self.name(ended.dialer).clone();
                if let Some(node) = self.servers.get_mut(ended.acceptor.0 as usize) {
                    node.forget_incoming(&from, stream);
                }
            }
        }
    }

    fn on_timeout(&mut self, now: Time, out: &mut Vec<Command>) {
        let due: Vec<u32> = self
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, index)| *index)
            .collect();
        for index in due {
            tracing::trace!(target: "wallops::sim", "a timer of {}", self.name(HostId(index)));
            self.feed(now, HostId(index), Input::Timeout, out);
            // A machine that leaves its deadline in the past would stop time.
            let soon = now + Duration::from_micros(1);
            self.note_deadline(index as usize, soon);
        }
    }

    /// The server's deadline may have changed; it is at `floor` at the earliest.
    fn note_deadline(&mut self, index: usize, floor: Time) {
        let Some(node) = self.servers.get_mut(index) else { return };
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let next = node.machine_deadline().map(|at| at.max(floor));
        if next != node.deadline {
            if let Some(old) = node.deadline {
                self.deadlines.remove(&(old, number));
            }
            if let Some(next) = next {
                self.deadlines.insert((next, number));
            }
            node.deadline = next;
        }
    }

    /// Forget the outgoing stream of a server; its domain, if it was the one in use.
    fn forget_peer(&mut self, dialer: HostId, stream: StreamId) -> Option<Domain> {
        self.servers.get_mut(dialer.0 as usize)?.forget_outgoing(stream)
    }

    fn record_stream(&mut self, now: Time, from: HostId, to: HostId, event: StreamEvent) {
        let (from, to) = (self.name(from).clone(), self.name(to).clone());
        self.recorder.stream(now, from, to, event);
    }
}

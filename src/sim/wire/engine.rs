//! The network itself: segments under way, the instants at which they arrive, and what links and
//! hosts do with them.
//!
//! Nothing ticks. Time jumps to the next arrival, timer or deadline of the machine, in microseconds
//! of the network's own clock; tokio's stands still, so that its granularity of a millisecond does
//! not matter.
//!
//! A link is reliable until a fault makes it lose something, and then the connection is dead. So it
//! acknowledges at once what it takes charge of, in the name of the receiver, and drops the
//! receiver's own acknowledgements: they would only cost time, and would let TCP's window slow down
//! what on a real network of this latency a scaled window would not.

mod faults;
mod obey;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use turmoil_net::{EnterGuard, Packet, TcpSegment};

use super::board::{Board, Machine};
use super::links::Links;
use super::segments::{
    Connections, Key, acknowledgement, handshake_end, has_content, is_forged_reset, is_pure_ack,
    reset, route_of, segment,
};
use super::serve::serve;
use super::tasks::{SimulatedSockets, Tasks};
use crate::sim::network::{End, Happening, HostId, LinkState, StreamId, TCP_TIMEOUT};
use crate::time::Time;

/// How much TCP sends without acknowledgement.
const WINDOW: u32 = 65_535;

/// When the stanza that a stream's end was last told to send arrives, and its place among those
/// that are sent together.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    rank: usize,
    at: Time,
}

/// When something arrives, and its place among what arrives at that instant: the order in which it
/// was sent, except that a stream that opens does so in the place of its dial.
type Place = (Time, u64, u64);

/// The network.
#[derive(Debug)]
pub(super) struct Engine<M> {
    pub(super) board: Board<M>,
    pub(super) tasks: Tasks,
    guard: Guarded,
    kernels: Vec<turmoil_net::HostId>,
    addresses: Rc<Vec<IpAddr>>,
    hosts: BTreeMap<IpAddr, HostId>,
    links: Links,
    connections: Connections,
    flight: BTreeMap<Place, Packet>,
    sent: u64,
    off: BTreeSet<HostId>,
    /// When which sender gives up waiting for an acknowledgement.
    timers: BTreeSet<(Time, StreamId, End)>,
    /// Of the commands that are being obeyed together.
    stamps: BTreeMap<(StreamId, End), Stamp>,
    /// Kept to save allocations.
    emitted: Vec<Packet>,
}

/// The simulated TCP of this thread.
struct Guarded(EnterGuard);

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnterGuard")
    }
}

/// What an engine is made of.
pub(super) struct Parts<M> {
    pub(super) board: Board<M>,
    pub(super) guard: EnterGuard,
    pub(super) kernels: Vec<turmoil_net::HostId>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) seed: u64,
}

impl<M: Machine> Engine<M> {
    pub(super) fn new(parts: Parts<M>) -> Self {
        let mut hosts = BTreeMap::new();
        for (address, id) in parts.addresses.iter().zip(0..) {
            hosts.insert(*address, HostId(id));
            parts.board.name_address(*address, HostId(id));
        }
        Self {
            board: parts.board,
            tasks: Tasks::default(),
            guard: Guarded(parts.guard),
            kernels: parts.kernels,
            addresses: Rc::new(parts.addresses),
            hosts,
            links: Links::new(parts.seed),
            connections: Connections::default(),
            flight: BTreeMap::new(),
            sent: 0,
            off: BTreeSet::new(),
            timers: BTreeSet::new(),
            stamps: BTreeMap::new(),
            emitted: Vec::new(),
        }
    }

    pub(super) fn sockets(&self, host: HostId) -> Rc<SimulatedSockets> {
        Rc::new(SimulatedSockets {
            host,
            id: self.kernels[host.0 as usize],
            addresses: Rc::clone(&self.addresses),
            tasks: self.tasks.clone(),
        })
    }

    /// Start the tasks of a host.
    pub(super) fn start(&self, host: HostId) {
        let sockets = self.sockets(host);
        let id = self.kernels[host.0 as usize];
        self.tasks.spawn(host, id, serve(self.board.clone(), sockets, host));
    }

    /// Start the tasks of all hosts.
    pub(super) async fn start_all(&mut self) {
        for (_, id) in self.kernels.iter().zip(0..) {
            self.start(HostId(id));
        }
        self.work().await;
    }

    /// Let the hosts do what they can do now, and obey the machine.
    pub(super) async fn work(&mut self) {
        self.tasks.settle().await;
        if !self.board.has_commands() {
            self.pump().await;
        }
        // What was emitted goes out with what is commanded.
        self.obey_all().await;
    }

    /// Run until nothing is in flight, if `quiet`, or until this instant. Whether it is quiet.
    pub(super) async fn run(&mut self, until: Time, quiet: bool) -> bool {
        loop {
            if quiet && self.is_quiet() {
                return true;
            }
            let arrival = self.flight.first_key_value().map(|((at, ..), _)| *at);
            let timer = self.timers.first().map(|(at, _, _)| *at);
            let next = [arrival, timer, self.board.deadline()].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= until) else {
                self.board.set_now(self.board.now().max(until));
                return false;
            };
            self.advance(at).await;
        }
    }

    /// Let one thing happen that is due at `at`: what arrives comes before what times out.
    async fn advance(&mut self, at: Time) {
        self.board.set_now(self.board.now().max(at));
        if self.flight.first_key_value().is_some_and(|((arrival, ..), _)| *arrival <= at) {
            if let Some((_, packet)) = self.flight.pop_first() {
                self.deliver(packet);
            }
        } else if let Some(timer) = self.timers.first().copied().filter(|timer| timer.0 <= at) {
            self.timers.remove(&timer);
            let address = self.board.address_of(timer.1);
            if let Some(key) = address.and_then(|from| self.connections.dialled_from(from)) {
                self.deliver(reset(key, timer.2));
            }
        } else {
            self.board.happen(Happening::Timeout);
        }
        self.work().await;
    }

    fn deliver(&mut self, packet: Packet) {
        let route = route_of(&packet);
        if let (Some((from, to)), Some(segment)) = (route, segment(&packet))
            && let Some((key, end)) = self.connections.of(from, to)
        {
            let handshake = self.connections.answered(key, end);
            if segment.flags.rst {
                if let Some(number) = handshake {
                    // What is reset before anybody accepted it stays in turmoil-net's tables for
                    // ever and keeps the port, so it is opened first.
                    self.guard.0.deliver(handshake_end(key, number));
                }
                self.connections.leave(key, end);
            }
            if segment.flags.fin || (segment.flags.rst && !is_forged_reset(segment)) {
                self.connections.leave(key, end.other());
            }
        }
        self.guard.0.deliver(packet);
    }

    /// Take what the hosts emit and send it on its way.
    async fn pump(&mut self) {
        loop {
            let mut emitted = std::mem::take(&mut self.emitted);
            self.guard.0.egress_all(&mut emitted);
            if self.stamps.len() > 1 {
                emitted.sort_by_cached_key(|packet| self.rank(packet));
            }
            let bytes: u32 = emitted.iter().map(Packet::size).sum();
            for packet in emitted.drain(..) {
                self.send(packet);
            }
            self.emitted = emitted;
            // An acknowledgement lets more of what was written out if the window was full, and may
            // have woken a writer that waited for it.
            let more = bytes >= WINDOW && {
                self.tasks.settle().await;
                true
            };
            if !more {
                return;
            }
        }
    }

    /// The place of a packet's stanza among those that are sent together.
    fn rank(&self, packet: &Packet) -> usize {
        let stamp = route_of(packet)
            .and_then(|(from, to)| self.connections.of(from, to))
            .and_then(|(key, to)| self.stamp(key, to));
        stamp.map_or(usize::MAX, |stamp| stamp.rank)
    }

    fn stamp(&self, key: Key, to: End) -> Option<Stamp> {
        let stream = self.board.stream_from(key.0)?;
        self.stamps.get(&(stream, to.other())).copied()
    }

    fn hosts_of(&self, from: SocketAddr, to: SocketAddr) -> Option<(HostId, HostId)> {
        Some((*self.hosts.get(&from.ip())?, *self.hosts.get(&to.ip())?))
    }

    fn know_link(&mut self, from: HostId, to: HostId) {
        for (from, to) in [(from, to), (to, from)] {
            let board = &self.board;
            self.links.know(from, to, || {
                let still = crate::sim::network::Delay::fixed(crate::time::Duration::ZERO);
                board.usual_delay(from, to).unwrap_or(still)
            });
        }
    }

    /// A host sends a packet.
    fn send(&mut self, packet: Packet) {
        let (Some((from, to)), Some(segment)) = (route_of(&packet), segment(&packet)) else {
            return;
        };
        let Some((sender, receiver)) = self.hosts_of(from, to) else { return };
        if self.off.contains(&sender) {
            return;
        }
        if segment.flags.syn && !segment.flags.ack {
            self.know_link(sender, receiver);
            self.connections.begin((from, to), [sender, receiver], self.sent + 1);
            if self.links.states(sender, receiver).contains(&LinkState::Refused) {
                let at = self.board.now() + self.links.round_trip(sender, receiver);
                self.fly(at, reset((from, to), End::Dialer));
                // The other end never hears of it.
                self.connections.leave((from, to), End::Acceptor);
                return;
            }
        }
        if !self.note_segment((from, to), segment) {
            return;
        }
        match self.links.state(sender, receiver) {
            _ if self.off.contains(&receiver) => self.lose(&packet),
            LinkState::Up => self.forward(packet, None),
            LinkState::Held => self.links.hold(sender, receiver, packet),
            LinkState::Silent => self.lose(&packet),
            LinkState::Refused | LinkState::Reset => {}
        }
    }

    /// Keep in mind what a segment means for its connection. Whether anybody would miss it.
    fn note_segment(&mut self, (from, to): Key, segment: &TcpSegment) -> bool {
        let found = self.connections.of(from, to);
        let connection = found.and_then(|(key, _)| self.connections.connection(key).zip(Some(key)));
        let Some((connection, key)) = connection else { return !is_pure_ack(segment) };
        if is_pure_ack(segment) {
            // The last of a handshake is the only one that is missed.
            return !std::mem::replace(&mut connection.established, true);
        }
        if segment.flags.syn && segment.flags.ack {
            connection.handshake = Some(segment.seq);
        }
        connection.stream = connection.stream.or_else(|| self.board.stream_from(key.0));
        if let Some(stream) = connection.stream.filter(|_| segment.flags.rst) {
            // What this answers did not get through, nor does what follows.
            self.board.lose(stream, if from == key.0 { End::Dialer } else { End::Acceptor });
        }
        true
    }

    /// Send a packet on its way over a link that is up. `at` is when it arrives if that was settled
    /// already.
    fn forward(&mut self, packet: Packet, at: Option<Time>) {
        let Some((from, to)) = route_of(&packet) else { return };
        let Some((sender, receiver)) = self.hosts_of(from, to) else { return };
        let found = self.connections.of(from, to);
        let stamp = found.and_then(|(key, end)| self.stamp(key, end)).map(|stamp| stamp.at);
        let mut at = at
            .or(stamp)
            .unwrap_or_else(|| self.links.plain_arrival(sender, receiver, self.board.now()));
        let mut place = None;
        if let Some((key, end)) = found
            && let Some(connection) = self.connections.connection(key)
        {
            at = at.max(connection.last[end.index()]);
            connection.last[end.index()] = at;
            let opens = connection.stream.is_none_or(|stream| !self.board.is_open(stream));
            place = opens.then_some(connection.born);
        }
        if segment(&packet).is_some_and(has_content)
            && let Some(acknowledgement) = acknowledgement(&packet)
        {
            self.guard.0.deliver(acknowledgement);
        }
        self.sent += 1;
        self.flight.insert((at, place.unwrap_or(self.sent), self.sent), packet);
    }

    fn fly(&mut self, at: Time, packet: Packet) {
        self.sent += 1;
        self.flight.insert((at, self.sent, self.sent), packet);
    }

    /// A packet is lost, without anybody being told.
    fn lose(&mut self, packet: &Packet) {
        let Some(segment) = segment(packet) else { return };
        let found = route_of(packet).and_then(|(from, to)| self.connections.of(from, to));
        let Some((key, end)) = found else { return };
        let Some(stream) = self.board.stream_from(key.0) else { return };
        let is_missed = segment.flags.rst || has_content(segment);
        if is_missed && self.board.lose(stream, end) {
            self.timers.insert((self.board.now() + TCP_TIMEOUT, stream, end.other()));
        }
    }

    fn is_quiet(&self) -> bool {
        !self.flight.values().any(|packet| self.matters(packet))
    }

    /// Whether a packet is more than the aftermath of a stream that is over.
    fn matters(&self, packet: &Packet) -> bool {
        let found = route_of(packet).and_then(|(from, to)| self.connections.of(from, to));
        match found.and_then(|(key, _)| self.connections.get(key)) {
            Some(connection) => connection.stream.is_none_or(|stream| self.board.knows(stream)),
            None => false,
        }
    }
}

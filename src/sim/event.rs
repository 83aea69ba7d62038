//! The event network: stanzas in a queue of instants. Nothing is serialised, nothing is dropped but
//! by a fault, and idle time costs nothing.
//!
//! It is *not* TCP: it knows streams that open after so many round trips, directions in which
//! nothing overtakes, and ends that learn sooner or later that the other is gone. What that means
//! exactly is written at [`LinkState`] and [`Command`]; the wire network does the same with
//! segments.

mod agenda;
mod faults;
mod links;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use self::agenda::Agenda;
use self::links::{LinkIndex, Links};
use crate::sim::network::{
    CLIENT_ROUND_TRIPS, Command, End, Happening, HostId, LinkState, Network, SERVER_ROUND_TRIPS,
    StreamId, TCP_TIMEOUT,
};
use crate::sim::world::{Action, World};
use crate::stanza::Stanza;
use crate::time::Time;

/// Something that is under way.
#[derive(Debug)]
enum Event {
    /// A stanza, to this end.
    Stanza(StreamId, End, Stanza),
    /// The news that the stream is over, to this end.
    Closed(StreamId, End),
    /// A stream that will be open.
    Opened(StreamId),
    /// A stream that will be refused.
    Refused(StreamId),
}

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It was dialled and will be answered.
    Dialling,
    /// It was dialled into silence.
    Stalled,
    /// It is in use.
    Open,
    /// It will never be open again.
    Over,
}

#[derive(Debug)]
struct Stream {
    dialer: HostId,
    acceptor: HostId,
    /// The direction of the link that leads to the end of this index.
    links: [LinkIndex; 2],
    stage: Stage,
    /// Ends that closed it, were told of its end, or went down with their host.
    ended: [bool; 2],
    /// Ends that went down with their host.
    forgotten: [bool; 2],
    /// Whether a stanza to that end was lost. Nothing follows it.
    lost: [bool; 2],
}

impl Stream {
    fn host(&self, end: End) -> HostId {
        match end {
            End::Dialer => self.dialer,
            End::Acceptor => self.acceptor,
        }
    }

    fn joins(&self, one: HostId, other: HostId) -> bool {
        (self.dialer, self.acceptor) == (one, other) || (self.dialer, self.acceptor) == (other, one)
    }
}

/// A world on the event network.
#[derive(Debug)]
pub struct EventNetwork {
    now: Time,
    world: World,
    agenda: Agenda,
    links: Links,
    streams: Vec<Stream>,
    off: BTreeSet<HostId>,
    /// When which sender gives up waiting for an acknowledgement.
    timers: BTreeSet<(Time, StreamId, End)>,
    chance: ChaCha8Rng,
    /// Kept to save allocations.
    commands: Vec<Command>,
}

impl EventNetwork {
    /// This world, from `now` on. Jitter is drawn from `seed`.
    pub fn new(world: World, now: Time, seed: u64) -> Self {
        let mut network = Self {
            now,
            world,
            agenda: Agenda::default(),
            links: Links::default(),
            streams: Vec::new(),
            off: BTreeSet::new(),
            timers: BTreeSet::new(),
            chance: ChaCha8Rng::seed_from_u64(seed),
            commands: Vec::new(),
        };
        network.world.start(&mut network.commands);
        network.obey_all();
        network
    }

    /// Let go of the network; what is in flight is gone.
    pub fn into_world(self) -> World {
        self.world
    }

    fn obey_all(&mut self) {
        let mut commands = std::mem::take(&mut self.commands);
        for command in commands.drain(..) {
            self.obey(command);
        }
        self.commands = commands;
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Send { stream, end, stanza } => self.send(stream, end, stanza),
            Command::Dial { stream, from, to } => {
                debug_assert_eq!(stream.0 as usize, self.streams.len(), "streams are numbered");
                let links = [self.link(to, from), self.link(from, to)];
                self.streams.push(Stream {
                    dialer: from,
                    acceptor: to,
                    links,
                    stage: Stage::Dialling,
                    ended: [false; 2],
                    forgotten: [false; 2],
                    lost: [false; 2],
                });
                self.dial(stream);
            }
            Command::Close { stream, end, .. } => self.close(stream, end),
            Command::SetLink { from, to, state } => self.set_link(from, to, state),
            Command::SetDelay { from, to, delay } => {
                let link = self.link(from, to);
                self.links.set_delay(link, delay);
            }
            Command::PowerOff(host) => self.power_off(host),
            Command::PowerOn(host) => self.power_on(host),
        }
    }

    fn link(&mut self, from: HostId, to: HostId) -> LinkIndex {
        let world = &self.world;
        self.links.index(from, to, || world.usual_delay(from, to))
    }

    /// Answer a dial, or leave it in the silence.
    fn dial(&mut self, id: StreamId) {
        let stream = &mut self.streams[id.0 as usize];
        let states = stream.links.map(|link| self.links.state(link));
        let silent =
            states.iter().any(|state| !matches!(state, LinkState::Up | LinkState::Refused));
        if silent || self.off.contains(&stream.acceptor) {
            stream.stage = Stage::Stalled;
            return;
        }
        stream.stage = Stage::Dialling;
        let round_trip = self.links.latency(stream.links[0]) + self.links.latency(stream.links[1]);
        if states.contains(&LinkState::Refused) {
            self.agenda.push(self.now + round_trip, Event::Refused(id));
            return;
        }
        let trips = if self.world.is_server(stream.dialer) {
            SERVER_ROUND_TRIPS
        } else {
            CLIENT_ROUND_TRIPS
        };
        self.agenda.push(self.now + round_trip * trips, Event::Opened(id));
    }

    fn send(&mut self, id: StreamId, from: End, stanza: Stanza) {
        let to = from.other();
        let stream = &mut self.streams[id.0 as usize];
        if stream.stage != Stage::Open || stream.lost[to.index()] {
            return;
        }
        let link = stream.links[to.index()];
        let host = stream.host(to);
        if self.off.contains(&host) || self.links.state(link) == LinkState::Silent {
            self.lose(id, to);
        } else {
            self.forward(link, Event::Stanza(id, to, stanza));
        }
    }

    /// Send something on, or hold it.
    fn forward(&mut self, link: LinkIndex, event: Event) {
        if self.links.state(link) == LinkState::Held {
            self.links.hold(link, event);
        } else {
            let at = self.links.arrival(link, self.now, &mut self.chance);
            self.agenda.push(at, event);
        }
    }

    /// Something that was sent to this end is lost, without anybody being told.
    fn lose(&mut self, id: StreamId, to: End) {
        let stream = &mut self.streams[id.0 as usize];
        if !stream.lost[to.index()] {
            stream.lost[to.index()] = true;
            self.timers.insert((self.now + TCP_TIMEOUT, id, to.other()));
        }
    }

    fn close(&mut self, id: StreamId, end: End) {
        let to = end.other();
        let stream = &mut self.streams[id.0 as usize];
        if stream.stage != Stage::Open {
            stream.stage = Stage::Over;
            return;
        }
        stream.ended[end.index()] = true;
        if stream.ended[to.index()] || stream.lost[to.index()] {
            return;
        }
        let link = stream.links[to.index()];
        if self.off.contains(&stream.host(to)) || self.links.state(link) == LinkState::Silent {
            self.lose(id, to);
        } else {
            self.forward(link, Event::Closed(id, to));
        }
    }

    fn happen(&mut self, happening: Happening) {
        self.world.step(self.now, happening, &mut self.commands);
        self.obey_all();
    }

    fn arrive(&mut self, event: Event) {
        match event {
            Event::Stanza(id, end, stanza) => {
                let stream = &mut self.streams[id.0 as usize];
                if !stream.ended[end.index()] {
                    self.happen(Happening::Received(id, end, stanza));
                } else if stream.forgotten[end.index()] && !stream.lost[end.index()] {
                    // The host that was switched off does not know the stream, and says so.
                    stream.lost[end.index()] = true;
                    let back = stream.links[end.other().index()];
                    let news = Event::Closed(id, end.other());
                    match self.links.state(back) {
                        LinkState::Up => {
                            self.agenda.push(self.now + self.links.latency(back), news);
                        }
                        LinkState::Held => self.links.hold(back, news),
                        LinkState::Silent | LinkState::Refused | LinkState::Reset => {}
                    }
                }
            }
            Event::Closed(id, end) => self.tell_closed(id, end),
            Event::Opened(id) => {
                let stream = &mut self.streams[id.0 as usize];
                if stream.stage == Stage::Dialling {
                    stream.stage = Stage::Open;
                    self.happen(Happening::Opened(id));
                }
            }
            Event::Refused(id) => {
                let stream = &mut self.streams[id.0 as usize];
                if stream.stage == Stage::Dialling {
                    stream.stage = Stage::Over;
                    let error = crate::server::DialError::Refused;
                    self.happen(Happening::Failed(id, error));
                }
            }
        }
    }

    fn tell_closed(&mut self, id: StreamId, end: End) {
        let stream = &mut self.streams[id.0 as usize];
        if !stream.ended[end.index()] {
            stream.ended[end.index()] = true;
            if stream.ended == [true; 2] {
                stream.stage = Stage::Over;
            }
            self.happen(Happening::Closed(id, end));
        }
    }

    /// The next instant at which something is due.
    fn next(&self) -> Option<Time> {
        let timer = self.timers.first().map(|(at, _, _)| *at);
        [self.agenda.next(), timer, self.world.deadline()].into_iter().flatten().min()
    }

    /// Let one thing happen that is due at `at`: what arrives comes before what times out.
    fn advance(&mut self, at: Time) {
        self.now = at;
        if let Some(event) = self.agenda.pop(at) {
            self.arrive(event);
        } else if let Some(timer) = self.timers.first().copied().filter(|timer| timer.0 <= at) {
            self.timers.remove(&timer);
            self.tell_closed(timer.1, timer.2);
        } else {
            self.happen(Happening::Timeout);
        }
    }
}

impl Network for EventNetwork {
    fn now(&self) -> Time {
        self.now
    }

    fn world(&self) -> &World {
        &self.world
    }

    fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    fn act(&mut self, action: Action) {
        self.world.act(self.now, action, &mut self.commands);
        self.obey_all();
    }

    fn run_until_quiet(&mut self, limit: Time) -> bool {
        while !self.agenda.is_empty() {
            match self.next() {
                Some(at) if at <= limit => self.advance(at),
                _ => {
                    self.now = self.now.max(limit);
                    return false;
                }
            }
        }
        true
    }

    fn run_until(&mut self, instant: Time) {
        while let Some(at) = self.next().filter(|at| *at <= instant) {
            self.advance(at);
        }
        self.now = self.now.max(instant);
    }
}

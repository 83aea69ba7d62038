//! A third network: turmoil's own `Sim`, which ticks every millisecond. It shares with the wire
//! network what moves bytes in and out of streams, and nothing of what carries them.
//!
//! Faults that end streams are acted out at the sockets; turmoil loses what is under way.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};
use wallops::server::DialError;
use wallops::sim::network::{Command, Delay, End, Happening, HostId, LinkState, Network, StreamId};
use wallops::sim::wire::board::{Board, Machine, Order};
use wallops::sim::wire::serve::serve;
use wallops::sim::wire::sockets::Sockets;
use wallops::sim::world::{Action, World};
use wallops::time::Time;

const TICK: Duration = Duration::from_millis(1);

fn name(host: HostId) -> String {
    format!("h{}", host.0)
}

struct TickingSockets;

impl Sockets for TickingSockets {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn listen(&self, port: u16) -> io::Result<TcpListener> {
        TcpListener::bind(("0.0.0.0", port)).await
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    async fn connect(&self, to: HostId, port: u16) -> io::Result<(TcpStream, SocketAddr)> {
        let stream = TcpStream::connect((name(to).as_str(), port)).await?;
        let address = stream.local_addr()?;
        Ok((stream, address))
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(task);
    }
}

/// What is under way on a stream, as far as the world's words with its network tell.
#[derive(Default)]
struct Flight {
    open: bool,
    ended: [bool; 2],
    to: [usize; 2],
}

#[derive(Default)]
struct Tally(BTreeMap<StreamId, Flight>);

impl Tally {
    fn commanded(&mut self, command: &Command) {
        match command {
            Command::Dial { stream, .. } => {
                self.0.insert(*stream, Flight::default());
            }
            Command::Send { stream, end, .. } => {
                let Some(flight) = self.0.get_mut(stream) else { return };
                if flight.open && !flight.ended[end.other().index()] {
                    flight.to[end.other().index()] += 1;
                }
            }
            Command::Close { stream, end, .. } => {
                let Some(flight) = self.0.get_mut(stream).filter(|flight| flight.open) else {
                    self.0.remove(stream);
                    return;
                };
                if !flight.ended[end.other().index()] {
                    flight.to[end.other().index()] += 1;
                }
                self.end(*stream, *end);
            }
            _ => {}
        }
    }

    fn happened(&mut self, happening: &Happening) {
        match happening {
            Happening::Opened(stream) => {
                if let Some(flight) = self.0.get_mut(stream) {
                    flight.open = true;
                }
            }
            Happening::Failed(stream, _) => {
                self.0.remove(stream);
            }
            Happening::Received(stream, end, _) => {
                if let Some(flight) = self.0.get_mut(stream) {
                    flight.to[end.index()] -= 1;
                }
            }
            Happening::Closed(stream, end) => self.end(*stream, *end),
            Happening::Timeout => {}
        }
    }

    fn end(&mut self, stream: StreamId, end: End) {
        let Some(flight) = self.0.get_mut(&stream) else { return };
        flight.to[end.index()] = 0;
        flight.ended[end.index()] = true;
        if flight.ended == [true; 2] {
            self.0.remove(&stream);
        }
    }

    fn is_quiet(&self, stalled: &BTreeSet<StreamId>) -> bool {
        let idle = |(id, flight): (&StreamId, &Flight)| {
            stalled.contains(id) || (flight.open && flight.to == [0; 2])
        };
        self.0.iter().all(idle)
    }
}

/// The world, watched.
struct Watched {
    world: World,
    tally: Rc<RefCell<Tally>>,
}

impl Machine for Watched {
    fn step(&mut self, now: Time, happening: Happening, out: &mut Vec<Command>) {
        self.tally.borrow_mut().happened(&happening);
        self.world.step(now, happening, out);
    }

    fn deadline(&self) -> Option<Time> {
        self.world.deadline()
    }

    fn usual_delay(&self, from: HostId, to: HostId) -> Delay {
        self.world.usual_delay(from, to)
    }
}

/// A world on turmoil's `Sim`.
pub struct Ticking {
    sim: Sim<'static>,
    board: Board<Watched>,
    machine: Option<Box<Watched>>,
    tally: Rc<RefCell<Tally>>,
    /// Directions that are not up.
    down: BTreeMap<(HostId, HostId), LinkState>,
    stalled: BTreeSet<StreamId>,
    /// Dials that will be refused, and when.
    refused: BTreeSet<(Time, StreamId)>,
}

impl Ticking {
    pub fn new(mut world: World, now: Time, seed: u64) -> Self {
        let mut builder = Builder::new();
        builder
            .rng_seed(seed)
            .tick_duration(TICK)
            .simulation_duration(Duration::from_secs(1_000_000))
            .min_message_latency(TICK)
            .max_message_latency(TICK)
            .tcp_capacity(1 << 16);
        let mut sim = builder.build();
        let hosts: Vec<_> = world.hosts().cloned().collect();
        let ids: Vec<HostId> = (0..).map(HostId).take(hosts.len()).collect();
        let board = Board::new(hosts, now);
        for id in &ids {
            board.name_address(sim.lookup(name(*id)), *id);
            let (board, id) = (board.clone(), *id);
            sim.host(name(id), move || {
                let board = board.clone();
                async move {
                    serve(board, Rc::new(TickingSockets), id).await;
                    Ok(())
                }
            });
        }
        for from in &ids {
            for to in ids.iter().filter(|to| **to != *from) {
                if world.is_server(*from) || world.is_server(*to) {
                    let delay = world.usual_delay(*from, *to).latency;
                    sim.set_link_latency(name(*from), name(*to), delay.max(TICK));
                }
            }
        }
        let mut start = Vec::new();
        world.start(&mut start);
        let tally = Rc::new(RefCell::new(Tally::default()));
        let machine = Some(Box::new(Watched { world, tally: Rc::clone(&tally) }));
        let mut ticking = Self {
            sim,
            board,
            machine,
            tally,
            down: BTreeMap::new(),
            stalled: BTreeSet::new(),
            refused: BTreeSet::new(),
        };
        ticking.board.push_commands(start);
        ticking.tick();
        ticking
    }

    /// Let a millisecond pass.
    fn tick(&mut self) {
        self.board.swap(&mut self.machine);
        self.sim.step().unwrap();
        let now = self.board.now() + TICK;
        self.board.set_now(now);
        self.obey_all();
        while let Some((at, stream)) = self.refused.first().copied().filter(|(at, _)| *at <= now) {
            self.refused.remove(&(at, stream));
            self.board.failed(stream, DialError::Refused);
            self.obey_all();
        }
        while self.board.deadline().is_some_and(|deadline| deadline <= now) {
            self.board.happen(Happening::Timeout);
            self.obey_all();
        }
        self.board.swap(&mut self.machine);
    }

    fn obey_all(&mut self) {
        while let Some(command) = self.board.next_command() {
            self.tally.borrow_mut().commanded(&command);
            match command {
                Command::Dial { stream, from, to } => {
                    if self.board.dial(stream, from, to) {
                        self.try_dial(stream, from, to);
                    }
                }
                Command::Send { stream, end, stanza } => self.board.write(stream, end, stanza),
                Command::Close { stream, end, error, abrupt } => {
                    let order = if abrupt { Order::Abort } else { Order::Close(error) };
                    self.board.close(stream, end, order);
                }
                Command::SetLink { from, to, state } => self.set_link(from, to, state),
                // Set when the links were made.
                Command::SetDelay { .. } => {}
                Command::PowerOff(_) | Command::PowerOn(_) => panic!("no scenario for turmoil"),
            }
        }
    }

    fn try_dial(&mut self, stream: StreamId, from: HostId, to: HostId) {
        let both = [(from, to), (to, from)].map(|link| self.down.get(&link).copied());
        self.stalled.remove(&stream);
        if both == [None; 2] {
            self.board.call(stream);
        } else if both.iter().flatten().all(|state| *state == LinkState::Refused) {
            let delay = |from, to| self.board.usual_delay(from, to).unwrap().latency;
            let at = self.board.now() + delay(from, to) + delay(to, from);
            self.refused.insert((at, stream));
        } else {
            self.board.stall(stream);
            self.stalled.insert(stream);
        }
    }

    fn set_link(&mut self, from: HostId, to: HostId, state: LinkState) {
        match state {
            LinkState::Up => {
                self.down.remove(&(from, to));
            }
            LinkState::Refused | LinkState::Reset => {
                self.down.insert((from, to), state);
                self.sim.partition(name(from), name(to));
                self.sim.repair(name(from), name(to));
                for stream in self.board.open_between(from, to) {
                    for end in [End::Dialer, End::Acceptor] {
                        self.board.break_off(stream, end);
                    }
                }
                for stream in self.board.dials(from, to, false) {
                    self.board.stall(stream);
                }
            }
            LinkState::Silent | LinkState::Held => panic!("no scenario for turmoil"),
        }
        for stream in self.board.dials(from, to, true) {
            let ends = [End::Dialer, End::Acceptor].map(|end| self.board.end_state(stream, end));
            if let [Some(dialer), Some(acceptor)] = ends {
                self.try_dial(stream, dialer.host, acceptor.host);
            }
        }
    }
}

impl Network for Ticking {
    fn now(&self) -> Time {
        self.board.now()
    }

    fn world(&self) -> &World {
        &self.machine.as_ref().unwrap().world
    }

    fn world_mut(&mut self) -> &mut World {
        &mut self.machine.as_mut().unwrap().world
    }

    fn act(&mut self, action: Action) {
        let now = self.now();
        let mut commands = Vec::new();
        self.world_mut().act(now, action, &mut commands);
        self.board.push_commands(commands);
        self.board.swap(&mut self.machine);
        self.obey_all();
        self.board.swap(&mut self.machine);
    }

    fn run_until_quiet(&mut self, limit: Time) -> bool {
        while !self.tally.borrow().is_quiet(&self.stalled) {
            if self.now() >= limit {
                return false;
            }
            self.tick();
        }
        true
    }

    fn run_until(&mut self, instant: Time) {
        while self.now() < instant {
            self.tick();
        }
    }
}

//! The wire network: every host has a simulated TCP of its own, and stanzas travel over it in real
//! XML streams, negotiation included.
//!
//! One thread can have one such network at a time. Beneath is turmoil-net, driven event by event;
//! the tasks of the hosts run on a tokio runtime of which only the scheduler is used.

pub mod accept;
pub mod board;
pub mod carry;
pub mod dial;
mod engine;
pub mod failure;
pub mod guard;
mod links;
pub mod negotiate;
pub mod scan;
mod segments;
pub mod serve;
pub mod sockets;
mod tasks;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use turmoil_net::{KernelConfig, Net};

use self::board::{Board, Machine};
use self::engine::{Engine, Parts};
pub use self::tasks::SimulatedSockets;
use crate::sim::network::{Command, Host, HostId, Network};
use crate::sim::world::{Action, World};
use crate::time::Time;

/// A machine on the wire network; usually the world.
// The order of the fields is that in which they are dropped: tasks before their sockets' host.
#[derive(Debug)]
pub struct Wire<M = World> {
    tasks: LocalSet,
    runtime: Runtime,
    engine: Engine<M>,
    /// Lent to the board while anything runs.
    machine: Option<Box<M>>,
}

/// A world on the wire network.
pub type WireNetwork = Wire<World>;

impl<M: Machine> Wire<M> {
    /// This machine and these hosts, from `now` on. Jitter is drawn from `seed`. `start` are the
    /// first commands.
    ///
    /// # Panics
    ///
    /// If there is a wire network on this thread already.
    pub fn carrying(
        machine: M,
        hosts: Vec<Host>,
        now: Time,
        seed: u64,
        start: Vec<Command>,
    ) -> Self {
        // What counts egress passes instead of time would give up healthy connections.
        let config = KernelConfig::default().mtu(MTU).retx_threshold(u32::MAX);
        let config = config.default_backlog(BACKLOG);
        let mut net = Net::with_config(config);
        let addresses: Vec<IpAddr> = (1..).map(address).take(hosts.len()).collect();
        let kernels = addresses.iter().map(|address| net.add_host(*address)).collect();
        let runtime = scheduler();
        let board = Board::new(hosts, now);
        board.push_commands(start);
        let guard = net.enter();
        let engine = Engine::new(Parts { board, guard, kernels, addresses, seed });
        let machine = Some(Box::new(machine));
        let mut wire = Self { tasks: LocalSet::new(), runtime, engine, machine };
        wire.run(async |engine| engine.start_all().await);
        wire
    }

    fn run<R>(&mut self, f: impl AsyncFnOnce(&mut Engine<M>) -> R) -> R {
        self.engine.board.swap(&mut self.machine);
        let result = self.runtime.block_on(self.tasks.run_until(f(&mut self.engine)));
        self.engine.board.swap(&mut self.machine);
        result
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.engine.board.now()
    }

    /// Run until this instant, that which happens at it included.
    pub fn run_to(&mut self, instant: Time) {
        self.run(async |engine| engine.run(instant, false).await);
    }

    /// Run until nothing is in flight, or until `limit`. Whether it is quiet.
    pub fn run_to_quiet(&mut self, limit: Time) -> bool {
        self.run(async |engine| engine.run(limit, true).await)
    }

    /// The machine does something of its own accord.
    pub fn prompt(&mut self, f: impl FnOnce(&mut M, Time, &mut Vec<Command>)) {
        let now = self.engine.board.now();
        if let Some(machine) = &mut self.machine {
            let mut commands = Vec::new();
            f(machine, now, &mut commands);
            self.engine.board.push_commands(commands);
        }
        self.run(async |engine| engine.work().await);
    }

    /// Run a task on the machine of a host, beside what the host does itself.
    pub fn start_on<F>(&mut self, host: HostId, task: impl FnOnce(Rc<SimulatedSockets>) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        let sockets = self.engine.sockets(host);
        let task = task(Rc::clone(&sockets));
        self.run(async |engine| {
            sockets::Sockets::spawn(&*sockets, task);
            engine.work().await;
        });
    }

    /// The machine.
    ///
    /// # Panics
    ///
    /// Never: it is here whenever nothing runs.
    #[allow(clippy::expect_used, reason = "it is lent while something runs, and only then")]
    pub fn machine(&self) -> &M {
        self.machine.as_deref().expect("nothing runs now")
    }

    /// The machine, to change.
    ///
    /// # Panics
    ///
    /// Never: it is here whenever nothing runs.
    #[allow(clippy::expect_used, reason = "it is lent while something runs, and only then")]
    pub fn machine_mut(&mut self) -> &mut M {
        self.machine.as_deref_mut().expect("nothing runs now")
    }

    /// Let go of the network; what is in flight is gone.
    ///
    /// # Panics
    ///
    /// Never: the machine is here whenever nothing runs.
    #[allow(clippy::expect_used, reason = "it is lent while something runs, and only then")]
    pub fn into_machine(self) -> M {
        *self.machine.expect("nothing runs now")
    }
}

impl Wire<World> {
    /// This world, from `now` on. Jitter is drawn from `seed`.
    ///
    /// # Panics
    ///
    /// If there is a wire network on this thread already.
    pub fn new(mut world: World, now: Time, seed: u64) -> Self {
        let mut start = Vec::new();
        world.start(&mut start);
        let hosts = world.hosts().cloned().collect();
        Self::carrying(world, hosts, now, seed, start)
    }

    /// Let go of the network; what is in flight is gone.
    pub fn into_world(self) -> World {
        self.into_machine()
    }
}

impl Network for Wire<World> {
    fn now(&self) -> Time {
        Wire::now(self)
    }

    fn world(&self) -> &World {
        self.machine()
    }

    fn world_mut(&mut self) -> &mut World {
        self.machine_mut()
    }

    fn act(&mut self, action: Action) {
        self.prompt(|world, now, out| world.act(now, action, out));
    }

    fn run_until_quiet(&mut self, limit: Time) -> bool {
        self.run_to_quiet(limit)
    }

    fn run_until(&mut self, instant: Time) {
        self.run_to(instant);
    }
}

/// A segment holds what is written at once, as far as TCP's window goes, so that a stanza arrives
/// as a whole.
const MTU: u32 = 65_535;

/// How many connections may wait for a host to accept them.
const BACKLOG: usize = 65_536;

#[allow(clippy::expect_used, reason = "without I/O it asks the operating system for nothing")]
fn scheduler() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("nothing can fail")
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number))
}

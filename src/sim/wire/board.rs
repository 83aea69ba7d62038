//! Between the machine that a wire network carries and the tasks that move its bytes.
//!
//! Everything that happens on a host comes here and is told to the machine at once; the commands
//! that it answers with wait in a queue until the network obeys them. The board knows which stream
//! is which connection; it is *not* the network: it knows no link and no delay.

mod streams;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::streams::Streams;
pub use self::streams::{Order, Orders};
use crate::server::DialError;
use crate::sim::network::{Command, Delay, End, Happening, Host, HostId, StreamId};
use crate::sim::world::World;
use crate::stanza::Stanza;
use crate::time::Time;

/// How many stanzas may wait to be written to one stream. A stream that is so far behind breaks
/// off, as its host has no more memory for it.
pub const QUEUE_MAX: usize = 200_000;

/// How many connections a network bears at a time that no machine dialled.
pub const STRANGERS_MAX: usize = 1000;

/// What a network carries: the world, or something simpler.
pub trait Machine: 'static {
    /// Something happened.
    fn step(&mut self, now: Time, happening: Happening, out: &mut Vec<Command>);

    /// When a [`Happening::Timeout`] is due next.
    fn deadline(&self) -> Option<Time>;

    /// What the link between two hosts takes, one way, unless it was told otherwise.
    fn usual_delay(&self, from: HostId, to: HostId) -> Delay;
}

impl Machine for World {
    fn step(&mut self, now: Time, happening: Happening, out: &mut Vec<Command>) {
        World::step(self, now, happening, out);
    }

    fn deadline(&self) -> Option<Time> {
        World::deadline(self)
    }

    fn usual_delay(&self, from: HostId, to: HostId) -> Delay {
        World::usual_delay(self, from, to)
    }
}

/// A stream that a host is to open.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The stream.
    pub stream: StreamId,
    /// Whom to dial.
    pub to: HostId,
}

/// What can be known of an end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndState {
    /// Whether both ends may use the stream.
    pub open: bool,
    /// Whether the machine hears no more of this end.
    pub over: bool,
    /// Whether something on its way to this end was lost.
    pub lost: bool,
    /// The host at this end.
    pub host: HostId,
}

#[derive(Debug)]
struct State<M> {
    /// Nothing while nothing runs.
    machine: Option<Box<M>>,
    now: Time,
    commands: VecDeque<Command>,
    scratch: Vec<Command>,
    hosts: Vec<Host>,
    names: BTreeMap<IpAddr, HostId>,
    posts: BTreeMap<HostId, UnboundedSender<Call>>,
    streams: Streams,
    strangers: usize,
}

impl<M: Machine> State<M> {
    fn happen(&mut self, happening: Happening) {
        if let Some(machine) = &mut self.machine {
            machine.step(self.now, happening, &mut self.scratch);
            self.commands.extend(self.scratch.drain(..));
        }
    }
}

/// The board; its clones are one.
#[derive(Debug)]
pub struct Board<M>(Rc<RefCell<State<M>>>);

impl<M> Clone for Board<M> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<M: Machine> Board<M> {
    /// A board for these hosts, at this instant, without a machine.
    pub fn new(hosts: Vec<Host>, now: Time) -> Self {
        Self(Rc::new(RefCell::new(State {
            machine: None,
            now,
            commands: VecDeque::new(),
            scratch: Vec::new(),
            hosts,
            names: BTreeMap::new(),
            posts: BTreeMap::new(),
            streams: Streams::default(),
            strangers: 0,
        })))
    }

    /// Put the machine here, or take it away.
    pub fn swap(&self, machine: &mut Option<Box<M>>) {
        std::mem::swap(&mut self.0.borrow_mut().machine, machine);
    }

    /// When the machine wants to be told the time.
    pub fn deadline(&self) -> Option<Time> {
        self.0.borrow().machine.as_ref()?.deadline()
    }

    /// What a link takes unless it was told otherwise.
    pub fn usual_delay(&self, from: HostId, to: HostId) -> Option<Delay> {
        Some(self.0.borrow().machine.as_ref()?.usual_delay(from, to))
    }

    /// Tell the machine.
    pub fn happen(&self, happening: Happening) {
        self.0.borrow_mut().happen(happening);
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.0.borrow().now
    }

    /// Time passes.
    pub fn set_now(&self, now: Time) {
        self.0.borrow_mut().now = now;
    }

    /// The next command that nobody has obeyed yet.
    pub fn next_command(&self) -> Option<Command> {
        self.0.borrow_mut().commands.pop_front()
    }

    /// Whether there are commands that nobody has obeyed yet.
    pub fn has_commands(&self) -> bool {
        !self.0.borrow().commands.is_empty()
    }

    /// Add commands, after those that wait.
    pub fn push_commands(&self, commands: impl IntoIterator<Item = Command>) {
        self.0.borrow_mut().commands.extend(commands);
    }

    /// Put a command back, as the next.
    pub fn put_back(&self, command: Command) {
        self.0.borrow_mut().commands.push_front(command);
    }

    /// What a host is called.
    pub fn host(&self, host: HostId) -> Host {
        self.0.borrow().hosts[host.0 as usize].clone()
    }

    /// This address is this host's.
    pub fn name_address(&self, address: IpAddr, host: HostId) {
        self.0.borrow_mut().names.insert(address, host);
    }

    /// What the host of this address is called.
    pub fn host_at(&self, address: IpAddr) -> Option<Host> {
        let state = self.0.borrow();
        state.names.get(&address).map(|host| state.hosts[host.0 as usize].clone())
    }

    /// The host takes calls from now on.
    pub fn take_calls(&self, host: HostId) -> UnboundedReceiver<Call> {
        let (sender, receiver) = unbounded_channel();
        self.0.borrow_mut().posts.insert(host, sender);
        receiver
    }

    /// Note a stream that is to be opened. Whether there is whom to dial; if not, the machine is
    /// told.
    pub fn dial(&self, stream: StreamId, from: HostId, to: HostId) -> bool {
        let mut state = self.0.borrow_mut();
        let exists = (to.0 as usize) < state.hosts.len();
        if exists {
            state.streams.dial(stream, from, to);
        } else {
            state.happen(Happening::Failed(stream, DialError::UnknownHost));
        }
        exists
    }

    /// Have the dialler try to open the stream.
    pub fn call(&self, stream: StreamId) {
        let state = &mut *self.0.borrow_mut();
        let Some(entry) = state.streams.stream_mut(stream) else { return };
        entry.stalled = false;
        let [from, to] = entry.hosts;
        if let Some(post) = state.posts.get(&from) {
            let _ = post.send(Call { stream, to });
        }
    }

    /// Have the dialler give up for the time being. Where it dialled from, if it had got so far.
    pub fn stall(&self, stream: StreamId) -> Option<SocketAddr> {
        let mut state = self.0.borrow_mut();
        let entry = state.streams.stream_mut(stream)?;
        entry.stalled = true;
        entry.sides[End::Dialer.index()].dismiss(Some(Order::Abort));
        let address = entry.address;
        state.streams.set_address(stream, None);
        address
    }

    /// Write a stanza to an open stream.
    pub fn write(&self, stream: StreamId, end: End, stanza: Stanza) {
        let mut state = self.0.borrow_mut();
        let Some(side) = state.streams.side(stream, end) else { return };
        if side.order(Order::Write(stanza)) > QUEUE_MAX {
            drop(state);
            self.break_off(stream, end);
        }
    }

    /// The connection breaks off, as this end sees it.
    pub fn break_off(&self, stream: StreamId, end: End) {
        if let Some(side) = self.0.borrow_mut().streams.side(stream, end) {
            side.dismiss(Some(Order::Abort));
        }
        self.closed(stream, end);
    }

    /// The machine ends a stream, open or not.
    pub fn close(&self, stream: StreamId, end: End, order: Order) {
        self.0.borrow_mut().streams.end(stream, end, Some(order));
    }

    /// The orders for an end of a stream; [`None`] if it is over already.
    pub fn attend(&self, stream: StreamId, end: End) -> Option<Orders> {
        self.0.borrow_mut().streams.attend(stream, end)
    }

    /// The stream is the connection that was opened from this address.
    pub fn connected(&self, stream: StreamId, address: SocketAddr) {
        self.0.borrow_mut().streams.set_address(stream, Some(address));
    }

    /// Which stream is opened from this address, if the machine knows of it.
    pub fn stream_from(&self, address: SocketAddr) -> Option<StreamId> {
        self.0.borrow().streams.at(address)
    }

    /// From where a stream was opened.
    pub fn address_of(&self, stream: StreamId) -> Option<SocketAddr> {
        self.0.borrow().streams.stream(stream)?.address
    }

    /// Whether at least one end of this stream is not over.
    pub fn knows(&self, stream: StreamId) -> bool {
        self.0.borrow().streams.stream(stream).is_some()
    }

    /// Whether both ends may use the stream.
    pub fn is_open(&self, stream: StreamId) -> bool {
        self.0.borrow().streams.stream(stream).is_some_and(|entry| entry.open)
    }

    /// What is known of an end of a stream.
    pub fn end_state(&self, stream: StreamId, end: End) -> Option<EndState> {
        let state = self.0.borrow();
        let entry = state.streams.stream(stream)?;
        let side = &entry.sides[end.index()];
        let host = entry.hosts[end.index()];
        Some(EndState { open: entry.open, over: side.over, lost: side.lost, host })
    }

    /// Something on its way to this end is lost. Whether it is the first that is.
    pub fn lose(&self, stream: StreamId, end: End) -> bool {
        let mut state = self.0.borrow_mut();
        let Some(entry) = state.streams.stream_mut(stream).filter(|entry| entry.open) else {
            return false;
        };
        !std::mem::replace(&mut entry.sides[end.index()].lost, true)
    }

    /// The streams that somebody tries to open, or would if there were no silence, between two
    /// hosts.
    pub fn dials(&self, one: HostId, other: HostId, stalled: bool) -> Vec<StreamId> {
        self.0.borrow().streams.select(|stream| {
            !stream.open && stream.stalled == stalled && joins(stream.hosts, one, other)
        })
    }

    /// The open streams between two hosts.
    pub fn open_between(&self, one: HostId, other: HostId) -> Vec<StreamId> {
        let wanted = |stream: &streams::Stream| stream.open && joins(stream.hosts, one, other);
        self.0.borrow().streams.select(wanted)
    }

    /// The streams, open or not, that a host has an end of, and which host is at the other.
    pub fn streams_of(&self, host: HostId) -> Vec<(StreamId, End, HostId)> {
        let state = self.0.borrow();
        let streams = state.streams.select(|stream| stream.hosts.contains(&host));
        let end = |id: StreamId| {
            let hosts = state.streams.stream(id)?.hosts;
            let end = if hosts[0] == host { End::Dialer } else { End::Acceptor };
            Some((id, end, hosts[end.other().index()]))
        };
        streams.into_iter().filter_map(end).collect()
    }

    /// The dialler has negotiated the stream.
    pub fn opened(&self, stream: StreamId) {
        let mut state = self.0.borrow_mut();
        if let Some(entry) = state.streams.stream_mut(stream).filter(|entry| !entry.open) {
            entry.open = true;
            state.happen(Happening::Opened(stream));
        }
    }

    /// The dialler could not open the stream.
    pub fn failed(&self, stream: StreamId, error: DialError) {
        let mut state = self.0.borrow_mut();
        if state.streams.stream(stream).is_some_and(|entry| !entry.open && !entry.stalled) {
            state.streams.end(stream, End::Dialer, None);
            state.happen(Happening::Failed(stream, error));
        }
    }

    /// A stanza arrived.
    pub fn received(&self, stream: StreamId, end: End, stanza: Stanza) {
        let mut state = self.0.borrow_mut();
        if state.streams.side(stream, end).is_some() {
            state.happen(Happening::Received(stream, end, stanza));
        }
    }

    /// The stream is over, as this end sees it. A stream that is not open yet is the dialler's
    /// business.
    pub fn closed(&self, stream: StreamId, end: End) {
        let mut state = self.0.borrow_mut();
        let is_open = state.streams.stream(stream).is_some_and(|entry| entry.open);
        if is_open && state.streams.side(stream, end).is_some() {
            state.streams.end(stream, end, None);
            state.happen(Happening::Closed(stream, end));
        }
    }

    /// The host is gone. It takes no calls.
    pub fn forget_host(&self, host: HostId) {
        self.0.borrow_mut().posts.remove(&host);
    }

    /// One more connection that no machine is known to have dialled, if there is room for it.
    pub fn admit_stranger(&self) -> Option<Stranger<M>> {
        let mut state = self.0.borrow_mut();
        if state.strangers == STRANGERS_MAX {
            return None;
        }
        state.strangers += 1;
        Some(Stranger(self.clone()))
    }
}

/// A connection that no machine is known to have dialled, as long as this is kept.
#[derive(Debug)]
pub struct Stranger<M>(Board<M>);

impl<M> Drop for Stranger<M> {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.strangers = state.strangers.saturating_sub(1);
    }
}

fn joins(hosts: [HostId; 2], one: HostId, other: HostId) -> bool {
    hosts == [one, other] || hosts == [other, one]
}

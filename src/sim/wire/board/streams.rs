//! Which streams there are, which connection each of them is, and who attends to its ends.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::sim::network::{End, HostId, StreamId};
use crate::stanza::Stanza;

/// What the writing half of a stream's end is to do.
#[derive(Debug)]
pub enum Order {
    /// Write a stanza.
    Write(Stanza),
    /// End the stream, with this stream error if any.
    Close(Option<&'static str>),
    /// Break the connection off.
    Abort,
}

/// The orders for one end of a stream, as they come.
#[derive(Debug)]
pub struct Orders {
    receiver: UnboundedReceiver<Order>,
    waiting: Rc<Cell<usize>>,
}

impl Orders {
    /// The next order. Waits for ever once the end is forgotten.
    pub async fn next(&mut self) -> Order {
        let Some(order) = self.receiver.recv().await else {
            return std::future::pending().await;
        };
        self.waiting.set(self.waiting.get().saturating_sub(1));
        order
    }
}

#[derive(Debug, Default)]
pub(super) struct Side {
    orders: Option<UnboundedSender<Order>>,
    /// How many orders nobody has taken yet.
    waiting: Rc<Cell<usize>>,
    /// The machine hears no more of this end.
    pub(super) over: bool,
    /// Something on its way to this end is lost, and all that follows.
    pub(super) lost: bool,
}

impl Side {
    /// How many orders wait, with this one.
    pub(super) fn order(&self, order: Order) -> usize {
        if let Some(orders) = &self.orders {
            self.waiting.set(self.waiting.get() + 1);
            let _ = orders.send(order);
        }
        self.waiting.get()
    }

    /// The last order of this end.
    pub(super) fn dismiss(&mut self, order: Option<Order>) {
        if let (Some(orders), Some(order)) = (self.orders.take(), order) {
            let _ = orders.send(order);
        }
    }

    fn attend(&mut self) -> Orders {
        let (sender, receiver) = unbounded_channel();
        self.orders = Some(sender);
        self.waiting = Rc::default();
        Orders { receiver, waiting: Rc::clone(&self.waiting) }
    }
}

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) hosts: [HostId; 2],
    pub(super) open: bool,
    /// It was dialled into silence, and nobody tries to open it.
    pub(super) stalled: bool,
    pub(super) sides: [Side; 2],
    /// Who dials, as the other side sees it.
    pub(super) address: Option<SocketAddr>,
}

#[derive(Debug, Default)]
pub(super) struct Streams {
    by_id: BTreeMap<StreamId, Stream>,
    by_address: BTreeMap<SocketAddr, StreamId>,
}

impl Streams {
    pub(super) fn dial(&mut self, id: StreamId, from: HostId, to: HostId) {
        let sides = [Side::default(), Side::default()];
        let hosts = [from, to];
        let stream = Stream { hosts, open: false, stalled: false, sides, address: None };
        self.by_id.insert(id, stream);
    }

    pub(super) fn at(&self, address: SocketAddr) -> Option<StreamId> {
        self.by_address.get(&address).copied()
    }

    pub(super) fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.by_id.get(&id)
    }

    pub(super) fn stream_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.by_id.get_mut(&id)
    }

    /// The end of a stream, unless it is over.
    pub(super) fn side(&mut self, id: StreamId, end: End) -> Option<&mut Side> {
        self.by_id.get_mut(&id).map(|stream| &mut stream.sides[end.index()]).filter(|s| !s.over)
    }

    pub(super) fn attend(&mut self, id: StreamId, end: End) -> Option<Orders> {
        Some(self.side(id, end)?.attend())
    }

    /// The stream is the connection from this address, or none.
    pub(super) fn set_address(&mut self, id: StreamId, address: Option<SocketAddr>) {
        let Some(stream) = self.by_id.get_mut(&id) else { return };
        if let Some(old) = std::mem::replace(&mut stream.address, address) {
            self.by_address.remove(&old);
        }
        if let Some(new) = address {
            self.by_address.insert(new, id);
        }
    }

    /// This end is over; `order` is its last. If the other end has not heard of the stream, it
    /// will not.
    pub(super) fn end(&mut self, id: StreamId, end: End, order: Option<Order>) {
        let Some(stream) = self.by_id.get_mut(&id) else { return };
        let side = &mut stream.sides[end.index()];
        side.over = true;
        side.dismiss(order);
        if !stream.open || stream.sides.iter().all(|side| side.over) {
            self.set_address(id, None);
            self.by_id.remove(&id);
        }
    }

    /// The streams that satisfy this, in the order in which they were dialled.
    pub(super) fn select(&self, wanted: impl Fn(&Stream) -> bool) -> Vec<StreamId> {
        self.by_id.iter().filter(|(_, stream)| wanted(stream)).map(|(id, _)| *id).collect()
    }
}

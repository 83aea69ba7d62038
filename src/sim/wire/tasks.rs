//! The tasks of the hosts, on one thread.
//!
//! turmoil-net asks at each socket call which host is calling. So every task of a host is wrapped:
//! before each poll, and before it is dropped (which closes its sockets), its host is made current.
//! Hosts get no other way to start a task.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::task::AbortHandle;
use turmoil_net::shim::tokio::net::{TcpListener, TcpStream};

use super::sockets::Sockets;
use crate::sim::network::HostId;

/// The tasks of all hosts.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks(Rc<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    /// How often any task was polled.
    polls: Cell<u64>,
    running: RefCell<BTreeMap<HostId, BTreeMap<u64, AbortHandle>>>,
    started: Cell<u64>,
}

impl Tasks {
    /// Start a task of this host. Must be called inside a `LocalSet`.
    pub(super) fn spawn(
        &self,
        host: HostId,
        id: turmoil_net::HostId,
        task: impl Future<Output = ()> + 'static,
    ) {
        let number = self.0.started.get();
        self.0.started.set(number + 1);
        // tokio would have it yield now and then, so that it is not done when all others are.
        let task = Some(Box::pin(tokio::task::unconstrained(task)));
        let task = OnHost { id, host, number, tasks: self.clone(), task };
        let handle = tokio::task::spawn_local(task).abort_handle();
        self.0.running.borrow_mut().entry(host).or_default().insert(number, handle);
    }

    /// Stop the tasks of this host; they are gone after the next [`Tasks::settle`].
    pub(super) fn abort(&self, host: HostId) {
        let handles = self.0.running.borrow_mut().remove(&host).unwrap_or_default();
        for handle in handles.values() {
            handle.abort();
        }
    }

    /// Let all tasks run until none of them can. Whether any did.
    pub(super) async fn settle(&self) -> bool {
        let first = self.0.polls.get();
        loop {
            let before = self.0.polls.get();
            // A `LocalSet` polls who waits for it, then its tasks that are ready, several dozen at
            // most; with fewer than this, none was left.
            Yield(false).await;
            if self.0.polls.get() - before < SURELY_ALL {
                return self.0.polls.get() != first;
            }
        }
    }
}

/// As many tasks as a `LocalSet` surely polls in one go.
const SURELY_ALL: u64 = 16;

struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

struct OnHost<F> {
    id: turmoil_net::HostId,
    host: HostId,
    number: u64,
    tasks: Tasks,
    task: Option<Pin<Box<F>>>,
}

impl<F> OnHost<F> {
    fn end(&mut self) {
        if self.task.is_some() {
            turmoil_net::set_current(self.id);
            self.task = None;
            let ledger = &self.tasks.0;
            ledger.polls.set(ledger.polls.get() + 1);
            if let Some(running) = ledger.running.borrow_mut().get_mut(&self.host) {
                running.remove(&self.number);
            }
        }
    }
}

impl<F: Future<Output = ()>> Future for OnHost<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(task) = &mut this.task else { return Poll::Ready(()) };
        turmoil_net::set_current(this.id);
        let ledger = &this.tasks.0;
        ledger.polls.set(ledger.polls.get() + 1);
        let poll = task.as_mut().poll(cx);
        if poll.is_ready() {
            this.end();
        }
        poll
    }
}

impl<F> Drop for OnHost<F> {
    fn drop(&mut self) {
        self.end();
    }
}

/// The sockets of one host.
#[derive(Debug)]
pub struct SimulatedSockets {
    pub(super) host: HostId,
    pub(super) id: turmoil_net::HostId,
    pub(super) addresses: Rc<Vec<IpAddr>>,
    pub(super) tasks: Tasks,
}

impl Sockets for SimulatedSockets {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn listen(&self, port: u16) -> io::Result<TcpListener> {
        TcpListener::bind((self.addresses[self.host.0 as usize], port)).await
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    async fn connect(&self, to: HostId, port: u16) -> io::Result<(TcpStream, SocketAddr)> {
        let stream = TcpStream::connect((self.addresses[to.0 as usize], port)).await?;
        let address = stream.local_addr()?;
        Ok((stream, address))
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.tasks.spawn(self.host, self.id, task);
    }
}

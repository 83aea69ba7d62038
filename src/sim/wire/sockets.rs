//! What a host of a wire network needs of the machine that it runs on: sockets and tasks.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::sim::network::HostId;

/// The port that a server accepts clients on (RFC 6120 §3.2.1).
pub const CLIENT_PORT: u16 = 5222;

/// The port that a server accepts other servers on (RFC 6120 §3.2.1).
pub const SERVER_PORT: u16 = 5269;

/// A TCP implementation, as one host sees it.
pub trait Sockets: 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;
    /// A socket that connections come in on.
    type Listener: 'static;

    /// Listen on a port of this host.
    ///
    /// # Errors
    ///
    /// If the port is taken.
    fn listen(&self, port: u16) -> impl Future<Output = io::Result<Self::Listener>>;

    /// The next connection, and the address of who opened it.
    ///
    /// # Errors
    ///
    /// If the listener is of no use any more.
    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;

    /// Open a connection to a host. With it comes the address that the other side sees.
    ///
    /// # Errors
    ///
    /// If the other host refuses it.
    fn connect(
        &self,
        to: HostId,
        port: u16,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;

    /// Start a task of this host.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
}

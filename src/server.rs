//! An XMPP server as a pure machine: client sessions, routing by domain, memory of directed
//! presence, interception for a slave, server-to-server peers that are dialled on demand, queue,
//! give up and bounce (RFC 6120 §8, §10; RFC 6121 §4, §8; XEP-0282 Slave Requirements).
//!
//! It is *not* a network: streams, latency and loss are the business of whoever drives it. It has
//! no rosters and no offline messages, and one outgoing stream for each domain: a chat service on
//! another domain than the server's own is for local users, as other servers would refuse what its
//! rooms send on a stream that proves the server's domain only.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `router` | the machine: inputs, the three paths of a stanza, slave and service |
//! | `client` | what clients do |
//! | `session` | who is connected, and to whom directed presence went |
//! | `check` | what is refused, whoever sent it |
//! | `local` | what reaches an account |
//! | `account` | what the server answers itself |
//! | `resident` | slaves and chat service, started and stopped |
//! | `peer` | streams to other servers |
//! | `bounce` | what is answered for a server that cannot be reached |

mod account;
mod bounce;
mod check;
mod client;
mod local;
mod peer;
mod resident;
mod router;
mod session;

use std::sync::Arc;

use crate::dmuc::{Note, ServiceConfig, ServiceInput, SlaveConfig};
use crate::stanza::{BareJid, FullJid, Jid, Stanza};
use crate::time::{Duration, Time};

pub use self::resident::ServerDisk;
pub use self::router::Server;

/// A server and what it hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// The domain it serves.
    pub domain: String,
    /// How it bounces.
    pub flavour: Flavour,
    /// How long it waits for a stream to another server before it gives up.
    pub connect_timeout: Duration,
    /// Its slaves: usually one, or none. What is for a room goes to the one that knows it.
    pub slaves: Vec<HostedSlave>,
    /// Its chat service, if it has one.
    pub service: Option<ServiceConfig>,
}

/// A slave that a server hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct HostedSlave {
    /// How it is set up.
    pub config: SlaveConfig,
    /// Whether it runs when the server starts, and not only from [`Input::RegisterSlave`] on.
    pub at_start: bool,
}

impl From<SlaveConfig> for HostedSlave {
    fn from(config: SlaveConfig) -> Self {
        Self { config, at_start: true }
    }
}

/// A domain, shared by all that name it.
pub type Domain = Arc<str>;

/// One client's session, by the number that whoever drives the server gave it. A number is never
/// used twice for one server, so that what is said of a dead session cannot hit its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// Whose way of bouncing a server follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavour {
    /// Prosody 0.12: cancel/remote-server-not-found, `by` the server, without the payload.
    #[default]
    Prosody,
    /// ejabberd 23: wait/remote-server-timeout, with the payload, then a time of instant bounces.
    Ejabberd,
}

impl Flavour {
    /// How long such a server waits for an outgoing stream unless it is told otherwise.
    pub const fn connect_timeout(self) -> Duration {
        match self {
            Flavour::Prosody => Duration::from_secs(20),
            Flavour::Ejabberd => Duration::from_secs(10),
        }
    }
}

/// What happens to a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A client authenticated and bound this resource. A session that has it already is ended.
    SessionOpened(SessionId, FullJid),
    /// The session is over; nothing that it did not send is to be expected of it. Without effect
    /// after an [`Output::CloseSession`].
    SessionClosed(SessionId),
    /// A client sent a stanza.
    FromSession(SessionId, Stanza),
    /// The outgoing stream to this domain is ready.
    PeerOpened(Domain),
    /// The outgoing stream to this domain could not be opened, and why.
    PeerFailed(Domain, DialError),
    /// The outgoing stream to this domain has ended. What was written to it may be lost.
    PeerClosed(Domain),
    /// A stanza came in on a stream that this domain has authenticated.
    FromPeer(Domain, Stanza),
    /// The operator of the chat service does something with it.
    Operate(ServiceInput),
    /// The operator has the slave of this address register with this room, and starts it if it
    /// was never started.
    RegisterSlave(Jid, BareJid),
    /// The operator has the slave of this address end its registration with this room.
    DeregisterSlave(Jid, BareJid),
    /// The slave process of this address stops; what it does not keep on disk is lost. The server
    /// lives on.
    CrashSlave(Jid),
    /// The slave process of this address starts, with what it has on disk.
    RestartSlave(Jid),
    /// The chat service stops; but for its configuration, what it does not keep on disk is lost.
    CrashService,
    /// The chat service starts, with what it has on disk.
    RestartService,
    /// Somebody at this server sends a stanza in the name of a machine that it hosts, against that
    /// machine's own rules: a forgery, routed as the machine's own stanzas are.
    Forged(Stanza),
    /// A deadline has passed.
    Timeout,
}

/// Why a stream could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialError {
    /// Nobody listens there.
    Refused,
    /// There is no such host.
    UnknownHost,
    /// The stream broke off during negotiation.
    Broken,
}

/// What a server does.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// It sends a stanza to a client.
    ToSession(SessionId, Stanza),
    /// It ends a client's stream with this stream error (RFC 6120 §4.9.3); the session is over.
    CloseSession(SessionId, &'static str),
    /// It opens a stream to this domain; answered by [`Input::PeerOpened`] or
    /// [`Input::PeerFailed`].
    Dial(Domain),
    /// It sends a stanza on the open stream to this domain, and has had it since then: what did not
    /// wait for the stream since now.
    ToPeer(Domain, Stanza, Time),
    /// It gives up the stream to this domain, open or not. No answer is expected; an answer that
    /// was already on its way has no effect.
    Hangup(Domain),
    /// It ends the incoming stream of this domain with this stream error.
    RefusePeer(Domain, &'static str),
    /// It could not deliver a stanza to this domain, and answered it with an error (or dropped it,
    /// where nothing may be answered).
    Undeliverable(Domain, Stanza),
    /// One of the machines that it hosts has something to tell.
    Note(Note),
}

#[cfg(test)]
mod tests;

//! What the two networks have in common: the words in which they speak with the world.

use crate::server::DialError;
use crate::stanza::{FullJid, Stanza};
use crate::time::{Duration, Time};

/// A host of the network: a server, or a client's machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// The server of this domain.
    Server(String),
    /// The client with this full JID.
    Client(FullJid),
}

/// One stream, numbered in the order in which streams are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// What the world asks of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a stream between two hosts: client to server, or server to server. A server's stream
    /// carries stanzas one way, from who dialled; a client's both ways.
    Dial {
        /// The new stream.
        stream: StreamId,
        /// Who dials.
        from: Host,
        /// Who is dialled.
        to: Host,
    },
    /// Write a stanza to an open stream.
    Send {
        /// The stream.
        stream: StreamId,
        /// Which end writes.
        from: Host,
        /// What it writes.
        stanza: Stanza,
    },
    /// End a stream, open or not.
    Close {
        /// The stream.
        stream: StreamId,
        /// Which end closes it.
        from: Host,
        /// The stream error that it ends with (RFC 6120 §4.9.3), if any.
        error: Option<&'static str>,
        /// Whether the end vanishes without a word: no `</stream>`, no FIN that says why.
        abrupt: bool,
    },
}

/// What the network tells the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// Both ends may use the stream.
    Opened(StreamId),
    /// The stream could not be opened.
    Failed(StreamId, DialError),
    /// A stanza arrived at this end of a stream. Stanzas of one direction arrive in the order in
    /// which they were sent, or not at all.
    Received(StreamId, Host, Stanza),
    /// The stream has ended, as seen from this end.
    Closed(StreamId, Host),
    /// A deadline of the world has come.
    Timeout,
}

/// What a link does with what is sent from one host to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// It delivers.
    #[default]
    Up,
    /// Segments vanish; nobody is told. A stream that lost one is dead: both ends learn of it when
    /// the link is up again, or the sender after [`TCP_TIMEOUT`].
    Silent,
    /// Streams are reset, dials are refused at once.
    Refused,
    /// Streams are reset when something is sent on them, dials vanish.
    Reset,
    /// Nothing is lost; everything waits until the link is up again.
    Held,
}

/// How long a link takes: `latency` and up to `jitter` more, never overtaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// The least.
    pub latency: Duration,
    /// How much more at most, drawn from the seed.
    pub jitter: Duration,
}

/// After how long without acknowledgement a TCP implementation declares a connection dead: about
/// 945 s with the defaults of Linux, as measured.
pub const TCP_TIMEOUT: Duration = Duration::from_secs(945);

/// One-way delay between servers unless the scenario says otherwise.
pub const SERVER_LATENCY: Duration = Duration::from_millis(20);

/// One-way delay between a client and its server.
pub const CLIENT_LATENCY: Duration = Duration::from_millis(1);

/// A network that carries a world.
pub trait Network {
    /// The present instant.
    fn now(&self) -> Time;

    /// Change what happens to what `from` sends to `to`, by the names of their hosts.
    fn set_link(&mut self, from: &Host, to: &Host, state: LinkState);

    /// Switch a host off: its streams end without a word; who dials it finds silence.
    fn power_off(&mut self, host: &Host);

    /// Switch it on again, with no stream open.
    fn power_on(&mut self, host: &Host);

    /// Run until nothing is in flight; timers alone do not count. `limit` bounds it.
    fn run_until_quiet(&mut self, limit: Time);

    /// Run until this instant.
    fn run_until(&mut self, instant: Time);
}

//! What the two networks have in common: the words in which they speak with the world.
//!
//! The world decides, a network carries: every [`Command`] of the world is an order, every
//! [`Happening`] is an answer to one or the passing of time. A network knows no scenario, no fault
//! and no transcript.

use crate::server::DialError;
use crate::sim::world::{Action, World};
use crate::stanza::{FullJid, Stanza};
use crate::time::{Duration, Time};

/// The name of a host of the network: a server, or a client's machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// The server of this domain.
    Server(String),
    /// The client with this full JID.
    Client(FullJid),
}

impl Host {
    /// The name as the transcript writes it: a domain or a full JID.
    pub fn as_str(&self) -> &str {
        match self {
            Host::Server(domain) => domain,
            Host::Client(jid) => jid.as_str(),
        }
    }
}

/// A host of the network: its place in [`World::hosts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

/// One stream, numbered in the order in which streams are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// One of the two ends of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Who dialled.
    Dialer,
    /// Who was dialled.
    Acceptor,
}

impl End {
    /// The opposite end.
    #[must_use]
    pub const fn other(self) -> End {
        match self {
            End::Dialer => End::Acceptor,
            End::Acceptor => End::Dialer,
        }
    }

    /// 0 for the dialler, 1 for the acceptor.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What the world asks of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a stream between two hosts: client to server, or server to server. A server's stream
    /// carries stanzas one way, from who dialled; a client's both ways. Answered by
    /// [`Happening::Opened`] after [`SERVER_ROUND_TRIPS`] or [`CLIENT_ROUND_TRIPS`], by
    /// [`Happening::Failed`], or not at all.
    Dial {
        /// The new stream.
        stream: StreamId,
        /// Who dials.
        from: HostId,
        /// Who is dialled.
        to: HostId,
    },
    /// Write a stanza to an open stream.
    Send {
        /// The stream.
        stream: StreamId,
        /// Which end writes.
        end: End,
        /// What it writes.
        stanza: Stanza,
    },
    /// End a stream, open or not. This end hears no more of it. The other end receives what was
    /// written before, then [`Happening::Closed`].
    Close {
        /// The stream.
        stream: StreamId,
        /// Which end closes it.
        end: End,
        /// The stream error that it ends with (RFC 6120 §4.9.3), if any.
        error: Option<&'static str>,
        /// Whether the connection breaks off without `</stream:stream>`.
        abrupt: bool,
    },
    /// From now on the link does this with what `from` sends to `to`, also with what is under way.
    SetLink {
        /// Whose segments.
        from: HostId,
        /// To whom.
        to: HostId,
        /// What happens to them.
        state: LinkState,
    },
    /// From now on the link takes so long for what `from` sends to `to`; nothing is overtaken.
    SetDelay {
        /// Whose segments.
        from: HostId,
        /// To whom.
        to: HostId,
        /// How long they take.
        delay: Delay,
    },
    /// Switch a host off. Its ends of streams are gone without a word, the other ends learn of it
    /// as if the link were [`LinkState::Silent`]; who dials it finds silence. The world hears
    /// nothing of the ends that the host had.
    PowerOff(HostId),
    /// Switch it on again, with no stream open.
    PowerOn(HostId),
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
    Received(StreamId, End, Stanza),
    /// The stream has ended, as seen from this end, which did not close it itself.
    Closed(StreamId, End),
    /// A deadline of the world has come. What arrives at the same instant comes before.
    Timeout,
}

/// What a link does with what is sent from one host to another.
///
/// A cut of one direction only: stanzas the other way get through (their acknowledgements do not
/// matter); a dial needs both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// It delivers.
    #[default]
    Up,
    /// Segments vanish, also those under way; nobody is told. A stream that lost a stanza is dead:
    /// both ends see it end one latency after the link is up again, or the sender alone
    /// [`TCP_TIMEOUT`] after the first loss. A dial that falls into the silence is answered by
    /// nothing; it begins anew when the link is up again.
    Silent,
    /// Streams between the two hosts, in either direction, end at once at both ends; what was under
    /// way is lost. Dials are refused after one round trip.
    Refused,
    /// Streams end as with [`LinkState::Refused`]; dials find silence.
    Reset,
    /// Nothing is lost; everything waits until the link is up again, then takes one latency. Dials
    /// wait too, then take their round trips.
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

impl Delay {
    /// This latency, no jitter.
    pub const fn fixed(latency: Duration) -> Self {
        Self { latency, jitter: Duration::ZERO }
    }
}

/// After how long without acknowledgement a TCP implementation declares a connection dead: about
/// 945 s with the defaults of Linux, as measured.
pub const TCP_TIMEOUT: Duration = Duration::from_secs(945);

/// One-way delay between servers unless the scenario says otherwise.
pub const SERVER_LATENCY: Duration = Duration::from_millis(20);

/// One-way delay between a client and its server.
pub const CLIENT_LATENCY: Duration = Duration::from_millis(1);

/// Round trips until a stream between servers is ready: TCP, header, SASL EXTERNAL, restart.
pub const SERVER_ROUND_TRIPS: u32 = 4;

/// Round trips until a client has its session: TCP, header, SASL PLAIN, restart, bind.
pub const CLIENT_ROUND_TRIPS: u32 = 5;

/// A network that carries a world.
pub trait Network {
    /// The present instant.
    fn now(&self) -> Time;

    /// The world that it carries.
    fn world(&self) -> &World;

    /// The world that it carries, to set its recorder and to read its inboxes; what moves goes
    /// through [`Network::act`].
    fn world_mut(&mut self) -> &mut World;

    /// Something is done, now ([`World::act`]), and the commands that follow from it are obeyed.
    fn act(&mut self, action: Action);

    /// Run until nothing is in flight; timers alone do not count, nor do stanzas on a held link and
    /// dials into the silence. `limit` bounds it. Returns whether it is quiet.
    fn run_until_quiet(&mut self, limit: Time) -> bool;

    /// Run until this instant, that which happens at it included.
    fn run_until(&mut self, instant: Time);
}

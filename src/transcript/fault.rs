//! What is done to the network and its hosts, and what becomes of streams.

use std::sync::Arc;

use super::Name;
use crate::server::DialError;
use crate::time::Duration;

/// What a scenario does to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What is sent over the link is lost.
    Cut(Link, Loss),
    /// What is sent over the link waits; nothing is lost.
    Hold(Link),
    /// The link takes `latency` and up to `jitter` more, both in whole microseconds.
    Slow {
        /// Which link.
        link: Link,
        /// The least delay, one way.
        latency: Duration,
        /// How much more at most.
        jitter: Duration,
    },
    /// The link works again.
    Heal(Link),
    /// Every link works again.
    HealEverything,
    /// A machine stops without a word and forgets everything.
    Crash(Machine),
    /// It starts again.
    Restart(Machine),
}

/// A link between two hosts, one way or both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The sender, for a link one way.
    pub from: Name,
    /// The receiver, for a link one way.
    pub to: Name,
    /// Whether the way back is meant too.
    pub both_ways: bool,
}

/// How a cut link loses what is sent over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Segments vanish; nobody is told.
    #[default]
    Silent,
    /// Streams are reset, dials are refused.
    Refused,
    /// Streams are reset, dials vanish.
    Reset,
}

/// What can crash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    /// The server of this domain, with all that it hosts.
    Server(Name),
    /// The slave at the server of this domain, or the one of this address where there are several.
    Slave(Name),
    /// The chat service at the server of this domain: all its masters.
    Service(Name),
}

/// What becomes of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// Both ends may use it.
    Opened,
    /// It could not be opened.
    Failed(DialError),
    /// It ended with `</stream>`.
    Closed,
    /// It ended without a word: a reset, a time-out, a crash.
    Broken,
    /// It ended with this stream error (RFC 6120 §4.9.3).
    Error(Arc<str>),
}

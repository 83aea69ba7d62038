//! The protocol of XEP-0282 as pure machines: the [`Service`] with its rooms' masters, and the
//! [`Slave`].
//!
//! Both have one shape: time comes in as an argument, effects come out as a list. They know no
//! network, no clock and no randomness. What they are *not*: an XMPP server; whoever drives them
//! delivers and routes (`server` does, and so does a test that joins two of them with a list).

mod master;
mod passage;
mod pinger;
mod service;
mod slave;
mod slip;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::room::RoomConfig;
use crate::stanza::slave::{HistoryLimits, Policy};
use crate::stanza::{BareJid, Element, Jid, Stanza, ns};
use crate::time::Duration;

pub use self::master::Master;
pub use self::passage::{Passage, Passages, Told};
pub use self::service::{Service, ServiceDisk};
pub use self::slave::{AnyRoom as SlaveRoom, RoomCopy, Slave, SlaveDisk, Standing};
pub use self::slip::{Slip, Slips};

/// What a machine does.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// It sends a stanza to whom the stanza is addressed.
    Send(Stanza),
    /// Its state changed, or it did something that no stanza shows.
    Note(Note),
}

/// What a machine tells of itself, for the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The room or slave that speaks.
    pub by: Jid,
    /// Whom it is about: for a master a slave, for a slave a room or a user.
    pub about: Jid,
    /// What happened.
    pub change: Change,
}

/// A change of a machine's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The master created the slave and sends it roster and history.
    Created,
    /// The peer counts as lost (XEP-0282 Netsplit Detection).
    Split,
    /// The peer is back and state is being exchanged.
    Resyncing,
    /// State is exchanged; traffic flows again.
    Synced,
    /// The slave refused an ENTER: the user sent no directed presence, or is not of its domain.
    EnterRefused,
    /// A stanza had no effect: nobody asked for it, or its sender may not send it.
    Ignored,
    /// The master accepted a slave's registration, or the slave has its master's accept.
    Registered,
    /// A registration was refused.
    Refused,
    /// A registration is over.
    Deregistered,
    /// A slave split for longer than the expiry was given up.
    Expired,
}

/// Periods of keepalive and split detection; the names in brackets are those of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// \[K\] The master pings a slave from which it has received nothing for so long.
    pub master_idle: Duration,
    /// \[Ks\] The slave pings a master from which it has received nothing for so long; more than
    /// [`Timers::master_idle`].
    pub slave_idle: Duration,
    /// \[T\] A ping that is not answered for so long has failed.
    pub pong_timeout: Duration,
    /// \[m\] So many failed pings in a row are a split.
    pub pings_lost_max: u32,
    /// \[F\] The interval of pings while split.
    pub split_ping: Duration,
    /// \[D\] A slave split for longer is given up: its occupants are removed.
    pub expiry: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        let master_idle = Duration::from_secs(60);
        Self {
            master_idle,
            slave_idle: master_idle * 3 / 2,
            pong_timeout: Duration::from_secs(20),
            pings_lost_max: 2,
            split_ping: Duration::from_secs(5),
            expiry: Duration::from_secs(3600),
        }
    }
}

/// Which rooms a slave serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rooms {
    /// These.
    Only(BTreeSet<BareJid>),
    /// Every room of the service at this domain.
    Service(String),
}

impl Rooms {
    /// Whether `room` is one of them.
    pub fn contain(&self, room: &BareJid) -> bool {
        match self {
            Rooms::Only(rooms) => rooms.contains(room),
            Rooms::Service(domain) => room.node().is_some() && room.domain().as_str() == domain,
        }
    }
}

/// A slave.
#[derive(Clone, Debug, PartialEq)]
pub struct SlaveConfig {
    /// Its address. Its domain is the domain whose users it serves.
    pub jid: Jid,
    /// The rooms it serves.
    pub rooms: Rooms,
    /// How many messages it keeps for newcomers; 0 if the master wants no history kept.
    pub history_max: usize,
    /// Keepalive.
    pub timers: Timers,
    /// How it comes to serve a room.
    pub registration: Registration,
    /// Whether what it knows of its rooms survives a crash.
    pub persistent: bool,
}

/// How a slave comes to serve a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Registration {
    /// The operators of both sides have agreed on it (profile core).
    #[default]
    Static,
    /// It registers when the first of its users wants to enter (profile full).
    Dynamic(Demands),
}

/// What a slave asks for when it registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// The interval of keepalive, in seconds.
    pub keepalive: u32,
    /// How much history it is willing to store.
    pub history: HistoryLimits,
    /// What it would like to do while split.
    pub policy: Policy,
}

impl Default for Demands {
    fn default() -> Self {
        let history = HistoryLimits { maxstanzas: 200, maxbytes: Some(262_144) };
        Self { keepalive: 60, history, policy: Policy::default() }
    }
}

/// What of a chat service survives a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing but its configuration: rooms that were created since are lost, and with them all
    /// that was changed in others.
    #[default]
    Nothing,
    /// Rooms with their configuration, affiliations, subject and history; not the log, not who is
    /// in them.
    Rooms,
    /// Everything: the log and the occupants too.
    Everything,
}

/// A multi-user chat service: rooms, and the slaves that it knows of.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceConfig {
    /// The domain of the rooms.
    pub domain: String,
    /// The rooms that exist from the start.
    pub rooms: Vec<RoomConfig>,
    /// Whether entering a room that does not exist creates it (XEP-0045 §10.1).
    pub creation: bool,
    /// The slaves, configured statically.
    pub slaves: Vec<StaticSlave>,
    /// Keepalive.
    pub timers: Timers,
    /// Whether slaves may register.
    pub registration: bool,
    /// Whether stanzas carry occupant ids (XEP-0421) and stanza ids (XEP-0359).
    pub identify: bool,
    /// What survives a crash.
    pub persistence: Persistence,
}

/// A slave as its master knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticSlave {
    /// Its address; whatever the operator chose.
    pub jid: Jid,
    /// The rooms it serves.
    pub rooms: Rooms,
    /// How much initial history it gets.
    pub history_max: usize,
    /// Whether the master creates it at its own start, or later when told to.
    pub at_start: bool,
}

/// What happens to a chat service.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceInput {
    /// A stanza addressed to the service or to one of its rooms; also a bounce of something that
    /// it sent.
    Stanza(Stanza),
    /// The operator adds a slave that is configured but not yet created.
    CreateSlave(Jid),
    /// The operator has this room offer a slave to this domain.
    Offer(BareJid, String),
    /// The operator ends the registration of this slave in this room.
    Deregister(BareJid, Jid),
    /// The operator shuts the service down: everybody is told (332).
    ShutDown,
    /// A deadline has passed.
    Timeout,
}

/// What happens to a slave.
#[derive(Clone, Debug, PartialEq)]
pub enum SlaveInput {
    /// A local user sent this to a room that it serves, or to an occupant there; `from` is his
    /// full JID.
    Up(Stanza),
    /// The connection of this local session has ended; what its server says for it comes next.
    Closed(Arc<Jid>),
    /// This came from a room that it serves, for its own address or for a local user.
    Down(Stanza),
    /// The slave's own server could not deliver something that it or one of its users sent to a
    /// room, and answers with this error.
    Bounced(Stanza),
    /// The slave starts again, without memory unless it is persistent. Its server remembers to
    /// which addresses (second) its users (first) have sent directed presence, and what passed by
    /// meanwhile.
    Restarted(Vec<(Arc<Jid>, Arc<Jid>)>, Vec<Passage>),
    /// The operator has it register with this room now. Its server remembers to which addresses
    /// (second) its users (first) have sent directed presence.
    Register(BareJid, Vec<(Arc<Jid>, Arc<Jid>)>),
    /// The operator has it end its registration with this room.
    Deregister(BareJid),
    /// A deadline has passed.
    Timeout,
}

/// What of a user's presence the room passes on: nothing that looks as if the room, or a master,
/// had said it.
fn own_payloads(stanza: &Stanza) -> Vec<Element> {
    let passed = |payload: &&Element| {
        !payload.is("x", ns::MUC)
            && !payload.is("occupant-id", ns::OCCUPANT_IDS)
            && !speaks(payload)
    };
    stanza.payloads.iter().filter(passed).cloned().collect()
}

/// Whether an element speaks for a room or a master, which a client cannot
/// (`slave.relay.strip-forged-dmuc`).
fn speaks(payload: &Element) -> bool {
    ns::is_dmuc(payload) || payload.is("x", ns::MUC_USER)
}

/// Whether an element of a user's message claims what only the room with this address may say: the
/// same, or an id that it gives (XEP-0421 §4, XEP-0359 §5).
fn is_forged(payload: &Element, room: &Jid) -> bool {
    let by_room = |by: &str| Jid::new(by).map_or(true, |by| by == *room);
    payload.is("occupant-id", ns::OCCUPANT_IDS)
        || (payload.is("stanza-id", ns::STANZA_IDS) && payload.attr("by").is_none_or(by_room))
        || speaks(payload)
}

//! The cast: who and what there is before the script begins.

use indexmap::IndexMap;

use super::ast::{Direction, Name, Span};
use crate::dmuc::{Persistence, Registration, Timers};
use crate::room::RoomConfig;
use crate::server::Flavour;
use crate::stanza::{BareJid, FullJid, Jid};
use crate::time::Duration;

/// Everything that a scenario begins with, in the order of its sections. What is not written but
/// follows (servers of the domains that JIDs name) comes after what is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cast {
    /// The clients, by name.
    pub clients: IndexMap<Name, Client>,
    /// The rooms that exist from the start, by name.
    pub rooms: IndexMap<Name, Room>,
    /// The chat services, by domain: one for each domain of a room.
    pub services: IndexMap<Name, Service>,
    /// The slaves, by name.
    pub slaves: IndexMap<Name, Slave>,
    /// The servers, by domain: one for each domain of a client, room or slave.
    pub servers: IndexMap<Name, Server>,
    /// What links are like, where it is not the usual; later ones win.
    pub links: Vec<Link>,
}

impl Cast {
    /// The room with this address.
    pub fn room_at(&self, jid: &BareJid) -> Option<(&Name, &Room)> {
        self.rooms.iter().find(|(_, room)| room.config.jid == *jid)
    }

    /// The slave at this domain; of several the first.
    pub fn slave_at(&self, domain: &str) -> Option<(&Name, &Slave)> {
        self.slaves.iter().find(|(_, slave)| slave.jid.domain().as_str() == domain)
    }
}

/// `[Client] WiZ`
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// The heading of its section.
    pub span: Span,
    /// Its JID, with the resource that it will bind: the one written, or else its name in lower
    /// case.
    pub jid: FullJid,
    /// The password that it authenticates with; the server accepts any.
    pub password: Option<String>,
    /// Its nick in rooms unless it chooses another.
    pub nick: String,
    /// The rooms in which it is when the script begins.
    pub joined: Vec<Name>,
    /// Whether it is online when the script begins: no step `connects` it first.
    pub online: bool,
}

/// `[Room] wallops`
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The heading of its section; nowhere if it has none.
    pub span: Option<Span>,
    /// How it is set up.
    pub config: RoomConfig,
    /// Whether it exists when the script begins. If not, who enters first creates it.
    pub exists: bool,
}

/// A chat service: where rooms and their masters live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// Whether entering a room that does not exist creates it.
    pub creation: bool,
    /// Keepalive of the masters.
    pub timers: Timers,
}

/// `[Slave] vesa`
#[derive(Clone, Debug, PartialEq)]
pub struct Slave {
    /// The heading of its section; nowhere if it has none.
    pub span: Option<Span>,
    /// Its address.
    pub jid: Jid,
    /// The rooms that it serves; none means every room of the services.
    pub rooms: Vec<Name>,
    /// Whether it is there from the start. If not, a static slave is created by `The master
    /// creates the slave vesa`, and one that registers is started by `The slave vesa registers`.
    pub at_start: bool,
    /// How many messages of initial history it gets and keeps, if it is static.
    pub history_max: usize,
    /// Keepalive of the slave.
    pub timers: Timers,
    /// How it comes to serve a room.
    pub registration: Registration,
    /// Whether what it knows survives a crash.
    pub persistent: bool,
}

/// `[Server] vesa.yeggmaex.irc`
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// The heading of its section; nowhere if it has none.
    pub span: Option<Span>,
    /// How it bounces.
    pub flavour: Flavour,
    /// How long it waits for a stream to another server.
    pub connect_timeout: Duration,
    /// What of its chat service survives a crash.
    pub persistence: Persistence,
    /// Whether entering a room that does not exist creates it, where this is written.
    pub creation: Option<bool>,
}

/// `[Link] vesa.yeggmaex.irc <-> channel.avalon.irc`
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The heading of its section.
    pub span: Span,
    /// Which directions.
    pub directions: Vec<Direction>,
    /// The least one-way delay, if it is not the usual.
    pub latency: Option<Duration>,
    /// How much more at most.
    pub jitter: Duration,
}

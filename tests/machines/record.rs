//! What was sent from where to where.

use wallops::dmuc::{Change, Note};
use wallops::stanza::{Element, Kind, Stanza, Type, ns};
use wallops::time::Time;

use crate::cast::ROOM;

/// Between whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// A client to its own server; where there is a slave, to the slave.
    UserToSlave,
    /// Relayed, or the slave's own.
    SlaveToMaster,
    /// Addressed to a slave.
    MasterToSlave,
    /// Addressed to a user, directly.
    MasterToUser,
    /// Delivered to a user by the server of a slave.
    SlaveToUser,
    /// Nothing that a slave may send.
    Astray,
}

/// One stanza that left somebody.
#[derive(Clone, Debug)]
pub struct Record {
    pub at: Time,
    pub hop: Hop,
    pub stanza: Stanza,
    /// Whether the way was cut.
    pub lost: bool,
    /// For what a master sends to a slave: whether a moderator is behind that slave.
    pub moderated: bool,
    /// Not a stanza: what a machine told of itself here.
    pub note: Option<Note>,
}

impl Record {
    pub fn is_note(&self, change: Change) -> bool {
        self.note.as_ref().is_some_and(|note| note.change == change)
    }

    pub fn is(&self, hop: Hop) -> bool {
        self.note.is_none() && self.hop == hop
    }
}

/// Selections from records and questions about single stanzas.
pub trait Records {
    fn records(&self) -> &[Record];

    /// The stanzas of this hop, in order.
    fn hop(&self, hop: Hop) -> Vec<Stanza> {
        self.records().iter().filter(|r| r.is(hop)).map(|r| r.stanza.clone()).collect()
    }

    /// The stanzas of this hop to this address, in order.
    fn to(&self, hop: Hop, to: &str) -> Vec<Stanza> {
        let mut stanzas = self.hop(hop);
        stanzas.retain(|stanza| stanza.to.as_ref().is_some_and(|jid| jid.as_str() == to));
        stanzas
    }

    /// The stanzas of this hop from this address, in order.
    fn from(&self, hop: Hop, from: &str) -> Vec<Stanza> {
        let mut stanzas = self.hop(hop);
        stanzas.retain(|stanza| stanza.from.as_ref().is_some_and(|jid| jid.as_str() == from));
        stanzas
    }

    /// All that this user got of the room, whether through a slave or directly.
    fn got(&self, user: &str) -> Vec<Stanza> {
        let served = self.to(Hop::SlaveToUser, user);
        if served.is_empty() { self.to(Hop::MasterToUser, user) } else { served }
    }

    /// Where in the record the first stanza is that `which` finds.
    fn position(&self, which: impl Fn(&Record) -> bool) -> Option<usize> {
        self.records().iter().position(which)
    }

    /// How many stanzas crossed between servers.
    fn crossings(&self) -> usize {
        let hops = [Hop::SlaveToMaster, Hop::MasterToSlave, Hop::MasterToUser];
        self.records().iter().filter(|r| hops.iter().any(|hop| r.is(*hop))).count()
    }
}

impl Records for [Record] {
    fn records(&self) -> &[Record] {
        self
    }
}

impl Records for Vec<Record> {
    fn records(&self) -> &[Record] {
        self
    }
}

/// A stanza as XML.
pub fn text(stanza: &Stanza) -> String {
    String::from(&Element::from(stanza))
}

pub fn from(stanza: &Stanza) -> &str {
    stanza.from.as_ref().map_or("", |jid| jid.as_str())
}

pub fn to(stanza: &Stanza) -> &str {
    stanza.to.as_ref().map_or("", |jid| jid.as_str())
}

/// The nick of the occupant that it is from.
pub fn from_nick(stanza: &Stanza) -> &str {
    from(stanza).strip_prefix(ROOM).and_then(|rest| rest.strip_prefix('/')).unwrap_or("")
}

/// The senders' nicks.
pub fn nicks(stanzas: &[Stanza]) -> Vec<&str> {
    stanzas.iter().map(from_nick).collect()
}

/// The attribute of the item of `{muc#user}x`.
pub fn item<'a>(stanza: &'a Stanza, attribute: &'a str) -> Option<&'a str> {
    let x = stanza.payload("x", ns::MUC_USER)?;
    x.get_child("item", ns::MUC_USER)?.attr(attribute)
}

/// The JIDs of all items of `{muc#user}x`, in order.
pub fn item_jids(stanza: &Stanza) -> Vec<String> {
    let x = stanza.payload("x", ns::MUC_USER);
    let items = x.into_iter().flat_map(Element::children).filter(|child| child.name() == "item");
    items.filter_map(|item| item.attr("jid")).map(str::to_owned).collect()
}

/// The status codes of `{muc#user}x`, in order.
pub fn codes(stanza: &Stanza) -> Vec<&str> {
    let x = stanza.payload("x", ns::MUC_USER);
    let statuses = x.into_iter().flat_map(Element::children);
    statuses
        .filter(|child| child.name() == "status")
        .filter_map(|child| child.attr("code"))
        .collect()
}

pub fn has_code(stanza: &Stanza, code: &str) -> bool {
    codes(stanza).contains(&code)
}

/// The condition of an error.
pub fn condition(stanza: &Stanza) -> Option<String> {
    let error = stanza.payload("error", ns::CLIENT)?;
    let condition = error.children().find(|child| child.ns() == ns::STANZA_ERRORS)?;
    Some(condition.name().to_owned())
}

/// The type of an error.
pub fn error_type(stanza: &Stanza) -> Option<&str> {
    stanza.payload("error", ns::CLIENT)?.attr("type")
}

pub fn enter_jid(stanza: &Stanza) -> Option<String> {
    stanza.dmuc()?.enter.map(|enter| enter.jid.to_string())
}

pub fn leave_jid(stanza: &Stanza) -> Option<String> {
    stanza.dmuc()?.leave.map(|leave| leave.jid.to_string())
}

pub fn is_enter(stanza: &Stanza) -> bool {
    stanza.is_available() && enter_jid(stanza).is_some()
}

pub fn is_leave(stanza: &Stanza) -> bool {
    leave_jid(stanza).is_some()
}

pub fn is_ping(stanza: &Stanza) -> bool {
    stanza.kind == Kind::Iq && stanza.type_ == Type::Get && stanza.has_payload("ping", ns::PING)
}

/// Whether it is a message with a body that says when it was said.
pub fn is_delayed(stanza: &Stanza) -> bool {
    stanza.is_groupchat() && stanza.has_payload("delay", ns::DELAY)
}

/// The bodies of messages, without what has none.
pub fn bodies(stanzas: &[Stanza]) -> Vec<String> {
    stanzas.iter().filter_map(Stanza::body).collect()
}

//! A stanza as the invariants read it: where it goes, what it says, without copying anything.
//!
//! Hops have the classes of the protocol study: user to slave, slave to master, master to slave,
//! master to user, slave to user.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::stanza::{Element, Kind, Stanza, Type, ns};
use crate::time::Time;

/// What XEP-0282's element and its extension say in a stanza.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::conform) struct Dmuc<'a> {
    /// The full JID of an ENTER.
    pub enter: Option<&'a str>,
    /// The full JID of a LEAVE.
    pub leave: Option<&'a str>,
    /// Whether it is marked as history.
    pub history: bool,
    /// The master's stamp.
    pub stamp: Option<Time>,
    /// Epoch and number of an event.
    pub at: Option<(&'a str, u64)>,
    /// Whether the event was missed or came late.
    pub backfill: bool,
    /// Whether it is state.
    pub state: bool,
    /// Whether it ends state.
    pub synced: bool,
}

impl<'a> Dmuc<'a> {
    /// What a stanza says, if it has such an element.
    pub fn of(stanza: &'a Stanza) -> Option<Self> {
        let mut payloads = stanza.payloads.iter().rev();
        payloads.find(|payload| payload.is("x", ns::DMUC)).map(read_dmuc)
    }
}

/// What a room says of an occupant.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::conform) struct Item<'a> {
    pub affiliation: Option<&'a str>,
    pub role: Option<&'a str>,
    pub jid: Option<&'a str>,
    pub nick: Option<&'a str>,
}

/// A stanza that concerns a room.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Reading<'a> {
    pub stanza: &'a Stanza,
    pub from: &'a str,
    pub to: &'a str,
    /// The nick in its sender's address, if that is an occupant of the room.
    pub nick: Option<&'a str>,
    /// Whether the sender is the room or an occupant.
    pub from_room: bool,
    /// The nick in its addressee's address, if that is an occupant of the room.
    pub to_nick: Option<&'a str>,
    pub dmuc: Option<Dmuc<'a>>,
    pub item: Option<Item<'a>>,
    /// Real JIDs of those it is about, and of those who did it.
    pub jids: Vec<&'a str>,
    /// Those of them that are the subject's.
    pub sessions: Vec<&'a str>,
    /// Status codes.
    pub codes: Vec<u16>,
    /// Whether the room is being destroyed.
    pub destroys: bool,
    /// When it was sent first, if it says that it is late.
    pub delay: Option<Time>,
    /// Who has delayed it, if it says so.
    pub delayed_by: Option<&'a str>,
    /// What it says for itself, in one number: all payloads but what the room or a slave adds. Of a
    /// copy that was altered, what it was to say.
    pub content: u64,
    /// The same of what stands there.
    pub literal: u64,
    /// Of a copy under the nick of somebody else: the entry of what it is a copy of. Its sender is
    /// who it should be.
    pub misnamed: Option<usize>,
}

impl<'a> Reading<'a> {
    /// Read a stanza that goes to or comes from `room`, or that names it.
    pub fn new(stanza: &'a Stanza, room: &str) -> Self {
        let mut reading = Self::again(stanza, room, START, START);
        for payload in stanza.payloads.iter().filter(|payload| is_content(payload)) {
            reading.content = digest(reading.content, payload);
        }
        if stanza.is_groupchat() && reading.from_room {
            // They are all that a room says of its configuration; of a user's they are forged.
            for code in &reading.codes {
                reading.content = digest_text(reading.content, &code.to_string());
            }
        }
        reading.literal = reading.content;
        reading
    }

    /// Read a stanza again whose [`Reading::content`] and [`Reading::literal`] are known.
    pub fn again(stanza: &'a Stanza, room: &str, content: u64, literal: u64) -> Self {
        let from = stanza.from.as_ref().map_or("", |from| from.as_str());
        let to = stanza.to.as_ref().map_or("", |to| to.as_str());
        let mut reading = Reading {
            stanza,
            from,
            to,
            nick: nick_in(from, room).flatten(),
            from_room: nick_in(from, room).is_some(),
            to_nick: nick_in(to, room).flatten(),
            dmuc: None,
            item: None,
            jids: Vec::new(),
            sessions: Vec::new(),
            codes: Vec::new(),
            destroys: false,
            delay: None,
            delayed_by: None,
            content,
            literal,
            misnamed: None,
        };
        for payload in stanza.payloads.iter() {
            reading.read(payload);
        }
        reading
    }

    /// It is a copy of something of this occupant's, which came in this entry.
    pub fn rename(&mut self, from: &'a str, room: &str, came: usize) {
        (self.from, self.nick) = (from, nick_in(from, room).flatten());
        self.misnamed = Some(came);
    }

    fn read(&mut self, payload: &'a Element) {
        if payload.is("x", ns::DMUC) {
            self.dmuc = Some(read_dmuc(payload));
        } else if payload.is("x", ns::MUC_USER) {
            self.read_x(payload);
        } else if payload.has_ns(ns::DELAY) {
            self.delay = payload.attr("stamp").and_then(|stamp| stamp.parse().ok());
            self.delayed_by = payload.attr("from");
        }
    }

    fn read_x(&mut self, x: &'a Element) {
        for child in x.children() {
            match child.name() {
                "item" => {
                    let item = read_item(child);
                    let actor = child.children().find(|child| child.name() == "actor");
                    let actor = actor.and_then(|actor| actor.attr("jid"));
                    self.jids.extend([item.jid, actor].into_iter().flatten());
                    self.sessions.extend(item.jid);
                    self.item = self.item.or(Some(item));
                }
                "status" => {
                    let code = child.attr("code").and_then(|code| code.parse::<u16>().ok());
                    self.codes.extend(code);
                }
                "destroy" => self.destroys = true,
                _ => {}
            }
        }
    }

    /// Whether it has this status code.
    pub fn has(&self, code: u16) -> bool {
        self.codes.contains(&code)
    }

    /// Whether it says that somebody was thrown out, as he was or for what he is (XEP-0045 §9.1,
    /// §9.3, §9.4).
    pub fn expels(&self) -> bool {
        [301, 307, 321, 322].into_iter().any(|code| self.has(code))
    }

    /// Whether it says, of who is gone, that he has not asked for it.
    pub fn is_unasked(&self) -> bool {
        self.codes.iter().any(|code| *code != 110)
    }

    /// Whether it is a presence that says who is there, or no more.
    pub fn is_presence(&self) -> bool {
        self.stanza.kind == Kind::Presence
            && matches!(self.stanza.type_, Type::Absent | Type::Unavailable)
    }

    /// Whether it asks to enter.
    pub fn is_join(&self) -> bool {
        self.stanza.is_available() && self.stanza.has_payload("x", ns::MUC)
    }

    /// Whether it is a message to all that says something, and no subject.
    pub fn is_said(&self) -> bool {
        self.stanza.is_groupchat() && !self.stanza.is_subject_change()
    }

    /// Whether a room keeps it.
    pub fn is_kept(&self) -> bool {
        crate::room::StoredMessage::is_kept(&self.stanza.payloads)
    }

    /// The id, or nothing.
    pub fn id(&self) -> &'a str {
        self.stanza.id.as_deref().unwrap_or("")
    }
}

/// Whether the address is that of the room, and which nick it names.
pub(in crate::conform) fn nick_in<'a>(address: &'a str, room: &str) -> Option<Option<&'a str>> {
    let rest = address.strip_prefix(room)?;
    if rest.is_empty() { Some(None) } else { rest.strip_prefix('/').map(Some) }
}

/// The domain of a JID.
pub(in crate::conform) fn domain_of(jid: &str) -> &str {
    let bare = bare_of(jid);
    bare.split_once('@').map_or(bare, |(_, domain)| domain)
}

/// The bare JID of a JID.
pub(in crate::conform) fn bare_of(jid: &str) -> &str {
    jid.split_once('/').map_or(jid, |(bare, _)| bare)
}

/// Whether it is nothing that a room or a slave adds.
fn is_content(payload: &Element) -> bool {
    let is_of = |namespace: &str| payload.has_ns(namespace);
    let added = [ns::DELAY, ns::MUC, ns::STANZA_IDS, ns::OCCUPANT_IDS, ns::SLAVE];
    let added =
        added.into_iter().any(is_of) || payload.is("x", ns::DMUC) || payload.is("x", ns::MUC_USER);
    is_of(ns::CLIENT) || !added
}

fn read_dmuc(x: &Element) -> Dmuc<'_> {
    let mut dmuc = Dmuc::default();
    for child in x.children() {
        match child.name() {
            "enter" => dmuc.enter = child.attr("jid"),
            "leave" => dmuc.leave = child.attr("jid"),
            "history" => dmuc.history = true,
            "delay" => dmuc.stamp = child.attr("stamp").and_then(|stamp| stamp.parse().ok()),
            "at" => {
                let seq = child.attr("seq").and_then(|seq| seq.parse().ok());
                dmuc.at = child.attr("epoch").zip(seq);
                dmuc.backfill = matches!(child.attr("backfill"), Some("true" | "1"));
            }
            "state" => dmuc.state = true,
            "synced" => dmuc.synced = true,
            _ => {}
        }
    }
    dmuc
}

fn read_item(item: &Element) -> Item<'_> {
    Item {
        affiliation: item.attr("affiliation"),
        role: item.attr("role"),
        jid: item.attr("jid"),
        nick: item.attr("nick"),
    }
}

/// The start of a digest.
pub(in crate::conform) const START: u64 = 0;

/// Add text to a digest.
pub(in crate::conform) fn digest_text(digest: u64, text: &str) -> u64 {
    let mut hasher = FxHasher::with_seed(digest as usize);
    // With its end, which keeps neighbours apart.
    text.hash(&mut hasher);
    hasher.finish()
}

/// Add an element to a digest, with all that is in it.
pub(in crate::conform) fn digest(mut digest: u64, element: &Element) -> u64 {
    digest = digest_text(digest, element.name());
    if !element.has_ns(ns::CLIENT) {
        digest = digest_text(digest, &element.ns());
    }
    for ((_, name), value) in element.attrs().iter() {
        digest = digest_text(digest, name.as_str());
        digest = digest_text(digest, value);
    }
    for node in element.nodes() {
        digest = match node {
            minidom::Node::Element(child) => self::digest(digest, child),
            minidom::Node::Text(text) => digest_text(digest, text),
        };
    }
    digest_text(digest, "/")
}

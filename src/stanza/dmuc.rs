//! The elements of XEP-0282 v0.1, `urn:xmpp:tmp:dmuc:0`.
//!
//! [`X`] is lenient: what it does not know it ignores, as XMPP wants of a receiver. [`XStrict`]
//! refuses it, as a conformance check must.

mod strict;

use std::borrow::Cow;

use jid::{FullJid, Jid};
use xso::error::Error;
use xso::{AsXml, AsXmlText, FromXml, FromXmlText};

pub use self::strict::XStrict;
use super::ns;
use super::slave::{At, State, Synced};
use crate::time::Time;

/// ENTER: the master asks the slave to add this session to its distribution list.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DMUC, name = "enter")]
pub struct Enter {
    /// The full JID of the session.
    #[xml(attribute)]
    pub jid: FullJid,
}

/// LEAVE: the master asks the slave to remove this session from its distribution list.
#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DMUC, name = "leave")]
pub struct Leave {
    /// The full JID of the session.
    #[xml(attribute)]
    pub jid: FullJid,
}

/// How much history a newcomer gets; the limits of XEP-0045 §7.2.14, of which the XEP shows one.
/// In a message, without attributes, the mark of initial history.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq)]
#[xml(namespace = ns::DMUC, name = "history")]
pub struct History {
    /// At most so many characters of the messages' XML.
    #[xml(attribute(default))]
    pub maxchars: Option<u32>,
    /// At most so many messages.
    #[xml(attribute(default))]
    pub maxstanzas: Option<u32>,
    /// Only messages of the last so many seconds.
    #[xml(attribute(default))]
    pub seconds: Option<u32>,
    /// Only messages since this instant.
    #[xml(attribute(default))]
    pub since: Option<Time>,
}

/// When a stanza was received by the master (XEP-0203).
#[derive(FromXml, AsXml, Clone, Debug, PartialEq)]
#[xml(namespace = ns::DELAY, name = "delay")]
pub struct Delay {
    /// Who delayed it, or whose stanza it is.
    #[xml(attribute(default))]
    pub from: Option<Jid>,
    /// When it was sent first.
    #[xml(attribute)]
    pub stamp: Time,
}

/// `<x xmlns='urn:xmpp:tmp:dmuc:0'/>`, read leniently.
#[derive(FromXml, AsXml, Clone, Debug, Default, PartialEq)]
#[xml(namespace = ns::DMUC, name = "x")]
pub struct X {
    /// Present in ENTER.
    #[xml(child(default))]
    pub enter: Option<Enter>,
    /// Present in LEAVE.
    #[xml(child(default))]
    pub leave: Option<Leave>,
    /// A limit in ENTER, the mark of initial history in a message.
    #[xml(child(default))]
    pub history: Option<History>,
    /// In a broadcast message, when the master received it.
    #[xml(child(default))]
    pub delay: Option<Delay>,
    /// The position of an event (`#slave`).
    #[xml(child(default))]
    pub at: Option<At>,
    /// Present in state (`#slave`).
    #[xml(child(default))]
    pub state: Option<State>,
    /// The end of state (`#slave`).
    #[xml(child(default))]
    pub synced: Option<Synced>,
}

impl FromXmlText for Time {
    fn from_xml_text(text: String) -> Result<Self, Error> {
        text.parse().map_err(Error::text_parse_error)
    }
}

impl AsXmlText for Time {
    fn as_xml_text(&self) -> Result<Cow<'_, str>, Error> {
        Ok(Cow::Owned(self.to_string()))
    }
}

#[cfg(test)]
mod tests;

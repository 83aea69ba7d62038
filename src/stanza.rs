//! The vocabulary: stanzas, their payloads, and the text they are written in.
//!
//! A [`Stanza`] is a typed header over payload elements that are shared and lossless: what wallops
//! does not know it carries through every hop untouched. Typed *views* of payloads are made on
//! demand with xmpp-parsers ([`view`]) and, for XEP-0282's own elements, with [`dmuc`].
//!
//! Inside wallops every stanza is in the namespace `jabber:client`; a server-to-server stream
//! translates at its edge.

pub mod content;
mod convert;
mod describe;
pub mod dmuc;
mod element;
mod error;
pub mod ns;
mod read;
pub mod slave;
mod text;
pub mod view;

#[cfg(test)]
pub(crate) mod arbitrary;

use std::sync::Arc;

pub use jid::{BareJid, FullJid, Jid};
pub use minidom::Element;

pub use self::convert::ConvertError;
pub(crate) use self::convert::read_jid;
pub use self::describe::ShortNames;
pub use self::element::{attribute, element};
pub use self::error::{Condition, ErrorType, error_element};
pub use self::read::{
    Limits, ReadError, WITHOUT_FORBIDDEN, forbidden, plain_attribute, plain_elements, read_element,
    read_elements, read_elements_with_prefix, read_first_element, read_stanza,
};
pub use self::text::{element_text, write_stanza};

/// The three kinds of stanza (RFC 6120 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `<message/>`
    Message,
    /// `<presence/>`
    Presence,
    /// `<iq/>`
    Iq,
}

impl Kind {
    /// The element's name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Message => "message",
            Kind::Presence => "presence",
            Kind::Iq => "iq",
        }
    }
}

/// The `type` attribute. [`Type::Absent`] is kept apart from an explicit default, so that a stanza
/// is written as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the values of RFC 6121 §4.7.1, §5.2.2 and RFC 6120 §8.2.3")]
pub enum Type {
    #[default]
    Absent,
    Normal,
    Chat,
    Groupchat,
    Headline,
    Error,
    Unavailable,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
    Probe,
    Get,
    Set,
    Result,
    /// A value that no RFC defines.
    Other(Arc<str>),
}

/// Payload elements, shared by all copies of a stanza.
pub type Payloads = Arc<Vec<Element>>;

/// A stanza: a typed header over shared payloads.
///
/// Copying one costs a few reference counts; copies of a broadcast differ in their header only.
#[derive(Clone, Debug, PartialEq)]
pub struct Stanza {
    /// Message, presence or IQ.
    pub kind: Kind,
    /// The `type` attribute.
    pub type_: Type,
    /// The `id` attribute.
    pub id: Option<Arc<str>>,
    /// The sender, if given and a JID.
    pub from: Option<Arc<Jid>>,
    /// The addressee, if given and a JID.
    pub to: Option<Arc<Jid>>,
    /// `xml:lang`.
    pub lang: Option<Arc<str>>,
    /// Attributes that the header does not know, and addresses that are not JIDs, by name.
    pub extra: Option<Arc<Vec<(String, String)>>>,
    /// The children.
    pub payloads: Payloads,
}

impl Stanza {
    /// A stanza without addresses and payloads.
    pub fn new(kind: Kind, type_: Type) -> Self {
        Self {
            kind,
            type_,
            id: None,
            from: None,
            to: None,
            lang: None,
            extra: None,
            payloads: Payloads::default(),
        }
    }

    /// A message.
    pub fn message(type_: Type) -> Self {
        Self::new(Kind::Message, type_)
    }

    /// A presence; available if `type_` is [`Type::Absent`].
    pub fn presence(type_: Type) -> Self {
        Self::new(Kind::Presence, type_)
    }

    /// An IQ.
    pub fn iq(type_: Type, id: &str) -> Self {
        Self::new(Kind::Iq, type_).with_id(id)
    }

    /// With this sender.
    #[must_use]
    pub fn with_from(mut self, from: impl Into<Arc<Jid>>) -> Self {
        self.from = Some(from.into());
        self
    }

    /// With this addressee.
    #[must_use]
    pub fn with_to(mut self, to: impl Into<Arc<Jid>>) -> Self {
        self.to = Some(to.into());
        self
    }

    /// With this id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// With one more payload, after the others.
    #[must_use]
    pub fn with_payload(mut self, payload: Element) -> Self {
        Arc::make_mut(&mut self.payloads).push(payload);
        self
    }

    /// With these payloads in place of its own; sharing, not copying.
    #[must_use]
    pub fn with_payloads(mut self, payloads: impl Into<Payloads>) -> Self {
        self.payloads = payloads.into();
        self
    }

    /// Only the payloads that `keep` keeps. Shares them if that is all of them.
    #[must_use]
    pub fn retaining(mut self, mut keep: impl FnMut(&Element) -> bool) -> Self {
        if !self.payloads.iter().all(&mut keep) {
            Arc::make_mut(&mut self.payloads).retain(keep);
        }
        self
    }

    /// The first payload of this name and namespace.
    pub fn payload(&self, name: &str, namespace: &str) -> Option<&Element> {
        self.payloads.iter().find(|payload| payload.is(name, namespace))
    }

    /// Whether there is a payload of this name and namespace.
    pub fn has_payload(&self, name: &str, namespace: &str) -> bool {
        self.payload(name, namespace).is_some()
    }

    /// Whether it is an available presence: one without `type`.
    pub fn is_available(&self) -> bool {
        self.kind == Kind::Presence && self.type_ == Type::Absent
    }

    /// Whether it is an unavailable presence.
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Presence && self.type_ == Type::Unavailable
    }

    /// Whether it is said with this status code of a room.
    pub fn has_code(&self, code: &str) -> bool {
        let is_it =
            |child: &Element| child.is("status", ns::MUC_USER) && child.attr("code") == Some(code);
        self.payload("x", ns::MUC_USER).is_some_and(|x| x.children().any(is_it))
    }

    /// The nick that somebody takes (XEP-0045 §7.6, 303).
    pub fn new_nick(&self) -> Option<&str> {
        let x = self.payload("x", ns::MUC_USER).filter(|_| self.has_code("303"))?;
        x.get_child("item", ns::MUC_USER)?.attr("nick")
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.type_ == Type::Error
    }

    /// Whether it is a message to everybody in a room.
    pub fn is_groupchat(&self) -> bool {
        self.kind == Kind::Message && self.type_ == Type::Groupchat
    }

    /// Whether it is an IQ that asks for an answer.
    pub fn is_request(&self) -> bool {
        self.kind == Kind::Iq && matches!(self.type_, Type::Get | Type::Set)
    }

    /// Whether an address in the header is not a JID (RFC 6120 §8.3.3.8), and which attribute.
    pub fn malformed_address(&self) -> Option<&str> {
        self.extra
            .iter()
            .flat_map(|extra| extra.iter())
            .map(|(name, _)| name.as_str())
            .find(|name| matches!(*name, "from" | "to"))
    }
}

#[cfg(test)]
mod tests;

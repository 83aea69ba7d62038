//! Between a [`Stanza`] and the XML element that it is, without loss.

use std::sync::Arc;

use jid::Jid;
use minidom::rxml::{Namespace, NcName};
use minidom::{Element, Node};

use super::{Kind, Stanza, Type, ns};

/// Why an element is not a stanza.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// Its name is not message, presence or iq, or its namespace is not `jabber:client`.
    #[error("<{name} xmlns='{namespace}'/> is not a stanza")]
    NotAStanza {
        /// The element's name.
        name: String,
        /// The element's namespace.
        namespace: String,
    },
    /// It has text outside its child elements (RFC 6120 §8.1 allows none).
    #[error("text `{0}` outside the child elements of a stanza")]
    Text(String),
}

impl TryFrom<Element> for Stanza {
    type Error = ConvertError;

    fn try_from(mut element: Element) -> Result<Self, Self::Error> {
        let kind = kind_of(&element)?;
        let mut stanza = Stanza::new(kind, Type::Absent);
        let mut extra = Vec::new();
        for ((namespace, name), value) in element.attrs().iter() {
            stanza.read_attribute(namespace.as_str(), name.as_str(), value, &mut extra);
        }
        if !extra.is_empty() {
            stanza.extra = Some(Arc::new(extra));
        }
        let mut payloads = Vec::new();
        for node in element.take_nodes() {
            match node {
                Node::Element(child) => payloads.push(child),
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Text(text) => return Err(ConvertError::Text(text.trim().to_owned())),
            }
        }
        stanza.payloads = Arc::new(payloads);
        Ok(stanza)
    }
}

/// A JID in its normal form. Some characters become others in it that have another normal form, so
/// that it is found in several steps; what is written is then read as the same.
pub(crate) fn read_jid(text: &str) -> Result<Jid, jid::Error> {
    let mut jid = Jid::new(text)?;
    for _ in 0..STEPS_MAX {
        if text.is_ascii() || jid.as_str() == text {
            break;
        }
        jid = Jid::new(jid.as_str())?;
    }
    Ok(jid)
}

/// After so many steps a JID stays as it is.
const STEPS_MAX: usize = 3;

impl Stanza {
    fn read_attribute(
        &mut self,
        namespace: &str,
        name: &str,
        value: &str,
        extra: &mut Vec<(String, String)>,
    ) {
        match (namespace, name) {
            ("", "type") => self.type_ = Type::parse(value),
            ("", "id") => self.id = Some(value.into()),
            (ns::XML, "lang") => self.lang = Some(value.into()),
            ("", "from" | "to") => match read_jid(value) {
                Ok(jid) if name == "from" => self.from = Some(Arc::new(jid)),
                Ok(jid) => self.to = Some(Arc::new(jid)),
                Err(_) => extra.push((name.to_owned(), value.to_owned())),
            },
            ("", _) => extra.push((name.to_owned(), value.to_owned())),
            // `{namespace}name`, as James Clark writes qualified names.
            _ => extra.push((format!("{{{namespace}}}{name}"), value.to_owned())),
        }
    }

    /// The attributes in their canonical order: from, id, to, type, xml:lang, then the others.
    /// Names outside `xml:` that have a namespace are in Clark notation, `{namespace}name`.
    pub fn attributes(&self) -> Vec<(&str, &str)> {
        let mut all = Vec::with_capacity(5);
        if let Some(from) = &self.from {
            all.push(("from", from.as_str()));
        }
        if let Some(id) = &self.id {
            all.push(("id", id));
        }
        if let Some(to) = &self.to {
            all.push(("to", to.as_str()));
        }
        if let Some(type_) = self.type_.as_str() {
            all.push(("type", type_));
        }
        if let Some(lang) = &self.lang {
            all.push(("xml:lang", lang));
        }
        for (name, value) in self.extra.iter().flat_map(|extra| extra.iter()) {
            all.push((name, value));
        }
        all
    }
}

impl From<&Stanza> for Element {
    fn from(stanza: &Stanza) -> Element {
        let mut element = Element::bare(stanza.kind.name(), ns::CLIENT);
        for (name, value) in stanza.attributes() {
            let (namespace, name) = match name.strip_prefix('{').and_then(|n| n.split_once('}')) {
                Some((namespace, name)) => (Namespace::from(namespace.to_owned()), name),
                None if name == "xml:lang" => (Namespace::XML, "lang"),
                None => (Namespace::NONE, name),
            };
            // Names were XML names when they were read.
            if let Ok(name) = NcName::try_from(name) {
                element.set_attr(namespace, name, value);
            }
        }
        for payload in stanza.payloads.iter() {
            element.append_child(payload.clone());
        }
        element
    }
}

impl Type {
    /// The type of this name; [`Type::Other`] if no RFC has it.
    pub fn parse(value: &str) -> Self {
        TYPES
            .iter()
            .find(|(name, _)| *name == value)
            .map_or_else(|| Type::Other(value.into()), |(_, type_)| type_.clone())
    }

    /// The attribute's value, if there is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Type::Absent => None,
            Type::Other(value) => Some(value),
            _ => TYPES.iter().find(|(_, type_)| type_ == self).map(|(name, _)| *name),
        }
    }
}

fn kind_of(element: &Element) -> Result<Kind, ConvertError> {
    [Kind::Message, Kind::Presence, Kind::Iq]
        .into_iter()
        .find(|kind| element.is(kind.name(), ns::CLIENT))
        .ok_or_else(|| ConvertError::NotAStanza {
            name: element.name().to_owned(),
            namespace: element.ns(),
        })
}

const TYPES: [(&str, Type); 14] = [
    ("normal", Type::Normal),
    ("chat", Type::Chat),
    ("groupchat", Type::Groupchat),
    ("headline", Type::Headline),
    ("error", Type::Error),
    ("unavailable", Type::Unavailable),
    ("subscribe", Type::Subscribe),
    ("subscribed", Type::Subscribed),
    ("unsubscribe", Type::Unsubscribe),
    ("unsubscribed", Type::Unsubscribed),
    ("probe", Type::Probe),
    ("get", Type::Get),
    ("set", Type::Set),
    ("result", Type::Result),
];

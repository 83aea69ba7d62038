//! Reading stanzas most of which are copies of others: a room tells everybody the same, and each
//! hop is written out. What was just read is not read again, and copies share it in memory.
//!
//! Where a stanza begins with plain attributes only, the elements in it depend on nothing but
//! their text. Whatever is else is read as it stands.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use minidom::Node;
use rustc_hash::FxHasher;

use crate::stanza::{
    Element, Jid, Kind, Limits, Payloads, ReadError, Stanza, Type, read_elements, read_stanza,
};

/// What was read of stanzas.
#[derive(Debug, Default)]
pub(super) struct Copies {
    payloads: Slots<Payloads>,
    jids: Slots<Arc<Jid>>,
    texts: Slots<Arc<str>>,
    /// The elements of stanzas of which there is no text.
    alike: Places<Payloads>,
}

impl Copies {
    /// Read exactly one stanza, as [`read_stanza`] does.
    pub fn read(&mut self, text: &str, limits: Limits) -> Result<Stanza, ReadError> {
        match self.plain(text, limits) {
            Some(stanza) => Ok(stanza),
            // Whatever is wrong with it shows.
            None => read_stanza(text, limits),
        }
    }

    /// Read the stanza with which `text` begins, if it is short, begins with plain attributes and
    /// is right: it, and the byte at which it ends.
    pub fn first(&mut self, text: &str, limits: Limits) -> Option<(Stanza, usize)> {
        let bytes = text.as_bytes();
        let bytes = bytes.get(..FIRST_MAX).unwrap_or(bytes);
        let tag = memchr::memchr(b'>', bytes)? + 1;
        let end = if bytes[..tag].ends_with(b"/>") {
            tag
        } else {
            let mut names = KINDS.iter().map(|kind| kind.name());
            let name = names.find(|name| bytes[1..tag].starts_with(name.as_bytes()))?;
            let close = format!("</{name}>");
            tag + memchr::memmem::find(&bytes[tag..], close.as_bytes())? + close.len()
        };
        // Whether that is where it ends shows when it is read.
        Some((self.plain(text.get(..end)?, limits)?, end))
    }

    /// Read a stanza that begins with plain attributes, and is right.
    fn plain(&mut self, text: &str, limits: Limits) -> Option<Stanza> {
        let mut rest = text.trim_matches(BLANK).strip_prefix('<')?;
        let (kind, after) = KINDS.iter().find_map(|kind| {
            let after = rest.strip_prefix(kind.name())?;
            after.starts_with([' ', '>', '/']).then_some((*kind, after))
        })?;
        if text.len() > limits.size_max {
            return None;
        }
        rest = after;
        let mut stanza = Stanza::new(kind, Type::Absent);
        let mut typed = false;
        while let Some(after) = rest.strip_prefix(' ') {
            let (name, value) = after.split_once('=')?;
            let quote = value.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
            let value = &value[1..];
            let end = value.bytes().position(|byte| char::from(byte) == quote || is_odd(byte))?;
            let (value, after) = (&value[..end], value[end..].strip_prefix(quote)?);
            let missing = match name {
                "from" => stanza.from.replace(self.jid(value)?).is_none(),
                "to" => stanza.to.replace(self.jid(value)?).is_none(),
                "id" => stanza.id.replace(self.text(value)?).is_none(),
                "xml:lang" => stanza.lang.replace(self.text(value)?).is_none(),
                "type" => {
                    stanza.type_ = Type::parse(value);
                    !std::mem::replace(&mut typed, true)
                }
                _ => false,
            };
            if !missing {
                return None;
            }
            rest = after;
        }
        if rest == "/>" {
            return Some(stanza);
        }
        let inside = rest.strip_prefix('>')?.strip_suffix('>')?;
        let inside = inside.strip_suffix(kind.name())?.strip_suffix("</")?;
        let within = Limits { depth_max: limits.depth_max.saturating_sub(1), ..limits };
        stanza.payloads = self.payloads.get(inside, || {
            let elements = read_elements(inside, within, usize::MAX).ok()?;
            Some(Arc::new(elements.into_iter().map(|(element, _)| element).collect()))
        })?;
        Some(stanza)
    }

    /// Let a stanza that was read elsewhere share what it has in common with the last ones.
    pub fn share(&mut self, stanza: &mut Stanza) {
        for jid in [&mut stanza.from, &mut stanza.to].into_iter().flatten() {
            let known = self.jids.get(jid.as_str(), || Some(jid.clone()));
            *jid = known.unwrap_or_else(|| jid.clone());
        }
        let mut hasher = FxHasher::default();
        stanza.payloads.iter().for_each(|payload| hash(payload, &mut hasher));
        let Some(slot) = self.alike.0.get_mut(place(&hasher)) else { return };
        match slot {
            Some(known) if *known == stanza.payloads => stanza.payloads = known.clone(),
            _ => *slot = Some(stanza.payloads.clone()),
        }
    }

    fn jid(&mut self, text: &str) -> Option<Arc<Jid>> {
        self.jids.get(text, || Jid::new(text).ok().map(Arc::new))
    }

    fn text(&mut self, text: &str) -> Option<Arc<str>> {
        self.texts.get(text, || Some(text.into()))
    }
}

/// The last of some things. Each has one place, from which others drive it.
#[derive(Debug)]
struct Places<T>(Vec<Option<T>>);

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self((0..PLACES).map(|_| None).collect())
    }
}

/// Where something with this hash has its place.
fn place(hasher: &FxHasher) -> usize {
    usize::try_from(hasher.finish() % PLACES).unwrap_or_default()
}

/// Add an element, with all that is in it, to a hash.
fn hash(element: &Element, hasher: &mut FxHasher) {
    element.name().hash(hasher);
    element.attrs().iter().for_each(|(_, value)| value.hash(hasher));
    for node in element.nodes() {
        match node {
            Node::Element(child) => hash(child, hasher),
            Node::Text(text) => text.hash(hasher),
        }
    }
}

/// What is read of texts, the last of them.
#[derive(Debug)]
struct Slots<T>(Places<(Box<str>, T)>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(Places::default())
    }
}

impl<T: Clone> Slots<T> {
    /// What this text was read as, or is.
    fn get(&mut self, text: &str, read: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut hasher = FxHasher::default();
        text.hash(&mut hasher);
        let slot = self.0.0.get_mut(place(&hasher))?;
        if let Some((known, value)) = slot
            && **known == *text
        {
            return Some(value.clone());
        }
        let value = read()?;
        if text.len() <= KEPT_MAX {
            *slot = Some((text.into(), value.clone()));
        }
        Some(value)
    }
}

const KINDS: [Kind; 3] = [Kind::Message, Kind::Presence, Kind::Iq];

/// White space as XML has it.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether a byte in the value of an attribute may mean something else than itself, or may not
/// stand there.
fn is_odd(byte: u8) -> bool {
    // U+FFFE and U+FFFF, which XML does not have, begin with this byte; so do a few others.
    const FFFE: u8 = 0xEF;
    byte < b' ' || matches!(byte, b'&' | b'<' | FFFE)
}

/// How many of each kind are remembered.
const PLACES: u64 = 1024;

/// How far the end of a stanza is looked for that may be a copy.
const FIRST_MAX: usize = 8192;

/// The longest text, in bytes, that is remembered.
const KEPT_MAX: usize = 4096;

#[cfg(test)]
mod tests;

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
    Element, Jid, Kind, Limits, Payloads, ReadError, Stanza, Type, plain_attribute, plain_elements,
    read_elements, read_jid, read_stanza,
};

/// What was read of stanzas.
#[derive(Debug, Default)]
pub(super) struct Copies {
    payloads: Slots<Payloads>,
    jids: Slots<Arc<Jid>>,
    texts: Places<Arc<str>>,
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
        let rest = text.trim_matches(BLANK).strip_prefix('<')?;
        let (kind, mut rest) = KINDS.iter().find_map(|kind| {
            let after = rest.strip_prefix(kind.name())?;
            after.starts_with([' ', '>', '/']).then_some((*kind, after))
        })?;
        if text.len() > limits.size_max {
            return None;
        }
        let (mut from, mut to, mut id, mut lang, mut type_) = (None, None, None, None, None);
        while let Some(after) = rest.strip_prefix(' ') {
            let (name, value, after) = plain_attribute(after)?;
            let missing = match name {
                "from" => from.replace(self.jid(value)?).is_none(),
                "to" => to.replace(self.jid(value)?).is_none(),
                "id" => id.replace(self.text(value)).is_none(),
                "xml:lang" => lang.replace(self.text(value)).is_none(),
                "type" => type_.replace(Type::parse(value)).is_none(),
                _ => false,
            };
            if !missing {
                return None;
            }
            rest = after;
        }
        let payloads = match rest {
            "/>" => Payloads::default(),
            _ => self.payloads(rest, kind, limits)?,
        };
        let type_ = type_.unwrap_or_default();
        Some(Stanza { kind, type_, id, from, to, lang, extra: None, payloads })
    }

    /// Read what stands in a stanza, up to its end.
    fn payloads(&mut self, rest: &str, kind: Kind, limits: Limits) -> Option<Payloads> {
        let inside = rest.strip_prefix('>')?.strip_suffix('>')?;
        let inside = inside.strip_suffix(kind.name())?.strip_suffix("</")?;
        let within = Limits { depth_max: limits.depth_max.saturating_sub(1), ..limits };
        self.payloads.get(inside, || {
            if let Some(elements) = plain_elements(inside, within) {
                return Some(Arc::new(elements));
            }
            let elements = read_elements(inside, within, usize::MAX).ok()?;
            Some(Arc::new(elements.into_iter().map(|(element, _)| element).collect()))
        })
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
        self.jids.get(text, || read_jid(text).ok().map(Arc::new))
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        match self.texts.of(text) {
            Some(Some(known)) if **known == *text => known.clone(),
            Some(slot) if text.len() <= KEPT_MAX => slot.insert(text.into()).clone(),
            _ => text.into(),
        }
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

impl<T> Places<T> {
    /// The place of what is read of this text.
    fn of(&mut self, text: &str) -> Option<&mut Option<T>> {
        let mut hasher = FxHasher::default();
        text.hash(&mut hasher);
        self.0.get_mut(place(&hasher))
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
        let slot = self.0.of(text)?;
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

/// How many of each kind are remembered.
const PLACES: u64 = 1024;

/// How far the end of a stanza is looked for that may be a copy.
const FIRST_MAX: usize = 8192;

/// The longest text, in bytes, that is remembered.
const KEPT_MAX: usize = 4096;

#[cfg(test)]
mod tests;

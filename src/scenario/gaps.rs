//! What of a cast could not be read, and which names it may have all the same.
//!
//! A mistake in the cast must not make mistakes of lines that use what stands there, and must not
//! hide the mistakes of other lines either. So a gap is as narrow as can be: a heading that means
//! nothing may have named what its words say, and no more.

use std::collections::BTreeSet;

use super::mistake::{Thing, Wrong};
use super::sections::{Class, Section};

/// Which names may be right although the cast, as far as it was read, does not have them.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    clients: bool,
    rooms: bool,
    slaves: bool,
    hosts: bool,
    /// The words of what could not be read, and the parts of its addresses.
    words: BTreeSet<String>,
}

impl Gaps {
    /// A whole cast is missing.
    pub(super) fn everything(&mut self) {
        *self =
            Self { clients: true, rooms: true, slaves: true, hosts: true, words: BTreeSet::new() };
    }

    /// A section of this class has no name.
    pub(super) fn nameless(&mut self, class: Class) {
        match class {
            Class::Client => self.clients = true,
            Class::Room => self.rooms = true,
            Class::Slave => self.slaves = true,
            Class::Server => self.hosts = true,
            Class::Link => {}
        }
    }

    /// A section has no address, so that its domain may be any.
    pub(super) fn homeless(&mut self) {
        self.hosts = true;
    }

    /// This text could not be read, and may name whatever is in it.
    pub(super) fn mention(&mut self, text: &str) {
        for part in text.split(is_between).filter(|part| !part.is_empty()) {
            self.words.insert(part.to_owned());
            let label = part.split('.').next().unwrap_or(part);
            self.words.insert(label.to_owned());
        }
    }

    /// What these sections say is in no cast.
    pub(super) fn mention_all(&mut self, section: &Section) {
        self.mention(&section.name);
        for key in &section.keys {
            self.mention(&key.value);
        }
    }

    /// Whether any occupant may be in the cast.
    pub(super) fn any_client(&self) -> bool {
        self.clients
    }

    /// Whether there may be a room.
    pub(super) fn a_room(&self) -> bool {
        self.rooms || !self.words.is_empty()
    }

    /// Whether this is a mistake only if the cast has no more than what was read.
    pub(super) fn excuse(&self, wrong: &Wrong) -> bool {
        match wrong {
            // Nobody is called almost as the language calls everybody.
            Wrong::Unknown { found, meant: Some(meant), .. } if WORDS.contains(&&**meant) => {
                self.mentions(found)
            }
            Wrong::Unknown { thing, found, .. } => self.may_have(*thing, found),
            Wrong::UnknownVariable { found, .. } => {
                let name = found.trim_start_matches("${").trim_end_matches('}');
                let owner = name.strip_suffix("'s JID").or(name.strip_suffix("'s full JID"));
                owner.is_some_and(|owner| self.may_have(Thing::Occupant, owner))
            }
            Wrong::UnknownStart { found, meant, .. } => {
                (self.clients && meant.is_none()) || self.mentions(found)
            }
            Wrong::NoRoom => self.a_room(),
            _ => false,
        }
    }

    fn may_have(&self, thing: Thing, found: &str) -> bool {
        let any = match thing {
            Thing::Occupant => self.clients,
            Thing::Room => self.rooms || (self.hosts && found.contains('@')),
            Thing::Slave => self.slaves || self.hosts,
            Thing::Host | Thing::Machine => self.hosts,
        };
        any || self.mentions(found)
    }

    fn mentions(&self, found: &str) -> bool {
        let mut parts = found.split(is_between).filter(|part| !part.is_empty()).peekable();
        parts.peek().is_some() && parts.all(|part| self.words.contains(part))
    }
}

/// What stands between the parts of a text that may each be a name.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | '@' | '/' | ',' | ':' | '"')
}

/// What may stand where a name may.
const WORDS: [&str; 5] = ["Everybody", "Everybody else", "Nobody", "The master", "everything"];

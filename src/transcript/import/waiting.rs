//! What crosses a stream before it is known whose that is.

use std::io;

use super::peer::Way;
use crate::stanza::Stanza;
use crate::time::{Duration, Time};
use crate::transcript::sorted::{Numbered, Pile};
use crate::transcript::{Entry, Fate, Hop, Name, Space, What};

/// A stanza on a stream.
pub(super) struct Seen {
    pub line: usize,
    pub at: Time,
    /// How many stanzas were read before it, and it.
    pub number: usize,
    pub way: Way,
    pub stanza: Stanza,
}

impl Seen {
    /// The same as an entry, between these hosts.
    pub fn between(self, (from, to): (Name, Name)) -> Numbered {
        let fate = Fate::Delivered(Duration::ZERO);
        let what = What::Hop(Hop { fate, ..Hop::new(from, to, self.stanza) });
        (self.line, self.number, Entry { at: self.at, what })
    }

    /// What was put into such an entry: with the names of its hosts.
    pub fn of((line, number, entry): Numbered) -> Option<(Self, Name, Name)> {
        let What::Hop(Hop { from, to, stanza, .. }) = entry.what else { return None };
        let way = if *from == *IN { Way::In } else { Way::Out };
        Some((Self { line, at: entry.at, number, way, stanza }, from, to))
    }
}

impl Way {
    /// Its name, in the place of a host's.
    pub fn name(self) -> Name {
        match self {
            Way::In => IN.into(),
            Way::Out => "out".into(),
        }
    }
}

const IN: &str = "in";

/// What waits on one stream.
#[derive(Default)]
pub(super) struct Waiting {
    held: Vec<Seen>,
    /// The number of the stream, if not all is held.
    late: Option<usize>,
    /// The line of the first.
    first: Option<usize>,
    /// Whether one lacks an address.
    unaddressed: bool,
    /// Whether one was sent to whoever opened the stream.
    sent: bool,
    clients: Clients,
}

/// Those that the stanzas on a stream name.
#[derive(Default)]
enum Clients {
    #[default]
    None,
    One(String),
    Many,
}

impl Waiting {
    pub fn push(&mut self, seen: Seen, late: &mut Late) -> io::Result<()> {
        self.first.get_or_insert(seen.line);
        self.sent |= seen.way == Way::Out;
        self.unaddressed |= seen.stanza.from.is_none() || seen.stanza.to.is_none();
        let client = match seen.way {
            Way::Out => &seen.stanza.to,
            Way::In => &seen.stanza.from,
        };
        if let Some(client) = client {
            self.clients = match std::mem::take(&mut self.clients) {
                Clients::None => Clients::One(client.as_str().to_owned()),
                Clients::One(known) if known == client.as_str() => Clients::One(known),
                _ => Clients::Many,
            };
        }
        if self.held.len() < HELD_MAX {
            self.held.push(seen);
            return Ok(());
        }
        late.push(*self.late.get_or_insert(late.owners.len()), seen)
    }

    /// The line of the first stanza.
    pub fn first(&self) -> Option<usize> {
        self.first
    }

    /// Whether it looks like what servers tell each other: stanzas have both addresses, and all go
    /// one way; or they are for many.
    pub fn is_between_servers(&self) -> bool {
        !self.unaddressed && (!self.sent || self.client().is_none())
    }

    /// The client that the stanzas name, if they name one only.
    pub fn client(&self) -> Option<&str> {
        let Clients::One(client) = &self.clients else { return None };
        (client.contains('/') && client.contains('@')).then_some(client)
    }

    /// It is known now whose the stream is: what waited and is held.
    pub fn settle(self, owner: &Owner, late: &mut Late) -> Vec<Seen> {
        if let Some(known) = self.late.and_then(|number| late.owners.get_mut(number)) {
            *known = owner.clone();
        }
        self.held
    }
}

/// Whose a stream is.
#[derive(Clone)]
pub(super) enum Owner {
    /// A client of which no name is told.
    Nobody,
    Client(Name),
    Server,
    Component,
}

/// What waits on streams and is not held.
pub(super) struct Late {
    pile: Pile,
    /// Whose the streams are, by their numbers.
    owners: Vec<Owner>,
}

impl Late {
    pub fn new(space: Space) -> Self {
        Self { pile: Pile::new(space), owners: Vec::new() }
    }

    fn push(&mut self, stream: usize, seen: Seen) -> io::Result<()> {
        if stream == self.owners.len() {
            self.owners.push(Owner::Nobody);
        }
        let names = (seen.way.name(), "server".into());
        let number = seen.number as u64;
        self.pile.push([stream as u64, number, 0], &seen.between(names))
    }

    /// Take what waited, and whose it is.
    pub fn drain(self, mut take: impl FnMut(&Owner, Seen)) -> io::Result<()> {
        let Self { pile, owners } = self;
        pile.drain(|[stream, ..], seen| {
            let owner = usize::try_from(stream).ok().and_then(|stream| owners.get(stream));
            if let Some((seen, ..)) = Seen::of(seen) {
                take(owner.unwrap_or(&Owner::Nobody), seen);
            }
        })
    }
}

/// How much is held of one stream.
const HELD_MAX: usize = 64;

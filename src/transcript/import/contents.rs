//! Stanzas of which only the start tag is told where they cross a stream. Their content is taken
//! from another stream that they crossed.

use std::io;

use super::peer::{Peer, Way};
use super::sights::digest;
use super::waiting::Seen;
use crate::stanza::{Payloads, Stanza};
use crate::time::Time;
use crate::transcript::Space;
use crate::transcript::sorted::{Numbered, Pile};

/// A stanza of which only the start tag is told.
pub(super) struct Announced {
    pub line: usize,
    pub at: Time,
    pub number: usize,
    pub stream: String,
    pub peer: Peer,
    pub way: Way,
    pub stanza: Stanza,
}

/// Where the content of a stanza is told. Of what is told more than once the last counts, and what
/// is told between domains before what is told to clients.
#[derive(Clone, Copy)]
pub(super) enum Where {
    ToClients,
    BetweenDomains,
    /// Not at all.
    Nowhere,
}

/// Contents, and start tags.
pub(super) struct Contents(Pile);

impl Contents {
    pub fn new(space: Space) -> Self {
        Self(Pile::new(space))
    }

    /// The content of a stanza is told there.
    pub fn hold(&mut self, told: Where, seen: &Numbered) -> io::Result<()> {
        let Some(stanza) = seen.2.stanza().filter(|stanza| stanza.id.is_some()) else {
            return Ok(());
        };
        let [high, low] = key(stanza);
        self.0.push([high, low, (told as u64) << 60 | seen.1 as u64], seen)
    }

    /// Only the start tag of a stanza is told.
    pub fn announce(&mut self, announced: Announced) -> io::Result<()> {
        let Announced { line, at, number, peer, way, stanza, .. } = announced;
        let [high, low] = if stanza.id.is_some() { key(&stanza) } else { [0, 0] };
        let peer = match peer {
            Peer::Component => COMPONENT,
            Peer::Server => SERVER,
            Peer::Client | Peer::Unknown => "client",
        };
        let rank = (Where::Nowhere as u64) << 60 | number as u64;
        let seen = Seen { line, at, number, way, stanza };
        self.0.push([high, low, rank], &seen.between((way.name(), peer.into())))
    }

    /// Take the stanzas of which the start tag is told, each with whose stream it crossed, and the
    /// line on which its content is told, if it is.
    pub fn complete(self, mut take: impl FnMut(Peer, Seen, Option<usize>)) -> io::Result<()> {
        let mut known: Option<([u64; 2], usize, Payloads)> = None;
        self.0.drain(|[high, low, rank], (line, number, entry)| {
            if rank >> 60 != Where::Nowhere as u64 {
                let payloads = entry.stanza().map(|stanza| stanza.payloads.clone());
                known = payloads.map(|payloads| ([high, low], line, payloads));
                return;
            }
            let Some((mut seen, _, peer)) = Seen::of((line, number, entry)) else { return };
            let content = known.as_ref().filter(|(key, ..)| *key == [high, low]);
            let told = content.map(|(_, line, payloads)| {
                seen.stanza.payloads = payloads.clone();
                *line
            });
            let peer = match &*peer {
                COMPONENT => Peer::Component,
                SERVER => Peer::Server,
                _ => Peer::Unknown,
            };
            take(peer, seen, told);
        })
    }
}

const COMPONENT: &str = "component";
const SERVER: &str = "server";

/// What tells a stanza on one stream that it is the one of another.
fn key(stanza: &Stanza) -> [u64; 2] {
    let to = stanza.to.as_ref().map(|to| to.as_str());
    digest(&(stanza.kind, &stanza.type_, &stanza.id, to))
}

//! What names in a script stand for.

use super::ast::{Host, Machine, Name};
use super::cast::Cast;
use super::gaps::Gaps;
use super::mistake::{Thing, Wrong};
use super::token::{Token, TokenKind};
use super::words::{nearest, ticked};
use crate::stanza::Jid;

/// The names of a cast, ready to be looked up.
pub(super) struct Names<'a> {
    pub(super) cast: &'a Cast,
    /// What else the cast may have.
    pub(super) gaps: &'a Gaps,
    /// The words of each client's name, the longest name first.
    clients: Vec<(Vec<&'a str>, &'a Name)>,
}

impl<'a> Names<'a> {
    pub(super) fn new(cast: &'a Cast, gaps: &'a Gaps) -> Self {
        let words = |name: &'a Name| (name.split_whitespace().collect(), name);
        let mut clients: Vec<(Vec<&str>, _)> = cast.clients.keys().map(words).collect();
        clients.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        Self { cast, gaps, clients }
    }

    /// The client whose name the tokens begin with, and how many of them it takes.
    pub(super) fn client(&self, tokens: &[Token<'_>]) -> Option<(Name, usize)> {
        let starts = |words: &[&str]| {
            tokens.len() >= words.len()
                && words.iter().zip(tokens).all(|(word, token)| token.kind == TokenKind::Word(word))
        };
        self.clients
            .iter()
            .find(|(words, _)| starts(words))
            .map(|(words, name)| (Name::clone(name), words.len()))
    }

    /// The room of this name or address.
    pub(super) fn room(&self, word: &str) -> Result<Name, Wrong> {
        let found = self
            .cast
            .rooms
            .iter()
            .find(|(name, room)| &***name == word || room.config.jid.as_str() == word);
        found.map(|(name, _)| Name::clone(name)).ok_or_else(|| {
            let addresses = self.cast.rooms.values().map(|room| room.config.jid.as_str());
            let names = self.cast.rooms.keys();
            self.unknown(Thing::Room, word, names, addresses.filter(|_| word.contains('@')))
        })
    }

    /// The server of this domain, or of the only domain that begins with this label.
    pub(super) fn server(&self, word: &str) -> Result<Name, Wrong> {
        let domains = || self.cast.servers.keys();
        if let Some(domain) = domains().find(|domain| &***domain == word) {
            return Ok(Name::clone(domain));
        }
        let with_label = |domain: &&Name| domain.split('.').next() == Some(word);
        let mut candidates = domains().filter(with_label);
        match (candidates.next(), candidates.next()) {
            (Some(domain), None) => Ok(Name::clone(domain)),
            (Some(_), Some(_)) => Err(Wrong::Ambiguous {
                thing: Thing::Host,
                found: word.to_owned(),
                candidates: domains().filter(with_label).map(|domain| ticked(domain)).collect(),
            }),
            (None, _) => Err(self.unknown_host(Thing::Host, word)),
        }
    }

    /// The host of this name: a server, or a client's machine.
    pub(super) fn host(&self, word: &str) -> Result<Host, Wrong> {
        match self.server(word) {
            Err(Wrong::Unknown { .. }) if self.cast.clients.contains_key(word) => {
                Ok(Host::Client(word.into()))
            }
            Err(Wrong::Unknown { thing, found, meant, known }) => {
                let clients = self.cast.clients.keys().map(|name| &**name);
                let meant = nearest(word, meant.as_deref().into_iter().chain(clients));
                Err(Wrong::Unknown { thing, found, meant, known })
            }
            other => other.map(Host::Server),
        }
    }

    /// The slave of this name or address, or at this domain.
    pub(super) fn slave(&self, word: &str) -> Result<Name, Wrong> {
        if let Some((name, _)) = self.cast.slaves.get_key_value(word) {
            return Ok(Name::clone(name));
        }
        self.slave_address(word)
            .or_else(|| {
                let domain = self.server(word).ok()?;
                self.cast.slave_at(&domain).map(|(name, _)| Name::clone(name))
            })
            .ok_or_else(|| {
                let slaves = self.cast.slaves.values();
                let others = slaves.flat_map(|slave| {
                    let domain = slave.jid.domain().as_str();
                    [label(domain), domain, slave.jid.as_str()]
                });
                self.unknown(Thing::Slave, word, self.cast.slaves.keys(), others)
            })
    }

    /// The slave with this address, `slave@vesa.yeggmaex.irc`, whose domain may be abbreviated.
    pub(super) fn slave_address(&self, word: &str) -> Option<Name> {
        let is_it = |jid: &Jid| {
            if jid.as_str() == word {
                return true;
            }
            let Some((local, host)) = word.split_once('@') else { return false };
            jid.node().is_some_and(|node| node.as_str() == local)
                && self.server(host).is_ok_and(|domain| *domain == *jid.domain().as_str())
        };
        let mut slaves = self.cast.slaves.iter();
        slaves.find(|(_, slave)| is_it(&slave.jid)).map(|(name, _)| Name::clone(name))
    }

    /// The machine of this address: a slave's, or a server's domain.
    pub(super) fn machine(&self, word: &str) -> Result<Machine, Wrong> {
        if let Some(name) = self.slave_address(word) {
            return Ok(Machine::Slave(name));
        }
        self.server(word).map(Machine::Server).map_err(|wrong| match wrong {
            Wrong::Unknown { .. } => self.unknown_host(Thing::Machine, word),
            other => other,
        })
    }

    /// That no host has this name; a near miss may be one of a first label.
    fn unknown_host(&self, thing: Thing, found: &str) -> Wrong {
        let domains = self.cast.servers.keys().map(|domain| &**domain);
        let labels = domains.clone().map(label);
        let slaves = self.cast.slaves.values().map(|slave| slave.jid.as_str());
        let slaves = slaves.filter(|_| thing == Thing::Machine);
        let known: Vec<String> = domains.clone().chain(slaves.clone()).map(ticked).collect();
        let candidates = labels.chain(domains).chain(slaves);
        Wrong::Unknown { thing, found: found.to_owned(), meant: nearest(found, candidates), known }
    }

    /// That nobody in the cast is called this.
    pub(super) fn unknown_occupant(&self, name: &str) -> Wrong {
        self.unknown(Thing::Occupant, name, self.cast.clients.keys(), [])
    }

    /// That a line cannot be about whoever is called this. Such a line may be about others than
    /// clients: everybody, machines.
    pub(super) fn unknown_subject(&self, name: &str, others: &[&str]) -> Wrong {
        let mut wrong = self.unknown(Thing::Occupant, name, self.cast.clients.keys(), []);
        if let Wrong::Unknown { meant, known, .. } = &mut wrong {
            *meant = nearest(name, meant.as_deref().into_iter().chain(others.iter().copied()));
            known.extend(others.iter().map(|other| ticked(other)));
        }
        wrong
    }

    /// How lines may name machines: addresses of slaves and domains of servers.
    pub(super) fn machines(&self) -> impl Iterator<Item = &str> {
        let slaves = self.cast.slaves.values().map(|slave| slave.jid.as_str());
        let domains = self.cast.servers.keys().map(|domain| &**domain);
        slaves.chain(domains)
    }

    /// That none of these has this name; `others` are what else could be meant.
    fn unknown<'b>(
        &self,
        thing: Thing,
        found: &str,
        known: impl Iterator<Item = &'b Name> + Clone,
        others: impl IntoIterator<Item = &'b str>,
    ) -> Wrong {
        let known = known.map(|name| &**name);
        let meant = nearest(found, known.clone().chain(others));
        Wrong::Unknown { thing, found: found.to_owned(), meant, known: known.map(ticked).collect() }
    }
}

impl Wrong {
    /// The same where something else was expected too, which no list of names can tell.
    pub(super) fn or(mut self, others: &[&str]) -> Self {
        if let Wrong::Unknown { known, .. } = &mut self {
            known.extend(others.iter().map(|other| (*other).to_owned()));
        }
        self
    }
}

fn label(domain: &str) -> &str {
    domain.split('.').next().unwrap_or(domain)
}

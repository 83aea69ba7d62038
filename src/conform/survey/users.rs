//! Which full JIDs of a record belong to users.

use std::cell::RefCell;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::places::address;
use super::strays::Strays;
use crate::stanza::ns;
use crate::transcript::{Hop, is_client};

/// The full JIDs that are hosts of their own, or that enter rooms; and who was taken for somebody
/// else before that was known.
#[derive(Debug, Default)]
pub(super) struct Users {
    all: Names,
    /// The servers that are seen to tell their users something, or to be told.
    servers: Names,
    /// Those whose connections begin in the record.
    connected: Names,
    strays: RefCell<Strays>,
    /// What somebody was told first of addresses: whether they are nobody's. And whether anybody
    /// was told otherwise later.
    told: RefCell<(IndexMap<String, bool, FxBuildHasher>, bool)>,
}

impl Users {
    pub fn feed(&self, hop: &Hop) {
        self.strays.borrow_mut().feed(hop);
        for (host, other) in [(&hop.from, &hop.to), (&hop.to, &hop.from)] {
            if is_client(host) {
                self.all.insert(host);
                self.servers.insert(other);
            }
        }
        let from = address(hop.stanza.from.as_ref());
        let enters = hop.stanza.is_available() && hop.stanza.has_payload("x", ns::MUC);
        if enters && from.contains('/') {
            self.all.insert(from);
        }
    }

    /// Something became of a stream.
    pub fn note_stream(&self, from: &str) {
        if is_client(from) {
            self.connected.insert(from);
        }
    }

    /// Whether this user's connection is older than the record, as far as that tells.
    pub fn was_connected(&self, user: &str) -> bool {
        !self.connected.have(user)
    }

    /// Whether the users of this server are seen.
    pub fn are_at(&self, server: &str) -> bool {
        self.servers.have(server)
    }

    /// Whether this address of an occupant is nobody's: a copy has it in the place of another.
    pub fn is_nobody(&self, from: &str) -> bool {
        let is_one = self.strays.borrow().is_one(from);
        let mut told = self.told.borrow_mut();
        match told.0.get(from) {
            Some(before) => told.1 |= *before != is_one,
            None => {
                told.0.insert(from.to_owned(), is_one);
            }
        }
        is_one
    }

    /// Whether this full JID is a user's.
    pub fn is_one(&self, jid: &str) -> bool {
        self.all.have(jid)
    }

    /// Whether anything was said of them that has turned out to be wrong.
    pub fn were_mistaken(&self) -> bool {
        let (strays, told) = (self.strays.borrow(), self.told.borrow());
        told.1
            || told.0.iter().any(|(from, nobody)| strays.is_one(from) != *nobody)
            || [&self.all, &self.servers, &self.connected].into_iter().any(Names::were_mistaken)
    }
}

/// Names that become known one after another.
#[derive(Debug, Default)]
struct Names {
    known: RefCell<IndexSet<String, FxBuildHasher>>,
    /// Those of which somebody was told that they are not known.
    denied: RefCell<IndexSet<String, FxBuildHasher>>,
}

impl Names {
    fn insert(&self, name: &str) {
        insert(&self.known, name);
    }

    fn have(&self, name: &str) -> bool {
        let known = self.known.borrow().contains(name);
        if !known {
            insert(&self.denied, name);
        }
        known
    }

    fn were_mistaken(&self) -> bool {
        let known = self.known.borrow();
        self.denied.borrow().iter().any(|name| known.contains(name))
    }
}

fn insert(names: &RefCell<IndexSet<String, FxBuildHasher>>, name: &str) {
    let mut names = names.borrow_mut();
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

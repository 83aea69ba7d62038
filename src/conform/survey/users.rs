//! Which full JIDs of a record belong to users.

use std::collections::BTreeSet;

use super::places::address;
use super::strays::Strays;
use crate::stanza::ns;
use crate::transcript::{Hop, Name, is_client};

/// The full JIDs that are hosts of their own, or that enter rooms.
#[derive(Debug, Default)]
pub(super) struct Users {
    all: BTreeSet<String>,
    /// The servers that are seen to tell their users something, or to be told.
    servers: BTreeSet<Name>,
    strays: Strays,
    /// Those whose connections begin in the record.
    connected: BTreeSet<Name>,
}

impl Users {
    pub fn feed(&mut self, hop: &Hop) {
        self.strays.feed(hop);
        let between = [(&hop.from, &hop.to), (&hop.to, &hop.from)].into_iter();
        for (server, _) in between.filter(|(_, user)| is_client(user)) {
            if !self.servers.contains(server) {
                self.servers.insert(server.clone());
            }
        }
        for host in [&hop.from, &hop.to].into_iter().filter(|host| is_client(host)) {
            if !self.all.contains(&**host) {
                self.all.insert(host.to_string());
            }
        }
        let from = address(hop.stanza.from.as_ref());
        let enters = hop.stanza.is_available() && hop.stanza.has_payload("x", ns::MUC);
        if enters && from.contains('/') && !self.all.contains(from) {
            self.all.insert(from.to_owned());
        }
    }

    /// Something became of a stream.
    pub fn note_stream(&mut self, from: &Name) {
        if is_client(from) && !self.connected.contains(from) {
            self.connected.insert(from.clone());
        }
    }

    /// Whether this user's connection is older than the record, as far as that tells.
    pub fn was_connected(&self, user: &str) -> bool {
        !self.connected.contains(user)
    }

    /// Whether the users of this server are seen.
    pub fn are_at(&self, server: &str) -> bool {
        self.servers.contains(server)
    }

    /// Whether this address of an occupant is nobody's: a copy has it in the place of another.
    pub fn is_nobody(&self, from: &str) -> bool {
        self.strays.is_one(from)
    }

    /// Whether this full JID is a user's.
    pub fn is_one(&self, jid: &str) -> bool {
        self.all.contains(jid)
    }
}

//! Which full JIDs of a record belong to users.

use std::collections::BTreeSet;

use super::places::address;
use crate::stanza::ns;
use crate::transcript::{Hop, is_client};

/// The full JIDs that are hosts of their own, or that enter rooms.
#[derive(Debug, Default)]
pub(super) struct Users(BTreeSet<String>);

impl Users {
    pub fn feed(&mut self, hop: &Hop) {
        for host in [&hop.from, &hop.to].into_iter().filter(|host| is_client(host)) {
            if !self.0.contains(&**host) {
                self.0.insert(host.to_string());
            }
        }
        let from = address(hop.stanza.from.as_ref());
        let enters = hop.stanza.is_available() && hop.stanza.has_payload("x", ns::MUC);
        if enters && from.contains('/') && !self.0.contains(from) {
            self.0.insert(from.to_owned());
        }
    }

    /// Whether this full JID is a user's.
    pub fn is_one(&self, jid: &str) -> bool {
        self.0.contains(jid)
    }
}

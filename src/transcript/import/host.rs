//! The names of hosts: the domain of a server, or the full JID of a client.

use std::collections::BTreeSet;

use crate::stanza::Jid;
use crate::transcript::{Name, is_client};

/// The hosts of a text, each name kept once.
pub(super) struct Hosts {
    /// The domains that there are; empty if nobody said which.
    known: Vec<Name>,
    seen: BTreeSet<Name>,
}

impl Hosts {
    pub fn new(known: &[Name]) -> Self {
        Self { known: known.to_vec(), seen: BTreeSet::new() }
    }

    /// The host of this name, or what is expected instead of it.
    pub fn named(&mut self, name: &str) -> Result<Name, String> {
        if let Some(name) = self.seen.get(name) {
            return Ok(name.clone());
        }
        let jid = host(name).ok_or("a domain, or the full JID of a client")?;
        let domain = jid.domain().as_str();
        if !self.known.is_empty() && !self.known.iter().any(|known| **known == *domain) {
            return Err(match nearest(domain, self.known.iter().map(|name| &**name)) {
                Some(known) => format!("a known host; is it `{known}`?"),
                None => format!("one of the hosts {}", self.known.join(", ")),
            });
        }
        if self.seen.len() == HOSTS_MAX {
            return Err(format!("one of the first {HOSTS_MAX} hosts"));
        }
        let name: Name = jid.as_str().into();
        self.seen.insert(name.clone());
        Ok(name)
    }
}

/// How many hosts a text may have.
pub(super) const HOSTS_MAX: usize = 1 << 18;

/// The JID of a host, if this is one.
pub(super) fn host(name: &str) -> Option<Jid> {
    // A part of a JID has 1,023 bytes at most (RFC 7622 §3).
    const LENGTH_MAX: usize = 3 * 1023 + 2;
    let jid = (name.len() <= LENGTH_MAX).then(|| Jid::new(name).ok())??;
    (jid.node().is_some() == jid.resource().is_some()).then_some(jid)
}

/// A client that is said to talk with another host than its own server, and that server.
pub(super) fn stray<'a>(from: &'a str, to: &'a str) -> Option<(&'a str, &'a str)> {
    [(from, to), (to, from)].into_iter().find_map(|(client, other)| {
        let (bare, _) = client.split_once('/')?;
        let domain = bare.split_once('@').map_or(bare, |(_, domain)| domain);
        (is_client(client) && domain != other).then_some((client, domain))
    })
}

/// The name that is most like this one, if any is.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const COMPARED_MAX: usize = 100;
    const SLIPS_MAX: usize = 3;
    if name.len() > COMPARED_MAX {
        return None;
    }
    known
        .filter(|known| known.len() <= COMPARED_MAX)
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(slips, known)| *slips <= SLIPS_MAX.min(known.len() / 3))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, known)| known)
}

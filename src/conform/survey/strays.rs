//! Nicks that nobody has: they show in copies of one thing only, of which more copies have another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::conform::invariants::reading::{Reading, bare_of};
use crate::conform::invariants::room::Privileges;
use crate::stanza::{Jid, Stanza, ns};
use crate::transcript::{Hop, is_client};

/// Under which addresses servers send what.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// The last that servers sent.
    recent: VecDeque<Stanza>,
    /// Addresses that have shown in copies of one thing only.
    once: BTreeMap<String, Once>,
    /// Those of them that are new, and after how many stanzas they are not.
    young: VecDeque<(String, u64)>,
    /// All others.
    known: BTreeSet<String>,
    sent: u64,
}

/// The one thing in which an address has shown.
#[derive(Debug)]
struct Once {
    stanza: Stanza,
    copies: usize,
    to: BTreeSet<Option<Arc<Jid>>>,
    /// Who else is said to have sent it: in how many copies, and whether one of them is for a
    /// reader of the first.
    rivals: BTreeMap<String, (usize, bool)>,
}

impl Strays {
    pub fn feed(&mut self, hop: &Hop) {
        let stanza = &hop.stanza;
        if let Some(to) = stanza.to.as_ref().filter(|to| to.resource().is_some()) {
            // Somebody takes it for one, or asks for it.
            self.know(to.as_str());
        }
        let from = stanza.from.as_ref().filter(|from| from.resource().is_some());
        let Some(from) = from.filter(|_| !is_client(&hop.from) && is_copied(stanza)) else {
            return;
        };
        if is_own(stanza) {
            self.know(from.as_str());
        }
        self.sent += 1;
        while self.young.pop_front_if(|(_, until)| *until < self.sent).is_some() {}
        for (young, _) in self.young.iter().filter(|(young, _)| young != from.as_str()) {
            if let Some(once) = self.once.get_mut(young) {
                once.rival(young, stanza);
            }
        }
        self.shows(from.as_str(), stanza);
        self.recent.push_back(stanza.clone());
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
    }

    /// Whether this address is nobody's.
    pub fn is_one(&self, from: &str) -> bool {
        self.once.get(from).is_some_and(|once| {
            let mut rivals = once.rivals.values();
            rivals.any(|(copies, shared)| *copies > once.copies && !shared)
        })
    }

    fn shows(&mut self, from: &str, stanza: &Stanza) {
        if self.known.contains(from) {
            return;
        }
        if let Some(once) = self.once.get_mut(from) {
            // Without an id what looks like a copy may be something else.
            if stanza.id.is_some() && is_same(&once.stanza, stanza) {
                once.copies += 1;
                once.to.insert(stanza.to.clone());
            } else {
                self.know(from);
            }
            return;
        }
        if self.once.len() >= ONCE_MAX {
            return;
        }
        let to = BTreeSet::from([stanza.to.clone()]);
        let mut once = Once { stanza: stanza.clone(), copies: 1, to, rivals: BTreeMap::new() };
        self.recent.iter().for_each(|other| once.rival(from, other));
        self.once.insert(from.to_owned(), once);
        self.young.push_back((from.to_owned(), self.sent + RECENT_MAX as u64));
    }

    fn know(&mut self, address: &str) {
        if !self.known.contains(address) {
            self.once.remove(address);
            self.known.insert(address.to_owned());
        }
    }
}

impl Once {
    /// Another stanza: whether it is the same of somebody else in the room.
    fn rival(&mut self, own: &str, other: &Stanza) {
        let from = other.from.as_ref().map_or("", |from| from.as_str());
        if bare_of(from) == bare_of(own) && is_same(&self.stanza, other) {
            let (copies, shared) = self.rivals.entry(from.to_owned()).or_default();
            *copies += 1;
            *shared |= self.to.contains(&other.to);
        }
    }
}

/// Whether a room sends such a thing to several.
fn is_copied(stanza: &Stanza) -> bool {
    !stanza.is_error()
        && (stanza.is_groupchat() || stanza.is_available() || stanza.is_unavailable())
}

/// Whether it tells its reader of himself.
fn is_own(stanza: &Stanza) -> bool {
    let x = stanza.payload("x", ns::MUC_USER);
    x.is_some_and(|x| x.children().any(|child| child.attr("code") == Some("110")))
}

/// Whether two stanzas are copies of one thing, but for their senders.
fn is_same(one: &Stanza, other: &Stanza) -> bool {
    if (one.kind, &one.type_, &one.id) != (other.kind, &other.type_, &other.id) {
        return false;
    }
    let [one, other] = [one, other].map(|stanza| Reading::new(stanza, ""));
    (one.content, Privileges::of(&one)) == (other.content, Privileges::of(&other))
}

/// Among how many stanzas the copies of one thing are looked for.
const RECENT_MAX: usize = 256;

/// More addresses than these are not remembered.
const ONCE_MAX: usize = 10_000;

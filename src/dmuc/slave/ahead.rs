//! Members who are away, for somebody who enters: the master tells him of them right before ENTER,
//! at his own address. He sees them where he sees the others, so that they wait for his ENTER.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SlaveRoom;
use super::up::is_join;
use crate::stanza::{Element, Jid, Stanza, ns};

/// What came for sessions that are about to enter.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead(BTreeMap<Arc<Jid>, Vec<Stanza>>);

impl Ahead {
    /// Keep this for who is about to enter; no more than so many.
    pub fn keep(&mut self, session: Arc<Jid>, absence: Stanza) {
        let kept = self.0.entry(session).or_default();
        if kept.len() < AHEAD_MAX {
            kept.push(absence);
        }
    }

    /// What came for this session: it enters now, or it does not at all.
    pub fn take(&mut self, session: &Jid) -> Vec<Stanza> {
        self.0.remove(session).unwrap_or_default()
    }
}

impl SlaveRoom {
    /// Whether this waits for its addressee's ENTER.
    pub(super) fn waits(&mut self, stanza: &Stanza) -> bool {
        let entering = stanza.to.clone().filter(|user| self.waiting.has(user, is_join));
        match entering.filter(|_| is_absence(stanza)) {
            Some(user) => self.ahead.keep(user, stanza.clone()),
            None => return false,
        }
        true
    }
}

/// Whether it says that a member is away: unavailable under the nick that he has reserved, or, if
/// he has none, in the name of the room.
pub(super) fn is_absence(stanza: &Stanza) -> bool {
    let nobody = stanza.from.as_ref().is_some_and(|from| from.resource().is_none());
    let says_so = |x: &Element| {
        let item = x.get_child("item", ns::MUC_USER);
        let named = item.is_some_and(|item| nobody || item.attr("nick").is_some());
        named && x.children().count() == 1
    };
    stanza.is_unavailable() && stanza.payload("x", ns::MUC_USER).is_some_and(says_so)
}

/// How many members who are away somebody is told of.
const AHEAD_MAX: usize = 1_000;

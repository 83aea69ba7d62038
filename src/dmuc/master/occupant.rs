//! Who has a nick: one person, with one session or several (XEP-0045 §7.2.8).

use std::sync::Arc;

use indexmap::IndexMap;

use crate::dmuc::own_payloads;
use crate::room::{Item, Seat};
use crate::stanza::ns::OCCUPANT_IDS;
use crate::stanza::{BareJid, Element, Jid, Payloads, Stanza};

/// An occupant.
#[derive(Clone, Debug)]
pub(super) struct Occupant {
    /// What the room says of him.
    pub seat: Seat,
    /// His bare JID: all his sessions are of one account.
    pub bare: BareJid,
    /// His occupant id (XEP-0421), if the room gives any.
    pub id: Option<Arc<Element>>,
    /// Whether others were told that he is there.
    pub shown: bool,
    /// His sessions by full JID, oldest first; never none.
    pub sessions: IndexMap<Arc<Jid>, Session>,
}

/// One of his sessions.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The slave that serves it, if one does.
    pub via: Option<usize>,
    /// What of its last presence the room passes on.
    pub own: Payloads,
}

impl Occupant {
    /// The full JIDs of his sessions.
    pub fn jids(&self) -> Vec<Arc<Jid>> {
        self.sessions.keys().cloned().collect()
    }

    /// Whether this slave serves one of his sessions.
    pub fn is_behind(&self, link: usize) -> bool {
        self.sessions.values().any(|session| session.via == Some(link))
    }

    /// The slave that serves this session of his, if one does.
    pub fn via(&self, session: &Jid) -> Option<usize> {
        self.sessions.get(session).and_then(|session| session.via)
    }

    /// The slaves that serve him, each once.
    pub fn links(&self) -> Vec<usize> {
        let mut links: Vec<_> = self.sessions.values().filter_map(|session| session.via).collect();
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The presence that stands for him: his oldest session's, as at Prosody.
    pub fn own_payloads(&self) -> Payloads {
        self.sessions.first().map(|(_, session)| session.own.clone()).unwrap_or_default()
    }

    /// Presence payloads about him: `own`, then what the room says of these sessions of his.
    pub fn describe(
        &self,
        own: &[Element],
        sessions: &[Arc<Jid>],
        item: Item<'_>,
        codes: &[u16],
    ) -> Payloads {
        let item = Item {
            affiliation: item.affiliation.or_else(|| Some(self.seat.affiliation.clone())),
            role: item.role.or_else(|| Some(self.seat.role.clone())),
            ..item
        };
        let said = item.element_of(sessions, codes);
        let own =
            own.iter().filter(|own| self.id.is_none() || !own.is("occupant-id", OCCUPANT_IDS));
        let id = self.id.as_deref().cloned();
        Arc::new(own.cloned().chain(id).chain([said]).collect())
    }

    /// One of his sessions has a new presence.
    pub fn present(&mut self, session: &Jid, presence: &Stanza) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.own = Arc::new(own_payloads(presence));
        }
        self.restate();
    }

    /// Write down what the room says of him now.
    pub fn restate(&mut self) {
        let own = self.own_payloads();
        self.seat.presence = self.describe(&own, &self.jids(), Item::default(), &[]);
    }
}

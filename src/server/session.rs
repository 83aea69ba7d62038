//! The sessions of a server's users: who is connected, who is available, who got directed
//! presence from whom.
//!
//! A table, *not* a router: what a session may send is `check`'s business, what reaches it is
//! `local`'s. Directed presence is that of RFC 6121 §4.6.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::SessionId;
use crate::stanza::{BareJid, FullJid, Jid, Stanza, ns};

/// To how many addresses a session may send directed presence that the server has to remember.
pub(super) const DIRECTED_MAX: usize = 1000;

/// One connected resource.
#[derive(Debug)]
pub(super) struct Session {
    /// Its number.
    pub(super) id: SessionId,
    /// Its full JID, shared by all that it sends.
    pub(super) jid: Arc<Jid>,
    /// Its account.
    pub(super) account: BareJid,
    /// The last presence without addressee, if it makes the session available.
    pub(super) presence: Option<Stanza>,
    /// Who got available presence directly and no unavailable one since, in this order.
    directed: IndexSet<Arc<Jid>>,
}

/// Whether a directed presence could be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    /// It was, or did not need to be.
    Yes,
    /// The session has too many already.
    Full,
}

impl Session {
    fn new(id: SessionId, jid: FullJid) -> Self {
        Self {
            id,
            account: jid.to_bare(),
            jid: Arc::new(jid.into()),
            presence: None,
            directed: IndexSet::new(),
        }
    }

    /// The priority of an available session (RFC 6121 §4.7.2.3); 0 if it gives none or nonsense.
    pub(super) fn priority(&self) -> Option<i8> {
        let presence = self.presence.as_ref()?;
        let given = presence.payload("priority", ns::CLIENT).map(|element| element.text());
        Some(given.and_then(|text| text.trim().parse().ok()).unwrap_or(0))
    }

    /// Take note of a presence that it sends to somebody.
    pub(super) fn remember(&mut self, presence: &Stanza) -> Remembered {
        let Some(to) = &presence.to else { return Remembered::Yes };
        if presence.is_available() {
            if self.directed.len() >= DIRECTED_MAX && !self.directed.contains(to) {
                return Remembered::Full;
            }
            self.directed.insert(Arc::clone(to));
        } else if presence.is_unavailable() {
            self.directed.shift_remove(to);
        }
        Remembered::Yes
    }

    /// It is no longer available to anybody; whom to tell.
    pub(super) fn leave(&mut self) -> Leaving {
        Leaving {
            jid: Arc::clone(&self.jid),
            account: self.account.clone(),
            was_available: self.presence.take().is_some(),
            directed: std::mem::take(&mut self.directed),
        }
    }
}

/// A session that has become unavailable.
#[derive(Debug)]
pub(super) struct Leaving {
    /// Its full JID.
    pub(super) jid: Arc<Jid>,
    /// Its account.
    pub(super) account: BareJid,
    /// Whether it was available to its account's other resources.
    pub(super) was_available: bool,
    /// To whom else, in the order in which they learned of it.
    pub(super) directed: IndexSet<Arc<Jid>>,
}

/// All sessions of a server.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_id: BTreeMap<SessionId, Session>,
    by_jid: IndexMap<Arc<Jid>, SessionId>,
    by_account: BTreeMap<BareJid, Vec<SessionId>>,
}

impl Sessions {
    /// A new session. Its JID must be free.
    pub(super) fn open(&mut self, id: SessionId, jid: FullJid) {
        let session = Session::new(id, jid);
        self.by_jid.insert(Arc::clone(&session.jid), id);
        self.by_account.entry(session.account.clone()).or_default().push(id);
        self.by_id.insert(id, session);
    }

    /// Forget a session.
    pub(super) fn close(&mut self, id: SessionId) -> Option<Session> {
        let session = self.by_id.remove(&id)?;
        self.by_jid.swap_remove(&session.jid);
        if let Some(ids) = self.by_account.get_mut(&session.account) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_account.remove(&session.account);
            }
        }
        Some(session)
    }

    /// The session with this full JID.
    pub(super) fn at(&self, jid: &Jid) -> Option<SessionId> {
        self.by_jid.get(jid).copied()
    }

    /// The session with this number.
    pub(super) fn one(&mut self, id: SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    /// Who sent directed presence to whom, as far as it counts still.
    pub(super) fn directed(&self) -> impl Iterator<Item = (Arc<Jid>, Arc<Jid>)> {
        self.by_id.values().flat_map(|session| {
            session.directed.iter().map(|to| (Arc::clone(&session.jid), Arc::clone(to)))
        })
    }

    /// The sessions of an account, in the order in which they were opened.
    pub(super) fn of(&self, account: &BareJid) -> impl Iterator<Item = &Session> {
        let ids = self.by_account.get(account).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.by_id.get(id))
    }

    /// The available sessions of an account.
    pub(super) fn available(&self, account: &BareJid) -> impl Iterator<Item = &Session> {
        self.of(account).filter(|session| session.presence.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::{Element, Type};

    fn jid(text: &str) -> Jid {
        Jid::new(text).unwrap()
    }

    fn session(resource: &str) -> Session {
        let jid = FullJid::new(&format!("rubenro@vesa.yeggmaex.irc/{resource}")).unwrap();
        Session::new(SessionId(1), jid)
    }

    fn to(room: &str, type_: Type) -> Stanza {
        Stanza::presence(type_).with_to(jid(room))
    }

    #[test]
    fn only_the_last_directed_presence_to_an_address_counts() {
        let mut session = session("shaver");
        for (address, type_) in [
            ("a@channel.avalon.irc/n", Type::Absent),
            ("b@channel.avalon.irc/n", Type::Absent),
            ("a@channel.avalon.irc/n", Type::Unavailable),
            ("c@channel.avalon.irc/n", Type::Subscribe),
        ] {
            assert_eq!(session.remember(&to(address, type_)), Remembered::Yes);
        }
        let left: Vec<_> = session.leave().directed.iter().map(ToString::to_string).collect();
        assert_eq!(left, ["b@channel.avalon.irc/n"]);
    }

    #[test]
    fn the_memory_of_directed_presence_is_bounded() {
        let mut session = session("shaver");
        for number in 0..DIRECTED_MAX {
            let room = format!("room{number}@channel.avalon.irc/n");
            assert_eq!(session.remember(&to(&room, Type::Absent)), Remembered::Yes);
        }
        let more = to("more@channel.avalon.irc/n", Type::Absent);
        assert_eq!(session.remember(&more), Remembered::Full);
        let again = to("room7@channel.avalon.irc/n", Type::Absent);
        assert_eq!(session.remember(&again), Remembered::Yes, "it is in the memory already");
    }

    #[test]
    fn a_priority_that_is_no_number_is_zero() {
        let mut session = session("shaver");
        assert_eq!(session.priority(), None, "not available yet");
        for (text, priority) in [("-5", -5), (" 7 ", 7), ("300", 0), ("high", 0)] {
            let element = Element::builder("priority", ns::CLIENT).append(text).build();
            session.presence = Some(Stanza::presence(Type::Absent).with_payload(element));
            assert_eq!(session.priority(), Some(priority), "{text}");
        }
    }
}

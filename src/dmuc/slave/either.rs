//! A slave's copy of a room, of either kind: configured statically or registered.

use std::sync::Arc;

use super::Standing;
use super::registered::RegisteredRoom;
use super::room::SlaveRoom;
use crate::dmuc::Output;
use crate::room::{History, Roster, StoredMessage};
use crate::stanza::slave::Resume;
use crate::stanza::{BareJid, Jid, Stanza};
use crate::time::Time;

/// A slave's copy of a room.
#[derive(Clone, Debug)]
pub struct AnyRoom(pub(super) Kind);

/// Of which kind it is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Both sides were configured.
    Static(Box<SlaveRoom>),
    /// The slave registers by itself.
    Registered(Box<RegisteredRoom>),
}

impl AnyRoom {
    /// The room's address.
    pub fn jid(&self) -> &BareJid {
        match &self.0 {
            Kind::Static(room) => room.jid(),
            Kind::Registered(room) => room.jid(),
        }
    }

    /// The stored roster.
    pub fn roster(&self) -> &Roster {
        match &self.0 {
            Kind::Static(room) => room.roster(),
            Kind::Registered(room) => room.roster(),
        }
    }

    /// The distribution list: full JIDs and nicks.
    pub fn locals(&self) -> impl Iterator<Item = (&Jid, &str)> {
        let locals = match &self.0 {
            Kind::Static(room) => &room.locals,
            Kind::Registered(room) => room.locals(),
        };
        locals.iter().map(|(session, nick): (&Arc<Jid>, &String)| (&**session, nick.as_str()))
    }

    /// The stored history.
    pub fn history(&self) -> &History {
        match &self.0 {
            Kind::Static(room) => room.history(),
            Kind::Registered(room) => room.history(),
        }
    }

    /// The text of the stored subject, if one was ever set.
    pub fn subject(&self) -> Option<String> {
        match &self.0 {
            Kind::Static(room) => room.subject(),
            Kind::Registered(room) => room.subject().and_then(StoredMessage::subject),
        }
    }

    /// Whether it counts the master as lost, or has forgotten what it knew.
    pub fn is_split(&self) -> bool {
        self.standing() == Standing::Split
    }

    /// Where it stands with the master. What is configured statically is active or split.
    pub fn standing(&self) -> Standing {
        match &self.0 {
            Kind::Static(room) if room.is_split() => Standing::Split,
            Kind::Static(_) => Standing::Active,
            Kind::Registered(room) => room.standing(),
        }
    }

    /// The last event that it has; nothing where events are not numbered.
    pub fn position(&self) -> Option<&Resume> {
        match &self.0 {
            Kind::Static(_) => None,
            Kind::Registered(room) => room.position(),
        }
    }

    pub(super) fn up(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        match &mut self.0 {
            Kind::Static(room) => room.up(now, stanza, out),
            Kind::Registered(room) => room.up(now, stanza, out),
        }
    }

    /// A local session's connection has ended.
    pub(super) fn closed(&mut self, session: &Arc<Jid>) {
        match &mut self.0 {
            Kind::Static(room) => room.closed(session),
            Kind::Registered(room) => room.close(session),
        }
    }

    pub(super) fn master_stanza(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        match &mut self.0 {
            Kind::Static(room) => room.master_stanza(now, stanza, out),
            Kind::Registered(room) => room.master_stanza(now, stanza, out),
        }
    }

    pub(super) fn user_stanza(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        match &mut self.0 {
            Kind::Static(room) => room.user_stanza(now, stanza, out),
            Kind::Registered(room) => room.user_stanza(now, stanza, out),
        }
    }

    pub(super) fn bounced(&mut self, now: Time, error: Stanza, out: &mut Vec<Output>) {
        match &mut self.0 {
            Kind::Static(room) => room.bounced(now, error, out),
            Kind::Registered(room) => room.bounced(now, error, out),
        }
    }

    pub(super) fn tick(&mut self, now: Time, out: &mut Vec<Output>) {
        match &mut self.0 {
            Kind::Static(room) => room.tick(now, out),
            Kind::Registered(room) => room.tick(now, out),
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match &self.0 {
            Kind::Static(room) => room.deadline(),
            Kind::Registered(room) => room.deadline(),
        }
    }

    pub(super) fn configured(&mut self) -> Option<&mut SlaveRoom> {
        match &mut self.0 {
            Kind::Static(room) => Some(room),
            Kind::Registered(_) => None,
        }
    }

    pub(super) fn registered(&mut self) -> Option<&mut RegisteredRoom> {
        match &mut self.0 {
            Kind::Static(_) => None,
            Kind::Registered(room) => Some(room),
        }
    }
}

//! A slave as its master sees it.

use std::sync::Arc;

use super::registered::Registered;
use crate::dmuc::pinger::Pinger;
use crate::dmuc::{StaticSlave, Timers};
use crate::stanza::Jid;
use crate::time::Time;

/// One slave.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The address by which it was configured; nothing is derived from its looks
    /// (`slave.jid.opaque`).
    pub jid: Arc<Jid>,
    /// The domain that it serves.
    pub domain: String,
    /// How it came to serve the room.
    pub kind: LinkKind,
    /// Where it stands.
    pub state: LinkState,
    /// How much initial history it gets.
    pub history_max: usize,
    /// How many moderators are behind it: without any it gets no JIDs
    /// (`master.presence.no-jid-without-moderators`).
    pub moderators: usize,
    /// Since when it has the JIDs of everybody in a room that hides them.
    pub jids_since: Option<Time>,
    /// Keepalive.
    pub pinger: Pinger,
    /// It has everything that was sent before this instant: the sending time of the last ping
    /// that it answered. What arrives from it proves nothing of what was sent to it.
    pub confirmed: Time,
    /// Its host answers that there is no such slave: until when its occupants are kept.
    pub gone_until: Option<Time>,
    /// Whether it has confirmed that it got what a new slave is sent.
    pub told: bool,
    /// The id of the ping that closed what it was sent then.
    pub opening: Option<String>,
    /// Its occupants were given up; until it is back nothing more can be done for it.
    pub expired: bool,
}

/// How a slave came to serve the room.
#[derive(Clone, Debug)]
pub(super) enum LinkKind {
    /// The operator configured it.
    Static,
    /// It registered.
    Registered(Box<Registered>),
    /// Nobody: the place of a slave whose registration is over.
    Vacant,
}

/// Where a slave stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    /// Configured, not created. `at_start`: to be created as soon as the room runs.
    Unborn {
        /// Whether to create it without being told.
        at_start: bool,
    },
    /// It gets every event.
    Active,
    /// It gets pings.
    Split,
}

impl Link {
    pub fn new(slave: &StaticSlave, timers: Timers, now: Time) -> Self {
        Self {
            jid: Arc::new(slave.jid.clone()),
            domain: slave.jid.domain().to_string(),
            kind: LinkKind::Static,
            state: LinkState::Unborn { at_start: slave.at_start },
            history_max: slave.history_max,
            moderators: 0,
            jids_since: None,
            pinger: Pinger::new(timers, timers.master_idle),
            confirmed: now,
            gone_until: None,
            told: false,
            opening: None,
            expired: false,
        }
    }

    /// A place without slave. No stanza comes from the room itself, nor from a domain without name.
    pub fn vacant(room: &Arc<Jid>, timers: Timers, now: Time) -> Self {
        Self {
            jid: room.clone(),
            domain: String::new(),
            kind: LinkKind::Vacant,
            state: LinkState::Unborn { at_start: false },
            history_max: 0,
            moderators: 0,
            jids_since: None,
            pinger: Pinger::new(timers, timers.master_idle),
            confirmed: now,
            gone_until: None,
            told: false,
            opening: None,
            expired: false,
        }
    }

    /// Whether it is such a place.
    pub fn is_vacant(&self) -> bool {
        matches!(self.kind, LinkKind::Vacant)
    }

    /// What is special of a slave that registered.
    pub fn registered(&self) -> Option<&Registered> {
        match &self.kind {
            LinkKind::Registered(slave) => Some(slave),
            LinkKind::Static | LinkKind::Vacant => None,
        }
    }

    /// Whether its host lives and it is dead, for so long that its occupants were given up.
    pub fn is_gone(&self) -> bool {
        self.expired && self.gone_until.is_some()
    }

    /// Whether it serves users: it was created at some time.
    pub fn is_born(&self) -> bool {
        !matches!(self.state, LinkState::Unborn { .. })
    }
}

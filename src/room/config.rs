//! How a room is set up.

use std::collections::{BTreeMap, BTreeSet};

use jid::BareJid;

use super::Affiliation;
use crate::time::Time;

/// A room as its owner has configured it (XEP-0045 §10), with what it remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomConfig {
    /// The room's address.
    pub jid: BareJid,
    /// Affiliations other than none.
    pub affiliations: BTreeMap<BareJid, Affiliation>,
    /// Who is a moderator while he is in the room, whatever his affiliation.
    pub moderators: BTreeSet<BareJid>,
    /// The subject, if one was ever set.
    pub subject: Option<Subject>,
    /// Messages of the past, oldest first.
    pub history: Vec<PastMessage>,
    /// How many messages the room keeps.
    pub history_max: usize,
    /// Who sees the occupants' real JIDs.
    pub whois: Whois,
    /// Whether newcomers without affiliation are visitors (XEP-0045 §3, moderated room).
    pub moderated: bool,
    /// Whether participants may change the subject, not moderators only
    /// (`muc#roomconfig_changesubject`).
    pub change_subject: bool,
    /// Whether the first who enters becomes the owner: the room is being created
    /// (XEP-0045 §10.1.1).
    pub ownerless: bool,
}

impl RoomConfig {
    /// A semi-anonymous, unmoderated room that remembers nothing yet and keeps 100 messages.
    pub fn new(jid: BareJid) -> Self {
        Self {
            jid,
            affiliations: BTreeMap::new(),
            moderators: BTreeSet::new(),
            subject: None,
            history: Vec::new(),
            history_max: 100,
            whois: Whois::Moderators,
            moderated: false,
            change_subject: false,
            ownerless: false,
        }
    }
}

/// Who may see real JIDs (`muc#roomconfig_whois`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whois {
    /// Moderators only: a semi-anonymous room.
    #[default]
    Moderators,
    /// Everybody: a non-anonymous room.
    Anyone,
}

/// The subject of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its text; empty if it was removed.
    pub text: String,
    /// The nick of who set it.
    pub author: String,
    /// When.
    pub stamp: Time,
}

/// A message that was said before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastMessage {
    /// The nick of who said it.
    pub author: String,
    /// When.
    pub stamp: Time,
    /// What.
    pub text: String,
}

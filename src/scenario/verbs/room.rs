//! What people do in a room.

use super::super::ast::Occupant;
use crate::room::{Affiliation, Role};
use crate::time::{Duration, Time};

/// What somebody does in a room.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomDeed {
    /// `WiZ joins wallops as "Wizard" with history 20 stanzas`
    Joins {
        /// Another nick than the usual.
        nick: Option<String>,
        /// How much history he asks for; all `None` if he does not say.
        history: HistoryLimits,
    },
    /// `WiZ leaves saying "Good night"`
    Leaves {
        /// His last words.
        saying: Option<String>,
    },
    /// `WiZ says "Hello"`
    Says(String),
    /// `WiZ tells Troy "between you and me"`
    Tells(Occupant, String),
    /// `WiZ is away "in the kitchen"`
    IsAway(Option<String>),
    /// `WiZ is back`
    IsBack,
    /// `WiZ becomes "Wizard"`
    Becomes(String),
    /// `WiZ sets the subject to "Net splits"`
    SetsSubject(String),
    /// `WiZ kicks Troy because "flooding"`
    Kicks(Occupant, Option<String>),
    /// `WiZ bans Troy because "flooding"`
    Bans(Occupant, Option<String>),
    /// `WiZ grants Troy voice`
    Grants(Occupant, Privilege),
    /// `WiZ revokes voice from Troy`
    Revokes(Occupant, Privilege),
    /// `WiZ asks Troy for his vcard`
    AsksVcard(Occupant),
    /// `WiZ pings itself` (XEP-0410)
    PingsItself,
    /// `WiZ pings Troy`
    Pings(Occupant),
}

/// How much history a newcomer asks for (XEP-0045 §7.2.14). Several limits may be joined by `and`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryLimits {
    /// `with history 2000 characters`; `with no history` is 0 of them.
    pub characters: Option<u32>,
    /// `with history 20 stanzas`
    pub stanzas: Option<u32>,
    /// `with history of the last 3m`, in whole seconds.
    pub last: Option<Duration>,
    /// `with history since 1990-01-23T19:50:30Z`
    pub since: Option<Time>,
}

/// What is granted to, or revoked from, an occupant.
///
/// Revoking voice makes a visitor, revoking moderator a participant, revoking an affiliation leaves
/// none; granting participant or none does the same.
#[derive(Clone, Debug, PartialEq)]
pub enum Privilege {
    /// moderator, participant (or voice), visitor
    Role(Role),
    /// owner, admin, member, outcast, or no affiliation: none
    Affiliation(Affiliation),
}

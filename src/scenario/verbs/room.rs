//! What people do in a room.

mod affairs;
mod entering;
mod privilege;

use super::super::ast::{Name, Occupant};
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use super::super::setting::Setting;
use crate::stanza::BareJid;

pub use self::entering::HistoryLimits;
pub use self::privilege::Privilege;

/// What somebody does in a room.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomDeed {
    /// `WiZ joins wallops as "Wizard" with password "spell" with history 20 stanzas`
    Joins {
        /// Another nick than the usual.
        nick: Option<String>,
        /// The room's password, if he gives one.
        password: Option<String>,
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
    /// `WiZ grants Troy voice because "he asked"`
    Grants(Occupant, Privilege, Option<String>),
    /// `WiZ revokes voice from Troy because "flooding"`
    Revokes(Occupant, Privilege, Option<String>),
    /// `WiZ asks Troy for his vcard`
    AsksVcard(Occupant),
    /// `WiZ pings itself` (XEP-0410)
    PingsItself,
    /// `WiZ pings Troy`
    Pings(Occupant),
    /// `WiZ probes Troy` (XEP-0045 §7.5; a presence probe)
    Probes(Occupant),
    /// `WiZ invites Efchen because "come"`, through the room, or `directly` (XEP-0249)
    Invites {
        /// A client, or the bare JID of anybody in quotes.
        whom: Occupant,
        /// Whether without the room.
        directly: bool,
        /// Why.
        reason: Option<String>,
    },
    /// `Efchen declines the invitation of WiZ because "busy"`
    Declines {
        /// Who invited him.
        whom: Occupant,
        /// Why.
        reason: Option<String>,
    },
    /// `Efchen asks for voice`
    AsksVoice,
    /// `WiZ approves the request of Efchen`, `WiZ refuses the request of Efchen`
    Decides {
        /// Who asked for voice.
        whom: Occupant,
        /// Whether he gets it.
        allow: bool,
    },
    /// `Wumpus asks for the configuration`
    AsksConfiguration,
    /// `Wumpus configures members-only yes and whois anyone`; `configures nothing` takes the form
    /// as it is.
    Configures(Vec<Setting>),
    /// `Wumpus cancels the configuration`
    CancelsConfiguration,
    /// `Efchen asks for registration`: whether he has a nick, and what he would have to fill in.
    AsksRegistration,
    /// `Efchen registers as "Fish"` (XEP-0045 §7.10)
    Registers(String),
    /// `Efchen unregisters`
    Unregisters,
    /// `WiZ asks for the list of members`
    AsksList(Privilege),
    /// `Wumpus destroys wallops in favour of operlog because "the war is over"`
    Destroys {
        /// Where to go instead.
        venue: Option<BareJid>,
        /// The password there.
        password: Option<String>,
        /// Why.
        reason: Option<String>,
    },
}

impl RoomDeed {
    /// What comes next, and in which room; nothing if it is none of these.
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<(Self, Name)>> {
        if s.line.any_of(&["joins", "join"]) {
            return Self::parse_joins(s).map(Some);
        }
        let deed = if s.line.any_of(&["leaves", "leave"]) {
            return Self::parse_leaves(s).map(Some);
        } else if s.line.any_of(&["says", "say"]) {
            RoomDeed::Says(s.line.expect_text()?)
        } else if s.line.any_of(&["tells", "tell"]) {
            RoomDeed::Tells(s.occupant()?, s.line.expect_text()?)
        } else if s.line.any_of(&["is away", "are away"]) {
            RoomDeed::IsAway(s.line.text("a text in quotes"))
        } else if s.line.any_of(&["is back", "are back"]) {
            RoomDeed::IsBack
        } else if s.line.any_of(&["becomes", "become"]) {
            RoomDeed::Becomes(s.line.expect_text()?)
        } else if s.line.any_of(&["sets the subject to", "set the subject to"]) {
            RoomDeed::SetsSubject(s.line.expect_text()?)
        } else if s.line.any_of(&["kicks", "kick"]) {
            RoomDeed::Kicks(s.occupant()?, because(s)?)
        } else if s.line.any_of(&["bans", "ban"]) {
            RoomDeed::Bans(s.occupant()?, because(s)?)
        } else if s.line.any_of(&["grants", "grant"]) {
            RoomDeed::Grants(s.occupant()?, Privilege::parse(s)?, because(s)?)
        } else if s.line.any_of(&["revokes", "revoke"]) {
            let privilege = Privilege::parse(s)?;
            s.line.expect_words("from")?;
            RoomDeed::Revokes(s.occupant()?, privilege, because(s)?)
        } else if s.line.any_of(&["asks", "ask"]) {
            Self::parse_asks(s)?
        } else if s.line.any_of(&["pings", "ping"]) {
            let itself = s.line.any_of(&["itself", "himself", "herself", "themselves"]);
            if itself { RoomDeed::PingsItself } else { RoomDeed::Pings(s.occupant()?) }
        } else {
            return Self::parse_affair(s);
        };
        Ok(Some((deed, s.in_room()?)))
    }

    /// To whom it is done, if to anybody.
    pub fn other(&self) -> Option<&Occupant> {
        match self {
            RoomDeed::Tells(other, _)
            | RoomDeed::Kicks(other, _)
            | RoomDeed::Bans(other, _)
            | RoomDeed::Grants(other, ..)
            | RoomDeed::Revokes(other, ..)
            | RoomDeed::Pings(other) => Some(other),
            _ => affairs::other(self),
        }
    }
}

/// `because "flooding"`
pub(super) fn because(s: &mut Sentence<'_>) -> Parsed<Option<String>> {
    if s.line.words("because") { s.line.expect_text().map(Some) } else { Ok(None) }
}

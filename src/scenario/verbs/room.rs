//! What people do in a room.

use super::super::ast::{Name, Occupant};
use super::super::line::Parsed;
use super::super::sentence::Sentence;
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
            RoomDeed::Grants(s.occupant()?, Privilege::parse(s)?)
        } else if s.line.any_of(&["revokes", "revoke"]) {
            let privilege = Privilege::parse(s)?;
            s.line.expect_words("from")?;
            RoomDeed::Revokes(s.occupant()?, privilege)
        } else if s.line.any_of(&["asks", "ask"]) {
            let occupant = s.occupant()?;
            s.line.expect_words("for")?;
            if !s.line.any_of(&["his vcard", "her vcard", "its vcard"]) {
                return Err(s.line.unexpected());
            }
            RoomDeed::AsksVcard(occupant)
        } else if s.line.any_of(&["pings", "ping"]) {
            let itself = s.line.any_of(&["itself", "himself", "herself", "themselves"]);
            if itself { RoomDeed::PingsItself } else { RoomDeed::Pings(s.occupant()?) }
        } else {
            return Ok(None);
        };
        Ok(Some((deed, s.in_room()?)))
    }

    fn parse_joins(s: &mut Sentence<'_>) -> Parsed<(Self, Name)> {
        let span = s.line.here();
        let nick_or_history =
            s.line.peek_word().is_none_or(|word| matches!(word, "as" | "with" | "in"));
        let room = if nick_or_history {
            s.line.expecting("a room");
            s.the_room().map_err(|wrong| (wrong, span))?
        } else {
            s.room()?
        };
        let nick = if s.line.words("as") { Some(s.line.expect_text()?) } else { None };
        let history = HistoryLimits::parse(s)?;
        Ok((RoomDeed::Joins { nick, history }, room))
    }

    fn parse_leaves(s: &mut Sentence<'_>) -> Parsed<(Self, Name)> {
        let span = s.line.here();
        let named = s.line.peek_word().filter(|word| !matches!(*word, "saying" | "in")).is_some();
        let room = if named { Some(s.room()?) } else { None };
        let saying = if s.line.words("saying") { Some(s.line.expect_text()?) } else { None };
        let room = match room {
            Some(room) => room,
            None => s.in_room().map_err(|(wrong, _)| (wrong, span))?,
        };
        Ok((RoomDeed::Leaves { saying }, room))
    }
}

impl HistoryLimits {
    fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        let mut limits = Self::default();
        if s.line.words("with no history") {
            limits.characters = Some(0);
            return Ok(limits);
        }
        if !s.line.words("with history") {
            return Ok(limits);
        }
        loop {
            if s.line.words("since") {
                limits.since = Some(s.stamp()?);
            } else if s.line.words("of the last") {
                limits.last = Some(s.duration()?);
            } else {
                let count = s.number()?;
                if s.line.any_of(&["stanzas", "stanza"]) {
                    limits.stanzas = Some(count);
                } else if s.line.any_of(&["characters", "character"]) {
                    limits.characters = Some(count);
                } else {
                    return Err(s.line.unexpected());
                }
            }
            if !s.line.words("and") {
                return Ok(limits);
            }
        }
    }
}

impl Privilege {
    fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        let found = PRIVILEGES.iter().find(|(word, _)| s.line.words(word));
        found.map(|(_, privilege)| privilege.clone()).ok_or_else(|| s.line.unexpected())
    }
}

/// `because "flooding"`
pub(super) fn because(s: &mut Sentence<'_>) -> Parsed<Option<String>> {
    if s.line.words("because") { s.line.expect_text().map(Some) } else { Ok(None) }
}

const PRIVILEGES: [(&str, Privilege); 9] = [
    ("voice", Privilege::Role(Role::Participant)),
    ("moderator", Privilege::Role(Role::Moderator)),
    ("participant", Privilege::Role(Role::Participant)),
    ("visitor", Privilege::Role(Role::Visitor)),
    ("owner", Privilege::Affiliation(Affiliation::Owner)),
    ("admin", Privilege::Affiliation(Affiliation::Admin)),
    ("member", Privilege::Affiliation(Affiliation::Member)),
    ("outcast", Privilege::Affiliation(Affiliation::Outcast)),
    ("none", Privilege::Affiliation(Affiliation::None)),
];

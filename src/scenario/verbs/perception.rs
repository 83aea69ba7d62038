//! What people perceive: expectations about what reaches them, in their words.

mod condition;
mod sight;

use super::super::ast::{Name, Occupant};
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use super::room::because;
use crate::stanza::{BareJid, Condition};

pub use self::sight::Sight;

/// What somebody perceives in a room.
#[derive(Clone, Debug, PartialEq)]
pub enum Perception {
    /// `WiZ hears Troy say "Hello"`, `WiZ hears Troy say "Hello" late`
    Hears {
        /// Who spoke.
        speaker: Occupant,
        /// What.
        text: String,
        /// Whether the message says that it is late (XEP-0203); if not, it must not say so.
        late: bool,
    },
    /// `WiZ hears Troy tell "between you and me" privately`
    HearsPrivately {
        /// Who spoke.
        speaker: Occupant,
        /// What.
        text: String,
    },
    /// `WiZ sees Troy leave`
    Sees {
        /// Whom.
        occupant: Occupant,
        /// How.
        sight: Sight,
        /// `with status 333`: status codes of XEP-0045 §15.6.2 that the room gives with it.
        codes: Vec<u32>,
    },
    /// `WiZ sees the subject "Net splits"`
    SeesSubject(String),
    /// `WiZ sees status 170 and 172`: whatever comes from the room has them all.
    SeesStatus(Vec<u32>),
    /// `WiZ sees the room destroyed in favour of operlog@channel.avalon.irc because "peace"`
    SeesRoomDestroyed {
        /// Where to go instead, if that is asked.
        venue: Option<BareJid>,
        /// Why, if that is asked.
        reason: Option<String>,
    },
    /// `Efchen is renamed to "Efchen2"`: by whom does not matter.
    IsRenamed(String),
    /// `Efchen is invited by WiZ because "we miss you"`, through the room or directly.
    IsInvited {
        /// Who invites.
        by: Occupant,
        /// Why, if that is asked.
        reason: Option<String>,
    },
    /// `WiZ sees Efchen decline because "busy"`
    SeesDecline {
        /// Who declines.
        by: Occupant,
        /// Why, if that is asked.
        reason: Option<String>,
    },
    /// `WiZ is asked for voice by Efchen`: he gets the form with which to approve it.
    IsAskedForVoice(Occupant),
    /// `Ford and Arthur are shown the same`: when they last entered the room, they were told of the
    /// same occupants, messages and subject.
    AreShownTheSame,
    /// `WiZ is told not-allowed`: an error with this condition.
    IsTold(Condition),
    /// `WiZ is answered`: the result of an IQ.
    IsAnswered,
    /// `WiZ is in the room`, by the presences that he has got: he has entered and not left.
    /// `WiZ is not in the room` is its negation.
    IsInRoom,
}

/// A perception, whether it is denied, and in which room.
pub(in super::super) type Perceived = (Perception, bool, Name);

impl Perception {
    /// What comes next; nothing if it is none of these.
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Perceived>> {
        let denied = s.line.any_of(&["does not", "do not"]);
        let what = if s.line.any_of(if denied { &["hear"] } else { &["hears", "hear"] }) {
            Self::parse_hears(s)?
        } else if s.line.any_of(if denied { &["see"] } else { &["sees", "see"] }) {
            Self::parse_sees(s)?
        } else if denied {
            return Err(s.line.unexpected());
        } else {
            return Self::parse_is(s);
        };
        Ok(Some((what, denied, s.in_room()?)))
    }

    fn parse_hears(s: &mut Sentence<'_>) -> Parsed<Self> {
        let speaker = s.occupant()?;
        if s.line.any_of(&["say", "says"]) {
            let text = s.line.expect_text()?;
            return Ok(Perception::Hears { speaker, text, late: s.line.words("late") });
        }
        if s.line.any_of(&["tell", "tells"]) {
            let text = s.line.expect_text()?;
            s.line.expect_words("privately")?;
            return Ok(Perception::HearsPrivately { speaker, text });
        }
        Err(s.line.unexpected())
    }

    fn parse_sees(s: &mut Sentence<'_>) -> Parsed<Self> {
        if s.line.words("the subject") {
            return Ok(Perception::SeesSubject(s.line.expect_text()?));
        }
        if s.line.words("status") {
            return Self::parse_codes(s).map(Perception::SeesStatus);
        }
        if s.line.words("the room destroyed") {
            let venue = if s.line.words("in favour of") { Some(s.venue()?) } else { None };
            return Ok(Perception::SeesRoomDestroyed { venue, reason: because(s)? });
        }
        let occupant = s.occupant()?;
        if s.line.any_of(&["decline", "declines"]) {
            return Ok(Perception::SeesDecline { by: occupant, reason: because(s)? });
        }
        let sight = Sight::parse(s)?;
        let codes = if s.line.words("with status") { Self::parse_codes(s)? } else { Vec::new() };
        Ok(Perception::Sees { occupant, sight, codes })
    }

    /// Status codes, which one stanza has.
    fn parse_codes(s: &mut Sentence<'_>) -> Parsed<Vec<u32>> {
        s.list(|s| s.value("a status code", condition::status, 0))
    }

    fn parse_is(s: &mut Sentence<'_>) -> Parsed<Option<Perceived>> {
        if s.line.any_of(&["is in the room", "are in the room"]) {
            return Ok(Some((Perception::IsInRoom, false, s.in_room()?)));
        }
        if s.line.any_of(&["is not in the room", "are not in the room"]) {
            return Ok(Some((Perception::IsInRoom, true, s.in_room()?)));
        }
        if s.line.any_of(&["is in", "are in"]) {
            return Ok(Some((Perception::IsInRoom, false, s.room()?)));
        }
        if s.line.any_of(&["is not in", "are not in"]) {
            return Ok(Some((Perception::IsInRoom, true, s.room()?)));
        }
        if let Some((what, denied)) = Self::parse_passive(s)? {
            return Ok(Some((what, denied, s.in_room()?)));
        }
        if s.line.any_of(&["are shown the same", "is shown the same"]) {
            return Ok(Some((Perception::AreShownTheSame, false, s.in_room()?)));
        }
        let denied = s.line.any_of(&["is not told", "are not told"]);
        if denied || s.line.any_of(&["is told", "are told"]) {
            let fallback = Condition::UndefinedCondition;
            let condition = s.value("the condition of an error", condition::condition, fallback)?;
            return Ok(Some((Perception::IsTold(condition), denied, s.in_room()?)));
        }
        let denied = s.line.any_of(&["is not answered", "are not answered"]);
        if denied || s.line.any_of(&["is answered", "are answered"]) {
            return Ok(Some((Perception::IsAnswered, denied, s.in_room()?)));
        }
        Ok(None)
    }

    /// What somebody else does to him.
    fn parse_passive(s: &mut Sentence<'_>) -> Parsed<Option<(Self, bool)>> {
        let denied = s.line.any_of(&["is not renamed to", "are not renamed to"]);
        if denied || s.line.any_of(&["is renamed to", "are renamed to"]) {
            return Ok(Some((Perception::IsRenamed(s.line.expect_text()?), denied)));
        }
        let denied = s.line.any_of(&["is not invited by", "are not invited by"]);
        if denied || s.line.any_of(&["is invited by", "are invited by"]) {
            let what = Perception::IsInvited { by: s.occupant()?, reason: because(s)? };
            return Ok(Some((what, denied)));
        }
        let denied = s.line.any_of(&["is not asked for voice by", "are not asked for voice by"]);
        if denied || s.line.any_of(&["is asked for voice by", "are asked for voice by"]) {
            return Ok(Some((Perception::IsAskedForVoice(s.occupant()?), denied)));
        }
        Ok(None)
    }
}

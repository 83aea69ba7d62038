//! What people perceive: expectations about what reaches them, in their words.

use super::super::ast::{Name, Occupant};
use super::super::line::Parsed;
use super::super::mistake::Wrong;
use super::super::sentence::Sentence;
use super::super::words::{nearest, ticked};
use super::room::because;
use crate::stanza::Condition;
use crate::stanza::{Element, ns};

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
    },
    /// `WiZ sees the subject "Net splits"`
    SeesSubject(String),
    /// `WiZ is told not-allowed`: an error with this condition.
    IsTold(Condition),
    /// `WiZ is answered`: the result of an IQ.
    IsAnswered,
    /// `WiZ is in the room`, by the presences that he has got: he has entered and not left.
    /// `WiZ is not in the room` is its negation.
    IsInRoom,
}

/// What becomes of an occupant before the eyes of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// `arrive`
    Arrive,
    /// `leave`, `leave saying "Good night"`
    Leave(Option<String>),
    /// `kicked`, `kicked because "flooding"`
    Kicked(Option<String>),
    /// `banned`, `banned because "flooding"`
    Banned(Option<String>),
    /// `away`, `away "in the kitchen"`
    Away(Option<String>),
    /// `back`
    Back,
    /// `as "Wizard"`: under a new nick.
    As(String),
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
        let occupant = s.occupant()?;
        let sight = if s.line.any_of(&["arrive", "arrives"]) {
            Sight::Arrive
        } else if s.line.any_of(&["leave", "leaves"]) {
            let saying = if s.line.words("saying") { Some(s.line.expect_text()?) } else { None };
            Sight::Leave(saying)
        } else if s.line.words("kicked") {
            Sight::Kicked(because(s)?)
        } else if s.line.words("banned") {
            Sight::Banned(because(s)?)
        } else if s.line.words("away") {
            Sight::Away(s.line.text("a text in quotes"))
        } else if s.line.words("back") {
            Sight::Back
        } else if s.line.words("as") {
            Sight::As(s.line.expect_text()?)
        } else {
            return Err(s.line.unexpected());
        };
        Ok(Perception::Sees { occupant, sight })
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
        let denied = s.line.any_of(&["is not told", "are not told"]);
        if denied || s.line.any_of(&["is told", "are told"]) {
            let fallback = Condition::UndefinedCondition;
            let condition = s.value("the condition of an error", condition, fallback)?;
            return Ok(Some((Perception::IsTold(condition), denied, s.in_room()?)));
        }
        let denied = s.line.any_of(&["is not answered", "are not answered"]);
        if denied || s.line.any_of(&["is answered", "are answered"]) {
            return Ok(Some((Perception::IsAnswered, denied, s.in_room()?)));
        }
        Ok(None)
    }
}

fn condition(word: &str) -> Result<Condition, Wrong> {
    let element = CONDITIONS.contains(&word).then(|| Element::bare(word, ns::STANZA_ERRORS));
    element.and_then(|element| Condition::try_from(element).ok()).ok_or_else(|| {
        Wrong::UnknownCondition {
            found: word.to_owned(),
            meant: nearest(word, CONDITIONS),
            known: CONDITIONS.iter().map(|condition| ticked(condition)).collect(),
        }
    })
}

/// RFC 6120 §8.3.3
const CONDITIONS: [&str; 22] = [
    "bad-request",
    "conflict",
    "feature-not-implemented",
    "forbidden",
    "gone",
    "internal-server-error",
    "item-not-found",
    "jid-malformed",
    "not-acceptable",
    "not-allowed",
    "not-authorized",
    "policy-violation",
    "recipient-unavailable",
    "redirect",
    "registration-required",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "subscription-required",
    "undefined-condition",
    "unexpected-request",
];

//! What people perceive: expectations about what reaches them, in their words.

use super::super::ast::Occupant;
use crate::stanza::Condition;

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

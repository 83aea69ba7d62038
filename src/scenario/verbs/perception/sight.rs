//! What becomes of an occupant before the eyes of others.

use super::super::super::line::Parsed;
use super::super::super::sentence::Sentence;
use super::super::room::{Privilege, because};

/// What becomes of an occupant before the eyes of others.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// `arrive`
    Arrive,
    /// `leave`, `leave saying "Good night"`
    Leave(Option<String>),
    /// `kicked`, `kicked because "flooding"`
    Kicked(Option<String>),
    /// `banned`, `banned because "flooding"`
    Banned(Option<String>),
    /// `removed`: not by a person, but because something changed or failed (321, 322, 332, 333).
    Removed,
    /// `away`, `away "in the kitchen"`
    Away(Option<String>),
    /// `back`
    Back,
    /// `become "Wizard"`: under a new nick.
    As(String),
    /// `made moderator`, `made member because "he asked"`: with this role or affiliation.
    Made(Privilege, Option<String>),
}

impl Sight {
    pub(super) fn parse(s: &mut Sentence<'_>) -> Parsed<Self> {
        let sight = if s.line.any_of(&["arrive", "arrives"]) {
            Sight::Arrive
        } else if s.line.any_of(&["leave", "leaves"]) {
            let saying = if s.line.words("saying") { Some(s.line.expect_text()?) } else { None };
            Sight::Leave(saying)
        } else if s.line.words("kicked") {
            Sight::Kicked(because(s)?)
        } else if s.line.words("banned") {
            Sight::Banned(because(s)?)
        } else if s.line.words("removed") {
            Sight::Removed
        } else if s.line.words("away") {
            Sight::Away(s.line.text("a text in quotes"))
        } else if s.line.words("back") {
            Sight::Back
        } else if s.line.any_of(&["become", "as"]) {
            Sight::As(s.line.expect_text()?)
        } else if s.line.words("made") {
            Sight::Made(Privilege::parse(s)?, because(s)?)
        } else {
            return Err(s.line.unexpected());
        };
        Ok(sight)
    }
}

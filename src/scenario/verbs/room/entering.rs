//! Entering a room and leaving it (XEP-0045 §7.1, §7.2, §7.14).

use super::super::super::ast::Name;
use super::super::super::line::Parsed;
use super::super::super::sentence::Sentence;
use super::RoomDeed;
use crate::time::{Duration, Time};

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

impl RoomDeed {
    /// `wallops as "Wizard" with password "spell" with history 20 stanzas`
    pub(super) fn parse_joins(s: &mut Sentence<'_>) -> Parsed<(Self, Name)> {
        let span = s.line.here();
        let no_room = s.line.peek_word().is_none_or(|word| matches!(word, "as" | "with" | "in"));
        let room = if no_room {
            s.line.expecting("a room");
            s.the_room().map_err(|wrong| (wrong, span))?
        } else {
            s.room()?
        };
        let nick = if s.line.words("as") { Some(s.line.expect_text()?) } else { None };
        let password =
            if s.line.words("with password") { Some(s.line.expect_text()?) } else { None };
        let history = HistoryLimits::parse(s)?;
        Ok((RoomDeed::Joins { nick, password, history }, room))
    }

    /// `wallops saying "Good night"`
    pub(super) fn parse_leaves(s: &mut Sentence<'_>) -> Parsed<(Self, Name)> {
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

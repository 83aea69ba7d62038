//! What a newcomer is told, one after the other.

use std::fmt;

use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::room::{Passage, Room};
use crate::time::Time;

/// What was told, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Other(String),
    Oneself {
        code: bool,
    },
    Message(Option<Time>),
    Subject,
    /// That he is out.
    Farewell,
    Else,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Other(nick) => write!(f, "{nick} is there"),
            Told::Oneself { code: true } => f.write_str("his own presence"),
            Told::Oneself { code: false } => f.write_str("his own presence without 110"),
            Told::Message(Some(at)) => write!(f, "a message of {at}"),
            Told::Message(None) => f.write_str("a message"),
            Told::Subject => f.write_str("the subject"),
            Told::Farewell => f.write_str("he is out"),
            Told::Else => f.write_str("something else"),
        }
    }
}

/// What this tells a newcomer who is to have this nick.
pub(super) fn told(passage: &Passage<'_>, nick: &str) -> Told {
    let reading = &passage.reading;
    let stanza = reading.stanza;
    match reading.nick {
        Some(_) if reading.is_presence() && stanza.is_available() => {
            let own = reading.has(110) || reading.nick == Some(nick);
            match (own, reading.nick) {
                (true, _) => Told::Oneself { code: reading.has(110) },
                (false, nick) => Told::Other(nick.unwrap_or_default().to_owned()),
            }
        }
        Some(_) if reading.is_presence() && reading.has(110) && !reading.has(303) => Told::Farewell,
        _ if stanza.is_subject_change() => Told::Subject,
        _ if stanza.is_groupchat() && reading.delay.is_some() => Told::Message(reading.delay),
        _ => Told::Else,
    }
}

/// Which message of the room it is. What was said before the record has no id there.
pub(super) fn event(reading: &Reading<'_>, room: &Room) -> Option<usize> {
    let known = room.log.like(&room.log.id(reading), reading.content).last().copied();
    let past = || room.log.events().find(|(_, event)| event.content == reading.content);
    known.or_else(|| past().map(|(number, _)| number))
}

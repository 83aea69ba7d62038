//! Ids of presence, and of messages to all, that the slave relays. A user need not give any, and an
//! error has to tell which of several it answers. An id that the slave gave is taken off before he
//! sees it; but that of a message when it is heard, since a room may give it one.

use super::outbox::{Entry, Status};
use super::*;
use crate::stanza::{Kind, Type};

impl RegisteredRoom {
    /// A presence of a user with an id.
    pub(super) fn named(&mut self, mut stanza: Stanza) -> Stanza {
        let says = matches!(stanza.type_, Type::Absent | Type::Unavailable);
        if stanza.kind == Kind::Presence && says && stanza.id.is_none() {
            stanza.id = Some(self.name(RELAYED));
        }
        stanza
    }

    /// The id of a message that is received now, and has none.
    pub(super) fn message_name(&mut self, now: Time) -> Arc<str> {
        self.ids += 1;
        format!("{SAID}{:x}-{}", now.as_micros(), self.ids).into()
    }

    /// The join that a local occupant would send now, as the slave sends it for him.
    pub(super) fn join_for(&mut self, session: &Arc<Jid>) -> Option<Stanza> {
        let join = self.join_of(session)?;
        Some(join.with_id(self.name(ASKED)))
    }

    /// Whether this comes of what this slave has asked for in the name of an occupant.
    pub(super) fn has_asked_for(&self, event: &Stanza) -> bool {
        let own = format!("{ASKED}{}-", self.instance);
        is_for_slave(event) && event.id.as_ref().is_some_and(|id| id.starts_with(&own))
    }

    fn name(&mut self, what: &str) -> Arc<str> {
        self.names += 1;
        format!("{what}{}-{}", self.instance, self.names).into()
    }
}

impl Entry {
    /// Whether this answers it: it has the same id. If it has none of a slave it may be any that
    /// comes from where it went; so may the answer to one of several joins of which one is kept.
    pub fn is_answered_by(&self, answer: &Stanza) -> bool {
        match &answer.id {
            Some(_) if is_of_slave(answer) && self.others == 0 => self.stanza.id == answer.id,
            _ => self.sent_to() == answer.from.as_ref(),
        }
    }

    /// Whether this error answers it: that has its id. Of a room that keeps none, or if it had
    /// none, it is one that came from where it went.
    pub fn is_refused_by(&self, error: &Stanza) -> bool {
        let same = match &error.id {
            Some(_) => self.stanza.id == error.id,
            None => {
                self.stanza.id.as_ref().is_none_or(|id| is_name(id)) && self.is_answered_by(error)
            }
        };
        same && self.stanza.kind == error.kind && self.status != Status::Held
    }
}

/// Whether the slave has given this presence its id.
pub(super) fn is_named(stanza: &Stanza) -> bool {
    stanza.kind == Kind::Presence && stanza.id.as_ref().is_some_and(|id| is_name(id))
}

/// Whether this answers what a slave has asked for in the name of an occupant.
pub(super) fn is_for_slave(answer: &Stanza) -> bool {
    answer.kind == Kind::Presence && answer.id.as_ref().is_some_and(|id| id.starts_with(ASKED))
}

/// Whether a slave has given this its id: a presence, or what it asks for in the name of an
/// occupant.
pub(super) fn is_of_slave(stanza: &Stanza) -> bool {
    is_named(stanza) || is_for_slave(stanza)
}

/// A presence without the id that the slave gave: its answer is not waited for.
pub(super) fn unnamed(mut stanza: Stanza) -> Stanza {
    stanza.id = stanza.id.take().filter(|id| !is_name(id));
    stanza
}

/// Whether this returns a message, under the id that the slave has given it.
fn returns_named(stanza: &Stanza) -> bool {
    let returned = stanza.kind == Kind::Message && stanza.is_error();
    returned && stanza.id.as_ref().is_some_and(|id| is_message_name(id))
}

/// What goes to users of this domain knows nothing of the ids that the slave gave.
pub(in crate::dmuc::slave) fn unname(out: &mut [Output], domain: &str) {
    for output in out {
        if let Output::Send(stanza) = output
            && (is_of_slave(stanza) || returns_named(stanza))
            && stanza.to.as_ref().is_some_and(|to| to.domain().as_str() == domain)
        {
            stanza.id = None;
        }
    }
}

fn is_name(id: &str) -> bool {
    id.starts_with(RELAYED)
}

/// Whether it may be the id that a slave has given a message: an instant, and a number.
fn is_message_name(id: &str) -> bool {
    let parts = id.strip_prefix(SAID).and_then(|id| id.split_once('-'));
    parts.is_some_and(|(instant, number)| {
        let hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        let is_instant = instant.len() >= INSTANT_DIGITS && instant.bytes().all(hex);
        is_instant && number.parse::<u64>().is_ok()
    })
}

/// What the id of a message begins with that has none of its own.
const SAID: &str = "m";

/// How many digits of an instant it has at least: those of any since July 1970.
const INSTANT_DIGITS: usize = 12;

/// What the id of a presence begins with that has none of its own.
const RELAYED: &str = "relayed-";

/// What the id of a join begins with that the slave sends for an occupant.
const ASKED: &str = "asked-";

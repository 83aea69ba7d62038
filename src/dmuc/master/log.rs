//! What happened in the room of late, for slaves that miss it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::room::StoredMessage;
use crate::stanza::{Jid, Payloads};
use crate::time::Time;

/// Something that every slave has to know.
#[derive(Clone, Debug)]
pub(super) enum Logged {
    /// This nick has a new presence, or is new.
    Changed(String),
    /// This nick is no more.
    Gone(Gone),
    /// A message, or the subject.
    Message(StoredMessage),
}

/// A nick that is no more.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    /// The nick.
    pub nick: String,
    /// Whose it was.
    pub session: Arc<Jid>,
    /// The slave that served him.
    pub via: Option<usize>,
    /// The payloads of the departure, as the event had them.
    pub farewell: Payloads,
    /// Whether he only took another nick.
    pub renamed: bool,
}

/// The last happenings, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<(Time, Logged)>,
}

impl Log {
    /// One more. The oldest goes if there are too many: that is how much a split slave can miss.
    pub fn push(&mut self, now: Time, logged: Logged) {
        self.entries.push_back((now, logged));
        if self.entries.len() > LOG_MAX {
            self.entries.pop_front();
        }
    }

    /// Forget what was before this instant.
    pub fn forget_before(&mut self, instant: Time) {
        while self.entries.front().is_some_and(|(at, _)| *at < instant) {
            self.entries.pop_front();
        }
    }

    /// What happened at this instant or later, oldest first.
    pub fn since(&self, instant: Time) -> impl Iterator<Item = &Logged> {
        self.entries.iter().filter(move |(at, _)| *at >= instant).map(|(_, logged)| logged)
    }
}

/// How many happenings are remembered.
const LOG_MAX: usize = 4096;

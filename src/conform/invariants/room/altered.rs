//! Copies of messages that say something else than what was said.
//!
//! Such a copy is known by its author and its id. That it was altered is one fault; it is not
//! missing as well wherever the right one was to be.

use super::user::is_one_of;
use super::{Class, NickId, Passage, Room, Submission};
use crate::time::Time;

impl Room {
    /// What this copy of a message that leaves at this instant was to say, if nobody has ever said
    /// what it says.
    pub fn meant(&self, passage: &Passage<'_>, now: Time) -> Option<u64> {
        let reading = &passage.reading;
        let dmuc = reading.dmuc.unwrap_or_default();
        let past = reading.delay.is_some() || dmuc.history || dmuc.backfill || dmuc.state;
        let id = reading.stanza.id.as_ref().filter(|id| !id.is_empty())?;
        let known = |content| {
            !self.log.like(id, content).is_empty()
                || self.log.said_like(id, content).next().is_some()
        };
        if !reading.is_said() || past || known(reading.content) {
            return None;
        }
        let nick = || self.known_nick(reading.nick?);
        match passage.class {
            Class::ToSlave(_) => {
                let nick = nick()?;
                let told = self.log.told_as(id, nick, now).map(|event| event.content);
                told.or_else(|| {
                    let mut said = self.log.said_as(id);
                    said.find(|one| self.is_of(one, nick, now)).map(|one| one.content)
                })
            }
            Class::Down(_) => {
                let event = self.log.told_as(id, nick()?, now - self.round_trip);
                event.map(|event| event.content)
            }
            Class::Relay(Some(user)) => {
                let mut said = self.log.said_as(id);
                said.find(|one| one.user == user && one.came.is_none()).map(|one| one.content)
            }
            _ => None,
        }
    }

    /// Whether who has this nick said it, and the master has not told anybody before now.
    fn is_of(&self, said: &Submission, nick: NickId, now: Time) -> bool {
        let authors = self.occupants.get(&nick).map(|one| &one.sessions);
        let told = |event: &usize| self.log.event(*event).is_some_and(|event| event.at < now);
        said.came.is_some()
            && authors.is_some_and(|authors| is_one_of(authors, said.user))
            && !said.events.iter().any(told)
    }
}

//! What owners make of a room within a record: who sees real JIDs (`whois`), whose presence is
//! shown, and how much of the past is kept (XEP-0045 §10.2).

use super::{Privileges, Room, UserId, push_bounded};
use crate::conform::invariants::reading::Reading;
use crate::room::config::BroadcastRole;
use crate::room::form::Answer;
use crate::room::settings::{self, Wanted};
use crate::room::{RoomConfig, Whois};
use crate::stanza::{Kind, Type, ns};
use crate::time::Time;

/// What an owner has asked for and was not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    owner: UserId,
    id: String,
    wanted: Wanted,
    at: Time,
}

impl Room {
    /// Whether everybody may see real JIDs, or will if the owner gets what he has asked for.
    pub fn may_be_open(&self) -> bool {
        let opens = |wish: &Wish| wish.wanted.whois == Some(Whois::Anyone);
        self.open || self.wishes.iter().any(opens)
    }

    /// Whether this tells others that somebody is not shown any more, though he is there.
    pub fn hides(&self, reading: &Reading<'_>) -> bool {
        let role = Privileges::of(reading).map(|privileges| privileges.role);
        let gone = reading.stanza.is_unavailable() && !reading.has(303);
        // A record without notes may not tell of the form.
        let known = |role: &str| self.silent && role != "none";
        role.filter(|_| gone).is_some_and(|role| known(role) || self.may_hide(role))
    }

    /// Whether this nick is that of somebody who may not be shown to others.
    pub fn is_hidden(&self, nick: &str) -> bool {
        self.occupant_named(nick).is_some_and(|one| self.may_hide(one.privileges.role))
    }

    fn may_hide(&self, role: &str) -> bool {
        let role = match role {
            "moderator" => BroadcastRole::Moderator,
            "participant" => BroadcastRole::Participant,
            "visitor" => BroadcastRole::Visitor,
            _ => return false,
        };
        let wanted = self.wishes.iter().filter_map(|wish| wish.wanted.presence_broadcast.as_ref());
        let mut shown = wanted.chain([&self.config.presence_broadcast]);
        shown.any(|shown| !shown.contains(&role))
    }

    /// Whether everybody in the room is shown to everybody.
    pub fn shows_all(&self) -> bool {
        BroadcastRole::ALL.iter().all(|role| self.config.presence_broadcast.contains(role))
    }

    /// How many messages of the past the master has for who enters.
    pub fn history_len(&self) -> usize {
        let kept = self
            .log
            .events()
            .filter(|(number, event)| event.is_history() && *number >= self.history_from);
        kept.count().min(self.config.history_max)
    }

    /// An owner's form reaches the master.
    pub(super) fn is_wanted(&mut self, owner: UserId, reading: &Reading<'_>) {
        let Some(wanted) = form(reading).filter(|wanted| *wanted != Wanted::default()) else {
            return;
        };
        let wish = Wish { owner, id: reading.id().to_owned(), wanted, at: self.now };
        push_bounded(&mut self.wishes, wish, WISHES_MAX);
    }

    /// The master answers a user: if that was his form, it is as he wants it, or stays as it was.
    pub(super) fn is_answered(&mut self, user: UserId, reading: &Reading<'_>) {
        let answer = matches!(reading.stanza.type_, Type::Result | Type::Error);
        if reading.stanza.kind != Kind::Iq || !answer {
            return;
        }
        let his = |wish: &Wish| wish.owner == user && wish.id == reading.id();
        let Some(place) = self.wishes.iter().position(his) else { return };
        let Some(wish) = self.wishes.remove(place) else { return };
        if !reading.stanza.is_error() {
            self.become_as(wish.wanted, wish.at);
        }
    }

    fn become_as(&mut self, wanted: Wanted, at: Time) {
        let Wanted { whois, presence_broadcast, history_max } = wanted;
        if let Some(whois) = whois {
            self.learn_whois(whois == Whois::Anyone, at);
        }
        if let Some(shown) = presence_broadcast {
            self.config.presence_broadcast = shown;
        }
        if let Some(most) = history_max {
            self.keep_last(most.min(self.config.history_max));
            self.config.history_max = most;
        }
    }

    /// The master has no more messages of the past than these, and those to come.
    fn keep_last(&mut self, most: usize) {
        let history = self.log.events().filter(|(_, event)| event.is_history());
        let mut numbers: Vec<usize> = history.map(|(number, _)| number).collect();
        let first = numbers.split_off(numbers.len().saturating_sub(most)).first().copied();
        let next = self.log.events().last().map_or(0, |(number, _)| number + 1);
        self.history_from = self.history_from.max(first.unwrap_or(next));
    }

    /// The master has forgotten what owners made of the room.
    pub(super) fn unconfigure(&mut self) {
        let wanted = self.first.clone();
        self.become_as(wanted, self.now);
    }

    /// Everybody sees real JIDs from this instant on, or only moderators do.
    /// Whether all slaves know by now that everybody may see real JIDs.
    pub fn is_long_open(&self) -> bool {
        let since = self.open_since.max(self.health.troubled);
        self.open && since + self.round_trip * 2 + self.clock < self.now
    }

    pub(super) fn learn_whois(&mut self, open: bool, at: Time) {
        if at >= self.open_since {
            (self.open, self.open_since) = (open, at);
        }
    }
}

/// What shows of this configuration.
pub(super) fn as_wanted(config: &RoomConfig) -> Wanted {
    Wanted {
        whois: Some(config.whois),
        presence_broadcast: Some(config.presence_broadcast.clone()),
        history_max: Some(config.history_max),
    }
}

/// What is wanted, if this is an owner's form.
fn form(reading: &Reading<'_>) -> Option<Wanted> {
    if reading.stanza.kind != Kind::Iq || reading.stanza.type_ != Type::Set {
        return None;
    }
    let query = reading.stanza.payload("query", ns::MUC_OWNER)?;
    let form = query.get_child("x", ns::DATA_FORMS)?;
    match Answer::read(form, settings::FORM_TYPE) {
        Ok(Answer::Submitted(fields)) => Some(settings::wanted(fields)),
        _ => None,
    }
}

/// How many forms may wait for an answer.
const WISHES_MAX: usize = 16;

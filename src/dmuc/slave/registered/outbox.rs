//! What local users have sent and the master has not answered, in the order of receipt.
//!
//! | status | where the stanza is |
//! | --- | --- |
//! | held | here; it goes up, or is treated as in a split, when a registration has ended |
//! | relayed | on its way, or lost |
//! | queued | late: it goes up in the next netjoin |
//! | sent | late, and sent since the last accept; not acknowledged yet |
//!
//! Streams are ordered both ways: whatever was relayed before a ping and is unanswered at its pong
//! is lost, and so is what is older than an answered message of the same session.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::stanza::{Element, Jid, Kind, Stanza, Type, ns};
use crate::time::Time;

/// Stanzas of local users, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    /// How many LEAVEs come yet for who has left more than once and was told that he is out.
    again: BTreeMap<Arc<Jid>, u32>,
    /// What went up and nobody waits for.
    pub(super) passing: VecDeque<Entry>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The stanza as the user sent it.
    pub stanza: Stanza,
    /// What it asks for.
    pub what: What,
    /// When it was received.
    pub at: Time,
    /// Where it is.
    pub status: Status,
    /// The nick of the session when it was received, if it was an occupant then.
    pub nick: Option<String>,
    /// Of a message: other nicks that its author may have had when it came to the master.
    pub said_as: Vec<String>,
    /// Its author has what he can get of it: it was done here, in a split, or it is not his.
    pub done: bool,
    /// It came back as undeliverable.
    pub bounced: bool,
    /// The room itself has told its author that he is in: since, under another nick, or before.
    pub let_in: bool,
    /// A message after which its author has said something else that the master may have: if it is
    /// lost it is not said any more.
    pub overtaken: bool,
    /// How often it was relayed again.
    pub repeats: u8,
    /// How many joins before it, which ask for the same and went up, are not kept: each may be
    /// answered yet.
    pub others: u32,
    /// How many leaves after this one, which went up, are not kept: LEAVE comes for each.
    pub again: u32,
    /// How many refusals of it are still to come that do not count: it is to go up again.
    pub refusals: u32,
    /// When it was relayed, if it is late because that may have been in vain.
    pub relayed: Option<Time>,
    /// To which address it went up, or was to go, if its author has got another nick here since, or
    /// asks for one.
    pub went_to: Option<Arc<Jid>>,
    /// To which address it went up, if it is late and may be answered yet.
    pub was_for: Option<Arc<Jid>>,
    /// A bound of the length of its text, in bytes; counted while it is not under way.
    pub size: usize,
}

/// What a stanza asks for, as far as the slave keeps account of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// To enter, or to be told everything again: answered by ENTER or an error.
    Join,
    /// Another presence or nick: answered by an event or an error.
    Presence,
    /// To be out: answered by LEAVE.
    Leave,
    /// A message to all: answered by its reflection or an error.
    Message,
    /// A kick that was executed here: the answer is not for the user.
    Kick,
    /// Anything else; the slave does not wait for an answer.
    Other,
}

/// See the head of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Held,
    /// Since when.
    Relayed(Time),
    Queued,
    Sent,
}

impl Entry {
    /// A stanza that was received at this time from a session with this nick.
    pub fn new(stanza: Stanza, at: Time, nick: Option<&String>, status: Status) -> Self {
        let what = What::of(&stanza, nick.is_some());
        let (nick, done, bounced, repeats, others) = (nick.cloned(), false, false, 0, 0);
        let (relayed, went_to, was_for) = (None, None, None);
        let size = if status == Status::Relayed(at) { 0 } else { size(&stanza) };
        Self {
            stanza,
            what,
            at,
            status,
            nick,
            said_as: Vec::new(),
            done,
            bounced,
            let_in: false,
            overtaken: false,
            repeats,
            others,
            again: 0,
            refusals: 0,
            relayed,
            went_to,
            was_for,
            size,
        }
    }

    /// The same, to go up in the next netjoin.
    pub fn late(mut self) -> Self {
        self.remember_for();
        self.status = Status::Queued;
        self.size = size(&self.stanza);
        self
    }

    /// The same, done here and to go up in the next netjoin.
    pub fn kept(self) -> Self {
        Self { done: true, ..self.late() }
    }

    /// Whether this session sent it.
    pub fn is_of(&self, session: &Jid) -> bool {
        self.stanza.from.as_deref() == Some(session)
    }

    /// Whether it names this nick.
    pub fn is_to(&self, nick: &str) -> bool {
        names(self.stanza.to.as_ref(), nick)
    }

    /// Whether it named this nick when it went up.
    pub fn went_to(&self, nick: &str) -> bool {
        names(self.sent_to(), nick)
    }

    /// Where it went.
    pub fn sent_to(&self) -> Option<&Arc<Jid>> {
        self.went_to.as_ref().or(self.stanza.to.as_ref())
    }

    /// Whether it is a leave in the name of a session that the slave knows nothing of.
    pub fn is_goodbye(&self) -> bool {
        self.what == What::Leave && self.done && self.nick.is_none()
    }

    /// Whether it went up and is to be answered.
    pub fn is_under_way(&self) -> bool {
        matches!(self.status, Status::Relayed(_) | Status::Sent)
    }

    /// Whether its author says of himself how he is, and nothing else.
    pub fn is_plain(&self) -> bool {
        self.what == What::Presence && !self.is_renaming()
    }

    /// Of a join: its author wants to be in as he has said since.
    pub fn say(&mut self, newer: &Stanza) {
        let muc = self.stanza.payload("x", ns::MUC).cloned();
        let (id, before) = (self.stanza.id.take(), self.stanza.to.take());
        let newer = newer.clone().retaining(|payload| !payload.is("x", ns::MUC));
        self.stanza = muc.into_iter().fold(newer, Stanza::with_payload);
        self.stanza.id = id;
        if self.is_under_way() && self.went_to.is_none() {
            self.went_to = before;
        }
    }

    /// Whether it asks for another nick than its author had.
    pub fn is_renaming(&self) -> bool {
        let asked = self.stanza.to.as_ref().and_then(|to| to.resource());
        self.what == What::Presence
            && asked.is_some_and(|asked| self.nick.as_deref() != Some(asked.as_str()))
    }
}

impl What {
    fn of(stanza: &Stanza, occupant: bool) -> Self {
        match (stanza.kind, &stanza.type_) {
            (Kind::Presence, Type::Absent) if is_join(stanza) || !occupant => What::Join,
            (Kind::Presence, Type::Absent) => What::Presence,
            (Kind::Presence, Type::Unavailable) => What::Leave,
            (Kind::Message, Type::Groupchat) => What::Message,
            _ => What::Other,
        }
    }
}

impl Outbox {
    /// One more, after the others.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// One more, before the first of its session; a session's join comes first.
    pub fn push_first(&mut self, entry: Entry) {
        let first = self.entries.iter().position(|other| other.stanza.from == entry.stanza.from);
        self.entries.insert(first.unwrap_or(self.entries.len()), entry);
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What this user sent came back as undeliverable: the oldest that it may be, first of those
    /// that have not come back before. Two without an id are told apart by their addresses. Whether
    /// there is one.
    pub fn mark_bounced(&mut self, user: &Jid, error: &Stanza) -> bool {
        let same = |entry: &Entry| entry.is_of(user) && entry.is_refused_by(error);
        let mut sent: Vec<_> = self.entries.iter_mut().filter(|entry| same(entry)).collect();
        let fresh = sent.iter().position(|entry| !entry.bounced).unwrap_or(0);
        sent.get_mut(fresh).map(|entry| entry.bounced = true).is_some()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    /// Those of a session.
    pub fn of<'a>(&'a self, session: &'a Jid) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.is_of(session))
    }

    /// Whether there is one of this session that `matches`.
    pub fn has(&self, session: &Jid, matches: impl Fn(&Entry) -> bool) -> bool {
        self.of(session).any(matches)
    }

    /// Take out the oldest that `matches`.
    pub fn take_first(&mut self, matches: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let position = self.entries.iter().position(matches)?;
        self.entries.remove(position)
    }

    /// Take out the oldest of this session that `matches`, and with it all presence of the session
    /// before: it is answered too.
    pub fn take_settled(
        &mut self,
        session: &Jid,
        matches: impl Fn(&Entry) -> bool,
    ) -> Option<Entry> {
        let position = self.entries.iter().position(|entry| entry.is_of(session) && matches(entry));
        let position = position?;
        let settled = self.entries.remove(position);
        self.drop_presence_before(session, position);
        settled
    }

    /// The presence of this session that is before this place is answered.
    pub(super) fn drop_presence_before(&mut self, session: &Jid, position: usize) {
        let mut index = 0;
        self.entries.retain(|entry| {
            index += 1;
            index > position || !entry.is_of(session) || entry.stanza.kind != Kind::Presence
        });
    }

    /// Take out the oldest presence that `matches`, which the master has: it need not have what of
    /// the session is before it and went up, and who asked to be in before, or for another nick,
    /// asks to be so.
    pub fn take_superseding(&mut self, matches: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let position = self.entries.iter().position(matches)?;
        let later = self.entries.split_off(position + 1);
        let newer = self.entries.pop_back()?;
        let older = |entry: &Entry| {
            let same = entry.stanza.from == newer.stanza.from;
            same && matches!(entry.status, Status::Relayed(_))
        };
        self.entries.retain(|entry| !older(entry) || !entry.is_plain());
        let joins = self.entries.iter_mut().filter(|entry| older(entry) && is_join(&entry.stanza));
        joins.for_each(|join| join.say(&newer.stanza));
        // So is he if he still gets another nick.
        for one in self.entries.iter_mut().filter(|entry| older(entry) && entry.is_renaming()) {
            one.stanza.payloads = newer.stanza.payloads.clone();
        }
        self.entries.extend(later);
        Some(newer)
    }

    /// Take out all that `matches`, oldest first.
    pub fn take(&mut self, mut matches: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        let (taken, kept) = self.entries.drain(..).partition(|entry| matches(entry));
        self.entries = kept;
        Vec::from(taken)
    }

    /// Take out the messages of a session that are older than this one, went up, and count; none
    /// if this one is not there.
    pub fn take_older(
        &mut self,
        session: &Jid,
        id: Option<&Arc<str>>,
        counts: impl Fn(&Entry) -> bool,
    ) -> Vec<Entry> {
        let message = |entry: &Entry| {
            entry.is_of(session) && entry.what == What::Message && entry.status != Status::Held
        };
        let is_this = |entry: &Entry| message(entry) && entry.stanza.id.as_ref() == id;
        let Some(position) = self.entries.iter().position(is_this) else { return Vec::new() };
        let mut index = 0;
        let mut older = Vec::new();
        self.entries.retain(|entry| {
            index += 1;
            let lost = index <= position && message(entry) && counts(entry);
            if lost {
                older.push(entry.clone());
            }
            !lost
        });
        older
    }

    /// A session has another nick now: what it asks for it asks under the new one.
    pub fn retarget(&mut self, session: &Jid, old: &str, new: &Arc<Jid>) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_of(session)) {
            if entry.stanza.kind == Kind::Presence && entry.is_to(old) {
                let before = entry.stanza.to.replace(new.clone());
                let late = entry.what == What::Presence && entry.status == Status::Queued;
                if (entry.is_under_way() || late) && entry.went_to.is_none() {
                    entry.went_to = before;
                }
            }
            let nick = new.resource().map(|nick| nick.to_string());
            if entry.nick.as_deref() == Some(old) && entry.what == What::Presence {
                entry.nick = nick;
            }
        }
    }

    /// Whether no more messages are taken in: leaves always are.
    pub fn is_full(&self) -> bool {
        let waiting = || self.entries.iter().filter(|entry| !entry.is_under_way());
        waiting().count() >= STANZAS_MAX
            || waiting().map(|entry| entry.size).sum::<usize>() >= BYTES_MAX
    }

    /// Keep account of the newest only.
    pub fn limit(&mut self) {
        if self.entries.len() > UNDER_WAY_MAX {
            self.take_first(Entry::is_under_way);
        }
    }
}

fn names(to: Option<&Arc<Jid>>, nick: &str) -> bool {
    to.and_then(|to| to.resource()).is_some_and(|to| to.as_str() == nick)
}

/// Whether it asks to enter the room.
pub(super) fn is_join(stanza: &Stanza) -> bool {
    stanza.is_available() && stanza.has_payload("x", ns::MUC)
}

/// A bound of the length of its text, in bytes.
fn size(stanza: &Stanza) -> usize {
    let text = |element: &Element| String::from(element).len();
    stanza.payloads.iter().map(text).sum::<usize>() + 256
}

/// \[Q\] How many stanzas a slave keeps for the time after a split.
pub(super) const STANZAS_MAX: usize = 1000;

/// \[Q\] And of how many bytes together.
const BYTES_MAX: usize = 1 << 20;

/// Of how many relayed stanzas it keeps account.
const UNDER_WAY_MAX: usize = 8 * STANZAS_MAX;

mod again;
mod answer;
#[cfg(test)]
mod tests;

//! What becomes of what was sent: which answer is for what, and what is out of date without one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Entry, Outbox, Status, What, names};
use crate::stanza::Jid;

impl Entry {
    /// Whether this session said it to all with this id, and the master may have it.
    pub fn is_message(&self, session: &Jid, id: Option<&Arc<str>>) -> bool {
        let message = self.is_of(session) && self.what == What::Message;
        message && self.status != Status::Held && self.stanza.id.as_ref() == id
    }

    /// Of a message: its author may have had this nick when it came to the master.
    pub fn may_be_said_as(&mut self, nick: &str) {
        let known =
            self.nick.as_deref() == Some(nick) || self.said_as.iter().any(|one| one == nick);
        if !known && self.said_as.len() < NICKS_MAX {
            self.said_as.push(nick.to_owned());
        }
    }

    /// Of a message: its author has another nick here than when it was sent.
    pub fn is_shown_as(&mut self, nick: Option<String>) {
        if let Some(before) = std::mem::replace(&mut self.nick, nick) {
            self.may_be_said_as(&before);
        }
    }
}

impl Outbox {
    /// Whether the author of this message may have had this nick when it came to the master.
    pub fn is_said_as(&self, message: &Entry, nick: &str) -> bool {
        message.said_as.iter().any(|one| one == nick)
            || self.asked_before(message).any(|to| names(Some(to), nick))
    }

    /// To what addresses its author had asked to be in when he said this, with this session or
    /// another that shares its nick, and was not answered.
    fn asked_before<'a>(&'a self, message: &Entry) -> impl Iterator<Item = &'a Arc<Jid>> {
        let person = |entry: &Entry| entry.stanza.from.as_ref().map(|from| from.to_bare());
        let (author, at) = (person(message), message.at);
        let before = self.entries.iter().take_while(move |entry| entry.at <= at);
        let his = before.filter(move |one| one.stanza.is_available() && person(one) == author);
        his.filter_map(Entry::sent_to)
    }

    /// A message goes up: remember the nicks that its author may have when it comes. He may be
    /// answered otherwise here before the master tells what he has said.
    pub fn remember_asked(&self, message: &mut Entry) {
        let asked: Vec<_> = self.asked_before(message).filter_map(|to| to.resource()).collect();
        for nick in asked.into_iter().rev() {
            message.may_be_said_as(nick.as_str());
        }
    }

    /// A late join of this session is refused, and with it what it has said after that: it is to go
    /// up again, in another late phase.
    pub fn say_again(&mut self, session: &Jid) {
        let late = |entry: &Entry| entry.status == Status::Sent && entry.what == What::Message;
        for entry in self.entries.iter_mut().filter(|entry| entry.is_of(session) && late(entry)) {
            entry.refusals += 1;
            entry.status = Status::Queued;
        }
    }

    /// The oldest that `matches` is refused. Whether it is to go up again all the same.
    pub fn forgive(&mut self, matches: impl Fn(&Entry) -> bool) -> bool {
        let refused = self.entries.iter_mut().find(|entry| matches(entry) && entry.refusals > 0);
        refused.map(|entry| entry.refusals -= 1).is_some()
    }

    /// A netjoin tells of the last subject only, and that is a new one: whether another that went
    /// up was there before it nobody knows. It does not replace the new one, and what its author
    /// has said before, and the master has not, is not said after it.
    pub fn overtake_by_subjects(&mut self) {
        let mut authors = BTreeSet::new();
        let said = self.entries.iter_mut().rev().filter(|entry| entry.what == What::Message);
        for entry in said.filter(|entry| entry.status == Status::Queued) {
            let Some(author) = entry.stanza.from.clone() else { continue };
            if entry.stanza.is_subject_change() && !entry.bounced {
                authors.insert(author.clone());
            }
            entry.overtaken |= authors.contains(&author);
        }
    }

    /// The author of this message is told that it may be lost; the master may have it.
    pub fn overtake(&mut self, message: &Entry) {
        let same =
            |one: &&mut Entry| one.what == What::Message && one.stanza.from == message.stanza.from;
        self.entries.iter_mut().filter(same).for_each(|one| one.overtaken = true);
    }
}

/// How many nicks are remembered that the author of a message may have had.
const NICKS_MAX: usize = 16;

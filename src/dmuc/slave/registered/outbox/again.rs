//! What went up and goes up again, late: of each visit of a session one join, although each join
//! that went up may be answered yet.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Entry, Outbox, Status, What, is_join, names, size};
use crate::stanza::{Jid, Kind};
use crate::time::Time;

impl Entry {
    /// It is about to be late.
    pub(super) fn remember_for(&mut self) {
        if self.is_under_way() {
            self.was_for = self.went_to.clone().or(self.stanza.to.clone());
        }
    }

    /// Whether it is a late join that named this nick when it went up.
    pub fn was_for(&self, nick: &str) -> bool {
        is_join(&self.stanza) && names(self.was_for.as_ref(), nick)
    }

    /// Whether it is a join, and what comes next says only how its author is.
    pub fn is_joined_by(&self, next: &Entry) -> bool {
        let plain = next.stanza.is_available() && !is_join(&next.stanza);
        plain && is_join(&self.stanza) && self.stanza.to == next.stanza.to
    }

    /// It is kept instead of one before it, which the master may have.
    fn stand_for(&mut self, before: &Entry) {
        let asks = is_join(&before.stanza) && before.relayed.is_some();
        self.others += if asks { 1 + before.others } else { 0 };
    }

    /// Whether it went up, so that the master may have it.
    pub fn may_have_come(&self) -> bool {
        self.is_under_way() || (self.was_for.is_some() && !self.bounced)
    }

    /// Whether it is a leave that went up and is to be answered.
    pub fn is_leave_under_way(&self) -> bool {
        self.what == What::Leave && self.is_under_way()
    }

    /// Whether a later join of the same visit asks for the same and more. `asked`: what the joins
    /// after this one, of each session, ask for.
    fn is_asked_again(&self, asked: &mut BTreeMap<Arc<Jid>, Arc<Jid>>) -> bool {
        let late = self.status == Status::Queued && self.stanza.kind == Kind::Presence;
        let Some(session) = self.stanza.from.as_ref().filter(|_| late) else { return false };
        let known = asked.get(session).is_some_and(|to| Some(to) == self.stanza.to.as_ref());
        if known && self.stanza.is_available() && !self.done {
            return true;
        }
        asked.remove(session);
        if let Some(to) = self.stanza.to.as_ref().filter(|_| is_join(&self.stanza)) {
            asked.insert(session.clone(), to.clone());
        }
        false
    }
}

impl Outbox {
    /// Everything that went up goes up again, late; but of each visit of a session one join.
    pub fn requeue(&mut self) {
        self.again.clear();
        for entry in self.entries.iter_mut().filter(|entry| entry.is_under_way()) {
            entry.again = 0;
            entry.remember_for();
            entry.relayed = match entry.status {
                Status::Relayed(since) => Some(since),
                _ => None,
            };
            (entry.status, entry.went_to) = (Status::Queued, None);
            entry.size = size(&entry.stanza);
        }
        let mut asked: BTreeMap<Arc<Jid>, Arc<Jid>> = BTreeMap::new();
        let mut kept = VecDeque::new();
        for entry in self.entries.drain(..).rev() {
            if !entry.is_asked_again(&mut asked) {
                kept.push_front(entry);
            } else if entry.may_have_come() {
                let same = |one: &&mut Entry| {
                    let for_it = one.stanza.from == entry.stanza.from;
                    for_it && is_join(&one.stanza)
                };
                let keeper = kept.iter_mut().find(same);
                keeper.into_iter().for_each(|one| one.stand_for(&entry));
            }
        }
        self.entries = kept;
    }

    /// Who leaves is leaving already: that goes up, and is not kept.
    pub fn leave_again(&mut self, session: &Jid) {
        let mut his = self.entries.iter_mut().rev().filter(|entry| entry.is_of(session));
        let left = his.find(|entry| entry.what == What::Leave && entry.is_under_way());
        left.into_iter().for_each(|left| left.again += 1);
    }

    /// This session was removed, and a leave of it is on its way: LEAVE comes for that, too, and
    /// what was before it is answered. Whether its author has yet to be told that he is out, if
    /// there is one.
    pub fn is_removed(&mut self, session: &Jid) -> Option<bool> {
        let leave = |entry: &Entry| entry.is_of(session) && entry.is_leave_under_way();
        let position = self.entries.iter().position(leave)?;
        let untold = !std::mem::replace(&mut self.entries[position].done, true);
        self.drop_presence_before(session, position);
        Some(untold)
    }

    /// LEAVE comes for a leave of this session that is not kept: whether it does.
    pub fn take_again(&mut self, session: &Jid) -> bool {
        let Some(left) = self.again.get_mut(session).filter(|left| **left > 0) else {
            return false;
        };
        *left -= 1;
        true
    }

    /// LEAVE comes for this leave: those for the ones after it follow.
    pub fn follow_again(&mut self, left: &Entry) {
        let session = left.stanza.from.clone().filter(|_| left.again > 0);
        self.again.extend(session.map(|session| (session, left.again)));
    }

    /// This session is in: whatever LEAVE was to come for it has come, or is lost.
    pub fn forget_again(&mut self, session: &Jid) {
        self.again.remove(session);
    }

    /// This presence of a session is newer than its wish to be in that is late.
    pub fn say_in_joins(&mut self, newer: &Entry) {
        let same = |entry: &&mut Entry| entry.stanza.from == newer.stanza.from;
        let joins = self.entries.iter_mut().filter(same);
        let joins = joins.filter(|one| is_join(&one.stanza) && one.status == Status::Queued);
        joins.for_each(|join| join.say(&newer.stanza));
    }

    /// What was relayed after this instant is not late: it is on its way, or was answered.
    pub fn unqueue(&mut self, since: Time) {
        for entry in self.entries.iter_mut().filter(|entry| entry.status == Status::Queued) {
            let relayed = entry.relayed.filter(|at| *at > since && !entry.bounced);
            if let Some(at) = relayed {
                (entry.status, entry.size) = (Status::Relayed(at), 0);
            }
        }
    }

    /// The oldest of this session that `matches` is answered: that is taken out, unless it was one
    /// of those joins for which it stands.
    pub fn take_answered(
        &mut self,
        session: &Jid,
        matches: impl Fn(&Entry) -> bool,
    ) -> Option<Entry> {
        let mut his = self.entries.iter_mut().filter(|entry| entry.is_of(session));
        let first = his.find(|entry| matches(entry))?;
        match first.others.checked_sub(1) {
            Some(left) => {
                first.others = left;
                Some(first.clone())
            }
            None => self.take_settled(session, matches),
        }
    }
}

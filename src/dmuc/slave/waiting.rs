//! What a slave has relayed and the master has not answered yet.
//!
//! Streams are ordered in both ways. So whatever was relayed before a ping and is unanswered at its
//! pong is lost, and what answers a session's later presence settles the earlier.

use std::collections::VecDeque;
use std::sync::Arc;

use super::up::is_join;
use crate::stanza::{Jid, Kind, Stanza, Type, ns};
use crate::time::Time;

/// Relayed stanzas that have to be answered, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    relayed: VecDeque<Relayed>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Relayed {
    /// The stanza.
    pub stanza: Stanza,
    /// When it was relayed.
    pub at: Time,
    /// Whether that was for the second time.
    pub again: bool,
    /// Whether its session was entered since.
    pub entered: bool,
    /// Of a leave: whether its author was told that he is out, since he was removed before it came.
    pub told: bool,
}

impl Relayed {
    /// This one, sent again in place of an older one of its session.
    pub fn in_place_of(mut self, older: Option<Relayed>) -> Relayed {
        let join = older.filter(|older| !older.entered && is_join(&older.stanza));
        let asked = join.as_ref().and_then(|older| older.stanza.payload("x", ns::MUC));
        if let (Some(asked), true) = (asked, self.stanza.is_available() && !is_join(&self.stanza)) {
            self.stanza = self.stanza.with_payload(asked.clone());
        }
        self
    }
}

impl Waiting {
    /// One more. The oldest is forgotten if there are too many.
    pub fn push(&mut self, relayed: Relayed) {
        self.relayed.push_back(relayed);
        if self.relayed.len() > WAITING_MAX {
            self.relayed.pop_front();
        }
    }

    /// A session says what it is like now: so it will be if it has to ask to enter once more.
    pub fn restate(&mut self, session: &Jid, presence: &Stanza) {
        let joins = self.relayed.iter_mut().filter(|relayed| {
            !relayed.entered && is_join(&relayed.stanza) && is_of(&relayed.stanza, session)
        });
        for Relayed { stanza: join, .. } in joins.filter(|join| join.stanza.to == presence.to) {
            let asked = join.payload("x", ns::MUC).cloned();
            let payloads = presence.payloads.iter().cloned().chain(asked).collect::<Vec<_>>();
            *join = join.clone().with_payloads(payloads);
        }
    }

    /// A session has another nick now: what it has asked under the old one it asks under this.
    pub fn rename(&mut self, session: &Jid, old: &str, new: &Arc<Jid>) {
        let named = |to: &Arc<Jid>| to.resource().is_some_and(|to| to.as_str() == old);
        for Relayed { stanza, .. } in &mut self.relayed {
            let asked = stanza.kind == Kind::Presence && is_of(stanza, session);
            if asked && stanza.to.as_ref().is_some_and(named) {
                stanza.to = Some(new.clone());
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.relayed.is_empty()
    }

    /// Whether there is one of this session that `matches`.
    pub fn has(&self, session: &Jid, matches: impl Fn(&Stanza) -> bool) -> bool {
        self.position(session, matches).is_some()
    }

    /// Whether this session has asked to enter under this nick, and was not entered since.
    pub fn asks_for(&self, session: &Jid, nick: &str) -> bool {
        let named = |to: &Jid| to.resource().is_some_and(|resource| resource.as_str() == nick);
        self.relayed.iter().any(|Relayed { stanza, entered, .. }| {
            let asks = !entered && is_join(stanza) && is_of(stanza, session);
            asks && stanza.to.as_deref().is_some_and(named)
        })
    }

    /// The oldest of this session that `matches` is answered. Whether there was one.
    pub fn answered(&mut self, session: &Jid, matches: impl Fn(&Stanza) -> bool) -> bool {
        let position = self.position(session, matches);
        position.is_some_and(|position| self.relayed.remove(position).is_some())
    }

    /// Whether this session has asked to leave, and only then to enter.
    pub fn has_left_before_it_asks(&self, session: &Jid) -> bool {
        let place = |matches: &dyn Fn(&Stanza) -> bool| self.position(session, matches);
        place(&Stanza::is_unavailable)
            .zip(place(&is_join))
            .is_some_and(|(left, asked)| left < asked)
    }

    /// ENTER for this session: its oldest join is answered. Whether there was one.
    pub fn entered(&mut self, session: &Jid) -> bool {
        let asked = self.settled(session, is_join);
        for relayed in self.relayed.iter_mut().filter(|r| is_of(&r.stanza, session)) {
            relayed.entered = true;
        }
        asked
    }

    /// LEAVE for this session: its oldest leave is answered, unless the session was `expelled`
    /// before that came; without one, a join of who was. Whether its author has yet to be told.
    pub fn left(&mut self, session: &Jid, expelled: bool) -> bool {
        let Some(leave) = self.position(session, Stanza::is_unavailable) else {
            return expelled && self.answered(session, |one| one.kind == Kind::Presence);
        };
        let told = std::mem::replace(&mut self.relayed[leave].told, true);
        let up_to = if expelled { leave } else { leave + 1 };
        self.settle(session, up_to);
        !told
    }

    /// The oldest that `matches` is answered, and with it all presence of this session before.
    fn settled(&mut self, session: &Jid, matches: impl Fn(&Stanza) -> bool) -> bool {
        let position = self.position(session, matches);
        position.is_some_and(|position| {
            self.settle(session, position + 1);
            true
        })
    }

    /// All presence of this session among so many of the oldest is answered.
    fn settle(&mut self, session: &Jid, count: usize) {
        let mut index = 0;
        self.relayed.retain(|relayed| {
            index += 1;
            let settled = relayed.stanza.kind == Kind::Presence && is_of(&relayed.stanza, session);
            index > count || !settled
        });
    }

    fn position(&self, session: &Jid, matches: impl Fn(&Stanza) -> bool) -> Option<usize> {
        self.relayed.iter().position(|r| is_of(&r.stanza, session) && matches(&r.stanza))
    }

    /// Take out what was relayed before this instant.
    pub fn take_before(&mut self, instant: Time) -> Vec<Relayed> {
        let count = self.relayed.iter().take_while(|relayed| relayed.at < instant).count();
        self.relayed.drain(..count).collect()
    }

    /// Take out everything that still matters. What somebody was before he left does not; nor does
    /// a join whose session was entered since, or a leave before it.
    pub fn take(&mut self) -> Vec<Stanza> {
        let all: Vec<_> = self.relayed.drain(..).collect();
        let matters = |(position, relayed): (usize, &Relayed)| {
            let stanza = &relayed.stanza;
            let later = |which: &dyn Fn(&Relayed) -> bool| {
                let rest = &all[position + 1..];
                rest.iter().any(|later| later.stanza.from == stanza.from && which(later))
            };
            let settled = match stanza.type_ {
                _ if stanza.kind != Kind::Presence => false,
                Type::Unavailable => later(&|later| later.entered && is_join(&later.stanza)),
                _ if relayed.entered && is_join(stanza) => true,
                _ => later(&|later| later.stanza.is_unavailable()),
            };
            (!settled).then(|| stanza.clone())
        };
        all.iter().enumerate().filter_map(matters).collect()
    }
}

fn is_of(stanza: &Stanza, session: &Jid) -> bool {
    stanza.from.as_deref() == Some(session)
}

/// How many relayed stanzas may be without answer.
const WAITING_MAX: usize = 4096;

//! Who was in the room already when he asked to enter it.
//!
//! Who asks is taken for a newcomer, until it shows that the room or his slave knows him.

use minidom::Element;

use super::{People, Reading, Register, same_person};
use crate::conform::invariants::reading::domain_of;
use crate::conform::survey::places::INSTANT;
use crate::time::Time;

impl People<'_> {
    /// Somebody is let in. If nobody was told that he arrives, he was there before, or another
    /// session of his. In a room that is created in the record nobody was.
    pub(super) fn entered(&mut self, session: &str, nick: &str, at: Time) {
        let asks = self.asked.get(nick).is_some_and(|asked| asked == session);
        let tells = self.created || self.holders.contains_key(nick) || self.told.contains(session);
        if asks && !tells {
            let his = |(one, nick): (&String, &Option<usize>)| {
                (nick.is_none() && same_person(one, session)).then(|| one.clone())
            };
            let other = self.inside.iter().find_map(his);
            self.was_here(nick, other.as_deref().unwrap_or(session));
            self.unannounced.insert(nick.to_owned(), (session.to_owned(), at));
        }
        self.told.insert(session.to_owned());
    }

    /// Slaves are told that a nick is there. If its owner was let in just before, he is new.
    pub(super) fn announced(&mut self, nick: &str, at: Time) {
        let Some((session, when)) = self.unannounced.remove(nick) else { return };
        if when + INSTANT < at {
            return;
        }
        let number = self.holders.insert(nick.to_owned(), None).flatten();
        let Some(one) = number.and_then(|number| self.nicks.get_mut(number)) else { return };
        one.new = true;
        for other in std::mem::take(&mut one.sessions) {
            self.inside.insert(other, None);
        }
        self.inside.shift_remove(&session);
        self.outside.insert(session);
    }

    /// Somebody is told that he is in. If nobody else is, a room that forgot may have let him in.
    pub(super) fn let_in_alone(&mut self, session: &str, nick: &str) {
        let asks = self.asked.get(nick).is_some_and(|asked| asked == session);
        if asks && !self.holders.contains_key(nick) {
            self.alone.insert(session.to_owned());
        }
    }

    /// A slave that registers says who is in the room behind it. Who has asked, and was not let in
    /// since, was there before; as who was let in alone, if the slave was there before the room.
    pub(super) fn listed(&mut self, register: &Element) {
        let Ok(register) = Register::try_from(register.clone()) else { return };
        for one in register.occupants.iter().filter(|one| !one.pending) {
            let (session, nick) = (one.jid.as_str(), one.nick.as_str());
            if self.alone.remove(session) && register.resume.is_some() {
                // Under which nick does not show.
                self.outside.remove(session);
                self.inside.entry(session.to_owned()).or_insert(None);
            } else if self.outside.contains(session) && !self.told.contains(session) {
                self.was_here(nick, session);
            }
        }
    }

    /// Whoever asks for a nick is listed with another session of his, which has not asked: the nick
    /// was there before.
    pub(super) fn shares(&mut self, nick: &str, reading: &Reading<'_>) {
        let Some(asks) = self.asked.get(nick) else { return };
        let other = |jid: &str| jid != asks && same_person(jid, asks);
        let before = |jid: &&str| jid.contains('/') && other(jid) && !self.outside.contains(*jid);
        if reading.jids.iter().any(before) && !self.holders.contains_key(nick) {
            self.asked.remove(nick);
        }
    }

    /// Somebody is told that he is out who has asked to enter, and was not let in since.
    pub(super) fn shown_out(&mut self, session: &str, nick: &str) {
        self.farewells.insert(session.to_owned());
        if self.outside.contains(session) && !self.told.contains(session) {
            // He may have asked meanwhile to be in again, under another nick.
            let again = |(other, asks): (&String, &String)| {
                (asks == session && other != nick).then(|| other.clone())
            };
            let again: Vec<String> = self.asked.iter().filter_map(again).collect();
            self.was_here(nick, session);
            self.asked.extend(again.into_iter().map(|nick| (nick, session.to_owned())));
        }
    }

    /// Somebody is told that he has another nick than the one that he gives up. He was there, if he
    /// has not asked for that.
    pub(super) fn renamed(&mut self, session: &str, nick: &str) {
        if self.asked.get(nick).is_some_and(|asks| asks == session) {
            // Given up before anybody has seen him under it: he had it, and asks for it again.
            if self.is_inside(session) && !self.holders.contains_key(nick) {
                self.asked.remove(nick);
            }
            return;
        }
        let taken = self.holders.get(nick).is_some_and(|holder| holder.is_none());
        if self.departed.contains_key(nick) || !self.holders.contains_key(nick) {
            self.outside.remove(session);
        } else if taken && !self.outside.contains(session) {
            // Whoever has it by now came later.
            self.holders.remove(nick);
        }
    }

    /// A nick is given up under which nobody was seen: somebody had it, whoever asks for it now.
    pub(super) fn gone(&mut self, nick: &str) {
        if self.holders.contains_key(nick) {
            return;
        }
        if let Some(asks) = self.asked.remove(nick) {
            self.holder(nick);
            self.asked.insert(nick.to_owned(), asks);
        }
    }

    /// Others are told that a nick is given up. Who was told just before that he has left was in
    /// the room.
    pub(super) fn departs(&mut self, nick: &str, number: Option<usize>, at: Time) {
        let Some((session, when)) = self.unseen.remove(nick) else { return };
        if at <= when + INSTANT {
            self.belongs(number, &session);
        }
    }

    /// Whether a nick or somebody who is told that he has left it has shown in anything before, or
    /// might have without a trace, as what his server tells him is not in the record.
    pub(super) fn shows(&self, nick: &str, session: &str) -> bool {
        !self.users.are_at(domain_of(session))
            || self.is_inside(session)
            || self.holders.contains_key(nick)
            || self.departed.contains_key(nick)
    }

    pub(super) fn was_here(&mut self, nick: &str, session: &str) {
        self.asked.retain(|_, asks| asks != session);
        self.asked.remove(nick);
        self.outside.remove(session);
        // Others may have been told that he is gone.
        let number = self.holder(nick).or(self.departed.get(nick).copied());
        self.belongs(number, session);
        if !self.is_inside(session) {
            self.inside.insert(session.to_owned(), None);
        }
    }
}

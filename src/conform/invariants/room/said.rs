//! What is said reaches the master, and what it tells of that.

use std::sync::Arc;

use super::user::is_one_of;
use super::{Event, Fact, NickId, Passage, Room, Submission, Touch, UserId};
use crate::conform::invariants::reading::Reading;
use crate::time::Time;

impl Room {
    /// What a user says to all reaches the master.
    pub(super) fn submission_came(&mut self, entry: usize, user: UserId, passage: &Passage<'_>) {
        let reading = &passage.reading;
        let id = self.log.id(reading);
        let now = self.now;
        let like: Vec<usize> = self.log.said_like(&id, reading.content).collect();
        let said = |number: &usize| self.log.submission(*number).filter(|one| one.user == user);
        let is_open = |number: &&usize| said(number).is_some_and(|one| one.came.is_none());
        let open = like.iter().find(is_open);
        let known = open.or_else(|| like.iter().rev().find(|one| said(one).is_some())).copied();
        let number = known.unwrap_or_else(|| {
            self.log.say(Submission {
                user,
                at: now,
                entry,
                id,
                given: None,
                content: reading.content,
                voiced: false,
                unserved: false,
                held: false,
                came: None,
                least: None,
                events: Vec::new(),
                returned: false,
                guessed: None,
            })
        });
        let least = self.least_stamp(user);
        if let Some(said) = self.log.submission_mut(number)
            && said.came.replace(now).is_none()
        {
            said.least = least;
        }
    }

    /// The least stamp that the master gives to what comes from this user now: this instant, unless
    /// his slave may be telling what he said while it was split.
    fn least_stamp(&self, user: UserId) -> Option<Time> {
        let slave = self.users[user].slave.map(|slave| &self.slaves[slave]);
        match slave.filter(|slave| !slave.settled) {
            Some(slave) => slave.alive.map(|alive| alive - self.round_trip),
            None => Some(self.now),
        }
    }

    /// A message to all; `told`: to one of them who has missed it, or may have it already;
    /// `waited`: perhaps for a stream.
    pub(super) fn emit_message(
        &mut self,
        entry: usize,
        reading: &Reading<'_>,
        (told, waited): (bool, bool),
        facts: &mut Vec<Fact>,
    ) {
        let nick = reading.nick.map(|nick| self.nick(nick));
        let dmuc = reading.dmuc.unwrap_or_default();
        if reading.has(172) || reading.has(173) {
            // One that missed them may be told the last of them first.
            let at = dmuc.stamp.or(reading.delay).unwrap_or(self.now);
            self.learn_whois(reading.has(172), at);
        }
        let known = self.log.event_of(reading, nick, self.now);
        if let Some(event) = known.and_then(|known| self.log.event_mut(known)) {
            if let Some(stamp) = dmuc.stamp.filter(|_| !event.exact) {
                (event.stamp, event.exact) = (stamp, true);
            }
            if let (None, Some((epoch, seq))) = (&event.seq, dmuc.at) {
                event.seq = Some((epoch.into(), seq));
            }
            event.alter(reading.literal);
            return;
        }
        let subject = reading.stanza.is_subject_change();
        if subject && (nick.is_none() || (told && dmuc.history)) {
            // There was never one; or its id names the run of the room.
            self.log.subjects.learn(reading.content, nick);
            return;
        }
        let id = self.log.id(reading);
        let said = self.origin(&id, reading.content, nick);
        let stamp = dmuc.stamp.or(reading.delay);
        let origin = said.and_then(|said| self.log.submission(said));
        // What the room says itself it says because somebody has changed something.
        let changed = || self.reached.iter().any(|(_, _, touch)| *touch == Touch::Request);
        let fresh = match nick {
            Some(_) => origin.is_some_and(|said| said.events.is_empty()),
            None => changed(),
        };
        if stamp.is_none() && !fresh && self.log.heard(reading, nick).is_some() {
            // A copy that had to wait for a stream.
            return;
        }
        let came = origin.and_then(|said| said.came);
        let mut event = Event {
            nick,
            id,
            content: reading.content,
            // It may have waited for a stream since it was said.
            stamp: stamp.or(came).unwrap_or(self.now),
            exact: stamp.is_some(),
            at: self.now,
            entry: Some(entry),
            seq: dmuc.at.map(|(epoch, seq)| (epoch.into(), seq)),
            late: told,
            waited,
            subject,
            kept: reading.is_kept(),
            said,
            altered: Vec::new(),
            stray: self.is_stray(reading, nick, said),
        };
        event.kept &= !event.stray;
        event.alter(reading.literal);
        self.set_strays(&event);
        let number = self.log.push(event);
        if let Some(said) = said.and_then(|said| self.log.submission_mut(said)) {
            said.events.push(number);
            let (author, returned) = (said.user, said.guessed.take());
            said.returned &= returned.is_none();
            returned.into_iter().for_each(|at| self.return_another(author, at));
        }
        facts.push(Fact::Logged(number));
    }

    /// What a user has said to all is returned to him, under this id.
    pub(super) fn told_returned(&mut self, user: UserId, id: &str) {
        let (now, since) = (self.now, self.users[user].since);
        let open =
            |said: &Submission| said.user == user && !said.returned && said.events.is_empty();
        let has_it = |said: &Submission| {
            !id.is_empty() && (*said.id == *id || said.given.as_deref() == Some(id))
        };
        // A slave that was started again may have given an id once more.
        let mut mine = self.log.submissions_mut().rev().filter(|said| open(said));
        if let Some(said) = mine.find(|said| has_it(said)) {
            said.returned = true;
            return;
        }
        drop(mine);
        // It had none, or got one that nobody was told. What waits for a stream got one too, and
        // comes back with it.
        let unnamed = |said: &Submission| open(said) && said.at >= since && said.id.is_empty();
        // Nobody promises to give back what came while his slave was down.
        let served = |said: &Submission| unnamed(said) && !said.unserved;
        let any = self.log.submissions_mut().any(|said| served(said));
        let unnamed = |said: &Submission| if any { served(said) } else { unnamed(said) };
        let unknown = |said: &Submission| unnamed(said) && said.given.is_none();
        let is_held = |said: &Submission| said.held && unknown(said);
        let held = self.log.submissions_mut().any(|said| is_held(said));
        let guess = match held {
            true => self.log.submissions_mut().find(|said| is_held(said)),
            false => self.log.submissions_mut().rev().find(|said| unknown(said)),
        };
        if let Some(said) = guess {
            (said.returned, said.guessed) = (true, Some(now));
            return;
        }
        // The id that it got may be taken off before its author sees it.
        let mut said = self.log.submissions_mut().rev();
        if let Some(said) = said.find(|said| id.is_empty() && unnamed(said)) {
            (said.returned, said.guessed) = (true, Some(now));
        }
    }

    /// What an error was taken to be for has become an event: it is for something else that its
    /// author had said by then without an id, first for what has got none since.
    fn return_another(&mut self, author: UserId, at: Time) {
        let open = |said: &Submission| {
            let unanswered = !said.returned && said.events.is_empty();
            said.user == author && said.at <= at && said.id.is_empty() && unanswered
        };
        let unknown = |said: &Submission| open(said) && said.given.is_none();
        let any = self.log.submissions_mut().any(|said| unknown(said));
        let mut said = self.log.submissions_mut().rev();
        let other = said.find(|said| if any { unknown(said) } else { open(said) });
        if let Some(said) = other {
            (said.returned, said.guessed) = (true, Some(at));
        }
    }

    /// Whether this was told at this instant under another nick, and who has this one never said
    /// it.
    fn is_stray(&self, reading: &Reading<'_>, nick: Option<NickId>, said: Option<usize>) -> bool {
        let like = self.log.like(&self.log.id(reading), reading.content).iter();
        let mut like = like.filter_map(|number| self.log.event(*number));
        nick.is_some() && said.is_none() && like.any(|one| one.at == self.now && one.nick != nick)
    }

    /// With this event, what was told at this instant under the nick of somebody who has not said
    /// it turns out to be a copy of it.
    fn set_strays(&mut self, event: &Event) {
        let Some(said) = event.said.and_then(|said| self.log.submission(said)) else { return };
        let author = said.user;
        for number in said.events.clone() {
            let Some(other) = self.log.event(number).filter(|other| other.nick != event.nick)
            else {
                continue;
            };
            let same = (other.at, other.content) == (event.at, event.content);
            let named = other.nick.and_then(|nick| self.occupants.get(&nick));
            let his = named.is_none_or(|one| is_one_of(&one.sessions, author));
            if same
                && !his
                && let Some(other) = self.log.event_mut(number)
            {
                (other.stray, other.kept) = (true, false);
            }
        }
    }

    /// What a user said that became this event.
    fn origin(&self, id: &Arc<str>, content: u64, nick: Option<NickId>) -> Option<usize> {
        let fresh = |said: &Submission| said.events.is_empty();
        let authors = nick.and_then(|nick| self.occupants.get(&nick)).map(|one| &one.sessions);
        let by = |said: &Submission| authors.is_none_or(|authors| is_one_of(authors, said.user));
        let like = self.log.said_like(id, content);
        let like = like.filter_map(|number| Some((number, self.log.submission(number)?)));
        let like: Vec<_> = like.filter(|(_, said)| said.came.is_some()).collect();
        let named = |said: &Submission| said.given.as_ref().is_none_or(|given| given == id);
        let found = like.iter().find(|(_, one)| fresh(one) && by(one) && named(one));
        let found = found.or_else(|| like.iter().find(|(_, one)| fresh(one) && by(one)));
        let found = found.or_else(|| like.iter().find(|(_, one)| fresh(one) && named(one)));
        let found = found.or_else(|| like.iter().find(|(_, one)| fresh(one)));
        let found = found.or_else(|| like.iter().rev().find(|(_, one)| by(one)));
        found.map(|(number, _)| *number)
    }
}

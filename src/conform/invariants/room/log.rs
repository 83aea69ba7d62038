//! The master's messages, as far as it has told anybody, and what users have said.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::numbered::Numbered;
use super::subjects::Subjects;
use super::{NickId, UserId};
use crate::conform::invariants::reading::{Reading, START, digest};
use crate::room::{RoomConfig, StoredMessage};
use crate::stanza::{Stanza, element, ns};
use crate::time::Time;

/// A message of the room: what is said, or the subject.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Event {
    /// Who said it; nobody for the room itself.
    pub nick: Option<NickId>,
    pub id: Arc<str>,
    /// What it says, in one number.
    pub content: u64,
    /// The master's stamp; exact if the master wrote it.
    pub stamp: Time,
    pub exact: bool,
    /// When the master first told it.
    pub at: Time,
    /// The entry that did; none for what was said before the record.
    pub entry: Option<usize>,
    /// Its position: epoch and number.
    pub seq: Option<(Arc<str>, u64)>,
    /// Whether it came late or was only told to who had missed it.
    pub late: bool,
    /// Whether it may have waited for a stream before it was told first.
    pub waited: bool,
    pub subject: bool,
    /// Whether rooms keep it.
    pub kept: bool,
    /// What said it.
    pub said: Option<usize>,
    /// What altered copies of it say.
    pub altered: Vec<u64>,
    /// Whether it is a copy of another event of the same instant, under the wrong nick.
    pub stray: bool,
}

/// What a user sent to everybody.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Submission {
    pub user: UserId,
    pub at: Time,
    pub entry: usize,
    pub id: Arc<str>,
    /// The id that a slave gave it, if it had none, once that has shown.
    pub given: Option<Arc<str>>,
    pub content: u64,
    /// Whether he was in the room and had a voice.
    pub voiced: bool,
    /// Whether his slave was down, which keeps no account of it then.
    pub unserved: bool,
    /// Whether the slave of its author keeps it for a while, or treats it itself.
    pub held: bool,
    /// When it reached the master last.
    pub came: Option<Time>,
    /// The least stamp that it can have got when it first did, if that is known.
    pub least: Option<Time>,
    /// The events that it became.
    pub events: Vec<usize>,
    /// Whether its author got an error for it.
    pub returned: bool,
    /// When he got that, if nothing tells which of several it is for.
    pub guessed: Option<Time>,
}

/// The messages of a run: those that anybody may still be told, each with its number.
#[derive(Debug, Default)]
pub(in crate::conform) struct Log {
    events: Numbered<Event>,
    said: Numbered<Submission>,
    /// What was ever the subject.
    pub subjects: Subjects,
    none: Arc<str>,
    /// How many messages have come since the oldest were forgotten last.
    fresh: usize,
    /// How many were left then.
    left: usize,
}

/// Content and id: what differs in most comes first.
pub(in crate::conform) type Key = (u64, Arc<str>);

impl Log {
    /// With what was said before the record.
    pub fn begin(&mut self, config: &RoomConfig, nick: &mut dyn FnMut(&str) -> NickId) {
        for past in &config.history {
            let mut body = element("body", ns::CLIENT, &[]);
            body.append_text(past.text.as_str());
            self.push(Event {
                nick: Some(nick(&past.author)),
                content: digest(START, &body),
                stamp: past.stamp,
                ..Event::past(StoredMessage::is_kept(&[body]), false)
            });
        }
        if let Some(past) = &config.subject {
            let mut subject = element("subject", ns::CLIENT, &[]);
            subject.append_text(past.text.as_str());
            self.push(Event {
                nick: Some(nick(&past.author)),
                content: digest(START, &subject),
                stamp: past.stamp,
                ..Event::past(false, true)
            });
        }
    }

    /// With these messages of the past, as the room shows them.
    pub fn begin_with(
        &mut self,
        past: &[Stanza],
        room: &str,
        nick: &mut dyn FnMut(&str) -> NickId,
    ) {
        for stanza in past {
            let reading = Reading::new(stanza, room);
            let stamp = reading.dmuc.and_then(|dmuc| dmuc.stamp).or(reading.delay);
            let event = Event {
                nick: reading.nick.map(&mut *nick),
                id: self.id(&reading),
                content: reading.content,
                stamp: stamp.unwrap_or(Time::from_micros(i64::MIN)),
                exact: reading.dmuc.is_some_and(|dmuc| dmuc.stamp.is_some()),
                seq: reading.dmuc.and_then(|dmuc| dmuc.at).map(|(epoch, seq)| (epoch.into(), seq)),
                ..Event::past(reading.is_kept(), stanza.is_subject_change())
            };
            self.push(event);
        }
    }

    pub fn push(&mut self, event: Event) -> usize {
        if event.subject {
            self.subjects.learn(event.content, event.nick);
        }
        self.fresh += 1;
        self.events.push((event.content, event.id.clone()), event)
    }

    /// This event, if it is not forgotten.
    pub fn event(&self, number: usize) -> Option<&Event> {
        self.events.get(number)
    }

    /// Whether the master has one of these before the other: by their numbers in one run, or as
    /// they were told. What had to wait for a stream was told when others had heard later news
    /// already: then it goes by their stamps.
    pub fn precedes(&self, one: usize, other: usize) -> bool {
        let told = || one < other;
        let Some((first, second)) = self.event(one).zip(self.event(other)) else { return told() };
        let stamped = |event: &Event| event.exact && !event.late;
        let waited = if one < other { second.waited } else { first.waited };
        match (&first.seq, &second.seq) {
            (Some((run, one)), Some((same, other))) if run == same => one < other,
            _ if waited && stamped(first) && stamped(second) => first.stamp < second.stamp,
            _ => told(),
        }
    }

    /// Whether this event is news, and not told late.
    pub fn is_news(&self, number: usize) -> bool {
        self.event(number).is_some_and(|event| !event.late && !event.stray)
    }

    /// The same, to be told more of it.
    pub fn event_mut(&mut self, number: usize) -> Option<&mut Event> {
        self.events.get_mut(number)
    }

    /// All events, oldest first.
    pub fn events(&self) -> impl Iterator<Item = (usize, &Event)> {
        self.events.iter()
    }

    /// What a user has said, if it is not forgotten.
    pub fn submission(&self, number: usize) -> Option<&Submission> {
        self.said.get(number)
    }

    /// The same, to be told more of it.
    pub fn submission_mut(&mut self, number: usize) -> Option<&mut Submission> {
        self.said.get_mut(number)
    }

    /// What users have said, from this number on, oldest first.
    pub fn submissions_since(&self, first: usize) -> impl Iterator<Item = (usize, &Submission)> {
        self.said.since(first)
    }

    /// The same, to be told more of it.
    pub fn submissions_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Submission> {
        self.said.iter_mut()
    }

    /// What a user said that became this event.
    pub fn origin(&self, event: &Event) -> Option<&Submission> {
        self.submission(event.said?)
    }

    /// A shared id.
    pub fn id(&self, reading: &Reading<'_>) -> Arc<str> {
        reading.stanza.id.clone().unwrap_or_else(|| self.none.clone())
    }

    /// The events with this id that say this, oldest first.
    pub fn like(&self, id: &Arc<str>, content: u64) -> &[usize] {
        self.events.like(&(content, id.clone()))
    }

    /// The event that this copy from the master is of.
    pub fn event_of(
        &self,
        reading: &Reading<'_>,
        nick: Option<NickId>,
        now: Time,
    ) -> Option<usize> {
        let dmuc = reading.dmuc.unwrap_or_default();
        let stamp = dmuc.stamp.or(reading.delay);
        let like = self.like(&self.id(reading), reading.content).iter().rev().copied();
        let like = like.filter_map(|number| Some((number, self.event(number)?)));
        let mut like = like.filter(|(_, event)| event.nick == nick);
        let found = like.find(|(_, event)| match (&event.seq, dmuc.at, stamp) {
            (Some((epoch, seq)), Some((told, number)), _) => **epoch == *told && *seq == number,
            (_, _, Some(stamp)) if event.exact => event.stamp == stamp,
            (_, _, Some(stamp)) => event.stamp.max(stamp).since(event.stamp.min(stamp)) < CLOSE,
            (_, _, None) => event.at == now,
        });
        found.map(|(number, _)| number)
    }

    /// The event that a user hears.
    pub fn heard(&self, reading: &Reading<'_>, nick: Option<NickId>) -> Option<usize> {
        let like = self.like(&self.id(reading), reading.content).iter().rev().copied();
        let like = like.filter_map(|number| Some((number, self.event(number)?)));
        let mut like = like.filter(|(_, event)| event.nick == nick);
        let found = match reading.delay {
            None => like.next(),
            Some(stamp) => like.find(|(_, event)| match event.exact {
                true => event.stamp == stamp,
                false => event.stamp.max(stamp).since(event.stamp.min(stamp)) < CLOSE,
            }),
        };
        found.map(|(number, _)| number)
    }

    /// The last thing with this id that somebody of this nick said and was told since an instant.
    pub fn told_as(&self, id: &str, nick: NickId, since: Time) -> Option<&Event> {
        let last = self.events.iter().rev().take(RECENT_MAX).map(|(_, event)| event);
        let mut recent = last.take_while(|event| event.at >= since);
        recent.find(|event| *event.id == *id && event.nick == Some(nick) && !event.subject)
    }

    /// What users have said with this id, or without one that a slave may have given it, the last
    /// first.
    pub fn said_as(&self, id: &str) -> impl Iterator<Item = &Submission> {
        let last = self.said.iter().rev().take(RECENT_MAX).map(|(_, said)| said);
        last.filter(move |said| match &said.given {
            Some(given) => **given == *id,
            None => *said.id == *id || said.id.is_empty(),
        })
    }

    pub fn say(&mut self, said: Submission) -> usize {
        self.fresh += 1;
        self.said.push((said.content, said.id.clone()), said)
    }

    /// What is told with this id: the first that said it without one got it from a slave.
    pub fn learn_id(&mut self, reading: &Reading<'_>) {
        let Some(id) = reading.stanza.id.as_ref().filter(|_| reading.stanza.is_groupchat()) else {
            return;
        };
        let key = (reading.content, self.none.clone());
        let given = |number: &usize| self.said.get(*number).map(|said| said.given.as_ref());
        let like = self.said.like(&key);
        if like.iter().any(|number| given(number) == Some(Some(id))) {
            return;
        }
        let first = like.iter().copied().find(|number| given(number) == Some(None));
        if let Some(first) = first.and_then(|first| self.said.get_mut(first)) {
            first.given = Some(id.clone());
        }
    }

    /// What users have said with this id, oldest first. A slave may have given it the id.
    pub fn said_like(&self, id: &Arc<str>, content: u64) -> impl DoubleEndedIterator<Item = usize> {
        let with = self.said.like(&(content, id.clone()));
        let without: &[usize] =
            if id.is_empty() { &[] } else { self.said.like(&(content, self.none.clone())) };
        with.iter().chain(without).copied()
    }

    /// Whether anything with this id that says this is not forgotten.
    pub fn knows(&self, key: &Key) -> bool {
        let is_it = |number: &usize| {
            let said = self.said.get(*number);
            said.is_some_and(|said| said.given.as_ref() == Some(&key.1))
        };
        !self.events.like(key).is_empty()
            || !self.said.like(key).is_empty()
            || self.said.like(&(key.0, self.none.clone())).iter().any(is_it)
    }

    /// Whether so many messages have come that it is time to forget.
    pub fn is_full(&self) -> bool {
        // All are looked through: the more there are, the less often.
        self.fresh >= FRESH_LEAST.max(self.left)
    }

    /// Forget all events and all that was said before `horizon`, but the last subject, the last
    /// `kept` messages that rooms keep, and what became an event that is not forgotten.
    pub fn forget(&mut self, horizon: Time, kept: usize) {
        self.fresh = 0;
        let last = self.events.iter().rev();
        let subject = last.clone().find(|(_, event)| event.subject).map(|(number, _)| number);
        let mut history = last.filter(|(_, event)| event.is_history());
        let too_old = history.nth(kept).map(|(number, _)| number);
        drop(history);
        self.events.retain(|number, event| {
            let needed = event.is_history() && Some(number) > too_old;
            event.at >= horizon || needed || Some(number) == subject
        });
        self.events.keep_last(LOG_MAX);
        let became: BTreeSet<_> = self.events.iter().filter_map(|(_, event)| event.said).collect();
        self.said.retain(|number, said| said.at >= horizon || became.contains(&number));
        self.said.keep_last(LOG_MAX);
        self.left = self.events.len();
    }
}

impl Event {
    /// Whether a copy of it says this.
    pub fn says(&self, literal: u64) -> bool {
        self.content == literal || self.altered.contains(&literal)
    }

    /// A copy of it says this.
    pub fn alter(&mut self, literal: u64) {
        if !self.says(literal) && self.altered.len() < ALTERED_MAX {
            self.altered.push(literal);
        }
    }

    /// Whether newcomers may be told of it.
    pub fn is_history(&self) -> bool {
        self.kept && !self.subject && !self.stray
    }

    fn past(kept: bool, subject: bool) -> Self {
        Self {
            nick: None,
            id: Arc::default(),
            content: 0,
            stamp: Time::default(),
            exact: true,
            at: Time::from_micros(i64::MIN),
            entry: None,
            seq: None,
            late: true,
            waited: false,
            subject,
            kept,
            said: None,
            altered: Vec::new(),
            stray: false,
        }
    }
}

/// Among how many messages is looked for one that says something else.
const RECENT_MAX: usize = 64;

/// How many different copies of an event are told apart.
const ALTERED_MAX: usize = 16;

/// After how many messages at least the oldest are looked through.
const FRESH_LEAST: usize = 128;

/// How many messages are remembered whatever may still be told of them.
const LOG_MAX: usize = 20_000;

/// How far the master's stamp is at most from when it was seen to act: no two of a room are equal.
const CLOSE: crate::time::Duration = crate::time::Duration::from_millis(1);

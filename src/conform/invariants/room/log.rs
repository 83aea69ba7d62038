//! The master's messages, as far as it has told anybody, and what users have said.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{NickId, UserId};
use crate::conform::invariants::reading::{FNV, Reading, digest};
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
    pub subject: bool,
    /// Whether rooms keep it.
    pub kept: bool,
    /// What said it.
    pub said: Option<usize>,
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
    /// When it reached the master, and by which server.
    pub came: Option<(Time, bool)>,
    /// The events that it became.
    pub events: Vec<usize>,
    /// Whether its author got an error for it.
    pub returned: bool,
}

/// The messages of a run.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct Log {
    pub events: Vec<Event>,
    by_content: BTreeMap<(Arc<str>, u64), Vec<usize>>,
    pub said: Vec<Submission>,
    by_submission: BTreeMap<(Arc<str>, u64), Vec<usize>>,
    none: Arc<str>,
}

impl Log {
    /// With what was said before the record.
    pub fn begin(&mut self, config: &RoomConfig, nick: &mut dyn FnMut(&str) -> NickId) {
        for past in &config.history {
            let mut body = element("body", ns::CLIENT, &[]);
            body.append_text(past.text.as_str());
            self.push(Event {
                nick: Some(nick(&past.author)),
                content: digest(FNV, &body),
                stamp: past.stamp,
                ..Event::past(StoredMessage::is_kept(&[body]), false)
            });
        }
        if let Some(past) = &config.subject {
            let mut subject = element("subject", ns::CLIENT, &[]);
            subject.append_text(past.text.as_str());
            self.push(Event {
                nick: Some(nick(&past.author)),
                content: digest(FNV, &subject),
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
        let number = self.events.len();
        let key = (event.id.clone(), event.content);
        self.by_content.entry(key).or_default().push(number);
        self.events.push(event);
        number
    }

    /// A shared id.
    pub fn id(&self, reading: &Reading<'_>) -> Arc<str> {
        reading.stanza.id.clone().unwrap_or_else(|| self.none.clone())
    }

    /// The events with this id that say this, oldest first.
    pub fn like(&self, id: &Arc<str>, content: u64) -> &[usize] {
        self.by_content.get(&(id.clone(), content)).map_or(&[], Vec::as_slice)
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
        let mut like = like.filter(|number| self.events[*number].nick == nick);
        like.find(|number| {
            let event = &self.events[*number];
            match (&event.seq, dmuc.at, stamp) {
                (Some((epoch, seq)), Some((told, number)), _) => **epoch == *told && *seq == number,
                (_, _, Some(stamp)) if event.exact => event.stamp == stamp,
                (_, _, Some(stamp)) => event.stamp.max(stamp).since(event.stamp.min(stamp)) < CLOSE,
                (_, _, None) => event.at == now,
            }
        })
    }

    /// The event that a user hears.
    pub fn heard(&self, reading: &Reading<'_>, nick: Option<NickId>) -> Option<usize> {
        let like = self.like(&self.id(reading), reading.content).iter().rev().copied();
        let mut like = like.filter(|number| self.events[*number].nick == nick);
        match reading.delay {
            None => like.next(),
            Some(stamp) => like.find(|number| {
                let event = &self.events[*number];
                match event.exact {
                    true => event.stamp == stamp,
                    false => event.stamp.max(stamp).since(event.stamp.min(stamp)) < CLOSE,
                }
            }),
        }
    }

    /// Whether this was ever the subject.
    pub fn has_subject(&self, content: u64, nick: Option<NickId>) -> bool {
        let mut subjects = self.events.iter().filter(|event| event.subject);
        subjects.any(|event| event.content == content && event.nick == nick)
    }

    pub fn say(&mut self, said: Submission) -> usize {
        let number = self.said.len();
        let key = (said.id.clone(), said.content);
        self.by_submission.entry(key).or_default().push(number);
        self.said.push(said);
        number
    }

    /// What is told with this id: the first that said it without one got it from a slave.
    pub fn learn_id(&mut self, reading: &Reading<'_>) {
        let Some(id) = reading.stanza.id.as_ref().filter(|_| reading.stanza.is_groupchat()) else {
            return;
        };
        let key = (self.none.clone(), reading.content);
        let like = self.by_submission.get(&key).into_iter().flatten();
        let like: Vec<usize> = like.copied().collect();
        let has_it = |number: &usize| self.said[*number].given.as_ref() == Some(id);
        if like.iter().any(has_it) {
            return;
        }
        if let Some(first) = like.into_iter().find(|number| self.said[*number].given.is_none()) {
            self.said[first].given = Some(id.clone());
        }
    }

    /// What users have said with this id, oldest first. A slave may have given it the id.
    pub fn said_like(&self, id: &Arc<str>, content: u64) -> impl DoubleEndedIterator<Item = usize> {
        let with = self.by_submission.get(&(id.clone(), content));
        let without = self.by_submission.get(&(self.none.clone(), content));
        let without = without.filter(|_| !id.is_empty());
        with.into_iter().chain(without).flatten().copied()
    }
}

impl Event {
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
            subject,
            kept,
            said: None,
        }
    }
}

/// How far the master's stamp is at most from when it was seen to act: no two of a room are equal.
const CLOSE: crate::time::Duration = crate::time::Duration::from_millis(1);

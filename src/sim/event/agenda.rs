//! What is under way, by the instant of its arrival, and within one instant in the order in which
//! it was sent.
//!
//! Most of what is under way arrives at few instants, so a queue for each instant is cheaper than a
//! heap of stanzas: an arrival costs no comparison and moves nothing.

use std::collections::{BTreeMap, VecDeque};

use super::Event;
use crate::time::Time;

#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Those of the next instant that anything was taken from.
    due: VecDeque<Event>,
    due_at: Time,
    later: BTreeMap<Time, VecDeque<Event>>,
    /// Emptied queues, to be used again.
    spare: Vec<VecDeque<Event>>,
}

/// More spare queues than this are not worth their memory.
const SPARE_MAX: usize = 8;

impl Agenda {
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty() && self.later.is_empty()
    }

    pub(super) fn push(&mut self, at: Time, event: Event) {
        if at == self.due_at && !self.due.is_empty() {
            self.due.push_back(event);
            return;
        }
        let spare = &mut self.spare;
        self.later.entry(at).or_insert_with(|| spare.pop().unwrap_or_default()).push_back(event);
    }

    /// When the next arrives.
    pub(super) fn next(&self) -> Option<Time> {
        let later = self.later.first_key_value().map(|(at, _)| *at);
        if self.due.is_empty() { later } else { Some(self.due_at) }
    }

    /// The next, if it arrives no later than at `now`.
    pub(super) fn pop(&mut self, now: Time) -> Option<Event> {
        if self.due.is_empty() {
            let entry = self.later.first_entry().filter(|entry| *entry.key() <= now)?;
            self.due_at = *entry.key();
            let emptied = std::mem::replace(&mut self.due, entry.remove());
            if self.spare.len() < SPARE_MAX {
                self.spare.push(emptied);
            }
        }
        self.due.pop_front()
    }

    /// Take out, in order, what `wanted` wants.
    pub(super) fn extract(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Vec<Event> {
        let mut extracted = Vec::new();
        for queue in std::iter::once(&mut self.due).chain(self.later.values_mut()) {
            for event in std::mem::take(queue) {
                if wanted(&event) {
                    extracted.push(event);
                } else {
                    queue.push_back(event);
                }
            }
        }
        self.later.retain(|_, queue| !queue.is_empty());
        extracted
    }
}

//! What is written down of a run: everything, or counts only.

use crate::dmuc::Note;
use crate::stanza::{ShortNames, Stanza};
use crate::time::Time;
use crate::transcript::{
    Entry, Fault, Header, Hop, Name, StreamEvent, Transcript, What, is_client,
};

/// How much happened. Counted whether the recorder is on or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Stanzas that left a host.
    pub sent: u64,
    /// Stanzas that arrived.
    pub delivered: u64,
    /// Stanzas that a server could not deliver.
    pub undeliverable: u64,
    /// Stanzas that left a server for another server.
    pub crossed: u64,
}

/// The recorder of a run; off until [`World::begin_record`](super::World::begin_record).
#[derive(Debug, Default)]
pub struct Recorder {
    transcript: Option<Transcript>,
    counters: Counters,
}

impl Recorder {
    /// Start a record.
    pub(super) fn begin(&mut self, header: Header) {
        self.transcript = Some(Transcript::new(header));
        self.counters = Counters::default();
    }

    /// End the record and hand it out, if there was one.
    pub fn finish(&mut self) -> Option<Transcript> {
        self.transcript.take()
    }

    /// Whether it records.
    pub fn is_on(&self) -> bool {
        self.transcript.is_some()
    }

    /// The record so far.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.transcript.as_ref()
    }

    /// How much happened since the record began.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// A line of the scenario begins.
    pub fn line(&mut self, now: Time, number: u32, text: &str) {
        self.push(now, || What::Line { number, text: text.into() });
    }

    fn push(&mut self, now: Time, what: impl FnOnce() -> What) {
        let is_logged = tracing::enabled!(target: "wallops::sim", tracing::Level::DEBUG);
        if !is_logged && self.transcript.is_none() {
            return;
        }
        let entry = Entry { at: now, what: what() };
        if is_logged {
            tracing::debug!(target: "wallops::sim", "{}", entry.headline());
        }
        if let Some(transcript) = &mut self.transcript {
            transcript.entries.push(entry);
        }
    }

    /// `since`: since when it was to be sent. `names`: the hosts that it leaves and goes to.
    pub(super) fn sent<'a>(
        &mut self,
        (now, since): (Time, Time),
        names: impl FnOnce() -> (&'a Name, &'a Name),
        stanza: &Stanza,
    ) -> Option<usize> {
        self.counters.sent += 1;
        let is_logged = tracing::enabled!(target: "wallops::sim", tracing::Level::DEBUG);
        if !is_logged && self.transcript.is_none() {
            return None;
        }
        let (from, to) = names();
        if is_logged {
            let words = stanza.describe(&ShortNames::default());
            tracing::debug!(target: "wallops::sim", "{from} -> {to}  {words}");
        }
        let transcript = self.transcript.as_mut()?;
        self.counters.crossed += u64::from(!is_client(from) && !is_client(to));
        let hop = Hop::new(from.clone(), to.clone(), stanza.clone());
        Some(transcript.push(now, What::Hop(Hop { waited: now.since(since), ..hop })))
    }

    pub(super) fn delivered(&mut self, entry: Option<usize>, now: Time) {
        self.counters.delivered += 1;
        if let (Some(transcript), Some(entry)) = (&mut self.transcript, entry) {
            transcript.delivered(entry, now);
        }
    }

    pub(super) fn lost(&mut self, entry: usize) {
        if let Some(transcript) = &mut self.transcript {
            transcript.lost(entry);
        }
    }

    pub(super) fn undeliverable(&mut self, now: Time, at: &Name, to: Name, stanza: Stanza) {
        self.counters.undeliverable += 1;
        self.push(now, || What::Undeliverable { at: at.clone(), to, stanza });
    }

    pub(super) fn note(&mut self, now: Time, note: Note) {
        self.push(now, || What::Note(note));
    }

    pub(super) fn fault(&mut self, now: Time, fault: Fault) {
        self.push(now, || What::Fault(fault));
    }

    pub(super) fn stream(&mut self, now: Time, from: Name, to: Name, event: StreamEvent) {
        self.push(now, || What::Stream { from, to, event });
    }
}

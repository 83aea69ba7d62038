//! A record as steps: what left, what came, and all else, in the order of time.
//!
//! The record has what leaves a host, and how long it took. What came at an instant is taken before
//! what left at it: machines take no time, and act on what came.

use std::collections::BTreeMap;

use super::reading::Reading;
use super::room::{Class, Passage, Room};
use crate::dmuc::Note;
use crate::time::Time;
use crate::transcript::{Entry, Fate, Fault, Hop, StreamEvent, What};

/// One thing that happened.
#[derive(Debug)]
pub(in crate::conform) struct Step<'a> {
    /// The entry that tells of it.
    pub entry: usize,
    /// When it happened.
    pub at: Time,
    /// What.
    pub what: Happening<'a>,
}

/// What can happen, as far as it concerns a room.
#[derive(Debug)]
pub(in crate::conform) enum Happening<'a> {
    /// A stanza left a host.
    Left(&'a Passage<'a>),
    /// It came where it was to go.
    Came(&'a Passage<'a>),
    /// A server could not deliver it.
    Undeliverable { at: &'a str, reading: &'a Reading<'a> },
    /// A machine tells of itself.
    Note(&'a Note),
    /// The network or a host was tampered with.
    Fault(&'a Fault),
    /// Something became of a stream.
    Stream { from: &'a str, to: &'a str, event: &'a StreamEvent },
    /// The script goes on.
    Line,
}

/// Turns entries into steps.
#[derive(Debug, Default)]
pub(in crate::conform) struct Steps {
    /// What will come, by when and by its entry: it is read again then.
    under_way: BTreeMap<(Time, usize), UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    class: Class,
    hop: Hop,
    /// [`Reading::content`].
    content: u64,
    /// [`Reading::literal`].
    literal: u64,
}

impl Steps {
    /// The steps that this entry brings, the arrivals before it first.
    pub fn feed(
        &mut self,
        room: &mut Room,
        number: usize,
        entry: &Entry,
        take: &mut impl FnMut(&mut Room, &Step<'_>),
    ) {
        self.arrive(room, entry.at, take);
        let mut tell = |room: &mut Room, what| {
            take(room, &Step { entry: number, at: entry.at, what });
        };
        match &entry.what {
            What::Hop(hop) => {
                let Some(passage) = room.passage(hop) else { return };
                let misnamed = room.misnamed(&passage, entry.at);
                let mut passage = passage;
                if let Some((from, came)) = &misnamed {
                    passage.reading.rename(from, &room.address, *came);
                }
                if let Some(content) = room.meant(&passage, entry.at) {
                    passage.reading.content = content;
                }
                tell(room, Happening::Left(&passage));
                if let Fate::Delivered(after) = hop.fate {
                    let Reading { content, literal, .. } = passage.reading;
                    let one = UnderWay { class: passage.class, hop: hop.clone(), content, literal };
                    self.under_way.insert((entry.at + after, number), one);
                }
            }
            What::Undeliverable { at, stanza, .. } => {
                let reading = Reading::new(stanza, &room.address);
                tell(room, Happening::Undeliverable { at, reading: &reading });
            }
            What::Note(note) => tell(room, Happening::Note(note)),
            What::Fault(fault) => tell(room, Happening::Fault(fault)),
            What::Stream { from, to, event } => {
                tell(room, Happening::Stream { from, to, event });
            }
            What::Line { .. } => tell(room, Happening::Line),
        }
    }

    /// What comes until this instant.
    pub fn arrive(
        &mut self,
        room: &mut Room,
        until: Time,
        take: &mut impl FnMut(&mut Room, &Step<'_>),
    ) {
        while let Some(first) = self.under_way.first_entry().filter(|one| one.key().0 <= until) {
            let ((at, entry), UnderWay { class, hop, content, literal }) = first.remove_entry();
            let reading = Reading::again(&hop.stanza, &room.address, content, literal);
            let passage = Passage { class, hop: &hop, reading };
            take(room, &Step { entry, at, what: Happening::Came(&passage) });
        }
    }
}

impl Step<'_> {
    /// Whether somebody does something: a user, the script, or who tampers with the network.
    pub fn disturbs(&self) -> bool {
        match &self.what {
            Happening::Left(passage) => matches!(passage.class, Class::Up(_)),
            Happening::Fault(_) | Happening::Line => true,
            Happening::Stream { from, .. } => crate::transcript::is_client(from),
            _ => false,
        }
    }
}

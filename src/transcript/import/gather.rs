//! What importers have in common: entries and notices as they come, brought into the order of
//! time at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::host::Hosts;
use super::{ELEMENTS_MAX, Format, ImportOptions, Imported, Notice, Remark, STANZAS_MAX};
use crate::stanza::{Element, Jid, Kind, Payloads, ReadError, Stanza, Type};
use crate::time::Time;
use crate::transcript::copies::Copies;
use crate::transcript::{Entry, Fate, Header, Hop, Name, Transcript, What};

/// How many notices are kept; of the others there is one that says how many they are.
const NOTICES_MAX: usize = 10_000;

/// What was read up to now.
pub(super) struct Gathered {
    /// The names of the hosts.
    pub hosts: Hosts,
    /// With the lines on which they begin, in the order of the text.
    entries: Vec<(usize, Entry)>,
    notices: Vec<Notice>,
    /// How many notices more there are than are kept.
    unsaid: usize,
    /// The domains that the server serves whose log it is.
    pub served: BTreeSet<Name>,
    /// How many lines and elements tell of no stanza.
    pub passed_over: usize,
    stanzas: usize,
    elements: usize,
    copies: Copies,
}

/// Why no more is taken: a bound, in words.
#[derive(Debug)]
pub(super) struct Full {
    found: String,
    expected: String,
}

impl Full {
    pub fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { found: found.into(), expected: expected.into() }
    }

    /// The error of this, at a byte of `text`.
    pub fn at(self, text: &str, offset: usize) -> ReadError {
        ReadError::at(text, offset, self.found, self.expected)
    }
}

/// What tells a stanza on one stream that it is the one of another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ContentKey(Kind, Type, Option<Arc<str>>, Option<Arc<Jid>>);

/// What is told of stanzas by what tells them: the line, and the content.
pub(super) type Contents = BTreeMap<ContentKey, (usize, Payloads)>;

impl ContentKey {
    pub fn of(stanza: &Stanza) -> Self {
        Self(stanza.kind, stanza.type_.clone(), stanza.id.clone(), stanza.to.clone())
    }
}

impl Gathered {
    pub fn new(options: &ImportOptions) -> Self {
        Self {
            hosts: Hosts::new(&options.hosts),
            entries: Vec::new(),
            notices: Vec::new(),
            unsaid: 0,
            served: BTreeSet::new(),
            passed_over: 0,
            stanzas: 0,
            elements: 0,
            copies: Copies::default(),
        }
    }

    /// Whether there are no entries yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Say that something is not told as the text tells it.
    pub fn notice(&mut self, line: usize, remark: Remark, about: impl Into<String>) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(Notice { line, remark, about: about.into() });
        } else {
            self.unsaid += 1;
        }
    }

    /// Count a stanza that was read, before it is kept; what it has in common with others is kept
    /// once.
    pub fn admit(&mut self, stanza: &mut Stanza) -> Result<(), Full> {
        self.copies.share(stanza);
        self.stanzas += 1;
        self.elements += 1 + stanza.payloads.iter().map(count_elements).sum::<usize>();
        if self.stanzas > STANZAS_MAX {
            return Err(Full::new("one more stanza", format!("at most {STANZAS_MAX} stanzas")));
        }
        if self.elements > ELEMENTS_MAX {
            let expected = format!("at most {ELEMENTS_MAX} elements in all stanzas together");
            return Err(Full::new("one more element", expected));
        }
        Ok(())
    }

    /// A stanza that went from one host to another.
    pub fn hop(
        &mut self,
        line: usize,
        at: Time,
        (from, to): (Name, Name),
        stanza: Stanza,
        fate: Fate,
    ) {
        if let Some(attribute) = stanza.malformed_address() {
            let about = format!("the `{attribute}` of a stanza is not a JID");
            self.notice(line, Remark::Kept, about);
        }
        let what = What::Hop(Hop { fate, ..Hop::new(from, to, stanza) });
        self.entries.push((line, Entry { at, what }));
    }

    /// The contents of the stanzas that have an id, with their lines.
    pub fn contents(&self) -> Contents {
        let with_id = self.entries.iter().filter_map(|(line, entry)| match &entry.what {
            What::Hop(hop) if hop.stanza.id.is_some() => Some((*line, &hop.stanza)),
            _ => None,
        });
        with_id
            .map(|(line, stanza)| (ContentKey::of(stanza), (line, stanza.payloads.clone())))
            .collect()
    }

    /// The record: entries in the order of their times, and of the text where these are equal.
    pub fn finish(mut self, text: &str, format: Format) -> Result<Imported, ReadError> {
        if self.entries.is_empty() {
            let (found, expected) = match self.notices.last() {
                Some(notice) => (format!("no stanza that can be used ({notice})"), "a stanza"),
                None => ("no stanza".to_owned(), "a stanza"),
            };
            return Err(ReadError::at(text, text.len(), found, expected));
        }
        self.entries.sort_by_key(|(line, _)| *line);
        self.notice_moves();
        self.entries.sort_by_key(|(_, entry)| entry.at);
        self.notices.sort_by_key(|notice| notice.line);
        if let (Some(last), 1..) = (self.notices.last(), self.unsaid) {
            let about = format!("{} notices more than are shown", self.unsaid);
            self.notices.push(Notice { line: last.line, remark: Remark::LeftOut, about });
        }
        let epoch = self.entries.first().map_or(Time::XEP_EPOCH, |(_, entry)| entry.at);
        let header = Header { network: format.name().to_owned(), epoch, ..Header::default() };
        let mut transcript = Transcript::new(header);
        let lines;
        (lines, transcript.entries) = self.entries.into_iter().unzip();
        let Self { notices, served, passed_over, .. } = self;
        let ends = false;
        Ok(Imported { transcript, lines, notices, served, passed_over, ends })
    }

    /// Tell what will stand before something that the text has before it.
    fn notice_moves(&mut self) {
        let mut latest: Option<(usize, Time)> = None;
        let mut moved = Vec::new();
        for (line, entry) in &self.entries {
            match latest {
                Some((before, at)) if entry.at < at => moved.push((*line, before)),
                _ => latest = Some((*line, entry.at)),
            }
        }
        let told = moved.iter().take(if moved.len() > MOVED_MAX { 1 } else { MOVED_MAX });
        let told: Vec<_> = told.copied().collect();
        let more = match (moved.len() - told.len(), moved.last()) {
            (more @ 1.., Some((last, _))) => {
                format!(", and so with {more} more entries until line {last}")
            }
            _ => String::new(),
        };
        for (line, before) in told {
            let about = format!("its time is before that of line {before}{more}");
            self.notice(line, Remark::Moved, about);
        }
    }
}

/// So many entries that are moved are told of one by one; of more, one stands for all.
const MOVED_MAX: usize = 3;

/// Elements are no deeper than the reader's bound, so that this needs little stack.
fn count_elements(element: &Element) -> usize {
    1 + element.children().map(count_elements).sum::<usize>()
}

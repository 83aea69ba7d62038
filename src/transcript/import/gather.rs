//! What importers have in common: entries and notices as they come, brought into the order of
//! time at the end.

use super::host::Hosts;
use super::{ELEMENTS_MAX, Format, ImportOptions, Imported, Notice, Remark, STANZAS_MAX};
use crate::stanza::{Element, ReadError, Stanza};
use crate::time::Time;
use crate::transcript::{Entry, Fate, Header, Hop, Name, Transcript, What};

/// What was read up to now.
pub(super) struct Gathered {
    /// The names of the hosts.
    pub hosts: Hosts,
    /// With the lines on which they begin, in the order of the text.
    entries: Vec<(usize, Entry)>,
    notices: Vec<Notice>,
    stanzas: usize,
    elements: usize,
}

/// Why no more is taken: a bound, in words.
#[derive(Debug)]
pub(super) struct Full {
    found: String,
    expected: String,
}

impl Full {
    /// The error of this, at a byte of `text`.
    pub fn at(self, text: &str, offset: usize) -> ReadError {
        ReadError::at(text, offset, self.found, self.expected)
    }
}

impl Gathered {
    pub fn new(options: &ImportOptions) -> Self {
        Self {
            hosts: Hosts::new(&options.hosts),
            entries: Vec::new(),
            notices: Vec::new(),
            stanzas: 0,
            elements: 0,
        }
    }

    /// Whether there are no entries yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Say that something is not told as the text tells it.
    pub fn notice(&mut self, line: usize, remark: Remark, about: impl Into<String>) {
        self.notices.push(Notice { line, remark, about: about.into() });
    }

    /// A stanza that went from one host to another.
    pub fn hop(
        &mut self,
        line: usize,
        at: Time,
        (from, to): (Name, Name),
        stanza: Stanza,
        fate: Fate,
    ) -> Result<(), Full> {
        self.stanzas += 1;
        self.elements += 1 + stanza.payloads.iter().map(count_elements).sum::<usize>();
        if self.stanzas > STANZAS_MAX {
            return Err(Full {
                found: "one more stanza".to_owned(),
                expected: format!("at most {STANZAS_MAX} stanzas"),
            });
        }
        if self.elements > ELEMENTS_MAX {
            return Err(Full {
                found: "one more element".to_owned(),
                expected: format!("at most {ELEMENTS_MAX} elements in all stanzas together"),
            });
        }
        if let Some(attribute) = stanza.malformed_address() {
            self.notice(line, Remark::Kept, format!("the `{attribute}` of a stanza is not a JID"));
        }
        let what = What::Hop(Hop { from, to, stanza, fate });
        self.entries.push((line, Entry { at, what }));
        Ok(())
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
        self.notice_moves();
        self.entries.sort_by_key(|(_, entry)| entry.at);
        self.notices.sort_by_key(|notice| notice.line);
        let epoch = self.entries.first().map_or(Time::XEP_EPOCH, |(_, entry)| entry.at);
        let header = Header { network: format.name().to_owned(), epoch, ..Header::default() };
        let mut transcript = Transcript::new(header);
        transcript.entries = self.entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(Imported { transcript, notices: self.notices })
    }

    /// Tell what will stand before something that the text has before it.
    fn notice_moves(&mut self) {
        let mut latest: Option<(usize, Time)> = None;
        for (line, entry) in &self.entries {
            match latest {
                Some((before, at)) if entry.at < at => self.notices.push(Notice {
                    line: *line,
                    remark: Remark::Moved,
                    about: format!("its time is before that of line {before}"),
                }),
                _ => latest = Some((*line, entry.at)),
            }
        }
    }
}

/// Elements are no deeper than the reader's bound, so that this needs little stack.
fn count_elements(element: &Element) -> usize {
    1 + element.children().map(count_elements).sum::<usize>()
}

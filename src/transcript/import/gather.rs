//! What importers have in common: entries and notices as they come, brought into the order of
//! time at the end.

use std::collections::BTreeSet;
use std::io;

use super::host::Hosts;
use super::{
    ELEMENTS_MAX, Format, ImportOptions, Imported, ImportedRecord, Notice, Remark,
    STANZAS_IN_SPACE_MAX, STANZAS_MAX,
};
use crate::stanza::{Element, ReadError, Stanza};
use crate::time::Time;
use crate::transcript::copies::Copies;
use crate::transcript::sorted::{Numbered, Sorting, key_of, time_of};
use crate::transcript::sorter::Sorter;
use crate::transcript::{Header, Name, Space, StoredError, Transcript};

/// How many notices are kept; of the others there is one that says how many they are.
const NOTICES_MAX: usize = 10_000;

/// What was read up to now.
pub(super) struct Gathered {
    /// The names of the hosts.
    pub hosts: Hosts,
    entries: Entries,
    /// When the first entry was.
    first: Option<Time>,
    notices: Vec<Notice>,
    /// How many notices more there are than are kept.
    unsaid: usize,
    /// The domains that the server serves whose log it is.
    pub served: BTreeSet<Name>,
    /// How many lines and elements tell of no stanza.
    pub passed_over: usize,
    /// What the last stanzas had in them.
    pub copies: Copies,
    /// How many stanzas were read.
    stanzas: usize,
    /// Where what is to be put into order is kept meanwhile.
    pub space: Space,
    failed: Option<io::Error>,
}

/// Entries as they come.
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
enum Entries {
    /// In memory.
    Held {
        /// With the lines on which they begin, and their numbers, in the order of the text.
        entries: Vec<Numbered>,
        elements: usize,
    },
    /// Not in memory.
    Sorting {
        entries: Sorting,
        /// The instants of the entries, by their lines.
        moves: Sorter,
    },
}

impl Entries {
    fn len(&self) -> usize {
        match self {
            Self::Held { entries, .. } => entries.len(),
            Self::Sorting { entries, .. } => entries.len(),
        }
    }
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

impl Gathered {
    /// Hold all that comes in memory.
    pub fn new(options: &ImportOptions) -> Self {
        let entries = Entries::Held { entries: Vec::new(), elements: 0 };
        Self::with(options, entries, Space::MEMORY)
    }

    /// Keep what comes there.
    pub fn in_space(options: &ImportOptions, space: Space) -> Self {
        let (entries, moves) = (Sorting::new(space), Sorter::of_few_bytes(space));
        Self::with(options, Entries::Sorting { entries, moves }, space)
    }

    fn with(options: &ImportOptions, entries: Entries, space: Space) -> Self {
        Self {
            hosts: Hosts::new(&options.hosts),
            entries,
            first: None,
            notices: Vec::new(),
            unsaid: 0,
            served: BTreeSet::new(),
            passed_over: 0,
            copies: Copies::default(),
            stanzas: 0,
            space,
            failed: None,
        }
    }

    /// Whether there are no entries yet.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// There was no room for something.
    pub fn note(&mut self, kept: io::Result<()>) {
        if let Err(error) = kept {
            self.failed.get_or_insert(error);
        }
    }

    /// Whether there was room for all that came.
    pub fn check(&mut self) -> Result<(), StoredError> {
        self.failed.take().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Say that something is not told as the text tells it.
    pub fn notice(&mut self, line: usize, remark: Remark, about: impl Into<String>) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(Notice { line, remark, about: about.into() });
        } else {
            self.unsaid += 1;
        }
    }

    /// Count a stanza that was read, before it is kept: its number. What it has in common with
    /// others is held once.
    pub fn admit(&mut self, stanza: &mut Stanza) -> Result<usize, Full> {
        self.stanzas += 1;
        let most = match &mut self.entries {
            Entries::Held { elements, .. } => {
                self.copies.share(stanza);
                *elements += 1 + stanza.payloads.iter().map(count_elements).sum::<usize>();
                if *elements > ELEMENTS_MAX {
                    let expected =
                        format!("at most {ELEMENTS_MAX} elements in all stanzas together");
                    return Err(Full::new("one more element", expected));
                }
                STANZAS_MAX
            }
            Entries::Sorting { .. } => STANZAS_IN_SPACE_MAX,
        };
        if self.stanzas > most {
            return Err(Full::new("one more stanza", format!("at most {most} stanzas")));
        }
        Ok(self.stanzas)
    }

    /// A stanza that went from one host to another: its line, its number, and its entry.
    pub fn hop(&mut self, (line, number, entry): Numbered) {
        if let Some(attribute) = entry.stanza().and_then(Stanza::malformed_address) {
            let about = format!("the `{attribute}` of a stanza is not a JID");
            self.notice(line, Remark::Kept, about);
        }
        let at = entry.at;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        let kept = match &mut self.entries {
            Entries::Held { entries, .. } => {
                entries.push((line, number, entry));
                Ok(())
            }
            Entries::Sorting { entries, moves } => {
                let moved = moves.push([line as u64, number as u64, key_of(at)], &[]);
                moved.and_then(|()| entries.push((line, number), &entry))
            }
        };
        self.note(kept);
    }

    /// What is wrong if nothing came.
    pub fn nothing(&self) -> Option<Full> {
        let found = match self.notices.last() {
            Some(notice) => format!("no stanza that can be used ({notice})"),
            None => "no stanza".to_owned(),
        };
        self.is_empty().then(|| Full::new(found, "a stanza"))
    }

    /// The record: entries in the order of their times, and of the text where these are equal.
    pub fn finish(mut self, format: Format) -> Imported {
        let mut transcript = Transcript::new(self.header(format));
        let mut entries = match &mut self.entries {
            Entries::Held { entries, .. } => std::mem::take(entries),
            Entries::Sorting { .. } => Vec::new(),
        };
        entries.sort_by_key(|(line, number, _)| (*line, *number));
        let mut moves = Moves::default();
        entries.iter().for_each(|(line, _, entry)| moves.feed(*line, entry.at));
        entries.sort_by_key(|(.., entry)| entry.at);
        let lines;
        (lines, transcript.entries) =
            entries.into_iter().map(|(line, _, entry)| (line, entry)).unzip();
        let notices = self.all_notices(&moves);
        let Self { served, passed_over, .. } = self;
        Imported { transcript, lines, notices, served, passed_over, ends: false }
    }

    /// The same of a record that is not in memory.
    pub fn finish_in_space(mut self, format: Format) -> Result<ImportedRecord, StoredError> {
        let header = self.header(format);
        let empty = Entries::Held { entries: Vec::new(), elements: 0 };
        let (entries, by_line) = match std::mem::replace(&mut self.entries, empty) {
            Entries::Sorting { entries, moves } => (entries, moves.finish()),
            Entries::Held { .. } => return Err(StoredError::Changed),
        };
        let (mut moves, mut reading) = (Moves::default(), by_line.read());
        while let Some(([line, _, at], _)) = reading.next()? {
            moves.feed(usize::try_from(line).unwrap_or(usize::MAX), time_of(at));
        }
        let notices = self.all_notices(&moves);
        let Self { served, passed_over, .. } = self;
        Ok(ImportedRecord { record: entries.finish(header), notices, served, passed_over })
    }

    fn header(&self, format: Format) -> Header {
        let epoch = self.first.unwrap_or(Time::XEP_EPOCH);
        Header { network: format.name().to_owned(), epoch, ..Header::default() }
    }

    /// All notices, those of entries that are moved among them, by line.
    fn all_notices(&mut self, moves: &Moves) -> Vec<Notice> {
        moves.told().for_each(|(line, about)| self.notice(line, Remark::Moved, about));
        let mut notices = std::mem::take(&mut self.notices);
        notices.sort_by_key(|notice| notice.line);
        if let (Some(last), 1..) = (notices.last(), self.unsaid) {
            let about = format!("{} notices more than are shown", self.unsaid);
            notices.push(Notice { line: last.line, remark: Remark::LeftOut, about });
        }
        notices
    }
}

/// Which entries stand elsewhere in the record than in the text.
#[derive(Default)]
struct Moves {
    /// The latest entry of those above: its line and when it was.
    latest: Option<(usize, Time)>,
    /// The first of those that are before such a one, with the lines of these.
    first: Vec<(usize, usize)>,
    /// How many there are, and the line of the last.
    count: usize,
    last: usize,
}

impl Moves {
    /// The next entry of the text.
    fn feed(&mut self, line: usize, at: Time) {
        match self.latest {
            Some((before, latest)) if at < latest => {
                if self.first.len() < MOVED_MAX {
                    self.first.push((line, before));
                }
                (self.count, self.last) = (self.count + 1, line);
            }
            _ => self.latest = Some((line, at)),
        }
    }

    /// What is to be said of that, by line: what will stand before something that the text has
    /// before it.
    fn told(&self) -> impl Iterator<Item = (usize, String)> {
        let told = if self.count > MOVED_MAX { 1 } else { self.first.len() };
        let more = match self.count - told {
            0 => String::new(),
            more => format!(", and so with {more} more entries until line {}", self.last),
        };
        let first = self.first.iter().take(told);
        first.map(move |(line, before)| {
            (*line, format!("its time is before that of line {before}{more}"))
        })
    }
}

/// So many entries that are moved are told of one by one; of more, one stands for all.
const MOVED_MAX: usize = 3;

/// Elements are no deeper than the reader's bound, so that this needs little stack.
fn count_elements(element: &Element) -> usize {
    1 + element.children().map(count_elements).sum::<usize>()
}

//! A transcript that stays where it is stored: its text is read again each time that one goes
//! through it, so that it may be longer than what memory there is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};

use super::ahead::ahead;
use super::blocks::Blocks;
use super::copies::Copies;
use super::cursor::Names;
use super::day::Day;
use super::import::{Notice, cut_off, cut_within};
use super::read::Reader;
use super::text::END;
use super::{Entry, Header, Record};
use crate::stanza::ReadError;

/// Why a stored transcript cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// It is not what it should be.
    #[error(transparent)]
    Text(#[from] ReadError),
    /// It has bytes that are no text.
    #[error("not UTF-8: the byte at {at} begins no character")]
    NotText {
        /// Where the first of them is.
        at: usize,
    },
    /// It is not what it was when one went through it before.
    #[error("it changed while it was read")]
    Changed,
    /// It cannot be got at.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A transcript, by what opens its text.
pub struct StoredRecord<F> {
    open: F,
    header: Header,
    /// Whether its text is read in a thread of its own.
    ahead: bool,
    end: RefCell<Option<End>>,
    failed: RefCell<Option<StoredError>>,
}

/// How a text ends.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    entries: usize,
    /// What is to be said of that.
    cut: Option<Notice>,
}

impl<F> fmt::Debug for StoredRecord<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord").field("header", &self.header).finish_non_exhaustive()
    }
}

impl<F, R> StoredRecord<F>
where
    F: Fn() -> io::Result<R> + Sync,
    R: Read,
{
    /// Read its header. Whether the rest is right shows when one goes through it.
    ///
    /// # Errors
    ///
    /// If that is no header.
    pub fn new(open: F) -> Result<Self, StoredError> {
        let header = Entries::begin(open()?)?.header;
        let (end, failed) = (RefCell::default(), RefCell::default());
        Ok(Self { open, header, ahead: false, end, failed })
    }

    /// The same, read in a thread of its own while one goes through it.
    #[must_use]
    pub fn read_ahead(self) -> Self {
        Self { ahead: true, ..self }
    }

    /// What is to be said of its end, once one has gone through it: that it is within an entry,
    /// which is left out, or that it does not say so.
    pub fn notice(&self) -> Option<Notice> {
        self.end.borrow().as_ref()?.cut.clone()
    }

    /// Why one could not go through all of it, the last time: the first place that is not what it
    /// should be, or where the time goes back.
    pub fn failure(&self) -> Option<StoredError> {
        self.failed.take()
    }

    /// Go through all entries, in their order, each with its line.
    pub fn each_with_line(&self, take: &mut dyn FnMut(usize, Entry)) {
        if let Err(error) = self.go_through(take) {
            self.failed.replace(Some(error));
        }
    }

    /// Go through those entries that have these numbers, from 0, each with its number and its line.
    /// The others are not looked at again.
    pub fn some(&self, wanted: &BTreeSet<usize>, take: &mut dyn FnMut(usize, usize, Entry)) {
        let mut go = || {
            let mut entries = Entries::begin((self.open)()?)?;
            for number in wanted {
                entries.skip_to(*number)?;
                let Some((line, entry)) = entries.next()? else { break };
                take(*number, line, entry);
            }
            Ok(())
        };
        if let Err(error) = go() {
            self.failed.replace(Some(error));
        }
    }

    fn go_through(&self, take: &mut dyn FnMut(usize, Entry)) -> Result<(), StoredError> {
        let open = &self.open;
        let give = |hand: &mut dyn FnMut((usize, Entry))| {
            read(open, &mut |line, entry| hand((line, entry)))
        };
        let end = match self.ahead {
            true => ahead(give, |(line, entry)| take(line, entry)),
            false => read(open, take),
        }?;
        let before = self.end.replace(Some(end.clone()));
        if before.is_some_and(|before| before != end) {
            return Err(StoredError::Changed);
        }
        Ok(())
    }
}

/// Read all entries.
fn read<F, R>(open: &F, take: &mut dyn FnMut(usize, Entry)) -> Result<End, StoredError>
where
    F: Fn() -> io::Result<R>,
    R: Read,
{
    let mut entries = Entries::begin(open()?)?;
    let (mut before, mut cut) = (None, None);
    loop {
        let (line, entry) = match entries.next() {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(StoredError::Text(error)) => {
                let line = entries.within;
                if before.is_none() || !entries.is_last()? {
                    return Err(error.into());
                }
                cut = Some(cut_within(line, &error));
                break;
            }
            Err(error) => return Err(error),
        };
        if let Some(before) = before.filter(|before| entry.at < *before) {
            return Err(ReadError::back(line, entry.at, before).into());
        }
        before = Some(entry.at);
        take(line, entry);
    }
    let said = entries.place.ends;
    let cut = cut.or_else(|| (!said).then(|| cut_off(entries.blocks.lines)));
    Ok(End { entries: entries.place.read, cut })
}

impl<F, R> Record for StoredRecord<F>
where
    F: Fn() -> io::Result<R> + Sync,
    R: Read,
{
    fn header(&self) -> &Header {
        &self.header
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        self.each_with_line(&mut |_, entry| take(&entry));
    }
}

/// Where a reader is in a text of which it has one entry at a time.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub names: Names,
    /// The stanzas of the last entries.
    pub copies: Copies,
    /// The day of the entries that follow.
    pub day: Day,
    /// How many entries were read.
    pub read: usize,
    /// Whether the text has said that it ends.
    pub ends: bool,
}

/// The entries of a text, one after another.
struct Entries<R> {
    blocks: Blocks<R>,
    header: Header,
    place: Place,
    /// The line on which that begins which was read last.
    within: usize,
    /// Whether it says how many entries there are.
    at_end: bool,
    /// What is wrong after the last entry.
    wrong: Option<ReadError>,
}

impl<R: Read> Entries<R> {
    /// Read the header.
    fn begin(source: R) -> Result<Self, StoredError> {
        let (mut blocks, mut place) = (Blocks::new(source), Place::default());
        let head = blocks.head(HEADER_LINES)?;
        let head = head.strip_prefix('\u{FEFF}').unwrap_or(head);
        let header = Reader::new(head, &mut place).header()?;
        place.day = Day::of(header.epoch);
        Ok(Self { blocks, header, place, within: 0, at_end: false, wrong: None })
    }

    /// The next entry, and its line.
    fn next(&mut self) -> Result<Option<(usize, Entry)>, StoredError> {
        if let Some(error) = self.wrong.take() {
            self.within = error.line;
            return Err(error.into());
        }
        loop {
            let above = self.blocks.lines;
            let Some(block) = self.blocks.next()? else { return Ok(None) };
            (self.within, self.at_end) = (above + 1, block.starts_with(END));
            let mut reader = Reader::new(block, &mut self.place);
            let below = |error: ReadError| ReadError { line: error.line + above, ..error };
            let entry = reader.entry().map_err(below)?;
            if !reader.is_done() {
                // An indented line that is no stanza's.
                self.wrong = reader.entry().map_err(below).err();
            }
            match (entry, self.wrong.take()) {
                (Some(entry), wrong) => {
                    self.wrong = wrong;
                    return Ok(Some((above + 1, entry)));
                }
                (None, Some(wrong)) => {
                    self.within = wrong.line;
                    return Err(wrong.into());
                }
                (None, None) => {}
            }
        }
    }

    /// Step over what stands before the entry of this number.
    fn skip_to(&mut self, number: usize) -> Result<(), StoredError> {
        while self.place.read < number {
            let Some(block) = self.blocks.next()? else { break };
            if block.starts_with(|first: char| first.is_ascii_digit()) {
                self.place.read += 1;
            } else {
                Reader::new(block, &mut self.place).entry()?;
            }
        }
        Ok(())
    }

    /// Whether no other entry follows, and nothing that says that this is all.
    fn is_last(&mut self) -> Result<bool, StoredError> {
        if self.at_end || self.place.ends {
            return Ok(false);
        }
        while let Some(block) = self.blocks.next()? {
            if begins_or_ends(block) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a line begins an entry, or says that there are no more.
pub(super) fn begins_or_ends(line: &str) -> bool {
    line.starts_with(END) || line.starts_with(|first: char| first.is_ascii_digit())
}

/// The lines of a header.
const HEADER_LINES: usize = 7;

#[cfg(test)]
mod tests;

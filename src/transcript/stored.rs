//! A transcript that stays where it is stored: its text is read again each time that one goes
//! through it, so that it may be longer than what memory there is.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufRead, Read};

use super::cursor::Names;
use super::read::Reader;
use super::{Entry, Header, Record};
use crate::stanza::ReadError;

/// Why a stored transcript cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// It is not what it should be.
    #[error(transparent)]
    Text(#[from] ReadError),
    /// It cannot be got at.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A transcript, by what opens its text.
pub struct StoredRecord<F> {
    open: F,
    header: Header,
    lines: usize,
    ends: bool,
    failed: RefCell<Option<StoredError>>,
}

impl<F> fmt::Debug for StoredRecord<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord").field("header", &self.header).finish_non_exhaustive()
    }
}

impl<F, R> StoredRecord<F>
where
    F: Fn() -> io::Result<R>,
    R: BufRead,
{
    /// Read all of it once, so that whatever is wrong with it shows now.
    ///
    /// # Errors
    ///
    /// At the first place that is not what it should be, or where the time goes back.
    pub fn new(open: F) -> Result<Self, StoredError> {
        let mut entries = Entries::begin(open()?)?;
        let mut before = None;
        while let Some((line, entry)) = entries.next()? {
            if let Some(before) = before.filter(|before| entry.at < *before) {
                return Err(ReadError::back(line, entry.at, before).into());
            }
            before = Some(entry.at);
        }
        let (header, lines, ends) = (entries.header.clone(), entries.lines, entries.place.ends);
        drop(entries);
        Ok(Self { open, header, lines, ends, failed: RefCell::new(None) })
    }

    /// How many lines its text has.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Whether its text says where it ends: it was not cut off.
    pub fn ends(&self) -> bool {
        self.ends
    }

    /// Why it could not be read again, if it could not: it has changed meanwhile.
    pub fn failure(&self) -> Option<StoredError> {
        self.failed.take()
    }

    /// Go through all entries, in their order, each with its line.
    pub fn each_with_line(&self, take: &mut dyn FnMut(usize, Entry)) {
        if let Err(error) = self.go_through(take) {
            self.failed.replace(Some(error));
        }
    }

    fn go_through(&self, take: &mut dyn FnMut(usize, Entry)) -> Result<(), StoredError> {
        let mut entries = Entries::begin((self.open)()?)?;
        while let Some((line, entry)) = entries.next()? {
            take(line, entry);
        }
        Ok(())
    }
}

impl<F, R> Record for StoredRecord<F>
where
    F: Fn() -> io::Result<R>,
    R: BufRead,
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
    /// The date of the entries that follow.
    pub day: String,
    /// How many entries were read.
    pub read: usize,
    /// Whether the text has said that it ends.
    pub ends: bool,
}

/// The entries of a text, one after another.
struct Entries<R> {
    source: R,
    header: Header,
    place: Place,
    /// The entry that is being read.
    block: String,
    /// The line that was read after it.
    next: String,
    /// How many lines were read, but for `next`.
    lines: usize,
}

impl<R: BufRead> Entries<R> {
    /// Read the header.
    fn begin(source: R) -> Result<Self, StoredError> {
        let mut entries = Self {
            source,
            header: Header::default(),
            place: Place::default(),
            block: String::new(),
            next: String::new(),
            lines: 0,
        };
        entries.line()?;
        let first = std::mem::take(&mut entries.next);
        entries.block.push_str(first.strip_prefix('\u{FEFF}').unwrap_or(&first));
        for _ in 1..HEADER_LINES {
            entries.line()?;
            entries.block.push_str(&std::mem::take(&mut entries.next));
        }
        entries.header = Reader::new(&entries.block, &mut entries.place).header()?;
        entries.place.day = entries.header.epoch.date();
        entries.lines = HEADER_LINES;
        entries.line()?;
        Ok(entries)
    }

    /// The next entry, and its line.
    fn next(&mut self) -> Result<Option<(usize, Entry)>, StoredError> {
        while self.block()? {
            let above = self.lines;
            self.lines += self.block.lines().count();
            let mut reader = Reader::new(&self.block, &mut self.place);
            let below = |error: ReadError| ReadError { line: error.line + above, ..error };
            let entry = reader.entry().map_err(below)?;
            if !reader.is_done() {
                // An indented line that is no stanza's.
                reader.entry().map_err(below)?;
            }
            if let Some(entry) = entry {
                return Ok(Some((above + 1, entry)));
            }
        }
        Ok(None)
    }

    /// Take the next line into the block, and the indented ones that follow it. Whether there is
    /// one.
    fn block(&mut self) -> Result<bool, StoredError> {
        self.block.clear();
        if self.next.is_empty() {
            return Ok(false);
        }
        loop {
            self.block.push_str(&self.next);
            self.line()?;
            if !self.next.starts_with("  ") {
                return Ok(true);
            }
            if self.block.len() > BLOCK_MAX {
                let found = format!("an entry of more than {BLOCK_MAX} bytes");
                let mut error = ReadError::at("", 0, found, "a shorter one");
                error.line = self.lines + 1;
                return Err(error.into());
            }
        }
    }

    /// Read the next line; an empty one at the end.
    fn line(&mut self) -> Result<(), StoredError> {
        let mut bytes = std::mem::take(&mut self.next).into_bytes();
        bytes.clear();
        let limit = u64::try_from(BLOCK_MAX).unwrap_or(u64::MAX);
        self.source.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        self.next = String::from_utf8(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))?;
        Ok(())
    }
}

/// The lines of a header.
const HEADER_LINES: usize = 7;

/// The longest entry that is read, in bytes; stanzas are shorter.
const BLOCK_MAX: usize = 16 << 20;

#[cfg(test)]
mod tests;

//! A text that comes piece by piece: what of it is being read is in memory, and nothing before it.

use std::io::{self, Read};

use crate::stanza::ReadError;
use crate::transcript::StoredError;

/// A text, from the place on up to which it was read, which is the beginning of a line.
pub(super) struct Source<R> {
    reader: R,
    text: String,
    /// Where in `text` that place is.
    at: usize,
    /// Bytes that are too few to tell which character they are.
    rest: Vec<u8>,
    /// Whether there is nothing more than `text` and `rest`.
    ended: bool,
    /// How many bytes stand before `text`, and lines before that place.
    before: usize,
    lines: usize,
    /// How many characters its line has before it, at the end of a text.
    column: usize,
}

impl<R: Read> Source<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            text: String::new(),
            at: 0,
            rest: Vec::new(),
            ended: false,
            before: 0,
            lines: 0,
            column: 0,
        }
    }

    /// Have some of what follows in memory.
    pub fn ahead(&mut self) -> Result<(), StoredError> {
        while !self.ended && self.text.len() - self.at < AHEAD {
            self.read()?;
        }
        Ok(())
    }

    /// Have twice as much of it, as what there is ends within something.
    pub fn more(&mut self) -> Result<(), StoredError> {
        let have = self.text.len() - self.at;
        if have > AHEAD_MAX {
            let found = format!("more than {AHEAD_MAX} bytes that belong together");
            return Err(self.error(0, found, "fewer").into());
        }
        while !self.ended && self.text.len() - self.at < have * 2 {
            self.read()?;
        }
        Ok(())
    }

    /// What follows, as far as it is in memory.
    pub fn text(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Whether that is all that follows.
    pub fn has_all(&self) -> bool {
        self.ended
    }

    /// Whether nothing was read yet.
    pub fn is_at_start(&self) -> bool {
        self.before + self.at == 0
    }

    /// The number of the line, from 1.
    pub fn line(&self) -> usize {
        self.lines + 1
    }

    /// So many bytes of it were read.
    pub fn step(&mut self, length: usize) {
        let read = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', read.as_bytes()).count();
        let last = read.rfind('\n').map_or(0, |newline| newline + 1);
        self.column = read[last..].chars().count();
        self.at += length;
        if self.at > self.text.len() / 2 && self.at > AHEAD {
            self.text.drain(..self.at);
            self.before += self.at;
            self.at = 0;
        }
    }

    /// An error at this byte of what follows.
    pub fn error(
        &self,
        offset: usize,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> ReadError {
        self.place(ReadError::at(self.text(), offset, found, expected))
    }

    /// An error in what follows, by its place in all of the text.
    pub fn place(&self, error: ReadError) -> ReadError {
        let column = if error.line == 1 { self.column } else { 0 };
        ReadError {
            line: error.line + self.lines,
            column: error.column + column,
            offset: error.offset + self.before + self.at,
            ..error
        }
    }

    /// Read some more.
    fn read(&mut self) -> Result<(), StoredError> {
        let have = self.rest.len();
        self.rest.resize(have + CHUNK, 0);
        let read = loop {
            match self.reader.read(&mut self.rest[have..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.rest.truncate(have + read);
        self.ended = read == 0;
        self.decode()
    }

    /// Make text of the bytes that were read.
    fn decode(&mut self) -> Result<(), StoredError> {
        let wrong = match std::str::from_utf8(&self.rest) {
            Ok(text) => {
                self.text.push_str(text);
                self.rest.clear();
                return Ok(());
            }
            Err(wrong) => wrong,
        };
        let valid = wrong.valid_up_to();
        self.text.push_str(std::str::from_utf8(&self.rest[..valid]).unwrap_or_default());
        self.rest.drain(..valid);
        let cut = wrong.error_len().is_none();
        if cut && !self.ended {
            return Ok(());
        }
        // It was cut within its last character.
        if cut && !self.text.is_empty() && !self.text.ends_with('\n') {
            return Ok(());
        }
        Err(StoredError::NotText { at: self.before + self.text.len() })
    }
}

/// How much of a text is in memory at least, and at most.
const AHEAD: usize = 1 << 16;
const AHEAD_MAX: usize = 1 << 26;

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

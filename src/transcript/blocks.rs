//! The blocks of a text that is read piece by piece: a line, and the indented ones that follow it.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

use super::StoredError;
use crate::stanza::ReadError;

/// Takes a text apart while it is read.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    source: R,
    /// What was read and not forgotten.
    buffer: Vec<u8>,
    /// Where in the buffer the next block begins.
    at: usize,
    /// How many bytes of the text stood before the buffer.
    before: usize,
    /// Whether all of it was read.
    ended: bool,
    /// How many lines stand before the next block.
    pub lines: usize,
}

impl<R: Read> Blocks<R> {
    pub fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), at: 0, before: 0, ended: false, lines: 0 }
    }

    /// So many lines, or what there is of them.
    pub fn head(&mut self, lines: usize) -> Result<&str, StoredError> {
        let mut end = self.at;
        for _ in 0..lines {
            end = self.end_of_line(end)?;
            self.lines += 1;
        }
        self.take(end)
    }

    /// The next block, unless there is none.
    pub fn next(&mut self) -> Result<Option<&str>, StoredError> {
        if self.at > CHUNK {
            self.buffer.drain(..self.at);
            self.before += self.at;
            self.at = 0;
        }
        let mut end = self.end_of_line(self.at)?;
        if end == self.at {
            return Ok(None);
        }
        let above = self.lines;
        self.lines += 1;
        while self.is_indented(end)? {
            if end - self.at > BLOCK_MAX {
                let found = format!("an entry of more than {BLOCK_MAX} bytes");
                let mut error = ReadError::at("", 0, found, "a shorter one");
                error.line = above + 1;
                return Err(error.into());
            }
            end = self.end_of_line(end)?;
            self.lines += 1;
        }
        self.take(end).map(Some)
    }

    fn take(&mut self, end: usize) -> Result<&str, StoredError> {
        let Range { start, end } = std::mem::replace(&mut self.at, end)..end;
        let bytes = self.buffer.get(start..end).unwrap_or_default();
        let last = self.ended && end == self.buffer.len();
        let wrong = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(wrong) => wrong,
        };
        match bytes.get(..wrong.valid_up_to()).map(std::str::from_utf8) {
            // It was cut within its last character.
            Some(Ok(text)) if last && wrong.error_len().is_none() && !text.is_empty() => Ok(text),
            _ => Err(StoredError::NotText { at: self.before + start + wrong.valid_up_to() }),
        }
    }

    /// Where the line ends that begins there.
    fn end_of_line(&mut self, start: usize) -> Result<usize, StoredError> {
        let mut at = start;
        loop {
            if let Some(length) = self.buffer.get(at..).and_then(|rest| memchr(b'\n', rest)) {
                return Ok(at + length + 1);
            }
            at = self.buffer.len();
            if self.ended || at - start > BLOCK_MAX {
                return Ok(at);
            }
            self.fill()?;
        }
    }

    fn is_indented(&mut self, at: usize) -> Result<bool, StoredError> {
        while self.buffer.len() < at + MARGIN.len() && !self.ended {
            self.fill()?;
        }
        Ok(self.buffer.get(at..).is_some_and(|rest| rest.starts_with(MARGIN)))
    }

    /// Read more, if there is more.
    fn fill(&mut self) -> Result<(), io::Error> {
        let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        self.ended = self.source.by_ref().take(chunk).read_to_end(&mut self.buffer)? == 0;
        Ok(())
    }
}

/// What begins an indented line, or one that is indented too little.
const MARGIN: &[u8] = b" ";

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

/// The longest entry that is read, in bytes; stanzas are shorter.
const BLOCK_MAX: usize = 16 << 20;

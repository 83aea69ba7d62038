//! A place in the text of a transcript, and how its small pieces are read there.

use std::borrow::Cow;

use memchr::memchr2;
use rustc_hash::FxHashSet;

use super::Name;
use super::words::unescape;
use crate::stanza::{Jid, ReadError};
use crate::time::Duration;

/// A place in one line of a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// The end of the line.
    end: usize,
}

impl<'a> Cursor<'a> {
    /// The start of the line that `text` has from byte `at` to byte `end`.
    pub(super) fn new(text: &'a str, at: usize, end: usize) -> Self {
        Self { text, at, end }
    }

    /// What is left of the line.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..self.end]
    }

    /// What is left of the line, as text that was written on one line.
    pub(super) fn escaped_rest(&self) -> String {
        unescape(self.rest())
    }

    /// Step over `word` if it stands here.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let here = self.rest().starts_with(word);
        if here {
            self.at += word.len();
        }
        here
    }

    /// Step over `word`, which must stand here.
    pub(super) fn expect(&mut self, word: &str) -> Result<(), ReadError> {
        if self.eat(word) { Ok(()) } else { Err(self.error(format!("`{}`", word.trim()))) }
    }

    /// The line must end here.
    pub(super) fn expect_end(&self) -> Result<(), ReadError> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.error("the end of the line")) }
    }

    /// An error here.
    pub(super) fn error(&self, expected: impl Into<String>) -> ReadError {
        const SHOWN_MAX: usize = 40;
        let rest = self.rest();
        let found = match rest.char_indices().nth(SHOWN_MAX) {
            None if rest.is_empty() => "the end of the line".to_owned(),
            None => format!("`{rest}`"),
            Some((at, _)) => format!("`{}…`", &rest[..at]),
        };
        ReadError::at(self.text, self.at, found, expected)
    }

    /// Up to the next space or comma.
    fn token(&mut self) -> &'a str {
        let rest = self.rest();
        let token = &rest[..memchr2(b' ', b',', rest.as_bytes()).unwrap_or(rest.len())];
        self.at += token.len();
        token
    }

    /// One of the words of a table, and its meaning.
    pub(super) fn word<T>(
        &mut self,
        words: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Result<T, ReadError> {
        let start = self.at;
        let token = self.token();
        let mut known = Vec::new();
        for (word, meaning) in words {
            if word == token {
                return Ok(meaning);
            }
            known.push(word);
        }
        self.at = start;
        Err(self.error(format!("one of {}", known.join(", "))))
    }

    /// A name, in quotes or not.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, ReadError> {
        if !self.eat("\"") {
            let start = self.at;
            let token = self.token();
            if token.is_empty() {
                self.at = start;
                return Err(self.error("a name"));
            }
            return Ok(token.into());
        }
        let rest = self.rest();
        let Some(length) = rest.find('"') else {
            self.at = self.end;
            return Err(self.error("`\"`"));
        };
        self.at += length + 1;
        Ok(unescape(&rest[..length]).into())
    }

    /// The name of a host.
    pub(super) fn host(&mut self, names: &mut Names) -> Result<Name, ReadError> {
        self.name().map(|name| names.shared(&name))
    }

    /// A JID.
    pub(super) fn jid(&mut self) -> Result<Jid, ReadError> {
        let start = self.at;
        let name = self.name()?;
        Jid::new(&name).map_err(|_| {
            self.at = start;
            self.error("a JID")
        })
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T, ReadError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest[..end].parse().map_err(|_| self.error("a number in range"))?;
        self.at += end;
        Ok(number)
    }

    /// A span of time.
    pub(super) fn duration(&mut self) -> Result<Duration, ReadError> {
        let start = self.at;
        let count: u64 = self.number()?;
        self.expect(" ")?;
        let micros: u64 = self.word([("s", 1_000_000), ("ms", 1_000), ("us", 1)])?;
        count.checked_mul(micros).map(Duration::from_micros).ok_or_else(|| {
            self.at = start;
            self.error("a shorter span of time")
        })
    }
}

/// Names that were read, so that each is kept once.
#[derive(Debug, Default)]
pub(super) struct Names(FxHashSet<Name>);

impl Names {
    fn shared(&mut self, name: &str) -> Name {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let name = Name::from(name);
        self.0.insert(name.clone());
        name
    }
}

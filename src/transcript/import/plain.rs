//! The plain log: time, sender, receiver and XML of each stanza. `docs/plain-log.md` is its
//! definition.
//!
//! Whoever writes one can correct what writes it, so that every mistake is an error. The one
//! exception is a text that ends within an entry, as it does if its writer was stopped: what
//! stands before that entry is read.

use std::io::Read;

use super::gather::Gathered;
use super::host::{host, stray};
use super::source::Source;
use super::{Remark, piece};
use crate::stanza::{Limits, ReadError, Stanza};
use crate::time::Time;
use crate::transcript::{Entry, Fate, Hop, Name, StoredError, What};

/// Whether this line begins an entry: a time and two hosts, and after these XML or what may stand
/// before it. Other logs have lines that begin with a time and some words. A time without its zone
/// is a mistake in an entry.
pub(super) fn is_head(line: &str) -> bool {
    let mut fields = Fields::new(line);
    let is_time = |word: &str| word.parse::<Time>().is_ok();
    let Some((_, time)) = fields.next() else { return false };
    // Most lines of stanzas begin with something else.
    if !time.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let zoned = is_time(time);
    (zoned || is_zoneless(time))
        && (0..2).all(|_| fields.next().is_some_and(|(_, name)| host(name).is_some()))
        && fields.next().map_or(zoned, |(_, word)| {
            word.starts_with('<') || matches!(word, LOST | UNDER_WAY) || is_time(word)
        })
}

/// Whether this would be a time if it had a zone.
fn is_zoneless(word: &str) -> bool {
    format!("{word}Z").parse::<Time>().is_ok()
}

const LOST: &str = "lost";
const UNDER_WAY: &str = "underway";

/// Read a plain log.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    gathered: &mut Gathered,
) -> Result<(), StoredError> {
    loop {
        source.ahead()?;
        let (text, whole) = (source.text(), source.has_all());
        let mark = if source.is_at_start() { super::without_mark(text) } else { text };
        let at = text.len() - mark.len();
        if mark.is_empty() && whole {
            return Ok(());
        }
        let mut reader = Reader { text, at, line: source.line(), whole, gathered };
        match reader.line() {
            Ok(Some(end)) => source.step(end),
            Err(error) if whole || text.len() >= WIDE => return Err(source.place(error).into()),
            _ => source.more()?,
        }
        gathered.check()?;
    }
}

/// Of how much text it is looked what is wrong with it.
const WIDE: usize = 4 << 20;

struct Reader<'a> {
    /// What follows, or the beginning of that.
    text: &'a str,
    /// Where in it a line starts, and the number of that line.
    at: usize,
    line: usize,
    /// Whether it is all that follows.
    whole: bool,
    gathered: &'a mut Gathered,
}

/// What stands before the XML of an entry.
struct Head {
    at: Time,
    between: (Name, Name),
    fate: Fate,
    /// The byte at which it ends.
    end: usize,
}

impl<'a> Reader<'a> {
    /// Read what begins on this line: where it ends, unless more text is needed to tell that.
    fn line(&mut self) -> Result<Option<usize>, ReadError> {
        let line = line_at(self.text, self.at);
        let end = self.at + line.len();
        if end == self.text.len() && !self.whole {
            return Ok(None);
        }
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(Some(end));
        }
        let read = match self.head(line) {
            Ok(head) => match self.entry(head) {
                Err(error) if error.offset == self.text.len() => Err((error, true)),
                read => read.map_err(|error| (error, false)),
            },
            Err(error) => {
                let rest = self.text[error.offset..].trim_matches([' ', '\t']);
                let last = !rest.contains([' ', '\t', '\n']);
                Err((error, last))
            }
        };
        match read {
            Err((error, true)) if self.whole && !self.gathered.is_empty() => {
                let error = ReadError { line: error.line + self.line - 1, ..error };
                let about = format!("the text ends within an entry: {error}");
                self.gathered.notice(self.line, Remark::LeftOut, about);
                Ok(Some(self.text.len()))
            }
            read => read.map_err(|(error, _)| error),
        }
    }

    fn entry(&mut self, head: Head) -> Result<Option<usize>, ReadError> {
        let rest = &self.text[head.end..];
        let start = self.text.len() - rest.trim_start().len();
        let (mut stanza, end) = self.stanza(head.end, start)?;
        let after = line_at(self.text, end);
        if !after.trim().is_empty() {
            let at = end + after.len() - after.trim_start().len();
            return Err(self.error(at, "text after the stanza", "the end of the line"));
        }
        let end = end + after.len();
        if end == self.text.len() && !self.whole {
            return Ok(None);
        }
        let number = self.gathered.admit(&mut stanza).map_err(|full| full.at(self.text, start))?;
        let Head { at, between: (from, to), fate, .. } = head;
        let what = What::Hop(Hop { fate, ..Hop::new(from, to, stanza) });
        self.gathered.hop((self.line, number, Entry { at, what }));
        Ok(Some(end))
    }

    fn head(&mut self, line: &str) -> Result<Head, ReadError> {
        let mut fields = Fields::new(line);
        let (at, time) = self.field(&mut fields, "a time such as 1990-10-13T23:58:37Z")?;
        let departure = self.time(at, time)?;
        let (at, from) = self.field(&mut fields, "the host that the stanza left")?;
        let from = self.host(at, from)?;
        let (at, to) = self.field(&mut fields, "the host that the stanza goes to")?;
        let to = self.host(at, to)?;
        if let Some((client, domain)) = stray(&from, &to) {
            let found = format!("`{from}` and `{to}`");
            return Err(self.error(at, found, format!("`{domain}`, the server of `{client}`")));
        }
        let mut end = fields.at;
        let mut fate = Fate::Delivered(std::time::Duration::ZERO);
        if let Some((at, word)) = fields.next().filter(|(_, word)| !word.starts_with('<')) {
            fate = self.fate(self.at + at, word, departure)?;
            end = fields.at;
        }
        Ok(Head { at: departure, between: (from, to), fate, end: self.at + end })
    }

    /// The next field, and the byte of the text at which it starts.
    fn field<'l>(
        &self,
        fields: &mut Fields<'l>,
        expected: &str,
    ) -> Result<(usize, &'l str), ReadError> {
        match fields.next() {
            Some((at, field)) => Ok((self.at + at, field)),
            None => Err(self.error(self.at + fields.at, "the end of the line", expected)),
        }
    }

    fn time(&self, at: usize, word: &str) -> Result<Time, ReadError> {
        let zoneless = is_zoneless(word);
        word.parse().map_err(|_| {
            let expected = match zoneless {
                true => "a time with its zone: `Z`, or such as `+02:00`",
                false => "an entry's time, such as 1990-10-13T23:58:37Z, or `#` and a comment",
            };
            self.error(at, shown(word), expected)
        })
    }

    fn host(&mut self, at: usize, name: &str) -> Result<Name, ReadError> {
        let text = self.text;
        let named = self.gathered.hosts.named(name);
        named.map_err(|expected| ReadError::at(text, at, shown(name), expected))
    }

    fn fate(&self, at: usize, word: &str, departure: Time) -> Result<Fate, ReadError> {
        match word {
            LOST => Ok(Fate::Lost),
            UNDER_WAY => Ok(Fate::UnderWay),
            _ => match word.parse::<Time>() {
                Ok(arrival) if arrival >= departure => {
                    Ok(Fate::Delivered(arrival.since(departure)))
                }
                Ok(_) => Err(self.error(at, shown(word), format!("no time before {departure}"))),
                Err(_) => {
                    let expected = "XML, or before it `lost`, `underway` or the time of arrival";
                    Err(self.error(at, shown(word), expected))
                }
            },
        }
    }

    /// The stanza that starts at the byte `start`, after the head that ends at `head`; and the byte
    /// at which it ends.
    fn stanza(&mut self, head: usize, start: usize) -> Result<(Stanza, usize), ReadError> {
        let text = &self.text[start..];
        let copy = self.gathered.copies.first(text, Limits::default());
        if let Some((stanza, length)) = copy
            && self.head_within(head, start + length).is_none()
        {
            return Ok((stanza, start + length));
        }
        let read = piece::element_at(text).map_err(|error| (start + error.offset, error));
        let end = match &read {
            Ok((_, length)) => start + length,
            Err((offset, _)) => *offset,
        };
        // Where an entry is inside another one, nothing else that is wrong tells more.
        let inner = self.head_within(head, end);
        let broken = |_: &_| self.head_in_tag(end);
        if let Some(inner) = inner.or_else(|| read.as_ref().err().and_then(broken)) {
            let line = self.line;
            let expected =
                format!("the end of the entry of line {line} first; were two written at once?");
            return Err(self.error(inner, "the start of an entry", expected));
        }
        let (element, length) =
            read.map_err(|(offset, error)| self.error(offset, error.found, error.expected))?;
        let stanza = piece::stanza_of(element)
            .map_err(|found| self.error(start, found, "<message/>, <presence/> or <iq/>"))?;
        Ok((stanza, start + length))
    }

    /// The first line after that of byte `start` that begins an entry, at the latest that of `end`.
    fn head_within(&self, start: usize, end: usize) -> Option<usize> {
        let mut at = start + line_at(self.text, start).len();
        while at <= end && at < self.text.len() {
            let line = line_at(self.text, at);
            if is_head(line) {
                return Some(at);
            }
            at += line.len();
        }
        None
    }

    /// The first entry that begins on the line of this byte, somewhere in it, where XML cannot be
    /// read.
    fn head_in_tag(&self, error: usize) -> Option<usize> {
        let start = self.text[..error].rfind('\n').map_or(0, |newline| newline + 1);
        let line = line_at(self.text, start);
        let starts = line.match_indices('T').filter_map(|(at, _)| at.checked_sub(DATE));
        let mut inside = starts.filter(|at| *at > 0 && line.is_char_boundary(*at));
        inside.find(|at| is_head(&line[*at..])).map(|at| start + at)
    }

    fn error(&self, at: usize, found: impl ToString, expected: impl Into<String>) -> ReadError {
        ReadError::at(self.text, at, found, expected)
    }
}

/// How long a date is, before the `T` of a time.
const DATE: usize = "1990-10-13".len();

/// From this byte to the end of its line, and with it.
fn line_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    &rest[..rest.find('\n').map_or(rest.len(), |newline| newline + 1)]
}

/// The fields of a line, with tabs between them; or with spaces, if there is no tab after the
/// first. With each comes the byte at which it starts.
struct Fields<'a> {
    line: &'a str,
    /// The byte at which what was not taken yet starts.
    at: usize,
    separator: char,
}

impl<'a> Fields<'a> {
    fn new(line: &'a str) -> Self {
        let line = line.trim_end_matches(['\n', '\r']);
        let separator = line.find(['\t', ' ']).map_or(' ', |at| match &line[at..=at] {
            "\t" => '\t',
            _ => ' ',
        });
        Self { line, at: 0, separator }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.line[self.at..].trim_start_matches(self.separator);
        if rest.is_empty() {
            return None;
        }
        let start = self.line.len() - rest.len();
        let field = &rest[..rest.find(self.separator).unwrap_or(rest.len())];
        self.at = start + field.len();
        Some((start, field))
    }
}

/// A word as an error shows it.
fn shown(word: &str) -> String {
    const SHOWN_MAX: usize = 60;
    match word.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("`{}…`", &word[..at]),
        None => format!("`{word}`"),
    }
}

//! Reading what others wrote down of a network: logs of servers, captures, and a plain log that
//! anybody can write.
//!
//! [`import`] makes a [`Transcript`] of a text in one of the [`Format`]s. What comes from outside
//! is bounded; what is wrong is an error with its place; and what is left out, supplied or moved
//! is a [`Notice`]: nothing is lost silently.
//!
//! What others write knows one instant of a stanza, not two. Unless the text says otherwise, a hop
//! arrives at the instant at which it leaves.

mod clock;
mod contents;
mod ejabberd;
mod erlang;
mod gather;
mod host;
mod peer;
mod piece;
mod plain;
mod prosody;
mod segments;
mod session;
mod sights;
mod source;
mod stream;
mod tshark;
mod waiting;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;

use self::gather::Gathered;
use self::source::Source;
pub use self::write::write_plain;
use super::read::{Stored, Wrong};
use super::stored::begins_or_ends;
use super::{Name, SortedRecord, Space, StoredError, TEXT_MAX, Transcript};
use crate::stanza::ReadError;
use crate::time::Time;

/// How many stanzas are read from a text at most, if they are held in memory.
pub const STANZAS_MAX: usize = 1 << 20;
/// How many elements these may have, all together.
pub const ELEMENTS_MAX: usize = 1 << 22;
/// How many stanzas are read from a text at most, if they are not held in memory. So many take
/// some 20 GiB of a disk, twice, and half an hour.
pub const STANZAS_IN_SPACE_MAX: usize = 1 << 26;

/// In what form a text tells what crossed a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The text of a [`Transcript`] itself.
    Own,
    /// Time, sender, receiver and XML of each stanza (`docs/plain-log.md`).
    Plain,
    /// Prosody's log, with `mod_stanza_debug` (`docs/importing.md`).
    Prosody,
    /// ejabberd's log at level `debug` (`docs/importing.md`).
    Ejabberd,
    /// A capture, printed by tshark (`docs/importing.md`).
    Tshark,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 5] =
        [Format::Own, Format::Plain, Format::Prosody, Format::Ejabberd, Format::Tshark];

    /// What users call it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Own => "own",
            Format::Plain => "plain",
            Format::Prosody => "prosody",
            Format::Ejabberd => "ejabberd",
            Format::Tshark => "tshark",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Format> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format in which this text is, judging by its first lines.
    pub fn detect(text: &str) -> Option<Format> {
        let text = without_mark(text);
        if text.starts_with(super::text::MAGIC) {
            return Some(Format::Own);
        }
        text.lines().take(DETECTED_MAX).find_map(|line| match line {
            line if plain::is_head(line) => Some(Format::Plain),
            line if tshark::is_record(line) => Some(Format::Tshark),
            line if ejabberd::is_record(line) => Some(Format::Ejabberd),
            line if prosody::is_record(line) => Some(Format::Prosody),
            _ => None,
        })
    }
}

/// How many lines are looked at to tell in which format a text is.
const DETECTED_MAX: usize = 10_000;

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a text does not say itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// The domains that there are. If there are any, every other is a mistake.
    pub hosts: Vec<Name>,
    /// An instant of the day on which a log begins whose lines do not name the year or the day.
    pub date: Option<Time>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The record.
    pub transcript: Transcript,
    /// The line of the text on which each entry begins, from 1.
    pub lines: Vec<usize>,
    /// What the record does not tell as the text does, by line.
    pub notices: Vec<Notice>,
    /// The domains that the server serves whose log it is, if it is known to be one's.
    pub served: BTreeSet<Name>,
    /// How much else was read that tells of no stanza, such as headers of streams and the other
    /// messages of a log.
    pub passed_over: usize,
    /// Whether the text says that it is all there.
    pub ends: bool,
}

/// What was read and is not held in memory.
#[derive(Debug)]
pub struct ImportedRecord {
    /// The record; with the line of the text on which each entry begins.
    pub record: SortedRecord,
    /// What the record does not tell as the text does, by line.
    pub notices: Vec<Notice>,
    /// The domains that the server serves whose log it is, if it is known to be one's.
    pub served: BTreeSet<Name>,
    /// How much else was read that tells of no stanza.
    pub passed_over: usize,
}

/// Something that the record does not tell as the text does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The line of the text, from 1.
    pub line: usize,
    /// What was done about it.
    pub remark: Remark,
    /// What it is about, and why.
    pub about: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.remark.words(), self.about)
    }
}

/// What was done about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// It is not in the record.
    LeftOut,
    /// It is in the record as it is, although it is odd.
    Kept,
    /// It stands elsewhere in the record, where its time belongs.
    Moved,
    /// The record tells more than the text does.
    Supplied,
}

impl Remark {
    /// The remark in words.
    pub const fn words(self) -> &'static str {
        match self {
            Remark::LeftOut => "left out",
            Remark::Kept => "kept as it is",
            Remark::Moved => "moved",
            Remark::Supplied => "supplied",
        }
    }
}

/// Read `text`, which is in this format.
///
/// # Errors
///
/// If it is too long, is not in this format, or tells of no stanza.
pub fn import(text: &str, format: Format, options: &ImportOptions) -> Result<Imported, ReadError> {
    if text.len() > TEXT_MAX {
        let expected = format!("at most {TEXT_MAX} bytes");
        return Err(ReadError::at("", 0, format!("{} bytes", text.len()), expected));
    }
    if format == Format::Own {
        return own(without_mark(text));
    }
    let gathered = Gathered::new(options);
    match foreign(text.as_bytes(), format, options, gathered) {
        Ok(gathered) => Ok(gathered.finish(format)),
        Err(StoredError::Text(error)) => Err(error),
        // Memory does not fail.
        Err(error) => Err(ReadError::at("", 0, error, "what was there before")),
    }
}

/// Read a text in this format, which is none of ours, and keep what it tells there, in the order of
/// time.
///
/// # Errors
///
/// If it cannot be read, is not in this format, or tells of no stanza; or if there is no room.
pub fn import_into(
    space: Space,
    text: impl Read,
    format: Format,
    options: &ImportOptions,
) -> Result<ImportedRecord, StoredError> {
    foreign(text, format, options, Gathered::in_space(options, space))?.finish_in_space(format)
}

/// Read what others wrote down.
fn foreign(
    text: impl Read,
    format: Format,
    options: &ImportOptions,
    mut gathered: Gathered,
) -> Result<Gathered, StoredError> {
    let source = &mut Source::new(text);
    match format {
        Format::Own | Format::Plain => plain::read(source, &mut gathered)?,
        Format::Prosody => gathered = prosody::read(source, gathered, options)?,
        Format::Ejabberd => gathered = ejabberd::read(source, gathered)?,
        Format::Tshark => gathered = tshark::read(source, gathered)?,
    }
    gathered.check()?;
    match gathered.nothing() {
        Some(nothing) => Err(source.place(nothing.at("", 0)).into()),
        None => Ok(gathered),
    }
}

/// Read a transcript of ours; of one that ends within an entry, as when its writer was stopped,
/// what stands before that.
fn own(text: &str) -> Result<Imported, ReadError> {
    let (Stored { transcript, lines, ends }, wrong) = Stored::begin(text)?;
    let notice = match wrong {
        Some(Wrong { at, line, error }) => {
            let mut rest = text.get(at..).unwrap_or_default().lines();
            let at_end = ends || rest.next().is_some_and(|line| line.starts_with(super::text::END));
            if at_end || transcript.entries.is_empty() || rest.any(begins_or_ends) {
                return Err(error);
            }
            Some(cut_within(line, &error))
        }
        None => (!ends).then(|| cut_off(text.lines().count())),
    };
    let notices = notice.into_iter().collect();
    Ok(Imported { transcript, lines, notices, served: BTreeSet::new(), passed_over: 0, ends })
}

/// A transcript ends within the entry on this line.
pub(super) fn cut_within(line: usize, error: &ReadError) -> Notice {
    let about = format!("the text ends within an entry: {error}");
    Notice { line, remark: Remark::LeftOut, about }
}

/// A transcript of so many lines that does not say that it ends may have been longer.
pub(super) fn cut_off(line: usize) -> Notice {
    let about = format!("no `{}...` says that this is all; it may be cut off", super::text::END);
    Notice { line, remark: Remark::Kept, about }
}

/// Without the byte order mark that some editors put before a text.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

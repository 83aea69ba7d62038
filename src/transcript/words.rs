//! The words and small pieces of the transcript's text, each written and read in one place.

use super::{Loss, StreamEvent, is_client};
use crate::dmuc::Change;
use crate::server::DialError;
use crate::time::Duration;

/// One-way delay between servers that the text does not mention.
const SERVER_DELAY: Duration = Duration::from_millis(20);
/// One-way delay between a client and its server that the text does not mention.
const CLIENT_DELAY: Duration = Duration::from_millis(1);

/// The delay that a hop has unless the text says otherwise.
pub(super) fn usual_delay(from: &str, to: &str) -> Duration {
    if is_client(from) || is_client(to) { CLIENT_DELAY } else { SERVER_DELAY }
}

pub(super) const LOSSES: [(&str, Loss); 3] =
    [("silent", Loss::Silent), ("refused", Loss::Refused), ("reset", Loss::Reset)];

/// All changes of a machine's state. The words are those of [`change_word`].
pub(super) const CHANGES: [Change; 10] = [
    Change::Created,
    Change::Split,
    Change::Resyncing,
    Change::Synced,
    Change::EnterRefused,
    Change::Ignored,
    Change::Registered,
    Change::Refused,
    Change::Deregistered,
    Change::Expired,
];

pub(super) const fn change_word(change: Change) -> &'static str {
    match change {
        Change::Created => "created",
        Change::Split => "split",
        Change::Resyncing => "resyncing",
        Change::Synced => "synced",
        Change::EnterRefused => "enter-refused",
        Change::Ignored => "ignored",
        Change::Registered => "registered",
        Change::Refused => "refused",
        Change::Deregistered => "deregistered",
        Change::Expired => "expired",
    }
}

pub(super) const DIAL_ERRORS: [DialError; 3] =
    [DialError::Refused, DialError::UnknownHost, DialError::Broken];

pub(super) const fn dial_error_word(error: DialError) -> &'static str {
    match error {
        DialError::Refused => "refused",
        DialError::UnknownHost => "unknown-host",
        DialError::Broken => "broken",
    }
}

/// The events of a stream that are one word. Those with two are `failed, ERROR` and
/// `error, CONDITION`.
pub(super) const STREAM_EVENTS: [(&str, StreamEvent); 3] = [
    ("opened", StreamEvent::Opened),
    ("closed", StreamEvent::Closed),
    ("broken", StreamEvent::Broken),
];

/// The word for a value of a table.
pub(super) fn word_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

/// A span in the largest unit of s, ms, us of which it is a whole number.
pub(super) fn write_duration(out: &mut String, span: Duration) {
    let micros = span.as_micros();
    let (count, unit) = match micros {
        _ if micros.is_multiple_of(1_000_000) => (micros / 1_000_000, "s"),
        _ if micros.is_multiple_of(1_000) => (micros / 1_000, "ms"),
        _ => (micros, "us"),
    };
    out.push_str(&format!("{count} {unit}"));
}

/// Whether a name can be written without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\' | ',');
    !name.contains(odd)
        && name.chars().next().is_some_and(|first| !matches!(first, '#' | '!' | '*' | '-' | '<'))
}

/// A name, in quotes if it is not plain.
pub(super) fn write_name(out: &mut String, name: &str) {
    if is_plain(name) {
        out.push_str(name);
        return;
    }
    out.push('"');
    for character in name.chars() {
        match character {
            '"' => out.push_str("\\u{22}"),
            '\\' => out.push_str("\\\\"),
            _ => write_char(out, character),
        }
    }
    out.push('"');
}

/// Text on one line. A backslash is doubled only where it would be read as an escape.
pub(super) fn write_line(out: &mut String, text: &str) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', None | Some('\\' | 'n' | 'u')) => out.push_str("\\\\"),
            ('\\', Some(next)) if must_escape(*next) => out.push_str("\\\\"),
            _ => write_char(out, character),
        }
    }
}

fn write_char(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        _ if must_escape(character) => {
            out.push_str(&format!("\\u{{{:X}}}", u32::from(character)));
        }
        _ => out.push(character),
    }
}

fn must_escape(character: char) -> bool {
    character.is_control() && character != '\t'
}

/// Undo [`write_line`], and the inside of [`write_name`].
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (character, used) = match after.chars().next() {
            Some('\\') => ('\\', 1),
            Some('n') => ('\n', 1),
            Some('u') => numbered(after).unwrap_or(('\\', 0)),
            _ => ('\\', 0),
        };
        out.push(character);
        rest = &after[used..];
    }
    out.push_str(rest);
    out
}

/// The character of `u{22}` and the length of that.
fn numbered(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("u{")?;
    let length = digits.find('}')?;
    let number = u32::from_str_radix(&digits[..length], 16).ok()?;
    Some((char::from_u32(number)?, length + 3))
}

//! A file of the language as it was read, and the excerpts of it that diagnostics show.

use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::ast::Span;
use super::mistake::{Mistake, Mistakes, Wrong};
use super::words::printable;

/// The text of a file, with the name under which diagnostics speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// The text with control characters blanked, so that a diagnostic cannot steer a terminal, and
    /// with a line break at its end, so that there is a place after its last word.
    shown: Arc<str>,
}

impl Source {
    /// This text under this name.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into(), shown: blank_controls(text).into() }
    }

    /// The content of a file.
    ///
    /// # Errors
    ///
    /// If it is too large, or not UTF-8.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Mistakes> {
        if bytes.len() > SIZE_MAX {
            let wrong = Wrong::TooMany { what: "bytes in a file", limit: SIZE_MAX };
            return Err(Mistakes::of_file(name, wrong));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                let source = Self::new(name, &String::from_utf8_lossy(bytes));
                let byte = bad.first().copied().unwrap_or_default();
                let span = source.span_at(good.len(), char::REPLACEMENT_CHARACTER.len_utf8());
                let wrong = Wrong::NotUtf8 { byte };
                Err(Mistakes::new(vec![Mistake::new(wrong, span, &Arc::new(source))]))
            }
        }
    }

    /// The name under which diagnostics speak of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of these bytes.
    pub fn span_at(&self, offset: usize, len: usize) -> Span {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        Span {
            line: number(before.matches('\n').count()),
            column: number(before[start..].chars().count()),
            offset,
            len,
        }
    }
}

impl SourceCode for Source {
    /// Without context exactly `span`, which tells its place; with context its line, of a very long
    /// one what is near.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset().saturating_add(span.len());
        if !self.shown.is_char_boundary(span.offset()) || !self.shown.is_char_boundary(end) {
            return Err(MietteError::OutOfBounds);
        }
        let place = self.span_at(span.offset(), span.len());
        let (start, end) = if lines_before + lines_after == 0 {
            (span.offset(), end)
        } else {
            self.excerpt(span.offset(), end)
        };
        let column = self.span_at(start, 0).column;
        Ok(Box::new(MietteSpanContents::new_named(
            printable(&self.name),
            &self.shown.as_bytes()[start..end],
            SourceSpan::from((start, end - start)),
            place.line as usize - 1,
            column as usize - 1,
            1,
        )))
    }
}

impl Source {
    /// The line of these bytes; of a very long one what is near.
    fn excerpt(&self, start: usize, end: usize) -> (usize, usize) {
        let text = &*self.shown;
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1);
        if line_end - line_start <= 3 * NEAR {
            return (line_start, line_end);
        }
        let from = text.floor_char_boundary(start.saturating_sub(NEAR)).max(line_start);
        let to = text.ceil_char_boundary((end + NEAR).min(text.len())).min(line_end);
        (from, to)
    }
}

/// Each is replaced by as many bytes, so that offsets stay what they are.
fn blank_controls(text: &str) -> String {
    text.chars()
        .chain(['\n'])
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_ascii_control() => ' ',
            c if c.is_control() => '\u{a0}',
            // Marks that turn the direction of text.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// The largest file that is read, in bytes.
pub const SIZE_MAX: usize = 4 * 1024 * 1024;

/// How much of a long line a diagnostic shows on either side, in bytes.
const NEAR: usize = 60;

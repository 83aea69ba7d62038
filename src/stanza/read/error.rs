//! What is wrong with a text, and where.

/// What is wrong with a text, where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {found}; expected {expected}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The byte, from 0; at a boundary of characters.
    pub offset: usize,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: String,
}

impl ReadError {
    /// At this byte of `text`, or at its end if it is shorter.
    pub fn at(
        text: &str,
        offset: usize,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        let offset = offset.min(text.len());
        let boundary = (0..=offset).rev().find(|at| text.is_char_boundary(*at));
        let offset = boundary.unwrap_or(0);
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            offset,
            found: found.to_string(),
            expected: expected.into(),
        }
    }
}

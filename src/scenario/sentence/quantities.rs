//! Numbers, durations and stamps in a line.

use super::super::line::Parsed;
use super::super::mistake::Wrong;
use super::super::values;
use super::Sentence;
use crate::time::{Duration, Time};

impl Sentence<'_> {
    /// A duration, `30s`.
    pub(in super::super) fn duration(&mut self) -> Parsed<Duration> {
        self.value("a duration such as `30s`", values::duration, Duration::ZERO)
    }

    /// A stamp, `1990-10-13T23:58:37Z`.
    pub(in super::super) fn stamp(&mut self) -> Parsed<Time> {
        self.value("a stamp such as `1990-10-13T23:58:37Z`", values::stamp, Time::XEP_EPOCH)
    }

    /// A number, `20`.
    pub(in super::super) fn number(&mut self) -> Parsed<u32> {
        self.value("a number", values::number, 0)
    }

    /// What `read` makes of the next word. If it makes nothing of it, that is noted.
    pub(in super::super) fn value<T>(
        &mut self,
        what: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
        placeholder: T,
    ) -> Parsed<T> {
        self.line.expecting(what);
        let Some(word) = self.line.peek_word() else { return Err(self.line.unexpected()) };
        let span = self.line.here();
        self.line.advance(1);
        match read(word) {
            Ok(value) => Ok(value),
            Err(wrong) => {
                self.line.note((wrong, span));
                Ok(placeholder)
            }
        }
    }
}

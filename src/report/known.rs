//! Failures that are known, and what came of them.

use std::fmt;

use super::Run;
use crate::conform::invariants::Finding;
use crate::conform::judgement::{Row, Verdict};

/// A failure that somebody has listed as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Where that stands: file and line.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What fails.
    pub what: Failing,
    /// Why that is so.
    pub reason: String,
    /// Whether it was seen to fail. What is listed and does not fail is a failure itself.
    pub seen: bool,
}

/// What fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failing {
    /// A requirement of this id.
    Requirement(&'static str),
    /// An expectation: a line of the scenario.
    Expectation(String),
}

impl Known {
    /// What is wrong if it does not fail: `INV-FIFO is kept`.
    pub fn passes(&self) -> String {
        match &self.what {
            Failing::Requirement(id) => format!("{id} is kept"),
            Failing::Expectation(line) => format!("`{line}` is met"),
        }
    }

    /// The same with its place and with what to do about it.
    pub(super) fn complaint(&self) -> String {
        let Self { file, line, reason, .. } = self;
        let passes = self.passes();
        format!("{file}:{line}: {passes}; take it out of the list of what fails: {reason}")
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requirement(id) => id,
            Self::Expectation(line) => line,
        })
    }
}

impl Run {
    /// What is listed as failing, and does not.
    pub(super) fn unexpected_passes(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|known| !known.seen)
    }

    /// What is listed as failing, and does.
    pub(super) fn known_failures(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|known| known.seen)
    }

    /// Why it is known that this was found.
    pub(super) fn known_finding(&self, finding: &Finding) -> Option<&Known> {
        let what = Failing::Requirement(finding.requirement);
        self.known_failures().find(|known| known.what == what)
    }

    /// Why it is known that this requirement is broken: if everything is by which that shows.
    pub(super) fn known_row(&self, row: &Row) -> Option<&Known> {
        if !matches!(row.verdict, Verdict::Fail | Verdict::Warn) {
            return None;
        }
        let mut known = self.findings_of(row).map(|finding| self.known_finding(finding));
        let first = known.next()??;
        known.all(|one| one.is_some()).then_some(first)
    }
}

//! What a report needs of a record: all of its entries if it is short, or some of a long one.

use std::collections::BTreeSet;

use super::Run;
use crate::conform::invariants::Finding;
use crate::transcript::Entry;

/// Which entries of a record a run has, if not all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The number of each, from 0, in their order.
    pub numbers: Vec<usize>,
    /// How many entries the record has.
    pub entries: usize,
    /// How many of these are stanzas that left a host.
    pub stanzas: usize,
}

/// Which of so many entries are drawn of a record if at most so many can be: those around what was
/// found, the first findings first, and then from the beginning on.
pub fn drawn(findings: &[Finding], entries: usize, most: usize) -> BTreeSet<usize> {
    let around = |entry: usize, before: usize, after: usize| {
        entry.saturating_sub(before)..entry.saturating_add(after).min(entries)
    };
    let windows = findings.iter().flat_map(|finding| {
        let causes = finding.causes.iter().map(|cause| around(*cause, BEFORE_CAUSE, AFTER_CAUSE));
        std::iter::once(around(finding.entry, BEFORE, AFTER)).chain(causes)
    });
    let mut drawn = BTreeSet::new();
    for entry in windows.flatten().chain(0..entries) {
        if drawn.len() >= most {
            break;
        }
        drawn.insert(entry);
    }
    drawn
}

/// How many entries are drawn before the one at which something was found.
const BEFORE: usize = 30;
/// How many from that one on.
const AFTER: usize = 10;
/// How many before one that led to it.
const BEFORE_CAUSE: usize = 2;
/// How many from that one on.
const AFTER_CAUSE: usize = 3;

impl Run {
    /// How many entries the record has.
    pub(super) fn entries(&self) -> usize {
        self.part.as_ref().map_or(self.transcript.entries.len(), |part| part.entries)
    }

    /// How many stanzas left a host in it.
    pub(super) fn stanzas(&self) -> usize {
        self.part.as_ref().map_or_else(|| self.transcript.hops().count(), |part| part.stanzas)
    }

    /// The entry of this number, if the run has it.
    pub(super) fn entry(&self, number: usize) -> Option<&Entry> {
        self.transcript.entries.get(self.place_in_part(number)?)
    }

    /// The line of the file to which this entry belongs.
    pub(super) fn line_of(&self, number: usize) -> Option<usize> {
        self.lines.get(self.place_in_part(number)?).copied().filter(|line| *line > 0)
    }

    fn place_in_part(&self, number: usize) -> Option<usize> {
        match &self.part {
            Some(part) => part.numbers.binary_search(&number).ok(),
            None => Some(number),
        }
    }
}

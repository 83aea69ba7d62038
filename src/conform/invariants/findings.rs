//! What the invariants find.

use std::collections::BTreeSet;
use std::fmt;

use super::Setting;
use super::cost::Cost;
use super::room::Passage;
use crate::stanza::ShortNames;
use crate::transcript::Name;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one, such as `INV-NO-DUP`.
    pub invariant: &'static str,
    /// The entry of the record at which that shows, counted from 0.
    pub entry: usize,
    /// What happened there, in words.
    pub what: String,
    /// What should have been.
    pub expected: String,
    /// Entries that have to do with it.
    pub causes: Vec<usize>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { invariant, entry, what, expected, causes } = self;
        write!(f, "{invariant} at entry {entry}: {what}; expected: {expected}")?;
        if !causes.is_empty() {
            write!(f, " (see entries {causes:?})")?;
        }
        Ok(())
    }
}

/// All that was found, and whom it does not concern.
#[derive(Debug)]
pub(super) struct Findings {
    all: Vec<Finding>,
    forgers: BTreeSet<Name>,
    /// What everything has cost.
    pub costs: Vec<Cost>,
}

impl Findings {
    pub fn new(setting: &Setting) -> Self {
        Self { all: Vec::new(), forgers: setting.forgers.clone(), costs: Vec::new() }
    }

    pub fn all(&self) -> &[Finding] {
        &self.all
    }

    pub fn into_all(mut self) -> Vec<Finding> {
        self.all.sort_by_key(|finding| finding.entry);
        self.all
    }

    /// Whether this host is made to send what none of its machines would.
    pub fn is_forger(&self, host: &str) -> bool {
        self.forgers.contains(host)
    }

    /// `host`: whose doing it is.
    pub fn push(
        &mut self,
        invariant: &'static str,
        host: &str,
        entry: usize,
        what: String,
        expected: &str,
        causes: &[usize],
    ) {
        if self.all.len() < FINDINGS_MAX && !self.is_forger(host) {
            self.all.push(Finding {
                invariant,
                entry,
                what,
                expected: expected.to_owned(),
                causes: causes.to_vec(),
            });
        }
    }

    /// Something is wrong with a stanza that left a host.
    pub fn stanza(
        &mut self,
        invariant: &'static str,
        entry: usize,
        passage: &Passage<'_>,
        expected: &str,
        causes: &[usize],
    ) {
        let hop = passage.hop;
        if self.all.len() < FINDINGS_MAX {
            let words = hop.stanza.describe(&ShortNames::default());
            let what = format!("{} -> {}: {words}", hop.from, hop.to);
            self.push(invariant, &hop.from, entry, what, expected, causes);
        }
    }
}

/// More than so many findings help nobody.
const FINDINGS_MAX: usize = 1_000;

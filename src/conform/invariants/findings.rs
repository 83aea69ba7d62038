//! What is found of requirements and invariants: how often each applied, and where one was broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustc_hash::FxHashMap;

use super::Setting;
use super::cost::Cost;
use super::room::Passage;
use crate::stanza::ShortNames;
use crate::transcript::Name;

/// A requirement or an invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one, such as `slave.leave.forward` or `INV-NO-DUP`.
    pub requirement: &'static str,
    /// The host whose doing it is; empty if the record does not tell.
    pub host: String,
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
        let Finding { requirement, entry, what, expected, causes, .. } = self;
        write!(f, "{requirement} at entry {entry}: {what}; expected: {expected}")?;
        if !causes.is_empty() {
            write!(f, " (see entries {causes:?})")?;
        }
        Ok(())
    }
}

/// How often a requirement applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often it was kept.
    pub kept: u64,
    /// How often it was broken.
    pub broken: u64,
}

/// All that was found, and whom it does not concern.
#[derive(Debug)]
pub(in crate::conform) struct Findings {
    all: Vec<Finding>,
    forgers: BTreeSet<Name>,
    /// What everything has cost, if anybody wants to know.
    pub costs: Option<Vec<Cost>>,
    /// How often each requirement applied, by the place of its id in memory: ids are constants, and
    /// are counted more often than anything else.
    tallies: FxHashMap<(usize, usize), (&'static str, Tally)>,
}

impl Findings {
    pub fn new(setting: &Setting) -> Self {
        Self {
            all: Vec::new(),
            forgers: setting.forgers.clone(),
            costs: None,
            tallies: FxHashMap::default(),
        }
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

    fn tally(&mut self, requirement: &'static str) -> &mut Tally {
        let place = (requirement.as_ptr().addr(), requirement.len());
        &mut self.tallies.entry(place).or_insert((requirement, Tally::default())).1
    }

    /// How often each requirement applied.
    pub fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        let mut all = BTreeMap::<&'static str, Tally>::new();
        self.tallies.values().for_each(|(id, tally)| {
            let sum = all.entry(id).or_default();
            (sum.kept, sum.broken) = (sum.kept + tally.kept, sum.broken + tally.broken);
        });
        all
    }

    /// A requirement applied, and was kept.
    pub fn kept(&mut self, requirement: &'static str) {
        self.tally(requirement).kept += 1;
    }

    /// `host`: whose doing it is.
    pub fn push(
        &mut self,
        requirement: &'static str,
        host: &str,
        entry: usize,
        what: String,
        expected: &str,
        causes: &[usize],
    ) {
        if self.is_forger(host) {
            return;
        }
        self.tally(requirement).broken += 1;
        if self.all.len() < FINDINGS_MAX {
            self.all.push(Finding {
                requirement,
                host: host.to_owned(),
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
        requirement: &'static str,
        entry: usize,
        passage: &Passage<'_>,
        expected: &str,
        causes: &[usize],
    ) {
        let hop = passage.hop;
        let words = match self.all.len() < FINDINGS_MAX {
            true => hop.stanza.describe(&ShortNames::default()),
            false => String::new(),
        };
        let what = format!("{} -> {}: {words}", hop.from, hop.to);
        self.push(requirement, &hop.from, entry, what, expected, causes);
    }

    /// A requirement applies to this stanza, and is kept or not.
    pub fn judge(
        &mut self,
        requirement: &'static str,
        well: bool,
        (entry, passage): (usize, &Passage<'_>),
        expected: &str,
    ) {
        if well {
            self.kept(requirement);
        } else {
            self.stanza(requirement, entry, passage, expected, &[]);
        }
    }
}

/// More than so many findings help nobody.
const FINDINGS_MAX: usize = 1_000;

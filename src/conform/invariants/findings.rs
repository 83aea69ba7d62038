//! What is found of requirements and invariants: how often each applied, and where one was broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustc_hash::FxHashMap;

use super::Setting;
use super::came::Came;
use super::cost::Cost;
use super::room::Passage;
use crate::conform::requirements::Requirement;
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
    /// What is wrong there, in words: not the stanza's own, which the entry has.
    pub what: String,
    /// What should have been.
    pub expected: String,
    /// Entries that have to do with it.
    pub causes: Vec<usize>,
}

impl Finding {
    /// What else is broken by it: the requirements of which its own says the same.
    pub fn also(&self) -> impl Iterator<Item = &'static str> {
        Requirement::also_broken(self.requirement)
    }

    /// All that is broken by it, its own requirement first.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.requirement).chain(self.also())
    }

    /// The same in words: `INV-QUIET-M, and so master.split.stop-broadcast`.
    pub fn named(&self) -> String {
        let also: Vec<_> = self.also().collect();
        match also.is_empty() {
            true => self.requirement.to_owned(),
            false => format!("{}, and so {}", self.requirement, also.join(", ")),
        }
    }
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
    /// How often it was kept by what a master has sent.
    pub by_masters: u64,
    /// How often it was kept by what a slave has sent.
    pub by_slaves: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            kept: self.kept + other.kept,
            broken: self.broken + other.broken,
            by_masters: self.by_masters + other.by_masters,
            by_slaves: self.by_slaves + other.by_slaves,
        }
    }
}

/// Whose doing a step of the record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::conform) enum Doer {
    Master,
    Slave,
    /// A user's, or that of several.
    #[default]
    Other,
}

/// All that was found, and whom it does not concern.
#[derive(Debug)]
pub(in crate::conform) struct Findings {
    all: Vec<Finding>,
    forgers: BTreeSet<Name>,
    /// The first entry whose effects the record may not tell any more.
    open: Option<usize>,
    /// How many entries at the beginning may be effects of what it does not tell.
    begun: usize,
    /// Whether what is found is that something has not happened.
    pub(super) lacks: bool,
    /// Whether the next that is found is there all the same, for all to see.
    shows: bool,
    /// What came at this instant, and may have set off what is found.
    pub(super) came: Came,
    /// Who does what is looked at.
    pub doer: Doer,
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
            open: setting.open,
            begun: setting.begun,
            lacks: false,
            shows: false,
            came: Came::default(),
            doer: Doer::Other,
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
            *sum = sum.and(*tally);
        });
        all
    }

    /// A requirement applied, and was kept.
    pub fn kept(&mut self, requirement: &'static str) {
        let doer = self.doer;
        let tally = self.tally(requirement);
        tally.kept += 1;
        match doer {
            Doer::Master => tally.by_masters += 1,
            Doer::Slave => tally.by_slaves += 1,
            Doer::Other => {}
        }
    }

    /// What is pushed next is no lack: nothing that is still to come makes it good.
    pub fn shown(&mut self) -> &mut Self {
        self.shows = true;
        self
    }

    /// The same if that is so.
    pub fn shown_if(&mut self, shows: bool) -> &mut Self {
        self.shows = shows;
        self
    }

    /// Whether what lacks at this entry may still have been to come when the record ended.
    pub fn is_open(&self, entry: usize) -> bool {
        self.lacks && self.open.is_some_and(|first| entry >= first)
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
        // What is under way when a record ends is nobody's fault.
        let shows = std::mem::take(&mut self.shows);
        let open = !shows && self.is_open(entry);
        if open || entry < self.begun || self.is_forger(host) {
            return;
        }
        self.tally(requirement).broken += 1;
        if self.all.len() < FINDINGS_MAX {
            let others = causes.iter().copied().filter(|cause| *cause != entry);
            self.all.push(Finding {
                requirement,
                host: host.to_owned(),
                entry,
                what,
                expected: expected.to_owned(),
                causes: others.take(CAUSES_MAX).collect(),
            });
        }
    }

    /// What this host was given at this instant, if it is one thing only.
    pub fn given(&self, host: &str) -> Option<usize> {
        self.came.only(host)
    }

    /// What set off this stanza, which leaves a host.
    pub fn set_off(&self, passage: &Passage<'_>) -> Vec<usize> {
        self.came.set_off(passage)
    }

    /// Something is wrong with a stanza that left a host.
    pub fn wrong(
        &mut self,
        requirement: &'static str,
        (entry, passage): (usize, &Passage<'_>),
        expected: &str,
        wrong: Wrong,
    ) {
        let Wrong { words, mut causes } = wrong;
        if causes.is_empty() && self.all.len() < FINDINGS_MAX {
            causes = self.came.set_off(passage);
        }
        self.push(requirement, &passage.hop.from, entry, words, expected, &causes);
    }

    /// A requirement applies to this stanza, and is kept or not; `wrong` says what is wrong.
    pub fn judge(
        &mut self,
        requirement: &'static str,
        well: bool,
        here: (usize, &Passage<'_>),
        expected: &str,
        wrong: impl FnOnce() -> Wrong,
    ) {
        if well {
            self.kept(requirement);
        } else {
            self.wrong(requirement, here, expected, wrong());
        }
    }
}

/// What is wrong with a stanza.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Wrong {
    /// In words.
    words: String,
    /// Entries that led to it; if there are none, those are named that the host was given.
    causes: Vec<usize>,
}

impl Wrong {
    pub fn of(words: impl Into<String>) -> Self {
        Self { words: words.into(), causes: Vec::new() }
    }

    /// Because of these entries.
    pub fn because(self, causes: impl IntoIterator<Item = usize>) -> Self {
        Self { causes: causes.into_iter().collect(), ..self }
    }
}

/// More than so many findings help nobody.
const FINDINGS_MAX: usize = 1_000;

/// Nor do more causes.
const CAUSES_MAX: usize = 16;

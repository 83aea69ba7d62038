//! What people and programs read of judged runs: sequence diagrams, and reports as text, JSON,
//! JUnit's XML and one HTML page.
//!
//! Everything here is a pure function of transcripts and judgements; it does *not* know how a run
//! was made, nor where what it writes goes. Whatever it writes may come from a hostile transcript:
//! it is bounded, and every name and text in it is escaped.

pub mod diagram;
mod html;
mod json;
mod junit;
mod known;
mod led;
mod part;
mod plain;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use self::json::VERSION;
pub use self::known::{Failing, Known};
pub use self::part::{Part, drawn};
use crate::conform::invariants::{Finding, Tally};
use crate::conform::judgement::{Judgement, Row, Verdict};
use crate::conform::requirements::Requirement;
use crate::dmuc::Note;
use crate::transcript::Transcript;

/// Runs and what came of them. [`Report::text`], [`Report::json`], [`Report::junit`] and
/// [`Report::html`] tell it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// In the order in which they are told.
    pub runs: Vec<Run>,
}

/// One run and what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// A short name, which no other run has.
    pub name: String,
    /// The file that was played or read.
    pub file: String,
    /// A command that shows it again.
    pub replay: String,
    /// A command that judges it again, to which `--require` may be added; empty if there is none.
    pub judge: String,
    /// What people are called, by full JID, as far as it is known besides the transcript.
    pub people: BTreeMap<String, String>,
    /// When machines have lost one another and met again, if they do not say it in the transcript:
    /// entries, and what they would say.
    pub splits: Vec<(usize, Note)>,
    /// What happened; empty if it was not played to its end.
    pub transcript: Transcript,
    /// For each entry of it the line of the file to which it belongs, 0 if there is none.
    pub lines: Vec<usize>,
    /// Which entries these are, if the record has more.
    pub part: Option<Part>,
    /// What came of the requirements.
    pub judgement: Judgement,
    /// How many expectations of the scenario were checked.
    pub expectations: usize,
    /// How many of them were not met.
    pub unmet: usize,
    /// Why they were not met, for each whose they were; and what else kept the scenario from
    /// passing.
    pub failures: Vec<Failure>,
    /// Faults of the scenario that touched no stanza: what they are to test is not tested.
    pub untouched: Vec<Failure>,
    /// Whether the requirements were asked for by name: then it is told of those that never applied
    /// wherever it is told of others.
    pub asked: bool,
    /// What is listed as failing, and either fails, which then is in none of the other fields but
    /// the judgement, or does not, which is a failure.
    pub known: Vec<Known>,
}

/// Why a scenario did not pass, whatever the requirements say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line of the scenario; 0 if it is about none.
    pub line: u32,
    /// The text of that line.
    pub text: String,
    /// What is wrong.
    pub what: String,
}

impl Run {
    /// The title of the scenario, or else the name.
    pub fn title(&self) -> &str {
        match self.transcript.header.scenario.as_str() {
            "" => &self.name,
            title => title,
        }
    }

    /// The worst of everything, expectations and requirements, but for what is known to fail:
    /// vacuous, if nothing is wrong but that a fault touched nothing.
    pub fn verdict(&self) -> Verdict {
        if !self.failures.is_empty() || self.unexpected_passes().next().is_some() {
            return Verdict::Fail;
        }
        let blemish = |row: &&Row| matches!(row.verdict, Verdict::Warn | Verdict::Fail);
        let rows = self.judgement.rows.iter().filter(blemish);
        let rows = rows.filter(|row| self.known_row(row).is_none());
        let least = if self.untouched.is_empty() { Verdict::Pass } else { Verdict::Vacuous };
        rows.map(|row| row.verdict).max().unwrap_or(least)
    }

    /// What was found by which this requirement shows to be broken.
    fn findings_of(&self, row: &Row) -> impl Iterator<Item = &Finding> {
        let of = row.requirement;
        self.judgement.findings.iter().filter(move |finding| shows(finding, of))
    }

    /// `scenarios/a.scs:12`, or the file alone.
    fn place_of(&self, finding: &Finding) -> String {
        self.place(self.line_of(finding.entry))
    }

    /// The same where something else than a requirement failed.
    fn place_of_failure(&self, failure: &Failure) -> String {
        self.place(usize::try_from(failure.line).ok().filter(|line| *line > 0))
    }

    fn place(&self, line: Option<usize>) -> String {
        match line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

impl Report {
    /// The worst verdict over all runs.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.runs.iter().map(Run::verdict);
        verdicts.max().unwrap_or(Verdict::Pass)
    }

    /// How many runs have each verdict, the best first; those that none has are left out.
    fn verdicts(&self) -> Vec<(Verdict, usize)> {
        let count = |verdict| self.runs.iter().filter(|run| run.verdict() == verdict).count();
        let counts = Verdict::ALL.into_iter().map(|verdict| (verdict, count(verdict)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// What came of each requirement in all runs together: of those of which any run tells.
    fn totals(&self) -> Vec<Total<'_>> {
        let rows = || self.runs.iter().flat_map(|run| &run.judgement.rows);
        let told: BTreeSet<&str> = rows().map(|row| row.requirement.id).collect();
        let told = Requirement::all().filter(|one| told.contains(one.id));
        let mut totals: Vec<Total<'_>> = told.map(Total::new).collect();
        for (index, run) in self.runs.iter().enumerate() {
            for row in &run.judgement.rows {
                let is_it = |total: &&mut Total<'_>| total.requirement.id == row.requirement.id;
                let Some(total) = totals.iter_mut().find(is_it) else { continue };
                total.tally.kept += row.tally.kept;
                total.tally.broken += row.tally.broken;
                if row.tally != Tally::default() {
                    total.runs.push(index);
                }
                total.failed |= row.verdict == Verdict::Fail;
                if matches!(row.verdict, Verdict::Fail | Verdict::Warn) {
                    match run.known_row(row) {
                        Some(known) => total.known = total.known.or(Some(known)),
                        None => total.is_news = true,
                    }
                }
                total.reason = total.reason.or(row.reason);
                total.shown |= row.reason.is_none();
            }
        }
        for total in &mut totals {
            total.reason = total.reason.filter(|_| !total.shown);
        }
        totals
    }
}

/// Whether this requirement is broken by what was found: by its own monitor, or by that of an
/// invariant that says the same.
fn shows(finding: &Finding, requirement: &Requirement) -> bool {
    let id = finding.requirement;
    requirement.id == id || requirement.shown_by().contains(&id)
}

/// What came of one requirement in all runs.
struct Total<'a> {
    requirement: &'static Requirement,
    tally: Tally,
    /// The runs in which it applied.
    runs: Vec<usize>,
    /// Why no run shows it.
    reason: Option<&'static str>,
    /// Whether any run does.
    shown: bool,
    /// Whether any run fails by it, as a SHOULD may too if somebody is strict.
    failed: bool,
    /// Why some run fails by it.
    known: Option<&'a Known>,
    /// Whether any run fails by it of which that is not known.
    is_news: bool,
}

impl<'a> Total<'a> {
    fn new(requirement: &'static Requirement) -> Self {
        Self {
            requirement,
            tally: Tally::default(),
            runs: Vec::new(),
            reason: None,
            shown: false,
            failed: false,
            known: None,
            is_news: false,
        }
    }

    fn verdict(&self) -> Verdict {
        match self.reason {
            Some(_) => Verdict::Unsupported,
            None if self.failed => Verdict::Fail,
            None => Verdict::of(self.requirement.level, self.tally),
        }
    }

    /// Why it is broken, if that is known of each run that breaks it.
    fn known(&self) -> Option<&'a Known> {
        self.known.filter(|_| !self.is_news)
    }

    /// The word for what came of it: that of the verdict, or `known`.
    fn word(&self) -> &'static str {
        word(self.verdict(), self.known())
    }
}

/// The word of a verdict, or of a failure that is known.
fn word(verdict: Verdict, known: Option<&Known>) -> &'static str {
    if known.is_some() { KNOWN } else { verdict.name() }
}

/// The words for what came of requirements, the worst last; and how many of these have each.
fn words(totals: &[Total<'_>]) -> Vec<(&'static str, usize)> {
    let words = Verdict::ALL.map(Verdict::name).into_iter().chain([KNOWN]);
    let of = |word| totals.iter().filter(|total| total.word() == word).count();
    words.map(|word| (word, of(word))).filter(|(_, count)| *count > 0).collect()
}

const KNOWN: &str = "known";

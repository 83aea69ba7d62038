//! The judgement of a transcript: what came of each requirement and of each invariant.
//!
//! The monitors are proved elsewhere; here their counts become verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::invariants::{Finding, Monitor, Setting, Tally};
use super::monitors;
use super::requirements::{Actor, Level, Requirement, retold};
use super::views::{Seen, Views};
use crate::time::Time;
use crate::transcript::edition::Edition;
use crate::transcript::{Entry, Record};

/// What came of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It applied, and was kept each time.
    Pass,
    /// A MAY that was made use of, as one may.
    Choice,
    /// The run went where the XEP says nothing.
    Unspecified,
    /// It never applied.
    Vacuous,
    /// Nothing that is recorded shows it; the row says why.
    Unsupported,
    /// A SHOULD was not followed.
    Warn,
    /// It was broken.
    Fail,
}

impl Verdict {
    /// All of them, the worst last.
    pub const ALL: [Verdict; 7] = [
        Verdict::Pass,
        Verdict::Choice,
        Verdict::Unspecified,
        Verdict::Vacuous,
        Verdict::Unsupported,
        Verdict::Warn,
        Verdict::Fail,
    ];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Choice => "choice",
            Verdict::Unspecified => "unspecified",
            Verdict::Vacuous => "vacuous",
            Verdict::Unsupported => "unsupported",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }

    /// What a requirement's counts come to.
    pub const fn of(level: Level, tally: Tally) -> Self {
        match (tally.broken, tally.kept, level) {
            (0, 0, _) => Verdict::Vacuous,
            (0, _, Level::May) => Verdict::Choice,
            (0, _, Level::Open) => Verdict::Unspecified,
            (0, ..) => Verdict::Pass,
            (_, _, Level::Should) => Verdict::Warn,
            _ => Verdict::Fail,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What came of one requirement in one transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// What came of it.
    pub verdict: Verdict,
    /// How often it applied.
    pub tally: Tally,
    /// Why it is unsupported, if it is.
    pub reason: Option<&'static str>,
}

impl Row {
    /// Whether it ever applied.
    pub fn applied(&self) -> bool {
        self.tally.kept + self.tally.broken > 0
    }

    /// What came of the same requirement in another transcript, added to this.
    pub fn add(&mut self, other: &Row) {
        self.tally = self.tally.and(other.tally);
        self.verdict = match (self.applied(), self.verdict, other.verdict) {
            (true, ..) => Verdict::of(self.requirement.level, self.tally),
            (false, Verdict::Unsupported, Verdict::Unsupported) => Verdict::Unsupported,
            _ => Verdict::Vacuous,
        };
        self.reason = self.reason.filter(|_| self.verdict == Verdict::Unsupported);
    }
}

/// The judgement of one transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What came of every requirement and every invariant, in their order.
    pub rows: Vec<Row>,
    /// What was broken, in the order in which that shows.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// Judge a whole record.
    pub fn of(record: &dyn Record, setting: &Setting) -> Self {
        let mut judge = Judge::new(setting, record.header().epoch);
        record.each(&mut |entry| judge.feed(entry));
        judge.finish()
    }

    /// Judge a record that may lack something. `whole`: whether somebody knows that it is not the
    /// log of one server.
    pub fn of_what_shows(record: &dyn Record, setting: &Setting, whole: bool) -> Self {
        let mut judge = Judge::new(setting, record.header().epoch);
        let mut seen = Seen::new(setting);
        record.each(&mut |entry| {
            judge.feed(entry);
            seen.feed(entry);
        });
        let (mut judgement, views) = (judge.finish(), seen.views());
        judgement.limit(&if whole { views.whole() } else { views });
        judgement
    }

    /// What concerns one party only: its requirements, and what hosts that are of its kind did.
    /// `is_of` tells whether a host is.
    #[must_use]
    pub fn of_party(mut self, actor: Actor, is_of: impl Fn(&str) -> bool) -> Self {
        let concerns =
            |id: &str| Requirement::find(id).is_some_and(|one| one.actors.contains(&actor));
        self.findings.retain(|one| concerns(one.requirement) && is_of(&one.host));
        self.rows.retain(|row| row.requirement.actors.contains(&actor));
        // What several parties have to keep is kept here by what this one does.
        for row in self.rows.iter_mut().filter(|row| row.requirement.actors.len() > 1) {
            let others = match actor {
                Actor::Master => &mut row.tally.by_slaves,
                Actor::Slave | Actor::Server => &mut row.tally.by_masters,
            };
            row.tally.kept -= std::mem::take(others);
        }
        self.count_again();
        self
    }

    /// Only what hops of these classes can show: the other requirements are unsupported, and what
    /// was found of them is no finding.
    pub fn limit(&mut self, views: &Views) {
        for row in &mut self.rows {
            if row.verdict == Verdict::Unsupported {
                continue;
            }
            // What others show, too, is not kept by what is left of it.
            let ids = row.requirement.shown_by().iter().copied().chain([row.requirement.id]);
            if let Some(reason) = ids.into_iter().find_map(|id| views.missing(id)) {
                (row.verdict, row.tally) = (Verdict::Unsupported, Tally::default());
                row.reason = Some(reason);
            }
        }
        let shown =
            |one: &Finding| views.missing(one.requirement).is_none() && views.sees(&one.host);
        self.findings.retain(shown);
        // Of many findings only the first are kept: they are counted where some are not judged.
        if views.is_of_one() {
            self.count_again();
        }
    }

    /// As often as something was found a requirement was broken.
    fn count_again(&mut self) {
        let mut broken = BTreeMap::new();
        for finding in &self.findings {
            *broken.entry(finding.requirement).or_insert(0) += 1;
        }
        let of =
            |id: &str| Tally { broken: broken.get(id).copied().unwrap_or(0), ..Tally::default() };
        for row in self.rows.iter_mut().filter(|row| row.verdict != Verdict::Unsupported) {
            row.tally.broken = tally(row.requirement, of).broken;
            row.verdict = Verdict::of(row.requirement.level, row.tally);
        }
    }

    /// The judgement of another record of the same requirements, added to this one's.
    pub fn add(&mut self, other: Judgement) {
        for (row, other) in self.rows.iter_mut().zip(&other.rows) {
            row.add(other);
        }
        self.findings.extend(other.findings);
    }

    /// The entries at which something was found, and those that led to it.
    pub fn entries(&self) -> BTreeSet<usize> {
        let findings = self.findings.iter();
        findings.flat_map(|one| one.causes.iter().chain([&one.entry])).copied().collect()
    }

    /// The same of a record in which each of these entries has another number.
    pub fn renumber(&mut self, numbers: &BTreeMap<usize, usize>) {
        let numbers = |one: &mut usize| *one = numbers.get(one).copied().unwrap_or(*one);
        for finding in &mut self.findings {
            numbers(&mut finding.entry);
            finding.causes.iter_mut().for_each(numbers);
        }
    }

    /// What was found, in the words of an edition, as [`retold`] has it.
    pub fn retell(&mut self, edition: Edition, renamed: &BTreeSet<String>) {
        for finding in &mut self.findings {
            for words in [&mut finding.what, &mut finding.expected] {
                *words = retold(words, edition, renamed);
            }
        }
    }

    /// The worst verdict of all rows: [`Verdict::Pass`] if there are none. Whether something is
    /// vacuous or unsupported is no blemish here: no run shows everything.
    pub fn worst(&self) -> Verdict {
        let blemish = |verdict: &Verdict| matches!(verdict, Verdict::Warn | Verdict::Fail);
        let verdicts = self.rows.iter().map(|row| row.verdict).filter(blemish);
        verdicts.max().unwrap_or(Verdict::Pass)
    }

    /// The row of this requirement.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.requirement.id == id)
    }
}

/// Judges a transcript entry by entry: its memory grows with the room, not with the transcript.
#[derive(Debug)]
pub struct Judge(Monitor);

impl Judge {
    /// A transcript that begins at this instant.
    pub fn new(setting: &Setting, begin: Time) -> Self {
        Self(Monitor::with(setting, begin, &monitors::all))
    }

    /// The next entry.
    pub fn feed(&mut self, entry: &Entry) {
        self.0.feed(entry);
    }

    /// The transcript is over.
    pub fn finish(self) -> Judgement {
        let (findings, tallies) = self.0.conclude();
        let rows = Requirement::all().map(|requirement| row(requirement, &tallies)).collect();
        Judgement { rows, findings }
    }
}

fn row(requirement: &'static Requirement, tallies: &BTreeMap<&'static str, Tally>) -> Row {
    let tally = tally(requirement, |id| tallies.get(id).copied().unwrap_or_default());
    let reason = requirement.unsupported();
    let verdict = match reason {
        Some(_) => Verdict::Unsupported,
        None => Verdict::of(requirement.level, tally),
    };
    Row { requirement, verdict, tally, reason }
}

/// How often a requirement applied: by its own monitor, and by those that say the same.
fn tally(requirement: &Requirement, of: impl Fn(&str) -> Tally) -> Tally {
    let ids = requirement.shown_by().iter().copied().chain([requirement.id]);
    ids.map(of).fold(Tally::default(), Tally::and)
}

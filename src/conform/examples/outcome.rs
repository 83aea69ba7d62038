//! What became of an example, and how it reads.

use std::fmt;

use similar::{ChangeTag, TextDiff};

use super::Example;
use super::difference::Difference;
use crate::stanza::Stanza;
use crate::time::Time;

/// What became of an example.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The example.
    pub example: &'static Example,
    /// Whether a run contains it.
    pub verdict: Verdict,
}

impl Outcome {
    /// Whether a run contains the example.
    pub fn is_match(&self) -> bool {
        matches!(self.verdict, Verdict::Matched { .. })
    }
}

/// Whether a run contains an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// One does.
    Matched {
        /// Which of the runs, from 0.
        run: usize,
        /// The entries of its transcript, one for each stanza and hop.
        entries: Vec<usize>,
        /// The errata that had to be applied; none if it matched as printed.
        errata: Vec<String>,
        /// The errata that say what `...` stands for.
        readings: Vec<String>,
    },
    /// None does; this is what keeps the run that comes closest from it.
    Differs {
        /// What is in the way.
        faults: Vec<Fault>,
    },
}

/// What keeps a run from containing an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// There was no run to look at.
    NoRun,
    /// A stanza of the example is not in the run.
    Missing {
        /// Which, counting from 1; a stanza that makes two hops counts twice.
        stanza: usize,
        /// How many there are.
        of: usize,
        /// The host that should have sent it.
        from: String,
        /// Whom it is addressed to.
        to: String,
        /// What comes nearest.
        nearest: Option<Nearest>,
    },
    /// A stanza of the run that would have to be in the example.
    Extra {
        /// Which of the runs, from 0.
        run: usize,
        /// The entry of its transcript.
        entry: usize,
        /// When it was sent.
        at: Time,
        /// The stanza.
        stanza: String,
    },
    /// An order is violated.
    Order(String),
    /// Stamps that are printed equal differ, or those printed different are not in their order.
    Stamp(String),
}

/// The stanza of a run that comes nearest to one of an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// Which of the runs, from 0.
    pub run: usize,
    /// The entry of its transcript.
    pub entry: usize,
    /// When it was sent.
    pub at: Time,
    /// The host that sent it.
    pub from: String,
    /// The host that it was sent to.
    pub to: String,
    /// How it differs.
    pub differences: Vec<Difference>,
    /// The example's stanza (`-`) against it (`+`), line by line.
    pub diff: String,
}

/// How far a run is from an example.
pub(super) fn weight(faults: &[Fault]) -> usize {
    faults
        .iter()
        .map(|fault| match fault {
            Fault::Missing { nearest: Some(nearest), .. } => 2 + nearest.differences.len().min(20),
            Fault::Missing { nearest: None, .. } => 30,
            Fault::NoRun | Fault::Extra { .. } | Fault::Order(_) | Fault::Stamp(_) => 1,
        })
        .sum()
}

/// A stanza of an example (`-`) against one of a run (`+`), line by line.
pub(super) fn diff(expected: &Stanza, found: &Stanza) -> String {
    let (expected, found) = (expected.to_string() + "\n", found.to_string() + "\n");
    let mut text = String::new();
    for change in TextDiff::from_lines(&expected, &found).iter_all_changes() {
        text.push(match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        });
        text.push_str(change.value());
    }
    text
}

/// How many of the outcomes are matches: `20 of 20 examples matched: 13 as printed, 7 after
/// errata`.
pub fn summary(outcomes: &[Outcome]) -> String {
    let matched = outcomes.iter().filter(|outcome| outcome.is_match()).count();
    let corrected = outcomes
        .iter()
        .filter(|outcome| {
            matches!(&outcome.verdict, Verdict::Matched { errata, .. } if !errata.is_empty())
        })
        .count();
    format!(
        "{matched} of {} examples matched: {} as printed, {corrected} after errata",
        outcomes.len(),
        matched - corrected,
    )
}

impl fmt::Display for Outcome {
    /// One line, and if the example is not matched indented lines that say why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:2}  {}: {}", self.example.number, self.example.caption, self.verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Matched { errata, readings, .. } => {
                if errata.is_empty() {
                    f.write_str("matched as printed")?;
                } else {
                    write!(f, "matched after {}", errata.join(", "))?;
                }
                if !readings.is_empty() {
                    write!(f, " (`...` read with {})", readings.join(", "))?;
                }
                Ok(())
            }
            Verdict::Differs { faults } => {
                f.write_str("differs")?;
                faults.iter().try_for_each(|fault| {
                    fault.to_string().lines().try_for_each(|line| write!(f, "\n      {line}"))
                })
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoRun => f.write_str("there is no run"),
            Fault::Missing { stanza, of, from, to, nearest } => {
                write!(f, "stanza {stanza} of {of}, from host {from} to {to}, is missing")?;
                match nearest {
                    Some(nearest) => write!(f, "; nearest is {nearest}"),
                    None => f.write_str("; nothing comes near"),
                }
            }
            Fault::Extra { entry, at, stanza, .. } => {
                write!(f, "entry {entry}, {}, is too much:", at.time_of_day())?;
                stanza.lines().try_for_each(|line| write!(f, "\n  {line}"))
            }
            Fault::Order(what) | Fault::Stamp(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Nearest { entry, from, to, .. } = self;
        write!(f, "entry {entry}, {}, {from} -> {to}:", self.at.time_of_day())?;
        for difference in &self.differences {
            write!(f, "\n  {difference}")?;
        }
        self.diff.lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

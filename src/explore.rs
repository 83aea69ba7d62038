//! Random schedules: from a seed to a scenario, to what goes wrong in it, to the smallest scenario
//! that still goes wrong in the same way.
//!
//! A schedule is what people do and what breaks, drawn from a seed; it is played as the text of a
//! scenario, so that whatever is found is replayed from a file. At its end everything is healed,
//! and somebody enters at each place: rosters and histories must then be the same everywhere.
//! Everything is a function of the seed.
//!
//! It is *not* a test of single rules of the protocol: it knows none, but those that hold of every
//! run (`conform::invariants`).

pub mod act;
mod draw;
mod judge;
mod shrink;
pub mod stage;
mod write;

use std::ops::RangeInclusive;

pub use self::act::Act;
pub use self::stage::Stage;
use crate::scenario::{Profile, Scenario};

/// What schedules are drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How much of the protocol the machines speak.
    pub profile: Profile,
    /// How many slaves there are; at most six.
    pub slaves: RangeInclusive<usize>,
    /// How many people there are at most; no more than [`stage::PEOPLE_MAX`].
    pub people: usize,
    /// How many things happen, about, at most.
    pub actions: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { profile: Profile::default(), slaves: 3..=6, people: 20, actions: 200 }
    }
}

/// A schedule: who is there, and what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What it was drawn from, and what chances in its play are drawn from.
    pub seed: u64,
    /// Who and what there is.
    pub stage: Stage,
    /// What happens, in order.
    pub acts: Vec<Act>,
}

impl Schedule {
    /// The schedule of this seed.
    pub fn draw(seed: u64, bounds: &Bounds) -> Self {
        draw::draw(seed, bounds)
    }

    /// The text of the scenario that plays it, in its canonical layout.
    pub fn text(&self) -> String {
        write::write(self)
    }

    /// What goes wrong in it.
    pub fn flaws(&self) -> Vec<Flaw> {
        judge::flaws(&self.text())
    }

    /// The smallest schedule found that breaks this rule, too. At most `plays` are tried, and none
    /// once `go_on` says no.
    pub fn shrink(&self, rule: &str, plays: usize, go_on: &dyn Fn() -> bool) -> Self {
        let is_wrong =
            |text: &str| go_on() && judge::flaws(text).iter().any(|flaw| flaw.rule == rule);
        self.shrink_while(&is_wrong, plays)
    }

    /// The smallest schedule found whose text still is so. At most `plays` are tried.
    pub fn shrink_while(&self, is_so: &dyn Fn(&str) -> bool, plays: usize) -> Self {
        shrink::shrink(self, is_so, plays)
    }
}

/// What goes wrong in a scenario whose text is this, wherever it comes from.
pub fn flaws(scenario: &Scenario, text: &str) -> Vec<Flaw> {
    judge::judge(scenario, text)
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is broken: the id of an invariant, or an expectation, or `panic`.
    pub rule: String,
    /// How that shows.
    pub what: String,
}

impl Flaw {
    fn new(rule: &str, what: &str) -> Self {
        Self { rule: rule.to_owned(), what: what.to_owned() }
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

//! Shipped scenarios, played with machines that are wrong, and judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use wallops::conform::judgement::{Judgement, Verdict};
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::event::EventNetwork;
use wallops::sim::play::{Options, play, setting};

use super::files::{find_cast, shipped};
use super::kit::Tampering;

/// All scenarios that ship, by name.
pub struct Stage(BTreeMap<String, (Scenario, String)>);

impl Stage {
    pub fn open() -> Self {
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).unwrap();
            let source = Source::new(&path.display().to_string(), &text);
            let scenario = parse(&source, &find_cast).unwrap_or_else(|one| panic!("{one}"));
            (path.file_name().unwrap().to_string_lossy().into_owned(), (scenario, text))
        };
        Self(shipped().into_iter().map(read).collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Which statements of the XEP and which invariants are broken, as their monitors have it.
    pub fn notices(&self, name: &str, mut tampering: Tampering) -> BTreeSet<&'static str> {
        let (scenario, text) = &self.0[name];
        tampering.epoch = scenario.tags.epoch;
        let options = Options { source: text.as_str().into(), ..Options::default() };
        let played = catch_unwind(AssertUnwindSafe(|| {
            play(scenario, &options, |world, start, seed| {
                EventNetwork::new(world.tampered(Box::new(tampering)), start, seed)
            })
        }));
        let outcome = match played {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => return BTreeSet::from([&*error.to_string().leak()]),
            Err(_) => return BTreeSet::from(["a panic"]),
        };
        let judgement = Judgement::of(&outcome.transcript, &setting(scenario, false));
        let broken = judgement.rows.iter();
        let broken = broken.filter(|row| matches!(row.verdict, Verdict::Fail | Verdict::Warn));
        broken.map(|row| row.requirement.id).collect()
    }
}

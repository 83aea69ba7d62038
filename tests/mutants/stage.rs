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
use super::logs::{hosts, judged, seen_by};
use wallops::time::Duration;
use wallops::transcript::{Entry, Fate, Hop, Name, Transcript, What, is_client};

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
    pub fn notices(&self, name: &str, tampering: Tampering) -> BTreeSet<&'static str> {
        match self.judge(name, tampering) {
            Ok(judgement) => broken(&judgement),
            Err(failure) => BTreeSet::from([failure]),
        }
    }

    /// The judgement of a scenario with such machines.
    pub fn judge(&self, name: &str, tampering: Tampering) -> Result<Judgement, &'static str> {
        let transcript = self.play(name, tampering)?;
        Ok(Judgement::of(&transcript, &setting(&self.0[name].0, false)))
    }

    /// The same by the log of each server alone.
    pub fn logs(&self, name: &str, tampering: Tampering) -> BTreeMap<Name, BTreeSet<&'static str>> {
        let Ok(transcript) = self.play(name, tampering) else { return BTreeMap::new() };
        let servers = hosts(&transcript).into_iter().filter(|host| !is_client(host));
        let log = |host: Name| {
            let judgement = judged(&going_on(seen_by(&host, &transcript), &host))?;
            Some((host, broken(&judgement)))
        };
        servers.filter_map(log).collect()
    }

    /// What such machines do.
    pub fn play(&self, name: &str, mut tampering: Tampering) -> Result<Transcript, &'static str> {
        let (scenario, text) = &self.0[name];
        tampering.epoch = scenario.tags.epoch;
        let options = Options { source: text.as_str().into(), ..Options::default() };
        let played = catch_unwind(AssertUnwindSafe(|| {
            play(scenario, &options, |world, start, seed| {
                EventNetwork::new(world.tampered(Box::new(tampering)), start, seed)
            })
        }));
        match played {
            Ok(Ok(outcome)) => Ok(outcome.transcript),
            Ok(Err(error)) => Err(error.to_string().leak()),
            Err(_) => Err("a panic"),
        }
    }
}

pub fn broken(judgement: &Judgement) -> BTreeSet<&'static str> {
    let broken = judgement.rows.iter();
    let broken = broken.filter(|row| matches!(row.verdict, Verdict::Fail | Verdict::Warn));
    broken.map(|row| row.requirement.id).collect()
}

/// The log of a server that goes on after a scenario, when nothing of it is under way any more.
fn going_on(mut log: Transcript, host: &Name) -> Transcript {
    let stanza = format!("<iq type='result' id='later' from='{host}' to='elsewhere.example'/>");
    let (from, to) = (host.clone(), "elsewhere.example".into());
    let fate = Fate::Delivered(Duration::ZERO);
    let what = What::Hop(Hop { fate, ..Hop::new(from, to, stanza.parse().unwrap()) });
    let last = log.entries.last().map(|last| last.at + LATER);
    log.entries.extend(last.map(|at| Entry { at, what }));
    log
}

const LATER: Duration = Duration::from_millis(2_500);

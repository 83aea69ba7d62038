//! Which scenarios show requirements: by their `## spec` tags, and by being played.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cli::files::Script;
use crate::cli::refusal::Refusal;
use crate::cli::stage::{self, Manner};
use crate::conform::invariants::Tally;
use crate::conform::judgement::Judgement;
use crate::conform::requirements::Requirement;
use crate::sim::play;

/// The scenarios of a directory, and which requirements they are tagged with.
pub(super) struct Shown {
    pub directory: PathBuf,
    /// None if there is no such directory.
    scripts: Option<Vec<Script>>,
    by: BTreeMap<String, Vec<String>>,
}

/// For each requirement the first scenarios that come to it, and how often they keep and break it.
pub(super) type Played = BTreeMap<&'static str, Vec<(String, Tally)>>;

impl Shown {
    /// Of the scenarios in this directory; of none if there is no such directory.
    pub fn read(directory: &Path) -> Result<Self, Refusal> {
        let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut scripts = None;
        if directory.exists() {
            let all = Script::read_all(&[directory.to_owned()])?;
            for script in &all {
                let inside = script.path.strip_prefix(directory).unwrap_or(&script.path);
                let name = inside.display().to_string();
                for id in &script.scenario.tags.spec {
                    by.entry(id.clone()).or_default().push(name.clone());
                }
            }
            scripts = Some(all);
        }
        Ok(Self { directory: directory.to_owned(), scripts, by })
    }

    /// Whether there is such a directory.
    pub fn exists(&self) -> bool {
        self.scripts.is_some()
    }

    /// The scenarios that are tagged with it.
    pub fn of(&self, requirement: &Requirement) -> &[String] {
        self.by.get(requirement.id).map_or(&[], Vec::as_slice)
    }

    /// Play scenarios until of each of these requirements a few are known that come to it: of each
    /// the same, whatever else is asked for.
    pub fn play(&self, wanted: &[&'static Requirement]) -> Played {
        let scripts: Vec<&Script> = self.scripts.iter().flatten().collect();
        let mut judged: BTreeMap<usize, Judgement> = BTreeMap::new();
        let mut played = Played::new();
        for one in wanted.iter().filter(|one| one.unsupported().is_none()) {
            // Who is tagged is most likely to; what random schedules have found is told last.
            let tagged = |script: &Script| script.scenario.tags.spec.iter().any(|id| id == one.id);
            let mut order: Vec<usize> = (0..scripts.len()).collect();
            order.sort_by_key(|number| {
                let script = scripts[*number];
                (!tagged(script), script.name().starts_with("found-"))
            });
            let some = played.entry(one.id).or_default();
            for numbers in order.chunks(AT_A_TIME) {
                let news = numbers.par_iter().filter(|number| !judged.contains_key(number));
                let news: Vec<_> =
                    news.map(|number| (*number, judge(scripts[*number], wanted))).collect();
                judged.extend(news);
                let rows = numbers.iter().filter_map(|number| {
                    let row = judged.get(number)?.row(one.id).filter(|row| row.applied())?;
                    Some((scripts[*number].path.display().to_string(), row.tally))
                });
                some.extend(rows.take(FEW - some.len()));
                if some.len() >= FEW {
                    break;
                }
            }
        }
        played
    }
}

/// What a scenario comes to of these requirements; one that cannot be played comes to nothing.
fn judge(script: &Script, wanted: &[&Requirement]) -> Judgement {
    let Ok(outcome) = stage::play(script, Manner::default()) else { return Judgement::default() };
    let setting = play::setting(&script.scenario, false);
    let mut judgement = Judgement::of(&outcome.transcript, &setting);
    judgement.rows.retain(|row| wanted.iter().any(|one| one.id == row.requirement.id));
    judgement
}

/// So many scenarios are named.
const FEW: usize = 3;

/// So many are played before it is asked whether these are enough.
const AT_A_TIME: usize = 16;

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

    /// Play scenarios until of each of these requirements a few are known that come to it.
    pub fn play(&self, wanted: &[&'static Requirement]) -> Played {
        let mut played = Played::new();
        let mut rest: Vec<_> = self.scripts.iter().flatten().collect();
        // Who is tagged is most likely to; what random schedules have found is told last.
        let tagged = |script: &Script| {
            wanted.iter().any(|one| script.scenario.tags.spec.iter().any(|id| id == one.id))
        };
        rest.sort_by_key(|script| (!tagged(script), script.name().starts_with("found-")));
        for some in rest.chunks(AT_A_TIME) {
            let missing: Vec<_> = wanted.iter().filter(|one| !is_enough(&played, one)).collect();
            if missing.is_empty() {
                break;
            }
            let judged: Vec<_> = some.par_iter().map(|script| (script, judge(script))).collect();
            for (script, judgement) in judged {
                for one in &missing {
                    let row = judgement.row(one.id).filter(|row| row.applied());
                    if let Some(row) = row.filter(|_| !is_enough(&played, one)) {
                        let told = (script.path.display().to_string(), row.tally);
                        played.entry(one.id).or_default().push(told);
                    }
                }
            }
        }
        played
    }
}

/// Whether enough scenarios are known, or none can show it.
fn is_enough(played: &Played, one: &Requirement) -> bool {
    one.unsupported().is_some() || played.get(one.id).is_some_and(|some| some.len() >= FEW)
}

/// What a scenario comes to; one that cannot be played comes to nothing.
fn judge(script: &Script) -> Judgement {
    let outcome = stage::play(script, Manner::default());
    let setting = play::setting(&script.scenario, false);
    outcome.map_or_else(|_| Judgement::default(), |one| Judgement::of(&one.transcript, &setting))
}

/// So many scenarios are named.
const FEW: usize = 3;

/// So many are played before it is asked whether these are enough.
const AT_A_TIME: usize = 16;

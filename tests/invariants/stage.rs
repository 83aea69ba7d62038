//! Runs whose records are judged.

use std::fs;
use std::path::{Path, PathBuf};

use wallops::conform::invariants::{Finding, Setting, check};
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, play_event, play_wire, setting};
use wallops::transcript::Transcript;

pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// The scenarios that ship; of another directory, if `WALLOPS_SCENARIOS` names one.
pub fn shipped() -> Vec<PathBuf> {
    let other = std::env::var("WALLOPS_SCENARIOS").map(PathBuf::from);
    let other = other.unwrap_or_else(|_| directory());
    let plain = fs::read_dir(other.join("plain")).into_iter().flatten();
    let files = fs::read_dir(other).unwrap().chain(plain);
    let mut files: Vec<_> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "scs"))
        .collect();
    files.sort();
    files
}

/// A run, and what its record does not show.
pub struct Run {
    pub name: String,
    pub transcript: Transcript,
    pub setting: Setting,
}

impl Run {
    pub fn event(path: &Path) -> Run {
        let (scenario, options) = scenario(path);
        let transcript = play_event(&scenario, &options).unwrap().transcript;
        Run { name: name(path), transcript, setting: setting(&scenario, false) }
    }

    pub fn wire(path: &Path) -> Run {
        let (scenario, options) = scenario(path);
        let transcript = play_wire(&scenario, &options).unwrap().transcript;
        Run { name: name(path), transcript, setting: setting(&scenario, false) }
    }

    pub fn check(&self) -> Vec<Finding> {
        check(&self.transcript, &self.setting)
    }

    /// What is found, in words.
    pub fn findings(&self) -> String {
        let one = |finding: &Finding| {
            let at = &self.transcript.entries[finding.entry];
            format!("{} {}: {finding}\n", self.name, at.at.time_of_day())
        };
        self.check().iter().map(one).collect()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn scenario(path: &Path) -> (Scenario, Options) {
    let text = fs::read_to_string(path).unwrap();
    let source = Source::new(&path.display().to_string(), &text);
    let scenario = parse(&source, &find_cast).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (scenario, Options { source: text.into(), ..Options::default() })
}

fn find_cast(name: &str) -> Result<Source, String> {
    let path = directory().join("casts").join(format!("{name}.cast"));
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    Ok(Source::new(&path.display().to_string(), &text))
}

//! The monitors: no shipped scenario breaks a requirement, and every requirement is exercised.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shipped/files.rs"]
mod files;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use files::{find_cast, shipped};
use wallops::conform::judgement::{Judgement, Verdict};
use wallops::conform::requirements::Requirement;
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event, setting};

fn judged(path: &Path) -> Judgement {
    let text = fs::read_to_string(path).unwrap();
    let scenario = parse(&Source::new(&path.display().to_string(), &text), &find_cast)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options { source: text.into(), ..Options::default() };
    let transcript = play_event(&scenario, &options).unwrap().transcript;
    Judgement::of(&transcript, &setting(&scenario, false))
}

/// What is right, and looks wrong to whoever takes what happens at one instant for one thing.
#[test]
fn what_people_do_at_once_breaks_no_requirement() {
    let mut wrong = String::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/monitors");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        for finding in judged(&path).findings {
            wrong += &format!("{}: {finding}\n", path.display());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_shipped_scenario_breaks_a_requirement_and_all_are_exercised() {
    let mut wrong = String::new();
    let mut exercised = BTreeSet::new();
    for path in shipped() {
        let judgement = judged(&path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for finding in judgement.findings.iter().take(5) {
            wrong += &format!("{name}: {finding}\n");
        }
        let applied = judgement
            .rows
            .iter()
            .filter(|row| !matches!(row.verdict, Verdict::Vacuous | Verdict::Unsupported));
        exercised.extend(applied.map(|row| row.requirement.id));
    }
    for one in Requirement::all() {
        if one.unsupported().is_none() && !exercised.contains(one.id) {
            wrong += &format!("never exercised: {}\n", one.id);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

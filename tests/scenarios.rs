//! The scenarios that ship, played on the event network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shipped/files.rs"]
mod files;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use files::{directory, find_cast, shipped};
use wallops::conform::requirements::Requirement;
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, Outcome, PlayError, play_event, play_wire};
use wallops::transcript::{Comparison, Diff};

fn play(path: &Path, plain: bool) -> Result<Outcome, String> {
    play_on(play_event, path, plain)
}

fn play_on(
    play: impl Fn(&Scenario, &Options) -> Result<Outcome, PlayError>,
    path: &Path,
    plain: bool,
) -> Result<Outcome, String> {
    let text = fs::read_to_string(path).unwrap();
    let source = Source::new(&path.display().to_string(), &text);
    let scenario = parse(&source, &find_cast).map_err(|mistakes| mistakes.to_string())?;
    let options = Options { source: text.into(), plain, ..Options::default() };
    play(&scenario, &options).map_err(|error| format!("{}: {error}\n", path.display()))
}

fn complaints(path: &Path, outcome: &Outcome) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    let mut text = String::new();
    for failure in &outcome.failures {
        let diff = failure.nearest.as_ref().map(|one| one.diff()).unwrap_or_default();
        text += &format!(
            "{name}:{}: {} expected {}: {}\n{diff}",
            failure.span.line, failure.whose, failure.expected, failure.found
        );
    }
    for (span, fault) in &outcome.vacuous {
        text += &format!("{name}:{}: vacuous: {:?}\n", span.line, fault.fault);
    }
    text
}

#[test]
fn every_shipped_scenario_holds_on_the_event_network() {
    let mut wrong = String::new();
    let files = shipped();
    assert!(!files.is_empty());
    for path in files {
        let outcome = match play(&path, false) {
            Ok(outcome) => outcome,
            Err(error) => {
                wrong += &error;
                continue;
            }
        };
        assert!(outcome.checked > 0, "{} expects nothing", path.display());
        wrong += &complaints(&path, &outcome);
        if let Ok(dump) = std::env::var("WALLOPS_DUMP") {
            let name = path.with_extension("txt");
            let name = name.file_name().unwrap();
            fs::write(Path::new(&dump).join(name), outcome.transcript.to_string()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn ship(name: &str) -> Outcome {
    play(&directory().join(name), false).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_first_two_scenarios_contain_all_of_the_xeps_examples() {
    let runs = [ship("s01-bigcheese-enters.scs"), ship("s02-truly-rotten-time.scs")];
    let transcripts: Vec<_> = runs.iter().map(|run| &run.transcript).collect();
    let outcomes = wallops::conform::examples::check(&transcripts);
    assert_eq!(outcomes.len(), 20);
    for outcome in outcomes {
        assert!(outcome.is_match(), "{outcome:#?}");
    }
}

/// The requirements that this scenario says it is about.
fn tags(path: &Path) -> Vec<String> {
    let source = Source::new(&path.display().to_string(), &fs::read_to_string(path).unwrap());
    parse(&source, &find_cast).unwrap_or_else(|mistakes| panic!("{mistakes}")).tags.spec
}

#[test]
fn scenarios_are_about_requirements_that_there_are() {
    for path in shipped() {
        let strange: Vec<_> =
            tags(&path).into_iter().filter(|id| Requirement::find(id).is_none()).collect();
        assert!(strange.is_empty(), "{}: {strange:?}", path.display());
    }
}

#[test]
fn every_requirement_is_shown_by_a_scenario_or_says_why_not() {
    let shown: BTreeSet<String> = shipped().iter().flat_map(|path| tags(path)).collect();
    for one in Requirement::of_xep() {
        match one.unshown() {
            Some(reason) => assert!(!shown.contains(one.id), "{} is: {reason}", one.id),
            None => assert!(shown.contains(one.id), "{}: {}", one.id, one.statement),
        }
    }
}

#[test]
fn a_run_is_the_same_twice_byte_for_byte() {
    for path in shipped() {
        let run = || play(&path, false).unwrap().transcript.to_string();
        assert!(run() == run(), "{}", path.display());
    }
}

#[test]
fn scenarios_without_faults_hold_without_slaves_too() {
    for name in [
        "s02-truly-rotten-time.scs",
        "s03-departures.scs",
        "private-messages-and-vcards.scs",
        "mixed-company.scs",
        "s08-everything-but-chat.scs",
        "how-much-of-the-past.scs",
        "two-in-one-breath.scs",
        "scansion-romeo-and-juliet.scs",
        "scansion-three-witches.scs",
    ] {
        let path = directory().join(name);
        let outcome = play(&path, true).unwrap();
        let wrong = complaints(&path, &outcome);
        assert!(wrong.is_empty(), "\n{wrong}");
        let to_slaves = outcome.transcript.hops().filter(|(_, _, hop)| {
            hop.stanza.to.as_ref().is_some_and(|to| to.as_str().starts_with("slave@"))
        });
        assert_eq!(to_slaves.count(), 0, "{name}");
    }
}

#[test]
fn both_networks_give_every_receiver_the_same() {
    let mut wrong = String::new();
    for path in shipped() {
        let event = play(&path, false).unwrap();
        let wire = play_on(play_wire, &path, false).unwrap();
        wrong += &complaints(&path, &wire);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Ok(dump) = std::env::var("WALLOPS_DUMP") {
            let file = Path::new(&dump).join(format!("{name}.wire"));
            fs::write(file, wire.transcript.to_string()).unwrap();
        }
        let diff = Diff::new(
            ["event", "wire"],
            [&event.transcript, &wire.transcript],
            Comparison::Arrivals { stamps: true },
        );
        if !diff.is_same() {
            wrong += &format!("{name}:\n{diff}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

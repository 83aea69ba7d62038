//! Scripts for a plain chat service, `scenarios/plain`: each holds behind slaves, where its hosts
//! follow from its JIDs, as well as without.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, Outcome, PlayError, play_event, play_wire};

type Play = fn(&Scenario, &Options) -> Result<Outcome, PlayError>;

fn scripts() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/plain");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert!(files.len() >= 15, "the scripts are gone");
    files
}

/// What is wrong, line by line, and the slaves' addresses that something was sent to.
fn judge(play: Play, path: &Path, plain: bool) -> (String, bool) {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains("[Slave]") && !text.contains("[Room]"), "{}", path.display());
    let source = Source::new(&path.display().to_string(), &text);
    let scenario = parse(&source, &|name: &str| Err(name.to_owned())).unwrap();
    let options = Options { source: text.into(), plain, ..Options::default() };
    let outcome = match play(&scenario, &options) {
        Ok(outcome) => outcome,
        Err(error) => return (format!("{}: {error}\n", path.display()), false),
    };
    let name = path.file_name().unwrap().to_string_lossy();
    let wrong = outcome.failures.iter().map(|failure| {
        let line = failure.span.line;
        format!("{name}:{line}, plain: {plain}: {} {}\n", failure.whose, failure.found)
    });
    let served = outcome.transcript.to_string().contains("slave@killrc");
    assert!(outcome.checked > 3, "{name} expects nothing");
    (wrong.collect(), served)
}

fn assert_all_hold(play: Play) {
    let mut wrong = String::new();
    for path in scripts() {
        for plain in [false, true] {
            let (failures, served) = judge(play, &path, plain);
            wrong += &failures;
            assert_eq!(served, !plain, "{}: are there slaves?", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn plain_scripts_hold_behind_slaves_and_without() {
    assert_all_hold(play_event);
}

#[test]
fn plain_scripts_hold_on_the_wire_too() {
    assert_all_hold(play_wire);
}

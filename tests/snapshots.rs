//! Every shipped scenario does what its snapshot says: insta reads the files that `wallops test`
//! reads. `cargo insta review` and `wallops test --accept` both change them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shipped/files.rs"]
mod files;

use std::fs;
use std::path::Path;

use files::{directory, find_cast, shipped};
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event};

#[test]
fn every_shipped_scenario_does_what_its_snapshot_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(
        // Another place, for the test that compares what is written with what the program writes.
        std::env::var("WALLOPS_SNAPSHOTS").unwrap_or_else(|_| "../snapshots".to_owned()),
    );
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    for path in shipped() {
        let name = path.strip_prefix(directory()).unwrap().with_extension("");
        let name = name.to_string_lossy().replace('/', "__");
        insta::assert_snapshot!(name, transcript(&path));
    }
}

#[test]
fn the_program_writes_what_insta_writes() {
    let directory = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| directory.path().join(name));
    let accepted = std::process::Command::new(assert_cmd::cargo::cargo_bin!("wallops"))
        .args(["test", "--accept", "--snapshots"])
        .arg(&ours)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    assert!(accepted.unwrap().status.success());
    // This very test program, told to accept.
    let accepted = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "every_shipped_scenario_does_what_its_snapshot_says"])
        .env("INSTA_UPDATE", "always")
        .env("WALLOPS_SNAPSHOTS", &theirs)
        .output();
    assert!(accepted.unwrap().status.success());
    let files = fs::read_dir(&theirs).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = files.collect();
    assert_eq!(names.len(), shipped().len());
    for name in names {
        let [ours, theirs] = [&ours, &theirs].map(|path| fs::read(path.join(&name)).unwrap());
        assert!(ours == theirs, "{} differs", name.display());
    }
}

#[test]
fn every_snapshot_has_its_scenario() {
    for entry in fs::read_dir(directory().join("../snapshots")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "snap") {
            let name = path.file_stem().unwrap().to_string_lossy().replace("__", "/");
            let scenario = directory().join(name).with_extension("scs");
            assert!(scenario.is_file(), "{} has no scenario", path.display());
        }
    }
}

fn transcript(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let source = Source::new(&path.display().to_string(), &text);
    let scenario = parse(&source, &find_cast).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options { source: text.into(), ..Options::default() };
    play_event(&scenario, &options).unwrap().transcript.to_string()
}

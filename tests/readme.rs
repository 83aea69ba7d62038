//! What the README shows is what happens.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// The fenced blocks of the README, in order.
fn blocks() -> Vec<String> {
    let text = read("README.md");
    text.split("```\n").skip(1).step_by(2).map(str::to_owned).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

#[test]
fn the_readme_shows_the_script_of_the_scenario_that_it_runs() {
    let scenario = read("scenarios/netsplit.scs");
    let (_, script) = scenario.split_once("-----\n\n").unwrap();
    assert_eq!(blocks()[0], script);
}

/// Each line of this block is one of what playing the scenario prints, in that order.
fn check_transcript(block: &str, scenario: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_wallops"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", scenario])
        .output()
        .unwrap();
    assert!(output.status.success());
    let run = String::from_utf8(output.stdout).unwrap();
    let mut rest = run.lines().map(str::trim_end);
    for line in block.lines().filter(|line| !line.is_empty() && line.trim() != "…") {
        assert!(rest.any(|shown| shown == line), "the run has no more such line: {line}");
    }
}

#[test]
fn each_line_of_the_readmes_transcript_is_one_of_the_run_in_its_order() {
    check_transcript(&blocks()[1], "scenarios/netsplit.scs");
}

#[test]
fn the_takeover_of_the_readme_is_tried_and_fails() {
    let blocks = blocks();
    let shown = blocks.iter().position(|block| block.starts_with("Viper")).unwrap();
    assert!(read("scenarios/s16-split-riding.scs").contains(&blocks[shown]));
    check_transcript(&blocks[shown + 1], "scenarios/s16-split-riding.scs");
}

#[test]
fn the_readmes_main_job_runs_a_scenario_that_exists() {
    let command = blocks().into_iter().find(|block| block.starts_with("cargo run")).unwrap();
    let file = command.split_whitespace().last().unwrap().to_owned();
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists(), "{file}");
}

#[test]
fn the_judgement_of_the_readme_is_what_the_command_says() {
    let blocks = blocks();
    let shown = blocks.iter().position(|block| block.starts_with("wallops judge")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wallops"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(blocks[shown].split_whitespace().skip(1))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let judgement = String::from_utf8(output.stdout).unwrap();
    assert!(judgement.contains(&blocks[shown + 1]), "{judgement}");
    assert!(judgement.ends_with(&blocks[shown + 2]), "{judgement}");
}

//! `wallops run`.

use std::process::Stdio;

use super::desk::{Desk, run, wallops};

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";
const NOT_HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hullo\"";
const IDLE_CUT: &str = "cut vesa.yeggmaex.irc from eris.dclxvii.irc\nBigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";

#[test]
fn the_first_scenario_reads_like_this() {
    let ran = run(&["run", "scenarios/s01-bigcheese-enters.scs"]).ends_with(0);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("run-s01-bigcheese-enters", ran.out()));
    assert_eq!(ran.err(), "");
}

#[test]
fn all_well_is_0() {
    Desk::with(HEARD)
        .run(&["run", "scenarios/own.scs"])
        .ends_with(0)
        .prints("A test\nscenarios/own.scs: event network, seed 0\n")
        .prints("23:58:37.000  # line 7: BigCheese says \"hello\"\n")
        .prints("pass: 1 expectation met");
}

#[test]
fn an_expectation_that_is_not_met_is_1_and_shows_the_nearest_stanza() {
    Desk::with(NOT_HEARD)
        .run(&["run", "scenarios/own.scs"])
        .ends_with(1)
        .prints("failed  scenarios/own.scs:8: Wumpus hears BigCheese say \"hullo\"\n")
        .prints("      -  <body>hullo</body>\n")
        .prints("      +  <body>hello</body>\n")
        .prints("fail: 1 of 1 expectation not met");
}

#[test]
fn whoever_misses_what_everybody_expects_is_named() {
    Desk::with("BigCheese says \"hello\"\nEverybody hears BigCheese say \"hullo\"")
        .run(&["run", "scenarios/own.scs"])
        .ends_with(1)
        .prints("    whose:    Wumpus\n")
        .prints("    whose:    Efchen\n");
}

#[test]
fn a_fault_that_touches_nothing_is_3() {
    Desk::with(IDLE_CUT)
        .run(&["run", "scenarios/own.scs"])
        .ends_with(3)
        .prints("vacuous  scenarios/own.scs:7: cut vesa.yeggmaex.irc from eris.dclxvii.irc\n")
        .prints("vacuous: 1 expectation met, but 1 fault touched no stanza");
}

#[test]
fn of_several_scenarios_the_worst_counts() {
    let desk = Desk::with(HEARD);
    desk.put("scenarios/other.scs", super::desk::scenario(NOT_HEARD));
    desk.put("scenarios/idle.scs", super::desk::scenario(IDLE_CUT));
    desk.run(&["run", "scenarios"]).ends_with(1);
    desk.run(&["run", "scenarios/own.scs", "scenarios/idle.scs"]).ends_with(3);
}

#[test]
fn the_wire_network_tells_the_same_story() {
    let script = "scenarios/s02-truly-rotten-time.scs";
    let event = run(&["run", script]).ends_with(0);
    let wire = run(&["run", script, "--net", "wire"]).ends_with(0).prints("wire network");
    assert_eq!(event.out().lines().last(), wire.out().lines().last());
}

#[test]
fn stanzas_are_shown_in_full_on_demand() {
    Desk::with(HEARD)
        .run(&["run", "scenarios/own.scs", "--xml"])
        .ends_with(0)
        .prints("wallops transcript 1\nscenario: A test\n")
        .prints("\n    <body>hello</body>\n");
}

#[test]
fn without_slaves_nothing_goes_to_a_slave() {
    let desk = Desk::with(HEARD);
    let with = desk.run(&["run", "scenarios/own.scs"]).ends_with(0).prints("slave@eris");
    let without = desk.run(&["run", "scenarios/own.scs", "--plain"]).ends_with(0);
    assert!(!without.out().contains("slave@"), "{}", without.out());
    assert!(without.out().contains("without slaves"), "{}", without.out());
    assert_ne!(with.out(), without.out());
}

#[test]
fn another_seed_draws_another_jitter() {
    let desk = Desk::with(HEARD);
    let cast = "[Link] vesa.yeggmaex.irc -> channel.avalon.irc\n\tlatency: 20ms\n\tjitter: 300ms\n";
    let text = desk.read("scenarios/own.scs").replace("-----", &format!("{cast}\n-----"));
    desk.put("scenarios/own.scs", text);
    let out = |seed: &str| desk.run(&["run", "scenarios/own.scs", "--seed", seed]).ends_with(0);
    let after_header = |text: String| text.split_once("\n\n").unwrap().1.to_owned();
    assert!(out("1").out().contains("seed 1"));
    assert_eq!(out("1").out(), out("1").out());
    assert_ne!(after_header(out("1").out()), after_header(out("2").out()));
}

#[test]
fn a_written_transcript_is_the_one_that_is_shown() {
    let desk = Desk::with(HEARD);
    desk.run(&["run", "scenarios/own.scs", "--write", "new/own.txt"]).ends_with(0);
    let written = desk.read("new/own.txt");
    let (shown, end) = written.rsplit_once("---- end of ").unwrap();
    desk.run(&["run", "scenarios/own.scs", "--xml"]).ends_with(0).prints(shown);
    assert!(end.ends_with(" entries\n"), "{end}");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let script = ["run", "scenarios/s02-truly-rotten-time.scs"];
    let plain = run(&script).out();
    assert!(!plain.contains('\u{1b}'));
    let output = wallops().args(script).env("CLICOLOR_FORCE", "1").output().unwrap();
    let coloured = String::from_utf8(output.stdout).unwrap();
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("wallops"))
        .args(["run", "scenarios/s10-the-great-bounce.scs", "--xml"])
        .current_dir(super::desk::root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

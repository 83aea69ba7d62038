//! `wallops test` and `wallops examples`.

use std::fs;

use super::desk::{Desk, run, scenario};

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";
const NOT_HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hullo\"";

/// The cells of the row that begins with this name.
fn row(out: &str, name: &str) -> Vec<String> {
    let mut rows = out.lines().map(|line| line.trim_matches(['│', ' ']));
    let row = rows.find(|line| line.split("   ").next() == Some(name)).unwrap_or_default();
    row.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn all_shipped_scenarios_pass_on_both_networks() {
    let ran = run(&["test"]).ends_with(0);
    assert_eq!(
        row(&ran.out(), "s01-bigcheese-enters")[3..6],
        ["same", "agree", "13 of 13"],
        "{}",
        ran.out()
    );
    assert!(!ran.out().contains("failed"), "{}", ran.out());
    assert_eq!(ran.err(), "");
    assert!(ran.out().contains("20 of 20 examples matched"), "{}", ran.out());
}

#[test]
fn one_network_alone_can_be_tested() {
    let ran = run(&["test", "--net", "wire", "scenarios/s02-truly-rotten-time.scs"]).ends_with(0);
    assert!(!ran.out().contains("event"), "{}", ran.out());
    let ran = run(&["test", "--net", "event", "scenarios/s02-truly-rotten-time.scs"]).ends_with(0);
    assert_eq!(row(&ran.out(), "s02-truly-rotten-time")[2..5], ["same", "-", "7 of 7"]);
    assert!(ran.out().contains(" kept "), "{}", ran.out());
}

#[test]
fn what_fails_is_told_below_with_the_command_that_replays_it() {
    let desk = Desk::with(NOT_HEARD);
    let ran = desk
        .run(&["test"])
        .ends_with(1)
        .prints("failed  scenarios/own.scs:8: Wumpus hears BigCheese say \"hullo\"\n")
        .prints("replay: wallops run scenarios/own.scs\n")
        .prints("1 scenario: 0 passed, 1 failed; 2 expectations checked");
    assert_eq!(row(&ran.out(), "own")[1..3], ["0 of 1", "0 of 1"]);
}

#[test]
fn a_vacuous_scenario_is_3() {
    let script = format!("cut vesa.yeggmaex.irc from eris.dclxvii.irc\n{HEARD}");
    let ran = Desk::with(&script).run(&["test"]).ends_with(3).prints("1 vacuous");
    assert_eq!(row(&ran.out(), "own")[1..3], ["1 of 1, vacuous", "1 of 1, vacuous"]);
}

#[test]
fn a_scenario_of_profile_muc_is_played_as_such() {
    let desk = Desk::with(HEARD);
    let tagged = desk.read("scenarios/own.scs").replace("## cast", "## profile: muc\n## cast");
    desk.put("scenarios/own.scs", tagged);
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]).ends_with(0);
    assert!(desk.read("t.txt").contains("profile: muc"));
}

#[test]
fn without_a_directory_for_snapshots_none_are_wanted() {
    Desk::with(HEARD)
        .run(&["test"])
        .ends_with(0)
        .prints("No snapshots for 1 scenario: there is no directory snapshots;");
}

#[test]
fn a_scenario_without_its_snapshot_fails_until_one_is_accepted() {
    let desk = Desk::with(HEARD);
    fs::create_dir(desk.path("snapshots")).unwrap();
    desk.run(&["test"])
        .ends_with(1)
        .prints("failed  no snapshot; run `wallops test --accept`\n    scenarios/own.scs\n");
    let ran = desk.run(&["test", "--accept"]).ends_with(0);
    assert!(row(&ran.out(), "own").contains(&"written".to_owned()), "{}", ran.out());
    let ran = desk.run(&["test"]).ends_with(0);
    assert!(row(&ran.out(), "own").contains(&"same".to_owned()), "{}", ran.out());
}

#[test]
fn accepting_makes_the_directory_that_is_named() {
    let desk = Desk::with(HEARD);
    desk.run(&["test", "--accept", "--snapshots", "kept/here"]).ends_with(0);
    assert!(desk.path("kept/here/own.snap").is_file());
    desk.run(&["test", "--snapshots", "kept/here"]).ends_with(0).prints("same");
}

#[test]
fn another_transcript_than_the_snapshot_is_shown_as_a_difference() {
    let desk = Desk::with(HEARD);
    desk.run(&["test", "--accept"]).ends_with(0);
    desk.put("scenarios/own.scs", scenario(&HEARD.replace("hello", "hullo")));
    desk.run(&["test"])
        .ends_with(1)
        .prints("failed  scenarios/own.scs: differs from its snapshot snapshots/own.snap\n")
        .prints("if it is right: wallops test scenarios/own.scs --accept\n")
        .prints("    -1990-10-13T23:58:37Z  # line 7: BigCheese says \"hello\"\n");
    desk.put("snapshots/own.snap", "nonsense");
    desk.run(&["test"]).ends_with(1).prints("cannot be read: it has no header");
}

#[test]
fn an_example_that_the_run_does_not_contain_fails_its_scenario() {
    let desk = Desk::with(HEARD);
    let tagged = desk.read("scenarios/own.scs").replace("## cast", "## examples: 16, 7\n## cast");
    desk.put("scenarios/own.scs", tagged);
    let ran = desk
        .run(&["test"])
        .ends_with(1)
        .prints("failed  scenarios/own.scs: example 7 on the event network\n")
        .prints("replay: wallops examples scenarios/own.scs --net wire\n");
    assert!(row(&ran.out(), "own").contains(&"0 of 2".to_owned()), "{}", ran.out());
    desk.run(&["examples"]).ends_with(1).prints("0 of 20 examples matched");
}

#[test]
fn the_shipped_scenarios_show_all_examples() {
    for net in ["event", "wire"] {
        run(&["examples", "--net", net])
            .ends_with(0)
            .prints(" 1  Master Sends Room Roster to Slave: matched after E01\n")
            .prints(" 3  Master informs Slave of Occupant's Departure: matched as printed\n")
            .prints("20 of 20 examples matched: 13 as printed, 7 after errata\n");
    }
    let out = run(&["examples"]).out();
    assert_eq!(out.lines().filter(|line| line.contains(": matched ")).count(), 20);
}

#[test]
fn scenarios_below_a_directory_are_found() {
    let desk = Desk::with(HEARD);
    desk.put("scenarios/deep/down.scs", scenario(HEARD).replace("## cast: wallops", CAST_OF_TWO));
    desk.run(&["test", "--accept"]).ends_with(0).prints("2 scenarios: 2 passed");
    assert!(desk.path("snapshots/deep__down.snap").is_file());
}

const CAST_OF_TWO: &str = "\
[Client] BigCheese
	jid: cheese@a.example/x
	joined: wallops

[Client] Wumpus
	jid: wumpus@b.example/x
	joined: wallops

[Room] wallops
	jid: wallops@rooms.example";

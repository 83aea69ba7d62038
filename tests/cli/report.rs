//! `wallops report`.

use super::desk::{Desk, run, wallops};

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";
const NOT_HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hullo\"";

#[test]
fn what_is_well_is_0_and_says_so() {
    Desk::with(HEARD)
        .run(&["report", "scenarios/own.scs"])
        .ends_with(0)
        .prints("pass     scenarios/own.scs: ")
        .prints("1 of 1 expectation met")
        .prints("\n1 run: 1 pass\n");
}

#[test]
fn an_expectation_that_is_not_met_is_1_in_every_format() {
    let desk = Desk::with(NOT_HEARD);
    let report =
        |format| desk.run(&["report", "scenarios/own.scs", "--format", format]).ends_with(1);
    report("text").prints("    scenarios/own.scs:8: Wumpus hears BigCheese say \"hullo\"\n");
    report("json").prints("\"unmet\": 1");
    report("junit").prints("<failure message=\"scenarios/own.scs:8: ");
    report("html").prints("<div class=\"unmet\">").prints("hullo");
}

#[test]
fn a_stored_record_is_judged_too_and_its_lines_are_its_own() {
    let desk = Desk::with(HEARD);
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]).ends_with(0);
    desk.run(&["report", "t.txt", "scenarios/own.scs"])
        .ends_with(0)
        .prints("pass     t.txt: ")
        .prints("\n2 runs: 2 pass\n");
    // A copy that differs from the others.
    let text = desk.read("t.txt");
    let at = text.find("-> argl@killrc.oulubox.irc/laptop").unwrap();
    let (before, after) = text.split_at(at);
    desk.put("t.txt", format!("{before}{}", after.replacen(">hello<", ">hullo<", 1)));
    desk.run(&["report", "t.txt"])
        .ends_with(1)
        .prints(&format!("    t.txt:{}: ", before.lines().count()))
        .prints("    replay: wallops judge t.txt\n");
}

#[test]
fn all_files_that_cannot_be_read_are_told_of() {
    let desk = Desk::with(HEARD);
    desk.put("a.txt", "nothing");
    desk.run(&["report", "a.txt", "b.txt"])
        .ends_with(2)
        .complains("a.txt")
        .complains("b.txt: no such file or directory");
}

#[test]
fn scenarios_of_one_name_are_told_apart() {
    let desk = Desk::with(HEARD);
    desk.put("scenarios/more/own.scs", desk.read("scenarios/own.scs"));
    desk.run(&["report", "scenarios", "--format", "junit"])
        .ends_with(0)
        .prints("<testsuite name=\"own\"")
        .prints("<testsuite name=\"scenarios/own.scs\"");
}

#[test]
fn a_report_takes_no_scenarios_place() {
    let desk = Desk::with(HEARD);
    let before = desk.read("scenarios/own.scs");
    desk.run(&["report", "--out", "scenarios/own.scs"]).ends_with(2);
    assert_eq!(desk.read("scenarios/own.scs"), before);
    desk.run(&["report", "--format", "html", "--out", "new/page.html"]).ends_with(0);
    assert!(desk.read("new/page.html").starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_report_is_the_same_each_time() {
    let arguments = ["report", "scenarios/s10-the-great-bounce.scs", "--format", "html"];
    assert_eq!(run(&arguments).ends_with(0).out(), run(&arguments).out());
}

#[test]
fn the_name_of_the_file_says_in_what_form_it_is() {
    let out = tempfile::tempdir().unwrap();
    for (name, begins) in [("r.html", "<!DOCTYPE html>"), ("r.json", "{"), ("r.xml", "<?xml")] {
        let path = out.path().join(name);
        let scenario = "scenarios/s02-truly-rotten-time.scs";
        wallops().args(["report", scenario, "--out"]).arg(&path).assert().success();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(begins), "{name}: {}", text.chars().take(80).collect::<String>());
    }
}

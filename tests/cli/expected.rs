//! `wallops test` judges by requirements; `expected.toml`, and what GitHub shows.

use super::desk::{Desk, Ran, wallops};

const NOT_HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hullo\"";
const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";

fn failure(what: &str, reason: &str) -> String {
    format!("[[failure]]\nscenario = \"own\"\n{what}\nreason = \"{reason}\"\n")
}

#[test]
fn an_expectation_that_is_known_to_fail_does_not_count() {
    let desk = Desk::with(NOT_HEARD);
    let line = "expectation = 'Wumpus hears BigCheese say \"hullo\"'";
    desk.put("scenarios/expected.toml", failure(line, "nobody says so"));
    desk.run(&["test"]).ends_with(0).prints("1 passed, 1 failure known");
}

#[test]
fn reports_say_what_is_known_to_fail() {
    let desk = Desk::with(NOT_HEARD);
    let line = "expectation = 'Wumpus hears BigCheese say \"hullo\"'";
    desk.put("scenarios/expected.toml", failure(line, "nobody says so"));
    let report = |format| desk.run(&["report", "--format", format]).ends_with(0);
    let check = |text: Ran, junit: Ran, json: Ran, html: Ran| {
        text.prints("pass     scenarios/own.scs: ")
            .prints("    known: Wumpus hears BigCheese say \"hullo\": nobody says so\n");
        let junit = junit.prints("<skipped message=\"known: nobody says so\"/>").out();
        assert!(junit.contains(" failures=\"0\""), "{junit}");
        json.prints("\"expectation\": \"Wumpus hears BigCheese say \\\"hullo\\\"\",")
            .prints("\"reason\": \"nobody says so\",\n          \"passes\": false")
            .prints("\"unmet\": 0");
        html.prints("<span class=\"badge known\">known</span>").prints("nobody says so");
    };
    check(report("text"), report("junit"), report("json"), report("html"));
    let written = |name: &str| {
        let ran = desk.run(&["test", "--report", name]).ends_with(0);
        Ran(std::process::Output { stdout: desk.read(name).into(), ..ran.0 })
    };
    check(written("r.txt"), written("r.xml"), written("r.json"), written("r.html"));
}

#[test]
fn an_unexpected_pass_fails_a_report() {
    let desk = Desk::with(HEARD);
    let line = "expectation = 'Wumpus hears BigCheese say \"hello\"'";
    for what in [line, "requirement = \"INV-FIFO\""] {
        desk.put("scenarios/expected.toml", failure(what, "it was broken once"));
        let report = |format| desk.run(&["report", "--format", format]).ends_with(1);
        let words = "take it out of the list of what fails: it was broken once";
        report("text").prints("fail     scenarios/own.scs").prints(words);
        report("junit")
            .prints(" failures=\"1\"")
            .prints("<failure message=\"scenarios/expected.toml:2: ")
            .prints("file=\"scenarios/expected.toml\" line=\"2\"");
        report("json").prints("\"passes\": true");
        report("html").prints("unexpected pass").prints(words);
    }
}

#[test]
fn what_is_known_to_fail_and_passes_is_a_failure() {
    let desk = Desk::with(HEARD);
    let line = "expectation = 'Wumpus hears BigCheese say \"hello\"'";
    desk.put("scenarios/expected.toml", failure(line, "it was broken once"));
    desk.run(&["test"])
        .ends_with(1)
        .prints("failed  scenarios/expected.toml:2: `Wumpus hears BigCheese say \"hello\"` is met")
        .prints("take it out of the list of what fails: it was broken once");
    desk.put("scenarios/expected.toml", failure("requirement = \"INV-FIFO\"", "it was"));
    desk.run(&["test"]).ends_with(1).prints("scenarios/expected.toml:2: INV-FIFO is kept");
}

#[test]
fn a_list_with_mistakes_is_2_with_its_place() {
    let desk = Desk::with(HEARD);
    let put = |text: &str| {
        desk.put("scenarios/expected.toml", text);
        desk.run(&["test"]).ends_with(2)
    };
    put("[[failure]\n").complains("scenarios/expected.toml:1:");
    put("[[failure]]\nscenario = \"own\"\nreason = \"?\"\n")
        .complains("either `requirement` or `expectation`");
    put(&failure("requirement = \"INV-FIFOO\"", "?"))
        .complains("no requirement `INV-FIFOO`")
        .complains("expected `INV-FIFO`");
    put(&failure("expectation = 'Wumpus hears BigCheese say \"hell\"'", "?"))
        .complains("no such line in the scenario");
    put(&failure("requirement = \"INV-FIFO\"", " ")).complains("no reason");
    put(&failure("requirement = \"INV-FIFO\"", "?").replace("own", "other"))
        .complains("no scenario `other`");
    put(&failure("requirement = \"INV-FIFO\"", "?").replace("own", "../own"))
        .complains("no scenario");
    put(&failure("colour = \"red\"", "?")).complains("unknown field `colour`");
}

#[test]
fn requirements_stand_in_the_table() {
    Desk::with(HEARD).run(&["test"]).ends_with(0).prints(" kept ");
}

#[test]
fn github_is_told_beside_the_line() {
    let desk = Desk::with(NOT_HEARD);
    let mut command = wallops();
    command.current_dir(desk.path("")).env("GITHUB_ACTIONS", "true").arg("test");
    Ran(command.output().unwrap())
        .ends_with(1)
        .prints("::error file=scenarios/own.scs,line=8,title=expectation not met::whose: Wumpus%0A")
        .prints("%0Abut: one other stanza came%0Areplay: wallops run scenarios/own.scs\n");
    let ran = desk.run(&["test"]).ends_with(1);
    assert!(!ran.out().contains("::error"), "{}", ran.out());
}

#[test]
fn github_is_told_once_of_a_line_that_is_not_met_by_many() {
    let everybody = "BigCheese says \"hello\"\nEverybody hears BigCheese say \"hullo\"";
    let desk = Desk::with(everybody);
    let mut command = wallops();
    command.current_dir(desk.path("")).env("GITHUB_ACTIONS", "true").arg("test");
    let ran = Ran(command.output().unwrap())
        .ends_with(1)
        .prints("::whose: Wumpus, Valdis, Phaedrus, WiZ, Troy, BigCheese, Efchen%0Aexpected: ");
    assert_eq!(ran.out().matches("::error").count(), 1, "{}", ran.out());
}

//! `wallops check`, `wallops format` and `wallops diff`.

use super::desk::{Desk, run, scenario};

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";

#[test]
fn a_scenario_without_mistakes_is_0() {
    Desk::with(HEARD)
        .run(&["check", "scenarios/own.scs"])
        .ends_with(0)
        .prints("scenarios/own.scs: no mistakes in 1 act and 1 expectation\n");
    run(&["check", "scenarios"]).ends_with(0);
}

#[test]
fn all_mistakes_of_all_scenarios_are_told_at_once() {
    let desk = Desk::with(&format!("{HEARD}\nBigCheese kiks Wumpus\nHacker says \"hi\""));
    desk.put("scenarios/other.scs", scenario("cut vesa.yeggmaex.irc from nowhere.irc"));
    desk.run(&["check", "scenarios"])
        .ends_with(2)
        .complains("[scenarios/own.scs:9:11]")
        .complains("`kicks`")
        .complains("[scenarios/own.scs:10:1]")
        .complains("[scenarios/other.scs:7:28]");
}

#[test]
fn a_scenario_in_the_canonical_layout_stays_as_it_is() {
    let desk = Desk::with(HEARD);
    let before = desk.read("scenarios/own.scs");
    desk.run(&["format", "--check", "scenarios/own.scs"]).ends_with(0);
    desk.run(&["format", "scenarios/own.scs"])
        .ends_with(0)
        .prints("1 file in the canonical layout\n");
    assert_eq!(desk.read("scenarios/own.scs"), before);
    run(&["format", "--check", "scenarios"]).ends_with(0);
}

#[test]
fn a_scenario_in_another_layout_is_found_and_changed() {
    let desk = Desk::with(HEARD);
    let canonical = desk.read("scenarios/own.scs");
    let untidy = canonical.replace("BigCheese says ", "BigCheese   says  ");
    desk.put("scenarios/own.scs", &untidy);
    desk.run(&["format", "--check", "scenarios/own.scs"])
        .ends_with(1)
        .prints("scenarios/own.scs is not in the canonical layout:\n")
        .prints("  +BigCheese says \"hello\"\n");
    let ran = desk.run(&["format", "--stdout", "scenarios/own.scs"]).ends_with(0);
    assert_eq!(ran.out(), canonical);
    assert_eq!(desk.read("scenarios/own.scs"), untidy);
    desk.run(&["format", "scenarios/own.scs"]).ends_with(0);
    assert_eq!(desk.read("scenarios/own.scs"), canonical);
}

#[test]
fn nothing_is_formatted_if_one_file_has_mistakes() {
    let desk = Desk::with(HEARD);
    let untidy = desk.read("scenarios/own.scs").replace("BigCheese says ", "BigCheese   says ");
    desk.put("scenarios/own.scs", &untidy);
    desk.put("scenarios/wrong.scs", scenario("BigCheese says \"no end"));
    desk.run(&["format", "scenarios"]).ends_with(2).complains("wrong.scs");
    assert_eq!(desk.read("scenarios/own.scs"), untidy);
}

/// A desk with the transcripts of two scenarios on the event network and one on the wire network.
fn transcripts() -> Desk {
    let desk = Desk::with(HEARD);
    desk.put("scenarios/other.scs", scenario(&HEARD.replace("hello", "hullo")));
    for (script, net, file) in
        [("own", "event", "a.txt"), ("own", "wire", "b.txt"), ("other", "event", "c.txt")]
    {
        let script = format!("scenarios/{script}.scs");
        desk.run(&["run", &script, "--net", net, "--write", file]).ends_with(0);
    }
    desk
}

#[test]
fn the_same_is_0() {
    let desk = transcripts();
    desk.run(&["diff", "a.txt", "a.txt", "--exact"]).ends_with(0).prints("are the same");
    // Two networks: the same stanzas in the same order for everybody, and another header.
    desk.run(&["diff", "a.txt", "b.txt"]).ends_with(0).prints("are the same");
    desk.run(&["diff", "a.txt", "b.txt", "--exact"]).ends_with(1).prints("network: event | wire\n");
}

#[test]
fn a_difference_is_1_and_says_what_differs_first_and_for_whom() {
    transcripts()
        .run(&["diff", "a.txt", "c.txt"])
        .ends_with(1)
        .prints("First difference: number 1 of ")
        .prints("\n-    <body>hello</body>\n")
        .prints("\n+    <body>hullo</body>\n");
}

//! `wallops report`.

use super::desk::{Desk, Ran, run, wallops};

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

#[test]
fn a_file_whose_name_says_no_form_is_2() {
    let desk = Desk::with(HEARD);
    desk.run(&["report", "--out", "r.foo"])
        .ends_with(2)
        .complains("r.foo: a name that ends in .txt, .json, .xml (JUnit) or .html was expected")
        .complains("or `--format` says in what form it is");
    assert!(!desk.path("r.foo").exists());
    desk.run(&["report", "--out", "r.foo", "--format", "json"]).ends_with(0);
    assert!(desk.read("r.foo").starts_with('{'));
    for command in [&["judge", "scenarios"][..], &["test"]] {
        desk.run(&[command, &["--report", "r.htm"]].concat())
            .ends_with(2)
            .complains("'r.htm' for '--report <FILE>': a name that ends in .txt, .json, .xml");
        desk.run(&[command, &["--report", "r"]].concat()).ends_with(2).complains(".html");
    }
}

#[test]
fn the_report_of_test_tells_what_it_found() {
    let desk = Desk::with(NOT_HEARD);
    let files = ["--report", "r.txt", "--report", "r.json", "--report", "r.xml"];
    desk.run(&[&["test", "--report", "new/r.html"][..], &files].concat()).ends_with(1);
    assert!(desk.read("new/r.html").contains("<div class=\"unmet\">"));
    assert!(desk.read("r.txt").contains("    scenarios/own.scs:8: Wumpus hears"));
    assert!(desk.read("r.xml").contains("<failure message=\"scenarios/own.scs:8: "));
    let json: serde_json::Value = serde_json::from_str(&desk.read("r.json")).unwrap();
    assert_eq!(json["runs"][0]["expectations"]["unmet"], 1);
    // Both networks fail alike, so it is told once.
    assert_eq!(json["runs"][0]["expectations"]["failures"].as_array().unwrap().len(), 1);
    assert!(json["requirements"].as_array().unwrap().len() > 150);
    // What only `test` finds: nothing but the snapshot is wrong.
    let desk = Desk::with(HEARD);
    std::fs::create_dir(desk.path("snapshots")).unwrap();
    desk.run(&["test", "--report", "r.xml"]).ends_with(1);
    let told = "message=\"scenarios/own.scs: has no snapshot snapshots/own.snap\"";
    assert!(desk.read("r.xml").contains(told), "{}", desk.read("r.xml"));
}

#[test]
fn the_report_of_judge_is_of_the_judgement_that_was_made() {
    let desk = Desk::new();
    let log = "tests/judge/foreign/master.log";
    let report = |more: &[&str]| {
        let path = desk.path("r.json");
        let command = [&["judge", log][..], more].concat();
        let ran = wallops().args(command).arg("--report").arg(&path).output().unwrap();
        assert_eq!(ran.status.code(), Some(1));
        serde_json::from_str::<serde_json::Value>(&desk.read("r.json")).unwrap()
    };
    let ids = |report: &serde_json::Value| {
        let rows = report["requirements"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let master = report(&["--as", "master"]);
    assert_eq!(ids(&master).len(), 108);
    assert!(!ids(&master).contains(&"slave.leave.forward".to_owned()));
    assert_eq!(master["runs"][0]["requirements"].as_array().unwrap().len(), 108);
    assert_eq!(master["runs"][0]["replay"], format!("wallops judge {log} --as master"));
    let both = report(&["--require", "INV-JID-SLAVE,INV-FIFO"]);
    assert_eq!(ids(&both), ["INV-FIFO", "INV-JID-SLAVE"]);
    assert!(both["runs"][0]["findings"][0]["line"].is_u64());
    // A SHOULD fails if somebody is strict.
    let should = ["--require", "master.broadcast.delay-in-dmuc,INV-JID-SLAVE"];
    let verdict = |report: &serde_json::Value| {
        let row = &report["requirements"][0];
        assert_eq!(row["id"], "master.broadcast.delay-in-dmuc");
        assert_eq!(report["runs"][0]["findings"][0]["verdict"], row["verdict"]);
        row["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(&report(&should)), "warn");
    assert_eq!(verdict(&report(&[&should[..], &["--strict"]].concat())), "fail");
}

#[test]
fn a_report_of_judge_or_test_takes_the_place_of_nothing_that_is_read() {
    let desk = Desk::with(HEARD);
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]).ends_with(0);
    let before = desk.read("t.txt");
    desk.run(&["judge", "t.txt", "--report", "t.txt"])
        .ends_with(2)
        .complains("the report would take the place of what it is about");
    assert_eq!(desk.read("t.txt"), before);
    // There is one of a record that is gone through in its file, too.
    desk.run(&["judge", "t.txt", "--long", "1", "--report", "r.html"]).ends_with(0);
    assert!(desk.read("r.html").contains("<section id=\"runs\""));
}

#[test]
fn a_log_of_no_known_form_can_be_reported_by_judge() {
    let desk = Desk::new();
    desk.put("letter.log", "Dear Wumpus,\n");
    desk.run(&["report", "letter.log"])
        .ends_with(2)
        .complains("`wallops judge --format FORMAT --report FILE` is told which it is: own, plain");
}

#[test]
fn a_fault_that_touched_nothing_is_told_in_every_format() {
    let cut = "cut vesa.yeggmaex.irc from eris.dclxvii.irc";
    let desk = Desk::with(&format!("{cut}\n{HEARD}"));
    let vacuous = "this fault touched no stanza";
    let report =
        |format| desk.run(&["report", "scenarios/own.scs", "--format", format]).ends_with(3);
    report("text").prints("vacuous  scenarios/own.scs: ").prints(&format!("vacuous: {vacuous}"));
    report("json").prints("\"untouched\": [\n        {\n          \"line\": 7,");
    report("html").prints(vacuous);
    let case = |text: &str| {
        assert!(text.contains(&format!("<testcase name=\"{cut}\"")), "{text}");
        let skipped = format!("<skipped message=\"vacuous: scenarios/own.scs:7: {vacuous}");
        assert_eq!(text.matches(&skipped).count(), 1, "{text}");
    };
    case(&report("junit").out());
    // On both networks, and told once.
    desk.run(&["test", "--report", "all.xml"]).ends_with(3);
    case(&desk.read("all.xml"));
    let mut command = wallops();
    command.current_dir(desk.path("")).env("GITHUB_ACTIONS", "true").arg("test");
    let warning = "::warning file=scenarios/own.scs,line=7,title=vacuous::";
    Ran(command.output().unwrap()).ends_with(3).prints(&format!("{warning}{cut}: {vacuous}"));
}

#[test]
fn what_was_played_on_the_wire_only_is_judged_by_the_requirements() {
    let desk = Desk::with(HEARD);
    desk.run(&["test", "--net", "wire", "--report", "wire.xml"]).ends_with(0);
    let wire = desk.read("wire.xml");
    assert!(wire.contains("<property name=\"network\" value=\"wire\"/>"), "{wire}");
    assert!(wire.contains("<testcase name=\"INV-NO-DUP\""), "{wire}");
    assert!(wire.contains("run scenarios/own.scs --net wire"), "{wire}");
}

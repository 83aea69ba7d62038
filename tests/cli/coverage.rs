//! `wallops coverage`.

use super::desk::{Desk, run, scenario};

#[test]
fn the_shipped_scenarios_come_to_nearly_everything() {
    let ran = run(&["coverage"])
        .prints("What XEP-0282 leaves open: four sections")
        .prints("    slave.jid.opaque: only two runs that differ in the slave's address show it");
    let out = ran.out();
    let line = out.lines().find(|line| line.contains(" scenarios come to ")).unwrap();
    let numbers = line.split(' ').filter_map(|word| word.parse::<usize>().ok());
    let [_, applied, all] = numbers.collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert_eq!(all, 185, "{line}");
    assert!(applied > 170, "{line}");
}

#[test]
fn what_a_scenario_does_not_come_to_is_listed() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    let ran = desk.run(&["coverage"]).ends_with(3);
    let never = ran.out().split_once("Never exercised\n").unwrap().1.to_owned();
    assert!(never.contains("    slave.leave.forward: nothing happens to which it applies"));
    assert!(!never.contains("    INV-FIFO:"), "{never}");
}

#[test]
fn what_enters_a_section_that_the_xep_leaves_open_is_told_with_its_place() {
    let script = "BigCheese says \"hello\"\ncut vesa.yeggmaex.irc from channel.avalon.irc refusing\n\
        WiZ says \"gone\"\nBigCheese leaves\nheal everything\nwait until quiet\n\
        The roster is the same everywhere";
    let desk = Desk::with(script);
    desk.put("scenarios/silent.scs", scenario("WiZ leaves\nTroy sees WiZ leave"));
    let ran = desk.run(&["coverage"]);
    let open = ran.out().split_once("What XEP-0282 leaves open").unwrap().1.to_owned();
    let open: Vec<_> = open.lines().map(words).collect();
    // Slaves that are configured by hand are not created, and have what was said.
    for (section, scenarios) in [
        ("Creating a Slave", "0"),
        ("Initial Room History", "0"),
        ("Netjoin", "1"),
        ("Security Considerations", "0"),
        ("XML Schema", "2"),
    ] {
        let row = words(&format!("{section} {scenarios}"));
        assert!(open.iter().any(|line| line.starts_with(&row)), "{section}: {}", ran.out());
    }
    let first = |of: &str| {
        let at = open.iter().position(|line| *line == words(of)).unwrap();
        [open[at + 1].join(" "), open[at + 2].join(" ")]
    };
    let [place, entry] = first("Netjoin, first in");
    assert!(place.starts_with("scenarios/own.scs:11, entry "), "{place}");
    assert!(entry.ends_with(" * wallops@channel resyncing slave@vesa"), "{entry}");
    let [place, entry] = first("XML Schema, first in");
    assert_eq!(place, "scenarios/own.scs:7, entry 4, and 9 times more", "{}", ran.out());
    assert!(entry.contains("channel -> killrc message wallops@channel/BigCheese"), "{entry}");
}

#[test]
fn a_scenario_with_mistakes_is_2() {
    let desk = Desk::with("BigCheese sayz \"hello\"");
    desk.run(&["coverage"]).ends_with(2).complains("sayz");
}

#[test]
fn of_an_id_every_scenario_that_comes_to_it_is_told() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.put("scenarios/silent.scs", scenario("WiZ leaves\nTroy sees WiZ leave"));
    let ran = desk.run(&["coverage", "slave.leave.forward", "INV-FIFO"]).ends_with(0);
    let ran = ran.prints("slave.leave.forward: pass, in 1 of 2 scenarios\n    LEAVE, without its");
    let rows = |of: &str| ran.out().lines().filter(|line| line.contains(of)).map(words).collect();
    let rows: [Vec<Vec<String>>; 2] = ["own.scs", "silent.scs"].map(rows);
    assert_eq!(rows[0], [["scenarios/own.scs", "7", "0", "pass"]], "{}", ran.out());
    assert!(rows[1].contains(&words("scenarios/silent.scs 1 0 pass")), "{}", ran.out());
    ran.prints("\n2 scenarios come to 2 of 2 requirements\n");
}

#[test]
fn every_pair_of_a_scenario_and_a_requirement_is_a_line() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    let ran = desk.run(&["coverage", "--by-scenario"]).ends_with(3);
    let lines: Vec<_> = ran.out().lines().map(words).collect();
    assert!(lines.contains(&words("scenarios/own.scs INV-FIFO 7 0 pass")), "{}", ran.out());
    let pairs = lines.iter().filter(|line| line.first().is_some_and(|one| one.ends_with(".scs")));
    ran.prints(&format!("\n1 scenario comes to {} of 185 requirements\n", pairs.count()));
}

#[test]
fn what_is_neither_a_file_nor_an_id_is_told_with_the_nearest() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["coverage", "slave.leave.forwad"])
        .ends_with(2)
        .complains("no requirement has such an id, and there is no such file or directory")
        .complains("did you mean `slave.leave.forward`?");
    desk.run(&["coverage", "scenaros"]).ends_with(2).complains("did you mean `scenarios`?");
    desk.run(&["coverage", "scenarios/on.scs"]).ends_with(2).complains("`scenarios/own.scs`?");
}

#[test]
fn a_record_is_covered_like_a_scenario() {
    let script = "cut vesa.yeggmaex.irc from channel.avalon.irc refusing\nWiZ says \"gone\"\n\
        BigCheese says \"gone\"\nheal everything\nwait until quiet\nThe roster is the same everywhere";
    let desk = Desk::with(script);
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]).ends_with(0);
    // What machines do shows it as well as what they say of it.
    desk.put("server.log", super::desk::LOST_AND_FOUND);
    for file in ["t.txt", "server.log"] {
        let ran = desk.run(&["coverage", file]).prints("\n1 record comes to ");
        let open = ran.out().split_once("What XEP-0282 leaves open").unwrap().1.to_owned();
        let row = words("Netjoin 1 1");
        assert!(open.lines().any(|line| words(line).starts_with(&row)), "{file}: {open}");
        let place = open.split_once("Netjoin, first in\n").unwrap().1;
        assert!(place.trim_start().starts_with(&format!("{file}:")), "{place}");
    }
    desk.run(&["coverage", "t.txt", "scenarios"]).prints("\n2 records come to ");
    run(&["coverage", "tests/judge/foreign/master.log"])
        .ends_with(1)
        .prints("    XML Schema, first in\n        tests/judge/foreign/master.log:");
}

#[test]
fn what_is_asked_for_by_name_and_cannot_be_shown_is_3() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["coverage", "slave.jid.opaque"]).ends_with(3);
    desk.run(&["coverage", "INV-FIFO"]).ends_with(0);
    desk.run(&["coverage", "INV-FIFO", "slave.jid.opaque"]).ends_with(3);
    desk.run(&["coverage", "--help"]).prints("but for those that no run can show");
}

fn words(line: &str) -> Vec<String> {
    line.split([' ', '\u{2502}']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

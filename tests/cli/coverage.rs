//! `wallops coverage`.

use super::desk::{Desk, run};

#[test]
fn the_shipped_scenarios_come_to_nearly_everything() {
    let ran = run(&["coverage"])
        .prints("What XEP-0282 leaves open\n")
        .prints("    netjoin.defined: unspecified, in ")
        .prints("    slave.jid.opaque: only two runs that differ in the slave's address show it");
    let out = ran.out();
    let line = out.lines().find(|line| line.contains(" scenarios come to ")).unwrap();
    let numbers = line.split(' ').filter_map(|word| word.parse::<usize>().ok());
    let [_, applied, all] = numbers.collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert_eq!(all, 184, "{line}");
    assert!(applied > 170, "{line}");
}

#[test]
fn what_a_scenario_does_not_come_to_is_listed() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    let ran = desk.run(&["coverage"]).ends_with(3);
    let never = ran.out().split_once("Never exercised\n").unwrap().1.to_owned();
    assert!(never.contains("    slave.leave.forward: nothing happens to which it applies"));
    assert!(!never.contains("    INV-FIFO:"), "{never}");
    assert!(ran.out().contains("    schema.valid: unspecified, in 1 scenario\n        own\n"));
}

#[test]
fn a_scenario_with_mistakes_is_2() {
    let desk = Desk::with("BigCheese sayz \"hello\"");
    desk.run(&["coverage"]).ends_with(2).complains("sayz");
}

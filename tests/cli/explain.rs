//! `wallops explain`.

use super::desk::{Desk, run};

#[test]
fn a_requirement_is_explained() {
    run(&["explain", "slave.leave.forward"])
        .ends_with(0)
        .prints("LEAVE, without its element, is what somebody who leaves is sent last.")
        .prints(
            "    for:     slave\n    level:   stated: the XEP tells it as a fact, or shows it by",
        )
        .prints("    section: LEAVE\n")
        .prints("judged:  At a LEAVE one farewell with code 110")
        .prints(
            "kept:    Efchen is sent unavailable presence with code 110.\n             \
             <presence from='wallops@channel.avalon.irc/Efchen' \
             to='msa@vesa.yeggmaex.irc/bicycle' type='unavailable'>\n",
        )
        .prints("broken:  Efchen is sent nothing, or what still has <leave/> in it.\n")
        .prints("                 <leave jid='msa@vesa.yeggmaex.irc/bicycle'/>\n")
        .prints("scenarios/s03-departures.scs");
}

#[test]
fn of_many_scenarios_that_show_it_a_few_are_named() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    let text = desk.read("scenarios/own.scs").replace("## cast", "## spec: ns.exact\n## cast");
    for name in ["found-a", "b", "c", "d", "e"] {
        desk.put(&format!("scenarios/{name}.scs"), &text);
    }
    desk.put("scenarios/own.scs", &text);
    let ran = desk.run(&["explain", "ns.exact"]).ends_with(0);
    let ran = ran.prints("shown by:\n        scenarios/b.scs\n        scenarios/c.scs\n");
    ran.prints("/own.scs\n        and 1 more (wallops coverage ns.exact)\n");
}

#[test]
fn what_ids_begin_with_names_all_of_them() {
    let ran = run(&["explain", "slave.split"]).ends_with(0);
    assert_eq!(ran.out().matches("    judged:  ").count(), 12, "{}", ran.out());
    assert!(!ran.out().contains("master.split"), "{}", ran.out());
}

#[test]
fn an_id_has_the_same_examples_whatever_else_is_asked_for() {
    let id = "slave.leave.remove";
    let examples = |asked: &str| {
        let out = run(&["explain", asked]).ends_with(0).out();
        let of_it = out.split("\n\n").find(|part| part.starts_with(id)).unwrap().to_owned();
        of_it.split_once("applies, for example, in:\n").unwrap().1.trim_end().to_owned()
    };
    assert_eq!(examples(id), examples("slave.leave"));
}

#[test]
fn without_an_id_all_are_listed() {
    assert_eq!(run(&["explain"]).ends_with(0).out().lines().count(), 185);
}

#[test]
fn the_second_edition_speaks_of_replicas() {
    let second =
        ["explain", "slave.enter.to-full-jid", "master.leave.format", "--spec", "0282@0.1.1"];
    run(&second).ends_with(0).prints("for:     primary").prints("for:     replica");
}

#[test]
fn an_unknown_id_is_told_with_the_nearest() {
    run(&["explain", "slave.leve.forward"])
        .ends_with(2)
        .complains("slave.leve.forward: no requirement has such an id")
        .complains("did you mean `slave.leave.forward`?");
    run(&["explain", "everything"]).ends_with(2).complains("`wallops explain` lists all");
    run(&["explain", ""]).ends_with(2);
}

#[test]
fn ones_own_scenarios_are_looked_at() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    let text = desk.read("scenarios/own.scs").replace("## cast", "## spec: ns.exact\n## cast");
    desk.put("scenarios/own.scs", text);
    desk.run(&["explain", "ns.exact"]).ends_with(0).prints("        scenarios/own.scs\n");
    desk.run(&["explain", "ns.exact", "--scenarios", "elsewhere"])
        .ends_with(0)
        .prints("shown:   there is no directory `elsewhere`; `--scenarios DIR` names another");
    desk.run(&["explain", "slave.leave.forward"])
        .ends_with(0)
        .prints("shown:   by no scenario in scenarios that is tagged with it");
}

#[test]
fn a_slip_in_the_beginning_of_an_id_is_told_with_the_nearest_beginning() {
    run(&["explain", "slave.leav"]).ends_with(2).complains("did you mean `slave.leave`?");
    run(&["explain", "master.spilt"]).ends_with(2).complains("did you mean `master.split`?");
}

#[test]
fn scenarios_that_come_to_it_are_named_and_how_to_see_all() {
    run(&["explain", "INV-NO-DUP"])
        .ends_with(0)
        .prints("shown:   in every run to which it applies\n    applies, for example, in:\n")
        .prints("        scenarios/a-slave-without-a-memory.scs: kept ")
        .prints("    all of them: wallops coverage INV-NO-DUP\n");
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["explain", "INV-FIFO", "slave.leave.forward", "--scenarios", "./scenarios"])
        .ends_with(0)
        .prints("applies, for example, in:\n        ./scenarios/own.scs: kept 7 times\n")
        .prints("    all of them: wallops coverage INV-FIFO ./scenarios\n")
        .prints("by no scenario in ./scenarios that is tagged with it\n");
}

#[test]
fn the_example_of_the_readme_is_told_with_people_and_stanzas() {
    let ran = run(&["explain", "INV-JID-SLAVE"]).ends_with(0);
    let ran = ran.prints("    kept:    Troy goes away for lunch, and the master tells all slaves.");
    assert!(ran.out().lines().all(|line| line.chars().count() <= 100), "{}", ran.out());
}

#[test]
fn a_requirement_names_the_profile_that_demands_it() {
    for (id, profile) in [
        ("slave.leave.forward", "core: nothing but XEP-0282 v0.1 is needed for it"),
        ("slave.enter.status-110", "muc: today's XEP-0045 demands it of every room"),
        ("INV-GAPLESS", "full: it needs registration, positions or the netjoin"),
    ] {
        run(&["explain", id]).ends_with(0).prints(&format!("    profile: {profile}"));
    }
}

#[test]
fn the_words_for_levels_are_explained_where_they_are_shown() {
    for command in ["judge", "explain", "coverage"] {
        run(&[command, "--help"])
            .ends_with(0)
            .prints("  must         the same in small letters, which binds no less\n")
            .prints("  asked for    one of the six requirements")
            .prints("  implied      it stands nowhere, but")
            .prints("Exit codes:\n");
    }
}

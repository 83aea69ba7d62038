//! `wallops judge` of what a replay command names: a requirement that another one shows, and
//! standard input.

use super::desk::{Desk, Ran, run, wallops};
use super::judge::another_greeting;

const LOG: &str = "tests/judge/foreign/master.log";

#[test]
fn what_is_asked_for_and_shown_by_an_invariant_is_told() {
    let id = "master.presence.no-jid-without-moderators";
    run(&["judge", LOG, "--require", id])
        .ends_with(1)
        .prints(&format!("failed  {LOG}:17: INV-JID-SLAVE, and so {id}\n"))
        .prints("    No real JID goes to a slave without a moderator")
        .prints(&format!("    more:     wallops explain INV-JID-SLAVE {id}\n"));
}

#[test]
fn what_an_invariant_shows_to_be_broken_has_its_place_in_every_report() {
    let id = "master.presence.no-jid-without-moderators";
    let desk = Desk::new();
    let names = ["r.txt", "r.json", "r.xml", "r.html"].map(|name| desk.path(name));
    let mut command = wallops();
    command.args(["judge", LOG]).env("GITHUB_ACTIONS", "true");
    for name in names {
        command.arg("--report").arg(name);
    }
    let ran = Ran(command.output().unwrap()).ends_with(1);
    ran.prints(&format!(",line=17,title=INV-JID-SLAVE%2C {id}::"));
    let named = format!("INV-JID-SLAVE, and so {id}");
    assert!(desk.read("r.txt").contains(&format!("{LOG}:17: {named} at entry")));
    assert!(desk.read("r.xml").contains(&format!("{LOG}:17: {named} at entry")));
    let json: serde_json::Value = serde_json::from_str(&desk.read("r.json")).unwrap();
    let findings = json["runs"][0]["findings"].as_array().unwrap();
    let one = findings.iter().find(|one| one["requirement"] == "INV-JID-SLAVE").unwrap();
    assert_eq!(one["also"], serde_json::json!([id]));
    // The filter of the page looks for both.
    let page = desk.read("r.html");
    let part = format!("class=\"finding fail\" data-r=\"INV-JID-SLAVE {id}\"");
    let marks = page.matches(&format!("<p {part}")).count();
    assert!(marks > 0, "{part}");
    assert_eq!(page.matches(&part).count(), marks * 2, "in the list and in the diagram");
    assert!(page.contains(&format!("</a>, and so <a href=\"#r-{id}\">{id}</a>")));
}

#[test]
fn of_each_requirement_it_is_said_once_where_more_stands() {
    let out = run(&["judge", LOG, "--all"]).ends_with(1).out();
    let told = |id: &str| out.matches(&format!(": {id}")).count();
    assert!(told("INV-JID-SLAVE, and so ") > 1, "{out}");
    assert_eq!(out.matches("    more:     wallops explain INV-JID-SLAVE ").count(), 1, "{out}");
    run(&["judge", LOG, "--spec", "0282@0.1.1"]).prints("explain master.leave.before-broadcast --");
}

#[test]
fn what_cannot_be_judged_is_named_by_all() {
    let judge = |more: &[&str]| run(&[&["judge", LOG], more].concat()).ends_with(1);
    let few = judge(&[]).prints(" requirements: the record has nothing that users send to ").out();
    assert!(few.contains("\n             (`--all` names them)\n"), "{few}");
    let id = "\n             slave.relay.from-unmodified\n";
    assert!(!few.contains(id), "{few}");
    let all = judge(&["--all"]).prints(id).out();
    assert!(!all.contains("(`--all` names them)"), "{all}");
}

#[test]
fn standard_input_is_judged_like_a_file() {
    let (desk, line) = another_greeting();
    let text = desk.read("t.txt");
    let judge = |words: &[&str], text: &str| {
        let mut command = wallops();
        command.current_dir(desk.path("")).args(words).write_stdin(text);
        Ran(command.output().unwrap())
    };
    judge(&["judge", "-"], &text)
        .ends_with(1)
        .prints(&format!("failed  standard input:{line}: INV-JUSTIFIED, and so "))
        .prints("    replay:   wallops judge - --require INV-JUSTIFIED\n");
    judge(&["judge", "-", "--long", "1", "--report", "r.json"], &text).ends_with(1);
    assert!(desk.read("r.json").contains("\"file\": \"standard input\""));
    judge(&["report", "-"], &text)
        .ends_with(1)
        .prints(&format!("    standard input:{line}: INV-JUSTIFIED"))
        .prints("    replay: wallops judge -\n");
    judge(&["judge", "-"], "").ends_with(2).complains("standard input: it is empty");
    judge(&["judge", "-"], "Dear Wumpus,\n")
        .ends_with(2)
        .complains("standard input: neither a transcript nor a log whose form is known");
    judge(&["judge", "./-"], &text).ends_with(2).complains("no such file or directory");
}

//! `wallops judge` of what a replay command names: a requirement that another one shows, and
//! standard input.

use super::desk::{Ran, run, wallops};
use super::judge::another_greeting;

#[test]
fn what_is_asked_for_and_shown_by_an_invariant_is_told() {
    let id = "master.presence.no-jid-without-moderators";
    run(&["judge", "tests/judge/foreign/master.log", "--require", id])
        .ends_with(1)
        .prints("failed  tests/judge/foreign/master.log:17: INV-JID-SLAVE\n")
        .prints(&format!("    and so:   {id}\n"));
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
        .prints(&format!("failed  standard input:{line}: INV-JUSTIFIED\n"))
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

//! `wallops judge` of files as they come: in the words of either edition, long, or no XML.

use wallops::transcript::import::write_plain;

use super::desk::{Desk, LOST_AND_FOUND, Ran, wallops};
use super::judge::{another_greeting, doctored};

/// The forms of a report.
const FORMS: [&str; 4] = ["text", "json", "junit", "html"];

#[test]
fn a_record_in_the_words_of_the_second_edition_is_judged_alike() {
    let (desk, line) = another_greeting();
    let text = desk.read("t.txt").replace("slave@", "replica@");
    desk.put("second.txt", &text);
    desk.run(&["judge", "second.txt"])
        .ends_with(1)
        .prints(&format!("failed  second.txt:{line}: INV-JUSTIFIED"))
        .prints("A replica tells its users nothing that its primary has not told it");
    // All of it as the file has it.
    let theirs = |text: &str| text.contains("replica@") && !text.contains("slave@");
    for more in [&[][..], &["--long", "1"], &["--scenario", "scenarios/own.scs"]] {
        let ran = desk.run(&[&["judge", "second.txt", "--spec", "0282@0.1.1"], more].concat());
        let found = ran.ends_with(1).out();
        assert!(theirs(&found), "{found}");
        assert!(found.contains("    found:    replica@killrc.oulubox.irc tells this"), "{found}");
    }
    let report = ["judge", "second.txt", "--report", "report.json"];
    desk.run(&report).ends_with(1);
    let report = desk.read("report.json");
    assert!(theirs(&report), "{report}");
    desk.put("other.txt", text.replace("spec: 0282@0.1", "spec: 0289@0.1"));
    desk.run(&["judge", "other.txt"])
        .ends_with(2)
        .complains("it is by `0289@0.1`, which nothing is known of");
}

#[test]
fn a_transcript_that_is_not_held_in_memory_is_judged_alike() {
    let (desk, _) = another_greeting();
    let text = desk.read("t.txt");
    let theirs = text.replace("slave@", "replica@").replacen("0282@0.1\n", "0282@0.1.1\n", 1);
    desk.put("theirs.txt", theirs);
    let cut = text.rsplit_once("----").unwrap().0;
    desk.put("cut.txt", cut);
    // Cut within an entry, and within a character.
    let within = cut.rsplit_once("</message>").unwrap().0;
    desk.put("within.txt", within);
    desk.put("character.txt", [within.as_bytes(), b"\xC3"].concat());
    let scenario = ["--scenario", "scenarios/own.scs"];
    for file in ["t.txt", "theirs.txt", "cut.txt", "within.txt", "character.txt"] {
        for more in [&[][..], &scenario, &["--as", "slave", "--all"]] {
            let held = desk.run(&[&["judge", file], more].concat()).ends_with(1);
            let long = desk.run(&[&["judge", file, "--long", "1"], more].concat()).ends_with(1);
            assert_eq!(held.out(), long.out());
            let is_within = long.out().contains("left out: the text ends within an entry: line ");
            assert_eq!(is_within, ["within.txt", "character.txt"].contains(&file));
        }
    }
    for form in FORMS {
        let report = ["judge", "t.txt", "--report", "-", "--report-format", form];
        let held = desk.run(&report).ends_with(1).out();
        assert_eq!(held, desk.run(&[&report[..], &["--long", "1"]].concat()).out());
    }
    desk.put("late.txt", text.replacen("23:58:37.001", "23:58:36.001", 1));
    let long = |file| desk.run(&["judge", file, "--long", "1"]).ends_with(2);
    long("late.txt").complains("late.txt: line ").complains("which goes back");
    desk.put("bad.txt", text.replacen("</message>", "</massage>", 1));
    long("bad.txt").complains("bad.txt: line ").complains("</message>");
}

#[test]
fn xml_that_xmpp_forbids_is_told_by_its_name_and_place() {
    let head = "1990-10-13T23:58:37Z channel.avalon.irc vesa.yeggmaex.irc";
    let desk = doctored(">hello<", ">&hello;<");
    desk.put("log.txt", format!("{head} <presence/>\n{head}\n  <!DOCTYPE a><presence/>\n"));
    let line = desk.read("t.txt").lines().position(|line| line.contains("&hello;")).unwrap() + 1;
    let forbids = "XMPP forbids them (RFC 6120 §11.1)";
    let judge = |file| desk.run(&["judge", file]).ends_with(2).complains(forbids);
    judge("log.txt").complains("a DOCTYPE").complains("log.txt:3:3");
    judge("t.txt").complains("the entity `&hello;`").complains(&format!("t.txt:{line}:"));
}

/// What Prosody logs while somebody enters.
const PROSODY: &str = include_str!("../import/fixtures/prosody.log");

#[test]
fn a_line_of_a_servers_log_that_is_not_utf8_costs_that_line_only() {
    let desk = Desk::new();
    desk.put("good.log", PROSODY);
    let whole = desk.run(&["judge", "good.log"]);
    let (first, rest) = PROSODY.split_once('\n').unwrap();
    let odd = [first.as_bytes(), b"\n", first.as_bytes(), b" caf\xe9\n", rest.as_bytes()].concat();
    desk.put("odd.log", odd);
    let ran = desk.run(&["judge", "odd.log"]);
    assert_eq!(ran.0.status, whole.0.status);
    ran.prints("odd.log:2: left out: it is not UTF-8: the byte 0xe9");
}

#[test]
fn a_log_that_is_not_held_in_memory_is_judged_alike() {
    let desk = Desk::new();
    let plain = write_plain(&another_greeting().0.read("t.txt").parse().unwrap());
    let second = plain.replace("slave@", "replica@");
    let cut = plain.rsplit_once("</message>").unwrap().0;
    let (start, end) = plain.split_at(plain.rfind("\n1990").unwrap());
    let logs = [
        ("plain.log", plain.clone()),
        ("second.log", second),
        ("cut.log", cut.to_owned()),
        ("late.log", format!("{}\n{start}", end.trim())),
        ("lost-and-found.log", LOST_AND_FOUND.to_owned()),
        ("ejabberd.log", include_str!("../import/fixtures/ejabberd.log").to_owned()),
        ("capture.tsv", include_str!("../import/fixtures/tshark.tsv").to_owned()),
        ("prosody.log", PROSODY.to_owned()),
    ];
    for (file, text) in logs {
        desk.put(file, &text);
        for more in [&[][..], &["--whole"], &["--as", "slave", "--all"]] {
            let held = desk.run(&[&["judge", file], more].concat());
            let long = desk.run(&[&["judge", file, "--long", "1"], more].concat());
            assert_eq!((held.out(), held.0.status), (long.out(), long.0.status), "{file} {more:?}");
        }
        for form in FORMS {
            let report = ["judge", file, "--report", "-", "--report-format", form];
            let held = desk.run(&report).out();
            assert_eq!(held, desk.run(&[&report[..], &["--long", "1"]].concat()).out(), "{file}");
        }
        let mut command = wallops();
        command.args(["judge", "-", "--long", "1"]).write_stdin(text);
        let piped = Ran(command.output().unwrap()).out();
        let held = desk.run(&["judge", file]).out();
        assert_eq!(
            piped.replace("standard input", file).replace("judge - ", &format!("judge {file} ")),
            held
        );
    }
    let bad = plain.replacen("</message>", "</massage>", 1);
    let line = 1 + bad.lines().position(|line| line.contains("</massage>")).unwrap();
    desk.put("bad.log", &bad);
    let place = format!("bad.log: line {line}, column ");
    desk.run(&["judge", "bad.log", "--long", "1"]).ends_with(2).complains(&place);
    desk.put("odd.log", [plain.as_bytes(), b"# caf\xe9\n"].concat());
    let place = format!("line {}, column 6: not UTF-8: the byte 0xe9", plain.lines().count() + 1);
    for long in [&[][..], &["--long", "1"]] {
        desk.run(&[&["judge", "odd.log"], long].concat()).ends_with(2).complains(&place);
    }
}

#[test]
fn what_is_not_utf8_is_told_with_its_place_and_what_may_help() {
    let desk = Desk::new();
    let head = "1990-10-13T23:58:37Z channel.avalon.irc vesa.yeggmaex.irc";
    let line = format!("# a log\n{head} <presence><status>caf");
    let odd = [line.as_bytes(), b"\xe9</status></presence>\n"].concat();
    let column = line.lines().last().unwrap().len() + 1;
    desk.put("odd.log", odd);
    desk.run(&["judge", "odd.log"])
        .ends_with(2)
        .complains(&format!("line 2, column {column}: not UTF-8: the byte 0xe9"))
        .complains("iconv -f ISO-8859-1");
    let others: [(&[u8], &str); 3] = [
        (b"\x1f\x8b\x08\0", "compressed with gzip"),
        (b"\xff\xfe1\0", "in UTF-16"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "docs/importing.md has the command"),
    ];
    for (bytes, complaint) in others {
        desk.put("odd.log", bytes);
        desk.run(&["judge", "odd.log"]).ends_with(2).complains(complaint);
    }
}

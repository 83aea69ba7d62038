//! Bad input: a clear error and exit code 2, without a panic and within bounds.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::desk::{Desk, Ran, run, scenario};

/// The commands that read scenarios.
const READERS: [&[&str]; 5] =
    [&["run"], &["test"], &["examples"], &["check"], &["format", "--check"]];

/// Those that have to understand them: a layout may be canonical whatever the words mean.
const PLAYERS: &[&[&str]] = READERS.split_at(4).0;

/// Every command that reads scenarios refuses this file.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, complaint: &str) {
    refused_by(&READERS, content, complaint);
}

#[track_caller]
fn refused_by(readers: &[&[&str]], content: impl AsRef<[u8]>, complaint: &str) {
    let desk = Desk::new();
    desk.put("scenarios/bad.scs", content);
    for &reader in readers {
        refuses(desk.run(&[reader, &["scenarios/bad.scs"]].concat()), complaint);
    }
}

#[track_caller]
fn refuses(ran: Ran, complaint: &str) {
    let ran = ran.ends_with(2).complains(complaint);
    assert_eq!(ran.out(), "");
    assert!(!ran.err().contains("panicked"), "{}", ran.err());
    assert!(ran.err().len() < 20_000, "{} bytes", ran.err().len());
}

#[test]
fn an_unknown_command_or_option_is_named() {
    refuses(run(&["ruin"]), "unrecognized subcommand 'ruin'");
    refuses(run(&["run", "--sead", "3", "x.scs"]), "unexpected argument '--sead'");
    refuses(run(&["run"]), "<FILE>...");
    refuses(run(&["run", "x.scs", "--net", "token-ring"]), "[possible values: event, wire]");
    refuses(run(&["run", "x.scs", "--seed", "three"]), "invalid digit found in string");
    refuses(run(&["test", "--jobs", "0"]), "0 is not in 1..=1024");
    refuses(run(&["test", "--accept", "--net", "wire"]), "snapshots are of the event network");
}

#[test]
fn a_missing_file_is_named() {
    let desk = Desk::new();
    for reader in READERS {
        let ran = desk.run(&[reader, &["nowhere.scs"]].concat());
        refuses(ran, "nowhere.scs: no such file or directory");
    }
    refuses(desk.run(&["diff", "a.txt", "b.txt"]), "b.txt: no such file or directory");
}

#[test]
fn a_directory_without_scenarios_is_named() {
    let desk = Desk::new();
    for reader in READERS {
        let ran = desk.run(&[reader, &["scenarios"]].concat());
        refuses(ran, "scenarios: a directory without scenarios");
    }
    refuses(desk.run(&["diff", "scenarios", "scenarios"]), "a directory, not a file");
}

#[test]
fn without_scenarios_there_is_nothing_to_test() {
    let empty = tempfile::tempdir().unwrap();
    let output = super::desk::wallops().current_dir(empty.path()).arg("test").output().unwrap();
    refuses(Ran(output), "scenarios: no such file or directory");
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let desk = Desk::with("BigCheese says \"hello\"");
    let file = desk.path("scenarios/own.scs");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever is root reads it all the same.
    if fs::read(&file).is_err() {
        refuses(desk.run(&["run", "scenarios/own.scs"]), "permission denied");
    }
}

#[test]
fn what_is_not_utf8_is_refused() {
    refused(b"# caf\xe9\n", "UTF-8");
}

#[test]
fn an_empty_file_is_refused() {
    refused("", "scenarios/bad.scs");
    refused("\n\n", "scenarios/bad.scs");
}

#[test]
fn ten_megabytes_on_one_line_are_refused() {
    refused("x".repeat(10_000_000), "4194304 bytes");
    refused(scenario(&format!("BigCheese says \"{}\"", "x".repeat(3_000_000))), "bytes in a line");
}

#[test]
fn stanzas_nested_ten_thousand_deep_are_refused() {
    let deep = format!("{}{}", "\t<a>\n".repeat(10_000), "\t</a>\n".repeat(10_000));
    let script = format!("BigCheese sends:\n\t<message>\n{deep}\t</message>");
    refused_by(PLAYERS, scenario(&script), "<a> inside 64 other elements");
}

#[test]
fn blocks_nested_two_thousand_deep_are_refused() {
    let nested = (0..2_000).map(|depth| format!("{}meanwhile\n", "\t".repeat(depth)));
    refused(scenario(&nested.collect::<String>()), "this cannot happen within `meanwhile`");
}

#[test]
fn every_mistake_is_shown_with_its_place() {
    refused_by(
        PLAYERS,
        scenario("BigCheese kiks Wumpus\nHacker says \"hi\"\nheal vesa.yeggmaex.irc from nowhere"),
        "[scenarios/bad.scs:7:11]",
    );
}

#[test]
fn a_device_without_an_end_is_read_within_bounds() {
    refuses(run(&["check", "/dev/zero"]), "4194304 bytes");
    refuses(run(&["diff", "/dev/null", "/dev/null"]), "not a transcript");
}

#[test]
fn what_is_no_transcript_is_shown_with_its_place() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["run", "scenarios/own.scs", "--write", "good.txt"]).ends_with(0);
    let good = desk.read("good.txt");
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty", Vec::new(), "not a transcript"),
        ("scenario", desk.read("scenarios/own.scs").into_bytes(), "[bad.txt:1:1]"),
        ("arrow", good.replacen(" -> ", " => ", 1).into_bytes(), "[bad.txt:10:"),
        ("stanza", good.replacen("</body>", "</bodi>", 1).into_bytes(), "[bad.txt:12:"),
        ("cut off", good.as_bytes()[..good.len() - 30].to_vec(), "not a transcript"),
        ("Latin-1", [good.as_bytes(), b"\xe9"].concat(), "not UTF-8"),
        ("line", [good.as_bytes(), &[b'x'; 10_000_000]].concat(), "not a transcript"),
    ];
    for (what, content, complaint) in cases {
        desk.put("bad.txt", content);
        let ran = desk.run(&["diff", "good.txt", "bad.txt"]);
        assert_eq!(ran.0.status.code(), Some(2), "{what}");
        refuses(ran, complaint);
    }
}

#[test]
fn a_transcript_nested_ten_thousand_deep_is_refused() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["run", "scenarios/own.scs", "--write", "good.txt"]).ends_with(0);
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    desk.put("bad.txt", desk.read("good.txt").replacen("<body>hello</body>", &deep, 1));
    refuses(desk.run(&["diff", "good.txt", "bad.txt"]), "not a transcript");
}

#[test]
fn years_of_waiting_are_given_up_when_too_much_has_happened() {
    // The keepalive of as many slaves as can be has this in a few days.
    let slaves = (0..60).map(|number| {
        format!("[Slave] s{number}\n\tjid: slave@s{number}.example\n\trooms: wallops\n\n")
    });
    let desk = Desk::with("wait 365d\nBigCheese says \"x\"\nWumpus hears BigCheese say \"x\"");
    let text = desk.read("scenarios/own.scs");
    let slaves: String = slaves.collect();
    desk.put("scenarios/own.scs", text.replace("-----", &format!("{slaves}-----")));
    desk.run(&["run", "scenarios/own.scs"]).ends_with(1).prints("more than 500000 things happened");
}

#[test]
fn one_file_cannot_take_two_transcripts() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.put("scenarios/other.scs", desk.read("scenarios/own.scs"));
    refuses(desk.run(&["run", "scenarios", "--write", "a.txt"]), "one file for the transcripts");
    let ran = desk.run(&["run", "scenarios/own.scs", "--write", "scenarios"]).ends_with(2);
    ran.complains("scenarios: a directory, not a file");
    let ran = desk.run(&["run", "scenarios/own.scs", "--write", "scenarios/../scenarios/own.scs"]);
    refuses(ran, "the transcript would take the place of the scenario");
}

#[test]
fn a_cast_that_is_missing_or_elsewhere_is_refused() {
    let cast = |name: &str| scenario("").replace("cast: wallops", &format!("cast: {name}"));
    refused_by(PLAYERS, cast("nobody"), "casts/nobody.cast: no such file or directory");
    refused_by(PLAYERS, cast("walops"), "did you mean `wallops`?");
    refused_by(PLAYERS, cast("../../etc/passwd"), "is not the name of a cast, without directory");
}

#[test]
fn a_directory_that_may_not_be_read_is_named_wherever_it_is() {
    let desk = Desk::with("BigCheese says \"hello\"");
    desk.put("scenarios/closed/own.scs", "x");
    let closed = desk.path("scenarios/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(&closed).is_ok();
    let ran = desk.run(&["check", "scenarios"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    // Whoever is root reads it all the same.
    if !readable {
        refuses(ran, "scenarios/closed: permission denied");
    }
}

#[test]
fn a_scenario_with_mistakes_keeps_the_others_from_being_judged() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.put("scenarios/bad.scs", scenario("BigCheese kiks Wumpus"));
    refuses(desk.run(&["test", "scenarios"]), "unknown verb `kiks`");
    desk.run(&["test", "--help"]).ends_with(0).prints("nothing is judged, and the exit code is 2");
}

#[test]
fn a_tag_that_names_no_requirement_is_told_with_its_place() {
    let desk = Desk::new();
    let text = scenario("WiZ says \"hi\"\nWumpus hears WiZ say \"hi\"").replacen(
        "## cast",
        "## spec: slave.leave.forward, slave.leave.forwrad\n## cast",
        1,
    );
    desk.put("scenarios/own.scs", text);
    for command in ["check", "test"] {
        desk.run(&[command, "scenarios/own.scs"])
            .ends_with(2)
            .complains("`slave.leave.forwrad`: no requirement has such an id")
            .complains("own.scs:3:31")
            .complains("did you mean `slave.leave.forward`?");
    }
    desk.run(&["run", "scenarios/own.scs"]).ends_with(0);
}

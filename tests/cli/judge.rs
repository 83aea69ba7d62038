//! `wallops judge`.

use super::desk::{Desk, Ran, run, scenario, wallops};

const HEARD: &str = "BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"";

/// A desk with a transcript of the script, in which these words are others.
pub fn doctored(words: &str, others: &str) -> Desk {
    let desk = Desk::with(HEARD);
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]).ends_with(0);
    let text = desk.read("t.txt");
    assert!(text.contains(words), "{text}");
    desk.put("t.txt", text.replacen(words, others, 1));
    desk
}

/// Another greeting for Wumpus than for the others.
pub fn another_greeting() -> (Desk, usize) {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    let at = text.find("-> argl@killrc.oulubox.irc/laptop").unwrap();
    let (before, after) = text.split_at(at);
    desk.put("t.txt", format!("{before}{}", after.replacen(">hello<", ">hullo<", 1)));
    (desk, before.lines().count())
}

#[test]
fn a_shipped_scenario_is_played_and_judged() {
    run(&["judge", "scenarios/s10-the-great-bounce.scs"])
        .ends_with(0)
        .prints("INV-NO-DUP")
        .prints(" requirements: ");
}

#[test]
fn a_stored_transcript_needs_no_scenario() {
    let desk = doctored("hello", "hello");
    desk.run(&["judge", "t.txt"])
        .ends_with(0)
        .prints("INV-FIFO")
        .prints(" pass")
        .prints("the room was not at rest for long enough; `--scenario FILE` tells");
    desk.run(&["judge", "t.txt", "--scenario", "scenarios/own.scs"]).ends_with(0);
}

#[test]
fn what_is_broken_is_told_with_its_line_and_its_stanza() {
    let (desk, line) = another_greeting();
    for more in [&[][..], &["--scenario", "scenarios/own.scs"]] {
        desk.run(&[&["judge", "t.txt"], more].concat())
            .ends_with(1)
            .prints(&format!("failed  t.txt:{line}: INV-JUSTIFIED"))
            .prints("A slave tells its users nothing that its master has not told it")
            .prints("        <message from='wallops@channel.avalon.irc/BigCheese'")
            .prints("    expected: ")
            .prints(" fail");
    }
}

#[test]
fn one_party_can_be_asked_for() {
    let (desk, _) = another_greeting();
    desk.run(&["judge", "t.txt", "--as", "slave"]).ends_with(1).prints("INV-JUSTIFIED");
    let ran = desk.run(&["judge", "t.txt", "--as", "primary"]).ends_with(0);
    assert!(!ran.out().contains("INV-JUSTIFIED"), "{}", ran.out());
    let replay = "wallops judge t.txt --as slave --require INV-JUSTIFIED";
    desk.run(&["judge", "t.txt", "--as", "slave"]).prints(&format!("    replay:   {replay}\n"));
    let again: Vec<&str> = replay.split(' ').skip(1).collect();
    desk.run(&again).ends_with(1).prints("failed  t.txt:");
    let second = ["judge", "t.txt", "--as", "replica", "--spec", "0282@0.1.1"];
    desk.run(&second).ends_with(1).prints("A replica tells its users nothing that its primary");
}

#[test]
fn what_is_asked_for_and_never_applied_is_3() {
    let desk = doctored("hello", "hello");
    desk.run(&["judge", "t.txt", "--require", "INV-FIFO"]).ends_with(0);
    desk.run(&["judge", "t.txt", "--require", "INV-NICK-HELD,INV-FIFO"])
        .ends_with(3)
        .prints("INV-NICK-HELD  vacuous: nothing happened to which it applies");
    desk.run(&["judge", "t.txt", "--require", "slave.jid.opaque"])
        .ends_with(3)
        .prints("slave.jid.opaque  unsupported: only two runs");
}

#[test]
fn an_unknown_id_is_told_with_the_nearest() {
    run(&["judge", "scenarios/s10-the-great-bounce.scs", "--require", "slave.leave.forwrad"])
        .ends_with(2)
        .complains("slave.leave.forwrad: no requirement has such an id")
        .complains("did you mean `slave.leave.forward`?");
}

#[test]
fn the_record_of_one_view_is_judged_by_what_it_can_show() {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    // What leaves the master, as its server's log would have it.
    let (head, entries) = text.split_once("\n\n").unwrap();
    let mut kept = format!("{head}\n\n");
    let mut keep = false;
    for line in entries.lines() {
        if !line.starts_with(' ') {
            keep = line.contains("  channel.avalon.irc -> ");
        }
        if keep {
            kept += &format!("{line}\n");
        }
    }
    desk.put("master.txt", kept);
    desk.run(&["judge", "master.txt", "--require", "LIVE-DELIVER"])
        .ends_with(3)
        .prints("unsupported: the record has nothing that users send to their servers");
    desk.run(&["judge", "master.txt"]).prints("INV-SAME-COPY").prints(" unsupported");
}

#[test]
fn a_record_that_is_none_is_2_with_its_place() {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    let cut = text.find("<message").unwrap() + 12;
    desk.put("cut.txt", &text[..cut]);
    desk.run(&["judge", "cut.txt"]).ends_with(2).complains("cut.txt:");
    desk.put("letter.txt", "Dear Wumpus,\nhow are you?\n");
    desk.run(&["judge", "letter.txt"])
        .ends_with(2)
        .complains("letter.txt: neither a transcript nor a log whose form is known")
        .complains("`--format` says which it is: own, plain, prosody, ejabberd, tshark");
    desk.put("empty.txt", "");
    desk.run(&["judge", "empty.txt"]).ends_with(2).complains("empty.txt");
    let header = text.split_once("\n\n").unwrap().0;
    desk.put("header.txt", format!("{header}\n\n"));
    desk.run(&["judge", "header.txt"]).ends_with(2).complains("no chat room shows in it");
    desk.run(&["judge", "absent.txt"]).ends_with(2).complains("absent.txt");
}

#[test]
fn a_record_whose_times_go_back_is_2_with_its_line() {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    let line = text.lines().position(|line| line.starts_with("23:58:37.001")).unwrap();
    let late = text.replacen("23:58:37.001", "23:58:36.001", 1);
    desk.put("late.txt", late);
    desk.run(&["judge", "late.txt"])
        .ends_with(2)
        .complains("which goes back")
        .complains(&format!("late.txt:{}:1", line + 1));
}

#[test]
fn several_records_are_summed_up() {
    let (desk, _) = another_greeting();
    let ran = desk.run(&["judge", "scenarios", "t.txt"]).ends_with(1);
    let row = |out: &str| out.lines().filter(|line| line.contains("│ INV-JUSTIFIED ")).count();
    assert_eq!(row(&ran.out()), 1, "{}", ran.out());
}

#[test]
fn the_record_of_a_plain_room_has_nothing_to_judge() {
    for log in ["prosody.log", "ejabberd.log", "tshark.tsv"] {
        let path = format!("tests/import/fixtures/{log}");
        run(&["judge", &path, "--require", "INV-FIFO"])
            .ends_with(3)
            .prints("unsupported: the record shows no slave, so its rooms are plain ones");
        run(&["judge", &path]).ends_with(3).prints("185 requirements: 185 unsupported");
    }
}

#[test]
fn what_is_wrong_at_one_entry_is_told_together_and_the_same_again_in_short() {
    let log = "tests/judge/foreign/master.log";
    let ran = run(&["judge", log, "--as", "master"]).ends_with(1);
    let out = ran.out();
    let told = |words: &str| out.lines().filter(|line| line.starts_with(words)).count();
    assert_eq!(told("warn  tests/judge/foreign/master.log"), 3, "{out}");
    let more = "warn  master.broadcast.delay-in-dmuc, 9 more findings (`--all` shows them): ";
    assert!(out.contains(&format!("{more}{log}:31, 33, 34, ")), "{out}");
    let all = run(&["judge", log, "--as", "master", "--all"]).ends_with(1).out();
    assert!(!all.contains("more finding"), "{all}");
    assert_eq!(all.matches("warn  tests/judge/foreign/master.log").count(), 12, "{all}");
    // Two requirements are broken by one stanza, which is shown once.
    let both = all.split("\n\n").find(|block| block.matches("failed  ").count() == 2).unwrap();
    assert_eq!(both.matches("<presence ").count(), 1, "{both}");
}

#[test]
fn what_a_record_cannot_show_is_told_with_the_reason() {
    run(&["judge", "tests/judge/foreign/right.log"])
        .ends_with(0)
        .prints("requirements: the record has nothing that users send to their servers\n")
        .prints("unsupported  slave.jid.opaque: ");
}

#[test]
fn a_record_that_lacks_its_end_may_be_cut_off() {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    let ran = desk.run(&["judge", "t.txt"]).ends_with(0);
    assert!(!ran.out().contains("cut off"), "{}", ran.out());
    let (cut, _) = text.rsplit_once("---- end of ").unwrap();
    desk.put("t.txt", cut);
    desk.run(&["judge", "t.txt"]).ends_with(0).prints("no `---- end of ...` says that this is all");
    let first = text.find("\n23:58:37.001").unwrap();
    let second = first + 1 + text[first + 1..].find("\n23:58:37").unwrap();
    desk.put("t.txt", format!("{}{}", &text[..first], &text[second..]));
    desk.run(&["judge", "t.txt"]).ends_with(2).complains("as there are so many above");
}

#[test]
fn a_record_that_ends_within_an_entry_is_judged_up_to_there() {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    let last = text.rfind("</message>").unwrap();
    for end in [last, last + 4, text[..last].rfind("  <message").unwrap() - 20] {
        desk.put("t.txt", &text[..end]);
        desk.run(&["judge", "t.txt"])
            .ends_with(0)
            .prints("left out: the text ends within an entry: ")
            .prints("INV-FIFO");
    }
    desk.put("t.txt", text.replacen("</message>", "</massage>", 1));
    desk.run(&["judge", "t.txt"]).ends_with(2).complains("</message>");
}

#[test]
fn what_the_other_party_has_done_is_not_kept_by_this_one() {
    let log = "tests/judge/foreign/right.log";
    run(&["judge", log, "--as", "master", "--require", "ns.exact"]).ends_with(0);
    run(&["judge", log, "--as", "slave", "--require", "ns.exact"])
        .ends_with(3)
        .prints("ns.exact  vacuous");
}

#[test]
fn the_log_of_the_page_on_plain_logs_is_judged_as_it_says() {
    let page = include_str!("../../docs/plain-log.md");
    let (_, log) = page.split_once("```plain\n").unwrap();
    let desk = doctored("hello", "hello");
    desk.put("page.log", log.split_once("```").unwrap().0);
    desk.run(&["judge", "page.log"])
        .ends_with(0)
        .prints("warn  page.log:11: master.broadcast.delay-in-dmuc")
        .prints("the record has nothing that slaves send to their users")
        .prints("1 warn\n");
}

#[test]
fn a_log_with_one_slave_is_that_of_its_server_unless_it_is_whole() {
    let desk = doctored("hello", "hello");
    let says = |from: &str, to: &str, of: &str, by: &str, x: &str| {
        let head = format!("1990-10-13T23:58:37Z\t{from}\t{to}\t<message from='{by}' to='{of}'");
        format!("{head} id='a' type='groupchat'><body>Hello?</body>{x}</message>\n")
    };
    let (m, s, u) = ("channel.example", "vesa.example", "a@vesa.example/b");
    let (room, nick) = ("w@channel.example", "w@channel.example/A");
    let log = says(u, s, room, u, "")
        + &says(s, m, room, u, "")
        + &says(m, s, "slave@vesa.example", nick, "<x xmlns='urn:xmpp:tmp:dmuc:0'/>")
        + &says(s, u, u, nick, "");
    desk.put("one.log", log);
    let alone =
        "the record is of a server of slaves alone; if nothing is missing from it, `--whole`";
    desk.run(&["judge", "one.log"]).ends_with(0).prints(alone);
    let whole = desk.run(&["judge", "one.log", "--whole"]);
    assert!(!whole.out().contains("alone"), "{}", whole.out());
    whole.prints("master.broadcast.delay-in-dmuc");
}

#[test]
fn a_file_that_is_not_there_is_told_with_the_nearest() {
    let desk = doctored("hello", "hello");
    desk.run(&["judge", "tt.txt"]).ends_with(2).complains("did you mean `t.txt`?");
    desk.run(&["run", "scenarios/owm.scs"])
        .ends_with(2)
        .complains("did you mean `scenarios/own.scs`?");
}

#[test]
fn the_record_of_one_person_is_judged() {
    let desk = doctored("hello", "hello");
    let text = desk.read("t.txt");
    let (head, entries) = text.split_once("\n\n").unwrap();
    let mut kept = format!("{head}\n\n");
    let mut keep = false;
    for line in entries.lines().filter(|line| !line.starts_with("----")) {
        if !line.starts_with(' ') {
            keep = line.contains(" argl@killrc.oulubox.irc/laptop");
        }
        if keep {
            kept += &format!("{line}\n");
        }
    }
    desk.put("wumpus.txt", kept);
    desk.run(&["judge", "wumpus.txt"]).prints(" unsupported").prints(" requirements: ");
    let others = ["judge", "wumpus.txt", "--require", "INV-TRANSPARENT"];
    desk.run(&others).ends_with(3).prints("the record shows no slave");
    let leak = "<x xmlns='urn:xmpp:tmp:dmuc:0'/></message>";
    let text = desk.read("wumpus.txt");
    let place = text.rfind("</message>").unwrap();
    desk.put("leak.txt", format!("{}{leak}{}", &text[..place], &text[place + 10..]));
    desk.run(&["judge", "leak.txt"]).ends_with(1).prints("INV-TRANSPARENT");
}

#[test]
fn what_a_scenario_would_tell_is_not_said_of_one_that_is_played() {
    let out = run(&["judge", "scenarios/s02-truly-rotten-time.scs"]).ends_with(0).out();
    assert!(!out.contains("was not at rest"), "{out}");
}

#[test]
fn a_setting_of_another_scenario_is_told() {
    let desk = doctored("hello", "hello");
    desk.put("scenarios/other.scs", desk.read("scenarios/own.scs").replacen("A test", "Other", 1));
    desk.run(&["judge", "t.txt", "--scenario", "scenarios/other.scs"])
        .prints("t.txt:2: kept as it is: it is of `A test`, and judged by the setting of `Other`");
}

#[test]
fn who_comes_as_the_first_moderator_of_a_slave_breaks_nothing() {
    let desk = Desk::new();
    let head = "# A moderator comes\n\n## profile: core\n## cast: wallops\n\n";
    let gone = |nick: &str| format!("[Client] {nick}\n\tjoined: nowhere\n\n");
    let people = ["Wumpus", "WiZ", "Troy"].map(gone).concat();
    let script = "-----\n\nWumpus joins wallops\nWiZ joins wallops\nTroy joins wallops\n\
                  BigCheese sees Troy arrive\n";
    desk.put("scenarios/own.scs", format!("{head}{people}{script}"));
    desk.run(&["judge", "scenarios/own.scs"]).ends_with(0);
}

#[test]
fn github_is_told_beside_the_line_of_the_record() {
    let (desk, line) = another_greeting();
    let judge = |actions: &str| {
        let mut command = wallops();
        command.current_dir(desk.path("")).env("GITHUB_ACTIONS", actions).args(["judge", "t.txt"]);
        Ran(command.output().unwrap())
    };
    judge("true")
        .ends_with(1)
        .prints(&format!("::error file=t.txt,line={line},title=INV-JUSTIFIED%2C slave."))
        .prints("%0Awallops explain INV-JUSTIFIED")
        .prints("%0Areplay: wallops judge t.txt --require INV-JUSTIFIED\n");
    let ran = judge("").ends_with(1);
    assert!(!ran.out().contains("::error"), "{}", ran.out());
}

#[test]
fn a_scenario_that_is_only_a_setting_need_not_expect_anything() {
    let desk = Desk::with("BigCheese says \"hello\"\nWumpus hears BigCheese say \"hello\"");
    desk.run(&["run", "scenarios/own.scs", "--write", "t.txt"]).ends_with(0);
    let judge = ["judge", "t.txt", "--scenario", "scenarios/own.scs"];
    for script in ["", "BigCheese says \"hello\""] {
        desk.put("scenarios/own.scs", scenario(script));
        desk.run(&judge).ends_with(0).prints("requirements: ");
        // Played it would show nothing.
        desk.run(&["judge", "scenarios/own.scs"]).ends_with(2).complains("expects nothing");
    }
    desk.put("scenarios/own.scs", scenario("BigCheese sayz \"hello\""));
    desk.run(&judge).ends_with(2).complains("sayz");
}

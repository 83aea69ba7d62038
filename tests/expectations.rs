//! What lines of a scenario hold, and when they fail.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, Outcome, play_event};
use wallops::time::Duration;

fn find_cast(name: &str) -> Result<Source, String> {
    assert_eq!(name, "wallops");
    Ok(Source::new("wallops.cast", include_str!("../scenarios/casts/wallops.cast")))
}

/// Play these lines with the wallops cast; `tags` go into the head.
fn played(tags: &str, script: &str) -> Outcome {
    let text = format!("# A test\n## cast: wallops\n{tags}\n-----\n{script}");
    let scenario = parse(&Source::new("test.scs", &text), &find_cast)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options { source: text.into(), ..Options::default() };
    play_event(&scenario, &options).unwrap()
}

/// The lines that failed, and whose expectation each was.
fn failed(outcome: &Outcome, script: &str) -> Vec<(String, String)> {
    let head = 4;
    let lines: Vec<&str> = script.lines().collect();
    let line = |number: u32| lines[number as usize - head - 1].to_owned();
    outcome.failures.iter().map(|one| (line(one.span.line), one.whose.clone())).collect()
}

fn failures(script: &str) -> Vec<(String, String)> {
    failed(&played("", script), script)
}

fn one(line: &str, whose: &str) -> Vec<(String, String)> {
    vec![(line.to_owned(), whose.to_owned())]
}

#[test]
fn receives_nothing_means_since_something_was_done() {
    let script = "WiZ says \"one\"\nWiZ sets the subject to \"two\"\nTroy receives nothing\n";
    assert_eq!(failures(script), one("Troy receives nothing", "Troy"));
    let script = "WiZ says \"one\"\nTroy disconnects\nTroy receives nothing\n";
    assert_eq!(failures(script), []);
}

#[test]
fn what_is_denied_is_looked_for_since_the_last_that_was_perceived() {
    let script = "WiZ says \"one\"\nWiZ says \"two\"\nTroy does not hear WiZ say \"one\"\n\
        Troy hears WiZ say \"two\"\nTroy does not hear WiZ say \"one\"\n";
    assert_eq!(failures(script), one("Troy does not hear WiZ say \"one\"", "Troy"));
}

#[test]
fn order_counts_unless_the_line_says_that_it_does_not() {
    let expected = |how: &str| {
        let message = |text: &str| format!("\t<message><body>{text}</body></message>\n");
        format!(
            "WiZ says \"one\"\nWiZ says \"two\"\nTroy receives{how}:\n{}{}",
            message("two"),
            message("one")
        )
    };
    assert_eq!(failures(&expected("")), one("Troy receives:", "Troy"));
    assert_eq!(failures(&expected(" in any order")), []);
}

#[test]
fn exact_matching_leaves_nothing_unasked() {
    let script = "Troy disconnects\nEverybody sees Troy leave\n";
    let outcome = played("## match: exact", script);
    assert_eq!(failed(&outcome, script), []);
    let script = "WiZ says \"one\"\nWiZ says \"two\"\nWiZ hears WiZ say \"two\"\n";
    let outcome = played("## match: exact", script);
    let whose: Vec<_> = outcome.failures.iter().map(|one| one.whose.as_str()).collect();
    assert_eq!(whose.iter().filter(|whose| **whose == "WiZ").count(), 2, "{whose:?}");
    assert!(whose.contains(&"Efchen"), "what is left over is wrong too");
    // The third line, and that nothing is left over.
    assert_eq!((outcome.unmet, outcome.checked), (2, 2));
    let skipping = played("", script);
    assert_eq!(skipping.failures, []);
    assert_eq!(skipping.skipped, [("WiZ".into(), 1)]);
}

#[test]
fn machines_receive_too() {
    let script = "BigCheese says \"Hello\"\nslave@vesa receives:\n\
        \t<message type=\"groupchat\"><body>Hello</body></message>\n\
        channel.avalon.irc receives:\n\
        \t<message from=\"rubenro@vesa.yeggmaex.irc/shaver\"><body>Hello</body></message>\n\
        slave@killrc receives:\n\t<message><body>Goodbye</body></message>\n";
    assert_eq!(failures(script), one("slave@killrc receives:", "killrc"));
}

#[test]
fn meanwhile_is_one_instant() {
    let script = "meanwhile\n\tWiZ says \"one\"\n\tBigCheese says \"two\"\n\nTroy is in the room\n";
    let outcome = played("", script);
    let hops = outcome.transcript.hops();
    let instants: Vec<_> =
        hops.filter(|(_, _, hop)| hop.from.contains('/')).map(|(_, at, _)| at).collect();
    assert_eq!(instants, [outcome.transcript.header.epoch; 2]);
}

#[test]
fn a_line_begins_at_a_whole_second_at_which_it_is_quiet() {
    let script = "slow eris.dclxvii.irc -> channel.avalon.irc to 900ms\n\
        WiZ says \"one\"\nslow eris.dclxvii.irc -> channel.avalon.irc to 1100ms\n\
        WiZ says \"two\"\nWiZ says \"three\"\nTroy is in the room\n";
    let outcome = played("", script);
    let epoch = outcome.transcript.header.epoch;
    let hops = outcome.transcript.hops();
    let instants: Vec<_> = hops
        .filter(|(_, _, hop)| hop.from.contains('/'))
        .map(|(_, at, _)| at.since(epoch).as_secs_f64())
        .collect();
    assert_eq!(instants, [0.0, 1.0, 3.0]);
}

#[test]
fn a_hold_ends_by_itself_and_loses_nothing() {
    let script = "hold eris.dclxvii.irc from channel.avalon.irc for 20s\nWiZ says \"one\"\n\
        Wumpus does not hear WiZ say \"one\"\nwait 19s\nWumpus does not hear WiZ say \"one\"\n\
        wait 2s\nEverybody hears WiZ say \"one\"\nThe master has not split eris\n";
    let outcome = played("", script);
    assert_eq!(failed(&outcome, script), []);
    assert_eq!(outcome.vacuous, []);
    let (_, left, hop) = outcome.transcript.hops().nth(1).unwrap();
    let wallops::transcript::Fate::Delivered(after) = hop.fate else { panic!("{hop:?}") };
    assert_eq!(left.since(outcome.transcript.header.epoch), Duration::from_millis(1));
    assert_eq!(after, Duration::from_millis(20_019));
}

#[test]
fn a_crash_that_nobody_notices_is_vacuous() {
    let outcome =
        played("", "crash the slave vesa\nrestart the slave vesa\nwait 1s\nTroy is in the room\n");
    assert_eq!(outcome.vacuous.len(), 1);
    let outcome = played("", "crash the slave vesa\nWiZ says \"one\"\nTroy is in the room\n");
    assert_eq!(outcome.vacuous, []);
}

#[test]
fn whoever_loses_his_server_is_in_no_room() {
    let script = "crash vesa.yeggmaex.irc\nBigCheese and Efchen are not in the room\n\
        WiZ says \"one\"\nEverybody hears WiZ say \"one\"\n\
        restart vesa.yeggmaex.irc\nEfchen is not in the room\nwait 30s\nEfchen connects\n\
        Efchen is not in the room\nEfchen joins wallops\nEfchen is in the room\n";
    assert_eq!(failures(script), []);
}

#[test]
fn an_expectation_of_many_that_some_do_not_meet_is_one() {
    let script = "WiZ says \"one\"\nNobody hears WiZ say \"one\"\nWiZ is in the room\n";
    let outcome = played("", script);
    assert_eq!(outcome.failures.len(), 7);
    assert_eq!((outcome.unmet, outcome.checked), (1, 2));
}

#[test]
fn a_play_that_is_never_quiet_ends() {
    let text = "# A test\n## cast: wallops\n-----\n\
        cut vesa.yeggmaex.irc from channel.avalon.irc\nWiZ says \"one\"\nwait 2m\nwait until quiet\n\
        Troy is in the room\n";
    let scenario = parse(&Source::new("test.scs", text), &find_cast).unwrap();
    let error = play_event(&scenario, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("10 minutes"), "{error}");
}

#[test]
fn privileges_subjects_and_histories_are_what_machines_have() {
    let script = "WiZ grants Efchen moderator because \"he asked\"\n\
        Everybody sees Efchen made moderator because \"he asked\"\n\
        WiZ says \"one\"\nWiZ sets the subject to \"two\"\n\
        The role of Efchen is moderator\nThe affiliation of WiZ is admin\n\
        The affiliation of Efchen is none\nThe role of \"Trillian\" is none\n\
        The subject is the same everywhere\nThe subject of vesa is \"two\"\n\
        The history of eris holds \"one\"\nThe history of the master does not hold \"two\"\n\
        The room exists\nThe master has the slave vesa in wallops\nThe slave vesa is active\n";
    assert_eq!(failures(script), []);
    for wrong in [
        "The role of WiZ is visitor",
        "The affiliation of Troy is member",
        "The subject of the master is \"three\"",
        "The history of vesa holds \"two\"",
        "The room does not exist",
        "The master has no slave vesa",
        "The slave vesa is registering",
        "The position of vesa is 3",
    ] {
        let script = format!("WiZ says \"one\"\n{wrong}\n");
        assert_eq!(failures(&script), one(wrong, ""), "{wrong}");
    }
    let script = "WiZ grants Efchen moderator because \"he asked\"\n\
        Troy sees Efchen made moderator because \"why not\"\n";
    let expected = "Troy sees Efchen made moderator because \"why not\"";
    assert_eq!(failures(script), one(expected, "Troy"));
}

#[test]
fn stanzas_are_counted_by_kind_and_by_what_is_in_them() {
    let script = "WiZ says \"one\"\nWiZ kicks Efchen because \"flooding\"\n\
        Exactly 3 presences with status cross between servers\n\
        Exactly one presence with leave crosses from channel to vesa\n\
        Exactly 4 messages cross between servers since the beginning\n\
        At least one iq crosses between eris and channel\n\
        Efchen sees Efchen kicked because \"flooding\" with status 110 and 307\n\
        BigCheese sees Efchen kicked with status 307\n";
    let outcome = played("", script);
    let counted: Vec<_> = outcome.failures.iter().map(|one| one.found.clone()).collect();
    assert_eq!(counted, ["it was 4"], "LEAVE has one too");
    let script = "WiZ kicks Efchen\nBigCheese sees Efchen kicked with status 110\n";
    let expected = "BigCheese sees Efchen kicked with status 110";
    assert_eq!(failures(script), one(expected, "BigCheese"));
}

#[test]
fn newcomers_are_shown_the_same_wherever_they_come_from() {
    let script = "WiZ and Efchen leave\nTroy says \"one\"\n\
        meanwhile\n\tWiZ joins wallops\n\tEfchen joins wallops\n\n\
        WiZ and Efchen are shown the same\n";
    assert_eq!(failures(script), []);
    let script = "WiZ and Efchen leave\nWiZ joins wallops\nTroy says \"one\"\n\
        Efchen joins wallops\nWiZ and Efchen are shown the same\n";
    assert_eq!(failures(script), one("WiZ and Efchen are shown the same", "Efchen"));
    let script = "WiZ leaves\nWiZ joins wallops\nWiZ and Troy are shown the same\n";
    assert_eq!(failures(script), one("WiZ and Troy are shown the same", "Troy"));
}

#[test]
fn several_codes_are_expected_of_one_stanza() {
    let did = "Wumpus configures logging yes and whois anyone\n";
    assert_eq!(failures(&format!("{did}WiZ sees status 170 and 172\n")), []);
    let other = "WiZ sees status 170 and 173";
    assert_eq!(failures(&format!("{did}{other}\n")), one(other, "WiZ"));
    assert_eq!(failures(&format!("{did}WiZ does not see status 170 and 173\n")), []);
    // One line takes the stanza.
    let second = "WiZ sees status 172";
    assert_eq!(failures(&format!("{did}WiZ sees status 170\n{second}\n")), one(second, "WiZ"));
}

#[test]
fn a_code_is_denied_of_what_another_line_has_taken_too() {
    let say = "Efchen sends:\n\t<message to=\"wallops@channel.avalon.irc\" type=\"groupchat\">\n\
        \t\t<body>one</body>\n\t</message>\n";
    let denied = "BigCheese does not see status 110";
    let script = format!(
        "Efchen leaves\nBigCheese leaves\nBigCheese joins wallops\n\
        BigCheese sees BigCheese arrive\n{denied}\n"
    );
    assert_eq!(failures(&script), one(denied, "BigCheese"));
    // What came before the last that was done is another matter.
    let script = format!(
        "BigCheese leaves\nBigCheese joins wallops\n\
        BigCheese sees BigCheese arrive\n{say}BigCheese hears Efchen say \"one\"\n{denied}\n"
    );
    assert_eq!(failures(&script), []);
}

#[test]
fn a_roster_lacks_nobody_who_is_not_shown() {
    let hidden = "\n[Room] wallops\n\tpresence-broadcast: moderator\n";
    let same = "The roster is the same everywhere";
    let script = format!("BigCheese leaves\nBigCheese joins wallops\n{same}\n");
    assert_eq!(played(hidden, &script).failures, []);
    let script = format!("Wumpus configures presence-broadcast moderator\n{same}\n");
    assert_eq!(failures(&script), []);
    // Of who is shown each slave knows.
    let script = format!("cut vesa from channel\nWumpus grants Valdis moderator\n{same}\n");
    let failures = played(hidden, &script).failures;
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].found, "vesa lacks Valdis");
}

#[test]
fn a_domain_is_banned_from_the_start() {
    let banned = "\n[Room] wallops\n\toutcast: guide.example\n\n[Client] Ford\n\
        \tjid: ford@guide.example/towel\n";
    let script = "Ford joins wallops\nFord is told forbidden\nThe affiliation of Ford is outcast\n";
    assert_eq!(played(banned, script).failures, []);
}

//! Logs of machines that take their time and do nothing wrong, as somebody writes them.

use wallops::conform::judgement::Judgement;
use wallops::transcript::import::{Format, ImportOptions, import};

use crate::logs::judged;

/// The room `r@m.example`, of which the slaves of `s.example` and `t.example` tell their users.
#[derive(Clone, Debug, Default)]
struct Log {
    lines: Vec<(u32, String)>,
}

const MUC: &str = "<x xmlns='http://jabber.org/protocol/muc'/>";
const PING: &str = "<ping xmlns='urn:xmpp:ping'/>";

fn dmuc(text: &str) -> String {
    format!("<x xmlns='urn:xmpp:tmp:dmuc:0'>{text}</x>")
}

fn item(role: &str, rest: &str) -> String {
    let item = format!("<item affiliation='none' role='{role}'/>{rest}");
    format!("<x xmlns='http://jabber.org/protocol/muc#user'>{item}</x>")
}

fn stamp(ms: u32) -> String {
    format!("2026-01-01T00:00:{:02}.{:03}Z", ms / 1000, ms % 1000)
}

impl Log {
    /// At this millisecond something crosses from one host to another.
    fn put(&mut self, ms: u32, between: &str, stanza: &str) {
        self.lines.push((ms, format!("{} {between} {stanza}", stamp(ms))));
    }

    /// A user sends something to the room, over his server.
    fn up(&mut self, ms: u32, user: &str, stanza: &str) {
        let domain = user.split(['@', '/']).nth(1).unwrap();
        self.put(ms, &format!("{user} {domain}"), stanza);
        let from = stanza.replacen(' ', &format!(" from='{user}' "), 1);
        self.put(ms + 4, &format!("{domain} m.example"), &from);
    }

    /// The room tells a slave something about a nick.
    fn down(&mut self, ms: u32, to: &str, kind: &str, nick: &str, content: &str) {
        let (name, rest) = kind.split_once(' ').unwrap_or((kind, ""));
        let head = format!("<{name} from='r@m.example/{nick}' to='slave@{to}' {rest}>");
        self.put(ms, &format!("m.example {to}"), &format!("{head}{content}</{name}>"));
    }

    /// A slave tells a user something about a nick.
    fn tell(&mut self, ms: u32, user: &str, kind: &str, nick: &str, content: &str) {
        let domain = user.split(['@', '/']).nth(1).unwrap();
        let (name, rest) = kind.split_once(' ').unwrap_or((kind, ""));
        let head = format!("<{name} from='r@m.example/{nick}' to='{user}' {rest}>");
        self.put(ms, &format!("{domain} {user}"), &format!("{head}{content}</{name}>"));
    }

    /// Somebody says something, and everybody hears it.
    fn say(&mut self, ms: u32, words: &str) {
        self.up(ms, ALICE, &said(words));
        self.copy(ms + 10, "s.example", words, ms + 10);
        self.copy(ms + 11, "t.example", words, ms + 10);
        self.tell(ms + 20, ALICE, &groupchat(words), "A", &body(words));
        self.tell(ms + 22, BOB, &groupchat(words), "A", &body(words));
    }

    /// The same of Bob, who is behind the other slave.
    fn bob_says(&mut self, ms: u32, words: &str) {
        self.up(ms, BOB, &said(words));
        let delay = format!(
            "<delay xmlns='urn:xmpp:delay' from='r@m.example/B' stamp='{}'/>",
            stamp(ms + 10)
        );
        for (at, to) in [(ms + 10, "s.example"), (ms + 11, "t.example")] {
            self.down(at, to, &groupchat(words), "B", &(body(words) + &dmuc(&delay)));
        }
        for user in [ALICE, BOB] {
            self.tell(ms + 20, user, &groupchat(words), "B", &body(words));
        }
    }

    /// The copy of a message for a slave, as the master got it at `stamped`.
    fn copy(&mut self, ms: u32, to: &str, words: &str, stamped: u32) {
        let delay = format!(
            "<delay xmlns='urn:xmpp:delay' from='r@m.example/A' stamp='{}'/>",
            stamp(stamped)
        );
        let content = body(words) + &dmuc(&delay);
        self.down(ms, to, &groupchat(words), "A", &content);
    }

    /// Somebody asks to enter.
    fn ask(&mut self, ms: u32, user: &str, nick: &str) {
        self.up(ms, user, &format!("<presence to='r@m.example/{nick}'>{MUC}</presence>"));
    }

    /// The master lets somebody in: his presence for both slaves, and ENTER for his own.
    fn enter(&mut self, ms: u32, user: &str, nick: &str) {
        let domain = user.split(['@', '/']).nth(1).unwrap();
        for to in ["s.example", "t.example"] {
            self.down(ms, to, "presence", nick, &item("participant", ""));
        }
        let own = item("participant", "<status code='110'/>");
        let content = dmuc(&format!("<enter jid='{user}'/>")) + &own;
        self.down(ms + 1, domain, "presence", nick, &content);
    }

    /// A slave tells somebody who is there, and that he is in.
    fn burst(&mut self, ms: u32, user: &str, others: &[(&str, &str)], nick: &str) {
        for (other, content) in others {
            let content = (*content).to_owned() + &item("participant", "");
            self.tell(ms, user, "presence", other, &content);
        }
        let own = item("participant", "<status code='110'/>");
        self.tell(ms + 1, user, "presence", nick, &own);
        let head = format!("<message from='r@m.example' to='{user}' type='groupchat'>");
        let domain = user.split(['@', '/']).nth(1).unwrap();
        self.put(ms + 2, &format!("{domain} {user}"), &(head + "<subject/></message>"));
    }

    fn text(&self) -> String {
        let mut lines = self.lines.clone();
        lines.sort_by_key(|(ms, _)| *ms);
        lines.iter().map(|(_, line)| format!("{line}\n")).collect()
    }

    /// What is found in it.
    fn found(&self) -> Vec<String> {
        found(&self.text())
    }
}

fn found(text: &str) -> Vec<String> {
    let imported = import(text, Format::Plain, &ImportOptions::default()).unwrap();
    let Some(Judgement { findings, .. }) = judged(&imported.transcript) else { return Vec::new() };
    findings.iter().map(ToString::to_string).collect()
}

fn groupchat(words: &str) -> String {
    format!("message type='groupchat' id='{words}'")
}

fn body(words: &str) -> String {
    format!("<body>{words}</body>")
}

fn said(words: &str) -> String {
    format!("<{} to='r@m.example'>{}</message>", groupchat(words), body(words))
}

const ALICE: &str = "alice@s.example/1";
const BOB: &str = "bob@t.example/1";
const CAROL: &str = "carol@t.example/1";

/// Alice enters, and then Bob.
fn two() -> Log {
    let mut log = Log::default();
    log.ask(0, ALICE, "A");
    log.enter(8, ALICE, "A");
    log.burst(15, ALICE, &[], "A");
    log.ask(1_000, BOB, "B");
    log.enter(1_008, BOB, "B");
    log.tell(1_020, ALICE, "presence", "B", &item("participant", ""));
    log.burst(1_021, BOB, &[("A", "")], "B");
    log
}

/// What Alice says is lost on its way to the other slave, and resynced `pause` after that is there
/// again.
fn split(pause: u32, asked: u32) -> Log {
    let mut log = two();
    log.say(2_000, "one");
    log.up(5_000, ALICE, &said("two"));
    log.copy(5_010, "s.example", "two", 5_010);
    log.copy(5_011, "t.example", "two", 5_010);
    let lost = log.lines.last_mut().unwrap();
    lost.1 = lost.1.replacen(" <", " lost <", 1);
    log.tell(5_020, ALICE, &groupchat("two"), "A", &body("two"));
    let gone = "<remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
    let error = format!("<error type='wait'>{gone}</error>");
    let head = "<message from='slave@t.example' to='r@m.example/A' type='error' id='two'>";
    log.put(5_900, "t.example m.example", &format!("{head}{error}</message>"));
    let (room, slave) = ("r@m.example", "slave@t.example");
    log.put(asked, "m.example t.example", &ping(room, slave, "p", "get", PING));
    log.put(asked + 30, "t.example m.example", &ping(slave, room, "p", "result", ""));
    log.put(asked + 31, "t.example m.example", &ping(slave, room, "q", "get", PING));
    log.copy(asked + 30 + pause, "t.example", "two", 5_010);
    log.put(asked + 31 + pause, "m.example t.example", &ping(room, slave, "q", "result", ""));
    log.tell(asked + 50 + pause, BOB, &groupchat("two"), "A", &body("two"));
    log.say(asked + 20_000, "three");
    log.say(asked + 25_000, "four");
    log
}

#[test]
fn a_master_may_take_its_time_until_it_resyncs() {
    for pause in [10, 40, 400] {
        assert_eq!(split(pause, 10_000).found(), [""; 0], "{pause} ms");
    }
}

#[test]
fn what_comes_back_is_no_sign_of_life() {
    assert_eq!(split(10, 11_500).found(), [""; 0]);
}

/// Alice leaves, and the master tells everybody so.
fn depart(log: &mut Log, ms: u32) {
    log.up(ms, ALICE, "<presence to='r@m.example/A' type='unavailable'/>");
    let leave = dmuc(&format!("<leave jid='{ALICE}'/>"));
    let own = leave + &item("none", "<status code='110'/>");
    log.down(ms + 8, "s.example", GONE, "A", &own);
    for (at, to) in [(ms + 9, "s.example"), (ms + 10, "t.example")] {
        log.down(at, to, GONE, "A", &item("none", ""));
    }
    log.tell(ms + 16, ALICE, GONE, "A", &item("none", "<status code='110'/>"));
}

const GONE: &str = "presence type='unavailable'";

#[test]
fn a_newcomer_may_be_told_of_who_has_left_as_long_as_his_slave_has_not_heard_of_that() {
    let mut log = two();
    log.ask(2_000, CAROL, "C");
    log.enter(2_010, CAROL, "C");
    log.tell(2_020, ALICE, "presence", "C", &item("participant", ""));
    depart(&mut log, 2_005);
    for (ms, line) in log.lines.iter_mut().filter(|(ms, _)| *ms > 2_000) {
        // It takes 30 ms to the slave, which serves the newcomer before that.
        let arrival = format!(" {} <", stamp(*ms + 30));
        if line.contains(" m.example t.example ") {
            *line = line.replacen(" <", &arrival, 1);
        }
    }
    log.tell(2_041, BOB, "presence", "C", &item("participant", ""));
    log.burst(2_042, CAROL, &[("A", ""), ("B", "")], "C");
    log.tell(2_050, BOB, GONE, "A", &item("none", ""));
    log.tell(2_050, CAROL, GONE, "A", &item("none", ""));
    log.up(9_000, BOB, "<presence to='r@m.example/B'><show>dnd</show></presence>");
    assert_eq!(log.found(), [""; 0]);
}

#[test]
fn who_is_out_and_is_shown_to_a_newcomer_is_named() {
    let mut log = two();
    depart(&mut log, 1_500);
    log.tell(1_520, BOB, GONE, "A", &item("none", ""));
    log.ask(2_000, CAROL, "C");
    log.enter(2_010, CAROL, "C");
    log.tell(2_020, BOB, "presence", "C", &item("participant", ""));
    log.burst(2_021, CAROL, &[("A", ""), ("B", "")], "C");
    log.up(9_000, BOB, "<presence to='r@m.example/B'><show>dnd</show></presence>");
    let found = log.found().join("\n");
    assert!(found.contains("slave.leave.roster-updated"), "{found}");
    assert!(
        found.contains(&format!("after the ENTER {CAROL} is told that A is there;")),
        "{found}"
    );
}

#[test]
fn what_a_newcomer_is_told_of_others_is_no_news_that_came_since() {
    let mut log = two();
    let away = "<show>away</show>";
    let shown = away.to_owned() + &item("participant", "");
    let show = |log: &mut Log, ms: u32| {
        log.up(ms, ALICE, &format!("<presence to='r@m.example/A'>{away}</presence>"));
        log.down(ms + 10, "s.example", "presence", "A", &shown);
        log.down(ms + 11, "t.example", "presence", "A", &shown);
        log.tell(ms + 20, ALICE, "presence", "A", &(item("participant", "<status code='110'/>")));
        let last = &mut log.lines.last_mut().unwrap().1;
        *last = last.replacen("<x ", &format!("{away}<x "), 1);
    };
    show(&mut log, 1_500);
    log.tell(1_522, BOB, "presence", "A", &shown);
    log.ask(2_000, CAROL, "C");
    log.enter(2_010, CAROL, "C");
    log.up(2_007, ALICE, &said("one"));
    log.copy(2_016, "s.example", "one", 2_016);
    log.copy(2_017, "t.example", "one", 2_016);
    show(&mut log, 2_009);
    log.tell(2_024, ALICE, "presence", "C", &item("participant", ""));
    log.tell(2_026, ALICE, &groupchat("one"), "A", &body("one"));
    log.tell(2_030, BOB, "presence", "C", &item("participant", ""));
    log.burst(2_034, CAROL, &[("A", away), ("B", "")], "C");
    for (ms, user) in [(2_040, BOB), (2_041, CAROL)] {
        log.tell(ms, user, &groupchat("one"), "A", &body("one"));
        log.tell(ms + 5, user, "presence", "A", &shown);
    }
    log.up(9_000, BOB, "<presence to='r@m.example/B'><show>dnd</show></presence>");
    assert_eq!(log.found(), [""; 0]);
}

#[test]
fn what_is_under_way_when_a_log_ends_is_nobodys_fault() {
    let text = split(10, 7_000).text();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    for end in 1..lines.len() {
        assert_eq!(found(&lines[..end].concat()), [""; 0], "{end}: {}", lines[end - 1]);
    }
}

#[test]
fn what_was_missing_long_before_a_log_ends_is_found() {
    let text = split(10, 7_000).text();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let copy = |line: &&&str| line.contains("m.example t.example") && line.contains("'three'");
    let copy = lines.iter().filter(copy).copied().next().unwrap();
    assert_ne!(found(&text.replace(copy, "")), [""; 0]);
}

fn ping(from: &str, to: &str, id: &str, type_: &str, content: &str) -> String {
    format!("<iq from='{from}' to='{to}' id='{id}' type='{type_}'>{content}</iq>")
}

#[test]
fn nobody_asks_all_the_time_whether_who_talks_is_there() {
    let (room, slave) = ("r@m.example", "slave@s.example");
    let mut log = two();
    for second in 2..10 {
        let (ms, id) = (second * 1_000, format!("p{second}"));
        log.say(ms, &format!("line {second}"));
        log.put(ms + 300, "m.example s.example", &ping(room, slave, &id, "get", PING));
        log.put(ms + 320, "s.example m.example", &ping(slave, room, &id, "result", ""));
    }
    let found = log.found();
    assert!(found.iter().any(|one| one.contains("keepalive.traffic-suppresses")), "{found:#?}");
    assert!(found.iter().all(|one| one.contains("keepalive.traffic-suppresses")), "{found:#?}");
}

/// While they are split Bob says something that comes back, and something else at this time, which
/// his slave passes on; it never asks for itself whether the master is back.
fn passed_on(ms: u32) -> Vec<String> {
    let mut log = split(10, 10_000);
    log.lines.retain(|(_, line)| !line.contains("id='q'"));
    log.up(6_000, BOB, &said("five"));
    let lost = log.lines.last_mut().unwrap();
    lost.1 = lost.1.replacen(" <", " lost <", 1);
    let gone = "<remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
    let head = format!("<message from='r@m.example' to='{BOB}' type='error' id='five'>");
    let back = format!("{head}<error type='wait'>{gone}</error></message>");
    log.put(6_800, "t.example bob@t.example/1", &back);
    log.bob_says(ms, "six");
    log.found()
}

#[test]
fn a_slave_may_take_itself_for_found_when_it_is_told_what_it_has_missed() {
    assert_eq!(passed_on(12_000), [""; 0]);
    let found = passed_on(8_000).join("\n");
    assert!(found.contains("INV-QUIET-S"), "{found}");
}

#[test]
fn a_log_may_begin_while_a_slave_is_lost_or_between_two_copies() {
    let text = split(10, 10_000).text();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let lost = lines.iter().position(|line| line.contains(" lost ")).unwrap();
    assert_eq!(found(&lines[lost + 1..].concat()), [""; 0]);
    let one = lines.iter().position(|line| line.contains("slave@t.example' type='groupchat'"));
    assert_eq!(found(&lines[one.unwrap()..].concat()), [""; 0]);
}

#[test]
fn who_is_refused_when_a_log_begins_was_not_there() {
    let mut log = Log::default();
    let asks = format!("<presence from='{CAROL}' to='r@m.example/B'>{MUC}</presence>");
    let why = "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
    let error = format!("<error type='cancel'>{why}</error>");
    let error =
        format!("<presence from='r@m.example/B' to='{CAROL}' type='error'>{error}</presence>");
    log.put(0, "t.example m.example", &asks);
    log.put(10, "m.example t.example", &error);
    log.put(15, &format!("t.example {CAROL}"), &error);
    log.bob_says(5_000, "one");
    log.say(7_000, "two");
    assert_eq!(log.found(), [""; 0]);
}

#[test]
fn a_log_may_begin_anywhere_in_a_conversation() {
    let text = split(10, 30_000).text();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let says = |line: &&str| line.contains("'one'");
    let (first, last) = (lines.iter().position(says), lines.iter().rposition(says));
    for start in first.unwrap()..=last.unwrap() + 1 {
        assert_eq!(found(&lines[start..].concat()), [""; 0], "{start}: {}", lines[start]);
    }
}

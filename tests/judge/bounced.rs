//! What the log of one server shows of a netsplit, where nobody tells that he has lost somebody.

use wallops::conform::judgement::{Judgement, Verdict};
use wallops::transcript::import::{Format, ImportOptions, import};

use crate::logs::judged;

const MASTER: &str = "conf.test";
const ROOM: &str = "room@conf.test";

/// What a log has of one stanza: the second, the hosts, and the stanza.
type Line = (f64, &'static str, &'static str, String);

fn judge(lines: &[Line]) -> Judgement {
    let mut lines = lines.to_vec();
    lines.sort_by(|one, other| one.0.total_cmp(&other.0));
    let line = |(second, from, to, stanza): &Line| {
        format!("2026-03-01T20:00:{second:09.6}Z\t{from}\t{to}\t{stanza}\n")
    };
    let text: String = lines.iter().map(line).collect();
    let imported = import(&text, Format::Plain, &ImportOptions::default()).unwrap();
    judged(&imported.transcript).unwrap()
}

fn broken(judgement: &Judgement) -> Vec<&'static str> {
    let broken = judgement.rows.iter().filter(|row| row.verdict == Verdict::Fail);
    broken.map(|row| row.requirement.id).collect()
}

fn kept(judgement: &Judgement, id: &str) -> bool {
    judgement.row(id).is_some_and(|row| row.verdict == Verdict::Pass)
}

/// Alice of a.test and Carol of b.test enter, as the master's server has it.
fn entered() -> Vec<Line> {
    let mut all = Vec::new();
    let people =
        [("Alice", "alice@a.test/desk", "a.test"), ("Carol", "carol@b.test/web", "b.test")];
    for (at, (nick, jid, host)) in [1.0, 2.0].into_iter().zip(people) {
        let x = "<x xmlns='http://jabber.org/protocol/muc'/>";
        all.push((
            at,
            host,
            MASTER,
            format!("<presence from='{jid}' to='{ROOM}/{nick}'>{x}</presence>"),
        ));
        let item = "<item affiliation='none' role='participant'/>";
        let user =
            |more| format!("<x xmlns='http://jabber.org/protocol/muc#user'>{item}{more}</x>");
        let start = |to| format!("<presence from='{ROOM}/{nick}' to='dmuc@{to}'>");
        for (after, to) in [(0.01, "a.test"), (0.011, "b.test")] {
            all.push((at + after, MASTER, to, format!("{}{}</presence>", start(to), user(""))));
        }
        let enter = format!("<x xmlns='urn:xmpp:tmp:dmuc:0'><enter jid='{jid}'/></x>");
        let own = user("<status code='110'/>");
        all.push((at + 0.012, MASTER, host, format!("{}{enter}{own}</presence>", start(host))));
    }
    all
}

/// Alice says something, and these are told it.
fn says(at: f64, id: &str, told: &[&'static str]) -> Vec<Line> {
    let (body, jid) = (format!("<body>{id}</body>"), "alice@a.test/desk");
    let said =
        format!("<message from='{jid}' id='{id}' to='{ROOM}' type='groupchat'>{body}</message>");
    let mut all = vec![(at, "a.test", MASTER, said)];
    for (to, after) in told.iter().zip([0.01, 0.011]) {
        let delay = format!(
            "<x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='{ROOM}/Alice' \
             stamp='2026-03-01T20:00:{:09.6}Z'/></x>",
            at + 0.009
        );
        let copy = format!(
            "<message from='{ROOM}/Alice' id='{id}' to='dmuc@{to}' \
             type='groupchat'>{body}{delay}</message>"
        );
        all.push((at + after, MASTER, to, copy));
    }
    all
}

/// The server of Carol says that her slave cannot be reached.
fn bounce(at: f64) -> Line {
    let error = "<error type='wait'><remote-server-timeout \
                 xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    let from = "dmuc@b.test";
    let stanza = format!("<message from='{from}' to='{ROOM}/Alice' type='error'>{error}</message>");
    (at, "b.test", MASTER, stanza)
}

/// The master asks Carol's slave whether it is there; with an answer, or without.
fn ping(at: f64, answered: bool) -> Vec<Line> {
    let asked = format!(
        "<iq from='{ROOM}' id='p{at}' to='dmuc@b.test' type='get'><ping \
         xmlns='urn:xmpp:ping'/></iq>"
    );
    let answer = format!("<iq from='dmuc@b.test' id='p{at}' to='{ROOM}' type='result'/>");
    let mut all = vec![(at, MASTER, "b.test", asked)];
    all.extend(answered.then_some((at + 0.03, "b.test", MASTER, answer)));
    all
}

const BOTH: [&str; 2] = ["a.test", "b.test"];

#[test]
fn a_master_that_goes_on_after_a_bounce_is_found_in_its_own_log() {
    let mut log = entered();
    log.extend(says(5.0, "one", &BOTH));
    log.push(bounce(6.0));
    log.extend(says(8.0, "two", &BOTH));
    for at in [11.0, 16.0, 21.0] {
        log.extend(ping(at, false));
    }
    log.extend(says(40.0, "three", &["a.test"]));
    let found = broken(&judge(&log));
    for id in ["master.split.trigger", "split.detect.by-bounce", "master.split.stop-broadcast"] {
        assert!(found.contains(&id), "{id} is not among {found:?}");
    }
}

#[test]
fn a_master_that_heeds_a_bounce_is_judged_by_its_own_log() {
    let mut log = entered();
    log.extend(says(5.0, "one", &BOTH));
    log.push(bounce(6.0));
    log.extend(says(8.0, "two", &["a.test"]));
    for at in [11.0, 16.0, 21.0] {
        log.extend(ping(at, false));
    }
    log.extend(says(40.0, "three", &["a.test"]));
    let judgement = judge(&log);
    assert_eq!(broken(&judgement), Vec::<&str>::new());
    for id in ["master.split.trigger", "split.detect.by-bounce", "master.split.fast-ping"] {
        assert!(kept(&judgement, id), "{id}: {:?}", judgement.row(id).map(|row| row.verdict));
    }
}

#[test]
fn a_master_that_asks_no_more_often_than_before_is_found_in_its_own_log() {
    let mut log = entered();
    log.extend(says(5.0, "one", &BOTH));
    log.push(bounce(6.0));
    log.extend(ping(11.0, false));
    log.extend(ping(58.0, false));
    log.extend(says(59.0, "two", &["a.test"]));
    assert!(broken(&judge(&log)).contains(&"master.split.fast-ping"));
}

#[test]
fn a_private_message_that_comes_back_is_no_split_in_the_log_of_a_master() {
    let error = "<error type='wait'><remote-server-timeout \
                 xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    let from = "carol@b.test/web";
    let back = format!("<message from='{from}' to='{ROOM}/Alice' type='error'>{error}</message>");
    for (told, well) in [(&BOTH[..], true), (&BOTH[..1], false)] {
        let mut log = entered();
        log.extend(says(5.0, "one", &BOTH));
        log.push((6.0, "b.test", MASTER, back.clone()));
        log.extend(says(8.0, "two", told));
        log.extend(says(40.0, "three", &BOTH));
        let (judgement, id) = (judge(&log), "master.split.trigger-scope");
        assert_eq!(kept(&judgement, id), well, "{:?}", judgement.findings);
        assert_eq!(broken(&judgement).contains(&id), !well, "{:?}", judgement.findings);
    }
}

//! The play of the examples by hand: one run that contains all 20, made from the examples
//! themselves and the few stanzas that the document leaves out.

use std::sync::Arc;

use wallops::conform::examples::{self, Outcome, Verdict};
use wallops::stanza::{Jid, Stanza, Type};
use wallops::time::{Duration, Time};
use wallops::transcript::{Hop, Transcript, What};

pub const SLAVES: [&str; 3] =
    ["slave@killrc.oulubox.irc", "slave@eris.dclxvii.irc", "slave@vesa.yeggmaex.irc"];
pub const NOTHING: [u32; 0] = [];
pub const RUBENRO: &str = "rubenro@vesa.yeggmaex.irc/shaver";

/// A stanza, the host that sends it, the host that it is for, and after how many milliseconds.
pub type Line = (u64, Hop);

pub fn jid(text: &str) -> Arc<Jid> {
    Arc::new(text.parse().unwrap_or_else(|_| panic!("{text} is no JID")))
}

pub fn stanza(text: &str) -> Stanza {
    wallops::stanza::read_stanza(text, wallops::stanza::Limits::default()).unwrap()
}

/// The stanzas of an example, all at one instant, but for those that make two hops.
pub fn of(number: u32, at: u64) -> Vec<Line> {
    let example = &examples::all()[number as usize - 1];
    let hops = example.stanzas();
    let step = example.ways.len() as u64 - 1;
    hops.into_iter().enumerate().map(|(index, hop)| (at + index as u64 * step, hop)).collect()
}

pub fn hop(from: &str, to: &str, stanza: Stanza) -> Hop {
    Hop::new(from.into(), to.into(), stanza)
}

pub fn transcript(lines: &[Line]) -> Transcript {
    let mut transcript = Transcript::default();
    for (at, hop) in lines {
        transcript.push(Time::XEP_EPOCH + Duration::from_millis(*at), What::Hop(hop.clone()));
    }
    transcript
}

/// BigCheese comes: examples 7 to 15, and with them 2 and 4.
pub fn arrival() -> Vec<Line> {
    let mut lines = of(7, 1000);
    lines.extend(of(8, 1021));
    lines.extend(of(12, 1021));
    for number in [9, 10, 11, 13, 14, 15] {
        lines.extend(of(number, 1041));
    }
    let subject = "<message from='wallops@channel.avalon.irc/Wumpus' to='rubenro@vesa.yeggmaex.irc/shaver' type='groupchat'><subject>EFnet or A-net?</subject></message>";
    lines.push((1041, hop("vesa.yeggmaex.irc", RUBENRO, stanza(subject))));
    lines
}

/// BigCheese speaks: examples 16 to 20, and with them 5 and 6.
pub fn speech() -> Vec<Line> {
    let mut lines = of(16, 2000);
    lines.extend(of(17, 2021));
    for number in [18, 19, 20] {
        lines.extend(of(number, 2041));
    }
    lines
}

/// BigCheese goes: example 3, and the departure that follows it.
pub fn departure() -> Vec<Line> {
    let mut lines = of(3, 3021);
    for slave in SLAVES {
        lines.push((3021, hop("channel.avalon.irc", domain(slave), gone(slave))));
    }
    lines
}

fn gone(slave: &str) -> Stanza {
    let x =
        "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'/></x>";
    let mut gone = stanza(&format!("<presence type='unavailable'>{x}</presence>"));
    gone.from = Some(jid("wallops@channel.avalon.irc/BigCheese"));
    gone.to = Some(jid(slave));
    gone
}

pub fn domain(jid: &str) -> &str {
    jid.split(['@', '/']).nth(1).unwrap()
}

/// All of it; it begins with example 1 and with Efchen's arrival, which no example shows.
pub fn whole() -> Vec<Line> {
    let mut lines = of(1, 0);
    let x = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/></x>";
    for slave in SLAVES {
        let mut news = stanza(&format!("<presence>{x}</presence>"));
        news.from = Some(jid("wallops@channel.avalon.irc/Efchen"));
        news.to = Some(jid(slave));
        lines.push((500, hop("channel.avalon.irc", domain(slave), news)));
    }
    lines.extend(arrival());
    lines.extend(speech());
    lines.extend(departure());
    lines
}

pub fn check(lines: &[Line]) -> Vec<Outcome> {
    examples::check(&[&transcript(lines)])
}

/// The numbers of the examples that the run does not contain.
pub fn unmatched(lines: &[Line]) -> Vec<u32> {
    let outcomes = check(lines);
    outcomes.iter().filter(|outcome| !outcome.is_match()).map(|o| o.example.number).collect()
}

/// The errata that an example needed to be matched.
pub fn errata(outcomes: &[Outcome], number: usize) -> Vec<String> {
    match &outcomes[number - 1].verdict {
        Verdict::Matched { errata, .. } => errata.clone(),
        Verdict::Differs { .. } => panic!("{}", outcomes[number - 1]),
    }
}

#[test]
fn a_run_made_of_the_examples_contains_them_all() {
    let outcomes = check(&whole());
    for outcome in &outcomes {
        assert!(outcome.is_match(), "{outcome}");
    }
    assert_eq!(
        examples::summary(&outcomes),
        "20 of 20 examples matched: 14 as printed, 6 after errata"
    );
}

#[test]
fn every_example_is_matched_by_its_own_stanzas_alone() {
    for example in examples::all() {
        let unmatched = unmatched(&of(example.number, 0));
        assert!(!unmatched.contains(&example.number), "example {}", example.number);
    }
}

#[test]
fn an_empty_run_and_no_run_contain_nothing() {
    assert_eq!(unmatched(&[]).len(), 20);
    let outcomes = examples::check(&[]);
    assert!(outcomes.iter().all(|outcome| !outcome.is_match()));
}

#[test]
fn several_runs_together_contain_what_each_contains() {
    let runs = [of(1, 0), arrival(), speech(), departure()].map(|lines| transcript(&lines));
    let all: Vec<&Transcript> = runs.iter().collect();
    assert!(examples::check(&all).iter().all(Outcome::is_match));
    let outcomes = examples::check(&all[1..3]);
    let unmatched: Vec<u32> =
        outcomes.iter().filter(|o| !o.is_match()).map(|o| o.example.number).collect();
    assert_eq!(unmatched, [1, 3]);
}

#[test]
fn slaves_may_have_any_address_as_long_as_it_stays_the_same() {
    for new in ["replica@{}", "{}", "tmp-7@{}/x1"] {
        let mut lines = whole();
        for (_, hop) in &mut lines {
            let to = hop.stanza.to.clone().unwrap();
            if SLAVES.contains(&to.as_str()) {
                hop.stanza.to = Some(jid(&new.replace("{}", to.domain().as_str())));
            }
        }
        assert_eq!(unmatched(&lines), NOTHING, "{new}");
    }
}

#[test]
fn a_client_need_not_say_who_it_is() {
    let mut lines = whole();
    for (_, hop) in lines.iter_mut().filter(|(_, hop)| hop.from.contains('/')) {
        hop.stanza.from = None;
    }
    assert_eq!(unmatched(&lines), NOTHING);
}

#[test]
fn what_the_rules_pass_over_is_passed_over() {
    let extras = "<presence>\
        <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/>\
        <stanza-id xmlns='urn:xmpp:sid:0' by='wallops@channel.avalon.irc' id='1'/>\
        <occupant-id xmlns='urn:xmpp:occupant-id:0' id='o'/></presence>";
    let extras = stanza(extras).payloads;
    let mut lines = whole();
    for (_, hop) in &mut lines {
        hop.stanza.id = Some("m1".into());
        hop.stanza.lang = Some("en".into());
        for extra in extras.iter() {
            hop.stanza = hop.stanza.clone().with_payload(extra.clone());
        }
    }
    assert_eq!(unmatched(&lines), NOTHING);
}

#[test]
fn the_profile_of_a_run_decides_what_the_dots_must_hold() {
    let mut run = transcript(&whole());
    run.header.profile = "muc".to_owned();
    let outcomes = examples::check(&[&run]);
    let unmatched: Vec<u32> =
        outcomes.iter().filter(|o| !o.is_match()).map(|o| o.example.number).collect();
    assert_eq!(unmatched, [2, 3, 12, 14]);
    let x = |role: &str, status: &str| {
        let item = format!("<item affiliation='none' role='{role}'/>");
        let x = format!("<x xmlns='http://jabber.org/protocol/muc#user'>{item}{status}</x>");
        stanza(&format!("<presence>{x}</presence>")).payloads[0].clone()
    };
    let mut lines = whole();
    for (_, hop) in &mut lines {
        let asks = hop.stanza.has_payload("x", "urn:xmpp:tmp:dmuc:0");
        if hop.stanza.kind == wallops::stanza::Kind::Presence
            && (asks || hop.stanza.payloads.is_empty())
        {
            let role = if hop.stanza.type_ == Type::Absent { "participant" } else { "none" };
            hop.stanza = hop.stanza.clone().with_payload(x(role, "<status code='110'/>"));
        }
    }
    let mut run = transcript(&lines);
    for profile in ["core", "muc", "full"] {
        run.header.profile = profile.to_owned();
        let outcomes = examples::check(&[&run]);
        assert!(outcomes.iter().all(Outcome::is_match), "{profile}");
    }
}

#[test]
fn an_example_is_found_behind_many_halves_of_it() {
    let mut lines = Vec::new();
    for round in 0..500 {
        lines.extend(speech().into_iter().map(|(at, hop)| (at + round * 1000, hop)));
    }
    // Nothing but half an example, over and over, and a whole one at the end.
    let broken = |(_, hop): &Line| !hop.to.starts_with("killrc") && !hop.to.starts_with("argl");
    lines.retain(broken);
    lines.extend(whole().into_iter().map(|(at, hop)| (at + 3_000_000, hop)));
    assert_eq!(unmatched(&lines), NOTHING);
}

//! Random schedules: whatever people do and whichever links fail, once everything is healed all
//! rosters and histories are equal, everybody sees who is there, and no message that the room
//! accepted is missing for anybody who stayed. Machines stop and start again without memory; one of
//! the people is at a domain without a slave.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "schedules/script.rs"]
mod script;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use script::{MASTER_DOWN, PEOPLE, ROOM, act, is_at, script};
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, Outcome, play_event, play_wire};
use wallops::stanza::Stanza;
use wallops::transcript::Transcript;
use xmpp_parsers::muc::user::Status;

fn find_cast(_: &str) -> Result<Source, String> {
    Ok(Source::new("wallops.cast", include_str!("../scenarios/casts/wallops.cast")))
}

fn play(text: &str) -> Outcome {
    let scenario = parse(&Source::new("schedule.scs", text), &find_cast)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options { source: text.into(), ..Options::default() };
    play_event(&scenario, &options).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What a room's occupant has been told: who is there, and what was said.
#[derive(Default)]
struct Told {
    nicks: BTreeSet<String>,
    texts: BTreeMap<String, usize>,
    /// Whether he was ever out of the room.
    left: bool,
}

fn told(transcript: &Transcript, jid: &str) -> Told {
    let mut told = Told::default();
    for (_, hop) in transcript.arrivals(jid) {
        let stanza = &hop.stanza;
        let from = stanza.from.as_ref().filter(|from| from.to_bare().as_str() == ROOM);
        let Some(from) = from else { continue };
        if stanza.is_groupchat()
            && let Some(body) = stanza.body()
        {
            *told.texts.entry(body).or_default() += 1;
        }
        let Some(nick) = from.resource().map(ToString::to_string) else { continue };
        if stanza.is_unavailable() {
            told.left |= is_farewell(stanza);
            told.nicks.remove(&nick);
        } else if stanza.is_available() {
            told.nicks.insert(nick);
        }
    }
    told
}

/// Whether it tells an occupant that he is out of the room, not that he has another nick.
fn is_farewell(stanza: &Stanza) -> bool {
    stanza.muc_user().is_some_and(|x| {
        x.status.contains(&Status::SelfPresence) && !x.status.contains(&Status::NewNick)
    })
}

/// Bodies that the master broadcast or kept for a slave.
fn accepted(transcript: &Transcript) -> BTreeSet<String> {
    transcript
        .hops()
        .filter(|(_, _, hop)| &*hop.from == "channel.avalon.irc" && hop.stanza.is_groupchat())
        .filter_map(|(_, _, hop)| hop.stanza.body())
        .filter(|body| body.starts_with("message"))
        .collect()
}

/// Whether nothing put him out of the room, nor made his slave forget that he is in it.
fn stayed(text: &str, name: &str, jid: &str) -> bool {
    let never = ["leaves", "joins", "loses", "connects"];
    !text.lines().any(|line| {
        let line = line.trim();
        never.iter().any(|verb| line.starts_with(&format!("{name} {verb}")))
            || line.ends_with(&format!("kicks {name}"))
            || line
                .strip_prefix("crash ")
                .is_some_and(|machine| is_at(jid, machine.trim_start_matches("the slave ")))
    })
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let outcome = play(text);
    let script = format!("{text}\n{:#?}", outcome.failures);
    prop_assert!(outcome.failures.is_empty(), "{script}");
    // A master without memory knows of nobody, and of nothing that was said.
    if MASTER_DOWN.iter().any(|line| text.contains(line)) {
        return Ok(());
    }
    let accepted = accepted(&outcome.transcript);
    for (name, jid) in PEOPLE.iter().filter(|(name, jid)| stayed(text, name, jid)) {
        let told = told(&outcome.transcript, jid);
        prop_assert!(!told.left, "{name} was put out of the room\n{text}");
        for body in &accepted {
            let times = told.texts.get(body).copied().unwrap_or(0);
            prop_assert_eq!(times, 1, "{} got {:?} so many times\n{}", name, body, text);
        }
    }
    Ok(())
}

/// So many cases, or as many as `PROPTEST_CASES` says.
fn cases(usually: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(usually),
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn rosters_and_histories_converge_and_nothing_accepted_is_lost(
        acts in proptest::collection::vec(act(), 1..25)
    ) {
        check(&script(&acts))?;
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn both_networks_play_a_schedule_alike(acts in proptest::collection::vec(act(), 1..10)) {
        let text = script(&acts);
        let scenario = parse(&Source::new("schedule.scs", &text), &find_cast).unwrap();
        let event = play_event(&scenario, &Options::default()).unwrap();
        let wire = play_wire(&scenario, &Options::default()).unwrap();
        for (name, jid) in PEOPLE {
            let got = |outcome: &Outcome| {
                let arrivals = outcome.transcript.arrivals(jid).into_iter();
                arrivals.map(|(_, hop)| hop.stanza.to_string()).collect::<Vec<_>>()
            };
            prop_assert_eq!(got(&event), got(&wire), "{}\n{}", name, text);
        }
    }
}

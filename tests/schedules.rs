//! Random schedules: whatever people do and whichever links fail, once everything is healed all
//! rosters and histories are equal, everybody sees who is there, and no message that the room
//! accepted is missing for anybody who stayed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, Outcome, play_event, play_wire};
use wallops::stanza::Stanza;
use wallops::transcript::Transcript;
use xmpp_parsers::muc::user::Status;

const PEOPLE: [(&str, &str); 7] = [
    ("Wumpus", "argl@killrc.oulubox.irc/laptop"),
    ("Valdis", "valdis@killrc.oulubox.irc/desktop"),
    ("Phaedrus", "phaedrus@killrc.oulubox.irc/phone"),
    ("WiZ", "squit@eris.dclxvii.irc/jupiter"),
    ("Troy", "troy@eris.dclxvii.irc/screwdriver"),
    ("BigCheese", "rubenro@vesa.yeggmaex.irc/shaver"),
    ("Efchen", "msa@vesa.yeggmaex.irc/bicycle"),
];

const SLAVES: [&str; 3] = ["killrc.oulubox.irc", "eris.dclxvii.irc", "vesa.yeggmaex.irc"];

const ROOM: &str = "wallops@channel.avalon.irc";

#[derive(Clone, Debug)]
enum Act {
    Join(usize),
    Leave(usize),
    Say(usize),
    Away(usize),
    Back(usize),
    Tell(usize, usize),
    Lose(usize),
    Rename(usize),
    Subject(usize),
    /// Who does it is WiZ.
    Kick(usize),
    /// Which slave, and how.
    Cut(usize, &'static str),
    Hold(usize),
    Heal,
    Wait(u32),
    /// These at one instant.
    Meanwhile(Vec<Act>),
    /// These while a link is silently dead, until both sides must have found out.
    Dark(usize, Vec<Act>),
}

fn doing() -> impl Strategy<Value = Act> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        2 => who.clone().prop_map(Act::Join),
        2 => who.clone().prop_map(Act::Leave),
        6 => who.clone().prop_map(Act::Say),
        1 => who.clone().prop_map(Act::Away),
        1 => who.clone().prop_map(Act::Back),
        1 => (who.clone(), who.clone()).prop_map(|(one, other)| Act::Tell(one, other)),
        1 => who.clone().prop_map(Act::Rename),
        1 => who.clone().prop_map(Act::Subject),
        1 => who.clone().prop_map(Act::Kick),
        1 => who.prop_map(Act::Lose),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let slave = 0..SLAVES.len();
    prop_oneof![
        12 => doing(),
        2 => proptest::collection::vec(doing(), 2..5).prop_map(Act::Meanwhile),
        2 => slave.clone().prop_map(|slave| Act::Cut(slave, " refusing")),
        1 => slave.clone().prop_map(|slave| Act::Cut(slave, " resetting")),
        1 => slave.clone().prop_map(Act::Hold),
        1 => (slave, proptest::collection::vec(doing(), 0..4))
            .prop_map(|(slave, acts)| Act::Dark(slave, acts)),
        2 => Just(Act::Heal),
        1 => (1..200_u32).prop_map(Act::Wait),
    ]
}

/// The script of a schedule, with a text of its own for everything that is said. Who lost his
/// connection comes back before he does anything else. A link that is held is released before it is
/// cut: what a dying stream holds is lost without anybody's knowledge, which profile core does not
/// promise to repair.
fn script(acts: &[Act]) -> String {
    let mut script = Script::default();
    for act in acts {
        script.add(act);
    }
    let end = "heal everything\nwait 150s\nwait until quiet\nwait 70s\n";
    let expected = "The roster is the same everywhere\nThe history is the same everywhere\n";
    format!("# A schedule\n## cast: wallops\n-----\n{}{end}{expected}", script.text)
}

#[derive(Default)]
struct Script {
    text: String,
    offline: BTreeSet<usize>,
    said: u32,
    held: bool,
}

impl Script {
    fn add(&mut self, act: &Act) {
        let cuts = matches!(act, Act::Cut(..) | Act::Dark(..));
        if cuts && std::mem::take(&mut self.held) {
            self.text += "heal everything\nwait 1s\n";
        }
        self.held |= matches!(act, Act::Hold(_));
        match act {
            Act::Meanwhile(inner) => {
                let mut seen = self.offline.clone();
                let mut lines = String::new();
                for act in inner.iter().filter(|act| actor(act).is_some_and(|who| seen.insert(who)))
                {
                    lines += &format!("\t{}\n", self.line(act));
                }
                if !lines.is_empty() {
                    self.text += &format!("meanwhile\n{lines}\n");
                }
            }
            Act::Dark(slave, inner) => {
                self.text += &format!("cut {} from channel.avalon.irc\n", SLAVES[*slave]);
                for act in inner {
                    self.add(act);
                }
                self.text += "wait 220s\n";
            }
            act => {
                if let Some(who) = actor(act).filter(|who| self.offline.remove(who)) {
                    self.text += &format!("{} connects\n", PEOPLE[who].0);
                }
                let line = self.line(act);
                self.text += &format!("{line}\n");
            }
        }
    }

    fn line(&mut self, act: &Act) -> String {
        let name = |who: &usize| PEOPLE[*who].0;
        self.said += 1;
        let said = self.said;
        match act {
            Act::Join(who) => format!("{} joins wallops", name(who)),
            Act::Leave(who) => format!("{} leaves", name(who)),
            Act::Say(who) => format!("{} says \"message {said}\"", name(who)),
            Act::Away(who) => format!("{} is away", name(who)),
            Act::Back(who) => format!("{} is back", name(who)),
            Act::Tell(who, to) => format!("{} tells {} \"private {said}\"", name(who), name(to)),
            Act::Rename(who) => format!("{} becomes \"nick {said}\"", name(who)),
            Act::Subject(who) => format!("{} sets the subject to \"subject {said}\"", name(who)),
            Act::Kick(who) => format!("WiZ kicks {}", name(who)),
            Act::Lose(who) => {
                self.offline.insert(*who);
                format!("{} loses its connection", name(who))
            }
            Act::Cut(slave, manner) => {
                format!("cut {} from channel.avalon.irc{manner}", SLAVES[*slave])
            }
            Act::Hold(slave) => format!("hold {} from channel.avalon.irc for 15s", SLAVES[*slave]),
            Act::Heal => "heal everything".to_owned(),
            Act::Wait(seconds) => format!("wait {seconds}s"),
            Act::Meanwhile(_) | Act::Dark(..) => String::new(),
        }
    }
}

fn actor(act: &Act) -> Option<usize> {
    match act {
        Act::Join(who)
        | Act::Leave(who)
        | Act::Say(who)
        | Act::Away(who)
        | Act::Back(who)
        | Act::Tell(who, _)
        | Act::Rename(who)
        | Act::Subject(who)
        | Act::Lose(who) => Some(*who),
        Act::Kick(_) => Some(3),
        _ => None,
    }
}

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

fn stayed(text: &str, name: &str) -> bool {
    let never = ["leaves", "joins", "loses", "connects"];
    !text.lines().any(|line| {
        let line = line.trim();
        never.iter().any(|verb| line.starts_with(&format!("{name} {verb}")))
            || line.ends_with(&format!("kicks {name}"))
    })
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let outcome = play(text);
    let script = format!("{text}\n{:#?}", outcome.failures);
    prop_assert!(outcome.failures.is_empty(), "{script}");
    let accepted = accepted(&outcome.transcript);
    for (name, jid) in PEOPLE.iter().filter(|(name, _)| stayed(text, name)) {
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

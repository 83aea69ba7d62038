//! The play with a cast that is made here, so that nothing depends on the language.

use super::*;
use crate::dmuc::{Persistence, Registration, Timers};
use crate::room::{Affiliation, RoomConfig};
use crate::scenario::verbs::{
    Count, Crossing, HistoryLimits, Kind, Knowledge, Manner, NetworkChange, Path, Pause,
    Perception, RoomDeed, Sight, SlaveCondition,
};
use crate::scenario::{self, Action, Cast, Direction, Occupant, Step, Tags, Who};
use crate::server::Flavour;
use crate::stanza::{BareJid, FullJid, Jid};

const HOSTS: [(&str, &str); 3] =
    [("killrc", "killrc.oulu.fi"), ("eris", "eris.berkeley.edu"), ("vesa", "vesa.yeggmaex.irc")];

const PEOPLE: [(&str, &str, bool); 4] = [
    ("Wumpus", "argl@killrc.oulu.fi/laptop", true),
    ("WiZ", "wiz@eris.berkeley.edu/terminal", true),
    ("Efchen", "efchen@vesa.yeggmaex.irc/terminal", true),
    ("BigCheese", "rubenro@vesa.yeggmaex.irc/shaver", false),
];

const MASTER: &str = "channel.avalon.irc";

fn cast() -> Cast {
    let mut cast = Cast::default();
    let span = Span::default();
    for (name, jid, joined) in PEOPLE {
        let client = scenario::Client {
            span,
            jid: FullJid::new(jid).unwrap(),
            password: None,
            nick: name.to_owned(),
            joined: if joined { vec!["wallops".into()] } else { Vec::new() },
            online: true,
        };
        cast.clients.insert(name.into(), client);
    }
    let mut config = RoomConfig::new(BareJid::new("wallops@channel.avalon.irc").unwrap());
    config.affiliations.insert(BareJid::new("argl@killrc.oulu.fi").unwrap(), Affiliation::Owner);
    cast.rooms.insert("wallops".into(), scenario::Room { span: Some(span), config, exists: true });
    let service = scenario::Service { creation: false, timers: Timers::default() };
    cast.services.insert(MASTER.into(), service);
    for (name, domain) in HOSTS {
        let slave = scenario::Slave {
            span: Some(span),
            jid: Jid::new(&format!("slave@{domain}")).unwrap(),
            rooms: Vec::new(),
            at_start: true,
            history_max: 20,
            timers: Timers::default(),
            registration: Registration::Static,
            persistent: false,
        };
        cast.slaves.insert(name.into(), slave);
    }
    for domain in HOSTS.map(|(_, domain)| domain).into_iter().chain([MASTER]) {
        let server = scenario::Server {
            span: None,
            flavour: Flavour::Prosody,
            connect_timeout: Flavour::Prosody.connect_timeout(),
            persistence: Persistence::Nothing,
            creation: None,
        };
        cast.servers.insert(domain.into(), server);
    }
    cast
}

fn crossing(count: Count, path: Path) -> Crossing {
    Crossing::Stanzas { count, kind: Kind::Any, with: None, path, since_beginning: false }
}

fn slave_is_split(slave: &str) -> Knowledge {
    let condition = SlaveCondition::Split;
    Knowledge::SlaveIs { slave: slave.into(), condition, room: None, not: false }
}

/// A script of these lines, numbered from 1.
fn script(actions: Vec<Action>) -> Scenario {
    let steps = (1..)
        .zip(actions)
        .map(|(line, action)| Step { span: Span { line, ..Span::default() }, action });
    Scenario {
        title: "A test".to_owned(),
        description: String::new(),
        tags: Tags::default(),
        cast: cast(),
        steps: steps.collect(),
    }
}

fn these(names: &[&str]) -> Who {
    Who::These(names.iter().map(|name| Name::from(*name)).collect())
}

fn does(name: &str, deed: RoomDeed) -> Action {
    Action::Room { who: these(&[name]), room: "wallops".into(), deed }
}

fn joins(name: &str) -> Action {
    does(name, RoomDeed::Joins { nick: None, password: None, history: HistoryLimits::default() })
}

fn says(name: &str, text: &str) -> Action {
    does(name, RoomDeed::Says(text.to_owned()))
}

fn perceive(who: Who, not: bool, what: Perception) -> Action {
    Action::Perceive { who, room: "wallops".into(), not, what }
}

fn heard(speaker: &str, text: &str) -> Perception {
    let speaker = Occupant::Client(speaker.into());
    Perception::Hears { speaker, text: text.to_owned(), late: false }
}

fn sight(of: &str, sight: Sight) -> Perception {
    Perception::Sees { occupant: Occupant::Client(of.into()), sight, codes: vec![] }
}

fn both_ways(one: &str, other: &str) -> Vec<Direction> {
    let host = |domain: &str| scenario::Host::Server(domain.into());
    vec![
        Direction { from: host(one), to: host(other) },
        Direction { from: host(other), to: host(one) },
    ]
}

fn played(actions: Vec<Action>) -> Outcome {
    play_event(&script(actions), &Options::default()).unwrap()
}

fn failed_lines(outcome: &Outcome) -> Vec<u32> {
    outcome.failures.iter().map(|failure| failure.span.line).collect()
}

#[test]
fn a_newcomer_is_seen_and_heard_by_everybody() {
    let outcome = played(vec![
        joins("BigCheese"),
        perceive(Who::Everybody, false, sight("BigCheese", Sight::Arrive)),
        says("BigCheese", "Hello"),
        Action::Cross(crossing(Count::Exactly(4), Path::BetweenServers)),
        perceive(Who::Everybody, false, heard("BigCheese", "Hello")),
        perceive(Who::Nobody, false, heard("BigCheese", "Hello")),
        Action::Know(Knowledge::RosterIsTheSame("wallops".into())),
        Action::Know(Knowledge::HistoryIsTheSame("wallops".into())),
    ]);
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.checked, 6);
    assert_eq!(outcome.vacuous, []);
}

#[test]
fn what_does_not_happen_fails_with_the_nearest_stanza() {
    let outcome = played(vec![
        says("WiZ", "Hello"),
        perceive(these(&["Wumpus"]), false, heard("WiZ", "Hallo")),
        perceive(these(&["Efchen"]), true, heard("WiZ", "Hello")),
        Action::Cross(crossing(Count::Exactly(1), Path::BetweenServers)),
        Action::Know(slave_is_split("vesa")),
    ]);
    assert_eq!(failed_lines(&outcome), [2, 3, 4, 5]);
    let diff = outcome.failures[0].nearest.as_ref().unwrap().diff();
    for line in ["-  <body>Hallo</body>\n", "+  <body>Hello</body>\n", " </message>\n"] {
        assert!(diff.contains(line), "{diff}");
    }
}

#[test]
fn a_run_is_the_same_twice() {
    let actions = || {
        let cut = NetworkChange::Cut(both_ways(HOSTS[2].1, MASTER), Manner::Silently);
        vec![
            joins("BigCheese"),
            Action::Network(cut),
            says("WiZ", "vesa is gone again"),
            Action::Pause(Pause::Wait(Duration::from_secs(200))),
            Action::Network(NetworkChange::HealEverything),
            Action::Pause(Pause::UntilQuiet),
            does("Efchen", RoomDeed::Leaves { saying: None }),
        ]
    };
    let (one, two) = (played(actions()), played(actions()));
    assert!(one.transcript.entries.len() > 20);
    assert_eq!(one.transcript.to_string(), two.transcript.to_string());
    assert_eq!(one.vacuous, []);
}

#[test]
fn a_fault_that_touches_nothing_is_vacuous() {
    let outcome = played(vec![
        Action::Network(NetworkChange::Cut(both_ways(HOSTS[0].1, HOSTS[1].1), Manner::Silently)),
        says("WiZ", "Hello"),
        Action::Network(NetworkChange::Hold(
            both_ways(HOSTS[0].1, MASTER),
            Duration::from_secs(20),
        )),
        says("WiZ", "Are you asleep?"),
        Action::Pause(Pause::Wait(Duration::from_secs(30))),
        perceive(these(&["Wumpus"]), false, heard("WiZ", "Are you asleep?")),
    ]);
    assert_eq!(outcome.failures, []);
    let lines: Vec<_> = outcome.vacuous.iter().map(|(span, _)| span.line).collect();
    assert_eq!(lines, [1]);
}

#[test]
fn a_split_is_known_and_healed() {
    let outcome = played(vec![
        Action::Network(NetworkChange::Cut(both_ways(HOSTS[2].1, MASTER), Manner::Silently)),
        says("WiZ", "vesa is gone again"),
        Action::Pause(Pause::Wait(Duration::from_secs(180))),
        Action::Know(Knowledge::MasterHasSplit { slave: "vesa".into(), not: false }),
        Action::Know(slave_is_split("vesa")),
        perceive(these(&["Efchen"]), true, heard("WiZ", "vesa is gone again")),
        Action::Network(NetworkChange::HealEverything),
        Action::Pause(Pause::UntilQuiet),
        Action::Know(Knowledge::MasterHasSplit { slave: "vesa".into(), not: true }),
        Action::Know(Knowledge::RosterIsTheSame("wallops".into())),
        Action::Cross(Crossing::CutLost(Count::AtLeast(1))),
    ]);
    assert_eq!(outcome.failures, []);
}

#[test]
fn a_wait_within_meanwhile_ends_in_the_midst_of_things() {
    // vesa gets the message after 41 ms.
    for (wait, heard_it) in [(40, false), (42, true)] {
        let cut = NetworkChange::Cut(both_ways(HOSTS[2].1, MASTER), Manner::Silently);
        let steps = [
            says("WiZ", "Quick!"),
            Action::Pause(Pause::Wait(Duration::from_millis(wait))),
            Action::Network(cut),
        ];
        let steps = steps.map(|action| Step { span: Span::default(), action });
        let outcome = played(vec![
            Action::Pause(Pause::Meanwhile(steps.into())),
            perceive(these(&["Efchen"]), !heard_it, heard("WiZ", "Quick!")),
        ]);
        assert_eq!(outcome.failures, [], "{wait} ms");
    }
}

#[test]
fn a_scenario_can_be_played_without_slaves() {
    let script = script(vec![
        joins("BigCheese"),
        perceive(Who::Everybody, false, sight("BigCheese", Sight::Arrive)),
        says("BigCheese", "Hello"),
        Action::Cross(crossing(Count::Exactly(4), Path::BetweenServers)),
        perceive(Who::Everybody, false, heard("BigCheese", "Hello")),
    ]);
    let options = Options { plain: true, ..Options::default() };
    let outcome = play_event(&script, &options).unwrap();
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.checked, 2, "what crosses is another number without slaves");
    let slaves = outcome.transcript.hops().filter(|(_, _, hop)| {
        hop.stanza.to.as_ref().is_some_and(|to| to.as_str().starts_with("slave@"))
    });
    assert_eq!(slaves.count(), 0);
}

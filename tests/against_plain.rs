//! Nobody can tell a room behind slaves from a plain one: each scenario that ships and has no
//! faults is played with slaves and without, and everybody receives the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shipped/files.rs"]
mod files;

use std::fs;
use std::path::Path;

use files::{directory, find_cast, shipped};
use wallops::conform::plain::compare;
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, Outcome, play_event};

/// Slaves that keep less than the room does show less to those who enter: these are about it.
const FORGETFUL: [&str; 2] = ["a-slave-without-a-memory.scs", "how-much-a-slave-keeps.scs"];

/// A slave is at its users' own server, and knows before a plain room does that a connection has
/// ended: what the room says in between it does not give to the next one. These are about it.
const SOONER: [&str; 1] = ["found-not-for-the-next-connection.scs"];

#[test]
fn each_person_receives_the_same_with_slaves_and_without() {
    let mut wrong = String::new();
    let mut compared = 0;
    for path in shipped() {
        let name = path.strip_prefix(directory()).unwrap().display().to_string();
        let scenario = read(&path);
        let differs = FORGETFUL.iter().chain(&SOONER).any(|other| *other == name);
        if scenario.beyond_plain().is_some() || differs {
            continue;
        }
        let [slaves, plain] = [false, true].map(|plain| played(&scenario, plain));
        for failure in &plain.failures {
            wrong += &format!(
                "{name}:{}: without slaves: {} expected {}: {}\n",
                failure.span.line, failure.whose, failure.expected, failure.found
            );
        }
        let people = compare(&slaves.transcript, &plain.transcript);
        assert!(people.len() > 1, "{name}: who is there?");
        for person in people {
            if let Some(diff) = person.diff {
                wrong += &format!("{name}: {} can tell:\n{diff}\n", person.jid);
            }
        }
        compared += 1;
    }
    assert!(compared > 8, "where have they gone?");
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn played(scenario: &Scenario, plain: bool) -> Outcome {
    play_event(scenario, &Options { plain, ..Options::default() }).unwrap()
}

fn read(path: &Path) -> Scenario {
    let text = fs::read_to_string(path).unwrap();
    let source = Source::new(&path.display().to_string(), &text);
    parse(&source, &find_cast).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

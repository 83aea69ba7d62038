//! A master and the plain room that is given what the master was given come to the same end: the
//! same people with the same roles, affiliations, nicks and presences, the same history, the same
//! subject and settings. `reference` says what the plain room is given, and what is not compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rayon::prelude::*;
use wallops::scenario::{Scenario, Source, parse};

use super::drawn::{Drawn, in_random_schedules, schedules};
use super::ending::ending;
use super::files::{directory, find_cast, shipped};
use super::reference::Reference;
use super::wrong::{Wrong, deaf, impatient};

/// How a master ends otherwise than a plain room, and how many rooms there are then.
fn difference(scenario: &Scenario, text: &str, wrong: Option<Wrong>) -> (String, usize) {
    let Some(end) = ending(scenario, text, wrong) else { return ("no end\n".to_owned(), 0) };
    let (mut text, mut number) = (String::new(), 0);
    for reference in Reference::all(scenario, &end.outcome.transcript) {
        let host = end.world.server_id(reference.domain());
        let server = host.and_then(|host| end.world.server(host)?.server());
        let rooms = server.and_then(|server| server.service());
        let rooms = rooms.map(|service| {
            let rooms = service.rooms();
            rooms.map(|room| (room.jid().to_string(), reference.describe(room))).collect()
        });
        let plain = reference.rooms();
        number += plain.as_ref().map_or(0, BTreeMap::len);
        if rooms != plain {
            let _ = writeln!(text, "the master: {rooms:#?}\nthe plain room: {plain:#?}");
        }
    }
    (text, number)
}

#[test]
fn a_master_ends_as_a_plain_room_in_every_shipped_scenario() {
    let wrong = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let source = Source::new(&path.display().to_string(), &text);
        let scenario = parse(&source, &find_cast).unwrap();
        let name = path.strip_prefix(directory()).unwrap().display().to_string();
        let (diff, rooms) = difference(&scenario, &text, None);
        let diff = if diff.is_empty() { diff } else { format!("{name}: {diff}\n") };
        (diff, rooms)
    };
    let (wrong, rooms): (Vec<String>, Vec<usize>) = shipped().par_iter().map(wrong).unzip();
    assert!(wrong.concat().is_empty(), "{}", wrong.concat());
    let compared: usize = rooms.into_iter().sum();
    assert!(compared > 100, "only {compared} rooms are left");
}

fn ends_the_same(drawn: Drawn) {
    let wrong = |seed: u64| {
        let text = drawn(seed).text();
        let scenario = parse(&Source::new("schedule.scs", &text), &find_cast).unwrap();
        let (diff, _) = difference(&scenario, &text, None);
        (!diff.is_empty()).then(|| format!("seed {seed}: {diff}\n"))
    };
    let number = schedules();
    let wrong: Vec<String> = (0..number).into_par_iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} of {number}\n{}", wrong.len(), wrong.concat());
}

in_random_schedules!(ends_the_same);

#[test]
fn a_master_that_ends_otherwise_is_noticed() {
    let noticed = |name: &str, wrong: Option<Wrong>| {
        let text = fs::read_to_string(directory().join(name)).unwrap();
        let scenario = parse(&Source::new(name, &text), &find_cast).unwrap();
        difference(&scenario, &text, wrong).0
    };
    for (name, wrong) in
        [("s10-the-great-bounce.scs", impatient as Wrong), ("s14-banned.scs", deaf)]
    {
        assert_eq!(noticed(name, None), "", "{name}");
        assert!(noticed(name, Some(wrong)).contains("BigCheese"), "{name}");
    }
}

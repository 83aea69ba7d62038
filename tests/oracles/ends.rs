//! A master and the plain room that is given what the master was given come to the same end: the
//! same people with the same roles, affiliations, nicks and presences, the same history, the same
//! subject and settings. `reference` says what the plain room is given, and what is not compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rayon::prelude::*;
use wallops::explore::Schedule;
use wallops::scenario::{Profile, Scenario, Source, parse};

use super::drawn::{bounds, schedules, without_faults};
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

/// A slave asks twice to be registered, and who enters in between reaches the master with the first
/// request, which is granted. The reference takes the second, which is refused, for what the slave
/// says of its people.
const LEFT_OUT: &str = "found-on-its-way-with-what-it-asked-for.scs";

#[test]
fn a_master_ends_as_a_plain_room_in_every_shipped_scenario_but_one() {
    let wrong = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let source = Source::new(&path.display().to_string(), &text);
        let scenario = parse(&source, &find_cast).unwrap();
        let name = path.strip_prefix(directory()).unwrap().display().to_string();
        let (diff, rooms) = difference(&scenario, &text, None);
        let diff = if diff.is_empty() { diff } else { format!("{name}: {diff}\n") };
        (diff, rooms)
    };
    let all = shipped().into_iter().filter(|path| !path.ends_with(LEFT_OUT));
    let all: Vec<PathBuf> = all.collect();
    let (wrong, rooms): (Vec<String>, Vec<usize>) = all.par_iter().map(wrong).unzip();
    assert!(wrong.concat().is_empty(), "{}", wrong.concat());
    let compared: usize = rooms.into_iter().sum();
    assert!(compared > 100, "only {compared} rooms are left");
}

fn ends_the_same(profile: Profile, drawn: impl Fn(u64, Profile) -> Schedule + Sync) {
    let wrong = |seed: u64| {
        let text = drawn(seed, profile).text();
        let scenario = parse(&Source::new("schedule.scs", &text), &find_cast).unwrap();
        let (diff, _) = difference(&scenario, &text, None);
        (!diff.is_empty()).then(|| format!("seed {seed}: {diff}\n"))
    };
    let number = schedules();
    let wrong: Vec<String> = (0..number).into_par_iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} of {number}\n{}", wrong.len(), wrong.concat());
}

#[test]
fn it_does_in_random_schedules_without_faults_of_profile_core() {
    ends_the_same(Profile::Core, without_faults);
}

#[test]
fn it_does_in_random_schedules_without_faults_of_profile_muc() {
    ends_the_same(Profile::Muc, without_faults);
}

#[test]
fn it_does_in_random_schedules_without_faults_of_profile_full() {
    ends_the_same(Profile::Full, without_faults);
}

#[test]
fn it_does_in_random_schedules_of_profile_core() {
    ends_the_same(Profile::Core, |seed, profile| Schedule::draw(seed, &bounds(profile)));
}

#[test]
fn it_does_in_random_schedules_of_profile_full() {
    ends_the_same(Profile::Full, |seed, profile| Schedule::draw(seed, &bounds(profile)));
}

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

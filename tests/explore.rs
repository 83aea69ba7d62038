//! Random schedules of deeds and faults: whatever happens, it ends well; and what does not is
//! found, made small, and replayed from a file.
//!
//! In release terms 20,000 schedules are played, in a debug build 400; `WALLOPS_SCHEDULES` says
//! another number.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rayon::prelude::*;
use wallops::conform::invariants::check;
use wallops::explore::{Act, Bounds, Flaw, Schedule};
use wallops::scenario::{Profile, Source, format, parse};
use wallops::sim::play::{Options, play_event, setting};
use wallops::transcript::What;

/// How many schedules to play.
fn schedules() -> u64 {
    let asked = std::env::var("WALLOPS_SCHEDULES").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(if cfg!(debug_assertions) { 400 } else { 20_000 })
}

fn bounds(profile: Profile) -> Bounds {
    Bounds { profile, ..Bounds::default() }
}

/// Few places and few people: what such schedules find is read more easily, and ten of them are
/// played in the time of one.
fn small(profile: Profile) -> Bounds {
    Bounds { profile, slaves: 1..=3, people: 6, actions: 70 }
}

/// The first schedule that goes wrong, in the order of seeds, as small as can be.
fn first_wrong(bounds: &Bounds, number: u64) -> Option<(Schedule, Vec<Flaw>)> {
    let wrong = |seed: u64| {
        let schedule = Schedule::draw(seed, bounds);
        let rule = schedule.flaws().first()?.rule.clone();
        Some((schedule, rule))
    };
    let (schedule, rule) = (0..number).into_par_iter().filter_map(wrong).find_first(|_| true)?;
    let small = schedule.shrink(&rule, 2_000, &|| true);
    let flaws = small.flaws();
    Some((small, flaws))
}

fn all_go_well(bounds: &Bounds, number: u64) {
    if let Some((schedule, flaws)) = first_wrong(bounds, number) {
        let flaws: String = flaws.iter().map(|flaw| format!("\n{flaw}")).collect();
        panic!("seed {} goes wrong:{flaws}\n\n{}", schedule.seed, schedule.text());
    }
}

#[test]
fn whatever_happens_in_profile_core_ends_well() {
    all_go_well(&bounds(Profile::Core), schedules() / 4);
}

#[test]
fn whatever_happens_in_profile_muc_ends_well() {
    all_go_well(&bounds(Profile::Muc), schedules() / 4);
}

#[test]
fn whatever_happens_in_profile_full_ends_well() {
    all_go_well(&bounds(Profile::Full), schedules() / 2);
}

#[test]
fn whatever_happens_among_few_ends_well() {
    for profile in [Profile::Core, Profile::Muc, Profile::Full] {
        all_go_well(&small(profile), schedules() / 2);
    }
}

#[test]
fn a_seed_gives_the_same_schedule_and_the_same_findings_each_time() {
    for seed in 0..20 {
        let once = Schedule::draw(seed, &bounds(Profile::Core));
        let again = Schedule::draw(seed, &bounds(Profile::Core));
        assert_eq!(once, again);
        assert_eq!(once.flaws(), again.flaws());
    }
}

#[test]
fn schedules_are_scenarios_in_their_canonical_layout() {
    let no_cast = |name: &str| Err(name.to_owned());
    for profile in [Profile::Core, Profile::Muc, Profile::Full] {
        for seed in 0..200 {
            let text = Schedule::draw(seed, &bounds(profile)).text();
            let source = Source::new("schedule.scs", &text);
            parse(&source, &no_cast).unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
            assert_eq!(format(&source).unwrap(), text, "seed {seed}");
        }
    }
}

#[test]
fn schedules_are_of_all_kinds() {
    let drawn = |seed| Schedule::draw(seed, &bounds(Profile::Full));
    let schedules: Vec<Schedule> = (0..300).map(drawn).collect();
    let sizes: Vec<usize> =
        schedules.iter().map(|one| one.acts.iter().map(Act::size).sum()).collect();
    assert!(sizes.iter().any(|size| *size < 10) && sizes.iter().any(|size| *size > 150));
    let people: Vec<usize> = schedules.iter().map(|one| one.stage.cast().count()).collect();
    assert!(people.iter().min() <= Some(&4) && people.iter().max() >= Some(&18));
    let all: String = schedules.iter().map(Schedule::text).collect();
    let lines = [
        "joins wallops",
        "joins wallops as",
        "leaves",
        "says",
        "sends:",
        "is away",
        "is back",
        "tells",
        "becomes",
        "sets the subject to",
        "kicks",
        "grants",
        "configures",
        "connects",
        "loses its connection",
        "disconnects",
        "for his vcard",
        "pings itself",
        "meanwhile",
        "silently",
        "refusing",
        "resetting",
        "hold",
        "slow",
        "heal",
        "-> channel",
        "channel ->",
        "crash the slave",
        "crash the master",
        "crash channel",
        "restart the slave",
        "restart the master",
        "restart channel",
        "ms\n",
        "outcast",
        "voice",
        "policies:",
        "grants:",
        "persistent: yes",
        "survives: rooms",
        "survives: everything",
        "latency:",
        "bounces: ejabberd",
        "whois: anyone",
        "moderated: yes",
        "guide.example",
        "nick:",
    ];
    for line in lines {
        assert!(all.contains(line), "no schedule has {line:?}");
    }
}

#[test]
fn what_goes_wrong_becomes_small_and_stays_wrong() {
    // Whenever a slave is cut off and Wumpus says something after that.
    let is_wrong = |text: &str| {
        let cut = text.find("cut eris").filter(|_| text.contains("[Client] Wumpus"));
        cut.is_some_and(|cut| text[cut..].contains("Wumpus says"))
    };
    let bounds = bounds(Profile::Full);
    let large = (0..)
        .map(|seed| Schedule::draw(seed, &bounds))
        .find(|one| one.acts.len() > 40 && is_wrong(&one.text()))
        .unwrap();
    let small = large.shrink_while(&is_wrong, 5_000);
    let text = small.text();
    assert!(is_wrong(&text), "{text}");
    let script = text.split_once("-----\n\n").unwrap().1;
    let lines: Vec<&str> = script.lines().take_while(|line| !line.starts_with("heal")).collect();
    assert_eq!(lines.len(), 2, "{script}");
    assert_eq!(small.stage.cast().count(), 1, "{text}");
    assert!(!text.contains("grants:") && !text.contains("latency:"), "{text}");
}

/// What the invariants find in the scenario of this text, if of all that its people are sent the
/// first message that somebody says is struck from the record.
fn found_if_doctored(text: &str) -> Vec<&'static str> {
    let no_cast = |name: &str| Err(name.to_owned());
    let scenario = parse(&Source::new("schedule.scs", text), &no_cast).unwrap();
    let Ok(mut outcome) = play_event(&scenario, &Options::default()) else { return Vec::new() };
    let entries = &mut outcome.transcript.entries;
    let is_copy = |what: &What| match what {
        What::Hop(hop) => {
            hop.to.contains('/') && hop.stanza.is_groupchat() && hop.stanza.body().is_some()
        }
        _ => false,
    };
    let Some(first) = entries.iter().position(|entry| is_copy(&entry.what)) else {
        return Vec::new();
    };
    entries.remove(first);
    let findings = check(&outcome.transcript, &setting(&scenario, false));
    findings.into_iter().map(|finding| finding.requirement).collect()
}

#[test]
fn a_message_that_somebody_is_not_given_is_found_and_replayed_from_a_small_file() {
    let bounds = Bounds { actions: 40, ..bounds(Profile::Core) };
    let wrong = |schedule: &Schedule| {
        let found = found_if_doctored(&schedule.text());
        found.contains(&"LIVE-DELIVER").then_some("LIVE-DELIVER")
    };
    let drawn = (0..).map(|seed| Schedule::draw(seed, &bounds));
    let (large, rule) = drawn.filter_map(|one| wrong(&one).map(|rule| (one, rule))).next().unwrap();
    let is_wrong = |text: &str| found_if_doctored(text).contains(&rule);
    let small = large.shrink_while(&is_wrong, 1_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), small.text()).unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert!(is_wrong(&text), "{text}");
    let script = text.split_once("-----\n\n").unwrap().1;
    let lines = script.lines().take_while(|line| !line.starts_with("heal")).count();
    assert!(lines <= 2, "{text}");
    assert!(small.stage.cast().count() <= 2, "{text}");
}

/// Schedules that an invariant has condemned although nothing was wrong, as small as can be.
#[test]
fn what_was_wrongly_condemned_is_not_any_more() {
    let no_cast = |name: &str| Err(name.to_owned());
    let mut files: Vec<_> = std::fs::read_dir("tests/schedules").unwrap().collect();
    files.retain(|file| file.as_ref().unwrap().path().extension().is_some_and(|is| is == "scs"));
    assert!(files.len() > 20, "{}", files.len());
    for file in files {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario = parse(&Source::new("schedule.scs", &text), &no_cast).unwrap();
        let outcome = play_event(&scenario, &Options::default()).unwrap();
        let findings = check(&outcome.transcript, &setting(&scenario, false));
        assert!(findings.is_empty(), "{}: {findings:#?}", path.display());
    }
}

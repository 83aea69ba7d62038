//! Judging takes memory by what a room is, not by how long its record is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::Write;

use wallops::conform::instants;
use wallops::conform::invariants::Setting;
use wallops::conform::judgement::{Judge, Judgement};
use wallops::conform::survey::survey;
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event, setting};
use wallops::transcript::import::{Format, ImportOptions, import_into, write_plain};
use wallops::transcript::{Space, StoredRecord, Transcript};

const CAST: &str = include_str!("../scenarios/casts/wallops.cast");

/// The record of so many rounds of the same.
fn record(profile: &str, rounds: usize, round: impl Fn(usize) -> String) -> (Transcript, Setting) {
    let head = format!("# Long\n\n## profile: {profile}\n## cast: wallops\n\n-----\n\n");
    let head = head + "WiZ says \"Hello\"\nWumpus hears WiZ say \"Hello\"\nwait 2s\n";
    let text = (0..rounds).map(round).fold(head, |text, round| text + &round);
    let find = |_: &str| Ok(Source::new("wallops.cast", CAST));
    let scenario = parse(&Source::new("long.scs", &text), &find)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let transcript = play_event(&scenario, &Options::default()).unwrap().transcript;
    (transcript, setting(&scenario, false))
}

/// The most memory, in bytes, that it takes to judge this, and the judgement.
fn judged(transcript: &Transcript, setting: &Setting) -> (u64, Judgement) {
    let mut judgement = Judgement::default();
    let info = allocation_counter::measure(|| {
        let mut judge = Judge::new(setting, transcript.header.epoch);
        transcript.entries.iter().for_each(|entry| judge.feed(entry));
        judgement = judge.finish();
    });
    (info.bytes_max, judgement)
}

/// The same of its file, with nothing else known, read as `wallops judge` reads it but in one
/// thread.
fn judged_as_file(transcript: &Transcript) -> (u64, Judgement) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(transcript.stored().as_bytes()).unwrap();
    let mut judgement = Judgement::default();
    let info = allocation_counter::measure(|| {
        let stored = StoredRecord::new(|| File::open(file.path())).unwrap();
        judgement = Judgement::of_what_shows(&stored, &survey(&stored), false);
        assert!(stored.failure().is_none() && stored.notice().is_none());
    });
    (info.bytes_max, judgement)
}

/// The same of a plain log, read as `wallops judge` reads it but in one thread.
fn judged_as_log(log: &str) -> (u64, Judgement) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(log.as_bytes()).unwrap();
    let mut judgement = Judgement::default();
    let info = allocation_counter::measure(|| {
        let space = Space::new(|| Ok(Box::new(tempfile::tempfile()?)));
        let log = File::open(file.path()).unwrap();
        let log = import_into(space, log, Format::Plain, &ImportOptions::default()).unwrap();
        let setting = survey(&log.record);
        judgement = instants::judge(&log.record, &setting, false, space).unwrap();
        assert!(log.record.failure().is_none());
    });
    (info.bytes_max, judgement)
}

/// Six times as much of the same takes as much memory: after so many rounds, what is remembered is
/// as much as it ever will be.
fn is_flat(profile: &str, rounds: usize, round: impl Fn(usize) -> String) {
    let [short, long] = [rounds, rounds * 6].map(|rounds| {
        let (transcript, setting) = record(profile, rounds, &round);
        let (bytes, judgement) = judged(&transcript, &setting);
        assert_eq!(judgement.findings, [], "{profile}");
        (transcript.entries.len(), bytes)
    });
    assert!(long.0 > short.0 * 5, "{short:?} {long:?}");
    assert!(long.1 < short.1 * 5 / 4, "(entries, bytes): {short:?}, then {long:?}");
}

/// Ten things are said, and nothing for a while.
fn talk(round: usize) -> String {
    let says = |one: &str, number| format!("{one} says \"Truly {round} {number}\"\n");
    let talk = (0..10).map(|number| says(["BigCheese", "Wumpus", "Valdis"][number % 3], number));
    talk.collect::<String>() + "wait 5m\n"
}

#[test]
fn however_much_is_said() {
    is_flat("core", 80, talk);
}

/// Some talk that takes so long that even a short record of it is longer than a day, for which
/// machines may be patient of which nothing is known, and has more in it than is remembered of what
/// was read.
fn long_talk(round: usize) -> String {
    talk(round).replace("wait 5m", "wait 20m")
}

#[test]
fn however_long_a_file_is() {
    let [short, long] = [160, 900].map(|rounds| {
        let (transcript, _) = record("core", rounds, long_talk);
        let (bytes, judgement) = judged_as_file(&transcript);
        assert_eq!(judgement.findings, []);
        (transcript.entries.len(), bytes)
    });
    assert!(short.0 > 40_000 && long.0 > 200_000, "{short:?} {long:?}");
    assert!(long.1 < short.1 * 5 / 4, "(entries, bytes): {short:?}, then {long:?}");
}

/// Entries of a plain log, in another order.
type Order = fn(Vec<&str>) -> Vec<&str>;

#[test]
fn however_long_a_log_is_and_whatever_its_order() {
    let in_order: Order = |entries| entries;
    let of_two_hosts: Order = |entries| {
        let [even, odd] = [0, 1].map(|first| entries.iter().skip(first).step_by(2).copied());
        even.chain(odd).collect()
    };
    for order in [in_order, of_two_hosts] {
        let [short, long] = [300, 900].map(|rounds| {
            let (transcript, _) = record("core", rounds, long_talk);
            let log = write_plain(&transcript);
            let starts = log.match_indices("\n1").map(|(at, _)| at + 1);
            let starts: Vec<_> = std::iter::once(0).chain(starts).chain([log.len()]).collect();
            let entries = starts.windows(2).map(|ends| &log[ends[0]..ends[1]]).collect();
            let (bytes, judgement) = judged_as_log(&order(entries).concat());
            assert_eq!(judgement.findings, []);
            (transcript.hops().count(), bytes)
        });
        assert!(short.0 > 10_000 && long.0 > short.0 * 5 / 2, "{short:?} {long:?}");
        assert!(long.1 < short.1 * 5 / 4, "(entries, bytes): {short:?}, then {long:?}");
    }
}

#[test]
fn however_many_come_and_go() {
    is_flat("core", 160, |round| {
        format!(
            "Efchen joins wallops\nEfchen says \"{round}\"\nEfchen leaves\nwait 3m\n\
             Efchen joins wallops as \"E{}\"\nEfchen says \"Again\"\nEfchen leaves\nwait 5m\n",
            round % 20
        )
    });
}

#[test]
fn however_often_it_splits() {
    is_flat("full", 160, |round| {
        format!(
            "cut killrc from channel\nWumpus says \"{round}, lost\"\n\
             Valdis says \"{round}, too\"\nwait 10m\nheal everything\nwait 10m\n\
             Wumpus says \"{round}, back\"\nwait 10m\n"
        )
    });
}

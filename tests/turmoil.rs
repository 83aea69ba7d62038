//! The shipped scenarios without faults on turmoil's own `Sim`, a TCP that wallops did not make and
//! that ticks: every receiver gets the same stanzas in the same order as on the event network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "turmoil/ticking.rs"]
mod ticking;

use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use ticking::Ticking;
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, play, play_event};
use wallops::transcript::{Comparison, Diff, Transcript, What};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn find_cast(name: &str) -> Result<Source, String> {
    let path = directory().join("casts").join(format!("{name}.cast"));
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    Ok(Source::new(&path.display().to_string(), &text))
}

fn read(name: &str) -> (Scenario, Options) {
    let text = fs::read_to_string(directory().join(name)).unwrap();
    let scenario = parse(&Source::new(name, &text), &find_cast).unwrap();
    (scenario, Options { source: text.into(), ..Options::default() })
}

fn assert_agrees(name: &str) {
    let (scenario, options) = read(name);
    let event = play_event(&scenario, &options).unwrap();
    let ticking = play(&scenario, &options, Ticking::new).unwrap();
    assert_eq!(ticking.failures, [], "{name}");
    let [event, ticking] = [&event.transcript, &ticking.transcript].map(without_instants);
    let diff =
        Diff::new(["event", "turmoil"], [&event, &ticking], Comparison::Arrivals { stamps: false });
    assert!(diff.is_same(), "{name}:\n{diff}");
}

/// Where ids name the instant at which a machine began, they say only which machine that was: ticks
/// shift instants.
fn without_instants(transcript: &Transcript) -> Transcript {
    let text = transcript.stored();
    let mut named: Vec<&str> = Vec::new();
    let mut other = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, found) = rest.split_at(start);
        let end = found.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(found.len());
        let (digits, after) = found.split_at(end);
        other += before;
        if INSTANT.contains(&digits.len()) || digits.len() == HASH {
            let known = named.iter().position(|one| *one == digits);
            let number = known.unwrap_or_else(|| {
                named.push(digits);
                named.len() - 1
            });
            let _ = write!(other, "instant-{number}");
        } else {
            other += digits;
        }
        rest = after;
    }
    Transcript::read(&(other + rest)).unwrap()
}

/// How many digits an instant has in an id: of microseconds, hexadecimal and not, with a letter
/// before it that may be taken for one of them.
const INSTANT: RangeInclusive<usize> = 12..=16;

/// How many digits the hash of an instant has.
const HASH: usize = 32;

#[test]
fn scenarios_without_faults_agree_with_the_event_network() {
    let names = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".scs"));
    let has_no_faults = |name: &String| {
        let (scenario, options) = read(name);
        let outcome = play_event(&scenario, &options).unwrap();
        !outcome.transcript.entries.iter().any(|entry| matches!(entry.what, What::Fault(_)))
    };
    let names: Vec<String> = names.filter(has_no_faults).collect();
    assert!(names.len() >= 5, "{names:?}");
    // Most of the time nothing happens, a thousand times a second and host.
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| assert_agrees(name));
        }
    });
}

#[test]
fn the_great_bounce_agrees_with_the_event_network() {
    assert_agrees("s10-the-great-bounce.scs");
}

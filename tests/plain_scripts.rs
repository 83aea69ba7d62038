//! Scripts for a plain chat service, `scenarios/plain`: each holds behind slaves, where its hosts
//! follow from its JIDs, as well as without.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use wallops::dmuc::{Demands, Registration};
use wallops::room::RoomConfig;
use wallops::scenario::{Profile, Room, Scenario, Source, parse};
use wallops::sim::play::{Options, Outcome, PlayError, play_event, play_wire};

/// What the users of a script are served by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// By slaves that are configured.
    Static,
    /// By slaves that register.
    Registered,
    /// By the room itself.
    Plain,
}

type Play = fn(&Scenario, &Options) -> Result<Outcome, PlayError>;

fn scripts() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/plain");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert!(files.len() >= 15, "the scripts are gone");
    files
}

/// What is wrong, line by line, and the slaves' addresses that something was sent to.
fn judge(play: Play, path: &Path, how: How) -> (String, bool) {
    let plain = how == How::Plain;
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains("[Slave]") && !text.contains("[Room]"), "{}", path.display());
    let source = Source::new(&path.display().to_string(), &text);
    let mut scenario = parse(&source, &|name: &str| Err(name.to_owned())).unwrap();
    if how == How::Registered {
        register(&mut scenario);
    }
    let options = Options { source: text.into(), plain, ..Options::default() };
    let outcome = match play(&scenario, &options) {
        Ok(outcome) => outcome,
        Err(error) => return (format!("{}: {error}\n", path.display()), false),
    };
    let name = path.file_name().unwrap().to_string_lossy();
    let wrong = outcome.failures.iter().map(|failure| {
        let line = failure.span.line;
        format!("{name}:{line}, {how:?}: {} {}\n", failure.whose, failure.found)
    });
    let transcript = outcome.transcript.to_string();
    let served = transcript.contains("to='slave@killrc");
    assert_eq!(transcript.contains("<accept"), how == How::Registered, "{name}");
    assert!(outcome.checked > 3, "{name} expects nothing");
    (wrong.collect(), served)
}

/// Have the slaves register: with a room that exists, but belongs to nobody until somebody enters.
fn register(scenario: &mut Scenario) {
    scenario.tags.profile = Profile::Full;
    for slave in scenario.cast.slaves.values_mut() {
        slave.registration = Registration::Dynamic(Demands::default());
    }
    let config = RoomConfig {
        ownerless: true,
        ..RoomConfig::new("wallops@channel.avalon.irc".parse().unwrap())
    };
    let room = Room { span: None, config, exists: true };
    scenario.cast.rooms.insert("wallops".into(), room);
}

fn assert_all_hold(play: Play, how: &[How]) {
    let mut wrong = String::new();
    for path in scripts() {
        for how in how {
            let (failures, served) = judge(play, &path, *how);
            wrong += &failures;
            assert_eq!(served, *how != How::Plain, "{}: are there slaves?", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn plain_scripts_hold_behind_slaves_and_without() {
    assert_all_hold(play_event, &[How::Static, How::Plain]);
}

#[test]
fn plain_scripts_hold_on_the_wire_too() {
    assert_all_hold(play_wire, &[How::Static, How::Plain]);
}

#[test]
fn plain_scripts_hold_behind_slaves_that_register() {
    assert_all_hold(play_event, &[How::Registered]);
}

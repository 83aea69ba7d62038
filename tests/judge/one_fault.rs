//! One fault is found as what it is: not also as all that would have been otherwise without it.

use std::collections::BTreeSet;

use wallops::conform::judgement::Judgement;
use wallops::transcript::Hop;

use crate::stage::Run;

const WORDS: &str = "truly rotten time.";

/// What the run breaks if the first hop like this says something else.
fn altered(from: &str, to: &str) -> BTreeSet<&'static str> {
    let mut run = Run::of("s02-truly-rotten-time");
    let entry = run.find(from, to, &[WORDS]);
    run.edit(entry, WORDS, "truly splendid time.");
    broken(&run)
}

fn broken(run: &Run) -> BTreeSet<&'static str> {
    let judgement = Judgement::of(&run.transcript, &run.setting);
    judgement.findings.iter().map(|finding| finding.requirement).collect()
}

#[test]
fn a_copy_for_one_slave_that_says_something_else() {
    for slave in ["killrc", "eris", "vesa"] {
        let expected = ["INV-SAME-COPY", "master.broadcast.preserve-payload"];
        assert_eq!(altered("channel", slave), expected.into(), "{slave}");
    }
}

#[test]
fn a_copy_for_one_user_that_says_something_else() {
    assert_eq!(altered("killrc", "valdis"), ["INV-JUSTIFIED"].into());
}

#[test]
fn a_message_that_says_something_else_from_its_way_to_the_master_on() {
    let mut run = Run::of("s02-truly-rotten-time");
    let first = run.find("vesa", "channel", &[WORDS]);
    let says = |(number, _, hop): &(usize, _, &Hop)| {
        *number >= first && hop.stanza.to_string().contains(WORDS)
    };
    let all: Vec<usize> = run.transcript.hops().filter(says).map(|(number, ..)| number).collect();
    all.into_iter().for_each(|entry| run.edit(entry, WORDS, "truly splendid time."));
    assert_eq!(broken(&run), ["slave.relay.payload-unmodified"].into());
}

#[test]
fn a_copy_for_one_slave_that_is_missing() {
    let mut run = Run::of("s02-truly-rotten-time");
    let entry = run.find("channel", "killrc", &[WORDS]);
    run.remove(entry);
    let expected = ["master.broadcast.copy-to-each", "master.fanout.one-copy-per-slave"];
    assert!(broken(&run).is_superset(&expected.into()), "{:?}", broken(&run));
}

#[test]
fn the_same_id_for_something_else_is_another_message() {
    let mut run = Run::of("s02-truly-rotten-time");
    let said: Vec<usize> = run
        .transcript
        .hops()
        .filter(|(_, _, hop)| hop.stanza.is_groupchat())
        .map(|(number, ..)| number)
        .collect();
    for entry in said {
        run.hop(entry).stanza.id = Some("always".into());
    }
    assert_eq!(broken(&run), BTreeSet::new());
}

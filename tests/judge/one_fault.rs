//! One fault is found as what it is: not also as all that would have been otherwise without it.

use std::collections::BTreeSet;

use wallops::conform::judgement::Judgement;
use wallops::conform::survey::survey;
use wallops::conform::views::Views;
use wallops::stanza::Jid;
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
fn a_copy_for_one_slave_under_another_nick() {
    for slave in ["killrc", "eris", "vesa"] {
        let mut run = Run::of("s02-truly-rotten-time");
        let entry = run.find("channel", slave, &[WORDS]);
        as_from(&mut run, entry, "Efchen");
        only_zero_copies(&run, slave);
        let unheard = run.findings().matches("never hears it").count();
        assert_eq!(unheard, 0, "{}", run.findings());
    }
}

#[test]
fn a_presence_for_one_slave_under_another_nick() {
    let mut run = Run::of("s05-a-day-of-chatter");
    let entry = run.find("channel", "eris", &["<show>away</show>"]);
    as_from(&mut run, entry, "Efchen");
    only_zero_copies(&run, "eris");
}

#[test]
fn a_copy_for_one_user_under_another_nick() {
    for nick in ["Nobody", "WiZ", "Phaedrus"] {
        let mut run = Run::of("s02-truly-rotten-time");
        let entry = run.find("killrc", "valdis", &[WORDS]);
        as_from(&mut run, entry, nick);
        found_once(&run, entry);
        let mut run = Run::of("s05-a-day-of-chatter");
        let entry = run.find("killrc", "valdis", &["<show>away</show>"]);
        as_from(&mut run, entry, nick);
        found_once(&run, entry);
    }
}

/// With the setting and without it there is this: another sender in this entry, which is the doing
/// of the slave of killrc.
fn found_once(run: &Run, entry: usize) {
    for setting in [&run.setting, &survey(&run.transcript)] {
        let mut judgement = Judgement::of(&run.transcript, setting);
        judgement.limit(&Views::of(&run.transcript, setting));
        let [one] = &judgement.findings[..] else { panic!("{:#?}", judgement.findings) };
        assert_eq!((one.requirement, one.entry), ("slave.redistribute.keep-from", entry));
        assert_eq!(one.host, "killrc.oulubox.irc");
        assert!(one.what.starts_with("it is from wallops@channel.avalon.irc/"), "{}", one.what);
        assert_eq!(one.causes.len(), 1);
    }
}

fn as_from(run: &mut Run, entry: usize, nick: &str) {
    let jid = format!("wallops@channel.avalon.irc/{nick}");
    let stanza = &mut run.hop(entry).stanza;
    assert_ne!(stanza.from.as_ref().map(|from| from.as_str()), Some(jid.as_str()));
    stanza.from = Some(Jid::new(&jid).unwrap().into());
}

/// What the master has sent under the wrong nick is missing where it was to be, and is not
/// something that others were to be told, too.
fn only_zero_copies(run: &Run, slave: &str) {
    let judgement = Judgement::of(&run.transcript, &run.setting);
    let copies = judgement.findings.iter().filter(|one| one.what.contains(" is sent "));
    let found: BTreeSet<_> = copies.map(|one| one.what.split(" of: ").next().unwrap()).collect();
    let expected =
        |one: &str| one.starts_with(&format!("slave@{slave}")) && one.ends_with(" 0 copies");
    assert!(found.len() == 1 && found.iter().all(|one| expected(one)), "{}", run.findings());
}

#[test]
fn what_a_slave_does_not_hand_on_is_its_doing() {
    let mut run = Run::of("s02-truly-rotten-time");
    let entry = run.find("killrc", "argl", &[WORDS]);
    run.remove(entry);
    let judgement = Judgement::of(&run.transcript, &run.setting);
    let found: Vec<_> =
        judgement.findings.iter().filter(|one| one.requirement == "LIVE-DELIVER").collect();
    let [one] = &found[..] else { panic!("{}", run.findings()) };
    assert_eq!(one.host, "killrc.oulubox.irc");
    assert_eq!(one.what, "argl@killrc.oulubox.irc/laptop never hears it");
}

#[test]
fn what_the_master_does_not_send_to_a_slave_is_its_doing() {
    let mut run = Run::of("s02-truly-rotten-time");
    let entry = run.find("channel", "killrc", &[WORDS]);
    run.remove(entry);
    run.remove_all(entry, "killrc", "", &[WORDS]);
    let judgement = Judgement::of(&run.transcript, &run.setting);
    let unheard = judgement.findings.iter().filter(|one| one.requirement == "LIVE-DELIVER");
    let hosts: BTreeSet<_> = unheard.map(|one| one.host.as_str()).collect();
    assert_eq!(hosts, ["channel.avalon.irc"].into(), "{}", run.findings());
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

//! Keepalive (register, M).

use std::collections::BTreeSet;

use wallops::stanza::{Kind, Stanza, Type};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

fn pings_down(stage: &Stage, slave: &str) -> Vec<(u64, Stanza)> {
    pings(stage, Hop::MasterToSlave, |stanza| to(stanza) == slave)
}

fn pings_up(stage: &Stage, slave: &str) -> Vec<(u64, Stanza)> {
    pings(stage, Hop::SlaveToMaster, |stanza| from(stanza) == slave)
}

/// Pings with the second at which they went.
fn pings(stage: &Stage, hop: Hop, which: impl Fn(&Stanza) -> bool) -> Vec<(u64, Stanza)> {
    let start = wallops::time::Time::XEP_EPOCH;
    let all = stage.record.iter().filter(|r| r.is(hop) && is_ping(&r.stanza) && which(&r.stanza));
    all.map(|r| (r.at.since(start).as_secs(), r.stanza.clone())).collect()
}

fn seconds_of(pings: &[(u64, Stanza)]) -> Vec<u64> {
    pings.iter().map(|(second, _)| *second).collect()
}

/// `master.keepalive.ping-when-idle`
#[test]
fn the_master_pings_a_slave_from_which_nothing_came_for_a_minute() {
    let mut stage = Stage::full();
    stage.seconds(59);
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    stage.seconds(1);
    for slave in SLAVES {
        assert_eq!(seconds_of(&pings_down(&stage, slave)), [60], "{slave}");
    }
}

/// `master.keepalive.each-slave`, `keepalive.traffic-suppresses`
#[test]
fn traffic_with_one_slave_postpones_its_ping_and_no_other() {
    let mut stage = Stage::full();
    for _ in 0..6 {
        stage.seconds(30);
        stage.say(BIGCHEESE, "still here");
    }
    assert!(pings_down(&stage, VESA).is_empty());
    assert_eq!(seconds_of(&pings_down(&stage, KILLRC)), [60, 120, 180]);
    assert_eq!(seconds_of(&pings_down(&stage, ERIS)), [60, 120, 180]);
}

/// `slave.keepalive.ping-when-quiet`, `slave.keepalive.longer-than-master`
#[test]
fn a_slave_pings_a_master_that_is_quiet_for_longer_than_usual() {
    let mut stage = Stage::full();
    stage.seconds(1000);
    assert!(pings_up(&stage, VESA).is_empty(), "in health only the master pings");
    stage.record.clear();
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.seconds(200);
    let first = pings_up(&stage, VESA)[0].0;
    assert_eq!(first, 960 + 90, "90 s after the master's last ping");
}

/// `keepalive.xep0199`
#[test]
fn pings_go_between_the_room_and_the_slave_with_ids_of_their_own() {
    let mut stage = Stage::full();
    stage.seconds(200);
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.seconds(200);
    let mut ids = BTreeSet::new();
    let all = stage.record.iter().filter(|record| record.note.is_none() && is_ping(&record.stanza));
    for record in all {
        let stanza = &record.stanza;
        let (from, to) = (from(stanza), to(stanza));
        assert!(from == ROOM && SLAVES.contains(&to) || from == VESA && to == ROOM);
        assert!(ids.insert((from.to_owned(), stanza.id.clone())), "{}", text(stanza));
        assert_eq!(stanza.payloads.len(), 1);
    }
    assert!(ids.len() > 10);
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
}

/// `keepalive.pong`
#[test]
fn both_ends_answer_pings_with_a_result_of_the_same_id() {
    let mut stage = Stage::full();
    stage.forge_at(
        VESA,
        &format!(
            "<iq from='{ROOM}' id='x1' to='{VESA}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
        ),
    );
    let answers: Vec<_> = stage.record.hop(Hop::SlaveToMaster);
    assert_eq!((answers[0].kind, &answers[0].type_), (Kind::Iq, &Type::Result));
    assert_eq!((from(&answers[0]), answers[0].id.as_deref()), (VESA, Some("x1")));
    stage.forge(&format!(
        "<iq from='{VESA}' id='x2' to='{ROOM}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
    ));
    let answers = stage.record.to(Hop::MasterToSlave, VESA);
    let answer = answers.iter().find(|stanza| stanza.id.as_deref() == Some("x2")).unwrap();
    assert_eq!((from(answer), &answer.type_), (ROOM, &Type::Result));
}

/// LIVE-CALM, COST-IDLE
#[test]
fn in_rest_there_is_one_ping_and_one_pong_for_each_slave_in_a_minute() {
    let mut stage = Stage::full();
    stage.assert_calm();
}

/// LIVE-DETECT: nothing comes through, nothing comes back.
#[test]
fn two_pings_without_answer_are_a_split_on_each_side() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.seconds(99);
    assert_eq!(seconds_of(&pings_down(&stage, VESA)), [60, 80]);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().is_split(&jid(VESA)), Some(false));
    stage.seconds(1);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().is_split(&jid(VESA)), Some(true));
    stage.seconds(29);
    assert_eq!(seconds_of(&pings_up(&stage, VESA)), [90, 110]);
    assert!(!stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split());
    stage.seconds(1);
    assert!(stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split());
}

/// LIVE-DETECT: one way is dead, and something was lost on it.
#[test]
fn a_dead_direction_is_noticed_by_who_lost_something() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.say(WUMPUS, "one");
    for _ in 0..15 {
        // The users of vesa go on; the master hears them all the time.
        stage.seconds(10);
        stage.ping(EFCHEN, "Efchen");
    }
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().is_split(&jid(VESA)), Some(true));

    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Up);
    stage.say(EFCHEN, "one");
    for _ in 0..15 {
        stage.seconds(10);
        stage.say(WUMPUS, "the slave hears the master all the time");
    }
    assert!(stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split());
}

/// COST-SPLIT
#[test]
fn pings_in_a_split_are_five_seconds_apart_even_where_they_bounce_at_once() {
    for way in [Way::Silent, Way::Bounce] {
        let mut stage = Stage::full();
        stage.cut(VESA, way, way);
        stage.seconds(200);
        stage.record.clear();
        stage.seconds(100);
        assert_eq!(pings_down(&stage, VESA).len(), 20, "{way:?}");
        assert_eq!(pings_up(&stage, VESA).len(), 20, "{way:?}");
    }
}

/// Two sides that doubt one another come to an end.
#[test]
fn a_ping_in_answer_to_a_ping_is_not_answered_by_another() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.say(EFCHEN, "one");
    stage.heal(VESA);
    stage.record.clear();
    stage.forge_at(
        VESA,
        &format!(
            "<iq from='{ROOM}' id='x1' to='{VESA}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
        ),
    );
    assert!(pings_up(&stage, VESA).len() <= 1 && pings_down(&stage, VESA).len() <= 1);
    stage.seconds(100);
    assert!(stage.clients[EFCHEN].errors.len() + stage.clients[EFCHEN].heard.len() > PAST.len());
}

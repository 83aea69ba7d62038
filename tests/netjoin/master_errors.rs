//! Which error means what at the master (§5.1), its pings, and when a slave is given up (§4.6,
//! §4.8).

use wallops::stanza::{Kind, Stanza, ns};

use crate::cast::*;
use crate::lone_master::*;
use crate::lone_slave::id;
use crate::record::*;

const SPLITTING: [&str; 4] = [
    "remote-server-timeout",
    "remote-server-not-found",
    "internal-server-error",
    "resource-constraint",
];

const GONE: [&str; 3] = ["service-unavailable", "recipient-unavailable", "item-not-found"];

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn is_split(alone: &LoneMaster, slave: &str) -> bool {
    alone.service.room(&bare(ROOM)).unwrap().is_split(&jid(slave)).expect("registered")
}

fn others(slave: &str) -> Vec<&str> {
    SLAVES.into_iter().filter(|other| *other != slave).collect()
}

/// Ping: LINK.
#[test]
fn a_ping_that_cannot_be_delivered_is_a_split() {
    for condition in SPLITTING.into_iter().chain(["undefined-condition", "forbidden"]) {
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
        let ping = alone.ping_to(VESA);
        alone.bounce(&ping, condition);
        assert!(is_split(&alone, VESA), "{condition}");
        assert!(!is_split(&alone, ERIS));
        alone.take();
        alone.say(WUMPUS, "m1", "who hears me?");
        let told: Vec<_> = alone.take().iter().map(|s| to(s).to_owned()).collect();
        assert!(!told.iter().any(|to| to == VESA || to == BIGCHEESE), "{told:?}");
        assert_eq!(alone.nicks().len(), 2, "its occupants stay");
    }
}

/// Ping: alive.
#[test]
fn a_slave_that_cannot_answer_pings_is_alive() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let ping = alone.ping_to(VESA);
    alone.bounce(&ping, "feature-not-implemented");
    assert!(!is_split(&alone, VESA));
}

/// m pings that are not answered (§4.6).
#[test]
fn two_pings_without_an_answer_are_a_split() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.ping_to(VESA);
    alone.seconds_answered(19, &others(VESA));
    assert!(!alone.take().iter().any(|s| to(s) == VESA));
    alone.seconds_answered(1, &others(VESA));
    assert!(alone.take().iter().any(|s| is_ping(s) && to(s) == VESA));
    assert!(!is_split(&alone, VESA));
    alone.seconds_answered(20, &others(VESA));
    assert!(is_split(&alone, VESA));
}

/// SLAVE-GONE: after G its occupants are removed with 333, directly and by broadcast.
#[test]
fn a_slave_that_is_gone_on_a_live_host_loses_its_occupants_after_g() {
    for condition in GONE {
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
        alone.take();
        let ping = alone.ping_to(VESA);
        alone.bounce(&ping, condition);
        assert!(is_split(&alone, VESA), "{condition}");
        let gone = keep_bouncing(&mut alone, 25, condition);
        assert!(!gone.iter().any(|s| s.is_unavailable()), "before G: {}", story(&gone));
        let gone = keep_bouncing(&mut alone, 15, condition);
        let gone: Vec<_> = gone.iter().filter(|s| s.is_unavailable()).collect();
        assert!(gone.iter().all(|s| from_nick(s) == "BigCheese" && has_code(s, "333")));
        let mut told: Vec<_> = gone.iter().map(|s| to(s)).collect();
        told.sort_unstable();
        assert_eq!(told, [BIGCHEESE, ERIS, KILLRC], "{condition}");
        let direct = gone.iter().find(|s| to(s) == BIGCHEESE).unwrap();
        assert!(has_code(direct, "110"), "{}", text(direct));
        assert_eq!(alone.nicks(), ["Wumpus"]);
    }
}

/// Let time pass; each ping to vesa's slave comes back with this error.
fn keep_bouncing(alone: &mut LoneMaster, seconds: u64, condition: &str) -> Vec<Stanza> {
    let mut all = Vec::new();
    for _ in 0..seconds {
        alone.seconds_answered(1, &others(VESA));
        let sent = alone.take();
        let pings: Vec<_> = sent.iter().filter(|s| is_ping(s) && to(s) == VESA).cloned().collect();
        all.extend(sent);
        for ping in pings {
            alone.bounce(&ping, condition);
        }
        all.extend(alone.take());
    }
    all
}

/// SLAVE-GONE that does not last: no removal.
#[test]
fn a_slave_that_comes_back_within_g_keeps_its_occupants() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let ping = alone.ping_to(VESA);
    alone.bounce(&ping, "service-unavailable");
    keep_bouncing(&mut alone, 20, "service-unavailable");
    keep_bouncing(&mut alone, 10, "remote-server-not-found");
    let gone = keep_bouncing(&mut alone, 20, "service-unavailable");
    assert!(!gone.iter().any(|s| s.is_unavailable()), "{}", story(&gone));
}

/// gone, redirect: as SLAVE-GONE with G = 0.
#[test]
fn a_slave_that_is_gone_for_good_loses_its_occupants_at_once() {
    for condition in ["gone", "redirect"] {
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
        let ping = alone.ping_to(VESA);
        alone.bounce(&ping, condition);
        let told: Vec<_> = alone.take().into_iter().filter(|s| s.is_unavailable()).collect();
        assert!(told.iter().any(|s| to(s) == BIGCHEESE && has_code(s, "333")), "{}", story(&told));
        assert_eq!(alone.nicks(), ["Wumpus"], "{condition}");
    }
}

/// Presence or message: any condition is a split, with an immediate ping.
#[test]
fn whatever_the_error_of_an_event_says_the_slave_did_not_process_it() {
    for condition in SPLITTING.into_iter().chain(GONE).chain(["bad-request", "gone"]) {
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
        alone.say(WUMPUS, "m1", "hello");
        let copy = alone.take().into_iter().find(|s| to(s) == VESA).unwrap();
        alone.bounce(&copy, condition);
        assert!(is_split(&alone, VESA), "{condition}");
        let sent = alone.take();
        assert!(sent.iter().any(|s| is_ping(s) && to(s) == VESA), "{}", story(&sent));
        assert_eq!(alone.nicks().len(), 2);
    }
}

/// … and its pong leads straight to `resync`.
#[test]
fn a_pong_after_a_bounce_leads_to_a_resync() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.say(WUMPUS, "m1", "hello");
    let copy = alone.take().into_iter().find(|s| to(s) == VESA).unwrap();
    alone.bounce(&copy, "bad-request");
    let ping = alone.take().into_iter().find(is_ping).unwrap();
    alone.pong(&ping);
    alone.sends(&[&format!(
        "<iq from='{ROOM}' id='$rs' to='{VESA}' type='set'>\
         <resync xmlns='urn:xmpp:tmp:dmuc:0#slave'/></iq>"
    )]);
    alone.say(WUMPUS, "m2", "still no broadcasts");
    assert!(!alone.take().iter().any(|s| to(s) == VESA));
}

/// Three such within 10 min with otherwise healthy pings: the slave misbehaves.
#[test]
fn a_slave_that_refuses_events_three_times_is_deregistered() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    for round in 0..3 {
        alone.seconds_answered(15, &SLAVES);
        alone.take();
        alone.say(WUMPUS, &format!("m{round}"), "hello");
        let copy = alone.take().into_iter().find(|s| to(s) == VESA && s.is_groupchat()).unwrap();
        alone.bounce(&copy, "bad-request");
        let ping = alone.take().into_iter().find(|s| is_ping(s) && to(s) == VESA).unwrap();
        alone.pong(&ping);
        if round < 2 {
            let resume = alone.resume(VESA);
            let listed = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
            alone.register_with(VESA, "one", &format!("{resume}{listed}"));
            alone.finish(VESA);
        }
    }
    let sent = alone.take();
    assert!(sent.iter().any(|s| s.has_payload("deregister", ns::SLAVE)), "{}", story(&sent));
}

/// A pong whose position is behind what was sent before the ping: lost without a bounce.
#[test]
fn a_pong_that_is_behind_is_a_split_and_leads_to_a_resync() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let (epoch, seq) = alone.positions[VESA].clone();
    alone.say(WUMPUS, "m1", "lost");
    let ping = alone.ping_to(VESA);
    alone.pong_at(&ping, &epoch, seq);
    assert!(is_split(&alone, VESA));
    let sent = alone.take();
    assert!(sent.iter().any(|s| s.has_payload("resync", ns::SLAVE)), "{}", story(&sent));
}

/// An event that was sent after the ping may be missing from the pong.
#[test]
fn a_pong_may_be_behind_what_was_sent_after_the_ping() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let (epoch, seq) = alone.positions[VESA].clone();
    let ping = alone.ping_to(VESA);
    alone.say(WUMPUS, "m1", "crossing");
    alone.pong_at(&ping, &epoch, seq);
    assert!(!is_split(&alone, VESA));
}

/// IQs: remote-server-* is LINK, everything else changes nothing.
#[test]
fn a_resync_that_is_refused_changes_nothing() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.lose(VESA);
    let resync = resync_after_pong(&mut alone);
    alone.bounce(&resync, "service-unavailable");
    assert!(is_split(&alone, VESA));
    alone.seconds_answered(10, &others(VESA));
    assert!(alone.take().iter().any(|s| is_ping(s) && to(s) == VESA), "it keeps pinging");
}

fn resync_after_pong(alone: &mut LoneMaster) -> Stanza {
    alone.seconds_answered(5, &others(VESA));
    let ping = alone.take().into_iter().find(|s| is_ping(s) && to(s) == VESA).unwrap();
    alone.pong(&ping);
    let sent = alone.take();
    sent.into_iter().find(|s| s.has_payload("resync", ns::SLAVE)).expect("a resync")
}

/// From a user's JID: remote-server-* removes nobody behind a slave and is a hint to ping it.
#[test]
fn a_user_behind_a_slave_who_cannot_be_reached_stays() {
    for condition in ["remote-server-timeout", "remote-server-not-found"] {
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
        alone.send(
            WUMPUS,
            &format!(
                "<message id='pm1' to='{ROOM}/BigCheese' type='chat'><body>psst</body></message>"
            ),
        );
        let private = alone.take().into_iter().find(|s| to(s) == BIGCHEESE).unwrap();
        alone.bounce(&private, condition);
        let sent = alone.take();
        assert_eq!(alone.nicks(), ["Wumpus", "BigCheese"]);
        assert!(!is_split(&alone, VESA));
        assert!(sent.iter().any(|s| is_ping(s) && to(s) == VESA), "{}", story(&sent));
        // §5.1: the error goes to the sender from room/nick.
        let error = sent.iter().find(|s| to(s) == WUMPUS).expect("the sender is told");
        assert_eq!((from(error), id(error).as_str()), (&*occupant(BIGCHEESE), "pm1"));
    }
}

/// From a user's JID: he is gone.
#[test]
fn a_user_whose_server_says_that_he_is_gone_is_removed() {
    for condition in ["gone", "item-not-found", "recipient-unavailable", "redirect"] {
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE, EFCHEN]);
        alone.say(EFCHEN, "m1", "hello");
        alone.take();
        alone.send(
            BIGCHEESE,
            &format!(
                "<message id='m1' to='{ROOM}' type='error'><error type='cancel'>\
                 <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
            ),
        );
        let sent = alone.take();
        let first = sent.iter().find(|s| to(s) == VESA).expect("LEAVE");
        assert_eq!(leave_jid(first).as_deref(), Some(BIGCHEESE), "{condition}: {}", story(&sent));
        assert!(has_code(first, "333"), "{}", text(first));
        assert_eq!(alone.nicks(), ["Wumpus", "Efchen"]);
    }
}

/// Stale: an error for a ping that is no longer outstanding (§5.1).
#[test]
fn a_stale_error_is_ignored() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let ping = alone.ping_to(VESA);
    alone.pong(&ping);
    alone.bounce(&ping, "remote-server-not-found");
    assert!(!is_split(&alone, VESA));
}

/// Stale: an error for a stanza with a position up to the last synced one. The error has no
/// position; it has the id of an event that the sync contained.
#[test]
fn pings_while_split_are_as_often_as_granted() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.lose(VESA);
    alone.seconds_answered(60, &others(VESA));
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == VESA).collect();
    assert!(sent.iter().all(is_ping), "{}", story(&sent));
    assert!((2..=12).contains(&sent.len()), "{} pings in 60 s", sent.len());
}

/// D: a slave that never returns (§5.4): its occupants are removed with 333, the nicks are free.
#[test]
fn a_slave_that_stays_away_is_given_up() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.lose(VESA);
    alone.seconds_answered(3500, &others(VESA));
    assert_eq!(alone.nicks(), ["Wumpus", "BigCheese"]);
    alone.take();
    alone.seconds_answered(110, &others(VESA));
    let gone: Vec<_> = alone.take().into_iter().filter(|s| s.is_unavailable()).collect();
    assert!(gone.iter().all(|s| has_code(s, "333")), "{}", story(&gone));
    assert!(!gone.is_empty());
    assert_eq!(alone.nicks(), ["Wumpus"]);
    alone.seconds_answered(600, &others(VESA));
    let later: Vec<_> = alone.take().into_iter().filter(|s| to(s) == VESA).collect();
    assert!(later.is_empty(), "forgotten: {}", story(&later));
}

/// COST-IDLE, LIVE-CALM: in rest one ping in K, and none where there is traffic.
#[test]
fn a_slave_from_which_something_is_heard_is_not_pinged() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    for round in 0..6 {
        alone.seconds_answered(30, &others(VESA));
        alone.say(BIGCHEESE, &format!("m{round}"), "still here");
    }
    let pings: Vec<_> = alone.take().into_iter().filter(is_ping).collect();
    assert!(pings.iter().all(|s| to(s) != VESA), "{}", story(&pings));
    assert!(pings.iter().all(|s| s.kind == Kind::Iq));
}

/// The master's answer to a ping carries its position too (§4.6).
#[test]
fn the_master_answers_pings_with_its_position() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.seconds_answered(70, &SLAVES);
    alone.say(WUMPUS, "m1", "one more");
    let (epoch, seq) = alone.positions[VESA].clone();
    alone.take();
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    alone.send(VESA, &format!("<iq id='sp1' to='{ROOM}' type='get'>{ping}</iq>"));
    let pong = alone.take().into_iter().find(|s| id(s) == "sp1").expect("a pong");
    let at = pong.payload("at", ns::SLAVE).expect("a position");
    let seq = seq.to_string();
    let expected = (Some(epoch.as_str()), Some(seq.as_str()));
    assert_eq!((at.attr("epoch"), at.attr("seq")), expected);
}

/// Flap damping (H): one pong is enough to leave a split, three after three splits in 10 minutes.
#[test]
fn after_three_splits_three_pongs_are_needed() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    for split in 0..4 {
        alone.lose(VESA);
        let mut pongs = 0;
        loop {
            alone.seconds_answered(5, &others(VESA));
            let sent = alone.take();
            let Some(ping) = sent.iter().find(|s| is_ping(s) && to(s) == VESA).cloned() else {
                continue;
            };
            alone.pong(&ping);
            pongs += 1;
            if alone.take().iter().any(|s| s.has_payload("resync", ns::SLAVE)) {
                break;
            }
            assert!(pongs < 4, "no resync");
        }
        assert_eq!(pongs, if split < 2 { 1 } else { 3 }, "in split {}", split + 1);
        let resume = alone.resume(VESA);
        let listed = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
        alone.register_with(VESA, "one", &format!("{resume}{listed}"));
        alone.finish(VESA);
        alone.take();
    }
}

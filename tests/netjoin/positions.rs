//! Positions at a slave (§4.5): what follows, what is known, what is missing.

use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::lone_slave::*;
use crate::record::*;
use crate::stanzas::*;

/// vesa's slave at e7/417.
fn active() -> LoneSlave {
    LoneSlave::active(Policy::default())
}

fn message(nick: &str, id: &str, body: &str, to: &str, inside: &str) -> String {
    format!(
        "<message from='{ROOM}/{nick}' id='{id}' to='{to}' type='groupchat'>\
         <body>{body}</body>{inside}</message>"
    )
}

fn delay() -> String {
    format!("<delay xmlns='urn:xmpp:delay' from='{ROOM}' stamp='1990-10-13T23:58:37Z'/>")
}

fn at_position(alone: &LoneSlave, seq: u64) {
    assert_eq!(alone.position(), ("e7".to_owned(), seq));
}

/// Registered again by a gap, and accepted with this position.
fn resynced(alone: &mut LoneSlave, seq: u64) {
    alone.registers();
    alone.down(&accept("$reg", seq, "delta", "", ""));
}

/// P1.
#[test]
fn the_next_event_is_distributed_and_counts() {
    let mut alone = active();
    at_position(&alone, 417);
    alone.down(&said("WiZ", "w9", "vesa is back", 418));
    alone.sends(&[
        &message("WiZ", "w9", "vesa is back", BIGCHEESE, ""),
        &message("WiZ", "w9", "vesa is back", EFCHEN, ""),
    ]);
    at_position(&alone, 418);
}

/// P1, of a presence: the example of §4.5. The position is taken out before users see it.
#[test]
fn a_presence_has_a_position_too() {
    let mut alone = active();
    alone.down(&event("Wumpus", 418, "<show>xa</show>"));
    let told = |who: &str| {
        format!(
            "<presence from='{ROOM}/Wumpus' to='{who}'><show>xa</show>\
             <x xmlns='http://jabber.org/protocol/muc#user'>\
             <item affiliation='none' role='participant'/></x></presence>"
        )
    };
    alone.sends(&[&told(BIGCHEESE), &told(EFCHEN)]);
    at_position(&alone, 418);
}

/// P2.
#[test]
fn an_event_that_is_known_is_ignored() {
    let mut alone = active();
    alone.down(&said("WiZ", "w9", "once", 418));
    alone.take();
    alone.down(&said("WiZ", "w9", "once", 418));
    alone.down(&said("WiZ", "w1", "long ago", 3));
    alone.sends(&[]);
    at_position(&alone, 418);
    assert_eq!(alone.copy().history().iter().count(), 1);
}

/// P2: what is known still proves that the master lives.
#[test]
fn an_event_that_is_known_counts_as_traffic() {
    let mut alone = active();
    alone.seconds(80);
    alone.down(&said("WiZ", "w1", "long ago", 3));
    alone.take();
    alone.seconds(80);
    assert!(!alone.take().iter().any(is_ping));
    alone.seconds(10);
    assert!(alone.take().iter().any(is_ping));
}

/// P3: neither is the event that shows the gap delivered, nor anything until the accept.
#[test]
fn a_gap_makes_it_register_again_where_it_stands() {
    let mut alone = active();
    alone.down(&said("WiZ", "w11", "too far", 419));
    let register = alone.registers();
    let resume = register.payload("register", ns::SLAVE).unwrap();
    let resume = resume.get_child("resume", ns::SLAVE).expect("a resume");
    let at = ["room", "epoch", "seq"].map(|name| resume.attr(name).unwrap());
    assert_eq!(at, ["r1", "e7", "417"]);
    alone.down(&said("WiZ", "w10", "in between", 418));
    alone.down(&said("WiZ", "w12", "further", 420));
    alone.sends(&[]);
    assert_eq!(alone.copy().history().iter().count(), 0);
}

/// P3 (NJ-m12).
#[test]
fn another_run_of_the_log_makes_it_register_again() {
    let mut alone = active();
    alone.down(&said("WiZ", "w10", "reborn", 418).replace("'e7'", "'e8'"));
    let register = alone.registers();
    assert!(text(&register).contains("seq='417'"), "{}", text(&register));
    assert!(text(&register).contains("epoch='e7'"), "{}", text(&register));
    alone.tells_nobody();
}

/// P4: in a sync numbers may jump, as presence is sent as difference.
#[test]
fn in_a_sync_numbers_may_jump() {
    let mut alone = active();
    alone.down(&said("Troy", "t4", "who split whom?", 422));
    resynced(&mut alone, 422);
    alone.down(&backfill("WiZ", "w9", "vesa is gone", 418));
    alone.down(&backfill("Troy", "t4", "who split whom?", 422));
    alone.sends(&[
        &message("WiZ", "w9", "vesa is gone", BIGCHEESE, &delay()),
        &message("WiZ", "w9", "vesa is gone", EFCHEN, &delay()),
        &message("Troy", "t4", "who split whom?", BIGCHEESE, &delay()),
        &message("Troy", "t4", "who split whom?", EFCHEN, &delay()),
    ]);
}

/// P4: known numbers are known in a sync too.
#[test]
fn in_a_sync_a_known_event_is_ignored() {
    let mut alone = active();
    alone.down(&said("WiZ", "w9", "once", 418));
    alone.down(&said("Troy", "t4", "far", 423));
    resynced(&mut alone, 423);
    alone.take();
    alone.down(&backfill("WiZ", "w9", "once", 418));
    alone.sends(&[]);
}

/// P4: the position after it is that of `synced`, not of the last message.
#[test]
fn a_sync_ends_at_its_position() {
    let mut alone = active();
    alone.down(&said("Troy", "t4", "far", 423));
    resynced(&mut alone, 425);
    alone.down(&backfill("Troy", "t4", "far", 423));
    alone.down(&synced(425));
    at_position(&alone, 425);
    alone.acknowledge();
    alone.take();
    alone.down(&said("WiZ", "w13", "and on", 426));
    alone.sends(&[
        &message("WiZ", "w13", "and on", BIGCHEESE, ""),
        &message("WiZ", "w13", "and on", EFCHEN, ""),
    ]);
}

/// P4a (NJ-m26): leftovers of a sync that was abandoned.
#[test]
fn leftovers_of_a_sync_are_ignored() {
    let mut alone = active();
    let history = said("WiZ", "w2", "history", 419).replace("<x ", "<x a='1' ");
    let history = history.replace(" a='1'", "").replace(&at(419), "<history/>");
    alone.down(&history);
    alone.down(&backfill("WiZ", "w11", "from a sync", 420));
    alone.down(&backfill("WiZ", "w0", "from a sync", 400));
    alone.down(&synced(430));
    alone.sends(&[]);
    at_position(&alone, 417);
    assert_eq!(alone.copy().history().iter().count(), 0);
}

/// P4a: a late message of another slave's user is backfill that follows.
#[test]
fn a_late_event_that_follows_is_shown_with_its_time() {
    let mut alone = active();
    alone.down(&backfill("Troy", "t9", "said before", 418));
    alone.sends(&[
        &message("Troy", "t9", "said before", BIGCHEESE, &delay()),
        &message("Troy", "t9", "said before", EFCHEN, &delay()),
    ]);
    at_position(&alone, 418);
}

/// P4a: `state` is accepted in ACTIVE (§4.4); it distributes what is different.
#[test]
fn state_out_of_a_sync_is_stored_and_shown_where_it_is_news() {
    let mut alone = active();
    alone.down(&state("Wumpus", ""));
    alone.sends(&[]);
    alone.down(&state("Wumpus", "<show>away</show>"));
    let told: Vec<_> = alone.take().iter().map(|s| to(s).to_owned()).collect();
    assert_eq!(told, [BIGCHEESE, EFCHEN]);
    at_position(&alone, 417);
}

/// P4b: while only the upward direction is dead, what follows is applied.
#[test]
fn while_split_what_follows_is_still_applied() {
    let mut alone = LoneSlave::split(Policy::default());
    alone.down(&said("WiZ", "w9", "can you hear me?", 418));
    alone.sends(&[
        &message("WiZ", "w9", "can you hear me?", BIGCHEESE, ""),
        &message("WiZ", "w9", "can you hear me?", EFCHEN, ""),
    ]);
    alone.down(&said("WiZ", "w9", "can you hear me?", 418));
    alone.sends(&[]);
    at_position(&alone, 418);
}

/// P4b: the coming netjoin fills a gap.
#[test]
fn while_split_a_gap_is_ignored() {
    let mut alone = LoneSlave::split(Policy::default());
    alone.down(&said("WiZ", "w10", "too far", 420));
    alone.sends(&[]);
    at_position(&alone, 417);
}

/// A gap found by a pong whose position is ahead (§4.6): the last message was lost.
#[test]
fn a_pong_that_is_ahead_shows_that_the_last_event_was_lost() {
    let mut alone = active();
    let ping = wait_for_ping(&mut alone);
    alone.down(&pong(&ping, 418));
    let register = alone.registers();
    assert!(text(&register).contains("seq='417'"), "{}", text(&register));
}

/// Nothing was lost.
#[test]
fn a_pong_at_its_own_position_changes_nothing() {
    let mut alone = active();
    let ping = wait_for_ping(&mut alone);
    alone.down(&pong(&ping, 417));
    alone.sends(&[]);
}

pub fn wait_for_ping(alone: &mut LoneSlave) -> Stanza {
    alone.seconds(90);
    let sent = alone.take();
    sent.into_iter().find(is_ping).expect("it pings a silent master")
}

/// The master's answer to a ping of the slave.
pub fn pong(ping: &Stanza, seq: u64) -> String {
    let id = id(ping);
    format!("<iq from='{ROOM}' id='{id}' to='{VESA}' type='result'>{}</iq>", at(seq))
}

/// The example of §4.6.
#[test]
fn the_answer_to_a_ping_carries_the_position() {
    let mut alone = active();
    alone.seconds(60);
    alone.take();
    alone.down(&ping("ka31"));
    alone.sends(&[&format!(
        "<iq from='{VESA}' id='ka31' to='{ROOM}' type='result'>{}</iq>",
        at(417)
    )]);
}

/// Counter-ping (§4.6): a ping though it has sent something means that the way up may be dead.
#[test]
fn a_ping_though_something_was_sent_is_answered_by_a_ping() {
    let mut alone = active();
    alone.seconds(50);
    alone.say(BIGCHEESE, "m1", "hello?");
    alone.take();
    alone.seconds(15);
    alone.down(&ping("ka1"));
    let sent = alone.take();
    assert!(sent.iter().any(is_ping), "{}", sent.iter().map(text).collect::<String>());
}

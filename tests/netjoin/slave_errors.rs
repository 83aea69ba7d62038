//! Which error means what at the slave (§5.1), and what is lost upwards (§4.6).

use wallops::dmuc::SlaveInput;
use wallops::stanza::slave::Policy;
use wallops::stanza::{Kind, Stanza, Type};

use crate::cast::*;
use crate::late::CHAT;
use crate::lone_slave::*;
use crate::policies::one_error;
use crate::positions::{pong, wait_for_ping};
use crate::record::*;
use crate::stanzas::*;

const STANZAS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn answered_with(stanza: &Stanza, condition: &str) -> Stanza {
    let mut error = xml(&format!(
        "<message type='error'><error type='cancel'><{condition} {STANZAS}/></error></message>"
    ));
    error.kind = stanza.kind;
    (error.from, error.to) = (stanza.to.clone(), stanza.from.clone());
    error.id.clone_from(&stanza.id);
    error
}

/// Ping and register: LINK.
#[test]
fn an_unreachable_master_is_a_split() {
    for condition in ["remote-server-timeout", "remote-server-not-found"] {
        for bounced in [true, false] {
            let mut alone = LoneSlave::active(CHAT);
            let ping = wait_for_ping(&mut alone);
            let error = answered_with(&ping, condition);
            alone.step(if bounced { SlaveInput::Bounced(error) } else { SlaveInput::Down(error) });
            assert!(alone.copy().is_split(), "{condition}");
            assert!(!alone.take().iter().any(Stanza::is_error), "nobody is told");
        }
    }
}

/// Ping: the master is alive.
#[test]
fn a_master_that_cannot_answer_pings_is_alive() {
    let mut alone = LoneSlave::active(CHAT);
    let ping = wait_for_ping(&mut alone);
    alone.step(SlaveInput::Down(answered_with(&ping, "feature-not-implemented")));
    assert!(!alone.copy().is_split());
    alone.registers_not();
}

/// m pings that are not answered within T (§4.6).
#[test]
fn two_pings_without_an_answer_are_a_split() {
    let mut alone = LoneSlave::active(CHAT);
    wait_for_ping(&mut alone);
    alone.seconds(19);
    assert_eq!(alone.take().len(), 0);
    alone.seconds(1);
    assert!(alone.take().iter().any(is_ping), "the second is sent at the first time-out");
    assert!(!alone.copy().is_split());
    alone.seconds(20);
    assert!(alone.copy().is_split());
}

/// An error for a ping that is not outstanding is stale (§5.1).
#[test]
fn a_stale_error_is_ignored() {
    let mut alone = LoneSlave::active(CHAT);
    let ping = wait_for_ping(&mut alone);
    alone.down(&pong(&ping, 417));
    alone.take();
    alone.step(SlaveInput::Down(answered_with(&ping, "remote-server-not-found")));
    assert!(!alone.copy().is_split());
}

/// Local user, from the bare room JID: LINK; the stanza is treated under split rules.
#[test]
fn a_users_message_that_bounces_is_a_split() {
    for condition in ["remote-server-timeout", "remote-server-not-found"] {
        let mut alone = LoneSlave::active(CHAT);
        alone.say(BIGCHEESE, "m1", "hello?");
        let message = alone.take().remove(0);
        alone.step(SlaveInput::Down(answered_with(&message, condition)));
        assert!(alone.copy().is_split(), "{condition}");
        let sent = alone.take();
        assert!(!sent.iter().any(Stanza::is_error), "it is shown, as chat is granted");
        let heard: Vec<_> = sent.iter().filter(|s| s.is_groupchat()).map(to).collect();
        assert_eq!(heard, [BIGCHEESE, EFCHEN]);
    }
}

/// §4.7: without the grant the message whose bounce arrived is returned and not queued.
#[test]
fn without_the_grant_the_message_that_bounced_is_returned() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.say(BIGCHEESE, "m1", "hello?");
    let message = alone.take().remove(0);
    alone.bounce(&message, "remote-server-not-found");
    assert!(alone.copy().is_split());
    let sent = alone.take();
    one_error(&sent, BIGCHEESE);
    crate::late::reconnect(&mut alone, 417, "");
    assert_eq!(bodies(&alone.gone_up()), Vec::<String>::new());
}

/// §4.7: on entering SPLIT leaves and presence are executed locally and queued.
#[test]
fn what_is_unanswered_at_a_split_is_treated_as_if_it_came_then() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>"));
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Efchen' type='unavailable'/>"));
    let leave = alone.take().pop().unwrap();
    alone.bounce(&leave, "remote-server-not-found");
    let sent = alone.take();
    let own: Vec<_> = sent.iter().filter(|s| to(s) == EFCHEN).collect();
    assert!(
        own.last().is_some_and(|s| s.is_unavailable() && has_code(s, "110")),
        "{}",
        story(&sent)
    );
    let other: Vec<_> = sent.iter().filter(|s| to(s) == BIGCHEESE).collect();
    assert!(
        other.iter().any(|s| s.is_unavailable() && from_nick(s) == "Efchen"),
        "{}",
        story(&sent)
    );
    assert!(other.iter().any(|s| text(s).contains(">xa<")), "{}", story(&sent));
    crate::late::reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    let late: Vec<_> = up.iter().map(|s| (from(s).to_owned(), s.type_.clone())).collect();
    assert!(late.contains(&(BIGCHEESE.to_owned(), Type::Absent)), "{}", story(&up));
    assert!(late.contains(&(EFCHEN.to_owned(), Type::Unavailable)), "{}", story(&up));
}

fn whisper() -> String {
    format!("<message id='pm1' to='{ROOM}/Wumpus' type='chat'><body>psst</body></message>")
}

/// Local user, from room/nick: ambiguous; ping now, and with the pong the error is passed on.
#[test]
fn an_unreachable_occupant_is_no_split_if_the_master_answers() {
    for condition in ["remote-server-timeout", "remote-server-not-found"] {
        let mut alone = LoneSlave::active(CHAT);
        alone.up(BIGCHEESE, &whisper());
        let message = alone.take().remove(0);
        alone.step(SlaveInput::Down(answered_with(&message, condition)));
        let sent = alone.take();
        let ping = sent.iter().find(|s| is_ping(s)).expect("it pings at once").clone();
        assert!(!sent.iter().any(Stanza::is_error), "not yet: {}", story(&sent));
        alone.down(&pong(&ping, 417));
        let sent = alone.take();
        let (_, passed, from) = one_error(&sent, BIGCHEESE);
        assert_eq!((passed.as_str(), from), (condition, occupant(WUMPUS)));
        assert!(!alone.copy().is_split());
    }
}

/// The same without the pong.
#[test]
fn an_unreachable_occupant_is_a_split_if_the_master_does_not_answer() {
    let mut alone = LoneSlave::active(CHAT);
    alone.up(BIGCHEESE, &whisper());
    let message = alone.take().remove(0);
    alone.step(SlaveInput::Down(answered_with(&message, "remote-server-timeout")));
    alone.take();
    alone.seconds(45);
    assert!(alone.copy().is_split());
    let sent = alone.take();
    assert_eq!(one_error(&sent, BIGCHEESE).1, "remote-server-timeout");
}

/// The local server knows that it made the error itself.
#[test]
fn an_error_of_its_own_server_is_a_split_whoever_was_addressed() {
    let mut alone = LoneSlave::active(CHAT);
    alone.up(BIGCHEESE, &whisper());
    let message = alone.take().remove(0);
    alone.bounce(&message, "remote-server-not-found");
    assert!(alone.copy().is_split());
}

/// Local user: the room's answer.
#[test]
fn the_rooms_answers_are_passed_on_and_no_split() {
    let answers = [
        "bad-request",
        "conflict",
        "feature-not-implemented",
        "forbidden",
        "gone",
        "internal-server-error",
        "item-not-found",
        "jid-malformed",
        "not-acceptable",
        "not-allowed",
        "not-authorized",
        "policy-violation",
        "recipient-unavailable",
        "redirect",
        "registration-required",
        "resource-constraint",
        "service-unavailable",
        "subscription-required",
        "undefined-condition",
        "unexpected-request",
    ];
    for condition in answers {
        for (from, to) in [(ROOM.to_owned(), BIGCHEESE), (occupant(WUMPUS), EFCHEN)] {
            let mut alone = LoneSlave::active(CHAT);
            let error = format!(
                "<message from='{from}' id='m7' to='{to}' type='error'>\
                 <error type='cancel'><{condition} {STANZAS}/></error></message>"
            );
            alone.down(&error);
            alone.sends(&[&error]);
            assert!(!alone.copy().is_split(), "{condition}");
        }
    }
}

/// A join to a room that is full is no split.
#[test]
fn a_refused_join_is_passed_on() {
    for condition in ["service-unavailable", "forbidden", "conflict", "registration-required"] {
        let mut alone = LoneSlave::active(CHAT);
        let ringo = "ringo@vesa.yeggmaex.irc/drum";
        alone.join_as(ringo, "Ringo");
        alone.take();
        let error = format!(
            "<presence from='{ROOM}/Ringo' to='{ringo}' type='error'>\
             <error type='cancel'><{condition} {STANZAS}/></error></presence>"
        );
        alone.down(&error);
        alone.sends(&[&error]);
        alone.down(&said("WiZ", "w9", "to those who are in", 418));
        let told: Vec<_> = alone.take();
        assert_eq!(told.iter().map(to).collect::<Vec<_>>(), [BIGCHEESE, EFCHEN]);
    }
}

/// §4.6: presence goes up with an id, which its author is not shown; and what has another id than
/// that which is refused goes up again if it is lost.
#[test]
fn an_error_tells_by_its_id_which_presence_it_answers() {
    let mut alone = LoneSlave::active(CHAT);
    let says =
        |show: &str| format!("<presence to='{ROOM}/BigCheese'><show>{show}</show></presence>");
    alone.up(BIGCHEESE, &says("away"));
    alone.up(BIGCHEESE, &says("xa"));
    let ids: Vec<_> = alone.take().iter().map(|sent| sent.id.clone().expect("an id")).collect();
    assert_ne!(ids[0], ids[1]);
    let error = |id: &str| {
        format!(
            "<presence from='{ROOM}/BigCheese'{id} to='{BIGCHEESE}' type='error'>\
             <error type='modify'><not-acceptable {STANZAS}/></error></presence>"
        )
    };
    alone.down(&error(&format!(" id='{}'", ids[1])));
    alone.sends(&[&error("")]);
    alone.seconds(21);
    let sent = alone.take();
    let ping = sent.iter().find(|sent| is_ping(sent)).expect("it pings after T");
    alone.down(&pong(ping, 417));
    let again = alone.take();
    let again: Vec<_> = again.iter().filter(|sent| from(sent) == BIGCHEESE).collect();
    assert_eq!(
        again.iter().map(|sent| sent.id.clone()).collect::<Vec<_>>(),
        [Some(ids[0].clone())]
    );
}

/// §4.6: presence is answered by the event with its id, and by no other that says the same.
#[test]
fn an_event_answers_the_presence_whose_id_it_has() {
    for answered in [false, true] {
        let mut alone = LoneSlave::active(CHAT);
        let away = "<show>away</show>";
        alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'>{away}</presence>"));
        let id = id(&alone.take()[0]);
        let id = if answered { format!(" id='{id}'") } else { String::new() };
        let event = event("BigCheese", 418, away);
        alone.down(&event.replace("<presence", &format!("<presence{id}")));
        alone.take();
        alone.seconds(21);
        assert_eq!(alone.take().iter().any(is_ping), !answered);
    }
}

/// §4.6, upward loss: what is unanswered for T makes it ping.
fn unanswered(stanza: &str) -> (LoneSlave, Stanza) {
    let mut alone = LoneSlave::active(CHAT);
    alone.up(BIGCHEESE, stanza);
    assert_eq!(alone.take().len(), 1);
    alone.seconds(21);
    let sent = alone.take();
    let ping = sent.iter().find(|s| is_ping(s)).expect("it pings after T").clone();
    assert_eq!(sent.len(), 1, "{}", story(&sent));
    (alone, ping)
}

#[test]
fn a_message_that_is_proven_lost_is_returned_to_its_author() {
    let body = "<body>hello?</body>";
    let message = format!("<message id='m1' to='{ROOM}' type='groupchat'>{body}</message>");
    let (mut alone, ping) = unanswered(&message);
    alone.down(&pong(&ping, 417));
    let sent = alone.take();
    let (type_, condition, from) = one_error(&sent, BIGCHEESE);
    assert_eq!((type_.as_str(), condition.as_str()), ("wait", "remote-server-timeout"));
    assert_eq!((from.as_str(), sent.len()), (ROOM, 1));
}

#[test]
fn joins_presences_and_leaves_that_are_proven_lost_are_relayed_again() {
    let again = [
        format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>"),
        format!("<presence to='{ROOM}/SmallCheese'/>"),
        format!("<presence to='{ROOM}/BigCheese' type='unavailable'/>"),
        format!(
            "<presence to='{ROOM}/BigCheese'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        ),
    ];
    for stanza in again {
        let (mut alone, ping) = unanswered(&stanza);
        alone.down(&pong(&ping, 417));
        let sent = alone.take();
        assert_eq!(sent.len(), 1, "{}", story(&sent));
        assert_eq!((from(&sent[0]), sent[0].kind), (BIGCHEESE, Kind::Presence), "{}", story(&sent));
    }
}

/// NJ-m27: the answer to a later message proves earlier ones lost; never submitted again.
#[test]
fn the_answer_to_a_later_message_proves_the_earlier_ones_lost() {
    let mut alone = LoneSlave::active(CHAT);
    alone.say(BIGCHEESE, "m1", "one");
    alone.say(BIGCHEESE, "m2", "two");
    alone.say(EFCHEN, "m3", "another session");
    alone.take();
    alone.down(&said("BigCheese", "m2", "two", 418));
    let sent = alone.take();
    let errors: Vec<_> = sent.iter().filter(|s| s.is_error()).collect();
    assert_eq!(errors.len(), 1, "{}", story(&sent));
    assert_eq!((id(errors[0]).as_str(), to(errors[0])), ("m1", BIGCHEESE));
    alone.seconds(19);
    assert!(!alone.take().iter().any(Stanza::is_error), "Efchen's may still be answered");
}

/// A pong that is ahead proves that something was lost downwards: nothing is returned yet.
#[test]
fn a_pong_that_is_ahead_leads_to_a_resync_and_not_to_errors() {
    let body = "<body>hello?</body>";
    let message = format!("<message id='m1' to='{ROOM}' type='groupchat'>{body}</message>");
    let (mut alone, ping) = unanswered(&message);
    alone.down(&pong(&ping, 418));
    let sent = alone.take();
    assert!(!sent.iter().any(Stanza::is_error), "{}", story(&sent));
    assert!(sent.iter().any(|s| text(s).contains("<register")), "{}", story(&sent));
    let id = id(sent.iter().find(|s| text(s).contains("<register")).unwrap());
    alone.down(&accept(&id, 418, "delta", &policy_xml(CHAT), ""));
    alone.down(&backfill("BigCheese", "m1", "hello?", 418));
    alone.down(&synced(418));
    let sent = alone.take();
    let heard = sent.iter().filter(|s| s.is_groupchat() && !to(s).starts_with(ROOM));
    assert_eq!(heard.map(to).collect::<Vec<_>>(), [BIGCHEESE, EFCHEN]);
    assert!(!sent.iter().any(|s| from(s) == BIGCHEESE && s.is_groupchat()), "{}", story(&sent));
}

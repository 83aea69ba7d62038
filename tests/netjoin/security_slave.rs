//! Threats and what the slave does about them (§6).

use wallops::dmuc::SlaveInput;
use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, ns};
use wallops::time::Duration;

use crate::cast::*;
use crate::late::CHAT;
use crate::lone_slave::*;
use crate::record::*;
use crate::stanzas::*;

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

const RINGO: &str = "ringo@vesa.yeggmaex.irc/drum";

/// T2, T22: ENTER for who never asked, who has left, for another resource, for another domain:
/// nobody is told anything, and the answer is the same for all of the slave's own domain.
#[test]
fn enter_for_who_did_not_ask_has_no_effect_and_one_answer() {
    let mut answers = Vec::new();
    for who in [RINGO, "rubenro@vesa.yeggmaex.irc/razor", "nobody@vesa.yeggmaex.irc/x"] {
        let mut alone = LoneSlave::active(Policy::default());
        alone.down(&enter("Ringo", who));
        let sent = alone.take();
        assert_eq!(sent.len(), 1, "{}", story(&sent));
        answers.push(text(&sent[0]).replace(who, "WHO"));
        alone.down(&said("WiZ", "w1", "who hears it?", 418));
        assert!(!alone.take().iter().any(|s| to(s) == who));
    }
    let expected = format!("<presence from='WHO' to='{ROOM}/Ringo' type='unavailable'/>");
    for answer in answers {
        let answer = xml(&answer.replace("WHO", RINGO));
        let expected = expected.replace("WHO", RINGO);
        assert_eq!(crate::pattern::differs(&expected, &answer, &mut Default::default()), None);
    }
}

/// T2: who has left.
#[test]
fn enter_for_who_has_left_has_no_effect() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese' type='unavailable'/>"));
    alone.down(&leave("BigCheese", BIGCHEESE, ""));
    alone.down(&departure("BigCheese", 418, ""));
    alone.take();
    alone.down(&enter("BigCheese", BIGCHEESE));
    let sent = alone.take();
    assert!(!sent.iter().any(|s| to(s) == BIGCHEESE), "{}", story(&sent));
    assert!(sent.iter().all(|s| s.is_unavailable() && from(s) == BIGCHEESE), "{}", story(&sent));
}

/// T2, Appendix A: the refusal is repeated like a leave until LEAVE comes (not in final states).
#[test]
fn the_refusal_of_an_enter_is_repeated_until_it_is_answered() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.down(&enter("Ringo", RINGO));
    alone.take();
    alone.seconds(21);
    let ping = alone.take().into_iter().find(is_ping).expect("it is not answered for T");
    alone.down(&crate::positions::pong(&ping, 417));
    let again = alone.take();
    assert_eq!((again.len(), from(&again[0])), (1, RINGO), "{}", story(&again));
    assert!(again[0].is_unavailable());
    alone.down(&leave("Ringo", RINGO, ""));
    alone.take();
    alone.seconds(60);
    let later = alone.take();
    assert!(!later.iter().any(|s| from(s) == RINGO), "{}", story(&later));
}

/// T2: queued while split.
#[test]
fn the_refusal_of_an_enter_is_late_after_a_split() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.down(&enter("Ringo", RINGO));
    let refusal = alone.take().remove(0);
    alone.bounce(&refusal, "remote-server-not-found");
    crate::late::reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    let late = up.iter().filter(|s| s.is_unavailable() && from(s) == RINGO).count();
    assert_eq!(late, 1, "{}", story(&up));
}

/// T2: another domain's user cannot be entered, and is not even denied.
#[test]
fn enter_for_another_domain_is_ignored() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.down(&enter("Spaf", "spaf@eris.dclxvii.irc/vax"));
    alone.sends(&[]);
}

/// T3: nothing that was not asked for creates state.
#[test]
fn nothing_unasked_for_creates_state() {
    let unasked = [
        state("WiZ", ""),
        event("WiZ", 1, ""),
        said("WiZ", "w1", "spam", 1),
        backfill("WiZ", "w2", "spam", 1),
        said("WiZ", "w3", "spam", 1).replace(&at(1), "<history/>"),
        enter("BigCheese", BIGCHEESE),
        leave("BigCheese", BIGCHEESE, ""),
        accept("reg1", 1, "full", "", &format!("<occupant jid='{BIGCHEESE}' nick='X'/>")),
        subject("spam"),
        synced(1),
    ];
    let mut alone = LoneSlave::new(Policy::default());
    for stanza in &unasked {
        alone.down(stanza);
        let sent = alone.take();
        assert!(!sent.iter().any(|s| to(s) == BIGCHEESE), "{}", story(&sent));
        assert!(!sent.iter().any(|s| s.kind == xml(stanza).kind && s.is_error()));
    }
    let empty = alone.slave.room(&bare(ROOM)).is_none_or(|room| {
        room.roster().is_empty()
            && room.history().iter().next().is_none()
            && room.subject().is_none()
    });
    assert!(empty);
}

/// T3: an accept with the right id from another room.
#[test]
fn an_accept_of_another_room_is_not_the_answer() {
    let mut alone = LoneSlave::new(Policy::default());
    alone.join(BIGCHEESE);
    let id = alone.register_id().unwrap();
    alone.take();
    let spoofed = accept(&id, 1, "full", "", "").replace(ROOM, "other@channel.avalon.irc");
    alone.down(&spoofed);
    alone.down(&state("WiZ", ""));
    let copy = alone.slave.room(&bare(ROOM)).unwrap();
    assert!(copy.roster().is_empty());
}

/// T4: a master speaks for its own room only.
#[test]
fn another_room_cannot_speak_to_the_slave() {
    let mut alone = LoneSlave::active(Policy::default());
    let other = said("WiZ", "w1", "from elsewhere", 418);
    alone.down(&other.replace("wallops@channel", "other@channel"));
    alone.down(&other.replace(ROOM, "wallops@evil.irc"));
    alone.sends(&[]);
    assert_eq!(alone.position().1, 417);
    let ping = ping("p1").replace(ROOM, "wallops@evil.irc");
    alone.down(&ping);
    assert_eq!(condition(&alone.take()[0]).as_deref(), Some("service-unavailable"));
}

/// T5: when the last moderator goes, the slave forgets the JIDs that it stores.
#[test]
fn jids_are_forgotten_with_the_last_moderator() {
    let mut alone = LoneSlave::active(Policy::default());
    let shown = |nick: &str, jid: &str| {
        state(nick, "").replace("role='participant'", &format!("role='participant' jid='{jid}'"))
    };
    alone.down(&shown("WiZ", WIZ));
    let role = |role: &str| format!("'{role}' jid='{BIGCHEESE}'");
    alone.down(&event("BigCheese", 418, "").replace("'participant'", &role("moderator")));
    alone.down(&event("BigCheese", 419, ""));
    alone.take();
    let copy = alone.copy();
    let stored: String =
        copy.roster().values().flat_map(|seat| seat.presence.iter().map(String::from)).collect();
    assert!(!stored.contains("squit@eris"), "{stored}");
    alone.join_as(RINGO, "Ringo");
    alone.down(&event("Ringo", 420, ""));
    alone.down(&enter("Ringo", RINGO).replace("'participant'", "'moderator'"));
    let burst = alone.take();
    assert!(!story(&burst).contains("squit@eris"), "{}", story(&burst));
}

/// T6: roles and affiliations are the master's; nothing of that kind is executed while split.
#[test]
fn nobody_gets_a_privilege_of_a_split_slave() {
    let mut alone = LoneSlave::split(EVERYTHING);
    for item in
        ["<item nick='BigCheese' role='moderator'/>", "<item nick='Efchen' role='visitor'/>"]
    {
        let query = format!("<query xmlns='http://jabber.org/protocol/muc#admin'>{item}</query>");
        alone.up(BIGCHEESE, &format!("<iq id='a1' to='{ROOM}' type='set'>{query}</iq>"));
        let sent = alone.take();
        assert_eq!((sent.len(), sent[0].is_error()), (1, true), "{}", story(&sent));
    }
    // Not even if the accept says something strange.
    let moderator = alone.copy().roster()["BigCheese"].role.clone();
    assert_eq!(moderator, wallops::room::Role::Participant);
}

/// T9: what a client makes of the elements of DMUC is taken out on the way up.
#[test]
fn a_slave_takes_the_elements_of_dmuc_out_of_what_users_send() {
    let inside = [
        format!("<enter jid='{EFCHEN}'/>"),
        format!("<leave jid='{EFCHEN}'/>"),
        "<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00Z'/>".to_owned(),
        at(500),
        "<synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='500'/>".to_owned(),
        "<state xmlns='urn:xmpp:tmp:dmuc:0#slave'/>".to_owned(),
    ];
    for element in inside {
        let x = format!("<x xmlns='urn:xmpp:tmp:dmuc:0'>{element}</x>");
        let mut alone = LoneSlave::active(Policy::default());
        let body = "<body>x</body>";
        alone.up(
            BIGCHEESE,
            &format!("<message id='m' to='{ROOM}' type='groupchat'>{body}{x}</message>"),
        );
        alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'>{x}</presence>"));
        alone.up(BIGCHEESE, &format!("<iq id='i' to='{ROOM}' type='get'>{x}</iq>"));
        let sent = alone.take();
        assert!(sent.len() >= 2, "{}", story(&sent));
        assert!(!story(&sent).contains("dmuc"), "{}", story(&sent));
    }
}

/// T9: registration by a client.
#[test]
fn a_slave_does_not_relay_a_register_of_its_users() {
    let mut alone = LoneSlave::active(Policy::default());
    let register = "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='evil'/>";
    alone.up(BIGCHEESE, &format!("<iq id='i' to='{ROOM}' type='set'>{register}</iq>"));
    let sent = alone.take();
    assert!(!sent.iter().any(|s| s.has_payload("register", ns::SLAVE) && !s.is_error()));
}

/// T12: the late queue; then new messages are refused, leaves are always accepted.
#[test]
fn the_late_queue_is_limited() {
    let mut alone = LoneSlave::split(CHAT);
    let mut refused = 0;
    for index in 0..1100 {
        alone.say(BIGCHEESE, &format!("m{index}"), "flood");
        let sent = alone.take();
        let error = sent.iter().find(|s| s.is_error());
        refused += usize::from(error.is_some());
        if let Some(error) = error {
            assert_eq!(condition(error).as_deref(), Some("resource-constraint"));
            assert_eq!(sent.len(), 1);
        }
    }
    assert_eq!(refused, 100);
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Efchen' type='unavailable'/>"));
    assert!(alone.take().iter().any(|s| to(s) == EFCHEN && has_code(s, "110")));
    crate::late::reconnect(&mut alone, 417, "");
    assert!(alone.gone_up().iter().any(|s| s.is_unavailable() && from(s) == EFCHEN));
}

/// T12: the late queue, by bytes.
#[test]
fn the_late_queue_is_limited_in_bytes() {
    let mut alone = LoneSlave::split(CHAT);
    let long = "x".repeat(60_000);
    for index in 0..30 {
        alone.say(BIGCHEESE, &format!("m{index}"), &long);
    }
    let refused = alone.take().iter().filter(|s| s.is_error()).count();
    assert!((10..=15).contains(&refused), "{refused} of 30 times 60 kB are too much for 1 MiB");
}

/// T12: a room that sends more history than was granted is left.
#[test]
fn a_slave_leaves_a_room_that_sends_more_than_was_granted() {
    let mut alone = LoneSlave::new(Policy::default());
    alone.join(BIGCHEESE);
    let id = alone.register_id().unwrap();
    alone.take();
    alone.down(&accept(&id, 5, "full", "", ""));
    for index in 0..300 {
        let message = said("WiZ", &format!("w{index}"), "history", 1).replace(&at(1), "<history/>");
        alone.down(&message);
    }
    let sent = alone.take();
    assert!(sent.iter().any(|s| s.has_payload("deregister", ns::SLAVE)), "{}", story(&sent));
}

/// T18: every IQ may be delivered twice.
#[test]
fn replayed_answers_are_harmless() {
    let mut alone = LoneSlave::split(CHAT);
    crate::late::returns(&mut alone);
    let answer = accept("$reg", 417, "delta", "", "");
    alone.down(&answer);
    alone.down(&answer);
    alone.down(&synced(417));
    alone.down(&synced(417));
    let up = alone.gone_up();
    assert_eq!(up.iter().filter(|s| s.has_payload("synced", ns::SLAVE)).count(), 1);
    alone.acknowledge_last(&up[0]);
    alone.acknowledge_last(&up[0]);
    alone.down(&answer);
    alone.sends(&[]);
}

/// T20: ids of IQs do not repeat across runs of a process.
#[test]
fn ids_do_not_repeat_across_restarts() {
    let ids = |at: u64| {
        let mut alone = LoneSlave::new(Policy::default());
        alone.now += Duration::from_secs(at);
        alone.step(SlaveInput::Restarted(Vec::new(), Vec::new()));
        alone.join(BIGCHEESE);
        alone.register_id().unwrap()
    };
    assert_ne!(ids(0), ids(1));
}

/// T20: a thousand pings in a second are not all answered.
#[test]
fn a_flood_of_pings_is_not_answered_in_full() {
    let mut alone = LoneSlave::active(Policy::default());
    for index in 0..1000 {
        alone.down(&ping(&format!("p{index}")));
        alone.now += Duration::from_millis(1);
    }
    let answers = alone.take().len();
    assert!(answers < 1000, "{answers}");
}

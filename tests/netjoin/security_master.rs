//! Threats and what the master does about them (§6). What a server has to see to is tested at the
//! servers: the authenticated domain of a stream (T1, T4), names of accounts (T10), encryption
//! (T19); T13 is not defended.

use wallops::stanza::{Stanza, Type};
use wallops::time::Duration;

use crate::cast::*;
use crate::lone_master::*;
use crate::master_netjoin::{late_say, vesa_away, vesa_back};
use crate::record::*;

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

const RINGO: &str = "ringo@vesa.yeggmaex.irc/drum";

/// T1: the master's part; a slave lists only users of its own domain (see the refusals), and its
/// late stanzas are judged by their sender.
#[test]
fn a_slave_cannot_speak_for_another_domain() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let before = alone.nicks();
    alone.send(
        ERIS,
        &format!("<message id='m1' to='{ROOM}' type='groupchat'><body>I am eris</body></message>"),
    );
    let sent = alone.take();
    assert!(!sent.iter().any(|s| s.is_groupchat() && s.body().is_some()), "{}", story(&sent));
    assert_eq!(alone.nicks(), before);
}

/// T1: ENTER and LEAVE go only to the slave of the very domain.
#[test]
fn enter_and_leave_go_to_the_slave_of_the_domain_only() {
    let mut alone = LoneMaster::with(&[WUMPUS]);
    alone.join(BIGCHEESE);
    alone.leave(BIGCHEESE);
    let sent = alone.take();
    let single: Vec<_> = sent.iter().filter(|s| is_enter(s) || is_leave(s)).map(to).collect();
    assert_eq!(single, [VESA, VESA]);
}

/// T5, NJ-m19: JIDs are not in the state for a slave whose moderator left during the split.
#[test]
fn a_slave_whose_moderator_was_demoted_meanwhile_gets_no_jids() {
    let mut alone = LoneMaster::with(&[WUMPUS, WIZ, BIGCHEESE]);
    alone.admin(WUMPUS, "a1", "<item nick='BigCheese' role='moderator'/>");
    alone.lose(VESA);
    alone.admin(WUMPUS, "a2", "<item nick='BigCheese' role='participant'/>");
    alone.join(PHAEDRUS);
    vesa_back(&mut alone, &[(BIGCHEESE, "BigCheese")]);
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == VESA).collect();
    assert!(sent.len() > 2);
    assert!(
        !story(&sent).contains("phaedrus@") && !story(&sent).contains("jid="),
        "{}",
        story(&sent)
    );
}

/// T5: not in errors, actors or delays either.
#[test]
fn the_actor_of_a_kick_is_not_named_by_his_jid() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE, EFCHEN]);
    alone.admin(WUMPUS, "a1", "<item nick='Efchen' role='none'/>");
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == VESA).collect();
    assert!(!story(&sent).contains("argl@killrc"), "{}", story(&sent));
}

/// T6: nicks of who is behind a split slave are reserved until D.
#[test]
fn the_nick_of_who_is_behind_a_split_slave_cannot_be_taken() {
    let mut alone = vesa_away();
    alone.join_as("george@eris.dclxvii.irc/guitar", "BigCheese");
    let sent = alone.take();
    let told: Vec<_> = sent.iter().filter(|s| !is_ping(s)).collect();
    assert_eq!(told.len(), 1, "{}", story(&sent));
    assert_eq!(condition(told[0]).as_deref(), Some("conflict"));
}

/// T8: only between accept and own `synced`, only by who is an occupant now, no more than granted.
#[test]
fn late_messages_of_who_is_not_in_the_room_are_refused() {
    let mut alone = vesa_away();
    let now = alone.now;
    vesa_back(&mut alone, &[(BIGCHEESE, "BigCheese"), (EFCHEN, "Efchen")]);
    alone.take();
    late_say(&mut alone, RINGO, "r1", "let me in", now);
    late_say(&mut alone, "spaf@eris.dclxvii.irc/vax", "r2", "me too", now);
    let sent = alone.take();
    assert!(sent.iter().all(Stanza::is_error), "{}", story(&sent));
    // WiZ is an occupant, but not of that slave: his is live.
    late_say(&mut alone, WIZ, "w1", "old news", now - Duration::from_secs(40));
    let sent = alone.take();
    let live = sent.iter().find(|s| to(s) == KILLRC).unwrap().dmuc().unwrap();
    assert!(!live.at.unwrap().backfill, "{}", story(&sent));
}

/// T8: ten thousand of them.
#[test]
fn late_messages_are_limited_by_the_history_that_was_granted() {
    let mut alone = vesa_away();
    let now = alone.now;
    vesa_back(&mut alone, &[(BIGCHEESE, "BigCheese"), (EFCHEN, "Efchen")]);
    alone.take();
    for index in 0..10_000 {
        late_say(&mut alone, BIGCHEESE, &format!("x{index}"), "flood", now);
        if index % 500 == 0 {
            let sent = alone.take();
            assert!(index <= 1000 || sent.iter().all(Stanza::is_error), "{index}");
        }
    }
    assert_eq!(alone.nicks().len(), 6, "nothing else is lost");
}

/// T9: the master takes them out of every user stanza outside a late phase.
#[test]
fn a_master_takes_the_elements_of_dmuc_out_of_what_users_send() {
    let inside = [
        format!("<enter jid='{EFCHEN}'/>"),
        format!("<leave jid='{EFCHEN}'/>"),
        "<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00Z'/>".to_owned(),
        "<at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='500'/>".to_owned(),
        "<synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='500'/>".to_owned(),
        "<state xmlns='urn:xmpp:tmp:dmuc:0#slave'/>".to_owned(),
    ];
    for element in inside {
        let x = format!("<x xmlns='urn:xmpp:tmp:dmuc:0'>{element}</x>");
        let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
        alone.join(STRANGER);
        alone.take();
        let body = "<body>x</body>";
        alone.send(
            STRANGER,
            &format!("<message id='m' to='{ROOM}' type='groupchat'>{body}{x}</message>"),
        );
        alone.send(STRANGER, &format!("<presence to='{ROOM}/Kehs'>{x}</presence>"));
        for stanza in alone.take().iter().filter(|s| to(s) == VESA) {
            let own = stanza.dmuc().unwrap();
            assert!(own.enter.is_none() && own.leave.is_none(), "{}", text(stanza));
            assert!(own.state.is_none() && own.synced.is_none(), "{}", text(stanza));
            assert_eq!(own.at.unwrap().epoch, alone.names["epoch"]);
            assert!(own.delay.is_none_or(|delay| delay.stamp == alone.now));
        }
    }
}

/// T10: a user's error splits nobody; neither does a stale one.
#[test]
fn errors_of_users_split_nobody() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE, EFCHEN]);
    alone.say(WUMPUS, "m1", "hello");
    alone.take();
    for condition in ["remote-server-not-found", "remote-server-timeout", "service-unavailable"] {
        let error = format!(
            "<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        );
        alone.send(
            "nobody@vesa.yeggmaex.irc/x",
            &format!("<message id='m1' to='{ROOM}' type='error'>{error}</message>"),
        );
    }
    alone.take();
    alone.say(WUMPUS, "m2", "still there?");
    assert!(alone.take().iter().any(|s| to(s) == VESA && s.is_groupchat()));
}

/// T11: of a hundred registers in a second one is synced.
#[test]
fn a_hundred_registers_are_one_sync() {
    let mut alone = LoneMaster::new();
    alone.join(WUMPUS);
    alone.take();
    let mut accepted = 0;
    for index in 0..100 {
        let id = alone.register_with(VESA, &format!("run{index}"), "");
        let sent = alone.take();
        let answer = answer(&sent, &id);
        accepted += usize::from(answer.type_ == Type::Result);
        assert!(answer.type_ == Type::Result || sent.len() == 1, "{}", story(&sent));
        alone.now += Duration::from_millis(10);
    }
    assert_eq!(accepted, 1);
}

/// T14: occupants of one domain are limited.
#[test]
fn a_domain_cannot_fill_the_room() {
    let mut room = room();
    room.grants.domain_users_max = Some(2);
    let mut alone = LoneMaster::of(registering(room)).entered(&[WUMPUS, BIGCHEESE, EFCHEN]);
    alone.join_as(RINGO, "Ringo");
    let sent = alone.take();
    assert_eq!((sent.len(), sent[0].is_error()), (1, true), "{}", story(&sent));
    assert_eq!(alone.nicks(), ["Wumpus", "BigCheese", "Efchen"]);
}

/// T15: no event names a domain or a slave.
#[test]
fn events_of_a_split_do_not_name_the_domain() {
    let mut alone = LoneMaster::with(&[BIGCHEESE, EFCHEN, PHAEDRUS]);
    alone.lose(VESA);
    alone.seconds_answered(3700, &[KILLRC, ERIS]);
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == KILLRC).collect();
    assert!(sent.iter().any(Stanza::is_unavailable));
    assert!(!story(&sent).contains("vesa"), "{}", story(&sent));
}

/// T16: who was expelled cannot speak through the split.
#[test]
fn late_messages_of_who_was_expelled_are_refused() {
    let mut alone = vesa_away();
    let now = alone.now;
    alone.admin(WIZ, "a1", "<item nick='Efchen' role='none'/>");
    vesa_back(&mut alone, &[(BIGCHEESE, "BigCheese"), (EFCHEN, "Efchen")]);
    alone.take();
    late_say(&mut alone, EFCHEN, "e1", "let me finish", now);
    let sent = alone.take();
    assert_eq!((sent.len(), sent[0].is_error()), (1, true), "{}", story(&sent));
}

/// T18: every IQ may be delivered twice.
#[test]
fn replayed_iqs_are_harmless() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let resume = alone.resume(VESA);
    let listed = format!("{resume}<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    for _ in 0..2 {
        alone.register_with(VESA, "one", &listed);
        alone.finish(VESA);
        alone.finish(VESA);
    }
    alone.take();
    alone.say(WUMPUS, "m1", "all well?");
    assert_eq!(alone.take().iter().filter(|s| to(s) == VESA).count(), 1);
}

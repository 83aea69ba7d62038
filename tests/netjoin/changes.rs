//! The conflicts of §5.2, rows 16 to 25: what became of the room, and of those who stayed away.

use wallops::stanza::{Stanza, ns};
use wallops::time::Duration;

use crate::cast::*;
use crate::conflicts::{GEORGE, vesa_split};
use crate::record::*;
use crate::stage::{Stage, Way};

pub fn configure(stage: &mut Stage, fields: &[(&str, &str)]) {
    let fields: String = fields
        .iter()
        .map(|(var, value)| format!("<field var='{var}'><value>{value}</value></field>"))
        .collect();
    let form = format!(
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
         <value>http://jabber.org/protocol/muc#roomconfig</value></field>{fields}</x>"
    );
    let query = format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>");
    let id = stage.id("c");
    stage.send(WUMPUS, &format!("<iq id='{id}' to='{ROOM}' type='set'>{query}</iq>"));
}

#[test]
fn row_16_who_is_no_member_of_a_members_room_is_out() {
    let mut stage = vesa_split();
    stage.set_affiliation(WUMPUS, BIGCHEESE, "member");
    configure(&mut stage, &[("muc#roomconfig_membersonly", "1")]);
    stage.rejoin();
    assert_eq!(stage.presences(EFCHEN), ["-Efchen 110 322"]);
    assert!(stage.client(BIGCHEESE).is_in());
    let warned = stage.record.got(BIGCHEESE);
    assert!(warned.iter().any(|s| s.is_groupchat() && has_code(s, "104")));
}

#[test]
fn row_17_present_occupants_stay_when_the_password_changes() {
    let mut stage = vesa_split();
    let password = [
        ("muc#roomconfig_passwordprotectedroom", "1"),
        ("muc#roomconfig_roomsecret", "cauldronburn"),
    ];
    configure(&mut stage, &password);
    stage.rejoin();
    assert!(stage.client(BIGCHEESE).is_in() && stage.client(EFCHEN).is_in());
    let warned = stage.record.got(BIGCHEESE);
    assert!(warned.iter().any(|s| s.is_groupchat() && has_code(s, "104")));
}

#[test]
fn row_18_jids_appear_after_the_warning_only() {
    let mut stage = vesa_split();
    stage.shows_jids = true;
    configure(&mut stage, &[("muc#roomconfig_whois", "anyone")]);
    stage.rejoin();
    let got = stage.record.got(EFCHEN);
    let warning = got.iter().position(|s| has_code(s, "172")).expect("172");
    let first = got.iter().position(|s| item(s, "jid").is_some()).expect("JIDs");
    assert!(warning < first, "warned at {warning}, JIDs at {first}");
    let seen = &stage.client(EFCHEN).view;
    assert!(seen.values().all(|seen| seen.jid.is_some()), "{seen:?}");
}

fn destroy(stage: &mut Stage) {
    let destroy = "<destroy jid='operlog@channel.avalon.irc'><reason>over</reason></destroy>";
    let query = format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{destroy}</query>");
    stage.send(WUMPUS, &format!("<iq id='d1' to='{ROOM}' type='set'>{query}</iq>"));
}

#[test]
fn row_19_if_the_room_was_destroyed_they_are_told_where_to_go() {
    let mut stage = vesa_split();
    destroy(&mut stage);
    stage.heal(VESA);
    stage.seconds(100);
    for who in [BIGCHEESE, EFCHEN] {
        let got = stage.record.got(who);
        let last = got.last().unwrap();
        assert!(last.is_unavailable() && from_nick(last) == nick(who) && has_code(last, "110"));
        let x = last.payload("x", ns::MUC_USER).unwrap();
        let destroyed = x.get_child("destroy", ns::MUC_USER).expect("destroy");
        assert_eq!(destroyed.attr("jid"), Some("operlog@channel.avalon.irc"));
        assert!(!stage.client(who).is_in());
    }
}

#[test]
fn row_20_nobody_is_carried_over_into_a_new_room_of_that_name() {
    let mut stage = vesa_split();
    stage.say(BIGCHEESE, "nobody there?");
    destroy(&mut stage);
    stage.join_as(GEORGE, "WiZ");
    stage.heal(VESA);
    stage.seconds(100);
    for who in [BIGCHEESE, EFCHEN] {
        let told = stage.presences(who);
        let last = told.last().unwrap();
        assert!(last.starts_with(&format!("-{}", nick(who))), "{told:?}");
        assert!(last.contains("110"), "{told:?}");
        assert!(!stage.client(who).is_in());
    }
    let room = stage.service().room(&bare(ROOM)).unwrap();
    assert_eq!(room.roster().keys().collect::<Vec<_>>(), ["WiZ"]);
    assert_eq!(room.history().iter().count(), 0);
}

#[test]
fn row_21_the_subject_is_the_masters() {
    let mut stage = vesa_split();
    stage.set_subject(BIGCHEESE, "ours");
    stage.set_subject(WUMPUS, "EFnet");
    stage.rejoin();
    assert_eq!(stage.client(EFCHEN).subject.as_deref(), Some("EFnet"));
    let told = stage.record.got(EFCHEN);
    assert_eq!(told.iter().filter(|s| s.subject().is_some()).count(), 1);
}

#[test]
fn row_22_roles_and_affiliations_are_the_masters() {
    let mut stage = vesa_split();
    stage.set_role(WIZ, "BigCheese", "moderator");
    stage.set_affiliation(WUMPUS, EFCHEN, "member");
    stage.rejoin();
    assert_eq!(stage.presences(BIGCHEESE).iter().filter(|s| *s == "+BigCheese 110").count(), 1);
    let view = &stage.client(BIGCHEESE).view;
    assert!(view.values().all(|seen| seen.jid.is_some()), "a moderator sees JIDs: {view:?}");
    assert_eq!(view["Efchen"].affiliation, "member");
}

#[test]
fn row_23_who_was_given_up_comes_back_as_a_newcomer() {
    let mut stage = vesa_split();
    stage.seconds(3700);
    assert!(!stage.presences(WIZ).is_empty(), "removed at the master");
    assert_eq!(stage.presences(EFCHEN), Vec::<String>::new(), "INV-STAY");
    stage.join_as(GEORGE, "BigCheese");
    stage.rejoin();
    assert!(stage.client(EFCHEN).is_in() && stage.client(BIGCHEESE).is_in());
    assert_eq!(stage.client(BIGCHEESE).nick(), "BigCheese~2");
}

#[test]
fn row_24_a_kick_stands_though_its_moderator_left() {
    let mut stage = vesa_split();
    stage.kick(WIZ, "Efchen");
    stage.leave(WIZ);
    stage.rejoin();
    assert!(stage.presences(EFCHEN).contains(&"-Efchen 110 307".to_owned()));
}

/// Row 25: the slave's own `synced` is lost with the answers, so all of it comes again.
#[test]
fn row_25_what_is_submitted_twice_is_one_event() {
    let mut stage = vesa_split();
    stage.say(BIGCHEESE, "once");
    stage.heal(VESA);
    let late = |stage: &Stage| {
        let up = stage.record.hop(Hop::SlaveToMaster);
        up.iter().any(|s: &Stanza| s.is_groupchat())
    };
    for _ in 0..6000 {
        stage.advance(Duration::from_millis(10));
        if late(&stage) {
            break;
        }
    }
    assert!(late(&stage), "the message goes up late");
    stage.advance(Duration::from_millis(21));
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.seconds(100);
    stage.rejoin();
    assert_eq!(stage.hears(WIZ), ["BigCheese: once late"]);
    assert_eq!(stage.hears(EFCHEN), ["BigCheese: once"]);
}

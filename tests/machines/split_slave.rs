//! The master is lost: the slave's side (register, N, At the Slave; 3.5.4, 3.5.5 with nothing
//! granted).

use wallops::dmuc::Change;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// All are in, vesa is cut off and knows it; the record is empty.
fn alone() -> Stage {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Silent);
    stage.say(EFCHEN, "Hello?");
    assert!(is_split(&stage));
    stage.record.clear();
    stage.client(EFCHEN).errors.clear();
    stage
}

fn is_split(stage: &Stage) -> bool {
    stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split()
}

/// An error from this address with this condition arrives for this one.
fn error(stage: &mut Stage, kind: &str, from: &str, to: &str, condition: &str) {
    stage.forge_at(
        VESA,
        &format!(
            "<{kind} from='{from}' id='x' to='{to}' type='error'><error type='cancel'><{condition} \
         xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{kind}>"
        ),
    );
}

/// `slave.split.trigger`, `split.detect.by-bounce`
#[test]
fn an_error_from_the_room_for_the_slave_is_a_split() {
    for kind in ["message", "presence"] {
        let mut stage = Stage::full();
        error(&mut stage, kind, ROOM, VESA, "remote-server-not-found");
        assert!(stage.record.iter().any(|record| record.is_note(Change::Split)), "{kind}");
    }
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.seconds(90);
    stage.cut(VESA, Way::Bounce, Way::Silent);
    stage.seconds(20);
    assert!(is_split(&stage), "the second ping came back");
}

/// `slave.split.sees-user-bounces`
#[test]
fn the_bounce_of_what_a_user_sent_is_a_split_and_not_the_rooms_answer() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Up);
    let id = stage.say(BIGCHEESE, "one");
    assert!(is_split(&stage));
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(got.len(), 1);
    assert_eq!((from(&got[0]), got[0].id.as_deref()), (ROOM, Some(id.as_str())));
    assert_eq!(condition(&got[0]).as_deref(), Some("remote-server-timeout"));
    assert_eq!(error_type(&got[0]), Some("wait"));
}

/// `slave.split.sees-user-bounces`: what bounces is treated as if it came now.
#[test]
fn a_leave_that_bounces_is_carried_out_and_presence_is_shown() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Up);
    stage.leave(BIGCHEESE);
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).len(), 1);
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN)[0].is_unavailable());
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Up);
    stage.show(BIGCHEESE, "away");
    for who in [BIGCHEESE, EFCHEN] {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert!(got.len() == 1 && got[0].is_available());
    }
}

/// `slave.split.app-errors-not-split`, 3.5.4
#[test]
fn ordinary_errors_reach_the_user_and_split_nobody() {
    for condition in [
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
    ] {
        let mut stage = Stage::full();
        error(&mut stage, "message", ROOM, BIGCHEESE, condition);
        assert!(!is_split(&stage), "{condition}");
        let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
        assert_eq!(got.len(), 1);
        assert_eq!(super::record::condition(&got[0]).as_deref(), Some(condition));
        stage.say(BIGCHEESE, "one");
        assert_eq!(stage.record.from(Hop::SlaveToMaster, BIGCHEESE).len(), 1);
    }
}

/// 3.5.4: an error of a broken link from an occupant's address may be about his link; a ping tells.
#[test]
fn an_ambiguous_error_is_passed_on_and_makes_the_slave_ping() {
    let mut stage = Stage::full();
    error(&mut stage, "message", &occupant(WUMPUS), BIGCHEESE, "remote-server-timeout");
    assert!(!is_split(&stage));
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).len(), 1);
    let pings = stage.record.from(Hop::SlaveToMaster, VESA);
    assert_eq!(pings.iter().filter(|stanza| is_ping(stanza)).count(), 1);
    stage.seconds(30);
    assert!(!is_split(&stage));
}

/// 3.5.4: feature-not-implemented to a ping proves a live master.
#[test]
fn an_answer_that_proves_a_live_master_is_no_split() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.seconds(90);
    let ping = stage.record.from(Hop::SlaveToMaster, VESA).pop().unwrap();
    stage.forge_at(
        VESA,
        &format!(
            "<iq from='{ROOM}' id='{}' to='{VESA}' type='error'><error \
         type='cancel'><feature-not-implemented \
         xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            ping.id.unwrap()
        ),
    );
    stage.seconds(89);
    assert!(!is_split(&stage));
    assert_eq!(stage.record.from(Hop::SlaveToMaster, VESA).len(), 1);
}

/// `slave.split.stop-submitting`, INV-QUIET-S
#[test]
fn nothing_but_pings_goes_up_while_split() {
    let mut stage = alone();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.say(BIGCHEESE, "one");
    stage.set_subject(BIGCHEESE, "two");
    stage.show(BIGCHEESE, "away");
    stage.whisper(BIGCHEESE, "Efchen", "psst");
    stage.rename(EFCHEN, "Effie");
    stage.kick(EFCHEN, "BigCheese");
    stage.leave(EFCHEN);
    stage.join(EFCHEN);
    stage.seconds(100);
    let up = stage.record.hop(Hop::SlaveToMaster);
    let own: Vec<_> = up.iter().filter(|s| domain_of(from(s)) == "vesa.yeggmaex.irc").collect();
    assert!(own.len() > 10 && own.iter().all(|stanza| is_ping(stanza)));
}

/// `slave.split.react-presence`
#[test]
fn presence_is_shown_to_the_local_users_with_role_and_affiliation() {
    let mut stage = alone();
    stage.show(BIGCHEESE, "away");
    for who in [BIGCHEESE, EFCHEN] {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(got.len(), 1);
        assert_eq!((from_nick(&got[0]), item(&got[0], "role")), ("BigCheese", Some("participant")));
        assert_eq!(item(&got[0], "affiliation"), Some("none"));
        assert_eq!(got[0].payload("show", ns::CLIENT).unwrap().text(), "away");
        assert_eq!(has_code(&got[0], "110"), who == BIGCHEESE);
    }
}

/// `slave.split.react-leave`
#[test]
fn a_leave_is_shown_and_the_leaver_is_in_the_roster_no_more() {
    let mut stage = alone();
    let to = occupant(BIGCHEESE);
    stage.send(
        BIGCHEESE,
        &format!("<presence to='{to}' type='unavailable'><status>gone fishing</status></presence>"),
    );
    for (who, own) in [(BIGCHEESE, true), (EFCHEN, false)] {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(got.len(), 1);
        assert!(got[0].is_unavailable() && has_code(&got[0], "110") == own);
        assert_eq!(item(&got[0], "role"), Some("none"));
        assert_eq!(got[0].payload("status", ns::CLIENT).unwrap().text(), "gone fishing");
    }
    let copy = stage.slave(VESA).room(&bare(ROOM)).unwrap();
    assert!(!copy.roster().contains_key("BigCheese"));
    stage.record.clear();
    stage.join(EFCHEN);
    assert!(!nicks(&stage.record.to(Hop::SlaveToUser, EFCHEN)).contains(&"BigCheese"));
}

/// `slave.split.react-leave`: a moderator sees the JID also where the slave speaks for the room.
#[test]
fn a_moderator_sees_who_it_is_that_leaves_in_a_split() {
    let mut stage = Stage::full();
    stage.cut(ERIS, Way::Bounce, Way::Silent);
    stage.leave(TROY);
    let got = stage.record.to(Hop::SlaveToUser, WIZ);
    assert_eq!(item(&got[0], "jid"), Some(TROY));
}

/// `slave.split.local-chat`, `slave.split.local-private`, `slave.split.local-enter`,
/// `slave.split.local-kick`: nothing of it is granted, and whoever tries is told.
#[test]
fn what_nobody_has_granted_is_returned() {
    let mut stage = alone();
    let ids = [
        stage.say(BIGCHEESE, "one"),
        stage.set_subject(BIGCHEESE, "two"),
        stage.whisper(BIGCHEESE, "Efchen", "local"),
        stage.whisper(BIGCHEESE, "Wumpus", "remote"),
        stage.kick(BIGCHEESE, "Efchen"),
        stage.ping(BIGCHEESE, "Efchen"),
    ];
    let errors = stage.clients[BIGCHEESE].errors.clone();
    assert_eq!(errors.len(), ids.len());
    for (error, id) in errors.iter().zip(&ids) {
        assert_eq!(error.id.as_deref(), Some(id.as_str()));
        assert_eq!(condition(error).as_deref(), Some("remote-server-timeout"));
        assert_eq!(error_type(error), Some("wait"));
    }
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN).is_empty());
}

/// `slave.split.local-enter`: a newcomer is told to come later.
#[test]
fn a_newcomer_is_turned_away_while_split() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.cut(VESA, Way::Bounce, Way::Silent);
    stage.say(EFCHEN, "Hello?");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(got.len(), 1);
    assert_eq!(
        (condition(&got[0]).as_deref(), error_type(&got[0])),
        (Some("remote-server-timeout"), Some("wait"))
    );
    stage.calm_down();
    stage.assert_converged();
    assert!(!stage.clients[BIGCHEESE].is_in());
}

/// 3.5.5: visitors are told that they may not speak, nicks are locked.
#[test]
fn visitors_and_those_who_want_another_nick_are_told_why_not() {
    let mut stage = Stage::full();
    stage.set_role(WUMPUS, "BigCheese", "visitor");
    stage.cut(VESA, Way::Bounce, Way::Silent);
    stage.say(EFCHEN, "Hello?");
    stage.say(BIGCHEESE, "one");
    stage.rename(EFCHEN, "Effie");
    let error = |who: &str| condition(stage.clients[who].errors.last().unwrap());
    assert_eq!(error(BIGCHEESE).as_deref(), Some("forbidden"));
    assert_eq!(error(EFCHEN).as_deref(), Some("not-acceptable"));
    assert_eq!(stage.clients[EFCHEN].nick(), "Efchen");
}

/// `slave.split.mark-away`: it may, and this slave does not.
#[test]
fn remote_occupants_are_shown_as_they_were() {
    let mut stage = alone();
    stage.seconds(500);
    assert!(
        stage.record.hop(Hop::SlaveToUser).iter().all(|s| domain_of(to(s)) != "vesa.yeggmaex.irc")
    );
    assert_eq!(stage.clients[EFCHEN].view.len(), 7);
}

/// `slave.split.rejoin-answer`
#[test]
fn a_self_ping_and_a_clients_resync_are_answered_while_split() {
    let mut stage = alone();
    let id = stage.ping(BIGCHEESE, "BigCheese");
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!((got[0].id.as_deref(), got[0].is_error()), (Some(id.as_str()), false));
    assert_eq!(from_nick(&got[0]), "BigCheese");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let burst = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(burst.len(), 6 + 1 + PAST.len() + 1);
    assert!(has_code(&burst[6], "110") && burst.last().unwrap().subject().is_some());
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN).is_empty());
}

/// `split.stale-bounce` at the slave: the error of a ping long answered.
#[test]
fn a_late_bounce_of_a_ping_is_no_split() {
    let mut stage = Stage::full();
    stage.forge_at(
        VESA,
        &format!(
            "<iq from='{ROOM}' id='sk9' to='{VESA}' type='error'><error \
         type='cancel'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>\
         </iq>"
        ),
    );
    assert!(!is_split(&stage));
}

/// `split.no-error-reply`
#[test]
fn no_error_makes_a_slave_send_an_error_up() {
    let mut stage = alone();
    stage.cut(VESA, Way::Up, Way::Up);
    for from in [ROOM, "wallops@channel.avalon.irc/Wumpus", "nobody@nowhere.irc"] {
        for kind in ["message", "presence", "iq"] {
            error(&mut stage, kind, from, VESA, "item-not-found");
        }
    }
    let up = stage.record.hop(Hop::SlaveToMaster);
    assert!(!up.iter().any(Stanza::is_error));
    assert!(stage.record.hop(Hop::Astray).is_empty());
}

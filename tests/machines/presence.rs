//! Presence updates, and who sees JIDs (register, J).

use wallops::room::Whois;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

/// All are in, and this one goes away.
fn away(who: &str) -> Stage {
    let mut stage = Stage::full();
    stage.show(who, "away");
    stage
}

/// `master.presence.to-all-slaves`, `master.presence.item`
#[test]
fn a_change_of_presence_goes_to_each_slave_once_with_affiliation_and_role() {
    let down = away(WIZ).record.hop(Hop::MasterToSlave);
    assert_eq!(down.iter().map(to).collect::<Vec<_>>(), SLAVES);
    for stanza in down {
        assert_eq!(item(&stanza, "affiliation"), Some("admin"));
        assert_eq!(item(&stanza, "role"), Some("moderator"));
        assert_eq!(stanza.payload("show", ns::CLIENT).unwrap().text(), "away");
    }
}

/// `master.presence.no-jid-without-moderators`, `master.presence.jid-with-moderators`,
/// INV-JID-SLAVE
#[test]
fn slaves_with_a_moderator_get_the_jid_and_others_do_not() {
    let down = away(BIGCHEESE).record.hop(Hop::MasterToSlave);
    let jids: Vec<_> = down.iter().map(|stanza| (to(stanza), item(stanza, "jid"))).collect();
    assert_eq!(jids, [(KILLRC, Some(BIGCHEESE)), (ERIS, Some(BIGCHEESE)), (VESA, None)]);
}

/// `master.presence.no-jid-without-moderators`: when the last moderator goes or is none any more.
#[test]
fn a_slave_gets_no_jids_any_more_when_its_last_moderator_is_gone() {
    let mut stage = Stage::full();
    stage.leave(WUMPUS);
    let departure = stage.record.to(Hop::MasterToSlave, KILLRC);
    assert!(departure.iter().filter(|s| !is_leave(s)).all(|s| item(s, "jid").is_none()));
    stage.record.clear();
    stage.set_role(WIZ, "Troy", "participant");
    stage.show(BIGCHEESE, "away");
    let down = stage.record.to(Hop::MasterToSlave, KILLRC);
    assert!(down.iter().all(|stanza| item(stanza, "jid").is_none()));
    assert!(stage.record.to(Hop::MasterToSlave, ERIS).iter().all(|s| item(s, "jid").is_some()));
    stage.leave(WIZ);
    stage.record.clear();
    stage.show(BIGCHEESE, "xa");
    assert!(stage.record.hop(Hop::MasterToSlave).iter().all(|s| item(s, "jid").is_none()));
    let stored = stage.slave(ERIS).room(&bare(ROOM)).unwrap().roster();
    let known =
        |seat: &wallops::room::Seat| seat.presence.iter().any(|p| String::from(p).contains("jid="));
    assert!(!stored.values().any(known), "what was known is forgotten");
}

/// `slave.presence.strip-jid`, `slave.presence.keep-jid-for-moderators`, INV-JID-USER,
/// `usecase.arrival.distributed`
#[test]
fn moderators_see_the_jid_and_nobody_else_does() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.join(BIGCHEESE);
    for (who, sees) in [
        (WUMPUS, true),
        (VALDIS, false),
        (PHAEDRUS, false),
        (WIZ, true),
        (TROY, true),
        (EFCHEN, false),
    ] {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(nicks(&got), ["BigCheese"]);
        assert_eq!(item(&got[0], "jid"), sees.then_some(BIGCHEESE), "{who}");
    }
}

/// `slave.presence.nonanon`
#[test]
fn in_a_non_anonymous_room_everybody_sees_jids() {
    let mut open = room();
    open.whois = Whois::Anyone;
    let mut stage = Stage::of(open, &CAST[..6]);
    stage.join(BIGCHEESE);
    stage.show(EFCHEN, "away");
    for stanza in stage.record.hop(Hop::MasterToSlave).iter().filter(|s| !is_enter(s)) {
        assert!(item(stanza, "jid").is_some(), "{}", text(stanza));
    }
    let users = stage.record.hop(Hop::SlaveToUser);
    for stanza in users.iter().filter(|stanza| stanza.is_available()) {
        assert!(item(stanza, "jid").is_some(), "{}", text(stanza));
    }
    let own = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    let own = own.iter().find(|stanza| has_code(stanza, "110")).unwrap();
    assert_eq!(codes(own), ["100", "110"]);
}

/// `slave.presence.store`
#[test]
fn a_newcomers_roster_has_the_last_presence_of_each() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.send(
        TROY,
        &format!(
            "<presence to='{ROOM}/Troy'><show>dnd</show><status>in the horse</status><c \
         xmlns='http://jabber.org/protocol/caps' node='n' ver='v' hash='sha-1'/></presence>"
        ),
    );
    stage.set_role(WUMPUS, "Valdis", "visitor");
    stage.set_affiliation(WUMPUS, PHAEDRUS, "member");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let roster = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    let of = |nick: &str| roster.iter().find(|stanza| from_nick(stanza) == nick).unwrap();
    assert_eq!(of("Troy").payload("status", ns::CLIENT).unwrap().text(), "in the horse");
    assert!(of("Troy").has_payload("c", ns::CAPS));
    assert_eq!(item(of("Valdis"), "role"), Some("visitor"));
    assert_eq!(item(of("Phaedrus"), "affiliation"), Some("member"));
}

/// `slave.presence.no-dmuc-to-user`, INV-TRANSPARENT
#[test]
fn no_presence_at_a_user_has_anything_of_xep_0282() {
    let mut stage = Stage::empty();
    for who in CAST {
        stage.join(who);
    }
    stage.kick(WIZ, "Efchen");
    stage.leave(TROY);
    let presences: Vec<_> =
        stage.record.hop(Hop::SlaveToUser).into_iter().filter(|s| !s.is_groupchat()).collect();
    assert!(presences.iter().any(Stanza::is_unavailable));
    for stanza in presences {
        assert!(!text(&stanza).contains("urn:xmpp:tmp:dmuc"), "{}", text(&stanza));
    }
}

/// `slave.presence.self-110`
#[test]
fn each_update_has_110_for_its_subject_and_for_nobody_else() {
    let stage = away(BIGCHEESE);
    for who in CAST {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(got.len(), 1);
        assert_eq!(has_code(&got[0], "110"), who == BIGCHEESE, "{who}");
    }
}

/// XEP-0045 §7.2: what a client says about itself cannot look as if the room had said it.
#[test]
fn a_client_cannot_speak_for_the_room_in_its_presence() {
    let mut stage = Stage::full();
    stage.send(
        BIGCHEESE,
        &format!(
            "<presence to='{ROOM}/BigCheese'><x xmlns='{}'><item affiliation='owner' \
         role='moderator' jid='{WUMPUS}'/><status code='110'/></x><x xmlns='{}'><leave \
         jid='{EFCHEN}'/></x><show>chat</show></presence>",
            ns::MUC_USER,
            ns::DMUC
        ),
    );
    for stanza in stage.record.hop(Hop::SlaveToUser) {
        assert_eq!(item(&stanza, "role"), Some("participant"));
        assert_eq!(stanza.payloads.iter().filter(|p| p.is("x", ns::MUC_USER)).count(), 1);
    }
    assert_eq!(stage.record.hop(Hop::SlaveToUser).len(), 7);
    assert!(stage.clients[EFCHEN].is_in());
}

//! Refusals (§4.3): every row, and that they change nothing.

use wallops::room::RoomConfig;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::lone_master::*;
use crate::record::*;

/// A register with all of its demands.
fn register(alone: &mut LoneMaster, slave: &str, attributes: &str, inside: &str) -> Stanza {
    register_to(alone, slave, ROOM, attributes, inside)
}

fn register_to(
    alone: &mut LoneMaster,
    slave: &str,
    room: &str,
    attributes: &str,
    inside: &str,
) -> Stanza {
    alone.take();
    alone.send(
        slave,
        &format!(
            "<iq id='reg1' to='{room}' type='set'><register \
             xmlns='urn:xmpp:tmp:dmuc:0#slave' {attributes}>{inside}</register></iq>"
        ),
    );
    let sent = alone.take();
    let refused = sent.iter().find(|stanza| stanza.id.as_deref() == Some("reg1")).cloned();
    let refused = refused.expect("an answer");
    assert!(refused.is_error(), "{}", text(&refused));
    assert_eq!(sent.len(), 1, "a refusal comes alone");
    refused
}

#[track_caller]
fn assert_refused(refused: &Stanza, type_: &str, condition_: &str) {
    let told = (error_type(refused), condition(refused));
    assert_eq!(told, (Some(type_), Some(condition_.to_owned())), "{}", text(refused));
}

/// What is sent to this slave when somebody speaks: nothing, if it is not registered.
fn is_served(alone: &mut LoneMaster, slave: &str) -> bool {
    alone.take();
    alone.join(PHAEDRUS);
    alone.take().iter().any(|stanza| to(stanza) == slave)
}

/// The example of §4.3.
#[test]
fn a_domain_that_is_denied_is_forbidden() {
    let mut room = room();
    room.grants.denied.insert("vesa.yeggmaex.irc".to_owned());
    let mut alone = LoneMaster::of(registering(room));
    alone.send(
        VESA,
        &format!(
            "<iq id='reg1' to='{ROOM}' type='set'><register \
             xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'>{DEMANDS}</register></iq>"
        ),
    );
    alone.sends(&[&format!(
        "<iq from='{ROOM}' id='reg1' to='{VESA}' type='error'>\
         <register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'/>\
         <error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )]);
    assert!(!is_served(&mut alone, VESA));
}

#[test]
fn a_domain_that_is_not_among_those_allowed_is_forbidden() {
    let mut room = room();
    room.grants.domains = Some(["eris.dclxvii.irc".to_owned()].into());
    let mut alone = LoneMaster::of(registering(room));
    assert_refused(&register(&mut alone, VESA, "instance='1'", ""), "auth", "forbidden");
    alone.register(ERIS);
    assert!(is_served(&mut alone, ERIS));
}

/// A user's session is no slave.
#[test]
fn a_user_may_not_register() {
    let mut alone = LoneMaster::new();
    assert_refused(&register(&mut alone, BIGCHEESE, "instance='1'", ""), "auth", "forbidden");
    assert!(!is_served(&mut alone, BIGCHEESE));
}

#[test]
fn a_room_that_is_not_to_be_distributed_does_not_allow_it() {
    let mut room = room();
    room.distributed = false;
    let mut alone = LoneMaster::of(registering(room));
    assert_refused(&register(&mut alone, VESA, "instance='1'", ""), "cancel", "not-allowed");
    assert!(!is_served(&mut alone, VESA));
}

#[test]
fn a_room_that_there_is_not_is_not_found() {
    let mut alone = LoneMaster::new();
    let nowhere = "nowhere@channel.avalon.irc";
    let refused = register_to(&mut alone, VESA, nowhere, "instance='1'", "");
    assert_refused(&refused, "cancel", "item-not-found");
    assert!(alone.service.room(&bare(nowhere)).is_none());
}

#[test]
fn a_room_that_was_created_again_is_gone() {
    let mut alone = LoneMaster::new();
    let resume = "<resume room='another' epoch='e1' seq='17'/>";
    assert_refused(&register(&mut alone, VESA, "instance='1'", resume), "cancel", "gone");
    assert!(!is_served(&mut alone, VESA));
}

#[test]
fn while_another_slave_is_active_for_the_domain_there_is_a_conflict() {
    let mut alone = LoneMaster::with(&[WUMPUS]);
    let other = "other@vesa.yeggmaex.irc";
    assert_refused(&register(&mut alone, other, "instance='1'", ""), "cancel", "conflict");
    alone.join(WIZ);
    let sent = alone.take();
    assert!(!sent.iter().any(|stanza| to(stanza) == other));
    assert!(sent.iter().any(|stanza| to(stanza) == VESA));
}

#[test]
fn demands_out_of_range_are_not_acceptable_and_the_range_is_told() {
    let mut alone = LoneMaster::new();
    let asked = "<keepalive interval='3601'/>";
    let refused = register(&mut alone, VESA, "instance='1'", asked);
    assert_refused(&refused, "modify", "not-acceptable");
    assert!(text(&refused).contains("3600"), "{}", text(&refused));
    assert!(!is_served(&mut alone, VESA));
}

#[test]
fn too_many_slaves_are_a_lack_of_resources() {
    let mut room = room();
    room.grants.slaves_max = 2;
    let mut alone = LoneMaster::of(registering(room));
    alone.register(KILLRC);
    alone.register(ERIS);
    let refused = register(&mut alone, VESA, "instance='1'", "");
    assert_refused(&refused, "wait", "resource-constraint");
    assert!(!is_served(&mut alone, VESA));
}

/// §4.7: not more than one full sync per slave and 10 s.
#[test]
fn a_second_full_sync_within_ten_seconds_is_a_lack_of_resources() {
    let mut alone = LoneMaster::new();
    alone.register(VESA);
    let refused = register(&mut alone, VESA, "instance='one'", DEMANDS);
    assert_refused(&refused, "wait", "resource-constraint");
    alone.seconds_answered(10, &[VESA]);
    alone.register_with(VESA, "one", "");
    let accept = alone.take().remove(0);
    assert!(accept.has_payload("accept", ns::SLAVE), "{}", text(&accept));
}

#[test]
fn what_is_malformed_is_a_bad_request_with_a_text() {
    let malformed = [
        ("", ""),
        ("instance=''", ""),
        ("instance='1'", "<resume room='r1' epoch='e7' seq='-1'/>"),
        ("instance='1'", "<resume room='r1' seq='1'/>"),
        ("instance='1'", "<occupant jid='msa@vesa.yeggmaex.irc' nick='Efchen'/>"),
        ("instance='1'", "<occupant jid='msa@vesa.yeggmaex.irc/b'/>"),
        ("instance='1'", "<keepalive interval='often'/>"),
        ("instance='1'", "<history maxstanzas='-1'/>"),
        ("instance='1'", "<policy local-chat='perhaps'/>"),
    ];
    for (attributes, inside) in malformed {
        let mut alone = LoneMaster::new();
        let refused = register(&mut alone, VESA, attributes, inside);
        assert_refused(&refused, "modify", "bad-request");
        assert!(text(&refused).contains("<text"), "{}", text(&refused));
        assert!(!is_served(&mut alone, VESA), "{attributes} {inside}");
    }
}

/// §6, T1: `occupant/@jid` of a foreign domain.
#[test]
fn a_slave_that_lists_users_of_another_domain_makes_a_bad_request() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.seconds_answered(20, &SLAVES);
    let before = alone.nicks();
    let listed = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    let refused = register(&mut alone, ERIS, "instance='one'", &listed);
    assert_refused(&refused, "modify", "bad-request");
    assert_eq!(alone.nicks(), before);
    alone.say(WUMPUS, "m1", "still here?");
    assert_eq!(alone.take().len(), 3, "each slave is served as before");
}

/// No DMUC here.
#[test]
fn a_service_without_registration_is_a_plain_one() {
    let mut alone = LoneMaster::of(service(room(), &[]));
    let refused = register(&mut alone, VESA, "instance='1'", "");
    let no = ["service-unavailable", "feature-not-implemented"].map(str::to_owned);
    assert!(no.contains(&condition(&refused).unwrap()), "{}", text(&refused));
    assert!(!is_served(&mut alone, VESA));
}

/// A refusal never affects users: who are direct stay so.
#[test]
fn a_refusal_does_not_touch_users() {
    let mut room = RoomConfig::new(bare(ROOM));
    room.grants.denied.insert("vesa.yeggmaex.irc".to_owned());
    let mut alone = LoneMaster::of(registering(room));
    alone.join(BIGCHEESE);
    let listed = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    register(&mut alone, VESA, "instance='1'", &listed);
    alone.say(BIGCHEESE, "m1", "am I here?");
    let told: Vec<_> = alone.take().iter().map(|stanza| to(stanza).to_owned()).collect();
    assert_eq!(told, [BIGCHEESE]);
}

//! What nobody may do to a room by way of slaves.

use super::*;

#[test]
fn a_users_error_splits_nobody_and_a_lost_connection_to_him_makes_the_room_ping() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    stage.wait(30);
    let sent = stage.hear(&format!(
        "<message xmlns='jabber:client' from='{RUBENRO}' id='m' type='error'><error type='wait'>\
         <remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    assert_eq!(told(&sent, SLAVE), ["ping"]);
    assert_eq!(stage.nicks(), ["BigCheese"]);
    assert_eq!(told(&stage.say(RUBENRO, "m1", None), SLAVE), ["BigCheese at 2"]);
}

#[test]
fn a_late_message_of_somebody_who_is_not_in_the_room_is_refused() {
    let mut stage = Stage::new();
    let accept = stage.register(SLAVE, "1", "");
    let now = stage.now;
    assert_eq!(error_of(&stage.say(MSA, "m1", Some(now))).0, "not-acceptable");
    let epoch = accept_of(&accept).epoch;
    assert_eq!(told(&stage.synced(SLAVE, &epoch, 0, 1), SLAVE), ["result"]);
}

#[test]
fn a_delay_that_a_client_made_up_is_not_believed_outside_a_late_phase() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    stage.join(SQUIT, "WiZ");
    for who in [RUBENRO, SQUIT] {
        let sent = stage.say(who, "m1", Some(Time::from_micros(0)));
        assert_eq!(sent[0].dmuc().unwrap().delay.unwrap().stamp, stage.now);
        assert!(!sent[0].dmuc().unwrap().at.unwrap().backfill);
        stage.now += Duration::from_secs(1);
    }
}

#[test]
fn a_domain_has_only_so_many_occupants() {
    let mut limited = room();
    limited.grants.domain_users_max = Some(1);
    let mut stage = Stage::of(limited);
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    assert_eq!(error_of(&stage.join(MSA, "Efchen")).0, "resource-constraint");
    stage.join(SQUIT, "WiZ");
    assert_eq!(stage.nicks(), ["BigCheese", "WiZ"]);
}

#[test]
fn a_flood_of_pings_is_answered_a_few_times_only() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    let mut answers = 0;
    for number in 0..1000 {
        let sent = stage.hear(&format!(
            "<iq xmlns='jabber:client' from='{SLAVE}' id='f{number}' type='get'>\
             <ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        answers += sent.iter().filter(|stanza| stanza.type_ == Type::Result).count();
    }
    assert_eq!(answers, 20);
}

#[test]
fn malformed_or_uncalled_for_ends_of_a_late_phase_change_nothing() {
    let mut stage = Stage::new();
    let accept = stage.register_done(SLAVE);
    let sent = stage.synced(SLAVE, &accept.epoch, 0, 0);
    assert_eq!(error_of(&sent).0, "unexpected-request", "it is over");
    let sent = stage.hear(&format!(
        "<iq xmlns='jabber:client' from='{SLAVE}' id='s' type='set'>\
         <synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e'/></iq>"
    ));
    let (condition, text) = error_of(&sent);
    assert_eq!(condition, "bad-request");
    assert!(text.is_some());
    assert_eq!(told(&stage.join(RUBENRO, "BigCheese"), SLAVE).len(), 2, "it is still active");
}

#[test]
fn an_older_run_cannot_end_the_registration_of_a_newer_one() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    let sent = stage.hear(&format!(
        "<iq xmlns='jabber:client' from='{SLAVE}' id='d' type='set'>\
         <deregister xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='0'/></iq>"
    ));
    assert_eq!(error_of(&sent).0, "conflict");
    assert_eq!(told(&stage.join(RUBENRO, "BigCheese"), SLAVE).len(), 2);
}

#[test]
fn a_service_without_registration_knows_none_of_this() {
    let mut closed = config(&room());
    closed.registration = false;
    let mut stage = Stage::new();
    stage.service = Service::new(closed);
    assert_eq!(error_of(&stage.register(SLAVE, "1", "")).0, "service-unavailable");
}

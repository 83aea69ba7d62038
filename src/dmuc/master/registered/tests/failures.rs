//! Crashes, destroyed rooms, changes of anonymity.

use super::*;

fn resume(room: &str, epoch: &str, seq: u64) -> String {
    format!("<resume room='{room}' epoch='{epoch}' seq='{seq}'/>")
}

const BIGCHEESE: &str = "<occupant jid='rubenro@vesa.yeggmaex.irc/shaver' nick='BigCheese'/>";

fn destroy(stage: &mut Stage) -> Vec<Stanza> {
    stage.own(
        "<query xmlns='http://jabber.org/protocol/muc#owner'>\
         <destroy jid='operlog@channel.avalon.irc'><reason>the war is over</reason></destroy>\
         </query>",
    )
}

fn configure(stage: &mut Stage, whois: &str) -> Vec<Stanza> {
    stage.own(&format!(
        "<query xmlns='http://jabber.org/protocol/muc#owner'>\
         <x xmlns='jabber:x:data' type='submit'>\
         <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>\
         <field var='muc#roomconfig_whois'><value>{whois}</value></field></x></query>"
    ))
}

#[test]
fn a_room_that_lost_its_log_has_another_epoch_and_is_told_in_full() {
    let mut stage = Stage::that_keeps(room(), Persistence::Rooms);
    let before = stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    stage.say(RUBENRO, "m1", None);
    stage.crash(Persistence::Rooms);
    let children = format!("{}{BIGCHEESE}", resume("r0", &before.epoch, 2));
    let sent = stage.register(SLAVE, "1", &children);
    let accept = accept_of(&sent);
    assert_eq!((accept.sync, accept.seq), (slave::Sync::Full, 0));
    assert_ne!(accept.epoch, before.epoch);
    assert_eq!(accept.room, before.room, "it is the same room");
    assert_eq!(
        told(&sent, SLAVE),
        ["accept", "BigCheese history", "room subject", "room synced 0"]
    );
    let sent = stage.join(RUBENRO, "BigCheese");
    assert_eq!(told(&sent, SLAVE), ["BigCheese at 1", &format!("BigCheese enter {RUBENRO}")]);
}

#[test]
fn a_room_that_kept_everything_goes_on_where_it_was() {
    let mut stage = Stage::that_keeps(room(), Persistence::Everything);
    let before = stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    stage.crash(Persistence::Everything);
    let pings = stage.wait(1);
    assert_eq!(told(&pings, SLAVE), ["ping"], "it may have missed something");
    let sent = stage.pong(SLAVE, pings[0].id.as_deref().unwrap(), &before.epoch, 1);
    assert_eq!(told(&sent, SLAVE), ["resync"]);
    let children = format!("{}{BIGCHEESE}", resume("r0", &before.epoch, 1));
    let sent = stage.register(SLAVE, "1", &children);
    let accept = accept_of(&sent);
    assert_eq!((accept.sync, &accept.epoch), (slave::Sync::Delta, &before.epoch));
    assert_eq!(told(&sent, SLAVE), ["accept", "BigCheese state", "room synced 2"]);
}

#[test]
fn a_room_that_kept_nothing_is_as_configured() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    stage.crash(Persistence::Nothing);
    stage.wait(1);
    assert!(stage.nicks().is_empty());
    assert_eq!(accept_of(&stage.register(SLAVE, "1", "")).seq, 0);
}

#[test]
fn the_end_of_a_room_is_one_event_and_its_grave_answers_who_missed_it() {
    let mut stage = Stage::new();
    let vesa = stage.register_done(SLAVE);
    stage.register_done(ERIS);
    stage.join(RUBENRO, "BigCheese");
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    let sent = destroy(&mut stage);
    assert_eq!(told(&sent, ERIS), ["room- at 2"]);
    assert_eq!(told(&sent, SLAVE), [""; 0]);
    let sent = stage.register(SLAVE, "1", &resume("r0", &vesa.epoch, 1));
    assert_eq!(error_of(&sent), ("gone".to_owned(), Some("the war is over".to_owned())));
    let error = String::from(sent[0].payload("error", ns::CLIENT).unwrap());
    assert!(error.contains("xmpp:operlog@channel.avalon.irc"), "{error}");
    assert_eq!(error_of(&stage.register(SLAVE, "1", "")).0, "item-not-found");
    stage.wait(3600);
    let sent = stage.register(SLAVE, "1", &resume("r0", &vesa.epoch, 1));
    assert_eq!(error_of(&sent).0, "item-not-found");
}

#[test]
fn a_slave_of_a_room_that_was_created_again_learns_that_its_own_is_gone() {
    let mut stage = Stage::new();
    let sent = stage.register(SLAVE, "1", &resume("r-before", "e1", 1));
    assert_eq!(error_of(&sent), ("gone".to_owned(), None));
}

#[test]
fn who_missed_a_change_of_anonymity_is_warned_before_anything_else() {
    let mut stage = Stage::new();
    let before = stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.say(OWNER, "m1", None);
    configure(&mut stage, "anyone");
    stage.wait(10);
    let children = format!("{}{BIGCHEESE}", resume("r0", &before.epoch, 2));
    let sent = stage.register(SLAVE, "1", &children);
    assert_eq!(accept_of(&sent).whois, slave::Whois::Anyone);
    let expected = [
        "accept",
        "room at 4 late",
        "Wumpus state",
        "BigCheese state",
        "Wumpus at 3 late",
        "room subject",
        "room synced 4",
    ];
    assert_eq!(told(&sent, SLAVE), expected);
    assert_eq!(codes(&sent[1]), ["172"]);
}

#[test]
fn a_slave_that_lost_its_moderator_in_the_split_is_told_no_jids() {
    let mut stage = Stage::new();
    let before = stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    let role = |role: &str| {
        format!(
            "<query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item nick='BigCheese' role='{role}'/></query>"
        )
    };
    stage.own(&role("moderator"));
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.own(&role("participant"));
    stage.join(SQUIT, "WiZ");
    let children = format!("{}{BIGCHEESE}", resume("r0", &before.epoch, 2));
    let sent = stage.register(SLAVE, "1", &children);
    assert_eq!(told(&sent, SLAVE).len(), 4);
    for stanza in sent.iter().filter(|stanza| stanza.kind == Kind::Presence) {
        assert!(!String::from(&Element::from(stanza)).contains("jid="), "{stanza:?}");
    }
}

#[test]
fn who_became_a_moderator_in_the_split_is_told_everybodys_jid() {
    let mut stage = Stage::new();
    let before = stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.own(
        "<query xmlns='http://jabber.org/protocol/muc#admin'>\
         <item nick='BigCheese' role='moderator'/></query>",
    );
    let children = format!("{}{BIGCHEESE}", resume("r0", &before.epoch, 2));
    let sent = stage.register(SLAVE, "1", &children);
    assert_eq!(told(&sent, SLAVE)[1..3], ["Wumpus state", "BigCheese state"]);
    assert!(String::from(&Element::from(&sent[1])).contains("jid='owner@channel.avalon.irc"));
}

#[test]
fn occupants_of_a_lost_slave_are_shown_as_away_only_if_the_room_wants_it() {
    let mut marking = room();
    marking.grants.mark_away = true;
    let mut stage = Stage::of(marking);
    let before = stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    let sent = stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    assert_eq!(told(&sent, OWNER), ["BigCheese"]);
    assert!(String::from(&Element::from(&sent[0])).contains("<show>away</show>"));
    let children = format!("{}{BIGCHEESE}", resume("r0", &before.epoch, 2));
    let sent = stage.register(SLAVE, "1", &children);
    let shown = sent.iter().find(|s| s.to.as_ref().unwrap().as_str() == OWNER).unwrap();
    assert!(!String::from(&Element::from(shown)).contains("away"));
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    let sent = stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    assert_eq!(told(&sent, OWNER), [""; 0]);
}

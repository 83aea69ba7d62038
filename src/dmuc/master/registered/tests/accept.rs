//! Register, accept and initial state; refusals; what an active slave is sent.

use super::*;

#[test]
fn a_first_register_is_answered_with_the_state_in_its_order() {
    let mut stage = Stage::new();
    stage.join(OWNER, "Wumpus");
    stage.say(OWNER, "m1", None);
    stage.say(OWNER, "m2", None);
    let sent = stage.register(SLAVE, "9f2c", "<history maxstanzas='1'/>");
    let accept = accept_of(&sent);
    assert_eq!((accept.sync, accept.seq), (slave::Sync::Full, 3));
    let expected = ["accept", "Wumpus state", "Wumpus history", "room subject", "room synced 3"];
    assert_eq!(told(&sent, SLAVE), expected);
    assert_eq!(sent[2].id.as_deref(), Some("m2"), "the newest that was granted");
    assert!(stage.synced(SLAVE, &accept.epoch, accept.seq, 0)[0].payloads.is_empty());
}

#[test]
fn events_carry_their_position_and_enter_and_leave_do_not() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    let sent = stage.join(RUBENRO, "BigCheese");
    assert_eq!(told(&sent, SLAVE), ["BigCheese at 1", &format!("BigCheese enter {RUBENRO}")]);
    let sent = stage.say(RUBENRO, "m1", None);
    assert_eq!(told(&sent, SLAVE), ["BigCheese at 2"]);
    assert!(sent[0].dmuc().unwrap().delay.is_some());
    let sent = stage.leave(RUBENRO, "BigCheese");
    assert_eq!(told(&sent, SLAVE), [&format!("BigCheese leave {RUBENRO}"), "BigCheese- at 3"]);
}

#[test]
fn who_is_listed_is_handed_over_and_who_is_not_stays_direct() {
    let mut stage = Stage::new();
    stage.join(RUBENRO, "BigCheese");
    stage.join(MSA, "Efchen");
    let listed = format!("<occupant jid='{RUBENRO}' nick='BigCheese'/>");
    let sent = stage.register(SLAVE, "1", &listed);
    let accept = accept_of(&sent);
    assert_eq!(accept.occupants.len(), 1);
    assert_eq!(accept.occupants[0].jid.to_string(), RUBENRO);
    let sent = stage.say(MSA, "m1", None);
    assert_eq!(told(&sent, RUBENRO), [""; 0]);
    assert_eq!(told(&sent, MSA), ["Efchen"]);
    assert_eq!(told(&sent, SLAVE), ["Efchen at 3"]);
}

#[test]
fn refusals_follow_their_table_and_change_nothing() {
    let mut denied = room();
    denied.grants.denied.insert("vesa.yeggmaex.irc".to_owned());
    let mut closed = room();
    closed.distributed = false;
    let mut elsewhere = room();
    elsewhere.grants.domains = Some(["eris.dclxvii.irc".to_owned()].into());
    let mut full = room();
    full.grants.slaves_max = 0;
    let known = "<resume room='r9' epoch='e7' seq='1'/>";
    let foreign = format!("<occupant jid='{SQUIT}' nick='WiZ'/>");
    let table = [
        (denied, "", "forbidden"),
        (elsewhere, "", "forbidden"),
        (closed, "", "not-allowed"),
        (full, "", "resource-constraint"),
        (room(), known, "gone"),
        (room(), "<keepalive interval='4000'/>", "not-acceptable"),
        (room(), "<keepalive interval='often'/>", "bad-request"),
        (room(), foreign.as_str(), "bad-request"),
    ];
    for (room, children, condition) in table {
        let mut stage = Stage::of(room);
        stage.join(SQUIT, "WiZ");
        let sent = stage.register(SLAVE, "1", children);
        assert_eq!(error_of(&sent).0, condition, "{children}");
        assert_eq!(sent.len(), 1);
        let sent = stage.say(SQUIT, "m1", None);
        assert_eq!(told(&sent, SLAVE), [""; 0], "{condition}: it was not registered");
    }
}

#[test]
fn a_second_slave_of_a_domain_is_in_conflict_until_the_first_is_lost() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    let twin = "twin@vesa.yeggmaex.irc";
    assert_eq!(error_of(&stage.register(twin, "1", "")).0, "conflict");
    stage.bounce(SLAVE, "presence", "x", "remote-server-timeout");
    stage.wait(11);
    assert_eq!(accept_of(&stage.register(twin, "1", "")).sync, slave::Sync::Full);
    assert_eq!(error_of(&stage.register(SLAVE, "1", "")).0, "conflict");
}

#[test]
fn full_syncs_and_replacements_are_rare() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    assert_eq!(error_of(&stage.register(SLAVE, "1", "")).0, "resource-constraint");
    stage.wait(10);
    accept_of(&stage.register(SLAVE, "2", ""));
    assert_eq!(error_of(&stage.register(SLAVE, "1", "")).0, "conflict");
    stage.wait(10);
    accept_of(&stage.register(SLAVE, "1", ""));
}

#[test]
fn a_restarted_slave_without_memory_loses_its_old_occupants() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    stage.join(SQUIT, "WiZ");
    stage.wait(10);
    let sent = stage.register(SLAVE, "2", "");
    assert_eq!(told(&sent, SQUIT), ["BigCheese-"], "others are told at once");
    let own = told(&sent, SLAVE);
    assert_eq!(own[..2], ["accept", "WiZ state"], "nothing comes before accept");
    assert_eq!(stage.nicks(), ["WiZ"]);
}

#[test]
fn jids_are_sent_with_the_first_moderator_as_state_and_to_nobody_else() {
    let mut stage = Stage::new();
    stage.room.affiliations.clear();
    stage.register_done(ERIS);
    stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(RUBENRO, "BigCheese");
    let promote = format!(
        "<iq xmlns='jabber:client' from='{OWNER}' id='p' type='set'>\
         <query xmlns='http://jabber.org/protocol/muc#admin'>\
         <item nick='BigCheese' role='moderator'/></query></iq>"
    );
    let sent = stage.hear(&promote);
    assert_eq!(told(&sent, SLAVE), ["Wumpus state", "BigCheese state", "BigCheese at 3"]);
    assert_eq!(told(&sent, ERIS), ["BigCheese at 3"]);
    for stanza in sent.iter().filter(|stanza| stanza.kind == Kind::Presence) {
        let to = stanza.to.as_ref().unwrap().as_str();
        let item = stanza.payload("x", ns::MUC_USER).unwrap();
        let jid = item.get_child("item", ns::MUC_USER).unwrap().attr("jid");
        assert_eq!(jid.is_some(), to == SLAVE || to == OWNER, "{to}");
    }
}

#[test]
fn a_deregistered_slave_leaves_its_occupants_to_be_served_directly() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    let deregister = format!(
        "<iq xmlns='jabber:client' from='{SLAVE}' id='d' type='set'>\
         <deregister xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='1'/></iq>"
    );
    assert_eq!(told(&stage.hear(&deregister), SLAVE), ["result"]);
    let sent = stage.say(RUBENRO, "m1", None);
    assert_eq!(told(&sent, RUBENRO), ["BigCheese"]);
    assert_eq!(told(&sent, SLAVE), [""; 0]);
    assert_eq!(told(&stage.hear(&deregister), SLAVE), ["result"], "again it is so already");
}

#[test]
fn the_operator_ends_a_registration_and_what_follows_is_direct() {
    let mut stage = Stage::new();
    stage.register_done(SLAVE);
    stage.join(RUBENRO, "BigCheese");
    let room = stage.room.jid.clone();
    let slave = Jid::new(SLAVE).unwrap();
    let sent = stage.step(ServiceInput::Deregister(room, slave));
    assert_eq!(told(&sent, SLAVE), ["deregister"]);
    assert_eq!(told(&stage.say(RUBENRO, "m1", None), RUBENRO), ["BigCheese"]);
}

#[test]
fn an_offer_that_is_not_answered_is_not_repeated_for_an_hour() {
    let mut stage = Stage::new();
    let offer = || ServiceInput::Offer(room().jid, "vesa.yeggmaex.irc".to_owned());
    assert_eq!(told(&stage.step(offer()), "vesa.yeggmaex.irc"), ["offer"]);
    assert!(stage.step(offer()).is_empty());
    stage.wait(3599);
    assert!(stage.step(offer()).is_empty());
    stage.wait(1);
    assert_eq!(stage.step(offer()).len(), 1);
}

#[test]
fn rooms_that_are_distributed_say_so() {
    let features = |stage: &mut Stage| {
        let sent = stage.hear(&format!(
            "<iq xmlns='jabber:client' from='{MSA}' id='d' type='get'>\
             <query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        ));
        let query = sent[0].payloads[0].clone();
        let vars = query.children().filter_map(|child| child.attr("var").map(str::to_owned));
        vars.filter(|var| var.starts_with(ns::DMUC)).collect::<Vec<_>>()
    };
    assert_eq!(features(&mut Stage::new()), [ns::DMUC, ns::SLAVE]);
    let mut closed = room();
    closed.distributed = false;
    assert!(features(&mut Stage::of(closed)).is_empty());
}

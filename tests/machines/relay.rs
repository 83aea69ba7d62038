//! What goes up (register, K).

use wallops::stanza::{Element, Kind, Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

/// `slave.relay.may`, `slave.relay.from-unmodified`, `slave.relay.to-unmodified`,
/// `slave.relay.all-kinds`, `slave.relay.payload-unmodified`, `usecase.join.reaches-master`
#[test]
fn every_kind_of_stanza_goes_up_once_and_as_it_was_sent() {
    let mut stage = Stage::with_people(&CAST[..6]);
    let odd = "<odd xmlns='urn:example' a='1'>text<b/></odd>";
    for stanza in [
        format!("<presence id='1' to='{ROOM}/BigCheese'><x xmlns='{}'/>{odd}</presence>", ns::MUC),
        format!(
            "<message id='2' to='{ROOM}' type='groupchat' xml:lang='fi'><body>x</body><thread>t\
             </thread>{odd}</message>"
        ),
        format!("<presence id='3' to='{ROOM}/BigCheese'><show>away</show>{odd}</presence>"),
        format!("<message id='4' to='{ROOM}/WiZ' type='chat'><body>x</body>{odd}</message>"),
        format!("<iq id='5' to='{ROOM}/WiZ' type='get'><vCard xmlns='vcard-temp'/></iq>"),
        format!("<iq id='6' to='{ROOM}' type='get'><query xmlns='{}'/></iq>", ns::DISCO_INFO),
        format!("<presence id='7' to='{ROOM}/BigCheese' type='unavailable'>{odd}</presence>"),
    ] {
        stage.send(BIGCHEESE, &stanza);
    }
    let submitted = stage.record.from(Hop::UserToSlave, BIGCHEESE);
    assert_eq!(stage.record.from(Hop::SlaveToMaster, BIGCHEESE), submitted);
    assert_eq!(submitted.len(), 7);
}

/// `slave.relay.payload-unmodified`: a message to all without id gets one, and only one.
#[test]
fn messages_without_id_get_ids_that_differ() {
    let mut stage = Stage::full();
    for _ in 0..2 {
        let message = format!("<message to='{ROOM}' type='groupchat'><body>x</body></message>");
        stage.send(BIGCHEESE, &message);
        stage.send(EFCHEN, &message);
    }
    let mut ids: Vec<_> =
        stage.record.hop(Hop::SlaveToMaster).into_iter().map(|s| s.id.unwrap()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

/// `slave.relay.strip-forged-dmuc`
#[test]
fn elements_of_xep_0282_from_a_client_go_nowhere() {
    let mut stage = Stage::full();
    let forged = format!(
        "<x xmlns='{}'><delay xmlns='urn:xmpp:delay' stamp='1980-01-01T00:00:00Z'/><history/></x>\
         <at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e' seq='1'/>",
        ns::DMUC
    );
    stage.send(
        BIGCHEESE,
        &format!("<message id='1' to='{ROOM}' type='groupchat'><body>x</body>{forged}</message>"),
    );
    stage.send(
        BIGCHEESE,
        &format!("<message id='2' to='{ROOM}/WiZ' type='chat'><body>x</body>{forged}</message>"),
    );
    let up = stage.record.hop(Hop::SlaveToMaster);
    assert!(up.iter().all(|stanza| !text(stanza).contains("dmuc")));
    let down = stage.record.hop(Hop::MasterToSlave);
    let delay = down[0].dmuc().unwrap().delay.unwrap();
    assert_eq!(delay.stamp, stage.now);
    assert!(down[0].dmuc().unwrap().history.is_none());
}

/// `slave.relay.strip-forged-dmuc` at the master: somebody without a slave forges, too.
#[test]
fn a_direct_occupant_cannot_forge_either() {
    let mut stage = Stage::with_people(&[WUMPUS, STRANGER]);
    let forged = format!("<x xmlns='{}'><leave jid='{WUMPUS}'/></x>", ns::DMUC);
    stage.send(
        STRANGER,
        &format!("<message id='1' to='{ROOM}' type='groupchat'><body>x</body>{forged}</message>"),
    );
    stage.send(STRANGER, &format!("<presence id='2' to='{ROOM}/Kehs'>{forged}</presence>"));
    for stanza in stage.record.hop(Hop::MasterToSlave) {
        assert!(!is_leave(&stanza) && !text(&stanza).contains("leave"));
    }
    assert!(stage.clients[WUMPUS].is_in());
}

/// `slave.relay.non-participants`, `master.nonoccupant.reject`
#[test]
fn what_non_occupants_send_goes_up_and_the_master_answers() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    let id = stage.say(BIGCHEESE, "let me in");
    stage.send(
        BIGCHEESE,
        &format!("<iq id='d' to='{ROOM}' type='get'><query xmlns='{}'/></iq>", ns::DISCO_INFO),
    );
    stage.send(
        BIGCHEESE,
        &format!("<presence id='p' to='{ROOM}/BigCheese'><show>away</show></presence>"),
    );
    assert_eq!(stage.record.hop(Hop::SlaveToMaster).len(), 3);
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let direct = stage.record.hop(Hop::MasterToUser);
    assert_eq!(condition(&direct[0]).as_deref(), Some("not-acceptable"));
    assert_eq!(direct[0].id.as_deref(), Some(id.as_str()));
    assert_eq!(direct[1].kind, Kind::Iq);
    assert!(direct[2].is_error());
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE), direct);
}

/// `master.relay.identify-by-from`
#[test]
fn the_full_jid_alone_says_who_speaks() {
    let mut stage = Stage::full();
    // It comes over another server's stream, or from another resource: only `from` matters.
    stage.forge(&format!(
        "<message from='{BIGCHEESE}' id='1' to='{ROOM}' type='groupchat'><body>x</body></message>"
    ));
    assert_eq!(nicks(&stage.record.hop(Hop::MasterToSlave)), ["BigCheese"; 3]);
    stage.record.clear();
    stage.forge(
        "<message from='rubenro@vesa.yeggmaex.irc/razor' id='1' \
         to='wallops@channel.avalon.irc' type='groupchat'><body>x</body></message>",
    );
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    assert!(stage.record.hop(Hop::MasterToUser)[0].is_error());
}

/// `slave.relay.fifo`
#[test]
fn the_order_in_which_a_user_sends_is_kept() {
    let mut stage = Stage::full();
    stage.held = true;
    stage.say(BIGCHEESE, "one");
    stage.ping(BIGCHEESE, "WiZ");
    stage.show(BIGCHEESE, "away");
    stage.whisper(BIGCHEESE, "WiZ", "two");
    stage.say(BIGCHEESE, "three");
    stage.leave(BIGCHEESE);
    stage.pump();
    let ids = |hop| -> Vec<_> {
        stage.record.from(hop, BIGCHEESE).into_iter().map(|stanza| stanza.id).collect()
    };
    assert_eq!(ids(Hop::SlaveToMaster), ids(Hop::UserToSlave));
}

/// `ns.exact`
#[test]
fn look_alikes_in_other_namespaces_have_no_effect() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.client(BIGCHEESE);
    for namespace in ["urn:xmpp:dmuc:0", "urn:xmpp:tmp:dmuc:1", "urn:xmpp:tmp:dmuc"] {
        stage.forge_at(
            VESA,
            &format!(
                "<presence from='{ROOM}/Efchen' to='{VESA}' type='unavailable'><x \
             xmlns='{namespace}'><leave jid='{EFCHEN}'/></x></presence>"
            ),
        );
        assert!(stage.record.to(Hop::SlaveToUser, EFCHEN).is_empty(), "{namespace}");
    }
    // Outside `x` they are nothing either: this is a presence like any other.
    stage.forge_at(
        VESA,
        &format!(
            "<presence from='{ROOM}/Efchen' to='{VESA}'><leave xmlns='{}' jid='{EFCHEN}'/><x \
         xmlns='{}'><item affiliation='none' role='participant'/></x></presence>",
            ns::DMUC,
            ns::MUC_USER
        ),
    );
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN)[0].is_available());
}

/// `schema.valid`: all elements of XEP-0282 that a master sends are as the strict form wants them
/// (which each stage looks at) and nowhere but in `x`.
#[test]
fn enter_leave_history_and_delay_are_inside_x_only() {
    let mut stage = Stage::empty();
    for who in CAST {
        stage.join_with(who, nick(who), "<history maxstanzas='1' since='1990-01-01T00:00:00Z'/>");
    }
    stage.say(BIGCHEESE, "one");
    stage.kick(WIZ, "Efchen");
    let mut seen = 0;
    for stanza in stage.record.hop(Hop::MasterToSlave) {
        let foreign = |payload: &&Element| ns::is_dmuc(payload) && payload.name() != "x";
        assert!(!stanza.payloads.iter().any(|payload| foreign(&payload)));
        seen += stanza.payloads.iter().filter(|payload| ns::is_dmuc(payload)).count();
    }
    assert!(seen > 10, "{seen}");
    assert!(stage.record.hop(Hop::SlaveToMaster).iter().all(|s: &Stanza| s.dmuc().is_none()));
}

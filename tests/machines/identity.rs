//! Ids that only the room gives (XEP-0421, XEP-0359).

use std::collections::BTreeSet;

use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

fn identified(people: &[&str]) -> Stage {
    let mut config = service(room(), &SLAVES);
    config.identify = true;
    Stage::with(config).entered(people)
}

/// The occupant ids of a stanza.
fn occupant_ids(stanza: &Stanza) -> Vec<String> {
    let ids = stanza.payloads.iter().filter(|p| p.is("occupant-id", ns::OCCUPANT_IDS));
    ids.filter_map(|id| id.attr("id")).map(str::to_owned).collect()
}

/// The stanza ids that are said to be the room's.
fn stanza_ids(stanza: &Stanza) -> Vec<String> {
    let ids = stanza.payloads.iter().filter(|p| p.is("stanza-id", ns::STANZA_IDS));
    ids.filter(|id| id.attr("by") == Some(ROOM))
        .filter_map(|id| id.attr("id"))
        .map(str::to_owned)
        .collect()
}

fn the_one(ids: Vec<String>) -> String {
    assert_eq!(ids.len(), 1);
    ids.into_iter().next().unwrap()
}

#[test]
fn every_presence_and_message_of_somebody_has_his_one_id() {
    let mut stage = identified(&[WUMPUS, EFCHEN]);
    stage.join(BIGCHEESE);
    stage.say(BIGCHEESE, "one");
    stage.show(BIGCHEESE, "away");
    stage.whisper(BIGCHEESE, "Efchen", "psst");
    stage.rename(BIGCHEESE, "SmallCheese");
    stage.set_role(WUMPUS, "SmallCheese", "moderator");
    stage.leave(BIGCHEESE);
    stage.join(BIGCHEESE);
    stage.kick(WUMPUS, "BigCheese");
    let got = stage.record.to(Hop::SlaveToUser, EFCHEN);
    let ids: BTreeSet<_> = got.iter().map(|stanza| the_one(occupant_ids(stanza))).collect();
    assert_eq!((got.len(), ids.len()), (10, 1));
    let id = ids.first().unwrap();
    assert!(id.len() <= 128 && !id.contains("rubenro"));
    // Somebody else has another one; his second session has the same.
    stage.join(RAZOR);
    let burst = stage.record.to(Hop::SlaveToUser, RAZOR);
    let others: BTreeSet<_> = burst[..3].iter().map(|p| the_one(occupant_ids(p))).collect();
    assert_eq!(others.len(), 3);
    assert!(others.contains(id));
}

#[test]
fn the_same_person_has_another_id_in_another_room() {
    let other = "operlog@channel.avalon.irc";
    let id = |address: &str| {
        let mut config = service(wallops::room::RoomConfig::new(bare(address)), &[]);
        config.identify = true;
        let mut stage = Stage::with(config);
        stage.send(
            STRANGER,
            &format!("<presence to='{address}/Kehs'><x xmlns='{}'/></presence>", ns::MUC),
        );
        let id = the_one(occupant_ids(&stage.record.to(Hop::MasterToUser, STRANGER)[0]));
        stage.record.clear();
        id
    };
    assert_ne!(id(ROOM), id(other));
}

#[test]
fn forged_ids_are_taken_off_and_foreign_ones_stay() {
    let mut stage = identified(&[WUMPUS, BIGCHEESE]);
    let mine = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>";
    stage.send(BIGCHEESE, &format!("<presence to='{}'>{mine}</presence>", occupant(BIGCHEESE)));
    stage.send(
        BIGCHEESE,
        &format!(
            "<message id='1' to='{ROOM}' type='groupchat'><body>x</body>{mine}\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='forged'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='archive.dclxvii.irc' id='own'/>\
             <origin-id xmlns='urn:xmpp:sid:0' id='origin'/></message>"
        ),
    );
    let got = stage.record.to(Hop::SlaveToUser, WUMPUS);
    assert_eq!(got.len(), 2);
    for stanza in &got {
        assert_ne!(the_one(occupant_ids(stanza)), "forged");
    }
    assert_ne!(the_one(stanza_ids(&got[1])), "forged");
    assert!(text(&got[1]).contains("'own'") && text(&got[1]).contains("'origin'"));
}

#[test]
fn a_message_has_one_id_wherever_and_whenever_it_is_read() {
    let mut stage = identified(&[WUMPUS, EFCHEN]);
    stage.say(WUMPUS, "one");
    stage.say(WUMPUS, "two");
    let live: Vec<_> =
        stage.record.to(Hop::SlaveToUser, EFCHEN).iter().map(|m| the_one(stanza_ids(m))).collect();
    assert_ne!(live[0], live[1]);
    stage.record.clear();
    stage.join(BIGCHEESE);
    stage.join(STRANGER);
    for got in
        [stage.record.to(Hop::SlaveToUser, BIGCHEESE), stage.record.to(Hop::MasterToUser, STRANGER)]
    {
        let history: Vec<_> = got
            .iter()
            .filter(|stanza| ["one", "two"].contains(&&*stanza.body().unwrap_or_default()))
            .map(|stanza| the_one(stanza_ids(stanza)))
            .collect();
        assert_eq!(history, live);
    }
}

#[test]
fn who_leaves_in_a_split_keeps_his_id() {
    let mut stage = identified(&[WUMPUS, EFCHEN, BIGCHEESE]);
    let id = |stanza: &Stanza| the_one(occupant_ids(stanza));
    stage.show(BIGCHEESE, "away");
    let known = id(stage.record.to(Hop::SlaveToUser, EFCHEN).last().unwrap());
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(EFCHEN, "is anybody there?");
    stage.record.clear();
    let forged = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>";
    stage.send(BIGCHEESE, &format!("<presence to='{}'>{forged}</presence>", occupant(BIGCHEESE)));
    stage.leave(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(got.iter().map(id).collect::<Vec<_>>(), [known.clone(), known]);
}

#[test]
fn ids_are_promised_where_they_are_given() {
    let query =
        format!("<iq id='d' to='{ROOM}' type='get'><query xmlns='{}'/></iq>", ns::DISCO_INFO);
    let mut stage = identified(&[EFCHEN]);
    stage.send(EFCHEN, &query);
    let told = text(&stage.record.to(Hop::SlaveToUser, EFCHEN)[0]);
    assert!(told.contains(ns::OCCUPANT_IDS) && told.contains(ns::STANZA_IDS));
    let mut stage = Stage::with_people(&[EFCHEN]);
    stage.send(EFCHEN, &query);
    let told = text(&stage.record.to(Hop::SlaveToUser, EFCHEN)[0]);
    assert!(!told.contains(ns::OCCUPANT_IDS) && !told.contains(ns::STANZA_IDS));
}

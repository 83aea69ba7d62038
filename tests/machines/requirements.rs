//! What a slave is, must be able to do, and when it exists (register, C to E).

use wallops::dmuc::{Change, Rooms};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// `slave.jid.opaque`
#[test]
fn a_slave_may_have_any_address_in_its_domain() {
    let plain = play_under("slave@vesa.yeggmaex.irc");
    for address in ["vesa.yeggmaex.irc", "x7f@vesa.yeggmaex.irc/run1", "vassago@vesa.yeggmaex.irc"]
    {
        assert_eq!(play_under(address), plain, "{address}");
    }
}

/// What everybody gets when the slave of vesa has this address.
fn play_under(address: &str) -> Vec<String> {
    let mut stage = Stage::with(service(room(), &[KILLRC, ERIS, address]));
    for who in CAST {
        stage.join(who);
    }
    stage.say(BIGCHEESE, "one");
    stage.leave(EFCHEN);
    let down = stage.record.to(Hop::MasterToSlave, address);
    assert_eq!(down.iter().filter(|stanza| is_enter(stanza)).count(), 2);
    stage.record.hop(Hop::SlaveToUser).iter().map(text).collect()
}

/// `slave.registered-before-traffic`
#[test]
fn a_slave_that_is_not_created_gets_nothing_and_serves_nobody() {
    let mut config = service(room(), &SLAVES);
    config.slaves[2].at_start = false;
    let mut stage = Stage::with(config);
    stage.join(WUMPUS);
    stage.join(BIGCHEESE);
    stage.say(BIGCHEESE, "one");
    assert!(stage.record.to(Hop::MasterToSlave, VESA).is_empty());
    assert_eq!(bodies(&stage.record.to(Hop::MasterToUser, BIGCHEESE)).len(), PAST.len() + 1);
    // An address that looks like a slave's gets nothing either.
    stage.forge(
        "<iq from='slave@tolsun.oulu.irc' id='1' to='wallops@channel.avalon.irc' \
                 type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    stage.forge("<presence from='slave@tolsun.oulu.irc' to='wallops@channel.avalon.irc/x'/>");
    assert!(stage.record.hop(Hop::MasterToSlave).iter().all(|stanza| to(stanza) != TOLSUN));
}

/// `slave.intercept.all-kinds`
#[test]
fn nothing_of_its_users_leaks_to_a_lost_master() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Silent);
    stage.say(EFCHEN, "Hello?");
    stage.cut(VESA, Way::Up, Way::Up);
    stage.record.clear();
    for kind in [
        format!("<message id='1' to='{ROOM}' type='groupchat'><body>x</body></message>"),
        format!("<message id='2' to='{ROOM}/Wumpus' type='chat'><body>x</body></message>"),
        format!("<message id='3' to='{ROOM}'><body>x</body></message>"),
        format!("<presence id='4' to='{ROOM}/BigCheese'><show>away</show></presence>"),
        format!("<presence id='5' to='{ROOM}/Other'/>"),
        format!("<iq id='6' to='{ROOM}' type='get'><query xmlns='jabber:iq:version'/></iq>"),
        format!("<iq id='7' to='{ROOM}/Wumpus' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"),
        format!("<iq id='8' to='{ROOM}/Wumpus' type='result'/>"),
        format!("<presence id='9' to='{ROOM}/BigCheese' type='unavailable'/>"),
    ] {
        stage.send(BIGCHEESE, &kind);
    }
    assert!(stage.record.from(Hop::SlaveToMaster, BIGCHEESE).is_empty());
    let answered = |id: &str| {
        stage
            .record
            .hop(Hop::SlaveToUser)
            .iter()
            .any(|s| s.is_error() && s.id.as_deref() == Some(id) && to(s) == BIGCHEESE)
    };
    assert!(["1", "2", "3", "5", "6", "7"].iter().all(|id| answered(id)));
    assert!(!answered("8"), "a result is never answered");
}

/// `slave.intercept.directed-presence`
#[test]
fn the_presence_of_another_resource_authorises_nobody() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.forge_at(VESA, &enter("BigCheese", "msa@vesa.yeggmaex.irc/anvil"));
    assert_eq!(stage.record.hop(Hop::SlaveToUser).len(), 0);
    assert!(stage.record.iter().any(|record| record.is_note(Change::EnterRefused)));
    stage.leave(EFCHEN);
    stage.record.clear();
    stage.forge_at(VESA, &enter("Efchen", EFCHEN));
    assert_eq!(stage.record.hop(Hop::SlaveToUser).len(), 0, "his leave has ended it");
}

fn enter(nick: &str, jid: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}'><x xmlns='urn:xmpp:tmp:dmuc:0'><enter \
         jid='{jid}'/></x><x xmlns='http://jabber.org/protocol/muc#user'><item \
         affiliation='none' role='participant'/><status code='110'/></x></presence>"
    )
}

/// `slave.store.room-roster`
#[test]
fn a_slave_answers_enter_from_its_own_roster() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.join(BIGCHEESE);
    let enter = stage.record.position(|r| is_enter(&r.stanza)).unwrap();
    let rest = stage.record[enter + 1..].to_vec();
    assert!(rest.hop(Hop::MasterToSlave).iter().all(|s| to(s) != VESA));
    let presences: Vec<_> =
        rest.to(Hop::SlaveToUser, BIGCHEESE).into_iter().filter(|s| s.is_available()).collect();
    assert_eq!(
        nicks(&presences),
        ["Wumpus", "Valdis", "Phaedrus", "WiZ", "Troy", "Efchen", "BigCheese"]
    );
}

/// `slave.store.local-roster`
#[test]
fn a_refused_newcomer_receives_no_traffic() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.join_as(BIGCHEESE, "Wumpus");
    stage.say(WUMPUS, "one");
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(got.len(), 1);
    assert_eq!(condition(&got[0]).as_deref(), Some("conflict"));
    let copy = stage.slave(VESA).room(&bare(ROOM)).unwrap();
    assert_eq!(copy.locals().map(|(_, nick)| nick).collect::<Vec<_>>(), ["Efchen"]);
}

/// `slave.store.history`
#[test]
fn a_newcomer_gets_from_his_slave_what_was_said_before() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.say(WUMPUS, "one");
    stage.say(EFCHEN, "two");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let got = bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE));
    assert_eq!(got[got.len() - 2..], ["one", "two"]);
    assert!(bodies(&stage.record.to(Hop::MasterToSlave, VESA)).is_empty());
}

/// `slave.store.history-not-desired`
#[test]
fn a_slave_that_is_to_keep_no_history_serves_none() {
    let mut config = service(room(), &SLAVES);
    config.slaves[2].history_max = 0;
    let mut stage = Stage::with(config).entered(&[WUMPUS, EFCHEN]);
    stage.say(WUMPUS, "one");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert!(bodies(&got).is_empty());
    assert_eq!(got.last().unwrap().subject().as_deref(), Some("EFnet or A-net?"));
}

/// `create.negotiate-keepalive`: what is configured is obeyed.
#[test]
fn the_configured_periods_are_obeyed() {
    let mut config = service(room(), &SLAVES);
    config.timers.master_idle = wallops::time::Duration::from_secs(7);
    let mut stage = Stage::with(config).entered(&CAST);
    stage.seconds(6);
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    stage.seconds(1);
    assert_eq!(stage.record.hop(Hop::MasterToSlave).len(), 3);
}

/// `create.negotiate-history`: initial history and what is served keep to the limit, the newest.
#[test]
fn no_more_history_is_sent_and_served_than_was_agreed() {
    let mut config = service(room(), &SLAVES);
    config.slaves[2].history_max = 3;
    let mut stage = Stage::with(config);
    let initial = bodies(&stage.record.to(Hop::MasterToSlave, VESA));
    assert_eq!(initial, ["You are lying.", "Ask him yourself.", "I did what?"]);
    stage.join(WUMPUS);
    stage.say(WUMPUS, "one");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let served = bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE));
    assert_eq!(served, ["Ask him yourself.", "I did what?", "one"]);
}

/// `create.slave-consent`
#[test]
fn a_room_that_nobody_asked_for_finds_no_slave() {
    let mut config = service(room(), &SLAVES);
    config.slaves[2].rooms = Rooms::Only([bare(ROOM)].into());
    let mut stage = Stage::with(config);
    let evil = "evil@channel.avalon.irc";
    stage.send(
        BIGCHEESE,
        &format!(
            "<presence to='{evil}/BigCheese'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        ),
    );
    stage.record.clear();
    for stanza in [
        format!("<presence from='{evil}/Mallory' to='{VESA}'>{ITEM}</presence>"),
        format!(
            "<message from='{evil}/Mallory' to='{VESA}' type='groupchat'><body>x</body></message>"
        ),
        format!(
            "<presence from='{evil}/BigCheese' to='{VESA}'><x xmlns='urn:xmpp:tmp:dmuc:0'>\
                 <enter jid='{BIGCHEESE}'/></x>{ITEM}</presence>"
        ),
        format!("<presence from='other@elsewhere.irc/Mallory' to='{VESA}'>{ITEM}</presence>"),
    ] {
        stage.forge_at(VESA, &stanza);
    }
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
    assert!(stage.record.hop(Hop::SlaveToMaster).is_empty());
    assert!(stage.slave(VESA).room(&bare(evil)).is_none());
    stage.join(EFCHEN);
    let others: Vec<_> = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert!(others.iter().all(|stanza| from_nick(stanza) != "Mallory"));
}

const ITEM: &str = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' \
                    role='participant'/></x>";

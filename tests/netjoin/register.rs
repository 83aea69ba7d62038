//! Register, accept, refuse at the master (§4.1–§4.3), and what follows an accept (§4.4).

use wallops::dmuc::ServiceInput;
use wallops::room::RoomConfig;
use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::lone_master::*;
use crate::record::*;

/// What chat and private messages alone look like.
pub const CHAT: &str = "<policy local-chat='true' local-private='true'/>";

fn chat() -> Policy {
    Policy { local_chat: true, local_private: true, ..Policy::default() }
}

pub fn accept_pattern(id: &str, seq: &str, sync: &str, inside: &str) -> String {
    format!(
        "<iq from='{ROOM}' id='{id}' to='{VESA}' type='result'>\
         <accept xmlns='urn:xmpp:tmp:dmuc:0#slave' room='$room' epoch='$epoch' seq='{seq}' \
         sync='{sync}' whois='moderators'><keepalive interval='60' timeout='20' split='5'/>\
         <history maxstanzas='100' maxbytes='65536'/>{inside}</accept></iq>"
    )
}

fn state_of(nick: &str, item: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}'>\
         <x xmlns='http://jabber.org/protocol/muc#user'><item {item}/></x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><state xmlns='urn:xmpp:tmp:dmuc:0#slave'/></x></presence>"
    )
}

fn past(index: usize) -> String {
    let (author, stamp, body) = PAST[index];
    format!(
        "<message from='{ROOM}/{author}' to='{VESA}' type='groupchat'><body>{body}</body>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><history/><delay xmlns='urn:xmpp:delay' \
         from='{ROOM}/{author}' stamp='{stamp}'/></x></message>"
    )
}

fn subject_state() -> String {
    format!(
        "<message from='{ROOM}/Wumpus' to='{VESA}' type='groupchat'>\
         <subject>EFnet or A-net?</subject>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><state xmlns='urn:xmpp:tmp:dmuc:0#slave'/>\
         <delay xmlns='urn:xmpp:delay' from='{ROOM}/Wumpus' stamp='1990-08-25T10:00:00Z'/></x>\
         </message>"
    )
}

pub fn synced_pattern(seq: &str) -> String {
    format!(
        "<message from='{ROOM}' to='{VESA}'><x xmlns='urn:xmpp:tmp:dmuc:0'>\
         <synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='$epoch' seq='{seq}'/></x></message>"
    )
}

/// What a slave's own address gets.
pub fn for_slave(alone: &mut LoneMaster, slave: &str) -> Vec<Stanza> {
    alone.take().into_iter().filter(|stanza| to(stanza) == slave).collect()
}

/// §4.2 and §4.4, in this order: roster, history, subject, `synced`.
#[test]
fn an_accept_is_followed_by_the_whole_state() {
    let mut alone = LoneMaster::granting(chat());
    alone.join(WUMPUS);
    alone.join(PHAEDRUS);
    alone.take();
    let policy = "<policy local-chat='true' local-private='true' mark-away='true'/>";
    let id = alone.register_with(VESA, "9f2c", policy);
    alone.sends(&[
        &accept_pattern(&id, "2", "full", CHAT),
        &state_of("Wumpus", "affiliation='owner' role='moderator'"),
        &state_of("Phaedrus", "affiliation='none' role='participant'"),
        &past(0),
        &past(1),
        &past(2),
        &past(3),
        &subject_state(),
        &synced_pattern("2"),
    ]);
}

/// §4.8: a slave that has registered gets one copy of each event; `at` of it follows N (§4.5).
#[test]
fn events_after_the_accept_carry_their_position() {
    let mut alone = LoneMaster::new();
    alone.join(WUMPUS);
    alone.register_with(VESA, "9f2c", "");
    alone.take();
    alone.say(WUMPUS, "m1", "good evening");
    alone.sends_to(
        VESA,
        &[&format!(
            "<message from='{ROOM}/Wumpus' id='m1' to='{VESA}' type='groupchat'>\
             <body>good evening</body><x xmlns='urn:xmpp:tmp:dmuc:0'>\
             <delay xmlns='urn:xmpp:delay' from='{ROOM}/Wumpus' stamp='*'/>\
             <at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='$epoch' seq='2'/></x></message>"
        )],
    );
    alone.send(WUMPUS, &format!("<presence to='{ROOM}/Wumpus'><show>xa</show></presence>"));
    alone.sends_to(
        VESA,
        &[&format!(
            "<presence from='{ROOM}/Wumpus' to='{VESA}'><show>xa</show>\
             <x xmlns='http://jabber.org/protocol/muc#user'>\
             <item affiliation='owner' role='moderator'/></x>\
             <x xmlns='urn:xmpp:tmp:dmuc:0'>\
             <at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='$epoch' seq='3'/></x></presence>"
        )],
    );
}

/// §4.4: no subject was ever set.
#[test]
fn without_a_subject_the_state_has_an_empty_one_of_the_room() {
    let mut alone = LoneMaster::of(registering(RoomConfig::new(bare(ROOM))));
    let id = alone.register_with(VESA, "9f2c", "");
    alone.names.insert("reg".to_owned(), id);
    let sent = alone.take();
    let subject = sent.iter().find(|stanza| stanza.is_groupchat()).expect("a subject");
    assert_eq!((from(subject), subject.subject()), (ROOM, Some(String::new())));
    assert!(text(subject).contains("<state xmlns"), "{}", text(subject));
}

/// §4.5: the position is the same at every slave; an event is one number further.
#[test]
fn all_slaves_get_the_same_positions_without_gaps() {
    let mut alone = LoneMaster::with(&CAST);
    for index in 0..5 {
        alone.say(WIZ, &format!("m{index}"), "one more");
    }
    let sent = alone.take();
    let positions = |slave: &str| -> Vec<u64> {
        let own = sent.iter().filter(|stanza| to(stanza) == slave);
        own.map(|stanza| stanza.dmuc().unwrap().at.unwrap().seq).collect()
    };
    let first = positions(VESA);
    assert_eq!(first.len(), 5);
    assert!(first.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{first:?}");
    assert_eq!((positions(ERIS), positions(KILLRC)), (first.clone(), first));
}

/// §4.5: ENTER and LEAVE are no events and have no position.
#[test]
fn enter_and_leave_have_no_position() {
    let mut alone = LoneMaster::with(&[WUMPUS]);
    alone.join(BIGCHEESE);
    alone.leave(BIGCHEESE);
    let sent = for_slave(&mut alone, VESA);
    let single: Vec<_> = sent.iter().filter(|s| is_enter(s) || is_leave(s)).collect();
    assert_eq!(single.len(), 2);
    assert!(single.iter().all(|stanza| stanza.dmuc().unwrap().at.is_none()));
    assert_eq!(sent.len(), 4);
}

/// §4.1: the offer; it gives no rights and creates nothing.
#[test]
fn an_offer_goes_to_the_host_and_creates_nothing() {
    let mut alone = LoneMaster::with_nobody();
    alone.step(ServiceInput::Offer(bare(ROOM), "vesa.yeggmaex.irc".to_owned()));
    alone.sends(&[&format!(
        "<iq from='{ROOM}' id='$of' to='vesa.yeggmaex.irc' type='set'>\
         <offer xmlns='urn:xmpp:tmp:dmuc:0#slave'/></iq>"
    )]);
    alone.send("vesa.yeggmaex.irc", &format!("<iq id='$of' to='{ROOM}' type='result'/>"));
    alone.join(WUMPUS);
    let told: Vec<_> = alone.take().iter().map(|stanza| to(stanza).to_owned()).collect();
    assert!(told.iter().all(|to| to == WUMPUS), "{told:?}");
}

/// T11: an offer that is not answered is not repeated for an hour.
#[test]
fn an_offer_without_an_answer_is_not_repeated_for_an_hour() {
    let mut alone = LoneMaster::with_nobody();
    let offer = || ServiceInput::Offer(bare(ROOM), "vesa.yeggmaex.irc".to_owned());
    alone.step(offer());
    assert_eq!(alone.take().len(), 1);
    alone.seconds(3500);
    alone.step(offer());
    alone.sends(&[]);
    alone.seconds(200);
    alone.step(offer());
    assert_eq!(alone.take().len(), 1);
}

/// §4.1: a room that accepts slaves advertises both namespaces; one that does not, neither.
#[test]
fn a_room_that_accepts_slaves_says_so() {
    for distributed in [true, false] {
        let mut room = room();
        room.distributed = distributed;
        let mut alone = LoneMaster::of(registering(room));
        let query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        alone.send(BIGCHEESE, &format!("<iq id='d1' to='{ROOM}' type='get'>{query}</iq>"));
        let info = text(&alone.take()[0]);
        for feature in [ns::DMUC, ns::SLAVE] {
            assert_eq!(info.contains(&format!("'{feature}'")), distributed, "{info}");
        }
    }
}

/// §4.4: the JIDs are there before the first moderator enters, and nothing comes between his
/// arrival and his ENTER (`master.enter.adjacent`), nor between them and what was before.
#[test]
fn jids_for_the_first_moderator_come_before_his_arrival() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE, EFCHEN]);
    alone.join(TROY);
    let sent = for_slave(&mut alone, ERIS);
    assert_eq!(nicks(&sent), ["Wumpus", "BigCheese", "Efchen", "Troy", "Troy"]);
    for stanza in &sent[..3] {
        assert!(stanza.dmuc().unwrap().state.is_some(), "{}", text(stanza));
        assert!(item(stanza, "jid").is_some(), "{}", text(stanza));
    }
    assert!(sent[3].dmuc().unwrap().at.is_some(), "{}", text(&sent[3]));
    assert!(is_enter(&sent[4]), "{}", text(&sent[4]));
}

/// §4.4: who is promoted; his slave has them before the event.
#[test]
fn jids_for_the_first_moderator_come_before_his_promotion() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE, EFCHEN]);
    alone.admin(WUMPUS, "a1", "<item nick='BigCheese' role='moderator'/>");
    let sent = for_slave(&mut alone, VESA);
    let (event, states) = sent.split_last().unwrap();
    assert_eq!((from_nick(event), item(event, "role")), ("BigCheese", Some("moderator")));
    let mut told = nicks(states);
    told.sort_unstable();
    assert_eq!(told, ["BigCheese", "Efchen", "Wumpus"]);
    for stanza in states {
        assert!(stanza.dmuc().unwrap().state.is_some(), "{}", text(stanza));
        assert!(item(stanza, "jid").is_some(), "{}", text(stanza));
    }
}

/// §4.4: when the last moderator has gone no JIDs are sent any more.
#[test]
fn after_the_last_moderator_there_are_no_jids() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE, EFCHEN]);
    alone.admin(WUMPUS, "a1", "<item nick='BigCheese' role='moderator'/>");
    alone.admin(WUMPUS, "a2", "<item nick='BigCheese' role='participant'/>");
    alone.take();
    alone.send(WUMPUS, &format!("<presence to='{ROOM}/Wumpus'><show>xa</show></presence>"));
    let sent = for_slave(&mut alone, VESA);
    assert_eq!((sent.len(), item(&sent[0], "jid")), (1, None));
}

//! Late creation and the end of a registration (§4.9), by both sides; who replaces whom
//! (§6).

use std::sync::Arc;

use wallops::dmuc::{ServiceInput, SlaveInput};
use wallops::stanza::slave::Policy;
use wallops::stanza::{Jid, Stanza, Type, ns};

use crate::cast::*;
use crate::lone_master::*;
use crate::lone_slave::{self, LoneSlave, id};
use crate::record::*;
use crate::stanzas::*;

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// At the master: listed occupants move from direct to "via slave"; unlisted ones stay direct.
#[test]
fn who_is_listed_without_a_resume_is_handed_over() {
    let mut alone = LoneMaster::new();
    for who in [WUMPUS, BIGCHEESE, EFCHEN] {
        alone.join(who);
    }
    alone.take();
    let ringo = "<occupant jid='ringo@vesa.yeggmaex.irc/drum' nick='Ringo'/>";
    let listed = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>{ringo}");
    let id = alone.register_with(VESA, "one", &listed);
    let sent = alone.take();
    let accept = answer(&sent, &id);
    let occupants: Vec<_> = accept
        .payload("accept", ns::SLAVE)
        .unwrap()
        .children()
        .filter(|child| child.name() == "occupant")
        .map(|child| {
            (child.attr("jid").unwrap().to_owned(), child.attr("nick").unwrap().to_owned())
        })
        .collect();
    assert_eq!(occupants, [(BIGCHEESE.to_owned(), "BigCheese".to_owned())]);
    assert!(!sent.iter().any(|s| [WUMPUS, BIGCHEESE, EFCHEN].contains(&to(s))), "{}", story(&sent));
    assert_eq!(alone.nicks(), ["Wumpus", "BigCheese", "Efchen"]);
    alone.finish(VESA);
    alone.take();
    alone.say(WUMPUS, "m1", "who gets it how?");
    let told: Vec<_> = alone.take().iter().map(|s| to(s).to_owned()).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    for who in [WUMPUS, EFCHEN, VESA] {
        assert!(told.iter().any(|to| to == who), "{told:?}");
    }
}

/// The roster of a late creation contains the domain's own occupants.
#[test]
fn the_state_of_a_late_creation_contains_everybody() {
    let mut alone = LoneMaster::new();
    alone.join(WUMPUS);
    alone.join(BIGCHEESE);
    alone.take();
    let listed = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    alone.register_with(VESA, "one", &listed);
    let sent = alone.take();
    let states: Vec<_> = sent.iter().filter(|s| s.is_available()).cloned().collect();
    assert_eq!(nicks(&states), ["Wumpus", "BigCheese"]);
    assert!(states.iter().all(|s| item(s, "jid").is_none()), "{}", story(&states));
}

/// Two who were direct; then the operator has the slave register.
fn late_slave() -> LoneSlave {
    let mut alone = LoneSlave::new(Policy::default());
    alone.join(BIGCHEESE);
    let id = alone.register_id().expect("it asks");
    alone.down(&format!(
        "<iq from='{ROOM}' id='{id}' to='{VESA}' type='error'><error type='wait'>\
         <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    let joins: Vec<_> =
        alone.take().into_iter().filter(|s| from(s) == BIGCHEESE && !s.is_error()).collect();
    assert_eq!(joins.len(), 1, "the join goes up natively: {}", story(&joins));
    let direct = |nick: &str, codes: &str| {
        format!(
            "<presence from='{ROOM}/{nick}' to='{BIGCHEESE}'>\
             <x xmlns='http://jabber.org/protocol/muc#user'>\
             <item affiliation='none' role='participant'/>{codes}</x></presence>"
        )
    };
    for stanza in [direct("Wumpus", ""), direct("BigCheese", "<status code='110'/>")] {
        alone.down(&stanza);
        alone.sends(&[&stanza]);
    }
    alone.seconds(100);
    alone.take();
    alone
}

/// What BigCheese's server remembers of his presence.
fn remembered() -> Vec<(Arc<Jid>, Arc<Jid>)> {
    vec![(Arc::new(jid(BIGCHEESE)), Arc::new(jid(&occupant(BIGCHEESE))))]
}

/// At the slave: nobody is told anything, and from then on it distributes.
#[test]
fn who_is_handed_over_notices_nothing() {
    let mut alone = late_slave();
    alone.step(SlaveInput::Register(bare(ROOM), remembered()));
    let register = alone.registers();
    let payload = register.payload("register", ns::SLAVE).unwrap();
    let listed = payload.get_child("occupant", ns::SLAVE).expect("who has joined is listed");
    assert_eq!((listed.attr("jid"), listed.attr("nick")), (Some(BIGCHEESE), Some("BigCheese")));
    assert!(!payload.has_child("resume", ns::SLAVE), "{}", text(&register));
    let known = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    alone.down(&accept("$reg", 417, "full", "", &known));
    alone.down(&state("Wumpus", ""));
    alone.down(&state("BigCheese", ""));
    let history = said("WiZ", "w1", "already heard", 3).replace(&at(3), "<history/>");
    alone.down(&history);
    alone.down(&subject("EFnet or A-net?"));
    alone.down(&synced(417));
    alone.tells_nobody_keeping();
    alone.acknowledge();
    alone.take();
    alone.down(&said("Wumpus", "m1", "through the slave now", 418));
    assert_eq!(alone.take().iter().map(to).collect::<Vec<_>>(), [BIGCHEESE]);
    alone.down(&event("Wumpus", 419, "<show>xa</show>"));
    assert_eq!(alone.take().iter().map(to).collect::<Vec<_>>(), [BIGCHEESE]);
}

/// Who is not in the accept is not on the list.
#[test]
fn who_is_not_confirmed_is_not_served() {
    let mut alone = late_slave();
    alone.step(SlaveInput::Register(bare(ROOM), remembered()));
    alone.registers();
    alone.down(&accept("$reg", 417, "full", "", ""));
    alone.down(&state("Wumpus", ""));
    alone.down(&subject("EFnet or A-net?"));
    alone.down(&synced(417));
    alone.acknowledge();
    alone.take();
    alone.down(&said("Wumpus", "m1", "not for him", 418));
    assert!(!alone.take().iter().any(|s| to(s) == BIGCHEESE && s.is_groupchat()));
}

/// The example of §4.9: by the slave.
#[test]
fn when_a_slave_deregisters_its_occupants_are_direct() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.send(
        VESA,
        &format!(
            "<iq id='dereg1' to='{ROOM}' type='set'>\
             <deregister xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='one'>\
             <reason>maintenance</reason></deregister></iq>"
        ),
    );
    alone.sends(&[&format!("<iq from='{ROOM}' id='dereg1' to='{VESA}' type='result'/>")]);
    alone.say(WUMPUS, "m1", "and now?");
    let sent = alone.take();
    let told: Vec<_> = sent.iter().map(|s| to(s).to_owned()).collect();
    assert!(told.contains(&BIGCHEESE.to_owned()) && !told.contains(&VESA.to_owned()), "{told:?}");
    let direct = sent.iter().find(|s| to(s) == BIGCHEESE).unwrap();
    assert!(!text(direct).contains(ns::DMUC), "{}", text(direct));
    assert_eq!(alone.nicks(), ["Wumpus", "BigCheese"]);
    alone.seconds_answered(300, &[KILLRC, ERIS]);
    assert!(!alone.take().iter().any(|s| to(s) == VESA), "it is not pinged");
}

/// By the master: the same IQ from room to slave.
#[test]
fn when_a_master_deregisters_a_slave_its_occupants_are_direct_from_the_result_on() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.step(ServiceInput::Deregister(bare(ROOM), jid(VESA)));
    let iq = alone.take().remove(0);
    assert!(iq.has_payload("deregister", ns::SLAVE), "{}", text(&iq));
    assert_eq!((from(&iq), to(&iq), iq.type_.clone()), (ROOM, VESA, Type::Set));
    alone.send(VESA, &format!("<iq id='{}' to='{ROOM}' type='result'/>", id(&iq)));
    alone.take();
    alone.say(WUMPUS, "m1", "and now?");
    let told: Vec<_> = alone.take().iter().map(|s| to(s).to_owned()).collect();
    assert!(told.contains(&BIGCHEESE.to_owned()) && !told.contains(&VESA.to_owned()), "{told:?}");
}

/// At the slave, by itself: it waits for the result, then it has no state and distributes nothing.
#[test]
fn a_slave_that_has_deregistered_knows_nothing() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.step(SlaveInput::Deregister(bare(ROOM)));
    let sent = alone.take();
    let iq = sent.iter().find(|s| s.has_payload("deregister", ns::SLAVE)).expect("it says so");
    alone.down(&format!("<iq from='{ROOM}' id='{}' to='{VESA}' type='result'/>", id(iq)));
    alone.sends(&[]);
    alone.down(&said("Wumpus", "m1", "left over", 418));
    alone.sends(&[]);
    let direct = format!(
        "<message from='{ROOM}/Wumpus' id='m2' to='{BIGCHEESE}' type='groupchat'>\
         <body>directly</body></message>"
    );
    alone.down(&direct);
    alone.sends(&[&direct]);
    alone.say(BIGCHEESE, "m3", "natively");
    assert_eq!(alone.take().iter().map(from).collect::<Vec<_>>(), [BIGCHEESE]);
}

/// At the slave, by its master.
#[test]
fn a_slave_that_is_deregistered_answers_and_stops() {
    let mut alone = LoneSlave::active(Policy::default());
    alone.down(&format!(
        "<iq from='{ROOM}' id='dereg7' to='{VESA}' type='set'>\
         <deregister xmlns='urn:xmpp:tmp:dmuc:0#slave'/></iq>"
    ));
    alone.sends(&[&format!("<iq from='{VESA}' id='dereg7' to='{ROOM}' type='result'/>")]);
    alone.down(&said("Wumpus", "m1", "left over", 418));
    alone.sends(&[]);
}

/// §4.1: the join is held until the answer, or 5 s, then relayed.
#[test]
fn a_join_is_not_held_longer_than_five_seconds() {
    let mut alone = LoneSlave::new(Policy::default());
    alone.join(BIGCHEESE);
    assert!(!alone.take().iter().any(|s| from(s) == BIGCHEESE), "it waits");
    alone.seconds(4);
    assert!(!alone.take().iter().any(|s| from(s) == BIGCHEESE), "it waits");
    alone.seconds(2);
    let sent = alone.take();
    assert_eq!(sent.iter().filter(|s| from(s) == BIGCHEESE).count(), 1, "{}", story(&sent));
}

/// §4.1: meanwhile the master may serve him itself, and through a slave that does not listen yet.
/// That he gives up a nick does not say that he is in under it: who waits for that asks again.
#[test]
fn a_nick_that_is_given_up_answers_nobody_who_asks_for_it() {
    let mut alone = LoneSlave::new(Policy::default());
    alone.join_as(BIGCHEESE, "SmallCheese");
    alone.join(BIGCHEESE);
    alone.seconds(6);
    let item = "<item affiliation='none' nick='SmallCheese' role='participant'/>";
    alone.down(&format!(
        "<presence from='{ROOM}/BigCheese' to='{BIGCHEESE}' type='unavailable'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>{item}\
         <status code='110'/><status code='303'/></x></presence>"
    ));
    alone.seconds(120);
    alone.join(EFCHEN);
    let register = alone.register_id().expect("it registers for the next who enters");
    alone.down(&accept(&register, 415, "full", "", ""));
    alone.take();
    alone.down(&synced(415));
    let late = alone.gone_up();
    let asks = |stanza: &&Stanza| from(stanza) == BIGCHEESE && stanza.is_available();
    let nicks = late.iter().filter(asks).filter_map(|stanza| stanza.to.as_ref()?.resource());
    let nicks: Vec<_> = nicks.map(|nick| nick.as_str()).collect();
    assert_eq!(nicks.last(), Some(&"BigCheese"), "{}", story(&late));
}

/// §6: same JID, same instance: a repeat, at any time.
#[test]
fn a_repeated_register_is_answered_again() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    let resume = alone.resume(VESA);
    let listed = format!("{resume}<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    for _ in 0..3 {
        let id = alone.register_with(VESA, "one", &listed);
        let sent = alone.take();
        assert!(answer(&sent, &id).has_payload("accept", ns::SLAVE), "{}", story(&sent));
    }
    assert_eq!(alone.nicks(), ["Wumpus", "BigCheese"]);
}

/// Same JID, other instance: a restart, the new one replaces the old, once in 10 s (§5.4).
#[test]
fn a_restarted_slave_replaces_the_old_one_but_not_twice_in_ten_seconds() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.seconds_answered(20, &SLAVES);
    alone.take();
    let id = alone.register_with(VESA, "two", "");
    let sent = alone.take();
    assert!(answer(&sent, &id).has_payload("accept", ns::SLAVE), "{}", story(&sent));
    assert!(sent.iter().any(|s| s.is_unavailable() && has_code(s, "333")), "{}", story(&sent));
    assert_eq!(alone.nicks(), ["Wumpus"]);
    alone.finish(VESA);
    alone.seconds_answered(5, &SLAVES);
    alone.take();
    let id = alone.register_with(VESA, "three", "");
    let refused = answer(&alone.take(), &id);
    assert_eq!(condition(&refused).as_deref(), Some("conflict"), "{}", text(&refused));
    alone.seconds_answered(6, &SLAVES);
    alone.take();
    let id = alone.register_with(VESA, "three", "");
    assert!(answer(&alone.take(), &id).has_payload("accept", ns::SLAVE));
}

/// Another JID while the present slave is split: replacement.
#[test]
fn another_slave_may_replace_one_that_is_split() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.lose(VESA);
    let twin = "twin@vesa.yeggmaex.irc";
    let id = alone.register_with(twin, "other", "");
    let sent = alone.take();
    assert!(answer(&sent, &id).has_payload("accept", ns::SLAVE), "{}", story(&sent));
    alone.say(WUMPUS, "m1", "who serves vesa?");
    let told: Vec<_> = alone.take().iter().map(|s| to(s).to_owned()).collect();
    assert!(told.contains(&twin.to_owned()) && !told.contains(&VESA.to_owned()), "{told:?}");
}

impl LoneSlave {
    /// Its users were told nothing; what else it sent stays to be looked at.
    #[track_caller]
    pub fn tells_nobody_keeping(&mut self) {
        let told: Vec<_> = self.peek().iter().filter(|s| !lone_slave::goes_up(s)).collect();
        assert!(told.is_empty(), "{}", told.iter().map(|s| text(s)).collect::<String>());
    }
}

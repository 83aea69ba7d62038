//! How rooms end (XEP-0045 §10.9, §15.6.2): destroyed, left by all, shut down.

use wallops::dmuc::{Rooms, ServiceConfig, ServiceInput};
use wallops::room::RoomConfig;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

const VENUE: &str = "jid='operlog@channel.avalon.irc'";
const REASON: &str = "<reason>the war is over</reason>";

/// A service that makes rooms, each of them served by the three slaves.
fn rooms_on_demand() -> ServiceConfig {
    let mut config = service(room(), &SLAVES);
    config.rooms.clear();
    for slave in &mut config.slaves {
        slave.rooms = Rooms::Service(DOMAIN.to_owned());
    }
    config
}

fn destroyed(stanza: &Stanza) -> Option<String> {
    let x = stanza.payload("x", ns::MUC_USER)?;
    x.get_child("destroy", ns::MUC_USER).map(String::from)
}

#[test]
fn one_stanza_for_each_slave_and_one_for_each_occupant_tell_of_the_end() {
    let mut stage = Stage::full().entered(&[STRANGER]);
    stage.destroy(WUMPUS, VENUE, REASON);
    let down = stage.record.hop(Hop::MasterToSlave);
    assert_eq!(down.iter().map(to).collect::<Vec<_>>(), SLAVES);
    for copy in &down {
        assert_eq!((from(copy), copy.is_unavailable()), (ROOM, true));
        assert!(destroyed(copy).unwrap().contains("operlog@channel.avalon.irc"));
        assert_eq!((item(copy, "affiliation"), item(copy, "role")), (Some("none"), Some("none")));
    }
    for who in CAST.iter().chain([&STRANGER]) {
        let got = stage.record.got(who);
        let told: Vec<_> = got.iter().filter(|stanza| stanza.is_unavailable()).collect();
        assert_eq!(told.len(), 1, "{who}: of himself and of nobody else");
        assert_eq!(from(told[0]), occupant(who));
        assert!(destroyed(told[0]).unwrap().contains("the war is over"));
        assert_eq!(codes(told[0]), ["110"]);
        assert!(!stage.clients[*who].is_in());
    }
    let last = stage.record.got(WUMPUS).pop().unwrap();
    assert_eq!(last.type_, wallops::stanza::Type::Result, "the result comes last");
    assert!(stage.service.room(&bare(ROOM)).is_none());
    for slave in SLAVES {
        let copy = stage.slave(slave).room(&bare(ROOM)).unwrap();
        assert_eq!(copy.roster().len() + copy.locals().count(), 0);
        assert_eq!(copy.history().iter().count(), 0);
        assert_eq!(copy.subject(), None);
    }
    stage.seconds(600);
    assert!(stage.record.to(Hop::MasterToSlave, VESA).len() == 1, "and nobody pings for it");
}

#[test]
fn a_room_that_was_destroyed_can_be_made_anew_and_remembers_nothing() {
    let mut stage = Stage::with(rooms_on_demand());
    stage.join(BIGCHEESE);
    stage.accept_room(BIGCHEESE);
    stage.say(BIGCHEESE, "mine");
    stage.destroy(BIGCHEESE, "", "");
    stage.record.clear();
    stage.join(EFCHEN);
    let burst = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(codes(&burst[0]), ["201", "110"]);
    assert!(bodies(&burst).is_empty());
    assert_eq!(item(&burst[0], "affiliation"), Some("owner"));
}

#[test]
fn only_its_owner_destroys_a_room() {
    let mut stage = Stage::full();
    stage.destroy(WIZ, "", "");
    assert_eq!(condition(&stage.clients[WIZ].errors[0]).as_deref(), Some("forbidden"));
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
}

#[test]
fn a_temporary_room_goes_with_its_last_occupant() {
    let mut stage = Stage::with(rooms_on_demand());
    stage.join(BIGCHEESE);
    stage.accept_room(BIGCHEESE);
    stage.join(EFCHEN);
    stage.leave(BIGCHEESE);
    assert!(stage.service.room(&bare(ROOM)).is_some());
    stage.leave(EFCHEN);
    assert!(stage.service.room(&bare(ROOM)).is_none());
    assert_eq!(
        stage.clients[EFCHEN].inbox.last().unwrap().from,
        Some(jid(&occupant(EFCHEN)).into())
    );
    // A persistent one stays.
    stage.join(BIGCHEESE);
    stage.configure(BIGCHEESE, &[("muc#roomconfig_persistentroom", "1")]);
    stage.leave(BIGCHEESE);
    assert!(stage.service.room(&bare(ROOM)).is_some());
}

#[test]
fn a_request_that_creates_no_occupant_creates_no_room() {
    let mut stage = Stage::with(rooms_on_demand());
    stage.join_as(BIGCHEESE, &"x".repeat(70));
    assert_eq!(condition(&stage.clients[BIGCHEESE].errors[0]).as_deref(), Some("jid-malformed"));
    assert!(stage.service.room(&bare(ROOM)).is_none());
}

#[test]
fn a_room_with_people_behind_a_split_slave_is_not_empty() {
    let mut stage = Stage::with(rooms_on_demand());
    stage.join(WUMPUS);
    stage.accept_room(WUMPUS);
    stage.join(BIGCHEESE);
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(WUMPUS, "is anybody there?");
    stage.leave(WUMPUS);
    assert!(stage.service.room(&bare(ROOM)).is_some());
    stage.heal(VESA);
    stage.seconds(30);
    stage.say(BIGCHEESE, "yes");
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE)).last().unwrap(), "yes");
}

#[test]
fn a_slave_that_was_split_at_the_end_is_told_when_it_is_back() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(WUMPUS, "is anybody there?");
    stage.destroy(WUMPUS, VENUE, REASON);
    assert!(stage.clients[BIGCHEESE].is_in());
    // For everybody else it is no more.
    stage.say(VALDIS, "hello?");
    assert_eq!(condition(&stage.clients[VALDIS].errors[0]).as_deref(), Some("item-not-found"));
    stage.heal(VESA);
    stage.seconds(30);
    assert!(!stage.clients[BIGCHEESE].is_in());
    assert!(destroyed(stage.clients[BIGCHEESE].inbox.last().unwrap()).is_some());
    assert!(stage.service.room(&bare(ROOM)).is_none());
}

#[test]
fn everybody_is_told_that_the_service_goes_down() {
    let mut stage = Stage::full().entered(&[STRANGER]);
    stage.shut_down();
    assert_eq!(stage.record.hop(Hop::MasterToSlave).len(), 3);
    for who in CAST.iter().chain([&STRANGER]) {
        let got = stage.record.got(who);
        assert_eq!(codes(&got[0]), ["332", "110"], "{who}");
        assert_eq!(got.len(), 1);
    }
    stage.join(BIGCHEESE);
    assert_eq!(
        condition(&stage.clients[BIGCHEESE].errors[0]).as_deref(),
        Some("service-unavailable")
    );
}

impl Stage {
    fn shut_down(&mut self) {
        self.step_service(ServiceInput::ShutDown);
        self.pump();
    }
}

#[test]
fn the_end_looks_the_same_with_slaves_and_without() {
    let play = |mut stage: Stage| {
        for who in CAST.iter().chain([&STRANGER]) {
            stage.join(who);
        }
        stage.destroy(WUMPUS, VENUE, REASON);
        let inbox = |who: &&str| stage.clients[*who].inbox.iter().map(text).collect::<Vec<_>>();
        CAST.iter().chain([&STRANGER]).map(inbox).collect::<Vec<_>>()
    };
    let plain: RoomConfig = room();
    let (distributed, plain) = (play(Stage::empty()), play(Stage::with(service(plain, &[]))));
    for (one, other) in distributed.iter().flatten().zip(plain.iter().flatten()) {
        assert_eq!(one, other);
    }
}

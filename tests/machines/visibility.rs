//! Rooms that do not show everybody (`muc#roomconfig_presencebroadcast`).

use wallops::room::config::BroadcastRole;
use wallops::room::{Affiliation, RoomConfig};
use wallops::stanza::Stanza;

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// The room of the examples, in which only moderators are shown; BigCheese is a member.
fn discreet() -> RoomConfig {
    let mut room = room();
    room.presence_broadcast = [BroadcastRole::Moderator].into();
    room.affiliations.insert(bare(BIGCHEESE), Affiliation::Member);
    room
}

fn served(stage: &Stage, who: &str) -> Vec<Stanza> {
    stage.record.to(Hop::SlaveToUser, who)
}

#[test]
fn who_is_not_shown_enters_and_speaks_unseen() {
    let mut stage = Stage::of(discreet(), &[WUMPUS, EFCHEN]);
    stage.join(BIGCHEESE);
    let down = stage.record.hop(Hop::MasterToSlave);
    assert_eq!(down.iter().filter_map(enter_jid).collect::<Vec<_>>(), [BIGCHEESE]);
    assert_eq!(down.len(), 1, "ENTER and nothing else");
    assert!(served(&stage, EFCHEN).is_empty() && served(&stage, WUMPUS).is_empty());
    let burst = served(&stage, BIGCHEESE);
    assert_eq!(nicks(&burst)[..2], ["Wumpus", "BigCheese"], "nor does he see his like");
    assert!(has_code(&burst[1], "110"));
    stage.say(BIGCHEESE, "boo");
    assert_eq!(bodies(&served(&stage, EFCHEN)), ["boo"]);
    // His presence comes back to him alone.
    stage.record.clear();
    let id = stage.show(BIGCHEESE, "away");
    let own = served(&stage, BIGCHEESE);
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].id.as_deref(), has_code(&own[0], "110")), (Some(&*id), true));
    assert!(served(&stage, EFCHEN).is_empty());
    // And so does a new nick, and his farewell.
    stage.rename(BIGCHEESE, "SmallCheese");
    stage.say(BIGCHEESE, "still me");
    assert_eq!(bodies(&served(&stage, BIGCHEESE)), ["still me"]);
    stage.leave(BIGCHEESE);
    assert!(served(&stage, BIGCHEESE).last().unwrap().is_unavailable());
    assert_eq!(served(&stage, EFCHEN).len(), 1);
    assert!(!stage.clients[BIGCHEESE].is_in());
    let copy = stage.slave(VESA).room(&bare(ROOM)).unwrap();
    assert_eq!(copy.roster().keys().collect::<Vec<_>>(), ["Wumpus", "Efchen"]);
}

#[test]
fn a_new_role_brings_somebody_to_light_and_takes_him_out_of_sight() {
    let mut stage = Stage::of(discreet(), &[WUMPUS, EFCHEN, VALDIS, BIGCHEESE]);
    stage.set_role(WUMPUS, "BigCheese", "moderator");
    for who in [EFCHEN, VALDIS, BIGCHEESE] {
        let got = served(&stage, who);
        let news = got.iter().find(|stanza| from_nick(stanza) == "BigCheese").unwrap();
        assert!(news.is_available(), "{who}");
        assert_eq!(item(news, "role"), Some("moderator"));
    }
    stage.record.clear();
    stage.set_role(WUMPUS, "BigCheese", "participant");
    for who in [EFCHEN, VALDIS, WUMPUS] {
        let got = served(&stage, who);
        assert!(got[0].is_unavailable() && from_nick(&got[0]) == "BigCheese", "{who}");
        assert_eq!(item(&got[0], "role"), Some("participant"));
    }
    let own = served(&stage, BIGCHEESE);
    assert_eq!(own.len(), 1);
    assert!(own[0].is_available() && has_code(&own[0], "110"));
    assert!(stage.clients[BIGCHEESE].is_in());
    stage.say(BIGCHEESE, "still here");
    assert_eq!(bodies(&served(&stage, BIGCHEESE)), ["still here"]);
}

#[test]
fn the_owner_decides_who_is_shown() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN, BIGCHEESE]);
    stage.configure(WUMPUS, &[("muc#roomconfig_presencebroadcast", "moderator visitor")]);
    let got = served(&stage, WUMPUS);
    assert_eq!(nicks(&got)[..2], ["Efchen", "BigCheese"]);
    assert!(got[0].is_unavailable() && got[1].is_unavailable());
    assert_eq!(codes(&got[2]), ["104"]);
    stage.record.clear();
    let all = "moderator participant visitor";
    stage.configure(WUMPUS, &[("muc#roomconfig_presencebroadcast", all)]);
    let got = served(&stage, WUMPUS);
    assert!(got[0].is_available() && got[1].is_available());
    assert_eq!(codes(&got[2]), ["104"]);
    stage.assert_converged();
}

#[test]
fn who_is_not_shown_leaves_in_a_split_unseen() {
    let mut stage = Stage::of(discreet(), &[WUMPUS, EFCHEN, BIGCHEESE]);
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(EFCHEN, "is anybody there?");
    stage.record.clear();
    stage.leave(BIGCHEESE);
    assert_eq!(served(&stage, BIGCHEESE).len(), 1);
    assert!(served(&stage, EFCHEN).is_empty());
    stage.heal(VESA);
    stage.seconds(30);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 2);
    assert!(served(&stage, EFCHEN).iter().all(|stanza| from_nick(stanza) != "BigCheese"));
}

#[test]
fn a_room_that_shows_moderators_looks_the_same_with_slaves_and_without() {
    let play = |mut stage: Stage| {
        for who in CAST.iter().chain([&STRANGER]) {
            stage.join(who);
        }
        stage.show(BIGCHEESE, "away");
        stage.show(TROY, "away");
        stage.say(EFCHEN, "one");
        stage.set_role(WUMPUS, "Efchen", "moderator");
        stage.rename(EFCHEN, "Effi");
        stage.rename(BIGCHEESE, "SmallCheese");
        stage.set_role(WUMPUS, "Effi", "participant");
        stage.join(RAZOR);
        stage.leave(BIGCHEESE);
        stage.kick(WUMPUS, "Valdis");
        stage.disconnect(TROY);
        let inbox = |who: &&str| stage.clients[*who].inbox.iter().map(text).collect::<Vec<_>>();
        CAST.iter().chain([&STRANGER]).map(inbox).collect::<Vec<_>>()
    };
    let distributed = play(Stage::with(service(discreet(), &SLAVES)));
    let plain = play(Stage::with(service(discreet(), &[])));
    for (one, other) in distributed.iter().flatten().zip(plain.iter().flatten()) {
        assert_eq!(one, other);
    }
}

//! Who is let in and who is not (XEP-0045 §7.2.5–7.2.10, §10.1), through slaves and directly.

use wallops::room::config::PrivateMessages;
use wallops::room::{Affiliation, RoomConfig};
use wallops::stanza::Stanza;

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

/// The error that this person got last.
fn refusal(stage: &Stage, who: &str) -> Stanza {
    stage.clients[who].errors.last().cloned().unwrap_or_else(|| panic!("{who} was not refused"))
}

fn assert_refused(stage: &Stage, who: &str, type_: &str, name: &str) {
    let error = refusal(stage, who);
    assert_eq!(condition(&error).as_deref(), Some(name), "{}", text(&error));
    assert_eq!(error_type(&error), Some(type_));
    assert_eq!(error.payload("error", wallops::stanza::ns::CLIENT).unwrap().attr("by"), Some(ROOM));
    assert!(!stage.clients[who].is_in());
}

fn with(change: impl Fn(&mut RoomConfig)) -> Stage {
    let mut room = room();
    change(&mut room);
    Stage::of(room, &[WUMPUS])
}

#[test]
fn who_knows_the_password_enters() {
    let mut stage = Stage::empty();
    stage.join_with(WUMPUS, "Wumpus", "");
    stage.configure(WUMPUS, &[("muc#roomconfig_roomsecret", "netsplit")]);
    for who in [BIGCHEESE, STRANGER] {
        stage.join(who);
        assert_refused(&stage, who, "auth", "not-authorized");
        stage.join_with(who, nick(who), "<password>takeover</password>");
        assert_refused(&stage, who, "auth", "not-authorized");
        stage.join_with(who, nick(who), "<password>netsplit</password>");
        assert!(stage.clients[who].is_in(), "{who}");
    }
    stage.configure(WUMPUS, &[("muc#roomconfig_roomsecret", "")]);
    stage.join(EFCHEN);
    assert!(stage.clients[EFCHEN].is_in(), "an empty secret is none");
}

#[test]
fn a_room_for_members_lets_members_in() {
    let mut stage = with(|room| {
        room.members_only = true;
        room.affiliations.insert(bare(EFCHEN), Affiliation::Member);
    });
    stage.join(EFCHEN);
    assert!(stage.clients[EFCHEN].is_in());
    for who in [BIGCHEESE, STRANGER] {
        stage.join(who);
        assert_refused(&stage, who, "auth", "registration-required");
    }
}

#[test]
fn strangers_are_out_when_a_room_becomes_one_for_members() {
    let mut stage = Stage::full();
    stage.configure(WUMPUS, &[("muc#roomconfig_membersonly", "1")]);
    for who in [VALDIS, EFCHEN, BIGCHEESE] {
        assert!(!stage.clients[who].is_in(), "{who}");
        let told = stage.record.to(Hop::SlaveToUser, who);
        assert!(told.iter().any(|stanza| codes(stanza) == ["322", "110"]), "{who}");
    }
    assert!(stage.clients[WIZ].is_in());
    let told = stage.record.to(Hop::SlaveToUser, WIZ);
    assert_eq!(codes(told.last().unwrap()), ["104"], "they go before the news of it");
    stage.assert_converged();
}

#[test]
fn a_full_room_takes_only_who_runs_it() {
    let mut stage = with(|room| room.max_users = Some(2));
    stage.join(BIGCHEESE);
    stage.join(EFCHEN);
    assert_refused(&stage, EFCHEN, "wait", "service-unavailable");
    stage.join(RAZOR);
    assert!(stage.clients[RAZOR].is_in(), "another session takes no place");
    stage.join(WIZ);
    assert!(stage.clients[WIZ].is_in());
}

#[test]
fn a_reserved_nick_is_for_its_owner() {
    let mut stage = with(|room| {
        room.reserved_nicks.insert(bare(TROY), "Screwdriver".to_owned());
    });
    stage.join_as(BIGCHEESE, "Screwdriver");
    assert_refused(&stage, BIGCHEESE, "cancel", "conflict");
    stage.join(BIGCHEESE);
    stage.rename(BIGCHEESE, "Screwdriver");
    assert_eq!(condition(&refusal(&stage, BIGCHEESE)).as_deref(), Some("conflict"));
    assert_eq!(stage.clients[BIGCHEESE].nick(), "BigCheese");
    stage.join_as(TROY, "Screwdriver");
    assert!(stage.clients[TROY].is_in());
}

#[test]
fn a_new_room_is_locked_until_its_creator_accepts_it() {
    let mut config = service(room(), &SLAVES);
    config.rooms.clear();
    for slave in &mut config.slaves {
        slave.rooms = wallops::dmuc::Rooms::Service(DOMAIN.to_owned());
    }
    let mut stage = Stage::with(config);
    stage.join(BIGCHEESE);
    for who in [EFCHEN, STRANGER] {
        stage.join(who);
        assert_refused(&stage, who, "cancel", "item-not-found");
    }
    stage.join(RAZOR);
    assert!(stage.clients[RAZOR].is_in(), "his other client is no other person");
    stage.accept_room(BIGCHEESE);
    stage.join(EFCHEN);
    assert!(stage.clients[EFCHEN].is_in());
}

#[test]
fn who_is_let_into_a_recorded_room_is_warned() {
    let mut stage = with(|room| room.logging = true);
    stage.join(BIGCHEESE);
    let own = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    let own = own.iter().find(|stanza| has_code(stanza, "110")).unwrap();
    assert_eq!(codes(own), ["170", "110"]);
    let others = stage.record.to(Hop::SlaveToUser, WUMPUS);
    assert!(others.iter().all(|stanza| codes(stanza).is_empty()));
}

#[test]
fn news_of_the_configuration_reaches_all_and_is_kept_by_nobody() {
    let mut stage = Stage::full();
    stage.configure(WUMPUS, &[("muc#roomconfig_enablelogging", "1")]);
    for who in CAST {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(codes(&got[0]), ["170"], "{who}");
        assert_eq!(from(&got[0]), ROOM);
        assert_eq!(got.len(), 1 + usize::from(who == WUMPUS), "and the result");
    }
    let history = stage.slave(VESA).room(&bare(ROOM)).unwrap().history().iter().count();
    assert_eq!(history, PAST.len());
    // And so it does without slaves.
    let mut stage = Stage::with_people(&[WUMPUS, STRANGER]);
    stage.configure(WUMPUS, &[("muc#roomconfig_enablelogging", "1")]);
    assert_eq!(codes(&stage.record.got(STRANGER)[0]), ["170"]);
}

#[test]
fn a_room_that_keeps_less_from_now_on_is_not_outdone_by_its_slaves() {
    let mut stage = Stage::with_people(&[WUMPUS]);
    for body in ["one", "two", "three"] {
        stage.say(WUMPUS, body);
    }
    stage.configure(WUMPUS, &[("muc#roomconfig_historylength", "2")]);
    stage.configure(WUMPUS, &[("muc#roomconfig_historylength", "20")]);
    stage.say(WUMPUS, "four");
    for who in [BIGCHEESE, STRANGER] {
        stage.record.clear();
        stage.join(who);
        assert_eq!(bodies(&stage.record.got(who)), ["two", "three", "four"], "{who}");
    }
    stage.record.clear();
    stage.join_with(EFCHEN, "Efchen", "<history maxstanzas='1'/>");
    assert_eq!(bodies(&stage.record.got(EFCHEN)), ["four"]);
}

/// XEP-0045 §7.14: the room's own address will do, and what is said on leaving goes to all.
#[test]
fn who_leaves_by_the_rooms_address_leaves_and_his_last_words_are_shown() {
    for who in [BIGCHEESE, STRANGER] {
        let mut stage = Stage::with_people(&[WUMPUS, who]);
        let words = "<status>gone fishing</status>";
        stage.send(who, &format!("<presence to='{ROOM}' type='unavailable'>{words}</presence>"));
        for reader in [who, WUMPUS] {
            let got = stage.record.got(reader);
            assert_eq!((got.len(), from_nick(&got[0])), (1, nick(who)), "{reader}");
            assert!(got[0].is_unavailable() && text(&got[0]).contains("gone fishing"));
        }
        assert!(!stage.clients[who].is_in());
    }
}

/// XEP-0410: who is not in the room is told so, whatever he pings.
#[test]
fn a_ping_to_oneself_tells_whether_one_is_in_the_room() {
    let mut stage = Stage::with_people(&[WUMPUS, BIGCHEESE]);
    stage.ping(BIGCHEESE, "BigCheese");
    stage.ping(EFCHEN, "Efchen");
    stage.ping(STRANGER, "BigCheese");
    assert!(!stage.record.got(BIGCHEESE)[0].is_error());
    for who in [EFCHEN, STRANGER] {
        let error = &stage.clients[who].errors[0];
        assert_eq!(condition(error).as_deref(), Some("not-acceptable"), "{who}");
        assert_eq!(error_type(error), Some("cancel"));
    }
}

#[test]
fn a_room_that_shows_jids_from_now_on_says_so_and_newcomers_see_them() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.shows_jids = true;
    for client in stage.clients.values_mut() {
        client.shown = true;
    }
    stage.configure(WUMPUS, &[("muc#roomconfig_whois", "anyone")]);
    let got = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(codes(&got[0]), ["172"]);
    assert_eq!(got.len(), 1, "the presences that follow are for the slave to store");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let burst = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(item_jids(&burst[0]), [WUMPUS]);
    assert_eq!(codes(&burst[6]), ["100", "110"]);
    let told = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(item_jids(&told[0]), [BIGCHEESE]);
}

#[test]
fn a_room_that_hides_jids_again_hides_them_at_its_slaves() {
    let mut room = room();
    room.whois = wallops::room::Whois::Anyone;
    let mut stage = Stage::of(room, &[WUMPUS, EFCHEN]);
    for client in stage.clients.values_mut() {
        client.shown = false;
    }
    stage.configure(WUMPUS, &[("muc#roomconfig_whois", "moderators")]);
    assert_eq!(codes(&stage.record.to(Hop::SlaveToUser, EFCHEN)[0]), ["173"]);
    stage.shows_jids = false;
    stage.record.clear();
    stage.join(BIGCHEESE);
    let burst = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert!(item_jids(&burst[0]).is_empty());
    assert!(item_jids(&stage.record.to(Hop::SlaveToUser, EFCHEN)[0]).is_empty());
    assert_eq!(item_jids(&stage.record.to(Hop::SlaveToUser, WUMPUS)[0]), [BIGCHEESE]);
    assert!(!text(&stage.record.to(Hop::MasterToSlave, VESA)[0]).contains("rubenro"));
}

#[test]
fn a_room_decides_who_may_whisper() {
    for (allowed, heard) in [
        (PrivateMessages::Anyone, vec!["to Valdis", "to Wumpus", "from Wumpus"]),
        (PrivateMessages::Moderators, vec!["to Wumpus", "from Wumpus"]),
        (PrivateMessages::Nobody, vec![]),
    ] {
        let mut room = room();
        room.private_messages = allowed;
        let mut stage = Stage::of(room, &[WUMPUS, VALDIS, EFCHEN]);
        stage.whisper(EFCHEN, "Valdis", "to Valdis");
        stage.whisper(EFCHEN, "Wumpus", "to Wumpus");
        stage.whisper(WUMPUS, "Efchen", "from Wumpus");
        let mut got = Vec::new();
        for who in [VALDIS, WUMPUS, EFCHEN] {
            got.extend(bodies(&stage.record.to(Hop::SlaveToUser, who)));
        }
        assert_eq!(got, heard, "{allowed:?}");
        let errors = &stage.clients[EFCHEN].errors;
        let refused = errors.iter().filter_map(condition).all(|name| name == "policy-violation");
        assert!(refused);
    }
}

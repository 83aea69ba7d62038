//! Several sessions under one nick (XEP-0045 §7.2.8).

use wallops::stanza::Stanza;

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// Wumpus (a moderator), Efchen, Troy; then BigCheese enters with two clients.
fn two() -> Stage {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN, BIGCHEESE]);
    stage.join(RAZOR);
    stage
}

/// What comes to this address through its slave.
fn served(stage: &Stage, who: &str) -> Vec<Stanza> {
    stage.record.to(Hop::SlaveToUser, who)
}

#[test]
fn a_second_session_enters_under_the_nick_of_the_first() {
    let mut stage = two();
    let enter: Vec<_> = stage.record.to(Hop::MasterToSlave, VESA);
    assert_eq!(enter.len(), 2, "the event, then ENTER");
    assert_eq!(enter_jid(&enter[1]).as_deref(), Some(RAZOR));
    // He gets the whole entry sequence; his first session sees itself, with both JIDs.
    let burst = served(&stage, RAZOR);
    assert_eq!(nicks(&burst)[..3], ["Wumpus", "Efchen", "BigCheese"]);
    assert_eq!(item_jids(&burst[2]), [BIGCHEESE, RAZOR]);
    let first = served(&stage, BIGCHEESE);
    assert_eq!(first.len(), 1);
    assert_eq!(item_jids(&first[0]), [BIGCHEESE, RAZOR]);
    assert!(has_code(&first[0], "110"));
    // A moderator sees both, everybody else cannot count them.
    assert_eq!(item_jids(&served(&stage, WUMPUS)[0]), [BIGCHEESE, RAZOR]);
    let efchen = served(&stage, EFCHEN);
    assert_eq!(text(&efchen[0]).matches("<item").count(), 1);
    stage.assert_converged();
}

#[test]
fn somebody_else_does_not_get_the_nick() {
    let mut stage = two();
    stage.join_as(TROY, "BigCheese");
    assert_eq!(condition(&stage.clients[TROY].errors[0]).as_deref(), Some("conflict"));
}

#[test]
fn both_sessions_hear_and_speak() {
    let mut stage = two();
    stage.record.clear();
    stage.say(RAZOR, "one");
    stage.whisper(WUMPUS, "BigCheese", "psst");
    for who in [BIGCHEESE, RAZOR] {
        assert_eq!(bodies(&served(&stage, who)), ["one", "psst"], "{who}");
    }
    assert_eq!(from_nick(&served(&stage, EFCHEN)[0]), "BigCheese");
    stage.ping(RAZOR, "BigCheese");
    assert_eq!(served(&stage, RAZOR).last().unwrap().type_, wallops::stanza::Type::Result);
}

#[test]
fn the_nick_stays_until_its_last_session_leaves() {
    let mut stage = two();
    stage.show(RAZOR, "away");
    stage.record.clear();
    stage.leave(BIGCHEESE);
    let down = stage.record.to(Hop::MasterToSlave, VESA);
    assert_eq!(leave_jid(&down[0]).as_deref(), Some(BIGCHEESE));
    assert!(down[1].is_available(), "the nick is there, as its other session has it");
    assert!(text(&down[1]).contains("<show>away</show>"));
    let own = served(&stage, BIGCHEESE);
    assert_eq!(own.len(), 1);
    assert!(own[0].is_unavailable() && has_code(&own[0], "110"));
    assert_eq!(item_jids(&own[0]), [BIGCHEESE]);
    assert_eq!(item_jids(&served(&stage, WUMPUS)[0]), [RAZOR]);
    stage.assert_converged();
    stage.record.clear();
    stage.leave(RAZOR);
    assert!(served(&stage, WUMPUS)[0].is_unavailable());
    assert_eq!(served(&stage, RAZOR).len(), 1);
    stage.assert_converged();
}

#[test]
fn the_nick_shows_the_presence_of_its_oldest_session() {
    let mut stage = two();
    stage.show(BIGCHEESE, "dnd");
    stage.record.clear();
    stage.show(RAZOR, "away");
    assert!(text(&served(&stage, EFCHEN)[0]).contains("<show>dnd</show>"));
}

#[test]
fn a_kick_takes_all_sessions_and_is_told_to_each() {
    let mut stage = two();
    stage.record.clear();
    stage.kick(WUMPUS, "BigCheese");
    let down = stage.record.to(Hop::MasterToSlave, VESA);
    let left: Vec<_> = down.iter().filter_map(leave_jid).collect();
    assert_eq!(left, [BIGCHEESE, RAZOR]);
    assert_eq!(down.len(), 3, "and one event");
    for who in [BIGCHEESE, RAZOR] {
        let own = served(&stage, who);
        assert_eq!(codes(&own[0]), ["307", "110"], "{who}");
        assert_eq!(item_jids(&own[0]), [who]);
        assert_eq!(own.len(), 1);
    }
    assert_eq!(served(&stage, EFCHEN).len(), 1);
    stage.assert_converged();
}

#[test]
fn a_new_nick_is_that_of_all_sessions() {
    let mut stage = two();
    stage.record.clear();
    stage.rename(RAZOR, "SmallCheese");
    for who in [BIGCHEESE, RAZOR] {
        let own = served(&stage, who);
        assert_eq!(codes(&own[0]), ["303", "110"], "{who}");
        assert_eq!(from_nick(&own[1]), "SmallCheese");
        assert!(has_code(&own[1], "110"));
    }
    stage.say(BIGCHEESE, "still me");
    assert_eq!(from_nick(served(&stage, EFCHEN).last().unwrap()), "SmallCheese");
    stage.assert_converged();
}

#[test]
fn an_unreachable_session_goes_and_the_nick_stays() {
    let mut stage = two();
    stage.record.clear();
    let error = "<error type='cancel'><service-unavailable \
                 xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text \
                 xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>gone for good</text></error>";
    let to = occupant(BIGCHEESE);
    stage.send(RAZOR, &format!("<presence to='{to}' type='error'>{error}</presence>"));
    let told = served(&stage, RAZOR);
    assert_eq!(codes(&told[0]), ["333", "110"]);
    assert!(text(&told[0]).contains("Kicked: service unavailable: gone for good"));
    assert!(served(&stage, EFCHEN)[0].is_available());
    let copy = stage.slave(VESA).room(&bare(ROOM)).unwrap();
    assert!(copy.locals().any(|(who, _)| who.as_str() == BIGCHEESE));
    assert!(copy.locals().all(|(who, _)| who.as_str() != RAZOR));
}

#[test]
fn one_of_two_who_leaves_in_a_split_is_out_and_the_other_is_not() {
    let mut stage = two();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(EFCHEN, "is anybody there?");
    stage.record.clear();
    stage.leave(BIGCHEESE);
    assert!(served(&stage, BIGCHEESE)[0].is_unavailable());
    assert!(served(&stage, EFCHEN).is_empty(), "the nick is still there");
    stage.heal(VESA);
    stage.seconds(30);
    stage.say(RAZOR, "back");
    assert_eq!(bodies(&served(&stage, RAZOR)), ["back"]);
    assert!(!bodies(&served(&stage, BIGCHEESE)).contains(&"back".to_owned()));
    stage.assert_converged();
}

#[test]
fn one_of_two_who_is_lost_in_a_split_is_told_when_it_is_over() {
    let mut stage = two();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(EFCHEN, "is anybody there?");
    stage.kick(WUMPUS, "BigCheese");
    stage.heal(VESA);
    stage.record.clear();
    stage.seconds(30);
    for who in [BIGCHEESE, RAZOR] {
        assert!(has_code(&served(&stage, who)[0], "307"), "{who}");
    }
    stage.assert_converged();
}

#[test]
fn two_sessions_look_the_same_with_slaves_and_without() {
    let play = |mut stage: Stage| {
        for who in [WUMPUS, EFCHEN, BIGCHEESE, RAZOR, TRAM] {
            stage.join(who);
        }
        stage.show(RAZOR, "away");
        stage.show(BIGCHEESE, "dnd");
        stage.say(RAZOR, "one");
        stage.rename(TRAM, "Effi");
        stage.whisper(BIGCHEESE, "Effi", "psst");
        stage.leave(BIGCHEESE);
        stage.join(BIGCHEESE);
        stage.kick(WUMPUS, "Effi");
        stage.disconnect(RAZOR);
        stage.ban(WUMPUS, BIGCHEESE);
        let inbox = |who: &str| stage.clients[who].inbox.iter().map(text).collect::<Vec<_>>();
        [WUMPUS, EFCHEN, BIGCHEESE, RAZOR, TRAM].map(inbox)
    };
    let distributed = play(Stage::empty());
    let plain = play(Stage::with(service(room(), &[])));
    for (distributed, plain) in distributed.iter().zip(&plain) {
        for (one, other) in distributed.iter().zip(plain) {
            assert_eq!(one, other);
        }
        assert_eq!(distributed.len(), plain.len());
    }
}

//! What a slave is told when it is created (register, F and G).

use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

/// A room with people in it whose slave at vesa is not created yet.
fn before_creation(people: &[&str]) -> Stage {
    let mut config = service(room(), &SLAVES);
    config.slaves[2].at_start = false;
    Stage::with(config).entered(people)
}

/// What vesa's slave is sent when it is created.
fn creation(people: &[&str]) -> Vec<Stanza> {
    let mut stage = before_creation(people);
    stage.create(VESA);
    stage.record.to(Hop::MasterToSlave, VESA)
}

fn roster(sent: &[Stanza]) -> Vec<Stanza> {
    sent.iter().filter(|stanza| stanza.is_available()).cloned().collect()
}

/// `master.roster.sent-on-create`, `master.roster.complete-once`
#[test]
fn a_new_slave_is_told_of_everybody_in_the_room_once() {
    let mut stage = before_creation(&[WUMPUS, VALDIS, WIZ, TROY]);
    stage.leave(VALDIS);
    stage.rename(TROY, "Hector");
    stage.record.clear();
    stage.create(VESA);
    let sent = stage.record.to(Hop::MasterToSlave, VESA);
    assert_eq!(nicks(&roster(&sent)), ["Wumpus", "WiZ", "Hector"]);
    assert!(stage.record.hop(Hop::MasterToSlave).iter().all(|stanza| to(stanza) == VESA));
}

/// `master.roster.remote-only-at-create`
#[test]
fn the_roster_of_a_fresh_slave_has_nobody_of_its_own_domain() {
    let sent = creation(&[WUMPUS, WIZ]);
    assert_eq!(nicks(&roster(&sent)), ["Wumpus", "WiZ"]);
    assert!(!sent.iter().any(|stanza| text(stanza).contains("enter")));
}

/// `master.roster.remote-only-at-create`, the other half: who was there before stays as he was.
#[test]
fn who_was_a_direct_occupant_stays_one_when_his_slave_is_created() {
    let mut stage = before_creation(&[WUMPUS, EFCHEN]);
    stage.create(VESA);
    stage.join(BIGCHEESE);
    stage.record.clear();
    stage.say(WUMPUS, "one");
    assert_eq!(stage.record.to(Hop::MasterToUser, EFCHEN).len(), 1);
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 1);
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).len(), 1);
    stage.leave(EFCHEN);
    assert!(!stage.clients[EFCHEN].is_in() && !stage.clients[EFCHEN].waits());
}

/// `master.roster.format`, `master.roster.no-jid-at-create`
#[test]
fn roster_presences_have_affiliation_and_role_and_no_jid() {
    let sent = roster(&creation(&[WUMPUS, VALDIS, WIZ, TROY]));
    let items: Vec<_> = sent
        .iter()
        .map(|stanza| {
            assert_eq!(to(stanza), VESA);
            let x = stanza.payloads.iter().filter(|p| p.is("x", ns::MUC_USER)).count();
            assert_eq!((x, item(stanza, "jid")), (1, None));
            (item(stanza, "affiliation").unwrap(), item(stanza, "role").unwrap())
        })
        .collect();
    assert_eq!(
        items,
        [
            ("owner", "moderator"),
            ("none", "participant"),
            ("admin", "moderator"),
            ("none", "moderator"),
        ]
    );
}

/// `master.roster.jid-for-later-moderator`
#[test]
fn the_first_moderator_behind_a_slave_sees_the_jids_of_those_before_him() {
    let mut room = room();
    room.moderators.insert(bare(BIGCHEESE));
    let mut stage = Stage::of(room, &CAST[..6]);
    stage.join(BIGCHEESE);
    let down = stage.record.to(Hop::MasterToSlave, VESA);
    let enter = down.iter().position(is_enter).unwrap();
    let known: Vec<_> =
        down[..enter].iter().filter(|s| item(s, "jid").is_some()).map(from_nick).collect();
    for who in CAST {
        assert!(known.contains(&nick(who)), "{who}");
    }
    let seen: Vec<_> = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    for presence in seen.iter().filter(|stanza| stanza.is_available()) {
        assert!(item(presence, "jid").is_some(), "{}", text(presence));
    }
    // Nobody else is told anything but that he has come.
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 1);
}

/// `master.roster.jid-for-later-moderator`: who is promoted while he is there, and a second one.
#[test]
fn a_slave_whose_first_moderator_is_promoted_has_the_jids_for_the_next() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.set_role(WUMPUS, "Efchen", "moderator");
    let others = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(nicks(&others), ["Efchen"], "he is told of his role and nothing else");
    stage.join(BIGCHEESE);
    stage.set_role(WUMPUS, "BigCheese", "moderator");
    stage.record.clear();
    stage.join(BIGCHEESE);
    let again = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(again.iter().filter(|s| item(s, "jid").is_some()).count(), 7);
}

/// `master.roster.jid-for-later-moderator`: a moderator who comes while the master counts the
/// slave as lost.
#[test]
fn a_moderator_who_came_in_a_split_sees_jids_when_it_is_over() {
    use crate::stage::Way;
    let mut room = room();
    room.moderators.insert(bare(BIGCHEESE));
    let mut stage = Stage::of(room, &CAST[..6]);
    stage.cut(VESA, Way::Up, Way::Bounce);
    stage.say(WUMPUS, "one");
    stage.join(BIGCHEESE);
    stage.heal(VESA);
    stage.seconds(10);
    assert!(stage.clients[BIGCHEESE].view.values().all(|seen| seen.jid.is_some()));
    stage.calm_down();
    stage.assert_converged();
}

/// `master.roster.before-enter`, `master.history.may-send`
#[test]
fn subject_roster_and_history_come_in_this_order_and_before_anybody_enters() {
    let mut stage = before_creation(&[WUMPUS, WIZ]);
    stage.held = true;
    stage.create(VESA);
    stage.join(BIGCHEESE);
    stage.pump();
    let sent = stage.record.to(Hop::MasterToSlave, VESA);
    let kinds: Vec<_> = sent
        .iter()
        .filter(|stanza| stanza.kind != wallops::stanza::Kind::Iq)
        .map(|stanza| match stanza {
            stanza if is_enter(stanza) => "enter",
            stanza if stanza.is_available() => "presence",
            stanza if stanza.body().is_some() => "history",
            _ => "subject",
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "subject", "presence", "presence", "history", "history", "history", "history",
            "presence", "enter",
        ]
    );
    for message in sent.iter().filter(|stanza| stanza.is_groupchat()) {
        let x = message.dmuc().unwrap();
        assert!(x.delay.is_some() && x.history.is_some());
        assert!(message.delay().is_none(), "the delay is inside");
    }
}

/// `slave.roster.silent-store`
#[test]
fn the_initial_roster_is_shown_to_nobody() {
    let mut stage = before_creation(&[WUMPUS, WIZ]);
    stage.create(VESA);
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
    assert_eq!(stage.slave(VESA).room(&bare(ROOM)).unwrap().roster().len(), 2);
}

/// `slave.history.store-initial`, `slave.history.deliver-on-enter`
#[test]
fn the_initial_history_is_shown_to_newcomers_and_to_them_only() {
    let mut stage = before_creation(&[WUMPUS]);
    stage.create(VESA);
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
    stage.join(EFCHEN);
    let past: Vec<_> = PAST.iter().map(|(_, _, text)| *text).collect();
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, EFCHEN)), past);
    stage.record.clear();
    stage.join(BIGCHEESE);
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE)), past);
    assert!(bodies(&stage.record.to(Hop::SlaveToUser, EFCHEN)).is_empty());
}

/// `master.history.addressing`
#[test]
fn initial_history_is_from_who_said_it_and_to_the_slave() {
    let sent = creation(&[WUMPUS]);
    let history: Vec<_> = sent.iter().filter(|stanza| stanza.body().is_some()).cloned().collect();
    assert_eq!(nicks(&history), ["Trillian", "BlondeBoy", "DCLXVI", "Cerebus"]);
    for (message, (author, stamp, _)) in history.iter().zip(PAST) {
        let delay = message.dmuc().unwrap().delay.unwrap();
        assert_eq!(delay.stamp, time(stamp));
        assert_eq!(delay.from.unwrap().as_str(), format!("{ROOM}/{author}"));
        assert_eq!(to(message), VESA);
    }
}

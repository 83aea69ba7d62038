//! The master is back, without positions (3.6.8).

use wallops::dmuc::Change;
use wallops::stanza::ns;

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// All are in, vesa is cut off and knows it; the record is empty.
fn alone() -> Stage {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Silent);
    stage.say(EFCHEN, "Hello?");
    assert!(is_split(&stage));
    stage.record.clear();
    stage.client(EFCHEN).errors.clear();
    stage
}

fn is_split(stage: &Stage) -> bool {
    stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split()
}

/// 3.6.8: leaves and the last presence go up when the master is back, and only they.
#[test]
fn leaves_and_the_last_presence_go_up_when_the_master_is_back() {
    let mut stage = alone();
    stage.show(BIGCHEESE, "away");
    stage.show(BIGCHEESE, "xa");
    stage.say(BIGCHEESE, "lost");
    stage.leave(EFCHEN);
    stage.heal(VESA);
    stage.seconds(5);
    let synced = stage
        .record
        .position(|r| {
            r.is_note(Change::Synced)
                && r.note.as_ref().is_some_and(|note| note.by.as_str() == VESA)
        })
        .unwrap();
    let up: Vec<_> = stage.record[synced..]
        .to_vec()
        .hop(Hop::SlaveToMaster)
        .into_iter()
        .filter(|stanza| {
            domain_of(from(stanza)) == "vesa.yeggmaex.irc"
                && stanza.kind != wallops::stanza::Kind::Iq
        })
        .collect();
    assert_eq!(up.iter().map(from).collect::<Vec<_>>(), [BIGCHEESE, EFCHEN]);
    assert_eq!(up[0].payload("show", ns::CLIENT).unwrap().text(), "xa");
    assert!(up[1].is_unavailable());
    stage.calm_down();
    stage.assert_converged();
}

/// 3.6.8: missed messages are shown as delayed, once.
#[test]
fn what_was_missed_is_shown_delayed_and_once() {
    let mut stage = alone();
    stage.say(WUMPUS, "one");
    stage.seconds(20);
    stage.say(WUMPUS, "two");
    stage.calm_down();
    let heard: Vec<_> = stage.clients[BIGCHEESE]
        .heard
        .iter()
        .filter(|heard| !heard.id.is_empty())
        .map(|heard| (heard.body.as_str(), heard.delayed))
        .collect();
    assert_eq!(heard, [("one", true), ("two", true)]);
}

/// 3.5.5: who leaves and comes back in one split waits outside.
#[test]
fn who_left_in_a_split_is_a_newcomer() {
    let mut stage = alone();
    stage.leave(BIGCHEESE);
    stage.join(BIGCHEESE);
    assert!(!stage.clients[BIGCHEESE].is_in() && !stage.clients[BIGCHEESE].waits());
    stage.calm_down();
    stage.assert_converged();
    stage.join(BIGCHEESE);
    assert!(stage.clients[BIGCHEESE].is_in());
}

/// `security.channel-overtake`
#[test]
fn nobody_gains_a_role_or_a_nick_by_a_split() {
    let mut stage = Stage::full();
    let before: Vec<_> = roles(&stage);
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.set_role(EFCHEN, "Efchen", "moderator");
    stage.set_affiliation(EFCHEN, EFCHEN, "owner");
    stage.kick(EFCHEN, "BigCheese");
    stage.rename(EFCHEN, "Wumpus");
    stage.set_subject(EFCHEN, "mine");
    stage.leave(EFCHEN);
    stage.join_as(EFCHEN, "Wumpus");
    stage.calm_down();
    stage.assert_converged();
    stage.join(EFCHEN);
    let mut after = roles(&stage);
    let mut before = before;
    before.sort();
    after.sort();
    assert_eq!(after, before);
    assert_eq!(stage.clients[WUMPUS].subject.as_deref(), Some("EFnet or A-net?"));
}

fn roles(stage: &Stage) -> Vec<(String, String)> {
    let roster = stage.service.room(&bare(ROOM)).unwrap().roster();
    roster
        .iter()
        .map(|(nick, s)| (nick.clone(), format!("{:?} {:?}", s.role, s.affiliation)))
        .collect()
}

/// 3.6.8: the master tells what it knew of somebody who has left here meanwhile; nobody sees him
/// come back.
#[test]
fn who_left_in_a_split_is_not_shown_again_when_it_ends() {
    let mut stage = Stage::full();
    stage.show(EFCHEN, "away");
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(WUMPUS, "one");
    stage.say(BIGCHEESE, "Hello?");
    stage.leave(EFCHEN);
    stage.record.clear();
    stage.calm_down();
    let shown = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert!(!nicks(&shown).contains(&"Efchen"), "{shown:?}");
    stage.assert_converged();
}

/// 3.7.1, 3.7.2: a leave goes up until LEAVE comes.
#[test]
fn a_leave_that_is_lost_again_goes_up_again() {
    let mut stage = alone();
    stage.leave(EFCHEN);
    stage.heal(VESA);
    stage.held = true;
    stage.seconds(5);
    // The slave's ping is on its way; what follows its pong is lost.
    stage.cut(VESA, Way::Silent, Way::Up);
    stage.held = false;
    stage.pump();
    assert!(stage.record.iter().any(|r| r.lost && from(&r.stanza) == EFCHEN), "it was sent");
    stage.seconds(300);
    stage.heal(VESA);
    stage.seconds(100);
    assert!(!stage.service.room(&bare(ROOM)).unwrap().roster().contains_key("Efchen"));
    stage.assert_converged();
}

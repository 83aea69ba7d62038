//! A master that has lost its memory: its slaves learn it, and tell their users.

use wallops::dmuc::Service;

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// The master starts again after ten seconds, without memory.
fn restart_master(stage: &mut Stage) {
    stage.seconds(10);
    stage.record.clear();
    stage.service = Service::new(service(room(), &SLAVES));
    stage.seconds(1);
}

#[test]
fn users_of_a_room_that_is_no_more_are_told_332_and_hear_nothing_until_they_are_back() {
    let mut stage = Stage::full();
    restart_master(&mut stage);
    for who in CAST {
        let told = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(told.len(), 1, "{who}: {told:?}");
        assert!(told[0].is_unavailable());
        assert_eq!(codes(&told[0]), ["332", "110"]);
    }
    stage.join(WUMPUS);
    stage.say(WUMPUS, "anybody there?");
    assert!(bodies(&stage.record.to(Hop::SlaveToUser, EFCHEN)).is_empty());
    stage.join(EFCHEN);
    stage.assert_converged();
}

#[test]
fn a_slave_that_was_cut_off_learns_later_that_the_master_has_lost_its_memory() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Silent);
    restart_master(&mut stage);
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN).is_empty());
    stage.join(WUMPUS);
    stage.seconds(200);
    stage.heal(VESA);
    stage.seconds(60);
    let told = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(told.iter().filter(|told| codes(told) == ["332", "110"]).count(), 1);
    stage.join(EFCHEN);
    stage.assert_converged();
}

#[test]
fn what_a_new_slave_is_sent_is_sent_again_if_only_a_later_ping_is_answered() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Silent);
    restart_master(&mut stage);
    stage.seconds(5);
    // Back before anybody has noticed; the ping that closed the opening is lost with it.
    stage.heal(VESA);
    stage.seconds(60);
    let told = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(told.iter().filter(|told| codes(told) == ["332", "110"]).count(), 1);
    stage.assert_converged();
}

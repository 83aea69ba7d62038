//! A slave that starts again without memory, and one that is created late.

use wallops::stanza::Stanza;

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// All are in, and vesa's slave starts again.
fn restarted() -> Stage {
    let mut stage = Stage::full();
    stage.seconds(10);
    stage.record.clear();
    stage.restart(VESA);
    stage
}

#[test]
fn users_of_a_slave_that_starts_again_are_told_that_they_are_out_and_so_is_the_master() {
    let mut stage = restarted();
    for who in [BIGCHEESE, EFCHEN] {
        let told = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(told.len(), 1, "{who}");
        assert!(told[0].is_unavailable());
        assert_eq!(codes(&told[0]), ["333", "110"]);
        let up = stage.record.from(Hop::SlaveToMaster, who);
        assert!(up.len() == 1 && up[0].is_unavailable());
    }
    stage.seconds(100);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 5);
    assert!(!stage.clients[WUMPUS].view.contains_key("Efchen"));
    stage.assert_converged();
}

#[test]
fn a_slave_that_starts_again_is_told_everything_anew() {
    let mut stage = Stage::full();
    stage.say(WUMPUS, "one");
    stage.set_subject(WUMPUS, "two");
    stage.restart(VESA);
    stage.seconds(100);
    stage.join(EFCHEN);
    assert_eq!(stage.clients[EFCHEN].heard.last().unwrap().body, "one");
    assert_eq!(stage.clients[EFCHEN].subject.as_deref(), Some("two"));
    stage.assert_converged();
    stage.assert_calm();
}

#[test]
fn a_slave_that_starts_again_while_it_is_cut_off_is_told_when_the_way_is_free() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.restart(VESA);
    stage.join(EFCHEN);
    assert!(!stage.clients[EFCHEN].is_in());
    stage.say(WUMPUS, "one");
    stage.seconds(200);
    stage.heal(VESA);
    stage.seconds(100);
    assert!(!stage.service.room(&bare(ROOM)).unwrap().roster().contains_key("Efchen"));
    stage.join(EFCHEN);
    stage.join(BIGCHEESE);
    assert!(stage.clients[EFCHEN].is_in() && stage.clients[BIGCHEESE].is_in());
    stage.assert_converged();
}

#[test]
fn what_the_others_do_while_a_slave_has_no_memory_reaches_nobody_there() {
    let mut stage = restarted();
    stage.say(WUMPUS, "one");
    stage.show(TROY, "away");
    let shown: Vec<_> = stage.record.hop(Hop::SlaveToUser);
    let local = |stanza: &&Stanza| domain_of(to(stanza)) == "vesa.yeggmaex.irc";
    assert!(shown.iter().filter(local).all(|stanza| has_code(stanza, "333")));
}

#[test]
fn a_slave_created_late_serves_those_who_come_then() {
    let mut config = service(room(), &SLAVES);
    config.slaves[2].at_start = false;
    let mut stage = Stage::with(config).entered(&[WUMPUS, EFCHEN]);
    stage.say(EFCHEN, "one");
    stage.create(VESA);
    stage.create(VESA);
    stage.record.clear();
    stage.join(BIGCHEESE);
    assert_eq!(stage.record.to(Hop::MasterToSlave, VESA).iter().filter(|s| is_enter(s)).count(), 1);
    stage.say(EFCHEN, "two");
    let heard = |who: &str| stage.clients[who].heard.last().unwrap().body.clone();
    assert!([WUMPUS, EFCHEN, BIGCHEESE].iter().all(|who| heard(who) == "two"));
    stage.rename(EFCHEN, "Effie");
    stage.kick(WUMPUS, "Effie");
    assert!(!stage.clients[EFCHEN].is_in());
    assert!(!stage.clients[BIGCHEESE].view.contains_key("Effie"));
}

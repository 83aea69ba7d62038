//! LEAVE (register, I).

use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// All are in and Efchen leaves, saying why.
fn departure() -> Stage {
    let mut stage = Stage::full();
    let to = occupant(EFCHEN);
    stage.send(
        EFCHEN,
        &format!("<presence to='{to}' type='unavailable'><status>gone fishing</status></presence>"),
    );
    stage
}

/// `master.leave.before-broadcast`, `master.leave.to-affected-slave-only`, `master.leave.format`
#[test]
fn leave_goes_to_the_leavers_slave_before_anybody_hears() {
    let down = departure().record.hop(Hop::MasterToSlave);
    let leaves: Vec<_> = down.iter().filter(|stanza| is_leave(stanza)).collect();
    assert_eq!(leaves.len(), 1);
    assert_eq!(&down[0], leaves[0]);
    assert_eq!((to(leaves[0]), from_nick(leaves[0])), (VESA, "Efchen"));
    assert_eq!(leave_jid(leaves[0]).as_deref(), Some(EFCHEN));
    assert!(leaves[0].is_unavailable() && has_code(leaves[0], "110"));
}

/// `master.leave.announce-all`
#[test]
fn the_departure_goes_to_all_slaves_also_to_his_own() {
    let down = departure().record.hop(Hop::MasterToSlave);
    let departures: Vec<_> = down.iter().filter(|stanza| !is_leave(stanza)).collect();
    assert_eq!(departures.iter().map(|stanza| to(stanza)).collect::<Vec<_>>(), SLAVES);
    for stanza in departures {
        assert!(stanza.is_unavailable() && !has_code(stanza, "110"));
        assert_eq!(item(stanza, "role"), Some("none"));
        assert_eq!(stanza.payload("status", ns::CLIENT).unwrap().text(), "gone fishing");
    }
}

/// `slave.leave.remove`, `slave.leave.forward`
#[test]
fn the_leaver_is_told_once_and_then_nothing_more() {
    let mut stage = departure();
    stage.say(BIGCHEESE, "one");
    stage.show(WUMPUS, "away");
    let got = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(got.len(), 1);
    assert!(got[0].is_unavailable());
    assert_eq!((from_nick(&got[0]), codes(&got[0])), ("Efchen", vec!["110"]));
    assert_eq!(got[0].payload("status", ns::CLIENT).unwrap().text(), "gone fishing");
    assert!(!got[0].payloads.iter().any(ns::is_dmuc));
}

/// `slave.leave.roster-updated`
#[test]
fn who_has_left_is_in_no_newcomers_roster() {
    let mut stage = departure();
    stage.leave(VALDIS);
    stage.leave(BIGCHEESE);
    stage.record.clear();
    stage.join(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    let roster: Vec<_> = got.into_iter().filter(Stanza::is_available).collect();
    assert_eq!(nicks(&roster), ["Wumpus", "Phaedrus", "WiZ", "Troy", "BigCheese"]);
}

/// `slave.leave.implicit`: the server says goodbye, the slave takes it for a leave.
#[test]
fn a_lost_session_leaves_the_room() {
    let mut stage = Stage::full();
    stage.disconnect(EFCHEN);
    let up = stage.record.from(Hop::SlaveToMaster, EFCHEN);
    assert_eq!(up.len(), 1);
    assert!(up[0].is_unavailable() && to(&up[0]) == occupant(EFCHEN));
    assert!(stage.record.to(Hop::SlaveToUser, BIGCHEESE)[0].is_unavailable());
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 6);
}

/// `slave.leave.implicit`: in a split it is a local leave.
#[test]
fn a_session_lost_in_a_split_leaves_locally_and_later_for_good() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(BIGCHEESE, "Hello?");
    stage.record.clear();
    stage.disconnect(EFCHEN);
    assert!(stage.record.from(Hop::SlaveToMaster, EFCHEN).is_empty());
    let seen = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert!(seen.len() == 1 && seen[0].is_unavailable());
    stage.calm_down();
    stage.assert_converged();
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 6);
}

/// 3.7.2: an expulsion whose LEAVE is lost.
#[test]
fn an_expulsion_without_leave_ends_a_local_stay() {
    let mut stage = Stage::full();
    stage.forge_at(
        VESA,
        &format!(
            "<presence from='{ROOM}/Efchen' to='{VESA}' type='unavailable'><x xmlns='{}'><item \
         affiliation='none' role='none'/><status code='307'/></x></presence>",
            ns::MUC_USER
        ),
    );
    let got = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert!(got.len() == 1 && has_code(&got[0], "110") && has_code(&got[0], "307"));
    stage.record.clear();
    stage.say(BIGCHEESE, "one");
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN).is_empty());
    stage.forgive(EFCHEN);
}

/// 3.7.2: LEAVE for somebody who is not on the list and waits for nothing is not forwarded.
#[test]
fn leave_for_a_stranger_is_not_forwarded() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    for (who, nick) in [(BIGCHEESE, "BigCheese"), (WIZ, "WiZ")] {
        stage.forge_at(VESA, &format!(
            "<presence from='{ROOM}/{nick}' to='{VESA}' type='unavailable'><x xmlns='{}'><leave \
             jid='{who}'/></x><x xmlns='{}'><item affiliation='none' role='none'/></x></presence>",
            ns::DMUC,
            ns::MUC_USER
        ));
    }
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
}

/// INV-AFTER-LEAVE, and one goodbye is enough.
#[test]
fn leaving_twice_is_answered_once() {
    let mut stage = Stage::full();
    stage.held = true;
    stage.leave(EFCHEN);
    stage.leave(EFCHEN);
    stage.held = false;
    stage.pump();
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 1);
}

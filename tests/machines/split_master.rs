//! A slave is lost: the master's side (register, N, At the Master; 3.5.4).

use wallops::dmuc::Change;
use wallops::stanza::Stanza;

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// All are in; what the room sends to vesa bounces, and something was said.
fn bounced() -> Stage {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(WUMPUS, "one");
    stage
}

fn is_split(stage: &Stage) -> bool {
    stage.service.room(&bare(ROOM)).unwrap().is_split(&jid(VESA)).unwrap()
}

/// An error with this condition for what the room has sent.
fn error(stage: &mut Stage, kind: &str, id: &str, from: &str, condition: &str) {
    let (id, condition) = (format!("id='{id}'"), format!("<{condition} xmlns='{ERRORS}'/>"));
    stage.forge(&format!(
        "<{kind} from='{from}' {id} to='{ROOM}' type='error'><error type='cancel'>{condition}\
         </error></{kind}>"
    ));
}

const ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";

/// `split.detect.by-bounce`, `master.split.trigger`
#[test]
fn one_bounce_of_a_broadcast_is_a_split() {
    let stage = bounced();
    assert!(is_split(&stage));
    assert_eq!(stage.record.to(Hop::MasterToSlave, VESA).len(), 2, "the message and a ping");
    for kind in ["presence", "message"] {
        for condition in ["remote-server-not-found", "service-unavailable", "forbidden"] {
            let mut stage = Stage::full();
            error(&mut stage, kind, "x", VESA, condition);
            assert!(stage.record.iter().any(|r| r.is_note(Change::Split)), "{kind} {condition}");
        }
    }
}

/// 3.5.4, errors in answer to pings.
#[test]
fn what_answers_a_ping_decides_by_its_condition() {
    for (condition, split) in [
        ("remote-server-timeout", true),
        ("remote-server-not-found", true),
        ("internal-server-error", true),
        ("resource-constraint", true),
        ("service-unavailable", true),
        ("recipient-unavailable", true),
        ("gone", true),
        ("redirect", true),
        ("not-allowed", true),
        ("feature-not-implemented", false),
    ] {
        let mut stage = Stage::full();
        stage.cut(VESA, Way::Silent, Way::Silent);
        stage.seconds(60);
        let ping = stage.record.to(Hop::MasterToSlave, VESA).pop().unwrap();
        error(&mut stage, "iq", ping.id.as_deref().unwrap(), VESA, condition);
        assert_eq!(is_split(&stage), split, "{condition}");
    }
}

/// `master.split.trigger-scope`
#[test]
fn errors_of_users_and_of_other_slaves_split_nobody_else() {
    for from in [BIGCHEESE, EFCHEN, "vesa.yeggmaex.irc", "slave@tolsun.oulu.irc", STRANGER] {
        for kind in ["message", "presence", "iq"] {
            let mut stage = Stage::full();
            error(&mut stage, kind, "x", from, "remote-server-timeout");
            assert!(!is_split(&stage), "{kind} {from}");
            stage.say(WUMPUS, "one");
            assert_eq!(bodies(&stage.record.to(Hop::MasterToSlave, VESA)), ["one"]);
            assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 7);
        }
    }
}

/// 3.5.4, last row: an error that says that one user is not there removes that user.
#[test]
fn a_user_who_is_gone_is_removed_and_his_slave_is_not_split() {
    for condition in ["gone", "item-not-found", "recipient-unavailable", "redirect"] {
        let mut stage = Stage::full();
        error(&mut stage, "message", "x", EFCHEN, condition);
        assert!(!is_split(&stage));
        let down = stage.record.to(Hop::MasterToSlave, VESA);
        assert!(is_leave(&down[0]) && has_code(&down[0], "333"), "{condition}");
        assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 6);
    }
}

/// `master.split.stop-broadcast`, INV-QUIET-M
#[test]
fn a_split_slave_gets_pings_and_nothing_else() {
    let mut stage = bounced();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.record.clear();
    stage.say(WUMPUS, "two");
    stage.show(TROY, "away");
    stage.leave(VALDIS);
    stage.join(VALDIS);
    stage.set_subject(WUMPUS, "three");
    stage.kick(WIZ, "Efchen");
    stage.seconds(300);
    let down = stage.record.to(Hop::MasterToSlave, VESA);
    assert!(!down.is_empty() && down.iter().all(is_ping));
    assert!(
        stage.record.hop(Hop::MasterToUser).iter().all(|s| domain_of(to(s)) != "vesa.yeggmaex.irc")
    );
    stage.forgive(EFCHEN);
}

/// `master.split.only-affected`
#[test]
fn the_other_slaves_are_served_as_before() {
    let mut stage = bounced();
    stage.record.clear();
    stage.say(WUMPUS, "two");
    stage.show(TROY, "away");
    for slave in [KILLRC, ERIS] {
        assert_eq!(stage.record.to(Hop::MasterToSlave, slave).len(), 2);
    }
    assert_eq!(stage.record.to(Hop::SlaveToUser, VALDIS).len(), 2);
}

/// `master.split.fast-ping`, `master.split.fast-ping-ends`
#[test]
fn pings_are_fast_while_split_and_as_ever_afterwards() {
    let mut stage = bounced();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.record.clear();
    stage.seconds(60);
    assert_eq!(stage.record.to(Hop::MasterToSlave, VESA).len(), 12);
    stage.heal(VESA);
    stage.seconds(10);
    assert!(!is_split(&stage));
    stage.record.clear();
    for _ in 0..10 {
        stage.seconds(20);
        stage.say(BIGCHEESE, "traffic");
    }
    assert!(!stage.record.to(Hop::MasterToSlave, VESA).iter().any(is_ping));
}

/// `master.split.resync`, 3.6.8
#[test]
fn a_slave_that_answers_again_is_told_first_what_it_missed() {
    let mut stage = bounced();
    stage.say(WUMPUS, "two");
    stage.leave(VALDIS);
    stage.show(TROY, "away");
    stage.heal(VESA);
    stage.record.clear();
    stage.seconds(5);
    let back = stage.record.position(|record| record.is_note(Change::Resyncing)).unwrap();
    let rest = stage.record[back..].to_vec();
    let down = rest.to(Hop::MasterToSlave, VESA);
    let gone = down.iter().position(|s| s.is_unavailable() && from_nick(s) == "Valdis").unwrap();
    let troy = down.iter().position(|s| s.is_available() && from_nick(s) == "Troy").unwrap();
    let one = down.iter().position(|s| s.body().as_deref() == Some("one")).unwrap();
    assert!(gone < troy && troy < one, "departures, presences, messages");
    assert_eq!(bodies(&down), ["one", "two"]);
    for message in down.iter().filter(|stanza| stanza.is_groupchat()) {
        assert!(message.dmuc().unwrap().delay.is_some());
    }
    // Before the first live broadcast.
    stage.say(WUMPUS, "three");
    let all = bodies(&stage.record.to(Hop::MasterToSlave, VESA));
    assert_eq!(all, ["one", "two", "three"]);
}

/// `master.split.mark-away`: it may, and this master does not.
#[test]
fn the_users_of_a_lost_slave_are_not_shown_otherwise() {
    let mut stage = bounced();
    stage.record.clear();
    stage.seconds(300);
    assert!(stage.record.to(Hop::SlaveToUser, WUMPUS).is_empty());
}

/// `master.split.keep-occupants`, INV-NICK-HELD, INV-NO-VANISH
#[test]
fn the_occupants_of_a_split_slave_keep_their_nicks() {
    let mut stage = bounced();
    stage.leave(VALDIS);
    stage.join_as(VALDIS, "BigCheese");
    assert_eq!(condition(&stage.clients[VALDIS].errors[0]).as_deref(), Some("conflict"));
    stage.join(VALDIS);
    assert!(stage.clients[VALDIS].view.contains_key("BigCheese"));
    assert!(stage.clients[VALDIS].view.contains_key("Efchen"));
}

/// \[D\]: a slave that stays away for too long is given up.
#[test]
fn after_an_hour_the_occupants_of_a_split_slave_are_removed() {
    let mut stage = bounced();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.seconds(3599);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 7);
    stage.record.clear();
    stage.seconds(1);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 5);
    let seen = stage.record.to(Hop::SlaveToUser, WUMPUS);
    assert_eq!(seen.iter().filter(|stanza| has_code(stanza, "333")).count(), 2);
    stage.heal(VESA);
    stage.seconds(100);
    assert!(!stage.clients[EFCHEN].is_in() && !stage.clients[BIGCHEESE].is_in());
    stage.join(EFCHEN);
    stage.assert_converged();
}

/// SLAVE-GONE (3.5.4, \[G\]): the host answers and the slave does not.
#[test]
fn when_only_the_slave_is_dead_its_occupants_are_removed_after_half_a_minute() {
    let mut stage = Stage::full();
    stage.crash(VESA);
    stage.say(WUMPUS, "one");
    assert!(is_split(&stage));
    stage.seconds(25);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 7);
    stage.seconds(20);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 5);
    let told: Vec<_> = stage.record.hop(Hop::MasterToUser);
    let gone =
        |who: &str| told.iter().any(|s| to(s) == who && s.is_unavailable() && has_code(s, "333"));
    assert!(gone(EFCHEN) && gone(BIGCHEESE), "they are told at their own addresses");
    // While it is dead they are served directly.
    stage.join(EFCHEN);
    stage.say(EFCHEN, "two");
    assert!(stage.clients[EFCHEN].is_in());
    stage.leave(EFCHEN);
    stage.restart(VESA);
    stage.seconds(100);
    assert!(!is_split(&stage));
    // The slave cannot know who was told already.
    stage.forgive(BIGCHEESE);
    stage.join(BIGCHEESE);
    stage.assert_converged();
}

/// `split.no-error-reply`
#[test]
fn no_error_is_answered() {
    let mut stage = Stage::full();
    for from in [VESA, BIGCHEESE, "nobody@nowhere.irc/x"] {
        for kind in ["iq", "message", "presence"] {
            error(&mut stage, kind, "x", from, "item-not-found");
        }
    }
    let answers = |stanza: &&Stanza| stanza.is_error();
    assert_eq!(stage.record.hop(Hop::MasterToSlave).iter().filter(answers).count(), 0);
    assert_eq!(stage.record.hop(Hop::MasterToUser).iter().filter(answers).count(), 0);
    stage.forgive(BIGCHEESE);
}

/// `split.stale-bounce`: the error for a ping that is answered or given up says nothing.
#[test]
fn a_late_bounce_of_a_ping_does_not_split_again() {
    let mut stage = Stage::full();
    stage.seconds(60);
    let ping = stage.record.to(Hop::MasterToSlave, VESA).pop().unwrap();
    error(&mut stage, "iq", ping.id.as_deref().unwrap(), VESA, "remote-server-timeout");
    assert!(!is_split(&stage));
}

/// 3.7.6, 3.5.4: a private message that cannot be delivered.
#[test]
fn a_private_message_that_bounces_at_a_lost_slave_comes_back_and_nobody_is_removed() {
    let mut stage = Stage::full();
    // So long after its last answer that the slave may be doubted.
    stage.seconds(30);
    stage.cut(KILLRC, Way::Up, Way::Bounce);
    let id = stage.whisper(BIGCHEESE, "Wumpus", "psst");
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(got.len(), 1, "the error comes back");
    assert_eq!((from_nick(&got[0]), got[0].id.as_deref()), ("Wumpus", Some(id.as_str())));
    assert_eq!(condition(&got[0]).as_deref(), Some("remote-server-not-found"));
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 7);
    let pings = stage.record.to(Hop::MasterToSlave, KILLRC);
    assert!(!pings.is_empty() && pings.iter().all(is_ping), "the hint: ping that slave now");
    let own = stage.record.to(Hop::MasterToSlave, VESA);
    assert!(own.iter().all(|stanza| stanza.kind == wallops::stanza::Kind::Iq), "{own:?}");
}

/// NJ-m10: what was told in a netjoin and lost again is told once more.
#[test]
fn what_is_lost_in_a_netjoin_is_told_in_the_next() {
    let mut stage = bounced();
    stage.heal(VESA);
    stage.held = true;
    stage.seconds(5);
    // The pong is on its way when the way down dies.
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.held = false;
    stage.pump();
    stage.seconds(150);
    stage.heal(VESA);
    stage.seconds(100);
    stage.assert_converged();
}

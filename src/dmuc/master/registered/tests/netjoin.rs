//! Loss, split, and the way back.

use super::*;

/// A room with BigCheese and Efchen behind vesa's slave, WiZ and the owner direct; the position of
/// the last event.
fn cast() -> (Stage, String, u64) {
    let mut stage = Stage::new();
    let accept = stage.register_done(SLAVE);
    stage.join(OWNER, "Wumpus");
    stage.join(SQUIT, "WiZ");
    stage.join(RUBENRO, "BigCheese");
    stage.join(MSA, "Efchen");
    (stage, accept.epoch, 4)
}

fn resume(epoch: &str, seq: u64) -> String {
    format!("<resume room='r0' epoch='{epoch}' seq='{seq}'/>")
}

const BOTH: &str = "<occupant jid='rubenro@vesa.yeggmaex.irc/shaver' nick='BigCheese'/>\
                    <occupant jid='msa@vesa.yeggmaex.irc/bicycle' nick='Efchen'/>";

#[test]
fn a_split_slave_gets_pings_only_and_the_difference_when_it_is_back() {
    let (mut stage, epoch, seq) = cast();
    let sent = stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    assert_eq!(told(&sent, SLAVE), ["ping"]);
    stage.say(SQUIT, "w9", None);
    let sent = stage.kick("Efchen");
    assert_eq!(told(&sent, SLAVE), [""; 0]);
    stage.say(SQUIT, "t4", None);
    let sent = stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, seq)));
    let accept = accept_of(&sent);
    assert_eq!((accept.sync, accept.seq), (slave::Sync::Delta, 7));
    assert!(accept.occupants.is_empty(), "nothing about them has changed");
    let leave = format!("Efchen leave {MSA}");
    let expected = [
        "accept",
        leave.as_str(),
        "Efchen- state",
        "WiZ at 5 late",
        "WiZ at 7 late",
        "room synced 7",
    ];
    assert_eq!(told(&sent, SLAVE), expected);
    assert_eq!(codes(&sent[1]), ["307", "110"], "as he was expelled");
    assert!(String::from(&sent[1].payloads[1]).contains("wrong side"));
}

#[test]
fn the_expelled_are_told_why_in_a_full_sync_too_and_others_are_newcomers() {
    let (mut stage, _, seq) = cast();
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.kick("Efchen");
    stage.leave(RUBENRO, "BigCheese");
    stage.wait(10);
    let sent = stage.register(SLAVE, "1", &format!("{}{BOTH}", resume("e-other", seq)));
    let own = told(&sent, SLAVE);
    assert_eq!(own[..2], ["accept", &format!("Efchen leave {MSA}")]);
    assert!(!own.iter().any(|word| word.contains("BigCheese")), "{own:?}");
}

#[test]
fn who_was_expelled_is_not_brought_back_by_a_join_that_waits_for_an_answer() {
    let (mut stage, epoch, seq) = cast();
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.kick("Efchen");
    let pending = format!("<occupant jid='{MSA}' nick='Efchen' pending='true'/>");
    let sent = stage.register(SLAVE, "1", &format!("{}{pending}", resume(&epoch, seq)));
    assert!(told(&sent, SLAVE).contains(&format!("Efchen leave {MSA}")));
    let (mut stage, epoch, _) = cast();
    stage.kick("Efchen");
    let knows = resume(&epoch, seq + 1);
    let sent = stage.register(SLAVE, "1", &format!("{knows}{pending}"));
    assert!(!told(&sent, SLAVE).contains(&format!("Efchen leave {MSA}")), "he asks again");
}

#[test]
fn accept_lists_who_is_pending_or_has_another_nick() {
    let (mut stage, epoch, seq) = cast();
    stage.hear(&format!("<presence xmlns='jabber:client' from='{MSA}' to='{ROOM}/Efchen2'/>"));
    let third = "dave@vesa.yeggmaex.irc/x";
    stage.join(third, "Dave");
    let listed = format!(
        "{}{BOTH}<occupant jid='{third}' nick='Dave' pending='true'/>\
         <occupant jid='nobody@vesa.yeggmaex.irc/x' nick='Nobody' pending='true'/>",
        resume(&epoch, seq)
    );
    let sent = stage.register(SLAVE, "1", &listed);
    let listed: Vec<_> = accept_of(&sent).occupants.into_iter().map(|o| o.nick).collect();
    assert_eq!(listed, ["Dave", "Efchen2"]);
    assert!(!told(&sent, SLAVE).iter().any(|word| word.contains("leave")), "nobody has left");
}

#[test]
fn whom_the_slave_does_not_list_is_removed_before_the_state() {
    let (mut stage, epoch, seq) = cast();
    let one = format!("{}<occupant jid='{RUBENRO}' nick='BigCheese'/>", resume(&epoch, seq));
    let sent = stage.register(SLAVE, "1", &one);
    assert_eq!(told(&sent, SQUIT), ["Efchen-"]);
    assert_eq!(accept_of(&sent).seq, 5);
    assert_eq!(told(&sent, SLAVE), ["accept", "Efchen- state", "room synced 5"]);
}

#[test]
fn a_late_message_is_said_once_with_its_clamped_stamp_and_shown_as_late_to_all() {
    let (mut stage, epoch, seq) = cast();
    stage.wait(100);
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    let said = stage.now + Duration::from_secs(1);
    stage.wait(60);
    stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, seq)));
    let sent = stage.say(RUBENRO, "bc9", Some(said));
    assert_eq!(told(&sent, SLAVE), ["BigCheese at 5 late"]);
    assert_eq!(sent[0].dmuc().unwrap().delay.unwrap().stamp, said);
    let direct = sent.iter().find(|s| s.to.as_ref().unwrap().as_str() == SQUIT).unwrap();
    assert_eq!(direct.delay().unwrap().stamp, said);
    assert!(stage.say(RUBENRO, "bc9", Some(said)).is_empty(), "it was said");
    let sent = stage.say(RUBENRO, "bc10", Some(Time::from_micros(0)));
    let stamp = sent[0].dmuc().unwrap().delay.unwrap().stamp;
    assert_eq!(stamp, Time::XEP_EPOCH, "not in 1970, but when the slave lived last");
    let answer = stage.synced(SLAVE, &epoch, seq, 3);
    assert_eq!(told(&answer, SLAVE), ["result"]);
    let sent = stage.say(RUBENRO, "bc11", Some(said));
    assert_eq!(told(&sent, SLAVE), ["BigCheese at 7"], "the late phase is over");
    assert_eq!(sent[0].dmuc().unwrap().delay.unwrap().stamp, stage.now);
}

#[test]
fn a_late_message_that_is_in_the_log_already_is_dropped_after_another_register() {
    let (mut stage, epoch, seq) = cast();
    stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, seq)));
    let now = stage.now;
    assert_eq!(told(&stage.say(RUBENRO, "bc9", Some(now)), SLAVE), ["BigCheese at 5"]);
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, seq)));
    assert!(stage.say(RUBENRO, "bc9", Some(now)).is_empty());
}

#[test]
fn the_count_of_late_stanzas_is_checked() {
    let (mut stage, epoch, seq) = cast();
    for (late, condition) in [(2, Some("unexpected-request")), (1, None)] {
        stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, seq)));
        let now = stage.now;
        stage.say(RUBENRO, &format!("bc{late}"), Some(now));
        let answer = stage.synced(SLAVE, &epoch, seq, late);
        match condition {
            Some(condition) => assert_eq!(error_of(&answer).0, condition),
            None => assert_eq!(told(&answer, SLAVE), ["result"]),
        }
    }
}

#[test]
fn too_many_late_messages_are_refused_to_their_author_and_nothing_else_is_lost() {
    let (mut stage, epoch, seq) = cast();
    let one = format!("<history maxstanzas='1'/>{}{BOTH}", resume(&epoch, seq));
    stage.register(SLAVE, "1", &one);
    let now = stage.now;
    stage.say(RUBENRO, "a", Some(now));
    let sent = stage.say(RUBENRO, "b", Some(now));
    assert_eq!(told(&sent, RUBENRO).len(), 1);
    assert_eq!(error_of(&sent).0, "resource-constraint");
    assert_eq!(told(&stage.leave(MSA, "Efchen"), SLAVE).len(), 2);
    assert_eq!(told(&stage.synced(SLAVE, &epoch, seq, 3), SLAVE), ["result"]);
}

#[test]
fn a_pong_with_an_old_position_means_that_something_was_lost() {
    let (mut stage, epoch, seq) = cast();
    let pings = stage.wait(60);
    let ping = pings.iter().find(|s| s.to.as_ref().unwrap().as_str() == SLAVE).unwrap();
    let id = ping.id.clone().unwrap();
    let sent = stage.pong(SLAVE, &id, &epoch, seq - 1);
    assert_eq!(told(&sent, SLAVE), ["resync"]);
    assert_eq!(told(&stage.say(SQUIT, "m1", None), SLAVE), [""; 0]);
}

#[test]
fn a_pong_with_the_last_position_means_that_all_is_well() {
    let (mut stage, epoch, seq) = cast();
    let pings = stage.wait(60);
    let id = pings[0].id.clone().unwrap();
    assert!(stage.pong(SLAVE, &id, &epoch, seq).is_empty());
    assert_eq!(told(&stage.say(SQUIT, "m1", None), SLAVE), ["WiZ at 5"]);
    assert!(stage.pong(SLAVE, &id, "e-other", 99).is_empty(), "nobody asked");
}

#[test]
fn three_refusals_with_answered_pings_end_a_registration() {
    let (mut stage, epoch, _) = cast();
    for round in 1..=3 {
        let sent = stage.bounce(SLAVE, "presence", "p", "not-acceptable");
        let mut pings = told_ids(&sent, "ping");
        let mut answers = Vec::new();
        // After the third split of late one pong is not enough.
        while answers.is_empty() {
            answers = stage.pong(SLAVE, &pings[0], &epoch, 4);
            if answers.is_empty() {
                pings = told_ids(&stage.wait(5), "ping");
            }
        }
        let word = if round == 3 { "deregister" } else { "resync" };
        assert_eq!(told(&answers, SLAVE), [word]);
        if round < 3 {
            let sent = stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, 4)));
            accept_of(&sent);
        }
    }
    assert_eq!(told(&stage.say(SQUIT, "m1", None), RUBENRO), ["WiZ"], "served directly");
}

fn told_ids(sent: &[Stanza], payload: &str) -> Vec<String> {
    let asked = sent.iter().filter(|s| s.has_payload(payload, ns::PING));
    asked.filter_map(|s| s.id.as_ref().map(ToString::to_string)).collect()
}

#[test]
fn a_slave_that_is_gone_from_a_living_host_loses_its_occupants_after_the_grace() {
    let (mut stage, ..) = cast();
    let ping = told_ids(&stage.wait(60), "ping");
    let sent = stage.bounce(SLAVE, "iq", &ping[0], "service-unavailable");
    let mut pings = told_ids(&sent, "ping");
    let mut removed = Vec::new();
    for _ in 0..7 {
        if let Some(id) = pings.first() {
            stage.bounce(SLAVE, "iq", id, "service-unavailable");
        }
        let sent = stage.wait(5);
        pings = told_ids(&sent, "ping");
        removed.extend(sent.into_iter().filter(Stanza::is_unavailable));
    }
    assert_eq!(stage.nicks(), ["Wumpus", "WiZ"]);
    assert_eq!(told(&removed, RUBENRO), ["BigCheese-"], "he is told himself");
    assert_eq!(codes(&removed[0]), ["333", "110"]);
    assert!(stage.wait(60).is_empty(), "nobody is pinged any more");
}

#[test]
fn a_slave_that_never_returns_expires() {
    let (mut stage, epoch, seq) = cast();
    stage.bounce(SLAVE, "message", "m0", "remote-server-timeout");
    stage.wait(3599);
    assert_eq!(stage.nicks().len(), 4);
    let sent = stage.wait(1);
    assert_eq!(stage.nicks(), ["Wumpus", "WiZ"]);
    assert!(sent.iter().all(|s| s.to.as_ref().unwrap().as_str() != SLAVE || s.kind == Kind::Iq));
    let sent = stage.register(SLAVE, "1", &format!("{}{BOTH}", resume(&epoch, seq)));
    let accept = accept_of(&sent);
    assert_eq!(accept.sync, slave::Sync::Full, "its users are newcomers");
    assert!(!told(&sent, SLAVE).iter().any(|word| word.contains("leave")));
}

#[test]
fn a_slave_that_the_room_forgot_learns_it_from_the_position_in_the_pong() {
    let mut stage = Stage::new();
    let ping = |from: &str| {
        format!(
            "<iq xmlns='jabber:client' from='{from}' id='ks1' type='get'>\
             <ping xmlns='urn:xmpp:ping'/></iq>"
        )
    };
    assert_eq!(told(&stage.hear(&ping(SLAVE)), SLAVE), ["at"]);
    assert_eq!(told(&stage.hear(&ping(MSA)), MSA), ["result"], "users are told nothing of it");
}

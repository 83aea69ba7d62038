//! Rules of the netjoin that no final state shows: the count in `synced`, the dedupe of late
//! messages, the occupants in `accept`, the list of the expelled. The repeated refusal of an ENTER
//! is with the threats.

use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::lone_master::*;
use crate::lone_slave::id;
use crate::master_netjoin::{BOTH, for_vesa, late_say, story, vesa_away, vesa_back};
use crate::record::*;

/// Not in final states: the count in `synced` (NJ-m23).
#[test]
fn a_hole_in_the_late_stanzas_is_noticed() {
    for (sent, counted) in [(1, 2), (2, 1), (0, 3)] {
        let mut alone = vesa_away();
        let now = alone.now;
        vesa_back(&mut alone, &BOTH);
        for index in 0..sent {
            late_say(&mut alone, BIGCHEESE, &format!("bc{index}"), "one of many", now);
        }
        alone.take();
        alone.finish_with(VESA, counted);
        let answer = alone.take().remove(0);
        assert!(answer.is_error(), "{sent} of {counted}: {}", text(&answer));
        let told = (error_type(&answer), condition(&answer));
        assert_eq!(told, (Some("wait"), Some("unexpected-request".to_owned())));
    }
}

/// Not in final states: the dedupe of late messages (row 25, NJ-m17).
#[test]
fn a_late_message_that_is_submitted_again_is_one_event() {
    let mut alone = vesa_away();
    let now = alone.now;
    let listed = &BOTH;
    vesa_back(&mut alone, listed);
    let resume = alone.resume(VESA);
    late_say(&mut alone, BIGCHEESE, "bc9", "hello?", now);
    assert_eq!(alone.take().iter().filter(|s| id(s) == "bc9").count(), 3);
    // The slave does not know that it arrived: its own `synced` was lost.
    let jids: String =
        listed.iter().map(|(jid, nick)| format!("<occupant jid='{jid}' nick='{nick}'/>")).collect();
    let again = resume.clone() + &jids;
    alone.register_with(VESA, "one", &again.replace(&resume, &at_start(&alone)));
    alone.take();
    late_say(&mut alone, BIGCHEESE, "bc9", "hello?", now);
    late_say(&mut alone, EFCHEN, "bc9", "another session may use the id", now);
    let heard: Vec<_> = alone.take().into_iter().filter(Stanza::is_groupchat).collect();
    assert_eq!(heard.len(), 3, "{}", story(&heard));
    assert!(heard.iter().all(|s| from_nick(s) == "Efchen"), "{}", story(&heard));
    // It counts all the same.
    alone.finish_with(VESA, 2);
    assert!(!alone.take()[0].is_error());
}

/// vesa's position before the netjoin.
fn at_start(alone: &LoneMaster) -> String {
    let (room, epoch, seq) = (&alone.names["room"], &alone.names["epoch"], &alone.names["p"]);
    format!("<resume room='{room}' epoch='{epoch}' seq='{seq}'/>")
}

/// The rule is about `resume`: below it the same id is another message.
#[test]
fn an_id_that_was_used_before_the_split_is_not_a_repetition() {
    let mut alone = LoneMaster::with(&[WUMPUS, BIGCHEESE]);
    alone.say(BIGCHEESE, "bc9", "before");
    alone.lose(VESA);
    let now = alone.now;
    vesa_back(&mut alone, &[(BIGCHEESE, "BigCheese")]);
    alone.take();
    late_say(&mut alone, BIGCHEESE, "bc9", "after", now);
    assert_eq!(alone.take().iter().filter(|s| s.is_groupchat()).count(), 3);
}

/// Not in final states: the occupants in `accept` (§4.8, step 2).
#[test]
fn the_accept_lists_those_whose_nick_differs_and_those_who_are_pending() {
    let mut alone = vesa_away();
    let pending = format!("<occupant jid='{EFCHEN}' nick='Efchen' pending='true'/>");
    let unknown = "<occupant jid='ringo@vesa.yeggmaex.irc/drum' nick='Ringo' pending='true'/>";
    let resume = alone.resume(VESA);
    let listed = format!("<occupant jid='{BIGCHEESE}' nick='SmallCheese'/>{pending}{unknown}");
    alone.take();
    alone.register_with(VESA, "one", &format!("{resume}{listed}"));
    let accept = alone.take().remove(0);
    assert_eq!(accepted_occupants(&accept), [(BIGCHEESE, "BigCheese"), (EFCHEN, "Efchen")]);
}

fn accepted_occupants(accept: &Stanza) -> Vec<(&str, &str)> {
    let accept = accept.payload("accept", ns::SLAVE).expect("an accept");
    let listed = accept.children().filter(|child| child.name() == "occupant");
    let mut listed: Vec<_> =
        listed.map(|o| (o.attr("jid").unwrap(), o.attr("nick").unwrap())).collect();
    listed.sort_unstable_by_key(|(_, nick)| *nick);
    listed
}

/// In a delta whom both know alike is not listed; in a full sync everybody is.
#[test]
fn the_accept_of_a_full_sync_lists_everybody_it_has() {
    let mut alone = vesa_away();
    vesa_back(&mut alone, &BOTH);
    assert_eq!(accepted_occupants(&alone.take()[0]), []);
    alone.seconds_answered(15, &SLAVES);
    alone.take();
    let room = alone.names["room"].clone();
    let listed: String =
        BOTH.iter().map(|(jid, nick)| format!("<occupant jid='{jid}' nick='{nick}'/>")).collect();
    let resume = format!("<resume room='{room}' epoch='another' seq='3'/>");
    alone.register_with(VESA, "one", &format!("{resume}{listed}"));
    let sent = alone.take();
    assert!(text(&sent[0]).contains("full"), "{}", text(&sent[0]));
    let both = [(BIGCHEESE, "BigCheese"), (EFCHEN, "Efchen")];
    assert_eq!(accepted_occupants(&sent[0]), both);
}

/// Not in final states: the expelled list keeps the original codes, for each kind of expulsion.
#[test]
fn who_was_expelled_while_split_gets_leave_with_the_original_codes() {
    let ban = format!("<item affiliation='outcast' jid='{}'/>", bare(EFCHEN));
    let kick = "<item nick='Efchen' role='none'/>".to_owned();
    for (item, code) in [(kick, "307"), (ban, "301")] {
        let mut alone = vesa_away();
        alone.admin(WIZ, "a1", &item);
        vesa_back(&mut alone, &BOTH);
        let sent = for_vesa(&mut alone);
        let first = &sent[1];
        assert_eq!(leave_jid(first).as_deref(), Some(EFCHEN), "{}", story(&sent));
        assert!(has_code(first, code) && has_code(first, "110"), "{}", text(first));
        assert_eq!(sent.iter().filter(|s| is_leave(s)).count(), 1, "{}", story(&sent));
    }
}

/// §4.8 step 2: occupants behind the slave that it does not list are removed first, with 333, and
/// N contains their departures.
#[test]
fn who_is_not_listed_is_removed_before_the_accept() {
    let mut alone = vesa_away();
    vesa_back(&mut alone, &[(BIGCHEESE, "BigCheese")]);
    let sent = alone.take();
    let accept = sent.iter().position(|s| s.has_payload("accept", ns::SLAVE)).unwrap();
    let gone: Vec<_> = sent.iter().filter(|s| s.is_unavailable() && to(s) != VESA).collect();
    assert_eq!(gone.len(), 2, "{}", story(&sent));
    assert!(gone.iter().all(|s| has_code(s, "333") && from_nick(s) == "Efchen"));
    assert!(sent[..accept].iter().filter(|s| s.is_unavailable()).count() == 2, "{}", story(&sent));
    let seq = sent[accept].payload("accept", ns::SLAVE).unwrap().attr("seq").unwrap().to_owned();
    let p: u64 = alone.names["p"].parse().unwrap();
    assert_eq!(seq.parse::<u64>().unwrap(), p + 1);
}

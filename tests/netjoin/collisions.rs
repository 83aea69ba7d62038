//! Nicks that meet at a netjoin, at the slave (§5.2 rows 10 to 15 and 23).

use wallops::stanza::slave::{EnterRole, Policy};
use wallops::stanza::{Stanza, Type, ns};

use crate::cast::*;
use crate::late::{reconnect, returns};
use crate::lone_slave::*;
use crate::record::*;
use crate::stanzas::*;

const RINGO: &str = "ringo@vesa.yeggmaex.irc/drum";

fn entering(enter_role: EnterRole) -> Policy {
    Policy { enter_role, ..EVERYTHING }
}

/// Ringo has entered while split.
fn entered() -> LoneSlave {
    let mut alone = LoneSlave::split(entering(EnterRole::Participant));
    alone.join_as(RINGO, "Ringo");
    alone.take();
    alone
}

/// The same, and the netjoin is over but for the answers to what was late.
fn rejoined() -> LoneSlave {
    let mut alone = entered();
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    alone.acknowledge_last(up.last().unwrap());
    alone.take();
    alone
}

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// What one user sees of nicks: who goes (with the new nick) and who comes.
fn nicks_seen(sent: &[Stanza], who: &str) -> Vec<String> {
    let own = sent.iter().filter(|stanza| to(stanza) == who);
    own.map(|stanza| match (stanza.is_unavailable(), item(stanza, "nick")) {
        (true, Some(new)) => format!("{} is {new}", from_nick(stanza)),
        (true, None) => format!("{} goes", from_nick(stanza)),
        (false, _) => format!("{} comes", from_nick(stanza)),
    })
    .collect()
}

/// A forced rename as all see it, who comes then, and what the renamed one is told of himself.
#[track_caller]
fn assert_renamed(sent: &[Stanza], new: &str, then: &str) {
    let expected = [format!("Ringo is {new}"), format!("{new} comes"), then.to_owned()];
    for who in [BIGCHEESE, EFCHEN, RINGO] {
        assert_eq!(nicks_seen(sent, who)[..3], expected, "{who}:\n{}", story(sent));
    }
    for stanza in sent {
        let own = to(stanza) == RINGO && (from_nick(stanza) == new || has_code(stanza, "303"));
        assert_eq!(has_code(stanza, "110"), own, "{}", text(stanza));
    }
    let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == RINGO).collect();
    let forced = own[..2].iter().any(|stanza| has_code(stanza, "210"));
    assert!(forced, "the room has assigned the nick:\n{}", story(sent));
}

/// Row 10: he is listed as pending, his join is late, and its answer confirms what is seen already.
#[test]
fn an_arrival_and_the_enter_after_it_confirm_who_was_admitted() {
    let mut alone = entered();
    let register = returns(&mut alone);
    let pending = format!("<occupant jid='{RINGO}' nick='Ringo' pending='true'/>");
    let listed = register.payload("register", ns::SLAVE).unwrap().clone();
    let wanted: wallops::stanza::Element = pending
        .replace("<occupant", "<occupant xmlns='urn:xmpp:tmp:dmuc:0#slave'")
        .parse()
        .unwrap();
    assert!(listed.children().any(|child| *child == wanted), "{}", text(&register));
    alone.down(&accept("$reg", 417, "delta", &policy_xml(EVERYTHING), ""));
    alone.down(&synced(417));
    let up = alone.gone_up();
    assert_eq!((from(&up[0]), from_nick_of_to(&up[0])), (RINGO, "Ringo"));
    assert!(up[0].has_payload("x", ns::MUC), "{}", text(&up[0]));
    alone.acknowledge_last(&up[1]);
    alone.take();
    alone.down(&event("Ringo", 418, ""));
    alone.sends(&[]);
    alone.down(&enter("Ringo", RINGO));
    alone.sends(&[]);
    assert_eq!(alone.position().1, 418);
}

fn from_nick_of_to(stanza: &Stanza) -> &str {
    to(stanza).rsplit('/').next().unwrap()
}

/// Row 10: role and affiliation are the master's; the difference is shown to all.
#[test]
fn the_masters_role_replaces_the_one_that_the_slave_gave() {
    let mut alone = LoneSlave::split(entering(EnterRole::Visitor));
    alone.join_as(RINGO, "Ringo");
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    alone.acknowledge_last(up.last().unwrap());
    alone.take();
    alone.down(&event("Ringo", 418, ""));
    alone.down(&enter("Ringo", RINGO));
    let sent = alone.take();
    for who in [BIGCHEESE, EFCHEN, RINGO] {
        let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == who).collect();
        assert_eq!(own.len(), 1, "{}", story(&sent));
        assert_eq!((from_nick(own[0]), item(own[0], "role")), ("Ringo", Some("participant")));
        assert_eq!(has_code(own[0], "110"), who == RINGO);
    }
}

/// Row 10, deferral (NJ-m25): anything but the ENTER for that very JID makes it a stranger's.
#[test]
fn an_arrival_without_the_enter_is_a_strangers() {
    let mut alone = rejoined();
    alone.down(&event("Ringo", 418, ""));
    alone.sends(&[]);
    alone.down(&said("WiZ", "w1", "two of them", 419));
    let sent = alone.take();
    assert_renamed(&sent, "Ringo~2", "Ringo comes");
    assert!(sent[sent.len() - 3..].iter().all(Stanza::is_groupchat), "{}", story(&sent));
    assert_eq!(alone.position().1, 419);
}

/// Row 10, deferral: an ENTER for somebody else.
#[test]
fn an_enter_for_somebody_else_does_not_confirm() {
    let mut alone = rejoined();
    alone.down(&event("Ringo", 418, ""));
    alone.down(&enter("BigCheese", "marvin@vesa.yeggmaex.irc/android"));
    assert_renamed(&alone.take(), "Ringo~2", "Ringo comes");
}

/// Row 10, deferral: an ENTER for another local occupant, whose nick it is from now on.
#[test]
fn an_enter_for_another_local_one_gives_him_the_nick() {
    let mut alone = rejoined();
    alone.down(&event("Ringo", 418, ""));
    alone.down(&enter("Ringo", BIGCHEESE));
    let sent = alone.take();
    for who in [BIGCHEESE, EFCHEN, RINGO] {
        let seen = ["Ringo is Ringo~2", "Ringo~2 comes", "BigCheese is Ringo", "Ringo comes"];
        assert_eq!(nicks_seen(&sent, who), seen, "{who}:\n{}", story(&sent));
    }
    for stanza in sent.iter().filter(|stanza| to(stanza) == BIGCHEESE) {
        let own = item(stanza, "jid") == Some(BIGCHEESE);
        assert_eq!(has_code(stanza, "110"), own, "{}", text(stanza));
    }
}

/// Row 10, deferral: at most 1 s.
#[test]
fn an_arrival_waits_no_longer_than_a_second() {
    let mut alone = rejoined();
    alone.down(&event("Ringo", 418, ""));
    alone.seconds(1);
    assert_renamed(&alone.take(), "Ringo~2", "Ringo comes");
    assert_eq!(alone.position().1, 418);
}

/// Row 11 (NJ-m8): first the local one is renamed, then the stranger arrives; the late join asks
/// for the new nick.
#[test]
fn who_has_a_nick_that_is_the_masters_is_renamed_before_its_owner_comes() {
    let mut alone = entered();
    returns(&mut alone);
    alone.down(&accept("$reg", 418, "delta", &policy_xml(EVERYTHING), ""));
    alone.down(&state("Ringo", ""));
    assert_renamed(&alone.take(), "Ringo~2", "Ringo comes");
    alone.down(&synced(418));
    let up = alone.gone_up();
    assert_eq!((from(&up[0]), from_nick_of_to(&up[0])), (RINGO, "Ringo~2"));
}

/// Row 11: nick + `~2`, `~3` …
#[test]
fn the_new_nick_is_one_that_nobody_has() {
    let mut alone = LoneSlave::active(entering(EnterRole::Participant));
    alone.down(&event("Ringo~2", 418, ""));
    alone.lose_master();
    alone.join_as(RINGO, "Ringo");
    alone.take();
    returns(&mut alone);
    alone.down(&accept("$reg", 419, "delta", &policy_xml(EVERYTHING), ""));
    alone.down(&state("Ringo", ""));
    assert_renamed(&alone.take(), "Ringo~3", "Ringo comes");
}

/// Row 11, step 8: the master refuses with conflict.
#[test]
fn a_conflict_makes_it_rename_and_ask_again() {
    let mut alone = rejoined();
    alone.down(&format!(
        "<presence from='{ROOM}/Ringo' to='{RINGO}' type='error'><error type='cancel'>\
         <conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
    ));
    let sent = alone.take();
    let joins: Vec<_> = sent.iter().filter(|stanza| from(stanza) == RINGO).collect();
    assert_eq!(joins.len(), 1, "{}", story(&sent));
    assert_eq!(from_nick_of_to(joins[0]), "Ringo~2");
    assert!(joins[0].has_payload("x", ns::MUC), "{}", text(joins[0]));
    assert_eq!(nicks_seen(&sent, EFCHEN), ["Ringo is Ringo~2", "Ringo~2 comes"]);
    assert!(!sent.iter().any(|s| s.is_error()), "he is not told of the conflict");
}

/// Row 12: the codes of his removal.
#[test]
fn who_may_not_enter_after_all_is_removed() {
    let refusals = [
        ("auth", "forbidden", "301"),
        ("auth", "registration-required", "322"),
        ("auth", "not-authorized", "333"),
        ("wait", "service-unavailable", "333"),
    ];
    for (type_, condition, code) in refusals {
        let mut alone = rejoined();
        alone.down(&format!(
            "<presence from='{ROOM}/Ringo' to='{RINGO}' type='error'><error type='{type_}'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
        ));
        let sent = alone.take();
        assert_eq!(nicks_seen(&sent, EFCHEN), ["Ringo goes"], "{}", story(&sent));
        let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == RINGO).collect();
        assert_eq!(own.len(), 1, "{}", story(&sent));
        assert!(own[0].is_unavailable() && has_code(own[0], "110"), "{}", text(own[0]));
        assert!(has_code(own[0], code), "{condition}: {}", text(own[0]));
        alone.say(BIGCHEESE, "m1", "is he gone?");
        alone.down(&said("BigCheese", "m1", "is he gone?", 418));
        assert!(!alone.take().iter().any(|stanza| to(stanza) == RINGO));
    }
}

/// §4.8: the join of who is unconfirmed is repeated every T while ACTIVE, and in every netjoin.
#[test]
fn an_unconfirmed_join_is_repeated() {
    let mut alone = rejoined();
    let mut joins = 0;
    for _ in 0..3 {
        alone.seconds(20);
        let sent = alone.take();
        joins += sent.iter().filter(|s| from(s) == RINGO && s.has_payload("x", ns::MUC)).count();
        let position = alone.position().1;
        for ping in sent.iter().filter(|stanza| is_ping(stanza)) {
            alone.down(&crate::positions::pong(ping, position));
        }
    }
    assert!((2..=4).contains(&joins), "{joins} joins in 60 s");
    alone.lose_master_now();
    alone.take();
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    let joins = up.iter().filter(|s| from(s) == RINGO && s.has_payload("x", ns::MUC)).count();
    assert_eq!(joins, 1, "{}", story(&up));
}

/// Row 13, the new nick is free: locally nothing changes.
#[test]
fn a_nick_change_that_the_master_accepts_is_no_news() {
    let mut alone = LoneSlave::split(EVERYTHING);
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/SmallCheese'/>"));
    alone.take();
    let known = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    reconnect(&mut alone, 417, &known);
    let sent = alone.take();
    let told: Vec<_> = sent.iter().filter(|s| [BIGCHEESE, EFCHEN].contains(&to(s))).collect();
    assert!(told.is_empty(), "{}", story(&sent));
    assert!(
        text(&sent[0]).contains("nick=\"SmallCheese\"")
            || text(&sent[0]).contains("nick='SmallCheese'")
    );
    assert_eq!((from(&sent[1]), from_nick_of_to(&sent[1])), (BIGCHEESE, "SmallCheese"));
    alone.acknowledge_last(&sent[2]);
    let renamed = departure("BigCheese", 418, "<status code='303'/>")
        .replace("role='none'/>", "role='participant' nick='SmallCheese'/>");
    alone.down(&renamed);
    alone.down(&event("SmallCheese", 419, ""));
    alone.sends(&[]);
    assert_eq!(alone.position().1, 419);
    alone.down(&said("SmallCheese", "m1", "it is me", 420));
    assert_eq!(alone.take().len(), 2);
}

/// Row 13, the new nick is somebody's: back to the one that the master has, before its owner comes.
#[test]
fn a_nick_change_to_a_nick_of_the_masters_is_undone_before_its_owner_comes() {
    let mut alone = LoneSlave::split(EVERYTHING);
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/SmallCheese'/>"));
    alone.take();
    returns(&mut alone);
    let known = format!("<occupant jid='{BIGCHEESE}' nick='BigCheese'/>");
    alone.down(&accept("$reg", 418, "delta", &policy_xml(EVERYTHING), &known));
    alone.down(&state("SmallCheese", ""));
    let sent = alone.take();
    for who in [BIGCHEESE, EFCHEN] {
        let expected = ["SmallCheese is BigCheese", "BigCheese comes", "SmallCheese comes"];
        assert_eq!(nicks_seen(&sent, who), expected, "{who}:\n{}", story(&sent));
    }
    let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == BIGCHEESE).collect();
    assert!(own[..2].iter().all(|s| has_code(s, "110")), "{}", story(&sent));
    assert!(own[..2].iter().any(|s| has_code(s, "210")), "{}", story(&sent));
    assert!(!has_code(own[2], "110"));
}

/// §4.8, step 2: whose nick is another at the master is renamed before anything else; a local
/// newcomer who has that nick gives it up first.
#[test]
fn who_has_another_nick_at_the_master_is_renamed_at_the_accept() {
    let mut alone = entered();
    returns(&mut alone);
    let known = format!("<occupant jid='{BIGCHEESE}' nick='Ringo'/>");
    alone.down(&accept("$reg", 420, "delta", &policy_xml(EVERYTHING), &known));
    let sent = alone.take();
    let expected = ["Ringo is Ringo~2", "Ringo~2 comes", "BigCheese is Ringo", "Ringo comes"];
    assert_eq!(nicks_seen(&sent, EFCHEN), expected, "{}", story(&sent));
}

/// The stanzas that §4.8 says the accept's list is for: `state` of a pending user's own nick is
/// not a stranger's if the accept lists him (one of the rules that final states do not show).
#[test]
fn who_is_listed_in_the_accept_is_not_taken_for_a_stranger() {
    let mut alone = entered();
    returns(&mut alone);
    let known = format!("<occupant jid='{RINGO}' nick='Ringo'/>");
    alone.down(&accept("$reg", 418, "delta", &policy_xml(EVERYTHING), &known));
    alone.down(&state("Ringo", ""));
    alone.sends(&[]);
    alone.down(&synced(418));
    let renames = alone.take().iter().filter(|s| has_code(s, "303")).count();
    assert_eq!(renames, 0);
}

/// Answers of an IQ that nobody knows are ignored.
#[test]
fn an_accept_that_nobody_asked_for_changes_nothing() {
    let mut alone = entered();
    alone.down(&accept("never-sent", 430, "full", "", ""));
    alone.sends(&[]);
    assert_eq!(alone.position().1, 417);
    assert!(alone.copy().is_split());
    assert_eq!(alone.slave.room(&bare(ROOM)).unwrap().roster().len(), 6);
    assert!(!alone.take().iter().any(|s| s.type_ == Type::Error));
}

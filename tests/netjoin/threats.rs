//! Threats that take both machines, or the whole of a netjoin (§6).

use wallops::room::Affiliation;
use wallops::stanza::{Jid, Stanza};

use crate::cast::*;
use crate::changes::configure;
use crate::conflicts::{GEORGE, RINGO, vesa_split};
use crate::late::returns;
use crate::lone_slave::*;
use crate::record::*;
use crate::stage::Stage;
use crate::stanzas::*;

const HERE: [&str; 2] = [BIGCHEESE, EFCHEN];

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Everybody but those of vesa leaves a room that ends with its last occupant.
fn left_to_vesa() -> Stage {
    let mut stage = Stage::granting(EVERYTHING, &CAST);
    configure(&mut stage, &[("muc#roomconfig_persistentroom", "0")]);
    stage.split(&[VESA]);
    for who in CAST.into_iter().filter(|who| !HERE.contains(who)) {
        stage.leave(who);
    }
    stage
}

/// T7: as long as somebody may come back nobody can make the room anew.
#[test]
fn t7_a_room_whose_last_occupants_are_split_is_not_empty() {
    let mut stage = left_to_vesa();
    stage.seconds(1800);
    stage.join_as(GEORGE, "George");
    let room = stage.service().room(&bare(ROOM)).expect("it is there");
    assert_eq!(room.roster()["George"].affiliation, Affiliation::None);
    stage.leave(GEORGE);
    stage.heal(VESA);
    stage.seconds(150);
    assert!(HERE.iter().all(|who| stage.client(who).is_in()));
    stage.assert_converged();
}

/// T7: when they have been given up the next room is another one, and they are not in it.
#[test]
fn t7_nobody_is_carried_over_into_a_room_made_after_the_expiry() {
    let mut stage = left_to_vesa();
    stage.seconds(3700);
    assert!(stage.service().room(&bare(ROOM)).is_none(), "it ended with them");
    stage.join_as(GEORGE, "George");
    stage.record.clear();
    stage.heal(VESA);
    stage.seconds(150);
    for who in HERE {
        assert_eq!(stage.presences(who).last(), Some(&format!("-{} 110 333", nick(who))));
        assert!(!stage.client(who).is_in());
    }
    let room = stage.service().room(&bare(ROOM)).unwrap();
    assert_eq!(room.roster().len(), 1);
    assert_eq!(stage.presences(GEORGE), [""; 0], "he sees nobody of them");
}

/// The real JIDs of others that somebody was shown since the record was cleared.
fn jids_seen(stage: &Stage, who: &str) -> Vec<String> {
    let got = stage.record.got(who);
    let jids = got.iter().filter_map(|s| item(s, "jid").map(str::to_owned));
    jids.filter(|jid| jid != who).collect()
}

/// T17: whoever makes the room anew, and opens it, is shown nobody who was in the old one, and they
/// are not shown to one another.
#[test]
fn t17_a_room_made_anew_exposes_nobody_of_the_old_one() {
    let mut stage = vesa_split();
    let query = "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>";
    stage.send(WUMPUS, &format!("<iq id='d1' to='{ROOM}' type='set'>{query}</iq>"));
    stage.join_as(GEORGE, "George");
    let open = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
                <value>http://jabber.org/protocol/muc#roomconfig</value></field>\
                <field var='muc#roomconfig_whois'><value>anyone</value></field></x>";
    let query = format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{open}</query>");
    stage.send(GEORGE, &format!("<iq id='c1' to='{ROOM}' type='set'>{query}</iq>"));
    stage.record.clear();
    stage.heal(VESA);
    stage.seconds(150);
    for who in HERE.into_iter().chain([GEORGE]) {
        assert_eq!(jids_seen(&stage, who), [""; 0], "{who}");
    }
}

/// T17: who comes back to a room that was opened is warned before he is shown a JID, and before
/// others are shown his.
#[test]
fn t17_who_was_split_is_warned_before_any_jid_appears() {
    let mut stage = vesa_split();
    stage.shows_jids = true;
    configure(&mut stage, &[("muc#roomconfig_whois", "anyone")]);
    stage.seconds(20);
    stage.record.clear();
    stage.rejoin();
    for who in HERE {
        let got = stage.record.got(who);
        let warned = got.iter().position(|s| has_code(s, "172")).expect("172");
        let others = |s: &Stanza| item(s, "jid").is_some_and(|jid| jid != who);
        let first = got.iter().position(others).expect("JIDs");
        assert!(warned < first, "{who}: {}", story(&got));
    }
}

/// Ringo, or who calls himself so, was admitted while split, and the master has another of this
/// nick. What he is called then.
fn renamed(mut alone: LoneSlave, nick: &str) -> String {
    alone.lose_master();
    alone.join_as(RINGO, nick);
    alone.take();
    returns(&mut alone);
    alone.down(&accept("$reg", 425, "delta", &policy_xml(EVERYTHING), ""));
    alone.down(&state(nick, ""));
    let sent = alone.take();
    let own = sent.iter().find(|s| to(s) == RINGO && has_code(s, "303"));
    item(own.unwrap_or_else(|| panic!("{}", story(&sent))), "nick").unwrap().to_owned()
}

/// T21: the new nick is the old one with a fixed ending, which counts on and does not pile up.
#[test]
fn t21_a_rename_adds_a_fixed_ending() {
    for (nick, new) in [("Ringo", "Ringo~2"), ("Ringo~2", "Ringo~3"), ("~2", "~2~2")] {
        assert_eq!(renamed(LoneSlave::active(EVERYTHING), nick), new);
    }
}

/// T21: it is none that somebody has, here or elsewhere, or had when the master was heard last.
#[test]
fn t21_a_rename_takes_no_nick_that_is_somebodys() {
    let mut alone = LoneSlave::active(EVERYTHING);
    alone.down(&event("Ringo~2", 418, ""));
    assert_eq!(renamed(alone, "Ringo"), "Ringo~3");

    // Efchen calls himself otherwise here; for the master he is Efchen~2 still.
    let mut alone = LoneSlave::active(EVERYTHING);
    alone.down(&renamed_event("Efchen", "Ringo~2", 418));
    alone.down(&event("Ringo~2", 419, ""));
    alone.take();
    alone.lose_master();
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Paul'/>"));
    alone.take();
    alone.join_as(RINGO, "Ringo");
    returns(&mut alone);
    let known = format!("<occupant jid='{EFCHEN}' nick='Ringo~2'/>");
    alone.down(&accept("$reg", 425, "delta", &policy_xml(EVERYTHING), &known));
    alone.take();
    alone.down(&state("Ringo", ""));
    let sent = alone.take();
    let own = sent.iter().find(|s| to(s) == RINGO && has_code(s, "303"));
    let new = item(own.unwrap_or_else(|| panic!("{}", story(&sent))), "nick").unwrap();
    assert_eq!(new, "Ringo~3");
}

/// T21: it is a nick as any other: what XMPP makes of it is what it is already, and it is no
/// longer than a nick may be, as long as the old one was.
#[test]
fn t21_a_rename_gives_a_nick_that_is_normal() {
    for nick in ["Ringo", "Пинго", "リンゴ", &"r".repeat(64)] {
        let new = renamed(LoneSlave::active(EVERYTHING), nick);
        let occupant = Jid::new(&format!("{ROOM}/{new}")).expect("a nick");
        assert_eq!(occupant.resource().unwrap().as_str(), new);
        assert!(new.ends_with("~2") && nick.starts_with(new.trim_end_matches("~2")), "{new}");
    }
}

/// A change of nick by somebody here, as the master tells it.
fn renamed_event(nick: &str, new: &str, seq: u64) -> String {
    departure(nick, seq, "<status code='303'/>").replace("<item ", &format!("<item nick='{new}' "))
}

/// T7: after D the room forgets whom it waited for.
#[test]
fn t7_the_time_that_a_room_waits_is_bounded() {
    let mut stage = left_to_vesa();
    stage.seconds(3_000);
    assert!(stage.service().room(&bare(ROOM)).is_some());
    stage.seconds(700);
    assert!(stage.service().room(&bare(ROOM)).is_none());
}

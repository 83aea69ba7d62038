//! XEP-0045 through slaves and without them: entering, messages, nicks, IQs.

use wallops::room::Affiliation;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

/// A join through a slave and one without get the same answer.
fn refusal(room: wallops::room::RoomConfig, nick: &str) -> (String, String) {
    let mut answers = Vec::new();
    for who in [BIGCHEESE, STRANGER] {
        let mut stage = Stage::of(room.clone(), &[WUMPUS]);
        let to = if nick.is_empty() { ROOM.to_owned() } else { format!("{ROOM}/{nick}") };
        stage.send(who, &format!("<presence id='j' to='{to}'><x xmlns='{}'/></presence>", ns::MUC));
        let got = stage.record.got(who);
        assert_eq!(got.len(), 1, "{who}");
        assert_eq!((from(&got[0]), got[0].id.as_deref()), (to.as_str(), Some("j")));
        assert!(stage.record.to(Hop::SlaveToUser, WUMPUS).is_empty());
        let error = &got[0];
        answers.push((error_type(error).unwrap().to_owned(), condition(error).unwrap()));
    }
    assert_eq!(answers[0], answers[1]);
    answers.remove(0)
}

fn pair(type_: &str, condition: &str) -> (String, String) {
    (type_.to_owned(), condition.to_owned())
}

/// XEP-0045 §7.2.8
#[test]
fn a_nick_in_use_is_a_conflict() {
    assert_eq!(refusal(room(), "Wumpus"), pair("cancel", "conflict"));
}

/// XEP-0045 §7.2.7
#[test]
fn the_banned_are_forbidden_to_enter() {
    let mut banned = room();
    banned.affiliations.insert(bare(BIGCHEESE), Affiliation::Outcast);
    banned.affiliations.insert(bare(STRANGER), Affiliation::Outcast);
    assert_eq!(refusal(banned, "BigCheese"), pair("auth", "forbidden"));
}

/// XEP-0045 §7.2.1
#[test]
fn who_gives_no_nick_or_a_malformed_one_is_told_so() {
    assert_eq!(refusal(room(), ""), pair("modify", "jid-malformed"));
    assert_eq!(refusal(room(), &"x".repeat(65)), pair("modify", "jid-malformed"));
}

/// XEP-0045 §7.2.14, the four limits, through a slave and without one.
#[test]
fn all_four_limits_of_history_hold_through_a_slave_and_without_one() {
    let ask = |limits: &str| {
        let mut stage = Stage::with_people(&[WUMPUS]);
        for body in ["one", "two", "three"] {
            stage.say(WUMPUS, body);
            stage.seconds(10);
        }
        stage.record.clear();
        stage.join_with(BIGCHEESE, "BigCheese", &format!("<history {limits}/>"));
        stage.join_with(STRANGER, "Kehs", &format!("<history {limits}/>"));
        let got = bodies(&stage.record.got(BIGCHEESE));
        assert_eq!(got, bodies(&stage.record.got(STRANGER)), "{limits}");
        got
    };
    assert_eq!(ask("").len(), PAST.len() + 3);
    assert_eq!(ask("maxstanzas='2'"), ["two", "three"]);
    assert!(ask("maxstanzas='0'").is_empty());
    assert!(ask("maxchars='0'").is_empty());
    assert_eq!(ask("seconds='20'"), ["two", "three"]);
    assert_eq!(ask("seconds='9'").len(), 0);
    assert_eq!(ask("since='1990-10-13T23:58:47Z'"), ["two", "three"]);
    assert_eq!(ask("maxstanzas='9' seconds='25' since='1990-10-13T23:58:57Z'"), ["three"]);
    let one = ask("maxstanzas='1'");
    assert_eq!(one, ["three"]);
    let characters = |count: usize| ask(&format!("maxchars='{count}'")).len();
    // Characters are those of the complete stanza (XEP-0045 §7.2.14).
    assert_eq!(characters(40), 0);
    assert!((1..=2).contains(&characters(400)));
}

/// XEP-0045 §8.1
#[test]
fn a_moderators_subject_is_told_to_all_and_given_to_newcomers() {
    let mut stage = Stage::with_people(&CAST[..6]);
    let id = stage.set_subject(TROY, "Truly rotten");
    for who in &CAST[..6] {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(got.len(), 1);
        assert_eq!((from_nick(&got[0]), got[0].id.as_deref()), ("Troy", Some(id.as_str())));
        assert_eq!(got[0].subject().as_deref(), Some("Truly rotten"));
    }
    stage.join(BIGCHEESE);
    stage.join(STRANGER);
    for who in [BIGCHEESE, STRANGER] {
        assert_eq!(stage.clients[who].subject.as_deref(), Some("Truly rotten"));
    }
    let burst = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(burst.iter().filter(|stanza| stanza.body().is_some()).count(), PAST.len());
}

/// XEP-0045 §8.1
#[test]
fn a_participants_subject_is_forbidden_unless_the_room_allows_it() {
    let mut stage = Stage::full();
    let id = stage.set_subject(EFCHEN, "mine");
    let error = &stage.clients[EFCHEN].errors[0];
    assert_eq!(error.id.as_deref(), Some(id.as_str()));
    assert_eq!(condition(error).as_deref(), Some("forbidden"));
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let mut open = room();
    open.change_subject = true;
    let mut stage = Stage::of(open, &CAST);
    stage.set_subject(EFCHEN, "ours");
    assert_eq!(stage.clients[WUMPUS].subject.as_deref(), Some("ours"));
}

/// XEP-0045 §7.5
#[test]
fn private_messages_reach_one_person_from_slave_to_direct_and_back() {
    let mut stage = Stage::with_people(&CAST).entered(&[STRANGER]);
    for (who, whom) in
        [(BIGCHEESE, WUMPUS), (BIGCHEESE, EFCHEN), (BIGCHEESE, STRANGER), (STRANGER, BIGCHEESE)]
    {
        stage.record.clear();
        let id = stage.whisper(who, nick(whom), "psst");
        let got = stage.record.got(whom);
        assert_eq!(got.len(), 1);
        assert_eq!((from_nick(&got[0]), got[0].id.as_deref()), (nick(who), Some(id.as_str())));
        assert!(got[0].has_payload("x", ns::MUC_USER));
        assert_eq!(got[0].payloads.iter().filter(|p| p.is("x", ns::MUC_USER)).count(), 1);
        assert!(stage.record.got(VALDIS).is_empty());
    }
}

/// XEP-0045 §7.5
#[test]
fn a_private_message_to_nobody_or_from_outside_is_refused() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.whisper(EFCHEN, "Nobody", "psst");
    assert_eq!(condition(&stage.clients[EFCHEN].errors[0]).as_deref(), Some("item-not-found"));
    stage.whisper(BIGCHEESE, "Wumpus", "psst");
    assert_eq!(condition(&stage.clients[BIGCHEESE].errors[0]).as_deref(), Some("not-acceptable"));
    let message =
        format!("<message id='1' to='{ROOM}/Wumpus' type='groupchat'><body>x</body></message>");
    stage.send(EFCHEN, &message);
    assert_eq!(condition(&stage.clients[EFCHEN].errors[1]).as_deref(), Some("bad-request"));
    assert!(stage.record.got(WUMPUS).is_empty());
}

/// XEP-0045 §17.4: two who ask one with the same id, and both are answered.
#[test]
fn iqs_between_occupants_find_their_way_back_even_with_the_same_id() {
    let mut stage = Stage::full();
    for who in [BIGCHEESE, WIZ] {
        stage.send(
            who,
            &format!(
                "<iq id='v1' to='{ROOM}/Wumpus' type='get'><query xmlns='jabber:iq:version'/></iq>"
            ),
        );
    }
    let asked = stage.record.to(Hop::SlaveToUser, WUMPUS);
    assert_eq!(nicks(&asked), ["BigCheese", "WiZ"]);
    assert_ne!(asked[0].id, asked[1].id);
    for query in asked.iter().rev() {
        stage.send(WUMPUS, &format!(
            "<iq id='{}' to='{}' type='result'><query xmlns='jabber:iq:version'><name>for {}</name>\
             </query></iq>",
            query.id.as_ref().unwrap(),
            from(query),
            from_nick(query)
        ));
    }
    for who in [BIGCHEESE, WIZ] {
        let answers = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(answers.len(), 1);
        assert_eq!((answers[0].id.as_deref(), from_nick(&answers[0])), (Some("v1"), "Wumpus"));
        assert!(text(&answers[0]).contains(&format!("for {}", nick(who))));
    }
}

/// XEP-0045 §17.4: an answer that nobody asked for goes nowhere.
#[test]
fn an_answer_to_no_question_is_dropped() {
    let mut stage = Stage::full();
    stage.send(WUMPUS, &format!("<iq id='x' to='{ROOM}/BigCheese' type='result'/>"));
    assert!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).is_empty());
}

/// XEP-0045 §7.5, XEP-0054: a vcard is asked of the account.
#[test]
fn a_vcard_is_asked_of_the_account_and_answered_in_the_nicks_name() {
    let mut stage = Stage::full();
    stage.send(
        BIGCHEESE,
        &format!("<iq id='c1' to='{ROOM}/WiZ' type='get'><vCard xmlns='vcard-temp'/></iq>"),
    );
    let asked = stage.record.hop(Hop::MasterToUser);
    assert_eq!((to(&asked[0]), from_nick(&asked[0])), ("squit@eris.dclxvii.irc", "BigCheese"));
    stage.forge(&format!(
        "<iq from='squit@eris.dclxvii.irc' id='{}' to='{ROOM}/BigCheese' type='result'><vCard \
         xmlns='vcard-temp'><FN>Squit</FN></vCard></iq>",
        asked[0].id.as_ref().unwrap()
    ));
    let answer = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!((answer[0].id.as_deref(), from_nick(&answer[0])), (Some("c1"), "WiZ"));
    assert!(text(&answer[0]).contains("Squit") && !text(&answer[0]).contains("squit@"));
}

/// XEP-0410, with the optimisation: the master answers.
#[test]
fn a_self_ping_is_answered_by_the_room_and_refused_to_outsiders() {
    let mut stage = Stage::with_people(&[WUMPUS, BIGCHEESE]);
    let id = stage.ping(BIGCHEESE, "BigCheese");
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!((got[0].id.as_deref(), got[0].is_error()), (Some(id.as_str()), false));
    assert_eq!(stage.record.from(Hop::SlaveToMaster, BIGCHEESE).len(), 1);
    stage.ping(EFCHEN, "Efchen");
    assert_eq!(condition(&stage.clients[EFCHEN].errors[0]).as_deref(), Some("not-acceptable"));
}

/// XEP-0045 §7.6, 3.7.3
#[test]
fn another_nick_is_two_adjacent_events_and_neither_enter_nor_leave() {
    let mut stage = Stage::full();
    stage.rename(BIGCHEESE, "SmallCheese");
    for slave in SLAVES {
        let down = stage.record.to(Hop::MasterToSlave, slave);
        assert_eq!(nicks(&down), ["BigCheese", "SmallCheese"]);
        assert!(down[0].is_unavailable() && has_code(&down[0], "303"));
        assert_eq!(item(&down[0], "nick"), Some("SmallCheese"));
        assert_eq!(item(&down[0], "role"), Some("participant"));
        assert!(down[1].is_available() && item(&down[1], "role") == Some("participant"));
        assert!(!down.iter().any(|stanza| is_enter(stanza) || is_leave(stanza)));
    }
    for who in CAST {
        let got = stage.record.to(Hop::SlaveToUser, who);
        assert_eq!(got.len(), 2);
        assert!(got.iter().all(|stanza| has_code(stanza, "110") == (who == BIGCHEESE)));
    }
    stage.say(BIGCHEESE, "still here");
    assert_eq!(stage.clients[BIGCHEESE].heard.last().unwrap().nick, "SmallCheese");
    stage.assert_converged();
}

/// XEP-0045 §7.6
#[test]
fn a_nick_in_use_or_malformed_is_not_given() {
    let mut stage = Stage::full();
    stage.rename(BIGCHEESE, "WiZ");
    stage.rename(BIGCHEESE, &"x".repeat(70));
    let errors: Vec<_> = stage.clients[BIGCHEESE].errors.iter().filter_map(condition).collect();
    assert_eq!(errors, ["conflict", "jid-malformed"]);
    assert_eq!(stage.clients[BIGCHEESE].nick(), "BigCheese");
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
}

/// XEP-0045 §10.1
#[test]
fn the_first_who_enters_creates_a_room_and_owns_it() {
    let mut config = service(room(), &[]);
    config.rooms.clear();
    let mut stage = Stage::with(config.clone());
    stage.join(STRANGER);
    let own = stage.record.got(STRANGER);
    assert_eq!(codes(&own[0]), ["201", "110"]);
    assert_eq!(
        (item(&own[0], "affiliation"), item(&own[0], "role")),
        (Some("owner"), Some("moderator"))
    );
    stage.accept_room(STRANGER);
    assert!(!stage.record.got(STRANGER).last().unwrap().is_error());
    stage.join(WUMPUS);
    let second = stage.record.got(WUMPUS);
    assert!(second.iter().all(|stanza| !has_code(stanza, "201")));
    // Unless the service creates none.
    config.creation = false;
    let mut stage = Stage::with(config);
    stage.join(STRANGER);
    let got = stage.record.got(STRANGER);
    assert_eq!(got.iter().filter_map(condition).collect::<Vec<_>>(), ["item-not-found"]);
}

/// XEP-0045 §6.4, §6.5: what a room and its service tell about themselves.
#[test]
fn a_room_tells_what_it_is() {
    let mut stage = Stage::full();
    let query = |namespace: &str| {
        format!("<iq id='d' to='{ROOM}' type='get'><query xmlns='{namespace}'/></iq>")
    };
    stage.send(BIGCHEESE, &query(ns::DISCO_INFO));
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    for feature in [ns::MUC, "muc_semianonymous", "muc_unmoderated", ns::SELF_PING_OPTIMIZATION] {
        assert!(text(&got[0]).contains(feature), "{feature}");
    }
    stage.send(BIGCHEESE, &query("urn:example:unknown"));
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(condition(&got[1]).as_deref(), Some("service-unavailable"));
}

/// XEP-0045 §7.4: a mixed room, through slaves and directly.
#[test]
fn in_a_mixed_room_everybody_hears_everybody_once() {
    let mut stage = Stage::with(service(room(), &[VESA])).entered(&CAST);
    stage.say(BIGCHEESE, "one");
    stage.say(WUMPUS, "two");
    for who in CAST {
        let got = bodies(&stage.record.got(who));
        assert_eq!(got, ["one", "two"], "{who}");
    }
    // One copy for the slave, one for each of the five others; and BigCheese's submission.
    let crossings = stage.record.crossings();
    assert_eq!(crossings, 2 * (1 + 5) + 1);
    stage.show(EFCHEN, "away");
    stage.leave(VALDIS);
    stage.rename(PHAEDRUS, "Phae");
    stage.kick(WUMPUS, "BigCheese");
    stage.assert_converged();
    let away: Vec<Stanza> = stage.record.got(TROY);
    assert!(away.iter().any(|stanza| item(stanza, "jid") == Some(EFCHEN)), "moderators see JIDs");
}

//! What a slave does for its users while split (§4.7): each row, granted and not granted.

use wallops::stanza::slave::{EnterRole, Policy};
use wallops::stanza::{Kind, Stanza, Type, ns};

use crate::cast::*;
use crate::lone_slave::*;
use crate::record::*;
use crate::stanzas::*;

const NOTHING: Policy = Policy {
    local_chat: false,
    local_private: false,
    local_enter: false,
    local_nick: false,
    local_kick: false,
    mark_away: false,
    enter_role: EnterRole::Visitor,
};

/// The one error that this user got: its type, its condition, and from whom.
#[track_caller]
pub fn one_error(sent: &[Stanza], who: &str) -> (String, String, String) {
    let errors: Vec<_> = sent.iter().filter(|s| s.is_error() && to(s) == who).collect();
    let [error] = errors[..] else {
        panic!("{} errors: {}", errors.len(), sent.iter().map(text).collect::<String>())
    };
    let by = error.payload("error", ns::CLIENT).and_then(|error| error.attr("by"));
    assert!(by.is_none_or(|by| by == ROOM), "{}", text(error));
    let type_ = error_type(error).unwrap_or_default().to_owned();
    (type_, condition(error).unwrap_or_default(), from(error).to_owned())
}

/// The split's own error, and nothing else: nobody hears of it, nothing goes up.
#[track_caller]
fn is_refused(alone: &mut LoneSlave, who: &str) -> Stanza {
    let sent = alone.take();
    let (type_, condition, _) = one_error(&sent, who);
    assert_eq!((type_.as_str(), condition.as_str()), ("wait", "remote-server-timeout"));
    assert_eq!(sent.len(), 1, "{}", sent.iter().map(text).collect::<String>());
    sent.into_iter().next().unwrap()
}

fn addressees(sent: &[Stanza]) -> Vec<&str> {
    sent.iter().map(to).collect()
}

/// Row 1, granted.
#[test]
fn who_may_chat_is_heard_by_the_local_occupants_once() {
    let mut alone = LoneSlave::split(Policy { local_chat: true, ..NOTHING });
    alone.say(BIGCHEESE, "bc9", "hello? anyone?");
    let told = |who: &str| {
        format!(
            "<message from='{ROOM}/BigCheese' id='bc9' to='{who}' type='groupchat'>\
             <body>hello? anyone?</body></message>"
        )
    };
    alone.sends(&[&told(BIGCHEESE), &told(EFCHEN)]);
}

/// Row 1, not granted.
#[test]
fn who_may_not_chat_gets_an_error_from_the_room() {
    let mut alone = LoneSlave::split(Policy { local_chat: false, ..EVERYTHING });
    alone.say(BIGCHEESE, "bc9", "hello? anyone?");
    let error = is_refused(&mut alone, BIGCHEESE);
    assert_eq!((from(&error), error.id.as_deref()), (ROOM, Some("bc9")));
    assert_eq!(error.kind, Kind::Message);
}

/// Row 2, granted or not.
#[test]
fn a_visitor_is_forbidden_to_speak() {
    for granted in [NOTHING, EVERYTHING] {
        let mut alone = LoneSlave::active(granted);
        alone.down(&event("Efchen", 418, "").replace("'participant'", "'visitor'"));
        alone.lose_master();
        alone.take();
        alone.say(EFCHEN, "e1", "may I?");
        let sent = alone.take();
        let (_, condition, from) = one_error(&sent, EFCHEN);
        assert_eq!((condition.as_str(), from.as_str()), ("forbidden", ROOM));
        assert_eq!(sent.len(), 1);
    }
}

/// Row 3: never local.
#[test]
fn the_subject_cannot_be_changed() {
    for granted in [NOTHING, EVERYTHING] {
        let mut alone = LoneSlave::split(granted);
        let subject = "<subject>ours</subject>";
        let message = format!("<message id='s1' to='{ROOM}' type='groupchat'>{subject}</message>");
        alone.up(BIGCHEESE, &message);
        is_refused(&mut alone, BIGCHEESE);
        assert_eq!(alone.copy().subject().as_deref(), Some("EFnet or A-net?"));
    }
}

/// Row 4: must.
#[test]
fn presence_is_shown_to_the_local_occupants() {
    let mut alone = LoneSlave::split(NOTHING);
    let xa = format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>");
    alone.up(BIGCHEESE, &xa);
    let told = |who: &str, codes: &str| {
        format!(
            "<presence from='{ROOM}/BigCheese' to='{who}'><show>xa</show>\
             <x xmlns='http://jabber.org/protocol/muc#user'>\
             <item affiliation='none' role='participant'/>{codes}</x></presence>"
        )
    };
    let mut sent = alone.take();
    sent.iter_mut().for_each(|stanza| *stanza = without_own_jid(stanza));
    let expected = [told(BIGCHEESE, "<status code='110'/>"), told(EFCHEN, "")];
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    crate::pattern::assert_all(&sent, &expected, &mut alone.names);
}

/// Whether somebody sees his own JID is left open (XEP-0045 lets the room choose).
pub fn without_own_jid(stanza: &Stanza) -> Stanza {
    let own = format!(" jid='{}'", to(stanza));
    let other = format!(" jid=\"{}\"", to(stanza));
    xml(&text(stanza).replace(&own, "").replace(&other, ""))
}

/// Row 5: must; he is answered at once and hears nothing more.
#[test]
fn who_leaves_is_told_so_and_so_are_the_others() {
    let mut alone = LoneSlave::split(Policy { local_chat: true, ..NOTHING });
    let bye = format!("<presence to='{ROOM}/BigCheese' type='unavailable'/>");
    alone.up(BIGCHEESE, &bye);
    let sent = alone.take();
    let mut told = addressees(&sent);
    told.sort_unstable();
    assert_eq!(told, [EFCHEN, BIGCHEESE]);
    for stanza in &sent {
        assert!(stanza.is_unavailable() && from_nick(stanza) == "BigCheese", "{}", text(stanza));
        assert_eq!(has_code(stanza, "110"), to(stanza) == BIGCHEESE, "{}", text(stanza));
        assert_eq!(item(stanza, "role"), Some("none"));
    }
    alone.say(EFCHEN, "e1", "gone");
    assert_eq!(addressees(&alone.take()), [EFCHEN]);
}

/// Row 6, granted.
#[test]
fn who_may_change_his_nick_is_renamed_for_the_local_occupants() {
    let mut alone = LoneSlave::split(Policy { local_nick: true, ..NOTHING });
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/SmallCheese'/>"));
    let sent = alone.take();
    for who in [BIGCHEESE, EFCHEN] {
        let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == who).collect();
        assert_eq!(own.len(), 2, "{}", sent.iter().map(text).collect::<String>());
        assert!(own[0].is_unavailable() && has_code(own[0], "303"), "{}", text(own[0]));
        assert_eq!((from_nick(own[0]), item(own[0], "nick")), ("BigCheese", Some("SmallCheese")));
        assert!(own[1].is_available() && from_nick(own[1]) == "SmallCheese");
        for stanza in own {
            assert_eq!(has_code(stanza, "110"), who == BIGCHEESE, "{}", text(stanza));
        }
    }
    assert_eq!(sent.len(), 4);
}

/// Row 6, granted, but the nick is somebody's, here or elsewhere.
#[test]
fn a_nick_that_is_in_the_roster_cannot_be_taken_while_split() {
    for taken in ["Wumpus", "Efchen"] {
        let mut alone = LoneSlave::split(Policy { local_nick: true, ..NOTHING });
        alone.up(BIGCHEESE, &format!("<presence id='n1' to='{ROOM}/{taken}'/>"));
        let sent = alone.take();
        one_error(&sent, BIGCHEESE);
        assert_eq!(sent.len(), 1);
    }
}

/// Row 6, not granted: "nicks locked".
#[test]
fn who_may_not_change_his_nick_is_told_that_nicks_are_locked() {
    let mut alone = LoneSlave::split(Policy { local_nick: false, ..EVERYTHING });
    alone.up(BIGCHEESE, &format!("<presence id='n1' to='{ROOM}/SmallCheese'/>"));
    let sent = alone.take();
    assert_eq!(one_error(&sent, BIGCHEESE).1, "not-acceptable");
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].kind, from_nick(&sent[0])), (Kind::Presence, "SmallCheese"));
}

const RINGO: &str = "ringo@vesa.yeggmaex.irc/drum";

/// Row 7, granted: the whole sequence of an entry, from the store.
#[test]
fn a_newcomer_who_may_enter_gets_the_room_as_it_is_stored() {
    for (enter_role, role) in
        [(EnterRole::Participant, "participant"), (EnterRole::Visitor, "visitor")]
    {
        let mut alone = LoneSlave::active(Policy { local_enter: true, enter_role, ..NOTHING });
        alone.down(&said("WiZ", "w9", "before", 418));
        alone.lose_master();
        alone.take();
        alone.join_as(RINGO, "Ringo");
        let sent = alone.take();
        let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == RINGO).cloned().collect();
        let present = ["Wumpus", "WiZ", "Phaedrus", "BigCheese", "Efchen", "Ringo"];
        assert_eq!(nicks(&own[..6]), present);
        assert!(has_code(&own[5], "110"));
        assert_eq!(
            (item(&own[5], "affiliation"), item(&own[5], "role")),
            (Some("none"), Some(role))
        );
        assert!(is_delayed(&own[6]) && own[6].body().as_deref() == Some("before"));
        assert_eq!(own[7].subject().as_deref(), Some("EFnet or A-net?"));
        assert_eq!(own.len(), 8);
        let others: Vec<_> = sent.iter().filter(|stanza| to(stanza) != RINGO).collect();
        assert_eq!(others.iter().map(|s| to(s)).collect::<Vec<_>>(), [BIGCHEESE, EFCHEN]);
        for stanza in others {
            assert_eq!((from_nick(stanza), item(stanza, "role")), ("Ringo", Some(role)));
            assert!(!has_code(stanza, "110"));
        }
    }
}

/// Row 7, granted, but the nick is in the roster.
#[test]
fn a_newcomer_does_not_get_a_nick_of_the_roster() {
    let mut alone = LoneSlave::split(Policy { local_enter: true, ..NOTHING });
    alone.join_as(RINGO, "Wumpus");
    let sent = alone.take();
    one_error(&sent, RINGO);
    assert_eq!(sent.len(), 1);
}

/// Row 7, not granted.
#[test]
fn a_newcomer_who_may_not_enter_is_asked_to_wait() {
    let mut alone = LoneSlave::split(Policy { local_enter: false, ..EVERYTHING });
    alone.join_as(RINGO, "Ringo");
    let error = is_refused(&mut alone, RINGO);
    assert_eq!((error.kind, from_nick(&error)), (Kind::Presence, "Ringo"));
}

/// §4.7: `local-enter` also refuses a nick asked for by a pending join.
#[test]
fn a_nick_of_a_pending_join_is_not_given_away() {
    let mut alone = LoneSlave::active(Policy { local_enter: true, ..NOTHING });
    alone.join_as(RINGO, "Ringo");
    alone.lose_master();
    alone.take();
    alone.join_as("george@vesa.yeggmaex.irc/guitar", "Ringo");
    let sent = alone.take();
    one_error(&sent, "george@vesa.yeggmaex.irc/guitar");
}

/// Row 8: always.
#[test]
fn an_occupant_who_asks_again_gets_the_room_as_it_is_stored() {
    let mut alone = LoneSlave::active(NOTHING);
    alone.down(&said("WiZ", "w9", "before", 418));
    alone.lose_master();
    alone.take();
    alone.join(BIGCHEESE);
    let sent = alone.take();
    assert_eq!(nicks(&sent[..5]), ["Wumpus", "WiZ", "Phaedrus", "Efchen", "BigCheese"]);
    assert!(has_code(&sent[4], "110"));
    assert_eq!(sent[5].body().as_deref(), Some("before"));
    assert_eq!(sent[6].subject().as_deref(), Some("EFnet or A-net?"));
    assert_eq!((sent.len(), sent.iter().all(|stanza| to(stanza) == BIGCHEESE)), (7, true));
}

fn whisper(to: &str) -> String {
    format!(
        "<message id='pm1' to='{ROOM}/{to}' type='chat'><body>psst</body>\
         <x xmlns='http://jabber.org/protocol/muc#user'/></message>"
    )
}

fn version(to: &str) -> String {
    format!("<iq id='v1' to='{ROOM}/{to}' type='get'><query xmlns='jabber:iq:version'/></iq>")
}

/// Row 9, granted.
#[test]
fn private_messages_between_local_occupants_are_delivered() {
    let mut alone = LoneSlave::split(Policy { local_private: true, ..NOTHING });
    alone.up(BIGCHEESE, &whisper("Efchen"));
    alone.sends(&[&format!(
        "<message from='{ROOM}/BigCheese' id='pm1' to='{EFCHEN}' type='chat'><body>psst</body>\
         <x xmlns='http://jabber.org/protocol/muc#user'/></message>"
    )]);
}

/// Row 9, granted: a query and its answer.
#[test]
fn queries_between_local_occupants_are_delivered_and_answered() {
    let mut alone = LoneSlave::split(Policy { local_private: true, ..NOTHING });
    alone.up(BIGCHEESE, &version("Efchen"));
    alone.sends(&[&format!(
        "<iq from='{ROOM}/BigCheese' id='$v' to='{EFCHEN}' type='get'>\
         <query xmlns='jabber:iq:version'/></iq>"
    )]);
    let answer = "<query xmlns='jabber:iq:version'><name>irc</name></query>";
    let result = format!("<iq id='$v' to='{ROOM}/BigCheese' type='result'>{answer}</iq>");
    alone.up(EFCHEN, &result);
    alone.sends(&[&format!(
        "<iq from='{ROOM}/Efchen' id='v1' to='{BIGCHEESE}' type='result'>{answer}</iq>"
    )]);
}

/// Row 9, not granted.
#[test]
fn without_the_grant_local_private_messages_are_refused() {
    let mut alone = LoneSlave::split(Policy { local_private: false, ..EVERYTHING });
    alone.up(BIGCHEESE, &whisper("Efchen"));
    is_refused(&mut alone, BIGCHEESE);
    alone.up(BIGCHEESE, &version("Efchen"));
    is_refused(&mut alone, BIGCHEESE);
}

/// Row 10: never local.
#[test]
fn what_only_the_master_can_answer_is_refused() {
    let admin = "<query xmlns='http://jabber.org/protocol/muc#admin'>\
                 <item affiliation='outcast'/></query>";
    let owner = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    let disco = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let invite = "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='a@b.irc'/></x>";
    let voice = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
                 <value>http://jabber.org/protocol/muc#request</value></field></x>";
    let ban = "<query xmlns='http://jabber.org/protocol/muc#admin'>\
               <item affiliation='outcast' jid='a@b.irc'/></query>";
    let asked = [
        whisper("Wumpus"),
        version("Wumpus"),
        format!("<iq id='d1' to='{ROOM}' type='get'>{disco}</iq>"),
        format!("<iq id='o1' to='{ROOM}' type='get'>{owner}</iq>"),
        format!("<iq id='a1' to='{ROOM}' type='get'>{admin}</iq>"),
        format!("<iq id='b1' to='{ROOM}' type='set'>{ban}</iq>"),
        format!("<message id='i1' to='{ROOM}'>{invite}</message>"),
        format!("<message id='f1' to='{ROOM}'>{voice}</message>"),
    ];
    for granted in [NOTHING, EVERYTHING] {
        for stanza in &asked {
            let mut alone = LoneSlave::split(granted);
            alone.up(BIGCHEESE, stanza);
            is_refused(&mut alone, BIGCHEESE);
        }
    }
}

/// Row 11: always (XEP-0410).
#[test]
fn a_ping_to_oneself_is_answered() {
    let mut alone = LoneSlave::split(NOTHING);
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    alone.up(BIGCHEESE, &format!("<iq id='p1' to='{ROOM}/BigCheese' type='get'>{ping}</iq>"));
    let sent = alone.take();
    assert_eq!(
        (sent.len(), sent[0].type_.clone(), from_nick(&sent[0])),
        (1, Type::Result, "BigCheese")
    );
}

/// §4.7: what is answered locally looks like the master's; nothing goes up but pings.
#[test]
fn nothing_but_pings_goes_up_while_split() {
    let mut alone = LoneSlave::split(EVERYTHING);
    alone.say(BIGCHEESE, "m1", "one");
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>"));
    alone.up(EFCHEN, &whisper("BigCheese"));
    alone.join_as(RINGO, "Ringo");
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Efchen' type='unavailable'/>"));
    alone.seconds(300);
    let up = alone.gone_up();
    assert!(up.iter().all(is_ping), "{}", up.iter().map(text).collect::<String>());
    assert!(up.len() >= 10, "{} pings in 300 s", up.len());
}

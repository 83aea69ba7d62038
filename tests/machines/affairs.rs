//! What owners, admins and members do by IQ and by letter: what goes to one person goes to his own
//! address, and the result after everything that everybody is told.

use wallops::dmuc::ServiceConfig;
use wallops::room::Affiliation;
use wallops::stanza::{Stanza, Type, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

fn iq(stage: &mut Stage, who: &str, type_: &str, payload: &str) -> Stanza {
    let id = stage.id("i");
    stage.send(who, &format!("<iq id='{id}' to='{ROOM}' type='{type_}'>{payload}</iq>"));
    let answer = stage
        .record
        .hop(Hop::MasterToUser)
        .into_iter()
        .rfind(|answer| answer.id.as_deref() == Some(id.as_str()) && to(answer) == who);
    answer.unwrap_or_else(|| panic!("{who} was not answered"))
}

fn configure(stage: &mut Stage, who: &str, fields: &[(&str, &str)]) -> Stanza {
    let fields: String = fields
        .iter()
        .map(|(var, value)| format!("<field var='{var}'><value>{value}</value></field>"))
        .collect();
    let form = format!(
        "<query xmlns='{}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
         <value>http://jabber.org/protocol/muc#roomconfig</value></field>{fields}</x></query>",
        ns::MUC_OWNER
    );
    iq(stage, who, "set", &form)
}

fn letter(stage: &mut Stage, who: &str, inside: &str) {
    stage.send(
        who,
        &format!("<message to='{ROOM}' id='l'><x xmlns='{}'>{inside}</x></message>", ns::MUC_USER),
    );
}

/// `scope.one-to-one-unaffected`: no answer and no letter passes a slave's own address.
#[test]
fn what_is_for_one_person_goes_to_his_own_address() {
    let mut stage = Stage::full();
    for (who, type_, payload) in [
        (WUMPUS, "get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>"),
        (EFCHEN, "get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>"),
        (EFCHEN, "get", "<query xmlns='jabber:iq:register'/>"),
        (WUMPUS, "get", "<query xmlns='jabber:iq:register'/>"),
        (EFCHEN, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
        (EFCHEN, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
        (EFCHEN, "get", "<vCard xmlns='vcard-temp'/>"),
        (WUMPUS, "set", "<query xmlns='jabber:iq:register'><remove/></query>"),
        (EFCHEN, "set", "<query xmlns='jabber:iq:register'/>"),
    ] {
        stage.record.clear();
        iq(&mut stage, who, type_, payload);
        let to_slaves = stage.record.hop(Hop::MasterToSlave);
        // That an owner gave his nick back is news of his affiliation, which he keeps.
        assert!(to_slaves.iter().all(|s| from_nick(s) == "Wumpus"), "{payload}");
    }
    stage.record.clear();
    letter(&mut stage, EFCHEN, &format!("<invite to='{STRANGER}'/>"));
    stage.send(EFCHEN, &format!("<presence to='{ROOM}/WiZ' type='probe'/>"));
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let told = stage.record.hop(Hop::MasterToUser);
    assert_eq!([to(&told[0]), to(&told[1])], [STRANGER, EFCHEN]);
}

/// XEP-0045 §10.2.1: one event for each slave, with all codes, and the result after it.
#[test]
fn a_change_of_configuration_is_one_event_and_then_the_result() {
    let mut stage = Stage::full();
    let changes = [
        ("muc#roomconfig_roomname", "Operators"),
        ("muc#roomconfig_whois", "anyone"),
        ("muc#roomconfig_enablelogging", "1"),
    ];
    let answer = configure(&mut stage, WUMPUS, &changes);
    assert_eq!(answer.type_, Type::Result);
    for slave in SLAVES {
        let told = stage.record.to(Hop::MasterToSlave, slave);
        let messages: Vec<_> = told.iter().filter(|stanza| stanza.is_groupchat()).collect();
        assert_eq!(messages.len(), 1);
        assert_eq!(codes(messages[0]), ["104", "170", "172"]);
    }
    for who in CAST {
        let told = stage.record.to(Hop::SlaveToUser, who);
        let messages: Vec<_> = told.iter().filter(|stanza| stanza.is_groupchat()).collect();
        assert_eq!(messages.len(), 1, "{who}");
    }
    let event = |r: &Record| r.is(Hop::MasterToSlave) && r.stanza.is_groupchat();
    let result = |r: &Record| r.is(Hop::MasterToUser) && r.stanza.type_ == Type::Result;
    assert!(stage.record.position(event) < stage.record.position(result));
    stage.record.clear();
    assert_eq!(configure(&mut stage, WUMPUS, &changes).type_, Type::Result);
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty(), "nothing has changed");
}

#[test]
fn a_form_with_a_mistake_changes_nothing_and_the_mistake_is_named() {
    let mut stage = Stage::full();
    for (var, value) in [
        ("muc#roomconfig_maxusers", "-3"),
        ("muc#roomconfig_nonsense", "1"),
        ("muc#roomconfig_historylength", "99999999999999999999"),
    ] {
        let fields = [("muc#roomconfig_moderatedroom", "1"), (var, value)];
        let answer = configure(&mut stage, WUMPUS, &fields);
        assert_eq!(condition(&answer).as_deref(), Some("bad-request"));
        assert!(text(&answer).contains(&format!("{var}: ")), "{}", text(&answer));
    }
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    stage.join(STRANGER);
    let own = stage.record.got(STRANGER);
    let own = own.iter().find(|stanza| has_code(stanza, "110")).unwrap();
    assert_eq!(item(own, "role"), Some("participant"));
}

/// XEP-0045 §10.3: also if each change alone would be allowed.
#[test]
fn owners_do_not_all_go_at_once() {
    let mut two = room();
    two.affiliations.insert(bare(WIZ), Affiliation::Owner);
    let mut stage = Stage::of(two, &CAST);
    let items = |one: &str, other: &str| {
        format!(
            "<query xmlns='{}'><item affiliation='{one}' jid='{}'/>\
             <item affiliation='{other}' jid='{}'/></query>",
            ns::MUC_ADMIN,
            bare(WUMPUS),
            bare(WIZ)
        )
    };
    let refused = iq(&mut stage, WUMPUS, "set", &items("none", "none"));
    assert_eq!(condition(&refused).as_deref(), Some("conflict"));
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let done = iq(&mut stage, WUMPUS, "set", &items("none", "owner"));
    assert_eq!(done.type_, Type::Result);
    stage.assert_converged();
}

/// XEP-0045 §10.1.3: who cancels the first form does not want the room. Later nothing comes of it.
#[test]
fn a_room_that_its_creator_does_not_want_is_destroyed() {
    let cancel = format!(
        "<query xmlns='{}'><x xmlns='jabber:x:data' type='cancel'/></query>",
        ns::MUC_OWNER
    );
    for accepted in [false, true] {
        let mut stage =
            Stage::with(ServiceConfig { rooms: Vec::new(), ..service(room(), &SLAVES) });
        stage.join(WUMPUS);
        if accepted {
            stage.accept_room(WUMPUS);
        }
        let answer = iq(&mut stage, WUMPUS, "set", &cancel);
        assert_eq!(answer.type_, Type::Result);
        assert_eq!(stage.clients[WUMPUS].is_in(), accepted);
    }
}

/// Of the absent those are told who may see JIDs; through no slave.
#[test]
fn an_affiliation_of_somebody_absent_is_told_to_moderators_at_their_own_addresses() {
    let mut stage = Stage::full();
    stage.set_affiliation(WIZ, STRANGER, "member");
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let told = stage.record.hop(Hop::MasterToUser);
    let (result, messages) = told.split_last().unwrap();
    assert_eq!(result.type_, Type::Result);
    let told: Vec<_> = messages.iter().map(to).collect();
    assert_eq!(told, [WUMPUS, WIZ, TROY]);
    assert!(messages.iter().all(|m| item(m, "affiliation") == Some("member")));
}

/// XEP-0045 §7.8.2: a banned person is not let in by an invitation, nor does a visitor's decline
/// reach whom he likes.
#[test]
fn letters_are_no_way_around_the_room() {
    let mut closed = room();
    closed.members_only = true;
    closed.affiliations.insert(bare(STRANGER), Affiliation::Outcast);
    closed.affiliations.insert(bare(EFCHEN), Affiliation::Member);
    let mut stage = Stage::of(closed, &[WUMPUS, EFCHEN]);
    letter(&mut stage, WUMPUS, &format!("<invite to='{}'/>", bare(STRANGER)));
    assert_eq!(condition(&stage.clients[WUMPUS].errors[0]).as_deref(), Some("forbidden"));
    letter(&mut stage, EFCHEN, &format!("<invite to='{}'/>", bare(BIGCHEESE)));
    assert_eq!(condition(&stage.clients[EFCHEN].errors[0]).as_deref(), Some("forbidden"));
    letter(&mut stage, EFCHEN, &format!("<decline to='{}'/>", bare(WUMPUS)));
    assert_eq!(condition(&stage.clients[EFCHEN].errors[1]).as_deref(), Some("item-not-found"));
    letter(&mut stage, EFCHEN, "<invite to='@'/>");
    assert_eq!(condition(&stage.clients[EFCHEN].errors[2]).as_deref(), Some("jid-malformed"));
    assert!(stage.record.to(Hop::MasterToUser, STRANGER).is_empty());
}

//! The netjoin at the slave (§4.8): the worked example, and what goes up late.

use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, Type, ns};

use crate::cast::*;
use crate::lone_slave::*;
use crate::positions::pong;
use crate::record::*;
use crate::stanzas::*;

/// Local chat and private messages: what the worked example grants.
pub const CHAT: Policy = Policy {
    local_chat: true,
    local_private: true,
    local_enter: false,
    local_nick: false,
    local_kick: false,
    mark_away: false,
    enter_role: wallops::stanza::slave::EnterRole::Visitor,
};

/// Split, and the way is back: it pings, is answered, and registers.
#[track_caller]
pub fn returns(alone: &mut LoneSlave) -> Stanza {
    alone.take();
    for _ in 0..12 {
        alone.seconds(5);
        if let Some(ping) = alone.take().into_iter().rev().find(is_ping) {
            let seq = alone.position().1;
            alone.down(&pong(&ping, seq));
            let id = alone.register_id().expect("it registers when the master is back");
            alone.names.insert("reg".to_owned(), id);
            let register = alone.take().into_iter().find(|s| s.has_payload("register", ns::SLAVE));
            return register.unwrap();
        }
    }
    panic!("it does not ping while split");
}

/// The same, up to the end of state, of which there is none; what it sends from the register on
/// stays to be looked at.
#[track_caller]
pub fn reconnect(alone: &mut LoneSlave, seq: u64, occupants: &str) {
    alone.take();
    for _ in 0..12 {
        alone.seconds(5);
        if let Some(ping) = alone.take().into_iter().rev().find(is_ping) {
            alone.down(&pong(&ping, alone.position().1));
            let id = alone.register_id().expect("it registers when the master is back");
            alone.down(&accept(&id, seq, "delta", &policy_xml(EVERYTHING), occupants));
            alone.down(&synced(seq));
            return;
        }
    }
    panic!("it does not ping while split");
}

fn kicked_efchen() -> String {
    let actor = "<actor nick='WiZ'/><reason>wrong side of the split</reason>";
    let item = format!("<item affiliation='none' role='none'>{actor}</item>");
    format!(
        "<presence from='{ROOM}/Efchen' to='{VESA}' type='unavailable'>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><leave jid='{EFCHEN}'/></x>\
         <x xmlns='http://jabber.org/protocol/muc#user'>{item}\
         <status code='110'/><status code='307'/></x></presence>"
    )
}

/// What was said while vesa was away, and then the subject.
fn missed() -> [String; 3] {
    let subject = subject("EFnet");
    [
        backfill("WiZ", "w9", "vesa is gone again", 418),
        backfill("Troy", "t4", "who split whom?", 422),
        subject,
    ]
}

fn late_message(who: &str, id: &str, body: &str) -> String {
    format!(
        "<message from='{who}' id='{id}' to='{ROOM}' type='groupchat'><body>{body}</body>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' \
         from='{}' stamp='*'/></x></message>",
        occupant(who)
    )
}

pub fn own_synced(seq: u64, late: u64) -> String {
    format!(
        "<iq from='{VESA}' id='$sy' to='{ROOM}' type='set'>\
         <synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='{seq}' late='{late}'/></iq>"
    )
}

/// The worked example as far as the register: BigCheese went xa and spoke, Efchen spoke.
fn talked_in_the_dark() -> LoneSlave {
    let mut alone = LoneSlave::split(CHAT);
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>"));
    alone.say(BIGCHEESE, "bc9", "hello? anyone?");
    alone.say(EFCHEN, "ef2", "just us");
    alone.take();
    alone
}

/// The worked example, step 1.
#[test]
fn it_registers_with_its_position_and_its_occupants() {
    let mut alone = talked_in_the_dark();
    let register = returns(&mut alone);
    let expected = format!(
        "<iq from='{VESA}' id='$reg' to='{ROOM}' type='set'>\
         <register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='$instance'>\
         <keepalive interval='60'/><history maxstanzas='200' maxbytes='262144'/>{}\
         <resume room='r1' epoch='e7' seq='417'/>\
         <occupant jid='{BIGCHEESE}' nick='BigCheese'/>\
         <occupant jid='{EFCHEN}' nick='Efchen'/></register></iq>",
        policy_xml(CHAT)
    );
    crate::pattern::assert_all(&[register], &[&expected], &mut alone.names);
}

/// The worked example, steps 2 to 7, at the slave.
#[test]
fn down_comes_before_up_in_the_order_of_the_steps() {
    let mut alone = talked_in_the_dark();
    returns(&mut alone);
    alone.down(&accept("$reg", 422, "delta", &policy_xml(CHAT), ""));
    alone.sends(&[]);
    // Step 3.
    alone.down(&kicked_efchen());
    let sent = alone.take();
    let own: Vec<_> = sent.iter().filter(|stanza| to(stanza) == EFCHEN).collect();
    assert_eq!(own.len(), 1);
    assert!(has_code(own[0], "110") && has_code(own[0], "307"), "{}", text(own[0]));
    assert!(text(own[0]).contains("wrong side of the split"));
    // Step 4: the others learn it now or with the LEAVE, once.
    alone.down(&state_gone("Efchen", "<status code='307'/>"));
    alone.down(&state_gone("Phaedrus", ""));
    let told: Vec<_> = sent.into_iter().chain(alone.take()).collect();
    let told: Vec<_> = told.iter().filter(|stanza| to(stanza) == BIGCHEESE).collect();
    assert_eq!(told.iter().map(|s| from_nick(s)).collect::<Vec<_>>(), ["Efchen", "Phaedrus"]);
    assert!(told.iter().all(|stanza| stanza.is_unavailable()));
    assert_eq!((has_code(told[0], "307"), has_code(told[1], "307")), (true, false));
    // Step 5.
    let delay =
        |stamp: &str| format!("<delay xmlns='urn:xmpp:delay' from='{ROOM}' stamp='{stamp}'/>");
    let heard = |nick: &str, id: &str, body: &str| {
        format!(
            "<message from='{ROOM}/{nick}' id='{id}' to='{BIGCHEESE}' type='groupchat'>\
             <body>{body}</body>{}</message>",
            delay("1990-10-13T23:58:37Z")
        )
    };
    for stanza in &missed()[..2] {
        alone.down(stanza);
    }
    alone.sends(&[
        &heard("WiZ", "w9", "vesa is gone again"),
        &heard("Troy", "t4", "who split whom?"),
    ]);
    alone.down(&missed()[2]);
    let subject = alone.take();
    assert_eq!((subject.len(), subject[0].subject().as_deref()), (1, Some("EFnet")));
    // Steps 6 and 7: of Efchen's nothing.
    alone.down(&synced(422));
    alone.sends(&[
        &format!(
            "<presence from='{BIGCHEESE}' id='*' to='{ROOM}/BigCheese'><show>xa</show>\
             <x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' \
             from='{ROOM}/BigCheese' stamp='*'/></x></presence>"
        ),
        &late_message(BIGCHEESE, "bc9", "hello? anyone?"),
        &own_synced(422, 2),
    ]);
    let stored: Vec<_> = alone.copy().history().iter().filter_map(|m| m.id.clone()).collect();
    assert!(!stored.iter().any(|id| &**id == "ef2"), "row 4: purged from the history");
}

/// The stamps of late stanzas are the times at which they were received.
#[test]
fn late_stanzas_carry_the_time_of_their_receipt() {
    let mut alone = LoneSlave::split(CHAT);
    alone.seconds(3);
    alone.say(BIGCHEESE, "bc9", "when?");
    let said = alone.now;
    alone.seconds(2);
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    let late = up.iter().find(|stanza| stanza.is_groupchat()).expect("the late message");
    assert_eq!(late.dmuc().unwrap().delay.unwrap().stamp, said);
}

/// §4.8: presence only the latest, messages all, leaves; in the order of receipt.
#[test]
fn of_presence_the_latest_is_late() {
    let mut alone = LoneSlave::split(CHAT);
    let show =
        |show: &str| format!("<presence to='{ROOM}/BigCheese'><show>{show}</show></presence>");
    alone.up(BIGCHEESE, &show("away"));
    alone.say(BIGCHEESE, "bc1", "one");
    alone.up(BIGCHEESE, &show("xa"));
    alone.say(BIGCHEESE, "bc2", "two");
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    let shows: Vec<_> = up.iter().filter(|stanza| stanza.is_available()).map(text).collect();
    assert_eq!(shows.len(), 1, "{shows:?}");
    assert!(shows[0].contains(">xa<"), "{shows:?}");
    assert_eq!(bodies(&up), ["one", "two"]);
    assert!(text(up.last().unwrap()).contains("late='3'"), "{}", text(up.last().unwrap()));
}

/// Row 1: who left is listed, and his unavailable goes up late.
#[test]
fn who_left_is_listed_and_leaves_late() {
    let mut alone = LoneSlave::split(CHAT);
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Efchen' type='unavailable'/>"));
    alone.take();
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    assert!(text(&up[0]).contains(EFCHEN), "{}", text(&up[0]));
    assert_eq!((up.len(), from(&up[1]), up[1].is_unavailable()), (3, EFCHEN, true));
    // LEAVE, then the departure: nobody hears of it again.
    alone.acknowledge_last(&up[2]);
    alone.down(&leave("Efchen", EFCHEN, ""));
    alone.down(&departure("Efchen", 418, ""));
    alone.sends(&[]);
}

/// §4.8, one visit per session: who leaves and comes back in one split has not left.
#[test]
fn who_leaves_and_comes_back_has_one_join_in_the_queue_and_no_leave() {
    let enter_role = wallops::stanza::slave::EnterRole::Participant;
    let mut alone = LoneSlave::split(Policy { enter_role, ..EVERYTHING });
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Efchen' type='unavailable'/>"));
    alone.join(EFCHEN);
    alone.say(EFCHEN, "ef1", "back");
    alone.take();
    reconnect(&mut alone, 417, &format!("<occupant jid='{EFCHEN}' nick='Efchen'/>"));
    let up = alone.gone_up();
    assert!(!up.iter().any(Stanza::is_unavailable), "{}", up.iter().map(text).collect::<String>());
    let own: Vec<_> = up.iter().filter(|stanza| from(stanza) == EFCHEN).collect();
    assert_eq!(own.len(), 2, "a join and the message");
    assert!(own[0].has_payload("x", ns::MUC) && own[1].is_groupchat());
    let pending = text(&up[0]);
    assert!(pending.contains("pending"), "he is unconfirmed: {pending}");
}

/// Step 7: new stanzas wait until the slave's own `synced` is acknowledged (NJ-m22).
#[test]
fn what_is_new_waits_until_what_is_late_is_acknowledged() {
    let mut alone = LoneSlave::split(CHAT);
    alone.say(BIGCHEESE, "bc1", "late");
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    alone.say(BIGCHEESE, "bc2", "new");
    alone.up(EFCHEN, &format!("<presence to='{ROOM}/Efchen'><show>dnd</show></presence>"));
    alone.sends(&[]);
    alone.acknowledge_last(up.last().unwrap());
    alone.sends(&[
        &format!(
            "<message from='{BIGCHEESE}' id='bc2' to='{ROOM}' type='groupchat'>\
             <body>new</body></message>"
        ),
        &format!("<presence from='{EFCHEN}' id='*' to='{ROOM}/Efchen'><show>dnd</show></presence>"),
    ]);
}

/// Events of LATE are applied as in ACTIVE (§4.8).
#[test]
fn events_are_applied_while_what_is_late_is_not_acknowledged() {
    let mut alone = LoneSlave::split(CHAT);
    reconnect(&mut alone, 417, "");
    alone.take();
    alone.down(&said("WiZ", "w1", "welcome back", 418));
    assert_eq!(alone.take().len(), 2);
    assert_eq!(alone.position().1, 418);
}

/// §4.8, LATE: an error makes it register again, and nothing is lost of what was late.
#[test]
fn if_the_count_is_refused_all_of_it_is_late_again() {
    let mut alone = LoneSlave::split(CHAT);
    alone.say(BIGCHEESE, "bc1", "late");
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    let id = id(up.last().unwrap());
    alone.down(&format!(
        "<iq id='{id}' type='error' from='{ROOM}' to='{VESA}'><error type='wait'>\
         <unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    alone.seconds(5);
    let register = alone.registers();
    assert!(text(&register).contains("resume"), "{}", text(&register));
    alone.down(&accept("$reg", 417, "delta", &policy_xml(CHAT), ""));
    alone.down(&synced(417));
    alone.sends(&[&late_message(BIGCHEESE, "bc1", "late"), &own_synced(417, 1)]);
}

/// §4.8, LATE: no answer for T.
#[test]
fn if_the_count_is_not_answered_it_registers_again() {
    let mut alone = LoneSlave::split(CHAT);
    alone.say(BIGCHEESE, "bc1", "late");
    reconnect(&mut alone, 417, "");
    alone.take();
    alone.seconds(19);
    alone.registers_not();
    alone.seconds(2);
    alone.registers();
}

/// §4.8: T_reg = 2·T without progress is a split; what was held is treated as split then.
#[test]
fn a_register_that_is_not_answered_ends_in_a_split() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    alone.say(BIGCHEESE, "bc1", "held");
    alone.sends(&[]);
    alone.seconds(45);
    assert!(alone.copy().is_split());
    let told: Vec<_> = alone.take().into_iter().filter(Stanza::is_groupchat).collect();
    assert_eq!(told.iter().map(to).collect::<Vec<_>>(), [BIGCHEESE, EFCHEN]);
}

/// The master's copy of a late message is not shown again (row 3, NJ-m9).
#[test]
fn who_heard_it_provisionally_does_not_hear_it_again() {
    let mut alone = LoneSlave::split(CHAT);
    alone.say(BIGCHEESE, "bc1", "late");
    reconnect(&mut alone, 417, "");
    let up = alone.gone_up();
    alone.acknowledge_last(up.last().unwrap());
    alone.down(&backfill("BigCheese", "bc1", "late", 418));
    alone.sends(&[]);
    assert_eq!(alone.position().1, 418);
    let stored: Vec<_> = alone.copy().history().iter().filter_map(|m| m.id.clone()).collect();
    assert_eq!(stored.iter().map(|id| &**id).collect::<Vec<_>>(), ["bc1"]);
}

/// §4.8: the master's `resync` is answered, then it registers.
#[test]
fn a_resync_is_answered_and_followed_by_a_register() {
    for split in [false, true] {
        let mut alone = if split { LoneSlave::split(CHAT) } else { LoneSlave::active(CHAT) };
        alone.down(&format!(
            "<iq from='{ROOM}' id='rs1' to='{VESA}' type='set'>\
             <resync xmlns='urn:xmpp:tmp:dmuc:0#slave'/></iq>"
        ));
        let sent = alone.take();
        assert_eq!((id(&sent[0]).as_str(), sent[0].type_.clone()), ("rs1", Type::Result));
        assert!(sent[1].has_payload("register", ns::SLAVE), "{}", text(&sent[1]));
        assert!(text(&sent[1]).contains("resume"), "{}", text(&sent[1]));
    }
}

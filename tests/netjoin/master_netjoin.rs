//! The netjoin at the master (§4.8): the worked example, late stanzas, and the rules that do not
//! show in final states.

use wallops::stanza::{Element, Stanza, ns};
use wallops::time::{Duration, Time};

use crate::cast::*;
use crate::lone_master::*;
use crate::record::*;

pub fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Wumpus and Phaedrus at killrc, WiZ and Troy at eris, BigCheese and Efchen at vesa, and vesa is
/// split.
pub fn vesa_away() -> LoneMaster {
    let mut alone = LoneMaster::with(&[WUMPUS, PHAEDRUS, WIZ, TROY, BIGCHEESE, EFCHEN]);
    alone.lose(VESA);
    let seq = alone.positions[VESA].1.to_string();
    alone.names.insert("p".to_owned(), seq);
    alone
}

/// vesa's slave registers again; what it sends is to be looked at, from the accept on.
pub fn vesa_back(alone: &mut LoneMaster, listed: &[(&str, &str)]) -> String {
    let resume = alone.resume(VESA);
    let listed: String =
        listed.iter().map(|(jid, nick)| format!("<occupant jid='{jid}' nick='{nick}'/>")).collect();
    alone.take();
    alone.register_with(VESA, "one", &format!("{resume}{listed}"))
}

/// All that is for vesa's slave itself.
pub fn for_vesa(alone: &mut LoneMaster) -> Vec<Stanza> {
    alone.take().into_iter().filter(|stanza| to(stanza) == VESA).collect()
}

/// A message of somebody behind vesa, as it goes up late.
pub fn late_say(alone: &mut LoneMaster, who: &str, id: &str, body: &str, stamp: Time) {
    let from = occupant(who);
    alone.send(
        who,
        &format!(
            "<message id='{id}' to='{ROOM}' type='groupchat'><body>{body}</body>\
             <x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='{from}' \
             stamp='{stamp}'/></x></message>"
        ),
    );
}

/// The same with a presence.
pub fn late_presence(alone: &mut LoneMaster, who: &str, inside: &str, stamp: Time) {
    let to = occupant(who);
    alone.send(
        who,
        &format!(
            "<presence to='{to}'>{inside}<x xmlns='urn:xmpp:tmp:dmuc:0'>\
             <delay xmlns='urn:xmpp:delay' from='{to}' stamp='{stamp}'/></x></presence>"
        ),
    );
}

pub const BOTH: [(&str, &str); 2] = [(BIGCHEESE, "BigCheese"), (EFCHEN, "Efchen")];

/// Who did it and why may be told to all (XEP-0045), the examples leave it out.
fn without_cause(stanza: &Stanza) -> Stanza {
    let strip = |payload: &Element| {
        let mut payload = payload.clone();
        if let Some(item) = payload.get_child_mut("item", ns::MUC_USER) {
            item.remove_child("actor", ns::MUC_USER);
            item.remove_child("reason", ns::MUC_USER);
        }
        payload
    };
    let payloads: Vec<_> = stanza.payloads.iter().map(strip).collect();
    stanza.clone().with_payloads(payloads)
}

fn state_gone(nick: &str, code: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}' type='unavailable'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'/>{code}</x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><state xmlns='urn:xmpp:tmp:dmuc:0#slave'/></x></presence>"
    )
}

fn missed(nick: &str, id: &str, body: &str, seq: &str) -> String {
    format!(
        "<message from='{ROOM}/{nick}' id='{id}' to='{VESA}' type='groupchat'>\
         <body>{body}</body><x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' \
         from='{ROOM}/{nick}' stamp='*'/><at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='$epoch' \
         seq='{seq}' backfill='true'/></x></message>"
    )
}

/// 418 to 422 of the worked example.
fn while_away(alone: &mut LoneMaster) {
    alone.say(WIZ, "w9", "vesa is gone again");
    alone.leave(PHAEDRUS);
    let item = "<item nick='Efchen' role='none'><reason>wrong side of the split</reason></item>";
    alone.admin(WIZ, "kick1", item);
    let subject = "<subject>EFnet</subject>";
    alone.send(
        WUMPUS,
        &format!("<message id='s1' to='{ROOM}' type='groupchat'>{subject}</message>"),
    );
    alone.say(TROY, "t4", "who split whom?");
}

/// Steps 2 to 6.
#[test]
fn a_slave_that_is_back_is_told_the_difference_in_the_order_of_the_steps() {
    let mut alone = vesa_away();
    while_away(&mut alone);
    assert!(for_vesa(&mut alone).iter().all(is_ping), "nothing but pings while split");
    let id = vesa_back(&mut alone, &BOTH);
    let sent = for_vesa(&mut alone);
    let leave = format!(
        "<presence from='{ROOM}/Efchen' to='{VESA}' type='unavailable'>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><leave jid='{EFCHEN}'/></x>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'><actor nick='WiZ'/>\
         <reason>wrong side of the split</reason></item>\
         <status code='*'/><status code='*'/></x></presence>"
    );
    crate::pattern::assert_all(
        &sent[..2],
        &[&crate::register::accept_pattern(&id, "$p+5", "delta", ""), &leave],
        &mut alone.names,
    );
    let mut codes = codes(&sent[1]);
    codes.sort_unstable();
    assert_eq!(codes, ["110", "307"]);
    let mut rest: Vec<_> = sent[2..].iter().map(without_cause).collect();
    // Departures come first, in no order of their own.
    rest[..2].sort_by_key(|stanza| from(stanza).to_owned());
    crate::pattern::assert_all(
        &rest,
        &[
            &state_gone("Efchen", "<status code='307'/>"),
            &state_gone("Phaedrus", ""),
            &missed("WiZ", "w9", "vesa is gone again", "$p+1"),
            &missed("Troy", "t4", "who split whom?", "$p+5"),
            &format!(
                "<message from='{ROOM}/Wumpus' id='s1' to='{VESA}' type='groupchat'>\
                 <subject>EFnet</subject><x xmlns='urn:xmpp:tmp:dmuc:0'>\
                 <state xmlns='urn:xmpp:tmp:dmuc:0#slave'/><delay xmlns='urn:xmpp:delay' \
                 from='{ROOM}/Wumpus' stamp='*'/></x></message>"
            ),
            &crate::register::synced_pattern("$p+5"),
        ],
        &mut alone.names,
    );
}

/// Steps 7 and 8.
#[test]
fn late_stanzas_become_events_and_are_counted() {
    let mut alone = vesa_away();
    alone.seconds_answered(10, &[KILLRC, ERIS]);
    let said = alone.now;
    alone.seconds_answered(10, &[KILLRC, ERIS]);
    while_away(&mut alone);
    vesa_back(&mut alone, &BOTH);
    alone.take();
    late_presence(&mut alone, BIGCHEESE, "<show>xa</show>", said);
    late_say(&mut alone, BIGCHEESE, "bc9", "hello? anyone?", said);
    let presence = |slave: &str, jid: &str| {
        format!(
            "<presence from='{ROOM}/BigCheese' to='{slave}'><show>xa</show>\
             <x xmlns='http://jabber.org/protocol/muc#user'>\
             <item affiliation='none'{jid} role='participant'/></x>\
             <x xmlns='urn:xmpp:tmp:dmuc:0'><at xmlns='urn:xmpp:tmp:dmuc:0#slave' \
             epoch='$epoch' seq='$p+6'/></x></presence>"
        )
    };
    let message = |slave: &str| {
        format!(
            "<message from='{ROOM}/BigCheese' id='bc9' to='{slave}' type='groupchat'>\
             <body>hello? anyone?</body><x xmlns='urn:xmpp:tmp:dmuc:0'>\
             <delay xmlns='urn:xmpp:delay' from='{ROOM}/BigCheese' stamp='{said}'/>\
             <at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='$epoch' seq='$p+7' backfill='true'/>\
             </x></message>"
        )
    };
    let jid = format!(" jid='{BIGCHEESE}'");
    alone.sends(&[
        &presence(KILLRC, &jid),
        &presence(ERIS, &jid),
        &presence(VESA, ""),
        &message(KILLRC),
        &message(ERIS),
        &message(VESA),
    ]);
    let (epoch, _) = alone.positions[VESA].clone();
    alone.send(
        VESA,
        &format!(
            "<iq id='sy2' to='{ROOM}' type='set'><synced xmlns='urn:xmpp:tmp:dmuc:0#slave' \
             epoch='{epoch}' seq='$p+5' late='2'/></iq>"
        ),
    );
    alone.sends(&[&format!("<iq from='{ROOM}' id='sy2' to='{VESA}' type='result'/>")]);
}

/// §5.3, T8, NJ-m11: stamps are clamped to [last proof of life, now].
#[test]
fn stamps_of_late_messages_are_clamped() {
    let mut alone = vesa_away();
    alone.seconds_answered(100, &[KILLRC, ERIS]);
    let now = alone.now;
    vesa_back(&mut alone, &BOTH);
    alone.take();
    let stamps = [
        ("b1", time("1970-01-01T00:00:00Z")),
        ("b2", now - Duration::from_secs(50)),
        ("b3", now + Duration::from_secs(100_000)),
    ];
    for (id, stamp) in stamps {
        late_say(&mut alone, BIGCHEESE, id, "when?", stamp);
    }
    let heard = for_vesa(&mut alone);
    let stamp = |index: usize| heard[index].dmuc().unwrap().delay.unwrap().stamp;
    assert!(stamp(0) >= Time::XEP_EPOCH && stamp(0) <= now - Duration::from_secs(100));
    assert_eq!(stamp(1), now - Duration::from_secs(50));
    assert!(stamp(2) <= now + Duration::from_millis(1), "{}", stamp(2));
}

/// Step 8: after the slave's own `synced` a user's delay is stripped again (T8: must be live).
#[test]
fn after_the_late_phase_a_delay_means_nothing() {
    let mut alone = vesa_away();
    vesa_back(&mut alone, &BOTH);
    alone.finish(VESA);
    alone.seconds_answered(30, &SLAVES);
    alone.take();
    late_say(&mut alone, BIGCHEESE, "b1", "live", time("1970-01-01T00:00:00Z"));
    let heard = for_vesa(&mut alone);
    let x = heard[0].dmuc().unwrap();
    assert_eq!(x.delay.unwrap().stamp, alone.now);
    assert!(!x.at.unwrap().backfill, "{}", text(&heard[0]));
}

/// NJ-m18: nothing else comes between accept and `synced`, and events follow with seq > N.
#[test]
fn events_follow_the_end_of_state() {
    let mut alone = vesa_away();
    while_away(&mut alone);
    vesa_back(&mut alone, &BOTH);
    alone.say(WUMPUS, "m1", "live again");
    let sent = for_vesa(&mut alone);
    let end = sent.iter().position(|s| s.has_payload("x", ns::DMUC) && text(s).contains("<synced"));
    assert_eq!(end, Some(sent.len() - 2), "{}", story(&sent));
    let at = sent.last().unwrap().dmuc().unwrap().at.unwrap();
    assert_eq!((at.seq, at.backfill), (alone.names["p"].parse::<u64>().unwrap() + 6, false));
}

/// A resume without gap: nothing changed, nothing is told.
#[test]
fn a_slave_that_missed_nothing_is_told_nothing() {
    let mut alone = vesa_away();
    let id = vesa_back(&mut alone, &BOTH);
    let sent = for_vesa(&mut alone);
    crate::pattern::assert_all(
        &sent,
        &[
            &crate::register::accept_pattern(&id, "$p", "delta", ""),
            &crate::register::synced_pattern("$p"),
        ],
        &mut alone.names,
    );
}

/// Row 15: same nick, same person, two resources.
#[test]
fn row_15_a_late_join_of_another_session_is_a_second_session() {
    let mut alone = vesa_away();
    let razor = "rubenro@vesa.yeggmaex.irc/razor";
    vesa_back(&mut alone, &BOTH);
    alone.take();
    alone.join_as(razor, "BigCheese");
    let sent = for_vesa(&mut alone);
    let enters: Vec<_> = sent.iter().filter(|s| is_enter(s)).collect();
    assert_eq!(enters.len(), 1, "{}", story(&sent));
    assert_eq!((from_nick(enters[0]), enter_jid(enters[0]).as_deref()), ("BigCheese", Some(razor)));
    alone.leave(BIGCHEESE);
    let sent = for_vesa(&mut alone);
    assert_eq!(leave_jid(&sent[0]).as_deref(), Some(BIGCHEESE), "{}", story(&sent));
    assert!(!sent[1..].iter().any(|s| s.is_unavailable()), "the nick stays: {}", story(&sent));
}

//! Full syncs, refusals and the room's changes at the slave (§4.4, §4.8, §5.2 rows 16 to 22).

use wallops::dmuc::SlaveInput;
use wallops::stanza::slave::Policy;
use wallops::stanza::{Kind, Stanza, ns};

use crate::cast::*;
use crate::late::{CHAT, reconnect, returns};
use crate::lone_slave::*;
use crate::positions::{pong, wait_for_ping};
use crate::record::*;
use crate::stanzas::*;

fn story(sent: &[Stanza]) -> String {
    sent.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn in_e8(stanza: &str) -> String {
    stanza.replace("'e7'", "'e8'")
}

fn both() -> String {
    format!(
        "<occupant jid='{BIGCHEESE}' nick='BigCheese'/><occupant jid='{EFCHEN}' nick='Efchen'/>"
    )
}

/// NJ-m13: at `synced` who was not mentioned is gone, and nobody local is.
#[test]
fn a_full_sync_removes_who_is_not_mentioned_at_its_end() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    alone.down(&in_e8(&accept("$reg", 9, "full", &policy_xml(CHAT), &both())));
    for nick in ["Wumpus", "BigCheese", "Efchen", "Spaf"] {
        alone.down(&state(nick, ""));
    }
    let sent = alone.take();
    assert_eq!(nicks(&sent), ["Spaf", "Spaf"], "{}", story(&sent));
    alone.down(&in_e8(&synced(9)));
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == EFCHEN).collect();
    let mut gone = nicks(&sent);
    gone.sort_unstable();
    assert_eq!(gone, ["Phaedrus", "WiZ"], "{}", story(&sent));
    assert!(sent.iter().all(Stanza::is_unavailable));
    assert_eq!(alone.position(), ("e8".to_owned(), 9));
}

/// Who has left, and only waits to be told so, wants to be out: no join for him in a full sync.
#[test]
fn after_a_full_sync_who_has_left_leaves_again_and_nothing_else() {
    let mut alone = LoneSlave::active(CHAT);
    alone.up(EFCHEN, &format!("<presence type='unavailable' to='{ROOM}/Efchen'/>"));
    alone.down(&event("Troy", 420, ""));
    alone.registers();
    alone.down(&in_e8(&accept("$reg", 2, "full", &policy_xml(CHAT), "")));
    alone.down(&state("Wumpus", ""));
    alone.take();
    alone.down(&in_e8(&synced(2)));
    let up = alone.gone_up();
    let presences = up.iter().filter(|s| s.kind == wallops::stanza::Kind::Presence);
    let said: Vec<_> = presences.map(|s| (from(s), s.is_available())).collect();
    assert_eq!(said, [(BIGCHEESE, true), (EFCHEN, false)], "{}", story(&up));
}

/// §4.8 step 7: in a full sync a join of every local occupant.
#[test]
fn after_a_full_sync_every_local_occupant_joins_again() {
    let mut alone = LoneSlave::split(CHAT);
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>"));
    returns(&mut alone);
    alone.down(&in_e8(&accept("$reg", 2, "full", &policy_xml(CHAT), "")));
    alone.down(&state("Wumpus", ""));
    alone.take();
    alone.down(&in_e8(&synced(2)));
    let up = alone.gone_up();
    let joins: Vec<_> = up.iter().filter(|s| s.has_payload("x", ns::MUC)).collect();
    let mut who: Vec<_> = joins.iter().map(|s| from(s)).collect();
    who.sort_unstable();
    assert_eq!(who, [EFCHEN, BIGCHEESE], "{}", story(&up));
    let late = format!("late='{}'", up.len() - 1);
    assert!(text(up.last().unwrap()).replace('"', "'").contains(&late), "{}", story(&up));
    assert!(story(&up).contains(">xa<"), "his latest presence");
    assert!(alone.copy().locals().count() == 2, "they stay");
}

/// NJ-m21: an interrupted full sync is not continued as a delta.
#[test]
fn in_a_full_sync_the_old_position_is_kept_until_the_end() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    alone.down(&in_e8(&accept("$reg", 9, "full", &policy_xml(CHAT), &both())));
    alone.down(&state("Wumpus", ""));
    alone.down(&in_e8(&backfill("WiZ", "w3", "new times", 5)));
    alone.seconds(41);
    assert!(alone.copy().is_split(), "no progress for 2 T");
    let register = returns(&mut alone);
    let register = text(&register).replace('"', "'");
    assert!(register.contains("epoch='e7'") && register.contains("seq='417'"), "{register}");
}

/// NJ-m10: an interrupted delta resumes at the last message, not at the accept's position.
#[test]
fn in_a_delta_the_position_advances_with_each_message() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    alone.down(&accept("$reg", 425, "delta", &policy_xml(CHAT), ""));
    assert_eq!(alone.position().1, 417);
    alone.down(&backfill("WiZ", "w3", "one", 419));
    alone.take();
    alone.seconds(41);
    let register = text(&returns(&mut alone)).replace('"', "'");
    let resumes = register.contains("seq='419'") || register.contains("seq='417'");
    assert!(resumes, "{register}");
    alone.down(&accept("$reg", 425, "delta", &policy_xml(CHAT), ""));
    alone.down(&backfill("WiZ", "w3", "one", 419));
    alone.down(&backfill("WiZ", "w4", "two", 424));
    let bodies: Vec<_> = bodies(&alone.take());
    assert_eq!(bodies, ["two", "two"], "each of two users hears each message once");
}

fn error(condition: &str, text: &str) -> String {
    format!(
        "<iq from='{ROOM}' id='$reg' to='{VESA}' type='error'>\
         <error type='cancel'>{condition}{text}</error></iq>"
    )
}

const STANZAS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";

/// Row 19: the alternate venue and the reason.
#[test]
fn if_the_room_was_destroyed_each_is_told_where_to_go() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    let venue = format!("<gone {STANZAS}>xmpp:operlog@channel.avalon.irc</gone>");
    alone.down(&error(&venue, &format!("<text {STANZAS}>the war is over</text>")));
    let sent = alone.take();
    assert_eq!(sent.len(), 2, "{}", story(&sent));
    for stanza in &sent {
        let own = if to(stanza) == BIGCHEESE { "BigCheese" } else { "Efchen" };
        assert!(stanza.is_unavailable() && from_nick(stanza) == own, "{}", text(stanza));
        assert!(has_code(stanza, "110"), "{}", text(stanza));
        let x = stanza.payload("x", ns::MUC_USER).unwrap();
        let destroy = x.get_child("destroy", ns::MUC_USER).expect("destroy");
        assert_eq!(destroy.attr("jid"), Some("operlog@channel.avalon.irc"));
        assert!(text(stanza).contains("the war is over"));
        assert_eq!(
            (item(stanza, "affiliation"), item(stanza, "role")),
            (Some("none"), Some("none"))
        );
    }
    assert!(alone.slave.room(&bare(ROOM)).is_none_or(|room| room.roster().is_empty()));
}

/// Row 20 (NJ-m16): another room of that name, or none: no venue, 110 and 333, and nobody is
/// carried over.
#[test]
fn if_the_room_is_another_one_they_are_out_and_decide_themselves() {
    let answers = [format!("<gone {STANZAS}/>"), format!("<item-not-found {STANZAS}/>")];
    for answer in answers {
        let mut alone = LoneSlave::split(EVERYTHING);
        alone.say(BIGCHEESE, "m1", "still there?");
        returns(&mut alone);
        alone.down(&error(&answer, ""));
        let sent = alone.take();
        assert_eq!(sent.len(), 2, "{}", story(&sent));
        for stanza in &sent {
            let out = stanza.is_unavailable() && has_code(stanza, "110") && has_code(stanza, "333");
            assert!(out, "{}", text(stanza));
            assert!(!text(stanza).contains("destroy"), "{}", text(stanza));
        }
        alone.seconds(300);
        let up = alone.gone_up();
        assert!(!up.iter().any(|s| [BIGCHEESE, EFCHEN].contains(&from(s))), "{}", story(&up));
    }
}

/// §4.4: who becomes a moderator sees JIDs from then on, nobody else does, and nobody is shown
/// again.
#[test]
fn the_jids_for_a_new_moderator_come_with_what_he_is_told_next() {
    let mut alone = LoneSlave::active(Policy::default());
    let with_jid = |presence: String, jid: &str| {
        presence.replace("role='participant'", &format!("role='participant' jid='{jid}'"))
    };
    let known = [("WiZ", WIZ), ("Phaedrus", PHAEDRUS), ("BigCheese", BIGCHEESE)];
    for (nick, jid) in known.into_iter().chain([("Wumpus", WUMPUS), ("Efchen", EFCHEN)]) {
        alone.down(&with_jid(state(nick, ""), jid));
    }
    alone.sends(&[]);
    let promoted = event("BigCheese", 418, "");
    let promoted = promoted.replace("'participant'", &format!("'moderator' jid='{BIGCHEESE}'"));
    alone.down(&promoted);
    let sent = alone.take();
    assert_eq!(sent.len(), 2, "{}", story(&sent));
    alone.down(&with_jid(event("WiZ", 419, "<show>away</show>"), WIZ));
    let sent = alone.take();
    let seen: Vec<_> = sent.iter().map(|s| (to(s), item(s, "jid"))).collect();
    assert_eq!(seen.len(), 2, "{}", story(&sent));
    assert!(seen.contains(&(BIGCHEESE, Some(WIZ))), "{}", story(&sent));
    assert!(seen.contains(&(EFCHEN, None)), "{}", story(&sent));
}

/// Row 18: who sees JIDs is applied before any presence, and the warning comes first.
#[test]
fn a_room_that_was_opened_warns_before_it_shows_jids() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    let accept = accept("$reg", 419, "delta", &policy_xml(CHAT), "");
    alone.down(&accept.replace("whois='moderators'", "whois='anyone'"));
    alone.down(&format!(
        "<message from='{ROOM}' to='{VESA}' type='groupchat'>\
         <x xmlns='http://jabber.org/protocol/muc#user'><status code='172'/></x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='{ROOM}' \
         stamp='1990-10-13T23:58:37Z'/><at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' \
         seq='418' backfill='true'/></x></message>"
    ));
    let warned = alone.take();
    assert_eq!(warned.iter().filter(|s| has_code(s, "172")).count(), 2, "{}", story(&warned));
    let role = format!("role='participant' jid='{WIZ}'");
    alone.down(&state("WiZ", "").replace("role='participant'", &role));
    let sent = alone.take();
    assert_eq!(sent.len(), 2, "{}", story(&sent));
    assert!(sent.iter().all(|s| item(s, "jid") == Some(WIZ)), "{}", story(&sent));
}

/// Row 21: the subject is the master's; told once.
#[test]
fn the_subject_is_the_masters() {
    let mut alone = LoneSlave::split(CHAT);
    returns(&mut alone);
    alone.down(&accept("$reg", 419, "delta", &policy_xml(CHAT), ""));
    alone.down(&subject("EFnet or A-net?"));
    alone.sends(&[]);
    alone.down(&subject("EFnet"));
    let sent = alone.take();
    assert!(sent.iter().all(|s| s.subject().as_deref() == Some("EFnet")), "{}", story(&sent));
    assert_eq!(sent.iter().map(to).collect::<Vec<_>>(), [BIGCHEESE, EFCHEN]);
}

/// §4.8: a state presence does not override a newer local presence that is still queued.
#[test]
fn a_newer_local_presence_is_not_overridden() {
    let mut alone = LoneSlave::split(CHAT);
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'><show>xa</show></presence>"));
    alone.take();
    returns(&mut alone);
    alone.down(&accept("$reg", 418, "delta", &policy_xml(CHAT), ""));
    alone.down(&state("BigCheese", "<show>away</show>"));
    let sent = alone.take();
    assert!(!story(&sent).contains(">away<"), "{}", story(&sent));
}

/// §4.4, NJ-m14: away marks are told only, and undone at `synced`.
#[test]
fn away_marks_are_undone() {
    let mut alone = LoneSlave::active(Policy { mark_away: true, ..CHAT });
    alone.lose_master();
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == EFCHEN).collect();
    let mut marked = nicks(&sent);
    marked.sort_unstable();
    assert_eq!(marked, ["Phaedrus", "WiZ", "Wumpus"], "{}", story(&sent));
    assert!(sent.iter().all(|s| text(s).contains("<show>")), "{}", story(&sent));
    reconnect(&mut alone, 417, "");
    let sent: Vec<_> = alone.take().into_iter().filter(|s| to(s) == EFCHEN).collect();
    let mut undone = nicks(&sent);
    undone.sort_unstable();
    assert_eq!(undone, ["Phaedrus", "WiZ", "Wumpus"], "{}", story(&sent));
    assert!(!story(&sent).contains("<show>"), "{}", story(&sent));
}

/// §4.8: a master that has forgotten who was inside tells no departures. Who has a nick of somebody
/// else's now comes after that one has gone, who is told apart by the room's id of the occupant.
#[test]
fn a_new_owner_of_a_nick_comes_when_the_old_one_has_gone() {
    let id = |id: &str| format!("<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{id}'/>");
    let mut alone = LoneSlave::active(CHAT);
    alone.down(&event("Wumpus", 418, &id("one")));
    alone.lose_master();
    returns(&mut alone);
    alone.down(&in_e8(&accept("$reg", 3, "full", &policy_xml(CHAT), &both())));
    alone.take();
    alone.down(&state("Wumpus", &id("one")));
    alone.sends(&[]);
    alone.down(&state("Wumpus", &id("two")));
    let sent = alone.take();
    let told: Vec<_> = sent.iter().map(|s| (to(s), from_nick(s), s.is_unavailable())).collect();
    let expected = [(BIGCHEESE, true), (EFCHEN, true), (BIGCHEESE, false), (EFCHEN, false)];
    assert_eq!(told, expected.map(|(who, gone)| (who, "Wumpus", gone)), "{}", story(&sent));
}

/// §5.1, MASTER-GONE: the host is up, the room is not: register at once and follow its answer.
#[test]
fn if_the_masters_host_says_that_it_is_gone_it_registers_at_once() {
    for gone in ["service-unavailable", "item-not-found", "recipient-unavailable", "gone"] {
        let mut alone = LoneSlave::active(CHAT);
        let ping = wait_for_ping(&mut alone);
        alone.down(&format!(
            "<iq from='{ROOM}' id='{}' to='{VESA}' type='error'><error type='cancel'>\
             <{gone} {STANZAS}/></error></iq>",
            id(&ping)
        ));
        let register = alone.registers();
        assert!(text(&register).contains("resume"), "{gone}: {}", text(&register));
    }
}

/// §4.1: an offer may be ignored, or registered upon; it creates nothing by itself.
#[test]
fn an_offer_is_answered() {
    let mut alone = LoneSlave::new(Policy::default());
    alone.step(SlaveInput::Down(xml(&format!(
        "<iq from='{ROOM}' id='of1' to='vesa.yeggmaex.irc' type='set'>\
         <offer xmlns='urn:xmpp:tmp:dmuc:0#slave'/></iq>"
    ))));
    let sent = alone.take();
    assert_eq!(id(&sent[0]), "of1", "{}", story(&sent));
    assert!(alone.slave.room(&bare(ROOM)).is_none_or(|room| room.roster().is_empty()));
}

/// What somebody has said of himself before his slave knew him is submitted late, and nobody waits
/// for it when the master has all that was late.
#[test]
fn presence_of_who_was_not_known_is_not_repeated_after_it_was_late() {
    let mut alone = LoneSlave::new(EVERYTHING);
    alone.join(BIGCHEESE);
    alone.seconds(6);
    alone.up(BIGCHEESE, &format!("<presence to='{ROOM}/BigCheese'><show>away</show></presence>"));
    alone.seconds(120);
    alone.take();
    alone.join(EFCHEN);
    let id = alone.register_id().expect("it registers again for the next who wants to enter");
    alone.take();
    alone.down(&accept(&id, 415, "full", &policy_xml(EVERYTHING), ""));
    alone.down(&subject("EFnet or A-net?"));
    alone.down(&synced(415));
    let late = alone.gone_up();
    let presence = |stanza: &&Stanza| stanza.kind == Kind::Presence;
    assert_eq!(late.iter().filter(presence).count(), 2, "that he wants to enter, and is away");
    alone.down(&event("BigCheese", 416, ""));
    alone.down(&enter("BigCheese", BIGCHEESE));
    alone.acknowledge_last(late.last().expect("it says that it is synced"));
    alone.down(&event("Efchen", 417, ""));
    alone.down(&enter("Efchen", EFCHEN));
    alone.take();
    for _ in 0..12 {
        alone.seconds(5);
        if let Some(ping) = alone.peek().iter().rev().find(|stanza| is_ping(stanza)).cloned() {
            alone.down(&pong(&ping, 417));
        }
        assert_eq!(alone.gone_up().iter().filter(presence).count(), 0);
    }
}

/// §4.5: the JID of a local occupant under a nick that he is not known to have: that he took it was
/// lost.
#[test]
fn a_nick_of_its_own_that_it_has_not_heard_of_is_a_gap() {
    let mut alone = LoneSlave::active(CHAT);
    let jid = format!("<item jid='{BIGCHEESE}' ");
    alone.down(&state("Brian", "").replace("<item ", &jid));
    assert!(alone.peek().iter().all(goes_up), "{}", story(alone.peek()));
    alone.registers();
}

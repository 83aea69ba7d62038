//! Kicks by local moderators while split (§4.7, last row; §5.2 rows 7 to 9 at the slave).

use wallops::stanza::slave::Policy;
use wallops::stanza::{Stanza, Type};

use crate::cast::*;
use crate::lone_slave::*;
use crate::policies::one_error;
use crate::record::*;
use crate::stanzas::*;

const RINGO: &str = "ringo@vesa.yeggmaex.irc/drum";

/// BigCheese is a moderator by the master's last word, Efchen and Ringo are not.
fn moderated(granted: Policy) -> LoneSlave {
    let mut alone = LoneSlave::active(granted);
    alone.down(&event("BigCheese", 418, "").replace("'participant'", "'moderator'"));
    alone.join_as(RINGO, "Ringo");
    alone.down(&event("Ringo", 419, ""));
    alone.down(&enter("Ringo", RINGO));
    alone
}

fn split(granted: Policy) -> LoneSlave {
    let mut alone = moderated(granted);
    alone.lose_master();
    alone.take();
    alone
}

fn kick(alone: &mut LoneSlave, who: &str, nick: &str) -> Vec<Stanza> {
    let query = format!(
        "<query xmlns='http://jabber.org/protocol/muc#admin'>\
         <item nick='{nick}' role='none'><reason>Avaunt!</reason></item></query>"
    );
    alone.up(who, &format!("<iq id='kick1' to='{ROOM}' type='set'>{query}</iq>"));
    alone.take()
}

const MAY: Policy = Policy { local_kick: true, ..NO };
const NO: Policy = Policy { local_kick: false, ..EVERYTHING };

#[test]
fn a_local_moderator_may_kick_if_that_is_granted() {
    let mut alone = split(MAY);
    let sent = kick(&mut alone, BIGCHEESE, "Efchen");
    let gone: Vec<_> = sent.iter().filter(|stanza| stanza.is_unavailable()).collect();
    assert_eq!(gone.len(), 3, "{}", sent.iter().map(text).collect::<String>());
    for stanza in &gone {
        assert_eq!(from_nick(stanza), "Efchen");
        assert!(has_code(stanza, "307"), "{}", text(stanza));
        assert_eq!(has_code(stanza, "110"), to(stanza) == EFCHEN, "{}", text(stanza));
        assert!(text(stanza).contains("Avaunt!"), "{}", text(stanza));
    }
    let results: Vec<_> = sent.iter().filter(|stanza| stanza.type_ == Type::Result).collect();
    assert_eq!((results.len(), to(results[0])), (1, BIGCHEESE));
    assert_eq!(sent.len(), 4);
}

#[test]
fn without_the_grant_a_kick_is_refused() {
    let mut alone = split(NO);
    let sent = kick(&mut alone, BIGCHEESE, "Efchen");
    assert_eq!(one_error(&sent, BIGCHEESE).1, "remote-server-timeout");
    assert_eq!(sent.len(), 1);
}

/// The actor is no moderator, or the target is one, or of higher affiliation, or not here.
#[test]
fn only_moderators_kick_and_not_their_like() {
    let mut alone = split(MAY);
    let sent = kick(&mut alone, EFCHEN, "Ringo");
    one_error(&sent, EFCHEN);
    assert_eq!(sent.len(), 1, "who is no moderator");
    let sent = kick(&mut alone, BIGCHEESE, "Wumpus");
    one_error(&sent, BIGCHEESE);
    assert_eq!(sent.len(), 1, "who is not here");
    for privilege in [("'participant'", "'moderator'"), ("'none' role", "'admin' role")] {
        let mut alone = moderated(MAY);
        alone.down(&event("Efchen", 420, "").replace(privilege.0, privilege.1));
        alone.lose_master();
        alone.take();
        let sent = kick(&mut alone, BIGCHEESE, "Efchen");
        one_error(&sent, BIGCHEESE);
        assert_eq!(sent.len(), 1, "{privilege:?}");
    }
}

/// §4.8: the IQ goes up late, followed by an unavailable of the kicked session; rows 7 and 8: the
/// master's answer to it is swallowed.
#[test]
fn an_executed_kick_goes_up_with_the_leave_of_the_kicked_and_its_answer_is_swallowed() {
    for refused in [false, true] {
        let mut alone = split(MAY);
        kick(&mut alone, BIGCHEESE, "Efchen");
        crate::late::reconnect(&mut alone, 419, "");
        let up = alone.gone_up();
        let (register, late) = up.split_first().unwrap();
        assert!(text(register).contains(EFCHEN), "who was kicked is listed: {}", text(register));
        assert_eq!(late.len(), 3, "{}", up.iter().map(text).collect::<String>());
        assert_eq!((from(&late[0]), late[0].id.as_deref()), (BIGCHEESE, Some("kick1")));
        assert!(!text(&late[0]).contains("urn:xmpp:delay"), "an IQ carries nothing");
        assert_eq!((from(&late[1]), late[1].is_unavailable()), (EFCHEN, true));
        let error = "<error type='auth'>\
                     <forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        let (type_, inside) = if refused { ("error", error) } else { ("result", "") };
        alone.down(&format!(
            "<iq id='kick1' type='{type_}' from='{ROOM}' to='{BIGCHEESE}'>{inside}</iq>"
        ));
        alone.sends(&[]);
    }
}

//! What a master sends to vesa's slave, as XML; the run of its log is `e7`, the room `r1`.

use wallops::stanza::slave::Policy;

use crate::cast::*;

/// The grants of an accept, in the default case.
pub const GRANTS: &str = "<keepalive interval='60' timeout='20' split='5'/>\
                          <history maxstanzas='100' maxbytes='65536'/>";

/// A `state` presence of somebody elsewhere.
pub fn state(nick: &str, inside: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}'>{inside}\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='participant'/></x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><state xmlns='urn:xmpp:tmp:dmuc:0#slave'/></x></presence>"
    )
}

/// A `state` presence of somebody who is gone.
pub fn state_gone(nick: &str, codes: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}' type='unavailable'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'/>{codes}</x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><state xmlns='urn:xmpp:tmp:dmuc:0#slave'/></x></presence>"
    )
}

/// The subject that the state of a slave contains.
pub fn subject(text: &str) -> String {
    format!(
        "<message from='{ROOM}/Wumpus' to='{VESA}' type='groupchat'><subject>{text}</subject>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><state xmlns='urn:xmpp:tmp:dmuc:0#slave'/>\
         <delay xmlns='urn:xmpp:delay' from='{ROOM}/Wumpus' stamp='1990-08-25T10:00:00Z'/></x>\
         </message>"
    )
}

/// The end of state.
pub fn synced(seq: u64) -> String {
    format!(
        "<message from='{ROOM}' to='{VESA}'><x xmlns='urn:xmpp:tmp:dmuc:0'>\
         <synced xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='{seq}'/></x></message>"
    )
}

/// The position of an event.
pub fn at(seq: u64) -> String {
    format!("<at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='{seq}'/>")
}

/// A presence event.
pub fn event(nick: &str, seq: u64, inside: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}'>{inside}\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='participant'/></x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'>{}</x></presence>",
        at(seq)
    )
}

/// A departure event.
pub fn departure(nick: &str, seq: u64, inside: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}' type='unavailable'>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'/>{inside}</x>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'>{}</x></presence>",
        at(seq)
    )
}

/// A message event.
pub fn said(nick: &str, id: &str, body: &str, seq: u64) -> String {
    format!(
        "<message from='{ROOM}/{nick}' id='{id}' to='{VESA}' type='groupchat'><body>{body}</body>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='{ROOM}/{nick}' \
         stamp='1990-10-13T23:58:37Z'/>{}</x></message>",
        at(seq)
    )
}

/// A message that the slave has missed.
pub fn backfill(nick: &str, id: &str, body: &str, seq: u64) -> String {
    said(nick, id, body, seq).replace("'/></x>", "' backfill='true'/></x>")
}

/// A ping of the master.
pub fn ping(id: &str) -> String {
    format!("<iq from='{ROOM}' id='{id}' to='{VESA}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")
}

/// ENTER.
pub fn enter(nick: &str, who: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}'><x xmlns='urn:xmpp:tmp:dmuc:0'>\
         <enter jid='{who}'/></x><x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='participant'/><status code='110'/></x></presence>"
    )
}

/// LEAVE.
pub fn leave(nick: &str, who: &str, inside: &str) -> String {
    format!(
        "<presence from='{ROOM}/{nick}' to='{VESA}' type='unavailable'>\
         <x xmlns='urn:xmpp:tmp:dmuc:0'><leave jid='{who}'/></x>\
         <x xmlns='http://jabber.org/protocol/muc#user'>\
         <item affiliation='none' role='none'/>{inside}<status code='110'/></x></presence>"
    )
}

/// An accept with these grants.
pub fn accept(id: &str, seq: u64, sync: &str, policy: &str, occupants: &str) -> String {
    format!(
        "<iq from='{ROOM}' id='{id}' to='{VESA}' type='result'>\
         <accept xmlns='urn:xmpp:tmp:dmuc:0#slave' room='r1' epoch='e7' seq='{seq}' sync='{sync}' \
         whois='moderators'>{GRANTS}{policy}{occupants}</accept></iq>"
    )
}

/// `<policy/>` as XML.
pub fn policy_xml(policy: Policy) -> String {
    String::from(&wallops::stanza::Element::from(policy))
}

//! RFC 6121 §8.5: what reaches whom among the accounts of a server.

use super::*;

const SHAVER: &str = "rubenro@vesa.yeggmaex.irc/shaver";
const RAZOR: &str = "rubenro@vesa.yeggmaex.irc/razor";
const DESKTOP: &str = "valdis@vesa.yeggmaex.irc/desktop";

/// What Valdis gets back from sending this, as an error; and nothing else happens.
fn refused(desk: &mut Desk, xml: &str) -> String {
    let valdis = desk.open(DESKTOP);
    let out = desk.says(valdis, xml);
    let reply = only_stanza(&out);
    assert_eq!(out, [Output::ToSession(valdis, reply.clone())]);
    desk.step(Input::SessionClosed(valdis));
    error_of(reply)
}

/// Whether nothing at all comes of Valdis sending this.
fn vanishes(desk: &mut Desk, xml: &str) -> bool {
    let valdis = desk.open(DESKTOP);
    let out = desk.says(valdis, xml);
    desk.step(Input::SessionClosed(valdis));
    out.is_empty()
}

#[test]
fn a_stanza_for_a_connected_resource_reaches_exactly_that_one() {
    let mut desk = desk(plain());
    let shaver = desk.open(SHAVER);
    desk.open_available(RAZOR, 100);
    let valdis = desk.open(DESKTOP);
    for xml in [
        "<message to='rubenro@vesa.yeggmaex.irc/shaver' type='groupchat'><body>x</body></message>",
        "<presence to='rubenro@vesa.yeggmaex.irc/shaver'/>",
        "<iq to='rubenro@vesa.yeggmaex.irc/shaver' type='get' id='1'><x xmlns='y'/></iq>",
        "<message to='rubenro@vesa.yeggmaex.irc/shaver' type='error'/>",
    ] {
        let mut stanza: Stanza = xml.parse().unwrap();
        stanza.from = Some(jid(DESKTOP).into());
        assert_eq!(desk.says(valdis, xml), [Output::ToSession(shaver, stanza)]);
    }
}

#[test]
fn a_chat_message_for_an_absent_resource_goes_to_the_most_available_ones() {
    let mut desk = desk(plain());
    let razor = desk.open_available(RAZOR, 5);
    let comb = desk.open_available("rubenro@vesa.yeggmaex.irc/comb", 5);
    desk.open_available("rubenro@vesa.yeggmaex.irc/low", 4);
    desk.open(SHAVER);
    let valdis = desk.open(DESKTOP);
    for type_ in ["", "type='chat'", "type='normal'", "type='what'"] {
        let xml =
            format!("<message {type_} from='{DESKTOP}' to='rubenro@vesa.yeggmaex.irc/gone'/>");
        let out = desk.says(valdis, &xml);
        assert_eq!(out, [to_session(razor, &xml), to_session(comb, &xml)]);
    }
}

#[test]
fn a_message_for_an_account_does_not_reach_a_resource_with_negative_priority() {
    let mut desk = desk(plain());
    desk.open_available(RAZOR, -1);
    let xml = "<message to='rubenro@vesa.yeggmaex.irc'><body>x</body></message>";
    assert_eq!(refused(&mut desk, xml), "cancel service-unavailable");
}

#[test]
fn there_is_no_offline_store() {
    let mut desk = desk(plain());
    desk.open(SHAVER);
    let xml = "<message to='rubenro@vesa.yeggmaex.irc' id='m'><body>x</body></message>";
    assert_eq!(refused(&mut desk, xml), "cancel service-unavailable");
}

#[test]
fn groupchat_for_an_account_or_an_absent_resource_is_refused() {
    let mut desk = desk(plain());
    desk.open_available(RAZOR, 5);
    for to in ["rubenro@vesa.yeggmaex.irc", "rubenro@vesa.yeggmaex.irc/gone"] {
        let xml = format!("<message to='{to}' type='groupchat'><body>x</body></message>");
        assert_eq!(refused(&mut desk, &xml), "cancel service-unavailable");
    }
}

#[test]
fn a_headline_reaches_all_available_resources_or_nobody() {
    let mut desk = desk(plain());
    let xml = "<message from='valdis@vesa.yeggmaex.irc/desktop' to='rubenro@vesa.yeggmaex.irc' \
               type='headline'/>";
    assert!(vanishes(&mut desk, xml));
    let shaver = desk.open_available(SHAVER, 1);
    let razor = desk.open_available(RAZOR, 2);
    let valdis = desk.open(DESKTOP);
    assert_eq!(desk.says(valdis, xml), [to_session(shaver, xml), to_session(razor, xml)]);
}

#[test]
fn presence_for_an_absent_resource_or_an_unknown_account_vanishes() {
    let mut desk = desk(plain());
    desk.open_available(RAZOR, 5);
    assert!(vanishes(&mut desk, "<presence to='rubenro@vesa.yeggmaex.irc/gone'/>"));
    assert!(vanishes(&mut desk, "<presence to='slave@vesa.yeggmaex.irc'/>"));
    assert!(vanishes(&mut desk, "<presence type='probe' to='rubenro@vesa.yeggmaex.irc'/>"));
}

#[test]
fn presence_for_an_account_reaches_all_its_available_resources() {
    let mut desk = desk(plain());
    desk.open(SHAVER);
    let razor = desk.open_available(RAZOR, -5);
    let valdis = desk.open(DESKTOP);
    let xml = format!("<presence from='{DESKTOP}' to='rubenro@vesa.yeggmaex.irc'/>");
    assert_eq!(desk.says(valdis, &xml), [to_session(razor, &xml)]);
}

#[test]
fn a_request_to_an_absent_resource_is_answered_and_its_answers_are_not() {
    let mut desk = desk(plain());
    desk.open_available(RAZOR, 5);
    let get = "<iq type='get' id='1' to='rubenro@vesa.yeggmaex.irc/gone'><x xmlns='y'/></iq>";
    assert_eq!(refused(&mut desk, get), "cancel service-unavailable");
    let result = "<iq type='result' id='1' to='rubenro@vesa.yeggmaex.irc/gone'/>";
    assert!(vanishes(&mut desk, result));
    assert!(vanishes(&mut desk, &result.replace("result", "error")));
    assert!(vanishes(&mut desk, "<message type='error' to='rubenro@vesa.yeggmaex.irc'/>"));
}

#[test]
fn an_unknown_account_is_answered_as_one_that_is_offline() {
    let mut desk = desk(plain());
    let message = "<message to='nobody@vesa.yeggmaex.irc'><body>x</body></message>";
    assert_eq!(refused(&mut desk, message), "cancel service-unavailable");
    let ping = "<iq type='get' id='1' to='nobody@vesa.yeggmaex.irc'><ping xmlns='urn:xmpp:ping'/>\
                </iq>";
    assert_eq!(refused(&mut desk, ping), "cancel service-unavailable");
}

#[test]
fn a_message_without_addressee_is_for_the_own_account() {
    let mut desk = desk(plain());
    let razor = desk.open_available(RAZOR, 5);
    let out = desk.says(razor, "<message><body>x</body></message>");
    let xml = "<message from='rubenro@vesa.yeggmaex.irc/razor' to='rubenro@vesa.yeggmaex.irc'>\
               <body>x</body></message>";
    assert_eq!(out, [to_session(razor, xml)]);
}

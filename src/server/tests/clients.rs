//! What clients may send, and who learns that they came and went.

use super::session::DIRECTED_MAX;
use super::*;

const SHAVER: &str = "rubenro@vesa.yeggmaex.irc/shaver";
const RAZOR: &str = "rubenro@vesa.yeggmaex.irc/razor";

#[test]
fn the_server_puts_the_full_jid_on_what_a_client_sends() {
    let mut desk = desk(plain());
    desk.connect(ROOMS);
    let shaver = desk.open(SHAVER);
    let stamped =
        format!("<message from='{SHAVER}' to='wallops@channel.avalon.irc' type='groupchat'/>");
    for from in ["", "from='rubenro@vesa.yeggmaex.irc'", &format!("from='{SHAVER}'")] {
        let xml = format!("<message {from} to='wallops@channel.avalon.irc' type='groupchat'/>");
        assert_eq!(desk.says(shaver, &xml), [to_peer(ROOMS, &stamped)]);
    }
}

#[test]
fn a_client_that_claims_to_be_somebody_else_loses_its_session() {
    for from in ["efchen@vesa.yeggmaex.irc/x", RAZOR, "efchen@vesa.yeggmaex.irc", "@@", OWN] {
        let mut desk = desk(plain());
        let shaver = desk.open(SHAVER);
        let out = desk.says(shaver, &format!("<message from='{from}' to='{SHAVER}'/>"));
        assert_eq!(out, [Output::CloseSession(shaver, "invalid-from")], "{from}");
        assert_eq!(desk.says(shaver, &format!("<message to='{SHAVER}'/>")), [], "it is over");
        assert_eq!(desk.step(Input::SessionClosed(shaver)), []);
    }
}

#[test]
fn an_addressee_that_is_no_jid_is_jid_malformed() {
    let mut desk = desk(plain());
    let shaver = desk.open(SHAVER);
    for kind in ["message", "presence", "iq"] {
        let out = desk.says(shaver, &format!("<{kind} to='a@@b' type='{}' id='1'/>", "error"));
        assert_eq!(out, [], "nothing answers an error");
    }
    let out = desk.says(shaver, "<message to='a@@b' id='7'><body>x</body></message>");
    assert_eq!(error_of(only_stanza(&out)), "modify jid-malformed");
    assert_eq!(only_stanza(&out).id.as_deref(), Some("7"));
}

/// XEP-0045 §7.2.8: of a nick that is none the room would say so if the address came so far.
#[test]
fn a_nick_that_is_no_resource_is_answered_as_by_the_room() {
    let mut desk = desk(plain());
    let shaver = desk.open(SHAVER);
    let out = desk.says(shaver, "<presence to='room@channel.irc/\u{1F916}' id='8'/>");
    let answer = crate::stanza::Element::from(only_stanza(&out));
    assert_eq!(answer.attr("from"), Some("room@channel.irc/\u{1F916}"));
    let error = answer.get_child("error", crate::stanza::ns::CLIENT).unwrap();
    assert_eq!(error.attr("by"), Some("room@channel.irc"));
    assert_eq!(error_of(only_stanza(&out)), "modify jid-malformed");
}

#[test]
fn a_broken_iq_or_presence_is_a_bad_request() {
    let mut desk = desk(plain());
    let shaver = desk.open(SHAVER);
    for xml in [
        "<iq type='get' to='x@y.z'><a xmlns='b'/></iq>",
        "<iq id='1' to='x@y.z'><a xmlns='b'/></iq>",
        "<iq id='1' type='ask' to='x@y.z'><a xmlns='b'/></iq>",
        "<iq id='1' type='set' to='x@y.z'/>",
        "<iq id='1' type='set' to='x@y.z'><a xmlns='b'/><a xmlns='b'/></iq>",
        "<presence type='gone' to='x@y.z'/>",
        "<presence type='chat'/>",
    ] {
        let out = desk.says(shaver, xml);
        assert_eq!(error_of(only_stanza(&out)), "modify bad-request", "{xml}");
    }
}

#[test]
fn a_session_of_a_foreign_domain_or_with_a_taken_resource_ends() {
    let mut desk = desk(plain());
    let id = SessionId(77);
    let out = desk.step(Input::SessionOpened(id, FullJid::new("a@avalon.irc/b").unwrap()));
    assert_eq!(out, [Output::CloseSession(id, "host-unknown")]);
    let old = desk.open(SHAVER);
    let out = desk.step(Input::SessionOpened(id, FullJid::new(SHAVER).unwrap()));
    assert_eq!(out, [Output::CloseSession(old, "conflict")]);
    let xml = format!("<message from='{SHAVER}' to='{SHAVER}'/>");
    assert_eq!(desk.says(id, &xml), [to_session(id, &xml)], "the new one is the one");
    assert_eq!(desk.step(Input::SessionClosed(old)), []);
}

#[test]
fn the_resources_of_an_account_see_one_another() {
    let mut desk = desk(plain());
    let shaver = desk.open(SHAVER);
    let razor = desk.open(RAZOR);
    let presence = |from: &str, to: &str, payload: &str| {
        format!("<presence from='{from}' to='{to}'>{payload}</presence>")
    };
    let chat = "<show>chat</show>";
    let out = desk.says(shaver, &format!("<presence>{chat}</presence>"));
    let reflected = to_session(shaver, &presence(SHAVER, SHAVER, chat));
    assert_eq!(out, [reflected], "the razor is not available yet");
    for (payload, initial) in [("", true), ("<show>away</show>", false)] {
        let mut expected = vec![
            to_session(shaver, &presence(RAZOR, SHAVER, payload)),
            to_session(razor, &presence(RAZOR, RAZOR, payload)),
        ];
        if initial {
            expected.push(to_session(razor, &presence(SHAVER, RAZOR, chat)));
        }
        let out = desk.says(razor, &format!("<presence>{payload}</presence>"));
        assert_eq!(out, expected, "only the first time it is told the others'");
    }
    let out = desk.step(Input::SessionClosed(shaver));
    let gone = format!("<presence type='unavailable' from='{SHAVER}' to='{RAZOR}'/>");
    assert_eq!(out, [to_session(razor, &gone)]);
    let out = desk.says(razor, "<presence type='unavailable'/>");
    let gone = format!("<presence type='unavailable' from='{RAZOR}' to='{RAZOR}'/>");
    assert_eq!(out, [to_session(razor, &gone)], "who says so is told so");
    assert_eq!(desk.says(razor, "<presence type='unavailable'/>"), [], "once");
}

#[test]
fn whoever_got_directed_presence_learns_that_the_client_is_gone() {
    let mut desk = desk(plain());
    desk.connect(ROOMS);
    let shaver = desk.open(SHAVER);
    desk.open(RAZOR);
    for xml in [
        "<presence to='wallops@channel.avalon.irc/BigCheese'/>",
        "<presence to='left@channel.avalon.irc/BigCheese'/>",
        "<presence to='other@channel.avalon.irc/BigCheese'/>",
        "<presence type='unavailable' to='left@channel.avalon.irc/BigCheese'/>",
    ] {
        desk.says(shaver, xml);
    }
    let gone = |room: &str, payload: &str| {
        let to = format!("{room}@channel.avalon.irc/BigCheese");
        let xml = format!(
            "<presence type='unavailable' from='{SHAVER}' to='{to}'>{payload}\
                           </presence>"
        );
        to_peer(ROOMS, &xml)
    };
    let mut desk_left = desk.step(Input::SessionClosed(shaver));
    assert_eq!(desk_left, [gone("wallops", ""), gone("other", "")]);
    desk_left = desk.step(Input::SessionClosed(shaver));
    assert_eq!(desk_left, [], "once");

    let again = desk.open(SHAVER);
    desk.says(again, "<presence to='wallops@channel.avalon.irc/BigCheese'/>");
    let out = desk.says(
        again,
        "<presence type='unavailable'><status>gone fishing</status>\
                                </presence>",
    );
    assert_eq!(out, [gone("wallops", "<status>gone fishing</status>")]);
    assert_eq!(desk.step(Input::SessionClosed(again)), [], "they know already");
}

#[test]
fn more_directed_presence_than_the_server_can_remember_is_refused() {
    let mut desk = desk(plain());
    desk.connect(ROOMS);
    let shaver = desk.open(SHAVER);
    for number in 0..DIRECTED_MAX {
        desk.says(shaver, &format!("<presence to='room{number}@channel.avalon.irc/n'/>"));
    }
    let out = desk.says(shaver, "<presence to='more@channel.avalon.irc/n'/>");
    assert_eq!(error_of(only_stanza(&out)), "wait resource-constraint");
}

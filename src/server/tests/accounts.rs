//! What the server answers for its accounts and for itself.

use super::*;

const RAZOR: &str = "rubenro@vesa.yeggmaex.irc/razor";
const DESKTOP: &str = "valdis@vesa.yeggmaex.irc/desktop";
const CARD: &str = "<vCard xmlns='vcard-temp'><FN>Ruben</FN></vCard>";

fn iq(type_: &str, to: &str, payload: &str) -> String {
    let to = if to.is_empty() { String::new() } else { format!("to='{to}'") };
    format!("<iq type='{type_}' id='1' {to}>{payload}</iq>")
}

#[test]
fn a_vcard_is_stored_by_its_owner_and_read_by_everybody() {
    let mut desk = desk(plain());
    let razor = desk.open(RAZOR);
    let valdis = desk.open(DESKTOP);
    let ask = iq("get", "rubenro@vesa.yeggmaex.irc", "<vCard xmlns='vcard-temp'/>");
    assert_eq!(error_of(only_stanza(&desk.says(valdis, &ask))), "cancel item-not-found");
    let set = iq("set", "rubenro@vesa.yeggmaex.irc", CARD);
    assert_eq!(error_of(only_stanza(&desk.says(valdis, &set))), "auth forbidden");
    let stored = desk.says(razor, &iq("set", "", CARD));
    assert_eq!(stored, [to_session(razor, &format!("<iq type='result' id='1' to='{RAZOR}'/>"))]);
    let answer = format!(
        "<iq type='result' id='1' from='rubenro@vesa.yeggmaex.irc' to='{DESKTOP}'>{CARD}</iq>"
    );
    assert_eq!(desk.says(valdis, &ask), [to_session(valdis, &answer)]);
    desk.step(Input::SessionClosed(razor));
    assert_eq!(desk.says(valdis, &ask), [to_session(valdis, &answer)], "it outlives the session");
}

#[test]
fn accounts_and_the_server_answer_pings_and_disco_info() {
    let mut desk = desk(plain());
    desk.open(RAZOR);
    let valdis = desk.open(DESKTOP);
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    for (to, category) in [("rubenro@vesa.yeggmaex.irc", "account"), (OWN, "server")] {
        let ping = desk.says(valdis, &iq("get", to, "<ping xmlns='urn:xmpp:ping'/>"));
        let pong = format!("<iq type='result' id='1' from='{to}' to='{DESKTOP}'/>");
        assert_eq!(ping, [to_session(valdis, &pong)]);
        let out = desk.says(valdis, &iq("get", to, info));
        let query = only_stanza(&out).payloads[0].clone();
        let identity = query.children().next().unwrap();
        assert_eq!(identity.attr("category"), Some(category));
    }
}

#[test]
fn what_the_server_does_not_know_is_service_unavailable() {
    let mut desk = desk(plain());
    desk.open(RAZOR);
    let valdis = desk.open(DESKTOP);
    for to in ["rubenro@vesa.yeggmaex.irc", OWN, ""] {
        let out = desk.says(valdis, &iq("get", to, "<query xmlns='jabber:iq:roster'/>"));
        assert_eq!(error_of(only_stanza(&out)), "cancel service-unavailable", "{to}");
    }
    assert_eq!(desk.says(valdis, &format!("<presence to='{OWN}'/>")), []);
}

#[test]
fn a_room_that_asks_for_a_vcard_gets_it_from_the_account() {
    let mut desk = desk(plain());
    let razor = desk.open(RAZOR);
    desk.says(razor, &iq("set", "", CARD));
    desk.connect(ROOMS);
    let out = desk.hears(
        ROOMS,
        "<iq type='get' id='v' from='wallops@channel.avalon.irc/WiZ' \
         to='rubenro@vesa.yeggmaex.irc'><vCard xmlns='vcard-temp'/></iq>",
    );
    let answer = format!(
        "<iq type='result' id='v' from='rubenro@vesa.yeggmaex.irc' \
         to='wallops@channel.avalon.irc/WiZ'>{CARD}</iq>"
    );
    assert_eq!(out, [to_peer(ROOMS, &answer)]);
}

use super::*;
use crate::stanza::arbitrary;
use proptest::prelude::*;

fn names() -> ShortNames {
    ShortNames::of(["vesa.yeggmaex.irc", "channel.avalon.irc", "a.one", "a.two"])
}

fn describe(text: &str) -> String {
    text.parse::<Stanza>().unwrap().describe(&names())
}

#[test]
fn domains_are_shortened_where_that_tells_them_apart() {
    assert_eq!(names().jid("slave@vesa.yeggmaex.irc"), "slave@vesa");
    assert_eq!(names().jid("wallops@channel.avalon.irc/Big Cheese"), "wallops@channel/Big Cheese");
    assert_eq!(names().jid("x@a.one/r"), "x@a.one/r");
    assert_eq!(names().jid("x@elsewhere.irc"), "x@elsewhere.irc");
    assert_eq!(names().jid("not/@@"), "not/@@");
}

#[test]
fn each_kind_of_stanza_reads_well() {
    for (text, line) in [
        (
            "<presence from='wallops@channel.avalon.irc/BigCheese' to='slave@vesa.yeggmaex.irc'>\
             <x xmlns='urn:xmpp:tmp:dmuc:0'><enter jid='rubenro@vesa.yeggmaex.irc/shaver'/>\
             <history maxstanzas='20'/></x></presence>",
            "presence wallops@channel/BigCheese -> slave@vesa  \
             enter rubenro@vesa/shaver history≤20",
        ),
        (
            "<presence to='wallops@channel.avalon.irc/WiZ'><x xmlns='http://jabber.org/protocol/\
             muc'><history seconds='60' since='1990-10-13T23:58:37Z'/></x></presence>",
            "presence -> wallops@channel/WiZ  join history≤60 s≥1990-10-13T23:58:37Z",
        ),
        (
            "<presence from='wallops@channel.avalon.irc/WiZ' type='unavailable'>\
             <x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' \
             role='none' jid='wiz@vesa.yeggmaex.irc/pda'><reason>bye</reason></item>\
             <status code='307'/><status code='110'/></x></presence>",
            "presence wallops@channel/WiZ ->  unavailable none/owner (wiz@vesa/pda) \"bye\" 307 110",
        ),
        (
            "<message type='groupchat'><body>Phaedrus, we're all having a truly rotten time, \
             aren't\nwe?</body><x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' \
             stamp='1990-10-13T23:58:37Z'/></x></message>",
            "message  groupchat \"Phaedrus, we're all having a truly rotten time, …\" of 23:58:37",
        ),
        (
            "<message type='groupchat'><subject>one\ntwo</subject></message>",
            "message  groupchat subject \"one two\"",
        ),
        (
            "<message type='error'><error type='cancel' by='vesa.yeggmaex.irc'>\
             <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>\
             </message>",
            "message  error cancel/remote-server-not-found by vesa.yeggmaex.irc",
        ),
        (
            "<iq type='set' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item nick='pinky' role='none'/></query></iq>",
            "iq  set admin nick=pinky role=none",
        ),
        ("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", "iq  get ping"),
        ("<presence><show>away</show><status>tea</status></presence>", "presence  away \"tea\""),
        ("<presence/>", "presence"),
    ] {
        assert_eq!(describe(text), line);
    }
}

#[test]
fn affairs_and_registrations_read_well() {
    const SLAVE: &str = "xmlns='urn:xmpp:tmp:dmuc:0#slave'";
    let form = |name: &str, fields: &str| {
        format!(
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/\
             protocol/muc#{name}</value></field>{fields}</x>"
        )
    };
    let field = "<field var='muc#roomconfig_whois'><value>anyone</value></field>";
    let configuration = format!(
        "<query xmlns='http://jabber.org/protocol/muc#owner'>{}</query>",
        form("roomconfig", field)
    );
    for (payload, words) in [
        (configuration.as_str(), "owner submit roomconfig whois=anyone"),
        (&form("request", ""), "submit request"),
        (
            "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy \
             jid='b@channel.avalon.irc'/></query>",
            "owner destroy b@channel",
        ),
        (
            &format!(
                "<register {SLAVE} instance='9f'><resume room='r1' epoch='e7' seq='4'/>\
                 <occupant jid='a@a.one/r' nick='A'/></register>"
            ),
            "register 9f resume e7/4 1 occupant",
        ),
        (
            &format!("<accept {SLAVE} room='r1' epoch='e7' seq='412' sync='full'/>"),
            "accept e7/412 full",
        ),
        (
            &format!(
                "<x xmlns='urn:xmpp:tmp:dmuc:0'><at {SLAVE} epoch='e7' seq='9' \
                 backfill='true'/></x>"
            ),
            "at e7/9 backfill",
        ),
        (
            "<x xmlns='jabber:x:conference' jid='wallops@channel.avalon.irc'/>",
            "invited to wallops@channel",
        ),
        (
            "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' \
             jid='msa@vesa.yeggmaex.irc'/></x>",
            "member (msa@vesa)",
        ),
    ] {
        assert_eq!(describe(&format!("<message>{payload}</message>")), format!("message  {words}"));
    }
}

proptest! {
    #[test]
    fn it_is_always_one_line(stanza in arbitrary::stanza()) {
        let line = stanza.describe(&names());
        prop_assert!(!line.contains(['\n', '\r']), "{line}");
    }
}

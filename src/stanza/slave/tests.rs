use minidom::Element;

use super::*;

fn survives<T>(xml: &str) -> T
where
    T: TryFrom<Element, Error = xso::error::FromElementError> + Clone,
    Element: From<T>,
{
    let element: Element = xml.parse().unwrap();
    let read = T::try_from(element.clone()).unwrap();
    assert_eq!(Element::from(read.clone()), element);
    read
}

#[test]
fn a_register_is_read_and_written() {
    let register: Register = survives(
        "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'>\
         <resume epoch='e7' room='r1' seq='417'/></register>",
    );
    assert_eq!(register.resume.unwrap().seq, 417);
}

#[test]
fn what_is_not_given_has_its_default() {
    let xml = "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'>\
        <policy local-chat='true' mark-away='1'/>\
        <occupant jid='msa@vesa.yeggmaex.irc/bicycle' nick='Efchen'/></register>";
    let register = Register::try_from(xml.parse::<Element>().unwrap()).unwrap();
    let granted = Policy { local_chat: true, mark_away: true, ..Policy::default() };
    assert_eq!(register.policy, Some(granted));
    assert!(!register.occupants[0].pending);
}

#[test]
fn an_accept_is_read() {
    let xml = "<accept xmlns='urn:xmpp:tmp:dmuc:0#slave' room='r1' epoch='e7' seq='412' \
        sync='delta'><keepalive interval='60' timeout='20' split='5'/>\
        <history maxstanzas='100' maxbytes='65536'/></accept>";
    let accept = Accept::try_from(xml.parse::<Element>().unwrap()).unwrap();
    assert_eq!((accept.sync, accept.whois, accept.seq), (Sync::Delta, Whois::Moderators, 412));
    let again = Accept::try_from(Element::from(accept.clone())).unwrap();
    assert_eq!(again, accept);
}

#[test]
fn a_reason_survives() {
    let gone: Deregister = survives(
        "<deregister xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'>\
         <reason>maintenance</reason></deregister>",
    );
    assert_eq!(gone.reason.as_deref(), Some("maintenance"));
}

#[test]
fn what_is_malformed_is_refused() {
    let wrong = [
        "<register xmlns='urn:xmpp:tmp:dmuc:0#slave'/>",
        "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='1'><occupant jid='bare@vesa.irc' \
         nick='x'/></register>",
        "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='1'><resume room='r' epoch='e' \
         seq='-1'/></register>",
        "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='1'><policy local-chat='yes'/>\
         </register>",
    ];
    for xml in wrong {
        assert!(Register::try_from(xml.parse::<Element>().unwrap()).is_err(), "{xml}");
    }
    let unknown = "<accept xmlns='urn:xmpp:tmp:dmuc:0#slave' room='r' epoch='e' seq='1' \
                   sync='half'><keepalive interval='1'/><history maxstanzas='1'/></accept>";
    assert!(Accept::try_from(unknown.parse::<Element>().unwrap()).is_err());
}

#[test]
fn what_is_as_if_it_were_not_given_is_not_written() {
    let granted = Policy { local_chat: true, ..Policy::default() };
    let expected = "<policy xmlns='urn:xmpp:tmp:dmuc:0#slave' local-chat='true'/>";
    assert_eq!(Element::from(granted), expected.parse().unwrap());
    let at = At { epoch: "e7".to_owned(), seq: 417, backfill: false };
    let expected = "<at xmlns='urn:xmpp:tmp:dmuc:0#slave' epoch='e7' seq='417'/>";
    assert_eq!(Element::from(at), expected.parse().unwrap());
}

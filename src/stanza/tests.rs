use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Stanza {
    text.parse().unwrap()
}

proptest! {
    #[test]
    fn a_stanza_is_the_element_that_it_was(stanza in arbitrary::stanza()) {
        prop_assert_eq!(Stanza::try_from(Element::from(&stanza)).unwrap(), stanza);
    }
}

#[test]
fn what_is_not_known_is_carried_through() {
    let text = "\
<message to='a@b' type='strange' xmlns:ns1='urn:y' ns1:x='2' y='1'>
  <body/>
  <unknown xmlns='urn:unknown' a='1'>mixed <b/> content</unknown>
</message>";
    let stanza = read(text);
    assert_eq!(stanza.type_, Type::Other("strange".into()));
    assert_eq!(Stanza::try_from(Element::from(&stanza)).unwrap(), stanza);
    let text = stanza.to_string();
    assert!(text.contains("ns1:x='2'") && text.contains("mixed <b/> content"), "{text}");
}

#[test]
fn copies_share_their_payloads() {
    let stanza = read("<message><body>hi</body></message>");
    let copy = stanza.clone().with_to(Jid::new("a@b/c").unwrap());
    assert!(Arc::ptr_eq(&stanza.payloads, &copy.payloads));
    let same = copy.clone().retaining(|_| true);
    assert!(Arc::ptr_eq(&stanza.payloads, &same.payloads));
    let fewer = copy.retaining(|payload| payload.name() != "body");
    assert!(fewer.payloads.is_empty());
    assert_eq!(stanza.payloads.len(), 1);
}

#[test]
fn a_subject_without_body_and_thread_changes_the_subject() {
    let message = |payloads| read(&format!("<message type='groupchat'>{payloads}</message>"));
    assert!(message("<subject>x</subject>").is_subject_change());
    assert!(message("<subject/>").is_subject_change());
    assert!(!message("<subject>x</subject><body>y</body>").is_subject_change());
    assert!(!message("<subject>x</subject><thread>y</thread>").is_subject_change());
    assert!(!message("<body>y</body>").is_subject_change());
    assert!(!read("<message><subject>x</subject></message>").is_subject_change());
    assert_eq!(message("<subject>x</subject>").subject().as_deref(), Some("x"));
}

#[test]
fn a_payload_that_is_not_what_its_name_says_gives_no_view() {
    let stanza = read(
        "<presence><x xmlns='urn:xmpp:tmp:dmuc:0'><enter jid='bare@jid'/></x>\
         <x xmlns='http://jabber.org/protocol/muc#user'><item role='king'/></x>\
         <delay xmlns='urn:xmpp:delay' stamp='then'/><error/></presence>",
    );
    assert_eq!(stanza.dmuc(), None);
    assert!(stanza.muc_user().is_none());
    assert_eq!(stanza.delay(), None);
    assert!(stanza.error().is_none());
    assert!(stanza.muc().is_none());
    assert!(stanza.has_payload("x", ns::DMUC));
}

#[test]
fn an_error_goes_back_to_who_sent_the_stanza() {
    let stanza = read("<message from='a@b/c' id='7' to='d@e' type='groupchat'><body/></message>");
    let by = Jid::new("e").unwrap();
    let condition = Condition::RemoteServerNotFound;
    let error = error_element(ErrorType::Cancel, condition, Some(&by), Some("gone"));
    let reply = stanza.error_reply(error).unwrap();
    assert_eq!(
        reply.to_string(),
        "\
<message from='d@e' id='7' to='a@b/c' type='error'>
  <error type='cancel' by='e'>
    <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
    <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>gone</text>
  </error>
</message>"
    );
    assert!(reply.error().is_some());
}

#[test]
fn errors_and_results_are_not_answered() {
    for text in ["<message type='error'/>", "<presence type='error'/>", "<iq type='result'/>"] {
        let error = error_element(ErrorType::Wait, Condition::RemoteServerTimeout, None, None);
        assert_eq!(read(text).error_reply(error), None, "{text}");
    }
}

#[test]
fn a_result_answers_an_iq() {
    let reply = read("<iq from='a@b/c' id='7' to='d@e' type='get'/>").result_reply(Vec::new());
    assert_eq!(reply.to_string(), "<iq from='d@e' id='7' to='a@b/c' type='result'/>");
}

#[test]
fn text_between_the_children_of_a_stanza_is_an_error() {
    let element = |text: &str| read_element(text, Limits::default()).unwrap();
    let error = Stanza::try_from(element("<message> hi <body/></message>"));
    assert_eq!(error, Err(ConvertError::Text("hi".to_owned())));
    let error = Stanza::try_from(element("<message xmlns='jabber:server'/>")).unwrap_err();
    assert_eq!(error.to_string(), "<message xmlns='jabber:server'/> is not a stanza");
}

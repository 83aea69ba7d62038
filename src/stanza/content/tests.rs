use proptest::prelude::*;

use super::*;
use crate::stanza::{arbitrary, read_element};

fn from_server(text: &str) -> Result<Element, Error> {
    xso::from_bytes::<OnStream<Server>>(text.as_bytes()).map(|read| read.element)
}

fn to_server(element: Element) -> String {
    let on_stream = OnStream::<Server>::from(element);
    String::from_utf8(xso::to_vec(&on_stream).unwrap()).unwrap()
}

fn refusal(text: &str) -> Option<Refusal> {
    Refusal::of(&from_server(text).unwrap_err())
}

#[test]
fn a_stanza_changes_namespace_but_what_it_forwards_does_not() {
    let inside = read_element(
        "<message><body>hi</body><forwarded xmlns='urn:xmpp:forward:0'>\
         <message xmlns='jabber:client'><body>yes</body></message></forwarded></message>",
        Limits::default(),
    )
    .unwrap();
    let text = to_server(inside.clone());
    assert!(text.starts_with("<message xmlns='jabber:server'"), "{text}");
    assert_eq!(text.matches("jabber:server").count(), 1, "{text}");
    assert_eq!(text.matches("jabber:client").count(), 1, "{text}");
    assert_eq!(from_server(&text).unwrap(), inside);
}

#[test]
fn the_error_of_a_stanza_changes_namespace_with_it() {
    let element = from_server(
        "<iq xmlns='jabber:server' type='error'><error type='wait'>\
         <conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    .unwrap();
    let error = element.get_child("error", ns::CLIENT).unwrap();
    assert!(error.has_child("conflict", ns::STANZA_ERRORS));
}

#[test]
fn elements_that_are_not_stanzas_stay_as_they_are() {
    for text in ["<auth xmlns='urn:s'/>", "<handshake xmlns='jabber:server'/>"] {
        let element = from_server(text).unwrap();
        let namespace = text.split('\'').nth(1).unwrap();
        assert!(element.has_ns(namespace));
        assert!(to_server(element).contains(namespace));
    }
}

#[test]
fn a_stanza_of_the_wrong_content_namespace_is_refused() {
    assert_eq!(refusal("<message xmlns='jabber:client'/>"), Some(Refusal::Namespace));
    assert_eq!(Refusal::Namespace.condition(), "invalid-namespace");
    let read = xso::from_bytes::<OnStream<Client>>(b"<iq xmlns='jabber:server'/>");
    assert_eq!(Refusal::of(&read.unwrap_err()), Some(Refusal::Namespace));
}

#[test]
fn depth_size_and_attributes_are_bounded() {
    let deep = |levels: usize| {
        let inner = levels - 1;
        format!(
            "<message xmlns='jabber:server'>{}{}</message>",
            "<a>".repeat(inner),
            "</a>".repeat(inner)
        )
    };
    assert!(from_server(&deep(64)).is_ok());
    for hostile in [
        deep(65),
        deep(100_000),
        format!("<message xmlns='jabber:server'>{}</message>", "x".repeat(300_000)),
        format!("<message xmlns='jabber:server'>{}</message>", "<a/>".repeat(100_000)),
        format!(
            "<message xmlns='jabber:server'{}/>",
            (0..200).map(|number| format!(" a{number}=''")).collect::<String>()
        ),
    ] {
        assert_eq!(refusal(&hostile), Some(Refusal::Limit), "{:.60}", hostile);
    }
}

#[test]
fn text_that_comes_in_pieces_is_one_text() {
    let body = "long & longer ".repeat(2_000);
    let mut element = Element::bare("body", ns::CLIENT);
    element.append_text(&*body);
    let mut stanza = Element::bare("message", ns::CLIENT);
    stanza.append_child(element);
    assert_eq!(from_server(&to_server(stanza.clone())).unwrap(), stanza);
}

/// Whether some element is in a namespace that rxml does not write.
fn is_unwritable(element: &Element) -> bool {
    element.has_ns(ns::XML) || element.children().any(is_unwritable)
}

proptest! {
    #[test]
    fn a_stanza_comes_back_from_the_wire_as_it_was(stanza in arbitrary::stanza()) {
        let element = Element::from(&stanza.retaining(|payload| !is_unwritable(payload)));
        let text = to_server(element.clone());
        prop_assert_eq!(from_server(&text).unwrap(), element, "{}", text);
    }
}

//! Arbitrary elements and stanzas, for property tests.

use minidom::Element;
use proptest::collection::vec;
use proptest::prelude::*;
use rxml::{Namespace, NcName};

use super::{Stanza, ns};

/// Any text that XML can carry, with a liking for what is hard to write.
pub(crate) fn text() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        "[ \\t\\r\\n]{1,3}",
        "[<>&'\"\\]]{1,3}",
        "[a-zA-Z0-9 .,!?]{0,12}",
        "[\\u{80}-\\u{2FF}\\u{2028}\\u{4E00}-\\u{4E20}\\u{FFFD}\\u{10000}-\\u{100FF}]{1,3}",
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat()).boxed()
}

fn name() -> BoxedStrategy<String> {
    prop_oneof!["[a-z]{1,6}", "[a-zA-Z_\\u{C0}-\\u{D6}][a-zA-Z0-9_.\\-]{0,6}"].boxed()
}

fn namespace() -> BoxedStrategy<String> {
    prop_oneof![
        Just(ns::CLIENT.to_owned()),
        Just(ns::MUC_USER.to_owned()),
        Just(ns::DMUC.to_owned()),
        Just(ns::XML.to_owned()),
        Just(String::new()),
        "urn:[a-z&<>'\" ]{1,6}",
    ]
    .boxed()
}

fn attribute() -> BoxedStrategy<(String, String, String)> {
    let namespace = prop_oneof![4 => Just(String::new()), 1 => namespace()];
    let name = prop_oneof![
        2 => name(),
        1 => prop::sample::select(vec!["from", "id", "to", "type", "lang"]).prop_map(str::to_owned),
    ];
    (namespace, name, text()).boxed()
}

fn bare() -> BoxedStrategy<Element> {
    (name(), namespace(), vec(attribute(), 0..4))
        .prop_map(|(name, namespace, attributes)| {
            let mut element = Element::bare(name, namespace);
            set_all(&mut element, attributes);
            element
        })
        .boxed()
}

fn set_all(element: &mut Element, attributes: Vec<(String, String, String)>) {
    for (namespace, name, value) in attributes {
        if let (Ok(name), true) = (NcName::try_from(name.clone()), name != "xmlns") {
            element.set_attr(Namespace::from(namespace), name, value);
        }
    }
}

/// Any element: mixed content, namespaces, odd characters.
pub(crate) fn element() -> BoxedStrategy<Element> {
    bare()
        .prop_recursive(4, 24, 4, |inner| {
            let node = prop_oneof![inner.prop_map(Ok), text().prop_map(Err)];
            (bare(), vec(node, 0..4)).prop_map(|(mut element, nodes)| {
                for node in nodes {
                    match node {
                        Ok(child) => {
                            element.append_child(child);
                        }
                        // An empty or a second text node would not survive any reader.
                        Err(text) if text.is_empty() => {}
                        Err(text) => element.append_text(text),
                    }
                }
                element
            })
        })
        .boxed()
}

/// Any stanza that can be read.
pub(crate) fn stanza() -> BoxedStrategy<Stanza> {
    let kind = prop::sample::select(vec!["message", "presence", "iq"]);
    let address = prop_oneof![
        Just("rubenro@vesa.yeggmaex.irc/shaver".to_owned()),
        Just("wallops@channel.avalon.irc/Big Cheese".to_owned()),
        Just("@not/a@jid".to_owned()),
        text(),
    ];
    let type_ = prop_oneof![Just("groupchat".to_owned()), Just("error".to_owned()), text()];
    (
        (kind, vec(attribute(), 0..4), vec(element(), 0..4)),
        (proptest::option::of(address.clone()), proptest::option::of(address)),
        proptest::option::of(type_),
    )
        .prop_map(|((kind, attributes, payloads), (from, to), type_)| {
            let mut element = Element::bare(kind, ns::CLIENT);
            set_all(&mut element, attributes);
            let header = [("from", from), ("to", to), ("type", type_)];
            for (name, value) in header {
                if let (Ok(name), Some(value)) = (NcName::try_from(name), value) {
                    element.set_attr(Namespace::NONE, name, value);
                }
            }
            for payload in payloads {
                element.append_child(payload);
            }
            Stanza::try_from(element).expect("it is a stanza")
        })
        .boxed()
}

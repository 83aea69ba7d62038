//! scansion's rules for comparing a stanza with what was expected of it.
//!
//! An expected element of the stream's namespace is compared leniently: more attributes, more
//! children and another order are fine. One of another namespace is compared strictly, and so are
//! its descendants. An attribute `scansion:strict` overrides that for its element alone. In values,
//! `{scansion:any}` stands for any, and `{scansion:capture:NAME}` for any that is to be remembered.

use std::collections::BTreeMap;

use crate::stanza::{Element, ns};

/// What `{scansion:capture:NAME}` has caught, by name.
pub type Captures = BTreeMap<String, String>;

/// Whether `actual` is as `expected`; what it captures is remembered only then.
pub fn matches(expected: &Element, actual: &Element, captures: &mut Captures) -> bool {
    let mut caught = captures.clone();
    let matched = element_matches(expected, actual, false, &mut caught);
    if matched {
        *captures = caught;
    }
    matched
}

/// Fill in what was captured, for `${NAME}`, in attributes and text.
#[must_use]
pub fn substitute(element: &Element, captures: &Captures) -> Element {
    let mut copy = element.clone();
    substitute_in(&mut copy, captures);
    copy
}

fn substitute_in(element: &mut Element, captures: &Captures) {
    let filled: Vec<_> = element
        .attrs()
        .iter()
        .filter(|(_, value)| value.contains("${"))
        .map(|((namespace, name), value)| (namespace.clone(), name.clone(), fill(value, captures)))
        .collect();
    for (namespace, name, value) in filled {
        element.set_attr(namespace, name, value);
    }
    for node in element.nodes_mut() {
        match node {
            minidom::Node::Element(child) => substitute_in(child, captures),
            minidom::Node::Text(text) => *text = fill(text, captures),
        }
    }
}

fn fill(text: &str, captures: &Captures) -> String {
    captures
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

fn element_matches(
    expected: &Element,
    actual: &Element,
    strict_above: bool,
    captures: &mut Captures,
) -> bool {
    if expected.name() != actual.name() || expected.ns() != actual.ns() {
        return false;
    }
    let strict_by_default = strict_above || expected.ns() != ns::CLIENT;
    let strict = strict_override(expected).unwrap_or(strict_by_default);
    attributes_match(expected, actual, strict, captures)
        && text_matches(expected, actual, captures)
        && children_match(expected, actual, strict, strict_by_default, captures)
}

/// The prefix is bound to whatever namespace the parser binds it to.
fn strict_override(expected: &Element) -> Option<bool> {
    let mut attributes = expected.attrs().iter();
    attributes
        .find(|((namespace, name), _)| is_directive(namespace.as_str(), name.as_str()))
        .map(|(_, value)| value == "true")
}

fn is_directive(namespace: &str, name: &str) -> bool {
    name == "strict" && !namespace.is_empty() && namespace != ns::XML
}

fn attributes_match(
    expected: &Element,
    actual: &Element,
    strict: bool,
    captures: &mut Captures,
) -> bool {
    let mut wanted = 0;
    for ((namespace, name), value) in expected.attrs().iter() {
        if is_directive(namespace.as_str(), name.as_str()) {
            continue;
        }
        wanted += 1;
        let found = actual
            .attrs()
            .iter()
            .find(|((space, key), _)| *space == namespace && *key == name)
            .is_some_and(|(_, found)| value_matches(value, found, captures));
        if !found {
            return false;
        }
    }
    !strict || wanted == actual.attrs().iter().count()
}

fn value_matches(expected: &str, actual: &str, captures: &mut Captures) -> bool {
    if expected == "{scansion:any}" {
        return true;
    }
    let capture =
        expected.strip_prefix("{scansion:capture:").and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = capture {
        captures.insert(name.to_owned(), actual.to_owned());
        return true;
    }
    if expected.contains("${") { fill(expected, captures) == actual } else { expected == actual }
}

fn text_matches(expected: &Element, actual: &Element, captures: &mut Captures) -> bool {
    let text = expected.text();
    text.trim().is_empty()
        || value_matches(text.trim(), actual.text().trim(), captures)
        || value_matches(&text, &actual.text(), captures)
}

fn children_match(
    expected: &Element,
    actual: &Element,
    strict: bool,
    strict_by_default: bool,
    captures: &mut Captures,
) -> bool {
    let mut matched = |one: &Element, other: &Element| {
        let mut caught = captures.clone();
        let matched = element_matches(one, other, strict_by_default, &mut caught);
        if matched {
            *captures = caught;
        }
        matched
    };
    if strict {
        expected.children().count() == actual.children().count()
            && expected.children().zip(actual.children()).all(|(one, other)| matched(one, other))
    } else {
        expected.children().all(|one| actual.children().any(|other| matched(one, other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "xmlns:scansion='urn:example:scansion'";

    fn element(text: &str) -> Element {
        let end = text.find(['>', '/', ' ']).unwrap();
        let (head, tail) = text.split_at(end);
        format!("{head} xmlns='jabber:client' {PREFIX}{tail}").parse().unwrap()
    }

    fn fits(expected: &str, actual: &str) -> bool {
        matches(&element(expected), &element(actual), &mut Captures::new())
    }

    const ACTUAL: &str = "<presence from='a@b/c' id='1'><show>away</show>\
        <x xmlns='http://jabber.org/protocol/muc#user'><item role='none' affiliation='owner'/>\
        <status code='110'/></x></presence>";

    #[test]
    fn stream_elements_are_lenient_and_others_are_strict() {
        assert!(fits("<presence from='a@b/c'/>", ACTUAL));
        assert!(fits("<presence><show/></presence>", ACTUAL));
        assert!(!fits("<presence><show>xa</show></presence>", ACTUAL));
        assert!(!fits("<presence from='a@b/d'/>", ACTUAL));
        let x = |inside: &str| {
            format!(
                "<presence><x xmlns='http://jabber.org/protocol/muc#user'>{inside}</x></presence>"
            )
        };
        let item = "<item affiliation='owner' role='none'/>";
        let status = "<status code='110'/>";
        assert!(fits(&x(&format!("{item}{status}")), ACTUAL));
        assert!(!fits(&x(item), ACTUAL), "a child too many");
        assert!(!fits(&x(&format!("{status}{item}")), ACTUAL), "another order");
        assert!(
            !fits(&x(&format!("<item role='none'/>{status}")), ACTUAL),
            "an attribute too many"
        );
    }

    #[test]
    fn strictness_can_be_overridden_for_one_element() {
        let lenient = "<presence><x xmlns='http://jabber.org/protocol/muc#user' \
            scansion:strict='false'><status code='110'/></x></presence>";
        assert!(fits(lenient, ACTUAL));
        let inner = "<presence><x xmlns='http://jabber.org/protocol/muc#user' \
            scansion:strict='false'><item role='none'/></x></presence>";
        assert!(!fits(inner, ACTUAL), "its children keep their own default");
        assert!(!fits("<presence scansion:strict='true' from='a@b/c'/>", ACTUAL));
    }

    #[test]
    fn wildcards_match_and_remember() {
        assert!(fits("<presence from='{scansion:any}'/>", ACTUAL));
        assert!(!fits("<presence to='{scansion:any}'/>", ACTUAL), "it must be there");
        let mut captures = Captures::new();
        let expected = element("<presence id='{scansion:capture:ID}'/>");
        assert!(matches(&expected, &element(ACTUAL), &mut captures));
        assert_eq!(captures.get("ID").map(String::as_str), Some("1"));
        let filled = substitute(&element("<iq id='${ID}'><a>${ID}</a></iq>"), &captures);
        assert_eq!(filled.attr("id"), Some("1"));
        assert_eq!(filled.children().next().map(Element::text).as_deref(), Some("1"));
        let other = element("<presence id='{scansion:capture:ID}'><gone/></presence>");
        captures.insert("ID".to_owned(), "kept".to_owned());
        assert!(!matches(&other, &element(ACTUAL), &mut captures));
        assert_eq!(captures.get("ID").map(String::as_str), Some("kept"));
    }
}

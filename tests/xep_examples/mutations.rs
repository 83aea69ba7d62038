//! Every part of every stanza matters: each attribute, element, text and namespace of the run is
//! changed in turn, and each time the examples that show the stanza must not be matched any more.
//!
//! What the rules pass over is not in this list of changes; `run.rs`, `stamps.rs` and `hidden.rs`
//! have it: ids and languages, stanza ids, occupant ids and capabilities, status codes about
//! oneself, stamps that keep their bindings, further children where `...` is printed, and the forms
//! that an erratum accepts.

use minidom::Element;
use minidom::rxml::{Namespace, NcName};
use wallops::conform::examples;
use wallops::stanza::Stanza;

use crate::run::{Line, check, of, unmatched, whole};

/// A change, in words, and the element after it.
type Mutant = (String, Element);

fn mutants(element: &Element) -> Vec<Mutant> {
    let name = element.name();
    let mut all = Vec::new();
    for ((_, attribute), _) in element.attrs().iter() {
        let mut other = element.clone();
        other.set_attr(Namespace::NONE, attribute.clone(), "mutant.example");
        all.push((format!("{name}/@{attribute} changed"), other));
        let mut without = element.clone();
        without.attrs_mut().remove(&Namespace::NONE, attribute.as_str());
        all.push((format!("{name}/@{attribute} removed"), without));
    }
    let mut more = element.clone();
    let attribute = NcName::try_from("mutant").unwrap();
    more.set_attr(Namespace::NONE, attribute, "1");
    all.push((format!("{name}/@mutant added"), more));
    if element.nodes().next().is_none() || element.texts().any(|text| !text.trim().is_empty()) {
        let mut text = element.clone();
        text.append_text_node("mutant");
        all.push((format!("text of {name} changed"), text));
    }
    let count = element.children().count();
    for index in 0..count {
        let child = element.children().nth(index).unwrap();
        let mut changed = mutants(child);
        changed.push((format!("{} in another namespace", child.name()), moved(child)));
        let mut more = child.clone();
        more.append_child(Element::bare("mutant", "urn:example:mutant"));
        changed.push((format!("child of {} added", child.name()), more));
        changed.push((format!("{} renamed", child.name()), renamed(child)));
        for (what, child) in changed {
            all.push((format!("{name}/{what}"), replacing(element, index, Some(child))));
        }
        let what = format!("{name}: {} dropped", child.name());
        all.push((what, replacing(element, index, None)));
    }
    all
}

/// The element with a child replaced or dropped.
fn replacing(element: &Element, index: usize, new: Option<Element>) -> Element {
    let mut copy = element.clone();
    let children: Vec<Element> = element.children().cloned().collect();
    copy.take_nodes();
    for (at, child) in children.into_iter().enumerate() {
        match (&new, at == index) {
            (Some(new), true) => drop(copy.append_child(new.clone())),
            (None, true) => {}
            (_, false) => drop(copy.append_child(child)),
        }
    }
    copy
}

fn copied(element: &Element, name: &str, namespace: &str) -> Element {
    let mut copy = Element::bare(name, namespace);
    for ((namespace, name), value) in element.attrs().iter() {
        copy.set_attr(namespace.clone(), name.clone(), value.clone());
    }
    for node in element.nodes() {
        copy.append_node(node.clone());
    }
    copy
}

fn moved(element: &Element) -> Element {
    // The namespace of another proposal, which wallops must not mistake for this one.
    copied(element, element.name(), "urn:xmpp:dmuc:0")
}

fn renamed(element: &Element) -> Element {
    copied(element, "mutant", &element.ns())
}

/// The mutants of a stanza that are stanzas, without those that change nothing for the matcher.
fn stanza_mutants(hop: &wallops::transcript::Hop) -> Vec<(String, Stanza)> {
    let element = Element::from(&hop.stanza);
    let mut all: Vec<(String, Stanza)> = mutants(&element)
        .into_iter()
        // A client need not say who it is.
        .filter(|(what, _)| {
            !(hop.from.contains('/') && what.ends_with("/@from removed") && !what.contains("delay"))
        })
        .filter_map(|(what, element)| Some((what, Stanza::try_from(element).ok()?)))
        .collect();
    for name in ["message", "presence", "iq"] {
        if name != element.name() {
            let other = copied(&element, name, &element.ns());
            all.push((
                format!("{} for {}", name, element.name()),
                Stanza::try_from(other).unwrap(),
            ));
        }
    }
    if hop.stanza.type_ == wallops::stanza::Type::Absent {
        let mut typed = hop.stanza.clone();
        typed.type_ = wallops::stanza::Type::Unavailable;
        all.push(("type added".to_owned(), typed));
    }
    all
}

/// For each entry of the run the examples that show it.
fn shown_by(lines: &[Line]) -> Vec<Vec<u32>> {
    let mut shown = vec![Vec::new(); lines.len()];
    for outcome in check(lines) {
        let examples::Verdict::Matched { entries, .. } = outcome.verdict else { panic!() };
        for entry in entries {
            shown[entry].push(outcome.example.number);
        }
    }
    shown
}

#[test]
fn no_attribute_element_text_or_namespace_can_change_unnoticed() {
    let lines = whole();
    let mut count = 0;
    for (entry, numbers) in shown_by(&lines).iter().enumerate() {
        if numbers.is_empty() {
            continue;
        }
        for (what, mutant) in stanza_mutants(&lines[entry].1) {
            count += 1;
            let mut lines = lines.clone();
            lines[entry].1.stanza = mutant;
            let unmatched = unmatched(&lines);
            for number in numbers {
                assert!(unmatched.contains(number), "example {number}, entry {entry}: {what}");
            }
        }
    }
    assert!(count > 850, "{count}");
}

#[test]
fn no_stanza_can_be_dropped_or_take_another_way() {
    let lines = whole();
    for (entry, numbers) in shown_by(&lines).iter().enumerate() {
        let mut dropped = lines.clone();
        dropped.remove(entry);
        let mut elsewhere = lines.clone();
        elsewhere[entry].1.to = "mutant.example".into();
        let mut from_elsewhere = lines.clone();
        from_elsewhere[entry].1.from = "mutant.example".into();
        for (what, lines) in
            [("dropped", dropped), ("elsewhere", elsewhere), ("from elsewhere", from_elsewhere)]
        {
            let unmatched = unmatched(&lines);
            for number in numbers {
                assert!(unmatched.contains(number), "example {number}, entry {entry}: {what}");
            }
        }
    }
}

#[test]
fn a_report_names_what_differs_and_shows_it() {
    let mut lines = of(8, 0);
    let text = lines[1].1.stanza.to_string();
    lines[1].1.stanza = crate::run::stanza(&text.replace("role='participant'", "role='visitor'"));
    let outcomes = check(&lines);
    insta::with_settings!({
        snapshot_path => "../../snapshots/conform",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("example-that-differs", outcomes[7]);
        let whole = check(&whole());
        let text: String = whole.iter().map(|outcome| format!("{outcome}\n")).collect();
        insta::assert_snapshot!("examples-that-match", text + &examples::summary(&whole));
    });
}

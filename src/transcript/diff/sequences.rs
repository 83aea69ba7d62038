//! What everybody received, one after the other, as text.

use std::collections::BTreeMap;

use minidom::Element;
use rxml::{Namespace, NcName};

use super::Comparison;
use crate::stanza::{Stanza, ns, write_stanza};
use crate::time::Time;
use crate::transcript::text::MARGIN;
use crate::transcript::{Entry, Hop, Transcript, What};

/// One thing that was received.
pub(super) struct Item {
    /// When.
    pub(super) at: Time,
    /// What, as far as it counts.
    pub(super) text: String,
}

/// What everybody received.
pub(super) struct Sequences(BTreeMap<String, Vec<Item>>);

impl Sequences {
    pub(super) fn of(transcript: &Transcript, comparison: Comparison) -> Self {
        match comparison {
            Comparison::Exact => Self::of_entries(transcript),
            Comparison::Arrivals { stamps } => Self::of_arrivals(transcript, stamps),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[Item])> {
        self.0.iter().map(|(whom, items)| (whom.as_str(), items.as_slice()))
    }

    fn of_entries(transcript: &Transcript) -> Self {
        let mut sequences: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for entry in &transcript.entries {
            let headline = entry.headline();
            let mut text = format!("{}  {headline}\n", entry.at);
            if let Some(stanza) = entry.stanza() {
                write_stanza(&mut text, stanza, MARGIN);
                text.push('\n');
            }
            sequences.entry(whom(entry)).or_default().push(Item { at: entry.at, text });
        }
        Self(sequences)
    }

    fn of_arrivals(transcript: &Transcript, stamps: bool) -> Self {
        let mut sequences: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for (at, hop) in transcript.all_arrivals() {
            let mut text = format!("{} -> {}\n", hop.from, hop.to);
            if stamps {
                write_stanza(&mut text, &hop.stanza, MARGIN);
            } else {
                write_stanza(&mut text, &without_stamps(&hop.stanza), MARGIN);
            }
            text.push('\n');
            sequences.entry(hop.to.to_string()).or_default().push(Item { at, text });
        }
        Self(sequences)
    }
}

/// Whom an entry is about.
fn whom(entry: &Entry) -> String {
    match &entry.what {
        What::Hop(Hop { to, .. }) => to.to_string(),
        What::Undeliverable { at, .. } => at.to_string(),
        What::Note(note) => note.by.to_string(),
        What::Fault(_) | What::Stream { .. } => "the network".to_owned(),
        What::Line { .. } => "the scenario".to_owned(),
    }
}

/// Without what gives away when something happened: stamps, and the id with which a master names a
/// run of its room, which is made of one.
fn without_stamps(stanza: &Stanza) -> Stanza {
    let mut stanza = stanza.clone();
    let names_run = |id: &std::sync::Arc<str>| id.starts_with("run-");
    if stanza.dmuc().is_some_and(|x| x.history.is_some()) {
        stanza.id.take_if(|id| names_run(id));
    }
    let payloads: Vec<Element> = stanza.payloads.iter().cloned().map(without_stamp).collect();
    stanza.payloads = payloads.into();
    stanza
}

fn without_stamp(mut element: Element) -> Element {
    if element.is("delay", ns::DELAY)
        && element.attr("stamp").is_some()
        && let Ok(name) = NcName::try_from("stamp")
    {
        element.set_attr(Namespace::NONE, name, "…");
    }
    for node in element.take_nodes() {
        element.append_node(match node {
            minidom::Node::Element(child) => minidom::Node::Element(without_stamp(child)),
            text => text,
        });
    }
    element
}

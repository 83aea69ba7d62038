//! Whether a room that is distributed over slaves can be told from a plain one: what each person
//! received in two runs of one scenario, of which one was without slaves (XEP-0282, Requirements:
//! transparent for the user).
//!
//! Equal means: the same stanzas in the same order, but for
//!
//! * ids that no client has chosen, and the ids of XEP-0359 and XEP-0421, which services make;
//! * the order in which a newcomer is shown who is there already;
//! * who says that a message is late (`delay/@from`); and that it was said at another time, if it
//!   was said by the same line of the scenario: a run with slaves may take longer.
//!
//! It is *not* about time: nobody is late to whom the same comes a moment later.

use std::collections::{BTreeMap, BTreeSet};

use rxml::{Namespace, NcName};
use similar::TextDiff;

use crate::stanza::{Element, Stanza, ns, write_stanza};
use crate::time::Time;
use crate::transcript::{Entry, Name, Transcript, What, is_client};

/// What one person received in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// His full JID.
    pub jid: Name,
    /// How many stanzas, with slaves and without.
    pub received: [usize; 2],
    /// The difference, if there is one: `-` came without slaves only, `+` with slaves only.
    pub diff: Option<String>,
}

/// Compare what everybody received, in the order of their names.
pub fn compare(slaves: &Transcript, plain: &Transcript) -> Vec<Person> {
    let [slaves, plain] = [slaves, plain].map(received);
    let people: BTreeSet<&Name> = slaves.keys().chain(plain.keys()).collect();
    let person = |jid: &Name| {
        let of = |run: &BTreeMap<Name, Vec<String>>| run.get(jid).cloned().unwrap_or_default();
        let (with, without) = (of(&slaves), of(&plain));
        let diff = (with != without).then(|| difference(&without.concat(), &with.concat()));
        Person { jid: jid.clone(), received: [with.len(), without.len()], diff }
    };
    people.into_iter().map(person).collect()
}

/// What each client received, as text, as far as it counts.
fn received(transcript: &Transcript) -> BTreeMap<Name, Vec<String>> {
    let sent = transcript.hops().filter(|(_, _, hop)| is_client(&hop.from));
    let chosen: BTreeSet<&str> = sent.filter_map(|(_, _, hop)| hop.stanza.id.as_deref()).collect();
    let mut arrived: BTreeMap<Name, Vec<(Time, &Stanza)>> = BTreeMap::new();
    for (at, hop) in transcript.all_arrivals() {
        if is_client(&hop.to) {
            arrived.entry(hop.to.clone()).or_default().push((at, &hop.stanza));
        }
    }
    let lines = lines(transcript);
    let told = |stanzas: Vec<(Time, &Stanza)>| {
        let ordered = with_bursts_in_order(stanzas);
        ordered.into_iter().map(|stanza| text(stanza, &chosen, &lines)).collect()
    };
    arrived.into_iter().map(|(jid, stanzas)| (jid, told(stanzas))).collect()
}

/// When each line of the scenario began, and its number.
fn lines(transcript: &Transcript) -> BTreeMap<Time, u32> {
    let line = |entry: &Entry| match entry.what {
        What::Line { number, .. } => Some((entry.at, number)),
        _ => None,
    };
    transcript.entries.iter().filter_map(line).collect()
}

/// Presences that come at one instant, with who they are from in order.
fn with_bursts_in_order(stanzas: Vec<(Time, &Stanza)>) -> Vec<&Stanza> {
    let mut ordered: Vec<&Stanza> = Vec::with_capacity(stanzas.len());
    let mut burst: Vec<&Stanza> = Vec::new();
    let mut since = Time::default();
    for (at, stanza) in stanzas {
        let is_shown = stanza.is_available() && !is_own(stanza);
        if !is_shown || at != since {
            flush(&mut burst, &mut ordered);
        }
        since = at;
        if is_shown {
            burst.push(stanza);
        } else {
            ordered.push(stanza);
        }
    }
    flush(&mut burst, &mut ordered);
    ordered
}

fn flush<'a>(burst: &mut Vec<&'a Stanza>, ordered: &mut Vec<&'a Stanza>) {
    burst.sort_by_key(|stanza| stanza.from.clone());
    ordered.append(burst);
}

/// Whether it shows somebody himself.
fn is_own(stanza: &Stanza) -> bool {
    let x = stanza.payload("x", ns::MUC_USER);
    x.is_some_and(|x| x.children().any(|child| child.attr("code") == Some("110")))
}

fn text(stanza: &Stanza, chosen: &BTreeSet<&str>, lines: &BTreeMap<Time, u32>) -> String {
    let mut stanza = stanza.clone();
    stanza.id.take_if(|id| !chosen.contains(&**id));
    let payloads = stanza.payloads.iter().cloned().map(|one| without_choice(one, lines));
    let payloads: Vec<Element> = payloads.collect();
    stanza.payloads = payloads.into();
    let mut text = String::new();
    write_stanza(&mut text, &stanza, 0);
    text.push('\n');
    text
}

/// Without what a service chooses.
fn without_choice(mut element: Element, lines: &BTreeMap<Time, u32>) -> Element {
    let namespace = element.ns();
    match (namespace.as_str(), element.name()) {
        (ns::DELAY, "delay") => {
            set(&mut element, "from", "…");
            let stamp = element.attr("stamp").and_then(|stamp| stamp.parse::<Time>().ok());
            let line = stamp.and_then(|stamp| lines.range(..=stamp).next_back());
            if let Some((_, line)) = line {
                set(&mut element, "stamp", &format!("line {line}"));
            }
        }
        (ns::STANZA_IDS, "stanza-id") | (ns::OCCUPANT_IDS, "occupant-id") => {
            set(&mut element, "id", "…");
        }
        _ => {}
    }
    element
}

/// Change an attribute, if it is there.
fn set(element: &mut Element, name: &str, value: &str) {
    if element.attr(name).is_some()
        && let Ok(name) = NcName::try_from(name)
    {
        element.set_attr(Namespace::NONE, name, value);
    }
}

fn difference(plain: &str, slaves: &str) -> String {
    let diff = TextDiff::from_lines(plain, slaves);
    let diff = diff.unified_diff().context_radius(CONTEXT).to_string();
    let lines = diff.lines().filter(|line| !line.starts_with("\\ No newline"));
    lines.map(|line| format!("{}\n", if line.starts_with("@@") { "…" } else { line })).collect()
}

/// How many lines around a difference are shown.
const CONTEXT: usize = 6;

#[cfg(test)]
mod tests;

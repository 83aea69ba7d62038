//! The two editions of XEP-0282, whose words differ.
//!
//! Version 0.1.1 says *primary* and *replica* where 0.1 says *master* and *slave*; nothing else
//! changed. The namespace is the same, and none of its elements has either word in its name. What
//! differs on the wire is what the examples call a slave: `replica@vesa.yeggmaex.irc`. wallops is
//! written in the words of 0.1, and so a transcript in those of 0.1.1 is put into them before it
//! is judged. That loses nothing: other things keep other names.

use std::collections::BTreeSet;
use std::sync::Arc;

use minidom::Node;
use rxml::{AttrMap, NcName};

use super::{Entry, Fault, Header, Hop, Machine, Name, Record, Transcript, What};
use crate::stanza::{Element, Jid, Payloads, Stanza, ns};

/// An edition of XEP-0282.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// Version 0.1 of 2010: master and slave.
    V0_1,
    /// Version 0.1.1: primary and replica.
    V0_1_1,
}

impl Edition {
    /// All of them.
    pub const ALL: [Edition; 2] = [Edition::V0_1, Edition::V0_1_1];

    /// As a transcript's header and users name it, `0282@0.1`.
    pub const fn spec(self) -> &'static str {
        match self {
            Edition::V0_1 => "0282@0.1",
            Edition::V0_1_1 => "0282@0.1.1",
        }
    }

    /// The edition of this name.
    pub fn of_spec(spec: &str) -> Option<Edition> {
        Self::ALL.into_iter().find(|edition| edition.spec() == spec)
    }

    /// In whose words a transcript is; nothing if it has words of neither, or of both. Slaves may
    /// have any address, so that many transcripts are in the words of both.
    pub fn detect(record: &dyn Record) -> Option<Edition> {
        let mut words = Words::default();
        record.each(&mut |entry| words.feed(entry));
        words.edition()
    }
}

/// The words of a record, entry by entry.
#[derive(Default)]
pub struct Words(Names);

impl Words {
    /// The next entry.
    pub fn feed(&mut self, entry: &Entry) {
        self.0.feed(entry);
    }

    /// In whose words it is, as [`Edition::detect`] has it.
    pub fn edition(&self) -> Option<Edition> {
        let Names { slaves, replicas, has_other_words, .. } = &self.0;
        match (slaves.is_empty(), replicas.is_empty() && !has_other_words) {
            (false, true) => Some(Edition::V0_1),
            (true, false) => Some(Edition::V0_1_1),
            _ => None,
        }
    }
}

/// A transcript in the words of 0.1.
#[derive(Clone, Debug, PartialEq)]
pub struct Reworded {
    /// The transcript.
    pub transcript: Transcript,
    /// The domains whose `replica@` kept its name, as there is a `slave@` too.
    pub kept: Vec<String>,
    /// The domains whose `replica@` is called `slave@` in it.
    pub renamed: BTreeSet<String>,
}

/// Put a transcript into the words of 0.1.
///
/// Renamed are: the local part of addresses, in the headers of stanzas, in attributes and in what
/// machines tell of themselves; and in the namespaces that begin with `urn:xmpp:tmp:dmuc:0`, which
/// extensions have, their fragments, and names and values that are one of the two words. The text
/// of elements is what people said and stays. Where both `slave@` and `replica@` are at one domain,
/// both stay, as they would become one.
pub fn reword(mut transcript: Transcript) -> Reworded {
    let names = Names::of(&transcript);
    for entry in &mut transcript.entries {
        names.reword_entry(entry);
    }
    transcript.header.spec = Edition::V0_1.spec().to_owned();
    let kept = names.replicas.intersection(&names.slaves).cloned().collect();
    Reworded { transcript, kept, renamed: names.renamed() }
}

/// A record in the words of 0.1, as [`reword`] would have it, that is put into them while one goes
/// through it.
pub struct Rewording<'a> {
    record: &'a dyn Record,
    header: Header,
    names: Names,
}

impl<'a> Rewording<'a> {
    /// Of this record, whatever its words are.
    pub fn of(record: &'a dyn Record) -> Self {
        let mut words = Words::default();
        record.each(&mut |entry| words.feed(entry));
        Self::by(words, record)
    }

    /// Of this record, whose words are known.
    pub fn by(words: Words, record: &'a dyn Record) -> Self {
        let header = Header { spec: Edition::V0_1.spec().to_owned(), ..record.header().clone() };
        Self { record, header, names: words.0 }
    }

    /// The domains whose `replica@` is called `slave@` in it.
    pub fn renamed(&self) -> BTreeSet<String> {
        self.names.renamed()
    }
}

impl Record for Rewording<'_> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        self.record.each(&mut |entry| {
            let mut entry = entry.clone();
            self.names.reword_entry(&mut entry);
            take(&entry);
        });
    }
}

const REPLICA: &str = "replica";
const SLAVE: &str = "slave";

/// The word of 0.1 for a word of 0.1.1.
fn other_word(word: &str) -> Option<&'static str> {
    match word {
        REPLICA => Some(SLAVE),
        "primary" => Some("master"),
        _ => None,
    }
}

/// The namespace of 0.1 for one of 0.1.1.
fn other_namespace(namespace: &str) -> Option<String> {
    let fragment = namespace.strip_prefix(ns::DMUC)?.strip_prefix('#')?;
    other_word(fragment).map(|word| format!("{}#{word}", ns::DMUC))
}

/// Who is called what in a transcript.
#[derive(Default)]
struct Names {
    /// The domains with a `slave@`.
    slaves: BTreeSet<String>,
    /// The domains with a `replica@`.
    replicas: BTreeSet<String>,
    /// Whether there are other words of 0.1.1 than addresses.
    has_other_words: bool,
    /// What the last stanza had in it.
    last: Payloads,
}

impl Names {
    fn of(record: &dyn Record) -> Self {
        let mut names = Self::default();
        record.each(&mut |entry| names.feed(entry));
        names
    }

    fn feed(&mut self, entry: &Entry) {
        if let Some(stanza) = entry.stanza() {
            for (_, value) in stanza.attributes() {
                self.note(value);
            }
            // Copies share what is in them.
            if !Arc::ptr_eq(&self.last, &stanza.payloads) {
                stanza.payloads.iter().for_each(|payload| self.note_element(payload));
                self.last = stanza.payloads.clone();
            }
        }
        if let What::Note(note) = &entry.what {
            self.note(note.by.as_str());
            self.note(note.about.as_str());
        }
    }

    fn note(&mut self, value: &str) {
        let domains = match address(value) {
            Some((SLAVE, _)) => &mut self.slaves,
            Some((REPLICA, _)) => &mut self.replicas,
            _ => {
                self.has_other_words |= other_namespace(value).is_some();
                return;
            }
        };
        // Most are known.
        let domain = address(value).map_or("", |(_, rest)| rest);
        if domains.contains(domain) {
            return;
        }
        if let Ok(jid) = Jid::new(value) {
            domains.insert(jid.domain().as_str().to_owned());
        }
    }

    fn note_element(&mut self, element: &Element) {
        let words = |word: &str| other_word(word).is_some();
        self.has_other_words |= other_namespace(&element.ns()).is_some()
            || ns::is_dmuc(element) && words(element.name());
        for ((_, name), value) in element.attrs().iter() {
            self.has_other_words |= ns::is_dmuc(element) && (words(name) || words(value));
            self.note(value);
        }
        element.children().for_each(|child| self.note_element(child));
    }

    fn renamed(&self) -> BTreeSet<String> {
        self.replicas.difference(&self.slaves).cloned().collect()
    }

    /// What an address is called in 0.1, if it is called otherwise.
    fn other_address(&self, value: &str) -> Option<String> {
        let (REPLICA, rest) = address(value)? else { return None };
        let jid = Jid::new(value).ok()?;
        let taken = self.slaves.contains(jid.domain().as_str());
        (!taken).then(|| format!("{SLAVE}@{rest}"))
    }

    fn other_jid(&self, jid: &Jid) -> Option<Jid> {
        Jid::new(&self.other_address(jid.as_str())?).ok()
    }

    fn reword_entry(&self, entry: &mut Entry) {
        match &mut entry.what {
            What::Hop(Hop { stanza, .. }) | What::Undeliverable { stanza, .. } => {
                self.reword_stanza(stanza);
            }
            What::Note(note) => {
                for jid in [&mut note.by, &mut note.about] {
                    if let Some(other) = self.other_jid(jid) {
                        *jid = other;
                    }
                }
            }
            What::Fault(Fault::Crash(machine) | Fault::Restart(machine)) => {
                let (Machine::Server(name) | Machine::Slave(name) | Machine::Service(name)) =
                    machine;
                if let Some(other) = self.other_address(name) {
                    *name = Name::from(other);
                }
            }
            _ => {}
        }
    }

    fn reword_stanza(&self, stanza: &mut Stanza) {
        for jid in [&mut stanza.from, &mut stanza.to] {
            if let Some(other) = jid.as_deref().and_then(|jid| self.other_jid(jid)) {
                *jid = Some(Arc::new(other));
            }
        }
        if let Some(extra) = &mut stanza.extra {
            let values = extra.iter().map(|(_, value)| self.other_address(value));
            let values: Vec<_> = values.collect();
            if values.iter().any(Option::is_some) {
                for ((_, value), other) in Arc::make_mut(extra).iter_mut().zip(values) {
                    *value = other.unwrap_or_else(|| std::mem::take(value));
                }
            }
        }
        // What is shared by the copies of a broadcast stays shared where nothing changes.
        if stanza.payloads.iter().any(|payload| self.is_affected(payload)) {
            for payload in Arc::make_mut(&mut stanza.payloads) {
                let element = std::mem::replace(payload, Element::bare("x", ""));
                *payload = self.reworded(element);
            }
        }
    }

    fn is_affected(&self, element: &Element) -> bool {
        let mut own = Self::default();
        own.note_element(element);
        own.has_other_words || own.replicas.iter().any(|domain| !self.slaves.contains(domain))
    }

    fn reworded(&self, mut element: Element) -> Element {
        let ours = ns::is_dmuc(&element);
        let namespace = element.ns();
        let name = Some(element.name()).filter(|_| ours).and_then(other_word);
        let name = name.unwrap_or(element.name());
        let mut other = Element::bare(name, other_namespace(&namespace).unwrap_or(namespace));
        let mut attributes = AttrMap::new();
        for ((namespace, name), value) in std::mem::take(element.attrs_mut()) {
            let renamed = Some(name.as_str()).filter(|_| ours).and_then(other_word);
            let renamed = renamed.and_then(|name| NcName::try_from(name).ok());
            let word = Some(value.as_str()).filter(|_| ours).and_then(other_word);
            let value = word
                .map(str::to_owned)
                .or_else(|| self.other_address(&value))
                .or_else(|| other_namespace(&value))
                .unwrap_or(value);
            attributes.insert(namespace, renamed.unwrap_or(name), value);
        }
        *other.attrs_mut() = attributes;
        for node in element.take_nodes() {
            match node {
                Node::Element(child) => {
                    other.append_child(self.reworded(child));
                }
                node => other.append_node(node),
            }
        }
        other
    }
}

/// One of the two words at the start of an address, and what follows its `@`.
fn address(value: &str) -> Option<(&'static str, &str)> {
    let (local, rest) = value.split_once('@')?;
    let word = [SLAVE, REPLICA].into_iter().find(|word| local.eq_ignore_ascii_case(word))?;
    Some((word, rest))
}

#[cfg(test)]
mod tests;

//! Bodies: the XML below `sends:` and `receives:`.

use std::collections::BTreeSet;

use minidom::Node;

use super::ast::Span;
use super::cast::Cast;
use super::line::Parsed;
use super::lines::TextLine;
use super::mistake::Wrong;
use super::names::Names;
use super::words::nearest;

use crate::stanza::{Element, Limits, ns, read_elements_with_prefix};

/// The namespace that the prefix `scansion` is bound to.
const SCANSION: &str = "urn:wallops:scansion";

/// A body as one text, with the place of each of its lines in the file.
pub(super) struct Body<'a> {
    lines: Vec<(usize, TextLine<'a>)>,
    text: String,
}

impl<'a> Body<'a> {
    pub(super) fn new(dedented: &[TextLine<'a>]) -> Self {
        let mut body = Self { lines: Vec::new(), text: String::new() };
        for line in dedented {
            body.lines.push((body.text.len(), *line));
            body.text.push_str(line.text);
            body.text.push('\n');
        }
        body
    }

    /// The place in the file of these bytes of the text, or of those on their first line.
    fn span(&self, start: usize, len: usize) -> Span {
        let index = self.lines.partition_point(|(offset, _)| *offset <= start).saturating_sub(1);
        let Some((offset, line)) = self.lines.get(index) else { return Span::default() };
        let text = line.text;
        let from = text.floor_char_boundary((start - offset).min(text.len()));
        let to = text.ceil_char_boundary((from + len).min(text.len()));
        line.span(from, to)
    }
}

/// What bodies have in common: the values that those before have captured.
#[derive(Default)]
pub(super) struct Bodies {
    captured: BTreeSet<String>,
}

impl Bodies {
    /// The stanzas of a body that is sent.
    pub(super) fn sent(&self, body: &Body<'_>, names: &Names<'_>) -> Parsed<Vec<Element>> {
        self.elements(body, names)
            .map(|elements| elements.into_iter().map(without_wildcards).collect())
    }

    /// The patterns of a body that is expected, with their wildcards.
    pub(super) fn expected(&mut self, body: &Body<'_>, names: &Names<'_>) -> Parsed<Vec<Element>> {
        let elements = self.elements(body, names)?;
        for rest in body.text.split(CAPTURE).skip(1) {
            let name = rest.split('}').next().unwrap_or_default();
            self.captured.insert(name.to_owned());
        }
        Ok(elements)
    }

    fn elements(&self, body: &Body<'_>, names: &Names<'_>) -> Parsed<Vec<Element>> {
        let cast = names.cast;
        self.check_variables(body, names)?;
        let prefix = ("scansion", SCANSION);
        let read = read_elements_with_prefix(&body.text, LIMITS, STANZAS_MAX, prefix);
        let read = read.map_err(|error| {
            let wrong = Wrong::BadXml { found: error.found, expected: error.expected };
            (wrong, body.span(error.offset, 1))
        })?;
        if read.is_empty() {
            return Err((Wrong::NoBody { what: "this line" }, body.span(0, 0)));
        }
        let mut start = 0;
        let mut elements = Vec::new();
        for (element, end) in read {
            let gap = body.text[start..end].find('<').unwrap_or_default();
            if !is_stanza(&element) {
                let found = format!("<{} xmlns='{}'/>", element.name(), element.ns());
                let len = body.text[start + gap..end].find(['>', '\n']).map_or(1, |to| to + 1);
                return Err((Wrong::NotAStanza { found }, body.span(start + gap, len)));
            }
            elements.push(filled_in(element, &|text| fill_in(text, cast)));
            start = end;
        }
        Ok(elements)
    }

    /// Each `${…}` must be a JID of the cast or captured above.
    fn check_variables(&self, body: &Body<'_>, names: &Names<'_>) -> Parsed<()> {
        let cast = names.cast;
        for (start, _) in body.text.match_indices("${") {
            let Some(len) = body.text[start..].find('}') else { continue };
            let name = &body.text[start + 2..start + len];
            if jid_of(name, cast).is_none() && !self.captured.contains(name) {
                let known = cast
                    .clients
                    .keys()
                    .flat_map(|client| [format!("{client}'s JID"), format!("{client}'s full JID")]);
                let known: Vec<String> = known.chain(self.captured.iter().cloned()).collect();
                let meant = nearest(name, known.iter().map(String::as_str))
                    .map(|meant| format!("${{{meant}}}"));
                let found = body.text[start..=start + len].to_owned();
                let wrong = Wrong::UnknownVariable { found, meant };
                if !names.gaps.excuse(&wrong) {
                    return Err((wrong, body.span(start, len + 1)));
                }
            }
        }
        Ok(())
    }
}

/// With each `${…}` that is a JID of the cast replaced by it; nothing if there is none at all.
fn fill_in(text: &str, cast: &Cast) -> Option<String> {
    if !text.contains("${") {
        return None;
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(len) = rest[start..].find('}') else { break };
        filled.push_str(&rest[..start]);
        match jid_of(&rest[start + 2..start + len], cast) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&rest[start..=start + len]),
        }
        rest = &rest[start + len + 1..];
    }
    filled.push_str(rest);
    Some(filled)
}

/// What `Juliet's phone's full JID` is.
fn jid_of(name: &str, cast: &Cast) -> Option<String> {
    if let Some(client) = name.strip_suffix("'s full JID") {
        return cast.clients.get(client).map(|client| client.jid.to_string());
    }
    let client = name.strip_suffix("'s JID")?;
    cast.clients.get(client).map(|client| client.jid.to_bare().to_string())
}

/// With what `fill` makes of each text and attribute, at any depth.
fn filled_in(mut element: Element, fill: &dyn Fn(&str) -> Option<String>) -> Element {
    for value in element.attrs_mut().values_mut() {
        if let Some(filled) = fill(value) {
            *value = filled;
        }
    }
    for node in element.take_nodes() {
        element.append_node(match node {
            Node::Element(child) => Node::Element(filled_in(child, fill)),
            Node::Text(text) => Node::Text(fill(&text).unwrap_or(text)),
        });
    }
    element
}

/// Without the attributes that only mean something where stanzas are expected.
fn without_wildcards(mut element: Element) -> Element {
    element.attrs_mut().retain(|namespace, _, _| namespace.as_str() != SCANSION);
    for node in element.take_nodes() {
        element.append_node(match node {
            Node::Element(child) => Node::Element(without_wildcards(child)),
            text => text,
        });
    }
    element
}

fn is_stanza(element: &Element) -> bool {
    ["message", "presence", "iq"].iter().any(|name| element.is(*name, ns::CLIENT))
}

const CAPTURE: &str = "{scansion:capture:";
const STANZAS_MAX: usize = 1000;
const LIMITS: Limits = Limits { depth_max: 64, size_max: 256 * 1024, attributes_max: 128 };

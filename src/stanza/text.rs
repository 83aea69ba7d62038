//! The canonical text of a stanza, which reads like the examples of the XEPs.
//!
//! Attributes come in the order from, id, to, type, xml:lang, others; two spaces indent; xmlns is
//! declared only where it changes, and `jabber:client` not at all on the stanza itself. An element
//! with text is on one line, line breaks in it written as `&#xA;`, so that whitespace in text is
//! kept exactly. Reading the text ([`read_stanza`](super::read_stanza)) gives the same stanza.
//!
//! Characters that XML does not have (XML 1.0 §2.2) are written as U+FFFD; a stanza that was read
//! has none.

use std::fmt;

use minidom::{Element, Node};

use super::{Stanza, ns};

impl fmt::Display for Stanza {
    /// The canonical text, without a line break at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        write_stanza(&mut out, self, 0);
        f.write_str(&out)
    }
}

/// The canonical text of an element that stands where the default namespace is `inherited`.
pub fn element_text(element: &Element, inherited: &str) -> String {
    let mut out = String::new();
    write_element(&mut out, element, inherited, Layout::Indented(0));
    out
}

/// Append the canonical text, every line of it indented by so many spaces.
pub fn write_stanza(out: &mut String, stanza: &Stanza, indent: usize) {
    let name = stanza.kind.name();
    out.extend(std::iter::repeat_n(' ', indent));
    out.push('<');
    out.push_str(name);
    let mut attributes = stanza.attributes();
    attributes.sort_by_key(|(name, _)| rank(name));
    let mut prefixes = 0;
    for (name, value) in attributes {
        match name.strip_prefix('{').and_then(|name| name.split_once('}')) {
            Some((namespace, name)) => {
                write_qualified(out, namespace, name, value, &mut prefixes);
            }
            None => write_attribute(out, name, value),
        }
    }
    if stanza.payloads.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for payload in stanza.payloads.iter() {
        out.push('\n');
        write_element(out, payload, ns::CLIENT, Layout::Indented(indent + 2));
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    write_end(out, name);
}

/// Where an element stands.
#[derive(Clone, Copy)]
enum Layout {
    /// On a line of its own, after so many spaces.
    Indented(usize),
    /// Within a line.
    Inline,
}

impl Layout {
    /// How the content of `element` is laid out; nothing if it has none.
    fn of_content(self, element: &Element) -> Option<Layout> {
        let mut content = None;
        for node in element.nodes() {
            match node {
                Node::Text(text) if text.is_empty() => {}
                Node::Text(_) => return Some(Layout::Inline),
                Node::Element(_) => content = Some(self),
            }
        }
        content.map(|layout| match layout {
            Layout::Indented(indent) => Layout::Indented(indent + 2),
            Layout::Inline => Layout::Inline,
        })
    }
}

fn write_element(out: &mut String, element: &Element, inherited: &str, layout: Layout) {
    if let Layout::Indented(indent) = layout {
        out.extend(std::iter::repeat_n(' ', indent));
    }
    let namespace = element.ns();
    // The namespace of `xml:` cannot be a default.
    let (name, default) = match namespace.as_str() {
        ns::XML => (format!("xml:{}", element.name()), inherited),
        namespace => (element.name().to_owned(), namespace),
    };
    out.push('<');
    out.push_str(&name);
    if default != inherited {
        write_attribute(out, "xmlns", default);
    }
    write_attributes(out, element);
    let Some(content) = layout.of_content(element) else {
        out.push_str("/>");
        return;
    };
    out.push('>');
    for node in element.nodes() {
        match node {
            Node::Text(text) => escape(out, text, Place::Text),
            Node::Element(child) => {
                if let Layout::Indented(_) = content {
                    out.push('\n');
                }
                write_element(out, child, default, content);
            }
        }
    }
    if let (Layout::Indented(indent), Layout::Indented(_)) = (layout, content) {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    }
    write_end(out, &name);
}

fn write_attributes(out: &mut String, element: &Element) {
    let mut attributes: Vec<_> = element.attrs().iter().collect();
    attributes.sort_by_key(|((namespace, name), _)| match namespace.as_str() {
        "" => rank(name),
        ns::XML if name.as_str() == "lang" => rank("xml:lang"),
        _ => rank(""),
    });
    let mut prefixes = 0;
    for ((namespace, name), value) in attributes {
        match namespace.as_str() {
            "" => write_attribute(out, name, value),
            namespace => write_qualified(out, namespace, name, value, &mut prefixes),
        }
    }
}

/// Where an attribute stands among the others.
fn rank(name: &str) -> usize {
    const FIRST: [&str; 5] = ["from", "id", "to", "type", "xml:lang"];
    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
}

/// An attribute in a namespace; declares a prefix for it unless it is `xml:`.
fn write_qualified(
    out: &mut String,
    namespace: &str,
    name: &str,
    value: &str,
    prefixes: &mut usize,
) {
    if namespace == ns::XML {
        write_attribute(out, &format!("xml:{name}"), value);
        return;
    }
    *prefixes += 1;
    write_attribute(out, &format!("xmlns:ns{prefixes}"), namespace);
    write_attribute(out, &format!("ns{prefixes}:{name}"), value);
}

fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("='");
    escape(out, value, Place::Attribute);
    out.push('\'');
}

fn write_end(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

fn escape(out: &mut String, text: &str, place: Place) {
    let mut previous = '\0';
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // `]]>` may not stand in text.
            '>' if previous == ']' => out.push_str("&gt;"),
            '\'' if place == Place::Attribute => out.push_str("&apos;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            '\t' if place == Place::Attribute => out.push_str("&#x9;"),
            '\t' => out.push('\t'),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            _ => out.push(character),
        }
        previous = character;
    }
}

#[cfg(test)]
mod tests;

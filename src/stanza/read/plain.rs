//! Reading elements that are written plainly, as most are that wallops has written itself: without
//! prefixes, references, and whatever else needs a parser that knows all of XML. It takes a
//! fraction of the time; what it does not understand is left to the other.

use memchr::memchr;
use minidom::Element;
use rxml::{AttrMap, Namespace, NcName};

use super::Limits;
use crate::stanza::ns;

/// Read elements one after the other, as [`super::read_elements`] does; nothing if any of it is not
/// plain, or wrong.
pub fn plain_elements(text: &str, limits: Limits) -> Option<Vec<Element>> {
    if text.len() > limits.size_max {
        return None;
    }
    let mut done = Vec::new();
    let mut open: Vec<(Element, &str)> = Vec::new();
    let mut rest = text;
    loop {
        let (run, markup) = rest.split_at(memchr(b'<', rest.as_bytes()).unwrap_or(rest.len()));
        append_run(run, open.last_mut().map(|(element, _)| element))?;
        let Some(markup) = markup.strip_prefix('<') else { break };
        let ended = match markup.strip_prefix('/') {
            Some(end) => {
                let (element, _) = open.pop()?;
                rest = end.strip_prefix(element.name())?.strip_prefix('>')?;
                element
            }
            None if open.len() >= limits.depth_max => return None,
            None => {
                let outer = open.last().map_or(ns::CLIENT, |(_, namespace)| *namespace);
                let (start, after) = start(markup, outer, limits)?;
                match after.strip_prefix("/>") {
                    Some(after) => rest = after,
                    None => {
                        rest = after.strip_prefix('>')?;
                        open.push(start);
                        continue;
                    }
                }
                start.0
            }
        };
        match open.last_mut() {
            Some((parent, _)) => {
                parent.append_child(ended);
            }
            None => done.push(ended),
        }
    }
    open.is_empty().then_some(done)
}

/// The element that starts with this name and these attributes, its namespace, and the end of its
/// tag.
fn start<'a>(
    markup: &'a str,
    outer: &'a str,
    limits: Limits,
) -> Option<((Element, &'a str), &'a str)> {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let length = markup.bytes().take_while(is_of_name).count();
    let (name, mut rest) = markup.split_at(length);
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return None;
    }
    let (mut attributes, mut namespace) = (AttrMap::new(), None);
    while let Some(after) = rest.strip_prefix(' ') {
        let (name, value, after) = plain_attribute(after)?;
        let missing = match name {
            // Those of XML itself have rules of their own.
            "xmlns" if value.is_empty() || value.contains("www.w3.org") => false,
            "xmlns" => namespace.replace(value).is_none(),
            _ => {
                let name = NcName::try_from(name).ok()?;
                attributes.insert(Namespace::NONE, name, value.to_owned()).is_none()
            }
        };
        if !missing {
            return None;
        }
        rest = after;
    }
    if attributes.len() > limits.attributes_max {
        return None;
    }
    let namespace = namespace.unwrap_or(outer);
    let mut element = Element::bare(name, namespace);
    *element.attrs_mut() = attributes;
    Some(((element, namespace), rest))
}

/// The plain attribute that begins here: its name, its value, and what follows.
pub fn plain_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, quoted) = text.split_at(memchr(b'=', text.as_bytes())?);
    let value = quoted.strip_prefix('=')?;
    let quote = *value.as_bytes().first().filter(|quote| matches!(quote, b'\'' | b'"'))?;
    let (value, after) = value[1..].split_at(memchr(quote, &value.as_bytes()[1..])?);
    let plain = !value.bytes().any(is_odd);
    plain.then_some((name, value, &after[1..]))
}

/// Text up to the next tag belongs to the innermost open element. Whitespace that breaks a line is
/// layout.
fn append_run(run: &str, parent: Option<&mut Element>) -> Option<()> {
    if run.is_empty() {
        return Some(());
    }
    let blank = run.bytes().all(|byte| matches!(byte, b' ' | b'\n'));
    match parent {
        Some(_) if blank && run.contains('\n') => Some(()),
        // `]]>` may not stand in text.
        Some(parent) if !run.bytes().any(|byte| is_odd(byte) || byte == b']') => {
            parent.append_text(run);
            Some(())
        }
        None if blank => Some(()),
        _ => None,
    }
}

/// Whether a byte in the value of an attribute may mean something else than itself, or may not
/// stand there.
fn is_odd(byte: u8) -> bool {
    // U+FFFE and U+FFFF, which XML does not have, begin with this byte; so do a few others.
    const FFFE: u8 = 0xEF;
    byte < b' ' || matches!(byte, b'&' | b'<' | FFFE)
}

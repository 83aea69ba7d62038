//! Reading XML that comes from outside: bounded in depth, size and attributes, and with errors that
//! say where and what was expected.
//!
//! Trees deeper than the bound are never built; a deep one would overflow the stack when it is
//! dropped. What is *not* read here: streams (RFC 6120 §4), which have headers and no end.

mod error;
mod forbidden;
mod plain;
mod tree;

use minidom::Element;

pub use self::error::ReadError;
pub use self::forbidden::{WITHOUT_FORBIDDEN, forbidden};
pub use self::plain::{plain_attribute, plain_elements};
use self::tree::Tree;
use super::Stanza;

/// What is accepted from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep elements may be nested; a stanza without children has depth 1.
    pub depth_max: usize,
    /// How many bytes a stanza may have. RFC 6120 §13.12 wants at least 10,000.
    pub size_max: usize,
    /// How many attributes an element may have.
    pub attributes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth_max: 64, size_max: 256 * 1024, attributes_max: 128 }
    }
}

/// Read exactly one element. What declares no namespace is in `jabber:client`.
///
/// # Errors
///
/// If the text is not one well-formed element within `limits`.
pub fn read_element(text: &str, limits: Limits) -> Result<Element, ReadError> {
    let mut tree = Tree::new(text, limits);
    let Some(element) = tree.next_element()? else {
        return Err(ReadError::at(text, text.len(), "nothing", "an element"));
    };
    match tree.next_element() {
        Ok(None) => Ok(element),
        Ok(Some(_)) => Err(ReadError::at(text, tree.start(), "a second element", "only one")),
        Err(error) => Err(error),
    }
}

/// Read the element that `text` starts with, and the byte at which it ends. What follows it is not
/// looked at.
///
/// # Errors
///
/// If the text does not start with a well-formed element within `limits`.
pub fn read_first_element(text: &str, limits: Limits) -> Result<(Element, usize), ReadError> {
    let mut tree = Tree::new(text, limits);
    match tree.next_element()? {
        Some(element) => Ok((element, tree.position())),
        None => Err(ReadError::at(text, text.len(), "nothing", "an element")),
    }
}

/// Read elements one after the other, with whitespace between them; each within `limits`. With
/// each comes the byte at which it ends.
///
/// # Errors
///
/// If the text is not a sequence of well-formed elements within `limits`, or if there are more than
/// `count_max` of them.
pub fn read_elements(
    text: &str,
    limits: Limits,
    count_max: usize,
) -> Result<Vec<(Element, usize)>, ReadError> {
    elements_of(Tree::new(text, limits), count_max)
}

/// Like [`read_elements`], with `prefix` bound to `namespace` without a declaration in the text.
///
/// # Errors
///
/// As [`read_elements`].
pub fn read_elements_with_prefix(
    text: &str,
    limits: Limits,
    count_max: usize,
    (prefix, namespace): (&str, &str),
) -> Result<Vec<(Element, usize)>, ReadError> {
    elements_of(Tree::with_prefix(text, limits, prefix, namespace), count_max)
}

fn elements_of(mut tree: Tree<'_>, count_max: usize) -> Result<Vec<(Element, usize)>, ReadError> {
    let mut elements = Vec::new();
    while let Some(element) = tree.next_element()? {
        if elements.len() == count_max {
            let expected = format!("at most {count_max} elements");
            return Err(ReadError::at(tree.text(), tree.start(), "one more element", expected));
        }
        elements.push((element, tree.position()));
    }
    Ok(elements)
}

/// Read exactly one stanza.
///
/// # Errors
///
/// If the text is not one well-formed element within `limits`, or not a stanza.
pub fn read_stanza(text: &str, limits: Limits) -> Result<Stanza, ReadError> {
    let element = read_element(text, limits)?;
    let start = text.len() - text.trim_start().len();
    Stanza::try_from(element).map_err(|error| {
        ReadError::at(text, start, error, "<message/>, <presence/> or <iq/> with elements only")
    })
}

impl std::str::FromStr for Stanza {
    type Err = ReadError;

    /// [`read_stanza`] with the default [`Limits`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read_stanza(text, Limits::default())
    }
}

#[cfg(test)]
mod tests;

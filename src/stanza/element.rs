//! Building payload elements.

use minidom::Element;
use minidom::rxml::{Namespace, NcName};

/// An empty element with these attributes, in the order given.
///
/// # Panics
///
/// If an attribute's name is not an XML name; names are constants of this program.
pub fn element(name: &str, namespace: &str, attributes: &[(&str, &str)]) -> Element {
    let mut element = Element::bare(name, namespace);
    for (name, value) in attributes {
        set(&mut element, name, value);
    }
    element
}

/// With this attribute added or changed.
///
/// # Panics
///
/// If `name` is not an XML name; names are constants of this program.
#[must_use]
pub fn attribute(mut element: Element, name: &str, value: &str) -> Element {
    set(&mut element, name, value);
    element
}

#[allow(clippy::expect_used, reason = "attribute names are constants of this program")]
fn set(element: &mut Element, name: &str, value: &str) {
    let name = NcName::try_from(name).expect("an attribute's name is an XML name");
    element.set_attr(Namespace::NONE, name, value);
}

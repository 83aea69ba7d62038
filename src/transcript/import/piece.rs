//! Stanzas inside a text of something else.

use crate::stanza::{Element, Limits, ReadError, Stanza, ns, read_first_element};

/// Namespaces in which stanzas travel. Inside wallops all of them are `jabber:client`.
const CONTENT: [&str; 2] = [ns::SERVER, "jabber:component:accept"];

/// The element at the start of `text`, and the byte at which it ends.
pub(super) fn element_at(text: &str) -> Result<(Element, usize), ReadError> {
    read_first_element(text, Limits::default())
}

/// The stanza that an element is, or why it is none.
pub(super) fn stanza_of(element: Element) -> Result<Stanza, String> {
    Stanza::try_from(as_client_content(element)).map_err(|error| error.to_string())
}

/// A stanza of another stream than a client's as it would be on a client's.
fn as_client_content(element: Element) -> Element {
    let namespace = element.ns();
    if !CONTENT.contains(&namespace.as_str()) {
        return element;
    }
    translated(element, &namespace)
}

/// What has the content's namespace, as far as it is reached through nothing else.
fn translated(mut element: Element, namespace: &str) -> Element {
    if element.ns() != namespace {
        return element;
    }
    let mut client = Element::bare(element.name(), ns::CLIENT);
    *client.attrs_mut() = std::mem::take(element.attrs_mut());
    for node in element.take_nodes() {
        match node {
            minidom::Node::Element(child) => {
                client.append_child(translated(child, namespace));
            }
            node => client.append_node(node),
        }
    }
    client
}

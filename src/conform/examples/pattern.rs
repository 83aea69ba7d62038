//! A stanza of an example as a pattern: what is printed, and what may stand in its place.

use minidom::Element;
use minidom::rxml::{Namespace, NcName};

use super::data::{Cast, Way, domain};
use super::value::Value;
use crate::scenario::Profile;
use crate::stanza::{Kind, Stanza, Type, ns};

/// A stanza of an example on one hop.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub way: Way,
    /// The host that it leaves.
    pub sender: String,
    /// The host that it goes to.
    pub receiver: String,
    pub node: Node,
}

/// An element.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub name: String,
    pub namespace: String,
    pub attributes: Vec<(String, Value)>,
    pub children: Vec<Child>,
    pub text: String,
    /// Whether it is printed with `...`, which stands for further children.
    pub open: bool,
}

/// A child of an element.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub node: Node,
    pub need: Need,
}

/// Whether a child has to be there.
#[derive(Clone, Debug)]
pub(super) enum Need {
    /// It is printed.
    Printed,
    /// From this profile upwards it is what `...` stands for, says this erratum.
    Understood(String, Profile),
    /// This erratum allows both; whether it is printed.
    Optional { erratum: String, printed: bool },
}

impl Pattern {
    /// The pattern of a stanza for one of its hops; nothing if an address is missing.
    pub fn new(node: Node, way: Way) -> Option<Self> {
        let from = node.attribute("from")?.least()?;
        let to = node.attribute("to")?.least()?;
        let (sender, receiver) = match way {
            Way::UserToSlave => (from.as_str(), domain(&from)),
            Way::SlaveToMaster | Way::MasterToSlave => (domain(&from), domain(&to)),
            Way::SlaveToUser => (domain(&to), to.as_str()),
        };
        Some(Self { way, sender: sender.into(), receiver: receiver.into(), node })
    }

    /// Whom it is addressed to, as printed or corrected.
    pub fn to(&self) -> String {
        self.node.attribute("to").and_then(Value::least).unwrap_or_default()
    }

    /// Whom it is from, as printed or corrected.
    pub fn from(&self) -> String {
        self.node.attribute("from").and_then(Value::least).unwrap_or_default()
    }

    /// The shortest stanza that it matches in profile core.
    pub fn least(&self) -> Stanza {
        let fallback = || Stanza::new(Kind::Message, Type::Absent);
        Stanza::try_from(self.node.least()).unwrap_or_else(|_| fallback())
    }
}

impl Node {
    /// The pattern of an element as printed.
    pub fn new(element: &Element, cast: &Cast) -> Self {
        let text = element.text();
        let open = text.trim() == "...";
        let blank = open || text.trim().is_empty();
        Node {
            name: element.name().to_owned(),
            namespace: element.ns(),
            attributes: element
                .attrs()
                .iter()
                .map(|((namespace, name), value)| {
                    let stamp = element.is("delay", ns::DELAY) && name.as_str() == "stamp";
                    (attribute_name(namespace.as_str(), name), Value::new(value, stamp, cast))
                })
                .collect(),
            children: element
                .children()
                .map(|child| Child { node: Node::new(child, cast), need: Need::Printed })
                .collect(),
            text: if blank { String::new() } else { text },
            open,
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The element to which this path of local names leads.
    pub fn descend(&mut self, path: &str) -> Option<&mut Node> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(self, |node, name| {
            node.children.iter_mut().map(|child| &mut child.node).find(|child| child.name == name)
        })
    }

    pub fn is(&self, name: &str, namespace: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    fn least(&self) -> Element {
        let mut element = Element::bare(self.name.as_str(), self.namespace.as_str());
        for (name, value) in &self.attributes {
            if let (Ok(name), Some(value)) = (NcName::try_from(name.as_str()), value.least()) {
                element.set_attr(Namespace::NONE, name, value);
            }
        }
        if !self.text.is_empty() {
            element.append_text_node(self.text.clone());
        }
        for child in &self.children {
            let there = match &child.need {
                Need::Printed => true,
                Need::Understood(_, profile) => *profile == Profile::Core,
                Need::Optional { printed, .. } => *printed,
            };
            if there {
                element.append_child(child.node.least());
            }
        }
        element
    }
}

/// An attribute's name; `{namespace}name` if it has a namespace other than that of `xml:`.
pub(super) fn attribute_name(namespace: &str, name: &str) -> String {
    match namespace {
        "" => name.to_owned(),
        ns::XML => format!("xml:{name}"),
        _ => format!("{{{namespace}}}{name}"),
    }
}

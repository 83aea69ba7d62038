//! Comparing a stanza of a run with a stanza of an example.
//!
//! It finds every difference rather than the first, since the stanza that differs least is what a
//! report shows.

use std::collections::BTreeSet;

use minidom::Element;

use super::data::Way;
use super::difference::Difference;
use super::forbidden;
use super::pattern::{Child, Need, Node, Pattern, attribute_name};
use super::run::{Run, Sent};
use crate::scenario::Profile;
use crate::stanza::ns;
use crate::time::Time;

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    pub differences: Vec<Difference>,
    /// The errata without which it would not match.
    pub errata: BTreeSet<String>,
    /// The errata that say what the printed `...` stands for.
    pub readings: BTreeSet<String>,
    /// Printed stamps and those that were found for them.
    pub stamps: Vec<(Time, Time)>,
}

/// Compare a stanza of a run with a stanza of an example. Who sent it to whom, over which hop, is
/// not looked at; the addresses of the stanza are.
pub(super) fn compare(pattern: &Pattern, sent: &Sent<'_>, run: &Run<'_>) -> Comparison {
    let mut comparer = Comparer { run, pattern, sent, result: Comparison::default() };
    comparer.stanza();
    let leaks = forbidden::in_stanza(pattern.way, sent, run);
    comparer.result.differences.extend(leaks);
    comparer.result
}

struct Comparer<'a> {
    run: &'a Run<'a>,
    pattern: &'a Pattern,
    sent: &'a Sent<'a>,
    result: Comparison,
}

impl Comparer<'_> {
    fn stanza(&mut self) {
        let (node, stanza) = (&self.pattern.node, self.sent.stanza);
        let at = node.name.as_str();
        if stanza.kind.name() != node.name {
            let child = format!("<{}/>", node.name);
            self.differs(Difference::Missing { at: String::new(), child });
        }
        let mut found: Vec<(String, &str)> =
            stanza.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        // A client need not say who it is; its server knows (RFC 6120 §8.1.2.1).
        if self.pattern.way == Way::UserToSlave && stanza.from.is_none() {
            found.push(("from".to_owned(), self.sent.from));
        }
        found.retain(|(name, _)| name != "id" && name != "xml:lang");
        self.attributes(at, node, &found);
        let children: Vec<&Element> = stanza.payloads.iter().collect();
        self.children(at, node, &children, true);
    }

    fn element(&mut self, at: &str, node: &Node, found: &Element) {
        let own = self.sent.stanza.to.as_deref().map(|to| to.as_str());
        let attributes: Vec<(String, &str)> = found
            .attrs()
            .iter()
            .map(|((namespace, name), value)| {
                (attribute_name(namespace.as_str(), name), value.as_str())
            })
            .filter(|(name, _)| name != "xml:lang")
            // XEP-0045 leaves it open whether one is shown one's own JID.
            .filter(|(name, value)| {
                !(name == "jid" && node.is("item", ns::MUC_USER) && own == Some(*value))
            })
            .collect();
        self.attributes(at, node, &attributes);
        let children: Vec<&Element> = found.children().collect();
        self.children(at, node, &children, false);
        let text = found.text();
        let blank = node.text.is_empty() && text.trim().is_empty();
        if !blank && text != node.text {
            let (at, expected) = (at.to_owned(), node.text.clone());
            self.differs(Difference::Text { at, expected, found: text });
        }
    }

    fn attributes(&mut self, at: &str, node: &Node, found: &[(String, &str)]) {
        for (name, value) in &node.attributes {
            let actual = found.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
            match value.accepts(actual, self.run) {
                Some(accepted) => {
                    self.result.errata.extend(accepted.erratum);
                    self.result.stamps.extend(accepted.stamp);
                }
                None => self.differs(Difference::Attribute {
                    at: at.to_owned(),
                    name: name.clone(),
                    expected: value.wanted(self.run),
                    found: actual.map(str::to_owned),
                }),
            }
        }
        for (name, value) in found {
            if node.attribute(name).is_none() {
                self.differs(Difference::Attribute {
                    at: at.to_owned(),
                    name: name.clone(),
                    expected: None,
                    found: Some((*value).to_owned()),
                });
            }
        }
    }

    /// The children of a stanza may come in any order, those of other elements may not.
    fn children(&mut self, at: &str, node: &Node, found: &[&Element], top: bool) {
        let mut left: Vec<Option<&Element>> = found.iter().copied().map(Some).collect();
        let mut last = 0;
        let run = self.run;
        for child in node.children.iter().filter(|child| counts(child, run)) {
            let Some((index, comparison)) = self.best(at, child, &left) else {
                self.absent(at, child);
                continue;
            };
            if index < last && !top {
                let child = tag(&child.node.name, &child.node.namespace);
                self.differs(Difference::Misplaced { at: at.to_owned(), child });
            }
            last = index;
            left[index] = None;
            self.present(child, comparison);
        }
        let rest: Vec<&Element> = left.into_iter().flatten().collect();
        for (index, extra) in rest.iter().enumerate() {
            if !self.may_be_added(node, extra, &rest[..index], top) {
                let child = tag(extra.name(), &extra.ns());
                self.differs(Difference::Extra { at: at.to_owned(), child });
            }
        }
    }

    /// Of the elements that are left the one that differs least from this child.
    fn best(
        &self,
        at: &str,
        child: &Child,
        left: &[Option<&Element>],
    ) -> Option<(usize, Comparison)> {
        let at = format!("{at}/{}", child.node.name);
        left.iter()
            .enumerate()
            .filter_map(|(index, element)| Some((index, (*element)?)))
            .filter(|(_, element)| {
                element.name() == child.node.name && same_ns(&element.ns(), &child.node.namespace)
            })
            .map(|(index, element)| {
                let mut comparer = Comparer { result: Comparison::default(), ..*self };
                comparer.element(&at, &child.node, element);
                (index, comparer.result)
            })
            .min_by_key(|(_, comparison)| comparison.differences.len())
    }

    fn present(&mut self, child: &Child, comparison: Comparison) {
        self.result.differences.extend(comparison.differences);
        self.result.errata.extend(comparison.errata);
        self.result.readings.extend(comparison.readings);
        self.result.stamps.extend(comparison.stamps);
        match &child.need {
            Need::Printed => {}
            Need::Understood(erratum, _) => {
                self.result.readings.insert(erratum.clone());
            }
            Need::Optional { printed: true, .. } => {}
            Need::Optional { erratum, printed: false } => {
                self.result.errata.insert(erratum.clone());
            }
        }
    }

    fn absent(&mut self, at: &str, child: &Child) {
        let needed = match &child.need {
            Need::Printed | Need::Understood(..) => true,
            Need::Optional { erratum, printed } => {
                if *printed {
                    self.result.errata.insert(erratum.clone());
                }
                false
            }
        };
        if needed {
            let child = tag(&child.node.name, &child.node.namespace);
            self.differs(Difference::Missing { at: at.to_owned(), child });
        }
    }

    /// Whether an element may stand in `node` although it is not printed there.
    fn may_be_added(&self, node: &Node, extra: &Element, before: &[&Element], top: bool) -> bool {
        let namespace = extra.ns();
        if top
            && IGNORED
                .iter()
                .any(|(name, ns)| namespace == *ns && name.is_none_or(|name| extra.name() == name))
        {
            return true;
        }
        if is_dmuc(&namespace) {
            return self.run.profile == Profile::Full && is_extension_only(extra);
        }
        if node.is("x", ns::MUC_USER) && extra.is("status", ns::MUC_USER) {
            let code = extra.attr("code").unwrap_or_default();
            return SELF_CODES.contains(&code) && self.sent.is_to_its_subject(self.run);
        }
        let is_x = |name: &str, namespace: &str| name == "x" && namespace == ns::MUC_USER;
        let second = is_x(extra.name(), &namespace)
            && (before.iter().any(|other| is_x(other.name(), &other.ns()))
                || node.children.iter().any(|child| {
                    is_x(&child.node.name, &child.node.namespace) && counts(child, self.run)
                }));
        node.open && !second
    }

    fn differs(&mut self, difference: Difference) {
        self.result.differences.push(difference);
    }
}

/// Whether a child is part of the example in the run's profile; if not, `...` stands for it.
fn counts(child: &Child, run: &Run<'_>) -> bool {
    match &child.need {
        Need::Understood(_, profile) => run.profile >= *profile,
        Need::Printed | Need::Optional { .. } => true,
    }
}

/// Elements of a stanza that are passed over, whatever they hold: name, if it matters, and
/// namespace.
const IGNORED: [(Option<&str>, &str); 3] =
    [(None, ns::STANZA_IDS), (None, ns::OCCUPANT_IDS), (Some("c"), ns::CAPS)];

/// Status codes that XEP-0045 has for the subject of a presence only.
pub(super) const SELF_CODES: [&str; 5] = ["100", "110", "170", "201", "210"];

/// The namespace of wallops' own extension of XEP-0282.
const SLAVE_EXTENSION: &str = "urn:xmpp:tmp:dmuc:0#slave";

/// Whether a namespace is that of XEP-0282 or an extension of it.
pub(super) fn is_dmuc(namespace: &str) -> bool {
    namespace.strip_prefix(ns::DMUC).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}

/// Whether a dmuc element would be empty without the extension's, or is the extension's.
fn is_extension_only(element: &Element) -> bool {
    element.ns() == SLAVE_EXTENSION
        || (element.children().next().is_some()
            && element.children().all(|child| child.ns() == SLAVE_EXTENSION))
}

/// The two namespaces of stanzas are one (RFC 6120 §4.8.3).
fn same_ns(one: &str, other: &str) -> bool {
    let plain = |namespace: &str| namespace == ns::CLIENT || namespace == ns::SERVER;
    one == other || (plain(one) && plain(other))
}

fn tag(name: &str, namespace: &str) -> String {
    if same_ns(namespace, ns::CLIENT) {
        format!("<{name}/>")
    } else {
        format!("<{name} xmlns='{namespace}'/>")
    }
}

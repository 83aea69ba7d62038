//! Applying the errata to the examples.

use minidom::Element;

use super::Example;
use super::data::{Cast, DataError, Erratum, Operation, Order, Patch, Printed, Rule};
use super::pattern::{Child, Need, Node, Pattern};
use super::value::Value;
use crate::scenario::Profile;
use crate::stanza::ns;

/// The example with all its errata applied.
pub(super) fn corrected(
    printed: Printed,
    errata: &[Erratum],
    cast: &Cast,
) -> Result<Example, DataError> {
    let number = printed.number;
    let (text, corrections) = corrected_text(&printed, errata)?;
    let mut nodes: Vec<Node> =
        parse(&text, number)?.children().map(|stanza| Node::new(stanza, cast)).collect();
    for (erratum, patch) in patches(errata, number) {
        if matches!(patch.operation, Operation::Replace { .. }) {
            continue;
        }
        let misfit = || DataError::Patch(erratum.number.clone(), number);
        for stanza in patch.stanzas.clone().unwrap_or_else(|| (1..=nodes.len()).collect()) {
            let node = stanza.checked_sub(1).and_then(|index| nodes.get_mut(index));
            let node = node.and_then(|node| node.descend(&patch.at)).ok_or_else(misfit)?;
            apply(erratum, patch, node, cast).ok_or_else(misfit)?;
        }
    }
    Ok(Example {
        number,
        patterns: patterns(&nodes, &printed)?,
        caption: printed.caption,
        section: printed.section,
        ways: printed.hops,
        any_order: printed.order == Order::Any,
        printed: printed.printed,
        corrections,
    })
}

/// The patches that concern an example.
fn patches(errata: &[Erratum], number: u32) -> impl Iterator<Item = (&Erratum, &Patch)> {
    errata
        .iter()
        .flat_map(|erratum| erratum.patches.iter().map(move |patch| (erratum, patch)))
        .filter(move |(erratum, patch)| {
            patch.examples.as_ref().unwrap_or(&erratum.examples).contains(&number)
        })
}

fn corrected_text(
    printed: &Printed,
    errata: &[Erratum],
) -> Result<(String, Vec<String>), DataError> {
    let mut text = printed.printed.clone();
    let mut corrections = Vec::new();
    for (erratum, patch) in patches(errata, printed.number) {
        let Operation::Replace { find, with } = &patch.operation else { continue };
        if !text.contains(find.as_str()) {
            return Err(DataError::Patch(erratum.number.clone(), printed.number));
        }
        text = text.replacen(find.as_str(), with, 1);
        corrections.push(erratum.number.clone());
    }
    Ok((text, corrections))
}

/// The stanzas, as children of one element.
fn parse(text: &str, number: u32) -> Result<Element, DataError> {
    format!("<example xmlns='{}'>{text}</example>", ns::CLIENT)
        .parse()
        .map_err(|error| DataError::Xml(number, error))
}

fn apply(erratum: &Erratum, patch: &Patch, node: &mut Node, cast: &Cast) -> Option<()> {
    let number = erratum.number.clone();
    match &patch.operation {
        Operation::Replace { .. } => Some(()),
        Operation::Set { attribute, values } => {
            let (_, value) = node.attributes.iter_mut().find(|(name, _)| name == attribute)?;
            let either = patch.rule.unwrap_or(erratum.rule) == Rule::Either;
            let printed = if either { value.least() } else { None };
            *value = Value::Corrected { erratum: number, values: values.clone(), printed };
            Some(())
        }
        Operation::Require { child, profile } => {
            let profile = profile.map_or(Profile::Core, Profile::from);
            let child = Node::new(&child.trim().parse().ok()?, cast);
            let understood = Child { node: child, need: Need::Understood(number, profile) };
            node.open.then(|| node.children.push(understood))
        }
        Operation::Allow { child, formats } => {
            let new = Node::new(&child.trim().parse().ok()?, cast);
            let same = |known: &Child| known.node.is(&new.name, &new.namespace);
            let at = node.children.iter().position(same);
            let mut new = at.map_or(new, |at| node.children.remove(at).node);
            let formats = formats.iter().map(|(name, format)| {
                let printed = new.attribute(name).and_then(Value::least);
                let erratum = number.clone();
                (name.clone(), Value::Optional { erratum, format: *format, printed })
            });
            new.attributes = formats.collect();
            let need = Need::Optional { erratum: number, printed: at.is_some() };
            let at = at.unwrap_or(node.children.len());
            node.children.insert(at, Child { node: new, need });
            Some(())
        }
    }
}

/// A pattern for each stanza and hop. A stanza's hops follow one another.
fn patterns(nodes: &[Node], printed: &Printed) -> Result<Vec<Pattern>, DataError> {
    let on_its_ways = |node: &Node| {
        let node = node.clone();
        printed
            .hops
            .iter()
            .map(move |way| {
                Pattern::new(node.clone(), *way)
                    .ok_or_else(|| DataError::Stanza(printed.number, node.name.clone()))
            })
            .collect::<Vec<_>>()
    };
    nodes.iter().flat_map(on_its_ways).collect()
}

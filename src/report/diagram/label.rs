//! What stands at an arrow.

use super::hosts::Hosts;
use crate::report::plain;
use crate::stanza::{Jid, Kind, Stanza};

/// How long what stands at an arrow is at most, in characters.
const LABEL_MAX: usize = 100;
/// How long a line is at most that tells of a stanza in full.
const TIP_MAX: usize = 600;

/// A stanza in a few words: its kind, whose it is, what it carries. Where an arrow goes is seen; so
/// to whom a stanza is addressed is told only if no room speaks in it.
pub(super) fn of(sender: &str, stanza: &Stanza, hosts: &Hosts) -> String {
    let from = stanza.from.as_deref();
    let mut words = vec![stanza.kind.name().to_owned()];
    words.extend(from.filter(|jid| jid.as_str() != sender).map(|jid| who(jid, hosts)));
    let in_a_room = |jid: &Jid| jid.resource().is_some() && !hosts.has(jid.as_str());
    if !from.is_some_and(in_a_room)
        && let Some(jid) = stanza.to.as_deref()
    {
        words.push(format!("→ {}", who(jid, hosts)));
    }
    let content = stanza.describe_content(&hosts.short);
    if !content.is_empty() {
        words.push(content);
    } else if stanza.kind == Kind::Presence {
        words.push("available".to_owned());
    }
    plain::short(&words.join(" "), LABEL_MAX)
}

/// `wallops/WiZ`, `slave`, `squit`: a JID without its domain, unless that is all that it has, and
/// without the resource of a client.
fn who(jid: &Jid, hosts: &Hosts) -> String {
    let node = match jid.node() {
        Some(node) => node.as_str(),
        None => hosts.short.domain(jid.domain().as_str()),
    };
    match jid.resource() {
        Some(resource) if !hosts.has(jid.as_str()) => format!("{node}/{}", resource.as_str()),
        _ => node.to_owned(),
    }
}

/// A line about a stanza: when, from where to where, what became of it, and what it is.
pub(super) fn tip(time: &str, route: &str, fate: &str, what: &str) -> String {
    let comma = if fate.is_empty() { "" } else { ", " };
    plain::short(&format!("{time} {route}{comma}{fate}: {what}"), TIP_MAX)
}

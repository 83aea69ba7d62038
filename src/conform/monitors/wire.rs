//! Addresses, namespaces, and the schema.

use super::super::invariants::reading::domain_of;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Passage, Room, Side};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::dmuc::XStrict;
use crate::stanza::slave::{Accept, At, Deregister, Register, Resume, State, Synced};
use crate::stanza::{Element, Kind, ns};

/// What was seen last: the copies of one thing have the same element.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// An element, and whether it is valid.
    last: Option<(Element, bool)>,
}

impl Invariant for Wire {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let here = (step.entry, *passage);
        root(here, room, findings);
        match passage.class {
            Class::ToSlave(slave) => {
                let dmuc = passage.reading.dmuc.unwrap_or_default();
                let domain = &room.slaves[slave].domain;
                if let Some(jid) = dmuc.enter.or(dmuc.leave) {
                    let own = domain_of(jid) == domain;
                    let expected = "users of the slave's own domain";
                    findings.judge("slave.same-security-domain", own, here, expected);
                }
                let idle = room.slaves[slave].master == Side::Idle;
                if passage.reading.dmuc.is_some() && !passage.reading.stanza.is_error() {
                    let expected = "nothing for a slave that is not registered";
                    let id = "slave.registered-before-traffic";
                    findings.judge(id, !idle, here, expected);
                }
                self.elements(here, findings);
            }
            Class::Own(_) => self.elements(here, findings),
            _ => {}
        }
    }
}

/// There is one root: slaves have nothing to say to one another.
fn root(here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
    let hop = here.1.hop;
    if !hop.crosses_servers() {
        return;
    }
    let to_root = *hop.from == *room.domain || *hop.to == *room.domain;
    let both_slaves = room.slave_at(&hop.from).is_some() && room.slave_at(&hop.to).is_some();
    // What one user sends to another about the room is no business of slaves.
    let by_machine = here.1.reading.from_room || room.slave_of(here.1.reading.from).is_some();
    if to_root {
        findings.kept("arch.single-root");
    } else if both_slaves && by_machine {
        let expected = "nothing between slaves";
        findings.judge("arch.single-root", false, here, expected);
    }
}

impl Wire {
    /// XEP-0282's elements are in its namespace, and as the schema wants them.
    fn elements(&mut self, here: (usize, &Passage<'_>), findings: &mut Findings) {
        for payload in here.1.hop.stanza.payloads.iter() {
            let exact = ns::is_dmuc(payload);
            // What users say is theirs, whatever it looks like.
            let said = here.1.reading.stanza.kind == Kind::Message && !exact;
            if said || !(exact || payload.ns().contains(":dmuc")) {
                continue;
            }
            let expected = "`urn:xmpp:tmp:dmuc:0` as the namespace";
            findings.judge("ns.exact", exact, here, expected);
            if exact {
                let expected = "what the schema of XEP-0282 allows";
                findings.judge("schema.valid", self.is_valid(payload), here, expected);
            }
        }
    }

    fn is_valid(&mut self, payload: &Element) -> bool {
        match &self.last {
            Some((last, valid)) if last == payload => *valid,
            _ => {
                let valid = is_valid(payload);
                self.last = Some((payload.clone(), valid));
                valid
            }
        }
    }
}

/// The XEP's own elements, and those of the extension, each as its schema has them.
fn is_valid_x(x: &Element) -> bool {
    let mut own = x.clone();
    while own.remove_child("at", ns::SLAVE).is_some()
        || own.remove_child("state", ns::SLAVE).is_some()
        || own.remove_child("synced", ns::SLAVE).is_some()
    {}
    XStrict::try_from(own).is_ok()
        && x.children().filter(|child| child.has_ns(ns::SLAVE)).all(|child| match child.name() {
            "at" => At::try_from(child.clone()).is_ok(),
            "state" => State::try_from(child.clone()).is_ok(),
            _ => Synced::try_from(child.clone()).is_ok(),
        })
}

fn is_valid(payload: &Element) -> bool {
    let clone = || payload.clone();
    match payload.name() {
        "x" => is_valid_x(payload),
        "register" => Register::try_from(clone()).is_ok(),
        "accept" => Accept::try_from(clone()).is_ok(),
        "deregister" => Deregister::try_from(clone()).is_ok(),
        "resume" => Resume::try_from(clone()).is_ok(),
        "offer" | "resync" | "at" | "synced" | "state" | "query" => true,
        _ => false,
    }
}

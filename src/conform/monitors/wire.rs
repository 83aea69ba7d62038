//! Addresses, namespaces, and the schema.

use super::super::invariants::reading::domain_of;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
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
                    findings.judge("slave.same-security-domain", own, here, expected, || {
                        Wrong::of(format!("{jid} is none of {domain}"))
                    });
                }
                let idle = room.slaves[slave].master == Side::Idle;
                if passage.reading.dmuc.is_some() && !passage.reading.stanza.is_error() {
                    let expected = "nothing for a slave that is not registered";
                    let id = "slave.registered-before-traffic";
                    findings.judge(id, !idle, here, expected, || {
                        let slave = &room.slaves[slave].jid;
                        Wrong::of(format!("{slave} is not registered, and is sent this"))
                    });
                }
                self.elements(here, findings);
            }
            Class::Own(_) => self.elements(here, findings),
            Class::Stray => {
                // As he sent it.
                let to_slave = room.slave_of(passage.reading.to).is_some();
                if to_slave && *passage.hop.from == *room.domain && !passage.reading.from_room {
                    let expected = "the address of an occupant as the sender";
                    let words = format!("it is from {}", passage.reading.from);
                    let id = "master.broadcast.from-occupant";
                    findings.wrong(id, here, expected, Wrong::of(words));
                }
            }
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
        let words = format!("{} sends it to {}: both have slaves", hop.from, hop.to);
        findings.wrong("arch.single-root", here, expected, Wrong::of(words));
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
            findings.judge("ns.exact", exact, here, expected, || {
                Wrong::of(format!("<{}/> is in `{}`", payload.name(), payload.ns()))
            });
            if exact {
                let expected = "what the schema of XEP-0282 allows";
                findings.judge("schema.valid", self.is_valid(payload), here, expected, || {
                    let flaw = flaw(payload).unwrap_or_default();
                    let (name, ns) = (payload.name(), payload.ns());
                    Wrong::of(format!("<{name}/> of `{ns}` is not valid: {flaw}"))
                });
            }
        }
    }

    fn is_valid(&mut self, payload: &Element) -> bool {
        match &self.last {
            Some((last, valid)) if last == payload => *valid,
            _ => {
                let valid = flaw(payload).is_none();
                self.last = Some((payload.clone(), valid));
                valid
            }
        }
    }
}

/// What the schema has against the XEP's own element, or against those of the extension in it.
fn flaw_in_x(x: &Element) -> Option<String> {
    if !x.children().any(|child| child.has_ns(ns::SLAVE)) {
        return flaw_of::<XStrict>(x);
    }
    let mut own = x.clone();
    while own.remove_child("at", ns::SLAVE).is_some()
        || own.remove_child("state", ns::SLAVE).is_some()
        || own.remove_child("synced", ns::SLAVE).is_some()
    {}
    let mut ours = x.children().filter(|child| child.has_ns(ns::SLAVE));
    flaw_of::<XStrict>(&own).or_else(|| {
        ours.find_map(|child| match child.name() {
            "at" => flaw_of::<At>(child),
            "state" => flaw_of::<State>(child),
            _ => flaw_of::<Synced>(child),
        })
    })
}

/// What the schema has against an element.
fn flaw(payload: &Element) -> Option<String> {
    match payload.name() {
        "x" => flaw_in_x(payload),
        "register" => flaw_of::<Register>(payload),
        "accept" => flaw_of::<Accept>(payload),
        "deregister" => flaw_of::<Deregister>(payload),
        "resume" => flaw_of::<Resume>(payload),
        "offer" | "resync" | "at" | "synced" | "state" | "query" => None,
        _ => Some("there is no such element".to_owned()),
    }
}

fn flaw_of<T: TryFrom<Element>>(element: &Element) -> Option<String>
where
    T::Error: std::fmt::Display,
{
    T::try_from(element.clone()).err().map(|error| error.to_string())
}

//! Nobody can tell a distributed room from a plain one, and slaves keep to their own:
//! INV-TRANSPARENT, INV-DOMAIN.

use super::Invariant;
use super::findings::Findings;
use super::reading::domain_of;
use super::room::{Class, Passage, Privileges, Room};
use super::steps::{Happening, Step};
use crate::stanza::{Element, ns};
use crate::transcript::is_client;

/// Both of them; nothing has to be remembered.
#[derive(Debug, Default)]
pub(super) struct Transparency;

impl Invariant for Transparency {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        match passage.class {
            Class::Down(_) => {
                transparent(step.entry, passage, room, findings);
                at_home(step.entry, passage, room, findings);
            }
            Class::ToUser(Some(_)) => transparent(step.entry, passage, room, findings),
            Class::Stray => stray(step.entry, passage, room, findings),
            _ => {}
        }
    }
}

fn transparent(entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
    let reading = &passage.reading;
    let names_slave = |value: &str| room.slaves.iter().any(|slave| slave.jid == value);
    let shown = reading.stanza.payloads.iter().any(|payload| {
        any_element(payload, &|element| {
            ns::is_dmuc(element) || element.attrs().iter().any(|(_, value)| names_slave(value))
        })
    });
    if shown {
        let expected = "nothing of XEP-0282 and of slaves for a user";
        findings.stanza("INV-TRANSPARENT", entry, passage, expected, &[]);
        return;
    }
    // Nothing is asked of what an occupant says for himself.
    let of_occupant = reading.is_presence() && reading.nick.is_some();
    if of_occupant && Privileges::of(reading).is_none() {
        let expected = "presence that says what an occupant may do (XEP-0045 §7.2.3)";
        findings.stanza("INV-TRANSPARENT", entry, passage, expected, &[]);
    }
}

fn any_element(element: &Element, is_it: &impl Fn(&Element) -> bool) -> bool {
    is_it(element) || element.children().any(|child| any_element(child, is_it))
}

/// What a server hands to a client is for its own domain.
fn at_home(entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
    let (from, to) = (&passage.hop.from, &passage.hop.to);
    if domain_of(to) != &**from && **from != *room.domain {
        let expected = "a slave to serve its own domain only";
        findings.stanza("INV-DOMAIN", entry, passage, expected, &[]);
    }
}

/// What a slave sends goes to the master; what it says for the room, to its own users.
fn stray(entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
    let reading = &passage.reading;
    let between_slaves =
        room.slave_of(reading.from).is_some() && room.slave_of(reading.to).is_some();
    let for_room = reading.from_room && !is_client(&passage.hop.to);
    // What the room sends itself is on its way to where it is to go.
    let by_room = *passage.hop.from == *room.domain;
    if between_slaves || (for_room && !by_room) {
        let expected = "a slave to talk to the master and to its own users only";
        findings.stanza("INV-DOMAIN", entry, passage, expected, &[]);
    }
}

//! Nobody can tell a distributed room from a plain one, and slaves keep to their own:
//! INV-TRANSPARENT, INV-DOMAIN.

use super::Invariant;
use super::findings::{Findings, Wrong};
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
    let slave = |value: &str| room.slaves.iter().find(|slave| slave.jid == value);
    let shown = reading.stanza.payloads.iter().find_map(|payload| {
        find_in(payload, &|element| {
            let named = || element.attrs().iter().find_map(|(_, value)| slave(value));
            match ns::is_dmuc(element) {
                true => Some(format!("there is <{}/> of {} in it", element.name(), element.ns())),
                false => named().map(|slave| format!("it names {}", slave.jid)),
            }
        })
    });
    if let Some(words) = shown {
        let expected = "nothing of XEP-0282 and of slaves for a user";
        findings.wrong("INV-TRANSPARENT", (entry, passage), expected, Wrong::of(words));
        return;
    }
    // Nothing is asked of what an occupant says for himself.
    let of_occupant = reading.is_presence() && reading.nick.is_some();
    if of_occupant && Privileges::of(reading).is_none() {
        let expected = "presence that says what an occupant may do (XEP-0045 §7.2.3)";
        let words = "it has no item with an affiliation and a role";
        findings.wrong("INV-TRANSPARENT", (entry, passage), expected, Wrong::of(words));
    }
}

/// What there is to say of the first element in this one of which there is something.
fn find_in(element: &Element, say: &impl Fn(&Element) -> Option<String>) -> Option<String> {
    say(element).or_else(|| element.children().find_map(|child| find_in(child, say)))
}

/// What a server hands to a client is for its own domain.
fn at_home(entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
    let (from, to) = (&passage.hop.from, &passage.hop.to);
    if domain_of(to) != &**from && **from != *room.domain {
        let expected = "a slave to serve its own domain only";
        let words = format!("{from} tells it {to}, who is of another domain");
        findings.wrong("INV-DOMAIN", (entry, passage), expected, Wrong::of(words));
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
        let (from, to) = (&passage.hop.from, &passage.hop.to);
        let words = match between_slaves {
            true => format!("{} sends it to {}: both are slaves", reading.from, reading.to),
            false => format!("{from} sends it for the room to {to}, and is not the master"),
        };
        findings.wrong("INV-DOMAIN", (entry, passage), expected, Wrong::of(words));
    }
}

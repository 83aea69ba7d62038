//! How a room begins and ends: locked until its creator has accepted it, destroyed by its owner or
//! when nobody is left, shut down with its service (XEP-0045 §10.1, §10.9, §15.6.2).
//!
//! The end is one event, from the room's own address. Each slave expands it to its users
//! (`docs/dmuc2-slave.md`); a slave that is split is told as soon as it is back, so that until then
//! the room is over but not forgotten.

use super::fanout::{Event, copy};
use super::*;
use crate::room::item::status;
use crate::room::{Affiliation, Item};
use crate::stanza::{Element, element};

/// Where people are sent when a room is destroyed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Venue {
    /// The address of another room.
    pub jid: Option<Jid>,
    /// Why the room is destroyed.
    pub reason: Option<String>,
    /// What to say at the door of the other room.
    pub password: Option<String>,
}

impl Master {
    /// Its creator is about to configure it: nobody else may enter (XEP-0045 §10.1.1).
    pub(in crate::dmuc) fn lock(&mut self) {
        self.locked = true;
        self.entered = true;
    }

    /// Its owner has configured it, or accepts it as it is: it is open now.
    pub(super) fn unlock(&mut self) {
        self.locked = false;
    }

    /// Whether there is nothing left of it: it is over, and every slave knows.
    pub(in crate::dmuc) fn is_forgotten(&self) -> bool {
        self.is_over() && self.links.iter().all(|link| link.state != LinkState::Split)
    }

    /// Whether it was destroyed or shut down.
    pub(in crate::dmuc) fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Its owner destroys it (XEP-0045 §10.9).
    pub(super) fn destroy(&mut self, now: Time, venue: &Venue, out: &mut Vec<Output>) {
        let mut destroy = element("destroy", ns::MUC_USER, &[]);
        if let Some(jid) = &venue.jid {
            destroy = crate::stanza::attribute(destroy, "jid", jid.as_str());
        }
        for (name, text) in [("reason", &venue.reason), ("password", &venue.password)] {
            if let Some(text) = text {
                let mut child = element(name, ns::MUC_USER, &[]);
                child.append_text(text.as_str());
                destroy.append_child(child);
            }
        }
        self.end(now, &[destroy], out);
    }

    /// The service goes down (XEP-0045 §15.6.2).
    pub(in crate::dmuc) fn shut_down(&mut self, now: Time, out: &mut Vec<Output>) {
        self.end(now, &[status(332)], out);
    }

    /// A room that is not persistent goes with its last occupant. Those behind a slave that is
    /// split are still in it.
    pub(in crate::dmuc) fn end_if_empty(&mut self, now: Time, out: &mut Vec<Output>) {
        let split = self.links.iter().any(|link| link.state == LinkState::Split);
        let temporary = self.entered && !self.config.persistent;
        if temporary && self.occupants.is_empty() && !split && !self.is_over() {
            self.destroy(now, &Venue::default(), out);
        }
    }

    fn end(&mut self, now: Time, said: &[Element], out: &mut Vec<Output>) {
        let item = Item {
            affiliation: Some(Affiliation::None),
            role: Some(Role::None),
            ..Item::default()
        };
        let stanza = Stanza::presence(Type::Unavailable)
            .with_from(self.address.clone())
            .with_payload(item.element_before(said));
        let occupants = std::mem::take(&mut self.occupants);
        self.nicks.clear();
        self.direct = 0;
        self.ended = Some(stanza.clone());
        for link in self.links.iter_mut() {
            link.moderators = 0;
        }
        self.event(now, Event { stanza, logged: Logged::Ended, subject: &[], except: &[] }, out);
        for occupant in occupants.values() {
            self.tell_end(occupant, said, out);
        }
        for link in self.links.iter_mut().filter(|link| link.state == LinkState::Active) {
            link.state = LinkState::Unborn { at_start: false };
        }
        self.forget_registered();
    }

    /// Each direct session is told that it is out itself, and of nobody else.
    fn tell_end(&self, occupant: &Occupant, said: &[Element], out: &mut Vec<Output>) {
        let direct = occupant.sessions.iter().filter(|(_, session)| session.via.is_none());
        for (session, _) in direct {
            let item = Item {
                affiliation: Some(occupant.seat.affiliation.clone()),
                role: Some(Role::None),
                jid: Some(session),
                ..Item::default()
            };
            let stanza = Stanza::presence(Type::Unavailable)
                .with_from(occupant.seat.occupant.clone())
                .with_payload(item.element_after(said, &[110]));
            out.push(Output::Send(copy(&stanza, session, stanza.payloads.clone())));
        }
    }

    /// A slave that was split when the room ended is back, or is given up.
    pub(super) fn tell_late_end(&mut self, index: usize, out: &mut Vec<Output>) {
        let Some(stanza) = &self.ended else { return };
        let link = &self.links[index];
        out.push(self.note(&link.jid, Change::Resyncing));
        out.push(Output::Send(copy(stanza, &link.jid, stanza.payloads.clone())));
        self.links[index].state = LinkState::Unborn { at_start: false };
    }
}

//! Broadcast: one event, one copy for each slave, one for each direct occupant.

use super::*;
use crate::room::Item;
use crate::room::audience::Renderings;
use crate::room::history::delay_element;
use crate::stanza::{element, ns};

impl Master {
    /// A presence of `nick` to everybody but `except`: to all slaves that are not split, and to
    /// all direct occupants.
    pub(super) fn broadcast_presence(
        &self,
        presence: &Stanza,
        except: Option<&Jid>,
        subject: &Jid,
        out: &mut Vec<Output>,
    ) {
        let mut copies = Renderings::new(&presence.payloads);
        for link in self.links.iter().filter(|link| link.state == LinkState::Active) {
            let jids = self.shows_jids(link);
            let payloads = copies.of(Audience::Slave { jids });
            out.push(Output::Send(copy(presence, &link.jid, payloads)));
        }
        if self.direct == 0 {
            return;
        }
        for occupant in self.occupants.values().filter(|occupant| occupant.via.is_none()) {
            if except == Some(&*occupant.session) {
                continue;
            }
            let payloads = if *occupant.session == *subject {
                let jids = self.sees_jids(&occupant.seat.role);
                Audience::Own { jid: subject, jids }.render(&presence.payloads)
            } else {
                copies.of(Audience::Other { jids: self.sees_jids(&occupant.seat.role) })
            };
            out.push(Output::Send(copy(presence, &occupant.session, payloads)));
        }
    }

    /// A groupchat message to everybody: with XEP-0282's delay to slaves
    /// (`master.broadcast.delay-in-dmuc`), as it is to direct occupants.
    pub(super) fn broadcast_message(&self, message: &StoredMessage, out: &mut Vec<Output>) {
        let mut stanza = Stanza::message(Type::Groupchat).with_from(message.from.clone());
        stanza.id.clone_from(&message.id);
        stanza.lang.clone_from(&message.lang);
        let stamped = stamped(message, false);
        for link in self.links.iter().filter(|link| link.state == LinkState::Active) {
            out.push(Output::Send(copy(&stanza, &link.jid, stamped.clone())));
        }
        if self.direct == 0 {
            return;
        }
        for occupant in self.occupants.values().filter(|occupant| occupant.via.is_none()) {
            out.push(Output::Send(copy(&stanza, &occupant.session, message.payloads.clone())));
        }
    }

    /// Whether this slave gets real JIDs (`master.presence.jid-with-moderators`).
    pub(super) fn shows_jids(&self, link: &Link) -> bool {
        self.config.whois == Whois::Anyone || link.moderators > 0
    }

    /// The presence payloads of an occupant: his own, then what the room says of him.
    pub(super) fn describe(
        &self,
        occupant: &Occupant,
        own: &[crate::stanza::Element],
        item: Item<'_>,
        codes: &[u16],
    ) -> Payloads {
        let seat = &occupant.seat;
        let item = Item {
            affiliation: item.affiliation.or_else(|| Some(seat.affiliation.clone())),
            role: item.role.or_else(|| Some(seat.role.clone())),
            jid: Some(&occupant.session),
            ..item
        };
        Arc::new(own.iter().cloned().chain([item.element(codes)]).collect())
    }
}

/// The payloads of a message for a slave. Initial history has the mark that it is to be stored
/// only.
pub(super) fn stamped(message: &StoredMessage, initial: bool) -> Payloads {
    let mut x = element("x", ns::DMUC, &[]);
    if initial {
        x.append_child(element("history", ns::DMUC, &[]));
    }
    x.append_child(delay_element(&message.from, message.stamp));
    let mut payloads = Vec::clone(&message.payloads);
    payloads.push(x);
    Arc::new(payloads)
}

pub(super) fn copy(stanza: &Stanza, to: &Arc<Jid>, payloads: Payloads) -> Stanza {
    stanza.clone().with_to(to.clone()).with_payloads(payloads)
}

//! Leaving the room, by one's own will or not (XEP-0045 §7.14, §8.2, §9.1; XEP-0282 LEAVE).

use super::fanout::copy;
use super::log::{Gone, Logged};
use super::*;
use crate::dmuc::own_payloads;
use crate::room::{Affiliation, Item};
use crate::stanza::{Element, dmuc};

/// How somebody goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Departure<'a> {
    /// Status codes, 110 not among them.
    pub codes: &'a [u16],
    /// Who removes him: nick and JID.
    pub actor: Option<(&'a str, &'a Jid)>,
    /// Why he is removed.
    pub reason: Option<&'a str>,
    /// The payloads of his own unavailable presence.
    pub own: Vec<Element>,
    /// The affiliation that he has from now on, if it is another one.
    pub affiliation: Option<Affiliation>,
}

impl Master {
    /// An occupant leaves.
    pub(super) fn leave(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(session) = stanza.from.clone() else { return };
        match self.occupant_of(&session).map(|(nick, _)| nick.clone()) {
            Some(nick) => {
                let own = own_payloads(stanza);
                self.remove(now, &nick, &Departure { own, ..Departure::default() }, out);
            }
            None => self.confirm_absence(stanza, &session, out),
        }
    }

    /// Somebody behind a slave leaves who is not in the room: he was removed while his slave was
    /// away, or his leave comes twice. LEAVE tells the slave that he is not expected any more.
    fn confirm_absence(&self, stanza: &Stanza, session: &Jid, out: &mut Vec<Output>) {
        let Some(link) = self.serving_link(session).map(|link| &self.links[link]) else { return };
        let (Some(to), Ok(jid)) = (&stanza.to, session.try_as_full()) else { return };
        if to.resource().is_none() || link.state != LinkState::Active {
            return;
        }
        let item = Item {
            affiliation: Some(self.affiliation(&session.to_bare())),
            role: Some(Role::None),
            ..Item::default()
        };
        let leave = leave_element(jid.clone());
        let presence = Stanza::presence(Type::Unavailable)
            .with_from(to.clone())
            .with_to(link.jid.clone())
            .with_payloads(vec![leave, item.element(&[110])]);
        out.push(Output::Send(presence));
    }

    /// Take this nick out of the room: LEAVE to his slave or the news to himself, then the
    /// departure to everybody.
    pub(super) fn remove(
        &mut self,
        now: Time,
        nick: &str,
        departure: &Departure<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.shift_remove(nick) else { return };
        self.nicks.remove(&occupant.session);
        self.direct -= usize::from(occupant.via.is_none());
        // First of all: without him there may be nobody left who may see JIDs, not even his own.
        if let (Some(link), Role::Moderator) = (occupant.via, &occupant.seat.role) {
            self.recount_moderators(link);
        }
        let item = Item {
            affiliation: departure.affiliation.clone(),
            role: Some(Role::None),
            actor: departure.actor,
            reason: departure.reason,
            ..Item::default()
        };
        let farewell = self.describe(&occupant, &departure.own, item, departure.codes);
        let presence = Stanza::presence(Type::Unavailable)
            .with_from(occupant.seat.occupant.clone())
            .with_payloads(farewell.clone());
        match occupant.via {
            Some(link) if !self.links[link].is_gone() => {
                self.send_leave(link, &occupant.session, &presence, out);
            }
            _ => {
                let jids = self.sees_jids(&Role::None);
                let own = Audience::Own { jid: &occupant.session, jids }.render(&farewell);
                out.push(Output::Send(copy(&presence, &occupant.session, own)));
            }
        }
        self.broadcast_presence(&presence, None, &occupant.session, out);
        let gone = Gone {
            nick: nick.to_owned(),
            session: occupant.session,
            via: occupant.via,
            farewell,
            renamed: false,
        };
        self.log.push(now, Logged::Gone(gone));
    }

    /// LEAVE, if the slave may be told anything now.
    pub(super) fn send_leave(
        &self,
        link: usize,
        session: &Arc<Jid>,
        departure: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let link = &self.links[link];
        let Ok(jid) = session.try_as_full() else { return };
        if link.state != LinkState::Active {
            return;
        }
        // Who is out is no moderator any more.
        let jids = self.sees_jids(&Role::None);
        let own = Audience::Own { jid: session, jids }.render(&departure.payloads);
        let own = Audience::Slave { jids: self.shows_jids(link) }.render(&own);
        let leave = leave_element(jid.clone());
        let payloads: Vec<_> = [leave].into_iter().chain(own.iter().cloned()).collect();
        out.push(Output::Send(copy(departure, &link.jid, Arc::new(payloads))));
    }

    /// An error that came back for something that the room sent to an occupant: if it says that
    /// he cannot be reached, he is gone (XEP-0045, Ghost Users). Behind a slave a lost connection
    /// says nothing of one user.
    pub(super) fn delivery_error(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(error) = stanza.error() else { return };
        let Some((nick, occupant)) = stanza.from.as_ref().and_then(|from| self.occupant_of(from))
        else {
            return;
        };
        let unreachable = match error.defined_condition {
            Condition::Gone { .. }
            | Condition::ItemNotFound
            | Condition::RecipientUnavailable
            | Condition::Redirect { .. } => true,
            Condition::ServiceUnavailable
            | Condition::JidMalformed
            | Condition::RemoteServerNotFound
            | Condition::RemoteServerTimeout => occupant.via.is_none(),
            _ => false,
        };
        if unreachable {
            let nick = nick.clone();
            self.remove(now, &nick, &Departure { codes: &[333], ..Departure::default() }, out);
        }
    }

    /// Remove everybody whom this slave serves, with 333.
    pub(super) fn remove_behind(&mut self, now: Time, link: usize, out: &mut Vec<Output>) {
        let behind = self.occupants.iter().filter(|(_, occupant)| occupant.via == Some(link));
        let nicks: Vec<_> = behind.map(|(nick, _)| nick.clone()).collect();
        for nick in nicks {
            self.remove(now, &nick, &Departure { codes: &[333], ..Departure::default() }, out);
        }
    }
}

fn leave_element(jid: crate::stanza::FullJid) -> Element {
    dmuc::X { leave: Some(dmuc::Leave { jid }), ..dmuc::X::default() }.into()
}

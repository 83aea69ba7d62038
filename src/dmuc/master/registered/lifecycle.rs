//! The end of a registration, by either side or by time, and the offer of one
//! (`docs/dmuc2-slave.md`, Deregistration and Offer).

use super::farewells::expels;
use super::*;
use crate::stanza::slave::Deregister;
use crate::stanza::{Element, attribute, element, ns};

impl Master {
    /// A slave ends its registration: its occupants are served directly from now on. Who is not
    /// registered has nothing to end, and is told that it has.
    pub(super) fn slave_deregisters(
        &mut self,
        stanza: &Stanza,
        link: Option<usize>,
        out: &mut Vec<Output>,
    ) {
        let payload = stanza.payload("deregister", ns::SLAVE).cloned();
        let Some(Ok(deregister)) = payload.map(Deregister::try_from) else {
            let text = Some("malformed deregister");
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, text, out);
        };
        let registered = link.and_then(|index| self.links[index].registered().zip(Some(index)));
        if let Some((slave, index)) = registered {
            let other = deregister.instance.is_some_and(|instance| instance != slave.instance);
            if other {
                return refuse(stanza, ErrorType::Cancel, Condition::Conflict, None, out);
            }
            out.push(Output::Send(stanza.result_reply(vec![])));
            return self.release(index, out);
        }
        out.push(Output::Send(stanza.result_reply(vec![])));
    }

    /// The master ends a registration. What follows goes to the occupants themselves.
    pub(super) fn end_registration(
        &mut self,
        index: usize,
        reason: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        let id = self.registry.id("dereg");
        let mut deregister = element("deregister", ns::SLAVE, &[]);
        if let Some(slave) = self.links[index].registered() {
            deregister = attribute(deregister, "instance", &slave.instance);
        }
        if let Some(text) = reason {
            let mut reason = element("reason", ns::SLAVE, &[]);
            reason.append_text(text);
            deregister.append_child(reason);
        }
        let request = Stanza::iq(Type::Set, &id)
            .with_from(self.address.clone())
            .with_to(self.links[index].jid.clone())
            .with_payload(deregister);
        out.push(Output::Send(request));
        self.release(index, out);
    }

    /// The operator ends the registration of this slave. `false` if it has none.
    pub(in crate::dmuc) fn deregister(&mut self, slave: &Jid, out: &mut Vec<Output>) -> bool {
        let registered = |link: &Link| *link.jid == *slave && link.registered().is_some();
        let Some(index) = self.links.iter().position(registered) else { return false };
        self.end_registration(index, None, out);
        true
    }

    /// Its occupants are direct from now on, and its place is free.
    fn release(&mut self, index: usize, out: &mut Vec<Output>) {
        let sessions = self.occupants.values_mut().flat_map(|o| o.sessions.values_mut());
        for session in sessions.filter(|session| session.via == Some(index)) {
            session.via = None;
            self.direct += 1;
        }
        out.push(self.note(&self.links[index].jid, Change::Deregistered));
        self.vacate(index);
    }

    /// The room is over: no registration is left. Who was split and asks again is told so.
    pub(in crate::dmuc::master) fn forget_registered(&mut self) {
        for index in 0..self.links.len() {
            if self.links[index].registered().is_some() {
                self.vacate(index);
            }
        }
    }

    /// What is left of the room for slaves that do not know its end yet; nothing as long as it
    /// lasts, and if it was only shut down.
    pub(in crate::dmuc) fn tombstone(&self) -> Option<Tombstone> {
        let destroy = self.ended.as_ref()?.payload("x", ns::MUC_USER)?;
        let destroy = destroy.get_child("destroy", ns::MUC_USER)?;
        let venue = destroy.attr("jid").and_then(|jid| Jid::new(jid).ok());
        let said = |name| destroy.get_child(name, ns::MUC_USER).map(Element::text);
        let (password, reason) = (said("password"), said("reason"));
        Some(Tombstone { room: self.registry.room.clone(), venue, password, reason })
    }

    pub(super) fn vacate(&mut self, index: usize) {
        self.links[index] = Link::vacant(&self.address, self.registry.timers, self.opened);
    }

    /// Give up a slave that has been away for too long, with its occupants. If its host is there,
    /// they are told themselves: they may enter again without it.
    pub(super) fn give_up_registered(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        let link = &mut self.links[index];
        let expired =
            link.pinger.split_since().is_some_and(|since| now >= since + link.pinger.expiry());
        let gone = link.gone_until.is_some_and(|until| now >= until);
        if link.state != LinkState::Split || !(expired || gone) {
            return;
        }
        // Who is gone for good is served directly for his last stanza.
        link.expired = gone;
        let jid = link.jid.clone();
        self.remove_behind(now, index, out);
        if let LinkKind::Registered(slave) = &mut self.links[index].kind {
            let farewells = std::mem::take(&mut slave.farewells).for_the_next(gone);
            self.registry.given_up.insert(jid.domain().to_string(), (now, farewells));
        }
        out.push(self.note(&jid, Change::Expired));
        self.vacate(index);
    }

    /// The operator has the room offer a slave to this domain. One that does not answer is not
    /// asked again for an hour.
    pub(in crate::dmuc) fn offer(&mut self, now: Time, domain: &str, out: &mut Vec<Output>) {
        self.registry.prune(now);
        let served = self.links.iter().any(|link| link.is_born() && link.domain == domain);
        let offered = self.registry.offers.contains_key(domain);
        let full = self.registry.offers.len() >= OFFERS_MAX;
        let Ok(to) = Jid::new(domain) else { return };
        if served || offered || full || !self.registry.open || !self.config.distributed {
            return out.push(self.note(&to, Change::Ignored));
        }
        let id = self.registry.id("of");
        let offer = Stanza::iq(Type::Set, &id)
            .with_from(self.address.clone())
            .with_to(to)
            .with_payload(element("offer", ns::SLAVE, &[]));
        self.registry.offers.insert(domain.to_owned(), (id, now));
        out.push(Output::Send(offer));
    }

    /// Whether this answers an offer. It gives no rights; who wants to, registers.
    pub(in crate::dmuc::master) fn is_answer_to_offer(&mut self, stanza: &Stanza) -> bool {
        let (Some(from), Some(id)) = (&stanza.from, &stanza.id) else { return false };
        let offers = &mut self.registry.offers;
        let answers = offers.get(from.as_str()).is_some_and(|(offer, _)| **offer == **id);
        answers && offers.remove(from.as_str()).is_some()
    }

    /// How these sessions leave, until the slave of each surely knows. `by`: who removes them. What
    /// the room tells somebody itself may be lost: if it expels him, a slave that registers and
    /// takes him for one of its users has to hear of it.
    pub(in crate::dmuc::master) fn remember_farewell(
        &mut self,
        now: Time,
        occupant: &Occupant,
        sessions: &[Arc<Jid>],
        farewell: &Payloads,
        by: Option<&Jid>,
    ) {
        let seq = self.log.seq();
        for session in sessions {
            let Some(link) = occupant.via(session) else {
                if expels(farewell) && self.serving_link(session).is_none() {
                    self.registry.expel(now, session, farewell, seq);
                }
                continue;
            };
            if let LinkKind::Registered(slave) = &mut self.links[link].kind {
                let since = (slave.pings, seq);
                slave.farewells.add(session.clone(), farewell.clone(), since, by);
            }
        }
    }

    /// The first moderator behind a slave is about to enter: it needs the JIDs of all others.
    /// Nothing is to come between his arrival and his ENTER.
    pub(in crate::dmuc::master) fn prepare_moderator(
        &mut self,
        now: Time,
        via: Option<usize>,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(index) = via.filter(|via| self.links[*via].registered().is_some()) else { return };
        let moderates = self.occupants.get(nick).is_some_and(|o| o.seat.role == Role::Moderator);
        let hidden = self.config.whois == Whois::Moderators;
        let link = &self.links[index];
        if !moderates || link.jids_since.is_some() || link.state != LinkState::Active {
            return;
        }
        self.recount_moderators(index);
        let others = self.occupants.iter().filter(|(other, _)| hidden && *other != nick);
        for (_, other) in others.filter(|(_, other)| other.shown) {
            self.send_presence(index, other, out);
        }
        self.links[index].jids_since = Some(now);
    }

    /// The session is in the room again.
    pub(in crate::dmuc::master) fn forget_farewell(&mut self, via: Option<usize>, session: &Jid) {
        self.registry.forget_expelled(session);
        let link = via.map(|link| &mut self.links[link].kind);
        if let Some(LinkKind::Registered(slave)) = link {
            slave.farewells.forget(session);
        }
    }

    /// A session that was in the room before its domain's slave asks to enter again: from now on
    /// the slave serves it.
    pub(in crate::dmuc::master) fn hand_over(&mut self, session: &Arc<Jid>) {
        let active = |link: &usize| self.links[*link].state == LinkState::Active;
        if let Some(link) = self.serving_link(session).filter(active) {
            self.serve_via(link, session);
        }
    }
}

/// How long an offer that is not answered is not repeated.
pub(super) const OFFER_PAUSE: Duration = Duration::from_secs(3600);

/// How many offers may be open.
const OFFERS_MAX: usize = 1000;

//! The master's side of keepalive and split detection.

use super::*;
use crate::dmuc::pinger::Due;
use crate::stanza::element;
use crate::time::Duration;

impl Master {
    /// When something is due next.
    pub(in crate::dmuc) fn deadline(&self) -> Option<Time> {
        self.links.iter().filter_map(|link| self.link_deadline(link)).min()
    }

    fn link_deadline(&self, link: &Link) -> Option<Time> {
        if link.registered().is_some() {
            return self.registered_deadline(link);
        }
        match link.state {
            LinkState::Unborn { at_start: false } => None,
            LinkState::Unborn { at_start: true } => Some(link.confirmed),
            LinkState::Active => link.pinger.deadline(),
            LinkState::Split => {
                let expiry = link.pinger.split_since().map(|since| since + link.pinger.expiry());
                let given_up = expiry.into_iter().chain(link.gone_until).min();
                let given_up = given_up.filter(|_| !link.expired);
                link.pinger.deadline().into_iter().chain(given_up).min()
            }
        }
    }

    /// Do what is due.
    pub(in crate::dmuc) fn tick(&mut self, now: Time, out: &mut Vec<Output>) {
        for index in 0..self.links.len() {
            if self.link_deadline(&self.links[index]).is_none_or(|deadline| deadline > now) {
                continue;
            }
            if self.links[index].registered().is_some() {
                self.registered_tick(now, index, out);
                continue;
            }
            if let LinkState::Unborn { .. } = self.links[index].state {
                self.create(now, index, out);
                continue;
            }
            match self.links[index].pinger.due(now) {
                Some(Due::Ping) => drop(self.ping(now, index, out)),
                Some(Due::Split) => self.split(now, index, out),
                None => {}
            }
            self.give_up(now, index, out);
        }
    }

    /// Remove the occupants of a slave that has been away for too long.
    fn give_up(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        let link = &self.links[index];
        let expired = |since| now >= since + link.pinger.expiry();
        let due = link.pinger.split_since().is_some_and(expired)
            || link.gone_until.is_some_and(|until| now >= until);
        if link.state == LinkState::Split && due && !link.expired {
            self.links[index].expired = true;
            if self.is_over() {
                self.links[index].state = LinkState::Unborn { at_start: false };
            }
            self.remove_behind(now, index, out);
        }
    }

    pub(super) fn ping(&mut self, now: Time, index: usize, out: &mut Vec<Output>) -> String {
        self.pings += 1;
        let registered = self.links[index].registered().is_some();
        let id = if registered { self.registry.id("ka") } else { format!("ka{}", self.pings) };
        self.note_ping(now, index, &id);
        let link = &mut self.links[index];
        link.pinger.ask(id.clone(), now);
        let ping = Stanza::iq(Type::Get, &id)
            .with_from(self.address.clone())
            .with_to(link.jid.clone())
            .with_payload(element("ping", ns::PING, &[]));
        out.push(Output::Send(ping));
        id
    }

    /// The slave is lost: no more broadcasts, fast pings (`master.split.trigger`,
    /// `master.split.stop-broadcast`, `master.split.fast-ping`).
    fn split(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        if self.links[index].state != LinkState::Active {
            return;
        }
        self.links[index].state = LinkState::Split;
        self.links[index].expired = false;
        self.links[index].pinger.split(now);
        out.push(self.note(&self.links[index].jid, Change::Split));
        self.ping(now, index, out);
    }

    /// A stanza that the slave itself sent.
    pub(super) fn slave_stanza(
        &mut self,
        now: Time,
        index: usize,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        if !self.links[index].is_born() {
            // Registration is the operator's affair (`slave.registered-before-traffic`).
            let condition = Condition::ServiceUnavailable;
            return refuse(stanza, ErrorType::Cancel, condition, None, out);
        }
        let id = stanza.id.clone().unwrap_or_default();
        match (&stanza.kind, &stanza.type_) {
            (Kind::Iq, Type::Error) => self.ping_failed(now, index, &id, stanza, out),
            (_, Type::Error) => self.split(now, index, out),
            (Kind::Iq, Type::Result) => self.pong(now, index, &id, out),
            (Kind::Iq, Type::Get) if stanza.has_payload("ping", ns::PING) => {
                self.links[index].pinger.hear(now);
                out.push(Output::Send(stanza.result_reply(vec![])));
                // It has not heard of us for long: is the way there dead?
                self.doubt(now, index, out);
            }
            (Kind::Iq, Type::Get | Type::Set) => {
                self.links[index].pinger.hear(now);
                let condition = Condition::ServiceUnavailable;
                refuse(stanza, ErrorType::Cancel, condition, None, out);
            }
            _ => {
                self.links[index].pinger.hear(now);
                out.push(self.note(&self.links[index].jid, Change::Ignored));
            }
        }
    }

    /// There is a hint that the way to a slave is dead; a ping will tell.
    pub(super) fn doubt(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        let link = &self.links[index];
        if link.state == LinkState::Active && link.pinger.may_doubt(now) {
            self.ping(now, index, out);
        }
    }

    /// Traffic of the users of a slave's domain shows that its host lives. Not that the slave does
    /// that has not said yet that it was told everything: it may serve nobody.
    pub(super) fn hear_domain(&mut self, from: &Jid, now: Time) {
        let domain = from.domain().as_str();
        for link in self.links.iter_mut().filter(|link| link.is_born() && link.domain == domain) {
            if link.registered().is_none_or(|slave| slave.late.is_none()) {
                link.pinger.hear(now);
            }
        }
    }

    fn pong(&mut self, now: Time, index: usize, id: &str, out: &mut Vec<Output>) {
        let Some(sent) = self.links[index].pinger.pong(id, now) else { return };
        self.links[index].gone_until = None;
        if self.links[index].pinger.split_since().is_some() {
            return;
        }
        // Streams are ordered: the first ping's pong proves that what came before it has arrived. A
        // later one's proves nothing of it.
        let link = &mut self.links[index];
        link.told |= link.opening.as_deref() == Some(id);
        if link.state == LinkState::Split || !link.told {
            return self.resync(now, index, out);
        }
        self.links[index].confirmed = sent;
        self.forget(now);
    }

    /// Everybody has what is older than the oldest confirmation.
    pub(super) fn forget(&mut self, now: Time) {
        // Who registers may come back from further away than any slave of now.
        if self.registry.open {
            return;
        }
        let confirmed = self.links.iter().filter(|link| link.is_born()).map(|link| link.confirmed);
        self.log.forget_before(confirmed.min().unwrap_or(now));
    }

    /// An error in answer to a ping. Errors for pings that are not under way are stale
    /// (`split.stale-bounce`).
    fn ping_failed(
        &mut self,
        now: Time,
        index: usize,
        id: &str,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let waiting = self.links[index].state == LinkState::Active;
        match stanza.error().map(|error| error.defined_condition) {
            // It answers: it is there, if not conformant.
            Some(Condition::FeatureNotImplemented) => self.pong(now, index, id, out),
            // It is there and has no such room: it has lost its memory.
            Some(Condition::ItemNotFound) if self.links[index].pinger.pong(id, now).is_some() => {
                // It hears nothing of that; what it is told begins with its creation.
                self.links[index].state = LinkState::Split;
                self.links[index].gone_until = None;
                self.links[index].pinger.renew(now);
                self.remove_behind(now, index, out);
                self.create(now, index, out);
            }
            condition if self.links[index].pinger.withdraw(id) => {
                let grace = match condition {
                    Some(Condition::ServiceUnavailable | Condition::RecipientUnavailable) => {
                        Some(GONE_GRACE)
                    }
                    Some(Condition::Gone { .. } | Condition::Redirect { .. }) => {
                        Some(Duration::ZERO)
                    }
                    _ => None,
                };
                let link = &mut self.links[index];
                link.gone_until = grace.map(|grace| link.gone_until.unwrap_or(now + grace));
                if waiting {
                    self.split(now, index, out);
                }
            }
            _ => {}
        }
    }
}

/// \[G\] For how long the host may answer that there is no such slave before its occupants are
/// removed: they would be there without hearing anything.
const GONE_GRACE: Duration = Duration::from_secs(30);

//! Keepalive of registered slaves: positions in pongs, and what follows from errors
//! (`docs/dmuc2-slave.md`, Keepalive and Conditions).

use super::condition::{Class, class, is_link};
use super::*;
use crate::dmuc::pinger::Due;
use crate::stanza::slave::At;
use crate::stanza::{Element, element, ns};

impl Master {
    /// A stanza that a registered slave itself sent, other than register and deregister.
    pub(super) fn registered_stanza(
        &mut self,
        now: Time,
        index: usize,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let id = stanza.id.clone().unwrap_or_default();
        if !stanza.is_error() {
            self.links[index].pinger.hear(now);
        }
        match (stanza.kind, &stanza.type_) {
            (Kind::Iq, Type::Error) => self.query_failed(now, index, &id, stanza, out),
            (_, Type::Error) => self.refused_by(now, index, stanza, out),
            (Kind::Iq, Type::Result) => self.registered_answer(now, index, &id, stanza, out),
            (Kind::Iq, Type::Get) if stanza.has_payload("ping", ns::PING) => {
                if self.is_flooded(now, index) {
                    return;
                }
                let at = wire::at(&self.registry.epoch, self.log.seq(), false);
                out.push(Output::Send(stanza.result_reply(vec![at])));
                // It has not heard of us for long. If something was sent, the way there is dead.
                if self.has_sent_of_late(now, index) {
                    self.doubt(now, index, out);
                }
                if let LinkKind::Registered(slave) = &mut self.links[index].kind {
                    slave.ponged = Some(now);
                }
            }
            (Kind::Iq, Type::Set) if stanza.has_payload("synced", ns::SLAVE) => {
                self.late_phase_ends(now, index, stanza, out);
            }
            (Kind::Iq, Type::Get | Type::Set) => {
                refuse(stanza, ErrorType::Cancel, Condition::ServiceUnavailable, None, out);
            }
            _ => out.push(self.note(&self.links[index].jid, Change::Ignored)),
        }
    }

    /// Whether the slave pings more often than anybody has reason to.
    fn is_flooded(&mut self, now: Time, index: usize) -> bool {
        let LinkKind::Registered(slave) = &mut self.links[index].kind else { return false };
        let (since, count) = slave.pinged.filter(|(at, _)| now < *at + SECOND).unwrap_or((now, 0));
        slave.pinged = Some((since, count + 1));
        count >= PINGS_MAX
    }

    /// Whether something went to the slave for so short a time that it ought not to be silent.
    fn has_sent_of_late(&self, now: Time, index: usize) -> bool {
        let link = &self.links[index];
        let Some(slave) = link.registered() else { return false };
        let threshold = Duration::from_secs(slave.terms.keepalive.interval.into()) * 3 / 2;
        let event = self.log.last().filter(|_| link.state == LinkState::Active);
        let asked = slave.asked.back().map(|asked| asked.at);
        let sent = event.into_iter().chain(asked).chain(slave.ponged).max();
        sent.is_some_and(|sent| now < sent + threshold)
    }

    /// An answer to a ping or to `resync`.
    fn registered_answer(
        &mut self,
        now: Time,
        index: usize,
        id: &str,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let LinkKind::Registered(slave) = &mut self.links[index].kind else { return };
        if slave.resyncing.as_deref() == Some(id) {
            slave.resyncing = None;
            return;
        }
        let position = stanza
            .payload("at", ns::SLAVE)
            .and_then(|at| At::try_from(at.clone()).ok())
            .filter(|at| at.epoch == self.registry.epoch)
            .map(|at| at.seq);
        self.alive(now, index, id, Some(position), out);
    }

    /// The slave is alive. `position` is what it says it has, if it was to say so: with less than
    /// was sent before the ping it has lost something.
    fn alive(
        &mut self,
        now: Time,
        index: usize,
        id: &str,
        position: Option<Option<u64>>,
        out: &mut Vec<Output>,
    ) {
        let link = &mut self.links[index];
        let since = link.pinger.split_since();
        let Some(sent) = link.pinger.pong(id, now) else { return };
        link.gone_until = None;
        let LinkKind::Registered(slave) = &mut link.kind else { return };
        let asked = slave.asked.iter().find(|asked| asked.id == id).cloned();
        slave.asked.clear();
        let sound = match position {
            Some(position) => asked.as_ref().is_some_and(|asked| position >= Some(asked.seq)),
            None => true,
        };
        if link.state == LinkState::Active && sound {
            slave.life = if slave.late.is_none() { now } else { slave.life };
            if let (Some(asked), Some(_)) = (asked, position) {
                slave.farewells.confirm(asked.number);
                link.confirmed = sent;
            }
            return;
        }
        if link.state == LinkState::Active {
            return self.lost_something(now, index, out);
        }
        let confirmed = std::mem::take(&mut slave.suspect);
        slave.faults.retain(|fault| now < *fault + FAULTS_WINDOW);
        if confirmed && slave.faults.len() >= FAULTS_MAX {
            let reason = "it refuses what it is sent";
            return self.end_registration(index, Some(reason), out);
        }
        if link.pinger.split_since().is_none() {
            link.pinger.stay_split(since.unwrap_or(now));
            self.ask_to_resync(index, out);
        }
    }

    /// The slave is there and lacks something: no more events until it registers again.
    fn lost_something(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        self.part(now, index, out);
        self.ask_to_resync(index, out);
    }

    /// The slave counts as lost.
    pub(in crate::dmuc::master) fn part(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        let link = &mut self.links[index];
        link.state = LinkState::Split;
        link.expired = false;
        link.pinger.split(now);
        out.push(self.note(&self.links[index].jid, Change::Split));
        self.mark_away(now, index, out);
    }

    fn ask_to_resync(&mut self, index: usize, out: &mut Vec<Output>) {
        let id = self.registry.id("rs");
        let link = &mut self.links[index];
        let resync = Stanza::iq(Type::Set, &id)
            .with_from(self.address.clone())
            .with_to(link.jid.clone())
            .with_payload(element("resync", ns::SLAVE, &[]));
        if let LinkKind::Registered(slave) = &mut link.kind {
            slave.resyncing = Some(id);
        }
        out.push(Output::Send(resync));
    }

    /// A presence or message came back from the slave: it was not processed.
    fn refused_by(&mut self, now: Time, index: usize, stanza: &Stanza, out: &mut Vec<Output>) {
        let link = &mut self.links[index];
        let LinkKind::Registered(slave) = &mut link.kind else { return };
        // It may have been sent, and refused, before what the slave has confirmed since.
        let stale = stanza
            .dmuc()
            .and_then(|x| x.at)
            .is_some_and(|at| at.epoch != self.registry.epoch || at.seq <= slave.synced);
        if stale || link.state != LinkState::Active {
            return;
        }
        // If it did not reach the slave's host, it is no refusal.
        if !is_link(stanza.error().map(|error| error.defined_condition).as_ref()) {
            slave.faults.push_back(now);
            slave.suspect = true;
        }
        self.part(now, index, out);
        self.ping(now, index, out);
    }

    /// An IQ of the room failed.
    fn query_failed(
        &mut self,
        now: Time,
        index: usize,
        id: &str,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let condition = stanza.error().map(|error| error.defined_condition);
        let LinkKind::Registered(slave) = &mut self.links[index].kind else { return };
        if slave.resyncing.as_deref() == Some(id) {
            slave.resyncing = None;
            if is_link(condition.as_ref()) {
                self.ping_lost(now, index, out);
            }
            return;
        }
        let class = class(condition.as_ref());
        if let Class::Alive = class {
            return self.alive(now, index, id, None, out);
        }
        if !self.links[index].pinger.withdraw(id) {
            return;
        }
        let link = &mut self.links[index];
        let grace = match class {
            Class::Gone(grace) => Some(grace),
            Class::Link | Class::Alive => None,
        };
        link.gone_until = grace.map(|grace| link.gone_until.unwrap_or(now + grace));
        self.ping_lost(now, index, out);
    }

    /// A ping failed. It was no fault of the slave's that something else failed before.
    fn ping_lost(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        let link = &mut self.links[index];
        if let LinkKind::Registered(slave) = &mut link.kind
            && std::mem::take(&mut slave.suspect)
        {
            slave.faults.pop_back();
        }
        if link.state == LinkState::Active {
            self.part(now, index, out);
            self.ping(now, index, out);
        }
        self.give_up_registered(now, index, out);
    }

    /// When something is due next for a registered slave.
    pub(in crate::dmuc::master) fn registered_deadline(&self, link: &Link) -> Option<Time> {
        let expiry = link.pinger.split_since().map(|since| since + link.pinger.expiry());
        let given_up = expiry.into_iter().chain(link.gone_until);
        let given_up = given_up.filter(|_| link.state == LinkState::Split);
        link.pinger.deadline().into_iter().chain(given_up).min()
    }

    /// Do what is due for a registered slave.
    pub(in crate::dmuc::master) fn registered_tick(
        &mut self,
        now: Time,
        index: usize,
        out: &mut Vec<Output>,
    ) {
        match self.links[index].pinger.due(now) {
            Some(Due::Ping) => drop(self.ping(now, index, out)),
            Some(Due::Split) => {
                self.part(now, index, out);
                self.ping(now, index, out);
            }
            None => {}
        }
        self.give_up_registered(now, index, out);
    }

    /// A ping goes to a registered slave: what it is to have when it answers.
    pub(in crate::dmuc::master) fn note_ping(&mut self, now: Time, index: usize, id: &str) {
        let seq = self.log.seq();
        let LinkKind::Registered(slave) = &mut self.links[index].kind else { return };
        slave.pings += 1;
        slave.asked.push_back(Asked { id: id.to_owned(), number: slave.pings, seq, at: now });
        if slave.asked.len() > ASKED_MAX {
            slave.asked.pop_front();
        }
    }
}

/// The answer to a ping of somebody who may be a slave whose registration is forgotten: where the
/// log stands, by which he notices. Sessions of users are none.
pub(in crate::dmuc::master) fn position_for(master: &Master, from: &Jid) -> Option<Element> {
    let session = from.node().is_some() && from.resource().is_some();
    let told = master.registry.open && master.config.distributed && !session;
    told.then(|| wire::at(&master.registry.epoch, master.log.seq(), false))
}

/// So many refusals within [`FAULTS_WINDOW`], with pings answered in between, end a registration.
const FAULTS_MAX: usize = 3;

/// How long a refusal counts.
const FAULTS_WINDOW: Duration = Duration::from_secs(600);

/// How many pings of a slave are answered within a second.
const PINGS_MAX: u32 = 20;

const SECOND: Duration = Duration::from_secs(1);

/// How many pings under way are remembered.
const ASKED_MAX: usize = 16;

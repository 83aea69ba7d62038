//! The server itself: what goes where.
//!
//! A stanza takes one of three paths, which differ in what the slave sees of it:
//!
//! | path | whose | to the slave first |
//! | --- | --- | --- |
//! | sent | a local user's, or the server's for him | what is for a room that the slave serves, or for the slave |
//! | arrived | another server's, the chat service's | what is for the slave, and for a local user from a room that it serves |
//! | bounced | this server's answer for another one | the same |
//!
//! What the slave itself sends, and what it does not see, is *forwarded*: to a session, an account,
//! the chat service, another server. Everything for a machine goes through a queue, so that
//! machines never call one another, and what one sender says is heard in order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::account::Accounts;
use super::bounce::{bounce, component_unavailable};
use super::check::{fault, same_account, server_lies};
use super::peer::{Peers, Undelivered};
use super::resident::Resident;
use super::session::Sessions;
use super::{Domain, Input, Output, ServerConfig};
use crate::dmuc::{self, Service, ServiceDisk, ServiceInput, Slave, SlaveInput};
use crate::stanza::{Jid, Stanza};
use crate::time::Time;

/// An XMPP server with what it hosts. See the [module](super).
#[derive(Debug)]
pub struct Server {
    pub(super) config: ServerConfig,
    pub(super) sessions: Sessions,
    pub(super) accounts: Accounts,
    peers: Peers,
    pub(super) slaves: Vec<Resident>,
    pub(super) service: Option<Service>,
    pub(super) service_disk: Option<ServiceDisk>,
    pub(super) work: VecDeque<Work>,
    spare: Vec<dmuc::Output>,
}

/// Something to do before the step is over.
#[derive(Debug)]
pub(super) enum Work {
    Route(Path, Stanza),
    /// For the slave at this place.
    Slave(usize, SlaveInput),
    Service(ServiceInput),
}

/// As what a slave sees a stanza.
type AsInput = fn(Stanza) -> SlaveInput;

/// How a stanza came to be routed; see the head of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    Sent,
    Arrived,
    Bounced,
}

impl Server {
    /// A server without sessions and streams; its slave and its chat service run.
    pub fn new(config: ServerConfig) -> Self {
        Self {
            sessions: Sessions::default(),
            accounts: Accounts::default(),
            peers: Peers::new(config.flavour, config.connect_timeout),
            slaves: config.slaves.iter().cloned().map(Resident::new).collect(),
            service: config.service.clone().map(Service::new),
            service_disk: None,
            work: VecDeque::new(),
            spare: Vec::new(),
            config,
        }
    }

    /// Its chat service, if it has one that runs.
    pub fn service(&self) -> Option<&Service> {
        self.service.as_ref()
    }

    /// When [`Input::Timeout`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        let slaves = self.slaves.iter().filter_map(|one| one.machine.as_ref()?.deadline());
        let service = self.service.as_ref().and_then(Service::deadline);
        [self.peers.deadline(), slaves.min(), service].into_iter().flatten().min()
    }

    /// Let something happen to it at `now`, which is never before the time of an earlier step.
    pub fn step(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::SessionOpened(id, jid) => self.session_opened(id, jid, out),
            Input::SessionClosed(id) => self.session_closed(id, out),
            Input::FromSession(id, stanza) => self.session_sent(id, stanza, out),
            Input::PeerOpened(domain) => self.peers.opened(&domain, out),
            Input::PeerFailed(domain, error) => {
                let undelivered = self.peers.failed(now, &domain, error);
                self.bounce_all(undelivered, out);
            }
            Input::PeerClosed(domain) => {
                let undelivered = self.peers.closed(now, &domain);
                self.bounce_all(undelivered, out);
            }
            Input::FromPeer(domain, stanza) => self.peer_sent(domain, stanza, out),
            Input::Forged(stanza) => {
                let by_service = stanza.from.as_ref().is_some_and(|from| self.is_for_service(from));
                if by_service {
                    self.route(now, Path::Arrived, stanza, out);
                } else {
                    self.forward(now, stanza, out);
                }
            }
            Input::Operate(input) => self.push_service(input),
            Input::RegisterSlave(jid, room) => self.register_slave(&jid, room),
            Input::DeregisterSlave(jid, room) => self.deregister_slave(&jid, room),
            Input::CrashSlave(jid) => self.crash_slave(&jid),
            Input::RestartSlave(jid) => self.restart_slave(&jid),
            Input::CrashService => self.crash_service(),
            Input::RestartService => self.restart_service(),
            Input::Timeout => self.timeout(now, out),
        }
        self.work_off(now, out);
    }

    fn work_off(&mut self, now: Time, out: &mut Vec<Output>) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Route(path, stanza) => self.route(now, path, stanza, out),
                Work::Slave(place, input) => self.feed_slave(now, place, input, out),
                Work::Service(input) => self.feed_service(now, input, out),
            }
        }
    }

    fn timeout(&mut self, now: Time, out: &mut Vec<Output>) {
        let undelivered = self.peers.pass(now, out);
        self.bounce_all(undelivered, out);
        for (place, resident) in self.slaves.iter().enumerate() {
            if resident.machine.as_ref().and_then(Slave::deadline).is_some_and(|due| due <= now) {
                self.work.push_back(Work::Slave(place, SlaveInput::Timeout));
            }
        }
        if self.service.as_ref().and_then(Service::deadline).is_some_and(|due| due <= now) {
            self.push_service(ServiceInput::Timeout);
        }
    }

    /// The sender must have proved its domain, which is nobody's but the other server's own; the
    /// addressee must be here. RFC 6120 has no error for a stanza that is addressed to a stranger
    /// on a stream that is not; `host-unknown` (§4.9.3.6) says what is wrong.
    fn peer_sent(&mut self, domain: Domain, stanza: Stanza, out: &mut Vec<Output>) {
        let strange = stanza.to.as_ref().is_some_and(|to| !self.hosts(to.domain().as_str()));
        let lie = server_lies(&stanza, &domain)
            .or(self.hosts(&domain).then_some("invalid-from"))
            .or(strange.then_some("host-unknown"));
        if let Some(error) = lie {
            out.push(Output::RefusePeer(domain, error));
        } else if let Some(error) = fault(&stanza) {
            let reply = stanza.error_reply(error);
            self.work.extend(reply.map(|reply| Work::Route(Path::Sent, reply)));
        } else {
            self.work.push_back(Work::Route(Path::Arrived, stanza));
        }
    }

    fn route(&mut self, now: Time, path: Path, stanza: Stanza, out: &mut Vec<Output>) {
        match self.intercept(path, &stanza) {
            Some((place, input)) => self.work.push_back(Work::Slave(place, input(stanza))),
            None => {
                self.pass_by(path, &stanza);
                self.forward(now, stanza, out);
            }
        }
    }

    /// Which slave has to see a stanza first, and as what; nothing if none has to.
    pub(super) fn intercept(&self, path: Path, stanza: &Stanza) -> Option<(usize, AsInput)> {
        if self.slaves.is_empty() {
            return None;
        }
        let to = stanza.to.as_ref()?;
        let down: AsInput = match path {
            Path::Bounced => SlaveInput::Bounced,
            Path::Sent | Path::Arrived => SlaveInput::Down,
        };
        let own = |one: &Resident| one.machine.is_some() && is_or_has(one.jid(), to);
        if let Some(place) = self.slaves.iter().position(own) {
            return Some((place, down));
        }
        match path {
            Path::Sent => Some((self.serving(to)?, SlaveInput::Up)),
            Path::Arrived | Path::Bounced if self.is_user(to) => {
                Some((self.serving(stanza.from.as_ref()?)?, down))
            }
            Path::Arrived => Some((self.offered(stanza)?, down)),
            Path::Bounced => None,
        }
    }

    /// Deliver a stanza that the slave need not see, or has seen.
    fn forward(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(to) = &stanza.to else { return };
        if let Some(id) = self.sessions.at(to) {
            return out.push(Output::ToSession(id, stanza));
        }
        let to = Arc::clone(to);
        let domain = to.domain().as_str();
        if self.is_for_service(&to) {
            self.forward_to_service(stanza, out);
        } else if domain == self.config.domain {
            self.deliver(stanza, out);
        } else if let Some(undelivered) = self.peers.send(now, domain, stanza, out) {
            self.bounce(undelivered, out);
        }
    }

    fn forward_to_service(&mut self, stanza: Stanza, out: &mut Vec<Output>) {
        if self.service.is_some() {
            return self.push_service(ServiceInput::Stanza(stanza));
        }
        let Some(config) = &self.config.service else { return };
        let reply = component_unavailable(&stanza, &config.domain);
        out.push(Output::Undeliverable(Domain::from(config.domain.as_str()), stanza));
        self.work.extend(reply.map(|reply| Work::Route(Path::Bounced, reply)));
    }

    fn bounce_all(&mut self, undelivered: Vec<Undelivered>, out: &mut Vec<Output>) {
        for one in undelivered {
            self.bounce(one, out);
        }
    }

    fn bounce(&mut self, undelivered: Undelivered, out: &mut Vec<Output>) {
        let Undelivered { domain, stanza, failure } = undelivered;
        let reply = bounce(&stanza, failure, self.config.flavour, &self.config.domain);
        out.push(Output::Undeliverable(domain, stanza));
        self.work.extend(reply.map(|reply| Work::Route(Path::Bounced, reply)));
    }

    fn feed_slave(&mut self, now: Time, place: usize, input: SlaveInput, out: &mut Vec<Output>) {
        let Some(slave) = self.slaves.get_mut(place).and_then(|one| one.machine.as_mut()) else {
            return;
        };
        let mut outputs = std::mem::take(&mut self.spare);
        slave.step(now, input, &mut outputs);
        for output in outputs.drain(..) {
            match output {
                dmuc::Output::Send(stanza) => self.forward(now, stanza, out),
                dmuc::Output::Note(note) => out.push(Output::Note(note)),
            }
        }
        self.spare = outputs;
    }

    fn feed_service(&mut self, now: Time, input: ServiceInput, out: &mut Vec<Output>) {
        let Some(service) = &mut self.service else { return };
        let mut outputs = std::mem::take(&mut self.spare);
        service.step(now, input, &mut outputs);
        for output in outputs.drain(..) {
            match output {
                dmuc::Output::Send(stanza) => self.route(now, Path::Arrived, stanza, out),
                dmuc::Output::Note(note) => out.push(Output::Note(note)),
            }
        }
        self.spare = outputs;
    }

    fn push_service(&mut self, input: ServiceInput) {
        self.work.push_back(Work::Service(input));
    }

    fn hosts(&self, domain: &str) -> bool {
        let service = self.config.service.as_ref();
        domain == self.config.domain || service.is_some_and(|service| service.domain == domain)
    }

    /// Whether an address is a local user's, logged in or not, existing or not.
    fn is_user(&self, address: &Jid) -> bool {
        address.node().is_some()
            && address.domain().as_str() == self.config.domain
            && !self.is_for_service(address)
    }

    /// Whether the chat service, running or not, is responsible for an address. Where it shares the
    /// server's domain, it is unless there is such an account, and answers for the domain while it
    /// runs. The slave's address is no room, not even while the slave is dead.
    fn is_for_service(&self, address: &Jid) -> bool {
        let Some(config) = &self.config.service else { return false };
        if address.domain().as_str() != config.domain {
            return false;
        }
        if config.domain != self.config.domain {
            return true;
        }
        if address.node().is_none() {
            return self.service.is_some();
        }
        !self.slaves.iter().any(|slave| is_or_has(slave.jid(), address))
            && !self.accounts.contain(address)
    }
}

/// Whether `address` is `entity` or one of its resources.
fn is_or_has(entity: &Jid, address: &Jid) -> bool {
    entity == address || entity.is_bare() && same_account(entity, address)
}

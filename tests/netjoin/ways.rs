//! What the machines of a [`Stage`] do, where it goes, and how time passes.

use wallops::dmuc::{Output, ServiceInput, SlaveInput};
use wallops::room::Role;
use wallops::stanza::{Condition, ErrorType, Jid, Kind, Stanza, Type, error_element};
use wallops::time::{Duration, Time};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Line, Return, Stage, Way};

impl Stage {
    pub fn submit(&mut self, who: &str, stanza: Stanza) {
        self.write(Hop::UserToSlave, &stanza, false);
        match self.site_of(who) {
            Some(site) if self.sites[site].slave.is_some() => {
                self.step_slave(site, SlaveInput::Up(stanza));
            }
            Some(site) => {
                self.sites[site].passages.sent(&stanza);
                self.upwards(site, stanza);
            }
            None => {
                let at = self.now + self.latency;
                self.returns.push_back((at, Return::ToMaster(stanza)));
            }
        }
    }

    pub fn step_service(&mut self, input: ServiceInput) {
        let answered = answered(match &input {
            ServiceInput::Stanza(stanza) => Some(stanza),
            _ => None,
        });
        let mut out = Vec::new();
        let Some(service) = &mut self.service else { return };
        service.step(self.now, input, &mut out);
        let moderated = self.moderated_domains();
        for output in out {
            match output {
                Output::Send(stanza) => {
                    self.forbid_error_for_error(answered.as_ref(), &stanza);
                    self.downwards(stanza, &moderated);
                }
                Output::Note(note) => self.note(note),
            }
        }
    }

    fn downwards(&mut self, stanza: Stanza, moderated: &[String]) {
        let to = stanza.to.clone().unwrap();
        let Some(site) = self.site_of(to.as_str()) else {
            self.write(Hop::MasterToUser, &stanza, false);
            return self.deliver(stanza);
        };
        let own = self.sites[site].jid == to.as_str();
        let hop = if own { Hop::MasterToSlave } else { Hop::MasterToUser };
        let lost = self.sites[site].down.way != Way::Up || !self.sites[site].hosted;
        self.write(hop, &stanza, lost);
        self.record.last_mut().unwrap().moderated =
            moderated.iter().any(|domain| *domain == self.sites[site].domain);
        if lost {
            return self.lose_down(site, &stanza);
        }
        let (now, arrival) = (self.now, self.travel());
        push(&mut self.sites[site].down, now, arrival, stanza);
    }

    /// The domains that have a moderator among the room's occupants.
    fn moderated_domains(&self) -> Vec<String> {
        let room = self.service.as_ref().and_then(|service| service.room(&bare(ROOM)));
        let Some(room) = room else { return Vec::new() };
        let roster = room.roster();
        let moderators = roster.values().filter(|seat| seat.role == Role::Moderator);
        let real = moderators.flat_map(crate::convergence::real_jids);
        real.map(|jid| domain_of(&jid).to_owned()).collect()
    }

    pub fn step_slave(&mut self, site: usize, input: SlaveInput) {
        let answered = answered(match &input {
            SlaveInput::Down(stanza) | SlaveInput::Bounced(stanza) => Some(stanza),
            _ => None,
        });
        let mut out = Vec::new();
        let Some(slave) = &mut self.sites[site].slave else { return };
        slave.step(self.now, input, &mut out);
        for output in out {
            match output {
                Output::Note(note) => self.note(note),
                Output::Send(stanza) => {
                    self.forbid_error_for_error(answered.as_ref(), &stanza);
                    self.slave_sends(site, stanza);
                }
            }
        }
    }

    fn slave_sends(&mut self, site: usize, stanza: Stanza) {
        let to = stanza.to.clone().unwrap();
        if to.domain().as_str() == DOMAIN {
            self.upwards(site, stanza);
        } else if to.domain().as_str() == self.sites[site].domain {
            self.write(Hop::SlaveToUser, &stanza, false);
            self.deliver(stanza);
        } else {
            self.write(Hop::Astray, &stanza, false);
        }
    }

    fn upwards(&mut self, site: usize, stanza: Stanza) {
        let lost = self.sites[site].up.way != Way::Up || self.service.is_none();
        self.write(Hop::SlaveToMaster, &stanza, lost);
        if lost {
            return self.lose_up(site, &stanza);
        }
        let (now, arrival) = (self.now, self.travel());
        push(&mut self.sites[site].up, now, arrival, stanza);
    }

    /// What cannot be delivered is returned, unless the way swallows it.
    pub fn lose_up(&mut self, site: usize, stanza: &Stanza) {
        if self.sites[site].up.way == Way::Silent {
            let id = stanza.id.as_ref().filter(|_| self.sites[site].slave.is_none());
            self.unkept.extend(id.map(|id| id.to_string()));
            return;
        }
        let error = unreachable_from(&self.sites[site].domain);
        let at = self.now + self.latency;
        let error = stanza.error_reply(error);
        self.returns.extend(error.map(|error| (at, Return::ToSite(site, error))));
    }

    pub fn lose_down(&mut self, site: usize, stanza: &Stanza) {
        if self.sites[site].down.way == Way::Silent {
            return;
        }
        let at = self.now + self.latency;
        let error = stanza.error_reply(unreachable_from(DOMAIN));
        self.returns.extend(error.map(|error| (at, Return::ToMaster(error))));
    }

    fn arrive(&mut self, site: usize, stanza: Stanza) {
        if !self.sites[site].hosted {
            return self.lose_down(site, &stanza);
        }
        if self.sites[site].slave.is_some() {
            return self.step_slave(site, SlaveInput::Down(stanza));
        }
        if stanza.to.as_ref().is_some_and(|to| to.as_str() == self.sites[site].jid) {
            if stanza.is_request() || stanza.kind == Kind::Message {
                let error =
                    error_element(ErrorType::Cancel, Condition::ServiceUnavailable, None, None);
                if let Some(reply) = stanza.error_reply(error) {
                    self.upwards(site, reply);
                }
            }
            return;
        }
        self.sites[site].passages.came(&stanza);
        self.write(Hop::SlaveToUser, &stanza, false);
        let who = to(&stanza).to_owned();
        self.client(&who).past = true;
        self.deliver(stanza);
        self.client(&who).past = false;
    }

    /// A server has a stanza for one of its users.
    fn deliver(&mut self, stanza: Stanza) {
        let to = stanza.to.clone().unwrap();
        let was_cut = self.was_cut;
        let client = self.client(to.as_str());
        client.was_cut = was_cut;
        if client.is_online() {
            client.receives(&stanza);
            if stanza.kind == Kind::Presence && stanza.is_error() {
                client.is_refused(from(&stanza));
            }
            return;
        }
        let answered = stanza.kind == Kind::Message || stanza.is_request();
        if answered && to.is_full() && stanza.type_ != Type::Error {
            let error = error_element(ErrorType::Cancel, Condition::ServiceUnavailable, None, None);
            if let Some(reply) = stanza.error_reply(error) {
                self.submit(to.as_str(), reply);
            }
        }
    }

    pub fn write(&mut self, hop: Hop, stanza: &Stanza, lost: bool) {
        let stanza = stanza.clone();
        self.record.push(Record { at: self.now, hop, stanza, lost, moderated: false, note: None });
    }

    fn note(&mut self, note: wallops::dmuc::Note) {
        self.write(Hop::Astray, &Stanza::iq(Type::Result, "note"), false);
        self.record.last_mut().unwrap().note = Some(note);
    }

    /// INV-NO-ERROR-LOOP.
    fn forbid_error_for_error(&mut self, answered: Option<&(Jid, Jid)>, stanza: &Stanza) {
        if let Some((from, to)) = answered.filter(|_| stanza.is_error())
            && stanza.to.as_deref() == Some(from)
            && stanza.from.as_deref() == Some(to)
        {
            self.faults.push(format!("an error answers an error of {from}"));
        }
    }

    /// Let everything that is under way arrive, and what it causes.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let Some(next) = self.next_arrival() else { return };
            self.run_until(next);
        }
        panic!("the machines talk without end:\n{}", self.story(self.record.len() - 8));
    }

    /// Let time pass; what is due happens when it is due.
    pub fn advance(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    fn next_arrival(&self) -> Option<Time> {
        let line = |line: &Line| line.under_way.front().map(|(_, at, _)| *at);
        let lines = self.sites.iter().flat_map(|site| [line(&site.up), line(&site.down)]);
        lines.chain([self.returns.front().map(|(at, _)| *at)]).flatten().min()
    }

    fn next_deadline(&self) -> Option<Time> {
        let slaves = self.sites.iter().filter_map(|site| site.slave.as_ref()?.deadline());
        let service = self.service.as_ref().and_then(|service| service.deadline());
        slaves.chain(service).min()
    }

    pub fn run_until(&mut self, target: Time) {
        let mut at_once = 0;
        loop {
            let next = [self.next_arrival(), self.next_deadline()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= target) else { break };
            at_once = if next > self.now { 0 } else { at_once + 1 };
            assert!(at_once < 100_000, "no end at {}:\n{}", self.now, self.last_words());
            self.now = self.now.max(next);
            self.happen();
        }
        self.now = self.now.max(target);
    }

    fn last_words(&self) -> String {
        self.story(self.record.len().saturating_sub(12))
    }

    /// The first thing that is due.
    fn happen(&mut self) {
        let now = self.now;
        let due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        let first = |line: &Line| due(line.under_way.front().map(|(_, at, _)| *at));
        if due(self.returns.front().map(|(at, _)| *at)) {
            match self.returns.pop_front().unwrap().1 {
                Return::ToMaster(stanza) => self.step_service(ServiceInput::Stanza(stanza)),
                Return::ToSite(site, stanza) => {
                    if self.sites[site].slave.is_some() {
                        self.step_slave(site, SlaveInput::Bounced(stanza));
                    } else if stanza.to.as_ref().is_some_and(|to| to.is_full()) {
                        self.sites[site].passages.came(&stanza);
                        self.write(Hop::SlaveToUser, &stanza, false);
                        self.deliver(stanza);
                    }
                }
            }
        } else if let Some(site) = self.sites.iter().position(|site| first(&site.up)) {
            let (_, _, stanza) = self.sites[site].up.under_way.pop_front().unwrap();
            match self.service.is_some() {
                true => self.step_service(ServiceInput::Stanza(stanza)),
                false => self.lose_up(site, &stanza),
            }
        } else if let Some(site) = self.sites.iter().position(|site| first(&site.down)) {
            let (_, _, stanza) = self.sites[site].down.under_way.pop_front().unwrap();
            self.arrive(site, stanza);
        } else if due(self.service.as_ref().and_then(|service| service.deadline())) {
            self.step_service(ServiceInput::Timeout);
        } else if let Some(site) = self
            .sites
            .iter()
            .position(|site| due(site.slave.as_ref().and_then(|slave| slave.deadline())))
        {
            self.step_slave(site, SlaveInput::Timeout);
        }
    }
}

/// Whom an error comes from, and for whom it is.
fn answered(stanza: Option<&Stanza>) -> Option<(Jid, Jid)> {
    let error = stanza.filter(|stanza| stanza.is_error())?;
    Some((error.from.as_deref().cloned()?, error.to.as_deref().cloned()?))
}

/// In order; what is sent at one instant arrives at one instant.
fn push(line: &mut Line, now: Time, travel: Duration, stanza: Stanza) {
    let arrival = match line.under_way.back() {
        Some((sent, arrival, _)) if *sent == now => *arrival,
        Some((_, arrival, _)) => (now + travel).max(*arrival),
        None => now + travel,
    };
    line.under_way.push_back((now, arrival, stanza));
}

/// The error with which Prosody returns what it could not deliver.
fn unreachable_from(domain: &str) -> wallops::stanza::Element {
    let text = Some("Server-to-server connection failed: connection refused");
    let condition = Condition::RemoteServerNotFound;
    error_element(ErrorType::Cancel, condition, Some(&jid(domain)), text)
}

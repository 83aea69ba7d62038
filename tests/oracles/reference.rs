//! The room that slaves are none of the business of: a plain one that is given, in their order, the
//! stanzas that a master was given by users, and nothing that its slaves say for themselves.
//!
//! Three things are not the users', and taken from the record:
//!
//! * whom the master gave up, because he cannot be reached or his slave is lost: a plain room is
//!   told that he cannot be reached;
//! * whether what a slave submits of late is said, or was said before, or is too much: of it only
//!   what the master tells others is given to the plain room; when it was said, and where in the
//!   history it stands by that, is not compared;
//! * for whom a slave asks of late that was expelled meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use wallops::dmuc::{Change, Master, Note, Service, ServiceConfig, ServiceDisk, ServiceInput};
use wallops::room::Seat;
use wallops::scenario::Scenario;
use wallops::sim::play::setup::{beginning, world_config};
use wallops::stanza::slave::Register;
use wallops::stanza::{Condition, ErrorType, Jid, Kind, Stanza, Type, element, error_element, ns};
use wallops::time::Time;
use wallops::transcript::{Fault, Hop, Machine, Transcript, What, is_client};

use super::requests::{Requests, is_ignored};

/// What a plain service makes of a run.
pub struct Reference<'a> {
    scenario: &'a Scenario,
    config: ServiceConfig,
    service: Option<Service>,
    disk: Option<ServiceDisk>,
    now: Time,
    /// Slaves that the master takes for lost.
    split: BTreeSet<Jid>,
    requests: Requests,
    /// Whom a slave has not listed, and when: whoever comes at that instant came after.
    unlisted: BTreeSet<(Jid, Time)>,
    /// Slaves that said that they have forgotten everything, and when.
    forgot: BTreeSet<(Jid, Time)>,
    /// Slaves that are told again what they missed, and when.
    resyncs: BTreeSet<(Jid, Time)>,
    /// What was said late: author and id.
    late: BTreeSet<(Arc<Jid>, Option<Arc<str>>)>,
}

/// What happens to the service of a domain.
enum Event<'a> {
    Arrived(&'a Hop),
    Fault(&'a Fault),
    Note(&'a Note),
    Left(&'a Hop),
    Undeliverable(&'a Stanza),
}

impl<'a> Reference<'a> {
    /// What the plain services of a scenario have made of this run, each with what it has of its
    /// rooms.
    pub fn all(scenario: &'a Scenario, run: &Transcript) -> Vec<Self> {
        let configs = world_config(scenario, true).servers.into_iter();
        let configs = configs.filter_map(|server| server.service);
        let play = |config| {
            let mut reference = Self::new(scenario, config);
            reference.replay(run);
            reference
        };
        configs.map(play).collect()
    }

    fn new(scenario: &'a Scenario, config: ServiceConfig) -> Self {
        let mut reference = Self {
            scenario,
            service: Some(Service::new(config.clone())),
            config,
            disk: None,
            now: beginning(scenario),
            split: BTreeSet::new(),
            requests: Requests::default(),
            unlisted: BTreeSet::new(),
            forgot: BTreeSet::new(),
            resyncs: BTreeSet::new(),
            late: BTreeSet::new(),
        };
        reference.join_before();
        reference
    }

    pub fn domain(&self) -> &str {
        &self.config.domain
    }

    /// The rooms, as text; nothing while it is down.
    pub fn rooms(&self) -> Option<BTreeMap<String, String>> {
        let rooms = self.service.as_ref()?.rooms();
        Some(rooms.map(|room| (room.jid().to_string(), self.describe(room))).collect())
    }

    /// What a room knows, as text: who is there, what was said, what is set.
    pub fn describe(&self, room: &Master) -> String {
        let mut text = String::new();
        for (nick, seat) in room.roster().into_iter().collect::<BTreeMap<_, _>>() {
            let presence: BTreeSet<String> = seat.presence.iter().map(String::from).collect();
            let _ = writeln!(text, "  {nick}: {:?} {:?} {presence:?}", seat.affiliation, seat.role);
        }
        let mut said: Vec<String> = Vec::new();
        for message in room.history().iter() {
            let payloads =
                message.payloads.iter().filter(|one| !one.is("stanza-id", ns::STANZA_IDS));
            let payloads: String = payloads.map(String::from).collect();
            let late = self.late.contains(&(message.from.clone(), message.id.clone()));
            let stamp = if late { "late".to_owned() } else { message.stamp.to_string() };
            said.push(format!("  {stamp} {} {:?} {payloads}\n", message.from, message.id));
        }
        if !self.late.is_empty() {
            // In the order in which it was said, not in that in which the room has heard of it.
            said.sort();
        }
        text += &said.concat();
        let _ = writeln!(text, "  {:?}\n  {:?}", room.subject(), room.config());
        text
    }

    /// Who is in the room from the start has entered before.
    fn join_before(&mut self) {
        let cast = &self.scenario.cast;
        self.step(ServiceInput::Timeout);
        for client in cast.clients.values() {
            for room in client.joined.iter().filter_map(|room| cast.rooms.get(room)) {
                let config = &room.config;
                let Ok(to) = config.jid.with_resource_str(&client.nick) else { continue };
                let mut x = element("x", ns::MUC, &[]);
                if let Some(password) = &config.password {
                    let mut child = element("password", ns::MUC, &[]);
                    child.append_text(password.as_str());
                    x.append_child(child);
                }
                let presence = Stanza::presence(Type::Absent)
                    .with_from(Jid::from(client.jid.clone()))
                    .with_to(Jid::from(to))
                    .with_payload(x);
                self.give(presence);
            }
        }
        self.now = self.scenario.tags.epoch;
    }

    fn replay(&mut self, run: &Transcript) {
        let mut events: Vec<(Time, u8, Event<'_>)> = Vec::new();
        let domain = self.config.domain.clone();
        for (at, hop) in run.all_arrivals() {
            if *hop.to == *domain {
                events.push((at, 0, Event::Arrived(hop)));
            }
        }
        for entry in &run.entries {
            let (order, event) = match &entry.what {
                What::Fault(fault) => (1, Event::Fault(fault)),
                What::Note(note) if *note.by.domain().as_str() == *domain => (2, Event::Note(note)),
                What::Hop(hop) if *hop.from == *domain => (2, Event::Left(hop)),
                What::Undeliverable { at, stanza, .. } if **at == *domain => {
                    (2, Event::Undeliverable(stanza))
                }
                _ => continue,
            };
            events.push((entry.at, order, event));
        }
        events.sort_by_key(|(at, order, _)| (*at, *order));
        for (at, _, event) in events {
            self.pass_until(at);
            self.happens(run, event);
        }
        if let Some(last) = run.entries.last() {
            self.pass_until(last.at);
        }
    }

    /// Until this instant only time passes.
    fn pass_until(&mut self, at: Time) {
        while let Some(due) = self.service.as_ref().and_then(Service::deadline) {
            if due > at {
                break;
            }
            self.now = self.now.max(due);
            self.step(ServiceInput::Timeout);
            if self.service.as_ref().and_then(Service::deadline) == Some(due) {
                break;
            }
        }
        self.now = self.now.max(at);
    }

    fn happens(&mut self, run: &Transcript, event: Event<'_>) {
        match event {
            Event::Arrived(hop) => self.arrived(run, hop),
            Event::Fault(Fault::Crash(machine)) if self.is_me(machine) => {
                self.disk = self.service.take().map(|service| service.disk());
                self.split.clear();
            }
            Event::Fault(Fault::Restart(machine)) if self.is_me(machine) => {
                let disk = self.disk.take().unwrap_or_default();
                self.service = Some(Service::recovered(self.config.clone(), disk));
            }
            Event::Fault(_) => {}
            Event::Note(note) => self.note(note),
            Event::Left(hop) => self.left(hop),
            Event::Undeliverable(stanza) => self.undeliverable(stanza),
        }
    }

    fn is_me(&self, machine: &Machine) -> bool {
        let (Machine::Server(domain) | Machine::Service(domain)) = machine else { return false };
        **domain == *self.config.domain
    }

    fn is_slave(&self, jid: &Jid) -> bool {
        self.scenario.cast.slaves.values().any(|slave| slave.jid == *jid)
    }

    fn arrived(&mut self, run: &Transcript, hop: &Hop) {
        let mut stanza = hop.stanza.clone();
        if is_client(&hop.from) && stanza.from.is_none() {
            let Ok(from) = Jid::new(&hop.from) else { return };
            stanza = stanza.with_from(from);
        }
        let Some(from) = &stanza.from else { return };
        if self.is_slave(from) {
            return self.slave_says(run, &stanza);
        }
        let to_rooms = stanza.to.as_ref().is_some_and(|to| to.domain().as_str() == self.domain());
        let genuine = is_client(&hop.from) || *from.domain().as_str() == *hop.from;
        // What comes back undelivered tells of a link, and a link lost is no room's business.
        let lost = stanza.error().is_some_and(|error| {
            matches!(
                error.defined_condition,
                Condition::RemoteServerNotFound | Condition::RemoteServerTimeout
            )
        });
        if !to_rooms || !genuine || lost || is_ignored(run, self.now, &stanza) {
            return;
        }
        if stanza.is_groupchat() && stanza.dmuc().is_some_and(|x| x.delay.is_some()) {
            let said = |other: &Hop| {
                *other.from == *self.config.domain
                    && other.stanza.is_groupchat()
                    && other.stanza.id == stanza.id
            };
            let nick = self.nick_of(from);
            let at_once = run.hops().any(|(_, at, other)| at == self.now && said(other));
            let (true, Some(nick)) = (at_once, nick) else { return };
            self.late.insert((nick, stanza.id.clone()));
        }
        self.give(stanza);
    }

    /// What a slave says for itself shows whom it knows.
    fn slave_says(&mut self, run: &Transcript, stanza: &Stanza) {
        let Some(slave) = stanza.from.as_deref().cloned() else { return };
        let register = stanza.payload("register", ns::SLAVE).cloned().map(Register::try_from);
        if let (Some(Ok(register)), Some(room)) = (register, stanza.to.as_deref()) {
            let listed = |one: &Jid| {
                register.occupants.iter().any(|other| other.jid.as_str() == one.as_str())
            };
            if self.requests.is_granted_again(run, self.now, &slave, room) {
                let lost = self.give_up(|one| one.domain() == slave.domain() && !listed(one));
                self.unlisted.extend(lost.into_iter().map(|one| (one, self.now)));
            }
        }
        let condition = stanza.error().map(|error| error.defined_condition);
        if condition == Some(Condition::ItemNotFound) {
            self.forgot.insert((slave, self.now));
        }
    }

    /// The occupant JID of a session.
    fn nick_of(&self, session: &Jid) -> Option<Arc<Jid>> {
        let mut seats = self.rooms_now().flat_map(|room| room.roster().into_values());
        let seat = seats.find(|seat| sessions(seat).contains(session))?;
        Some(seat.occupant)
    }

    /// What a machine says of itself shows whom the master gives up.
    fn note(&mut self, note: &Note) {
        let slave = note.about.clone();
        let domain = slave.domain().as_str().to_owned();
        match note.change {
            Change::Split => {
                self.split.insert(slave);
            }
            Change::Expired => {
                self.give_up(|session| session.domain().as_str() == domain);
            }
            // It has forgotten everybody.
            Change::Created if self.forgot.remove(&(slave.clone(), self.now)) => {
                self.split.remove(&slave);
                self.give_up(|session| session.domain().as_str() == domain);
            }
            Change::Resyncing => {
                self.split.remove(&slave);
                self.resyncs.insert((slave, self.now));
            }
            Change::Created | Change::Registered | Change::Synced => {
                self.split.remove(&slave);
            }
            _ => {}
        }
    }

    /// What a master sends shows whom it takes out of the room because he cannot be reached.
    fn left(&mut self, hop: &Hop) {
        let stanza = &hop.stanza;
        if !stanza.is_unavailable() || !stanza.has_code("333") {
            return;
        }
        let (Some(from), Some(to)) = (&stanza.from, &stanza.to) else { return };
        let x = stanza.dmuc();
        if let Some(leave) = x.as_ref().and_then(|x| x.leave.as_ref()) {
            let session = Jid::from(leave.jid.clone());
            self.give_up(|one| *one == session);
        } else if stanza.has_code("110") {
            let session = Jid::clone(to);
            self.give_up(|one| *one == session);
        } else if x.is_none_or(|x| x.state.is_none())
            && !self.resyncs.contains(&(Jid::clone(to), self.now))
        {
            let seat = self
                .rooms_now()
                .find_map(|room| room.roster().into_values().find(|seat| *seat.occupant == **from));
            let of = seat.map(|seat| sessions(&seat)).unwrap_or_default();
            let split: BTreeSet<String> =
                self.split.iter().map(|slave| slave.domain().to_string()).collect();
            let (one, unlisted, now) = (of.len() == 1, self.unlisted.clone(), self.now);
            self.give_up(|session| {
                of.contains(session)
                    && (one || split.contains(session.domain().as_str()))
                    && !unlisted.contains(&(session.clone(), now))
            });
        }
    }

    /// Where there is no slave, nobody is there who cannot be reached.
    fn undeliverable(&mut self, stanza: &Stanza) {
        let Some(to) = stanza.to.as_deref().cloned() else { return };
        let mut slaves = self.scenario.cast.slaves.values();
        if stanza.kind != Kind::Iq && slaves.all(|slave| slave.jid.domain() != to.domain()) {
            self.give_up(|session| *session == to);
        }
    }

    /// These sessions cannot be reached. Who they are.
    fn give_up(&mut self, is_lost: impl Fn(&Jid) -> bool) -> Vec<Jid> {
        let mut lost = Vec::new();
        for seat in self.rooms_now().flat_map(|room| room.roster().into_values()) {
            let its = sessions(&seat).into_iter().filter(|session| is_lost(session));
            lost.extend(its.map(|session| (session, seat.occupant.clone())));
        }
        for (session, occupant) in &lost {
            let gone =
                error_element(ErrorType::Cancel, Condition::RecipientUnavailable, None, None);
            let error = Stanza::presence(Type::Error).with_from(session.clone());
            self.give(error.with_to(occupant.clone()).with_payload(gone));
        }
        lost.into_iter().map(|(session, _)| session).collect()
    }

    fn rooms_now(&self) -> impl Iterator<Item = &Master> {
        self.service.iter().flat_map(|service| service.rooms())
    }

    fn give(&mut self, stanza: Stanza) {
        self.step(ServiceInput::Stanza(stanza));
    }

    fn step(&mut self, input: ServiceInput) {
        if let Some(service) = &mut self.service {
            service.step(self.now, input, &mut Vec::new());
        }
    }
}

/// The sessions of an occupant, as the room says.
fn sessions(seat: &Seat) -> Vec<Jid> {
    let x = seat.presence.iter().find(|payload| payload.is("x", ns::MUC_USER));
    let items = x.into_iter().flat_map(|x| x.children());
    items.filter_map(|item| Jid::new(item.attr("jid")?).ok()).collect()
}

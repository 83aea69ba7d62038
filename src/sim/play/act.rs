//! Lines that make something happen.

use super::deeds::Scene;
use super::{Play, PlayError};
use crate::scenario::verbs::{Manner, NetworkChange, Order, Pause, Raw, RoomDeed, Session};
use crate::scenario::{Action as Line, Direction, Machine, Name, Occupant, Party, Step, Who};
use crate::sim::network::Network;
use crate::sim::world::Action;
use crate::stanza::{BareJid, Stanza};
use crate::transcript::{self, Fault, Link, Loss};

impl<N: Network> Play<'_, N> {
    /// Play one line.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), PlayError> {
        self.perform(step)?;
        self.check_size(step.span)
    }

    fn perform(&mut self, step: &Step) -> Result<(), PlayError> {
        match &step.action {
            Line::Pause(Pause::Wait(span)) => {
                self.align(step.span)?;
                self.mark();
                self.note_line(step);
                let until = self.network.now() + *span;
                self.wait_until(step.span, until)
            }
            Line::Pause(Pause::UntilQuiet) => self.wait_until_quiet(step.span),
            Line::Pause(Pause::Meanwhile(steps)) => {
                self.align(step.span)?;
                self.mark();
                for inner in steps {
                    self.note_line(inner);
                    match &inner.action {
                        // Between whole seconds, with whatever is in flight.
                        Line::Pause(Pause::Wait(span)) => {
                            let until = self.network.now() + *span;
                            self.wait_until(inner.span, until)?;
                        }
                        _ => self.act(inner),
                    }
                }
                self.align(step.span)
            }
            action if action.is_expectation() => {
                self.expect(step);
                Ok(())
            }
            _ if self.is_left_out(step) => {
                // What comes after it is about what has come since, all the same.
                self.mark();
                Ok(())
            }
            _ => {
                self.align(step.span)?;
                self.mark();
                self.note_line(step);
                self.act(step);
                self.align(step.span)
            }
        }
    }

    fn note_line(&mut self, step: &Step) {
        let span = step.span;
        let text = self.options.source.get(span.offset..span.offset + span.len).unwrap_or_default();
        let text = text.trim().to_owned();
        let now = self.network.now();
        self.network.world_mut().recorder_mut().line(now, span.line, &text);
    }

    /// From now on counts what "since the last line that made something happen" means.
    fn mark(&mut self) {
        self.catch_up();
        for name in self.scenario.cast.clients.keys() {
            let length = self.inbox(name).len();
            if let Some(view) = self.views.get_mut(name) {
                view.set_mark(length);
            }
        }
        let parties: Vec<Party> = self.readers.keys().cloned().collect();
        for party in parties {
            let length = self.arrivals_at(&party).len();
            if let Some(reader) = self.readers.get_mut(&party) {
                reader.1 = length;
            }
        }
        let transcript = self.network.world().recorder().transcript();
        self.marked_entry = transcript.map_or(0, |transcript| transcript.entries.len());
        self.marked_at = self.network.now();
    }

    /// Whether a line means nothing in a play without slaves.
    pub(super) fn is_left_out(&self, step: &Step) -> bool {
        let machine = |party: &Party| matches!(party, Party::Machine(_));
        self.options.plain
            && match &step.action {
                Line::Know(known) => known.is_about_slaves(),
                Line::Cross(_) => true,
                Line::Network(NetworkChange::CreateSlave(_)) => true,
                Line::Network(NetworkChange::Order(order)) => {
                    !matches!(order, Order::MasterShutsDown { .. })
                }
                Line::Network(NetworkChange::Crash(machine) | NetworkChange::Restart(machine)) => {
                    matches!(machine, Machine::Slave(_))
                }
                Line::Raw { who, .. } => who.iter().any(machine),
                _ => false,
            }
    }

    fn act(&mut self, step: &Step) {
        if self.is_left_out(step) {
            return;
        }
        match &step.action {
            Line::Session { who, deed } => {
                for name in self.cast_members(who) {
                    self.session(&name, *deed);
                }
            }
            Line::Room { who, room, deed } => {
                for name in self.people(who, room) {
                    self.room_deed(&name, room, deed);
                }
            }
            Line::Raw { who, raw: Raw::Sends(elements) } => {
                for party in who {
                    for element in elements {
                        self.send_raw(party, element);
                    }
                }
            }
            Line::Network(change) => self.change(change, step),
            _ => {}
        }
    }

    fn session(&mut self, name: &Name, deed: Session) {
        let Some(host) = self.client_host(name) else { return };
        if let Some(view) = self.views.get_mut(name) {
            view.offline();
        }
        self.network.act(match deed {
            Session::Connects => Action::Connect(host),
            Session::Disconnects => Action::Disconnect(host),
            Session::LosesConnection => Action::LoseConnection(host),
        });
    }

    /// Somebody does something in a room.
    pub(super) fn room_deed(&mut self, name: &Name, room: &Name, deed: &RoomDeed) {
        let Some(room_jid) = self.room_jid(room) else { return };
        let Some(host) = self.client_host(name) else { return };
        let other = deed.other();
        let other_nick = other.map(|other| self.nick_of(other, room));
        let other_jid = match other {
            Some(Occupant::Client(name)) => self.bare_jid(name),
            _ => None,
        };
        let other_session = match other {
            Some(Occupant::Client(name)) => self.scenario.cast.clients.get(name),
            _ => None,
        };
        self.ids += 1;
        let id = format!("{}-{}", name.to_lowercase().replace(' ', "-"), self.ids);
        let nick = self.own_nick(name, room);
        let scene = Scene {
            room: &room_jid,
            nick: &nick,
            other: other_nick.as_deref(),
            other_jid: other_jid.as_ref(),
            other_session: other_session.map(|client| &client.jid),
            id: &id,
        };
        let stanza = scene.stanza(deed);
        self.network.act(Action::SendAs(host, stanza));
    }

    fn send_raw(&mut self, party: &Party, element: &crate::stanza::Element) {
        let element = super::pattern::substitute(element, &self.captures);
        // The parser lets nothing else pass.
        let Ok(stanza) = Stanza::try_from(element) else { return };
        match party {
            Party::Client(name) => {
                if let Some(host) = self.client_host(name) {
                    self.network.act(Action::SendAs(host, stanza));
                }
            }
            Party::Machine(machine) => {
                let Some((host, address)) = self.machine_host(machine) else { return };
                let stanza = match (&stanza.from, address) {
                    (None, Some(address)) => stanza.with_from(address),
                    _ => stanza,
                };
                self.network.act(Action::Forge(host, stanza));
            }
        }
    }

    fn change(&mut self, change: &NetworkChange, step: &Step) {
        let before = self.network.world().faults().len();
        match change {
            NetworkChange::Cut(directions, manner) => {
                let loss = match manner {
                    Manner::Silently => Loss::Silent,
                    Manner::Refusing => Loss::Refused,
                    Manner::Resetting => Loss::Reset,
                };
                self.fault_links(directions, |link| Fault::Cut(link, loss));
            }
            NetworkChange::Hold(directions, span) => {
                self.fault_links(directions, Fault::Hold);
                let until = self.network.now() + *span;
                let heals = self.links(directions).into_iter().map(Fault::Heal);
                self.pending.entry(until).or_default().extend(heals);
            }
            NetworkChange::Slow(directions, latency) => {
                let jitter = crate::time::Duration::ZERO;
                let latency = *latency;
                self.fault_links(directions, |link| Fault::Slow { link, latency, jitter });
            }
            NetworkChange::Heal(directions) => self.fault_links(directions, Fault::Heal),
            NetworkChange::HealEverything => {
                self.pending.clear();
                self.network.act(Action::Fault(Fault::HealEverything));
            }
            NetworkChange::Crash(machine) => {
                if let Some(machine) = self.machine(machine) {
                    self.network.act(Action::Fault(Fault::Crash(machine)));
                }
            }
            NetworkChange::Restart(machine) => {
                if let Some(machine) = self.machine(machine) {
                    self.network.act(Action::Fault(Fault::Restart(machine)));
                }
            }
            NetworkChange::CreateSlave(name) => self.create_slave(name),
            NetworkChange::Order(order) => self.order(order),
        }
        let after = self.network.world().faults().len();
        self.fault_spans.extend((before..after).map(|_| step.span));
        self.catch_up();
    }

    fn fault_links(&mut self, directions: &[Direction], fault: impl Fn(Link) -> Fault) {
        for link in self.links(directions) {
            self.network.act(Action::Fault(fault(link)));
        }
    }

    /// The links that these directions make: two opposite ones make one.
    fn links(&self, directions: &[Direction]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for direction in directions {
            let ends = [&direction.from, &direction.to].map(|end| {
                let host = super::setup::host(&self.scenario.cast, end)?;
                Some(transcript::Name::from(host.as_str()))
            });
            let [Some(from), Some(to)] = ends else { continue };
            match links.iter_mut().find(|link| link.from == to && link.to == from) {
                Some(link) => link.both_ways = true,
                None => links.push(Link { from, to, both_ways: false }),
            }
        }
        links
    }

    fn machine(&self, machine: &Machine) -> Option<transcript::Machine> {
        Some(match machine {
            Machine::Server(domain) => transcript::Machine::Server(domain.clone()),
            Machine::Master(domain) => transcript::Machine::Service(domain.clone()),
            Machine::Slave(name) => {
                let cast = &self.scenario.cast;
                let slave = cast.slaves.get(name)?;
                let domain = slave.jid.domain().as_str();
                let is_first = cast.slave_at(domain).is_some_and(|(first, _)| first == name);
                let called = if is_first { domain } else { slave.jid.as_str() };
                transcript::Machine::Slave(called.into())
            }
        })
    }

    fn cast_members(&self, who: &Who) -> Vec<Name> {
        let everybody = self.scenario.cast.clients.keys().cloned();
        match who {
            Who::These(names) => names.clone(),
            Who::Everybody => everybody.collect(),
            Who::EverybodyElse(but) => everybody.filter(|name| !but.contains(name)).collect(),
            Who::Nobody => Vec::new(),
        }
    }

    /// Who is meant, where "everybody" is everybody in this room.
    pub(super) fn people(&self, who: &Who, room: &Name) -> Vec<Name> {
        let mut people = match who {
            Who::Nobody => self.cast_members(&Who::Everybody),
            who => self.cast_members(who),
        };
        if !matches!(who, Who::These(_)) {
            people.retain(|name| self.nick_in(name, room).is_some());
        }
        people
    }

    /// Who is meant, where "everybody" is everybody who was in this room when a line last made
    /// something happen.
    pub(super) fn people_before(&self, who: &Who, room: &Name) -> Vec<Name> {
        let mut people = self.cast_members(who);
        if let (false, Some(room)) = (matches!(who, Who::These(_)), self.room_jid(room)) {
            people.retain(|name| self.views.get(name).is_some_and(|view| view.was_in(&room)));
        }
        people
    }

    /// The bare JID of a client.
    pub(super) fn bare_jid(&self, name: &str) -> Option<BareJid> {
        Some(self.scenario.cast.clients.get(name)?.jid.to_bare())
    }

    pub(super) fn room_jid(&self, room: &Name) -> Option<BareJid> {
        Some(self.scenario.cast.rooms.get(room)?.config.jid.clone())
    }

    /// The nick of a client in a room, if he is in it.
    pub(super) fn nick_in(&self, name: &Name, room: &Name) -> Option<String> {
        let jid = self.room_jid(room)?;
        self.views.get(name)?.nick_in(&jid).map(ToOwned::to_owned)
    }

    /// The nick of a client in a room, or the one that he would take.
    fn own_nick(&self, name: &Name, room: &Name) -> String {
        self.nick_in(name, room)
            .or_else(|| self.scenario.cast.clients.get(name).map(|client| client.nick.clone()))
            .unwrap_or_default()
    }

    /// The nick of whom a line names.
    pub(super) fn nick_of(&self, occupant: &Occupant, room: &Name) -> String {
        match occupant {
            Occupant::Client(name) => self.own_nick(name, room),
            Occupant::Nick(nick) => nick.clone(),
        }
    }
}

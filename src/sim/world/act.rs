//! What a script does to the world: clients' doings, forged stanzas, faults.

use super::World;
use super::streams::Kind;
use crate::server::Input;
use crate::sim::clock;
use crate::sim::network::{Command, Delay, End, Host, HostId, LinkState};
use crate::stanza::{Jid, Stanza};
use crate::time::Time;
use crate::transcript::{Fault, Link, Loss, Machine};

/// Something that a script does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A client dials its server. A session that it still has is broken off.
    Connect(HostId),
    /// A client ends its stream. Without effect if it has none.
    Disconnect(HostId),
    /// A client's connection breaks off.
    LoseConnection(HostId),
    /// A client sends a stanza. Without effect while it is offline.
    SendAs(HostId, Stanza),
    /// A server sends a stanza as if one of the machines that it hosts had sent it.
    Forge(HostId, Stanza),
    /// The operator of this server does something with what it hosts.
    Operate(HostId, Input),
    /// The network or a host is tampered with. Without effect on hosts that do not exist.
    Fault(Fault),
}

impl World {
    /// A script does something.
    pub fn act(&mut self, now: Time, action: Action, out: &mut Vec<Command>) {
        // For logs alone.
        clock::set(now);
        match action {
            Action::Connect(client) => self.connect(now, client, out),
            Action::Disconnect(client) => self.hang_up(now, client, false, out),
            Action::LoseConnection(client) => self.hang_up(now, client, true, out),
            Action::SendAs(client, stanza) => {
                let Some(stream) = self.client(client).and_then(super::Client::stream) else {
                    return;
                };
                self.send(now, stream, End::Dialer, (stanza, now), out);
            }
            Action::Forge(server, stanza) => self.feed(now, server, Input::Forged(stanza), out),
            Action::Operate(server, input) => self.feed(now, server, input, out),
            Action::Fault(fault) => self.fault(now, fault, out),
        }
    }

    fn connect(&mut self, now: Time, client: HostId, out: &mut Vec<Command>) {
        self.hang_up(now, client, true, out);
        let Some(server) = self.client(client).map(super::Client::server) else { return };
        let stream = self.dial(now, client, server, Kind::Session, out);
        if let Some(client) = self.client_mut(client) {
            client.dialled(stream);
        }
    }

    fn hang_up(&mut self, now: Time, host: HostId, abrupt: bool, out: &mut Vec<Command>) {
        let Some(client) = self.client_mut(host) else { return };
        let Some(stream) = client.stream() else { return };
        client.closed(stream);
        self.close(now, stream, End::Dialer, None, abrupt, out);
    }

    fn fault(&mut self, now: Time, fault: Fault, out: &mut Vec<Command>) {
        self.recorder.fault(now, fault.clone());
        match &fault {
            Fault::Cut(link, loss) => {
                let state = match loss {
                    Loss::Silent => LinkState::Silent,
                    Loss::Refused => LinkState::Refused,
                    Loss::Reset => LinkState::Reset,
                };
                let link = link.clone();
                self.set_link(now, fault, &link, state, out);
            }
            Fault::Hold(link) => {
                let link = link.clone();
                self.set_link(now, fault, &link, LinkState::Held, out);
            }
            Fault::Slow { link, latency, jitter } => {
                let links = self.directions(link);
                let delay = Delay { latency: *latency, jitter: *jitter };
                let index = self.faults.begin(now, fault);
                for (from, to) in links {
                    self.faults.set_slow((from, to), index);
                    out.push(Command::SetDelay { from, to, delay });
                }
            }
            Fault::Heal(link) => {
                for link in self.directions(link) {
                    self.heal(link, out);
                }
            }
            Fault::HealEverything => {
                for link in self.faults.ill() {
                    self.heal(link, out);
                }
            }
            Fault::Crash(machine) => {
                let machine = machine.clone();
                self.crash(now, fault, &machine, out);
            }
            Fault::Restart(machine) => self.restart(now, machine, out),
        }
    }

    fn set_link(
        &mut self,
        now: Time,
        fault: Fault,
        link: &Link,
        state: LinkState,
        out: &mut Vec<Command>,
    ) {
        let index = self.faults.begin(now, fault);
        for (from, to) in self.directions(link) {
            self.faults.set_link((from, to), state, index);
            let directions: &[_] = match state {
                LinkState::Up => &[],
                LinkState::Held => {
                    let waiting = self.streams.in_flight(from, to) as u64;
                    self.faults.touched(index).delayed += waiting;
                    &[]
                }
                LinkState::Silent => &[(from, to)],
                LinkState::Refused | LinkState::Reset => &[(from, to), (to, from)],
            };
            for (from, to) in directions {
                let lost = self.streams.lose_flight(*from, *to);
                self.faults.touched(index).lost += lost.len() as u64;
                for entry in lost {
                    self.recorder.lost(entry);
                }
            }
            out.push(Command::SetLink { from, to, state });
        }
    }

    fn heal(&mut self, (from, to): (HostId, HostId), out: &mut Vec<Command>) {
        let (down, slow) = self.faults.heal((from, to));
        if slow {
            out.push(Command::SetDelay { from, to, delay: self.usual_delay(from, to) });
        }
        if down {
            out.push(Command::SetLink { from, to, state: LinkState::Up });
        }
    }

    fn crash(&mut self, now: Time, fault: Fault, machine: &Machine, out: &mut Vec<Command>) {
        let index = self.faults.begin(now, fault);
        match machine {
            Machine::Server(domain) => {
                let Some(host) = self.server_id(domain) else { return };
                let (lost, sessions) = self.streams.drop_host(host);
                let touched = self.faults.touched(index);
                touched.lost += lost.len() as u64;
                touched.sessions += sessions;
                for entry in lost {
                    self.recorder.lost(entry);
                }
                self.faults.power_off(host, index);
                self.servers[host.0 as usize].power_off();
                self.note_deadline(host.0 as usize, now);
                out.push(Command::PowerOff(host));
            }
            Machine::Slave(name) => {
                let Some((host, jid)) = self.slave_named(name) else { return };
                self.feed(now, host, Input::CrashSlave(jid), out);
                self.faults.machine_died(machine.clone(), index);
            }
            Machine::Service(domain) => {
                self.feed_domain(now, domain, Input::CrashService, out);
                self.faults.machine_died(machine.clone(), index);
            }
        }
    }

    fn restart(&mut self, now: Time, machine: &Machine, out: &mut Vec<Command>) {
        self.faults.machine_lives(machine);
        match machine {
            Machine::Server(domain) => {
                let Some(host) = self.server_id(domain) else { return };
                if self.faults.power_on(host) {
                    out.push(Command::PowerOn(host));
                    self.servers[host.0 as usize].power_on();
                    // Its slaves may have forgotten what the master believes that they know.
                    let server = self.servers[host.0 as usize].server();
                    let slaves = server.into_iter().flat_map(|one| one.slaves().cloned());
                    for slave in slaves.collect::<Vec<_>>() {
                        self.feed(now, host, Input::RestartSlave(slave), out);
                    }
                    // What starts when it is stepped first starts now.
                    self.feed(now, host, Input::Timeout, out);
                }
            }
            Machine::Slave(name) => {
                if let Some((host, jid)) = self.slave_named(name) {
                    self.feed(now, host, Input::RestartSlave(jid), out);
                }
            }
            Machine::Service(domain) => {
                self.feed_domain(now, domain, Input::RestartService, out);
                self.feed_domain(now, domain, Input::Timeout, out);
            }
        }
    }

    /// The host and the address of a slave that is named by its domain or its address.
    fn slave_named(&self, name: &str) -> Option<(HostId, Jid)> {
        let domain = name.rsplit('@').next().unwrap_or(name);
        let host = self.server_id(domain)?;
        let slaves = &self.server(host)?.config().slaves;
        let slave = match name.contains('@') {
            true => slaves.iter().find(|slave| slave.config.jid.as_str() == name)?,
            false => slaves.first()?,
        };
        Some((host, slave.config.jid.clone()))
    }

    fn feed_domain(&mut self, now: Time, domain: &str, input: Input, out: &mut Vec<Command>) {
        if let Some(host) = self.server_id(domain) {
            self.feed(now, host, input, out);
        }
    }

    /// The directions of a link between hosts that exist.
    fn directions(&self, link: &Link) -> Vec<(HostId, HostId)> {
        let (Some(from), Some(to)) = (self.named(&link.from), self.named(&link.to)) else {
            return Vec::new();
        };
        if link.both_ways { vec![(from, to), (to, from)] } else { vec![(from, to)] }
    }

    /// The host of this name, as the transcript writes it.
    pub fn named(&self, name: &str) -> Option<HostId> {
        match name.parse() {
            Ok(jid) if name.contains('/') => self.host(&Host::Client(jid)),
            _ => self.server_id(name),
        }
    }
}

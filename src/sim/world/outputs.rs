//! What servers do, turned into what the network must do.

use std::collections::VecDeque;

use super::World;
use super::streams::Kind;
use crate::server::{DialError, Domain, Input, Output};
use crate::sim::network::{Command, End, HostId, StreamId};
use crate::stanza::Stanza;
use crate::time::Time;
use crate::transcript::StreamEvent;

impl World {
    /// Give a server an input and obey what it says.
    pub(super) fn feed(&mut self, now: Time, host: HostId, input: Input, out: &mut Vec<Command>) {
        let index = host.0 as usize;
        let mut tamper = self.tamper.take();
        let mut inputs = VecDeque::from([input]);
        if let Some(tamper) = &mut tamper {
            self.servers.iter_mut().for_each(|node| node.slip(tamper.slips()));
            inputs = inputs
                .into_iter()
                .flat_map(|input| tamper.input(now, self.name(host), input))
                .collect();
        }
        let mut outputs = std::mem::take(&mut self.scratch);
        while let Some(input) = inputs.pop_front() {
            let by_nature = !matches!(input, Input::Forged(_));
            let Some(node) = self.servers.get_mut(index) else { break };
            node.step(now, input, &mut outputs);
            if let Some(tamper) = tamper.as_mut().filter(|_| by_nature) {
                let mut forged = Vec::new();
                tamper.outputs(now, self.name(host), &mut outputs, &mut forged);
                inputs.extend(forged.into_iter().map(Input::Forged));
            }
            for output in outputs.drain(..) {
                self.obey(now, host, output, &mut inputs, out);
            }
        }
        self.scratch = outputs;
        self.tamper = self.tamper.take().or(tamper);
        self.note_deadline(index, now);
    }

    fn obey(
        &mut self,
        now: Time,
        host: HostId,
        output: Output,
        inputs: &mut VecDeque<Input>,
        out: &mut Vec<Command>,
    ) {
        match output {
            Output::ToSession(session, stanza) => {
                self.send(now, StreamId(session.0), End::Acceptor, (stanza, now), out);
            }
            Output::CloseSession(session, error) => {
                self.close(now, StreamId(session.0), End::Acceptor, Some(error), false, out);
            }
            Output::Dial(domain) => match self.server_id(&domain) {
                Some(to) => {
                    let stream = self.dial(now, host, to, Kind::Peer, out);
                    self.servers[host.0 as usize].outgoing.insert(domain, stream);
                }
                None => inputs.push_back(Input::PeerFailed(domain, DialError::UnknownHost)),
            },
            Output::ToPeer(domain, stanza, since) => {
                if let Some(stream) = self.outgoing(host, &domain) {
                    self.send(now, stream, End::Dialer, (stanza, since), out);
                }
            }
            Output::Hangup(domain) => {
                if let Some(stream) = self.outgoing(host, &domain) {
                    self.servers[host.0 as usize].outgoing.remove(&domain);
                    self.close(now, stream, End::Dialer, None, false, out);
                }
            }
            Output::RefusePeer(domain, error) => {
                let streams = self.servers[host.0 as usize].incoming.remove(&domain);
                for stream in streams.into_iter().flatten() {
                    self.close(now, stream, End::Acceptor, Some(error), false, out);
                }
            }
            Output::Undeliverable(domain, stanza) => {
                let to = self.server_id(&domain);
                if let Some(to) = to {
                    self.faults.bounced(host, to);
                }
                let at = self.name(host).clone();
                self.recorder.undeliverable(now, &at, domain, stanza);
            }
            Output::Note(note) => self.recorder.note(now, note),
        }
    }

    fn outgoing(&self, host: HostId, domain: &Domain) -> Option<StreamId> {
        self.servers.get(host.0 as usize)?.outgoing.get(domain).copied()
    }

    pub(super) fn dial(
        &mut self,
        _now: Time,
        from: HostId,
        to: HostId,
        kind: Kind,
        out: &mut Vec<Command>,
    ) -> StreamId {
        let stream = self.streams.dial(from, to, kind);
        self.faults.dialled(from, to);
        out.push(Command::Dial { stream, from, to });
        stream
    }

    /// A stanza leaves a host, which was to send it since then.
    pub(super) fn send(
        &mut self,
        now: Time,
        stream: StreamId,
        end: End,
        (stanza, since): (Stanza, Time),
        out: &mut Vec<Command>,
    ) {
        if !self.streams.is_usable(stream, end) {
            return;
        }
        let Some((from, to)) = self.streams.hosts(stream, end) else { return };
        let name = |host: HostId| &self.hosts[host.0 as usize].1;
        let entry = self.recorder.sent((now, since), || (name(from), name(to)), &stanza);
        let lost_by_link = self.faults.sent(from, to);
        if lost_by_link {
            self.streams.break_off(stream, end);
        }
        if lost_by_link || !self.streams.carries(stream, end) {
            if let Some(entry) = entry {
                self.recorder.lost(entry);
            }
        } else {
            self.streams.depart(stream, end, entry);
        }
        out.push(Command::Send { stream, end, stanza });
    }

    pub(super) fn close(
        &mut self,
        now: Time,
        stream: StreamId,
        end: End,
        error: Option<&'static str>,
        abrupt: bool,
        out: &mut Vec<Command>,
    ) {
        let Some(ended) = self.streams.close(stream, end) else { return };
        for entry in ended.lost {
            self.recorder.lost(entry);
        }
        if ended.first {
            let event = match error {
                Some(error) => StreamEvent::Error(error.into()),
                None if abrupt => StreamEvent::Broken,
                None => StreamEvent::Closed,
            };
            self.record_stream(now, ended.dialer, ended.acceptor, event);
        }
        out.push(Command::Close { stream, end, error, abrupt });
    }
}

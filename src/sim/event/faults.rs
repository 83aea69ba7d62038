//! What faults do to the event network.

use super::{Event, EventNetwork, Stage};
use crate::sim::network::{End, HostId, LinkState, StreamId};

impl EventNetwork {
    pub(super) fn set_link(&mut self, from: HostId, to: HostId, state: LinkState) {
        let link = self.link(from, to);
        let before = self.links.state(link);
        self.links.set_state(link, state);
        if before == LinkState::Held && state != LinkState::Held {
            for event in self.links.release(link) {
                self.forward_or_lose(from, to, event);
            }
        }
        match state {
            LinkState::Up => self.revive(from, to),
            LinkState::Held => {
                for event in self.take_flight(from, to) {
                    self.links.hold(link, event);
                }
                self.stall_dials(from, to);
            }
            LinkState::Silent => {
                for event in self.take_flight(from, to) {
                    self.lose_event(&event);
                }
                self.stall_dials(from, to);
            }
            LinkState::Refused | LinkState::Reset => {
                self.take_flight(from, to);
                self.take_flight(to, from);
                self.stall_dials(from, to);
                self.reset_streams(from, to);
                if state == LinkState::Refused {
                    self.redial(from, to);
                }
            }
        }
    }

    fn forward_or_lose(&mut self, from: HostId, to: HostId, event: Event) {
        let link = self.link(from, to);
        match self.links.state(link) {
            _ if self.off.contains(&to) => self.lose_event(&event),
            LinkState::Up | LinkState::Held => self.forward(link, event),
            LinkState::Silent => self.lose_event(&event),
            LinkState::Refused | LinkState::Reset => {}
        }
    }

    fn lose_event(&mut self, event: &Event) {
        if let Event::Stanza(id, end, _) | Event::Closed(id, end) = event {
            self.lose(*id, *end);
        }
    }

    /// Take what is under way from one host to another.
    fn take_flight(&mut self, from: HostId, to: HostId) -> Vec<Event> {
        let streams = &self.streams;
        self.agenda.extract(|event| match event {
            Event::Stanza(id, end, _) | Event::Closed(id, end) => {
                let stream = &streams[id.0 as usize];
                stream.host(end.other()) == from && stream.host(*end) == to
            }
            Event::Opened(_) | Event::Refused(_) => false,
        })
    }

    fn between(&self, one: HostId, other: HostId, stage: Stage) -> Vec<StreamId> {
        (0..)
            .map(StreamId)
            .zip(&self.streams)
            .filter(|(_, stream)| stream.stage == stage && stream.joins(one, other))
            .map(|(id, _)| id)
            .collect()
    }

    /// Dials between the two that were to be answered find silence.
    fn stall_dials(&mut self, one: HostId, other: HostId) {
        let dials = self.between(one, other, Stage::Dialling);
        for id in &dials {
            self.streams[id.0 as usize].stage = Stage::Stalled;
        }
        self.agenda.extract(
            |event| matches!(event, Event::Opened(id) | Event::Refused(id) if dials.contains(id)),
        );
    }

    /// Dials between the two that found silence begin anew.
    fn redial(&mut self, one: HostId, other: HostId) {
        for id in self.between(one, other, Stage::Stalled) {
            self.dial(id);
        }
    }

    fn reset_streams(&mut self, one: HostId, other: HostId) {
        for id in self.between(one, other, Stage::Open) {
            let stream = &mut self.streams[id.0 as usize];
            stream.lost = [true; 2];
            let ended = stream.ended;
            for end in [End::Dialer, End::Acceptor] {
                if !ended[end.index()] {
                    self.agenda.push(self.now, Event::Closed(id, end));
                }
            }
        }
    }

    /// The link from one to the other is up again.
    fn revive(&mut self, from: HostId, to: HostId) {
        for id in self.between(from, to, Stage::Open) {
            let stream = &self.streams[id.0 as usize];
            let end = if stream.acceptor == to { End::Acceptor } else { End::Dialer };
            let back = end.other().index();
            // A host that was switched off has said that it does not know the stream, unheard; it
            // says so again when it is sent the same again.
            let disowned = stream.forgotten[back]
                && stream.lost[back]
                && self.links.state(stream.links[back]) == LinkState::Up;
            if stream.lost[end.index()] || disowned {
                let at = self.now + self.links.latency(stream.links[end.index()]);
                let ended = stream.ended;
                for end in [End::Dialer, End::Acceptor] {
                    if !ended[end.index()] {
                        self.agenda.push(at, Event::Closed(id, end));
                    }
                }
            }
        }
        self.redial(from, to);
    }

    pub(super) fn power_off(&mut self, host: HostId) {
        self.off.insert(host);
        let streams = &self.streams;
        let flight = self.agenda.extract(|event| match event {
            Event::Stanza(id, end, _) | Event::Closed(id, end) => {
                streams[id.0 as usize].host(*end) == host
            }
            Event::Opened(_) | Event::Refused(_) => false,
        });
        for event in flight {
            self.lose_event(&event);
        }
        for index in 0..self.streams.len() {
            let stream = &mut self.streams[index];
            for end in [End::Dialer, End::Acceptor] {
                if stream.host(end) == host && stream.stage == Stage::Open {
                    stream.forgotten[end.index()] |= !stream.ended[end.index()];
                    stream.ended[end.index()] = true;
                }
            }
            let dialling = matches!(stream.stage, Stage::Dialling | Stage::Stalled);
            if stream.dialer == host && dialling {
                stream.stage = Stage::Over;
            } else if stream.acceptor == host && dialling {
                let dialer = stream.dialer;
                self.stall_dials(dialer, host);
            }
        }
    }

    pub(super) fn power_on(&mut self, host: HostId) {
        self.off.remove(&host);
        for index in 0..self.streams.len() {
            let id = StreamId(u32::try_from(index).unwrap_or(u32::MAX));
            let stream = &self.streams[index];
            let end = match (stream.dialer == host, stream.acceptor == host) {
                (true, _) => End::Dialer,
                (_, true) => End::Acceptor,
                _ => continue,
            };
            if stream.stage == Stage::Stalled {
                self.dial(id);
            } else if stream.stage == Stage::Open
                && stream.lost[end.index()]
                && !stream.ended[end.other().index()]
            {
                let at = self.now + self.links.latency(stream.links[end.other().index()]);
                self.agenda.push(at, Event::Closed(id, end.other()));
            }
        }
    }
}

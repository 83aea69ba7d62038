//! What faults do: to segments under way, to connections, to dials.

use turmoil_net::Packet;

use super::super::board::{Machine, Order};
use super::super::segments::{Key, reset, route_of};
use super::Engine;
use crate::sim::network::{End, HostId, LinkState, StreamId};

impl<M: Machine> Engine<M> {
    pub(super) async fn set_link(&mut self, from: HostId, to: HostId, state: LinkState) {
        self.know_link(from, to);
        let before = self.links.state(from, to);
        self.links.set_state(from, to, state);
        if before == LinkState::Held && state != LinkState::Held {
            for packet in self.links.release(from, to) {
                self.resend(from, to, packet);
            }
        }
        match state {
            LinkState::Up => self.revive(from, to).await,
            LinkState::Held => {
                self.stall_dials(from, to).await;
                for packet in self.take_flight(from, to) {
                    self.links.hold(from, to, packet);
                }
            }
            LinkState::Silent => {
                self.stall_dials(from, to).await;
                for packet in self.take_flight(from, to) {
                    self.lose(&packet);
                }
            }
            LinkState::Refused | LinkState::Reset => {
                self.stall_dials(from, to).await;
                self.take_flight(from, to);
                self.take_flight(to, from);
                self.reset_streams(from, to);
                if state == LinkState::Refused {
                    self.redial(from, to).await;
                }
            }
        }
    }

    /// What was held goes on, in whatever state the link now is.
    fn resend(&mut self, from: HostId, to: HostId, packet: Packet) {
        match self.links.state(from, to) {
            _ if self.off.contains(&to) => self.lose(&packet),
            LinkState::Up => {
                let at = self.links.arrival(from, to, self.board.now());
                self.forward(packet, Some(at));
            }
            LinkState::Held => self.links.hold(from, to, packet),
            LinkState::Silent => self.lose(&packet),
            LinkState::Refused | LinkState::Reset => {}
        }
    }

    /// Take what is under way from one host to another.
    fn take_flight(&mut self, from: HostId, to: HostId) -> Vec<Packet> {
        self.extract(|sender, receiver| (sender, receiver) == (from, to))
    }

    fn extract(&mut self, wanted: impl Fn(HostId, HostId) -> bool) -> Vec<Packet> {
        let mut extracted = Vec::new();
        for (place, packet) in std::mem::take(&mut self.flight) {
            let hosts = route_of(&packet).and_then(|(from, to)| self.hosts_of(from, to));
            if hosts.is_some_and(|(from, to)| wanted(from, to)) {
                extracted.push(packet);
            } else {
                self.flight.insert(place, packet);
            }
        }
        extracted
    }

    /// Dials between the two that were to be answered find silence.
    async fn stall_dials(&mut self, one: HostId, other: HostId) {
        for stream in self.board.dials(one, other, false) {
            self.cut_attempt(stream);
            self.board.stall(stream);
        }
        self.tasks.settle().await;
        self.drop_unknown(one, other);
    }

    /// The connection with which somebody tries to open a stream is over, and so is what is under
    /// way on it.
    pub(super) fn cut_attempt(&mut self, stream: StreamId) {
        let address = self.board.address_of(stream);
        if let Some(key) = address.and_then(|from| self.connections.dialled_from(from)) {
            self.cut(key);
        }
    }

    fn cut(&mut self, key: Key) {
        let is_other = |packet: &Packet| {
            route_of(packet).is_some_and(|(from, to)| (from, to) != key && (to, from) != key)
        };
        self.flight.retain(|_, packet| is_other(packet));
        self.links.retain_held(is_other);
        for end in [End::Dialer, End::Acceptor] {
            self.deliver(reset(key, end));
        }
    }

    /// Connections that were being opened between two hosts when their dialler was told to stop
    /// are nobody's now.
    fn drop_unknown(&mut self, one: HostId, other: HostId) {
        for (key, end) in self.connections.of_host(one) {
            let hosts = self.connections.connection(key).map(|connection| connection.hosts);
            let joins = hosts.is_some_and(|hosts| hosts[end.other().index()] == other);
            if joins && self.board.stream_from(key.0).is_none() {
                self.cut(key);
            }
        }
    }

    /// Dials between the two that found silence begin anew.
    async fn redial(&mut self, one: HostId, other: HostId) {
        for stream in self.board.dials(one, other, true) {
            self.try_again(stream).await;
        }
    }

    async fn try_again(&mut self, stream: StreamId) {
        let dialer = self.board.end_state(stream, End::Dialer);
        let acceptor = self.board.end_state(stream, End::Acceptor);
        if let Some((dialer, acceptor)) = dialer.zip(acceptor) {
            self.try_dial(stream, dialer.host, acceptor.host);
            // Now, so that of several dials each is sent in its turn.
            self.tasks.settle().await;
            self.pump().await;
        }
    }

    fn connection_of(&self, stream: StreamId) -> Option<Key> {
        self.connections.dialled_from(self.board.address_of(stream)?)
    }

    fn reset_streams(&mut self, one: HostId, other: HostId) {
        for stream in self.board.open_between(one, other) {
            let key = self.connection_of(stream);
            for end in [End::Dialer, End::Acceptor] {
                self.board.lose(stream, end);
                if let Some(key) = key {
                    self.fly(self.board.now(), reset(key, end));
                }
            }
        }
    }

    /// The link from one to the other is up again.
    async fn revive(&mut self, from: HostId, to: HostId) {
        for stream in self.board.open_between(from, to) {
            let lost = [End::Dialer, End::Acceptor]
                .into_iter()
                .filter_map(|end| self.board.end_state(stream, end))
                .any(|state| state.host == to && state.lost);
            let Some(key) = self.connection_of(stream).filter(|_| lost) else { continue };
            let at = self.board.now() + self.links.latency(from, to);
            for end in [End::Dialer, End::Acceptor] {
                self.fly(at, reset(key, end));
            }
        }
        self.redial(from, to).await;
    }

    pub(super) async fn power_off(&mut self, host: HostId) {
        for packet in self.extract(|_, receiver| receiver == host) {
            self.lose(&packet);
        }
        let streams = self.board.streams_of(host);
        for (stream, end, peer) in streams {
            let is_open = self.board.end_state(stream, end).is_some_and(|state| state.open);
            if is_open || end == End::Dialer {
                self.board.close(stream, end, Order::Abort);
            } else {
                self.stall_dials(peer, host).await;
            }
        }
        self.off.insert(host);
        self.board.forget_host(host);
        self.tasks.abort(host);
        self.tasks.settle().await;
        // Its kernel outlives it, with connections that would keep its ports busy.
        for (key, end) in self.connections.of_host(host) {
            self.deliver(reset(key, end));
        }
    }

    pub(super) async fn power_on(&mut self, host: HostId) {
        if !self.off.remove(&host) {
            return;
        }
        self.start(host);
        self.tasks.settle().await;
        for (stream, end, peer) in self.board.streams_of(host) {
            let Some(state) = self.board.end_state(stream, end) else { continue };
            if !state.open {
                self.try_again(stream).await;
            } else if state.lost
                && let Some(key) = self.connection_of(stream)
            {
                let at = self.board.now() + self.links.latency(host, peer);
                self.fly(at, reset(key, end.other()));
            }
        }
    }
}

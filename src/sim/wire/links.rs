//! The links between hosts, one for each direction.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use turmoil_net::Packet;

use crate::sim::network::{Delay, HostId, LinkState};
use crate::time::{Duration, Time};

/// One direction.
#[derive(Debug)]
struct Link {
    state: LinkState,
    delay: Delay,
    /// When what was sent last arrives; nothing arrives before.
    last: Time,
    held: VecDeque<Packet>,
}

/// All directions.
#[derive(Debug)]
pub(super) struct Links {
    links: BTreeMap<(HostId, HostId), Link>,
    chance: ChaCha8Rng,
}

impl Links {
    /// No link is known yet. Jitter is drawn from `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self { links: BTreeMap::new(), chance: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The direction between these hosts; `usual` is what it takes if it is new.
    pub(super) fn know(&mut self, from: HostId, to: HostId, usual: impl FnOnce() -> Delay) {
        self.links.entry((from, to)).or_insert_with(|| Link {
            state: LinkState::Up,
            delay: usual(),
            last: Time::from_micros(i64::MIN),
            held: VecDeque::new(),
        });
    }

    /// What it does now. A direction that nothing ever used is up.
    pub(super) fn state(&self, from: HostId, to: HostId) -> LinkState {
        self.links.get(&(from, to)).map_or(LinkState::Up, |link| link.state)
    }

    /// The states of both directions.
    pub(super) fn states(&self, one: HostId, other: HostId) -> [LinkState; 2] {
        [self.state(one, other), self.state(other, one)]
    }

    pub(super) fn set_state(&mut self, from: HostId, to: HostId, state: LinkState) {
        if let Some(link) = self.links.get_mut(&(from, to)) {
            link.state = state;
        }
    }

    pub(super) fn set_delay(&mut self, from: HostId, to: HostId, delay: Delay) {
        if let Some(link) = self.links.get_mut(&(from, to)) {
            link.delay = delay;
        }
    }

    pub(super) fn latency(&self, from: HostId, to: HostId) -> Duration {
        self.links.get(&(from, to)).map_or(Duration::ZERO, |link| link.delay.latency)
    }

    /// The latencies of both directions together.
    pub(super) fn round_trip(&self, one: HostId, other: HostId) -> Duration {
        self.latency(one, other) + self.latency(other, one)
    }

    /// Whether the time that it takes is subject to chance.
    pub(super) fn has_jitter(&self, from: HostId, to: HostId) -> bool {
        self.links.get(&(from, to)).is_some_and(|link| link.delay.jitter > Duration::ZERO)
    }

    /// When something that is sent now arrives, by chance.
    pub(super) fn arrival(&mut self, from: HostId, to: HostId, now: Time) -> Time {
        let Some(link) = self.links.get_mut(&(from, to)) else { return now };
        let mut at = now + link.delay.latency;
        let jitter = u64::try_from(link.delay.jitter.as_micros()).unwrap_or(u64::MAX);
        if jitter > 0 {
            at += Duration::from_micros(self.chance.next_u64() % jitter.saturating_add(1));
        }
        link.last = link.last.max(at);
        link.last
    }

    /// When something of the connection itself that is sent now arrives: chance has no part in it,
    /// so that a stream opens after whole round trips.
    pub(super) fn plain_arrival(&self, from: HostId, to: HostId, now: Time) -> Time {
        now + self.latency(from, to)
    }

    pub(super) fn hold(&mut self, from: HostId, to: HostId, packet: Packet) {
        if let Some(link) = self.links.get_mut(&(from, to)) {
            link.held.push_back(packet);
        }
    }

    pub(super) fn release(&mut self, from: HostId, to: HostId) -> VecDeque<Packet> {
        self.links
            .get_mut(&(from, to))
            .map(|link| std::mem::take(&mut link.held))
            .unwrap_or_default()
    }

    /// Forget what is held of a connection.
    pub(super) fn retain_held(&mut self, mut keep: impl FnMut(&Packet) -> bool) {
        for link in self.links.values_mut() {
            link.held.retain(&mut keep);
        }
    }
}

//! The links of the event network, one for each direction between two hosts.

use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

use super::Event;
use crate::sim::network::{Delay, HostId, LinkState};
use crate::time::{Duration, Time};

/// Place of a direction in [`Links`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkIndex(u32);

#[derive(Debug)]
struct Link {
    state: LinkState,
    /// The delay, in microseconds: there may be many links, so they are small.
    latency: u32,
    jitter: u32,
    /// When what was sent last arrives; nothing arrives before.
    last: Time,
}

#[derive(Debug, Default)]
pub(super) struct Links {
    links: Vec<Link>,
    /// What waits on held links, in order.
    held: BTreeMap<LinkIndex, VecDeque<Event>>,
    indices: BTreeMap<(HostId, HostId), LinkIndex>,
}

impl Links {
    /// The direction between these hosts; `usual` is what it takes if it is new.
    pub(super) fn index(
        &mut self,
        from: HostId,
        to: HostId,
        usual: impl FnOnce() -> Delay,
    ) -> LinkIndex {
        let links = &mut self.links;
        *self.indices.entry((from, to)).or_insert_with(|| {
            let Delay { latency, jitter } = usual();
            links.push(Link {
                state: LinkState::Up,
                latency: micros(latency),
                jitter: micros(jitter),
                last: Time::from_micros(i64::MIN),
            });
            LinkIndex(u32::try_from(links.len() - 1).unwrap_or(u32::MAX))
        })
    }

    fn link(&mut self, index: LinkIndex) -> &mut Link {
        &mut self.links[index.0 as usize]
    }

    pub(super) fn state(&self, index: LinkIndex) -> LinkState {
        self.links[index.0 as usize].state
    }

    pub(super) fn set_state(&mut self, index: LinkIndex, state: LinkState) {
        self.link(index).state = state;
    }

    pub(super) fn set_delay(&mut self, index: LinkIndex, delay: Delay) {
        let link = self.link(index);
        link.latency = micros(delay.latency);
        link.jitter = micros(delay.jitter);
    }

    pub(super) fn latency(&self, index: LinkIndex) -> Duration {
        Duration::from_micros(self.links[index.0 as usize].latency.into())
    }

    /// When something that is sent now arrives.
    pub(super) fn arrival(&mut self, index: LinkIndex, now: Time, chance: &mut ChaCha8Rng) -> Time {
        let link = self.link(index);
        let mut at = now + Duration::from_micros(link.latency.into());
        if link.jitter > 0 {
            let more = chance.next_u64() % (u64::from(link.jitter) + 1);
            at += Duration::from_micros(more);
        }
        link.last = link.last.max(at);
        link.last
    }

    pub(super) fn hold(&mut self, index: LinkIndex, event: Event) {
        self.held.entry(index).or_default().push_back(event);
    }

    pub(super) fn release(&mut self, index: LinkIndex) -> VecDeque<Event> {
        self.held.remove(&index).unwrap_or_default()
    }
}

/// In whole microseconds; at most more than an hour.
fn micros(span: Duration) -> u32 {
    u32::try_from(span.as_micros()).unwrap_or(u32::MAX)
}

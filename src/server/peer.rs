//! Outgoing streams to other servers: dialled on demand, one for each domain, with a queue until
//! they are open.
//!
//! | state | a stanza | what ends it |
//! | --- | --- | --- |
//! | idle (no entry) | queue, dial | |
//! | dialling | queue | opened: send the queue; failed or too late: failing |
//! | failing | queue | after the flavour's delay everything bounces; idle, or backing off |
//! | open | send | closed: idle |
//! | backing off | bounces at once | time (ejabberd only); then as idle |
//!
//! ejabberd draws its time of instant bounces at random and remembers how often it failed; here it
//! is 1, 2, 4 … 256, 300 seconds for the first, second … failure in a row, and 1 again after a
//! stream was open. What was written to a stream that broke is lost: nothing here remembers it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::bounce::Failure;
use super::{DialError, Domain, Flavour, Output};
use crate::stanza::Stanza;
use crate::time::{Duration, Time};

/// How many stanzas wait for one stream.
pub(super) const QUEUE_MAX: usize = 65_536;

/// To how many domains there are streams, or attempts, or memories of failures.
const PEERS_MAX: usize = 10_000;

/// The longest time of instant bounces.
const BACK_OFF_MAX: Duration = Duration::from_secs(300);

/// A stanza that did not get away.
#[derive(Debug)]
pub(super) struct Undelivered {
    /// Where it should have gone.
    pub(super) domain: Domain,
    /// The stanza.
    pub(super) stanza: Stanza,
    /// Why it did not.
    pub(super) failure: Failure,
}

/// All outgoing streams of a server.
#[derive(Debug)]
pub(super) struct Peers {
    flavour: Flavour,
    connect_timeout: Duration,
    peers: BTreeMap<Domain, Peer>,
    timers: BTreeSet<(Time, Domain)>,
}

#[derive(Debug)]
struct Peer {
    state: State,
    /// What waits for the stream, and since when.
    queue: VecDeque<(Stanza, Time)>,
    /// How often in a row no stream could be opened; an open stream's entry ends with it.
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Dialling { until: Time },
    Failing { until: Time, failure: Failure },
    Open,
    BackingOff { until: Time, failure: Failure },
}

impl Peers {
    pub(super) fn new(flavour: Flavour, connect_timeout: Duration) -> Self {
        Self { flavour, connect_timeout, peers: BTreeMap::new(), timers: BTreeSet::new() }
    }

    /// When [`Peers::pass`] has something to do.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.timers.first().map(|(time, _)| *time)
    }

    /// Send a stanza to a domain, now or when there is a stream; or give it back.
    pub(super) fn send(
        &mut self,
        now: Time,
        domain: &str,
        stanza: Stanza,
        out: &mut Vec<Output>,
    ) -> Option<Undelivered> {
        let Some((domain, peer)) = entry(&mut self.peers, domain) else {
            let domain = Domain::from(domain);
            return Some(Undelivered { domain, stanza, failure: Failure::Overflow });
        };
        match peer.state {
            State::Open => out.push(Output::ToPeer(domain, stanza, now)),
            State::BackingOff { until, failure } if now < until => {
                return Some(Undelivered { domain, stanza, failure });
            }
            State::Idle | State::BackingOff { .. } => {
                peer.queue.push_back((stanza, now));
                let until = now + self.connect_timeout;
                peer.state = State::Dialling { until };
                self.timers.insert((until, Arc::clone(&domain)));
                out.push(Output::Dial(domain));
            }
            State::Dialling { .. } | State::Failing { .. } => {
                if peer.queue.len() >= QUEUE_MAX {
                    return Some(Undelivered { domain, stanza, failure: Failure::Overflow });
                }
                peer.queue.push_back((stanza, now));
            }
        }
        None
    }

    /// The stream is ready: send what waits for it.
    pub(super) fn opened(&mut self, domain: &Domain, out: &mut Vec<Output>) {
        let dialling = self.dialling(domain);
        let Some(peer) = self.peers.get_mut(domain) else {
            return out.push(Output::Hangup(Arc::clone(domain)));
        };
        if let Some(until) = dialling {
            self.timers.remove(&(until, Arc::clone(domain)));
            peer.state = State::Open;
            let waiting = std::mem::take(&mut peer.queue).into_iter();
            let leave = |(stanza, since)| Output::ToPeer(Arc::clone(domain), stanza, since);
            out.extend(waiting.map(leave));
        } else if peer.state != State::Open {
            out.push(Output::Hangup(Arc::clone(domain)));
        }
    }

    /// The stream could not be opened.
    pub(super) fn failed(
        &mut self,
        now: Time,
        domain: &Domain,
        error: DialError,
    ) -> Vec<Undelivered> {
        match self.dialling(domain) {
            Some(until) => {
                self.timers.remove(&(until, Arc::clone(domain)));
                self.fail(now, domain, Failure::Dial(error))
            }
            None => Vec::new(),
        }
    }

    /// The stream has ended.
    pub(super) fn closed(&mut self, now: Time, domain: &Domain) -> Vec<Undelivered> {
        if self.peers.get(domain).is_some_and(|peer| peer.state == State::Open) {
            self.peers.remove(domain);
            return Vec::new();
        }
        self.failed(now, domain, DialError::Broken)
    }

    /// Whatever is due at `now`.
    pub(super) fn pass(&mut self, now: Time, out: &mut Vec<Output>) -> Vec<Undelivered> {
        let mut undelivered = Vec::new();
        while let Some((time, _)) = self.timers.first()
            && *time <= now
            && let Some((_, domain)) = self.timers.pop_first()
        {
            match self.peers.get(&domain).map(|peer| peer.state) {
                Some(State::Dialling { .. }) => {
                    out.push(Output::Hangup(Arc::clone(&domain)));
                    undelivered.extend(self.fail(now, &domain, Failure::Timeout));
                }
                Some(State::Failing { failure, .. }) => {
                    undelivered.extend(self.give_up(now, &domain, failure));
                }
                _ => {}
            }
        }
        undelivered
    }

    fn dialling(&self, domain: &str) -> Option<Time> {
        match self.peers.get(domain)?.state {
            State::Dialling { until } => Some(until),
            _ => None,
        }
    }

    fn fail(&mut self, now: Time, domain: &Domain, failure: Failure) -> Vec<Undelivered> {
        let delay = failure.delay(self.flavour);
        if delay.is_zero() {
            return self.give_up(now, domain, failure);
        }
        if let Some(peer) = self.peers.get_mut(domain) {
            let until = now + delay;
            peer.state = State::Failing { until, failure };
            self.timers.insert((until, Arc::clone(domain)));
        }
        Vec::new()
    }

    fn give_up(&mut self, now: Time, domain: &Domain, failure: Failure) -> Vec<Undelivered> {
        let Some(mut peer) = self.peers.remove(domain) else { return Vec::new() };
        let waiting = std::mem::take(&mut peer.queue).into_iter();
        if self.flavour == Flavour::Ejabberd {
            let until = now + back_off(peer.failures);
            let failures = peer.failures.saturating_add(1);
            let state = State::BackingOff { until, failure };
            let queue = VecDeque::new();
            self.peers.insert(Arc::clone(domain), Peer { state, queue, failures });
        }
        let undelivered = |(stanza, _)| Undelivered { domain: Arc::clone(domain), stanza, failure };
        waiting.map(undelivered).collect()
    }
}

/// The entry of a domain, made if there is none and room for one.
fn entry<'a>(
    peers: &'a mut BTreeMap<Domain, Peer>,
    domain: &str,
) -> Option<(Domain, &'a mut Peer)> {
    if !peers.contains_key(domain) {
        if peers.len() >= PEERS_MAX {
            peers.retain(|_, peer| !matches!(peer.state, State::BackingOff { .. }));
        }
        if peers.len() >= PEERS_MAX {
            return None;
        }
        let peer = Peer { state: State::Idle, queue: VecDeque::new(), failures: 0 };
        peers.insert(Domain::from(domain), peer);
    }
    let only = (Bound::Included(domain), Bound::Included(domain));
    peers.range_mut::<str, _>(only).next().map(|(domain, peer)| (Arc::clone(domain), peer))
}

/// How long ejabberd bounces at once after it failed for the first time, or after `failures` more.
fn back_off(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(9)).min(BACK_OFF_MAX)
}

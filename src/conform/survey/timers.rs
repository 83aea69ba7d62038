//! How long machines wait for one another before they ask, as far as their pings show it, and when
//! they give one another up.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::places::{address, is_ping};
use super::users::Users;
use crate::dmuc::{Change, Note, Timers};
use crate::stanza::{Condition, Stanza};
use crate::time::{Duration, Time};
use crate::transcript::{Between, Fate, Hop, Name};

/// Who pings whom, and after which silence.
#[derive(Debug, Default)]
pub(super) struct Silences {
    /// By the host that pings and the address that it pings: how often after how many seconds.
    all: BTreeMap<(String, String), BTreeMap<u64, usize>>,
    ways: IndexMap<(Name, Name), Way, FxBuildHasher>,
    /// Since when rooms have lost which slaves, and how soon they gave them up.
    lost: BTreeMap<(String, String), Time>,
    given_up: BTreeMap<String, Duration>,
}

/// What has passed between two hosts, one way.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    pinged: Option<Time>,
    heard: Option<Time>,
}

impl Silences {
    pub fn feed(&mut self, at: Time, hop: &Hop, users: &Users) {
        if !hop.crosses_servers() {
            return;
        }
        if is_ping(&hop.stanza) && !users.is_one(address(hop.stanza.from.as_ref())) {
            let way = way(&mut self.ways, &hop.from, &hop.to);
            // A ping after one that was not answered is of a split.
            if way.heard > way.pinged
                && let Some(heard) = way.heard
            {
                let key = (hop.from.to_string(), address(hop.stanza.to.as_ref()).to_owned());
                let seconds = at.since(heard).as_secs();
                // What is shorter wants to know at once whether the other is there.
                if seconds >= LEAST {
                    *self.all.entry(key).or_default().entry(seconds).or_default() += 1;
                }
            }
            way.pinged = Some(at);
        }
        if let Fate::Delivered(after) = hop.fate {
            // What comes back tells nothing of who did not get it.
            let heard = (!is_bounce(&hop.stanza, users)).then_some(at + after);
            way(&mut self.ways, &hop.to, &hop.from).heard = heard;
        }
    }

    /// What a room says of a slave.
    pub fn note(&mut self, at: Time, note: &Note) {
        let between = (note.by.to_string(), note.about.to_string());
        match note.change {
            Change::Split => {
                self.lost.insert(between, at);
            }
            Change::Expired => {
                let Some(since) = self.lost.remove(&between) else { return };
                let (room, after) = (between.0, at.since(since));
                let least = self.given_up.entry(room).or_insert(after);
                *least = after.min(*least);
            }
            _ => {}
        }
    }

    /// The usual silence after which this host pings this address.
    fn of_way(&self, host: &str, address: &str) -> Option<Duration> {
        usual(self.all.get(&(host.to_owned(), address.to_owned())))
    }

    /// Those of the master at this host towards a slave.
    pub fn of_master(&self, host: &str, slave: &str) -> Option<Duration> {
        self.of_way(host, slave)
    }

    /// The timers of the master of this host, as they are for all its slaves.
    pub fn timers(&self, host: &str) -> Timers {
        let all = self.all.iter().filter(|((from, _), _)| from == host);
        with(usual(all.map(|(_, silences)| silences)), None)
    }

    /// The timers of a slave, at this host, of a room.
    pub fn of_slave(&self, host: &str, room: &str, master_idle: Duration) -> Timers {
        let timers = with(Some(master_idle), self.of_way(host, room));
        let expiry = self.given_up.get(room).copied().unwrap_or(timers.expiry);
        Timers { expiry, ..timers }
    }
}

/// Whether it returns what was for another machine: that one is lost.
fn is_bounce(stanza: &Stanza, users: &Users) -> bool {
    let error = stanza.error().filter(|_| stanza.is_error());
    let Some(condition) = error.map(|error| error.defined_condition) else { return false };
    let mut parties = [&stanza.from, &stanza.to].into_iter();
    match condition {
        Condition::RemoteServerNotFound | Condition::RemoteServerTimeout => true,
        // Who does not know pings is there.
        Condition::FeatureNotImplemented => false,
        _ => !parties.any(|jid| users.is_one(address(jid.as_ref()))),
    }
}

/// What has passed from one host to another.
fn way<'a>(
    ways: &'a mut IndexMap<(Name, Name), Way, FxBuildHasher>,
    from: &Name,
    to: &Name,
) -> &'a mut Way {
    let known = ways.get_index_of(&Between(from, to));
    let number =
        known.unwrap_or_else(|| ways.insert_full((from.clone(), to.clone()), Way::default()).0);
    &mut ways[number]
}

/// What is most frequent; of several such the longest.
fn usual<'a>(all: impl IntoIterator<Item = &'a BTreeMap<u64, usize>>) -> Option<Duration> {
    let mut sum: BTreeMap<u64, usize> = BTreeMap::new();
    for (seconds, number) in all.into_iter().flatten() {
        *sum.entry(*seconds).or_default() += number;
    }
    let most = sum.into_iter().max_by_key(|(seconds, number)| (*number, *seconds));
    most.map(|(seconds, _)| Duration::from_secs(seconds))
}

fn with(master_idle: Option<Duration>, slave_idle: Option<Duration>) -> Timers {
    Timers {
        master_idle: master_idle.unwrap_or(PATIENT),
        slave_idle: slave_idle.unwrap_or(PATIENT),
        ..Timers::default()
    }
}

/// The least time of silence, in seconds, that anybody agrees on.
const LEAST: u64 = 5;

/// Who never asks may wait for very long.
const PATIENT: Duration = Duration::from_secs(24 * 3600);

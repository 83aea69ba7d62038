//! What one server was sent, and what it sends about it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use super::causes::{Signs, there_again};
use super::{DONE, LATE, PAUSE};
use crate::time::Time;
use crate::transcript::{Name, is_client};

/// An entry, when it came, and from which host.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    pub number: usize,
    pub at: Time,
    pub from: Name,
}

/// A server of the record.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// What came of late, oldest first. Each has a number, its *place*.
    asked: VecDeque<Asked>,
    /// The place of the first of these: how many others came before.
    first: usize,
    /// Which of these could be the cause of what has such a sign, oldest first.
    by_sign: FxHashMap<u64, VecDeque<usize>>,
    /// What comes from one host is acted on in its order: nothing before this is any more.
    next: BTreeMap<Name, usize>,
    /// With what each of its users was let in.
    readers: BTreeMap<u64, usize>,
    /// Those of them who are not told yet that they are in: it tells them who is there.
    joining: BTreeSet<u64>,
    /// The hosts that have not answered its last ping, and those that it has lost.
    pinged: BTreeSet<Name>,
    lost: BTreeSet<Name>,
    /// What came and was not acted on yet, oldest first.
    waiting: VecDeque<usize>,
    busy: Option<Busy>,
}

/// What came.
#[derive(Debug)]
struct Asked {
    stamp: Stamp,
    /// The signs of what it may be the cause of.
    signs: Vec<u64>,
    /// When the server began to act on it, as far as the record shows.
    acted: Option<Time>,
    /// When it did so last.
    until: Time,
    /// What was sent about it: to whom what, as far as that is sent once.
    sent: BTreeSet<u64>,
    /// Whether nothing else will be.
    refused: bool,
}

/// What came and was acted on: its entry, and when that began.
pub(super) type Acted = (usize, Time);

/// What a server is busy with.
#[derive(Clone, Debug)]
struct Busy {
    /// The instant at which that began.
    since: Time,
    /// When it was last seen to do anything.
    until: Time,
    /// Where that came from which it is about, if that is known.
    about: Option<Name>,
}

impl Server {
    /// Something comes that has these signs.
    pub fn get(&mut self, stamp: Stamp, signs: Signs) {
        let place = self.first + self.asked.len();
        if let Some(reader) = signs.enters
            && let Entry::Vacant(fresh) = self.readers.entry(reader)
        {
            fresh.insert(place);
            self.joining.insert(reader);
        }
        if let Some(reader) = signs.leaves {
            self.readers.remove(&reader);
            self.joining.remove(&reader);
        }
        let again = self.finds(&stamp.from, &signs).then(|| there_again(&stamp.from));
        let signs: Vec<u64> = signs.asks.into_iter().chain(again).collect();
        for sign in &signs {
            self.by_sign.entry(*sign).or_default().push_back(place);
        }
        self.waiting.push_back(place);
        self.asked.push_back(Asked {
            stamp,
            signs,
            acted: None,
            until: Time::default(),
            sent: BTreeSet::new(),
            refused: false,
        });
    }

    /// At this instant, forget what is too old to be the cause of anything, or all: what of it was
    /// acted on.
    pub fn forget(&mut self, now: Option<Time>) -> Option<Acted> {
        let is_old = |asked: &&Asked| now.is_none_or(|now| asked.stamp.at + LATE < now);
        while self.asked.front().filter(is_old).is_some() {
            let Some(asked) = self.asked.pop_front() else { break };
            for sign in asked.signs {
                if let Some(places) = self.by_sign.get_mut(&sign) {
                    // It is the oldest. It may have a sign twice.
                    while places.front().is_some_and(|place| *place <= self.first) {
                        places.pop_front();
                    }
                    if places.is_empty() {
                        self.by_sign.remove(&sign);
                    }
                }
            }
            if self.waiting.front() == Some(&self.first) {
                self.waiting.pop_front();
            }
            self.first += 1;
            if let Some(acted) = asked.acted {
                return Some((asked.stamp.number, acted));
            }
        }
        None
    }

    /// What came there.
    fn at(&self, place: usize) -> Option<&Asked> {
        self.asked.get(place.checked_sub(self.first)?)
    }

    fn at_mut(&mut self, place: usize) -> Option<&mut Asked> {
        self.asked.get_mut(place.checked_sub(self.first)?)
    }

    /// Whether a host that was lost answers by this.
    fn finds(&mut self, from: &Name, signs: &Signs) -> bool {
        if is_client(from) || signs.own {
            return false;
        }
        if signs.refuses {
            self.lost.insert(from.clone());
        } else {
            self.pinged.remove(from);
        }
        signs.pongs && self.lost.remove(from)
    }

    /// The server sends something: the instant to which that belongs.
    pub fn send(&mut self, at: Time, to: &Name, signs: &Signs) -> Time {
        let caused = self.cause(at, signs).and_then(|cause| self.act(cause, at));
        let (since, about) = match caused {
            Some((since, about)) => (since, Some(about)),
            None if signs.own => return at,
            None => self.go_on(at, to),
        };
        self.busy = Some(Busy { since, until: at, about });
        if let Some(reader) = signs.reader.filter(|_| signs.ends) {
            self.readers.remove(&reader);
        }
        if let Some(reader) = signs.reader.filter(|_| signs.ends || signs.seats) {
            self.joining.remove(&reader);
        }
        if signs.pings && !self.pinged.insert(to.clone()) {
            self.lost.insert(to.clone());
        }
        since
    }

    /// It acts on this: since when, and where it came from. If it was at something of which the
    /// cause did not show, that was this.
    fn act(&mut self, cause: usize, at: Time) -> Option<(Time, Name)> {
        let came = self.at(cause)?.stamp.at;
        let busy = self.busy.as_ref().filter(|busy| at.since(busy.until) <= PAUSE);
        let unknown = busy.filter(|busy| busy.about.is_none() && busy.since >= came);
        let since = unknown.map_or(at, |busy| busy.since);
        let asked = self.at_mut(cause)?;
        asked.until = at;
        Some((*asked.acted.get_or_insert(since), asked.stamp.from.clone()))
    }

    /// It does something of which the cause does not show: about what came of late from there to
    /// where it goes or after all else, or about what it was at.
    fn go_on(&mut self, at: Time, to: &Name) -> (Time, Option<Name>) {
        let busy = self.busy.clone().filter(|busy| at.since(busy.until) <= PAUSE);
        let span = if busy.is_some() { DONE } else { PAUSE };
        let waits = |server: &Self, place: &usize| {
            let asked = server.at(*place);
            asked.is_some_and(|one| one.acted.is_none() && at.since(one.stamp.at) <= span)
        };
        while self.waiting.front().is_some_and(|place| !waits(self, place)) {
            self.waiting.pop_front();
        }
        let after = busy.as_ref().map(|busy| busy.until);
        let other =
            busy.as_ref().and_then(|busy| busy.about.as_ref()).is_none_or(|from| from != to);
        let next = self.waiting.iter().filter(|place| waits(self, place)).find(|place| {
            self.at(**place).is_some_and(|Asked { stamp, .. }| {
                Some(stamp.at) >= after || (other && stamp.from == *to)
            })
        });
        let next = next.copied();
        match (next.and_then(|place| self.at_mut(place)), busy) {
            (Some(asked), busy) => {
                asked.until = at;
                let since = busy.map_or(asked.stamp.at, |busy| asked.stamp.at.max(busy.until));
                (*asked.acted.get_or_insert(since), Some(asked.stamp.from.clone()))
            }
            (None, Some(busy)) => (busy.since, busy.about),
            (None, None) => (at, None),
        }
    }

    /// What it is about.
    fn cause(&mut self, at: Time, signs: &Signs) -> Option<usize> {
        // What came before somebody entered is nothing that he is told for its own sake.
        let entered = signs.reader.and_then(|reader| self.readers.get(&reader));
        let least = entered.copied().unwrap_or_default();
        // Of who is there he is told with his ENTER, though the same may have come since.
        let joining = |reader: &u64| signs.shows && self.joining.contains(reader);
        let joining = signs.reader.filter(joining);
        let resumes = |sign: u64| signs.resumes == Some(sign);
        let found = joining.iter().chain(&signs.answers).find_map(|sign| {
            let places = self.by_sign.get(sign)?;
            let place = places.iter().copied().find(|place| {
                let Some(asked) = self.at(*place) else { return false };
                let done = asked.acted.is_some() && at.since(asked.until) > DONE;
                let in_time = asked.stamp.at <= at && at.since(asked.stamp.at) <= LATE && !done;
                let burst = signs.reader == Some(*sign) || resumes(*sign);
                let again = !burst && asked.sent.contains(&signs.addressee);
                let next =
                    self.next.get(&asked.stamp.from).filter(|_| !signs.own && !resumes(*sign));
                *place >= next.map_or(least, |next| least.max(*next))
                    && in_time
                    && !again
                    && !asked.refused
            })?;
            Some((place, !signs.own && !resumes(*sign)))
        });
        let (found, in_order) = found?;
        let asked = self.at_mut(found)?;
        asked.sent.insert(signs.addressee);
        asked.refused |= signs.refuses;
        if in_order {
            let from = asked.stamp.from.clone();
            self.next.insert(from, found);
        }
        Some(found)
    }
}

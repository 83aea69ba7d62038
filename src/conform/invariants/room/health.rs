//! Whether links and hosts work, and since when nothing has gone wrong or been done.

use std::collections::{BTreeMap, BTreeSet};

use crate::time::Time;
use crate::transcript::{Fault, Link, Machine, Name};

/// The state of the network, as far as the record tells.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Health {
    /// Links that do not work as usual, one way each.
    links: BTreeSet<(Name, Name)>,
    /// Links on which everything is lost, one way each, and since when.
    pub cut: Vec<(Name, Name, Time)>,
    /// Streams between servers that ended and were not opened again, and since when: what is sent
    /// waits.
    ended: BTreeMap<(Name, Name), Time>,
    /// Streams that were opened, when, and since when what leaves then may have waited.
    opened: BTreeMap<(Name, Name), (Time, Time)>,
    /// Streams that are open, as far as the record tells.
    open: BTreeSet<(Name, Name)>,
    /// Streams that ever were.
    known: BTreeSet<(Name, Name)>,
    /// Machines that are down.
    machines: BTreeSet<Machine>,
    /// When a machine of each domain last failed or came back.
    restarted: BTreeMap<Name, Time>,
    /// When something last went wrong, or was mended.
    pub troubled: Time,
    /// When a link or a machine last failed or came back.
    pub changed: Time,
    /// When a server last could not deliver something to another.
    pub bounced: Time,
    /// When a user or the script last did something.
    pub acted: Time,
}

impl Health {
    pub fn new(now: Time) -> Self {
        Self {
            links: BTreeSet::new(),
            cut: Vec::new(),
            ended: BTreeMap::new(),
            opened: BTreeMap::new(),
            open: BTreeSet::new(),
            known: BTreeSet::new(),
            machines: BTreeSet::new(),
            restarted: BTreeMap::new(),
            troubled: now,
            changed: now,
            bounced: Time::from_micros(i64::MIN),
            acted: now,
        }
    }

    /// Whether no link and no host is down or slow.
    pub fn is_well(&self) -> bool {
        self.links.is_empty() && self.machines.is_empty()
    }

    /// Whether besides nothing waits for a stream between servers.
    pub fn is_smooth(&self) -> bool {
        self.is_well() && self.ended.is_empty()
    }

    /// Something became of a stream between servers.
    pub fn stream(&mut self, now: Time, from: &str, to: &str, opened: bool) {
        self.troubled = now;
        let stream = (Name::from(from), Name::from(to));
        if opened {
            let since = self.ended.remove(&stream).unwrap_or(Time::from_micros(i64::MIN));
            self.open.insert(stream.clone());
            self.known.insert(stream.clone());
            self.opened.insert(stream, (now, since));
        } else {
            // What is dialled and was never open may have been waited for all the time.
            self.open.remove(&stream);
            let known = self.known.contains(&stream);
            let since = if known { now } else { Time::from_micros(i64::MIN) };
            self.ended.entry(stream).or_insert(since);
        }
    }

    /// A stream between servers has ended, if there was one: a server is down.
    pub fn end(&mut self, now: Time, from: &str, to: &str) {
        self.known.insert((Name::from(from), Name::from(to)));
        self.stream(now, from, to, false);
    }

    /// Since when what leaves one host for another at this instant may have waited for a stream.
    pub fn waited_since(&self, from: &str, to: &str, now: Time) -> Option<Time> {
        let mut opened = self.opened.iter();
        let found = opened.find(|((one, other), _)| **one == *from && **other == *to);
        found.filter(|(_, (at, _))| *at == now).map(|(_, (_, since))| *since)
    }

    /// When a stream from one host to another ended, for which what is sent waits, or else was
    /// opened last.
    pub fn stream_changed(&self, from: &str, to: &str) -> Option<Time> {
        let mut opened = self.opened.iter();
        let found = opened.find(|((one, other), _)| **one == *from && **other == *to);
        self.waits_since(from, to).or(found.map(|(_, (at, _))| *at))
    }

    /// Since when what one host sends to another waits for a stream.
    pub fn waits_since(&self, from: &str, to: &str) -> Option<Time> {
        let mut ended = self.ended.iter();
        let found = ended.find(|((one, other), _)| **one == *from && **other == *to);
        found.map(|(_, since)| *since)
    }

    /// Whether what one host sends to another goes there at once, as far as the record tells.
    pub fn carries(&self, from: &str, to: &str) -> bool {
        let is = |(one, other): &(Name, Name)| **one == *from && **other == *to;
        !self.ended.keys().any(is) && !self.links.iter().any(is)
    }

    /// Something went from one server to another.
    pub fn went(&mut self, from: &str, to: &str) {
        let stream = (Name::from(from), Name::from(to));
        if self.open.insert(stream.clone()) {
            self.known.insert(stream);
        }
    }

    /// Whether one host has a stream to the other, or is the other.
    pub fn is_open(&self, from: &str, to: &str) -> bool {
        *from == *to || self.open.iter().any(|(one, other)| **one == *from && **other == *to)
    }

    /// Whether what one server sends to another at this instant surely goes there at once.
    pub fn reaches(&self, from: &str, to: &str, now: Time) -> bool {
        self.is_open(from, to) && self.waited_since(from, to, now).is_none()
    }

    /// Something went wrong.
    pub fn trouble(&mut self, now: Time) {
        self.troubled = now;
    }

    pub fn fault(&mut self, now: Time, fault: &Fault) {
        (self.troubled, self.changed, self.acted) = (now, now, now);
        if let Fault::Crash(machine) | Fault::Restart(machine) = fault {
            let (Machine::Server(at) | Machine::Slave(at) | Machine::Service(at)) = machine;
            self.restarted.insert(at.clone(), now);
        }
        match fault {
            Fault::Cut(link, _) => {
                for (from, to) in directions(link) {
                    self.links.insert((from.clone(), to.clone()));
                    self.cut.push((from, to, now));
                }
            }
            Fault::Hold(link) | Fault::Slow { link, .. } => self.links.extend(directions(link)),
            Fault::Heal(link) => {
                for (from, to) in directions(link) {
                    self.cut.retain(|(one, other, _)| (one, other) != (&from, &to));
                    self.links.remove(&(from, to));
                }
            }
            Fault::HealEverything => {
                self.links.clear();
                self.cut.clear();
            }
            Fault::Crash(machine) => {
                if let Machine::Server(domain) = machine {
                    self.open.retain(|(from, to)| from != domain && to != domain);
                }
                self.machines.insert(machine.clone());
            }
            // With a server all that runs in it is started.
            Fault::Restart(Machine::Server(domain)) => {
                self.machines.retain(|down| {
                    let (Machine::Server(at) | Machine::Slave(at) | Machine::Service(at)) = down;
                    at != domain
                });
            }
            Fault::Restart(machine) => {
                self.machines.remove(machine);
            }
        }
    }

    /// Since when nothing that one of these hosts sends to the other arrives.
    pub fn cut_since(&self, from: &str, to: &str) -> Option<Time> {
        self.cut.iter().find(|(one, other, _)| **one == *from && **other == *to).map(|cut| cut.2)
    }

    /// Whether a master of this domain would get what comes.
    pub fn is_serving(&self, domain: &str) -> bool {
        !self.machines.iter().any(|machine| match machine {
            Machine::Server(at) | Machine::Service(at) => **at == *domain,
            Machine::Slave(_) => false,
        })
    }

    /// When a machine of one of these domains last failed or came back.
    pub fn restarted(&self, one: &str, other: &str) -> Option<Time> {
        let here = self.restarted.iter().filter(|(at, _)| ***at == *one || ***at == *other);
        here.map(|(_, at)| *at).max()
    }

    /// Whether a machine of this domain is down.
    pub fn is_down(&self, domain: &str) -> bool {
        self.machines.iter().any(|machine| match machine {
            Machine::Server(at) | Machine::Slave(at) | Machine::Service(at) => **at == *domain,
        })
    }
}

fn directions(link: &Link) -> Vec<(Name, Name)> {
    let there = (link.from.clone(), link.to.clone());
    let back = (link.to.clone(), link.from.clone());
    if link.both_ways { vec![there, back] } else { vec![there] }
}

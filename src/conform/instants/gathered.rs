//! A record in which each server acts at the instant at which it is asked.
//!
//! When an entry counts as having been shows when one comes to it; when what it tells of came, only
//! later. So one goes through a record twice: to find these instants, and to put the entries into
//! their order.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::causes::{self, Signs};
use super::server::{Acted, Server, Stamp};
use super::{DONE, OPEN};
use crate::conform::invariants::Setting;
use crate::conform::invariants::reading::{bare_of, domain_of};
use crate::conform::survey::Links;
use crate::time::{Duration, Time};
use crate::transcript::{
    Entry, Fate, Hop, Name, Record, Sorted, SortedReading, SortedRecord, Sorter, Sorting, Space,
    What, is_client,
};

/// Such a record.
pub(super) struct Gathered {
    /// For the line of each of its entries, the number that it has in the record as it was.
    record: SortedRecord,
    links: Vec<(Name, Name, Duration)>,
    open: usize,
    /// The servers that hear clients.
    heard: BTreeSet<Name>,
}

impl Gathered {
    pub fn new(record: &dyn Record, setting: &Setting, space: Space) -> io::Result<Self> {
        let times = Times::find(record, setting, space)?;
        let (mut links, mut open, mut heard) = (Links::default(), 0, BTreeSet::new());
        let mut sorting = Sorting::new(space);
        let mut reading = times.read();
        let mut done = Ok(());
        let mut number = 0;
        record.each(&mut |entry| {
            if done.is_err() {
                return;
            }
            done = reading.next(number, entry).and_then(|entry| {
                links.feed(&entry);
                open += usize::from(entry.at + OPEN < times.last);
                if let Some((_, hop)) = entry.hop().filter(|(_, hop)| is_client(&hop.from))
                    && !heard.contains(&hop.to)
                {
                    heard.insert(hop.to.clone());
                }
                sorting.push((number, 0), &entry)
            });
            number += 1;
        });
        done?;
        let record = sorting.finish(record.header().clone());
        Ok(Self { record, links: links.unusual(), open, heard })
    }

    /// The record.
    pub fn record(&self) -> &SortedRecord {
        &self.record
    }

    /// Whether one could go through it.
    pub fn check(&self) -> io::Result<()> {
        self.record.failure().map_or(Ok(()), Err)
    }

    /// The first entry about which servers may have been at something when it stopped.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Links that take other than the usual time, one way each, and how long at most.
    pub fn links(&self) -> &[(Name, Name, Duration)] {
        &self.links
    }

    /// The numbers that these entries have in the record as it was.
    pub fn numbers(&self, entries: &BTreeSet<usize>) -> io::Result<BTreeMap<usize, usize>> {
        let (mut numbers, mut at) = (BTreeMap::new(), 0);
        let last = entries.last().copied();
        self.record.each_time(&mut |_, number| {
            if entries.contains(&at) {
                numbers.insert(at, number);
            }
            at += 1;
            Some(at) <= last
        })?;
        Ok(numbers)
    }

    /// How many entries there are before the first pause in a record that begins in the middle of
    /// something: a server tells its user something, or hands on what he has sent, or a room tells
    /// what somebody has said.
    pub fn begun(&self, setting: &Setting) -> io::Result<usize> {
        let mut first = None;
        self.record.some(&BTreeSet::from([0]), &mut |_, _, entry| first = Some(entry));
        self.check()?;
        let Some((_, hop)) = first.as_ref().and_then(Entry::hop) else { return Ok(0) };
        let from = hop.stanza.from.as_ref().map_or("", |from| from.as_str());
        let mut rooms = setting.rooms.iter().map(|room| room.config.jid.as_str());
        let own = is_client(from) && *domain_of(from) == *hop.from;
        let own = own && !rooms.any(|room| room == bare_of(from));
        let said = hop.stanza.is_groupchat();
        let inside = !is_client(&hop.from) && (is_client(&hop.to) || own || said);
        // What clients send need not be in it at all.
        if !inside || (own && !self.heard.contains(&hop.from)) {
            return Ok(0);
        }
        let (mut count, mut last) = (0, None);
        self.record.each_time(&mut |at, _| {
            let on = last.is_none_or(|last| at < last + DONE);
            count += usize::from(on);
            last = Some(at);
            on
        })?;
        Ok(count)
    }
}

/// The instants of a record, as they count.
struct Times {
    /// When each entry was, by their numbers.
    were: Sorted,
    /// When what some of them tell of came.
    came: Sorted,
    /// When the last one was.
    last: Time,
}

impl Times {
    fn find(record: &dyn Record, setting: &Setting, space: Space) -> io::Result<Self> {
        let mut gathering = Gathering::new(space);
        let (mut were, mut last, mut number) =
            (Sorter::of_few_bytes(space), Time::from_micros(i64::MIN), 0);
        let mut done = Ok(());
        record.each(&mut |entry| {
            if done.is_err() {
                return;
            }
            done = gathering.feed(number, entry, setting).and_then(|at| {
                last = last.max(at);
                were.push([number as u64, 0, 0], &at.as_micros().to_le_bytes())
            });
            number += 1;
        });
        done?;
        Ok(Self { were: were.finish(), came: gathering.finish()?, last })
    }

    fn read(&self) -> Reading<'_> {
        Reading {
            were: self.were.read(),
            came: self.came.read(),
            next: None,
            begun: false,
            last: BTreeMap::new(),
        }
    }
}

/// Tells for one entry after another when it was, and when what it tells of came.
struct Reading<'a> {
    were: SortedReading<'a>,
    came: SortedReading<'a>,
    /// The next entry of which it is known when what it tells of came, and when.
    next: Option<Acted>,
    begun: bool,
    /// When the last thing came over each link: what is sent over one comes in its order.
    last: BTreeMap<(Name, Name), Time>,
}

impl Reading<'_> {
    /// The entry of this number, as it counts.
    fn next(&mut self, number: usize, entry: &Entry) -> io::Result<Entry> {
        let at = self.were.next()?.map_or(entry.at, |(_, time)| time_in(time));
        let mut entry = Entry { at, ..entry.clone() };
        let acted = self.acted(number)?;
        if let What::Hop(Hop { from, to, fate: Fate::Delivered(after), .. }) = &mut entry.what {
            let came = acted.map_or(at + *after, |acted| acted.max(at));
            let last = self.last.entry((from.clone(), to.clone())).or_insert(at);
            *last = came.max(*last);
            *after = last.since(at);
        }
        Ok(entry)
    }

    /// When the entry of this number was acted on, if it was.
    fn acted(&mut self, number: usize) -> io::Result<Option<Time>> {
        if !std::mem::replace(&mut self.begun, true) {
            self.go_on()?;
        }
        match self.next.filter(|(next, _)| *next == number) {
            Some((_, at)) => {
                self.go_on()?;
                Ok(Some(at))
            }
            None => Ok(None),
        }
    }

    fn go_on(&mut self) -> io::Result<()> {
        let next = self.came.next()?;
        self.next =
            next.and_then(|(key, time)| Some((usize::try_from(key[0]).ok()?, time_in(time))));
        Ok(())
    }
}

fn time_in(record: &[u8]) -> Time {
    let micros = record.try_into().map(i64::from_le_bytes);
    Time::from_micros(micros.unwrap_or_default())
}

/// Leads what servers send back to what came to them.
struct Gathering {
    servers: BTreeMap<Name, Server>,
    /// What is on its way, by when it arrives.
    under_way: BTreeMap<(Time, usize), UnderWay>,
    /// When each link was last used.
    used: BTreeMap<(Name, Name), Time>,
    /// When what some entries tell of came, by their numbers.
    came: Sorter,
}

/// What is on its way from one host to another.
struct UnderWay {
    from: Name,
    to: Name,
    signs: Signs,
}

impl Gathering {
    fn new(space: Space) -> Self {
        let (servers, under_way, used) = Default::default();
        Self { servers, under_way, used, came: Sorter::of_few_bytes(space) }
    }

    /// The next entry, and when it counts as having been.
    fn feed(&mut self, number: usize, entry: &Entry, setting: &Setting) -> io::Result<Time> {
        let at = entry.at;
        let mut counts = at;
        self.arrive_until(at)?;
        let What::Hop(hop) = &entry.what else { return Ok(counts) };
        let signs = causes::signs(hop, setting);
        if !is_client(&hop.from) {
            let server = self.servers.entry(hop.from.clone()).or_default();
            forget(server, Some(at), &mut self.came)?;
            let since = server.send(at, &hop.to, &signs);
            let used = self.used.entry((hop.from.clone(), hop.to.clone())).or_insert(since);
            *used = since.max(*used);
            counts = *used;
        }
        if let Fate::Delivered(after) = hop.fate
            && !is_client(&hop.to)
        {
            let (from, to) = (hop.from.clone(), hop.to.clone());
            self.under_way.insert((at + after, number), UnderWay { from, to, signs });
        }
        Ok(counts)
    }

    fn arrive_until(&mut self, at: Time) -> io::Result<()> {
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= at) {
            let ((at, number), UnderWay { from, to, signs }) = first.remove_entry();
            let server = self.servers.entry(to).or_default();
            forget(server, Some(at), &mut self.came)?;
            server.get(Stamp { number, at, from }, signs);
        }
        Ok(())
    }

    /// When what some entries tell of came.
    fn finish(mut self) -> io::Result<Sorted> {
        for server in self.servers.values_mut() {
            forget(server, None, &mut self.came)?;
        }
        Ok(self.came.finish())
    }
}

/// Let a server forget what it can, and keep when that came.
fn forget(server: &mut Server, now: Option<Time>, came: &mut Sorter) -> io::Result<()> {
    while let Some((number, at)) = server.forget(now) {
        came.push([number as u64, 0, 0], &at.as_micros().to_le_bytes())?;
    }
    Ok(())
}

//! A record whose entries are sorted by time as they come, and that need not be in memory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::io;

use super::ahead::ahead;
use super::day::Day;
use super::read::Reader;
use super::sorter::{Key, Reading, Sorted, Sorter};
use super::space::Space;
use super::stored::Place;
use super::text::{MARGIN, write_headline};
use super::{Entry, Header, Record};
use crate::stanza::write_stanza;
use crate::time::Time;

/// Takes the entries of a record.
pub(crate) struct Sorting {
    sorter: Sorter,
    ahead: bool,
    text: String,
}

impl Sorting {
    /// With nothing in it.
    pub fn new(space: Space) -> Self {
        let ahead = space.is_read_ahead();
        Self { sorter: Sorter::new(space), ahead, text: String::new() }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.sorter.len()
    }

    /// One more entry, with its line and its number, by which those of one instant are sorted.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub fn push(&mut self, (line, number): (usize, usize), entry: &Entry) -> io::Result<()> {
        write_without_time(&mut self.text, entry)?;
        let key = [key_of(entry.at), line as u64, number as u64];
        self.sorter.push(key, self.text.as_bytes())
    }

    /// There are no more.
    pub fn finish(self, header: Header) -> SortedRecord {
        let Self { sorter, ahead, .. } = self;
        SortedRecord { header, entries: sorter.finish(), ahead, failed: RefCell::default() }
    }
}

/// Takes entries that are sorted by something else than time.
pub(crate) struct Pile {
    sorter: Sorter,
    text: String,
}

/// An entry with its line and its number.
pub(crate) type Numbered = (usize, usize, Entry);

impl Pile {
    /// With nothing in it.
    pub fn new(space: Space) -> Self {
        Self { sorter: Sorter::new(space), text: String::new() }
    }

    /// One more entry. Those with the same key stay in the order in which they come.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub fn push(&mut self, key: Key, (line, number, entry): &Numbered) -> io::Result<()> {
        write_without_time(&mut self.text, entry)?;
        let numbers = [key_of(entry.at), *line as u64, *number as u64];
        let mut record = Vec::with_capacity(self.text.len() + size_of_val(&numbers));
        numbers.iter().for_each(|number| record.extend(number.to_le_bytes()));
        record.extend_from_slice(self.text.as_bytes());
        self.sorter.push(key, &record)
    }

    /// There are no more: go through them, in the order of their keys.
    ///
    /// # Errors
    ///
    /// If they cannot be got at.
    pub fn drain(self, mut take: impl FnMut(Key, Numbered)) -> io::Result<()> {
        let sorted = self.sorter.finish();
        let (mut reading, mut place) = (sorted.read(), place());
        while let Some((key, record)) = reading.next()? {
            let mut numbers = Key::default();
            let mut rest = record;
            for number in &mut numbers {
                let Some((first, others)) = rest.split_first_chunk() else { break };
                (*number, rest) = (u64::from_le_bytes(*first), others);
            }
            let [at, line, number] = numbers;
            if let Some(entry) = read(rest, at, &mut place)? {
                take(key, (index_of(line), index_of(number), entry));
            }
        }
        Ok(())
    }
}

/// An instant as a part of a key.
pub(crate) fn key_of(at: Time) -> u64 {
    at.as_micros().cast_unsigned() ^ (1 << 63)
}

/// The instant of a part of a key.
pub(crate) fn time_of(key: u64) -> Time {
    Time::from_micros((key ^ (1 << 63)).cast_signed())
}

/// Write an entry, as a transcript has it, over this.
fn write_without_time(out: &mut String, entry: &Entry) -> io::Result<()> {
    out.clear();
    out.push_str(NO_TIME);
    write_headline(out, &entry.what);
    out.push('\n');
    if let Some(stanza) = entry.stanza() {
        write_stanza(out, stanza, MARGIN);
        out.push('\n');
    }
    if out.len() > LONGEST {
        let wrong = format!("a stanza that takes more than {LONGEST} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, wrong));
    }
    Ok(())
}

/// Read what that writes.
fn read(record: &[u8], at: u64, place: &mut Place) -> io::Result<Option<Entry>> {
    let text = std::str::from_utf8(record).map_err(io::Error::other)?;
    let read = Reader::new(text, place).entry().map_err(io::Error::other)?;
    Ok(read.map(|entry| Entry { at: time_of(at), ..entry }))
}

fn place() -> Place {
    Place { day: Day::of(Time::XEP_EPOCH), ..Place::default() }
}

/// Stands where a transcript has a time.
const NO_TIME: &str = "00:00:00.000000  ";

/// The longest entry that is kept; stanzas are shorter, but are written out.
const LONGEST: usize = 16 << 20;

/// A record that need not be in memory.
pub struct SortedRecord {
    header: Header,
    entries: Sorted,
    /// Whether they are read in a thread of its own.
    ahead: bool,
    failed: RefCell<Option<io::Error>>,
}

impl fmt::Debug for SortedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedRecord").field("header", &self.header).finish_non_exhaustive()
    }
}

impl SortedRecord {
    /// Why one could not go through all of it, the last time.
    pub fn failure(&self) -> Option<io::Error> {
        self.failed.take()
    }

    /// When its entries were, and on which lines: in their order, as far as `take` wants them.
    pub(crate) fn each_time(&self, take: &mut dyn FnMut(Time, usize) -> bool) -> io::Result<()> {
        let mut reading = self.entries.read();
        while let Some((key, _)) = reading.next()? {
            if !take(time_of(key[0]), index_of(key[1])) {
                break;
            }
        }
        Ok(())
    }

    /// Go through those entries that have these numbers, from 0, each with its number and its line.
    pub fn some(&self, wanted: &BTreeSet<usize>, take: &mut dyn FnMut(usize, usize, Entry)) {
        let mut go = || {
            let (mut entries, mut number) = (Entries::new(&self.entries), 0);
            for wanted in wanted {
                while number < *wanted && entries.reading.next()?.is_some() {
                    number += 1;
                }
                let Some((line, entry)) = entries.next()? else { break };
                take(number, line, entry);
                number += 1;
            }
            Ok(())
        };
        self.note(go());
    }

    fn note(&self, end: io::Result<()>) {
        if let Err(error) = end {
            self.failed.replace(Some(error));
        }
    }
}

impl Record for SortedRecord {
    fn header(&self) -> &Header {
        &self.header
    }

    fn each(&self, take: &mut dyn FnMut(&Entry)) {
        let entries = &self.entries;
        let give = |hand: &mut dyn FnMut(Entry)| {
            let mut entries = Entries::new(entries);
            while let Some((_, entry)) = entries.next()? {
                hand(entry);
            }
            Ok(())
        };
        self.note(match self.ahead {
            true => ahead(give, |entry| take(&entry)),
            false => give(&mut |entry| take(&entry)),
        });
    }
}

/// The entries of a record, one after another.
struct Entries<'a> {
    reading: Reading<'a>,
    place: Place,
}

impl<'a> Entries<'a> {
    fn new(sorted: &'a Sorted) -> Self {
        Self { reading: sorted.read(), place: place() }
    }

    fn next(&mut self) -> io::Result<Option<(usize, Entry)>> {
        let Some((key, record)) = self.reading.next()? else { return Ok(None) };
        let entry = read(record, key[0], &mut self.place)?;
        Ok(entry.map(|entry| (index_of(key[1]), entry)))
    }
}

fn index_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

//! Putting records into order that may be too many for memory: what has come is sorted piece by
//! piece, and the pieces are merged when one goes through them.
//!
//! What comes almost in order, as logs do, makes one piece: when memory is full, the first half of
//! what is in it is written, so that what comes late by less than the other half finds its place.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::sync::Mutex;

use super::space::{Keep, Space};

/// What records are sorted by. Those with the same stay in the order in which they come.
pub(crate) type Key = [u64; 3];

/// Takes records in any order.
pub(crate) struct Sorter {
    space: Space,
    /// How many bytes are held in memory.
    most: usize,
    /// What is in memory, in the order in which it came.
    held: Held,
    /// What is not.
    kept: Option<Box<dyn Keep>>,
    runs: Vec<Range<u64>>,
    /// The last key of the last run.
    last: Option<Key>,
    count: usize,
}

/// Records in memory.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    index: Vec<(Key, Range<usize>)>,
}

impl Held {
    fn push(&mut self, key: Key, record: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(record);
        self.index.push((key, start..self.bytes.len()));
    }

    fn get(&self, number: usize) -> Option<(Key, &[u8])> {
        let (key, range) = self.index.get(number)?;
        Some((*key, self.bytes.get(range.clone())?))
    }

    fn sort(&mut self) {
        self.index.sort_by_key(|(key, _)| *key);
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.index.len() * size_of::<(Key, Range<usize>)>()
    }
}

impl Sorter {
    /// Of long records.
    pub fn new(space: Space) -> Self {
        let (held, runs) = (Held::default(), Vec::new());
        Self { space, most: HELD_MAX, held, kept: None, runs, last: None, count: 0 }
    }

    /// Of short ones.
    pub fn of_few_bytes(space: Space) -> Self {
        Self { most: HELD_MAX / 8, ..Self::new(space) }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// One more record.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub fn push(&mut self, key: Key, record: &[u8]) -> io::Result<()> {
        self.held.push(key, record);
        self.count += 1;
        if self.held.size() > self.most { self.write() } else { Ok(()) }
    }

    /// Make room in memory.
    fn write(&mut self) -> io::Result<()> {
        self.held.sort();
        let first = self.held.get(0).map(|(key, _)| key);
        let follows = first > self.last;
        let mut out = Vec::with_capacity(self.held.bytes.len());
        let mut rest = Held::default();
        for number in 0..self.held.index.len() {
            let Some((key, record)) = self.held.get(number) else { break };
            if follows && number > self.held.index.len() / 2 {
                rest.push(key, record);
                continue;
            }
            for part in key {
                out.extend_from_slice(&part.to_le_bytes());
            }
            let length = u32::try_from(record.len()).map_err(io::Error::other)?;
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(record);
            self.last = Some(key);
        }
        self.held = rest;
        if self.kept.is_none() {
            self.kept = Some(self.space.room()?);
        }
        let (Some(kept), length) = (&mut self.kept, out.len() as u64) else { return Ok(()) };
        let start = kept.seek(SeekFrom::End(0))?;
        kept.write_all(&out)?;
        match self.runs.last_mut().filter(|_| follows) {
            Some(run) => run.end = start + length,
            None => self.runs.push(start..start + length),
        }
        Ok(())
    }

    /// There are no more.
    pub fn finish(mut self) -> Sorted {
        self.held.sort();
        let Self { held, kept, runs, .. } = self;
        Sorted { held, kept: kept.map(Mutex::new), runs }
    }
}

/// Records in order, through which one can go as often as one likes.
pub(crate) struct Sorted {
    held: Held,
    kept: Option<Mutex<Box<dyn Keep>>>,
    runs: Vec<Range<u64>>,
}

impl Sorted {
    /// Go through them.
    pub fn read(&self) -> Reading<'_> {
        let piece = (READ / self.runs.len().max(1)).max(READ_MIN);
        let runs = self.runs.iter().map(|left| Run {
            left: left.clone(),
            piece,
            buffer: Vec::new(),
            at: 0,
            record: 0..0,
        });
        let runs = runs.collect();
        Reading { sorted: self, runs, next: 0, heap: BinaryHeap::new(), taken: None, begun: false }
    }
}

/// Goes through records in their order.
pub(crate) struct Reading<'a> {
    sorted: &'a Sorted,
    runs: Vec<Run>,
    /// The number of the next record of those in memory.
    next: usize,
    /// The next key of each run, and of memory, which is one run more.
    heap: BinaryHeap<Reverse<(Key, usize)>>,
    /// From which of them the last record came.
    taken: Option<usize>,
    begun: bool,
}

/// A run that is read.
struct Run {
    /// What was not read yet.
    left: Range<u64>,
    /// How much is read at once.
    piece: usize,
    buffer: Vec<u8>,
    /// Where in the buffer the next record begins.
    at: usize,
    /// Where in it the last one is.
    record: Range<usize>,
}

impl Reading<'_> {
    /// The next record.
    ///
    /// # Errors
    ///
    /// If it cannot be got at.
    pub fn next(&mut self) -> io::Result<Option<(Key, &[u8])>> {
        if !std::mem::replace(&mut self.begun, true) {
            (0..=self.runs.len()).try_for_each(|run| self.advance(run))?;
        } else if let Some(run) = self.taken.take() {
            self.advance(run)?;
        }
        let Some(Reverse((key, number))) = self.heap.pop() else { return Ok(None) };
        self.taken = Some(number);
        let record = match self.runs.get(number) {
            Some(run) => run.buffer.get(run.record.clone()),
            None => self.sorted.held.get(self.next - 1).map(|(_, record)| record),
        };
        Ok(record.map(|record| (key, record)))
    }

    /// Go on to the next record of this run.
    fn advance(&mut self, number: usize) -> io::Result<()> {
        let key = match (self.runs.get_mut(number), &self.sorted.kept) {
            (Some(run), Some(kept)) => run.advance(kept)?,
            _ => {
                self.next += 1;
                self.sorted.held.get(self.next - 1).map(|(key, _)| key)
            }
        };
        self.heap.extend(key.map(|key| Reverse((key, number))));
        Ok(())
    }
}

impl Run {
    /// Go on to the next record: its key.
    fn advance(&mut self, kept: &Mutex<Box<dyn Keep>>) -> io::Result<Option<Key>> {
        const HEAD: usize = size_of::<Key>() + size_of::<u32>();
        if self.at == self.buffer.len() && self.left.is_empty() {
            return Ok(None);
        }
        self.fill(HEAD, kept)?;
        let mut key = Key::default();
        let (mut at, mut number) = (self.at, [0; 8]);
        for part in &mut key {
            number.copy_from_slice(&self.buffer[at..at + 8]);
            *part = u64::from_le_bytes(number);
            at += 8;
        }
        let mut length = [0; 4];
        length.copy_from_slice(&self.buffer[at..at + 4]);
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
        self.fill(HEAD + length, kept)?;
        self.record = self.at + HEAD..self.at + HEAD + length;
        self.at = self.record.end;
        Ok(Some(key))
    }

    /// Have so many bytes in the buffer.
    fn fill(&mut self, length: usize, kept: &Mutex<Box<dyn Keep>>) -> io::Result<()> {
        let have = self.buffer.len() - self.at;
        if have >= length {
            return Ok(());
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let left = usize::try_from(self.left.end - self.left.start).unwrap_or(usize::MAX);
        let more = self.piece.max(length - have).min(left);
        self.buffer.resize(have + more, 0);
        let mut kept = kept.lock().map_err(|_| io::Error::other("a thread has failed"))?;
        kept.seek(SeekFrom::Start(self.left.start))?;
        kept.read_exact(&mut self.buffer[have..])?;
        self.left.start += more as u64;
        if have + more < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// How many bytes of long records are held in memory.
const HELD_MAX: usize = 2 << 20;

/// How many bytes are read at once, of all runs together, and of each at least.
const READ: usize = 1 << 20;
const READ_MIN: usize = 1 << 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through records that come in this order of their keys.
    fn sorted(keys: impl Iterator<Item = u64>) -> (Sorted, usize) {
        let mut sorter = Sorter::new(Space::MEMORY);
        for (number, key) in keys.enumerate() {
            let record = format!("{key} ").repeat(1 + number % 40);
            sorter.push([key, 0, number as u64], record.as_bytes()).unwrap();
        }
        let sorted = sorter.finish();
        let runs = sorted.runs.len();
        (sorted, runs)
    }

    fn all(sorted: &Sorted) -> Vec<u64> {
        let mut reading = sorted.read();
        let mut keys = Vec::new();
        while let Some((key, record)) = reading.next().unwrap() {
            let record = std::str::from_utf8(record).unwrap();
            assert!(record.starts_with(&format!("{} ", key[0])));
            assert_eq!(record.len() % (key[0].to_string().len() + 1), 0);
            keys.push(key[0]);
        }
        keys
    }

    #[test]
    fn what_comes_in_order_or_almost_makes_one_run() {
        let near = (0..102_400).map(|number| number ^ 0x3FF);
        for (sorted, runs) in [sorted(0..102_400), sorted(near)] {
            assert_eq!(runs, 1);
            assert!(all(&sorted).into_iter().eq(0..102_400));
            // And again.
            assert!(all(&sorted).into_iter().eq(0..102_400));
        }
    }

    #[test]
    fn whatever_comes_is_in_order() {
        let back = sorted((0..100_000).rev());
        let far = sorted((0..100_000).map(|number| number * 7_919 % 100_000));
        for (sorted, runs) in [back, far] {
            assert!(runs > 4, "{runs}");
            assert!(all(&sorted).into_iter().eq(0..100_000));
        }
    }

    #[test]
    fn little_stays_in_memory() {
        let (none, runs) = sorted(0..0);
        assert_eq!((all(&none), runs), (Vec::new(), 0));
        let (few, runs) = sorted([3, 1, 2].into_iter());
        assert_eq!((all(&few), runs), (vec![1, 2, 3], 0));
    }
}

//! The bytes that one end of a TCP connection sent, from segments that come twice, out of order
//! and not at all.

use std::collections::VecDeque;

use crate::time::Time;

/// How many segments wait for one that is missing before that is given up, and of how many bytes.
const WAITING_MAX: usize = 256;
const WAITING_BYTES_MAX: usize = 4 << 20;

/// Bytes in order.
pub(super) struct Piece {
    /// The line that told them, and its instant.
    pub line: usize,
    pub at: Time,
    /// How many bytes before them are missing.
    pub lost: u32,
    pub bytes: Vec<u8>,
}

struct Segment {
    line: usize,
    at: Time,
    number: u32,
    bytes: Vec<u8>,
}

/// What one end sent.
#[derive(Default)]
pub(super) struct Segments {
    /// The number of the byte that comes next; none before the first.
    next: Option<u32>,
    /// Segments that came too early.
    waiting: Vec<Segment>,
    ready: VecDeque<Piece>,
    /// The line and the instant of what was moved there last.
    latest: (usize, Time),
}

impl Segments {
    /// A segment was captured, whose first byte has this number.
    pub fn add(&mut self, (line, at): (usize, Time), number: u32, bytes: Vec<u8>) {
        self.next.get_or_insert(number);
        self.waiting.push(Segment { line, at, number, bytes });
        self.sort_out();
        let bytes: usize = self.waiting.iter().map(|segment| segment.bytes.len()).sum();
        if self.waiting.len() > WAITING_MAX || bytes > WAITING_BYTES_MAX {
            self.skip();
        }
    }

    /// Nothing more comes: what is missing is lost.
    pub fn give_up(&mut self) {
        while !self.waiting.is_empty() {
            self.skip();
        }
    }

    /// The next bytes in order.
    pub fn next(&mut self) -> Option<Piece> {
        self.ready.pop_front()
    }

    /// Move to `ready` what is in order.
    fn sort_out(&mut self) {
        while let Some(next) = self.next {
            let Some(index) = self.waiting.iter().position(|s| ahead(next, s.number) <= 0) else {
                return;
            };
            let mut segment = self.waiting.swap_remove(index);
            let known = usize::try_from(-i64::from(ahead(next, segment.number)));
            let known = known.unwrap_or(0).min(segment.bytes.len());
            // What came before came again.
            segment.bytes.drain(..known);
            self.take(segment, 0);
        }
    }

    /// Go on after the first gap.
    fn skip(&mut self) {
        let Some(next) = self.next else { return };
        let first = (0..self.waiting.len()).min_by_key(|i| ahead(next, self.waiting[*i].number));
        if let Some(first) = first {
            let segment = self.waiting.swap_remove(first);
            let lost = segment.number.wrapping_sub(next);
            self.next = Some(segment.number);
            self.take(segment, lost);
            self.sort_out();
        }
    }

    fn take(&mut self, Segment { line, at, bytes, .. }: Segment, lost: u32) {
        if !bytes.is_empty() {
            // What waited is read when what it waited for has come.
            let (line, at) = (line.max(self.latest.0), at.max(self.latest.1));
            self.latest = (line, at);
            // A segment has less than 64 KiB, but a line may be made up.
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.next = self.next.map(|next| next.wrapping_add(length));
            self.ready.push_back(Piece { line, at, lost, bytes });
        }
    }
}

/// How far `number` is ahead of `next`; numbers wrap.
fn ahead(next: u32, number: u32) -> i32 {
    i32::from_ne_bytes(number.wrapping_sub(next).to_ne_bytes())
}

//! The streams of a run, and what is in flight on each: per direction the entries of the transcript
//! whose stanzas have left and not arrived.

use std::collections::VecDeque;

use crate::sim::network::{End, HostId, StreamId};

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A client's session, both ways.
    Session,
    /// From a server to another, one way.
    Peer,
}

#[derive(Debug)]
struct Stream {
    dialer: HostId,
    acceptor: HostId,
    kind: Kind,
    open: bool,
    /// Which ends know that it is over, by [`End::index`].
    ended: [bool; 2],
    /// Towards which end something was lost, so that nothing more arrives there.
    broken: [bool; 2],
    /// In flight, by the end that it flies to.
    flight: [Flight; 2],
}

/// What is in flight in one direction. What left before the record began has no entry. Small, as
/// there may be many streams of which none is recorded.
#[derive(Debug, Default)]
struct Flight {
    unrecorded: u32,
    #[allow(clippy::box_collection, reason = "a pointer instead of a queue in every stream")]
    entries: Option<Box<VecDeque<usize>>>,
}

impl Flight {
    fn len(&self) -> usize {
        self.unrecorded as usize + self.entries.as_ref().map_or(0, |entries| entries.len())
    }

    fn depart(&mut self, entry: Option<usize>) {
        match entry {
            Some(entry) => self.entries.get_or_insert_default().push_back(entry),
            None => self.unrecorded += 1,
        }
    }

    /// The first has arrived; its entry, if it has one. Nothing if none is in flight.
    fn arrive(&mut self) -> Option<Option<usize>> {
        if self.unrecorded > 0 {
            self.unrecorded -= 1;
            return Some(None);
        }
        self.entries.as_mut()?.pop_front().map(Some)
    }

    /// Nothing of it will arrive.
    fn lose(&mut self) -> impl Iterator<Item = usize> {
        self.unrecorded = 0;
        self.entries.take().into_iter().flat_map(|entries| *entries)
    }

    fn forget_entries(&mut self) {
        self.unrecorded = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.entries = None;
    }
}

/// Whose stanza arrived.
pub(super) struct Arrived {
    pub(super) dialer: HostId,
    pub(super) acceptor: HostId,
    pub(super) kind: Kind,
    pub(super) entry: Option<usize>,
}

/// A stream of which one end has heard that it is over.
pub(super) struct Ended {
    pub(super) dialer: HostId,
    pub(super) acceptor: HostId,
    pub(super) kind: Kind,
    /// Whether this end is the first to know.
    pub(super) first: bool,
    /// What was in flight and will not arrive.
    pub(super) lost: Vec<usize>,
}

/// All streams, by number.
#[derive(Debug, Default)]
pub(super) struct Streams(Vec<Stream>);

impl Streams {
    pub(super) fn dial(&mut self, dialer: HostId, acceptor: HostId, kind: Kind) -> StreamId {
        let id = StreamId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Stream {
            dialer,
            acceptor,
            kind,
            open: false,
            ended: [false; 2],
            broken: [false; 2],
            flight: [Flight::default(), Flight::default()],
        });
        id
    }

    fn stream(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.0.get_mut(id.0 as usize)
    }

    /// The hosts of a dialled stream, which is now open.
    pub(super) fn open(&mut self, id: StreamId) -> Option<(HostId, HostId)> {
        let stream = self.stream(id).filter(|stream| !stream.open && stream.ended == [false; 2])?;
        stream.open = true;
        Some((stream.dialer, stream.acceptor))
    }

    /// The hosts of a dialled stream, which will never be open.
    pub(super) fn fail(&mut self, id: StreamId) -> Option<(HostId, HostId)> {
        let stream = self.stream(id).filter(|stream| !stream.open && stream.ended == [false; 2])?;
        stream.ended = [true; 2];
        Some((stream.dialer, stream.acceptor))
    }

    /// Which host is at which end.
    pub(super) fn hosts(&self, id: StreamId, from: End) -> Option<(HostId, HostId)> {
        let stream = self.0.get(id.0 as usize)?;
        Some(match from {
            End::Dialer => (stream.dialer, stream.acceptor),
            End::Acceptor => (stream.acceptor, stream.dialer),
        })
    }

    /// Whether what `from` writes now can arrive, as far as the stream goes.
    pub(super) fn carries(&self, id: StreamId, from: End) -> bool {
        let to = from.other().index();
        self.0.get(id.0 as usize).is_some_and(|stream| !stream.ended[to] && !stream.broken[to])
    }

    /// Whether the end has not heard that the stream is over.
    pub(super) fn is_usable(&self, id: StreamId, end: End) -> bool {
        self.0.get(id.0 as usize).is_some_and(|stream| stream.open && !stream.ended[end.index()])
    }

    /// A stanza leaves for the other end.
    pub(super) fn depart(&mut self, id: StreamId, from: End, entry: Option<usize>) {
        if let Some(stream) = self.stream(id) {
            stream.flight[from.other().index()].depart(entry);
        }
    }

    /// The stanza that left first for this end has arrived.
    pub(super) fn arrive(&mut self, id: StreamId, end: End) -> Option<Arrived> {
        let stream = self.stream(id).filter(|stream| !stream.ended[end.index()])?;
        let entry = stream.flight[end.index()].arrive()?;
        Some(Arrived { dialer: stream.dialer, acceptor: stream.acceptor, kind: stream.kind, entry })
    }

    /// This end closes the stream: what flies to it is lost, what it wrote goes on.
    pub(super) fn close(&mut self, id: StreamId, end: End) -> Option<Ended> {
        let stream = self.stream(id).filter(|stream| !stream.ended[end.index()])?;
        Some(stream.end(end, false))
    }

    /// This end has heard that the stream is over: nothing more arrives at either.
    pub(super) fn closed(&mut self, id: StreamId, end: End) -> Option<Ended> {
        let stream = self.stream(id).filter(|stream| !stream.ended[end.index()])?;
        Some(stream.end(end, true))
    }

    /// What `from` sends to `to` gets lost: what is in flight that way, and all that follows on
    /// the streams that lost something.
    pub(super) fn lose_flight(&mut self, from: HostId, to: HostId) -> Vec<usize> {
        let mut lost = Vec::new();
        for stream in &mut self.0 {
            for end in [End::Dialer, End::Acceptor] {
                if stream.ends(end.other()) == (from, to) && stream.flight[end.index()].len() > 0 {
                    stream.broken[end.index()] = true;
                    lost.extend(stream.flight[end.index()].lose());
                }
            }
        }
        lost
    }

    /// A stanza was lost on its way to the end opposite to `from`: so is what follows.
    pub(super) fn break_off(&mut self, id: StreamId, from: End) {
        if let Some(stream) = self.stream(id) {
            stream.broken[from.other().index()] = true;
        }
    }

    /// Nothing in flight has an entry any more.
    pub(super) fn forget_entries(&mut self) {
        self.0.iter_mut().flat_map(|stream| &mut stream.flight).for_each(Flight::forget_entries);
    }

    /// How much is in flight from one host to another.
    pub(super) fn in_flight(&self, from: HostId, to: HostId) -> usize {
        let both = [End::Dialer, End::Acceptor];
        self.0
            .iter()
            .flat_map(|stream| both.map(|end| (stream, end)))
            .filter(|(stream, end)| stream.ends(end.other()) == (from, to))
            .map(|(stream, end)| stream.flight[end.index()].len())
            .sum()
    }

    /// The host is gone, and with it its ends of all streams. What flew to it, and how many
    /// sessions it had.
    pub(super) fn drop_host(&mut self, host: HostId) -> (Vec<usize>, u64) {
        let mut lost = Vec::new();
        let mut sessions = 0;
        for stream in &mut self.0 {
            for end in [End::Dialer, End::Acceptor] {
                let at = end.index();
                if stream.ends(end).0 == host && !stream.ended[at] {
                    sessions += u64::from(stream.kind == Kind::Session && stream.open);
                    lost.extend(stream.flight[at].lose());
                    stream.ended[at] = true;
                }
            }
        }
        (lost, sessions)
    }
}

impl Stream {
    /// The host at this end, and the other.
    fn ends(&self, end: End) -> (HostId, HostId) {
        match end {
            End::Dialer => (self.dialer, self.acceptor),
            End::Acceptor => (self.acceptor, self.dialer),
        }
    }

    fn end(&mut self, end: End, all: bool) -> Ended {
        let first = self.ended == [false; 2];
        self.ended[end.index()] = true;
        let mut lost: Vec<usize> = self.flight[end.index()].lose().collect();
        if all {
            lost.extend(self.flight[end.other().index()].lose());
        }
        Ended { dialer: self.dialer, acceptor: self.acceptor, kind: self.kind, first, lost }
    }
}

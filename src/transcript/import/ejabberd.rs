//! ejabberd's log at level `debug`: `Received XML on stream = <<"…">>` and `Send XML on stream`.
//!
//! Each record has what was read or written at once, as Erlang writes a binary. The pid that stands
//! before it tells the streams apart, and a stream's header tells whose it is.

use std::collections::BTreeMap;
use std::io::Read;

use super::gather::{Full, Gathered};
use super::peer::{Peer, Way};
use super::session::Sessions;
use super::source::Source;
use super::stream::{Item, StreamReader};
use super::{Remark, erlang};
use crate::time::Time;
use crate::transcript::StoredError;

const RECEIVED: &str = "Received XML on stream = ";
const SENT: &str = "Send XML on stream = ";

/// Whether a line is one of those that are read.
pub(super) fn is_record(line: &str) -> bool {
    time_of(line).is_some() && (line.contains(RECEIVED) || line.contains(SENT))
}

/// Read such a log.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    gathered: Gathered,
) -> Result<Gathered, StoredError> {
    let sessions = Sessions::of_server(gathered);
    let mut log = Log { sessions, readers: BTreeMap::new(), has_zone: true };
    loop {
        source.ahead()?;
        let text = source.text();
        let length = record_length(text);
        if length == text.len() && !source.has_all() {
            source.more()?;
            continue;
        }
        if text.is_empty() {
            return log.sessions.finish();
        }
        let read = log.record(source.line(), &text[..length]);
        read.map_err(|full| source.place(full.at(text, 0)))?;
        source.step(length);
        log.sessions.gathered.check()?;
    }
}

/// How long the record at the start of `text` is: up to the next line that begins with a time.
fn record_length(text: &str) -> usize {
    let mut at = text.find('\n').map_or(text.len(), |newline| newline + 1);
    while at < text.len() {
        let line = text[at..].lines().next().unwrap_or_default();
        if time_of(line).is_some() {
            break;
        }
        at += text[at..].find('\n').map_or(text.len() - at, |newline| newline + 1);
    }
    at
}

/// The instant that a line begins with, and whether it has its zone.
fn time_of(line: &str) -> Option<(Time, bool)> {
    let mut words = line.splitn(3, ' ');
    let (date, time) = (words.next()?, words.next()?);
    if date.len() != 10 || !date.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let zoned = format!("{date}T{time}").parse().ok().map(|time| (time, true));
    zoned.or_else(|| Some((format!("{date}T{time}Z").parse().ok()?, false)))
}

struct Log {
    sessions: Sessions,
    /// What is received and what is sent on each stream.
    readers: BTreeMap<String, [StreamReader; 2]>,
    has_zone: bool,
}

impl Log {
    fn record(&mut self, line: usize, record: &str) -> Result<(), Full> {
        let found = [(RECEIVED, Way::In), (SENT, Way::Out)]
            .into_iter()
            .filter_map(|(marker, way)| Some((record.find(marker)?, marker, way)))
            .min_by_key(|(at, ..)| *at);
        let (Some((at, zoned)), Some((marker_at, marker, way))) = (time_of(record), found) else {
            self.sessions.gathered.passed_over += 1;
            return Ok(());
        };
        if !zoned && self.has_zone {
            self.has_zone = false;
            let about = "the times of the log have no zone and are taken for UTC";
            self.sessions.gathered.notice(line, Remark::Supplied, about);
        }
        let Some(stream) = stream_of(&record[..marker_at]) else {
            let about = "XML of a stream that is not named";
            self.sessions.gathered.notice(line, Remark::LeftOut, about);
            return Ok(());
        };
        match erlang::binary(&record[marker_at + marker.len()..]) {
            Ok(bytes) => self.bytes(stream, (line, at), way, &bytes),
            Err(error) => {
                let line = line + error.line - 1;
                self.sessions.gathered.notice(line, Remark::LeftOut, error.to_string());
                Ok(())
            }
        }
    }

    fn bytes(
        &mut self,
        stream: &str,
        (line, at): (usize, Time),
        way: Way,
        bytes: &[u8],
    ) -> Result<(), Full> {
        let mut items = Vec::new();
        let fresh = || [StreamReader::new(), StreamReader::new()];
        // Sessions are bounded before readers are made for them.
        self.sessions.open(stream, Peer::Unknown)?;
        let [received, sent] = self.readers.entry(stream.to_owned()).or_insert_with(fresh);
        let reader = if way == Way::In { received } else { sent };
        let read = reader.push(bytes, &mut items);
        let unfinished = reader.is_inside_an_element();
        if unfinished {
            reader.lose();
        }
        self.items(stream, (line, at), way, items)?;
        let wrong = match read {
            Ok(true) if unfinished => "the XML ends within an element".to_owned(),
            Ok(true) => return Ok(()),
            Ok(false) if bytes.trim_ascii().is_empty() || bytes.starts_with(b"<") => {
                // Negotiation of a stream whose start is not told.
                self.sessions.gathered.passed_over += 1;
                return Ok(());
            }
            Ok(false) => "what begins with no tag".to_owned(),
            Err(error) => error,
        };
        self.sessions.gathered.notice(line, Remark::LeftOut, wrong);
        Ok(())
    }

    fn items(
        &mut self,
        stream: &str,
        place: (usize, Time),
        way: Way,
        items: Vec<Item>,
    ) -> Result<(), Full> {
        for item in items {
            match item {
                Item::Open { namespace, .. } => {
                    self.sessions.gathered.passed_over += 1;
                    self.sessions.open(stream, Peer::of(&namespace))?;
                }
                Item::Element(element) => self.sessions.element(stream, place, way, element)?,
                Item::Close => {
                    self.sessions.gathered.passed_over += 1;
                    // Stanzas may follow the other way, until that is closed too.
                    let closed = self
                        .readers
                        .get(stream)
                        .is_some_and(|readers| readers.iter().all(|reader| !reader.is_within()));
                    if closed {
                        self.sessions.close(stream);
                        self.readers.remove(stream);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The pid in `(tcp|<0.486.0>)`, which stands last; or else the first pid.
fn stream_of(before: &str) -> Option<&str> {
    let named = before.trim_end().strip_suffix(')');
    let named = named.and_then(|rest| rest.rsplit_once('|')).map(|(_, pid)| pid);
    named.or_else(|| {
        let start = before.find('<')?;
        Some(&before[start..start + before[start..].find('>')? + 1])
    })
}

//! A capture of streams that are not encrypted, as tshark prints it: one segment of TCP a line,
//! its bytes in hexadecimal (`docs/importing.md` has the command).
//!
//! Segments are put into order and joined here, and the streams are read from that. A stanza is
//! told at the instant of the segment in which it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::Remark;
use super::gather::{Full, Gathered};
use super::peer::{Peer, Way};
use super::segments::{Piece, Segments};
use super::session::Sessions;
use super::source::Source;
use super::stream::{Item, StreamReader};
use crate::time::Time;
use crate::transcript::StoredError;

/// The fields that a line must have.
const FIELDS: [&str; 6] =
    ["frame.time_epoch", "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.payload"];
const COMMAND: &str = "a line with the names of the fields, of which -E header=y makes one: ";

/// How many fields of a line are looked at.
const COLUMNS_MAX: usize = 64;
/// How long the bytes of a segment may be in hexadecimal. IP allows 64 KiB, and jumbograms more.
const PAYLOAD_MAX: usize = 4 << 20;

/// Whether a line names the fields.
pub(super) fn is_record(line: &str) -> bool {
    Columns::of(line).is_some()
}

/// Read what tshark prints.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    gathered: Gathered,
) -> Result<Gathered, StoredError> {
    let mut capture = Capture {
        sessions: Sessions::new(gathered),
        connections: BTreeMap::new(),
        over: BTreeSet::new(),
        files: 0,
    };
    let mut columns = None;
    let mut lines = 0;
    loop {
        source.ahead()?;
        let text = source.text();
        let Some(whole) = text.split_inclusive('\n').next() else { break };
        if whole.len() == text.len() && !source.has_all() {
            source.more()?;
            continue;
        }
        let index = source.line() - 1;
        lines = index + 1;
        let line = super::without_mark(whole).trim_end_matches(['\n', '\r']);
        let full = |full: Full| source.place(full.at(text, 0));
        if let Some(named) = Columns::of(line) {
            // Streams are numbered anew in every file.
            capture.finish_connections(index).map_err(full)?;
            capture.files += 1;
            columns = Some(named);
        } else if !line.is_empty() {
            let Some(columns) = &columns else {
                let expected = format!("{COMMAND}{}", FIELDS.join(", "));
                return Err(source.error(0, "no names of fields", expected).into());
            };
            match columns.segment(line) {
                Ok(segment) => capture.segment(index + 1, segment).map_err(full)?,
                Err(why) => capture.sessions.gathered.notice(index + 1, Remark::LeftOut, why),
            }
        }
        source.step(whole.len());
        capture.sessions.gathered.check()?;
    }
    capture.finish_connections(lines).map_err(|full| source.place(full.at("", 0)))?;
    capture.sessions.finish()
}

/// In which column each of [`FIELDS`] is, and the addresses if they are there.
struct Columns {
    fields: [usize; 6],
    sources: Vec<usize>,
}

/// A segment of TCP.
struct Segment {
    at: Time,
    stream: u32,
    /// The address and port that it comes from.
    source: String,
    ports: (u16, u16),
    number: u32,
    bytes: Vec<u8>,
}

impl Columns {
    fn of(line: &str) -> Option<Self> {
        let names: Vec<&str> = line.split('\t').take(COLUMNS_MAX).collect();
        let mut fields = [0; 6];
        for (field, name) in fields.iter_mut().zip(FIELDS) {
            *field = names.iter().position(|other| *other == name)?;
        }
        let is_source = |name: &str| matches!(name, "ip.src" | "ipv6.src");
        let sources = (0..names.len()).filter(|column| is_source(names[*column])).collect();
        Some(Self { fields, sources })
    }

    fn segment(&self, line: &str) -> Result<Segment, String> {
        let values: Vec<&str> = line.split('\t').take(COLUMNS_MAX).collect();
        let value = |column: usize| values.get(column).copied().unwrap_or_default();
        let [time, stream, source, destination, number, payload] = self.fields.map(value);
        let number_of = |text: &str, name: &str| -> Result<u32, String> {
            text.parse().map_err(|_| format!("`{name}` is no number"))
        };
        let port = |text: &str| text.parse().map_err(|_| "a port is no number".to_owned());
        let addresses = self.sources.iter().map(|column| value(*column));
        Ok(Segment {
            at: time_of(time).ok_or("`frame.time_epoch` is no time")?,
            stream: number_of(stream, "tcp.stream")?,
            source: addresses.chain([source]).collect::<Vec<_>>().join(" "),
            ports: (port(source)?, port(destination)?),
            number: number_of(number, "tcp.seq")?,
            bytes: bytes_of(payload).ok_or("`tcp.payload` is not in hexadecimal, or too long")?,
        })
    }
}

/// Seconds since 1970 with a fraction, or a time as XEP-0082 writes it.
fn time_of(text: &str) -> Option<Time> {
    const DIGITS_MAX: usize = 12;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || seconds.len() > DIGITS_MAX || !is_number(seconds) {
        return text.parse().ok();
    }
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    if !is_number(&micros) {
        return None;
    }
    let seconds: i64 = seconds.parse().ok()?;
    Some(Time::from_micros(seconds * 1_000_000 + micros.parse::<i64>().ok()?))
}

/// The bytes of `3c7374` or `3c:73:74`.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if text.len() > PAYLOAD_MAX {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> =
        text.bytes().filter(|byte| *byte != b':').map(digit).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// One connection.
struct Connection {
    name: String,
    /// The end that was seen first, and the other one.
    first: String,
    ends: [End; 2],
    /// Which of them opened it.
    opener: usize,
}

/// What comes from one end of a connection.
struct End {
    segments: Segments,
    reader: StreamReader,
    /// Whether it is told already that nothing can be read here.
    unreadable: bool,
    closed: bool,
}

/// What is wrong with bytes.
enum Wrong {
    /// So many before them are missing.
    Lost(u32),
    /// They begin nothing that can be read, and it is told already.
    Passed,
    /// They are encrypted, as all that follow them are.
    Encrypted,
    /// They are no XML, or begin nothing that can be read.
    Xml(String),
}

impl End {
    fn new() -> Self {
        let (segments, reader) = (Segments::default(), StreamReader::new());
        Self { segments, reader, unreadable: false, closed: false }
    }

    /// What these bytes complete, and what is wrong with them.
    fn read(&mut self, Piece { lost, bytes, .. }: &Piece) -> (Vec<Item>, Option<Wrong>) {
        /// How a handshake of TLS begins.
        const HANDSHAKE: [u8; 2] = [0x16, 0x03];
        let mut items = Vec::new();
        if *lost > 0 {
            self.reader.lose();
        } else if !self.reader.is_inside_an_element() && bytes.starts_with(&HANDSHAKE) {
            return (items, Some(Wrong::Encrypted));
        }
        let read = self.reader.push(bytes, &mut items);
        let told = std::mem::replace(&mut self.unreadable, !matches!(read, Ok(true)));
        self.closed |= matches!(items.last(), Some(Item::Close));
        let wrong = match read {
            Err(error) => Some(Wrong::Xml(error)),
            Ok(_) if *lost > 0 => Some(Wrong::Lost(*lost)),
            Ok(true) => None,
            Ok(false) if told => Some(Wrong::Passed),
            Ok(false) => {
                let about = "bytes that begin no stream and no stanza, and more of them";
                Some(Wrong::Xml(about.to_owned()))
            }
        };
        (items, wrong)
    }
}

struct Capture {
    sessions: Sessions,
    connections: BTreeMap<u32, Connection>,
    /// The connections of which nothing is read any more.
    over: BTreeSet<u32>,
    /// How many captures the text has.
    files: usize,
}

impl Capture {
    fn segment(&mut self, line: usize, segment: Segment) -> Result<(), Full> {
        let Segment { at, stream, source, ports, number, bytes } = segment;
        if self.over.contains(&stream) {
            self.sessions.gathered.passed_over += 1;
            return Ok(());
        }
        if !self.connections.contains_key(&stream) {
            let name = format!("{} {stream}", self.files);
            self.sessions.open(&name, Peer::Unknown)?;
            self.sessions.guess(&name, Peer::at_port(ports.0.min(ports.1)));
            // Unless a header says otherwise: servers listen at ports that are lower than those
            // that systems choose for whoever opens a connection.
            let opener = usize::from(ports.0 < ports.1);
            let (first, ends) = (source.clone(), [End::new(), End::new()]);
            self.connections.insert(stream, Connection { name, first, ends, opener });
        }
        let Some(connection) = self.connections.get_mut(&stream) else { return Ok(()) };
        let end = usize::from(connection.first != source);
        connection.ends[end].segments.add((line, at), number, bytes);
        self.read(stream, end)
    }

    /// Read what is in order from one end of a connection.
    fn read(&mut self, stream: u32, from: usize) -> Result<(), Full> {
        let Some(connection) = self.connections.get_mut(&stream) else { return Ok(()) };
        let end = &mut connection.ends[from];
        let mut encrypted = false;
        while let Some(piece) = end.segments.next() {
            let Piece { line, at, .. } = piece;
            let (items, wrong) = end.read(&piece);
            let gathered = &mut self.sessions.gathered;
            match wrong {
                Some(Wrong::Lost(lost)) => {
                    let about = format!("{lost} bytes that were not captured, and what they cut");
                    gathered.notice(line, Remark::LeftOut, about);
                }
                Some(Wrong::Passed) => gathered.passed_over += 1,
                Some(Wrong::Xml(error)) => gathered.notice(line, Remark::LeftOut, error),
                Some(Wrong::Encrypted) => {
                    encrypted = true;
                    let about = "a connection that is encrypted from here on";
                    gathered.notice(line, Remark::LeftOut, about);
                }
                None => {}
            }
            for item in items {
                match item {
                    Item::Open { namespace, has_id } => {
                        if !has_id {
                            connection.opener = from;
                        }
                        self.sessions.gathered.passed_over += 1;
                        self.sessions.open(&connection.name, Peer::of(&namespace))?;
                    }
                    Item::Element(element) => {
                        let way = if connection.opener == from { Way::In } else { Way::Out };
                        self.sessions.element(&connection.name, (line, at), way, element)?;
                    }
                    Item::Close => self.sessions.gathered.passed_over += 1,
                }
            }
        }
        if encrypted || connection.ends.iter().all(|end| end.closed) {
            self.sessions.close(&connection.name);
            self.connections.remove(&stream);
            self.over.insert(stream);
        }
        Ok(())
    }

    /// Read what waits for segments that will not come.
    fn finish_connections(&mut self, line: usize) -> Result<(), Full> {
        let streams: Vec<u32> = self.connections.keys().copied().collect();
        for stream in streams {
            for end in 0..2 {
                if let Some(connection) = self.connections.get_mut(&stream) {
                    connection.ends[end].segments.give_up();
                }
                self.read(stream, end)?;
            }
            if let Some(connection) = self.connections.remove(&stream) {
                if connection.ends.iter().any(|end| end.reader.is_inside_an_element()) {
                    let about = "the capture ends within an element";
                    self.sessions.gathered.notice(line, Remark::LeftOut, about);
                }
                self.sessions.close(&connection.name);
            }
        }
        self.over.clear();
        Ok(())
    }
}

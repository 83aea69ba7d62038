//! Reading the text of a transcript, which may come from anywhere: bounded, and with errors that
//! say where and what was expected.

use memchr::memchr;

use super::cursor::Cursor;
use super::day::Day;
use super::stored::Place;
use super::text::{DAY, END, MAGIC, MARGIN, write_end};
use super::{
    Entry, Fate, Fault, Header, Hop, Link, Machine, Name, StreamEvent, Transcript, What, words,
};
use crate::dmuc::Note;
use crate::stanza::{Limits, ReadError, Stanza};
use crate::time::{Duration, Time};

/// The longest text that is read, in bytes.
pub const TEXT_MAX: usize = 1 << 28;

/// Stanzas of a transcript were accepted once; here they are written out, and so longer.
const STANZA_LIMITS: Limits = Limits { depth_max: 72, size_max: 16 << 20, attributes_max: 256 };

impl Transcript {
    /// Read what [`Transcript`]'s `Display` writes.
    ///
    /// # Errors
    ///
    /// At the first place that is not what it should be. Nothing is skipped.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        Stored::read(text).map(|stored| stored.transcript)
    }
}

/// A transcript, and how its text tells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    pub transcript: Transcript,
    /// The lines on which its entries begin, counted from 1.
    pub lines: Vec<usize>,
    /// Whether the text says where it ends: it was not cut off.
    pub ends: bool,
}

impl Stored {
    /// Read a transcript.
    ///
    /// # Errors
    ///
    /// As [`Transcript::read`].
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let (stored, wrong) = Self::begin(text)?;
        wrong.map_or(Ok(stored), |wrong| Err(wrong.error))
    }

    /// Read a transcript up to what is wrong with it.
    ///
    /// # Errors
    ///
    /// If it is too long, or that is its header.
    pub fn begin(text: &str) -> Result<(Self, Option<Wrong>), ReadError> {
        if text.len() > TEXT_MAX {
            let expected = format!("at most {TEXT_MAX} bytes");
            return Err(ReadError::at("", 0, format!("{} bytes", text.len()), expected));
        }
        let mut place = Place::default();
        let mut reader = Reader::new(text, &mut place);
        let header = reader.header()?;
        reader.place.day = Day::of(header.epoch);
        let mut transcript = Transcript::new(header);
        let (mut lines, mut wrong) = (Vec::new(), None);
        while !reader.is_done() && wrong.is_none() {
            let (at, line) = (reader.at, reader.number + 1);
            match reader.entry() {
                Ok(Some(entry)) => {
                    transcript.entries.push(entry);
                    lines.push(line);
                }
                Ok(None) => {}
                Err(error) => wrong = Some(Wrong { at, line, error }),
            }
        }
        Ok((Self { transcript, lines, ends: place.ends }, wrong))
    }
}

/// What is wrong with a text.
pub(super) struct Wrong {
    /// The byte at which the entry begins that is wrong.
    pub at: usize,
    /// Its line.
    pub line: usize,
    pub error: ReadError,
}

impl ReadError {
    /// At this line the time is earlier than that of the entry before.
    pub(crate) fn back(line: usize, at: Time, before: Time) -> Self {
        Self {
            line,
            column: 1,
            offset: 0,
            found: format!("the time {at}, which goes back"),
            expected: format!("a time not before {before}, that of the entry above"),
        }
    }
}

impl std::str::FromStr for Transcript {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Transcript::read(text)
    }
}

/// Reads a text, or the part of one that there is.
pub(super) struct Reader<'a, 'p> {
    text: &'a str,
    /// The start of the next line.
    at: usize,
    /// The number of the last line, from 1.
    number: usize,
    place: &'p mut Place,
}

impl<'a, 'p> Reader<'a, 'p> {
    pub fn new(text: &'a str, place: &'p mut Place) -> Self {
        Self { text, at: 0, number: 0, place }
    }

    /// Whether there is nothing left.
    pub fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The next line.
    fn line(&mut self) -> Cursor<'a> {
        let (start, end) = (self.at, self.step_over_line());
        let carriage_return = self.text[start..end].ends_with('\r');
        Cursor::new(self.text, start, end - usize::from(carriage_return))
    }

    /// Step over the next line, and tell where it ends.
    fn step_over_line(&mut self) -> usize {
        self.number += 1;
        let rest = &self.text.as_bytes()[self.at..];
        let end = self.at + memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = (end + 1).min(self.text.len());
        end
    }

    pub fn header(&mut self) -> Result<Header, ReadError> {
        let mut line = self.line();
        line.expect(MAGIC)?;
        line.expect_end()?;
        let scenario = self.field("scenario")?.escaped_rest();
        let spec = self.field("spec")?.escaped_rest();
        let profile = self.field("profile")?.escaped_rest();
        let mut field = self.field("seed")?;
        let seed = field.number()?;
        field.expect_end()?;
        let network = self.field("network")?.escaped_rest();
        let field = self.field("epoch")?;
        let epoch =
            field.rest().parse().map_err(|_| field.error("a time such as 1990-10-13T23:58:37Z"))?;
        Ok(Header { scenario, spec, profile, seed, network, epoch })
    }

    /// The value of a line of the header. The space after the colon may be missing where nothing
    /// follows it.
    fn field(&mut self, key: &str) -> Result<Cursor<'a>, ReadError> {
        let mut line = self.line();
        line.expect(key)?;
        line.expect(":")?;
        if !line.rest().is_empty() {
            line.expect(" ")?;
        }
        Ok(line)
    }

    /// An entry; nothing for a line without one.
    pub fn entry(&mut self) -> Result<Option<Entry>, ReadError> {
        let mut line = self.line();
        if line.rest().is_empty() {
            return Ok(None);
        }
        if self.place.ends {
            return Err(line.error("nothing after the end"));
        }
        if line.eat(END) {
            self.end(&mut line)?;
            return Ok(None);
        }
        if line.eat(DAY) {
            let day = Day::named(line.rest());
            self.place.day = day.ok_or_else(|| line.error("a date such as 1990-10-13"))?;
            return Ok(None);
        }
        let at = self.time(&mut line)?;
        line.expect("  ")?;
        let what = if line.eat("# line ") {
            let number = line.number()?;
            line.expect(":")?;
            line.eat(" ");
            What::Line { number, text: line.escaped_rest().into() }
        } else {
            let what = self.what(&mut line)?;
            line.expect_end()?;
            what
        };
        self.place.read += 1;
        Ok(Some(Entry { at, what }))
    }

    /// The last line says how many entries there are.
    fn end(&mut self, line: &mut Cursor<'a>) -> Result<(), ReadError> {
        let expected = write_end(self.place.read);
        let number = expected.strip_prefix(END).unwrap_or_default();
        if line.rest() != number {
            return Err(line.error(format!("`{number}`, as there are so many above")));
        }
        self.place.ends = true;
        Ok(())
    }

    fn time(&self, line: &mut Cursor<'a>) -> Result<Time, ReadError> {
        const EXAMPLE: &str = "23:58:37.040000";
        let time = line.rest().get(..EXAMPLE.len()).unwrap_or_default();
        let instant = self.place.day.at(time);
        let instant = instant.ok_or_else(|| line.error(format!("a time such as {EXAMPLE}")))?;
        line.expect(time)?;
        Ok(instant)
    }

    /// What the line tells, with the stanza that follows it.
    fn what(&mut self, line: &mut Cursor<'a>) -> Result<What, ReadError> {
        if line.eat("* ") {
            let by = line.jid()?;
            line.expect(" ")?;
            let change =
                line.word(words::CHANGES.map(|change| (words::change_word(change), change)))?;
            line.expect(" ")?;
            return Ok(What::Note(Note { by, about: line.jid()?, change }));
        }
        if line.eat("! undeliverable ") {
            let (at, to) = self.pair(line)?;
            return Ok(What::Undeliverable { at, to, stanza: self.stanza(line)? });
        }
        if line.eat("! stream ") {
            let (from, to) = self.pair(line)?;
            line.expect(", ")?;
            return Ok(What::Stream { from, to, event: stream_event(line)? });
        }
        if line.eat("! ") {
            return self.fault(line).map(What::Fault);
        }
        let (from, to) = self.pair(line)?;
        let waits = line.eat("  waited ");
        let waited = if waits { line.duration()? } else { Duration::default() };
        let fate = fate(line, &from, &to)?;
        let stanza = self.stanza(line)?;
        Ok(What::Hop(Hop { waited, fate, ..Hop::new(from, to, stanza) }))
    }

    fn pair(&mut self, line: &mut Cursor<'a>) -> Result<(Name, Name), ReadError> {
        let from = line.host(&mut self.place.names)?;
        line.expect(" -> ")?;
        Ok((from, line.host(&mut self.place.names)?))
    }

    fn fault(&mut self, line: &mut Cursor<'a>) -> Result<Fault, ReadError> {
        if line.eat("heal everything") {
            return Ok(Fault::HealEverything);
        }
        let verbs = ["cut", "hold", "slow", "heal", "crash", "restart", "undeliverable", "stream"];
        let verb = line.word(verbs.map(|verb| (verb, verb)))?;
        line.expect(" ")?;
        Ok(match verb {
            "cut" => {
                let link = self.link(line)?;
                line.expect(", ")?;
                Fault::Cut(link, line.word(words::LOSSES)?)
            }
            "slow" => {
                let link = self.link(line)?;
                line.expect(", ")?;
                let latency = line.duration()?;
                line.expect(", jitter ")?;
                Fault::Slow { link, latency, jitter: line.duration()? }
            }
            "hold" => Fault::Hold(self.link(line)?),
            "heal" => Fault::Heal(self.link(line)?),
            "crash" => Fault::Crash(self.machine(line)?),
            "restart" => Fault::Restart(self.machine(line)?),
            // Those with a space after them were read before.
            _ => return Err(line.error("a fault")),
        })
    }

    fn link(&mut self, line: &mut Cursor<'a>) -> Result<Link, ReadError> {
        let from = line.host(&mut self.place.names)?;
        line.expect(" ")?;
        let both_ways = line.word([("->", false), ("<->", true)])?;
        line.expect(" ")?;
        Ok(Link { from, to: line.host(&mut self.place.names)?, both_ways })
    }

    fn machine(&mut self, line: &mut Cursor<'a>) -> Result<Machine, ReadError> {
        let kind = line.word(["server", "slave", "service"].map(|kind| (kind, kind)))?;
        line.expect(" ")?;
        let name = line.host(&mut self.place.names)?;
        Ok(match kind {
            "server" => Machine::Server(name),
            "slave" => Machine::Slave(name),
            _ => Machine::Service(name),
        })
    }

    /// The stanza that stands on the indented lines that follow this one.
    fn stanza(&mut self, head: &Cursor<'a>) -> Result<Stanza, ReadError> {
        head.expect_end()?;
        let start = self.at;
        while self.text[self.at..].starts_with("  ") {
            self.step_over_line();
        }
        if self.at == start {
            return Err(self.line().error(format!("a stanza, indented by {MARGIN} spaces")));
        }
        let block = &self.text[start..self.at];
        self.place.copies.read(block, STANZA_LIMITS).map_err(|error| {
            ReadError::at(self.text, start + error.offset, error.found, error.expected)
        })
    }
}

fn fate(line: &mut Cursor<'_>, from: &str, to: &str) -> Result<Fate, ReadError> {
    if line.rest().is_empty() {
        return Ok(Fate::Delivered(words::usual_delay(from, to)));
    }
    line.expect("  ")?;
    if line.eat("after ") {
        return line.duration().map(Fate::Delivered);
    }
    if line.eat("under way") {
        return Ok(Fate::UnderWay);
    }
    if line.eat("lost") {
        return Ok(Fate::Lost);
    }
    Err(line.error("`waited`, `after` and how long, `lost` or `under way`"))
}

fn stream_event(line: &mut Cursor<'_>) -> Result<StreamEvent, ReadError> {
    if line.eat("failed, ") {
        let errors = words::DIAL_ERRORS.map(|error| (words::dial_error_word(error), error));
        return line.word(errors).map(StreamEvent::Failed);
    }
    if line.eat("error, ") {
        return line.name().map(|condition| StreamEvent::Error(condition.into()));
    }
    line.word(words::STREAM_EVENTS)
}

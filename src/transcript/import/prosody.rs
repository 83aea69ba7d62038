//! Prosody's log at level `debug` with `mod_stanza_debug`: `RECV: …` and `SEND: …`.
//!
//! The word after the time names the stream, and what kind of stream it is. Lines of one message
//! after the first begin with a tab. Stanzas of components, and those that waited for a stream to
//! another server, are logged without their content ([`Log::start_tag`]).

use std::collections::VecDeque;
use std::io::Read;

use super::clock::Clock;
use super::contents::Announced;
use super::gather::{Full, Gathered};
use super::peer::{Peer, Way};
use super::session::Sessions;
use super::source::Source;
use super::{ImportOptions, Remark, piece};
use crate::time::Time;
use crate::transcript::StoredError;

/// Whether a line is one of those that are read.
pub(super) fn is_record(line: &str) -> bool {
    head(line).is_some_and(|head| {
        peer_of(head.stream).is_some()
            && (head.message.starts_with("RECV: <") || head.message.starts_with("SEND: <"))
    })
}

/// Read such a log.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    gathered: Gathered,
    options: &ImportOptions,
) -> Result<Gathered, StoredError> {
    let sessions = Sessions::of_server(gathered).with_start_tags();
    let mut log = Log { sessions, clock: Clock::new(options), announced: VecDeque::new() };
    loop {
        source.ahead()?;
        let (text, line) = (source.text(), source.line());
        let length = record_length(text);
        if length == text.len() && !source.has_all() {
            source.more()?;
            continue;
        }
        if text.is_empty() {
            log.announced.into_iter().for_each(|one| log.sessions.announce(one));
            return log.sessions.finish();
        }
        let record = &text[..length];
        match head(record.lines().next().unwrap_or_default()) {
            Some(head) => {
                let (time, supplied) = log
                    .clock
                    .at(head.time)
                    .map_err(|expected| source.error(0, format!("`{}`", head.time), expected))?;
                if let Some(supplied) = supplied {
                    log.sessions.gathered.notice(line, Remark::Supplied, supplied);
                }
                let message = &record[head.start..];
                let read = log.message((line, time), head.stream, message);
                read.map_err(|full| source.place(full.at(text, 0)))?;
            }
            None => log.sessions.gathered.passed_over += 1,
        }
        source.step(length);
        log.sessions.gathered.check()?;
    }
}

/// What stands at the head of a line.
struct Head<'a> {
    time: &'a str,
    /// The stream, or the part of Prosody, that logged it.
    stream: &'a str,
    message: &'a str,
    /// The byte at which the message starts.
    start: usize,
}

fn head(line: &str) -> Option<Head<'_>> {
    let length = Clock::length(line)?;
    let (time, rest) = line.split_at(length);
    let (stream, rest) = rest.trim_start().split_once(['\t', ' '])?;
    let (level, rest) = rest.trim_start().split_once(['\t', ' '])?;
    if !matches!(level, "debug" | "info" | "warn" | "error") {
        return None;
    }
    let message = rest.trim_start();
    Some(Head { time, stream, message, start: line.len() - message.len() })
}

/// How long the record at the start of `text` is: up to the next line that has a head.
fn record_length(text: &str) -> usize {
    let after = |at: usize| text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
    let mut at = after(0);
    while at < text.len() && head(text[at..].lines().next().unwrap_or_default()).is_none() {
        at = after(at);
    }
    at
}

/// With whom a stream of this name is.
fn peer_of(stream: &str) -> Option<Peer> {
    let kinds = [
        ("c2s", Peer::Client),
        ("s2sin", Peer::Server),
        ("s2sout", Peer::Server),
        ("jcp", Peer::Component),
    ];
    kinds.iter().find(|(prefix, _)| stream.starts_with(prefix)).map(|(_, peer)| *peer)
}

struct Log {
    sessions: Sessions,
    clock: Clock,
    /// The last start tags of stanzas; the stanzas themselves may follow.
    announced: VecDeque<Announced>,
}

impl Log {
    fn message(
        &mut self,
        (line, at): (usize, Time),
        stream: &str,
        message: &str,
    ) -> Result<(), Full> {
        let Some(peer) = peer_of(stream) else {
            self.sessions.gathered.passed_over += 1;
            return Ok(());
        };
        let starts = ["Client connected", "Incoming s2s connection", "Incoming Jabber component"];
        let ends = ["Client disconnected", "s2s disconnected", "component disconnected"];
        if ends.iter().chain(&starts).any(|words| message.starts_with(words)) {
            self.sessions.close(stream);
        }
        if let Some(xml) = message.strip_prefix("RECV: ") {
            return self.xml((line, at), (stream, peer), Way::In, xml);
        }
        if let Some(xml) = message.strip_prefix("SEND: ") {
            return self.xml((line, at), (stream, peer), Way::Out, xml);
        }
        if let Some(jid) = message.strip_prefix("Resource bound: ") {
            self.sessions.open(stream, peer)?;
            self.sessions.bound(stream, jid);
        } else if let Some((kind, tag)) = message.strip_prefix("Sending[").and_then(announced) {
            if !kind.ends_with("_unauthed") && !kind.ends_with("_unbound") {
                self.start_tag((line, at), stream, Way::Out, tag)?;
            }
        } else if let Some(("component", tag)) =
            message.strip_prefix("Received[").and_then(announced)
        {
            self.start_tag((line, at), stream, Way::In, tag)?;
        }
        self.sessions.gathered.passed_over += 1;
        Ok(())
    }

    fn xml(
        &mut self,
        (line, at): (usize, Time),
        (stream, peer): (&str, Peer),
        way: Way,
        xml: &str,
    ) -> Result<(), Full> {
        if !["<message", "<presence", "<iq"].iter().any(|start| xml.starts_with(start)) {
            self.sessions.gathered.passed_over += 1;
            return Ok(());
        }
        // Prosody indents every line of a message but the first.
        let xml = xml.trim_end().replace("\n\t", "\n");
        let element = match piece::element_at(&xml) {
            Ok((element, end)) if end == xml.len() => element,
            Ok((_, end)) => {
                let line = line + xml[..end].matches('\n').count();
                self.sessions.gathered.notice(line, Remark::LeftOut, "text after a stanza");
                return Ok(());
            }
            Err(error) => {
                let line = line + error.line - 1;
                self.sessions.gathered.notice(line, Remark::LeftOut, error.to_string());
                return Ok(());
            }
        };
        let id = element.attr("id");
        let told = |last: &Announced| last.stream == stream && last.stanza.id.as_deref() == id;
        if way == Way::Out && self.announced.back().is_some_and(told) {
            self.announced.pop_back();
        }
        self.sessions.open(stream, peer)?;
        self.sessions.element(stream, (line, at), way, element)
    }

    /// The start tag of a stanza is logged. If nothing more is, its content may be known from
    /// another stream that it crossed.
    fn start_tag(
        &mut self,
        (line, at): (usize, Time),
        stream: &str,
        way: Way,
        tag: &str,
    ) -> Result<(), Full> {
        let whole = tag.trim_end().strip_suffix('>').map(|open| format!("{open}/>"));
        let element = whole.and_then(|whole| piece::element_at(&whole).ok());
        if let Some(Ok(mut stanza)) = element.map(|(element, _)| piece::stanza_of(element)) {
            let number = self.sessions.gathered.admit(&mut stanza)?;
            let peer = peer_of(stream).unwrap_or(Peer::Unknown);
            let stream = stream.to_owned();
            let announced = Announced { line, at, number, stream, peer, way, stanza };
            self.announced.push_back(announced);
            if self.announced.len() > ANNOUNCED_MAX
                && let Some(first) = self.announced.pop_front()
            {
                self.sessions.announce(first);
            }
        }
        Ok(())
    }
}

/// After how many others a stanza may follow its start tag.
const ANNOUNCED_MAX: usize = 10_000;

/// The kind of stream and the start tag in `s2sout]: <presence …>`.
fn announced(rest: &str) -> Option<(&str, &str)> {
    let (kind, tag) = rest.split_once("]: ")?;
    tag.starts_with('<').then_some((kind, tag))
}

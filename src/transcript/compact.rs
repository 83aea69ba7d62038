//! A transcript with one line for each entry, as the terminal shows it. Not made to be read back.

use std::fmt;

use super::text::DAY;
use super::{Entry, Fate, Hop, Name, Transcript, What, is_client, words};
use crate::dmuc::Note;
use crate::stanza::{Jid, Kind, ShortNames};
use crate::time::Duration;

/// One line. Whoever shows it chooses colours by [`CompactLine::class`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactLine {
    /// What it is about.
    pub class: Class,
    /// The time of day, to the millisecond if that is exact.
    pub time: String,
    /// From where to where, padded so that what follows stands in a column; empty for an entry that
    /// is about no stanza.
    pub route: String,
    /// The rest.
    pub text: String,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A message that arrived, or may still.
    Message,
    /// A presence that arrived, or may still.
    Presence,
    /// An IQ that arrived, or may still.
    Iq,
    /// A stanza of type error that arrived, or may still.
    Error,
    /// A stanza that was lost, or that could not be delivered.
    Lost,
    /// A fault, a heal, the end of a stream.
    Network,
    /// A change of a machine's state.
    Note,
    /// A line of the scenario.
    Line,
    /// A new day.
    Day,
}

impl fmt::Display for CompactLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, time, route, text } = self;
        match class {
            Class::Day => f.write_str(text),
            Class::Line | Class::Network | Class::Note => write!(f, "{time}  {text}"),
            _ => write!(f, "{time}    {route}  {text}"),
        }
    }
}

impl Transcript {
    /// One line for each entry, and one for each new day.
    pub fn compact(&self) -> Vec<CompactLine> {
        let names = self.short_names();
        let mut lines = Vec::with_capacity(self.entries.len());
        let mut day = self.header.epoch.date();
        for entry in &self.entries {
            let date = entry.at.date();
            if date != day {
                let (time, route) = (String::new(), String::new());
                let text = format!("{DAY}{date}");
                lines.push(CompactLine { class: Class::Day, time, route, text });
                day = date;
            }
            lines.push(entry.in_short(&names));
        }
        align(&mut lines);
        lines
    }

    /// Short names for all hosts.
    pub fn short_names(&self) -> ShortNames {
        let hosts = self.entries.iter().flat_map(|entry| match &entry.what {
            What::Hop(Hop { from, to, .. })
            | What::Stream { from, to, .. }
            | What::Undeliverable { at: from, to, .. } => vec![from, to],
            _ => Vec::new(),
        });
        let hosts: std::collections::BTreeSet<&Name> = hosts.collect();
        ShortNames::of(hosts.into_iter().map(|name| domain_of(name)))
    }
}

/// The domain of a server is its name, that of a client part of it.
fn domain_of(name: &str) -> &str {
    let bare = name.split('/').next().unwrap_or(name);
    bare.rsplit('@').next().unwrap_or(bare)
}

impl Entry {
    /// Its line, with short names.
    pub fn in_short(&self, names: &ShortNames) -> CompactLine {
        let (route, text) = match &self.what {
            What::Hop(hop) => (route(&hop.from, &hop.to, names), hop_text(hop, names)),
            What::Undeliverable { at, to, stanza } => {
                let text = format!("undeliverable: {}", stanza.describe(names));
                (route(at, to, names), text)
            }
            What::Note(note) => (String::new(), format!("* {}", note.in_short(names))),
            What::Line { .. } | What::Fault(_) | What::Stream { .. } => {
                (String::new(), self.headline())
            }
        };
        CompactLine { class: self.class(), time: self.at.short_time_of_day(), route, text }
    }

    /// What it is about.
    pub fn class(&self) -> Class {
        match &self.what {
            What::Hop(hop) if hop.fate == Fate::Lost => Class::Lost,
            What::Hop(hop) => match hop.stanza.kind {
                _ if hop.stanza.is_error() => Class::Error,
                Kind::Message => Class::Message,
                Kind::Presence => Class::Presence,
                Kind::Iq => Class::Iq,
            },
            What::Undeliverable { .. } => Class::Lost,
            What::Note(_) => Class::Note,
            What::Line { .. } => Class::Line,
            What::Fault(_) | What::Stream { .. } => Class::Network,
        }
    }
}

impl Note {
    /// Who tells what of whom, with short names.
    pub fn in_short(&self, names: &ShortNames) -> String {
        let jid = |jid: &Jid| names.jid(jid.as_str());
        format!("{} {} {}", jid(&self.by), words::change_word(self.change), jid(&self.about))
    }
}

fn route(from: &str, to: &str, names: &ShortNames) -> String {
    let short = |name: &str| {
        if is_client(name) { names.jid(name) } else { names.domain(name).to_owned() }
    };
    format!("{} -> {}", short(from), short(to)).replace(char::is_control, " ")
}

fn hop_text(hop: &Hop, names: &ShortNames) -> String {
    let mut text = hop.stanza.describe(names);
    if hop.waited >= WAITED_LEAST {
        text.push_str("  waited ");
        words::write_duration(&mut text, hop.waited);
    }
    if let Some(fate) = hop.unusual_fate() {
        text.push_str("  ");
        text.push_str(&fate);
    }
    text
}

/// Whoever dials waits for a moment; that is told only of who waits longer.
const WAITED_LEAST: Duration = Duration::from_secs(1);

impl Hop {
    /// What became of it, in words, unless it arrived after the usual delay.
    pub fn unusual_fate(&self) -> Option<String> {
        match self.fate {
            Fate::Delivered(after) if after == words::usual_delay(&self.from, &self.to) => None,
            Fate::Delivered(after) => {
                let mut text = "after ".to_owned();
                words::write_duration(&mut text, after);
                Some(text)
            }
            Fate::UnderWay => Some("under way".to_owned()),
            Fate::Lost => Some("lost".to_owned()),
        }
    }
}

/// Pad the routes to one width, as far as they are not very long.
fn align(lines: &mut [CompactLine]) {
    const WIDTH_MAX: usize = 40;
    let width = |line: &CompactLine| line.route.chars().count();
    let column = lines.iter().map(width).filter(|width| *width <= WIDTH_MAX).max().unwrap_or(0);
    for line in lines.iter_mut().filter(|line| !line.route.is_empty()) {
        let missing = column.saturating_sub(width(line));
        line.route.extend(std::iter::repeat_n(' ', missing));
    }
}

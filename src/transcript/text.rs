//! The text of a transcript, made to be read and compared by people, and read back
//! ([`Transcript::read`](super::Transcript::read)) without loss.
//!
//! A header, then one entry a line, each with its time of day; `----` and a date where the day
//! changes. A stanza that left a host (`->`), `!` what was done or happened to the network, `*`
//! what a machine tells of itself, `#` a line of the scenario. Stanzas follow in their canonical
//! text, indented. A stored text ends with a line that says how many entries it has. How long a
//! stanza took is said if it is not the usual 20 ms between servers and 1 ms between a client and
//! its server.
//!
//! Times are exact for the years 0 to 9999.

use std::fmt;

use super::words::{self, write_duration, write_line, write_name};
use super::{Entry, Fate, Fault, Header, Hop, Link, Machine, StreamEvent, Transcript, What};
use crate::stanza::{Stanza, write_stanza};
use crate::time::Time;

/// The first line of every transcript.
pub(super) const MAGIC: &str = "wallops transcript 1";
/// What stands before a date.
pub(super) const DAY: &str = "---- ";
/// What stands before how many entries there are, where nothing follows.
pub(super) const END: &str = "---- end of ";
/// How far a stanza is indented.
pub(super) const MARGIN: usize = 2;

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_header(&mut text, &self.header);
        f.write_str(&text)?;
        let mut day = self.header.epoch.date();
        for entry in &self.entries {
            text.clear();
            write_day(&mut text, &mut day, entry.at);
            write_entry(&mut text, entry);
            f.write_str(&text)?;
        }
        Ok(())
    }
}

impl Transcript {
    /// Its text as it is stored: what it displays, and a line that says how many entries it has, so
    /// that it shows when some are missing.
    pub fn stored(&self) -> String {
        format!("{self}{}\n", write_end(self.entries.len()))
    }
}

/// The last line of a stored transcript.
pub(super) fn write_end(entries: usize) -> String {
    let s = if entries == 1 { "y" } else { "ies" };
    format!("{END}{entries} entr{s}")
}

/// Whether the last line of this end of a transcript says that it is one.
pub(crate) fn is_end(tail: &str) -> bool {
    tail.trim_end().lines().next_back().is_some_and(|line| line.starts_with(END))
}

impl Entry {
    /// The entry's first line, without its time: everything but the stanza.
    pub fn headline(&self) -> String {
        let mut out = String::new();
        write_headline(&mut out, &self.what);
        out
    }

    /// The stanza that it is about, if it is about one.
    pub fn stanza(&self) -> Option<&Stanza> {
        match &self.what {
            What::Hop(hop) => Some(&hop.stanza),
            What::Undeliverable { stanza, .. } => Some(stanza),
            _ => None,
        }
    }
}

fn write_header(out: &mut String, header: &Header) {
    out.push_str(MAGIC);
    out.push('\n');
    for (key, value) in [
        ("scenario", header.scenario.as_str()),
        ("spec", &header.spec),
        ("profile", &header.profile),
        ("seed", &header.seed.to_string()),
        ("network", &header.network),
        ("epoch", &header.epoch.to_string()),
    ] {
        out.push_str(key);
        out.push_str(": ");
        write_line(out, value);
        out.push('\n');
    }
    out.push('\n');
}

fn write_day(out: &mut String, day: &mut String, at: Time) {
    let date = at.date();
    if date != *day {
        out.push_str(DAY);
        out.push_str(&date);
        out.push('\n');
        *day = date;
    }
}

fn write_entry(out: &mut String, entry: &Entry) {
    out.push_str(&entry.at.time_of_day());
    out.push_str("  ");
    write_headline(out, &entry.what);
    out.push('\n');
    if let Some(stanza) = entry.stanza() {
        write_stanza(out, stanza, MARGIN);
        out.push('\n');
    }
}

pub(super) fn write_headline(out: &mut String, what: &What) {
    match what {
        What::Hop(hop) => write_hop(out, hop),
        What::Undeliverable { at, to, .. } => {
            out.push_str("! undeliverable ");
            write_pair(out, at, "->", to);
        }
        What::Fault(fault) => {
            out.push_str("! ");
            write_fault(out, fault);
        }
        What::Stream { from, to, event } => {
            out.push_str("! stream ");
            write_pair(out, from, "->", to);
            out.push_str(", ");
            match event {
                StreamEvent::Failed(error) => {
                    out.push_str("failed, ");
                    out.push_str(words::dial_error_word(*error));
                }
                StreamEvent::Error(condition) => {
                    out.push_str("error, ");
                    write_name(out, condition);
                }
                event => out.push_str(words::word_of(&words::STREAM_EVENTS, event)),
            }
        }
        What::Note(note) => {
            out.push_str("* ");
            write_pair(out, note.by.as_str(), words::change_word(note.change), note.about.as_str());
        }
        What::Line { number, text } => {
            out.push_str(&format!("# line {number}: "));
            write_line(out, text);
        }
    }
}

fn write_hop(out: &mut String, hop: &Hop) {
    write_pair(out, &hop.from, "->", &hop.to);
    if !hop.waited.is_zero() {
        out.push_str("  waited ");
        write_duration(out, hop.waited);
    }
    match hop.fate {
        Fate::Delivered(after) if after == words::usual_delay(&hop.from, &hop.to) => {}
        Fate::Delivered(after) => {
            out.push_str("  after ");
            write_duration(out, after);
        }
        Fate::Lost => out.push_str("  lost"),
        Fate::UnderWay => out.push_str("  under way"),
    }
}

fn write_fault(out: &mut String, fault: &Fault) {
    match fault {
        Fault::Cut(link, loss) => {
            write_link(out, "cut", link);
            out.push_str(", ");
            out.push_str(words::word_of(&words::LOSSES, loss));
        }
        Fault::Hold(link) => write_link(out, "hold", link),
        Fault::Slow { link, latency, jitter } => {
            write_link(out, "slow", link);
            out.push_str(", ");
            write_duration(out, *latency);
            out.push_str(", jitter ");
            write_duration(out, *jitter);
        }
        Fault::Heal(link) => write_link(out, "heal", link),
        Fault::HealEverything => out.push_str("heal everything"),
        Fault::Crash(machine) => write_machine(out, "crash", machine),
        Fault::Restart(machine) => write_machine(out, "restart", machine),
    }
}

fn write_link(out: &mut String, verb: &str, link: &Link) {
    out.push_str(verb);
    out.push(' ');
    write_pair(out, &link.from, if link.both_ways { "<->" } else { "->" }, &link.to);
}

fn write_machine(out: &mut String, verb: &str, machine: &Machine) {
    let (kind, name) = match machine {
        Machine::Server(name) => ("server", name),
        Machine::Slave(name) => ("slave", name),
        Machine::Service(name) => ("service", name),
    };
    out.push_str(&format!("{verb} {kind} "));
    write_name(out, name);
}

fn write_pair(out: &mut String, from: &str, between: &str, to: &str) {
    write_name(out, from);
    out.push(' ');
    out.push_str(between);
    out.push(' ');
    write_name(out, to);
}

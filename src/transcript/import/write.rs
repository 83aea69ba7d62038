//! A transcript as a plain log.

use std::fmt::Write;

use crate::stanza::write_stanza;
use crate::transcript::{Entry, Fate, Transcript, What};

/// The transcript as a plain log (`docs/plain-log.md`). A plain log tells of stanzas only: what
/// else the transcript tells becomes comments.
pub fn write_plain(transcript: &Transcript) -> String {
    let mut out = String::new();
    for entry in &transcript.entries {
        write_entry(&mut out, entry);
    }
    out
}

fn write_entry(out: &mut String, entry: &Entry) {
    let mut stanza = String::new();
    if let Some(told) = entry.stanza() {
        write_stanza(&mut stanza, told, 2);
        stanza.push('\n');
    }
    let What::Hop(hop) = &entry.what else {
        let _ = writeln!(out, "# {}  {}", entry.at, entry.headline());
        for line in stanza.lines() {
            let _ = writeln!(out, "# {line}");
        }
        return;
    };
    let _ = write!(out, "{}\t{}\t{}", entry.at, hop.from, hop.to);
    match hop.fate {
        Fate::Delivered(after) if after.is_zero() => {}
        Fate::Delivered(after) => {
            let _ = write!(out, "\t{}", entry.at + after);
        }
        Fate::Lost => out.push_str("\tlost"),
        Fate::UnderWay => out.push_str("\tunderway"),
    }
    out.push('\n');
    out.push_str(&stanza);
}

//! Findings, in full.

use crate::cli::check::counted;
use crate::cli::style::{self, paint};
use crate::conform::invariants::Finding;
use crate::conform::requirements::{Level, Requirement, worded};
use crate::scenario::printable;
use crate::stanza::write_stanza;
use crate::transcript::Transcript;
use crate::transcript::edition::Edition;
use crate::transcript::import::Notice;

/// A finding: what was broken, where that shows, what should have been, and what led to it.
/// `place` tells where an entry stands.
pub(in crate::cli) fn finding(
    finding: &Finding,
    transcript: &Transcript,
    place: &dyn Fn(usize) -> String,
    edition: Edition,
) -> String {
    let mut text = String::new();
    let requirement = Requirement::find(finding.requirement);
    let level = requirement.map_or(Level::Always, |one| one.level);
    let (style, word) = match level {
        Level::Should => (style::DOUBTFUL, "warn"),
        _ => (style::BAD, "failed"),
    };
    let id = paint(style::TITLE, finding.requirement);
    text.push_str(&format!("{}  {}: {id}\n", paint(style, word), place(finding.entry)));
    if let Some(one) = requirement {
        let statement = worded(one.statement, edition);
        text.push_str(&format!("    {statement} ({level}; {})\n", worded(one.section, edition)));
    }
    text.push_str(&entry(transcript, finding.entry, true));
    if !stands_in(transcript, finding) {
        text.push_str(&format!("    found:    {}\n", printable(&finding.what)));
    }
    text.push_str(&format!("    expected: {}\n", worded(&printable(&finding.expected), edition)));
    let others = Requirement::all().filter(|one| one.shown_by().contains(&finding.requirement));
    let others: Vec<_> = others.map(|one| one.id).collect();
    if !others.is_empty() {
        text.push_str(&format!("    and so:   {}\n", others.join(", ")));
    }
    for cause in &finding.causes {
        let because = paint(style::QUIET, "because of");
        text.push_str(&format!("    {because} {}\n", place(*cause)));
        text.push_str(&entry(transcript, *cause, false));
    }
    text.push('\n');
    text
}

/// Whether what was found is only the stanza of the entry, in short.
fn stands_in(transcript: &Transcript, finding: &Finding) -> bool {
    let Some(entry) = transcript.entries.get(finding.entry) else { return false };
    let headline = entry.headline();
    let way = headline.split("  ").next().unwrap_or_default();
    entry.stanza().is_some() && finding.what.starts_with(&format!("{way}: "))
}

/// An entry, and its stanza.
fn entry(transcript: &Transcript, number: usize, stanza_too: bool) -> String {
    let Some(entry) = transcript.entries.get(number) else { return String::new() };
    let headline = entry.headline();
    // Foreign records know no delays.
    let headline = headline.strip_suffix("  after 0 s").unwrap_or(&headline);
    let mut text = format!("      {}  {headline}\n", entry.at.time_of_day());
    if let Some(stanza) = entry.stanza().filter(|_| stanza_too) {
        write_stanza(&mut text, stanza, 8);
        text.push('\n');
    }
    paint(style::QUIET, printable(text.trim_end_matches('\n'))).to_string() + "\n"
}

/// What the reader of a file has to say of it.
pub(super) fn notices(name: &str, notices: &[Notice]) -> String {
    let mut text = String::new();
    for notice in notices.iter().take(NOTICES_MAX) {
        let Notice { line, remark, about } = notice;
        let note = paint(style::DOUBTFUL, "note");
        let about = printable(about);
        text.push_str(&format!("{note}  {name}:{line}: {}: {about}\n", remark.words()));
    }
    if let Some(more) = notices.len().checked_sub(NOTICES_MAX).filter(|more| *more > 0) {
        text.push_str(&format!("      and {} more\n", counted(more, "note")));
    }
    if !notices.is_empty() {
        text.push('\n');
    }
    text
}

/// How many notices of one file are shown.
const NOTICES_MAX: usize = 20;

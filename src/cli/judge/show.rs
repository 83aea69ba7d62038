//! Findings, in full.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style;

use crate::cli::check::counted;
use crate::cli::style::{self, paint};
use crate::conform::invariants::Finding;
use crate::conform::requirements::{Level, Requirement, worded};
use crate::scenario::printable;
use crate::stanza::{ShortNames, write_stanza};
use crate::transcript::Entry;
use crate::transcript::edition::Edition;
use crate::transcript::import::Notice;

/// What a finding is shown with.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Scene<'a> {
    /// Tells an entry of the record in which it was found.
    pub entry: &'a dyn Fn(usize) -> Option<&'a Entry>,
    /// Tells where an entry stands.
    pub place: &'a dyn Fn(usize) -> String,
    /// In whose words it is told.
    pub edition: Edition,
    /// Tells the command that judges by this requirement again.
    pub replay: &'a dyn Fn(&str) -> String,
}

/// Findings, in their order: what is found at one entry together, below its stanza, and of each
/// requirement the first `most` in full, of the others where they are.
pub(super) fn findings(findings: &[Finding], scene: Scene<'_>, most: usize) -> String {
    let mut text = String::new();
    let mut shown: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for finding in findings {
        shown.entry(finding.requirement).or_default().push(finding.entry);
    }
    let mut last = None;
    let mut known = Explained::default();
    for one in first_of_each(findings, most) {
        let again = last.replace(one.entry) == Some(one.entry);
        if !again && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&told(one, scene, !again));
        text.push_str(&known.more(one, scene.edition));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for (id, entries) in shown {
        text.push_str(&rest(id, entries.get(most..).unwrap_or_default(), scene));
    }
    text
}

/// Of each requirement the first `most` findings.
pub(super) fn first_of_each(findings: &[Finding], most: usize) -> impl Iterator<Item = &Finding> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    findings.iter().filter(move |finding| {
        let number = seen.entry(finding.requirement).or_default();
        *number += 1;
        *number <= most
    })
}

/// Where else a requirement was broken.
fn rest(id: &str, entries: &[usize], scene: Scene<'_>) -> String {
    let [first, others @ ..] = entries else { return String::new() };
    let (style, word) = verdict(Requirement::find(id));
    let line = |entry: &usize| {
        let place = (scene.place)(*entry);
        place.rsplit_once(':').map_or(place.clone(), |(_, line)| line.to_owned())
    };
    let mut places = vec![(scene.place)(*first)];
    places.extend(others.iter().take(PLACES_MAX).map(line));
    places.dedup();
    let dots = if others.len() > PLACES_MAX { ", ..." } else { "" };
    let (id, places) = (paint(style::TITLE, id), places.join(", "));
    let more = entries.len();
    let word = paint(style, word);
    let more = counted(more, "more finding");
    format!("{word}  {id}, {more} (`--all` shows them): {places}{dots}\n\n")
}

/// The requirements of which it was said already where more is told of them.
#[derive(Debug, Default)]
pub(in crate::cli) struct Explained(BTreeSet<&'static str>);

impl Explained {
    /// The command that explains what is broken by this finding; nothing if that was told before.
    pub fn more(&mut self, finding: &Finding, edition: Edition) -> String {
        let ids: Vec<_> = finding.ids().filter(|id| self.0.insert(id)).collect();
        if ids.is_empty() {
            return String::new();
        }
        let spec = match edition {
            Edition::V0_1 => String::new(),
            other => format!(" --spec {}", other.spec()),
        };
        let more = paint(style::QUIET, "more:");
        format!("    {more}     wallops explain {}{spec}\n", ids.join(" "))
    }
}

/// How a broken requirement is told.
fn verdict(requirement: Option<&Requirement>) -> (Style, &'static str) {
    match requirement.map(|one| one.level) {
        Some(Level::Should) => (style::DOUBTFUL, "warn"),
        _ => (style::BAD, "failed"),
    }
}

/// A finding: what was broken, where that shows, what should have been, and what led to it.
pub(in crate::cli) fn finding(finding: &Finding, scene: Scene<'_>) -> String {
    told(finding, scene, true)
}

/// The same; with what stands there, or without.
fn told(finding: &Finding, scene: Scene<'_>, entry_too: bool) -> String {
    let Scene { place, edition, .. } = scene;
    let mut text = String::new();
    let requirement = Requirement::find(finding.requirement);
    let (style, word) = verdict(requirement);
    let ids = paint(style::TITLE, finding.named());
    text.push_str(&format!("{}  {}: {ids}\n", paint(style, word), place(finding.entry)));
    for one in finding.ids().filter_map(Requirement::find) {
        let (statement, section) = (worded(one.statement, edition), worded(one.section, edition));
        text.push_str(&format!("    {statement} ({}; {section})\n", one.level));
    }
    if entry_too {
        text.push_str(&entry(scene, finding.entry, true));
    }
    text.push_str(&format!("    found:    {}\n", printable(&finding.what)));
    text.push_str(&format!("    expected: {}\n", printable(&finding.expected)));
    for cause in &finding.causes {
        let because = paint(style::QUIET, "because of");
        text.push_str(&format!("    {because} {}\n", place(*cause)));
        text.push_str(&entry(scene, *cause, false));
    }
    let replay = paint(style::QUIET, "replay:");
    text.push_str(&format!("    {replay}   {}\n", printable(&(scene.replay)(finding.requirement))));
    text
}

/// An entry, and its stanza, whole or in short.
fn entry(scene: Scene<'_>, number: usize, stanza_too: bool) -> String {
    let Some(entry) = (scene.entry)(number) else { return String::new() };
    let headline = entry.headline();
    // Foreign records know no delays.
    let headline = headline.strip_suffix("  after 0 s").unwrap_or(&headline);
    let mut text = format!("      {}  {headline}\n", entry.at.time_of_day());
    match entry.stanza() {
        Some(stanza) if stanza_too => write_stanza(&mut text, stanza, 8),
        Some(stanza) => {
            let words = stanza.describe(&ShortNames::default());
            text.push_str(&format!("        {words}\n"));
        }
        None => {}
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

/// How many places are named where a requirement was broken again.
const PLACES_MAX: usize = 12;

/// How many notices of one file are shown.
const NOTICES_MAX: usize = 20;

//! A record that is too long to be held in memory: one goes through its file a few times.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::asked::Asked;
use super::extent::Shown;
use super::judged::{Judged, Reported};
use super::{foreign, record};
use crate::cli::args;
use crate::cli::files::Script;
use crate::cli::files::log::Log;
use crate::cli::refusal::Refusal;
use crate::conform::instants;
use crate::conform::invariants::Setting;
use crate::conform::judgement::Judgement;
use crate::conform::splits::splits;
use crate::conform::survey::survey;
use crate::sim::play;
use crate::transcript::edition::{Edition, Rewording};
use crate::transcript::import::{Format, Notice};
use crate::transcript::{Record, StoredRecord, Transcript, Watched, is_end};

/// Judge this, if it is so long. `exact`: the scenario whose play it records.
pub(super) fn judge(
    log: &Log,
    arguments: &args::Judge,
    exact: Option<&Script>,
    asked: &Asked,
) -> Result<Option<Judged>, Refusal> {
    let least = arguments.long.unwrap_or(LONG);
    if log.length().unwrap_or_default() < least {
        return Ok(None);
    }
    // Whatever is wrong with it shows when it is read.
    let Ok(head) = head(log) else { return Ok(None) };
    match arguments.format.or_else(|| Format::detect(&head)) {
        Some(Format::Own) => own(log, arguments, exact, asked).map(Some),
        Some(format) => foreign::judge(log, format, arguments, exact, asked).map(Some),
        None => Ok(None),
    }
}

/// Judge a transcript.
fn own(
    log: &Log,
    arguments: &args::Judge,
    exact: Option<&Script>,
    asked: &Asked,
) -> Result<Judged, Refusal> {
    let name = log.name.clone();
    let refuse = |error| Refusal::about(&name, error);
    let stored = StoredRecord::new(|| log.read_from(0)).map_err(refuse)?.read_ahead();
    let header = record::edition(stored.header(), &name)?;
    let exact_setting = exact.map(|script| play::setting(&script.scenario, false));
    // Of what may be cut off the last seconds are nobody's fault, as of a shorter one.
    let open = (!ends(log).unwrap_or(true)).then(|| instants::open(&stored));
    let judged = |record: &dyn Record| {
        let setting = exact_setting.clone().unwrap_or_else(|| survey(record));
        let setting = Setting { open, ..setting };
        let judgement = Judgement::of_what_shows(record, &setting, arguments.whole);
        (setting, judgement)
    };
    // What a header says is usually true, and shows while one goes through it anyway.
    let (said, mut shown) = (arguments.spec, Shown::default());
    let mut come = None;
    if said.unwrap_or(header) == Edition::V0_1 {
        come = Some(judged(&Watched::new(&stored, &mut |entry| shown.feed(entry))));
    } else {
        stored.each(&mut |entry| shown.feed(entry));
    }
    if let Some(error) = stored.failure() {
        return Err(refuse(error));
    }
    let Shown { words, extent } = shown;
    let edition = said.or_else(|| words.edition()).unwrap_or(header);
    let reworded = (edition == Edition::V0_1_1).then(|| Rewording::by(words, &stored));
    let (setting, judgement) = match (&reworded, come) {
        (Some(reworded), _) => judged(reworded),
        (None, Some(come)) => come,
        (None, None) => judged(&stored),
    };
    record::has_rooms(&setting, &name)?;
    let mut judgement = asked.of(judgement, &setting);
    let renamed = reworded.as_ref().map(Rewording::renamed).unwrap_or_default();
    judgement.retell(edition, &renamed);
    let draws = arguments.reports.draw();
    let reported = arguments.reports.are_wanted().then(|| Reported {
        transcript: Transcript::new(stored.header().clone()),
        lines: Vec::new(),
        extent: Some(extent),
        people: record::people(exact, &setting),
        splits: match draws {
            true => splits(reworded.as_ref().map_or(&stored, |it| it as &dyn Record), &setting),
            false => Vec::new(),
        },
    });
    let mut entries = BTreeMap::new();
    stored.some(&extent.wanted(&judgement, draws), &mut |number, line, entry| {
        entries.insert(number, (line, entry));
    });
    if let Some(error) = stored.failure() {
        return Err(refuse(error));
    }
    let other = record::other_scenario(stored.header(), exact);
    let notices: Vec<Notice> = stored.notice().into_iter().chain(other).collect();
    Ok(Judged { name, notices, judgement, edition, entries, reported })
}

/// The first lines, as far as they can be read.
fn head(log: &Log) -> io::Result<String> {
    let mut head = Vec::new();
    let length = log.read_from(0)?.take(HEAD).read_to_end(&mut head)?;
    let mut text = String::with_capacity(length);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        text.push_str(std::str::from_utf8(line).unwrap_or("\n"));
    }
    Ok(text)
}

/// Whether it says at its end that this is all.
fn ends(log: &Log) -> io::Result<bool> {
    let mut tail = Vec::new();
    log.read_from(log.length()?.saturating_sub(TAIL))?.take(TAIL).read_to_end(&mut tail)?;
    Ok(is_end(&String::from_utf8_lossy(&tail)))
}

/// From how many bytes on a record is not held in memory, which takes three times as much. Of a
/// shorter one an excerpt is shown if something is wrong with it.
const LONG: u64 = 4 << 20;

/// How much of a file is looked at to tell what it is.
const HEAD: u64 = 1 << 20;

/// And how much to tell whether it ends.
const TAIL: u64 = 256;

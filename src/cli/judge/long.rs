//! A transcript that is too long to be held in memory: one goes through its file a few times.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::asked::Asked;
use super::judged::{Judged, entries_of};
use super::record;
use crate::cli::args;
use crate::cli::files::{self, Script};
use crate::cli::refusal::Refusal;
use crate::conform::instants;
use crate::conform::invariants::Setting;
use crate::conform::judgement::Judgement;
use crate::conform::survey::survey;
use crate::sim::play;
use crate::transcript::edition::{Edition, Rewording, Words};
use crate::transcript::import::{Format, Notice};
use crate::transcript::{Entry, Record, StoredRecord, Watched, is_end};

/// Judge this file, if it is a transcript that is so long. `exact`: the scenario whose play it
/// records.
pub(super) fn judge(
    path: &Path,
    arguments: &args::Judge,
    exact: Option<&Script>,
    asked: &Asked,
) -> Result<Option<Judged>, Refusal> {
    let least = arguments.long.unwrap_or(LONG);
    // A report tells all of a record, and standard input is read once.
    if !arguments.report.is_empty() || files::is_input(path) {
        return Ok(None);
    }
    if !is_transcript(path, arguments.format, least).unwrap_or(false) {
        // Whatever is wrong with it shows when it is read.
        return Ok(None);
    }
    let name = path.display().to_string();
    let refuse = |error| Refusal::about(&name, error);
    let stored = StoredRecord::new(|| File::open(path)).map_err(refuse)?.read_ahead();
    let header = record::edition(stored.header(), &name)?;
    let exact_setting = exact.map(|script| play::setting(&script.scenario, false));
    // Of what may be cut off the last seconds are nobody's fault, as of a shorter one.
    let open = (!ends(path).unwrap_or(true)).then(|| instants::open(&stored));
    let judged = |record: &dyn Record| {
        let setting = exact_setting.clone().unwrap_or_else(|| survey(record));
        let setting = Setting { open, ..setting };
        let judgement = Judgement::of_what_shows(record, &setting, arguments.whole);
        (setting, judgement)
    };
    // What a header says is usually true, and shows while one goes through it anyway.
    let (said, mut words) = (arguments.spec, Words::default());
    let mut come = None;
    if said.unwrap_or(header) == Edition::V0_1 {
        come = Some(judged(&Watched::new(&stored, &mut |entry| words.feed(entry))));
    } else {
        stored.each(&mut |entry| words.feed(entry));
    }
    if let Some(error) = stored.failure() {
        return Err(refuse(error));
    }
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
    let entries = entries(&stored, &judgement);
    if let Some(error) = stored.failure() {
        return Err(refuse(error));
    }
    let other = record::other_scenario(stored.header(), exact);
    let notices: Vec<Notice> = stored.notice().into_iter().chain(other).collect();
    Ok(Some(Judged { name, notices, judgement, edition, entries, whole: None }))
}

/// The entries that have to do with what was found, and their lines.
fn entries<F, R>(stored: &StoredRecord<F>, judgement: &Judgement) -> BTreeMap<usize, (usize, Entry)>
where
    F: Fn() -> io::Result<R> + Sync,
    R: Read,
{
    let mut entries = BTreeMap::new();
    stored.some(&entries_of(judgement), &mut |number, line, entry| {
        entries.insert(number, (line, entry));
    });
    entries
}

/// Whether this is a transcript, and at least so long.
fn is_transcript(path: &Path, format: Option<Format>, least: u64) -> io::Result<bool> {
    if format.is_some_and(|format| format != Format::Own) {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() < least {
        return Ok(false);
    }
    let mut head = [0; HEAD];
    let read = file.read(&mut head)?;
    Ok(Format::detect(&String::from_utf8_lossy(&head[..read])) == Some(Format::Own))
}

/// Whether the file says at its end that this is all.
fn ends(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(is_end(&String::from_utf8_lossy(&tail)))
}

/// From how many bytes on a transcript is not held in memory, which takes three times as much. Of
/// a shorter one an excerpt is shown if something is wrong with it.
const LONG: u64 = 4 << 20;

/// How much of a file is looked at to tell what it is.
const HEAD: usize = 64;

/// And how much to tell whether it ends.
const TAIL: u64 = 256;

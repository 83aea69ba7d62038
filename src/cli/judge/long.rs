//! A transcript that is too long to be held in memory: its file is read again for each question.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::asked::Asked;
use super::judged::{Judged, entries_of};
use super::record;
use crate::cli::args;
use crate::cli::files::{self, Script};
use crate::cli::refusal::Refusal;
use crate::conform::judgement::Judgement;
use crate::conform::survey::survey;
use crate::conform::views::Views;
use crate::sim::play;
use crate::transcript::edition::{Edition, Rewording};
use crate::transcript::import::{Format, Notice, cut_off};
use crate::transcript::{Entry, Record, StoredRecord};

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
    let stored = StoredRecord::new(|| File::open(path).map(BufReader::new)).map_err(refuse)?;
    let edition = record::edition(arguments, &stored, &name)?;
    let reworded = (edition == Edition::V0_1_1).then(|| Rewording::of(&stored));
    let record: &dyn Record = match &reworded {
        Some(reworded) => reworded,
        None => &stored,
    };
    let setting = match exact {
        Some(script) => play::setting(&script.scenario, false),
        None => survey(record),
    };
    record::has_rooms(&setting, &name)?;
    let mut judgement = Judgement::of(record, &setting);
    let views = Views::of(record, &setting);
    judgement.limit(&if arguments.whole { views.whole() } else { views });
    let mut judgement = asked.of(judgement, &setting);
    let renamed = reworded.as_ref().map(Rewording::renamed).unwrap_or_default();
    judgement.retell(edition, &renamed);
    let entries = entries(&stored, &judgement);
    if let Some(error) = stored.failure() {
        return Err(refuse(error));
    }
    let cut_off = (!stored.ends()).then(|| cut_off(stored.lines()));
    let other = record::other_scenario(stored.header(), exact);
    let notices: Vec<Notice> = cut_off.into_iter().chain(other).collect();
    Ok(Some(Judged { name, notices, judgement, edition, entries, whole: None }))
}

/// The entries that have to do with what was found, and their lines.
fn entries<F, R>(stored: &StoredRecord<F>, judgement: &Judgement) -> BTreeMap<usize, (usize, Entry)>
where
    F: Fn() -> io::Result<R>,
    R: BufRead,
{
    let needed = entries_of(judgement);
    let mut entries = BTreeMap::new();
    if needed.is_empty() {
        return entries;
    }
    let mut number = 0;
    stored.each_with_line(&mut |line, entry| {
        if needed.contains(&number) {
            entries.insert(number, (line, entry));
        }
        number += 1;
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
    let mut head = String::new();
    file.by_ref().take(HEAD).read_to_string(&mut head)?;
    Ok(Format::detect(&head) == Some(Format::Own))
}

/// From how many bytes on a transcript is not held in memory, which takes nine times as much.
const LONG: u64 = 16 << 20;

/// How much of a file is looked at to tell what it is.
const HEAD: u64 = 64;

//! A log of others that is too long to be held in memory: what it tells is put into order in a
//! temporary file, through which one goes a few times.

use std::collections::BTreeMap;
use std::io::{self, BufReader};

use super::asked::Asked;
use super::extent::{Extent, Shown};
use super::judged::{Judged, Reported};
use super::record;
use crate::cli::args;
use crate::cli::files::Script;
use crate::cli::files::coding::{Lines, Look};
use crate::cli::files::log::{Log, TEMPORARY, no_room};
use crate::cli::refusal::Refusal;
use crate::conform::instants;
use crate::conform::invariants::Setting;
use crate::conform::survey::survey;
use crate::sim::play;
use crate::transcript::edition::{Edition, Rewording};
use crate::transcript::import::{Format, ImportOptions, ImportedRecord, Notice, import_into};
use crate::transcript::{Record, SortedRecord, StoredError, Transcript, Watched};

/// Judge this log, which is in this form. `exact`: the scenario whose play it records.
pub(super) fn judge(
    log: &Log,
    format: Format,
    arguments: &args::Judge,
    exact: Option<&Script>,
    asked: &Asked,
) -> Result<Judged, Refusal> {
    let name = log.name.clone();
    let (imported, mut notices) = read(log, format, arguments)?;
    let ImportedRecord { record, served, .. } = imported;
    notices.extend(imported.notices);
    notices.sort_by_key(|notice| notice.line);
    notices.extend(record::other_scenario(record.header(), exact));
    let header = record::edition(record.header(), &name)?;
    let Known { setting, edition, reworded, extent } = know(&record, header, arguments, exact);
    check(&record, &name)?;
    let setting = Setting { served, ..setting };
    record::has_rooms(&setting, &name)?;
    let judged = reworded.as_ref().map_or(&record as &dyn Record, |reworded| reworded);
    let judgement = instants::judge(judged, &setting, arguments.whole, TEMPORARY);
    let mut judgement = judgement.map_err(|error| no_room(&name, &error))?;
    let renamed = reworded.as_ref().map(Rewording::renamed).unwrap_or_default();
    judgement.retell(edition, &renamed);
    let judgement = asked.of(judgement, &setting);
    let reported = arguments.reports.are_wanted().then(|| -> Result<_, Refusal> {
        let splits =
            arguments.reports.draw().then(|| instants::splits(judged, &setting, TEMPORARY));
        let splits = splits.transpose().map_err(|error| no_room(&name, &error))?;
        let splits = splits.unwrap_or_default();
        let transcript = Transcript::new(record.header().clone());
        let (lines, extent) = (Vec::new(), Some(extent));
        Ok(Reported { transcript, lines, extent, people: record::people(exact, &setting), splits })
    });
    let reported = reported.transpose()?;
    let wanted = extent.wanted(&judgement, arguments.reports.draw());
    let mut entries = BTreeMap::new();
    record.some(&wanted, &mut |number, line, entry| {
        entries.insert(number, (line, entry));
    });
    check(&record, &name)?;
    Ok(Judged { name, notices, judgement, edition, entries, reported })
}

/// What has to be known of a record before it is judged.
struct Known<'a> {
    setting: Setting,
    edition: Edition,
    /// The same in the words of 0.1, if it is in those of 0.1.1.
    reworded: Option<Rewording<'a>>,
    extent: Extent,
}

/// `header`: in whose words the record is unless that shows.
fn know<'a>(
    record: &'a SortedRecord,
    header: Edition,
    arguments: &args::Judge,
    exact: Option<&Script>,
) -> Known<'a> {
    let exact = exact.map(|script| play::setting(&script.scenario, false));
    let setting = |record: &dyn Record| exact.clone().unwrap_or_else(|| survey(record));
    let mut seen = Shown::default();
    // Most records are in the words of 0.1, and what they are shows while one goes through them.
    let mut shown = None;
    if exact.is_none() && arguments.spec.unwrap_or(header) == Edition::V0_1 {
        shown = Some(setting(&Watched::new(record, &mut |entry| seen.feed(entry))));
    } else {
        record.each(&mut |entry| seen.feed(entry));
    }
    let Shown { words, extent } = seen;
    let edition = arguments.spec.or_else(|| words.edition()).unwrap_or(header);
    let reworded = (edition == Edition::V0_1_1).then(|| Rewording::by(words, record));
    let setting = match (&reworded, shown) {
        (Some(reworded), _) => setting(reworded),
        (None, Some(shown)) => shown,
        (None, None) => setting(record),
    };
    Known { setting, edition, reworded, extent }
}

/// What the log tells, and the lines of it that cannot be read.
fn read(
    log: &Log,
    format: Format,
    arguments: &args::Judge,
) -> Result<(ImportedRecord, Vec<Notice>), Refusal> {
    let open = || log.read_from(0).map_err(|error| log.unread(&error));
    let look = Look::at(open()?).map_err(|error| log.unread(&error))?;
    let options = ImportOptions::default();
    let refuse = |error| match error {
        StoredError::Io(error) => no_room(&log.name, &error),
        error => Refusal::about(&log.name, error),
    };
    if look.is_text() {
        let imported = import_into(TEMPORARY, open()?, format, &options).map_err(refuse)?;
        return Ok((imported, Vec::new()));
    }
    let of_server = matches!(format, Format::Prosody | Format::Ejabberd);
    if !of_server || arguments.format.is_some() || !look.may_have_odd_lines() {
        return Err(look.refusal(&log.name));
    }
    let mut lines = Lines::new(BufReader::new(open()?));
    let imported = import_into(TEMPORARY, &mut lines, format, &options).map_err(refuse)?;
    Ok((imported, lines.left_out()))
}

fn check(record: &SortedRecord, name: &str) -> Result<(), Refusal> {
    let refuse = |error: io::Error| no_room(name, &error);
    record.failure().map_or(Ok(()), |error| Err(refuse(error)))
}

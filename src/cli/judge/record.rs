//! A record to judge: a scenario that is played, or a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::asked::Asked;
use super::judged::{Judged, Reported};
use crate::cli::args;
use crate::cli::diagram::{called, nicks};
use crate::cli::files::log::{Log, TEMPORARY, no_room};
use crate::cli::files::{self, Script};
use crate::cli::refusal::Refusal;
use crate::cli::stage::{self, Manner};
use crate::conform::instants;
use crate::conform::invariants::Setting;
use crate::conform::judgement::Judgement;
use crate::conform::splits::splits;
use crate::conform::survey::survey;
use crate::conform::unsaid::{self, Entered};
use crate::dmuc::Note;
use crate::sim::play;
use crate::stanza::ReadError;
use crate::transcript::edition::{Edition, Reworded, reword};
use crate::transcript::import::{Format, ImportOptions, Imported, Notice, Remark, import};
use crate::transcript::{Header, Transcript, What};

/// A record, and what it does not show.
pub(in crate::cli) struct Record {
    /// The file that it comes from.
    pub name: String,
    /// As the file has it.
    pub transcript: Transcript,
    /// The same in the words of 0.1, by which it is judged, if it is in those of 0.1.1.
    reworded: Option<Reworded>,
    /// The line of that file to which each entry belongs; 0 if there is none.
    pub lines: Vec<usize>,
    /// What people are called, by full JID, as a scenario says or the record shows.
    pub people: BTreeMap<String, String>,
    /// What its reader has to say of it.
    pub notices: Vec<Notice>,
    pub setting: Setting,
    /// Whether nothing that happened is missing.
    pub complete: bool,
    /// Whether it is known not to be the log of one server.
    whole: bool,
    /// In whose words it is told.
    pub edition: Edition,
    /// Whether it may be of machines that take time for what they do.
    timed: bool,
}

impl Record {
    /// Play the scenario in this file.
    pub fn play(path: &Path, arguments: &args::Judge) -> Result<Self, Refusal> {
        played(path, arguments.spec)
    }

    /// Read this. `exact`: the scenario whose play it records.
    /// `help`: what to do about a file whose form is not known.
    pub fn read(
        log: &Log,
        arguments: &args::Judge,
        exact: Option<&Script>,
        help: &str,
    ) -> Result<Self, Refusal> {
        stored(log, arguments, exact, help)
    }

    /// The same for whoever cannot say more of it.
    pub fn read_as_it_is(path: &Path, help: &str) -> Result<Self, Refusal> {
        match is_scenario(path) {
            true => played(path, None),
            false => stored(&Log::open(path)?, &args::Judge::default(), None, help),
        }
    }

    /// What comes of it.
    pub fn judgement(&self) -> Result<Judgement, Refusal> {
        let (reworded, setting) = (self.reworded.as_ref(), &self.setting);
        let transcript = self.as_judged();
        let mut judgement = match (self.timed, self.complete) {
            (true, _) => instants::judge(transcript, setting, self.whole, TEMPORARY)
                .map_err(|error| no_room(&self.name, &error))?,
            (false, true) => Judgement::of(transcript, setting),
            (false, false) => Judgement::of_what_shows(transcript, setting, self.whole),
        };
        let none = BTreeSet::new();
        judgement.retell(self.edition, reworded.map_or(&none, |reworded| &reworded.renamed));
        Ok(judgement)
    }

    /// Where it enters what the XEP leaves open.
    pub fn entered(&self) -> Result<Vec<Entered>, Refusal> {
        match self.timed {
            true => instants::entered(self.as_judged(), &self.setting, TEMPORARY)
                .map_err(|error| no_room(&self.name, &error)),
            false => Ok(unsaid::entered(self.as_judged(), &self.setting)),
        }
    }

    /// When its machines have lost one another and met again, if they do not say it.
    pub fn splits(&self) -> Result<Vec<(usize, Note)>, Refusal> {
        match self.timed {
            true => instants::splits(self.as_judged(), &self.setting, TEMPORARY)
                .map_err(|error| no_room(&self.name, &error)),
            false => Ok(splits(self.as_judged(), &self.setting)),
        }
    }

    fn as_judged(&self) -> &Transcript {
        let reworded = self.reworded.as_ref().map(|reworded| &reworded.transcript);
        reworded.unwrap_or(&self.transcript)
    }

    /// The same, as far as that is asked, and what of it is shown.
    pub(super) fn judged(self, arguments: &args::Judge, asked: &Asked) -> Result<Judged, Refusal> {
        let judgement = asked.of(self.judgement()?, &self.setting);
        let entry = |number: usize| {
            let line = self.lines.get(number).copied().unwrap_or_default();
            Some((number, (line, self.transcript.entries.get(number)?.clone())))
        };
        let entries = judgement.entries().into_iter().filter_map(entry).collect();
        let splits = arguments.reports.draw().then(|| self.splits()).transpose()?;
        let splits = splits.unwrap_or_default();
        let Self { name, transcript, lines, people, notices, edition, .. } = self;
        let reported = arguments.reports.are_wanted();
        let reported =
            reported.then(|| Reported { transcript, lines, extent: None, people, splits });
        Ok(Judged { name, notices, judgement, edition, entries, reported })
    }
}

/// The files that these paths name; of directories, the scenarios in them.
pub(in crate::cli) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    files::scenarios(paths)
}

/// Whether this file is to be played.
pub(in crate::cli) fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "scs")
}

fn played(path: &Path, spec: Option<Edition>) -> Result<Record, Refusal> {
    let script = Script::read(path)?;
    let outcome = stage::play(&script, Manner::default())
        .map_err(|error| Refusal::about(path.display(), error))?;
    let transcript = outcome.transcript;
    Ok(Record {
        name: path.display().to_string(),
        lines: script_lines(&transcript),
        transcript,
        reworded: None,
        people: nicks(&script.scenario),
        notices: Vec::new(),
        setting: play::setting(&script.scenario, false),
        complete: true,
        whole: true,
        edition: spec.unwrap_or(Edition::V0_1),
        timed: false,
    })
}

/// For each entry the line of the scenario that set it off.
pub(in crate::cli) fn script_lines(transcript: &Transcript) -> Vec<usize> {
    let mut line = 0;
    let lines = transcript.entries.iter().map(|entry| {
        if let What::Line { number, .. } = &entry.what {
            line = usize::try_from(*number).unwrap_or_default();
        }
        line
    });
    lines.collect()
}

/// What a stored transcript or a log tells, to be drawn. A transcript has to be whole: nobody is
/// told of what is left out of it.
pub(in crate::cli) fn to_draw(path: &Path) -> Result<Record, Refusal> {
    let (name, text) = (path.display().to_string(), files::text(path)?);
    let (format, imported) = read(&name, &text, None, "known are")?;
    if format == Format::Own {
        Transcript::read(&text).map_err(|error| Refusal::record(&name, &text, &error))?;
    }
    let transcript = imported.transcript;
    let edition = Edition::detect(&transcript).unwrap_or(Edition::V0_1);
    let reworded = (edition == Edition::V0_1_1).then(|| reword(transcript.clone()));
    let setting = survey(reworded.as_ref().map_or(&transcript, |reworded| &reworded.transcript));
    Ok(Record {
        name,
        people: called(&setting),
        transcript,
        reworded,
        lines: imported.lines,
        notices: Vec::new(),
        setting,
        complete: false,
        whole: false,
        edition,
        timed: format != Format::Own,
    })
}

/// Read a text, in this format if one is said. `help`: how the list of formats begins.
fn read(
    name: &str,
    text: &str,
    said: Option<Format>,
    help: &str,
) -> Result<(Format, Imported), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::about(name, "it is empty"));
    }
    let format = said.or_else(|| Format::detect(text)).ok_or_else(|| formless(name, help))?;
    let imported = import(text, format, &ImportOptions::default());
    let imported = imported.map_err(|error| Refusal::record(name, text, &error))?;
    Ok((format, imported))
}

/// The form of a text is not known. `help`: how the list of forms begins.
fn formless(name: &str, help: &str) -> Refusal {
    let known: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
    Refusal::about(name, "neither a transcript nor a log whose form is known")
        .with_help(format!("{help}: {}", known.join(", ")))
}

/// `help`: what to do about a file whose form is not known.
fn stored(
    log: &Log,
    arguments: &args::Judge,
    exact: Option<&Script>,
    help: &str,
) -> Result<Record, Refusal> {
    let name = log.name.clone();
    let (text, unread) = log.text()?;
    let (format, imported) = read(&name, &text, arguments.format, help)?;
    let refuse = |error: ReadError| Refusal::record(&name, &text, &error);
    let (transcript, lines) = (imported.transcript, imported.lines);
    let mut notices = unread;
    notices.extend(imported.notices);
    notices.sort_by_key(|notice| notice.line);
    notices.extend(other_scenario(&transcript.header, exact));
    in_order(&transcript, &lines, &text).map_err(refuse)?;
    let header = edition(&transcript.header, &name)?;
    // As is said, as shows, or as its header has it.
    let edition = arguments.spec.or_else(|| Edition::detect(&transcript)).unwrap_or(header);
    let reworded = (edition == Edition::V0_1_1).then(|| reword(transcript.clone()));
    let judged = reworded.as_ref().map_or(&transcript, |reworded| &reworded.transcript);
    let setting = match exact {
        Some(script) => play::setting(&script.scenario, false),
        None => survey(judged),
    };
    let open = (!imported.ends).then(|| instants::open(judged));
    let setting = Setting { served: imported.served, open, ..setting };
    has_rooms(&setting, &name)?;
    Ok(Record {
        name,
        transcript,
        reworded,
        lines,
        people: people(exact, &setting),
        notices,
        setting,
        complete: false,
        whole: arguments.whole,
        edition,
        timed: format != Format::Own,
    })
}

/// What people are called, by full JID: as the scenario says, or as the record shows.
pub(super) fn people(exact: Option<&Script>, setting: &Setting) -> BTreeMap<String, String> {
    exact.map_or_else(|| called(setting), |script| nicks(&script.scenario))
}

/// What is judged by the setting of a scenario is of another one, by its header.
pub(super) fn other_scenario(header: &Header, exact: Option<&Script>) -> Option<Notice> {
    let title = exact?.title();
    let other = !header.scenario.is_empty() && header.scenario != title;
    let about = format!("it is of `{}`, and judged by the setting of `{title}`", header.scenario);
    other.then_some(Notice { line: TITLE_LINE, remark: Remark::Kept, about })
}

/// The line of a transcript that has the scenario's title.
const TITLE_LINE: usize = 2;

/// Nothing can be judged in which no room shows.
pub(super) fn has_rooms(setting: &Setting, name: &str) -> Result<(), Refusal> {
    match setting.rooms.is_empty() {
        true => Err(Refusal::about(name, "no chat room shows in it")
            .with_help("a room shows by what it sends: presence with muc#user, or XEP-0282's")),
        false => Ok(()),
    }
}

/// In whose words a record is, as its header has it.
pub(super) fn edition(header: &Header, name: &str) -> Result<Edition, Refusal> {
    let spec = header.spec.as_str();
    Edition::of_spec(spec).ok_or_else(|| {
        let known = Edition::ALL.map(Edition::spec).join(" and ");
        let wrong = format!("it is by `{}`, which nothing is known of", spec.escape_debug());
        Refusal::about(name, wrong).with_help(format!("known are {known}"))
    })
}

/// What is judged has to be in the order of time.
fn in_order(transcript: &Transcript, lines: &[usize], text: &str) -> Result<(), ReadError> {
    let mut pairs = transcript.entries.windows(2).enumerate();
    let late = pairs.find(|(_, pair)| pair[1].at < pair[0].at);
    let Some((number, pair)) = late else { return Ok(()) };
    let line = lines.get(number + 1).copied().unwrap_or(1);
    let offset = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    Err(ReadError { offset, ..ReadError::back(line, pair[1].at, pair[0].at) })
}

//! `wallops report`: judge runs by the requirements, and report it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::args::{self, ReportFile, Reports, Told};
use super::diagram::nicks;
use super::expected::{self, Expected};
use super::failure::{Played, UNTOUCHED};
use super::files::{self, Script};
use super::judge::{self, record};
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::{self, Manner};
use super::verdict::Verdict;
use crate::conform::judgement::{self, Judgement};
use crate::report::{Failure, Known, Report, Run};
use crate::sim::play::{self, Outcome, PlayError};
use crate::transcript::{Header, Transcript};

/// Play scenarios, judge them, and write the report.
pub(super) fn report(arguments: &args::Report, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let files = record::files(&arguments.paths)?;
    let out = arguments.out.as_ref().filter(|out| !args::is_output(out));
    spare(out, &files)?;
    let form = form(arguments.format, out)?;
    let manner = Manner { net: arguments.net, ..Manner::default() };
    let expected = Expected::read(files.iter().filter(|file| record::is_scenario(file)))?;
    let runs = files.par_iter().map(|file| run_of(file, manner, &expected, form));
    let runs: Vec<_> = runs.collect();
    let mut judged = Vec::new();
    let mut refusals = Vec::new();
    for run in runs {
        match run {
            Ok(run) => judged.push(run),
            Err(refusal) => refusals.push(Some(refusal)),
        }
    }
    // Whoever has several bad files wants to know it at once.
    if !refusals.is_empty() {
        return Err(Refusal::all(refusals));
    }
    let report = Report { runs: named_apart(judged) };
    let text = told(&report, form);
    match out {
        Some(out) => files::write(out, &text)?,
        None => screen.text(text),
    }
    let vacuous = report.runs.iter().any(|run| !run.untouched.is_empty());
    Ok(match report.verdict() {
        judgement::Verdict::Fail => Verdict::Failed,
        _ if vacuous => Verdict::Vacuous,
        _ => Verdict::Well,
    })
}

/// In what form a report is told: as it is asked for, or as the file's name says.
fn form(format: Option<Told>, out: Option<&PathBuf>) -> Result<Told, Refusal> {
    match (format, out) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(Told::Text),
        (None, Some(out)) => Told::of(out).map_err(|wrong| {
            Refusal::about(out.display(), wrong).with_help("or `--format` says in what form it is")
        }),
    }
}

/// Prepare for these reports of what is read from these files: none takes the place of one of them,
/// and if one is for standard output, nothing else goes there.
pub(super) fn prepare<'a>(
    reports: &'a Reports,
    read: impl IntoIterator<Item = &'a PathBuf> + Clone,
    screen: &mut Screen,
) -> Result<(), Refusal> {
    let outs = reports.report.iter().filter_map(|file| match file {
        ReportFile::File(path, _) => Some(path),
        ReportFile::Output => None,
    });
    spare(outs, read)?;
    let printed = reports.report.iter().filter(|file| **file == ReportFile::Output).count();
    match (printed, reports.report_format) {
        (0, Some(_)) => Err(Refusal::about("--report-format", "no report goes to standard output")
            .with_help("`--report -` prints one; the name of a file says in what form it is")),
        (0, None) => Ok(()),
        (1, _) => {
            screen.step_aside();
            Ok(())
        }
        _ => Err(Refusal::about("--report -", "two reports on standard output")
            .with_help("all but one need files of their own")),
    }
}

/// Write these reports of these runs.
pub(super) fn write(runs: Vec<Run>, reports: &Reports, screen: &mut Screen) -> Result<(), Refusal> {
    let report = Report { runs: named_apart(runs) };
    let printed = reports.report_format.unwrap_or_default();
    for file in &reports.report {
        match file {
            ReportFile::File(path, form) => files::write(path, &told(&report, *form))?,
            ReportFile::Output => screen.alone(&told(&report, printed)),
        }
    }
    Ok(())
}

fn told(report: &Report, form: Told) -> String {
    match form {
        Told::Text => report.text(),
        Told::Json => report.json(),
        Told::Junit => report.junit(),
        Told::Html => report.html(),
    }
}

/// None of these files takes the place of one that is read.
fn spare<'a>(
    outs: impl IntoIterator<Item = &'a PathBuf>,
    read: impl IntoIterator<Item = &'a PathBuf> + Clone,
) -> Result<(), Refusal> {
    let is_read = |out: &PathBuf| read.clone().into_iter().any(|file| files::is_same(file, out));
    match outs.into_iter().find(|out| is_read(out)) {
        Some(out) => {
            let wrong = "the report would take the place of what it is about";
            Err(Refusal::about(out.display(), wrong))
        }
        None => Ok(()),
    }
}

/// The short name of a run of this file.
pub(super) fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What came of a scenario, or what a record tells.
fn run_of(file: &Path, manner: Manner, expected: &Expected, form: Told) -> Result<Run, Refusal> {
    if record::is_scenario(file) {
        let script = Script::read(file)?;
        return run(&script, manner, expected.of(&script));
    }
    let help = "`wallops judge --format FORMAT --report FILE` is told which it is";
    judge::run_of(file, form, help)
}

fn run(script: &Script, manner: Manner, mut known: Vec<Known>) -> Result<Run, Refusal> {
    let mut played = stage::play(script, manner);
    expected::excuse(script, &mut played, &mut known);
    let (failures, untouched) = (failures(script, &played), untouched(script, &played));
    let (transcript, judgement, expectations, unmet) = match played {
        Err(PlayError::World(error)) => return Err(Refusal::about(script.path.display(), error)),
        Err(_) => {
            // What was not played is not known to pass.
            known.clear();
            let header = Header { scenario: script.title(), ..Header::default() };
            (Transcript::new(header), Judgement::default(), 0, 0)
        }
        Ok(Outcome { transcript, checked, unmet, .. }) => {
            let setting = play::setting(&script.scenario, manner.plain);
            let judgement = Judgement::of(&transcript, &setting);
            expected::see(&judgement, &mut known);
            (transcript, judgement, checked, unmet)
        }
    };
    Ok(Run {
        name: script.name(),
        file: script.path.display().to_string(),
        replay: manner.command(script),
        judge: manner.judging(script).unwrap_or_default(),
        people: nicks(&script.scenario),
        splits: Vec::new(),
        lines: record::script_lines(&transcript),
        part: None,
        transcript,
        judgement,
        expectations,
        unmet,
        failures,
        untouched,
        asked: false,
        known,
    })
}

/// What is not as the scenario expects, in words without colours.
pub(super) fn failures(script: &Script, played: &Played) -> Vec<Failure> {
    let outcome = match played {
        Ok(outcome) => outcome,
        Err(error) => {
            return vec![Failure { line: 0, text: String::new(), what: error.to_string() }];
        }
    };
    let failures = outcome.failures.iter().map(|failure| {
        let whose = match failure.whose.as_str() {
            "" => String::new(),
            whose => format!("whose: {whose}\n"),
        };
        let nearest = failure.nearest.as_ref().map(play::Nearest::diff).unwrap_or_default();
        let line = failure.span.line;
        Failure {
            line,
            text: script.line(line).to_owned(),
            what: format!(
                "{whose}expected: {}\nbut: {}\n{nearest}",
                failure.expected.trim_end(),
                failure.found.trim_end()
            ),
        }
    });
    failures.collect()
}

/// Faults of the scenario that touched no stanza.
pub(super) fn untouched(script: &Script, played: &Played) -> Vec<Failure> {
    let faults = played.iter().flat_map(|outcome| &outcome.vacuous);
    let faults = faults.map(|(span, _)| Failure {
        line: span.line,
        text: script.line(span.line).to_owned(),
        what: UNTOUCHED.to_owned(),
    });
    faults.collect()
}

/// Scenarios of several directories may have one name.
fn named_apart(mut runs: Vec<Run>) -> Vec<Run> {
    let mut taken = BTreeSet::new();
    for run in &mut runs {
        if !taken.insert(run.name.clone()) {
            run.name.clone_from(&run.file);
            taken.insert(run.name.clone());
        }
    }
    runs
}

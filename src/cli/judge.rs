//! `wallops judge`: judge records by what XEP-0282 demands.

pub(super) mod asked;
mod command;
mod extent;
mod foreign;
mod judged;
mod long;
pub(super) mod record;
pub(super) mod show;
pub(super) mod table;

use std::path::Path;

use self::asked::Asked;
use self::judged::Judged;
use self::record::Record;
use self::show::Scene;
use super::annotations;
use super::args;
use super::files::Script;
use super::files::log::Log;
use super::refusal::Refusal;
use super::report;
use super::screen::Screen;
use super::style;
use super::verdict::Verdict;
use crate::conform::judgement::{self, Judgement, Row};
use crate::report::Run;

/// Judge some records, one after another, and sum up.
pub(super) fn judge(arguments: &args::Judge, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let asked = Asked::read(arguments)?;
    let exact = arguments.scenario.as_deref().map(Script::read_setting).transpose()?;
    let files = record::files(&arguments.paths)?;
    report::prepare(&arguments.reports, files.iter().chain(&arguments.scenario), screen)?;
    let mut runs = Vec::new();
    let mut sum: Option<Judgement> = None;
    let mut refusals = Vec::new();
    // Whether the setting of any was read off the record.
    let mut guessed = false;
    for path in files {
        guessed |= exact.is_none() && !record::is_scenario(&path);
        let judged = match judged(&path, arguments, exact.as_ref(), &asked, FORMAT) {
            Ok(judged) => judged,
            Err(refusal) => {
                refusals.push(Some(refusal));
                continue;
            }
        };
        screen.text(show::notices(&judged.name, &judged.notices));
        let (entry, place) = (|number| judged.entry(number), |number| judged.place(number));
        let again = |id: &str| command::command(arguments, &judged.name, &[id]);
        let scene = Scene { entry: &entry, place: &place, edition: judged.edition, replay: &again };
        let most = if arguments.all { usize::MAX } else { FINDINGS_MAX };
        screen.text(show::findings(&judged.judgement.findings, scene, most));
        if annotations::are_wanted() {
            judged.annotations(most, &again).for_each(|annotation| screen.line(annotation));
        }
        screen.flush();
        match &mut sum {
            Some(sum) => sum.add(judged.judgement.clone()),
            None => sum = Some(judged.judgement.clone()),
        }
        if arguments.reports.are_wanted() {
            runs.extend(judged.into_run(arguments));
        }
    }
    if !refusals.is_empty() {
        return Err(Refusal::all(refusals));
    }
    let sum = sum.unwrap_or_default();
    let shown = |row: &&_| arguments.all || asked.shows(row);
    let table = table::table(sum.rows.iter().filter(shown));
    if let Some(table) = table {
        screen.line(table);
        screen.line("");
    }
    screen.text(match arguments.require.is_empty() {
        true => table::unsupported(&sum, arguments.all) + &restless(&sum, guessed),
        false => asked.unanswered(&sum),
    });
    screen.line(table::summary(&sum, arguments.strict));
    report::write(runs, &arguments.reports, screen)?;
    Ok(asked.verdict(&sum))
}

/// What is judged of a room at rest was not, as it is not known when one is.
fn restless(sum: &Judgement, guessed: bool) -> String {
    let vacuous = |row: &Row| row.verdict == judgement::Verdict::Vacuous;
    if !guessed || !AT_REST.iter().all(|id| sum.row(id).is_some_and(vacuous)) {
        return String::new();
    }
    let word = style::paint(style::DOUBTFUL, "vacuous");
    let ids = AT_REST.join(", ");
    let help = "`--scenario FILE` tells how patient its machines are";
    format!("{word}      {ids}: the room was not at rest for long enough; {help}\n")
}

/// What is judged of a room at rest only.
const AT_REST: [&str; 3] = ["LIVE-CONV-ROSTER", "LIVE-AWAY-UNDONE", "LIVE-QUEUE-EMPTY"];

/// `help`: what to do about a file whose form is not known.
fn judged(
    path: &Path,
    arguments: &args::Judge,
    exact: Option<&Script>,
    asked: &Asked,
    help: &str,
) -> Result<Judged, Refusal> {
    if record::is_scenario(path) {
        return Record::play(path, arguments)?.judged(arguments, asked);
    }
    let log = Log::open(path)?;
    match long::judge(&log, arguments, exact, asked)? {
        Some(judged) => Ok(judged),
        None => Record::read(&log, arguments, exact, help)?.judged(arguments, asked),
    }
}

/// What came of a file that is no scenario, for a report in this form, and nothing else known.
/// `help`: what to do about a file whose form is not known.
pub(super) fn run_of(path: &Path, form: args::Told, help: &str) -> Result<Run, Refusal> {
    let reports =
        args::Reports { report: vec![args::ReportFile::Output], report_format: Some(form) };
    let arguments = args::Judge { reports, ..args::Judge::default() };
    let run = judged(path, &arguments, None, &Asked::read(&arguments)?, help)?.into_run(&arguments);
    Ok(run.unwrap_or_default())
}

/// How the list of forms begins for whoever can say one.
const FORMAT: &str = "`--format` says which it is";

/// How many findings of one requirement are shown in full.
const FINDINGS_MAX: usize = 3;

//! `wallops coverage`: which requirements scenarios and records come to, and what is left open.

mod asked;
mod open;
mod pairs;

use std::path::Path;

use comfy_table::Cell;
use rayon::prelude::*;

use self::asked::Asked;
use self::open::Place;
use self::pairs::Pairs;
use super::args;
use super::check::counted;
use super::judge::record::{self, Record};
use super::judge::table;
use super::refusal::Refusal;
use super::screen::Screen;
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::conform::judgement::{self, Judgement, Row};

/// What came of each requirement in some records: scenarios that were played, and files.
struct Coverage {
    /// All of them together.
    sum: Judgement,
    /// What came of each in each.
    pairs: Pairs,
}

/// Play scenarios, read records, and tell for each requirement how often it applied.
pub(super) fn coverage(
    arguments: &args::Coverage,
    screen: &mut Screen,
) -> Result<Verdict, Refusal> {
    let asked = Asked::read(&arguments.words)?;
    let files = record::files(&asked.paths)?;
    // What are no scenarios, too, are records.
    let thing =
        if files.iter().all(|file| record::is_scenario(file)) { "scenario" } else { "record" };
    let judged: Vec<_> = files.par_iter().map(|file| judge(file, &asked)).collect();
    let (mut names, mut judgements, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut refusals = Vec::new();
    for judged in judged {
        match judged {
            Ok((name, judgement, entered)) => {
                names.push(name);
                judgements.push(judgement);
                places.push(entered);
            }
            Err(refusal) => refusals.push(Some(refusal)),
        }
    }
    if !refusals.is_empty() {
        return Err(Refusal::all(refusals));
    }
    let coverage = Coverage::of(&names, judgements);
    match (arguments.by_scenario, asked.ids.is_empty()) {
        (true, _) => screen.line(coverage.pairs.lines()),
        (false, true) => screen.line(coverage.table(thing) + "\n"),
        (false, false) => screen.text(coverage.pairs.lists(&coverage.sum, names.len(), thing)),
    }
    let exercised = coverage.never_exercised(&asked, screen);
    if asked.ids.is_empty() && !arguments.by_scenario {
        screen.text(open::table(&places, thing));
    }
    let (applied, all) = (coverage.applied(), coverage.sum.rows.len());
    let (some, all) = (counted(names.len(), thing), counted(all, "requirement"));
    let come = if names.len() == 1 { "comes" } else { "come" };
    screen.line(format_args!("{some} {come} to {applied} of {all}"));
    screen.line(table::summary(&coverage.sum, false));
    Ok(match coverage.sum.worst() {
        judgement::Verdict::Fail => Verdict::Failed,
        _ if exercised => Verdict::Well,
        _ => Verdict::Vacuous,
    })
}

/// The name of a record, what came of it, and where it entered what the XEP leaves open.
fn judge(file: &Path, asked: &Asked) -> Result<(String, Judgement, Vec<Place>), Refusal> {
    let record = Record::read_as_it_is(file, "its form has to show in it; known are")?;
    let mut judgement = record.judgement()?;
    judgement.rows.retain(|row| asked.wants(row.requirement.id));
    judgement.findings.retain(|finding| asked.wants(finding.requirement));
    let places = Place::all(&record)?;
    Ok((record.name, judgement, places))
}

impl Coverage {
    fn of(names: &[String], judgements: Vec<Judgement>) -> Self {
        let pairs = Pairs::of(names.iter().zip(&judgements));
        let sum = judgements.into_iter().reduce(|mut sum, judgement| {
            sum.add(judgement);
            sum
        });
        Self { sum: sum.unwrap_or_default(), pairs }
    }

    fn applied(&self) -> usize {
        self.sum.rows.iter().filter(|row| row.applied()).count()
    }

    fn table(&self, thing: &str) -> String {
        let things = format!("{thing}s");
        let mut table =
            table::empty(["requirement", "level", &things, "kept", "broken", "verdict"]);
        for row in &self.sum.rows {
            table.add_row([
                Cell::new(row.requirement.id),
                Cell::new(row.requirement.level),
                table::number(self.pairs.to(row.requirement).count()),
                table::number(row.tally.kept),
                table::number(row.tally.broken),
                table::verdict(row.verdict),
            ]);
        }
        table.to_string()
    }

    /// Say what no record comes to; whether that is nothing, or only what nobody has asked for by
    /// name and no run can show.
    fn never_exercised(&self, asked: &Asked, screen: &mut Screen) -> bool {
        let never: Vec<_> = self.sum.rows.iter().filter(|row| !row.applied()).collect();
        if !never.is_empty() {
            screen.line(paint(style::TITLE, "Never exercised"));
        }
        for row in &never {
            let why = row.reason.unwrap_or("nothing happens to which it applies");
            screen.line(format_args!("    {}: {why}", row.requirement.id));
        }
        if !never.is_empty() {
            screen.line("");
        }
        let can_be = |row: &&Row| row.requirement.unsupported().is_none();
        never.is_empty() || (asked.ids.is_empty() && !never.iter().any(can_be))
    }
}

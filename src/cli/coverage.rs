//! `wallops coverage`: which requirements scenarios come to, and what is left open.

mod asked;
mod open;
mod pairs;

use comfy_table::Cell;
use rayon::prelude::*;

use self::asked::Asked;
use self::open::Place;
use self::pairs::Pairs;
use super::args;
use super::check::counted;
use super::files::Script;
use super::judge::table;
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::{self, Manner};
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::conform::judgement::{self, Judgement};
use crate::sim::play;

/// What came of each requirement in some scenarios.
struct Coverage {
    /// All scenarios together.
    sum: Judgement,
    /// What came of each in each.
    pairs: Pairs,
}

/// Play scenarios and tell for each requirement how often it applied.
pub(super) fn coverage(
    arguments: &args::Coverage,
    screen: &mut Screen,
) -> Result<Verdict, Refusal> {
    let asked = Asked::read(&arguments.words)?;
    let scripts = Script::read_all(&asked.paths)?;
    let judge = |script: &Script| judge(script, &asked);
    let judged = scripts.par_iter().map(judge).collect::<Result<Vec<_>, _>>()?;
    let (judgements, places): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    let coverage = Coverage::of(&scripts, judgements);
    match (arguments.by_scenario, asked.ids.is_empty()) {
        (true, _) => screen.line(coverage.pairs.lines()),
        (false, true) => screen.line(coverage.table() + "\n"),
        (false, false) => screen.text(coverage.pairs.lists(&coverage.sum, scripts.len())),
    }
    let exercised = coverage.never_exercised(screen);
    if asked.ids.is_empty() && !arguments.by_scenario {
        screen.text(open::table(&places));
    }
    let (applied, all) = (coverage.applied(), coverage.sum.rows.len());
    let come = if scripts.len() == 1 { "scenario comes" } else { "scenarios come" };
    let all = counted(all, "requirement");
    screen.line(format_args!("{} {come} to {applied} of {all}", scripts.len()));
    screen.line(table::summary(&coverage.sum, false));
    Ok(match coverage.sum.worst() {
        judgement::Verdict::Fail => Verdict::Failed,
        _ if exercised => Verdict::Well,
        _ => Verdict::Vacuous,
    })
}

/// What came of a scenario, and where it entered what the XEP leaves open.
fn judge(script: &Script, asked: &Asked) -> Result<(Judgement, Vec<Place>), Refusal> {
    let outcome = stage::play(script, Manner::default())
        .map_err(|error| Refusal::about(script.path.display(), error))?;
    let setting = play::setting(&script.scenario, false);
    let mut judgement = Judgement::of(&outcome.transcript, &setting);
    judgement.rows.retain(|row| asked.wants(row.requirement.id));
    judgement.findings.retain(|finding| asked.wants(finding.requirement));
    Ok((judgement, Place::all(script, &outcome.transcript, &setting)))
}

impl Coverage {
    fn of(scripts: &[Script], judgements: Vec<Judgement>) -> Self {
        let pairs = Pairs::of(scripts.iter().zip(&judgements));
        let sum = judgements.into_iter().reduce(|mut sum, judgement| {
            sum.add(judgement);
            sum
        });
        Self { sum: sum.unwrap_or_default(), pairs }
    }

    fn applied(&self) -> usize {
        self.sum.rows.iter().filter(|row| row.applied()).count()
    }

    fn table(&self) -> String {
        let mut table =
            table::empty(["requirement", "level", "scenarios", "kept", "broken", "verdict"]);
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

    /// Say what no scenario comes to; whether there is nothing that could be.
    fn never_exercised(&self, screen: &mut Screen) -> bool {
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
        never.iter().all(|row| row.reason.is_some())
    }
}

//! `wallops judge`: judge records by what XEP-0282 demands.

pub(super) mod asked;
pub(super) mod record;
pub(super) mod show;
pub(super) mod table;

use self::asked::Asked;
use self::record::Record;
use self::show::Scene;
use super::args;
use super::files::Script;
use super::refusal::Refusal;
use super::screen::Screen;
use super::verdict::Verdict;
use crate::conform::judgement::Judgement;

/// Judge some records, one after another, and sum up.
pub(super) fn judge(arguments: &args::Judge, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let asked = Asked::read(arguments)?;
    let exact = arguments.scenario.as_deref().map(Script::read).transpose()?;
    let mut sum: Option<Judgement> = None;
    let mut refusals = Vec::new();
    for path in record::files(&arguments.paths)? {
        let record = match Record::read(&path, arguments, exact.as_ref()) {
            Ok(record) => record,
            Err(refusal) => {
                refusals.push(Some(refusal));
                continue;
            }
        };
        let judgement = asked.of(&record);
        screen.text(show::notices(&record.name, &record.notices));
        let place = |entry| record.place(entry);
        let scene =
            Scene { transcript: &record.transcript, place: &place, edition: record.edition };
        let most = if arguments.all { usize::MAX } else { FINDINGS_MAX };
        screen.text(show::findings(&judgement.findings, scene, most));
        screen.flush();
        match &mut sum {
            Some(sum) => sum.add(judgement),
            None => sum = Some(judgement),
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
        true => table::unsupported(&sum),
        false => asked.unanswered(&sum),
    });
    screen.line(table::summary(&sum, arguments.strict));
    Ok(asked.verdict(&sum))
}

/// How many findings of one requirement are shown in full.
const FINDINGS_MAX: usize = 3;

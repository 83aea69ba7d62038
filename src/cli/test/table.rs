//! The table: one row for each scenario.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, Color, ContentArrangement, Table};

use super::judge::{Judge, Judged};
use crate::cli::check::counted;
use crate::cli::failure::{self, Played};
use crate::cli::screen;
use crate::cli::snapshot::Compared;
use crate::cli::stage::Net;
use crate::cli::verdict::Verdict;

/// The table of what came of each scenario.
pub(super) fn table(judge: &Judge, judged: &[Judged<'_>]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    if screen::in_colour(&std::io::stdout()) {
        table.enforce_styling();
    }
    let mut header = vec!["scenario"];
    header.extend(judge.nets.iter().map(|net| net.name()));
    header.extend(["snapshot", "networks", "examples", "requirements", "verdict"]);
    table.set_header(header);
    for judged in judged {
        let mut row = vec![Cell::new(judged.script.name())];
        row.extend(judged.plays.iter().map(|(_, played)| played_cell(played)));
        row.push(snapshot_cell(judged.snapshot.as_ref()));
        row.push(agreement_cell(judged));
        row.push(examples_cell(judged));
        row.push(requirements_cell(judged));
        row.push(verdict_cell(judged));
        table.add_row(row);
    }
    table.to_string()
}

fn good(text: impl ToString) -> Cell {
    Cell::new(text)
}

fn bad(text: impl ToString) -> Cell {
    Cell::new(text).fg(Color::Red)
}

fn doubtful(text: impl ToString) -> Cell {
    Cell::new(text).fg(Color::Yellow)
}

/// `12 of 12`
fn played_cell(played: &Played) -> Cell {
    let Ok(outcome) = played else { return bad("stopped") };
    let met = outcome.checked.saturating_sub(outcome.unmet);
    let text = format!("{met} of {}", outcome.checked);
    match failure::verdict(played) {
        Verdict::Well => good(text),
        Verdict::Vacuous => doubtful(format!("{text}, vacuous")),
        Verdict::Failed | Verdict::Wrong => bad(text),
    }
}

fn snapshot_cell(compared: Option<&Compared>) -> Cell {
    match compared {
        None => good("-"),
        Some(Compared::Same) => good("same"),
        Some(Compared::Skipped) => good("skipped"),
        Some(Compared::Written) => good("written"),
        Some(Compared::Differs(_)) => bad("differs"),
        Some(Compared::None) => bad("none"),
        Some(Compared::Unreadable(_)) => bad("unreadable"),
        Some(Compared::Unwritten(_)) => bad("not written"),
    }
}

fn agreement_cell(judged: &Judged<'_>) -> Cell {
    match &judged.agreement {
        None => good("-"),
        Some(diff) if diff.is_same() => good("agree"),
        Some(_) => bad("differ"),
    }
}

/// `6 of 6`: of the network with fewer.
fn examples_cell(judged: &Judged<'_>) -> Cell {
    let of = |net: &Net| judged.examples_matched(*net);
    let counts = judged.plays.iter().map(|(net, _)| of(net)).min();
    match counts {
        None | Some((_, 0)) => good("-"),
        Some((matched, named)) if matched == named => good(format!("{matched} of {named}")),
        Some((matched, named)) => bad(format!("{matched} of {named}")),
    }
}

/// `87 kept`: how many applied, or how often something was broken.
fn requirements_cell(judged: &Judged<'_>) -> Cell {
    let Some(judgement) = &judged.judgement else { return good("-") };
    match (judged.broken(), judged.findings().count()) {
        (0, 0) => {
            good(format!("{} kept", judgement.rows.iter().filter(|row| row.applied()).count()))
        }
        (0, warnings) => doubtful(counted(warnings, "warning")),
        (broken, _) => bad(format!("{broken} broken")),
    }
}

fn verdict_cell(judged: &Judged<'_>) -> Cell {
    match judged.verdict() {
        Verdict::Well => Cell::new("pass").fg(Color::Green),
        Verdict::Vacuous => doubtful("vacuous"),
        Verdict::Failed | Verdict::Wrong => bad("FAIL"),
    }
}

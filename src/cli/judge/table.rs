//! The table of what came of each requirement, and the summary.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table};
use indexmap::IndexMap;

use crate::cli::check::counted;
use crate::cli::screen;
use crate::cli::style::{self, paint};
use crate::conform::judgement::{Judgement, Row, Verdict};

/// An empty table with these columns, in colour where that is wanted.
pub(in crate::cli) fn empty<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    if screen::in_colour(&std::io::stdout()) {
        table.enforce_styling();
    }
    table.set_header(columns);
    table
}

/// A number, to the right.
pub(in crate::cli) fn number(number: impl ToString) -> Cell {
    Cell::new(number).set_alignment(CellAlignment::Right)
}

/// The table of these rows; nothing if there are none.
pub(in crate::cli) fn table<'a>(rows: impl Iterator<Item = &'a Row>) -> Option<String> {
    let mut table = empty(["requirement", "level", "kept", "broken", "verdict"]);
    for row in rows {
        table.add_row([
            Cell::new(row.requirement.id),
            Cell::new(row.requirement.level),
            number(row.tally.kept),
            number(row.tally.broken),
            verdict(row.verdict),
        ]);
    }
    (table.row_count() > 0).then(|| table.to_string())
}

/// Which requirements a record cannot show, by what it lacks for them: how many, or if `all` are
/// wanted which.
pub(super) fn unsupported(judgement: &Judgement, all: bool) -> String {
    let mut reasons: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for row in &judgement.rows {
        if let Some(reason) = row.reason {
            reasons.entry(reason).or_default().push(row.requirement.id);
        }
    }
    let mut text = String::new();
    let hidden = !all && reasons.values().any(|ids| ids.len() > 1);
    for (reason, ids) in reasons {
        let word = paint(style::DOUBTFUL, "unsupported");
        match ids.as_slice() {
            [id] => text.push_str(&format!("{word}  {id}: {reason}\n")),
            ids => {
                let some = counted(ids.len(), "requirement");
                text.push_str(&format!("{word}  {some}: {reason}\n"));
                let shown = if all { ids } else { &[] };
                text.extend(shown.iter().map(|id| format!("{INDENT}{id}\n")));
            }
        }
    }
    if hidden {
        text.push_str(&format!("{INDENT}(`--all` names them)\n"));
    }
    text
}

/// Below the word `unsupported`.
const INDENT: &str = "             ";

/// A verdict in its colour.
pub(in crate::cli) fn verdict(verdict: Verdict) -> Cell {
    let cell = Cell::new(verdict.name());
    match verdict {
        Verdict::Pass | Verdict::Choice => cell.fg(Color::Green),
        Verdict::Fail => cell.fg(Color::Red),
        Verdict::Warn => cell.fg(Color::Yellow),
        Verdict::Unspecified | Verdict::Vacuous | Verdict::Unsupported => cell,
    }
}

/// `184 requirements: 120 pass, 8 choice, 1 fail`
pub(in crate::cli) fn summary(judgement: &Judgement, strict: bool) -> String {
    let number = |verdict| judgement.rows.iter().filter(|row| row.verdict == verdict).count();
    let counts = Verdict::ALL.map(|verdict| (number(verdict), verdict));
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    let counts: Vec<_> = counts.map(|(number, verdict)| format!("{number} {verdict}")).collect();
    let total = counted(judgement.rows.len(), "requirement");
    let style = match judgement.worst() {
        Verdict::Fail => style::BAD,
        Verdict::Warn if strict => style::BAD,
        Verdict::Warn => style::DOUBTFUL,
        _ => style::GOOD,
    };
    paint(style, format!("{total}: {}", counts.join(", "))).to_string()
}

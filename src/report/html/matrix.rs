//! The matrix: a row for each requirement, a column for each run.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{badge_of, sign};
use crate::conform::judgement::{Row, Verdict};
use crate::report::{KNOWN, Report, Run, Total, plain, shows, word};

/// How long the name of a run is at most over its column, in characters.
const NAME_MAX: usize = 36;
/// How long the reason is at most for which something is known to fail, in characters.
const REASON_MAX: usize = 400;

pub(super) fn matrix(report: &Report, totals: &[Total<'_>]) -> Markup {
    let rows: Vec<BTreeMap<&str, &Row>> = report
        .runs
        .iter()
        .map(|run| run.judgement.rows.iter().map(|row| (row.requirement.id, row)).collect())
        .collect();
    html! {
        section id="matrix" aria-labelledby="matrix-title" tabindex="-1" {
            h2 id="matrix-title" { "Requirements and runs" }
            p class="legend" {
                @for verdict in Verdict::ALL {
                    span { b class=(verdict.name()) { (sign(verdict)) } " " (verdict.name()) } " "
                }
                span { b class=(KNOWN) { (sign(Verdict::Fail)) } " " (KNOWN) } " "
                "An empty cell: it never applied. A cell leads to what was found in the run, or to \
                 the run."
            }
            div class="scroll" tabindex="0" role="region" aria-labelledby="matrix-title" {
                table id="grid" {
                    thead { tr {
                        th scope="col" { "Requirement" }
                        @for (index, run) in report.runs.iter().enumerate() { (column(index, run)) }
                    } }
                    tbody {
                        @for total in totals {
                            tr data-r=(total.requirement.id) data-v=(total.word()) {
                                th scope="row" {
                                    a href={"#r-" (total.requirement.id)}
                                        title=(total.requirement.statement) {
                                        (total.requirement.id)
                                    }
                                    @if matches!(total.verdict(), Verdict::Fail | Verdict::Warn) {
                                        " " (badge_of(total.word()))
                                    }
                                }
                                @for (index, run) in report.runs.iter().enumerate() {
                                    @let row = rows[index].get(total.requirement.id).copied();
                                    (cell(index, run, row))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn column(index: usize, run: &Run) -> Markup {
    html! {
        th scope="col" class="run" {
            a href={"#s" (index)} title=(plain::clean(run.title())) {
                span { (plain::short(&run.name, NAME_MAX)) }
            }
        }
    }
}

fn cell(index: usize, run: &Run, row: Option<&Row>) -> Markup {
    let verdict = row.map_or(Verdict::Vacuous, |row| row.verdict);
    let broken = matches!(verdict, Verdict::Fail | Verdict::Warn);
    let first = || {
        let requirement = row?.requirement;
        let finding = run.judgement.findings.iter().position(|one| shows(one, requirement));
        finding.map(|finding| format!("#s{index}f{finding}"))
    };
    match verdict {
        Verdict::Vacuous => html! { td {} },
        Verdict::Unsupported => html! { td class="unsupported" { (sign(verdict)) } },
        _ => {
            let place = if broken { first() } else { None };
            let place = place.unwrap_or_else(|| format!("#s{index}"));
            let known = row.and_then(|row| run.known_row(row));
            let title = known.map(|known| plain::short(&known.reason, REASON_MAX));
            html! {
                td class=(word(verdict, known)) title=[title] { a href=(place) { (sign(verdict)) } }
            }
        }
    }
}

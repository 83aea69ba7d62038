//! A report as one HTML page, which needs nothing but itself: what came of each requirement in each
//! run, and each run with what was found marked in its diagram.
//!
//! It reads without scripts; with them it can be filtered, and the matrix is walked with the arrow
//! keys. The diagram of a run *is* its transcript: each row has its arrow in the margin, and opens
//! to show the stanza in full.

mod matrix;
mod picture;
mod rows;
mod run;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{KNOWN, Report, Run, Total, plain};
use crate::conform::judgement::Verdict;

/// How many rows all diagrams of a page have together; runs after that are told without theirs.
const ROWS_MAX: usize = 100_000;

/// Nothing from outside is loaded, whatever a transcript says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

impl Report {
    /// The report as an HTML page.
    pub fn html(&self) -> String {
        let totals = self.totals();
        let mut rows_left = ROWS_MAX;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { "wallops: " (self.runs.len()) " runs, " (self.verdict()) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a class="skip" href="#matrix" { "Skip to the matrix" }
                    a class="skip" href="#runs" { "Skip to the runs" }
                    header { (self.heading(&totals)) }
                    main {
                        (filters())
                        (matrix::matrix(self, &totals))
                        (requirements(&totals))
                        section id="runs" aria-labelledby="runs-title" tabindex="-1" {
                            h2 id="runs-title" { "Runs" }
                            @for (index, run) in self.runs.iter().enumerate() {
                                (run::section(index, run, &mut rows_left))
                            }
                        }
                        p id="nothing" role="status" hidden { "Nothing is left by these filters." }
                    }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string() + "\n"
    }

    fn heading(&self, totals: &[Total<'_>]) -> Markup {
        let entries: usize = self.runs.iter().map(Run::entries).sum();
        html! {
            h1 { "What came of " (self.runs.len()) " runs" }
            p {
                "wallops " (env!("CARGO_PKG_VERSION")) "; " (entries) " entries. Runs: "
                @for (verdict, count) in self.verdicts() { (badge(verdict.name(), count)) " " }
            }
            p {
                (totals.len()) " requirements: "
                @for (word, count) in super::words(totals) { (badge(word, count)) " " }
            }
        }
    }
}

/// A number with its verdict: `3 fail`.
fn badge(word: &str, count: usize) -> Markup {
    html! { span class={"badge " (word)} { (count) " " (word) } }
}

/// The sign of a verdict in the matrix.
fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Choice => "◦",
        Verdict::Unspecified => "?",
        Verdict::Vacuous => "",
        Verdict::Unsupported => "–",
        Verdict::Warn => "!",
        Verdict::Fail => "✗",
    }
}

/// The filters. Without scripts they would do nothing, and are not shown.
fn filters() -> Markup {
    html! {
        form id="filters" role="search" aria-label="Filters" hidden {
            label for="who" { "Person or host" }
            input id="who" list="people" autocomplete="off" placeholder="WiZ, vesa, …";
            datalist id="people" {}
            label for="what" { "Requirement" }
            input id="what" list="demands" autocomplete="off" placeholder="slave.leave.forward";
            datalist id="demands" {}
            label for="verdict" { "Verdict" }
            select id="verdict" {
                option value="" { "all" }
                @for verdict in Verdict::ALL { option { (verdict.name()) } }
                option { (KNOWN) }
            }
            button type="reset" { "Show everything" }
            output id="shown" for="who what verdict" {}
        }
    }
}

/// What the requirements say, and what came of them.
fn requirements(totals: &[Total<'_>]) -> Markup {
    html! {
        section aria-labelledby="requirements-title" {
            h2 id="requirements-title" { "Requirements" }
            details id="requirements" {
                summary { "What each of the " (totals.len()) " requirements says" }
                table {
                    thead { tr {
                        th scope="col" { "Requirement" } th scope="col" { "Level" }
                        th scope="col" { "Who" } th scope="col" { "Kept" } th scope="col" { "Broken" }
                        th scope="col" { "Runs" } th scope="col" { "Says" }
                    } }
                    tbody { @for total in totals { (requirement(total)) } }
                }
            }
        }
    }
}

fn requirement(total: &Total<'_>) -> Markup {
    let demand = total.requirement;
    let actors: Vec<String> = demand.actors.iter().map(ToString::to_string).collect();
    html! {
        tr id={"r-" (demand.id)} data-r=(demand.id) {
            th scope="row" { (badge_of(total.word())) " " (demand.id) }
            td { (demand.level) }
            td { (actors.join(", ")) }
            td class="number" { (total.tally.kept) }
            td class="number" { (total.tally.broken) }
            td class="number" { (total.runs.len()) }
            td {
                (demand.statement) " " small { (demand.section) }
                @if let Some(reason) = total.reason { " " em { (reason) } }
                @if let Some(known) = total.known() {
                    " " em { "known: " (plain::clean(&known.reason)) }
                }
            }
        }
    }
}

fn badge_of(word: &str) -> Markup {
    html! { span class={"badge " (word)} { (word) } }
}

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

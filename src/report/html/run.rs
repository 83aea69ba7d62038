//! The section of one run: what came of it, what was found, and what happened.

use maud::{Markup, html};

use super::picture::Picture;
use super::{badge_of, rows};
use crate::conform::invariants::Finding;
use crate::conform::judgement::{Row, Verdict};
use crate::report::{KNOWN, Run, led, plain, word};

/// How long what is told of one finding is at most, in characters.
const WORDS_MAX: usize = 1_000;

pub(super) fn section(index: usize, run: &Run, rows_left: &mut usize) -> Markup {
    let verdict = run.verdict();
    let drawn = Picture::of(run, *rows_left);
    *rows_left -= drawn.as_ref().map_or(0, |picture| picture.diagram.rows.len());
    let is_drawn = |entry: usize| drawn.as_ref().is_ok_and(|picture| picture.has(entry));
    let broken: Vec<&str> = broken(run);
    html! {
        details class="run" id={"s" (index)} data-v=(verdict.name()) data-b=(broken.join(" ")) {
            summary {
                (badge_of(verdict.name())) " " b { (plain::clean(run.title())) } " "
                span class="quiet" { (plain::clean(&run.file)) }
            }
            (about(run))
            @for failure in &run.failures {
                div class="unmet" {
                    p {
                        span class="badge fail" { "not met" } " "
                        code { (plain::clean(&run.place_of_failure(failure))) } " "
                        (plain::short(&failure.text, WORDS_MAX))
                    }
                    pre { (plain::cut(&failure.what, WORDS_MAX * 4)) }
                }
            }
            (untouched(run))
            (known(run))
            (findings(index, run, &is_drawn))
            (tallies(run))
            @match &drawn {
                Ok(picture) => {
                    (rows::transcript(index, run, picture))
                    @if picture.left_at_end() > 0 {
                        p class="quiet" {
                            (picture.left_at_end()) " more entries are not shown here."
                        }
                    }
                },
                Err(error) => p class="quiet" { "No transcript here: " (error.to_string()) "." },
            }
        }
    }
}

/// The requirements that were broken in this run.
fn broken(run: &Run) -> Vec<&'static str> {
    let is_broken = |row: &&Row| matches!(row.verdict, Verdict::Fail | Verdict::Warn);
    run.judgement.rows.iter().filter(is_broken).map(|row| row.requirement.id).collect()
}

fn about(run: &Run) -> Markup {
    let header = &run.transcript.header;
    html! {
        p class="quiet" {
            (plain::short(&header.spec, 80)) ", profile " (plain::short(&header.profile, 80)) ", "
            (plain::short(&header.network, 80)) " network, seed " (header.seed) "; "
            (run.expectations.saturating_sub(run.unmet)) " of " (run.expectations)
            " expectations met. Again: " code { (plain::short(&run.replay, WORDS_MAX)) }
        }
    }
}

/// Faults that touched nothing.
fn untouched(run: &Run) -> Markup {
    html! {
        @for fault in &run.untouched {
            p {
                (badge_of(Verdict::Vacuous.name())) " "
                code { (plain::clean(&run.place_of_failure(fault))) } " "
                (plain::short(&fault.text, WORDS_MAX)) ": " (plain::short(&fault.what, WORDS_MAX))
            }
        }
    }
}

/// What is listed as failing.
fn known(run: &Run) -> Markup {
    html! {
        @for known in run.known_failures() {
            p class="quiet" {
                (badge_of(KNOWN)) " " code { (plain::short(&known.what.to_string(), WORDS_MAX)) }
                ": " (plain::short(&known.reason, WORDS_MAX))
            }
        }
        @for known in run.unexpected_passes() {
            div class="unmet" {
                p {
                    span class="badge fail" { "unexpected pass" } " "
                    (plain::short(&known.complaint(), WORDS_MAX))
                }
            }
        }
    }
}

/// `is_drawn` tells which entries are below.
fn findings(index: usize, run: &Run, is_drawn: &dyn Fn(usize) -> bool) -> Markup {
    html! {
        @if !run.judgement.findings.is_empty() {
            ol class="findings" {
                @for (number, finding) in run.judgement.findings.iter().enumerate() {
                    (told((index, number), run, finding, is_drawn))
                }
            }
        }
    }
}

fn told(
    (index, number): (usize, usize),
    run: &Run,
    finding: &Finding,
    is_drawn: &dyn Fn(usize) -> bool,
) -> Markup {
    let entry = |entry| match is_drawn(entry) {
        true => entry_link(index, entry),
        false => html! { "entry " (led::number(entry)) },
    };
    let verdict = run.judgement.row(finding.requirement).map_or(Verdict::Fail, |row| row.verdict);
    let word = word(verdict, run.known_finding(finding));
    html! {
        li id={"s" (index) "f" (number)} class={"finding " (word)}
            data-r=(ids(finding)) {
            (badge_of(word)) " "
            (requirement(run, finding.requirement))
            @for (place, also) in finding.also().enumerate() {
                (if place == 0 { ", and so " } else { ", " }) (requirement(run, also))
            }
            " at "
            (entry(finding.entry)) ", " (plain::clean(&run.place_of(finding))) ": "
            (plain::short(&finding.what, WORDS_MAX))
            br; span { "expected: " (plain::short(&finding.expected, WORDS_MAX)) }
            @if !finding.causes.is_empty() {
                br; span { "see also "
                    @for cause in finding.causes.iter().take(16) { (entry(*cause)) " " }
                }
            }
        }
    }
}

/// All that is broken by what was found, for the filter.
pub(super) fn ids(finding: &Finding) -> String {
    finding.ids().collect::<Vec<_>>().join(" ")
}

/// The id of a requirement, which leads to what it says if that is told of.
fn requirement(run: &Run, id: &str) -> Markup {
    html! {
        @if run.judgement.row(id).is_some() { a href={"#r-" (id)} { (id) } } @else { (id) }
    }
}

pub(super) fn entry_link(index: usize, entry: usize) -> Markup {
    html! { a href={"#s" (index) "e" (entry)} { "entry " (led::number(entry)) } }
}

/// How often each requirement applied that did.
fn tallies(run: &Run) -> Markup {
    let applied = || run.judgement.rows.iter().filter(|row| row.tally.kept + row.tally.broken > 0);
    html! {
        details class="tallies" {
            summary { (applied().count()) " requirements applied" }
            ul {
                @for row in applied() {
                    li {
                        (row.requirement.id) " "
                        (row.tally.kept)
                        @if row.tally.broken > 0 { " kept, " b { (row.tally.broken) " broken" } }
                    }
                }
            }
        }
    }
}

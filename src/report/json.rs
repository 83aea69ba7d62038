//! A report as JSON, for programs. `docs/report-json.md` documents it and
//! `docs/schemas/report.schema.json` is its schema; names change only together with [`VERSION`].

use serde::Serialize;

use super::{Failing, Failure, Known, Report, Run};
use crate::conform::invariants::Finding;
use crate::conform::judgement::{Row, Verdict};
use crate::conform::requirements::Requirement;

/// The version of the JSON format.
pub const VERSION: u32 = 1;

/// How long the text of a stanza is at most, in characters.
const STANZA_MAX: usize = 16_384;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    wallops: &'static str,
    verdict: &'static str,
    requirements: Vec<Demand<'a>>,
    runs: Vec<Told<'a>>,
}

/// What is demanded, and what came of it in all runs.
#[derive(Serialize)]
struct Demand<'a> {
    id: &'static str,
    level: String,
    profile: &'static str,
    actors: Vec<String>,
    section: &'static str,
    statement: &'static str,
    verdict: &'static str,
    kept: u64,
    broken: u64,
    runs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a str>,
}

#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    title: &'a str,
    file: &'a str,
    replay: &'a str,
    spec: &'a str,
    profile: &'a str,
    network: &'a str,
    seed: u64,
    epoch: String,
    entries: usize,
    verdict: &'static str,
    expectations: Expectations<'a>,
    untouched: Vec<Unmet<'a>>,
    known: Vec<Listed<'a>>,
    requirements: Vec<Applied<'a>>,
    findings: Vec<Found<'a>>,
}

/// What is listed as failing.
#[derive(Serialize)]
struct Listed<'a> {
    file: &'a str,
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    requirement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expectation: Option<&'a str>,
    reason: &'a str,
    passes: bool,
}

#[derive(Serialize)]
struct Expectations<'a> {
    checked: usize,
    unmet: usize,
    failures: Vec<Unmet<'a>>,
}

#[derive(Serialize)]
struct Unmet<'a> {
    line: u32,
    text: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct Applied<'a> {
    id: &'static str,
    verdict: &'static str,
    kept: u64,
    broken: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a str>,
}

#[derive(Serialize)]
struct Found<'a> {
    requirement: &'static str,
    also: Vec<&'static str>,
    verdict: &'static str,
    entry: usize,
    at: Option<String>,
    line: Option<usize>,
    host: &'a str,
    what: &'a str,
    expected: &'a str,
    causes: &'a [usize],
    stanza: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a str>,
}

impl Report {
    /// The report as JSON.
    pub fn json(&self) -> String {
        let document = Document {
            version: VERSION,
            wallops: env!("CARGO_PKG_VERSION"),
            verdict: self.verdict().name(),
            requirements: self.totals().into_iter().map(demand).collect(),
            runs: self.runs.iter().map(told).collect(),
        };
        // Nothing in it can fail to be written: no map has keys that are not strings.
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }
}

fn told(run: &Run) -> Told<'_> {
    let header = &run.transcript.header;
    Told {
        name: &run.name,
        title: run.title(),
        file: &run.file,
        replay: &run.replay,
        spec: &header.spec,
        profile: &header.profile,
        network: &header.network,
        seed: header.seed,
        epoch: header.epoch.to_string(),
        entries: run.entries(),
        verdict: run.verdict().name(),
        expectations: Expectations {
            checked: run.expectations,
            unmet: run.unmet,
            failures: run.failures.iter().map(unmet).collect(),
        },
        untouched: run.untouched.iter().map(unmet).collect(),
        known: run.known.iter().map(listed).collect(),
        requirements: run.judgement.rows.iter().map(|row| applied(run, row)).collect(),
        findings: run.judgement.findings.iter().map(|finding| found(run, finding)).collect(),
    }
}

fn unmet(failure: &Failure) -> Unmet<'_> {
    Unmet { line: failure.line, text: &failure.text, what: &failure.what }
}

fn demand(total: super::Total<'_>) -> Demand<'_> {
    let Requirement { id, actors, level, profile, section, statement } = *total.requirement;
    Demand {
        id,
        level: level.to_string(),
        profile: profile.name(),
        actors: actors.iter().map(ToString::to_string).collect(),
        section,
        statement,
        verdict: total.verdict().name(),
        kept: total.tally.kept,
        broken: total.tally.broken,
        runs: total.runs.len(),
        reason: total.reason,
        known: total.known().map(reason),
    }
}

fn reason(known: &Known) -> &str {
    &known.reason
}

fn listed(known: &Known) -> Listed<'_> {
    let (requirement, expectation) = match &known.what {
        Failing::Requirement(id) => (Some(*id), None),
        Failing::Expectation(line) => (None, Some(line.as_str())),
    };
    let Known { file, line, reason, seen, .. } = known;
    Listed { file, line: *line, requirement, expectation, reason, passes: !seen }
}

fn applied<'a>(run: &'a Run, row: &Row) -> Applied<'a> {
    Applied {
        id: row.requirement.id,
        verdict: row.verdict.name(),
        kept: row.tally.kept,
        broken: row.tally.broken,
        known: run.known_row(row).map(reason),
    }
}

fn found<'a>(run: &'a Run, finding: &'a Finding) -> Found<'a> {
    let entry = run.entry(finding.entry);
    let verdict = run.judgement.row(finding.requirement).map_or(Verdict::Fail, |row| row.verdict);
    Found {
        requirement: finding.requirement,
        also: finding.also().collect(),
        verdict: verdict.name(),
        entry: finding.entry,
        at: entry.map(|entry| entry.at.to_string()),
        line: run.line_of(finding.entry),
        host: &finding.host,
        what: &finding.what,
        expected: &finding.expected,
        causes: &finding.causes,
        stanza: run.stanza_of(finding, STANZA_MAX),
        known: run.known_finding(finding).map(reason),
    }
}

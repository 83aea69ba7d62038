//! What scenarios break of what XEP-0282 demands, and which failures are known.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::judge::Judged;
use super::told;
use crate::cli::annotations::Annotation;
use crate::cli::judge::record::script_lines;
use crate::cli::judge::show::{self, Explained, Scene};
use crate::cli::stage::{Manner, Net};
use crate::cli::style::{self, paint};
use crate::conform::invariants::Finding;
use crate::conform::requirements::{Level, Requirement};
use crate::transcript::edition::Edition;

/// What is broken, each with its line and the command that plays it again; and what is listed as
/// failing, and does not.
pub(super) fn report(text: &mut String, judged: &Judged<'_>) {
    let script = judged.script;
    let path = script.path.display();
    if let Some(transcript) = judged.transcript(judged.judged_on()) {
        let lines = script_lines(transcript);
        let place = |entry: usize| format!("{path}:{}", lines.get(entry).copied().unwrap_or(0));
        let replay = |id: &str| again(judged, id);
        let entry = |number: usize| transcript.entries.get(number);
        let mut known = Explained::default();
        for finding in judged.findings().take(SHOWN_MAX) {
            let edition = Edition::V0_1;
            let scene = Scene { entry: &entry, place: &place, edition, replay: &replay };
            text.push_str(&show::finding(finding, scene));
            text.push_str(&known.more(finding, edition));
            text.push('\n');
        }
        if let Some(more) = judged.findings().count().checked_sub(SHOWN_MAX).filter(|n| *n > 0) {
            text.push_str(&format!("    and {more} more in {path}\n\n"));
        }
    }
    for known in judged.unexpected_passes() {
        let failed = paint(style::BAD, "failed");
        let at = format!("{}:{}", known.file, known.line);
        text.push_str(&format!("{failed}  {at}: {}\n", known.passes()));
        text.push_str(&format!("    take it out of the list of what fails: {}\n\n", known.reason));
    }
}

/// The command that judges the scenario by a requirement again.
fn again(judged: &Judged<'_>, id: &str) -> String {
    let net = judged.judged_on();
    let manner = Manner { net, ..Manner::default() };
    match manner.judging(judged.script) {
        Some(judging) => format!("{judging} --require {id}"),
        // What is judged alone is played on the event network.
        None => manner.command(judged.script).replacen("run", "test", 1),
    }
}

/// The same for the pages of GitHub.
pub(super) fn annotations(judged: &Judged<'_>) -> Vec<Annotation> {
    let mut all = Vec::new();
    let file = judged.script.path.display().to_string();
    if let Some(transcript) = judged.transcript(judged.judged_on()) {
        let lines = script_lines(transcript);
        let failing = |finding: &&Finding| level(finding) != Level::Should;
        for finding in judged.findings().filter(failing).take(SHOWN_MAX) {
            all.push(Annotation {
                warns: false,
                file: file.clone(),
                line: lines.get(finding.entry).copied().unwrap_or(0),
                column: 0,
                title: finding.ids().collect::<Vec<_>>().join(", "),
                message: format!(
                    "{}\nexpected: {}\nwallops explain {}\nreplay: {}",
                    finding.what,
                    finding.expected,
                    finding.requirement,
                    again(judged, finding.requirement)
                ),
            });
        }
    }
    all.extend(unmet(judged));
    all.extend(told::untouched(judged).into_iter().map(|fault| Annotation {
        warns: true,
        file: file.clone(),
        line: usize::try_from(fault.line).unwrap_or(0),
        column: 0,
        title: "vacuous".to_owned(),
        message: format!("{}: {}", fault.text, fault.what),
    }));
    for known in judged.unexpected_passes() {
        all.push(Annotation {
            warns: false,
            file: known.file.clone(),
            line: known.line,
            column: 0,
            title: "unexpected pass".to_owned(),
            message: known.passes(),
        });
    }
    all
}

/// One for each line of the scenario that was not met: for whom not, and what came instead.
fn unmet(judged: &Judged<'_>) -> Vec<Annotation> {
    let mut told: BTreeMap<u32, (Net, IndexMap<String, IndexSet<&str>>)> = BTreeMap::new();
    for (net, played) in &judged.plays {
        for failure in played.iter().flat_map(|outcome| &outcome.failures) {
            let (expected, found) = (failure.expected.trim_end(), failure.found.trim_end());
            let words = format!("expected: {expected}\nbut: {found}\n");
            let (_, whose) = told.entry(failure.span.line).or_insert((*net, IndexMap::new()));
            whose.entry(words).or_default().insert(failure.whose.as_str());
        }
    }
    let annotations = told.into_iter().map(|(line, (net, told))| {
        let parts = told.into_iter().map(|(words, whose)| {
            let names: Vec<_> = whose.into_iter().filter(|name| !name.is_empty()).collect();
            match names.is_empty() {
                true => words,
                false => format!("whose: {}\n{words}", names.join(", ")),
            }
        });
        let again = Manner { net, ..Manner::default() }.command(judged.script);
        Annotation {
            warns: false,
            file: judged.script.path.display().to_string(),
            line: usize::try_from(line).unwrap_or(0),
            column: 0,
            title: "expectation not met".to_owned(),
            message: format!("{}replay: {again}", parts.collect::<String>()),
        }
    });
    annotations.collect()
}

/// How strict what a finding breaks is.
pub(super) fn level(finding: &Finding) -> Level {
    Requirement::find(finding.requirement).map_or(Level::Always, |one| one.level)
}

/// How many findings of one scenario are shown.
const SHOWN_MAX: usize = 20;

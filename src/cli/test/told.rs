//! What came of a scenario, for a report.

use std::collections::BTreeSet;

use super::judge::Judged;
use crate::cli::diagram::nicks;
use crate::cli::judge::record::script_lines;
use crate::cli::report;
use crate::cli::snapshot::Compared;
use crate::cli::stage::{Manner, Net};
use crate::report::{Failure, Run};
use crate::transcript::{Header, Transcript};

/// The run of this scenario, as it was judged.
pub(super) fn run(judged: &Judged<'_>) -> Run {
    let script = judged.script;
    let nets = || judged.plays.iter().map(|(net, _)| *net);
    let net = nets().find(|net| judged.transcript(*net).is_some());
    let net = net.unwrap_or_else(|| judged.judged_on());
    let transcript = judged.transcript(net).cloned();
    let transcript = transcript.unwrap_or_else(|| {
        Transcript::new(Header { scenario: script.title(), ..Header::default() })
    });
    let played = || judged.plays.iter().filter_map(|(_, played)| played.as_ref().ok());
    let unmet = played().flat_map(|outcome| &outcome.failures).map(|failure| failure.span.line);
    let known = judged.known.iter().filter(|known| known.seen).chain(judged.unexpected_passes());
    Run {
        name: script.name(),
        file: script.path.display().to_string(),
        replay: Manner { net, ..Manner::default() }.command(script),
        judge: Manner { net, ..Manner::default() }.judging(script).unwrap_or_default(),
        people: nicks(&script.scenario),
        splits: Vec::new(),
        lines: script_lines(&transcript),
        part: None,
        transcript,
        judgement: judged.judgement.clone().unwrap_or_default(),
        expectations: played().map(|outcome| outcome.checked).max().unwrap_or_default(),
        unmet: unmet.collect::<BTreeSet<_>>().len(),
        failures: failures(judged),
        untouched: untouched(judged),
        asked: false,
        known: known.cloned().collect(),
    }
}

/// Faults that touched nothing; on both networks are told once.
pub(super) fn untouched(judged: &Judged<'_>) -> Vec<Failure> {
    let mut all = Vec::new();
    for (_, played) in &judged.plays {
        let mut faults = report::untouched(judged.script, played);
        faults.retain(|fault| !all.contains(fault));
        all.extend(faults);
    }
    all.sort_by_key(|fault| fault.line);
    all
}

/// What is not as it should be, but for the requirements.
fn failures(judged: &Judged<'_>) -> Vec<Failure> {
    let mut all = Vec::new();
    for (net, played) in &judged.plays {
        let again = Manner { net: *net, ..Manner::default() }.command(judged.script);
        let mut failures = report::failures(judged.script, played);
        // What failed alike on both networks is told once.
        failures.retain(|failure| !all.contains(failure));
        if *net != Net::default() {
            let words = format!("\non the {} network: {again}", net.name());
            failures.iter_mut().for_each(|failure| failure.what.push_str(&words));
        }
        all.extend(failures);
    }
    all.extend(others(judged).into_iter().map(|what| Failure {
        line: 0,
        text: String::new(),
        what,
    }));
    all
}

/// What is wrong with the whole of it.
fn others(judged: &Judged<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let snapshot = judged.place.file.display();
    match &judged.snapshot {
        Some(Compared::Differs(diff)) => {
            all.push(format!("differs from its snapshot {snapshot}\n{diff}"));
        }
        Some(Compared::None) => all.push(format!("has no snapshot {snapshot}")),
        Some(Compared::Unreadable(why)) => {
            all.push(format!("its snapshot {snapshot} cannot be read: {why}"));
        }
        Some(Compared::Unwritten(_)) => {
            all.push(format!("its snapshot {snapshot} cannot be written"));
        }
        Some(Compared::Same | Compared::Skipped | Compared::Written) | None => {}
    }
    if let Some(diff) = judged.agreement.as_ref().filter(|diff| !diff.is_same()) {
        all.push(format!("the two networks do not agree\n{diff}"));
    }
    for (net, outcome) in judged.examples.iter().filter(|(_, outcome)| !outcome.is_match()) {
        let number = outcome.example.number;
        all.push(format!("example {number} on the {} network\n{outcome}", net.name()));
    }
    all
}

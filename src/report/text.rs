//! A report as text for a terminal or a log.

use std::fmt::Write;

use super::{Report, Run, led, plain};
use crate::conform::judgement::Verdict;

/// How long what is told of one finding is at most, in characters.
const WORDS_MAX: usize = 400;
/// How long the text of a stanza is at most, in characters.
const STANZA_MAX: usize = 4_096;
/// How many findings of one run are told.
const FINDINGS_MAX: usize = 50;

impl Report {
    /// The report as text: a line for each run, below it what is wrong; then the requirements that
    /// were broken, those that nothing showed, and a summary.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for run in &self.runs {
            write_run(&mut out, run);
        }
        self.write_requirements(&mut out);
        out
    }

    fn write_requirements(&self, out: &mut String) {
        let totals = self.totals();
        // Nothing was played to its end.
        if totals.is_empty() {
            return self.write_runs(out);
        }
        let of = |verdict: Verdict| totals.iter().filter(move |one| one.verdict() == verdict);
        let _ = writeln!(out, "\nRequirements");
        for verdict in [Verdict::Fail, Verdict::Warn] {
            for total in of(verdict) {
                let _ = writeln!(
                    out,
                    "  {:<11}  {}  broken {} of {} times: {}",
                    total.word(),
                    total.requirement.id,
                    total.tally.broken,
                    total.tally.broken + total.tally.kept,
                    total.requirement.statement
                );
            }
        }
        for verdict in [Verdict::Vacuous, Verdict::Unsupported] {
            for total in of(verdict) {
                let reason = total.reason.unwrap_or("no run shows it");
                let _ = writeln!(out, "  {verdict:<11}  {}: {reason}", total.requirement.id);
            }
        }
        let counts = super::words(&totals);
        let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
        self.write_runs(out);
        let total = plain::counted(totals.len(), "requirement");
        let _ = writeln!(out, "{total}: {}", counts.join(", "));
    }

    fn write_runs(&self, out: &mut String) {
        let runs: Vec<String> =
            self.verdicts().iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let _ = writeln!(out, "\n{}: {}", plain::counted(self.runs.len(), "run"), runs.join(", "));
    }
}

fn write_run(out: &mut String, run: &Run) {
    let applied = run.judgement.rows.iter().filter(|row| row.tally.kept + row.tally.broken > 0);
    let _ = writeln!(
        out,
        "{:<7}  {}: {} applied, {} of {} met, {}",
        run.verdict(),
        plain::short(&run.file, WORDS_MAX),
        plain::counted(applied.count(), "requirement"),
        run.expectations.saturating_sub(run.unmet),
        plain::counted(run.expectations, "expectation"),
        plain::counted(run.stanzas(), "stanza"),
    );
    for failure in &run.failures {
        let text = plain::short(&failure.text, WORDS_MAX);
        let _ = writeln!(out, "    {}: {text}", run.place_of_failure(failure));
        let what = plain::clean(&failure.what);
        what.lines().take(FINDINGS_MAX).for_each(|line| {
            let _ = writeln!(out, "      {}", plain::short(line, WORDS_MAX));
        });
    }
    for fault in &run.untouched {
        let text = plain::short(&fault.text, WORDS_MAX);
        let _ = writeln!(out, "    {}: {text}", run.place_of_failure(fault));
        let _ = writeln!(out, "      vacuous: {}", plain::short(&fault.what, WORDS_MAX));
    }
    for known in run.known_failures() {
        let what = plain::short(&known.what.to_string(), WORDS_MAX);
        let _ = writeln!(out, "    known: {what}: {}", plain::short(&known.reason, WORDS_MAX));
    }
    for known in run.unexpected_passes() {
        let _ = writeln!(out, "    {}", plain::short(&known.complaint(), WORDS_MAX));
    }
    for finding in run.judgement.findings.iter().take(FINDINGS_MAX) {
        let _ = writeln!(
            out,
            "    {}: {} at entry {}{}",
            run.place_of(finding),
            finding.named(),
            led::number(finding.entry),
            if run.known_finding(finding).is_some() { " (known)" } else { "" }
        );
        let _ = writeln!(out, "      {}", plain::short(&finding.what, WORDS_MAX));
        let _ = writeln!(out, "      expected: {}", plain::short(&finding.expected, WORDS_MAX));
        for line in run.stanza_of(finding, STANZA_MAX).iter().flat_map(|stanza| stanza.lines()) {
            let _ = writeln!(out, "        {line}");
        }
        for because in run.because_of(finding) {
            let _ = writeln!(out, "      {because}");
        }
    }
    if let Some(more) = run.judgement.findings.len().checked_sub(FINDINGS_MAX + 1) {
        let _ = writeln!(out, "    and {} more", more + 1);
    }
    if run.verdict() == Verdict::Fail {
        let _ = writeln!(out, "    replay: {}", run.replay);
    }
}

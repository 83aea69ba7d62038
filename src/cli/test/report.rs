//! What stands below the table: what failed and how to see it again, and the summary.

use std::fmt;

use super::judge::{Judge, Judged};
use super::requirements;
use crate::cli::check::counted;
use crate::cli::failure;
use crate::cli::snapshot::Compared;
use crate::cli::stage::{Manner, Net};
use crate::cli::style::{self, paint};
use crate::cli::verdict::Verdict;
use crate::conform::examples;
use crate::transcript::Transcript;

/// What is not as it should be in each scenario; empty if all is well.
pub(super) fn report(judge: &Judge, judged: &[Judged<'_>]) -> String {
    let mut text = String::new();
    for judged in judged {
        plays(&mut text, judged);
        snapshot(&mut text, judged);
        agreement(&mut text, judged);
        examples(&mut text, judged);
        requirements::report(&mut text, judged);
    }
    missing(&mut text, judged);
    skipped(&mut text, judge, judged);
    text
}

/// What failed in the plays; what failed alike on both networks is told once.
fn plays(text: &mut String, judged: &Judged<'_>) {
    let mut told = String::new();
    for (net, played) in &judged.plays {
        let what = failure::describe(judged.script, played);
        if what == told {
            continue;
        }
        let manner = Manner { net: *net, ..Manner::default() };
        push(text, &what, &manner.command(judged.script));
        told = what;
    }
}

fn examples(text: &mut String, judged: &Judged<'_>) {
    for (net, outcome) in judged.examples.iter().filter(|(_, outcome)| !outcome.is_match()) {
        let what = format!(
            "{}  {}: example {} on the {} network\n{}",
            paint(style::BAD, "failed"),
            judged.script.path.display(),
            outcome.example.number,
            net.name(),
            style::paint_indented_diff(&outcome.to_string(), "    "),
        );
        let manner = Manner { net: *net, ..Manner::default() };
        push(text, &what, &manner.command(judged.script).replacen("run", "examples", 1));
    }
}

/// Something that failed, and the command that shows it again.
fn push(text: &mut String, what: &str, command: &str) {
    if !what.is_empty() {
        text.push_str(what);
        text.push_str(&format!("    {} {command}\n\n", paint(style::QUIET, "replay:")));
    }
}

/// Say once which scenarios have no snapshot.
fn missing(text: &mut String, judged: &[Judged<'_>]) {
    let none = |judged: &&Judged<'_>| matches!(judged.snapshot, Some(Compared::None));
    let files = judged.iter().filter(none).map(|judged| judged.script.path.display().to_string());
    let files: Vec<String> = files.collect();
    if !files.is_empty() {
        let failed = paint(style::BAD, "failed");
        text.push_str(&format!("{failed}  no snapshot; run `wallops test --accept`\n"));
        text.extend(files.iter().map(|file| format!("    {file}\n")));
        text.push('\n');
    }
}

fn snapshot(text: &mut String, judged: &Judged<'_>) {
    let accept = format!("wallops test {} --accept", judged.script.path.display());
    let file = judged.place.file.display();
    let (what, command) = match &judged.snapshot {
        Some(Compared::Differs(diff)) => {
            let diff = style::paint_diff(diff, "    ");
            (format!("differs from its snapshot {file}\n{diff}\n"), accept)
        }
        Some(Compared::Unreadable(why)) => {
            (format!("its snapshot {file} cannot be read: {why}\n"), accept)
        }
        Some(Compared::Unwritten(refusal)) => (refusal.render(100, false), String::new()),
        Some(Compared::Same | Compared::Skipped | Compared::Written | Compared::None) | None => {
            return;
        }
    };
    let path = judged.script.path.display();
    text.push_str(&format!("{}  {path}: {what}", paint(style::BAD, "failed")));
    if !command.is_empty() {
        text.push_str(&format!("    {} {command}\n", paint(style::QUIET, "if it is right:")));
    }
    text.push('\n');
}

fn agreement(text: &mut String, judged: &Judged<'_>) {
    let Some(diff) = judged.agreement.as_ref().filter(|diff| !diff.is_same()) else { return };
    let path = judged.script.path.display();
    let what = format!(
        "{}  {path}: the two networks do not agree\n{}",
        paint(style::BAD, "failed"),
        style::paint_diff(&diff.to_string(), "    "),
    );
    let manner = Manner { net: Net::Wire, ..Manner::default() };
    push(text, &what, &manner.command(judged.script));
}

/// Say once that snapshots were skipped, and how to begin with them.
fn skipped(text: &mut String, judge: &Judge, judged: &[Judged<'_>]) {
    let skipped = |judged: &&Judged<'_>| matches!(judged.snapshot, Some(Compared::Skipped));
    if let Some(first) = judged.iter().find(skipped)
        && !judge.accept
    {
        let number = judged.iter().filter(skipped).count();
        let why = format!(
            "No snapshots for {}: there is no directory {}; `wallops test --accept` makes it.",
            counted(number, "scenario"),
            first.place.directory.display(),
        );
        text.push_str(&format!("{}\n\n", paint(style::QUIET, why)));
    }
}

/// The line at the end.
pub(super) struct Summary {
    verdicts: Vec<Verdict>,
    expectations: usize,
    known: usize,
    examples: Option<Vec<examples::Outcome>>,
}

impl Summary {
    /// Of all scenarios.
    pub fn of(judged: &[Judged<'_>]) -> Self {
        let played = judged.iter().flat_map(|judged| &judged.plays);
        let checked = played.filter_map(|(_, played)| played.as_ref().ok());
        Self {
            verdicts: judged.iter().map(Judged::verdict).collect(),
            expectations: checked.map(|outcome| outcome.checked).sum(),
            known: judged.iter().map(known_of).sum(),
            examples: examples_of_all(judged),
        }
    }

    /// The verdict over all of them.
    pub fn verdict(&self) -> Verdict {
        self.verdicts.iter().copied().max().unwrap_or_default()
    }

    fn count(&self, is: impl Fn(Verdict) -> bool) -> usize {
        self.verdicts.iter().filter(|verdict| is(**verdict)).count()
    }
}

/// How many failures of a scenario are known, and were seen.
fn known_of(judged: &Judged<'_>) -> usize {
    judged.known.iter().filter(|known| known.seen).count()
}

/// The XEP's examples in all the scenarios that name any; nothing if none does.
fn examples_of_all(judged: &[Judged<'_>]) -> Option<Vec<examples::Outcome>> {
    let naming = judged.iter().filter(|judged| !judged.script.scenario.tags.examples.is_empty());
    let transcripts: Vec<&Transcript> = naming
        .filter_map(|judged| {
            let net = judged.plays.first().map(|(net, _)| *net)?;
            judged.transcript(net)
        })
        .collect();
    (!transcripts.is_empty()).then(|| examples::check(&transcripts))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.count(|verdict| verdict == Verdict::Well);
        let vacuous = self.count(|verdict| verdict == Verdict::Vacuous);
        let failed = self.verdicts.len() - passed - vacuous;
        let mut parts = vec![format!("{passed} passed")];
        if failed > 0 {
            parts.push(format!("{failed} failed"));
        }
        if vacuous > 0 {
            parts.push(format!("{vacuous} vacuous"));
        }
        if self.known > 0 {
            parts.push(format!("{} known", counted(self.known, "failure")));
        }
        let style = match self.verdict() {
            Verdict::Well => style::GOOD,
            Verdict::Vacuous => style::DOUBTFUL,
            Verdict::Failed | Verdict::Wrong => style::BAD,
        };
        let scenarios = counted(self.verdicts.len(), "scenario");
        let verdict = format!("{scenarios}: {}", parts.join(", "));
        let expectations = counted(self.expectations, "expectation");
        write!(f, "{}; {expectations} checked", paint(style, verdict))?;
        if let Some(outcomes) = &self.examples {
            write!(f, "; {}", examples::summary(outcomes))?;
        }
        Ok(())
    }
}

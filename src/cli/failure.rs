//! What failed in a play, told to people.

use super::check::counted;
use super::files::Script;
use super::style::{self, paint};
use crate::cli::verdict::Verdict;
use crate::sim::play::{Failure, Outcome, PlayError};

/// What came of a play.
pub(super) type Played = Result<Outcome, PlayError>;

/// The verdict over a play.
pub(super) fn verdict(played: &Played) -> Verdict {
    match played {
        Err(PlayError::World(_)) => Verdict::Wrong,
        Err(_) => Verdict::Failed,
        Ok(outcome) if !outcome.failures.is_empty() => Verdict::Failed,
        Ok(outcome) if !outcome.vacuous.is_empty() => Verdict::Vacuous,
        Ok(_) => Verdict::Well,
    }
}

/// Everything that is not as it should be: each expectation that was not met, with the nearest
/// stanza, and each fault that touched nothing. Empty if there is nothing.
pub(super) fn describe(script: &Script, played: &Played) -> String {
    let outcome = match played {
        Ok(outcome) => outcome,
        Err(error) => return describe_error(script, error),
    };
    let mut text = String::new();
    for failure in &outcome.failures {
        text.push_str(&describe_failure(script, failure));
    }
    for (span, _) in &outcome.vacuous {
        text.push_str(&headline(script, span.line, &paint(style::DOUBTFUL, "vacuous").to_string()));
        text.push_str(&format!("    {UNTOUCHED}\n"));
    }
    text
}

/// What is wrong with a fault that touched nothing.
pub(super) const UNTOUCHED: &str =
    "this fault touched no stanza: a test that tests nothing is not green";

fn describe_failure(script: &Script, failure: &Failure) -> String {
    let mut text = headline(script, failure.span.line, &paint(style::BAD, "failed").to_string());
    if !failure.whose.is_empty() {
        text.push_str(&format!("    whose:    {}\n", failure.whose));
    }
    text.push_str(&format!("    expected: {}\n", indented(&failure.expected)));
    text.push_str(&format!("    but:      {}\n", indented(&failure.found)));
    if let Some(nearest) = &failure.nearest {
        let diff = "    the nearest that came (`-` was expected, `+` came):\n";
        text.push_str(&paint(style::QUIET, diff).to_string());
        text.push_str(&style::paint_diff(&nearest.diff(), "      "));
    }
    text
}

fn describe_error(script: &Script, error: &PlayError) -> String {
    let line = match error {
        PlayError::NeverQuiet(span) | PlayError::TooMuch(span) => span.line,
        _ => 0,
    };
    let mut text = headline(script, line, &paint(style::BAD, "stopped").to_string());
    text.push_str(&format!("    {error}\n"));
    text
}

/// `failed  scenarios/s01-bigcheese-enters.scs:14: WiZ hears …`
fn headline(script: &Script, line: u32, word: &str) -> String {
    let path = script.path.display();
    if line == 0 {
        return format!("{word}  {path}\n");
    }
    let text = paint(style::TITLE, script.line(line)).to_string();
    format!("{word}  {path}:{line}: {text}\n")
}

fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n              ")
}

/// One line about the whole: `pass: 12 expectations met, 34 stanzas`.
pub(super) fn verdict_line(played: &Played) -> String {
    let outcome = match played {
        Ok(outcome) => outcome,
        Err(_) => return paint(style::BAD, "fail: it was not played to its end").to_string(),
    };
    let met = counted(outcome.checked.saturating_sub(outcome.unmet), "expectation");
    let stanzas = counted(outcome.transcript.hops().count(), "stanza");
    let vacuous = counted(outcome.vacuous.len(), "fault");
    let (style, text) = match verdict(played) {
        Verdict::Failed | Verdict::Wrong => (
            style::BAD,
            format!(
                "fail: {} of {} not met",
                outcome.unmet,
                counted(outcome.checked, "expectation")
            ),
        ),
        Verdict::Vacuous => {
            (style::DOUBTFUL, format!("vacuous: {met} met, but {vacuous} touched no stanza"))
        }
        Verdict::Well => (style::GOOD, format!("pass: {met} met")),
    };
    format!("{}, {stanzas}", paint(style, text))
}

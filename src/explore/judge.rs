//! Whether a scenario goes well: it is played on the event network, to its end; what it expects
//! comes; and the invariants hold.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Flaw;
use crate::conform::invariants::check;
use crate::scenario::{Scenario, Source, parse};
use crate::sim::play::{Options, Outcome, PlayError, play_event, setting};

/// What goes wrong in the scenario of this text, in the order in which it shows.
pub(super) fn flaws(text: &str) -> Vec<Flaw> {
    let no_cast = |name: &str| Err(format!("there is no cast {name}"));
    match parse(&Source::new("schedule.scs", text), &no_cast) {
        Ok(scenario) => judge(&scenario, text),
        Err(mistakes) => vec![Flaw::new("scenario", &mistakes.to_string())],
    }
}

/// What goes wrong in a scenario, whose text is this.
pub(super) fn judge(scenario: &Scenario, text: &str) -> Vec<Flaw> {
    let options = Options { source: text.into(), ..Options::default() };
    // A machine that panics is a finding, too.
    let played = catch_unwind(AssertUnwindSafe(|| play_event(scenario, &options)));
    match played {
        Ok(Ok(outcome)) => of_outcome(scenario, &outcome),
        Ok(Err(error)) => vec![of_error(&error)],
        Err(cause) => {
            let text = cause.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
            vec![Flaw::new("panic", text.unwrap_or("something"))]
        }
    }
}

fn of_error(error: &PlayError) -> Flaw {
    let rule = match error {
        PlayError::World(_) => "scenario",
        PlayError::NotJoined { .. } | PlayError::NotReady => "setup",
        PlayError::NeverQuiet(_) => "never quiet",
        PlayError::TooMuch(_) => "too much",
    };
    Flaw::new(rule, &error.to_string())
}

fn of_outcome(scenario: &Scenario, outcome: &Outcome) -> Vec<Flaw> {
    let setting = setting(scenario, false);
    let findings = check(&outcome.transcript, &setting);
    let broken = findings.iter().map(|finding| {
        let entry = outcome.transcript.entries.get(finding.entry);
        let at = entry.map(|entry| format!("at {}, ", entry.at)).unwrap_or_default();
        let what = format!("{at}{}; expected: {}", finding.what, finding.expected);
        Flaw::new(finding.requirement, &what)
    });
    let unmet = outcome.failures.iter().map(|failure| {
        let what = format!("line {}: {}", failure.span.line, failure.found);
        Flaw::new(&format!("expectation: {}", failure.expected), &what)
    });
    broken.chain(unmet).collect()
}

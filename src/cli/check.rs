//! `wallops check`: read scenarios, play nothing.

use super::args;
use super::files::Script;
use super::refusal::Refusal;
use super::screen::Screen;
use super::verdict::Verdict;
use crate::scenario::verbs::Pause;
use crate::scenario::{Action, Step};

/// Report every mistake of some scenarios.
pub(super) fn check(arguments: &args::Check, screen: &mut Screen) -> Result<Verdict, Refusal> {
    for script in Script::read_all_tagged(&arguments.paths)? {
        let lines = count(&script.scenario.steps, &|_| true);
        let expectations = count(&script.scenario.steps, &Action::is_expectation);
        screen.line(format_args!(
            "{}: no mistakes in {} and {}",
            script.path.display(),
            counted(lines - expectations, "act"),
            counted(expectations, "expectation"),
        ));
    }
    Ok(Verdict::Well)
}

/// How many lines are like this, those within others included.
fn count(steps: &[Step], is: &dyn Fn(&Action) -> bool) -> usize {
    let of = |step: &Step| match &step.action {
        Action::Pause(Pause::Meanwhile(steps)) => count(steps, is),
        action => usize::from(is(action)),
    };
    steps.iter().map(of).sum()
}

/// `1 act`, `2 acts`
pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

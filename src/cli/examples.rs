//! `wallops examples`: which of the XEP's examples the scenarios show.

use super::args;
use super::check::counted;
use super::failure;
use super::files::Script;
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::{self, Manner};
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::conform::examples::{self, Outcome};
use crate::sim::play::PlayError;
use crate::transcript::Transcript;

/// Play the scenarios that name examples, and say what became of each example.
pub(super) fn examples(
    arguments: &args::Examples,
    screen: &mut Screen,
) -> Result<Verdict, Refusal> {
    let mut scripts = Script::read_all(&arguments.paths)?;
    scripts.retain(|script| !script.scenario.tags.examples.is_empty());
    let mut transcripts: Vec<Transcript> = Vec::new();
    for script in &scripts {
        let manner = Manner { net: arguments.net, ..Manner::default() };
        match stage::play(script, manner) {
            Ok(outcome) => transcripts.push(outcome.transcript),
            Err(PlayError::World(error)) => {
                return Err(Refusal::about(script.path.display(), error));
            }
            // What it would have shown is missing then, and is reported so.
            played @ Err(_) => screen.text(failure::describe(script, &played)),
        }
    }
    let outcomes = examples::check(&transcripts.iter().collect::<Vec<_>>());
    for outcome in &outcomes {
        screen.text(painted(outcome));
    }
    screen.line("");
    let names: Vec<String> = scripts.iter().map(Script::name).collect();
    let of = format!("In {}: {}", counted(names.len(), "scenario"), names.join(", "));
    screen.line(paint(style::QUIET, of));
    let all = outcomes.iter().all(Outcome::is_match);
    let style = if all { style::GOOD } else { style::BAD };
    screen.line(paint(style, examples::summary(&outcomes)));
    Ok(Verdict::well_if(all))
}

/// An outcome as it prints itself; if it differs, its head in red and its diff in colours.
fn painted(outcome: &Outcome) -> String {
    let text = outcome.to_string();
    let (head, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let style = if outcome.is_match() { anstyle::Style::new() } else { style::BAD };
    format!("{}\n{}", paint(style, head), style::paint_indented_diff(rest, ""))
}

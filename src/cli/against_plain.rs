//! `wallops run --against-plain`: whether anybody could tell a room behind slaves from a plain one.

use super::check::counted;
use super::failure;
use super::files::Script;
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::{self, Manner};
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::conform::plain::{self, Person};
use crate::sim::play::{Outcome, PlayError};

/// Play a scenario with slaves and without, and show what differs for whom.
pub(super) fn compare(
    script: &Script,
    manner: Manner,
    screen: &mut Screen,
) -> Result<Verdict, Refusal> {
    screen.line(paint(style::TITLE, script.title()));
    let how = format!("{}: with slaves and without", script.path.display());
    screen.line(paint(style::QUIET, how));
    if let Some((span, why)) = script.scenario.beyond_plain() {
        let line = script.line(span.line);
        let word = paint(style::DOUBTFUL, "unsupported");
        screen.line(format!("{word}  {}:{}: {line}", script.path.display(), span.line));
        screen.line(format!("    {why}: a plain room has no such thing to compare with"));
        return Ok(Verdict::Vacuous);
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut verdict = Verdict::Well;
    for plain in [false, true] {
        let played = stage::play(script, Manner { plain, ..manner });
        if let Err(PlayError::World(error)) = &played {
            return Err(Refusal::about(script.path.display(), error));
        }
        let failures = failure::describe(script, &played);
        if !failures.is_empty() {
            screen.line(if plain { "Without slaves:" } else { "With slaves:" });
            screen.line(failures);
        }
        verdict = verdict.max(failure::verdict(&played));
        outcomes.extend(played);
    }
    let [slaves, plain] = outcomes.as_slice() else { return Ok(verdict) };
    let people = plain::compare(&slaves.transcript, &plain.transcript);
    let same = people.iter().all(|person| person.diff.is_none());
    people.iter().for_each(|person| show(person, screen));
    let differing = people.iter().filter(|person| person.diff.is_some()).count();
    let whom = counted(people.len(), "person").replace("persons", "people");
    screen.line(match same {
        true => paint(style::GOOD, format!("same: {whom}")),
        false => paint(style::BAD, format!("differs: {differing} of {whom}")),
    });
    Ok(verdict.max(Verdict::well_if(same)))
}

fn show(person: &Person, screen: &mut Screen) {
    let Person { jid, received: [with, without], diff } = person;
    let Some(diff) = diff else {
        return screen.line(format!("  {jid}: {}, the same", counted(*with, "stanza")));
    };
    let with = counted(*with, "stanza");
    screen.line(format!("  {jid}: {with} with slaves, {without} without"));
    screen.text(style::paint_diff(diff, "    "));
}

//! `wallops run`: play scenarios and show what happened.

use super::against_plain;
use super::args;
use super::failure::{self, Played};
use super::files::{self, Script};
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::{self, Manner};
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::sim::play::PlayError;
use crate::transcript::{Class, CompactLine, Transcript};

/// Play some scenarios, one after another.
pub(super) fn run(arguments: &args::Run, screen: &mut Screen) -> Result<Verdict, Refusal> {
    let scripts = Script::read_all(&arguments.paths)?;
    if arguments.write.is_some() && scripts.len() != 1 {
        let wrong = format!("one file for the transcripts of {} scenarios", scripts.len());
        return Err(Refusal::about("--write", wrong).with_help("run one scenario at a time"));
    }
    if let Some(path) = &arguments.write
        && scripts.iter().any(|script| files::is_same(&script.path, path))
    {
        let wrong = "the transcript would take the place of the scenario";
        return Err(Refusal::about(path.display(), wrong));
    }
    let manner = Manner { net: arguments.net, seed: arguments.seed, plain: arguments.plain };
    let mut verdict = Verdict::Well;
    for (number, script) in scripts.iter().enumerate() {
        if number > 0 {
            screen.line("");
        }
        if arguments.against_plain {
            verdict = verdict.max(against_plain::compare(script, manner, screen)?);
            screen.flush();
            continue;
        }
        let played = stage::play(script, manner);
        if let Err(PlayError::World(error)) = &played {
            return Err(Refusal::about(script.path.display(), error));
        }
        show(script, manner, &played, arguments.xml, screen);
        if let (Ok(outcome), Some(path)) = (&played, &arguments.write) {
            files::write(path, &outcome.transcript.stored())?;
        }
        verdict = verdict.max(failure::verdict(&played));
        screen.flush();
    }
    Ok(verdict)
}

fn show(script: &Script, manner: Manner, played: &Played, xml: bool, screen: &mut Screen) {
    screen.line(paint(style::TITLE, script.title()));
    let plain = if manner.plain { ", without slaves" } else { "" };
    let seed = manner.seed.unwrap_or(script.scenario.tags.seed);
    let how =
        format!("{}: {} network, seed {seed}{plain}", script.path.display(), manner.net.name());
    screen.line(paint(style::QUIET, how));
    screen.line("");
    if let Ok(outcome) = played {
        if xml {
            show_in_full(&outcome.transcript, screen);
        } else {
            show_compact(&outcome.transcript, screen);
        }
        screen.line("");
    }
    let failures = failure::describe(script, played);
    if !failures.is_empty() {
        screen.line(failures);
    }
    screen.line(failure::verdict_line(played));
}

fn show_compact(transcript: &Transcript, screen: &mut Screen) {
    let mut first = true;
    for line in transcript.compact() {
        // A gap makes a paragraph of what a line of the scenario sets off.
        if line.class == Class::Line && !std::mem::take(&mut first) {
            screen.line("");
        }
        screen.line(painted(&line));
    }
}

fn painted(line: &CompactLine) -> String {
    let CompactLine { class, time, route, text } = line;
    let text = paint(style::of(*class), text);
    match class {
        Class::Day => text.to_string(),
        Class::Line | Class::Network | Class::Note => {
            format!("{}  {text}", paint(style::QUIET, time))
        }
        _ => format!("{}    {route}  {text}", paint(style::QUIET, time)),
    }
}

/// The transcript's own text. Stanzas are indented; each other line after the header is that of an
/// entry or of a new day, as are the compact lines.
fn show_in_full(transcript: &Transcript, screen: &mut Screen) {
    let compact = transcript.compact();
    let mut classes = compact.iter().map(|line| line.class);
    let mut is_header = true;
    for line in transcript.to_string().lines() {
        let style = if is_header {
            is_header = !line.is_empty();
            style::QUIET
        } else if line.starts_with(' ') {
            anstyle::Style::new()
        } else {
            classes.next().map_or(anstyle::Style::new(), style::of)
        };
        screen.line(paint(style, line));
    }
}

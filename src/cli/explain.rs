//! `wallops explain`: what requirements say, how they are judged, and which scenarios show them.

mod shown;

use self::shown::{Played, Shown};
use super::args;
use super::judge::asked::named;
use super::refusal::Refusal;
use super::screen::Screen;
use super::stage::shell_word;
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::conform::requirements::{Level, Requirement, worded};
use crate::scenario::{Profile, wrapped};
use crate::stanza::{Stanza, write_stanza};
use crate::transcript::edition::Edition;

/// Explain the requirements that are named, or list all.
pub(super) fn explain(arguments: &args::Explain, screen: &mut Screen) -> Result<Verdict, Refusal> {
    if arguments.markdown {
        screen.text(markdown(&Shown::read(&arguments.scenarios)?));
        return Ok(Verdict::Well);
    }
    let edition = arguments.spec.unwrap_or(Edition::V0_1);
    let mut ids = Vec::new();
    for word in &arguments.ids {
        ids.extend(named(word)?);
    }
    if ids.is_empty() {
        for one in Requirement::all() {
            screen.line(format_args!("{:<40} {}", one.id, worded(one.statement, edition)));
        }
        return Ok(Verdict::Well);
    }
    let shown = Shown::read(&arguments.scenarios)?;
    let wanted: Vec<_> = Requirement::all().filter(|one| ids.contains(&one.id)).collect();
    let played = shown.play(&wanted);
    let mut first = true;
    for one in wanted {
        if !std::mem::take(&mut first) {
            screen.line("");
        }
        screen.text(text(one, &shown, &played, edition));
    }
    Ok(Verdict::Well)
}

/// All of it about one requirement.
fn text(one: &Requirement, shown: &Shown, played: &Played, edition: Edition) -> String {
    let words = |text: &str| worded(text, edition).into_owned();
    let mut text = format!("{}\n", paint(style::TITLE, one.id));
    for line in wrapped(&words(one.statement), WIDTH - 4) {
        text.push_str(&format!("    {line}\n"));
    }
    let mut row = |key: &str, value: &str| text.push_str(&self::row(key, value));
    row("for", &words(&actors(one)));
    row("level", &format!("{}: {}", one.level, one.level.meaning()));
    row("section", &words(one.section));
    row("profile", &profile(one.profile));
    if let Some(explanation) = one.explanation() {
        let [keeping, breaking] = one.shown_broken().unwrap_or_default();
        row("judged", &words(explanation.judged));
        text.push_str(&example("kept", explanation.kept, &keeping));
        text.push_str(&example("broken", explanation.broken, &breaking));
    }
    let mut row = |key: &str, value: &str| text.push_str(&self::row(key, value));
    if let Some(reason) = one.unsupported() {
        row("not judged", &words(reason));
    }
    text.push_str(&scenarios(one, shown, played, edition));
    text
}

/// An example in words, and as stanzas if there are any.
fn example(key: &str, words: &str, stanzas: &[Stanza]) -> String {
    let mut text = row(key, words);
    for stanza in stanzas {
        write_stanza(&mut text, stanza, MARGIN);
        text.push('\n');
    }
    text
}

/// A line of it, broken if it is long.
fn row(key: &str, value: &str) -> String {
    let mut text = String::new();
    for (number, line) in wrapped(value, WIDTH - MARGIN).into_iter().enumerate() {
        let key = if number == 0 { format!("{key}:") } else { String::new() };
        text.push_str(&format!("    {key:<8} {line}\n"));
    }
    text
}

/// Which scenarios show it: those that are tagged with it, and the first that come to it.
fn scenarios(one: &Requirement, shown: &Shown, played: &Played, edition: Edition) -> String {
    let directory = shown.directory.display();
    let all = match directory.to_string().as_str() {
        "scenarios" => format!("wallops coverage {}", one.id),
        other => format!("wallops coverage {} {}", one.id, shell_word(other)),
    };
    if !shown.exists() {
        let none = format!("there is no directory `{directory}`; `--scenarios DIR` names another");
        return row("shown", &none);
    }
    let mut text = match shown.of(one) {
        [] => {
            let none = match one.level {
                Level::Always => "in every run to which it applies".to_owned(),
                _ => format!("by no scenario in {directory} that is tagged with it"),
            };
            row("shown", &one.unshown().map_or(none, |why| worded(why, edition).into_owned()))
        }
        names => {
            let path = |name| shown.directory.join(name).display().to_string();
            // What random schedules have found comes and goes.
            let mut names: Vec<_> = names.iter().collect();
            names.sort_by_key(|name| name.starts_with("found-"));
            let told = names.iter().take(SHOWN_MAX);
            let told: String = told.map(|name| format!("        {}\n", path(name))).collect();
            let more = match names.len().checked_sub(SHOWN_MAX) {
                Some(more @ 1..) => format!("        and {more} more ({all})\n"),
                _ => String::new(),
            };
            format!("    shown by:\n{told}{more}")
        }
    };
    let some = played.get(one.id).map_or(&[][..], Vec::as_slice);
    if some.is_empty() {
        return text;
    }
    text.push_str("    applies, for example, in:\n");
    for (path, tally) in some {
        let broken = match tally.broken {
            0 => String::new(),
            broken => format!(", broken {broken} times"),
        };
        let kept =
            if tally.kept == 1 { "once".to_owned() } else { format!("{} times", tally.kept) };
        text.push_str(&format!("        {path}: kept {kept}{broken}\n"));
    }
    text.push_str(&format!("    all of them: {all}\n"));
    text
}

/// A profile, and why something is demanded in it and in those above.
fn profile(profile: Profile) -> String {
    let why = match profile {
        Profile::Core => "nothing but XEP-0282 v0.1 is needed for it",
        Profile::Muc => "today's XEP-0045 demands it of every room",
        Profile::Full => "it needs registration, positions or the netjoin of docs/dmuc2-slave.md",
    };
    format!("{}: {why}", profile.name())
}

fn actors(one: &Requirement) -> String {
    let actors: Vec<_> = one.actors.iter().map(ToString::to_string).collect();
    actors.join(", ")
}

/// All of them, for `docs/requirements.md`.
fn markdown(shown: &Shown) -> String {
    let mut text = HEAD.to_owned();
    let mut sections: Vec<&str> = Vec::new();
    for one in Requirement::all() {
        if !sections.contains(&one.section) {
            sections.push(one.section);
        }
    }
    for section in sections {
        text.push_str(&format!("\n## {section}\n"));
        for one in Requirement::all().filter(|one| one.section == section) {
            text.push_str(&entry(one, shown));
        }
    }
    text
}

fn entry(one: &Requirement, shown: &Shown) -> String {
    let mut text = format!("\n### `{}`\n\n{}\n\n", one.id, one.statement);
    let mut row = |key: &str, value: &str| text.push_str(&format!("* *{key}:* {value}\n"));
    row("level", &one.level.to_string());
    row("for", &actors(one));
    row("profile", one.profile.name());
    if let Some(explanation) = one.explanation() {
        let [keeping, breaking] = one.shown_broken().unwrap_or_default();
        row("judged", &code(explanation.judged));
        row("kept", &(code(explanation.kept) + &fenced(&keeping)));
        row("broken", &(code(explanation.broken) + &fenced(&breaking)));
    }
    if let Some(reason) = one.unsupported() {
        row("not judged", reason);
    }
    match (shown.of(one), one.unshown()) {
        ([], Some(reason)) => row("shown", reason),
        ([], None) => {}
        (names @ [first, ..], _) => {
            // What random schedules have found comes and goes.
            let told = names.iter().find(|name| !name.starts_with("found-")).unwrap_or(first);
            let stem = told.trim_end_matches(".scs");
            row("shown by", &format!("[{stem}](../scenarios/{told})"));
        }
    }
    text
}

/// Stanzas as a block of code in the item of a list; nothing if there are none.
fn fenced(stanzas: &[Stanza]) -> String {
    if stanzas.is_empty() {
        return String::new();
    }
    let mut text = "\n\n  ```xml\n".to_owned();
    for stanza in stanzas {
        write_stanza(&mut text, stanza, 2);
        text.push('\n');
    }
    text + "  ```"
}

/// Elements would be taken for HTML.
fn code(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive('>') {
        match word.find('<').filter(|_| word.ends_with('>')) {
            Some(at) => out.push_str(&format!("{}`{}`", &word[..at], &word[at..])),
            None => out.push_str(word),
        }
    }
    out.replace("``", " ")
}

/// So many scenarios that are tagged with it are named.
const SHOWN_MAX: usize = 5;

/// How wide it is, and how far what stands after a key is indented.
const WIDTH: usize = 100;
const MARGIN: usize = 13;

const HEAD: &str = "\
# What XEP-0282 demands

Every statement of XEP-0282 that a run can keep or break, by the ids that tests and scenarios use;
after them what has to hold of every run. `wallops judge` judges records by them, `wallops explain`
prints one of them, `wallops coverage` says which of them scenarios come to.

*Level* is how the XEP says it: MUST, SHOULD, MAY in capitals; *must* in small letters; *asked for*,
one of its six requirements; *stated* as a fact, or shown by an example; *remarked* in a comment of
its source; *implied* by the rest; *open*, left to follow; *always*, what the sentences would come
to nothing without.

*Profile* is the least one in which it is demanded: `core`, what follows from XEP-0282 v0.1 alone;
`muc`, what today's XEP-0045 asks of every room; `full`, what needs registration, positions or the
netjoin of [the proposed extension](dmuc2-slave.md).

This file is made from the program's own table: `WALLOPS_DOCS=accept cargo test --test docs`.
";

//! `wallops explain`: what requirements say, how they are judged, and which scenarios show them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args;
use super::files::{self, Script};
use super::judge::asked::named;
use super::refusal::Refusal;
use super::screen::Screen;
use super::style::{self, paint};
use super::verdict::Verdict;
use crate::conform::requirements::{Level, Requirement, worded};
use crate::scenario::Profile;
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
    let mut first = true;
    for one in Requirement::all().filter(|one| ids.contains(&one.id)) {
        if !std::mem::take(&mut first) {
            screen.line("");
        }
        screen.text(text(one, &shown, edition));
    }
    Ok(Verdict::Well)
}

/// Which scenarios show which requirement: their `## spec` tags.
struct Shown {
    directory: PathBuf,
    by: BTreeMap<String, Vec<String>>,
}

impl Shown {
    /// Of the scenarios in this directory; of none if there is no such directory.
    fn read(directory: &Path) -> Result<Self, Refusal> {
        let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if directory.exists() {
            for path in files::scenarios(&[directory.to_owned()])? {
                let script = Script::read(&path)?;
                let inside = path.strip_prefix(directory).unwrap_or(&path);
                let name = inside.display().to_string();
                for id in &script.scenario.tags.spec {
                    by.entry(id.clone()).or_default().push(name.clone());
                }
            }
        }
        Ok(Self { directory: directory.to_owned(), by })
    }

    fn of(&self, requirement: &Requirement) -> &[String] {
        self.by.get(requirement.id).map_or(&[], Vec::as_slice)
    }
}

fn text(one: &Requirement, shown: &Shown, edition: Edition) -> String {
    let words = |text: &str| worded(text, edition).into_owned();
    let mut text = format!("{}\n", paint(style::TITLE, one.id));
    text.push_str(&format!("    {}\n", words(one.statement)));
    text.push_str(&format!("    {} for: {}\n", one.level, words(&actors(one))));
    text.push_str(&format!("    section: {}\n", words(one.section)));
    text.push_str(&format!("    profile: {}\n", profile(one.profile)));
    if let Some(explanation) = one.explanation() {
        text.push_str(&format!("    judged:  {}\n", words(explanation.judged)));
        text.push_str(&format!("    kept:    {}\n", explanation.kept));
        text.push_str(&format!("    broken:  {}\n", explanation.broken));
    }
    if let Some(reason) = one.unsupported() {
        text.push_str(&format!("    not judged: {}\n", words(reason)));
    }
    match shown.of(one) {
        [] => {
            let none = match one.level {
                Level::Always => ALWAYS.to_owned(),
                _ => format!("by no scenario in {}", shown.directory.display()),
            };
            let why = one.unshown().map(words).unwrap_or(none);
            text.push_str(&format!("    shown:   {why}\n"));
        }
        scenarios => {
            text.push_str("    shown by:\n");
            for name in scenarios {
                let path = shown.directory.join(name);
                text.push_str(&format!("        {}\n", path.display()));
            }
        }
    }
    text
}

/// What is said of invariants instead of the scenarios that show them.
const ALWAYS: &str = "in every run to which it applies; `wallops coverage` counts them";

/// A profile, and why something is demanded in it and in those above.
fn profile(profile: Profile) -> String {
    let why = match profile {
        Profile::Core => "XEP-0282 v0.1 alone demands it",
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
        row("judged", &code(explanation.judged));
        row("kept", &code(explanation.kept));
        row("broken", &code(explanation.broken));
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

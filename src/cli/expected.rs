//! `expected.toml` beside scenarios: failures that are known, each with its reason.
//!
//! What is listed and fails does not count; what is listed and does not fail does: the list is to
//! shrink.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::failure::Played;
use super::files::{self, Script, in_words};
use super::refusal::Refusal;
use crate::conform::judgement::Judgement;
use crate::conform::requirements::Requirement;
use crate::report::{Failing, Known};
use crate::scenario::nearest;
use crate::stanza::ReadError;

/// All that are known, with the scenarios that they are of.
#[derive(Debug, Default)]
pub(super) struct Expected {
    known: Vec<(PathBuf, Known)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    failure: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    scenario: Spanned<String>,
    requirement: Option<Spanned<String>>,
    expectation: Option<Spanned<String>>,
    reason: Spanned<String>,
}

impl Expected {
    /// What is known of the scenarios in these files: what the nearest `expected.toml` in the
    /// directory of each, or above it, says.
    pub fn read<'a>(scenarios: impl IntoIterator<Item = &'a PathBuf>) -> Result<Self, Refusal> {
        let lists = scenarios.into_iter().filter_map(|one| list_of(one));
        let mut files: Vec<PathBuf> = lists.collect();
        files.sort();
        files.dedup();
        let mut expected = Self::default();
        for file in files {
            expected.read_list(&file)?;
        }
        Ok(expected)
    }

    /// What is known of this scenario.
    pub fn of(&self, script: &Script) -> Vec<Known> {
        let mine = self.known.iter().filter(|(path, _)| files::is_same(path, &script.path));
        mine.map(|(_, known)| known.clone()).collect()
    }

    fn read_list(&mut self, file: &Path) -> Result<(), Refusal> {
        let name = file.display().to_string();
        let bytes =
            files::read(file, SIZE_MAX).map_err(|error| Refusal::about(&name, in_words(&error)))?;
        if bytes.len() > SIZE_MAX {
            return Err(Refusal::about(&name, format!("longer than {SIZE_MAX} bytes")));
        }
        let text =
            String::from_utf8(bytes).map_err(|error| Refusal::about(&name, error.utf8_error()))?;
        let list: List = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let error = ReadError::at(&text, at, error.message(), "a list as GRAMMAR.md has it");
            Refusal::record(&name, &text, &error)
        })?;
        for item in &list.failure {
            let (path, known) = item.read(file, &text).map_err(|(at, found, expected)| {
                let error = ReadError::at(&text, at, found, expected);
                Refusal::record(&name, &text, &error)
            })?;
            self.known.push((path, known));
        }
        Ok(())
    }
}

/// Where something is wrong, what, and what was expected.
type Wrong = (usize, String, String);

impl Item {
    fn read(&self, file: &Path, text: &str) -> Result<(PathBuf, Known), Wrong> {
        let at = self.scenario.span().start;
        let name = self.scenario.get_ref();
        let mut path = file.with_file_name(name);
        path.as_mut_os_string().push(".scs");
        if Path::new(name).is_absolute() || name.contains("..") || !path.is_file() {
            let expected = "a scenario beside or below this file, without `.scs`";
            return Err((
                at,
                format!("no scenario `{}`", name.escape_debug()),
                expected.to_owned(),
            ));
        }
        if self.reason.get_ref().trim().is_empty() {
            let expected = "why this fails".to_owned();
            return Err((self.reason.span().start, "no reason".to_owned(), expected));
        }
        let what = match (&self.requirement, &self.expectation) {
            (Some(id), None) => Failing::Requirement(requirement(id)?),
            (None, Some(line)) => Failing::Expectation(expectation(line, &path)?),
            _ => {
                let expected = "either `requirement` or `expectation`".to_owned();
                return Err((at, "this failure".to_owned(), expected));
            }
        };
        let line = text[..at].matches('\n').count() + 1;
        let reason = self.reason.get_ref().trim().to_owned();
        let file = file.display().to_string();
        Ok((path, Known { file, line, what, reason, seen: false }))
    }
}

/// Take out of a play the failures that are known, and note that they were seen.
pub(super) fn excuse(script: &Script, played: &mut Played, known: &mut [Known]) {
    let Ok(outcome) = played else { return };
    let mut lines = BTreeSet::new();
    outcome.failures.retain(|failure| {
        let line = script.line(failure.span.line);
        let what = Failing::Expectation(line.to_owned());
        let Some(known) = known.iter_mut().find(|known| known.what == what) else { return true };
        known.seen = true;
        lines.insert(failure.span.line);
        false
    });
    outcome.unmet = outcome.unmet.saturating_sub(lines.len());
}

/// Note which requirements that are known to fail were seen to.
pub(super) fn see(judgement: &Judgement, known: &mut [Known]) {
    for known in known {
        let Failing::Requirement(id) = known.what else { continue };
        known.seen = judgement.row(id).is_some_and(|row| row.tally.broken > 0)
            || judgement.findings.iter().any(|finding| finding.requirement == id);
    }
}

fn requirement(id: &Spanned<String>) -> Result<&'static str, Wrong> {
    if let Some(known) = Requirement::find(id.get_ref()) {
        return Ok(known.id);
    }
    let near = nearest(id.get_ref(), Requirement::all().map(|one| one.id));
    let expected = near.map_or_else(|| "an id of a requirement".to_owned(), |id| format!("`{id}`"));
    let found = format!("no requirement `{}`", id.get_ref().escape_debug());
    Err((id.span().start, found, expected))
}

/// The line as the scenario has it.
fn expectation(line: &Spanned<String>, scenario: &Path) -> Result<String, Wrong> {
    let wanted = line.get_ref().trim();
    let bytes = files::read(scenario, crate::scenario::SIZE_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    if text.lines().any(|line| line.trim() == wanted) {
        return Ok(wanted.to_owned());
    }
    let near = nearest(wanted, text.lines().map(str::trim));
    let expected = near.map_or_else(
        || format!("a line of {}", scenario.display()),
        |line| format!("a line of the scenario: `{line}`"),
    );
    Err((line.span().start, "no such line in the scenario".to_owned(), expected))
}

/// The list that is nearest to a scenario.
fn list_of(scenario: &Path) -> Option<PathBuf> {
    let beside = scenario.with_file_name(NAME);
    let above = scenario.ancestors().skip(2).take(ABOVE_MAX).map(|above| above.join(NAME));
    std::iter::once(beside).chain(above).find(|file| file.is_file())
}

const NAME: &str = "expected.toml";

/// In how many directories above that of a scenario its list is looked for.
const ABOVE_MAX: usize = 4;

/// The longest list that is read, in bytes.
const SIZE_MAX: usize = 1 << 20;

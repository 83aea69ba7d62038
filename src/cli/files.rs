//! Reading and writing files, within bounds.

pub(super) mod coding;
pub(super) mod log;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::judge::asked;
use super::refusal::Refusal;
use crate::conform::requirements::Requirement;
use crate::scenario::{self, FindCast, Mistakes, Scenario, Source};
use crate::transcript::Transcript;

/// Reads the text of a scenario.
type Parse = fn(&Source, &FindCast<'_>) -> Result<Scenario, Mistakes>;

/// A scenario and where it comes from.
#[derive(Debug)]
pub(super) struct Script {
    /// Its file, as it was named.
    pub path: PathBuf,
    /// Its text.
    pub source: Source,
    /// What it says.
    pub scenario: Scenario,
}

impl Script {
    /// Read and parse a scenario. Its cast is looked for in `casts/NAME.cast` beside it, and in the
    /// directories above.
    pub fn read(path: &Path) -> Result<Self, Refusal> {
        Self::parsed(path, scenario::parse)
    }

    /// The same of one that is to say how things were, and need not expect anything.
    pub fn read_setting(path: &Path) -> Result<Self, Refusal> {
        Self::parsed(path, scenario::parse_setting)
    }

    fn parsed(path: &Path, parse: Parse) -> Result<Self, Refusal> {
        let source = source(path)?;
        let scenario = parse(&source, &|name: &str| find_cast(path, name))?;
        Ok(Self { path: path.to_owned(), source, scenario })
    }

    /// Read and parse scenarios, and report the mistakes of all of them.
    pub fn read_all(paths: &[PathBuf]) -> Result<Vec<Self>, Refusal> {
        let mut scripts = Vec::new();
        let mut refusals = Vec::new();
        for path in scenarios(paths)? {
            match Self::read(&path) {
                Ok(script) => scripts.push(script),
                Err(refusal) => refusals.push(Some(refusal)),
            }
        }
        if refusals.is_empty() { Ok(scripts) } else { Err(Refusal::all(refusals)) }
    }

    /// The same, and report tags that name no requirement.
    pub fn read_all_tagged(paths: &[PathBuf]) -> Result<Vec<Self>, Refusal> {
        let scripts = Self::read_all(paths)?;
        let wrong: Vec<_> = scripts.iter().flat_map(Self::unknown_tags).map(Some).collect();
        if wrong.is_empty() { Ok(scripts) } else { Err(Refusal::all(wrong)) }
    }

    fn unknown_tags(&self) -> impl Iterator<Item = Refusal> + '_ {
        let tags = self.scenario.tags.spec.iter();
        let unknown = tags.filter(|id| Requirement::find(id).is_none());
        unknown.map(|id| {
            let wrong = "no requirement has such an id";
            Refusal::word(&self.source, id, wrong, asked::nearest_id(id))
        })
    }

    /// The title, or else the name of the file.
    pub fn title(&self) -> String {
        match self.scenario.title.as_str() {
            "" => self.name(),
            title => title.to_owned(),
        }
    }

    /// The name of the file without its extension.
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// This line of the text, from 1, without its indentation.
    pub fn line(&self, number: u32) -> &str {
        let index = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        self.source.text().lines().nth(index).unwrap_or_default().trim()
    }
}

/// The text of a scenario.
pub(super) fn source(path: &Path) -> Result<Source, Refusal> {
    let name = path.display().to_string();
    let bytes =
        read(path, scenario::SIZE_MAX).map_err(|error| unread(path, &error, SCENARIO_HELP))?;
    Ok(Source::from_bytes(&name, &bytes)?)
}

/// Read a transcript.
pub(super) fn transcript(path: &Path) -> Result<Transcript, Refusal> {
    let name = path.display().to_string();
    let text = text(path)?;
    Transcript::read(&text).map_err(|error| Refusal::transcript(&name, &text, &error))
}

/// The text of a transcript or of a log, or what standard input gives.
pub(super) fn text(path: &Path) -> Result<String, Refusal> {
    let bytes = bytes(path)?;
    String::from_utf8(bytes).map_err(|error| coding::refusal(&name(path), error.as_bytes()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Refusal> {
    let name = name(path);
    let bytes = match is_input(path) {
        true => all_of(io::stdin().lock(), TRANSCRIPT_MAX)
            .map_err(|error| Refusal::about(&name, in_words(&error))),
        false => read(path, TRANSCRIPT_MAX).map_err(|error| unread(path, &error, "")),
    }?;
    of_text(&name, bytes)
}

/// The bytes of a text that is not too long, without a character at its end that was cut.
fn of_text(name: &str, mut bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    if bytes.len() > TRANSCRIPT_MAX {
        let wrong = format!("longer than {} MiB", TRANSCRIPT_MAX >> 20);
        return Err(Refusal::about(name, wrong));
    }
    // A line that was cut within its last character ends before that.
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
        && !bytes[..error.valid_up_to()].ends_with(b"\n")
    {
        bytes.truncate(error.valid_up_to());
    }
    Ok(bytes)
}

/// The files that these paths name: themselves, or the scenarios in them and in their directories,
/// in order of their names. A file that is named twice is there once.
pub(super) fn scenarios(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut refusals = Vec::new();
    for path in paths {
        if !path.is_dir() {
            // Whether it can be read is found out by reading it.
            files.push(path.clone());
            continue;
        }
        match scenarios_in(path, DEPTH_MAX) {
            Ok(found) if found.is_empty() => refusals.push(Some(
                Refusal::about(path.display(), "a directory without scenarios")
                    .with_help("scenarios are files whose names end in `.scs`"),
            )),
            Ok(found) => files.extend(found),
            Err((place, error)) => {
                refusals.push(Some(Refusal::about(place.display(), in_words(&error))));
            }
        }
    }
    if !refusals.is_empty() {
        return Err(Refusal::all(refusals));
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// The scenarios in a directory and those below it, or which of these cannot be read, and why.
fn scenarios_in(directory: &Path, depth: usize) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| (directory.to_owned(), error))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let is_scenario = path.extension().is_some_and(|extension| extension == "scs");
        if path.is_dir() {
            // Links may make a circle.
            if depth > 0 && !path.is_symlink() {
                files.extend(scenarios_in(&path, depth - 1)?);
            }
        } else if is_scenario {
            files.push(path);
        }
    }
    Ok(files)
}

/// The cast of this name for a scenario; the parser vouches that the name leads to no other
/// directory.
fn find_cast(scenario: &Path, name: &str) -> Result<Source, String> {
    let file = Path::new("casts").join(format!("{name}.cast"));
    let beside = scenario.with_file_name(&file);
    let above = scenario.ancestors().skip(2).take(CASTS_ABOVE_MAX).map(|above| above.join(&file));
    let mut above = above.filter(|path| path.exists());
    let path = if beside.exists() { beside } else { above.next().unwrap_or(beside) };
    let shown = path.display().to_string();
    let bytes = read(&path, scenario::SIZE_MAX).map_err(|error| {
        let missing = error.kind() == io::ErrorKind::NotFound;
        let meant = missing.then(|| nearest_to(&path)).flatten();
        let meant = meant.as_deref().and_then(Path::file_stem).and_then(OsStr::to_str);
        let help = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        format!("{shown}: {}{help}", in_words(&error))
    })?;
    Source::from_bytes(&shown, &bytes)
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// The content of a file; of one that is longer than `max` one byte more, so that this can be seen.
pub(super) fn read(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    all_of(file, max)
}

fn all_of(source: impl Read, max: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    source.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether this names standard input instead of a file.
pub(super) fn is_input(path: &Path) -> bool {
    path.as_os_str() == INPUT
}

/// What people are told instead of the path.
pub(super) fn name(path: &Path) -> String {
    if is_input(path) { INPUT_NAME.to_owned() } else { path.display().to_string() }
}

/// Write a file and the directories that it is in.
pub(super) fn write(path: &Path, content: &str) -> Result<(), Refusal> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, content))
        .map_err(|error| Refusal::about(path.display(), in_words(&error)))
}

/// Whether two paths lead to one file that exists.
pub(super) fn is_same(left: &Path, right: &Path) -> bool {
    matches!((fs::canonicalize(left), fs::canonicalize(right)), (Ok(l), Ok(r)) if l == r)
}

/// A file cannot be read: why, and what may have been meant; or else this advice.
fn unread(path: &Path, error: &io::Error, help: &str) -> Refusal {
    let refusal = Refusal::about(path.display(), in_words(error));
    let missing = error.kind() == io::ErrorKind::NotFound;
    match missing.then(|| nearest_to(path)).flatten() {
        Some(meant) => refusal.with_help(format!("did you mean `{}`?", meant.display())),
        None if help.is_empty() => refusal,
        None => refusal.with_help(help),
    }
}

/// The file of the same directory whose name is most like that of one that does not exist.
pub(super) fn nearest_to(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let files = fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?.take(NEAREST_MAX);
    let files = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    // In the order of their names, so that it is always the same one.
    let files: std::collections::BTreeSet<String> = files.collect();
    let meant = scenario::nearest(name, files.iter().map(String::as_str))?;
    Some(path.with_file_name(meant))
}

/// What the system says, in our words where it is the usual.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "a directory, not a file".to_owned(),
        _ => error.to_string(),
    }
}

/// The path that is standard input.
pub(super) const INPUT: &str = "-";

/// What people are told of standard input.
pub(super) const INPUT_NAME: &str = "standard input";

/// The longest transcript that is read, in bytes.
pub(super) const TRANSCRIPT_MAX: usize = 256 << 20;

/// In how many directories above that of a scenario its cast is looked for.
const CASTS_ABOVE_MAX: usize = 4;

/// How deep directories of scenarios are searched.
const DEPTH_MAX: usize = 16;

/// Among how many files the one is looked for that was meant.
const NEAREST_MAX: usize = 10_000;

const SCENARIO_HELP: &str = "a scenario is a text file, such as scenarios/s01-bigcheese-enters.scs";

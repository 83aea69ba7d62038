//! Snapshots: what scenarios did when somebody last looked and agreed, in insta's file format.
//!
//! `cargo test` reads the same files with insta itself (`tests/snapshots.rs`), so `wallops test
//! --accept` and `cargo insta accept` leave the same. A file has a header between two lines of
//! `---`, then the content; insta ends the content with exactly one line break.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::files;
use super::refusal::Refusal;
use crate::transcript::{Comparison, Diff, TEXT_MAX, Transcript};

/// Where the snapshot of a scenario is, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The directory with the snapshots.
    pub directory: PathBuf,
    /// The file.
    pub file: PathBuf,
}

/// What comparing with a snapshot told.
#[derive(Debug)]
pub(super) enum Compared {
    /// It is the same.
    Same,
    /// It is another; how it differs.
    Differs(String),
    /// There is none.
    None,
    /// There is no directory for snapshots, so nobody wants any.
    Skipped,
    /// It cannot be read.
    Unreadable(String),
    /// It was written: there was none, or another.
    Written,
    /// It could not be written.
    Unwritten(Refusal),
}

impl Place {
    /// That of the scenario in this file. Snapshots are in `snapshots` beside the directory that
    /// the scenario is in, or if it is somewhere below a directory named `scenarios`, beside that;
    /// unless another directory is given.
    pub fn of(scenario: &Path, directory: Option<&Path>) -> io::Result<Self> {
        let scenario = std::path::absolute(scenario)?;
        let parent = scenario.parent().unwrap_or(Path::new("/"));
        let is_root = |path: &&Path| path.file_name().is_some_and(|name| name == "scenarios");
        let root = parent.ancestors().find(is_root).unwrap_or(parent);
        let name = name(scenario.strip_prefix(root).unwrap_or(&scenario));
        let directory = match directory {
            Some(directory) => directory.to_owned(),
            None => shown(root.parent().unwrap_or(root).join("snapshots")),
        };
        Ok(Self { file: directory.join(format!("{name}.snap")), directory })
    }

    /// Compare a transcript with the snapshot.
    pub fn compare(&self, transcript: &Transcript) -> Compared {
        let text = match read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if self.directory.is_dir() { Compared::None } else { Compared::Skipped };
            }
            Err(error) => return Compared::Unreadable(files::in_words(&error)),
        };
        let Some(content) = content(&text) else {
            return Compared::Unreadable("it has no header between two lines of `---`".to_owned());
        };
        if content == transcript.to_string().trim_end() {
            return Compared::Same;
        }
        match Transcript::read(&format!("{content}\n")) {
            Ok(old) => {
                let names = ["the snapshot", "this run"];
                let diff = Diff::new(names, [&old, transcript], Comparison::Exact);
                Compared::Differs(diff.to_string())
            }
            Err(error) => Compared::Unreadable(format!("it is not a transcript: {error}")),
        }
    }

    /// Make this transcript the snapshot, if it is not already.
    pub fn accept(&self, transcript: &Transcript) -> Compared {
        if matches!(self.compare(transcript), Compared::Same) {
            return Compared::Same;
        }
        match files::write(&self.file, &snapshot(&transcript.to_string())) {
            Ok(()) => Compared::Written,
            Err(refusal) => Compared::Unwritten(refusal),
        }
    }
}

/// The text of a snapshot, as insta writes it.
fn snapshot(content: &str) -> String {
    format!("---\nsource: {SOURCE}\n---\n{}\n", content.trim_end())
}

/// The content of a snapshot, without the white space at its end.
fn content(text: &str) -> Option<&str> {
    let header = text.strip_prefix("---\n")?;
    let end = header.find("\n---\n")?;
    Some(header[end + "\n---\n".len()..].trim_end())
}

/// The name that insta gives to the snapshot of a scenario in this file, which is named as it is
/// seen from the directory with all scenarios.
fn name(scenario: &Path) -> String {
    let parts = scenario.with_extension("");
    let part = |component: Component<'_>| component.as_os_str().to_string_lossy().into_owned();
    parts.components().map(part).collect::<Vec<_>>().join("__")
}

fn read(path: &Path) -> io::Result<String> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "too long for a transcript");
    let bytes = files::read(path, files::TRANSCRIPT_MAX)?;
    if bytes.len() > files::TRANSCRIPT_MAX.min(TEXT_MAX) {
        return Err(too_long());
    }
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text })
}

/// The path as seen from the working directory, if it is in there.
fn shown(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(std::path::absolute);
    match here.as_deref().map(|here| path.strip_prefix(here)) {
        Ok(Ok(inside)) if !inside.as_os_str().is_empty() => inside.to_owned(),
        _ => path,
    }
}

/// The test that reads the snapshots with insta, which writes this into each of them.
const SOURCE: &str = "tests/snapshots.rs";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_beside_scenarios() {
        let place = |scenario: &str| Place::of(Path::new(scenario), None).unwrap().file;
        assert_eq!(place("scenarios/S01.scs"), Path::new("snapshots/S01.snap"));
        assert_eq!(place("scenarios/muc/kick.scs"), Path::new("snapshots/muc__kick.snap"));
        assert_eq!(place("/tmp/mine/a.b.scs"), Path::new("/tmp/snapshots/a.b.snap"));
        let given = Place::of(Path::new("scenarios/S01.scs"), Some(Path::new("old"))).unwrap();
        assert_eq!(given.file, Path::new("old/S01.snap"));
    }

    #[test]
    fn the_content_is_what_follows_the_header() {
        let text = snapshot("wallops transcript 1\n\n---\n\n");
        assert_eq!(content(&text), Some("wallops transcript 1\n\n---"));
        assert_eq!(content("wallops transcript 1\n"), None);
    }
}

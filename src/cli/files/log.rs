//! A transcript or a log, which may be long, and need not be in a file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{coding, is_input, name, of_text, unread};
use crate::cli::refusal::Refusal;
use crate::transcript::Space;
use crate::transcript::import::Notice;

/// A transcript or a log.
pub(in crate::cli) struct Log {
    /// What people are told that it is called.
    pub name: String,
    source: Source,
}

/// Where it is.
enum Source {
    File(PathBuf),
    /// In a temporary file: it came from standard input, or through a pipe.
    Kept(Mutex<File>),
}

impl Log {
    /// The one of this path.
    pub fn open(path: &Path) -> Result<Self, Refusal> {
        let name = name(path);
        let is_pipe = |path| fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
        let kept = match is_input(path) {
            true => kept(io::stdin().lock()),
            false if is_pipe(path) => File::open(path).and_then(kept),
            false => return Ok(Self { name, source: Source::File(path.to_owned()) }),
        };
        let source = Source::Kept(Mutex::new(kept.map_err(|error| no_room(&name, &error))?));
        Ok(Self { name, source })
    }

    /// How many bytes it has.
    pub fn length(&self) -> io::Result<u64> {
        match &self.source {
            Source::File(path) => Ok(fs::metadata(path).map_or(0, |it| it.len())),
            Source::Kept(file) => lock(file).metadata().map(|it| it.len()),
        }
    }

    /// Read it from there on.
    pub fn read_from(&self, at: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        match &self.source {
            Source::File(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(at))?;
                Ok(Box::new(file))
            }
            Source::Kept(file) => Ok(Box::new(Reader { file, at })),
        }
    }

    /// Its text; of the log of a server without the lines that cannot be read.
    pub fn text(&self) -> Result<(String, Vec<Notice>), Refusal> {
        let bytes = match &self.source {
            Source::File(path) => super::bytes(path)?,
            Source::Kept(_) => {
                let read =
                    self.read_from(0).and_then(|it| super::all_of(it, super::TRANSCRIPT_MAX));
                of_text(&self.name, read.map_err(|error| no_room(&self.name, &error))?)?
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok((text, Vec::new())),
            Err(error) => coding::server_log(error.as_bytes())
                .ok_or_else(|| coding::refusal(&self.name, error.as_bytes())),
        }
    }

    /// It cannot be read: why.
    pub fn unread(&self, error: &io::Error) -> Refusal {
        match &self.source {
            Source::File(path) => unread(path, error, ""),
            Source::Kept(_) => no_room(&self.name, error),
        }
    }
}

/// Reads what is in a file that others read too.
struct Reader<'a> {
    file: &'a Mutex<File>,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = lock(self.file);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn lock(file: &Mutex<File>) -> std::sync::MutexGuard<'_, File> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keep what comes in a temporary file.
fn kept(source: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let length = io::copy(&mut source.take(KEPT_MAX + 1), &mut file)?;
    match length > KEPT_MAX {
        true => Err(io::Error::other(format!("it is longer than {} GiB", KEPT_MAX >> 30))),
        false => Ok(file),
    }
}

/// Temporary files, for what is too long for memory.
pub(in crate::cli) const TEMPORARY: Space =
    Space::new(|| Ok(Box::new(tempfile::tempfile()?))).read_ahead();

/// What has to be kept in a temporary file cannot be.
pub(in crate::cli) fn no_room(name: &str, error: &io::Error) -> Refusal {
    let place = std::env::temp_dir();
    Refusal::about(name, format_args!("kept in a temporary file: {}", super::in_words(error)))
        .with_help(format!("such files are in {}; TMPDIR names another place", place.display()))
}

/// The most that is kept of what comes through a pipe, in bytes.
const KEPT_MAX: u64 = 64 << 30;

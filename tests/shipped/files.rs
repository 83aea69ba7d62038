//! The scenarios that ship, and their casts, for every test that is about all of them.

use std::fs;
use std::path::{Path, PathBuf};

use wallops::scenario::Source;

pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

pub fn find_cast(name: &str) -> Result<Source, String> {
    let path = directory().join("casts").join(format!("{name}.cast"));
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    Ok(Source::new(&path.display().to_string(), &text))
}

/// All of them, in subdirectories too, in the order of their names.
pub fn shipped() -> Vec<PathBuf> {
    scripts_in(directory())
}

/// The scenarios below a directory.
pub fn scripts_in(directory: impl Into<PathBuf>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![directory.into()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "scs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

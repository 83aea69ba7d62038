//! What the tests work with: the program, and a directory with scenarios of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// The program, at the root of the repository, without anything in the environment that changes
/// what it prints.
pub fn wallops() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("wallops"));
    command.current_dir(root());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG", "GITHUB_ACTIONS"] {
        command.env_remove(variable);
    }
    command
}

/// The log of a room that loses a slave and finds it again: nothing says so but what they send.
pub const LOST_AND_FOUND: &str = include_str!("lost-and-found.log");

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A directory of one's own: `scenarios` with the shipped casts, and what is put there.
pub struct Desk(TempDir);

impl Desk {
    /// With nothing but the casts.
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let casts = desk.path("scenarios/casts");
        fs::create_dir_all(&casts).unwrap();
        for entry in fs::read_dir(root().join("scenarios/casts")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, casts.join(path.file_name().unwrap())).unwrap();
        }
        desk
    }

    /// With this script, played by the usual cast.
    pub fn with(script: &str) -> Self {
        let desk = Self::new();
        desk.put("scenarios/own.scs", scenario(script));
        desk
    }

    /// The whole path of something here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Write a file.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Read a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Run the program here.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran(wallops().current_dir(self.0.path()).args(arguments).output().unwrap())
    }
}

/// A scenario with this script, in the canonical layout.
pub fn scenario(script: &str) -> String {
    format!("# A test\n\n## cast: wallops\n\n-----\n\n{script}\n")
}

/// Run the program at the root of the repository.
pub fn run(arguments: &[&str]) -> Ran {
    Ran(wallops().args(arguments).output().unwrap())
}

/// What a run of the program left.
pub struct Ran(pub Output);

impl Ran {
    /// What it printed.
    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    /// What it complained about.
    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// It must have ended with this code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        let found = self.0.status.code();
        assert_eq!(found, Some(code), "{}\n{}", self.out(), self.err());
        self
    }

    /// It must have printed this.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.out().contains(text), "no `{text}` in:\n{}{}", self.out(), self.err());
        self
    }

    /// It must have complained so.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        // A diagnostic is broken into lines as wide as the terminal.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let err = words(&self.err());
        assert!(err.contains(&words(text)), "no `{text}` in:\n{}", self.err());
        self
    }
}

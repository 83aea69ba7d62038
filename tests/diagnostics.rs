//! Every mistake that a scenario may have, with what is said about it: `NAME.scs` and `NAME.txt`
//! under `tests/diagnostics`. With `UPDATE_DIAGNOSTICS=1` the test writes the expected texts; look
//! at the difference before you commit it.

#![allow(clippy::expect_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wallops::scenario::{Mistakes, Source, parse};

#[test]
fn each_mistake_is_answered_as_its_file_says() {
    let mut wrong = Vec::new();
    for name in names("scs") {
        let text = diagnostics_of(&name);
        let expected_path = directory().join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_DIAGNOSTICS").is_some() {
            std::fs::write(&expected_path, &text).expect("the expected text can be written");
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if text != expected {
            wrong.push(format!("{name}: expected\n{expected}\nbut got\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_expected_text_is_without_its_scenario() {
    assert_eq!(names("txt"), names("scs"));
    assert!(names("scs").len() > 40, "where have they gone?");
}

#[test]
fn nothing_in_an_expected_text_depends_on_the_terminal() {
    for name in names("txt") {
        let text = std::fs::read_to_string(directory().join(format!("{name}.txt"))).expect("text");
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(steers), "{name} has control characters");
    }
}

fn diagnostics_of(name: &str) -> String {
    let file = format!("{name}.scs");
    let bytes = std::fs::read(directory().join(&file)).expect("the scenario can be read");
    let result = Source::from_bytes(&file, &bytes).and_then(|source| parse(&source, &find_cast));
    match result {
        Ok(_) => "nothing is wrong\n".to_owned(),
        Err(mistakes) => render(&mistakes),
    }
}

/// Without whitespace at line ends, which editors remove.
fn render(mistakes: &Mistakes) -> String {
    let text = mistakes.render(100, false);
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn find_cast(name: &str) -> Result<Source, String> {
    let path = directory().join("casts").join(format!("{name}.cast"));
    let text = std::fs::read_to_string(path).map_err(|_| "there is no such file".to_owned())?;
    Ok(Source::new(&format!("casts/{name}.cast"), &text))
}

fn names(extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory()).expect("the directory can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let wanted = |path: &PathBuf| path.extension().is_some_and(|found| found == extension);
    paths
        .filter(wanted)
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

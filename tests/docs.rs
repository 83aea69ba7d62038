//! What the documents show is what happens: their examples are stanzas of runs of the scenarios
//! that ship. `WALLOPS_DOCS=accept cargo test --test docs` writes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "docs/shown.rs"]
mod shown;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use shown::{Shown, Stage};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    files.sort();
    files
}

#[test]
fn every_example_in_the_documents_is_a_stanza_of_the_scenario_that_it_names() {
    let accept = std::env::var("WALLOPS_DOCS").is_ok_and(|what| what == "accept");
    let mut stage = Stage::default();
    let mut wrong = String::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        let mut current = String::new();
        for piece in shown::pieces(&text) {
            match piece {
                Shown::Text(text) => current += text,
                Shown::Example { marker, .. } => {
                    let stanzas = stage.find(marker);
                    current += &format!("{marker}\n```xml\n{stanzas}```\n");
                }
            }
        }
        if current != text && accept {
            fs::write(&path, current).unwrap();
        } else if current != text {
            let diff = similar::TextDiff::from_lines(&text, &current);
            let diff = diff.unified_diff().header("shown", "run").to_string();
            wrong += &format!("{}:\n{diff}\n", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_file_that_a_document_links_exists() {
    let mut missing = BTreeSet::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            let outside = target.contains("://") || target.is_empty();
            if !outside && !path.parent().unwrap().join(target).exists() {
                missing.insert(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_list_of_errata_says_what_the_matcher_of_the_examples_knows() {
    let list = fs::read_to_string(root().join("docs/errata.md")).unwrap().replace('\n', " ");
    let data = fs::read_to_string(root().join("snapshots/xep-0282/errata.toml")).unwrap();
    let data: toml::Table = data.parse().unwrap();
    for erratum in data["erratum"].as_array().unwrap() {
        let (number, wrong) = (&erratum["number"], &erratum["wrong"]);
        let (number, wrong) = (number.as_str().unwrap(), wrong.as_str().unwrap());
        let row = list.split(&format!("| {number} |")).nth(1);
        let row = row.unwrap_or_else(|| panic!("{number} is missing"));
        let row = row.split(" | ").collect::<Vec<_>>();
        assert!(row.iter().take(2).any(|cell| cell.contains(wrong)), "{number}: {wrong}");
    }
}

#[test]
fn the_list_of_requirements_is_that_of_the_program() {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_wallops"))
        .current_dir(root())
        .args(["explain", "--markdown"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let current = String::from_utf8(output.stdout).unwrap();
    let path = root().join("docs/requirements.md");
    if std::env::var("WALLOPS_DOCS").is_ok_and(|what| what == "accept") {
        fs::write(&path, &current).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    if text != current {
        let diff = similar::TextDiff::from_lines(&text, &current);
        panic!("{}", diff.unified_diff().header("docs/requirements.md", "the program"));
    }
}

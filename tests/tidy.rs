//! What the house rules ask of the source and no compiler checks.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// A module may use only what stands above it.
const LAYERS: [&str; 13] = [
    "time",
    "stanza",
    "room",
    "dmuc",
    "server",
    "transcript",
    "scenario",
    "conform",
    "report",
    "sim",
    "explore",
    "component",
    "cli",
];

const LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;

#[test]
fn modules_use_only_what_stands_above_them() {
    let mut faults = Vec::new();
    for file in sources("src") {
        let Some(layer) = layer_of(&file) else { continue };
        for (number, line) in numbered(&file) {
            for used in used_modules(&line) {
                let Some(rank) = LAYERS.iter().position(|name| *name == used) else { continue };
                if rank > layer {
                    faults.push(format!("{}:{number}: {line}", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_top_module_has_its_place_in_the_order() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for line in library.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let name = line.trim_end_matches(';');
        assert!(LAYERS.contains(&name), "{name} has no place among the layers");
    }
}

#[test]
fn files_are_short_and_lines_are_narrow() {
    let mut faults = Vec::new();
    for file in sources("src").into_iter().chain(sources("tests")).chain(sources("benches")) {
        let lines = numbered(&file);
        if lines.len() > LINES_MAX {
            faults.push(format!("{}: {} lines", file.display(), lines.len()));
        }
        for (number, line) in lines {
            // A table of the documentation and a literal cannot be broken.
            let whole = line.starts_with("//! |") || line.contains('"') || line.ends_with('\\');
            if line.chars().count() > COLUMNS_MAX && !whole {
                faults.push(format!("{}:{number}: wider than {COLUMNS_MAX}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_say_what_they_are() {
    for file in sources("src") {
        let text = fs::read_to_string(&file).unwrap();
        if file.ends_with("tests.rs") || file.components().any(|c| c.as_os_str() == "tests") {
            continue;
        }
        assert!(text.starts_with("//! "), "{} has no head", file.display());
        assert!(file.file_name().unwrap() != "mod.rs", "{}", file.display());
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["unimpl", "emented!"]];
    for file in sources("src").into_iter().chain(sources("tests")) {
        for (number, line) in numbered(&file) {
            for word in words.iter().map(|parts| parts.concat()) {
                assert!(!line.contains(&word), "{}:{number}: {line}", file.display());
            }
        }
    }
}

#[test]
fn only_the_gallery_makes_machines_wrong() {
    // Put together, so that this file does not find itself.
    let words = [["Slips::", "only("], [".tamp", "ered("]].map(|parts| parts.concat());
    for file in sources("src").into_iter().chain(sources("tests")).chain(sources("benches")) {
        let inside = file.strip_prefix(root()).unwrap();
        let gallery = ["tests/mutants", "tests/mutants.rs", "tests/oracles/wrong.rs"];
        if gallery.iter().any(|one| inside.starts_with(one)) {
            continue;
        }
        for (number, line) in numbered(&file) {
            for word in &words {
                assert!(!line.contains(word), "{}:{number}: {line}", file.display());
            }
        }
    }
}

#[test]
fn only_the_tests_compile_what_makes_machines_wrong() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let features = manifest["features"].as_table().unwrap();
    let by_others = features.values().filter(|one| one.as_array().is_none_or(|on| !on.is_empty()));
    assert_eq!(by_others.count(), 0, "a feature turns on another: {features:?}");
    assert!(features.contains_key("mutants") && !features.contains_key("default"), "{features:?}");
    let ours = manifest["dev-dependencies"]["wallops"]["features"].as_array().unwrap();
    assert_eq!(ours.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>(), ["mutants"]);
}

#[test]
fn no_snapshot_waits_for_a_decision() {
    for file in walk(&root().join("snapshots")).into_iter().chain(walk(&root().join("tests"))) {
        let name = file.display().to_string();
        assert!(!name.ends_with(".snap.new"), "{name}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(directory: &str) -> Vec<PathBuf> {
    let mut files = walk(&root().join(directory));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

fn numbered(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
}

/// The place of the top module that a file of `src` belongs to; none for `lib.rs` and `main.rs`.
fn layer_of(file: &Path) -> Option<usize> {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    LAYERS.iter().position(|name| *name == first.trim_end_matches(".rs"))
}

/// The top modules that a line names: `crate::name`, alone or in braces.
fn used_modules(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            let list = rest.strip_prefix('{').unwrap_or(rest);
            let names = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
            names.into_iter().map(first_word).collect::<Vec<_>>()
        })
        .collect()
}

fn first_word(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

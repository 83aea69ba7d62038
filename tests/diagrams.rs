//! Sequence diagrams of the stored transcripts of the shipped scenarios.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use minidom::Element;
use wallops::report::diagram::{Diagram, Item, Options, Why};
use wallops::transcript::Transcript;

fn stored() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let is_transcript = |path: &PathBuf| path.extension().is_some_and(|end| end == "snap");
    let mut files: Vec<_> = entries.filter(is_transcript).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Transcript {
    let text = fs::read_to_string(path).unwrap();
    // What insta writes above it ends in the second line of dashes.
    Transcript::read(text.splitn(3, "---\n").nth(2).unwrap()).unwrap()
}

fn draw(name: &str, options: &Options) -> Diagram {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    Diagram::new(&read(&path), options).unwrap()
}

#[test]
fn every_shipped_scenario_can_be_drawn_as_well_formed_xml() {
    let files = stored();
    assert!(files.len() > 100, "{}", files.len());
    for path in files {
        let transcript = read(&path);
        for unfold in [false, true] {
            let options = Options { unfold, ..Options::default() };
            let diagram = Diagram::new(&transcript, &options).unwrap();
            let svg = diagram.svg().parse::<Element>();
            let svg = svg.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(svg.attr("role"), Some("img"));
            for name in ["title", "desc"] {
                let child = svg.get_child(name, "http://www.w3.org/2000/svg").unwrap();
                assert!(!child.text().is_empty(), "{}: no {name}", path.display());
            }
            assert!(diagram.mermaid().lines().count() > diagram.rows.len(), "{}", path.display());
        }
    }
}

#[test]
fn every_stanza_of_every_scenario_is_in_its_diagram_once() {
    for path in stored() {
        let transcript = read(&path);
        let diagram = Diagram::new(&transcript, &Options::default()).unwrap();
        let mut drawn: Vec<usize> = diagram
            .rows
            .iter()
            .flat_map(|row| match &row.what {
                Item::Stanzas(arrows) => arrows.iter().map(|arrow| arrow.entry).collect(),
                Item::Line { entry, .. }
                | Item::Network { entry, .. }
                | Item::Note { entry, .. } => vec![*entry],
                Item::Day(_) => Vec::new(),
            })
            .collect();
        drawn.sort_unstable();
        let all: Vec<usize> = (0..transcript.entries.len()).collect();
        assert_eq!(drawn, all, "{}", path.display());
    }
}

#[test]
fn a_split_is_shaded_where_machines_know_of_it() {
    let diagram = draw("s10-the-great-bounce.snap", &Options::default());
    let hosts: Vec<_> = diagram
        .bands
        .iter()
        .filter(|band| band.why == Why::Split)
        .map(|band| &*diagram.lanes[band.lane].label)
        .collect();
    assert_eq!(hosts, ["channel", "vesa"]);
}

#[test]
fn one_small_scenario_looks_like_this() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/diagram");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    let whole = draw("s02-truly-rotten-time.snap", &Options::default());
    insta::assert_snapshot!("s02-truly-rotten-time-mermaid", whole.mermaid());
    insta::assert_snapshot!("s02-truly-rotten-time-svg", whole.svg().replace("><", ">\n<"));
    let only = Options { only: vec!["vesa".to_owned()], unfold: true, ..Options::default() };
    let part = draw("s10-the-great-bounce.snap", &only);
    insta::assert_snapshot!("s10-the-great-bounce-vesa-mermaid", part.mermaid());
}

/// `WALLOPS_DOCS=accept cargo test --test diagrams` draws it anew.
#[test]
fn the_diagram_that_the_readme_links_is_that_of_its_scenario() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/netsplit.svg");
    let only = Options { only: vec!["vesa".to_owned()], ..Options::default() };
    let drawn = draw("netsplit.snap", &only).svg();
    if std::env::var("WALLOPS_DOCS").is_ok_and(|what| what == "accept") {
        fs::write(&path, &drawn).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap() == drawn, "docs/netsplit.svg is not what is drawn");
}

//! Every element of XEP-0282 and of its extension that a shipped scenario puts on a wire, for a
//! validator of XML schemas: `WALLOPS_ELEMENTS=DIR cargo test --test schemas` writes each to a file
//! of its own. `.ci/run` then has them validated against `docs/schemas`.
//!
//! What a scenario forges to see it refused is left out, and so is what clients send: machines make
//! neither.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event};
use wallops::stanza::{Element, element_text, ns};
use wallops::transcript::is_client;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "scs") {
            found.push(path);
        }
    }
}

/// The elements of the two namespaces among `element` and its descendants, outermost only.
fn ours(element: &Element, found: &mut Vec<String>) {
    if ns::is_dmuc(element) {
        found.push(element_text(element, ""));
    } else {
        element.children().for_each(|child| ours(child, found));
    }
}

/// What the indented blocks of a script hold: forged, or expected.
fn written(script: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    let mut block = String::new();
    for line in script.lines().chain([""]) {
        if line.starts_with(['\t', ' ']) {
            block += line;
            block.push('\n');
        } else if !block.is_empty() {
            let text =
                format!("<all xmlns='{}' xmlns:scansion='urn:scansion'>{block}</all>", ns::CLIENT);
            if let Ok(all) = text.parse::<Element>() {
                ours(&all, &mut found);
            }
            block.clear();
        }
    }
    found.into_iter().collect()
}

fn crossing(path: &Path) -> BTreeSet<String> {
    let find_cast = |name: &str| {
        let path = scenarios().join("casts").join(format!("{name}.cast"));
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(Source::new(name, &text))
    };
    let text = fs::read_to_string(path).unwrap();
    let scenario = parse(&Source::new(&path.display().to_string(), &text), &find_cast).unwrap();
    let forged = written(&text);
    let options = Options { source: text.into(), ..Options::default() };
    let run = play_event(&scenario, &options).unwrap().transcript;
    let mut found = Vec::new();
    for (_, _, hop) in run.hops().filter(|(_, _, hop)| !is_client(&hop.from)) {
        hop.stanza.payloads.iter().for_each(|payload| ours(payload, &mut found));
    }
    found.into_iter().filter(|element| !forged.contains(element)).collect()
}

#[test]
fn scenarios_put_elements_of_the_extension_on_wires() {
    let mut scripts = Vec::new();
    files(&scenarios(), &mut scripts);
    let mut elements: BTreeMap<String, String> = BTreeMap::new();
    for path in scripts {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for element in crossing(&path) {
            elements.entry(element).or_insert_with(|| name.clone());
        }
    }
    for kind in KINDS {
        assert!(elements.keys().any(|text| text.contains(kind)), "no scenario shows {kind}");
    }
    let Ok(directory) = std::env::var("WALLOPS_ELEMENTS") else { return };
    for (number, (element, scenario)) in elements.iter().enumerate() {
        let file = Path::new(&directory).join(format!("{scenario}-{number}.xml"));
        fs::write(file, element).unwrap();
    }
}

/// What has to be among them, so that the validation is one of something.
const KINDS: &[&str] = &[
    "<x ",
    "<enter ",
    "<leave ",
    "<history",
    "<at ",
    "<state ",
    "<synced ",
    "<register ",
    "<resume ",
    "<occupant ",
    "<accept ",
    "<resync ",
    "<offer ",
    "<deregister ",
];

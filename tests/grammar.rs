//! Every example of `GRAMMAR.md` is read; it and every shipped scenario is laid out as
//! `wallops format` would lay it out.

#![allow(clippy::expect_used, reason = "a test")]

use wallops::scenario::{Source, format, parse};

const GRAMMAR: &str = include_str!("../GRAMMAR.md");
const CAST: &str = include_str!("../scenarios/casts/wallops.cast");

/// What every line is a line of.
const HEAD: &str = "## profile: full\n## cast: wallops\n";

/// Without one nothing is a scenario.
const EXPECTATION: &str = "The roster is the same everywhere in wallops\n";

#[test]
fn every_example_of_the_grammar_is_a_scenario_or_a_part_of_one() {
    let examples = examples();
    assert!(examples.len() > 15, "where have they gone?");
    for (line, kind, text) in examples {
        let whole = match kind {
            "scenario" => text.to_owned(),
            "head" => format!("{text}\n-----\n\n{EXPECTATION}"),
            "cast" => format!("## cast: wallops\n\n{text}\n-----\n\n{EXPECTATION}"),
            "lines" => format!("{HEAD}\n-----\n\n{text}{EXPECTATION}"),
            "ebnf" => continue,
            // The list of known failures, which is no scenario.
            "toml" => {
                let list: toml::Table = text.parse().expect("TOML");
                assert!(list.contains_key("failure"), "line {line}");
                continue;
            }
            other => panic!("line {line}: what is `{other}`?"),
        };
        let source = Source::new(&format!("GRAMMAR.md, line {line}"), &whole);
        if let Err(mistakes) = parse(&source, &find_cast) {
            panic!("{mistakes}");
        }
        assert_eq!(format(&source).expect("a layout"), whole, "the layout of line {line}");
    }
}

#[test]
fn what_ships_is_in_its_canonical_layout() {
    let mut directories = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")];
    let mut laid_out = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path.clone());
            }
            if path.extension().is_some_and(|extension| extension == "scs" || extension == "cast") {
                let text = std::fs::read_to_string(&path).expect("a text");
                let source = Source::new(&path.to_string_lossy(), &text);
                let tidy = format(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
                assert_eq!(tidy, text, "run `wallops format {}`", path.display());
                laid_out += 1;
            }
        }
    }
    assert!(laid_out > 8, "where have they gone?");
}

/// Each fenced block: its line, what it is, its text.
fn examples() -> Vec<(usize, &'static str, &'static str)> {
    let mut examples = Vec::new();
    let mut rest = GRAMMAR;
    while let Some((before, after)) = rest.split_once("```") {
        let (kind, after) = after.split_once('\n').expect("a line");
        let (text, after) = after.split_once("```").expect("an end");
        let line = GRAMMAR.len() - rest.len() + before.len();
        examples.push((GRAMMAR[..line].matches('\n').count() + 1, kind, text));
        rest = after;
    }
    examples
}

fn find_cast(name: &str) -> Result<Source, String> {
    assert_eq!(name, "wallops");
    Ok(Source::new("casts/wallops.cast", CAST))
}

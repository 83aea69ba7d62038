//! Reports of what ships: the schema of the JSON, and what a page weighs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wallops::conform::judgement::{Judgement, Verdict};
use wallops::report::{Failing, Failure, Known, Report, Run};
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event, setting};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cast(name: &str) -> Result<Source, String> {
    let path = root().join("scenarios/casts").join(format!("{name}.cast"));
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    Ok(Source::new(&path.display().to_string(), &text))
}

fn judged(name: &str) -> Run {
    let file = format!("scenarios/{name}.scs");
    let text = fs::read_to_string(root().join(&file)).unwrap();
    let scenario = parse(&Source::new(&file, &text), &cast).unwrap();
    let options = Options { source: text.into(), ..Options::default() };
    let outcome = play_event(&scenario, &options).unwrap();
    Run {
        name: name.to_owned(),
        replay: format!("wallops run {file}"),
        judge: format!("wallops judge {file}"),
        file,
        people: Default::default(),
        splits: Vec::new(),
        judgement: Judgement::of(&outcome.transcript, &setting(&scenario, false)),
        lines: vec![1; outcome.transcript.entries.len()],
        part: None,
        transcript: outcome.transcript,
        expectations: outcome.checked,
        unmet: outcome.unmet,
        failures: Vec::new(),
        untouched: Vec::new(),
        asked: false,
        known: Vec::new(),
    }
}

/// A run of a scenario whose slave is said to know nobody, so that what is right looks wrong; and
/// of which an expectation is said to have failed.
fn condemned(name: &str) -> Run {
    let mut run = judged(name);
    // Everything that was told to a user is told to him once more.
    let copies = run.transcript.entries.clone();
    run.transcript.entries.extend(copies);
    let file = root().join(&run.file);
    let text = fs::read_to_string(file).unwrap();
    let scenario = parse(&Source::new(&run.file, &text), &cast).unwrap();
    run.judgement = Judgement::of(&run.transcript, &setting(&scenario, false));
    assert_eq!(run.judgement.worst(), Verdict::Fail);
    for what in [Failing::Expectation("WiZ hears".into()), Failing::Requirement("INV-NO-DUP")] {
        let reason = "it is so".to_owned();
        run.known.push(Known { file: "expected.toml".into(), line: 1, what, reason, seen: true });
    }
    run.failures.push(Failure { line: 1, text: "WiZ hears".into(), what: "nothing".into() });
    run.untouched.push(Failure { line: 2, text: "cut".into(), what: "nothing".into() });
    run
}

fn schema() -> Value {
    let text = fs::read_to_string(root().join("docs/schemas/report.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn report() -> Report {
    Report { runs: vec![judged("s10-the-great-bounce"), condemned("s02-truly-rotten-time")] }
}

#[test]
fn what_is_written_is_valid_by_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let json: Value = serde_json::from_str(&report().json()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(!json["runs"][1]["findings"].as_array().unwrap().is_empty());
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let json: Value = serde_json::from_str(&report().json()).unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut json = json.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        json
    };
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/verdict", json!("good")),
        ("/runs/0/seed", json!(-1)),
        ("/runs/0/epoch", json!("yesterday")),
        ("/runs/1/findings/0/verdict", json!("pass")),
        ("/runs/0/expectations", json!({})),
        ("/requirements/0/actors", json!([])),
    ] {
        assert!(!validator.is_valid(&changed(pointer, value)), "{pointer}");
    }
    let mut more = json;
    more["surprise"] = json!(true);
    assert!(!validator.is_valid(&more));
}

#[test]
fn the_document_names_every_field() {
    let document = fs::read_to_string(root().join("docs/report-json.md")).unwrap();
    let mut names = Vec::new();
    let mut parts = vec![schema()];
    while let Some(part) = parts.pop() {
        if let Some(properties) = part["properties"].as_object() {
            names.extend(properties.keys().cloned());
        }
        match part {
            Value::Object(map) => parts.extend(map.into_iter().map(|(_, value)| value)),
            Value::Array(items) => parts.extend(items),
            _ => {}
        }
    }
    assert!(names.len() > 40, "{}", names.len());
    for name in names {
        assert!(document.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_page_shows_the_split_the_loss_and_what_was_found() {
    let page = report().html();
    for part in [
        "<rect class=\"cut\"",
        "<rect class=\"split\"",
        "<li class=\"undelivered\"",
        "<p class=\"finding fail\"",
        "<div class=\"unmet\">",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // A few hundred stanzas and the matrix.
    assert!(page.len() < 1 << 20, "{}", page.len());
}

#[test]
fn a_page_of_everything_that_ships_can_be_sent_and_opened() {
    let mut runs = Vec::new();
    for entry in fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "scs") {
            runs.push(judged(&path.file_stem().unwrap().to_string_lossy()));
        }
    }
    let count = runs.len();
    assert!(count > 100, "{count}");
    let weight = Report { runs }.html().len();
    assert!(weight < count * RUN_MAX, "{weight} bytes for {count} runs");
}

/// How many bytes of the page a run may take on average.
const RUN_MAX: usize = 100_000;

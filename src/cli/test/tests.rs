//! What `wallops test` makes of a broken requirement. No scenario breaks one: a finding is put into
//! the judgement of a play.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use super::*;
use crate::conform::invariants::Finding;

const SCENARIO: &str = "scenarios/s02-truly-rotten-time.scs";

/// What is printed of the scenario and told to GitHub, and the verdict, if this is broken at its
/// second entry.
fn with_broken(requirement: &'static str) -> (String, String, Verdict) {
    let script = Script::read(Path::new(SCENARIO)).unwrap();
    let expected = Expected::default();
    let judge = Judge { nets: vec![Net::Event], accept: false, snapshots: None, expected };
    let mut judged = judge.judge(&script).unwrap();
    assert_eq!(judged.verdict(), Verdict::Well);
    let what = "it says less".to_owned();
    let expected = "all that came".to_owned();
    let host = String::new();
    let finding = Finding { requirement, host, entry: 1, what, expected, causes: vec![0] };
    judged.judgement.as_mut().unwrap().findings.push(finding);
    let annotations = requirements::annotations(&judged);
    let annotations = annotations.iter().map(|one| format!("{one}\n")).collect();
    let verdict = judged.verdict();
    let report = report::report(&judge, &[judged]);
    (anstream::adapter::strip_str(&report).to_string(), annotations, verdict)
}

#[test]
fn a_broken_requirement_fails_with_its_line_and_a_command() {
    let (report, annotations, verdict) = with_broken("INV-SAME-COPY");
    assert_eq!(verdict, Verdict::Failed);
    let found = format!("failed  {SCENARIO}:");
    for words in [&found, "INV-SAME-COPY", "it says less", "expected: all that came"] {
        assert!(report.contains(words), "no {words:?} in {report}");
    }
    assert!(
        report.contains(&format!("replay:   wallops judge {SCENARIO} --require INV-SAME-COPY")),
        "{report}"
    );
    let error = format!("::error file={SCENARIO},line=");
    assert!(annotations.starts_with(&error), "{annotations}");
    assert!(
        annotations.contains("title=INV-SAME-COPY%2C master.broadcast.identical::it"),
        "{annotations}"
    );
    assert!(annotations.contains(&format!("%0Areplay: wallops judge {SCENARIO} --require ")));
}

#[test]
fn what_should_be_kept_only_warns() {
    let (report, annotations, verdict) = with_broken("master.keepalive.each-slave");
    assert_eq!(verdict, Verdict::Well);
    assert!(report.contains("warn  ") && annotations.is_empty(), "{report}\n{annotations}");
}

//! A report in the XML that JUnit made common: a suite for each run, in it a case for its
//! expectations and one for each requirement that applied.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Failing, Known, Report, Run, led, plain};
use crate::conform::invariants::Finding;
use crate::conform::judgement::{Row, Verdict};

/// How many findings of one requirement are told in its case.
const FINDINGS_MAX: usize = 20;
/// How long a message is at most, in characters.
const MESSAGE_MAX: usize = 400;
/// How long the text of a stanza is at most, in characters.
const STANZA_MAX: usize = 4_096;

impl Report {
    /// The report as XML for programs that show the results of tests. Of a requirement that never
    /// applied, or that the transcript cannot show, there is a case only if somebody has asked for
    /// it by name: one that was skipped.
    pub fn junit(&self) -> String {
        let mut report = quick_junit::Report::new("wallops");
        report.add_test_suites(self.runs.iter().map(suite));
        // It writes into memory, where nothing fails.
        report.to_string().unwrap_or_default()
    }
}

fn suite(run: &Run) -> TestSuite {
    let mut suite = TestSuite::new(plain::clean(&run.name));
    let header = &run.transcript.header;
    for (name, value) in [
        ("file", run.file.as_str()),
        ("title", run.title()),
        ("profile", &header.profile),
        ("network", &header.network),
        ("seed", &header.seed.to_string()),
        ("replay", &run.replay),
    ] {
        suite.add_property((name, plain::clean(value).as_str()));
    }
    suite.add_test_case(expectations(run));
    suite.add_test_cases(run.untouched.iter().map(|fault| case_of_untouched(run, fault)));
    let lines = run.known.iter().filter(|one| matches!(one.what, Failing::Expectation(_)));
    suite.add_test_cases(lines.map(|known| case_of_known(run, known)));
    let told =
        |row: &&Row| run.asked || !matches!(row.verdict, Verdict::Vacuous | Verdict::Unsupported);
    suite.add_test_cases(run.judgement.rows.iter().filter(told).map(|row| case(run, row)));
    suite
}

fn expectations(run: &Run) -> TestCase {
    let mut status = TestCaseStatus::success();
    if let Some(first) = run.failures.first() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let told = |failure: &super::Failure| {
            format!("{}: {}\n{}\n", run.place_of_failure(failure), failure.text, failure.what)
        };
        let text: String = run.failures.iter().take(FINDINGS_MAX).map(told).collect();
        status
            .set_type("expectation")
            .set_message(plain::short(
                &format!("{}: {}", run.place_of_failure(first), first.what),
                MESSAGE_MAX,
            ))
            .set_description(plain::clean(&format!("{text}\nreplay: {}\n", run.replay)));
    } else if run.expectations == 0 {
        status = TestCaseStatus::skipped();
        status.set_message("it expects nothing");
    }
    let mut case = TestCase::new("expectations", status);
    case.set_classname(plain::clean(&run.name));
    set_place(
        &mut case,
        &run.file,
        run.failures.first().and_then(|first| usize::try_from(first.line).ok()),
    );
    case
}

/// A fault that touched nothing: nothing failed, and what it is to test was not tested.
fn case_of_untouched(run: &Run, fault: &super::Failure) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    let place = run.place_of_failure(fault);
    status.set_message(plain::short(&format!("vacuous: {place}: {}", fault.what), MESSAGE_MAX));
    let mut case = TestCase::new(plain::short(&fault.text, MESSAGE_MAX), status);
    case.set_classname(plain::clean(&run.name));
    set_place(&mut case, &run.file, usize::try_from(fault.line).ok());
    case
}

/// What is listed as failing: a case of its own for an expectation, and for a requirement the one
/// that it has.
fn case_of_known(run: &Run, known: &Known) -> TestCase {
    let name = plain::short(&known.what.to_string(), MESSAGE_MAX);
    let status = match known.seen {
        true => skipped_as_known(known),
        false => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("unexpected pass");
            status.set_message(plain::short(&known.complaint(), MESSAGE_MAX));
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(plain::clean(&run.name));
    set_place(&mut case, &known.file, Some(known.line));
    case
}

fn skipped_as_known(known: &Known) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(plain::short(&format!("known: {}", known.reason), MESSAGE_MAX));
    status
}

fn case(run: &Run, row: &Row) -> TestCase {
    let id = row.requirement.id;
    if let Some(passes) = run.unexpected_passes().find(|one| one.what == Failing::Requirement(id)) {
        return case_of_known(run, passes);
    }
    let known = run.known_row(row);
    let mut status = match row.verdict {
        Verdict::Pass | Verdict::Choice | Verdict::Unspecified => TestCaseStatus::success(),
        Verdict::Vacuous | Verdict::Unsupported => TestCaseStatus::skipped(),
        // A SHOULD that is not followed is told, and fails nothing.
        Verdict::Warn => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    let findings: Vec<&Finding> = run.findings_of(row).collect();
    let text: String = findings.iter().take(FINDINGS_MAX).map(|one| told(run, one)).collect();
    let (statement, replay) = (row.requirement.statement, run.replay_of(id));
    let more = format!("more: wallops explain {id}");
    let text = plain::clean(&format!("{statement}\n{text}replay: {replay}\n{more}\n"));
    match row.verdict {
        Verdict::Vacuous => {
            status.set_message("vacuous: it never applied");
        }
        Verdict::Unsupported => {
            status.set_message(format!("unsupported: {}", row.reason.unwrap_or_default()));
        }
        Verdict::Fail => {
            let message = findings.first().map_or_else(
                || format!("{id}: broken {} times", row.tally.broken),
                |first| format!("{}: {}: {}", run.place_of(first), names(id, first), first.what),
            );
            status.set_type(id).set_message(plain::short(&message, MESSAGE_MAX));
            status.set_description(text.clone());
        }
        _ => {}
    }
    let mut case = TestCase::new(id, known.map_or(status, skipped_as_known));
    case.set_classname(plain::clean(&run.name));
    if let Some(first) = findings.first() {
        set_place(&mut case, &run.file, run.line_of(first.entry));
    }
    if row.verdict == Verdict::Warn && known.is_none() {
        case.set_system_out(text);
    }
    case
}

/// `INV-JID-SLAVE`, or for another requirement that breaks with it
/// `master.presence.no-jid-without-moderators, by INV-JID-SLAVE`.
fn names(id: &str, finding: &Finding) -> String {
    match finding.requirement {
        own if own == id => id.to_owned(),
        other => format!("{id}, by {other}"),
    }
}

/// The attributes by which some readers of these files find the line.
fn set_place(case: &mut TestCase, file: &str, line: Option<usize>) {
    case.extra.insert("file".into(), plain::clean(file).into());
    if let Some(line) = line.filter(|line| *line > 0) {
        case.extra.insert("line".into(), line.to_string().into());
    }
}

fn told(run: &Run, finding: &Finding) -> String {
    let stanza = run.stanza_of(finding, STANZA_MAX).map(|stanza| stanza + "\n");
    let because: String = run.because_of(finding).map(|because| because + "\n").collect();
    format!(
        "{}: {} at entry {}\n{}\nexpected: {}\n{}{because}",
        run.place_of(finding),
        finding.named(),
        led::number(finding.entry),
        finding.what,
        finding.expected,
        stanza.unwrap_or_default(),
    )
}

//! The log of one server, or of one person's client, condemns nobody who did nothing wrong.

use wallops::conform::judgement::Judgement;
use wallops::conform::views::Views;
use wallops::transcript::{Transcript, What};

use crate::logs::{hosts, judged, seen_by, slowly, without_arrivals};
use crate::stage::{Run, shipped};

/// What came of logs.
#[derive(Default)]
struct Judged {
    /// What was found.
    wrong: String,
    logs: usize,
    /// How many requirements applied.
    applied: usize,
}

impl Judged {
    /// That of one more log of a run, if it can be judged; `known`: what is broken in the run.
    fn add(&mut self, log: &Transcript, name: &str, known: &[&str]) {
        let Some(judgement) = judged(log) else { return };
        self.logs += 1;
        self.applied += judgement.rows.iter().filter(|row| row.applied()).count();
        let found = judgement.findings.iter();
        let found = found.filter(|one| !known.contains(&one.requirement));
        self.wrong.extend(found.map(|one| format!("{name}: {one}\n")));
    }
}

/// The shipped runs whose names do not begin like one of these. In s07 hosts are made to send what
/// their machines would not.
fn runs(but: &'static [&'static str]) -> impl Iterator<Item = Run> {
    let runs = shipped().into_iter().map(|path| Run::event(&path));
    let left_out =
        move |run: &Run| but.iter().chain(&["s07-"]).any(|one| run.name.starts_with(one));
    runs.filter(move |run| !left_out(run))
}

/// What random schedules have found is odd in every way.
const FOUND: &str = "found-";

#[test]
fn what_one_host_has_seen_condemns_nobody() {
    let mut all = Judged::default();
    for run in runs(&[FOUND]) {
        let slow = slowly(&run.transcript);
        for host in hosts(&run.transcript) {
            all.add(&seen_by(&host, &slow), &format!("{} at {host}", run.name), &[]);
        }
    }
    let Judged { wrong, logs, applied } = all;
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(logs > 1_000 && applied > logs * 5, "{applied} in {logs}");
}

#[test]
fn machines_that_take_time_are_not_condemned_for_it() {
    let mut all = Judged::default();
    for run in runs(&[]) {
        if run.transcript.entries.iter().any(|one| matches!(one.what, What::Fault(_))) {
            continue;
        }
        let exact = Judgement::of(&run.transcript, &run.setting);
        let known: Vec<_> = exact.findings.iter().map(|finding| finding.requirement).collect();
        let slow = slowly(&run.transcript);
        for log in [slow.clone(), without_arrivals(slow)] {
            all.add(&log, &run.name, &known);
        }
    }
    let Judged { wrong, logs, applied } = all;
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(logs > 100 && applied > logs * 40, "{applied} in {logs}");
}

#[test]
fn a_rule_was_broken_as_often_as_it_was_though_few_findings_are_kept() {
    let run = Run::of("s02-truly-rotten-time");
    let mut judgement = Judgement::of(&run.transcript, &run.setting);
    let mut rows = judgement.rows.iter_mut();
    rows.find(|row| row.requirement.id == "INV-NO-DUP").unwrap().tally.broken = 5_000;
    judgement.limit(&Views::of(&run.transcript, &run.setting));
    assert_eq!(judgement.row("INV-NO-DUP").unwrap().tally.broken, 5_000);
}

//! The log of one server, or of one person's client, condemns nobody who did nothing wrong.

use wallops::conform::judgement::Judgement;
use wallops::conform::views::Views;
use wallops::transcript::What;

use crate::logs::{hosts, judged, seen_by, slowly, without_arrivals};
use crate::stage::{Run, shipped};

#[test]
fn what_one_host_has_seen_condemns_nobody() {
    let (mut wrong, mut logs, mut applied) = (String::new(), 0, 0);
    for path in shipped() {
        let run = Run::event(&path);
        // What random schedules have found is odd in every way; in s07 hosts are made to send what
        // their machines would not.
        if run.name.starts_with("found-") || run.name.starts_with("s07-") {
            continue;
        }
        let slow = slowly(&run.transcript);
        for host in hosts(&run.transcript) {
            let Some(judgement) = judged(&seen_by(&host, &slow)) else { continue };
            logs += 1;
            applied += judgement.rows.iter().filter(|row| row.applied()).count();
            let found = judgement.findings.iter();
            wrong.extend(found.map(|one| format!("{} at {host}: {one}\n", run.name)));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(logs > 1_000 && applied > logs * 5, "{applied} in {logs}");
}

#[test]
fn machines_that_take_time_are_not_condemned_for_it() {
    let (mut wrong, mut logs, mut applied) = (String::new(), 0, 0);
    for path in shipped() {
        let run = Run::event(&path);
        let faulty = run.transcript.entries.iter().any(|one| matches!(one.what, What::Fault(_)));
        if faulty || run.name.starts_with("s07-") {
            continue;
        }
        let exact = Judgement::of(&run.transcript, &run.setting);
        let known: Vec<_> = exact.findings.iter().map(|finding| finding.requirement).collect();
        let slow = slowly(&run.transcript);
        for log in [slow.clone(), without_arrivals(slow)] {
            let Some(judgement) = judged(&log) else { continue };
            logs += 1;
            applied += judgement.rows.iter().filter(|row| row.applied()).count();
            let found = judgement.findings.iter();
            let found = found.filter(|one| !known.contains(&one.requirement));
            wrong.extend(found.map(|one| format!("{}: {one}\n", run.name)));
        }
    }
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

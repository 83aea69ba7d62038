//! Judging a master that somebody else has written (`tests/judge/foreign/`): what is wrong with it
//! is found, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use wallops::conform::instants;
use wallops::conform::judgement::{Judgement, Verdict};
use wallops::conform::requirements::Actor;
use wallops::conform::survey::survey;
use wallops::conform::views::Views;
use wallops::transcript::import::{Format, ImportOptions, import};

/// The host of the master.
const MASTER: &str = "channel.avalon.irc";

/// What is wrong with it, on which lines of its log that shows, and which requirements say so.
const FAULTS: [(&[&str], &[usize]); 3] = [
    // LEAVE comes after the departure was told.
    (&["master.leave.before-broadcast"], &[53, 64, 68, 75]),
    // The time of a message stands beside the element of XEP-0282.
    (&["master.broadcast.delay-in-dmuc"], &[7, 30, 31, 33, 34, 55, 56, 70, 71, 77, 78]),
    // Real JIDs are shown to a slave without moderators. The invariant says the same of every
    // element in which a JID may stand; it is what finds it, for both. On lines 73 and 75, a
    // departure and the LEAVE that comes late, it is that of the last moderator of a slave.
    (
        &["INV-JID-SLAVE", "master.presence.no-jid-without-moderators"],
        &[17, 21, 27, 37, 52, 59, 63, 67, 73, 74, 75],
    ),
];

#[test]
fn its_three_faults_are_found_and_nothing_else() {
    let (judgement, lines) = judge(include_str!("judge/foreign/master.log"));
    let known: BTreeSet<_> = FAULTS.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
    assert_eq!(blemishes(&judgement), known);
    for (ids, expected) in FAULTS {
        let of = judgement.findings.iter().filter(|one| ids.contains(&one.requirement));
        let found: Vec<_> = of.map(|one| lines[one.entry]).collect();
        assert_eq!(found, expected, "{ids:?}");
    }
    let of_master = judgement.clone().of_party(Actor::Master, |host| host == MASTER);
    assert_eq!(blemishes(&of_master), known, "it is the master's doing");
    let of_slaves = judgement.of_party(Actor::Slave, |host| host != MASTER);
    assert_eq!(of_slaves.findings, [], "it is not the slaves' doing");
}

#[test]
fn a_late_leave_is_found_with_what_was_told_before_it() {
    let (judgement, lines) = judge(include_str!("judge/foreign/master.log"));
    let mut late = judgement.findings.iter().filter(|one| one.requirement == FAULTS[0].0[0]);
    let late = late.next().unwrap();
    let causes: Vec<_> = late.causes.iter().map(|entry| lines[*entry]).collect();
    assert_eq!((lines[late.entry], causes), (53, vec![51, 52]));
    assert!(late.what.starts_with("told before it that Efchen is gone: "), "{}", late.what);
    // Nothing has shown before that there is no moderator: line 73 itself shows that one goes.
    let bare = judgement.findings.iter().filter(|one| one.causes.is_empty());
    let bare: BTreeSet<_> = bare.map(|one| lines[one.entry]).collect();
    assert_eq!(bare, [17, 73].into());
}

#[test]
fn nothing_is_found_if_it_makes_no_mistakes() {
    let (judgement, lines) = judge(include_str!("judge/foreign/right.log"));
    let found = judgement.findings.iter();
    let found: Vec<_> = found.map(|one| format!("line {}: {one}", lines[one.entry])).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert_eq!(blemishes(&judgement), BTreeSet::new());
    for (ids, _) in FAULTS {
        for id in ids {
            assert_eq!(judgement.row(id).unwrap().verdict, Verdict::Pass, "{id}");
        }
    }
    let passed = judgement.rows.iter().filter(|row| row.verdict == Verdict::Pass).count();
    assert!(passed >= 38, "only {passed} requirements were looked at");
}

/// The judgement of a log, and the line of each entry.
fn judge(log: &str) -> (Judgement, Vec<usize>) {
    let imported = import(log, Format::Plain, &ImportOptions::default()).unwrap();
    assert_eq!(imported.notices, []);
    let transcript = imported.transcript;
    let setting = survey(&transcript);
    let mut judgement = instants::judge(transcript.clone(), &setting);
    judgement.limit(&Views::of(&transcript, &setting));
    (judgement, imported.lines)
}

/// The requirements that were broken.
fn blemishes(judgement: &Judgement) -> BTreeSet<&'static str> {
    let bad = |verdict| matches!(verdict, Verdict::Warn | Verdict::Fail);
    let rows = judgement.rows.iter().filter(|row| bad(row.verdict));
    rows.map(|row| row.requirement.id).collect()
}

//! Judging a master that somebody else has written (`tests/judge/foreign/`): what is wrong with it
//! is found, and nothing else, whoever wrote the record.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use wallops::conform::instants;
use wallops::conform::invariants::Setting;
use wallops::conform::judgement::{Judgement, Verdict};
use wallops::conform::requirements::Actor;
use wallops::conform::survey::survey;
use wallops::transcript::import::{Format, ImportOptions, Imported, import};
use wallops::transcript::{Space, Transcript};

/// The host of the master.
const MASTER: &str = "channel.avalon.irc";

/// What is wrong with it, on which lines of its log that shows, and which requirements say so.
const FAULTS: [(&[&str], &[usize]); 3] = [
    // LEAVE comes after the departure was told.
    (&["master.leave.before-broadcast"], &[53, 64, 68, 75]),
    // The time of a message stands beside the element of XEP-0282.
    (&["master.broadcast.delay-in-dmuc"], &[7, 9, 30, 31, 33, 34, 55, 56, 70, 71, 77, 78]),
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

/// The records that servers and a capture have of what it does, and how often each of its faults
/// shows in them. In Prosody's what waited for the stream to a slave is not told, and ejabberd's is
/// of another play.
const RECORDS: [(Format, &str, [usize; 3]); 3] = [
    (Format::Tshark, include_str!("judge/foreign/capture.tsv"), [4, 12, 11]),
    (Format::Prosody, include_str!("judge/foreign/prosody-of-master.log"), [4, 12, 11]),
    (Format::Ejabberd, include_str!("judge/foreign/ejabberd.log"), [4, 14, 2]),
];

#[test]
fn whoever_wrote_the_record_the_same_is_found() {
    for (format, log, counts) in RECORDS {
        let (judgement, _) = judge_as(log, format);
        let known: BTreeSet<_> = FAULTS.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
        assert_eq!(blemishes(&judgement), known, "{format}");
        for ((ids, _), count) in FAULTS.into_iter().zip(counts) {
            let of = judgement.findings.iter().filter(|one| ids.contains(&one.requirement));
            assert_eq!(of.count(), count, "{format}: {ids:?}");
        }
    }
}

#[test]
fn the_order_in_which_a_master_sends_is_that_of_its_own_wire() {
    let (of_master, of_all) = (include_str!("judge/foreign/master.log"), RECORDS[0].1);
    let own = sent_by_master(&read(of_master, Format::Plain).transcript);
    let captured = sent_by_master(&read(of_all, Format::Tshark).transcript);
    assert!(own.len() > 50 && own == captured, "{own:#?}\n{captured:#?}");
}

#[test]
fn a_server_of_slaves_is_judged_by_what_its_slaves_do() {
    let log = include_str!("judge/foreign/prosody-of-slaves.log");
    let (judgement, _) = judge_as(log, Format::Prosody);
    assert_eq!(judgement.findings, []);
    let row = |id: &str| judgement.row(id).unwrap().verdict;
    assert_eq!(row("slave.same-security-domain"), Verdict::Pass);
    // What the master did first is not seen where two streams of its bring it.
    assert_eq!(row("master.enter.presence-to-all-first"), Verdict::Unsupported);
}

/// What the master sends, without its words: the receiver and the id.
fn sent_by_master(transcript: &Transcript) -> Vec<String> {
    let sent = transcript.hops().map(|(_, _, hop)| hop).filter(|hop| *hop.from == *MASTER);
    let tag = |id: Option<&str>, to: &str| format!("{} to {to}", id.unwrap_or_default());
    sent.map(|hop| tag(hop.stanza.id.as_deref(), &hop.to)).collect()
}

fn read(log: &str, format: Format) -> Imported {
    assert_eq!(Format::detect(log), Some(format));
    import(log, format, &ImportOptions::default()).unwrap()
}

/// The judgement of a plain log, and the line of each entry.
fn judge(log: &str) -> (Judgement, Vec<usize>) {
    assert_eq!(read(log, Format::Plain).notices, []);
    judge_as(log, Format::Plain)
}

fn judge_as(log: &str, format: Format) -> (Judgement, Vec<usize>) {
    let Imported { transcript, lines, served, .. } = read(log, format);
    let setting = Setting { served, ..survey(&transcript) };
    let judged = instants::judge(&transcript, &setting, false, Space::MEMORY);
    (judged.unwrap(), lines)
}

/// The requirements that were broken.
fn blemishes(judgement: &Judgement) -> BTreeSet<&'static str> {
    let bad = |verdict| matches!(verdict, Verdict::Warn | Verdict::Fail);
    let rows = judgement.rows.iter().filter(|row| bad(row.verdict));
    rows.map(|row| row.requirement.id).collect()
}

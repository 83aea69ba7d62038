//! What judging a transcript costs, per entry, and how that grows with its length: judging alone,
//! and all that `wallops judge FILE` does, which goes through the file once if it is told the
//! setting, and twice if it has to infer it.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up has to stop")]

use std::fs::File;
use std::io::Write;

use divan::Bencher;
use divan::counter::ItemsCount;
use wallops::conform::invariants::Setting;
use wallops::conform::judgement::Judgement;
use wallops::conform::survey::survey;
use wallops::scenario::{Source, parse};
use wallops::sim::play::{Options, play_event, setting};
use wallops::transcript::edition::Words;
use wallops::transcript::{Entry, Record, StoredRecord, Transcript, Watched};

fn main() {
    divan::main();
}

const CAST: &str = include_str!("../scenarios/casts/wallops.cast");

/// A day in the room of the cast: so many messages, from all three slaves in turn.
fn chatter(messages: usize) -> (Transcript, Setting) {
    let mut text = "# Chatter\n\n## profile: core\n## cast: wallops\n\n-----\n\n".to_owned();
    for number in 0..messages {
        let author = ["BigCheese", "Wumpus", "Phaedrus", "Efchen"][number % 4];
        text += &format!("{author} says \"Truly {number}.\"\n");
    }
    text += "Everybody hears Wumpus say \"Truly 1.\"\n";
    let find = |_: &str| Ok(Source::new("wallops.cast", CAST));
    let scenario = parse(&Source::new("chatter.scs", &text), &find)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let transcript = play_event(&scenario, &Options::default()).unwrap().transcript;
    (transcript, setting(&scenario, false))
}

#[divan::bench(args = [100, 1_000, 9_000], sample_count = 5)]
fn all_monitors(bencher: Bencher<'_, '_>, messages: usize) {
    let (transcript, setting) = chatter(messages);
    bencher
        .counter(ItemsCount::new(transcript.entries.len()))
        .bench_local(|| Judgement::of(&transcript, &setting));
}

#[divan::bench(args = [100, 1_000, 9_000], sample_count = 5)]
fn file_with_its_setting(bencher: Bencher<'_, '_>, messages: usize) {
    file(bencher, messages, |_, setting| setting.clone());
}

#[divan::bench(args = [100, 1_000, 9_000], sample_count = 5)]
fn file_alone(bencher: Bencher<'_, '_>, messages: usize) {
    file(bencher, messages, |record, _| survey(record));
}

/// Judge the transcript in a file, by a setting that `find` finds.
fn file(
    bencher: Bencher<'_, '_>,
    messages: usize,
    find: impl Fn(&dyn Record, &Setting) -> Setting + Sync,
) {
    let (transcript, setting) = chatter(messages);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(transcript.stored().as_bytes()).unwrap();
    bencher.counter(ItemsCount::new(transcript.entries.len())).bench_local(|| {
        let stored = StoredRecord::new(|| File::open(file.path())).unwrap().read_ahead();
        let mut words = Words::default();
        let mut watch = |entry: &Entry| words.feed(entry);
        let record = Watched::new(&stored, &mut watch);
        let judgement = Judgement::of_what_shows(&record, &find(&record, &setting), false);
        assert!(stored.failure().is_none() && judgement.findings.is_empty());
        judgement
    });
}

//! One scenario on three networks: stanzas in a queue, XML over TCP event by event, and the same
//! XML over turmoil's `Sim` at a tick of a millisecond. `cargo bench --bench networks`.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

#[path = "../tests/turmoil/ticking.rs"]
mod ticking;

use std::fs;
use std::path::Path;

use divan::Bencher;
use ticking::Ticking;
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, play, play_event, play_wire};

fn main() {
    divan::main();
}

fn find_cast(name: &str) -> Result<Source, String> {
    let path = Path::new("scenarios/casts").join(format!("{name}.cast"));
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    Ok(Source::new(&path.display().to_string(), &text))
}

/// S10: the link to a slave refuses, everybody is told, the link heals.
fn great_bounce() -> (Scenario, Options) {
    let path = "scenarios/s10-the-great-bounce.scs";
    let text = fs::read_to_string(path).unwrap();
    let scenario = parse(&Source::new(path, &text), &find_cast).unwrap();
    (scenario, Options { source: text.into(), ..Options::default() })
}

#[divan::bench]
fn s10_on_event(bencher: Bencher) {
    let (scenario, options) = great_bounce();
    bencher.bench_local(|| play_event(&scenario, &options).unwrap());
}

#[divan::bench]
fn s10_on_wire(bencher: Bencher) {
    let (scenario, options) = great_bounce();
    bencher.bench_local(|| play_wire(&scenario, &options).unwrap());
}

#[divan::bench(sample_count = 10)]
fn s10_on_turmoil_ticking(bencher: Bencher) {
    let (scenario, options) = great_bounce();
    bencher.bench_local(|| play(&scenario, &options, Ticking::new).unwrap());
}

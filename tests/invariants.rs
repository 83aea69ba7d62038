//! The invariants: they hold of every scenario that ships, on both networks, and each of them is
//! seen to be broken in a record in which it is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shipped/files.rs"]
mod files;
#[path = "shipped/headline.rs"]
mod headline;
#[path = "invariants/liveness.rs"]
mod liveness;
#[path = "invariants/safety.rs"]
mod safety;
#[path = "invariants/stage.rs"]
mod stage;

use stage::{Run, shipped};

#[test]
fn nothing_is_found_in_the_shipped_scenarios_on_the_event_network() {
    let found: Vec<_> = shipped().iter().map(|path| Run::event(path).findings()).collect();
    assert!(found.iter().all(String::is_empty), "\n{}", found.concat());
}

#[test]
fn nothing_is_found_in_the_shipped_scenarios_on_the_wire_network() {
    let found: Vec<_> = shipped().iter().map(|path| Run::wire(path).findings()).collect();
    assert!(found.iter().all(String::is_empty), "\n{}", found.concat());
}

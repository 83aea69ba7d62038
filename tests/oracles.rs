//! Oracles: two runs that have to come to the same end, or a run and a plain room.
//!
//! `stateless`: a split in which nobody acts leaves no trace. `ends`: a master ends as a plain room
//! that was given the same. That nobody can tell slaves from a plain room while it runs is the
//! business of `against_plain`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "oracles/drawn.rs"]
mod drawn;
#[path = "oracles/ending.rs"]
mod ending;
#[path = "oracles/ends.rs"]
mod ends;
#[path = "shipped/files.rs"]
mod files;
#[path = "oracles/reference.rs"]
mod reference;
#[path = "oracles/requests.rs"]
mod requests;
#[path = "oracles/split.rs"]
mod split;
#[path = "oracles/stateless.rs"]
mod stateless;
#[path = "oracles/wrong.rs"]
mod wrong;

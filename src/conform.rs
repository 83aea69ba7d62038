//! Judging transcripts: whether a run is what XEP-0282 says.
//!
//! It reads transcripts and nothing else, so it judges a simulated run, a stored one and one that
//! was captured from another implementation alike. It does *not* know how a run was made.

pub mod examples;
pub mod instants;
pub mod invariants;
pub mod judgement;
mod monitors;
pub mod plain;
pub mod requirements;
pub mod splits;
pub mod survey;
pub mod unsaid;
mod vantage;
pub mod views;

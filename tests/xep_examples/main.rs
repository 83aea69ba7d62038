//! The XEP's examples: their data, runs that contain them, and runs that do not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod data;
mod hidden;
mod machines;
mod mutations;
mod orders;
mod run;
mod stamps;

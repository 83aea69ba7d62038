//! The program, as people run it: every command, every exit code, every kind of bad input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "cli/again.rs"]
mod again;
#[path = "cli/against_plain.rs"]
mod against_plain;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/ci.rs"]
mod ci;
#[path = "cli/coverage.rs"]
mod coverage;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/diagram.rs"]
mod diagram;
#[path = "cli/expected.rs"]
mod expected;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/explore.rs"]
mod explore;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/judge.rs"]
mod judge;
#[path = "cli/judge_files.rs"]
mod judge_files;
#[path = "cli/logs.rs"]
mod logs;
#[path = "cli/repeat.rs"]
mod repeat;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/test.rs"]
mod test;
#[path = "cli/texts.rs"]
mod texts;

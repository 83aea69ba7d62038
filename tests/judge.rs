//! Judging records from outside: by what they show themselves, without the scenario.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "judge/bounced.rs"]
mod bounced;
#[path = "shipped/files.rs"]
mod files;
#[path = "shipped/headline.rs"]
mod headline;
#[path = "shipped/logs.rs"]
mod logs;
#[path = "judge/one_fault.rs"]
mod one_fault;
#[path = "judge/slow.rs"]
mod slow;
#[path = "judge/small_faults.rs"]
mod small_faults;
#[path = "invariants/stage.rs"]
#[allow(dead_code, reason = "the stage of the invariants has more")]
mod stage;
#[path = "judge/survey.rs"]
mod survey;
#[path = "judge/views.rs"]
mod views;

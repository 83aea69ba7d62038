//! Time.

use super::super::ast::Step;
use crate::time::Duration;

/// How time passes.
#[derive(Clone, Debug, PartialEq)]
pub enum Pause {
    /// `wait 30s`
    Wait(Duration),
    /// `wait until quiet`: until nothing happens any more but keepalive.
    UntilQuiet,
    /// `meanwhile`, with an indented block: these lines happen at one instant.
    Meanwhile(Vec<Step>),
}

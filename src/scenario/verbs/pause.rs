//! Time.

use super::super::ast::Step;
use super::super::line::Parsed;
use super::super::sentence::Sentence;
use crate::time::Duration;

/// How time passes.
#[derive(Clone, Debug, PartialEq)]
pub enum Pause {
    /// `wait 30s`
    Wait(Duration),
    /// `wait until quiet`: until nothing happens any more but keepalive.
    UntilQuiet,
    /// `meanwhile`, with an indented block: these lines happen at one instant. A `wait` among them
    /// lets exactly so much time pass, whatever is in flight.
    Meanwhile(Vec<Step>),
}

impl Pause {
    /// What comes next, but for `meanwhile`, whose block whoever reads the script reads too.
    pub(in super::super) fn parse(s: &mut Sentence<'_>) -> Parsed<Option<Self>> {
        if s.line.words("wait until quiet") {
            return Ok(Some(Pause::UntilQuiet));
        }
        if s.line.words("wait") {
            return s.duration().map(|span| Some(Pause::Wait(span)));
        }
        Ok(None)
    }
}

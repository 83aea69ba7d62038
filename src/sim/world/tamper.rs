//! The one seam by which a machine can be made wrong on purpose.
//!
//! What is judged has to be able to fail: a gallery of wrong machines, in the tests, proves each
//! monitor. They alter what a server does at its boundary, of which the machines themselves know
//! nothing; and where that does not reach, they turn on a slip of a machine. Nothing else may use
//! it.

use std::fmt;

use crate::dmuc::Slips;
use crate::server::{Input, Output};
use crate::stanza::Stanza;
use crate::time::Time;

/// Alters what servers take in and do.
pub trait Tamper: fmt::Debug {
    /// What is wrong inside the machines, from now on.
    fn slips(&self) -> Slips {
        Slips::default()
    }

    /// A server is about to take this in: what it takes in instead.
    fn input(&mut self, now: Time, host: &str, input: Input) -> Vec<Input> {
        let _ = (now, host);
        vec![input]
    }

    /// A server does this: it may be changed. What is pushed to `forged` the server sends besides,
    /// as if one of its machines had.
    fn outputs(
        &mut self,
        now: Time,
        host: &str,
        outputs: &mut Vec<Output>,
        forged: &mut Vec<Stanza>,
    );
}

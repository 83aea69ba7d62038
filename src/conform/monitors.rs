//! Monitors: one for each statement of the XEP that a transcript can show, in a file for each of its
//! sections; and the invariants.

use super::invariants::{Invariant, invariants};

/// All of them.
pub(super) fn all() -> Vec<Box<dyn Invariant>> {
    invariants()
}

//! What went over the network: expectations about numbers of stanzas.

use super::super::ast::Name;

/// What went over the network since the last line that made something happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// `Exactly 4 stanzas cross between servers`, `Nothing crosses from vesa to channel`
    Stanzas(Count, Path),
    /// `The cut lost at least one stanza`, `The cut lost nothing`: all cuts so far.
    CutLost(Count),
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// `Exactly 4`, `Nothing`
    Exactly(u64),
    /// `At least 4`
    AtLeast(u64),
    /// `At most 4`
    AtMost(u64),
}

impl Count {
    /// Whether this number is as expected.
    pub fn admits(self, number: u64) -> bool {
        match self {
            Count::Exactly(expected) => number == expected,
            Count::AtLeast(least) => number >= least,
            Count::AtMost(most) => number <= most,
        }
    }
}

/// Between whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// `between servers`: any two of them.
    BetweenServers,
    /// `from vesa to channel`: two domains.
    FromTo(Name, Name),
    /// `between vesa and channel`: two domains, both directions.
    Between(Name, Name),
}

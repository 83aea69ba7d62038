//! A record that is not held in memory: how much there is of it, in whose words it is, and which of
//! its entries a report tells.

use std::collections::BTreeSet;

use crate::conform::judgement::Judgement;
use crate::report::diagram::ROWS_MAX;
use crate::report::drawn;
use crate::transcript::edition::Words;
use crate::transcript::{Entry, What};

/// How much there is of a record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    pub entries: usize,
    /// How many of these are stanzas that left a host.
    pub stanzas: usize,
}

/// What shows while one goes through a record for the first time.
#[derive(Default)]
pub(super) struct Shown {
    pub words: Words,
    pub extent: Extent,
}

impl Shown {
    /// The next entry.
    pub fn feed(&mut self, entry: &Entry) {
        self.words.feed(entry);
        self.extent.entries += 1;
        self.extent.stanzas += usize::from(matches!(entry.what, What::Hop(_)));
    }
}

impl Extent {
    /// The numbers of the entries that have to do with what was found, and if there are to be
    /// pictures those to draw.
    pub fn wanted(self, judgement: &Judgement, drawing: bool) -> BTreeSet<usize> {
        let mut wanted = judgement.entries();
        if drawing {
            wanted.extend(drawn(&judgement.findings, self.entries, ROWS_MAX));
        }
        wanted
    }
}

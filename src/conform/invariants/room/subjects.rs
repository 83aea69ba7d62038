//! What was ever the subject of a room.

use std::collections::BTreeSet;

use super::NickId;

/// The contents of subjects, and who set each.
#[derive(Debug, Default)]
pub(in crate::conform) struct Subjects(BTreeSet<(u64, Option<NickId>)>);

impl Subjects {
    /// The master tells somebody of this one.
    pub fn learn(&mut self, content: u64, nick: Option<NickId>) {
        if self.0.len() < SUBJECTS_MAX {
            self.0.insert((content, nick));
        }
    }

    /// Whether this was ever the subject.
    pub fn has(&self, content: u64, nick: Option<NickId>) -> bool {
        self.0.contains(&(content, nick))
    }
}

/// How many are remembered.
const SUBJECTS_MAX: usize = 10_000;

//! A record that was judged, and what of it is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::show;
use crate::cli::annotations::Annotation;
use crate::conform::judgement::Judgement;
use crate::conform::requirements::{Level, Requirement};
use crate::transcript::Entry;
use crate::transcript::edition::Edition;
use crate::transcript::import::Notice;

/// What came of a record.
pub(super) struct Judged {
    /// The file that it comes from.
    pub name: String,
    /// What its reader has to say of it.
    pub notices: Vec<Notice>,
    /// What came of it.
    pub judgement: Judgement,
    /// In whose words it is told.
    pub edition: Edition,
    /// The entries at which something was found, and those that led to it, each with its line.
    pub entries: BTreeMap<usize, (usize, Entry)>,
}

impl Judged {
    /// An entry that has to do with what was found.
    pub fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(&number).map(|(_, entry)| entry)
    }

    /// Where it is told: file and line.
    pub fn place(&self, number: usize) -> String {
        match self.entries.get(&number) {
            Some((line, _)) if *line > 0 => format!("{}:{line}", self.name),
            _ => self.name.clone(),
        }
    }

    /// Of each requirement the first `most` findings, for the pages of GitHub.
    pub fn annotations(&self, most: usize) -> impl Iterator<Item = Annotation> {
        let level = |id: &str| Requirement::find(id).map(|one| one.level);
        let findings = show::first_of_each(&self.judgement.findings, most);
        findings.map(move |one| Annotation {
            warns: level(one.requirement) == Some(Level::Should),
            file: self.name.clone(),
            line: self.entries.get(&one.entry).map_or(0, |(line, _)| *line),
            title: one.requirement.to_owned(),
            message: format!(
                "{}\nexpected: {}\nwallops explain {}",
                one.what, one.expected, one.requirement
            ),
        })
    }
}

/// The entries that have to do with what was found.
pub(super) fn entries_of(judgement: &Judgement) -> BTreeSet<usize> {
    let findings = judgement.findings.iter();
    findings.flat_map(|one| one.causes.iter().chain([&one.entry])).copied().collect()
}

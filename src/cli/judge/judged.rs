//! A record that was judged, and what of it is shown.

use std::collections::BTreeMap;
use std::path::Path;

use super::command::command;
use super::extent::Extent;
use super::show;
use crate::cli::annotations::Annotation;
use crate::cli::{args, report};
use crate::conform::judgement::{Judgement, Verdict};
use crate::conform::requirements::{Level, Requirement};
use crate::dmuc::Note;
use crate::report::{Part, Run};
use crate::transcript::edition::Edition;
use crate::transcript::import::Notice;
use crate::transcript::{Entry, Transcript};

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
    /// What a report tells besides, if one is wanted.
    pub reported: Option<Reported>,
}

/// What a report tells of a record.
pub(super) struct Reported {
    /// All of it, if it is held in memory, or else its header alone.
    pub transcript: Transcript,
    /// The line of its file to which each of these entries belongs; 0 if there is none.
    pub lines: Vec<usize>,
    /// How much there is of it, if it is not held in memory.
    pub extent: Option<Extent>,
    /// What people are called, by full JID, if a scenario says so.
    pub people: BTreeMap<String, String>,
    /// When machines have lost one another and met again, if they do not say it themselves.
    pub splits: Vec<(usize, Note)>,
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

    /// The same for a report, as it was judged; nothing if none is wanted.
    pub fn into_run(self, arguments: &args::Judge) -> Option<Run> {
        let Reported { mut transcript, mut lines, extent, people, splits } = self.reported?;
        let part = extent.map(|Extent { entries, stanzas }| {
            let mut numbers = Vec::new();
            for (number, (line, entry)) in self.entries {
                numbers.push(number);
                lines.push(line);
                transcript.entries.push(entry);
            }
            Part { numbers, entries, stanzas }
        });
        let mut judgement = self.judgement;
        if arguments.strict {
            let warns = judgement.rows.iter_mut().filter(|row| row.verdict == Verdict::Warn);
            warns.for_each(|row| row.verdict = Verdict::Fail);
        }
        let required: Vec<&str> = arguments.require.iter().map(String::as_str).collect();
        Some(Run {
            name: report::name(Path::new(&self.name)),
            replay: command(arguments, &self.name, &required),
            judge: command(arguments, &self.name, &[]),
            file: self.name,
            people,
            splits,
            transcript,
            lines,
            part,
            judgement,
            expectations: 0,
            unmet: 0,
            failures: Vec::new(),
            untouched: Vec::new(),
            asked: !required.is_empty(),
            known: Vec::new(),
        })
    }

    /// Of each requirement the first `most` findings, for the pages of GitHub.
    /// `again` tells the command that judges by a requirement again.
    pub fn annotations(
        &self,
        most: usize,
        again: &dyn Fn(&str) -> String,
    ) -> impl Iterator<Item = Annotation> {
        let level = |id: &str| Requirement::find(id).map(|one| one.level);
        let findings = show::first_of_each(&self.judgement.findings, most);
        findings.map(move |one| Annotation {
            warns: level(one.requirement) == Some(Level::Should),
            file: self.name.clone(),
            line: self.entries.get(&one.entry).map_or(0, |(line, _)| *line),
            column: 0,
            title: one.ids().collect::<Vec<_>>().join(", "),
            message: format!(
                "{}\nexpected: {}\nwallops explain {}\nreplay: {}",
                one.what,
                one.expected,
                one.requirement,
                again(one.requirement)
            ),
        })
    }
}

//! What led to what was found, and how to see it again, in words.

use super::{Run, plain};
use crate::conform::invariants::Finding;
use crate::stanza::ShortNames;

/// How long what is told of one entry is at most, in characters.
const WORDS_MAX: usize = 400;

impl Run {
    /// The stanza at which a finding shows, on its lines, at most so many characters of it.
    pub(super) fn stanza_of(&self, finding: &Finding, length_max: usize) -> Option<String> {
        let stanza = self.entry(finding.entry)?.stanza()?;
        Some(plain::cut(&stanza.to_string(), length_max))
    }

    /// What led to a finding: `because of a.scs:3, entry 4: a.irc -> b.irc: message …`.
    pub(super) fn because_of(&self, finding: &Finding) -> impl Iterator<Item = String> {
        finding.causes.iter().map(|cause| {
            let place = self.place(self.line_of(*cause));
            let told = format!("because of {place}, entry {}", number(*cause));
            let Some(entry) = self.entry(*cause) else { return told };
            let words = entry.stanza().map(|stanza| stanza.describe(&ShortNames::default()));
            let words = words.map(|words| format!(": {words}")).unwrap_or_default();
            let headline = entry.headline();
            // Foreign records know no delays.
            let headline = headline.strip_suffix("  after 0 s").unwrap_or(&headline);
            plain::short(&format!("{told}: {headline}{words}"), WORDS_MAX)
        })
    }

    /// The command that judges the run by this requirement again.
    pub(super) fn replay_of(&self, id: &str) -> String {
        match self.judge.is_empty() {
            true => self.replay.clone(),
            false => format!("{} --require {id}", self.judge),
        }
    }
}

/// The number of an entry for those who count from 1.
pub(super) const fn number(entry: usize) -> usize {
    entry + 1
}

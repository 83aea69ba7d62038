//! Runs whose records are judged.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::{self, directory, find_cast};
use super::headline::is_headline;
use wallops::conform::invariants::{Finding, Setting, check};
use wallops::dmuc::Change;
use wallops::scenario::{Scenario, Source, parse};
use wallops::sim::play::{Options, play_event, play_wire, setting};
use wallops::transcript::{Hop, Transcript, What};

/// The scenarios that ship; of another directory, if `WALLOPS_SCENARIOS` names one.
pub fn shipped() -> Vec<PathBuf> {
    std::env::var("WALLOPS_SCENARIOS").map_or_else(|_| files::shipped(), files::scripts_in)
}

/// A run, and what its record does not show.
pub struct Run {
    pub name: String,
    pub transcript: Transcript,
    pub setting: Setting,
}

impl Run {
    pub fn event(path: &Path) -> Run {
        let (scenario, options) = scenario(path);
        let transcript = play_event(&scenario, &options).unwrap().transcript;
        Run { name: name(path), transcript, setting: setting(&scenario, false) }
    }

    pub fn wire(path: &Path) -> Run {
        let (scenario, options) = scenario(path);
        let transcript = play_wire(&scenario, &options).unwrap().transcript;
        Run { name: name(path), transcript, setting: setting(&scenario, false) }
    }

    #[track_caller]
    pub fn check(&self) -> Vec<Finding> {
        let findings = check(&self.transcript, &self.setting);
        let mute = findings.iter().find(|finding| is_headline(&finding.what));
        assert_eq!(mute, None, "it does not say what is wrong");
        findings
    }

    /// What is found, in words.
    pub fn findings(&self) -> String {
        let one = |finding: &Finding| {
            let at = &self.transcript.entries[finding.entry];
            format!("{} {}: {finding}\n", self.name, at.at.time_of_day())
        };
        self.check().iter().map(one).collect()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn scenario(path: &Path) -> (Scenario, Options) {
    let text = fs::read_to_string(path).unwrap();
    let source = Source::new(&path.display().to_string(), &text);
    let scenario = parse(&source, &find_cast).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (scenario, Options { source: text.into(), ..Options::default() })
}

impl Run {
    /// The run of a shipped scenario.
    pub fn of(name: &str) -> Run {
        Run::event(&directory().join(format!("{name}.scs")))
    }

    /// The entry of the first hop like this: from, to, and words that its stanza has.
    pub fn find(&self, from: &str, to: &str, words: &[&str]) -> usize {
        self.nth(0, from, to, words)
    }

    /// The entry of a later one.
    pub fn nth(&self, number: usize, from: &str, to: &str, words: &[&str]) -> usize {
        let mut like = self.transcript.hops().filter(|(_, _, hop)| {
            let text = hop.stanza.to_string();
            hop.from.contains(from)
                && hop.to.contains(to)
                && words.iter().all(|word| text.contains(word))
        });
        like.nth(number).unwrap_or_else(|| panic!("nothing like {words:?}")).0
    }

    pub fn remove(&mut self, entry: usize) {
        self.transcript.entries.remove(entry);
    }

    /// The same once more.
    pub fn repeat(&mut self, entry: usize) {
        let copy = self.transcript.entries[entry].clone();
        self.transcript.entries.insert(entry + 1, copy);
    }

    /// The same once more at a later place, at the instant of what stands there.
    pub fn repeat_at(&mut self, entry: usize, place: usize) {
        let mut copy = self.transcript.entries[entry].clone();
        copy.at = self.transcript.entries[place].at;
        self.transcript.entries.insert(place + 1, copy);
    }

    /// Two change their places, not their instants.
    pub fn swap(&mut self, one: usize, other: usize) {
        let entries = &mut self.transcript.entries;
        let at = (entries[one].at, entries[other].at);
        entries.swap(one, other);
        (entries[one].at, entries[other].at) = at;
    }

    pub fn hop(&mut self, entry: usize) -> &mut Hop {
        match &mut self.transcript.entries[entry].what {
            What::Hop(hop) => hop,
            other => panic!("no hop: {other:?}"),
        }
    }

    /// Other words in a stanza.
    pub fn edit(&mut self, entry: usize, words: &str, others: &str) {
        let hop = self.hop(entry);
        let text = hop.stanza.to_string();
        assert!(text.contains(words), "{text}");
        hop.stanza = text.replacen(words, others, 1).parse().unwrap();
    }

    /// Another stanza on the way of this one, at the same instant.
    pub fn add(&mut self, entry: usize, stanza: &str) {
        self.repeat(entry);
        self.hop(entry + 1).stanza = stanza.parse().unwrap();
    }

    /// The ids of the invariants that do not hold, each once.
    pub fn broken(&self) -> Vec<&'static str> {
        let mut broken: Vec<_> = self.check().iter().map(|finding| finding.requirement).collect();
        broken.sort_unstable();
        broken.dedup();
        broken
    }

    /// Exactly these do not hold.
    #[track_caller]
    pub fn breaks(&self, expected: &[&str]) {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(self.broken(), expected, "\n{}", self.findings());
    }
}

impl Run {
    /// The run of a script with the cast of the XEP; in profile `full` its slaves register.
    pub fn script(profile: &str, lines: &str) -> Run {
        let text = format!(
            "# A script\n\n## profile: {profile}\n## cast: wallops\n\n-----\n\n{lines}\nThe roster is the same everywhere\n"
        );
        let source = Source::new("script.scs", &text);
        let scenario = parse(&source, &find_cast).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let options = Options { source: text.into(), ..Options::default() };
        let transcript = play_event(&scenario, &options).unwrap().transcript;
        Run { name: "script".to_owned(), transcript, setting: setting(&scenario, false) }
    }

    /// Without the first word of this kind that a machine says of itself.
    pub fn remove_note(&mut self, by: &str, change: Change) {
        let entries = &self.transcript.entries;
        let note = entries.iter().position(|entry| match &entry.what {
            What::Note(note) => note.change == change && note.by.as_str().starts_with(by),
            _ => false,
        });
        self.remove(note.unwrap());
    }

    /// Without all hops from this entry on that are like this.
    pub fn remove_all(&mut self, from_entry: usize, from: &str, to: &str, words: &[&str]) {
        let mut number = 0;
        self.transcript.entries.retain(|entry| {
            number += 1;
            let What::Hop(hop) = &entry.what else { return true };
            let text = hop.stanza.to_string();
            let like = hop.from.contains(from)
                && hop.to.contains(to)
                && words.iter().all(|word| text.contains(word));
            number <= from_entry || !like
        });
    }
}

//! Where runs enter what XEP-0282 leaves `to follow`.

use comfy_table::Cell;

use crate::cli::check::counted;
use crate::cli::files::Script;
use crate::cli::judge::table;
use crate::cli::style::{self, paint};
use crate::conform::invariants::Setting;
use crate::conform::unsaid::{self, Entered, SECTIONS};
use crate::scenario::printable;
use crate::transcript::{Transcript, What};

/// Where a run entered such a section first.
pub(super) struct Place {
    entered: Entered,
    /// The scenario's file, and the line of it that was being played.
    path: String,
    line: Option<u32>,
    /// The entry of its transcript, in short.
    entry: String,
}

impl Place {
    /// All of those that a run entered.
    pub fn all(script: &Script, transcript: &Transcript, setting: &Setting) -> Vec<Self> {
        let names = transcript.short_names();
        let place = |entered: Entered| {
            let until = transcript.entries.get(..=entered.first).unwrap_or_default();
            let line = until.iter().rev().find_map(|entry| match entry.what {
                What::Line { number, .. } => Some(number),
                _ => None,
            });
            let entry = until.last().map(|entry| entry.in_short(&names).to_string());
            let entry = printable(&entry.unwrap_or_default());
            Self { entered, path: script.path.display().to_string(), line, entry }
        };
        unsaid::entered(transcript, setting).into_iter().map(place).collect()
    }

    fn told(&self) -> String {
        let Self { entered, path, line, entry } = self;
        // What happens before the first line sets the scene.
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let more = match entered.times - 1 {
            0 => String::new(),
            1 => ", and once more".to_owned(),
            more => format!(", and {more} times more"),
        };
        format!("        {path}{line}, entry {}{more}\n            {entry}\n", entered.first)
    }
}

/// For each section how many of the scenarios enter it, how often, and where the first of them do.
pub(super) fn table(scenarios: &[Vec<Place>]) -> String {
    let mut table = table::empty(["section", "scenarios", "times", "entered when"]);
    let mut lists = String::new();
    for section in &SECTIONS {
        let places = scenarios.iter().flatten();
        let places: Vec<_> = places.filter(|place| place.entered.section == section).collect();
        let times: u64 = places.iter().map(|place| place.entered.times).sum();
        let (some, times) = (table::number(places.len()), table::number(times));
        table.add_row([Cell::new(section.name), some, times, Cell::new(section.entered)]);
        lists.push_str(&list(section.name, &places));
    }
    format!("{}\n{table}\n{lists}\n", paint(style::TITLE, TITLE))
}

/// Where the first of these scenarios enter a section.
fn list(name: &str, places: &[&Place]) -> String {
    let told = places.iter().take(PLACES_MAX).map(|place| place.told());
    let mut text: String = told.collect();
    if !text.is_empty() {
        text.insert_str(0, &format!("    {name}, first in\n"));
    }
    if let Some(more @ 1..) = places.len().checked_sub(PLACES_MAX) {
        text.push_str(&format!("        and in {}\n", counted(more, "other scenario")));
    }
    text
}

const TITLE: &str =
    "What XEP-0282 leaves open: four sections \"to follow\", and one with a question";

/// Of how many scenarios it is told where they enter a section.
const PLACES_MAX: usize = 3;

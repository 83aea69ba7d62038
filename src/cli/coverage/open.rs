//! Where runs enter what XEP-0282 leaves `to follow`.

use comfy_table::Cell;

use crate::cli::check::counted;
use crate::cli::judge::record::Record;
use crate::cli::judge::table;
use crate::cli::refusal::Refusal;
use crate::cli::style::{self, paint};
use crate::conform::unsaid::{Entered, SECTIONS};
use crate::scenario::printable;

/// Where a run entered such a section first.
pub(super) struct Place {
    entered: Entered,
    /// The file, and the line of it: that of a scenario that was being played, or that of a record
    /// that tells it; 0 if there is none.
    path: String,
    line: usize,
    /// The entry of the record, in short.
    entry: String,
}

impl Place {
    /// All of those that a run entered.
    pub fn all(record: &Record) -> Result<Vec<Self>, Refusal> {
        let names = record.transcript.short_names();
        let place = |entered: Entered| {
            let line = record.lines.get(entered.first).copied().unwrap_or_default();
            let entry = record.transcript.entries.get(entered.first);
            let entry = entry.map(|entry| entry.in_short(&names).to_string());
            let entry = printable(&entry.unwrap_or_default());
            Self { entered, path: record.name.clone(), line, entry }
        };
        Ok(record.entered()?.into_iter().map(place).collect())
    }

    fn told(&self) -> String {
        let Self { entered, path, line, entry } = self;
        // What happens before the first line sets the scene.
        let line = if *line > 0 { format!(":{line}") } else { String::new() };
        let more = match entered.times - 1 {
            0 => String::new(),
            1 => ", and once more".to_owned(),
            more => format!(", and {more} times more"),
        };
        format!("        {path}{line}, entry {}{more}\n            {entry}\n", entered.first + 1)
    }
}

/// For each section how many of the records enter it, how often, and where the first of them do.
/// `thing`: what the records are.
pub(super) fn table(records: &[Vec<Place>], thing: &str) -> String {
    let things = format!("{thing}s");
    let mut table = table::empty(["section", &things, "times", "entered when"]);
    let mut lists = String::new();
    for section in &SECTIONS {
        let places = records.iter().flatten();
        let places: Vec<_> = places.filter(|place| place.entered.section == section).collect();
        let times: u64 = places.iter().map(|place| place.entered.times).sum();
        let (some, times) = (table::number(places.len()), table::number(times));
        table.add_row([Cell::new(section.name), some, times, Cell::new(section.entered)]);
        lists.push_str(&list(section.name, &places, thing));
    }
    format!("{}\n{table}\n{lists}\n", paint(style::TITLE, TITLE))
}

/// Where the first of these records enter a section.
fn list(name: &str, places: &[&Place], thing: &str) -> String {
    let told = places.iter().take(PLACES_MAX).map(|place| place.told());
    let mut text: String = told.collect();
    if !text.is_empty() {
        text.insert_str(0, &format!("    {name}, first in\n"));
    }
    if let Some(more @ 1..) = places.len().checked_sub(PLACES_MAX) {
        text.push_str(&format!("        and in {}\n", counted(more, &format!("other {thing}"))));
    }
    text
}

const TITLE: &str =
    "What XEP-0282 leaves open: four sections \"to follow\", and one with a question";

/// Of how many records it is told where they enter a section.
const PLACES_MAX: usize = 3;

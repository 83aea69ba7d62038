//! The diagram of a run on a page: of a long one in pieces, around what was found.

use std::collections::BTreeMap;

use crate::dmuc::Note;
use crate::report::diagram::{self, Diagram, DiagramError, Item, Options, Row};
use crate::report::{Run, drawn};
use crate::transcript::Transcript;

/// What is drawn of a run.
pub(super) struct Picture {
    /// Its entries go by their numbers in the record.
    pub diagram: Diagram,
    /// The numbers of the entries that are drawn, in their order; nothing if they all are.
    numbers: Option<Vec<usize>>,
    /// How many entries are left out before some of these.
    gaps: BTreeMap<usize, usize>,
    /// How many entries the record has.
    entries: usize,
}

impl Picture {
    /// That of this run, in at most so many rows.
    pub fn of(run: &Run, rows_left: usize) -> Result<Self, DiagramError> {
        let rows_max = rows_left.min(diagram::ROWS_MAX);
        let options = Options { people: run.people.clone(), rows_max, ..Options::default() };
        let entries = run.entries();
        if let Some(part) = &run.part {
            return Self::of_part(run, &part.numbers, options);
        }
        let splits = run.splits.clone();
        match Diagram::new(&run.transcript, &Options { splits, ..options.clone() }) {
            // A row has at least one entry, or is a new day.
            Err(DiagramError::TooLong(_)) => {
                let numbers = drawn(&run.judgement.findings, entries, rows_max / 2);
                Self::of_part(run, &Vec::from_iter(numbers), options)
            }
            drawn => {
                drawn.map(|diagram| Self { diagram, numbers: None, gaps: BTreeMap::new(), entries })
            }
        }
    }

    /// The same of these entries of it, or of some of them if they are too many.
    fn of_part(run: &Run, numbers: &[usize], options: Options) -> Result<Self, DiagramError> {
        let (entries, rows_max) = (run.entries(), options.rows_max);
        let splits = splits(run, numbers);
        let told = numbers.iter().filter_map(|number| run.entry(*number)).cloned();
        let part = Transcript { header: run.transcript.header.clone(), entries: told.collect() };
        match Diagram::new(&part, &Options { splits, ..options.clone() }) {
            Err(DiagramError::TooLong(_)) if numbers.len() > rows_max / 2 => {
                let some = drawn(&run.judgement.findings, entries, rows_max / 2);
                let numbers = numbers.iter().copied().filter(|number| some.contains(number));
                Self::of_part(run, &Vec::from_iter(numbers), options)
            }
            drawn => drawn.map(|diagram| Self {
                diagram: numbered(diagram, numbers),
                gaps: gaps(numbers),
                numbers: Some(numbers.to_vec()),
                entries,
            }),
        }
    }

    /// Whether this entry is drawn.
    pub fn has(&self, entry: usize) -> bool {
        match &self.numbers {
            Some(numbers) => numbers.binary_search(&entry).is_ok(),
            None => entry < self.entries,
        }
    }

    /// How many entries are left out before this row.
    pub fn left_before(&self, row: &Row) -> usize {
        entries_of(&row.what).filter_map(|entry| self.gaps.get(&entry)).sum()
    }

    /// How many are left out after the last row.
    pub fn left_at_end(&self) -> usize {
        let Some(numbers) = &self.numbers else { return 0 };
        self.entries - numbers.last().map_or(0, |last| last + 1).min(self.entries)
    }
}

/// When machines have lost one another and met again, as entries of a record of which only these
/// are told.
fn splits(run: &Run, numbers: &[usize]) -> Vec<(usize, Note)> {
    let splits = run
        .splits
        .iter()
        .map(|(entry, note)| (numbers.partition_point(|number| number < entry), note.clone()));
    splits.filter(|(place, _)| *place < numbers.len()).collect()
}

/// How many entries are left out before which of these.
fn gaps(numbers: &[usize]) -> BTreeMap<usize, usize> {
    let mut next = 0;
    let mut gaps = BTreeMap::new();
    for number in numbers {
        if *number > next {
            gaps.insert(*number, number - next);
        }
        next = number + 1;
    }
    gaps
}

/// A diagram whose entries go by these numbers.
fn numbered(mut diagram: Diagram, numbers: &[usize]) -> Diagram {
    let of = |entry: &mut usize| *entry = numbers.get(*entry).copied().unwrap_or(*entry);
    for row in &mut diagram.rows {
        match &mut row.what {
            Item::Day(_) => {}
            Item::Line { entry, .. } | Item::Network { entry, .. } | Item::Note { entry, .. } => {
                of(entry);
            }
            Item::Stanzas(arrows) => arrows.iter_mut().for_each(|arrow| of(&mut arrow.entry)),
        }
    }
    diagram
}

/// The entries of which something tells.
fn entries_of(item: &Item) -> impl Iterator<Item = usize> {
    let (one, arrows) = match item {
        Item::Day(_) => (None, [].as_slice()),
        Item::Line { entry, .. } | Item::Network { entry, .. } | Item::Note { entry, .. } => {
            (Some(*entry), [].as_slice())
        }
        Item::Stanzas(arrows) => (None, arrows.as_slice()),
    };
    one.into_iter().chain(arrows.iter().map(|arrow| arrow.entry))
}

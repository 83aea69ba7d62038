//! Every requirement against every scenario.

use comfy_table::Cell;

use crate::cli::check::counted;
use crate::cli::judge::table;
use crate::cli::style::{self, paint};
use crate::conform::judgement::{Judgement, Row};
use crate::conform::requirements::Requirement;

/// What came of each requirement in each record that comes to it, in the order of records.
pub(super) struct Pairs(Vec<Pair>);

/// What came of a requirement in a record.
pub(super) struct Pair {
    /// The record's file.
    path: String,
    row: Row,
}

impl Pairs {
    /// Of these records, each with its judgement.
    pub fn of<'a>(judged: impl Iterator<Item = (&'a String, &'a Judgement)>) -> Self {
        let pairs = judged.flat_map(|(name, judgement)| {
            let applied = judgement.rows.iter().filter(|row| row.applied());
            applied.map(|row| Pair { path: name.clone(), row: row.clone() })
        });
        Self(pairs.collect())
    }

    /// What came of this requirement.
    pub fn to(&self, requirement: &Requirement) -> impl Iterator<Item = &Pair> {
        self.0.iter().filter(move |pair| pair.row.requirement.id == requirement.id)
    }

    /// A line for each of them.
    pub fn lines(&self) -> String {
        let longest = |of: fn(&Pair) -> &str| {
            self.0.iter().map(|pair| of(pair).chars().count()).max().unwrap_or_default()
        };
        let (paths, ids) = (longest(|pair| &pair.path), longest(|pair| pair.row.requirement.id));
        let mut text = String::new();
        for Pair { path, row, .. } in &self.0 {
            let (id, tally) = (row.requirement.id, row.tally);
            text.push_str(&format!(
                "{path:<paths$}  {id:<ids$}  {:>6}  {:>6}  {}\n",
                tally.kept, tally.broken, row.verdict
            ));
        }
        text
    }

    /// For each of these requirements those of so many records that come to it. `thing`: what the
    /// records are.
    pub fn lists(&self, sum: &Judgement, records: usize, thing: &str) -> String {
        let mut text = String::new();
        for Row { requirement, verdict, .. } in sum.rows.iter().filter(|row| row.applied()) {
            let title = paint(style::TITLE, requirement.id);
            let (statement, some) = (requirement.statement, self.to(requirement).count());
            let of = counted(records, thing);
            text.push_str(&format!("{title}: {verdict}, in {some} of {of}\n    {statement}\n"));
            text.push_str(&format!("{}\n\n", self.list(requirement, thing)));
        }
        text
    }

    fn list(&self, requirement: &Requirement, thing: &str) -> String {
        let mut table = table::empty([thing, "kept", "broken", "verdict"]);
        for Pair { path, row, .. } in self.to(requirement) {
            table.add_row([
                Cell::new(path),
                table::number(row.tally.kept),
                table::number(row.tally.broken),
                table::verdict(row.verdict),
            ]);
        }
        table.to_string()
    }
}

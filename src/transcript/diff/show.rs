//! A difference, told to people.

use std::fmt;

use similar::TextDiff;

use super::{Diff, Difference, Summary, Way};

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_same() {
            return writeln!(f, "{} and {} are the same.", self.names[0], self.names[1]);
        }
        for (key, [left, right]) in &self.header {
            writeln!(f, "{key}: {left} | {right}")?;
        }
        if let Some(first) = &self.first {
            self.write_first(f, first)?;
        }
        self.write_summaries(f)
    }
}

impl Diff {
    fn write_first(&self, f: &mut fmt::Formatter<'_>, first: &Difference) -> fmt::Result {
        let [left, right] = &self.names;
        let Difference { whom, ordinal, at, way, texts } = first;
        let way = match way {
            Way::Missing => format!("{right} lacks it"),
            Way::Extra => format!("{left} lacks it"),
            Way::Order => "the order differs".to_owned(),
            Way::Changed => "it differs".to_owned(),
        };
        writeln!(f, "First difference: number {ordinal} of {whom}, at {at}: {way}.\n")?;
        let [old, new] = texts.each_ref().map(|text| text.as_deref().unwrap_or_default());
        // Of what only one has, the other's next is no counterpart.
        let (old, new) = match first.way {
            Way::Missing => (old, ""),
            Way::Extra => ("", new),
            Way::Order | Way::Changed => (old, new),
        };
        let [old, new] = [old, new].map(cut);
        let diff = TextDiff::from_lines(&old, &new);
        let mut diff = diff.unified_diff();
        write!(f, "{}", diff.context_radius(100).header(left, right))
    }

    fn write_summaries(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: &str| text.chars().count();
        let names = self.summaries.iter().map(|summary| width(&summary.whom));
        let column = names.max().unwrap_or(0);
        let counts = self.summaries.iter().flat_map(|summary| summary.counts);
        let digits = counts.max().unwrap_or(0).to_string().len();
        writeln!(f)?;
        for summary in &self.summaries {
            let Summary { whom, counts: [left, right], .. } = summary;
            let verdict = verdict(summary);
            writeln!(f, "{whom:column$}  {left:digits$} | {right:digits$}  {verdict}")?;
        }
        Ok(())
    }
}

/// The first lines of a long text: comparing texts costs the square of their length.
fn cut(text: &str) -> String {
    const LINES_MAX: usize = 1_000;
    match text.match_indices('\n').nth(LINES_MAX - 1) {
        Some((at, _)) if at + 1 < text.len() => format!("{}…\n", &text[..=at]),
        _ => text.to_owned(),
    }
}

fn verdict(summary: &Summary) -> String {
    let mut words = Vec::new();
    if summary.missing > 0 {
        words.push(format!("{} missing", summary.missing));
    }
    if summary.extra > 0 {
        words.push(format!("{} extra", summary.extra));
    }
    if summary.reordered {
        words.push("another order".to_owned());
    }
    if words.is_empty() { "same".to_owned() } else { words.join(", ") }
}

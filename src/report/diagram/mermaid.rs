//! A diagram as text for Mermaid.

use std::fmt::Write;

use super::{Arrow, Diagram, End, Item, Row, Why};
use crate::report::plain;

/// How many receivers of a fan-out are named.
const NAMED_MAX: usize = 4;
/// How long a name is at most, in characters.
const NAME_MAX: usize = 60;

impl Diagram {
    /// The diagram as a `sequenceDiagram` for Mermaid.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("sequenceDiagram\n");
        line(&mut out, format_args!("title {}", escape(&self.title, NAME_MAX)));
        for (index, lane) in self.lanes.iter().enumerate() {
            let kind = if lane.is_client { "actor" } else { "participant" };
            let label = escape(&lane.label, NAME_MAX);
            let detail = escape(&lane.detail, NAME_MAX);
            line(&mut out, format_args!("{kind} h{index} as {label}<br/>{detail}"));
        }
        if self.lanes.is_empty() {
            line(&mut out, format_args!("participant nobody"));
            return out;
        }
        let mut shade = None;
        for (index, row) in self.rows.iter().enumerate() {
            self.write_shade(&mut out, &mut shade, index);
            self.write_row(&mut out, row);
        }
        if shade.is_some() {
            line(&mut out, format_args!("end"));
        }
        out
    }

    /// Mermaid shades rows across all columns, and one shade lies within another. So there is one
    /// at a time; it changes where a band begins or ends.
    fn write_shade(&self, out: &mut String, shade: &mut Option<Why>, row: usize) {
        let here = self.bands.iter().filter(|band| band.first <= row && row < band.end);
        let why = here.map(|band| band.why).min();
        if why == *shade {
            return;
        }
        if shade.is_some() {
            line(out, format_args!("end"));
        }
        if let Some(why) = why {
            let colour = match why {
                Why::Cut => "rgba(200, 40, 40, 0.12)",
                Why::Held => "rgba(130, 60, 200, 0.12)",
                Why::Split => "rgba(220, 150, 0, 0.15)",
                Why::Down => "rgba(110, 110, 110, 0.2)",
            };
            line(out, format_args!("rect {colour}"));
        }
        *shade = why;
    }

    fn write_row(&self, out: &mut String, row: &Row) {
        let all = match self.lanes.len() {
            1 => "h0".to_owned(),
            count => format!("h0,h{}", count - 1),
        };
        let time = match row.is_later {
            true => format!("{} ", row.at.short_time_of_day()),
            false => String::new(),
        };
        match &row.what {
            Item::Day(date) => note(out, &all, date),
            Item::Line { number, text, .. } => {
                note(out, &all, &format!("{time}line {number}: {text}"));
            }
            Item::Stanzas(arrows) => self.write_arrow(out, arrows, &time),
            Item::Network { lanes, text, .. } => {
                let (first, last) = (lanes.iter().min(), lanes.iter().max());
                let place = match (first, last) {
                    (Some(first), Some(last)) if first != last => format!("h{first},h{last}"),
                    (Some(first), _) => format!("h{first}"),
                    _ => all,
                };
                note(out, &place, &format!("{time}{text}"));
            }
            Item::Note { lane, text, .. } => {
                let place = lane.map_or(all, |lane| format!("h{lane}"));
                note(out, &place, &format!("{time}{text}"));
            }
        }
    }

    fn write_arrow(&self, out: &mut String, arrows: &[Arrow], time: &str) {
        let Some(first) = arrows.first() else { return };
        // A fan-out is one arrow, to whoever is farthest away.
        let farthest = arrows.iter().max_by_key(|arrow| arrow.from.abs_diff(arrow.to));
        let to = farthest.map_or(first.to, |arrow| arrow.to);
        let head = match first.end {
            End::Arrived => "->>",
            End::Late | End::UnderWay => "-->>",
            End::Lost => "-x",
            End::Undeliverable => "--x",
        };
        let mut text = format!("{time}{}", first.label);
        if arrows.len() > 1 {
            let _ = write!(text, " ×{}: {}", arrows.len(), self.receivers(arrows));
        }
        let text = escape(&text, usize::MAX);
        line(out, format_args!("h{}{head}h{to}: {text}", first.from));
    }

    /// The first of the receivers by name, and how many more there are.
    fn receivers(&self, arrows: &[Arrow]) -> String {
        let names = arrows.iter().filter_map(|arrow| self.lanes.get(arrow.to));
        let names = names.take(NAMED_MAX).map(|lane| plain::short(&lane.label, NAME_MAX));
        let mut text = names.collect::<Vec<_>>().join(", ");
        if let Some(more) = arrows.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
            let _ = write!(text, " and {more} more");
        }
        text
    }
}

fn note(out: &mut String, place: &str, text: &str) {
    line(out, format_args!("Note over {place}: {}", escape(text, usize::MAX)));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "    {text}");
}

/// Text in which nothing means anything to Mermaid: whatever is neither a letter, a digit nor
/// harmless is written by its number, and so is the first letter of words that it knows.
fn escape(text: &str, length_max: usize) -> String {
    let text = plain::short(text, length_max);
    let mut out = String::with_capacity(text.len());
    let lower = text.to_ascii_lowercase();
    for (at, c) in text.char_indices() {
        let is_word = lower[at..].starts_with("end") || lower[at..].starts_with("wrap:");
        if !is_word && (c.is_alphanumeric() || " .,:-/@_()'\"!?=→×…|".contains(c)) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_that_means_something_to_mermaid_is_left() {
        assert_eq!(escape("a;b\nc", 9), "a#59;b c");
        assert_eq!(escape("<b>%%{x}", 99), "#60;b#62;#37;#37;#123;x#125;");
        assert_eq!(escape("the END: end", 99), "the #69;ND: #101;nd");
        assert_eq!(escape("nowrap: a", 99), "no#119;rap: a");
        assert_eq!(escape("wallops/WiZ \"hi\"", 99), "wallops/WiZ \"hi\"");
    }
}

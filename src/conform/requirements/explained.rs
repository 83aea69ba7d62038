//! What each requirement comes to: how it is judged, and an example of keeping and of breaking it.

mod entering;
mod invariants;
mod stanzas;
mod traffic;

use super::Requirement;
use crate::stanza::{Limits, Stanza, read_elements};

/// What a requirement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whose explanation it is.
    pub id: &'static str,
    /// How it is judged.
    pub judged: &'static str,
    /// An example of keeping it.
    pub kept: &'static str,
    /// An example of breaking it.
    pub broken: &'static str,
}

impl Requirement {
    /// How it is judged, with examples.
    pub fn explanation(&self) -> Option<&'static Explanation> {
        let all = entering::ROWS.iter().chain(&traffic::ROWS).chain(&invariants::ROWS);
        all.into_iter().find(|one| one.id == self.id)
    }

    /// Stanzas that keep it, and others that break it; none where what is broken is that something
    /// does not come, or comes too late or too often.
    pub fn shown_broken(&self) -> Option<[Vec<Stanza>; 2]> {
        let row = stanzas::ROWS.iter().find(|row| row.id == self.id)?;
        Some([stanzas_of(row.kept), stanzas_of(row.broken)])
    }
}

/// The stanzas of a text in which addresses and namespaces have short names.
fn stanzas_of(text: &str) -> Vec<Stanza> {
    let written_out = |text: String, (name, meant): &(&str, &str)| text.replace(name, meant);
    let text = stanzas::NAMES.iter().fold(text.to_owned(), written_out);
    let elements = read_elements(&text, Limits::default(), usize::MAX).unwrap_or_default();
    elements.into_iter().filter_map(|(element, _)| Stanza::try_from(element).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_explained_in_its_place() {
        let all = entering::ROWS.iter().chain(&traffic::ROWS).chain(&invariants::ROWS);
        let explained: Vec<_> = all.map(|one| one.id).collect();
        let ids: Vec<_> = Requirement::all().map(|one| one.id).collect();
        assert_eq!(explained, ids);
    }

    #[test]
    fn every_stanza_that_is_shown_is_one() {
        let number = |text: &str| {
            ["<message ", "<presence ", "<iq "]
                .map(|start| text.matches(start).count())
                .iter()
                .sum::<usize>()
        };
        let mut ids = Requirement::all().map(|one| one.id);
        for row in stanzas::ROWS {
            assert!(ids.any(|id| id == row.id), "{} is none, or not in its place", row.id);
            for text in [row.kept, row.broken] {
                let stanzas = stanzas_of(text);
                assert_eq!(
                    (stanzas.len(), number(text)),
                    (number(text).max(1), stanzas.len()),
                    "{}: {text}",
                    row.id
                );
                let shown: String = stanzas.iter().map(ToString::to_string).collect();
                assert!(!shown.contains('$'), "{}: {shown}", row.id);
            }
            assert_ne!(stanzas_of(row.kept), stanzas_of(row.broken), "{}", row.id);
        }
    }

    /// Whether this speaks of what only the row before it says.
    fn leans(text: &str) -> bool {
        let first = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        LEANING.contains(&first) || text.starts_with("The same")
    }

    #[test]
    fn every_text_can_be_read_alone() {
        for one in Requirement::all() {
            let Explanation { judged, kept, broken, .. } = one.explanation().unwrap();
            for text in [one.statement, judged, kept, broken] {
                assert!(!leans(text), "{}: {text}", one.id);
            }
            let words = broken.split_whitespace().count();
            assert!(words > 5, "{}: that says little of what is seen: {broken}", one.id);
        }
    }

    /// No text begins with one of these.
    const LEANING: [&str; 18] = [
        "It", "Its", "He", "His", "Him", "She", "Her", "They", "Their", "Them", "That", "This",
        "These", "So", "Such", "Neither", "None", "With",
    ];
}

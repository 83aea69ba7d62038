//! What each requirement comes to: how it is judged, and an example of keeping and of breaking it.

mod entering;
mod invariants;
mod traffic;

use super::Requirement;

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

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
}

//! Expectations that were not met.

use similar::TextDiff;

use crate::scenario::Span;

/// An expectation of the scenario that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line.
    pub span: Span,
    /// Whose expectation it was; empty if nobody's.
    pub whose: String,
    /// What was expected, in a few words.
    pub expected: String,
    /// What was the case instead, in a few words.
    pub found: String,
    /// What was expected and the nearest that came, if the expectation was of a stanza.
    pub nearest: Option<Nearest>,
}

/// A stanza that was expected, and the one that came that is most like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// As expected, in canonical text.
    pub expected: String,
    /// As it came.
    pub found: String,
}

impl Nearest {
    /// The one of `candidates` that is most like `expected`; of equals the last.
    pub fn of(expected: &str, candidates: impl Iterator<Item = String>) -> Option<Self> {
        let likeness =
            |found: &String| TextDiff::from_chars(expected, found.as_str()).ratio().to_bits();
        candidates.max_by_key(likeness).map(|found| Self { expected: expected.to_owned(), found })
    }

    /// The difference, line by line: `-` is expected only, `+` came only.
    pub fn diff(&self) -> String {
        TextDiff::from_lines(&self.expected, &self.found)
            .unified_diff()
            .context_radius(1_000_000)
            .to_string()
            .lines()
            .filter(|line| !line.starts_with("@@") && !line.starts_with("\\ No newline"))
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_is_shown_as_a_difference() {
        let candidates = ["<presence/>\n", "<message>\n  <body>Hallo</body>\n</message>\n"];
        let expected = "<message>\n  <body>Hello</body>\n</message>\n";
        let nearest = Nearest::of(expected, candidates.into_iter().map(ToOwned::to_owned)).unwrap();
        assert_eq!(
            nearest.diff(),
            " <message>\n-  <body>Hello</body>\n+  <body>Hallo</body>\n </message>\n"
        );
    }
}

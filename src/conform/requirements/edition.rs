//! The editions of XEP-0282. They demand the same; the second has other words for who does it.

use std::borrow::Cow;

/// An edition of XEP-0282.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// Version 0.1: masters and slaves.
    #[default]
    First,
    /// Version 0.1.1: primaries and replicas.
    Second,
}

impl Edition {
    /// Both.
    pub const ALL: [Edition; 2] = [Edition::First, Edition::Second];

    /// As transcripts and arguments have it.
    pub const fn name(self) -> &'static str {
        match self {
            Edition::First => "0282@0.1",
            Edition::Second => "0282@0.1.1",
        }
    }

    /// A sentence about masters and slaves in the words of this edition. Ids and elements keep
    /// their names.
    pub fn words(self, sentence: &str) -> Cow<'_, str> {
        if self == Edition::First {
            return Cow::Borrowed(sentence);
        }
        let mut text = sentence.to_owned();
        for (first, second) in [
            ("master", "primary"),
            ("Master", "Primary"),
            ("slave", "replica"),
            ("Slave", "Replica"),
        ] {
            text = text.replace(&format!("{first}s"), &plural(second)).replace(first, second);
        }
        Cow::Owned(text)
    }
}

fn plural(word: &str) -> String {
    word.strip_suffix('y').map_or_else(|| format!("{word}s"), |stem| format!("{stem}ies"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_edition_has_other_words() {
        let words = Edition::Second.words("Slaves tell the master what a slave of masters is.");
        assert_eq!(words, "Replicas tell the primary what a replica of primaries is.");
        assert_eq!(Edition::First.words("A slave."), "A slave.");
    }
}

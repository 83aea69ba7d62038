//! Requirements in the words of either edition of XEP-0282. They demand the same.

use std::borrow::Cow;

use crate::transcript::edition::Edition;

/// A sentence about masters and slaves in the words of an edition. Ids and elements keep their
/// names.
pub fn worded(sentence: &str, edition: Edition) -> Cow<'_, str> {
    if edition == Edition::V0_1 {
        return Cow::Borrowed(sentence);
    }
    let mut text = sentence.to_owned();
    for (first, second) in WORDS {
        text = text.replace(&format!("{first}s"), &plural(second)).replace(first, second);
    }
    Cow::Owned(text)
}

const WORDS: [(&str, &str); 4] =
    [("master", "primary"), ("Master", "Primary"), ("slave", "replica"), ("Slave", "Replica")];

fn plural(word: &str) -> String {
    word.strip_suffix('y').map_or_else(|| format!("{word}s"), |stem| format!("{stem}ies"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_edition_has_other_words() {
        let words = |sentence| worded(sentence, Edition::V0_1_1);
        let expected = "Replicas tell the primary what a replica of primaries is.";
        assert_eq!(words("Slaves tell the master what a slave of masters is."), expected);
        assert_eq!(worded("A slave.", Edition::V0_1), "A slave.");
    }
}

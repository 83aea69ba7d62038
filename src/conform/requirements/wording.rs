//! Requirements in the words of either edition of XEP-0282. They demand the same.

use std::borrow::Cow;
use std::collections::BTreeSet;

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

/// What was found, in the words of an edition: as a record has it that was put into those of 0.1
/// to be judged, in which the `replica@` of the domains in `renamed` is called `slave@`. What
/// people are called, and what they say, stays.
pub fn retold(found: &str, edition: Edition, renamed: &BTreeSet<String>) -> String {
    if edition == Edition::V0_1 {
        return found.to_owned();
    }
    let pieces = found.split('"').enumerate().map(|(number, piece)| match number % 2 {
        // What somebody says.
        1 => piece.to_owned(),
        _ => piece.split(' ').map(|word| word_retold(word, renamed)).collect::<Vec<_>>().join(" "),
    });
    pieces.collect::<Vec<_>>().join("\"")
}

fn word_retold(word: &str, renamed: &BTreeSet<String>) -> String {
    let bare = word.trim_matches(|one: char| !one.is_alphanumeric());
    let plain = bare.strip_suffix("'s").unwrap_or(bare);
    if let Some((local, domain)) = plain.split_once('@') {
        let its = domain.split('/').next().unwrap_or_default().to_lowercase();
        let is_its = local.eq_ignore_ascii_case("slave") && renamed.contains(&its);
        return if is_its { word.replacen(local, "replica", 1) } else { word.to_owned() };
    }
    match plain {
        "master" | "slave" | "slaves" => worded(word, Edition::V0_1_1).into_owned(),
        _ => word.replace(SLAVE_SPACE, REPLICA_SPACE),
    }
}

/// The namespace of what slaves and masters say to one another, in either edition.
const SLAVE_SPACE: &str = "urn:xmpp:tmp:dmuc:0#slave";
const REPLICA_SPACE: &str = "urn:xmpp:tmp:dmuc:0#replica";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_told_as_the_record_has_it() {
        let renamed = BTreeSet::from(["vesa.irc".to_owned()]);
        let retold = |found| retold(found, Edition::V0_1_1, &renamed);
        let found = "the slave's slave@vesa.irc, slave@killrc.irc: \"slave@vesa.irc\" (slaves)";
        let expected =
            "the replica's replica@vesa.irc, slave@killrc.irc: \"slave@vesa.irc\" (replicas)";
        assert_eq!(retold(found), expected);
        assert_eq!(retold("Slaver is `urn:xmpp:tmp:dmuc:0#slave`, slave@vesa.irc"), {
            "Slaver is `urn:xmpp:tmp:dmuc:0#replica`, replica@vesa.irc"
        });
        assert_eq!(
            retold("master.leave is slave@vesa.irc's"),
            "master.leave is replica@vesa.irc's"
        );
        assert_eq!(super::retold("a slave", Edition::V0_1, &renamed), "a slave");
    }

    #[test]
    fn the_second_edition_has_other_words() {
        let words = |sentence| worded(sentence, Edition::V0_1_1);
        let expected = "Replicas tell the primary what a replica of primaries is.";
        assert_eq!(words("Slaves tell the master what a slave of masters is."), expected);
        assert_eq!(worded("A slave.", Edition::V0_1), "A slave.");
    }
}

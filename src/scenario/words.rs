//! Lists of words in messages, and near misses.

/// `` `a`, `b` or `c` ``, for what is already quoted or needs no quotes.
pub(super) fn or_list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A word in quotes, cut off if it is very long.
pub(super) fn ticked(word: &str) -> String {
    if word.chars().count() <= SHOWN_MAX {
        return format!("`{word}`");
    }
    let start: String = word.chars().take(SHOWN_MAX).collect();
    format!("`{start}…`")
}

/// With marks in place of characters that steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The lines of a text, broken at spaces outside backquotes so that none is wider than `width`
/// unless one word is.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut quoted = false;
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        quoted ^= c == '`';
        if c != ' ' || quoted {
            word.push(c);
            continue;
        }
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut().filter(|_| line + 1 + word.chars().count() <= width || line == 0) {
            Some(last) if last.is_empty() => *last = std::mem::take(&mut word),
            Some(last) => *last = format!("{last} {}", std::mem::take(&mut word)),
            None => lines.push(std::mem::take(&mut word)),
        }
    }
    lines
}

/// The candidate that `word` was probably meant to be.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    if word.len() > COMPARED_MAX {
        return None;
    }
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= COMPARED_MAX)
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= tolerance(word, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

fn distance(word: &str, candidate: &str) -> usize {
    strsim::damerau_levenshtein(word, candidate)
}

/// One mistake in three letters, or two in six, are a slip; more are another word.
fn tolerance(word: &str, candidate: &str) -> usize {
    (word.chars().count().max(candidate.chars().count()) / 3).min(3)
}

const SHOWN_MAX: usize = 60;
const COMPARED_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_does_not() {
        let verbs = ["kicks", "says", "leaves"];
        assert_eq!(nearest("kiks", verbs), Some("kicks".to_owned()));
        assert_eq!(nearest("Leavse", verbs), Some("leaves".to_owned()));
        assert_eq!(nearest("juggles", verbs), None);
        assert_eq!(nearest("x", ["y"]), None);
    }

    #[test]
    fn lines_are_not_broken_within_quotes() {
        assert_eq!(wrapped("one `two three` four", 10), ["one", "`two three`", "four"]);
        assert_eq!(wrapped("one two", 10), ["one two"]);
    }

    #[test]
    fn lists_are_worded() {
        let items =
            |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        assert_eq!(or_list(&items(&[])), "");
        assert_eq!(or_list(&items(&["a"])), "a");
        assert_eq!(or_list(&items(&["a", "b", "c"])), "a, b or c");
    }
}

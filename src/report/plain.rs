//! Text that may go into a document: without what XML cannot hold or what would turn lines around,
//! and no longer than a reader reads.

/// The text without characters that XML 1.0 does not have, and without those that change the
/// direction of what follows: each becomes U+FFFD, so that a reader sees that something is there.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_fit(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn is_fit(c: char) -> bool {
    let turns = matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2066}'..='\u{2069}');
    let outside_xml = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    !turns && !outside_xml && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// The cleaned text on one line of at most so many characters, the last of which says that there
/// was more.
pub(super) fn short(text: &str, length_max: usize) -> String {
    cut(text, length_max).replace(['\n', '\r', '\t'], " ")
}

/// The same on as many lines as it has.
pub(super) fn cut(text: &str, length_max: usize) -> String {
    let mut characters = text.chars();
    let mut out: String = characters.by_ref().take(length_max).collect();
    if characters.next().is_some() {
        out.pop();
        out.push('…');
    }
    clean(&out)
}

/// A number of things: `1 run`, `2 runs`.
pub(super) fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_and_what_turns_lines_around_is_replaced() {
        assert_eq!(clean("a\u{1}b\u{202E}c\u{FFFF}d\te"), "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\te");
        assert_eq!(clean("žluťoučký <kůň> 🐎"), "žluťoučký <kůň> 🐎");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(short("žluťoučký", 9), "žluťoučký");
        assert_eq!(short("žluťoučký", 4), "žlu…");
        assert_eq!(short("a\nb", 9), "a b");
    }
}

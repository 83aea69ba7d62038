//! Scenarios with random damage: whatever is wrong, it is said and nothing panics.

use proptest::prelude::*;

use super::*;

/// What a hand may do to a text.
#[derive(Clone, Debug)]
enum Slip {
    Delete(usize, usize),
    Insert(usize, String),
    RepeatLine(usize, usize),
    SwapLines(usize, usize),
    Truncate(usize),
}

fn slip() -> impl Strategy<Value = Slip> {
    let any_place = 0..10_000_usize;
    let snippets = prop::sample::select(SNIPPETS.to_vec()).prop_map(str::to_owned);
    let inserted =
        prop_oneof![3 => snippets, 1 => "\\PC{0,4}", 1 => any::<char>().prop_map(String::from)];
    prop_oneof![
        3 => (any_place.clone(), 0..40_usize).prop_map(|(at, len)| Slip::Delete(at, len)),
        4 => (any_place.clone(), inserted).prop_map(|(at, text)| Slip::Insert(at, text)),
        1 => (any_place.clone(), 0..4_usize).prop_map(|(at, times)| Slip::RepeatLine(at, times)),
        1 => (any_place.clone(), any_place.clone()).prop_map(|(a, b)| Slip::SwapLines(a, b)),
        1 => any_place.prop_map(Slip::Truncate),
    ]
}

impl Slip {
    fn apply(&self, text: &mut String) {
        let len = text.len();
        let place = |at: usize| text.floor_char_boundary(at % (len + 1));
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let count = lines.len().max(1);
        *text = match self {
            Slip::Delete(at, size) => {
                let start = place(*at);
                let end = text.ceil_char_boundary((start + size).min(len));
                format!("{}{}", &text[..start], &text[end..])
            }
            Slip::Insert(at, inserted) => {
                format!("{}{inserted}{}", &text[..place(*at)], &text[place(*at)..])
            }
            Slip::RepeatLine(at, times) => {
                if let Some(line) = lines.get(at % count).copied() {
                    lines.extend(std::iter::repeat_n(line, *times));
                }
                lines.concat()
            }
            Slip::SwapLines(a, b) => {
                if !lines.is_empty() {
                    lines.swap(a % count, b % count);
                }
                lines.concat()
            }
            Slip::Truncate(at) => text[..place(*at)].to_owned(),
        };
    }
}

/// Texts that are whole scenarios, between them with every construct of the language.
fn whole() -> Vec<String> {
    let grammar = include_str!("../../../GRAMMAR.md");
    let lines = grammar.split("```lines\n").skip(1).filter_map(|rest| rest.split("```").next());
    let casts = grammar.split("```cast\n").skip(1).filter_map(|rest| rest.split("```").next());
    let script = format!(
        "# All\n\n## profile: full\n## cast: wallops\n\n-----\n\n{}",
        lines.collect::<String>()
    );
    let cast = format!(
        "# Casts\n\n{CAST}\n{}\n-----\n\nThe roster is the same everywhere in wallops\n",
        casts.collect::<String>()
    );
    vec![NETSPLIT.to_owned(), script, cast]
}

const SNIPPETS: [&str; 28] = [
    "\n",
    "\t",
    "\"",
    "\\",
    ":",
    ",",
    " and ",
    "-----\n",
    "# ",
    "## ",
    "[",
    "]",
    "<",
    "/>",
    "&",
    "${",
    "{scansion:any}",
    "\u{feff}",
    "\r\n",
    "\0",
    "\u{1b}[31m",
    "ß",
    "’s",
    "🏴",
    "99999999999",
    "wait ",
    "everybody else",
    "meanwhile\n",
];

proptest! {
    #[test]
    fn damage_is_told_and_nothing_panics(
        which in 0..3_usize,
        slips in prop::collection::vec(slip(), 1..6),
    ) {
        let mut text = whole().swap_remove(which);
        slips.iter().for_each(|slip| slip.apply(&mut text));
        let source = Source::new("damaged.scs", &text);
        let read = parse(&source, &find_cast);
        if let Err(mistakes) = &read {
            for mistake in mistakes.iter().filter(|mistake| mistake.file() == "damaged.scs") {
                let end = mistake.span.offset + mistake.span.len;
                prop_assert!(end <= text.len() && text.is_char_boundary(end), "{mistake:?}");
            }
            let shown = mistakes.render(80, false);
            prop_assert!(!shown.contains("Failed to read") && !shown.contains('\u{1b}'), "{shown}");
        }
        let Ok(tidy) = format(&source) else { return Ok(()) };
        let tidy_source = Source::new("damaged.scs", &tidy);
        prop_assert_eq!(format(&tidy_source).ok(), Some(tidy.clone()));
        let Ok(scenario) = read else { return Ok(()) };
        let again = parse(&tidy_source, &find_cast);
        prop_assert_eq!(again.ok().map(without_spans), Some(without_spans(scenario)));
    }

    #[test]
    fn bytes_of_any_kind_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(source) = Source::from_bytes("bytes.scs", &bytes) {
            let _ = parse(&source, &find_cast).map_err(|mistakes| mistakes.render(80, true));
            let _ = format(&source);
        }
    }
}

#[test]
fn the_texts_are_whole_before_they_are_damaged() {
    for text in whole() {
        parsed(&text);
    }
}

#[test]
fn what_is_huge_is_refused_quickly() {
    let mut huge = String::from("-----\n");
    huge.extend(std::iter::repeat_n("WiZ says \"x\", \"y\" z ", 300_000));
    let many_lines = "WiZ says \"x\"\n".repeat(60_000);
    let many_mistakes = format!("-----\n{}", "WiZ kiks Troy\n".repeat(9_000));
    for text in [huge, many_lines, many_mistakes] {
        let mistakes = parse(&Source::new("huge.scs", &text), &find_cast).unwrap_err();
        assert!(mistakes.render(80, false).len() < 200_000);
    }
    assert!(Source::from_bytes("huge.scs", &vec![b'x'; 10_000_000]).is_err());
}

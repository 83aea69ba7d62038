use std::cell::Cell;

use proptest::prelude::*;

use super::super::tests::{sample, transcript};
use super::*;
use crate::transcript::Transcript;

/// What is read of a text that lies somewhere.
fn stored<'a>(
    text: &'a str,
) -> Result<StoredRecord<impl Fn() -> io::Result<&'a [u8]>>, StoredError> {
    StoredRecord::new(move || Ok(text.as_bytes()))
}

fn entries(record: &dyn Record) -> Vec<Entry> {
    let mut all = Vec::new();
    record.each(&mut |entry| all.push(entry.clone()));
    all
}

#[test]
fn it_can_be_gone_through_again() {
    let text = sample().stored();
    let record = stored(&text).unwrap();
    assert_eq!(record.header(), &sample().header);
    assert!(record.ends());
    assert_eq!(record.lines(), text.lines().count());
    for _ in 0..2 {
        assert_eq!(entries(&record), sample().entries);
    }
    assert!(record.failure().is_none());
}

#[test]
fn lines_are_those_of_the_text() {
    let text = format!("\u{FEFF}{}", sample().stored().replace('\n', "\r\n"));
    let record = stored(&text).unwrap();
    let heads = text.lines().enumerate().skip(HEADER_LINES);
    let heads = heads.filter(|(_, line)| line.starts_with("23:") || line.starts_with("00:"));
    let heads: Vec<usize> = heads.map(|(number, _)| number + 1).collect();
    let mut lines = Vec::new();
    record.each_with_line(&mut |line, _| lines.push(line));
    assert_eq!(lines, heads);
}

#[test]
fn times_do_not_go_back() {
    let text = sample().stored().replacen("\n23:58:37.001", "\n23:58:36.001", 1);
    let error = stored(&text).unwrap_err().to_string();
    assert!(error.starts_with("line 14, column 1: the time 1990-10-13T23:58:36.001"), "{error}");
}

#[test]
fn a_file_that_changes_meanwhile_is_noticed() {
    let (whole, times) = (sample().stored(), Cell::new(0));
    let record = StoredRecord::new(|| {
        times.set(times.get() + 1);
        let end = if times.get() == 1 { whole.len() } else { whole.len() / 2 };
        Ok(&whole.as_bytes()[..end])
    });
    let record = record.unwrap();
    assert!(entries(&record).len() < sample().entries.len());
    assert!(record.failure().is_some());
}

#[test]
fn an_entry_without_end_is_an_error() {
    let head = sample().to_string();
    let line = format!("  {}\n", "x".repeat(1 << 20));
    let text = head + &line.repeat(17);
    let error = stored(&text).unwrap_err().to_string();
    assert!(error.contains("an entry of more than 16777216 bytes"), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let text = sample().stored().into_bytes();
    let bytes = [&text[..], &[0xff, b'\n'][..]].concat();
    let error = StoredRecord::new(|| Ok(bytes.as_slice())).unwrap_err();
    assert!(matches!(error, StoredError::Io(_)), "{error}");
}

proptest! {
    /// Line by line or at once, the same is read, and the same is wrong.
    #[test]
    fn a_text_is_read_as_it_is_at_once(
        transcript in transcript(),
        ends in any::<bool>(),
        damage in proptest::option::of((0usize..4_000, "[ \n<x>]{0,3}")),
    ) {
        let mut text = if ends { transcript.stored() } else { transcript.to_string() };
        if let Some((at, other)) = damage {
            let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at + 1..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(at);
            text.replace_range(at..end, &other);
        }
        match (Transcript::read(&text), stored(&text)) {
            // Only this way the order of times is judged too.
            (_, Err(error)) if error.to_string().contains("which goes back") => {}
            (Ok(whole), Ok(record)) => prop_assert_eq!(entries(&record), whole.entries),
            (Err(whole), Err(StoredError::Text(error))) => {
                prop_assert_eq!(whole.line, error.line);
            }
            (whole, record) => prop_assert!(false, "{:?}, {:?}", whole, record.is_ok()),
        }
    }
}

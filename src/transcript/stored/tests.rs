use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::super::tests::{sample, transcript};
use super::*;
use crate::transcript::import::{Format, ImportOptions, Imported, import};

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

/// What is wrong with a text, or was found out first.
fn wrong(text: &[u8]) -> StoredError {
    let record = match StoredRecord::new(|| Ok(text)) {
        Ok(record) => record,
        Err(error) => return error,
    };
    entries(&record);
    record.failure().unwrap()
}

#[test]
fn it_can_be_gone_through_again() {
    let text = sample().stored();
    for record in [stored(&text).unwrap(), stored(&text).unwrap().read_ahead()] {
        assert_eq!(record.header(), &sample().header);
        for _ in 0..2 {
            assert_eq!(entries(&record), sample().entries);
            assert_eq!(record.notice(), None);
        }
        assert!(record.failure().is_none());
    }
}

#[test]
fn some_entries_can_be_picked_out() {
    let text = sample().stored();
    let record = stored(&text).unwrap();
    let (mut all, mut picked) = (Vec::new(), Vec::new());
    record.each_with_line(&mut |line, entry| all.push((all.len(), line, entry)));
    record.some(&[0, 3, 5, 7, 8].into(), &mut |number, line, entry| {
        picked.push((number, line, entry));
    });
    let wanted: Vec<_> = [0, 3, 5, 7].into_iter().map(|number| all[number].clone()).collect();
    assert_eq!(picked, wanted);
    assert!(record.failure().is_none());
}

#[test]
fn what_stands_before_a_cut_is_read() {
    let text = sample().to_string();
    for end in text.find("00:00:07").unwrap()..text.len() {
        let record = stored(&text[..end]).unwrap();
        let read = entries(&record);
        // Of the last one a word may have been cut that is one without its end, too.
        let whole = read.len() - 1;
        assert!(whole >= 4 && read[..whole] == sample().entries[..whole], "{}", &text[..end]);
        assert!(record.failure().is_none(), "{}", &text[..end]);
        let Imported { transcript, notices, .. } =
            import(&text[..end], Format::Own, &ImportOptions::default()).unwrap();
        assert_eq!(transcript.entries, read);
        assert_eq!(record.notice().as_slice(), notices);
    }
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
    let error = wrong(text.as_bytes()).to_string();
    assert!(error.starts_with("line 14, column 1: the time 1990-10-13T23:58:36.001"), "{error}");
}

#[test]
fn a_file_that_changes_meanwhile_is_noticed() {
    let (whole, times) = (sample().stored(), AtomicUsize::new(0));
    let record = StoredRecord::new(|| {
        let end =
            if times.fetch_add(1, Ordering::Relaxed) < 2 { whole.len() } else { whole.len() / 2 };
        Ok(&whole.as_bytes()[..end])
    });
    let record = record.unwrap();
    assert_eq!(entries(&record), sample().entries);
    assert!(record.failure().is_none());
    assert!(entries(&record).len() < sample().entries.len());
    assert!(matches!(record.failure(), Some(StoredError::Changed)));
}

#[test]
fn an_entry_without_end_is_an_error() {
    let head = sample().to_string();
    let line = format!("  {}\n", "x".repeat(1 << 20));
    let text = head + &line.repeat(17);
    let error = wrong(text.as_bytes()).to_string();
    assert!(error.contains("an entry of more than 16777216 bytes"), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let text = sample().stored().into_bytes();
    let bytes = [&text[..], &[0xff, b'\n'][..]].concat();
    let error = wrong(&bytes).to_string();
    assert_eq!(error, format!("not UTF-8: the byte at {} begins no character", text.len()));
}

proptest! {
    /// Line by line or at once, the same is read, and the same is wrong.
    #[test]
    fn a_text_is_read_as_it_is_at_once(
        transcript in transcript(),
        (ends, ahead) in any::<(bool, bool)>(),
        damage in proptest::option::of((0usize..4_000, "[ \n<x>]{0,3}")),
    ) {
        let mut text = if ends { transcript.stored() } else { transcript.to_string() };
        if let Some((at, other)) = damage {
            let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at + 1..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(at);
            text.replace_range(at..end, &other);
        }
        let record = stored(&text).map(|record| if ahead { record.read_ahead() } else { record });
        let read = record.as_ref().map(|record| entries(record)).unwrap_or_default();
        let wrong = match &record {
            Ok(record) => record.failure(),
            Err(StoredError::Text(error)) => Some(StoredError::Text(error.clone())),
            Err(_) => None,
        };
        match (import(&text, Format::Own, &ImportOptions::default()), wrong) {
            // Only this way the order of times is judged too.
            (_, Some(error)) if error.to_string().contains("which goes back") => {}
            (Ok(whole), None) => {
                prop_assert_eq!(read, whole.transcript.entries);
                let notice = record.unwrap().notice();
                prop_assert_eq!(notice.as_slice(), whole.notices);
            }
            (Err(whole), Some(StoredError::Text(error))) => {
                prop_assert_eq!(whole.line, error.line);
            }
            (whole, wrong) => prop_assert!(false, "{:?}, {:?}", whole, wrong),
        }
    }
}

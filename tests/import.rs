//! What others wrote down of a network, read: each format with what really came from there, its
//! mistakes, and texts that mean harm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "import/bounds.rs"]
mod bounds;
#[path = "import/edition.rs"]
mod edition;
#[path = "import/ejabberd.rs"]
mod ejabberd;
#[path = "import/plain.rs"]
mod plain;
#[path = "import/prosody.rs"]
mod prosody;
#[path = "import/tshark.rs"]
mod tshark;

use std::collections::BTreeSet;
use std::io::Read;

use wallops::transcript::Space;
use wallops::transcript::import::{Format, ImportOptions, Imported, import, import_into};

/// What `text` is read as, or the error in words.
fn read(text: &str, format: Format) -> Result<Imported, String> {
    let options = ImportOptions::default();
    let read = import(text, format, &options).map_err(|error| error.to_string());
    if format != Format::Own {
        is_alike(text, format, read.as_ref());
    }
    read
}

/// What comes piece by piece and is not held in memory is read alike.
fn is_alike(text: &str, format: Format, read: Result<&Imported, &String>) {
    struct Pieces<'a>(&'a [u8]);
    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(1013);
            self.0.read(&mut buffer[..length])
        }
    }
    let options = ImportOptions::default();
    let stored = import_into(Space::MEMORY, Pieces(text.as_bytes()), format, &options);
    let (stored, read) = match (stored, read) {
        (Ok(stored), Ok(read)) => (stored, read),
        (stored, read) => {
            assert_eq!(stored.unwrap_err().to_string(), *read.unwrap_err());
            return;
        }
    };
    let all: BTreeSet<usize> = (0..read.transcript.entries.len() + 1).collect();
    let mut entries = Vec::new();
    stored.record.some(&all, &mut |number, line, entry| entries.push((number, line, entry)));
    assert!(stored.record.failure().is_none());
    let expected = read.lines.iter().zip(&read.transcript.entries).enumerate();
    let expected = expected.map(|(number, (line, entry))| (number, *line, entry.clone()));
    assert_eq!(entries, expected.collect::<Vec<_>>());
    assert_eq!(*wallops::transcript::Record::header(&stored.record), read.transcript.header);
    assert_eq!(stored.notices, read.notices);
    assert_eq!((stored.served, stored.passed_over), (read.served.clone(), read.passed_over));
}

/// The hops of what was read: who, whom, and how the stanza begins.
fn hops(imported: &Imported) -> Vec<String> {
    let line = |hop: &wallops::transcript::Hop| {
        let stanza = hop.stanza.to_string();
        format!("{} -> {} {}", hop.from, hop.to, stanza.lines().next().unwrap())
    };
    imported.transcript.hops().map(|(_, _, hop)| line(hop)).collect()
}

fn notices(imported: &Imported) -> Vec<String> {
    imported.notices.iter().map(ToString::to_string).collect()
}

#[test]
fn every_format_is_found_by_its_name() {
    for format in Format::ALL {
        assert_eq!(Format::named(format.name()), Some(format));
    }
    assert_eq!(Format::named("pcap"), None);
}

#[test]
fn a_text_of_no_format_is_not_taken_for_one() {
    for text in ["", "hello", "{}", "<presence/>", "1990-10-13T23:58:37Z hello"] {
        assert_eq!(Format::detect(text), None, "{text}");
    }
}

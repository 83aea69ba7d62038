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

use wallops::transcript::import::{Format, ImportOptions, Imported, import};

/// What `text` is read as, or the error in words.
fn read(text: &str, format: Format) -> Result<Imported, String> {
    import(text, format, &ImportOptions::default()).map_err(|error| error.to_string())
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

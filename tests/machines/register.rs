//! Every statement of XEP-0282 is looked at by a test, which names it.
//!
//! A test that looks at one has its id in its documentation.

use std::collections::BTreeSet;
use std::path::Path;

use wallops::conform::requirements::Requirement;

/// Of these statements the machines do a part; the rest is the server's or the network's and is
/// tested there.
const SHARED: &[(&str, &str)] = &[
    ("arch.single-root", "that no stanza goes elsewhere is routing"),
    ("slave.intercept.all-kinds", "what is intercepted at all the server decides"),
    ("slave.intercept.directed-presence", "after a restart the server's memory is asked"),
    ("slave.leave.implicit", "the server says goodbye for a lost session"),
    ("slave.relay.may", "a server without a slave routes by itself"),
    ("keepalive.xep0199", "that a ping never reaches a user is routing"),
    ("split.no-error-reply", "bounces are made by servers"),
];

/// The ids that are named in the documentation of this directory's tests.
fn named() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines");
    let mut named = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in source.lines().filter_map(|line| line.trim().strip_prefix("/// ")) {
            let quoted = line.split('`').skip(1).step_by(2);
            named.extend(quoted.filter(|text| is_id(text)).map(str::to_owned));
        }
    }
    named
}

/// Whether a quotation looks like an id: words of small letters, digits and hyphens with points
/// between.
fn is_id(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_lowercase() || "-0123456789".contains(c))
    };
    text.contains('.') && text.split('.').all(word)
}

#[test]
fn every_statement_is_looked_at_by_a_test() {
    let named = named();
    let ids: Vec<_> = Requirement::of_xep().map(|one| one.id).collect();
    let missing: Vec<_> = ids.iter().filter(|id| !named.contains(**id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn no_test_names_a_statement_that_there_is_not() {
    let strange: Vec<_> =
        named().into_iter().filter(|id| Requirement::find(id).is_none()).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let known = |(id, reason): &(&str, &str)| Requirement::find(id).is_some() && !reason.is_empty();
    assert!(SHARED.iter().all(known));
}

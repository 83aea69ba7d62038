//! The data as files: complete, as printed, with errata that fit.

use std::fs;
use std::path::Path;

use wallops::conform::examples::{self, Rule};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/xep-0282").join(name);
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_file_has_20_examples_with_47_stanzas_and_the_program_has_the_same() {
    let file: toml::Table = read("examples.toml").parse().unwrap();
    let printed: Vec<&str> = file["example"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["printed"].as_str().unwrap())
        .collect();
    let stanzas: usize = printed
        .iter()
        .map(|text| text.matches("</presence>").count() + text.matches("</message>").count())
        .sum();
    assert_eq!((printed.len(), stanzas), (20, 47));
    let known: Vec<&str> = examples::all().iter().map(|e| e.printed.as_str()).collect();
    assert_eq!(printed, known);
    let numbers: Vec<u32> = examples::all().iter().map(|example| example.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u32>>());
}

#[test]
fn the_patterns_have_47_stanzas_two_of_which_make_two_hops() {
    let hops: usize = examples::all().iter().map(|example| example.stanzas().len()).sum();
    assert_eq!(hops, 49);
}

#[test]
fn example_14_is_kept_as_ill_formed_as_it_is_printed() {
    let printed = &examples::all()[13].printed;
    assert!(printed.contains("to='rubenro@vesa.yeggmaex.irc/shaver'\n  ...\n</presence>"));
}

#[test]
fn every_erratum_names_examples_and_has_a_reason() {
    let errata = examples::errata();
    assert!(errata.iter().map(|erratum| &erratum.number).is_sorted());
    for erratum in errata {
        assert!(!erratum.examples.is_empty(), "{}", erratum.number);
        assert!(erratum.examples.iter().all(|number| (1..=20).contains(number)));
        assert!(erratum.reason.len() > 40 && !erratum.wrong.is_empty(), "{}", erratum.number);
    }
    let corrected: Vec<&str> = errata
        .iter()
        .filter(|erratum| erratum.rule == Rule::Corrected)
        .map(|erratum| erratum.number.as_str())
        .collect();
    assert_eq!(corrected, ["E01", "E06", "E07", "E09"]);
}

#[test]
fn the_notice_names_the_source_and_carries_the_permission() {
    let notice = read("NOTICE");
    for part in [
        "https://xmpp.org/extensions/xep-0282.html",
        "copyright © 1999 – 2024 by the XMPP Standards Foundation (XSF)",
        "Permission is hereby granted, free of charge, to any person obtaining a copy",
        "NOTE WELL",
    ] {
        assert!(notice.contains(part), "{part}");
    }
}

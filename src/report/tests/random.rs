//! Whatever a record says, what is written of it is well-formed, and leaves nothing out.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::report::diagram::{Diagram, Item, Options};
use crate::stanza::Element;
use crate::transcript::tests::transcript;

/// What speaks to a terminal.
const ESCAPE: char = '\u{1B}';

/// The entries that are drawn, in order.
fn entries(diagram: &Diagram) -> Vec<usize> {
    let rows = diagram.rows.iter().flat_map(|row| match &row.what {
        Item::Day(_) => Vec::new(),
        Item::Stanzas(arrows) => arrows.iter().map(|arrow| arrow.entry).collect(),
        Item::Line { entry, .. } | Item::Network { entry, .. } | Item::Note { entry, .. } => {
            vec![*entry]
        }
    });
    let mut entries: Vec<usize> = rows.collect();
    entries.sort_unstable();
    entries
}

/// A run in which a requirement was broken at each entry.
fn condemned(transcript: Transcript) -> Run {
    let findings = (0..transcript.entries.len()).map(|entry| finding("INV-NO-DUP", entry));
    let findings = findings.collect();
    let rows = vec![row("INV-NO-DUP", Verdict::Fail, 0, 1)];
    Run { transcript, judgement: Judgement { rows, findings }, ..run("random") }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_entry_is_drawn_once_within_what_there_is(transcript in transcript()) {
        for unfold in [false, true] {
            let options = Options { unfold, ..Options::default() };
            let diagram = Diagram::new(&transcript, &options).unwrap();
            let all: Vec<usize> = (0..transcript.entries.len()).collect();
            prop_assert_eq!(entries(&diagram), all);
            for band in &diagram.bands {
                prop_assert!(band.first < band.end && band.end <= diagram.rows.len());
                prop_assert!(band.lane < diagram.lanes.len());
            }
            let svg = diagram.svg();
            prop_assert!(svg.parse::<Element>().is_ok(), "{}", svg);
            let mermaid = diagram.mermaid();
            let ours = |line: &str| line.starts_with("    ") || line == "sequenceDiagram";
            prop_assert!(mermaid.lines().all(ours), "{}", mermaid);
        }
    }

    #[test]
    fn whoever_has_a_part_can_be_asked_for(transcript in transcript()) {
        let whole = Diagram::new(&transcript, &Options::default()).unwrap();
        let all: BTreeSet<usize> = entries(&whole).into_iter().collect();
        for lane in &whole.lanes {
            let only = vec![lane.host.to_string()];
            let part = Diagram::new(&transcript, &Options { only, ..Options::default() }).unwrap();
            prop_assert!(part.lanes.iter().any(|one| one.host == lane.host));
            prop_assert!(entries(&part).iter().all(|entry| all.contains(entry)));
        }
    }

    #[test]
    fn every_form_of_a_report_can_be_read(transcript in transcript()) {
        let report = Report { runs: vec![condemned(transcript)] };
        let page = report.html();
        prop_assert_eq!(page.matches("<script").count(), 1);
        let ids = values(&page, "id");
        let unique: BTreeSet<_> = ids.iter().collect();
        prop_assert_eq!(unique.len(), ids.len());
        let json: Result<serde_json::Value, _> = serde_json::from_str(&report.json());
        prop_assert!(json.is_ok());
        let junit = report.junit();
        prop_assert!(quick_junit::Report::deserialize_from_str(&junit).is_ok(), "{}", junit);
        let text = report.text();
        prop_assert!(!text.contains(ESCAPE), "{}", text);
    }
}

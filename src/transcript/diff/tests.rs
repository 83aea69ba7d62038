use super::*;
use crate::stanza::{Stanza, Type, element, ns};
use crate::time::Duration;
use crate::transcript::What;

fn says(text: &str) -> Stanza {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text(text);
    Stanza::message(Type::Groupchat).with_payload(body)
}

fn at(millis: u64) -> Time {
    Time::XEP_EPOCH + Duration::from_millis(millis)
}

/// A record in which each of these leaves one host for another and arrives 20 ms later.
fn record(hops: &[(u64, &str, &str, &str)]) -> Transcript {
    let mut record = Transcript::default();
    for (millis, from, to, text) in hops {
        let hop = record.sent(at(*millis), (*from).into(), (*to).into(), says(text));
        record.delivered(hop, at(millis + 20));
    }
    record
}

const ARRIVALS: Comparison = Comparison::Arrivals { stamps: true };

fn compare(left: &Transcript, right: &Transcript, comparison: Comparison) -> Diff {
    Diff::new(["a.txt", "b.txt"], [left, right], comparison)
}

const TALK: [(u64, &str, &str, &str); 4] = [
    (0, "vesa", "channel", "one"),
    (20, "channel", "eris", "one"),
    (20, "channel", "vesa", "one"),
    (100, "vesa", "channel", "two"),
];

#[test]
fn a_record_is_the_same_as_itself() {
    let talk = record(&TALK);
    for comparison in [Comparison::Exact, ARRIVALS] {
        let diff = compare(&talk, &talk, comparison);
        assert!(diff.is_same());
        assert!(diff.summaries.iter().all(Summary::is_same));
        assert_eq!(diff.to_string(), "a.txt and b.txt are the same.\n");
    }
}

#[test]
fn a_changed_stanza_is_shown_with_the_first_whom_it_reached() {
    let mut changed = TALK;
    changed[2].3 = "won";
    changed[3].3 = "too";
    let diff = compare(&record(&TALK), &record(&changed), ARRIVALS);
    assert_eq!(
        diff.to_string(),
        "\
First difference: number 1 of vesa, at 1990-10-13T23:58:37.040000Z: it differs.

--- a.txt
+++ b.txt
@@ -1,4 +1,4 @@
 channel -> vesa
   <message type='groupchat'>
-    <body>one</body>
+    <body>won</body>
   </message>

channel  2 | 2  1 missing, 1 extra
eris     1 | 1  same
vesa     1 | 1  1 missing, 1 extra
"
    );
}

#[test]
fn what_is_missing_extra_or_in_another_order_is_called_so() {
    let talk = record(&[(0, "a", "c", "1"), (1, "a", "c", "2"), (2, "a", "c", "3")]);
    let missing = record(&[(0, "a", "c", "1"), (2, "a", "c", "3")]);
    let order = record(&[(0, "a", "c", "1"), (1, "a", "c", "3"), (2, "a", "c", "2")]);
    let short = record(&[(0, "a", "c", "1"), (1, "a", "c", "2")]);
    for (left, right, way, ordinal) in [
        (&talk, &missing, Way::Missing, 2),
        (&missing, &talk, Way::Extra, 2),
        (&talk, &order, Way::Order, 2),
        (&talk, &short, Way::Missing, 3),
        (&short, &talk, Way::Extra, 3),
    ] {
        let first = compare(left, right, ARRIVALS).first.unwrap();
        assert_eq!((first.way, first.ordinal), (way, ordinal));
        assert_eq!(first.whom, "c");
    }
    let summary = compare(&talk, &order, ARRIVALS).summaries.remove(0);
    assert!(summary.reordered && !summary.is_same());
    let shown = compare(&talk, &missing, ARRIVALS).to_string();
    assert!(shown.contains("b.txt lacks it") && shown.contains("-    <body>2</body>"), "{shown}");
    assert!(!shown.contains("<body>3</body>"), "{shown}");
}

#[test]
fn who_receives_nothing_in_one_record_is_told_too() {
    let diff = compare(&record(&TALK), &record(&[]), ARRIVALS);
    assert_eq!(diff.summaries.len(), 3);
    assert_eq!(diff.first.unwrap().whom, "channel");
}

#[test]
fn arrivals_differ_neither_by_time_nor_by_what_was_lost_but_exact_records_do() {
    let mut later = TALK.map(|(millis, from, to, text)| (millis + 5, from, to, text));
    let (talk, late) = (record(&TALK), record(&later));
    assert!(compare(&talk, &late, ARRIVALS).is_same());
    let first = compare(&talk, &late, Comparison::Exact).first.unwrap();
    assert_eq!((first.whom.as_str(), first.at), ("channel", at(0)));
    later[0].1 = "eris";
    assert!(!compare(&talk, &record(&later), ARRIVALS).is_same());

    let mut lost = record(&TALK);
    let hop = lost.sent(at(200), "vesa".into(), "channel".into(), says("three"));
    lost.lost(hop);
    lost.push(at(200), What::Line { number: 3, text: "wait".into() });
    assert!(compare(&talk, &lost, ARRIVALS).is_same());
    assert!(!compare(&talk, &lost, Comparison::Exact).is_same());
}

#[test]
fn the_order_of_arrival_counts_not_that_of_departure() {
    let hops = [(0, "a", "c", "slow"), (1, "b", "c", "fast")];
    let mut overtaken = record(&hops);
    overtaken.delivered(0, at(500));
    let first = compare(&record(&hops), &overtaken, ARRIVALS).first.unwrap();
    assert_eq!(first.way, Way::Order);
}

#[test]
fn exact_records_differ_by_their_headers_and_by_the_order_of_all() {
    let talk = record(&TALK);
    let mut other = talk.clone();
    other.header.seed = 7;
    let diff = compare(&talk, &other, Comparison::Exact);
    assert!(!diff.is_same());
    assert!(diff.to_string().starts_with("seed: 0 | 7\n"));
    assert!(compare(&talk, &other, ARRIVALS).is_same());

    let mut swapped = talk.clone();
    swapped.entries.swap(1, 2);
    assert!(compare(&talk, &swapped, ARRIVALS).is_same());
    let diff = compare(&talk, &swapped, Comparison::Exact);
    assert!(!diff.is_same());
    assert_eq!(diff.first.unwrap().ordinal, 2);
}

#[test]
fn stamps_count_unless_told_otherwise() {
    let stamped = |stamp: &str| {
        let mut x = element("x", ns::DMUC, &[]);
        x.append_child(element("history", ns::DMUC, &[]));
        x.append_child(element("delay", ns::DELAY, &[("stamp", stamp)]));
        let mut record = Transcript::default();
        let stanza = says("late").with_payload(x).with_id(format!("run-{stamp}"));
        let hop = record.sent(at(0), "a".into(), "b".into(), stanza);
        record.delivered(hop, at(20));
        record
    };
    let (one, two) = (stamped("1990-10-13T23:58:37Z"), stamped("1990-10-13T23:58:38Z"));
    assert!(!compare(&one, &two, ARRIVALS).is_same());
    assert!(compare(&one, &two, Comparison::Arrivals { stamps: false }).is_same());
    assert!(!compare(&one, &two, Comparison::Exact).is_same());
}

#[test]
fn huge_stanzas_are_compared_in_little_time() {
    let huge = |name: &str| {
        let mut x = element("x", "urn:x", &[]);
        for _ in 0..50_000 {
            x.append_child(element(name, "urn:x", &[]));
        }
        let mut record = Transcript::default();
        let hop = record.sent(at(0), "a".into(), "b".into(), says("huge").with_payload(x));
        record.delivered(hop, at(20));
        record
    };
    let shown = compare(&huge("y"), &huge("z"), ARRIVALS).to_string();
    assert!(shown.contains("-    <y/>\n") || shown.contains("-      <y/>\n"));
    assert!(shown.lines().count() < 2_100);
}

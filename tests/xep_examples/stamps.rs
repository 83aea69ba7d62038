//! Printed stamps stand for others, but not for just any.

use minidom::Element;

use crate::run::{Line, NOTHING, unmatched, whole};

/// The run with the stamp of one of the delays of an entry changed.
fn restamped(lines: &[Line], entry: usize, stamp: &str) -> Vec<Line> {
    let mut lines = lines.to_vec();
    let text = lines[entry].1.stanza.to_string();
    let start = text.find("stamp='").unwrap() + "stamp='".len();
    let end = start + text[start..].find('\'').unwrap();
    let new = format!("{}{stamp}{}", &text[..start], &text[end..]);
    lines[entry].1.stanza = crate::run::stanza(&new);
    lines
}

/// The entries whose stanza has this stamp.
fn stamped(lines: &[Line], stamp: &str) -> Vec<usize> {
    let has = |line: &Line| Element::from(&line.1.stanza).children().any(|c| has_stamp(c, stamp));
    (0..lines.len()).filter(|at| has(&lines[*at])).collect()
}

fn has_stamp(element: &Element, stamp: &str) -> bool {
    element.attr("stamp") == Some(stamp) || element.children().any(|child| has_stamp(child, stamp))
}

const LIVE: &str = "1990-10-13T23:58:37Z";

#[test]
fn copies_of_one_message_have_one_stamp() {
    let lines = whole();
    let copies = stamped(&lines, LIVE);
    assert_eq!(copies.len(), 3);
    for copy in &copies {
        let lines = restamped(&lines, *copy, "1990-10-13T23:58:38Z");
        assert_eq!(unmatched(&lines), [6, 17]);
    }
    let together = copies
        .iter()
        .fold(lines, |lines, copy| restamped(&lines, *copy, "1990-10-14T07:00:00.040000Z"));
    assert_eq!(unmatched(&together), NOTHING);
}

#[test]
fn different_stamps_keep_their_order() {
    let lines = whole();
    let [first] = stamped(&lines, "1990-01-23T19:50:01Z")[..] else { panic!() };
    assert_eq!(unmatched(&restamped(&lines, first, "1989-12-31T00:00:00Z")), NOTHING);
    // As late as the next one, later than it, and later than what was said live.
    for late in ["1990-01-23T19:50:30Z", "1990-01-23T19:50:31Z"] {
        assert_eq!(unmatched(&restamped(&lines, first, late)), [15], "{late}");
    }
    let [last] = stamped(&lines, "1990-01-23T19:51:20Z")[..] else { panic!() };
    assert_eq!(unmatched(&restamped(&lines, last, "1990-10-14T00:00:00Z")), [15]);
}

#[test]
fn a_stamp_is_in_utc_and_says_so() {
    let lines = whole();
    let [first] = stamped(&lines, "1990-01-23T19:50:01Z")[..] else { panic!() };
    for wrong in ["1990-01-23T19:50:01", "1990-01-23T20:50:01+01:00", "19900123T19:50:01", ""] {
        assert_eq!(unmatched(&restamped(&lines, first, wrong)), [15], "{wrong}");
    }
}

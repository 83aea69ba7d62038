//! The orders that bind, and those that do not.

use crate::run::{Line, NOTHING, RUBENRO, arrival, check, departure, errata, of, unmatched, whole};

/// The stanzas of these examples at one instant, in this order.
fn in_order(numbers: &[u32]) -> Vec<Line> {
    numbers.iter().flat_map(|number| of(*number, 0)).collect()
}

#[test]
fn roster_own_presence_and_history_come_in_this_order() {
    for order in [[13, 15, 14], [14, 13, 15], [14, 15, 13], [15, 13, 14], [15, 14, 13]] {
        let mut numbers = vec![12];
        numbers.extend(order);
        let unmatched = unmatched(&in_order(&numbers));
        let first_three = [13, 14, 15].iter().any(|number| unmatched.contains(number));
        assert!(first_three, "{order:?}");
    }
    let unmatched = unmatched(&in_order(&[12, 13, 14, 15]));
    assert!([12, 13, 14, 15].iter().all(|number| !unmatched.contains(number)));
}

#[test]
fn an_own_presence_within_the_roster_or_the_history_is_too_early_or_too_late() {
    for (example, at) in [(13, 5), (15, 1)] {
        let mut lines = in_order(&[12, 13]);
        let mut burst = of(example, 0);
        burst.insert(at, of(14, 0).remove(0));
        if example == 13 {
            lines.truncate(1);
        }
        lines.extend(burst);
        assert!(unmatched(&lines).contains(&example));
    }
}

#[test]
fn the_arrival_goes_to_all_slaves_before_enter() {
    for late in 0..3 {
        let mut lines = of(8, 0);
        lines.insert(late, of(12, 0).remove(0));
        let unmatched = unmatched(&lines);
        assert!(unmatched.contains(&12) && unmatched.contains(&2), "ENTER before copy {late}");
    }
}

#[test]
fn leave_goes_out_before_the_departure() {
    let mut lines = departure();
    assert!(!unmatched(&lines).contains(&3));
    lines.rotate_left(1);
    assert!(unmatched(&lines).contains(&3));
}

#[test]
fn stanzas_to_one_receiver_come_as_printed() {
    for number in [1, 15] {
        let lines = of(number, 0);
        for at in 1..lines.len() {
            let mut lines = lines.clone();
            lines.swap(at - 1, at);
            assert!(unmatched(&lines).contains(&number), "example {number}, {at}");
        }
    }
    for number in [7, 16] {
        let mut lines = of(number, 0);
        lines.reverse();
        assert!(unmatched(&lines).contains(&number), "example {number}");
    }
}

#[test]
fn a_roster_for_a_user_and_copies_for_several_come_in_any_order() {
    for number in [4, 6, 8, 9, 10, 13, 17, 18, 19, 20] {
        let mut lines = of(number, 0);
        lines.reverse();
        assert!(!unmatched(&lines).contains(&number), "example {number}");
        lines.rotate_left(1);
        assert!(!unmatched(&lines).contains(&number), "example {number}");
    }
}

#[test]
fn a_stanza_twice_is_once_too_often() {
    for number in 1..=20 {
        for at in 0..of(number, 0).len() {
            let mut lines = of(number, 0);
            lines.insert(at, lines[at].clone());
            assert!(unmatched(&lines).contains(&number), "example {number}, stanza {at}");
        }
    }
}

#[test]
fn copies_of_different_broadcasts_do_not_make_an_example() {
    // The first broadcast misses one slave, the second goes only to it.
    for missed in 0..3 {
        let mut lines = of(17, 0);
        lines.remove(missed);
        lines.extend(of(17, 1000));
        lines.remove(2 + (missed + 1) % 3);
        assert!(unmatched(&lines).contains(&17), "{missed}");
    }
}

#[test]
fn the_newcomer_sees_himself_once() {
    // The misprint of example 11 played beside what is right.
    let mut lines = arrival();
    let first = lines.iter().position(|(_, hop)| &*hop.to == RUBENRO).unwrap();
    let mut own = of(14, 1041).remove(0);
    lines.insert(first, own.clone());
    assert!(unmatched(&lines).contains(&14));
    // Long before, but after he asked to enter.
    own.0 = 1001;
    let mut lines = arrival();
    lines.insert(1, own);
    assert!(unmatched(&lines).contains(&14));
}

#[test]
fn a_second_arrival_is_an_arrival() {
    let mut lines = whole();
    lines.extend(arrival().into_iter().map(|(at, hop)| (at + 10_000, hop)));
    assert_eq!(unmatched(&lines), NOTHING);
    assert_eq!(errata(&check(&lines), 14), ["E09"]);
}

//! Conditions of errors (RFC 6120 §8.3.3), by name, and status codes of rooms.

use super::super::super::mistake::Wrong;
use super::super::super::words::{nearest, ticked};
use crate::stanza::{Condition, Element, ns};

pub(super) fn condition(word: &str) -> Result<Condition, Wrong> {
    let element = CONDITIONS.contains(&word).then(|| Element::bare(word, ns::STANZA_ERRORS));
    element.and_then(|element| Condition::try_from(element).ok()).ok_or_else(|| {
        Wrong::UnknownCondition {
            found: word.to_owned(),
            meant: nearest(word, CONDITIONS),
            known: CONDITIONS.iter().map(|condition| ticked(condition)).collect(),
        }
    })
}

/// A status code of a room.
pub(super) fn status(word: &str) -> Result<u32, Wrong> {
    let code = CODES.contains(&word).then(|| word.parse().ok()).flatten();
    code.ok_or_else(|| Wrong::UnknownStatus {
        found: word.to_owned(),
        meant: nearest(word, CODES),
        known: CODES.iter().map(|code| ticked(code)).collect(),
    })
}

/// XEP-0045 §15.6.2
const CODES: [&str; 20] = [
    "100", "101", "102", "103", "104", "110", "170", "171", "172", "173", "174", "201", "210",
    "301", "303", "307", "321", "322", "332", "333",
];

/// RFC 6120 §8.3.3
const CONDITIONS: [&str; 22] = [
    "bad-request",
    "conflict",
    "feature-not-implemented",
    "forbidden",
    "gone",
    "internal-server-error",
    "item-not-found",
    "jid-malformed",
    "not-acceptable",
    "not-allowed",
    "not-authorized",
    "policy-violation",
    "recipient-unavailable",
    "redirect",
    "registration-required",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "subscription-required",
    "undefined-condition",
    "unexpected-request",
];

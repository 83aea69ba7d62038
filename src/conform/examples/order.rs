//! The orders between examples that the XEP's text demands ("first", "then", "after that",
//! "concludes").
//!
//! Each is judged by what it is about and not by whether the other example matched: a run in which
//! the other is missing altogether does not violate the order.

use super::Example;
use super::data::domain;
use super::run::{Run, Sent};

/// What order the stanzas at `places`, found for the example, violate.
pub(super) fn violation(example: &Example, places: &[usize], run: &Run<'_>) -> Option<String> {
    let first = places.iter().copied().min()?;
    let last = places.iter().copied().max()?;
    match example.number {
        2 | 12 => enter_before_arrival(first, run),
        3 => departure_before_leave(first, run),
        13 => before_enter(first, run).or_else(|| roster_not_first(first, last, run)),
        14 => before_enter(first, run).or_else(|| own_presence_not_once(first, run)),
        15 => before_enter(first, run).or_else(|| history_not_last(first, last, run)),
        _ => None,
    }
}

/// The arrival goes to every slave, then ENTER to one (XEP-0282 ENTER).
fn enter_before_arrival(enter: usize, run: &Run<'_>) -> Option<String> {
    let occupant = from(&run.sent[enter])?;
    for (server, slave) in &run.slaves {
        let news: Vec<usize> = run
            .to_slave(server)
            .filter(|at| run.sent[*at].is_news() && run.sent[*at].is_from(occupant))
            .collect();
        let left = |at: &&usize| run.sent[**at].stanza.is_unavailable();
        let before = news.iter().rev().find(|at| **at < enter);
        let arrived = before.is_some_and(|at| run.sent[*at].stanza.is_available());
        let after = news.iter().find(|at| **at > enter).filter(|at| !left(at));
        if let (false, Some(_)) = (arrived, after) {
            return Some(format!("ENTER goes out before the arrival goes to {slave}"));
        }
    }
    None
}

/// LEAVE goes to one slave, then the departure to every slave (XEP-0282 LEAVE).
fn departure_before_leave(leave: usize, run: &Run<'_>) -> Option<String> {
    let occupant = from(&run.sent[leave])?;
    for (server, slave) in &run.slaves {
        let before = run
            .to_slave(server)
            .rev()
            .filter(|at| *at < leave)
            .map(|at| &run.sent[at])
            .find(|sent| sent.is_news() && sent.is_from(occupant));
        if before.is_some_and(|sent| sent.stanza.is_unavailable()) {
            return Some(format!("the departure goes to {slave} before LEAVE goes out"));
        }
    }
    None
}

/// A newcomer gets nothing between his request and ENTER.
fn before_enter(first: usize, run: &Run<'_>) -> Option<String> {
    let user = run.sent[first].to;
    let requested = requested(user, first, run)?;
    let entered_later =
        run.to_slave(domain(user)).any(|at| at > first && run.sent[at].asks("enter") == Some(user));
    (entered_later && entered(user, first, run) < Some(requested))
        .then(|| format!("{user} gets it before ENTER goes out"))
}

/// All of the roster comes before the newcomer's own presence, which concludes it.
fn roster_not_first(first: usize, last: usize, run: &Run<'_>) -> Option<String> {
    let user = run.sent[first].to;
    let entered = entered(user, first, run);
    own_presences(user, run)
        .any(|at| entered < Some(at) && at < last)
        .then(|| format!("{user} gets the own presence before the roster is complete"))
}

/// Between the request to enter and the end of the roster there is one own presence, this one.
fn own_presence_not_once(own: usize, run: &Run<'_>) -> Option<String> {
    let user = run.sent[own].to;
    let since = requested(user, own, run).or_else(|| entered(user, own, run));
    own_presences(user, run)
        .any(|at| since < Some(at) && at < own)
        .then(|| format!("{user} gets the own presence twice"))
}

/// The history comes after the newcomer's own presence.
fn history_not_last(first: usize, last: usize, run: &Run<'_>) -> Option<String> {
    let user = run.sent[first].to;
    let entered = entered(user, first, run);
    let before = own_presences(user, run).any(|at| entered < Some(at) && at < first);
    let within = own_presences(user, run).any(|at| first < at && at < last);
    let after = own_presences(user, run).any(|at| last < at);
    (within || (after && !before)).then(|| format!("{user} gets history before the own presence"))
}

/// Where the user last asked to enter, or told of a change, before `before`.
fn requested(user: &str, before: usize, run: &Run<'_>) -> Option<usize> {
    run.between(user, domain(user))
        .iter()
        .copied()
        .rfind(|at| *at < before && run.sent[*at].stanza.is_available())
}

/// Where the last ENTER for this user before `before` is.
fn entered(user: &str, before: usize, run: &Run<'_>) -> Option<usize> {
    run.to_slave(domain(user))
        .rev()
        .find(|at| *at < before && run.sent[*at].asks("enter") == Some(user))
}

/// Where the user is shown an available presence of his own in the room.
fn own_presences<'a>(user: &'a str, run: &'a Run<'_>) -> impl Iterator<Item = usize> + 'a {
    run.between(domain(user), user).iter().copied().filter(move |at| {
        let sent = &run.sent[*at];
        sent.stanza.is_available() && sent.is_to_its_subject(run)
    })
}

fn from<'a>(sent: &'a Sent<'_>) -> Option<&'a str> {
    sent.stanza.from.as_deref().map(|from| from.as_str())
}

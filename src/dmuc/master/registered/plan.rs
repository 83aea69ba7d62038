//! What a slave is told of what it missed: of each nick that changed the net effect, of messages
//! all, of the subject the last one (`docs/dmuc2-slave.md`, State and Backfill).
//!
//! The work is linear in what changed. It does not depend on how many are in the room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dmuc::master::log::{Gone, Logged};
use crate::room::{Item, Role, StoredMessage};
use crate::stanza::{Jid, Payloads, ns};

/// A room's table as a plan needs it.
pub(in crate::dmuc) trait Table {
    /// The nick of this session.
    fn nick_of(&self, session: &Jid) -> Option<&str>;
    /// Whether this nick is in use.
    fn has(&self, nick: &str) -> bool;
    /// Whether this nick belongs to the account of this session.
    fn owns(&self, nick: &str, session: &Jid) -> bool;
}

/// What has to be told, in this order.
#[derive(Clone, Debug, Default)]
pub(in crate::dmuc) struct Plan<'a> {
    /// Nicks that are no more, or belong to somebody else now, with how they went.
    pub departures: Vec<(&'a str, Payloads)>,
    /// Nicks whose present state is to be told.
    pub changes: Vec<&'a str>,
    /// Messages with their numbers, ascending; subjects are not among them.
    pub messages: Vec<(u64, &'a StoredMessage)>,
    /// Whether the subject changed.
    pub subject: bool,
}

/// What is known of one nick.
#[derive(Clone, Copy, Debug, Default)]
struct Trace<'a> {
    /// How it went from its first owner, the last time that he gave it up: he is whom a slave
    /// knows that has heard of nothing since.
    gone: Option<&'a Gone>,
    /// How many happenings it had, and whether the first of them was a departure.
    count: usize,
    began_with_departure: bool,
    /// Whether somebody had it who is not its owner now.
    changed_hands: bool,
}

impl<'a> Plan<'a> {
    /// The plan for what happened since a position, oldest first.
    pub fn of(happened: impl Iterator<Item = (u64, &'a Logged)>, table: &impl Table) -> Self {
        let mut plan = Plan::default();
        let mut traces: BTreeMap<&str, Trace<'_>> = BTreeMap::new();
        let mut order = Vec::new();
        for (seq, logged) in happened {
            let (nick, gone) = match logged {
                Logged::Changed(nick) => (nick, None),
                Logged::Gone(gone) => (&gone.nick, Some(gone)),
                // The nick stays, and its change follows as an event of its own. After the end
                // nobody is told what he missed.
                Logged::Left(_) | Logged::Ended => continue,
                Logged::Message(message) if is_subject(message) => {
                    plan.subject = true;
                    continue;
                }
                Logged::Message(message) => {
                    plan.messages.push((seq, message));
                    continue;
                }
            };
            let trace = traces.entry(nick).or_insert_with(|| {
                order.push(nick.as_str());
                Trace { began_with_departure: gone.is_some(), ..Trace::default() }
            });
            trace.count += 1;
            let owner = trace.gone.or(gone);
            let his = |gone: &&Gone| owner.is_some_and(|first| first.is_same_person(gone));
            trace.gone = gone.filter(his).or(trace.gone);
            trace.changed_hands |=
                gone.is_some_and(|gone| table.has(nick) && !table.owns(nick, &gone.session));
        }
        let single = single_renames(&traces, table);
        for nick in order {
            let trace = &traces[nick];
            if let Some(gone) = trace.gone
                && (!table.has(nick) || trace.changed_hands)
            {
                let kept = single.contains(nick) || !gone.renamed;
                let farewell = if kept { gone.farewell.clone() } else { plain(&gone.farewell) };
                plan.departures.push((nick, farewell));
            }
            if table.has(nick) {
                plan.changes.push(nick);
            }
        }
        plan
    }
}

/// Nicks that were given up once for another one, which nobody had and who did that still has: a
/// change of nick that can be told as such. Everything else is told as leaving and coming.
fn single_renames<'a>(
    traces: &BTreeMap<&'a str, Trace<'_>>,
    table: &impl Table,
) -> BTreeSet<&'a str> {
    let single = |nick: &str, trace: &Trace<'_>| {
        let gone = trace.gone.filter(|gone| gone.renamed && !table.has(nick))?;
        let new = table.nick_of(&gone.session)?;
        let arrival = traces.get(new)?;
        let fresh = arrival.gone.is_none() && !arrival.began_with_departure;
        let once = gone_to(gone) == Some(new) && trace.began_with_departure && trace.count == 1;
        (fresh && once).then_some(())
    };
    traces.iter().filter(|(nick, trace)| single(nick, trace).is_some()).map(|(n, _)| *n).collect()
}

/// The nick that a departure says was taken.
fn gone_to(gone: &Gone) -> Option<&str> {
    let x = gone.farewell.iter().find(|payload| payload.is("x", ns::MUC_USER))?;
    x.get_child("item", ns::MUC_USER)?.attr("nick")
}

/// A departure that says nothing but that the nick is free. The affiliation stays.
fn plain(farewell: &Payloads) -> Payloads {
    let x = farewell.iter().find(|payload| payload.is("x", ns::MUC_USER));
    let item = x.and_then(|x| x.get_child("item", ns::MUC_USER));
    let affiliation = item.and_then(|item| item.attr("affiliation")?.parse().ok());
    let item = Item {
        affiliation: Some(affiliation.unwrap_or_default()),
        role: Some(Role::None),
        ..Item::default()
    };
    Arc::new(vec![item.element(&[])])
}

/// Whether a message changes the subject and says nothing else.
pub(in crate::dmuc) fn is_subject(message: &StoredMessage) -> bool {
    let has = |name| message.payloads.iter().any(|payload| payload.is(name, ns::CLIENT));
    has("subject") && !has("body") && !has("thread")
}

#[cfg(test)]
mod tests;

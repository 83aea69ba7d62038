//! What a slave is told of what it missed: of each nick that changed the net effect, of messages
//! all, of the subject the last one (`docs/dmuc2-slave.md`, State and Backfill).
//!
//! The work is linear in what changed. It does not depend on how many are in the room.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dmuc::master::log::{Gone, Logged};
use crate::room::{Item, Role, StoredMessage};
use crate::stanza::{Element, Jid, Payloads, attribute, ns};

/// A room's table as a plan needs it.
pub(in crate::dmuc) trait Table {
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
    /// Whether somebody had it who is not its owner now.
    changed_hands: bool,
    /// Whether one person gave it up, and then another.
    shared: bool,
}

impl<'a> Plan<'a> {
    /// The plan for what happened since a position, oldest first.
    pub fn of(happened: impl Iterator<Item = (u64, &'a Logged)>, table: &impl Table) -> Self {
        let mut plan = Plan::default();
        let mut traces: BTreeMap<&str, Trace<'_>> = BTreeMap::new();
        let mut order = Vec::new();
        let mut renames = Renames::default();
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
                Trace::default()
            });
            let owner = trace.gone.or(gone);
            let his = |gone: &&Gone| owner.is_some_and(|first| first.is_same_person(gone));
            trace.shared |= gone.is_some_and(|gone| !his(&gone));
            trace.gone = gone.filter(his).or(trace.gone);
            trace.changed_hands |=
                gone.is_some_and(|gone| table.has(nick) && !table.owns(nick, &gone.session));
            gone.into_iter().for_each(|gone| renames.follow(gone));
        }
        let renamed = renames.told(&traces, table);
        for nick in order {
            let trace = &traces[nick];
            if let Some(gone) = trace.gone
                && (!table.has(nick) || trace.changed_hands)
            {
                let farewell = match renamed.get(nick) {
                    Some(new) => named(&gone.farewell, new),
                    None if gone.renamed => plain(&gone.farewell),
                    None => gone.farewell.clone(),
                };
                plan.departures.push((nick, farewell));
            }
            if table.has(nick) {
                plan.changes.push(nick);
            }
        }
        plan
    }
}

/// Who changed his nick, once or several times, and stayed.
#[derive(Clone, Debug, Default)]
struct Renames<'a> {
    /// The nicks that were given up by those who have these now.
    former: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Renames<'a> {
    /// Somebody gives up a nick.
    fn follow(&mut self, gone: &'a Gone) {
        let mut former = self.former.remove(gone.nick.as_str()).unwrap_or_default();
        if let Some(new) = gone_to(gone).filter(|_| gone.renamed) {
            former.push(&gone.nick);
            self.former.insert(new, former);
        }
    }

    /// What can be told as one change of nick, from the first that a slave may know to the last:
    /// nobody else had either meanwhile, so that nobody is taken for another. Everything else is
    /// told as leaving and coming.
    fn told(
        &self,
        traces: &BTreeMap<&'a str, Trace<'_>>,
        table: &impl Table,
    ) -> BTreeMap<&'a str, &'a str> {
        let mut told = BTreeMap::new();
        for (new, former) in &self.former {
            let Some(arrival) = traces.get(new).filter(|_| table.has(new)) else { continue };
            let his = |gone: &Gone| table.owns(new, &gone.session);
            if arrival.shared || arrival.gone.is_some_and(|gone| !his(gone)) {
                continue;
            }
            let alone = |nick: &&&str| {
                let trace = traces.get(**nick).filter(|trace| !trace.shared);
                !table.has(nick) && trace.and_then(|trace| trace.gone).is_some_and(his)
            };
            told.extend(former.iter().filter(alone).map(|nick| (*nick, *new)));
        }
        told
    }
}

/// The nick that a departure says was taken.
fn gone_to(gone: &Gone) -> Option<&str> {
    let x = gone.farewell.iter().find(|payload| payload.is("x", ns::MUC_USER))?;
    x.get_child("item", ns::MUC_USER)?.attr("nick")
}

/// A change of nick to this one.
fn named(farewell: &Payloads, new: &str) -> Payloads {
    let mut payloads = Vec::clone(farewell);
    let x = payloads.iter_mut().filter(|payload| payload.is("x", ns::MUC_USER));
    for item in x.flat_map(Element::children_mut).filter(|one| one.is("item", ns::MUC_USER)) {
        *item = attribute(item.clone(), "nick", new);
    }
    Arc::new(payloads)
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

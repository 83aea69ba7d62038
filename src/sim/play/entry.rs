//! What newcomers are shown: occupants, history, subject. Those who enter at the same time through
//! different slaves, or through none, have to be shown the same.

use std::collections::BTreeSet;

use super::view::{has_status, muc_user};
use super::{Nearest, Play};
use crate::scenario::{Name, Span};
use crate::sim::network::Network;
use crate::sim::world::Arrival;
use crate::stanza::{BareJid, Stanza, ns};

impl<N: Network> Play<'_, N> {
    /// Whether these people were shown the same when they last entered.
    pub(super) fn are_shown_the_same(&mut self, span: Span, people: &[Name], room: &Name) {
        let Some(jid) = self.room_jid(room) else { return };
        let newcomers: BTreeSet<String> =
            people.iter().filter_map(|name| self.nick_in(name, room)).collect();
        let mut shown = Vec::new();
        for name in people {
            match entry(self.inbox(name), &jid, &newcomers) {
                Some(entry) => shown.push((name, entry)),
                None => self.fail(span, name, "to have entered the room", "he has not", None),
            }
        }
        let Some(((first, expected), others)) = shown.split_first() else { return };
        for (name, found) in others.iter().filter(|(_, found)| found != expected) {
            let nearest = Nearest { expected: expected.clone(), found: found.clone() };
            let expected = format!("what {first} was shown");
            self.fail(span, name, &expected, "it is something else", Some(nearest));
        }
    }
}

/// What somebody was shown when he last entered the room, but for himself and for who entered with
/// him.
fn entry(inbox: &[Arrival], room: &BareJid, newcomers: &BTreeSet<String>) -> Option<String> {
    let from_room =
        |stanza: &Stanza| stanza.from.as_ref().is_some_and(|from| from.to_bare() == *room);
    let stanzas: Vec<&Stanza> =
        inbox.iter().map(|arrival| &arrival.stanza).filter(|stanza| from_room(stanza)).collect();
    // An entry ends with the subject; the last presence of himself before it began his stay.
    let is_own = |stanza: &&Stanza| stanza.is_available() && has_status(stanza, "110");
    let subject = (0..stanzas.len()).rev().find(|at| {
        stanzas[*at].is_subject_change()
            && stanzas[..*at].iter().rev().take_while(|one| one.is_groupchat()).count() < *at
            && stanzas[..*at].iter().rev().find(|one| !one.is_groupchat()).is_some_and(is_own)
    })?;
    let own = stanzas[..subject].iter().rposition(is_own)?;
    let before = stanzas[..own].iter().rev().take_while(|one| one.is_available());
    let mut roster: Vec<String> = before
        .filter_map(|one| occupant(one).filter(|(nick, _)| !newcomers.contains(nick)))
        .map(|(nick, privileges)| format!("{nick} {privileges}\n"))
        .collect();
    roster.sort();
    let said = stanzas[own + 1..subject].iter().map(|one| message(one));
    let subject = stanzas[subject].subject().unwrap_or_default();
    Some(format!("{}{}subject {subject}\n", roster.concat(), said.collect::<String>()))
}

fn occupant(presence: &Stanza) -> Option<(String, String)> {
    let nick = presence.from.as_ref()?.resource()?.to_string();
    let item = muc_user(presence)?.get_child("item", ns::MUC_USER)?;
    let word = |name: &str| item.attr(name).unwrap_or("none").to_owned();
    Some((nick, format!("{}/{}", word("role"), word("affiliation"))))
}

fn message(message: &Stanza) -> String {
    let from = message.from.as_ref().map(ToString::to_string).unwrap_or_default();
    let stamp = message.delay().map(|delay| delay.stamp.to_string()).unwrap_or_default();
    format!("{stamp} {from} {}\n", message.body().unwrap_or_default())
}

//! `receives`: stanzas as they are, by scansion's rules.

use super::pattern::{self, Captures};
use super::{Nearest, Play};
use crate::scenario::verbs::{Pattern, Raw};
use crate::scenario::{Machine, Matching, Name, Party, Span};
use crate::sim::network::{HostId, Network};
use crate::stanza::{Element, Jid, Stanza, ns};
use crate::time::Time;

impl<N: Network> Play<'_, N> {
    pub(super) fn receives(&mut self, span: Span, party: &Party, raw: &Raw) {
        match raw {
            Raw::Sends(_) => {}
            Raw::Receives(patterns) => {
                for pattern in patterns {
                    let (cursor, _) = self.reader(party);
                    self.receives_one(span, party, pattern, cursor);
                }
            }
            Raw::ReceivesInAnyOrder(patterns) => self.receives_any(span, party, patterns),
            Raw::ReceivesNothing => {
                let (cursor, mark) = self.reader(party);
                let stanzas = self.arrivals_at(party);
                if let Some(came) = stanzas.get(cursor.max(mark)..).and_then(<[_]>::first) {
                    let nearest = Nearest { expected: String::new(), found: came.to_string() };
                    let whose = party_name(party);
                    self.fail(span, &whose, "nothing", "this came", Some(nearest));
                }
            }
        }
    }

    fn receives_one(&mut self, span: Span, party: &Party, pattern: &Pattern, cursor: usize) {
        let stanzas = self.arrivals_at(party);
        let exact = self.scenario.tags.matching == Matching::Exact;
        let end = if exact { stanzas.len().min(cursor + 1) } else { stanzas.len() };
        match find(&stanzas, cursor..end, pattern, &mut self.captures) {
            Some(index) => self.advance(party, index),
            None => self.fail_pattern(span, party, pattern, &stanzas, cursor),
        }
    }

    /// Each pattern takes another stanza; the cursor moves behind the last one taken.
    fn receives_any(&mut self, span: Span, party: &Party, patterns: &[Pattern]) {
        let (cursor, _) = self.reader(party);
        let stanzas = self.arrivals_at(party);
        let mut taken: Vec<usize> = Vec::new();
        for pattern in patterns {
            let free = (cursor..stanzas.len()).filter(|index| !taken.contains(index));
            match find(&stanzas, free, pattern, &mut self.captures) {
                Some(index) => taken.push(index),
                None => self.fail_pattern(span, party, pattern, &stanzas, cursor),
            }
        }
        let Some(last) = taken.iter().copied().max() else { return };
        let exact = self.scenario.tags.matching == Matching::Exact;
        if exact && let Some(left) = (cursor..last).find(|index| !taken.contains(index)) {
            let found = stanzas[left].to_string();
            let nearest = Nearest { expected: String::new(), found };
            let whose = party_name(party);
            self.fail(span, &whose, "only these", "this came too", Some(nearest));
        }
        self.advance(party, last);
    }

    fn fail_pattern(
        &mut self,
        span: Span,
        party: &Party,
        pattern: &Pattern,
        stanzas: &[Stanza],
        cursor: usize,
    ) {
        let expected = crate::stanza::element_text(&pattern.0, ns::CLIENT);
        let since = stanzas.get(cursor..).filter(|since| !since.is_empty()).unwrap_or(stanzas);
        let recent = &since[since.len().saturating_sub(super::expect::CANDIDATES_MAX)..];
        let nearest = Nearest::of(&expected, recent.iter().map(ToString::to_string));
        let came = stanzas.len().saturating_sub(cursor);
        let found = if came == 0 { "nothing came" } else { "others came" };
        let whose = party_name(party);
        self.fail(span, &whose, "a stanza", found, nearest);
    }

    fn advance(&mut self, party: &Party, index: usize) {
        match party {
            Party::Client(name) => self.move_cursor(name, index),
            Party::Machine(_) => self.readers.entry(party.clone()).or_default().0 = index + 1,
        }
    }

    /// The cursor and the mark of who receives.
    fn reader(&mut self, party: &Party) -> (usize, usize) {
        match party {
            Party::Client(name) => {
                self.views.get(name).map_or((0, 0), |view| (view.cursor, view.mark))
            }
            Party::Machine(_) => {
                let known = self.readers.get(party).copied();
                known.unwrap_or_else(|| (0, self.arrived_before_mark(party)))
            }
        }
    }

    fn arrived_before_mark(&self, party: &Party) -> usize {
        self.arrivals_until(party, self.marked_at).len()
    }

    /// What has arrived for a client or a machine since the record began.
    pub(super) fn arrivals_at(&self, party: &Party) -> Vec<Stanza> {
        self.arrivals_until(party, self.network.now())
    }

    fn arrivals_until(&self, party: &Party, instant: Time) -> Vec<Stanza> {
        match party {
            Party::Client(name) => {
                self.inbox(name).iter().map(|arrival| arrival.stanza.clone()).collect()
            }
            Party::Machine(machine) => {
                let Some((host, address)) = self.machine_host(machine) else { return Vec::new() };
                let world = self.network.world();
                let Some(transcript) = world.recorder().transcript() else { return Vec::new() };
                let domain = world.name(host).clone();
                let for_it = |stanza: &Stanza| match (&stanza.to, machine) {
                    (_, Machine::Server(_)) => true,
                    (Some(to), Machine::Master(_)) => to.domain().as_str() == &*domain,
                    (Some(to), Machine::Slave(_)) => {
                        address.as_ref().is_some_and(|address| address == &**to)
                    }
                    (None, _) => false,
                };
                let arrivals = transcript.arrivals(&domain).into_iter();
                arrivals
                    .filter(|(at, hop)| *at <= instant && for_it(&hop.stanza))
                    .map(|(_, hop)| hop.stanza.clone())
                    .collect()
            }
        }
    }

    /// The host of a machine, and the address that it sends from, if it has one of its own.
    pub(super) fn machine_host(&self, machine: &Machine) -> Option<(HostId, Option<Jid>)> {
        let world = self.network.world();
        match machine {
            Machine::Server(domain) => Some((world.server_id(domain)?, Jid::new(domain).ok())),
            Machine::Master(domain) => Some((world.server_id(domain)?, self.only_room_at(domain))),
            Machine::Slave(name) => {
                let slave = self.scenario.cast.slaves.get(name)?;
                let host = world.server_id(slave.jid.domain().as_str())?;
                Some((host, Some(slave.jid.clone())))
            }
        }
    }
}

impl<N: Network> Play<'_, N> {
    /// The address of a service's room, if it has only one.
    fn only_room_at(&self, domain: &str) -> Option<Jid> {
        let rooms = self.scenario.cast.rooms.values().map(|room| &room.config.jid);
        let mut here = rooms.filter(|room| room.domain().as_str() == domain);
        match (here.next(), here.next()) {
            (Some(only), None) => Some(only.clone().into()),
            _ => None,
        }
    }
}

fn find(
    stanzas: &[Stanza],
    mut indices: impl Iterator<Item = usize>,
    pattern: &Pattern,
    captures: &mut Captures,
) -> Option<usize> {
    indices.find(|index| pattern::matches(&pattern.0, &Element::from(&stanzas[*index]), captures))
}

fn party_name(party: &Party) -> Name {
    match party {
        Party::Client(name)
        | Party::Machine(Machine::Server(name) | Machine::Master(name) | Machine::Slave(name)) => {
            name.clone()
        }
    }
}

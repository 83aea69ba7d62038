//! What machines know, as they say when asked.

use std::collections::BTreeSet;

use super::Play;
use crate::dmuc::{Master, Slave, SlaveRoom};
use crate::room::{History, Roster};
use crate::scenario::verbs::{Knower, Knowledge};
use crate::scenario::{Name, Span};
use crate::sim::network::Network;
use crate::stanza::Jid;

impl<N: Network> Play<'_, N> {
    pub(super) fn knows(&mut self, span: Span, knowledge: &Knowledge) {
        let verdict = match knowledge {
            Knowledge::MasterHasSplit { slave, not } => {
                let split = self.slave_jid(slave).is_some_and(|jid| self.master_has_split(&jid));
                verdict(split, *not, "split by the master")
            }
            Knowledge::SlaveIsSplit { slave, not } => {
                let split =
                    self.slave(slave).is_some_and(|one| one.rooms().any(SlaveRoom::is_split));
                verdict(split, *not, "split")
            }
            Knowledge::RosterIsTheSame(room) => self.rosters_agree(room),
            Knowledge::RosterIs { of, room, occupants } => {
                let nicks = occupants.iter().map(|occupant| self.nick_of(occupant, room));
                self.roster_is(of, room, &nicks.collect())
            }
            Knowledge::HistoryIsTheSame(room) => self.histories_agree(room),
        };
        if let Err((expected, found)) = verdict {
            self.fail(span, "", &expected, &found, None);
        }
    }

    /// Whether any machine counts another as lost.
    pub(super) fn is_split_anywhere(&self) -> bool {
        let slaves = &self.scenario.cast.slaves;
        slaves.values().any(|slave| self.master_has_split(&slave.jid))
            || slaves
                .keys()
                .filter_map(|name| self.slave(name))
                .any(|slave| slave.rooms().any(SlaveRoom::is_split))
    }

    fn masters(&self) -> impl Iterator<Item = &Master> {
        let nodes = self.network.world().servers().iter();
        nodes.filter_map(|node| node.server()?.service()).flat_map(|service| service.rooms())
    }

    fn master(&self, room: &Name) -> Option<&Master> {
        let jid = self.room_jid(room)?;
        self.masters().find(|master| *master.jid() == jid)
    }

    fn master_has_split(&self, slave: &Jid) -> bool {
        self.masters().any(|master| master.is_split(slave) == Some(true))
    }

    fn slave_jid(&self, name: &Name) -> Option<Jid> {
        Some(self.scenario.cast.slaves.get(name)?.jid.clone())
    }

    fn slave(&self, name: &Name) -> Option<&Slave> {
        let jid = self.slave_jid(name)?;
        let world = self.network.world();
        world.server(world.server_id(jid.domain().as_str())?)?.server()?.slave(&jid)
    }

    /// The slaves' copies of a room, by the slaves' names. A slave that was not created has none.
    fn copies(&self, room: &Name) -> Vec<(&Name, &SlaveRoom)> {
        let Some(jid) = self.room_jid(room) else { return Vec::new() };
        let names = self.scenario.cast.slaves.keys();
        names.filter_map(|name| Some((name, self.slave(name)?.room(&jid)?))).collect()
    }

    fn rosters_agree(&self, room: &Name) -> Verdict {
        let expected = "the same roster everywhere".to_owned();
        let Some(master) = self.master(room) else {
            return Err((expected, "the master is down".to_owned()));
        };
        let roster = master.roster();
        for (name, copy) in self.copies(room) {
            if let Some(difference) = difference(&roster, copy.roster()) {
                return Err((expected, format!("{name} {difference}")));
            }
        }
        Ok(())
    }

    fn roster_is(&self, of: &Knower, room: &Name, wanted: &BTreeSet<String>) -> Verdict {
        let nicks: BTreeSet<String> = match of {
            Knower::Master => {
                self.master(room).map(|one| one.roster().into_keys().collect()).unwrap_or_default()
            }
            Knower::Slave(name) => {
                let copies = self.copies(room);
                let copy = copies.iter().find(|(known, _)| *known == name);
                copy.map(|(_, copy)| copy.roster().keys().cloned().collect()).unwrap_or_default()
            }
        };
        if nicks == *wanted { Ok(()) } else { Err((listed(wanted), listed(&nicks))) }
    }

    fn histories_agree(&self, room: &Name) -> Verdict {
        let expected = "the same history everywhere".to_owned();
        let Some(master) = self.master(room) else {
            return Err((expected, "the master is down".to_owned()));
        };
        for (name, copy) in self.copies(room) {
            let keeps = self.scenario.cast.slaves.get(name).map_or(0, |slave| slave.history_max);
            if !is_end_of(copy.history(), master.history(), keeps) {
                let texts = |history: &History| {
                    let stamps = history.iter().map(|one| format!("{} {}", one.stamp, one.from));
                    stamps.collect::<Vec<_>>().join(", ")
                };
                let found = format!(
                    "the master has [{}], {name} has [{}]",
                    texts(master.history()),
                    texts(copy.history())
                );
                return Err((expected, found));
            }
        }
        Ok(())
    }
}

/// What was expected and what was found, if they differ.
type Verdict = Result<(), (String, String)>;

fn verdict(is: bool, not: bool, what: &str) -> Verdict {
    let words = |is: bool| if is { what.to_owned() } else { format!("not {what}") };
    if is == not { Err((words(!not), words(is))) } else { Ok(()) }
}

fn listed(nicks: &BTreeSet<String>) -> String {
    match nicks.len() {
        0 => "nobody".to_owned(),
        _ => nicks.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}

/// How a slave's roster differs from the master's.
fn difference(master: &Roster, slave: &Roster) -> Option<String> {
    if let Some(nick) = master.keys().find(|nick| !slave.contains_key(*nick)) {
        return Some(format!("lacks {nick}"));
    }
    if let Some(nick) = slave.keys().find(|nick| !master.contains_key(*nick)) {
        return Some(format!("has {nick}, the master has not"));
    }
    let differs = |(nick, seat): &(&String, &crate::room::Seat)| {
        slave.get(*nick).is_some_and(|other| !seat.agrees_with(other))
    };
    let (nick, _) = master.iter().find(differs)?;
    Some(format!("has another presence or privilege of {nick}"))
}

/// Whether a slave that keeps so many messages has the last ones of its master.
fn is_end_of(slave: &History, master: &History, keeps: usize) -> bool {
    let wanted = master.iter().count().min(keeps);
    slave.iter().count() >= wanted
        && slave.iter().rev().zip(master.iter().rev()).take(wanted).all(|(one, other)| {
            (&one.from, one.stamp, &one.payloads) == (&other.from, other.stamp, &other.payloads)
        })
}

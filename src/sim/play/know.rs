//! What machines know, as they say when asked.

use std::collections::BTreeSet;

use super::Play;
use super::deeds::{affiliation_name, role_name};
use crate::dmuc::{Master, Registration, RoomCopy, Slave, Standing};
use crate::room::{Grants, History, Roster};
use crate::scenario::verbs::{Knower, Knowledge, Privilege, SlaveCondition};
use crate::scenario::{self, Name, Occupant, Span};
use crate::sim::network::Network;
use crate::stanza::{BareJid, Element, Jid, ns};

impl<N: Network> Play<'_, N> {
    pub(super) fn knows(&mut self, span: Span, knowledge: &Knowledge) {
        let verdict = match knowledge {
            Knowledge::MasterHasSplit { slave, not } => {
                let split = self.slave_jid(slave).is_some_and(|jid| self.master_has_split(&jid));
                verdict(split, *not, "split by the master")
            }
            Knowledge::MasterHas { slave, room, not } => {
                verdict(self.master_has(slave, room.as_ref()), *not, "a slave of the master")
            }
            Knowledge::SlaveIs { slave, condition, room, not } => {
                self.slave_is(slave, *condition, room.as_ref(), *not)
            }
            Knowledge::PositionIs { of, position, room } => self.position_is(of, *position, room),
            Knowledge::RosterIsTheSame(room) => self.rosters_agree(room),
            Knowledge::RosterIs { of, room, occupants } => {
                let nicks = occupants.iter().map(|occupant| self.nick_of(occupant, room));
                self.roster_is(of, room, &nicks.collect())
            }
            Knowledge::HistoryIsTheSame(room) => self.histories_agree(room),
            Knowledge::HistoryHolds { of, room, text, not } => {
                self.history_holds(of, room, text, *not)
            }
            Knowledge::SubjectIsTheSame(room) => self.subjects_agree(room),
            Knowledge::SubjectIs { of, room, text } => self.subject_is(of, room, text),
            Knowledge::PrivilegeIs { occupant, privilege, room } => {
                self.privilege_is(occupant, privilege, room)
            }
            Knowledge::RoomExists { room, not } => {
                verdict(self.master(room).is_some(), *not, "a room of its service")
            }
        };
        if let Err((expected, found)) = verdict {
            self.fail(span, "", &expected, &found, None);
        }
    }

    /// Whether any machine counts another as lost, or is not done with its return.
    pub(super) fn is_split_anywhere(&self) -> bool {
        let slaves = &self.scenario.cast.slaves;
        let unsettled =
            |copy: RoomCopy<'_>| !matches!(copy.standing, Standing::Active | Standing::Idle);
        slaves.values().any(|slave| self.master_has_split(&slave.jid))
            || slaves
                .keys()
                .filter_map(|name| self.slave(name))
                .any(|slave| slave.copies().any(unsettled))
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

    fn master_has(&self, slave: &Name, room: Option<&Name>) -> bool {
        let Some(jid) = self.slave_jid(slave) else { return false };
        let wanted = room.and_then(|room| self.room_jid(room));
        self.masters()
            .filter(|master| wanted.as_ref().is_none_or(|wanted| master.jid() == wanted))
            .any(|master| master.is_split(&jid).is_some())
    }

    fn slave_jid(&self, name: &Name) -> Option<Jid> {
        Some(self.scenario.cast.slaves.get(name)?.jid.clone())
    }

    fn slave(&self, name: &Name) -> Option<&Slave> {
        let jid = self.slave_jid(name)?;
        let world = self.network.world();
        world.server(world.server_id(jid.domain().as_str())?)?.server()?.slave(&jid)
    }

    /// What a slave knows of a room.
    fn copy(&self, slave: &Name, room: &Name) -> Option<RoomCopy<'_>> {
        self.slave(slave)?.copy(&self.room_jid(room)?)
    }

    /// The slaves' copies of a room, by the slaves' names. A slave that was not created, or has
    /// not registered, has none.
    fn copies(&self, room: &Name) -> Vec<(&Name, RoomCopy<'_>)> {
        let names = self.scenario.cast.slaves.keys();
        let copies = names.filter_map(|name| Some((name, self.copy(name, room)?)));
        copies.filter(|(_, copy)| !is_outside(copy)).collect()
    }

    fn slave_is(
        &self,
        slave: &Name,
        condition: SlaveCondition,
        room: Option<&Name>,
        not: bool,
    ) -> Verdict {
        let (word, of): (_, fn(Standing) -> bool) = match condition {
            SlaveCondition::Split => ("split", |standing| standing == Standing::Split),
            SlaveCondition::Active => ("active", |standing| standing == Standing::Active),
            SlaveCondition::Registering => {
                ("registering", |standing| standing == Standing::Registering)
            }
            SlaveCondition::Registered => ("registered", |standing| {
                !matches!(standing, Standing::Idle | Standing::Registering)
            }),
        };
        let is = match room {
            Some(room) => self.copy(slave, room).is_some_and(|copy| of(copy.standing)),
            None => self.slave(slave).is_some_and(|one| one.copies().any(|copy| of(copy.standing))),
        };
        verdict(is, not, word)
    }

    fn position_is(&self, of: &Knower, wanted: Option<u64>, room: &Name) -> Verdict {
        let masters = self.master(room).map(Master::position);
        let found = match of {
            Knower::Master => masters,
            Knower::Slave(slave) => self.copy(slave, room).and_then(|copy| copy.position),
        };
        let wanted = wanted.or(masters);
        if found == wanted { Ok(()) } else { Err((position(wanted), position(found))) }
    }

    fn rosters_agree(&self, room: &Name) -> Verdict {
        let expected = "the same roster everywhere".to_owned();
        let Some(master) = self.master(room) else {
            return Err((expected, "the master is down".to_owned()));
        };
        for (name, copy) in self.copies(room) {
            let Some(slave) = self.slave_jid(name) else { continue };
            let roster = master.roster_for(&slave);
            if let Some(difference) = difference(&roster, copy.roster) {
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
            Knower::Slave(name) => self
                .copy(name, room)
                .map(|copy| copy.roster.keys().cloned().collect())
                .unwrap_or_default(),
        };
        if nicks == *wanted { Ok(()) } else { Err((listed(wanted), listed(&nicks))) }
    }

    fn histories_agree(&self, room: &Name) -> Verdict {
        let expected = "the same history everywhere".to_owned();
        let Some(master) = self.master(room) else {
            return Err((expected, "the master is down".to_owned()));
        };
        for (name, copy) in self.copies(room) {
            let keeps = self
                .scenario
                .cast
                .slaves
                .get(name)
                .map_or((0, 0), |slave| kept(slave, &master.config().grants));
            if !is_end_of(copy.history, master.history(), keeps) {
                let texts = |history: &History| {
                    let stamps = history.iter().map(|one| format!("{} {}", one.stamp, one.from));
                    stamps.collect::<Vec<_>>().join(", ")
                };
                let found = format!(
                    "the master has [{}], {name} has [{}]",
                    texts(master.history()),
                    texts(copy.history)
                );
                return Err((expected, found));
            }
        }
        Ok(())
    }

    fn history_holds(&self, of: &Knower, room: &Name, text: &str, not: bool) -> Verdict {
        let bodies = |history: &History| -> Vec<String> {
            history.iter().filter_map(|message| body(&message.payloads)).collect()
        };
        let bodies = match of {
            Knower::Master => self.master(room).map(|master| bodies(master.history())),
            Knower::Slave(slave) => self.copy(slave, room).map(|copy| bodies(copy.history)),
        };
        let holds = bodies.is_some_and(|bodies| bodies.iter().any(|body| body == text));
        verdict(holds, not, "in the history")
    }

    fn subjects_agree(&self, room: &Name) -> Verdict {
        let expected = "the same subject everywhere".to_owned();
        let Some(master) = self.master(room) else {
            return Err((expected, "the master is down".to_owned()));
        };
        let subject = master.subject().unwrap_or_default();
        for (name, copy) in self.copies(room) {
            let other = copy.subject.unwrap_or_default();
            if other != subject {
                let found = format!("the master has \"{subject}\", {name} has \"{other}\"");
                return Err((expected, found));
            }
        }
        Ok(())
    }

    fn subject_is(&self, of: &Knower, room: &Name, wanted: &str) -> Verdict {
        let subject = match of {
            Knower::Master => self.master(room).and_then(Master::subject),
            Knower::Slave(slave) => self.copy(slave, room).and_then(|copy| copy.subject),
        };
        let subject = subject.unwrap_or_default();
        if subject == wanted { Ok(()) } else { Err((wanted.to_owned(), subject)) }
    }

    fn privilege_is(&self, occupant: &Occupant, wanted: &Privilege, room: &Name) -> Verdict {
        let Some(master) = self.master(room) else {
            return Err(("a room".to_owned(), "the master is down".to_owned()));
        };
        let nick = self.nick_of(occupant, room);
        let (found, wanted) = match wanted {
            Privilege::Role(role) => (role_name(&master.role_of(&nick)), role_name(role)),
            Privilege::Affiliation(affiliation) => {
                let jid = match occupant {
                    Occupant::Client(name) => self.bare_jid(name),
                    Occupant::Nick(address) => BareJid::new(address).ok(),
                };
                let found = jid.map(|jid| master.affiliation_of(&jid)).unwrap_or_default();
                (affiliation_name(&found), affiliation_name(affiliation))
            }
        };
        if found == wanted { Ok(()) } else { Err((wanted.to_owned(), found.to_owned())) }
    }
}

/// Whether a slave does not serve the room, or not yet.
fn is_outside(copy: &RoomCopy<'_>) -> bool {
    copy.standing == Standing::Idle
        || copy.standing == Standing::Registering && copy.roster.is_empty()
}

fn position(position: Option<u64>) -> String {
    position.map_or_else(|| "no position".to_owned(), |position| position.to_string())
}

fn body(payloads: &[Element]) -> Option<String> {
    payloads.iter().find(|payload| payload.is("body", ns::CLIENT)).map(Element::text)
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

/// How many messages a slave has to keep at least, and may keep at most.
fn kept(slave: &scenario::Slave, grants: &Grants) -> (usize, usize) {
    let Registration::Dynamic(demands) = &slave.registration else {
        return (slave.history_max, slave.history_max);
    };
    let (asked, granted) = (demands.history, grants.history);
    let most = usize::try_from(asked.maxstanzas.min(granted.maxstanzas)).unwrap_or(usize::MAX);
    // How many messages so many bytes are depends on what is in them.
    let by_bytes = asked.maxbytes.min(granted.maxbytes) < Grants::default().history.maxbytes;
    (if by_bytes { 0 } else { most }, most)
}

/// Whether a slave that keeps so many messages has the last ones of its master.
fn is_end_of(slave: &History, master: &History, (least, most): (usize, usize)) -> bool {
    let there = master.iter().count();
    let kept = slave.iter().count();
    kept >= there.min(least)
        && slave.iter().rev().zip(master.iter().rev()).take(most).all(|(one, other)| {
            (&one.from, one.stamp, &one.payloads) == (&other.from, other.stamp, &other.payloads)
        })
}

//! Creating a slave: what is agreed on, and the initial roster.

mod granted;

use std::collections::{BTreeMap, BTreeSet};

use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, NickId, Passage, Room, Side, SlaveId, accepted};
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::Change;
use crate::stanza::ns;
use crate::stanza::slave::Register;
use crate::time::Time;
use granted::Granted;

/// Slaves that are being created, and what they asked for.
#[derive(Debug, Default)]
pub(super) struct Creating {
    asked: BTreeMap<SlaveId, (Register, usize)>,
    births: BTreeMap<SlaveId, Birth>,
    /// Whether the record has begun.
    begun: bool,
    /// Slaves that were registered before.
    known: BTreeSet<SlaveId>,
    /// Slaves that were created and have not been sent an ENTER.
    fresh: BTreeSet<SlaveId>,
    /// What came to a slave that does not serve the room, at this instant.
    uninvited: Vec<Silent>,
    /// State that came to a slave at this instant.
    stored: Vec<Silent>,
    granted: Granted,
}

/// What came to a slave and is nothing for its users.
#[derive(Debug)]
struct Silent {
    slave: SlaveId,
    entry: usize,
    /// What users were told of it nevertheless.
    shown: Vec<usize>,
}

/// What a new slave was sent.
#[derive(Debug, Default)]
struct Birth {
    entry: usize,
    /// Whether its own users were handed over to it.
    handover: bool,
    /// Of whom, each with whether his real JID was in it: those may follow, for a first moderator.
    /// And where.
    told: Vec<(String, bool, usize)>,
    /// Who was in the room.
    before: BTreeSet<NickId>,
}

impl Invariant for Creating {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let whole: Vec<_> = self.births.keys().copied().collect();
        for slave in whole.into_iter().filter(|slave| !room.slaves[*slave].registers) {
            // What waits for a stream is still to come.
            let told = self.births.get(&slave).is_some_and(|birth| !birth.told.is_empty());
            if (told || room.occupants.is_empty())
                && let Some(birth) = self.births.remove(&slave)
            {
                birth.judge(slave, room, findings);
            }
        }
        for silent in self.uninvited.drain(..) {
            silent.settle("create.slave-consent", room, findings);
        }
        for silent in self.stored.drain(..) {
            silent.settle("slave.roster.silent-store", room, findings);
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        if !std::mem::replace(&mut self.begun, true) {
            let served = room.slaves.iter().enumerate().filter(|(_, one)| one.master != Side::Idle);
            self.known.extend(served.map(|(slave, _)| slave));
        }
        match &step.what {
            Happening::Came(passage) => {
                self.granted.came(passage);
                self.came(step.entry, passage, room);
            }
            Happening::Left(passage) => {
                self.granted.left((step.entry, passage), room, findings);
                self.left((step.entry, passage), room, findings);
            }
            Happening::Note(note) if note.change == Change::Created => {
                if let Some(slave) = room.slave_of(note.about.as_str()) {
                    self.births.insert(slave, Birth::of(step.entry, room));
                    self.fresh.insert(slave);
                }
            }
            _ => {}
        }
    }
}

impl Silent {
    fn of(slave: SlaveId, entry: usize) -> Self {
        Self { slave, entry, shown: Vec::new() }
    }

    /// Whether users were shown what they should not have been.
    fn settle(&self, id: &'static str, room: &Room, findings: &mut Findings) {
        if self.shown.is_empty() {
            return findings.kept(id);
        }
        let host = &room.slaves[self.slave].domain;
        let what = "users are told of what came to their slave".to_owned();
        findings.push(id, host, self.entry, what, "nothing of it for users", &self.shown);
    }
}

impl Creating {
    fn came(&mut self, entry: usize, passage: &Passage<'_>, room: &Room) {
        let reading = &passage.reading;
        match passage.class {
            Class::ToSlave(slave) => {
                let told = reading.is_presence() || reading.stanza.is_groupchat();
                let idle = room.slaves[slave].own == Side::Idle && !room.slaves[slave].lame;
                if told && idle {
                    self.uninvited.push(Silent::of(slave, entry));
                } else if reading.dmuc.is_some_and(|dmuc| dmuc.enter.is_some()) {
                    self.fresh.remove(&slave);
                } else if told && self.fresh.contains(&slave) {
                    self.stored.push(Silent::of(slave, entry));
                }
            }
            Class::Own(slave) => {
                let register = reading.stanza.payload("register", ns::SLAVE);
                let register = register.and_then(|one| Register::try_from(one.clone()).ok());
                if let Some(register) = register {
                    self.asked.insert(slave, (register, entry));
                }
            }
            _ => {}
        }
    }

    fn left(&mut self, here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
        let reading = &here.1.reading;
        match here.1.class {
            Class::Down(user) if reading.is_presence() || reading.stanza.is_groupchat() => {
                let one = &room.users[user];
                let at = one.slave.filter(|slave| *here.1.hop.from == *room.slaves[*slave].domain);
                let farewell = reading.stanza.is_unavailable() || reading.stanza.is_error();
                let wrong = !farewell && !one.inside && !one.is_let_in();
                let all = self.uninvited.iter_mut().chain(&mut self.stored);
                for silent in all.filter(|silent| Some(silent.slave) == at && wrong) {
                    silent.shown.push(here.0);
                }
            }
            Class::ToSlave(slave) => {
                if let Some(accept) = accepted(reading) {
                    self.accepted(here, slave, &accept, room, findings);
                }
                let dmuc = reading.dmuc.unwrap_or_default();
                if dmuc.at.is_some() || dmuc.enter.is_some() {
                    self.known.insert(slave);
                }
                let Some(birth) = self.births.get_mut(&slave) else { return };
                if dmuc.synced {
                    if let Some(birth) = self.births.remove(&slave) {
                        birth.judge(slave, room, findings);
                    }
                } else if dmuc.enter.is_some() {
                    let others =
                        birth.told.iter().any(|(told, ..)| Some(told.as_str()) != reading.nick);
                    let early = !others && room.occupants.len() > 1;
                    let expected = "the roster before the first ENTER";
                    findings.judge("master.roster.before-enter", !early, here, expected, || {
                        let words = "the slave was told of nobody else since it was created";
                        Wrong::of(words).because([birth.entry])
                    });
                } else if let Some(nick) = reading.nick.filter(|_| reading.stanza.is_available())
                    && reading.is_presence()
                    && (dmuc.state || !room.slaves[slave].registers)
                {
                    birth.told.push((nick.to_owned(), !reading.jids.is_empty(), here.0));
                }
            }
            _ => {}
        }
    }

    fn accepted(
        &mut self,
        here: (usize, &Passage<'_>),
        slave: SlaveId,
        accept: &crate::stanza::slave::Accept,
        room: &Room,
        findings: &mut Findings,
    ) {
        let idle = matches!(room.slaves[slave].master, Side::Idle | Side::Unknown);
        if idle || self.births.contains_key(&slave) {
            // Who comes back may have users there of whom it says nothing.
            let handover = !accept.occupants.is_empty() || !self.known.insert(slave);
            self.births.insert(slave, Birth { handover, ..Birth::of(here.0, room) });
        }
        self.granted.accept(slave, here.0, accept.keepalive.interval);
        let Some((asked, entry)) = self.asked.remove(&slave) else { return };
        let well = asked.keepalive.is_none_or(|asked| accept.keepalive.interval >= asked.interval);
        let expected = "an interval that is no shorter than what was asked for";
        let wrong = || Wrong::of("the slave asked for something else").because([entry]);
        findings.judge("create.negotiate-keepalive", well, here, expected, wrong);
        let well = asked.history.is_none_or(|asked| {
            let bytes = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
            accept.history.maxstanzas <= asked.maxstanzas
                && bytes(accept.history.maxbytes) <= bytes(asked.maxbytes)
        });
        let expected = "no more history than the slave is willing to keep";
        findings.judge("create.negotiate-history", well, here, expected, wrong);
    }
}

impl Birth {
    fn of(entry: usize, room: &Room) -> Self {
        Self { entry, before: room.occupants.keys().copied().collect(), ..Self::default() }
    }

    fn judge(&self, slave: SlaveId, room: &Room, findings: &mut Findings) {
        let one = &room.slaves[slave];
        if room.master_lost.is_some()
            || !room.doubtful.is_empty()
            || !room.health.carries(&room.domain, &one.domain)
        {
            return;
        }
        let there = |nick: &String| {
            let nick = room.known_nick(nick);
            nick.is_some_and(|nick| self.before.contains(&nick) || room.wanted.contains(&nick))
        };
        let told = |nick: &usize, jid: bool| {
            let same = |one: &&(String, bool, usize)| one.0 == room.nicks[*nick] && one.1 == jid;
            self.told.iter().filter(same).count()
        };
        let all = room.occupants.keys().all(|nick| told(nick, true) + told(nick, false) > 0);
        let once = |nick: &usize| told(nick, true) <= 1 && told(nick, false) <= 1;
        let once = room.occupants.keys().all(once);
        let names = || self.told.iter().map(|(nick, ..)| nick);
        let own = |nick: &String| {
            room.occupant_named(nick).is_some_and(|occupant| {
                !occupant.sessions.is_empty()
                    && occupant.sessions.iter().all(|user| {
                        let user = &room.users[*user];
                        user.domain == one.domain && user.inside && user.online
                    })
            })
        };
        let quiet =
            room.open || room.has_moderator(slave) || self.told.iter().all(|(_, jid, _)| !jid);
        let rows = [
            ("master.roster.sent-on-create", all, "everybody who is in the room"),
            ("master.roster.complete-once", once && names().all(there), "each once"),
            (
                "master.roster.remote-only-at-create",
                names().all(there) && (self.handover || !names().any(own)),
                "nobody of the new slave's own",
            ),
            ("master.roster.no-jid-at-create", quiet, "no real JIDs"),
            ("master.roster.before-enter", true, ""),
        ];
        for (id, well, expected) in rows {
            if well {
                findings.kept(id);
            } else {
                let what = format!(
                    "{} is told of: {}",
                    one.jid,
                    names().map(String::as_str).collect::<Vec<_>>().join(", ")
                );
                let causes: Vec<usize> = self.told.iter().map(|(.., entry)| *entry).collect();
                findings.push(id, &room.domain, self.entry, what, expected, &causes);
            }
        }
    }
}

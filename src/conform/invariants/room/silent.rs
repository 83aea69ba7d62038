//! What shows of machines that tell nothing of themselves: when one has lost another, and when they
//! have met again.
//!
//! It is taken from stanzas alone. An error that answers a ping, or that returns what was for the
//! other, or pings without an answer, begin a split; the answer to a ping ends it between a slave
//! without numbers and its master. Of slaves that register, `accept` and `synced` say it, and that
//! one is given up shows by the farewells of those behind it.

use super::{Class, Passage, Room, Side, SlaveId};
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Condition, Kind, Stanza, Type, ns};
use crate::time::Time;

impl Room {
    /// Something leaves a host.
    pub(super) fn infer_from_sent(&mut self, passage: &Passage<'_>) {
        let (now, stanza) = (self.now, passage.reading.stanza);
        self.infer_unanswered();
        self.removes_behind(passage);
        match passage.class {
            Class::ToSlave(slave) => {
                self.infer_created(slave, &passage.reading);
                self.slaves[slave].unsaid.told(&passage.reading);
                if stanza.has_payload("accept", ns::SLAVE) {
                    self.slaves[slave].unsaid.master.renew();
                }
                if is_ping(stanza) {
                    let pings = &mut self.slaves[slave].unsaid.master;
                    pings.ask(passage.reading.id(), now);
                    if pings.unanswered > self.timers.pings_lost_max {
                        self.lost_by_master(slave);
                    }
                } else if stanza.has_payload("deregister", ns::SLAVE) {
                    self.infer_end(slave);
                } else if stanza.has_payload("resync", ns::SLAVE) {
                    // It has missed something.
                    self.lost_by_master(slave);
                }
            }
            Class::Own(slave) if is_ping(stanza) => {
                let pings = &mut self.slaves[slave].unsaid.own;
                pings.ask(passage.reading.id(), now);
                if pings.unanswered > self.timers.pings_lost_max {
                    self.lost_by_slave(slave);
                }
            }
            Class::Own(slave) if stanza.kind == Kind::Iq && stanza.type_ == Type::Result => {
                let slave = &mut self.slaves[slave];
                slave.unsaid.answers |= slave.own == Side::Split;
            }
            // A server returns what its own user has said.
            Class::Down(user) if is_loss(stanza) && passage.reading.from_room => {
                let one = &self.users[user];
                let slave = one.slave.filter(|_| is_by(stanza, &one.domain));
                // A slave that has its answer tells what was lost before.
                let slave = slave.filter(|slave| !self.slaves[*slave].unsaid.own.is_answered(now));
                slave.into_iter().for_each(|slave| self.lost_by_slave(slave));
            }
            _ => {}
        }
    }

    /// Who has waited for the answers to so many pings acts as one that has lost the other.
    fn infer_unanswered(&mut self) {
        let (now, most) = (self.now, self.timers.pings_lost_max);
        for slave in 0..self.slaves.len() {
            let one = &self.slaves[slave];
            let by_master = one.unsaid.master.are_lost(now, most, self.timers.pong_timeout);
            let by_slave = one.unsaid.own.are_lost(now, most, one.timers.pong_timeout);
            if by_master {
                self.lost_by_master(slave);
            }
            if by_slave {
                self.lost_by_slave(slave);
            }
        }
    }

    /// Something has come where it was to go.
    pub(super) fn infer_from_came(&mut self, passage: &Passage<'_>) {
        let (now, stanza, reading) = (self.now, passage.reading.stanza, &passage.reading);
        match passage.class {
            Class::Own(slave) if stanza.is_error() => self.refused_by_slave(slave, reading),
            Class::Own(slave) => {
                let answers = stanza.kind == Kind::Iq && stanza.type_ == Type::Result;
                let one = &mut self.slaves[slave];
                one.unsaid.master.hear();
                let answers = answers && one.unsaid.master.answer(reading.id(), now);
                if answers && one.master == Side::Split {
                    self.met_by_master(slave);
                }
                if stanza.has_payload("deregister", ns::SLAVE) {
                    self.infer_end(slave);
                }
            }
            Class::Relay(_) => {
                if let Some(slave) = self.slave_at(&passage.hop.from) {
                    self.slaves[slave].unsaid.master.hear();
                }
            }
            Class::ToSlave(slave) if stanza.is_error() => self.refused_by_master(slave, reading),
            Class::ToSlave(slave) => {
                self.slaves[slave].unsaid.own.hear();
                if stanza.has_payload("accept", ns::SLAVE) {
                    self.slaves[slave].unsaid.own.renew();
                }
                self.met_by_slave(slave, reading);
            }
            _ => {}
        }
    }

    /// A slave, or its host, answers with an error: no more of it, or it is gone.
    fn refused_by_slave(&mut self, slave: SlaveId, reading: &Reading<'_>) {
        let one = &mut self.slaves[slave];
        let registers = one.registers;
        if reading.stanza.kind != Kind::Iq {
            if !registers || !one.unsaid.is_stale(reading) {
                self.lost_by_master(slave);
            }
            return;
        }
        match one.unsaid.master.fail(reading.stanza) {
            Some(Condition::FeatureNotImplemented) => one.unsaid.master.hear(),
            // It is there, and knows nothing of the room: it is told what there is.
            Some(Condition::ItemNotFound) if !registers => one.master = Side::Idle,
            Some(_) => self.lost_by_master(slave),
            None if is_loss(reading.stanza) && registers => self.lost_by_master(slave),
            None => {}
        }
    }

    /// The master, or its host, answers with an error to what the slave has sent for itself.
    fn refused_by_master(&mut self, slave: SlaveId, reading: &Reading<'_>) {
        let one = &mut self.slaves[slave];
        let failed = match reading.stanza.kind {
            Kind::Iq => one.unsaid.own.fail(reading.stanza),
            _ => reading.stanza.error().map(|error| error.defined_condition),
        };
        match failed {
            Some(Condition::FeatureNotImplemented) => one.unsaid.own.hear(),
            Some(_) => self.lost_by_slave(slave),
            None if is_loss(reading.stanza) && one.registers => self.lost_by_slave(slave),
            None => {}
        }
    }

    /// A server could not deliver something, and says so to who sent it.
    pub(super) fn infer_from_undeliverable(&mut self, at: &str, reading: &Reading<'_>) {
        let stanza = reading.stanza;
        let answered =
            stanza.is_error() || (stanza.kind == Kind::Iq && stanza.type_ == Type::Result);
        if answered {
            return;
        }
        if *at == *self.domain && reading.from_room {
            let slave = self.slave_of(reading.to);
            slave.into_iter().for_each(|slave| self.lost_by_master(slave));
        } else if let Some(slave) = self.slave_at(at) {
            self.lost_by_slave(slave);
        }
    }

    /// Somebody behind a lost slave is removed: the master has given it up.
    fn removes_behind(&mut self, passage: &Passage<'_>) {
        let reading = &passage.reading;
        let removes = reading.from_room && reading.stanza.is_unavailable() && reading.has(333);
        let nick = reading.nick.filter(|_| removes && *passage.hop.from == *self.domain);
        let Some(one) = nick.and_then(|nick| self.occupant_named(nick)) else { return };
        let vias: Vec<_> = one.sessions.iter().filter_map(|user| self.users[*user].via).collect();
        for slave in vias {
            let slave = &mut self.slaves[slave];
            slave.unsaid.given_up |= slave.master == Side::Split && slave.registers;
        }
    }

    /// The next instant comes: slaves that were given up, or must have been, are none any more.
    pub(super) fn infer_given_up(&mut self, next: Time) {
        for slave in 0..self.slaves.len() {
            let one = &mut self.slaves[slave];
            let told = std::mem::take(&mut one.unsaid.given_up);
            let lost = one.registers && one.master == Side::Split;
            if lost && (told || one.is_given_up(next)) {
                self.give_up(slave);
                self.health.trouble(self.now);
            }
        }
    }

    fn lost_by_master(&mut self, slave: SlaveId) {
        let now = self.now;
        let slave = &mut self.slaves[slave];
        if !matches!(slave.master, Side::Split | Side::Idle) {
            slave.lose(now);
            (slave.master, slave.split_master) = (Side::Split, Some(now));
            slave.departures = 0;
            self.health.trouble(now);
        }
    }

    fn lost_by_slave(&mut self, slave: SlaveId) {
        let now = self.now;
        let slave = &mut self.slaves[slave];
        if !matches!(slave.own, Side::Split | Side::Idle) {
            slave.lose(now);
            slave.unsaid.begin();
            (slave.own, slave.split_own) = (Side::Split, Some(now));
            self.health.trouble(now);
        }
    }

    /// What follows at this instant is what there is; what comes later is news.
    fn met_by_master(&mut self, slave: SlaveId) {
        let now = self.now;
        let slave = &mut self.slaves[slave];
        if !slave.registers {
            (slave.master, slave.split_master, slave.synced) = (Side::Active, None, now);
        }
        self.health.trouble(now);
    }

    fn met_by_slave(&mut self, slave: SlaveId, reading: &Reading<'_>) {
        let (now, stanza) = (self.now, reading.stanza);
        let slave = &mut self.slaves[slave];
        let answers = stanza.kind == Kind::Iq && stanza.type_ == Type::Result;
        let answers = answers && slave.unsaid.own.answer(reading.id(), now);
        let told = reading.is_presence() || stanza.is_groupchat();
        let meets = match slave.own {
            Side::Split => answers && !slave.registers,
            Side::Unknown => answers && slave.unsaid.resumes,
            Side::Idle => told && !slave.registers && reading.from_room,
            _ => false,
        };
        if meets {
            slave.unsaid.begin();
            (slave.own, slave.split_own) = (Side::Active, None);
            self.health.trouble(now);
        } else if slave.own == Side::Split && told && slave.unsaid.answers && !slave.registers {
            // A lost slave is told nothing, so that it may take itself for found; or ask first.
            slave.unsaid.resumes = true;
            (slave.own, slave.split_own) = (Side::Unknown, None);
            self.health.trouble(now);
        }
    }

    /// A slave that may have found its master sends what its users do: it has.
    pub(super) fn infer_resumed(&mut self, step: &Step<'_>) {
        let Happening::Left(passage) = &step.what else { return };
        let (Class::Relay(Some(_)), true) = (passage.class, self.silent) else { return };
        let Some(slave) = self.slave_at(&passage.hop.from) else { return };
        let slave = &mut self.slaves[slave];
        if slave.own == Side::Unknown && slave.unsaid.resumes {
            slave.unsaid.begin();
            slave.own = Side::Active;
        }
    }

    /// A slave that served nobody is told who is there.
    fn infer_created(&mut self, slave: SlaveId, reading: &Reading<'_>) {
        let now = self.now;
        let one = &self.slaves[slave];
        let told = reading.stanza.is_available() || reading.stanza.is_groupchat();
        if told && one.master == Side::Idle && !one.registers {
            self.begin_without(slave);
            let slave = &mut self.slaves[slave];
            (slave.master, slave.lame, slave.synced) = (Side::Active, false, now);
            (slave.split_master, slave.gone) = (None, None);
            slave.unsaid.master.renew();
            self.health.trouble(now);
        }
    }

    /// A registration is over.
    fn infer_end(&mut self, slave: SlaveId) {
        let one = &mut self.slaves[slave];
        (one.master, one.own) = (Side::Idle, Side::Idle);
        self.release(slave, true);
        self.health.trouble(self.now);
    }
}

fn is_ping(stanza: &Stanza) -> bool {
    stanza.is_request() && stanza.has_payload("ping", ns::PING)
}

/// Whether this domain's server, or nobody that is named, says that another cannot be reached.
fn is_by(error: &Stanza, domain: &str) -> bool {
    let by = error.error().and_then(|error| error.by);
    by.is_none_or(|by| *by.as_str() == *domain)
}

/// Whether it says that somebody cannot be reached at all, rather than that he refuses something.
fn is_loss(stanza: &Stanza) -> bool {
    stanza.is_error() && stanza.is_unreachable()
}

//! What shows of machines that tell nothing of themselves: when one has lost another, and when they
//! have met again.
//!
//! It is taken from stanzas alone: an error that says that nobody could be reached, of something
//! that was for the other, or pings without an answer, begin a split; the answer to a ping ends it
//! between a slave without numbers and its master. Of slaves that register, `accept` and `synced`
//! say it.

use super::{Class, Passage, Room, Side, SlaveId};
use crate::conform::invariants::reading::Reading;
use crate::stanza::{Condition, Kind, Stanza, Type, ns};
use crate::time::Time;

impl Room {
    /// Something leaves a host.
    pub(super) fn infer_from_sent(&mut self, passage: &Passage<'_>) {
        let (now, stanza) = (self.now, passage.reading.stanza);
        self.infer_unanswered();
        match passage.class {
            Class::ToSlave(slave) => {
                self.infer_created(slave, &passage.reading);
                if is_ping(stanza) {
                    self.slaves[slave].pinged.0 = now;
                    self.slaves[slave].unanswered.0 += 1;
                    if self.slaves[slave].unanswered.0 > self.timers.pings_lost_max {
                        self.lost_by_master(slave);
                    }
                } else if stanza.has_payload("deregister", ns::SLAVE) {
                    self.infer_end(slave);
                }
            }
            Class::Own(slave) if is_ping(stanza) => {
                self.slaves[slave].pinged.1 = now;
                self.slaves[slave].unanswered.1 += 1;
                if self.slaves[slave].unanswered.1 > self.timers.pings_lost_max {
                    self.lost_by_slave(slave);
                }
            }
            // A server returns what its own user has said.
            Class::Down(user) if is_loss(stanza) && passage.reading.from_room => {
                let slave = self.users[user].slave;
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
            let lost = |pings: u32, last: Time, timeout| pings >= most && last + timeout <= now;
            let (by_master, by_slave) = (
                lost(one.unanswered.0, one.pinged.0, self.timers.pong_timeout),
                lost(one.unanswered.1, one.pinged.1, one.timers.pong_timeout),
            );
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
        let (stanza, reading) = (passage.reading.stanza, &passage.reading);
        match passage.class {
            Class::Own(slave) if is_loss(stanza) => self.lost_by_master(slave),
            Class::Own(slave) => {
                let answers = stanza.kind == Kind::Iq && stanza.type_ == Type::Result;
                if answers && self.slaves[slave].master == Side::Split {
                    self.met_by_master(slave);
                }
                if stanza.has_payload("deregister", ns::SLAVE) {
                    self.infer_end(slave);
                }
                self.slaves[slave].unanswered.0 = 0;
            }
            Class::Relay(_) => {
                if let Some(slave) = self.slave_at(&passage.hop.from) {
                    self.slaves[slave].unanswered.0 = 0;
                }
            }
            Class::ToSlave(slave) if is_loss(stanza) => self.lost_by_slave(slave),
            Class::ToSlave(slave) => {
                self.slaves[slave].unanswered.1 = 0;
                self.met_by_slave(slave, reading);
            }
            Class::ToUser(Some(user)) if is_loss(stanza) => {
                let slave = self.users[user].slave;
                slave.into_iter().for_each(|slave| self.lost_by_slave(slave));
            }
            _ => {}
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

    fn lost_by_master(&mut self, slave: SlaveId) {
        let now = self.now;
        let slave = &mut self.slaves[slave];
        if !matches!(slave.master, Side::Split | Side::Idle) {
            slave.lose();
            (slave.master, slave.split_master) = (Side::Split, Some(now));
            slave.departures = 0;
            self.health.trouble(now);
        }
    }

    fn lost_by_slave(&mut self, slave: SlaveId) {
        let now = self.now;
        let slave = &mut self.slaves[slave];
        if !matches!(slave.own, Side::Split | Side::Idle) {
            slave.lose();
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
        let told = reading.is_presence() || stanza.is_groupchat();
        let meets = match slave.own {
            Side::Split => answers && !slave.registers,
            Side::Idle => told && !slave.registers && reading.from_room,
            _ => false,
        };
        if meets {
            (slave.own, slave.split_own) = (Side::Active, None);
            self.health.trouble(now);
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

/// Whether it says that somebody cannot be reached at all, rather than that he refuses something.
fn is_loss(stanza: &Stanza) -> bool {
    let error = stanza.error().filter(|_| stanza.is_error());
    let condition = error.map(|error| error.defined_condition);
    matches!(condition, Some(Condition::RemoteServerNotFound | Condition::RemoteServerTimeout))
}

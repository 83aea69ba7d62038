//! Netsplit, where machines tell nothing of themselves: that an error was heeded shows by what its
//! reader sends next. Pings are the first of it, and nothing else before the way back.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_news, is_served};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, Side, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Kind, Type, ns};
use crate::time::Time;

/// Errors of which it has not shown yet whether they were heeded.
#[derive(Debug, Default)]
pub(super) struct Bounced {
    /// What came back to the master of what a slave was sent.
    master: BTreeMap<SlaveId, Bounce>,
    /// What came back to a slave, or to one of its users.
    slave: BTreeMap<SlaveId, Bounce>,
    /// What came back of what is for one behind a slave.
    private: BTreeMap<SlaveId, Bounce>,
    /// The slaves that were sent what is said at this instant, and the first entry of that.
    told: BTreeSet<SlaveId>,
    said: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Bounce {
    at: Time,
    entry: usize,
    of_user: bool,
}

impl Invariant for Bounced {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let told = std::mem::take(&mut self.told);
        let Some(said) = self.said.take() else { return };
        let id = "master.split.trigger-scope";
        self.private.retain(|slave, bounce| {
            let one = &room.slaves[*slave];
            if bounce.at == room.now {
                return true;
            }
            if told.contains(slave) {
                findings.kept(id);
            } else if is_served(room, *slave) {
                let what = format!("{} is not told what the others are told", one.jid);
                let expected = "no split because something private came back";
                findings.push(id, &room.domain, said, what, expected, &[bounce.entry]);
            }
            false
        });
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        if room.silent {
            self.left((step.entry, passage), room, findings);
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        if !room.silent {
            return;
        }
        self.are_back(room, findings);
        let (at, entry) = (step.at, step.entry);
        let (passage, came) = match &step.what {
            Happening::Came(passage) => (passage, true),
            Happening::Left(passage) => (passage, false),
            _ => return,
        };
        let stanza = passage.reading.stanza;
        if !stanza.is_error() {
            return;
        }
        let lost = |side: Side, since: Option<Time>| side == Side::Split && since == Some(at);
        match passage.class {
            Class::Own(slave) if came => {
                let one = &room.slaves[slave];
                if lost(one.master, one.split_master) {
                    self.master.insert(slave, Bounce { at, entry, of_user: false });
                }
            }
            Class::ToSlave(slave) if came => {
                let one = &room.slaves[slave];
                if lost(one.own, one.split_own) {
                    self.slave.insert(slave, Bounce { at, entry, of_user: false });
                }
            }
            Class::Down(user) if !came => {
                let Some(slave) = room.users[user].slave else { return };
                let one = &room.slaves[slave];
                if lost(one.own, one.split_own) {
                    self.slave.insert(slave, Bounce { at, entry, of_user: true });
                }
            }
            Class::Relay(Some(user)) if came && stanza.kind == Kind::Message => {
                let served = room.users[user].slave.filter(|slave| is_served(room, *slave));
                if let Some(slave) = served.filter(|_| stanza.is_unreachable()) {
                    self.private.insert(slave, Bounce { at, entry, of_user: true });
                }
            }
            _ => {}
        }
    }
}

impl Bounced {
    /// Who has found the other again had lost it.
    fn are_back(&mut self, room: &Room, findings: &mut Findings) {
        self.master.retain(|slave, _| {
            let lost = room.slaves[*slave].master == Side::Split;
            if !lost {
                OF_MASTER.into_iter().for_each(|id| findings.kept(id));
            }
            lost
        });
        self.slave.retain(|slave, bounce| {
            let lost = room.slaves[*slave].own == Side::Split;
            if !lost {
                of_slave(*bounce).into_iter().for_each(|id| findings.kept(id));
            }
            lost
        });
    }

    fn left(&mut self, here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
        let (passage, reading) = (here.1, &here.1.reading);
        let stanza = reading.stanza;
        if room.is_stale(passage) {
            return;
        }
        let pings = stanza.is_request() && stanza.has_payload("ping", ns::PING);
        match passage.class {
            Class::ToSlave(slave) => {
                if is_news(reading) && stanza.is_groupchat() {
                    self.told.insert(slave);
                    self.said.get_or_insert(here.0);
                }
                let speaks = stanza.kind != Kind::Iq;
                let bounce = self.master.get(&slave).filter(|one| one.at < room.now);
                let Some(bounce) = bounce.copied().filter(|_| pings || speaks) else { return };
                self.master.remove(&slave);
                for id in OF_MASTER {
                    let expected = "nothing but pings for a slave from which something came back";
                    findings.judge(id, pings, here, expected, || {
                        let jid = &room.slaves[slave].jid;
                        Wrong::of(format!("{jid} is told it as before")).because([bounce.entry])
                    });
                }
            }
            Class::Own(slave) if pings => {
                if let Some(bounce) = self.slave.remove(&slave) {
                    of_slave(bounce).into_iter().for_each(|id| findings.kept(id));
                }
            }
            Class::Relay(_) => {
                let answers = matches!(stanza.type_, Type::Result | Type::Error);
                let slave = room.slave_at(&passage.hop.from).filter(|_| !answers);
                let bounce = slave.and_then(|slave| Some((slave, *self.slave.get(&slave)?)));
                let Some((slave, bounce)) = bounce.filter(|(_, one)| one.at < room.now) else {
                    return;
                };
                self.slave.remove(&slave);
                for id in of_slave(bounce) {
                    let expected = "nothing of its users from a slave to which something came back";
                    let jid = &room.slaves[slave].jid;
                    let wrong = Wrong::of(format!("{jid} goes on as before"));
                    findings.wrong(id, here, expected, wrong.because([bounce.entry]));
                }
            }
            _ => {}
        }
    }
}

const OF_MASTER: [&str; 2] = ["master.split.trigger", "split.detect.by-bounce"];

/// What is broken if a slave does not heed this.
fn of_slave(bounce: Bounce) -> [&'static str; 2] {
    match bounce.of_user {
        true => ["slave.split.trigger", "slave.split.sees-user-bounces"],
        false => ["slave.split.trigger", "split.detect.by-bounce"],
    }
}

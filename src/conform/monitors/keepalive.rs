//! Master-Slave Keepalive: pings after silence, answers, and pings at a higher rate while split.

mod ends;

use std::collections::BTreeMap;

use self::ends::{Ends, Heard};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, Side, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::Change;
use crate::stanza::{Condition, Kind, Type, ns};
use crate::time::{Duration, Time};

/// What is known of both ends of each slave's link.
#[derive(Debug, Default)]
pub(super) struct Keepalive {
    ends: BTreeMap<SlaveId, Ends>,
    /// Pings that are not answered yet: who has to, entry, id, when they came.
    open: Vec<(Asked, usize, String, Time)>,
    /// To which slaves something came back at this instant.
    bounced: Vec<SlaveId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Master(SlaveId),
    Slave(SlaveId),
}

impl Asked {
    fn host(self, room: &Room) -> &str {
        match self {
            Self::Master(_) => &room.domain,
            Self::Slave(slave) => &room.slaves[slave].domain,
        }
    }

    /// Whether what it answers goes to the other at once.
    fn carries(self, room: &Room) -> bool {
        let (Self::Master(slave) | Self::Slave(slave)) = self;
        let ends = (room.domain.as_str(), room.slaves[slave].domain.as_str());
        match self {
            Self::Master(_) => room.health.carries(ends.0, ends.1),
            Self::Slave(_) => room.health.carries(ends.1, ends.0),
        }
    }

    /// Whether it is there to answer, and has been since it was asked.
    fn works(self, since: Time, room: &Room) -> bool {
        let host = self.host(room);
        let stopped = room.health.restarted(host, host) >= Some(since);
        let there = match self {
            Self::Master(slave) => !matches!(room.slaves[slave].master, Side::Unknown | Side::Idle),
            Self::Slave(slave) => is_there(room, slave),
        };
        there && !stopped && !room.health.is_down(host)
    }
}

impl Invariant for Keepalive {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        self.bounced.clear();
        // A record of simulated machines has both ends of a way; another may have one, so that what
        // the ping and its answer took is in between.
        let patience = if room.silent { PATIENCE } else { Duration::default() };
        let due = self.open.extract_if(.., |(asked, _, _, at)| {
            // An answer may have to wait for a stream, as a log does not tell.
            let waits = !room.silent && asked.works(*at, room) && !asked.carries(room);
            *at + patience < next && !waits
        });
        for (asked, entry, _, at) in due {
            if asked.works(at, room) && asked.carries(room) {
                let (host, what) = (asked.host(room), "a ping is not answered".to_owned());
                findings.push("keepalive.pong", host, entry, what, "an answer to a ping", &[]);
            }
        }
        for (slave, ends) in &mut self.ends {
            ends.overdue(*slave, next, room, findings);
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step, passage, room),
            Happening::Left(passage) => self.left(step, passage, room, findings),
            Happening::Undeliverable { at, reading } => {
                self.bounced.extend(room.slave_at(at));
                let answers = reading.stanza.kind == Kind::Iq && !reading.stanza.is_request();
                let to_slave = room.slave_of(reading.to).map(|slave| (slave, true));
                let between = to_slave.or_else(|| Some((room.slave_of(reading.from)?, false)));
                if let Some((slave, by_master)) = between.filter(|_| answers) {
                    self.answered(slave, by_master, reading.id(), findings);
                }
            }
            Happening::Note(note) if note.change == Change::Created => {
                // The pings of another run of the room may begin anew.
                if let Some(slave) = room.slave_of(note.about.as_str()) {
                    self.ends.entry(slave).or_default().begin();
                }
            }
            Happening::Note(note) if note.change == Change::Split => {
                if let Some(slave) = room.slave_of(note.by.as_str()) {
                    self.gave_up(step.entry, slave, room, findings);
                }
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, _: &mut Findings) {
        for (number, slave) in room.slaves.iter().enumerate() {
            let ends = self.ends.entry(number).or_default();
            let split = slave.master == Side::Split;
            if ends.was_split && !split {
                ends.mended = Some(step.entry);
            }
            ends.was_split = split;
        }
    }
}

impl Keepalive {
    /// A slave takes its master for lost: because something came back, or because it asked.
    fn gave_up(&self, entry: usize, slave: SlaveId, room: &Room, findings: &mut Findings) {
        let Some(end) = self.ends.get(&slave).map(|ends| &ends.slave) else { return };
        let one = &room.slaves[slave];
        let asked = end.pinged.is_some_and(|(at, _)| end.heard.is_none_or(|heard| at >= heard.at));
        let carries = room.health.carries(&one.domain, &room.domain);
        let serves = matches!(one.own, Side::Active | Side::Unknown) && !one.lame;
        if carries && serves && !self.bounced.contains(&slave) && !asked {
            let what = format!("{} takes the master for lost and has not asked it", one.jid);
            let expected = "a ping for a master that is silent";
            let id = "slave.keepalive.ping-when-quiet";
            findings.push(id, &one.domain, entry, what, expected, &end.last());
        }
    }

    /// One of them answers a ping, whether or not the answer can be delivered.
    fn answered(&mut self, slave: SlaveId, by_master: bool, id: &str, findings: &mut Findings) {
        let who = if by_master { Asked::Master(slave) } else { Asked::Slave(slave) };
        let mut open = self.open.iter();
        if let Some(place) = open.position(|(asked, _, open, _)| *asked == who && open == id) {
            self.open.remove(place);
            findings.kept("keepalive.pong");
        }
    }

    fn came(&mut self, step: &Step<'_>, passage: &Passage<'_>, room: &Room) {
        let own = matches!(passage.class, Class::ToSlave(_) | Class::Own(_));
        let pings = own && is_ping(passage) && passage.reading.nick.is_none();
        let id = passage.reading.id().to_owned();
        let (slave, to_slave) = match passage.class {
            Class::ToSlave(slave) => (slave, true),
            Class::Own(slave) => (slave, false),
            Class::ToUser(Some(user)) if passage.reading.stanza.is_error() => {
                // Perhaps it is the way to the master that is broken.
                let slave = room.users[user].slave;
                self.bounced.extend(slave);
                let alarms = passage.reading.stanza.is_unreachable();
                let slave = slave.filter(|_| alarms);
                let ends = slave.map(|slave| self.ends.entry(slave).or_default());
                return ends.into_iter().for_each(|ends| ends.slave.alarmed = Some(step.at));
            }
            Class::Relay(_) => match room.slave_at(&passage.hop.from) {
                Some(slave) => (slave, false),
                None => return,
            },
            _ => return,
        };
        let ends = self.ends.entry(slave).or_default();
        let end = if to_slave { &mut ends.slave } else { &mut ends.master };
        if passage.reading.stanza.is_error() {
            end.alarmed = Some(step.at);
            self.bounced.extend(Some(slave).filter(|_| to_slave));
        }
        end.heard = Some(Heard { at: step.at, entry: step.entry });
        end.overdue = false;
        if passage.reading.stanza.kind != Kind::Iq {
            end.told = end.heard;
        }
        if passage.reading.stanza.kind == Kind::Iq && passage.reading.stanza.type_ == Type::Result {
            end.answered = true;
        }
        if pings {
            let asked = if to_slave { Asked::Slave(slave) } else { Asked::Master(slave) };
            self.open.truncate(OPEN_MAX);
            self.open.push((asked, step.entry, id, step.at));
        }
    }

    fn left(
        &mut self,
        step: &Step<'_>,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (slave, by_master) = match passage.class {
            Class::ToSlave(slave) => (slave, true),
            Class::Own(slave) => (slave, false),
            Class::ToUser(None) => return for_host((step.entry, passage), room, findings),
            _ => return,
        };
        let reading = &passage.reading;
        if reading.stanza.kind == Kind::Iq && !reading.stanza.is_request() {
            let who = if by_master { Asked::Master(slave) } else { Asked::Slave(slave) };
            let mut open = self.open.iter();
            let asked = open.any(|(asked, _, open, _)| *asked == who && open == reading.id());
            let serves = asked && by_master && room.health.is_serving(&room.domain);
            // One that registers is asked for rooms that it serves no more.
            let knows = asked && !by_master && !room.slaves[slave].registers;
            let works = serves || (knows && is_there(room, slave));
            refused((step.entry, passage), works, findings);
            return self.answered(slave, by_master, reading.id(), findings);
        }
        if !reading.stanza.has_payload("ping", ns::PING) {
            return;
        }
        let here = (step.entry, passage);
        let jid = &room.slaves[slave].jid;
        let ends = if by_master { (&room.address, jid) } else { (jid, &room.address) };
        let whole = is_ping(passage)
            && !reading.id().is_empty()
            && (reading.from, reading.to) == (ends.0.as_str(), ends.1.as_str());
        let expected = "an IQ of type get with an id of its own, between the room and the slave";
        let ends = self.ends.entry(slave).or_default();
        let end = if by_master { &mut ends.master } else { &mut ends.slave };
        let again = whole && end.has_this_id(reading.id(), &passage.hop.from, room);
        findings.judge("keepalive.xep0199", whole && !again, here, expected, || {
            Wrong::of(match again {
                true => "the ping before it has the same id",
                false => "there is something else in it, or it is another IQ, or for another",
            })
            .because(end.last())
        });
        if by_master {
            ends.pinged_by_master(here, slave, room, findings);
        } else {
            ends.pinged_by_slave(here, slave, room, findings);
        }
    }
}

/// Who works answers with a result. That somebody does not know the room is an answer, too.
fn refused(here: (usize, &Passage<'_>), works: bool, findings: &mut Findings) {
    let stanza = here.1.reading.stanza;
    let error = stanza.error().map(|error| error.defined_condition);
    let unknown = matches!(error, Some(Condition::ItemNotFound | Condition::Gone { .. }));
    // Of who cannot be reached the server before it says so.
    let refuses = stanza.is_error() && !unknown && !stanza.is_unreachable();
    if refuses && works {
        let wrong = Wrong::of(match error {
            Some(_) => "a ping is answered with an error, as if nobody were there",
            None => "a ping is answered with an error that does not say what it is",
        });
        findings.wrong("keepalive.pong", here, "an answer to a ping, of type result", wrong);
    }
}

/// A ping for the server of a slave tells nothing of the slave.
fn for_host(here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
    let reading = &here.1.reading;
    let Some(slave) = room.slave_at(reading.to).filter(|_| is_ping(here.1)) else { return };
    if reading.from == room.address {
        let expected = format!("a ping for {}", room.slaves[slave].jid);
        let wrong =
            Wrong::of("it is for the server, which answers whether the slave is there or not");
        findings.wrong("keepalive.xep0199", here, &expected, wrong);
    }
}

/// Whether a slave answers pings: it has to, although it has lost its master.
fn is_there(room: &Room, slave: SlaveId) -> bool {
    let one = &room.slaves[slave];
    let knows = matches!(one.own, Side::Active | Side::Split);
    knows && !one.lame && !room.health.is_down(&one.domain)
}

fn is_ping(passage: &Passage<'_>) -> bool {
    let stanza = passage.reading.stanza;
    stanza.kind == Kind::Iq
        && stanza.type_ == Type::Get
        && stanza.payloads.len() == 1
        && stanza.has_payload("ping", ns::PING)
}

/// How long an answer may be under way.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many pings are remembered that are not answered.
const OPEN_MAX: usize = 1024;

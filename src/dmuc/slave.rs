//! The slave: it relays what local users send, and distributes what the master broadcasts.
//!
//! Rules:
//!
//! * While it is together with the master it decides nothing: what users send goes up with `from`
//!   untouched, and nothing is shown before it comes back (`slave.submit.no-local-echo`).
//! * It distributes to those who were entered and not removed, to nobody else
//!   (`slave.fanout.only-local-leaves`), and shows each what he may see
//!   (`slave.presence.strip-jid`).
//! * It enters only those who asked for it themselves (`slave.enter.verify-directed-presence`).
//! * While split it sends nothing of its users up; it answers for the room what can be answered
//!   without it: leaving, presence, being there (`slave.split.stop-submitting`,
//!   `slave.split.react-leave`, `slave.split.react-presence`, `slave.split.rejoin-answer`).
//!   Everything else gets the error that says so.
//! * No element of XEP-0282 goes to a user, or from one (`slave.presence.no-dmuc-to-user`,
//!   `slave.relay.strip-forged-dmuc`).
//!
//! States of a room at its slave ([`room::SlaveRoom`]):
//!
//! | state | event | action | next |
//! | --- | --- | --- | --- |
//! | together | a bounce from the way to the master, or `pings_lost_max` pings unanswered | what waits for an answer is treated as if it came now | split |
//! | split | split interval | ping | split |
//! | split | pong | leaves and last presences go up | together |
//! | together | unavailable from the room's own address | each user is told that he is out; all is forgotten | as new |
//! | without memory | ping from the master | item-not-found: it has to be created anew | together |
//! | without memory | split interval | ping, so that the master pings back | without memory |

mod ahead;
mod anew;
mod copy;
mod distribute;
mod either;
mod enter;
mod event;
mod lifecycle;
mod registered;
mod room;
mod split;
mod up;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::copy::{RoomCopy, Standing};
pub use self::either::AnyRoom;
use self::registered::RegisteredRoom;
use self::registered::names::unname;
use self::room::SlaveRoom;
use super::{Output, Registration, SlaveConfig, SlaveInput, Slips};
use crate::room::item::status;
use crate::room::{Affiliation, Item, Role};
use crate::stanza::{BareJid, Condition, ErrorType, Jid, Stanza, Type, error_element, ns};
use crate::time::Time;

/// A slave and its copies of the rooms that it serves.
#[derive(Clone, Debug)]
pub struct Slave {
    config: SlaveConfig,
    jid: Arc<Jid>,
    rooms: BTreeMap<BareJid, AnyRoom>,
    /// It was started again: of rooms that it does not know it knew something once.
    amnesiac: bool,
    /// This run of it; named at its first step, which brings the time.
    instance: Option<Arc<str>>,
}

/// What a slave keeps on disk: its copies of rooms for which it has registered.
#[derive(Clone, Debug, Default)]
pub struct SlaveDisk {
    rooms: BTreeMap<BareJid, AnyRoom>,
}

impl Slave {
    /// What it keeps on disk, if it is persistent; nothing if it is configured statically.
    pub fn disk(&self) -> SlaveDisk {
        match self.config.registration {
            Registration::Dynamic(_) => SlaveDisk { rooms: self.rooms.clone() },
            Registration::Static => SlaveDisk::default(),
        }
    }

    /// A slave that starts again with what it kept.
    pub fn recovered(config: SlaveConfig, disk: SlaveDisk) -> Self {
        Self { rooms: disk.rooms, ..Self::new(config) }
    }

    /// A slave that no master has created yet.
    pub fn new(config: SlaveConfig) -> Self {
        let jid = Arc::new(config.jid.clone());
        Self { config, jid, rooms: BTreeMap::new(), amnesiac: false, instance: None }
    }

    /// Its address.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// Whether this is the address of a room that it serves, or of an occupant of one.
    pub fn serves(&self, address: &Jid) -> bool {
        self.config.rooms.contain(&address.to_bare())
    }

    /// Its copy of a room, if it has one.
    pub fn room(&self, jid: &BareJid) -> Option<&AnyRoom> {
        self.rooms.get(jid)
    }

    /// All its copies, in the order of the rooms' addresses.
    pub fn rooms(&self) -> impl Iterator<Item = &AnyRoom> {
        self.rooms.values()
    }

    /// Its copies of rooms for which it registers are wrong in these ways from now on.
    pub fn slip(&mut self, slips: Slips) {
        let rooms = self.rooms.values_mut().filter_map(AnyRoom::registered);
        rooms.for_each(|room| room.slips = slips);
    }

    /// Let something happen to it at `now`.
    pub fn step(&mut self, now: Time, input: SlaveInput, out: &mut Vec<Output>) {
        let done = out.len();
        self.take(now, input, out);
        unname(&mut out[done..], self.jid.domain().as_str());
    }

    fn take(&mut self, now: Time, input: SlaveInput, out: &mut Vec<Output>) {
        match input {
            SlaveInput::Up(stanza) => {
                if let Some(room) = stanza.to.clone().and_then(|to| self.copy_of(&to, now)) {
                    room.up(now, stanza, out);
                }
            }
            SlaveInput::Closed(session) => {
                self.rooms.values_mut().for_each(|room| room.closed(&session));
            }
            SlaveInput::Down(stanza) => self.down(now, stanza, out),
            SlaveInput::Bounced(stanza) => {
                if let Some(room) = stanza.from.clone().and_then(|from| self.copy_of(&from, now)) {
                    room.bounced(now, stanza, out);
                }
            }
            SlaveInput::Restarted(directed, passages) => {
                self.restarted(now, &directed, &passages, out);
            }
            SlaveInput::Register(room, directed) => self.register(now, room, &directed, out),
            SlaveInput::Deregister(room) => {
                let copy = self.rooms.get_mut(&room).and_then(AnyRoom::registered);
                if let Some(copy) = copy {
                    copy.deregister(now, out);
                }
            }
            SlaveInput::Timeout => {
                for room in self.rooms.values_mut() {
                    room.tick(now, out);
                }
            }
        }
    }

    /// Something comes from a room, or from somebody else.
    fn down(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(from) = stanza.from.clone().filter(|from| self.serves(from)) else {
            return refuse_stranger(&stanza, out);
        };
        let mine = stanza.to.as_deref() == Some(&*self.jid);
        let dynamic = matches!(self.config.registration, Registration::Dynamic(_));
        let to_domain = stanza.to.as_ref().is_some_and(|to| to.node().is_none());
        if dynamic && stanza.has_payload("offer", ns::SLAVE) && (mine || to_domain) {
            let by_room = from.resource().is_none() && stanza.type_ == Type::Set;
            match self.copy_of(&from, now).and_then(AnyRoom::registered).filter(|_| by_room) {
                Some(room) => return room.offered(now, &stanza, out),
                None => return refuse_stranger(&stanza, out),
            }
        }
        let known = self.rooms.contains_key(&from.to_bare());
        match self.copy_of(&from, now).filter(|_| known || !dynamic) {
            Some(room) if mine => room.master_stanza(now, stanza, out),
            Some(room) => room.user_stanza(now, stanza, out),
            // Nobody here has to do with that room.
            None if mine => refuse_stranger(&stanza, out),
            None => out.push(Output::Send(stanza.retaining(|payload| !ns::is_dmuc(payload)))),
        }
    }

    /// When [`SlaveInput::Timeout`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        self.rooms.values().filter_map(AnyRoom::deadline).min()
    }
}

/// Somebody who is no master of this slave writes to it (`create.slave-consent`). Requests get the
/// answer of an account that does not exist, all else gets none.
fn refuse_stranger(stanza: &Stanza, out: &mut Vec<Output>) {
    if stanza.is_request() {
        let error = error_element(ErrorType::Cancel, Condition::ServiceUnavailable, None, None);
        out.extend(stanza.error_reply(error).map(Output::Send));
    }
}

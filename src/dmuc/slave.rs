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
//! | without memory | ping from the master | item-not-found: it has to be created anew | together |
//! | without memory | split interval | ping, so that the master pings back | without memory |

mod anew;
mod copy;
mod distribute;
mod enter;
mod event;
mod room;
mod split;
mod up;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::copy::{RoomCopy, Standing};
pub use self::room::SlaveRoom;
use super::{Output, SlaveConfig, SlaveInput};
use crate::room::item::status;
use crate::room::{Affiliation, Item, Role};
use crate::stanza::{BareJid, Condition, ErrorType, Jid, Stanza, Type, error_element};
use crate::time::Time;

/// A slave and its copies of the rooms that it serves.
#[derive(Clone, Debug)]
pub struct Slave {
    config: SlaveConfig,
    jid: Arc<Jid>,
    rooms: BTreeMap<BareJid, SlaveRoom>,
    /// It was started again: of rooms that it does not know it knew something once.
    amnesiac: bool,
}

/// What a slave keeps on disk.
#[derive(Clone, Debug, Default)]
pub struct SlaveDisk {}

impl Slave {
    /// What it keeps on disk; nothing if it is not persistent.
    pub fn disk(&self) -> SlaveDisk {
        SlaveDisk {}
    }

    /// A slave that starts again with what it kept.
    pub fn recovered(config: SlaveConfig, disk: SlaveDisk) -> Self {
        let SlaveDisk {} = disk;
        Self::new(config)
    }

    /// A slave that no master has created yet.
    pub fn new(config: SlaveConfig) -> Self {
        let jid = Arc::new(config.jid.clone());
        Self { config, jid, rooms: BTreeMap::new(), amnesiac: false }
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
    pub fn room(&self, jid: &BareJid) -> Option<&SlaveRoom> {
        self.rooms.get(jid)
    }

    /// All its copies, in the order of the rooms' addresses.
    pub fn rooms(&self) -> impl Iterator<Item = &SlaveRoom> {
        self.rooms.values()
    }

    /// Let something happen to it at `now`.
    pub fn step(&mut self, now: Time, input: SlaveInput, out: &mut Vec<Output>) {
        match input {
            SlaveInput::Up(stanza) => {
                if let Some(room) = stanza.to.clone().and_then(|to| self.copy_of(&to, now)) {
                    room.up(now, stanza, out);
                }
            }
            SlaveInput::Down(stanza) => match stanza.from.clone() {
                Some(from) if self.serves(&from) => {
                    let mine = stanza.to.as_deref() == Some(&*self.jid);
                    if let Some(room) = self.copy_of(&from, now) {
                        match mine {
                            true => room.master_stanza(now, stanza, out),
                            false => room.user_stanza(now, stanza, out),
                        }
                    }
                }
                _ => refuse_stranger(&stanza, out),
            },
            SlaveInput::Bounced(stanza) => {
                if let Some(room) = stanza.from.clone().and_then(|from| self.copy_of(&from, now)) {
                    room.bounced(now, stanza, out);
                }
            }
            SlaveInput::Restarted(directed) => self.restarted(now, &directed, out),
            SlaveInput::Register(..) | SlaveInput::Deregister(_) => {}
            SlaveInput::Timeout => {
                for room in self.rooms.values_mut() {
                    room.tick(now, out);
                }
            }
        }
    }

    /// When [`SlaveInput::Timeout`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        self.rooms.values().filter_map(SlaveRoom::deadline).min()
    }

    /// Its copy of the room at this address, made if it serves that room and has none.
    fn copy_of(&mut self, address: &Jid, now: Time) -> Option<&mut SlaveRoom> {
        let room = address.to_bare();
        if !self.config.rooms.contain(&room) {
            return None;
        }
        let (config, jid, amnesiac) = (&self.config, &self.jid, self.amnesiac);
        Some(self.rooms.entry(room).or_insert_with_key(|room| {
            let mut copy = SlaveRoom::new(room, jid.clone(), config);
            if amnesiac {
                copy.forget_all(now);
            }
            copy
        }))
    }

    /// Started again, without memory. What its users were told it does not know any more, so they
    /// are told that they are out of the room, and the master that they left.
    fn restarted(&mut self, now: Time, directed: &[(Arc<Jid>, Arc<Jid>)], out: &mut Vec<Output>) {
        self.amnesiac = true;
        if let super::Rooms::Only(rooms) = self.config.rooms.clone() {
            for room in rooms {
                self.copy_of(&room.into(), now);
            }
        }
        for (user, occupant) in directed {
            if !self.serves(occupant) || occupant.resource().is_none() {
                continue;
            }
            self.copy_of(occupant, now);
            let item = Item {
                affiliation: Some(Affiliation::None),
                role: Some(Role::None),
                ..Item::default()
            };
            let mut x = item.element(&[333]);
            x.append_child(status(110));
            let unavailable = Stanza::presence(Type::Unavailable);
            let told = unavailable.clone().with_from(occupant.clone()).with_to(user.clone());
            out.push(Output::Send(told.with_payload(x)));
            let left = unavailable.with_from(user.clone()).with_to(occupant.clone());
            out.push(Output::Send(left));
        }
        for room in self.rooms.values_mut() {
            room.tick(now, out);
        }
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

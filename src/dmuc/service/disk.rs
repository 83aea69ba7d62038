//! What of a chat service survives a crash, and the graves of rooms that were destroyed
//! (`docs/dmuc2-slave.md`, Failures).
//!
//! | persistence | rooms | log, occupants, slaves |
//! | --- | --- | --- |
//! | nothing | those of the configuration, as it has them | lost: another epoch |
//! | rooms | persistent ones, with subject and history | lost: another epoch |
//! | everything | all | kept: the same epoch, every slave counts as lost for now |

use std::collections::BTreeMap;

use super::Service;
use crate::dmuc::master::{KeptRoom, Tombstone, of_ended};
use crate::dmuc::{Master, Persistence, ServiceConfig};
use crate::stanza::{BareJid, Stanza};
use crate::time::{Duration, Time};

/// What a chat service keeps on disk.
#[derive(Clone, Debug, Default)]
pub struct ServiceDisk {
    rooms: BTreeMap<BareJid, Kept>,
    graves: Graves,
    /// Whether the service ever ran: before that only its configuration says what rooms there are.
    ran: bool,
}

#[derive(Clone, Debug)]
enum Kept {
    Room(Box<KeptRoom>),
    Everything(Box<Master>),
}

/// What is left of rooms that were destroyed, for slaves that were split then: until the slave
/// would have been given up.
#[derive(Clone, Debug, Default)]
pub(super) struct Graves(BTreeMap<BareJid, (Tombstone, Time)>);

impl Graves {
    /// A room has come to its end.
    pub fn bury(&mut self, room: &Master, now: Time, expiry: Duration) {
        let Some(tombstone) = room.tombstone() else { return };
        if self.0.get(room.jid()).is_some_and(|(known, _)| *known == tombstone) {
            return;
        }
        self.0.retain(|_, (_, until)| now < *until);
        if self.0.len() < GRAVES_MAX {
            self.0.insert(room.jid().clone(), (tombstone, now + expiry));
        }
    }

    /// The answer to a slave that wants to register with a room that is not there; nothing if it
    /// wants something else.
    pub fn answer(&self, room: &BareJid, stanza: &Stanza, now: Time) -> Option<Stanza> {
        let grave = self.0.get(room).filter(|(_, until)| now < *until);
        of_ended(stanza, grave.map(|(tombstone, _)| tombstone))
    }
}

impl Service {
    /// What it keeps on disk.
    pub fn disk(&self) -> ServiceDisk {
        let keep = |(jid, room): (&BareJid, &Master)| {
            let kept = match self.config.persistence {
                Persistence::Nothing => None,
                Persistence::Rooms => room.kept().map(|kept| Kept::Room(Box::new(kept))),
                Persistence::Everything => Some(Kept::Everything(Box::new(room.clone()))),
            };
            kept.map(|kept| (jid.clone(), kept))
        };
        if self.config.persistence == Persistence::Nothing {
            return ServiceDisk::default();
        }
        let rooms = self.rooms.iter().filter_map(keep).collect();
        ServiceDisk { rooms, graves: self.graves.clone(), ran: self.started }
    }

    /// A service that starts again with what it kept.
    pub fn recovered(config: ServiceConfig, disk: ServiceDisk) -> Self {
        let mut service = Self::new(config);
        service.disk = disk.ran.then_some(disk);
        service
    }

    /// Open the rooms that were kept.
    pub(super) fn restore(&mut self, now: Time, disk: ServiceDisk) {
        self.graves = disk.graves;
        for (jid, kept) in disk.rooms {
            let room = match kept {
                Kept::Room(kept) => kept.open(&self.config, now),
                Kept::Everything(room) => room.resumed(now),
            };
            self.rooms.insert(jid, room);
        }
    }
}

/// How many graves are tended.
const GRAVES_MAX: usize = 1_000;

//! What a slave knows of a room, for who asks from outside: scenarios, tests.

use super::{AnyRoom, Slave};
use crate::room::{History, Roster};
use crate::stanza::BareJid;

/// What a slave knows of a room.
#[derive(Clone, Debug)]
pub struct RoomCopy<'a> {
    /// Who is there.
    pub roster: &'a Roster,
    /// What was said.
    pub history: &'a History,
    /// The text of the subject, if one is known.
    pub subject: Option<String>,
    /// Where the slave stands.
    pub standing: Standing,
    /// The number of the last event that it has, if it registers.
    pub position: Option<u64>,
}

/// Where a slave stands with a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does not serve the room.
    Idle,
    /// It has asked to serve the room, and has no answer yet.
    Registering,
    /// It is being told the room's state, or is telling what its users did meanwhile.
    Syncing,
    /// All is told.
    Active,
    /// The master is lost.
    Split,
}

impl Slave {
    /// What it knows of a room, if anything.
    pub fn copy(&self, room: &BareJid) -> Option<RoomCopy<'_>> {
        self.room(room).map(RoomCopy::of)
    }

    /// What it knows of each room that it knows, in the order of their addresses.
    pub fn copies(&self) -> impl Iterator<Item = RoomCopy<'_>> {
        self.rooms().map(RoomCopy::of)
    }
}

impl<'a> RoomCopy<'a> {
    fn of(room: &'a AnyRoom) -> Self {
        Self {
            roster: room.roster(),
            history: room.history(),
            subject: room.subject(),
            standing: room.standing(),
            position: room.position().map(|position| position.seq),
        }
    }
}

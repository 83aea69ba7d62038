//! What a master knows, for who asks from outside: scenarios, tests.

use super::Master;
use crate::room::{Affiliation, Role, RoomConfig};
use crate::stanza::BareJid;

impl Master {
    /// How the room is set up at this moment.
    pub fn config(&self) -> &RoomConfig {
        &self.config
    }

    /// The number of the last event.
    pub fn position(&self) -> u64 {
        self.log.seq()
    }

    /// The affiliation of an account, present or not.
    pub fn affiliation_of(&self, account: &BareJid) -> Affiliation {
        self.affiliation(account)
    }

    /// The role of the occupant of this nick; none if there is none.
    pub fn role_of(&self, nick: &str) -> Role {
        self.occupants.get(nick).map_or(Role::None, |occupant| occupant.seat.role.clone())
    }
}

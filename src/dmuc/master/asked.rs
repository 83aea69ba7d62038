//! What a master knows, for who asks from outside: scenarios, tests.

use super::Master;
use crate::room::{Affiliation, Role, RoomConfig, Roster};
use crate::stanza::{BareJid, Jid};

impl Master {
    /// How the room is set up at this moment.
    pub fn config(&self) -> &RoomConfig {
        &self.config
    }

    /// The number of the last event.
    pub fn position(&self) -> u64 {
        self.log.seq()
    }

    /// Everybody whom this slave has to know of: who is shown, and who is served by it.
    pub fn roster_for(&self, slave: &Jid) -> Roster {
        let is_it = |via: Option<usize>| via.is_some_and(|link| *self.links[link].jid == *slave);
        let occupants = self.occupants.iter().filter(|(_, occupant)| {
            let mut sessions = occupant.sessions.values();
            self.shows(&occupant.seat.role) || sessions.any(|session| is_it(session.via))
        });
        occupants.map(|(nick, occupant)| (nick.clone(), occupant.seat.clone())).collect()
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

//! Who has to be told of something, and who was.

use std::collections::BTreeSet;

use super::is_told;
use crate::conform::invariants::room::{Class, NickId, Passage, Room, SlaveId, UserId};

/// Whom the master sends a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Addressee {
    Slave(SlaveId),
    /// Somebody elsewhere, at his own address.
    User(UserId),
}

/// The copies of one thing.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// Who has to get one: slaves that are served, and who is surely served by the master itself.
    due: BTreeSet<Addressee>,
    told: BTreeSet<Addressee>,
    copies: usize,
    /// How many went to who had one already, or to who is told by his slave.
    needless: usize,
}

impl Audience {
    /// Everybody who is to be told at this instant.
    pub fn of(room: &Room) -> Self {
        let slaves = (0..room.slaves.len()).filter(|slave| is_told(room, *slave));
        let mut due: BTreeSet<Addressee> = slaves.map(Addressee::Slave).collect();
        for occupant in room.occupants.values() {
            let direct = |user: &&UserId| room.users[**user].direct == Some(occupant.stay);
            let direct = occupant.sessions.iter().filter(direct);
            let direct = direct.filter(|user| is_reached(room, **user));
            due.extend(direct.map(|user| Addressee::User(*user)));
        }
        Self { due, ..Self::default() }
    }

    /// All but those who have this nick.
    pub fn without(mut self, nick: NickId, room: &Room) -> Self {
        for user in room.occupants.get(&nick).iter().flat_map(|one| &one.sessions) {
            self.due.remove(&Addressee::User(*user));
        }
        self
    }

    /// A copy leaves.
    pub fn tell(&mut self, passage: &Passage<'_>, room: &Room) {
        let addressee = match passage.class {
            Class::ToSlave(slave) => Addressee::Slave(slave),
            Class::ToUser(Some(user)) => Addressee::User(user),
            _ => return,
        };
        let served = |user: UserId| room.users[user].via.is_some_and(|via| is_told(room, via));
        let by_slave = matches!(addressee, Addressee::User(user) if served(user));
        self.copies += 1;
        self.needless += usize::from(!self.told.insert(addressee) || by_slave);
    }

    /// How many copies there were, and how many there should have been.
    pub fn counts(&self) -> (usize, usize) {
        let missing = self.due.difference(&self.told).count();
        (self.copies, self.copies - self.needless + missing)
    }
}

/// Whether what the master sends to a user elsewhere goes there at once. Who asks for something is
/// told otherwise.
fn is_reached(room: &Room, user: UserId) -> bool {
    let domain = &room.users[user].domain;
    *domain != room.domain
        && room.health.reaches(&room.domain, domain, room.now)
        && !room.asking.iter().any(|(_, asking)| *asking == user)
}

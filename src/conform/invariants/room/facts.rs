//! What invariants are told of a step: the classes of hops, and what changed.

use super::{NickId, Occupant, Room, Seen, SlaveId, UserId};
use crate::conform::invariants::findings::Doer;
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::steps::{Happening, Step};
use crate::transcript::Hop;

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::conform) struct Privileges {
    pub affiliation: &'static str,
    pub role: &'static str,
}

impl Privileges {
    /// What a stanza says of its subject's privileges.
    pub fn of(reading: &Reading<'_>) -> Option<Self> {
        let item = reading.item?;
        Some(Self { affiliation: word(item.affiliation?), role: word(item.role?) })
    }

    pub fn moderates(&self) -> bool {
        self.role == "moderator"
    }
}

impl std::fmt::Display for Privileges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.role, self.affiliation)
    }
}

fn word(word: &str) -> &'static str {
    const WORDS: [&str; 8] =
        ["none", "participant", "moderator", "visitor", "member", "admin", "owner", "outcast"];
    WORDS.into_iter().find(|known| *known == word).unwrap_or("?")
}

/// Where a stanza that concerns the room goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conform) enum Class {
    /// From a user to his server.
    Up(UserId),
    /// From a server to its user.
    Down(UserId),
    /// A user's stanza, from another server to the master.
    Relay(Option<UserId>),
    /// From a slave to the master.
    Own(SlaveId),
    /// From the master to a slave.
    ToSlave(SlaveId),
    /// From the master to a user elsewhere.
    ToUser(Option<UserId>),
    /// Anywhere else.
    Stray,
}

/// A stanza that concerns the room, on its way.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Passage<'a> {
    pub class: Class,
    pub hop: &'a Hop,
    pub reading: Reading<'a>,
}

impl Room {
    /// Whose doing this step is: whose stanza it is that leaves.
    pub fn doer(&self, step: &Step<'_>) -> Doer {
        let Happening::Left(Passage { class, hop, .. }) = &step.what else { return Doer::Other };
        match class {
            Class::ToSlave(_) | Class::ToUser(_) => Doer::Master,
            Class::Down(_) if *hop.from == *self.domain => Doer::Master,
            Class::Own(_) => Doer::Slave,
            Class::Down(_) | Class::Relay(_) if self.slave_at(&hop.from).is_some() => Doer::Slave,
            _ => Doer::Other,
        }
    }
}

/// What a step changed.
#[derive(Clone, Debug)]
pub(in crate::conform) enum Fact {
    /// The master announced a newcomer.
    Arrived(NickId),
    /// The master gave a nick to somebody although somebody else has it.
    Contested { nick: NickId, holder: Occupant },
    /// The master announced that somebody is gone.
    Departed { nick: NickId, occupant: Occupant },
    /// The master announced another nick.
    Renamed(NickId),
    /// The master announced another presence of somebody.
    Updated(NickId),
    /// The master announced other privileges.
    Restated { nick: NickId, before: Privileges },
    /// The master has a new event of the message kind.
    Logged(usize),
    /// A user is in the room from his own point of view.
    Entered(UserId),
    /// He is no more.
    Left(UserId),
    /// A user was told of somebody, whom he had seen like this.
    Seen { nick: NickId, before: Option<Seen> },
    /// A user heard a message.
    Heard { event: Option<usize> },
}

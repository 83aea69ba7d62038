//! What a record does not show: how the room was set up, and who was in it, when it began.

use std::collections::BTreeSet;

use super::reading::nick_in;
use crate::dmuc::{Demands, Persistence, Timers};
use crate::room::{Affiliation, Role, RoomConfig};
use crate::stanza::{BareJid, FullJid, Jid, Stanza};
use crate::time::Duration;
use crate::transcript::Name;

/// What was so before the record began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// The rooms.
    pub rooms: Vec<RoomSetting>,
    /// The slaves, in the order in which the masters know them.
    pub slaves: Vec<SlaveSetting>,
    /// Links between hosts that take other than the usual time, one way each: sender, receiver,
    /// and how long it takes at most.
    pub links: Vec<(Name, Name, Duration)>,
    /// Hosts that are made to send what none of their machines would. What they do is not judged;
    /// what others do about it is.
    pub forgers: BTreeSet<Name>,
    /// Whether machines tell nothing of themselves: that one has lost another shows in stanzas
    /// only.
    pub silent: bool,
    /// How far what machines write into stanzas of the time may be from what the record tells: the
    /// machines of a simulation have its clock, and take no time.
    pub clock: Duration,
    /// The domains that the server serves whose log the record is; none if it is no log, or one
    /// that does not tell.
    pub served: BTreeSet<Name>,
    /// The first entry whose effects may be missing from the end of the record; none if it is known
    /// to be all there.
    pub open: Option<usize>,
    /// How many entries at its beginning may be effects of what was before.
    pub begun: usize,
}

impl Setting {
    /// The room that a stanza concerns: it goes to it, or comes from it.
    pub(in crate::conform) fn room_of(&self, stanza: &Stanza) -> Option<&RoomSetting> {
        let parties = [&stanza.from, &stanza.to].map(|jid| jid.as_ref().map(|jid| jid.as_str()));
        let concerns = |room: &&RoomSetting| {
            let room = room.config.jid.as_str();
            parties.into_iter().flatten().any(|jid| nick_in(jid, room).is_some())
        };
        self.rooms.iter().find(concerns)
    }
}

/// A room before the record began.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomSetting {
    /// How it was set up.
    pub config: RoomConfig,
    /// What was said in it, beside what its configuration tells: the messages as they were shown
    /// later, each with its stamp.
    pub past: Vec<Stanza>,
    /// Who was in it, in the order of arrival.
    pub present: Vec<Present>,
    /// Keepalive of its master.
    pub timers: Timers,
    /// What survives a crash of its service.
    pub persistence: Persistence,
}

/// Somebody who was in a room before the record began.
#[derive(Clone, Debug, PartialEq)]
pub struct Present {
    /// His session; nothing if nobody knows whose nick it is.
    pub session: Option<FullJid>,
    /// His nick; nothing if nobody knows that.
    pub nick: Option<String>,
    /// His affiliation.
    pub affiliation: Affiliation,
    /// His role.
    pub role: Role,
    /// Whether affiliation and role are known; otherwise they are a guess.
    pub known: bool,
    /// His presence as it was shown, if it said more than that he is there.
    pub presence: Option<Stanza>,
}

/// A slave before the record began.
#[derive(Clone, Debug, PartialEq)]
pub struct SlaveSetting {
    /// Its address.
    pub jid: Jid,
    /// The rooms that it serves or may register with; nothing: every room.
    pub rooms: Option<BTreeSet<BareJid>>,
    /// Whether it comes to serve a room by registering, and not by configuration.
    pub registers: bool,
    /// What it asks for when it registers.
    pub demands: Demands,
    /// Whether it serves its rooms when the record begins.
    pub active: bool,
    /// Whether there may have been people behind it of whom the record tells nothing.
    pub strangers: bool,
    /// Whether it knows after a crash what it knew before.
    pub persistent: bool,
    /// How many messages it keeps at most.
    pub history_max: usize,
    /// Keepalive of the slave.
    pub timers: Timers,
}

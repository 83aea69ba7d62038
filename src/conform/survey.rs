//! What can be known from a record alone of how things were when it began: which addresses are
//! rooms and which are slaves, who was in the rooms, and what had been said there.
//!
//! It is a guess where the record does not tell, and then the one that condemns nobody: a slave
//! whose agreement with its master was made before may do whatever a slave may. What *cannot* be
//! known: who was there of whom nothing is ever told; privileges of which nothing is told before
//! they change; what survives a crash that does not happen; timers of rooms and slaves that have
//! not agreed on them in the record; hosts that are made to send what their machines would not. The
//! scenario that was played knows all of it.

mod links;
mod past;
mod people;
mod places;
mod strays;
mod timers;
mod users;

use self::links::Links;
use self::past::Past;
use self::people::People;
use self::places::{Places, Sign};
use self::timers::Silences;
use self::users::Users;
use super::invariants::reading::Reading;
use super::invariants::{RoomSetting, Setting, SlaveSetting};
use crate::dmuc::Persistence;
use crate::room::RoomConfig;
use crate::stanza::slave::{HistoryLimits, Policy};
use crate::stanza::{BareJid, Jid};
use crate::time::{Duration, Time};
use crate::transcript::{Hop, Name, Record, StreamEvent, What};

/// What this record shows of how things were when it began. It is gone through three times: each
/// time with what is known from before.
pub fn survey(record: &dyn Record) -> Setting {
    let (mut users, mut links) = (Users::default(), Links::default());
    let (mut begin, mut silent) = (record.header().epoch, true);
    record.each(&mut |entry| {
        begin = begin.min(entry.at);
        silent &= !matches!(entry.what, What::Note(_));
        links.feed(entry);
        match &entry.what {
            What::Hop(hop) => users.feed(hop),
            What::Stream { from, event: StreamEvent::Opened, .. } => users.note_stream(from),
            _ => {}
        }
    });
    let (mut places, mut silences) = (Places::new(&users, silent), Silences::default());
    record.each(&mut |entry| {
        places.find_room(&entry.what);
        if let Some((at, hop)) = entry.hop() {
            silences.feed(at, hop, &users);
        } else if let What::Note(note) = &entry.what {
            silences.note(entry.at, note);
        }
    });
    let inside = places.rooms.iter().map(|jid| Inside::new(jid, &users, begin));
    let mut inside: Vec<Inside<'_>> = inside.collect();
    record.each(&mut |entry| {
        places.feed(entry);
        if let Some((_, hop)) = entry.hop() {
            inside.iter_mut().for_each(|room| room.feed(entry.at, hop));
        }
    });
    places.finish();
    let rooms: Vec<_> = inside.into_iter().map(|room| room.setting(&silences)).collect();
    let slaves = places.slaves.iter();
    let slaves = slaves.map(|(jid, sign)| slave(jid, sign, &rooms, (&places, &silences)));
    Setting {
        slaves: slaves.collect(),
        links: links.unusual(),
        silent,
        rooms,
        ..Setting::default()
    }
}

/// Links of this record that take other than the usual time, one way each, and how long at most.
pub fn links(record: &dyn Record) -> Vec<(Name, Name, Duration)> {
    let mut links = Links::default();
    record.each(&mut |entry| links.feed(entry));
    links.unusual()
}

/// What shows of one room.
struct Inside<'a> {
    jid: BareJid,
    people: People<'a>,
    past: Past,
}

impl<'a> Inside<'a> {
    fn new(jid: &BareJid, users: &'a Users, begin: Time) -> Self {
        Self { jid: jid.clone(), people: People::new(jid, users), past: Past::before(begin) }
    }

    fn feed(&mut self, at: Time, hop: &Hop) {
        self.people.feed(at, hop);
        self.past.feed(hop, self.jid.as_str());
    }

    fn setting(mut self, silences: &Silences) -> RoomSetting {
        self.people.finish();
        room(self.jid, &self.people, self.past, silences)
    }
}

fn room(jid: BareJid, people: &People<'_>, past: Past, silences: &Silences) -> RoomSetting {
    let timers = silences.timers(jid.domain().as_str());
    let mut config = RoomConfig::new(jid);
    config.whois = people.whois();
    config.grants.policy = EVERYTHING;
    RoomSetting {
        config,
        past: past.messages(),
        present: people.present(),
        timers,
        persistence: Persistence::Nothing,
    }
}

fn slave(
    jid: &Jid,
    sign: &Sign,
    rooms: &[RoomSetting],
    (places, silences): (&Places<'_>, &Silences),
) -> SlaveSetting {
    let served = |room: &&RoomSetting| sign.rooms.contains(&room.config.jid);
    let mut people = rooms.iter().filter(served).flat_map(|room| &room.present);
    let has_people = people
        .any(|one| one.session.as_ref().is_some_and(|session| session.domain() == jid.domain()));
    let mut demands = sign.demands.unwrap_or_default();
    let room = rooms.iter().find(served);
    let host = room.map_or("", |room| room.config.jid.domain().as_str());
    let idle = silences.of_master(host, jid.as_str());
    if sign.demands.is_none() {
        demands.policy = EVERYTHING;
        demands.policy.local_chat = !sign.refuses;
        let seconds = idle.and_then(|idle| u32::try_from(idle.as_secs()).ok());
        demands.keepalive = seconds.unwrap_or(demands.keepalive);
    }
    let room_idle = room.map_or_else(Duration::default, |room| room.timers.master_idle);
    let room = room.map_or("", |room| room.config.jid.as_str());
    let idle = idle.unwrap_or(room_idle);
    let active =
        if sign.registers { has_people || sign.serves_unseen() } else { places.is_created(sign) };
    let users = places.users;
    let had_people = rooms.iter().filter(served).any(|room| !room.present.is_empty());
    let unseen = sign.serves_unseen() || (had_people && !sign.registers);
    SlaveSetting {
        jid: jid.clone(),
        rooms: Some(sign.rooms.clone()),
        registers: sign.registers,
        history_max: history_max(sign, &demands.history),
        demands,
        active,
        strangers: unseen && (active || sign.registers) && !users.are_at(jid.domain().as_str()),
        persistent: sign.persistent,
        timers: silences.of_slave(jid.domain().as_str(), room, idle),
    }
}

fn history_max(sign: &Sign, asked: &HistoryLimits) -> usize {
    let most = if sign.registers { asked.maxstanzas } else { HISTORY_MAX };
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// How many messages a slave keeps of which nothing else is known.
const HISTORY_MAX: u32 = 100;

/// Whatever a slave may be allowed to do while split.
const EVERYTHING: Policy = Policy {
    local_chat: true,
    local_private: true,
    local_enter: true,
    local_nick: true,
    local_kick: true,
    mark_away: true,
    enter_role: crate::stanza::slave::EnterRole::Participant,
};

/// What two hosts that are together are a moment later too.
const MOMENT: Duration = Duration::from_secs(1);

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

use std::sync::Arc;

pub(super) use self::links::Links;
use self::past::Past;
use self::people::People;
use self::places::{Places, Sign};
use self::timers::Silences;
use self::users::Users;
use super::invariants::reading::{Reading, nick_in};
use super::invariants::{RoomSetting, Setting, SlaveSetting};
use crate::dmuc::Persistence;
use crate::room::RoomConfig;
use crate::stanza::slave::{HistoryLimits, Policy};
use crate::stanza::{BareJid, Jid};
use crate::time::{Duration, Time};
use crate::transcript::{Entry, Hop, Record, StreamEvent, What};

/// What this record shows of how things were when it began.
///
/// Who the users are has to be known before what rooms tell can be understood, and that before who
/// was there. Most records show the first two soon enough that one can go through them once, and
/// see at the end that nothing was misunderstood; the others are gone through three times.
pub fn survey(record: &dyn Record) -> Setting {
    let users = Users::default();
    let mut plain = Plain::new(record.header().epoch);
    let mut look = Look::new(&users);
    let mut held = Vec::new();
    record.each(&mut |entry| {
        plain.feed(entry, &users);
        look.find(entry);
        if look.is_inside() {
            look.see(entry);
            return;
        }
        held.push(entry.clone());
        if held.len() == HELD {
            look.enter(plain.begin);
            std::mem::take(&mut held).iter().for_each(|entry| look.see(entry));
        }
    });
    if !look.is_inside() {
        look.enter(plain.begin);
        held.iter().for_each(|entry| look.see(entry));
    }
    if users.were_mistaken() || !look.was_complete(plain.begin) {
        look = again(record, &users, plain.begin);
    }
    look.setting(plain)
}

/// Look at a record that begins at this instant, and all of whose users are known.
fn again<'a>(record: &dyn Record, users: &'a Users, begin: Time) -> Look<'a> {
    let mut look = Look::new(users);
    record.each(&mut |entry| look.find(entry));
    look.enter(begin);
    record.each(&mut |entry| look.see(entry));
    look
}

/// What shows of a record without more.
struct Plain {
    begin: Time,
    /// Whether machines tell nothing of themselves.
    silent: bool,
    links: Links,
}

impl Plain {
    /// Of a record that begins at this instant, or before.
    fn new(begin: Time) -> Self {
        Self { begin, silent: true, links: Links::default() }
    }

    fn feed(&mut self, entry: &Entry, users: &Users) {
        self.begin = self.begin.min(entry.at);
        self.silent &= !matches!(entry.what, What::Note(_));
        self.links.feed(entry);
        match &entry.what {
            What::Hop(hop) => users.feed(hop),
            What::Stream { from, event: StreamEvent::Opened, .. } => users.note_stream(from),
            _ => {}
        }
    }
}

/// What shows to those who know the users of a record.
struct Look<'a> {
    users: &'a Users,
    places: Places<'a>,
    silences: Silences,
    /// The rooms into which one looks, and the instant from which on.
    inside: Vec<Inside<'a>>,
    since: Option<Time>,
}

impl<'a> Look<'a> {
    fn new(users: &'a Users) -> Self {
        let (places, silences) = (Places::new(users), Silences::default());
        Self { users, places, silences, inside: Vec::new(), since: None }
    }

    /// Find the rooms, and how patient machines are.
    fn find(&mut self, entry: &Entry) {
        self.places.find_room(&entry.what);
        if let Some((at, hop)) = entry.hop() {
            self.silences.feed(at, hop, self.users);
        } else if let What::Note(note) = &entry.what {
            self.silences.note(entry.at, note);
        }
    }

    /// Look into the rooms that were found, of a record that begins at this instant.
    fn enter(&mut self, begin: Time) {
        let rooms = self.places.rooms.iter();
        self.inside = rooms.map(|jid| Inside::new(jid, self.users, begin)).collect();
        self.since = Some(begin);
    }

    fn is_inside(&self) -> bool {
        self.since.is_some()
    }

    /// Whether one looked into all rooms, and from the beginning, which was then.
    fn was_complete(&self, begin: Time) -> bool {
        self.since == Some(begin) && self.inside.len() == self.places.rooms.len()
    }

    /// See who is in the rooms, and who are their slaves.
    fn see(&mut self, entry: &Entry) {
        self.places.feed(entry);
        if let Some((_, hop)) = entry.hop() {
            self.inside.iter_mut().for_each(|room| room.feed(entry.at, hop));
        }
    }

    fn setting(mut self, Plain { silent, links, .. }: Plain) -> Setting {
        self.places.finish(silent);
        let (places, silences) = (&self.places, &self.silences);
        let rooms: Vec<_> = self.inside.into_iter().map(|room| room.setting(silences)).collect();
        let slaves = places.slaves.iter();
        let slaves = slaves.map(|(jid, sign)| slave(jid, sign, &rooms, (places, silences)));
        let slaves = slaves.collect();
        Setting { slaves, links: links.unusual(), silent, rooms, ..Setting::default() }
    }
}

/// How many entries are held until one looks into the rooms that show in them.
const HELD: usize = 1_000;

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
        let address = |jid: &Option<Arc<Jid>>| {
            jid.as_ref().is_some_and(|jid| nick_in(jid.as_str(), self.jid.as_str()).is_some())
        };
        if address(&hop.stanza.from) || address(&hop.stanza.to) {
            let reading = Reading::new(&hop.stanza, self.jid.as_str());
            self.people.feed(at, hop, &reading);
            self.past.feed(&reading, self.jid.as_str());
        }
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
    let active = if sign.registers {
        has_people || sign.serves_unseen()
    } else {
        places.is_created(sign, has_people)
    };
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

#[cfg(test)]
mod tests;

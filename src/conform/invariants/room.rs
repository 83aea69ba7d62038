//! What a room, its slaves and its people are at each moment of a record: the predicates that the
//! invariants share, folded once.
//!
//! `occ(M,t)` are [`Room::occupants`], as far as the master has announced them; `split_M`,
//! `split_S` and `active` are the two [`Side`]s of a [`Slave`]; what each user was told is his
//! [`User::view`]. The machines' own notes are believed where they say when a split begins; what
//! stanzas show of its end is taken from these.

mod altered;
mod asks;
mod before;
mod coming;
mod configured;
mod decided;
mod doubt;
mod facts;
mod failures;
mod given;
mod health;
mod heeded;
mod log;
mod master;
mod memory;
mod misnamed;
mod moves;
mod numbered;
mod said;
mod seats;
mod sends;
mod served;
mod settled;
mod shown;
mod silent;
mod slave;
mod state;
mod subjects;
mod told;
mod unsaid;
mod user;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

pub(in crate::conform) use self::facts::{Class, Fact, Passage, Privileges};
pub(in crate::conform) use self::health::Health;
pub(in crate::conform) use self::log::{Event, Key, Log, Submission};
pub(in crate::conform) use self::slave::{Print, SELF_CODES, Side, Slave, Stored};
pub(in crate::conform) use self::state::accepted;
pub(in crate::conform) use self::user::{Seen, User};
use super::reading::{Reading, bare_of, domain_of, nick_in};
use super::{RoomSetting, Setting};
use crate::dmuc::{Persistence, Timers};
use crate::room::settings::Wanted;
use crate::room::{RoomConfig, Whois};
use crate::time::{Duration, Time};
use crate::transcript::{Hop, is_client};

/// A user of [`Room::users`].
pub(in crate::conform) type UserId = usize;
/// A slave of [`Room::slaves`].
pub(in crate::conform) type SlaveId = usize;
/// A nick of [`Room::nicks`].
pub(in crate::conform) type NickId = usize;

/// Somebody in the room, as the master has announced him.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Occupant {
    /// His sessions; none if it was never told whose nick it is.
    pub sessions: Vec<UserId>,
    pub privileges: Privileges,
    /// What his presence says for itself.
    pub content: u64,
    /// The entry that announced him.
    pub entry: usize,
    /// Different for each stay.
    pub stay: u32,
    /// When he was announced, if whose nick it is has been guessed from who asked for it.
    guessed: Option<Time>,
}

/// A room and all that is known of it.
#[derive(Debug)]
pub(in crate::conform) struct Room {
    pub address: String,
    pub domain: String,
    pub now: Time,
    /// When the record begins.
    pub begun: Time,
    /// The last entry.
    pub last: usize,
    pub config: RoomConfig,
    pub timers: Timers,
    pub persistence: Persistence,
    pub users: Vec<User>,
    by_jid: FxHashMap<String, UserId>,
    pub slaves: Vec<Slave>,
    by_domain: FxHashMap<String, SlaveId>,
    pub nicks: Vec<String>,
    by_nick: FxHashMap<String, NickId>,
    pub occupants: BTreeMap<NickId, Occupant>,
    stays: u32,
    /// The last stay that began before the master forgot everybody.
    forgotten: u32,
    /// Who began each stay, if the record tells.
    pub owners: BTreeMap<u32, Vec<UserId>>,
    /// Whether everybody sees real JIDs, and since when that is known.
    pub open: bool,
    open_since: Time,
    /// What owners have asked for.
    wishes: VecDeque<configured::Wish>,
    /// How the room is configured when it begins.
    first: Wanted,
    /// The first message that the master may have kept.
    history_from: usize,
    pub log: Log,
    pub health: Health,
    /// When everybody was last seen to be told everything at once.
    sound: Time,
    /// Who asks the master for which nick at this instant.
    pub asking: Vec<(NickId, UserId)>,
    /// Who was told at this instant that he is out, as often as he was.
    ended: VecDeque<UserId>,
    /// Nicks that somebody has asked the master for.
    pub wanted: BTreeSet<NickId>,
    /// Nicks of which the master knows more than it has had anybody to tell.
    pub doubtful: Vec<NickId>,
    /// When somebody last wanted others to be what they were not, and nobody could be told.
    decided: Option<Time>,
    /// Stanzas of users that reached the master at this instant: user, entry.
    pub reached: Vec<(UserId, usize, Touch)>,
    /// What came to slaves at this instant.
    copies: misnamed::Copies,
    /// The last ones that did before, and when.
    pub touched: VecDeque<(Time, UserId, Touch)>,
    /// What the master announced of each nick last.
    announced: BTreeMap<NickId, Stored>,
    /// Which stay the presences are of that are on their way to slaves, by entry.
    flight: BTreeMap<usize, u32>,
    /// When the master last lost its memory.
    pub master_lost: Option<Time>,
    /// The longest round trip from a user through two servers and back.
    pub round_trip: Duration,
    /// Whether machines tell nothing of themselves.
    pub silent: bool,
    /// [`Setting::clock`].
    pub clock: Duration,
}

/// What a stanza of a user can bring about at the master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conform) enum Touch {
    /// He is there, or otherwise.
    Available,
    /// He is gone.
    Unavailable,
    /// Privileges or configuration change.
    Request,
    /// Something came back undelivered.
    Error,
    /// Something else.
    Other,
}

impl Room {
    /// The room when the record begins.
    pub fn new(setting: &Setting, one: &RoomSetting, now: Time) -> Self {
        let address = one.config.jid.to_string();
        let domain = one.config.jid.domain().to_string();
        let mut room = Self {
            domain,
            now,
            begun: now,
            last: 0,
            timers: one.timers,
            persistence: one.persistence,
            users: Vec::new(),
            by_jid: FxHashMap::default(),
            slaves: Vec::new(),
            by_domain: FxHashMap::default(),
            nicks: Vec::new(),
            by_nick: FxHashMap::default(),
            occupants: BTreeMap::new(),
            stays: 0,
            forgotten: 0,
            owners: BTreeMap::new(),
            open: one.config.whois == Whois::Anyone,
            open_since: Time::from_micros(i64::MIN),
            wishes: VecDeque::new(),
            first: configured::as_wanted(&one.config),
            history_from: 0,
            log: Log::default(),
            health: Health::new(now),
            sound: now,
            asking: Vec::new(),
            ended: VecDeque::new(),
            wanted: BTreeSet::new(),
            doubtful: Vec::new(),
            decided: None,
            reached: Vec::new(),
            copies: misnamed::Copies::default(),
            touched: VecDeque::new(),
            announced: BTreeMap::new(),
            flight: BTreeMap::new(),
            master_lost: None,
            round_trip: round_trip(setting),
            silent: setting.silent,
            clock: setting.clock,
            config: one.config.clone(),
            address,
        };
        let Room { log, nicks, by_nick, address, .. } = &mut room;
        log.begin(&one.config, &mut |nick| room_nick(nicks, by_nick, nick));
        log.begin_with(&one.past, address, &mut |nick| room_nick(nicks, by_nick, nick));
        for slave in &setting.slaves {
            if slave.rooms.as_ref().is_none_or(|rooms| rooms.contains(&one.config.jid)) {
                let slave = Slave::new(slave, one, now);
                room.by_domain.insert(slave.domain.clone(), room.slaves.len());
                room.slaves.push(slave);
            }
        }
        room.seat(one);
        room
    }

    /// The number of this stay in the room.
    fn next_stay(&mut self) -> u32 {
        self.stays += 1;
        self.stays
    }

    /// The user with this full JID, known from now on.
    pub fn user(&mut self, jid: &str) -> UserId {
        if let Some(user) = self.by_jid.get(jid) {
            return *user;
        }
        let slave = self.by_domain.get(domain_of(jid)).copied();
        self.users.push(User::new(jid, slave));
        self.by_jid.insert(jid.to_owned(), self.users.len() - 1);
        self.users.len() - 1
    }

    /// The user with this full JID, if he is known.
    pub fn known_user(&self, jid: &str) -> Option<UserId> {
        self.by_jid.get(jid).copied()
    }

    /// The number of this nick.
    pub fn nick(&mut self, nick: &str) -> NickId {
        room_nick(&mut self.nicks, &mut self.by_nick, nick)
    }

    /// The number of this nick, if anybody ever had it.
    pub fn known_nick(&self, nick: &str) -> Option<NickId> {
        self.by_nick.get(nick).copied()
    }

    /// Who has this nick, as far as the master has announced it.
    pub fn occupant_named(&self, nick: &str) -> Option<&Occupant> {
        self.occupants.get(&self.known_nick(nick)?)
    }

    /// The slave with this address.
    pub fn slave_of(&self, jid: &str) -> Option<SlaveId> {
        let slave = self.by_domain.get(domain_of(jid)).copied()?;
        (self.slaves[slave].jid == jid).then_some(slave)
    }

    /// The slave of this domain.
    pub fn slave_at(&self, domain: &str) -> Option<SlaveId> {
        self.by_domain.get(domain).copied()
    }

    /// The stanza of this hop as the room's, if it concerns the room.
    pub fn passage<'a>(&mut self, hop: &'a Hop) -> Option<Passage<'a>> {
        let stanza = &hop.stanza;
        let from = stanza.from.as_ref().map_or("", |from| from.as_str());
        let to = stanza.to.as_ref().map_or("", |to| to.as_str());
        let by_room = nick_in(from, &self.address).is_some();
        let for_room = nick_in(to, &self.address).is_some();
        let class = match (is_client(&hop.from), is_client(&hop.to)) {
            (true, _) if for_room => Class::Up(self.user(&hop.from)),
            (false, true) if by_room => Class::Down(self.user(&hop.to)),
            (false, false) if for_room && *hop.to == *self.domain => match self.slave_of(from) {
                Some(slave) => Class::Own(slave),
                None => Class::Relay(from.contains('/').then(|| self.user(from))),
            },
            (false, false) if by_room && *hop.from == *self.domain => match self.slave_of(to) {
                Some(slave) => Class::ToSlave(slave),
                None => Class::ToUser(to.contains('/').then(|| self.user(to))),
            },
            (false, _) if by_room || for_room || self.is_of_slaves(hop, from, to) => Class::Stray,
            _ => return None,
        };
        Some(Passage { class, hop, reading: Reading::new(stanza, &self.address) })
    }

    /// Whether this slave has a local occupant who moderates, as far as the master has said.
    pub fn has_moderator(&self, slave: SlaveId) -> bool {
        self.occupants.values().any(|occupant| {
            occupant.privileges.moderates()
                && occupant.sessions.iter().any(|user| self.users[*user].slave == Some(slave))
        })
    }

    /// Whether the master has anybody to tell its news, without waiting for a stream to him.
    pub fn is_heard(&self) -> bool {
        let told = |slave: &Slave| !matches!(slave.master, Side::Split | Side::Idle);
        let now = |slave: &Slave| self.health.waits_since(&self.domain, &slave.domain).is_none();
        self.slaves.iter().any(|slave| told(slave) && now(slave)) || self.serves_anybody()
    }

    /// Whether this user's slave has lost its memory since then. One that registers knows what to
    /// tell the master then, and whom.
    pub fn slave_forgot(&self, user: &User, since: Time) -> bool {
        let slave = user.slave.map(|slave| &self.slaves[slave]).filter(|one| !one.registers);
        slave.is_some_and(|slave| slave.stopped >= Some(since))
    }

    /// Whether this user has left and his slave, which has been started again since, does not know
    /// it: nobody tells him that he is out.
    pub fn has_left_untold(&self, user: &User) -> bool {
        let slave = user.slave.map(|slave| &self.slaves[slave]);
        let forgets = slave.filter(|slave| slave.forgets());
        let forgot = forgets.is_some_and(|slave| slave.stopped >= Some(user.since));
        user.leaving().is_some() && (user.left_unseen || forgot)
    }

    /// The master serves this user himself, if at all, and has forgotten him.
    fn forget(&mut self, user: UserId) {
        let one = &mut self.users[user];
        one.ending = false;
        if one.inside {
            (one.forgotten, one.void) = (true, self.stays);
        }
    }

    /// Whether the master forgot this stay: it ended without anybody being told by it.
    pub fn is_forgotten(&self, stay: u32) -> bool {
        stay <= self.forgotten
    }
}

fn room_nick(
    nicks: &mut Vec<String>,
    by_nick: &mut FxHashMap<String, NickId>,
    nick: &str,
) -> NickId {
    if let Some(known) = by_nick.get(nick) {
        return *known;
    }
    nicks.push(nick.to_owned());
    by_nick.insert(nick.to_owned(), nicks.len() - 1);
    nicks.len() - 1
}

/// From a user through two servers and back, on the slowest links there are.
fn round_trip(setting: &Setting) -> Duration {
    let slowest = |between_servers: bool, usual: u64| {
        let links = setting
            .links
            .iter()
            .filter(|(from, to, _)| (is_client(from) || is_client(to)) != between_servers);
        links.map(|(_, _, most)| *most).max().unwrap_or_default().max(Duration::from_millis(usual))
    };
    (slowest(true, 20) + slowest(false, 1) * 2) * 2
}

/// How many stanzas are remembered that have reached the master.
const TOUCHED_MAX: usize = 256;

/// The last few of something.
pub(in crate::conform) fn push_bounded<T>(queue: &mut VecDeque<T>, one: T, most: usize) {
    queue.push_back(one);
    if queue.len() > most {
        queue.pop_front();
    }
}

/// Whether two sessions belong to one person.
pub(in crate::conform) fn same_person(one: &str, other: &str) -> bool {
    bare_of(one) == bare_of(other)
}

//! A slave: what the master thinks of it and it of the master, and what reached it.

use std::collections::{BTreeMap, VecDeque};

use super::heeded::Heeded;
use super::state::State;
use super::unsaid::Unsaid;
use super::{NickId, Occupant, Privileges, SlaveId, UserId, push_bounded};
use crate::conform::invariants::reading::{Reading, START, digest_text, domain_of};
use crate::conform::invariants::{RoomSetting, SlaveSetting};
use crate::dmuc::Timers;
use crate::stanza::ns;
use crate::stanza::slave::{Accept, Policy};
use crate::time::{Duration, Time};

/// What one of two machines thinks of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conform) enum Side {
    /// The record does not tell.
    Unknown,
    /// It serves the room not, or not any more.
    Idle,
    /// They are together.
    Active,
    /// State is being exchanged.
    Syncing,
    /// The other is lost.
    Split,
}

/// A slave of the room.
#[derive(Clone, Debug)]
pub(in crate::conform) struct Slave {
    pub jid: String,
    pub domain: String,
    pub registers: bool,
    pub timers: Timers,
    pub history_max: usize,
    /// Whether it knows after a crash what it knew before.
    pub persistent: bool,
    /// Whether there may be people behind it of whom the record tells nothing.
    pub strangers: bool,
    /// What the master thinks of it.
    pub master: Side,
    /// What it thinks of the master.
    pub own: Side,
    /// When the master lost it, and it the master.
    pub split_master: Option<Time>,
    pub split_own: Option<Time>,
    /// In which entries that showed.
    pub lost_master: Option<usize>,
    pub lost_own: Option<usize>,
    /// When something of its users last reached the master live, at the last instant and before
    /// that; and when it had when one of them lost the other.
    heard: [Time; 2],
    pub alive: Option<Time>,
    /// Whether it has told the master all that it had to, since then.
    pub settled: bool,
    /// It was stopped, and has not been told everything anew.
    pub lame: bool,
    /// When it was last not running.
    pub stopped: Option<Time>,
    /// Whether the record tells what reaches it.
    pub tracked: bool,
    /// Which events it heeds.
    pub heeded: Heeded,
    /// What reached it of each nick.
    pub store: BTreeMap<NickId, Stored>,
    /// What it may do while split.
    pub policy: Policy,
    /// What the master has said of who is there, while it does.
    pub state: Option<State>,
    /// How many departures the master has announced since they were together last.
    pub departures: usize,
    /// When the master last began to tell it what there is.
    pub synced: Time,
    /// Whether what it is told at that instant is what there is.
    pub telling: bool,
    /// When it was last told that it knows all.
    pub told_all: Option<Time>,
    /// Since when its host answers that there is no such slave, and whether it has to be believed
    /// at once.
    pub gone: Option<(Time, bool)>,
    /// When it answered so last.
    pub denied: Option<Time>,
    /// The id of the last request to be registered that it has sent; none once it is accepted.
    asked: Option<String>,
    /// The id with which it has said that it has told all that it had to, until that is answered:
    /// so long it holds back what its users send.
    told: Option<String>,
    /// Which run of it has sent that.
    run: u64,
    /// That of the one before, if it was not accepted when it asked anew, and until when an answer
    /// to that counts.
    asked_before: Option<(String, Time)>,
    /// Whether the record tells when it is accepted.
    answered: bool,
    /// When it last asked the master to be registered, and how many occupants it listed.
    pub registering: Option<(Time, usize)>,
    /// Whom it serves and did not list then.
    pub(super) unlisted: Vec<UserId>,
    /// When the master last refused it.
    pub refused: Option<Time>,
    /// When it was last told that the room is no more.
    pub closed: Option<Time>,
    /// What is counted of it while the machines tell nothing of themselves.
    pub(super) unsaid: Unsaid,
}

/// What reached a slave of a nick, the newest last.
#[derive(Clone, Debug, Default)]
pub(in crate::conform) struct Stored {
    pub recent: VecDeque<Print>,
}

/// A presence, as far as users can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conform) struct Print {
    pub available: bool,
    pub privileges: Privileges,
    pub content: u64,
    /// Its status codes but those that are for its subject only, in one number.
    pub codes: u64,
    /// Which stay of the nick's owner it is of.
    pub stay: u32,
    pub at: Time,
    /// Which slave was told first, if it is what the master has announced.
    pub to: Option<SlaveId>,
    /// The number of the event.
    pub seq: Option<u64>,
}

impl Stored {
    pub fn of(occupant: &Occupant) -> Self {
        let Occupant { privileges, content, stay, .. } = occupant;
        let print = Print {
            available: true,
            privileges: *privileges,
            content: *content,
            codes: 0,
            stay: *stay,
            at: Time::from_micros(i64::MIN),
            to: None,
            seq: None,
        };
        Self { recent: VecDeque::from([print]) }
    }

    pub fn push(&mut self, print: Print) {
        push_bounded(&mut self.recent, print, RECENT_MAX);
    }
}

impl Print {
    /// What a presence shows of a stay.
    pub fn of(reading: &Reading<'_>, stay: u32, at: Time) -> Self {
        Self {
            available: reading.stanza.is_available(),
            privileges: Privileges::of(reading).unwrap_or_default(),
            content: reading.content,
            codes: codes(reading),
            stay,
            at,
            to: None,
            seq: reading.dmuc.and_then(|dmuc| dmuc.at).map(|(_, seq)| seq),
        }
    }

    /// Whether both may be copies of one event, by its number.
    pub fn may_be(&self, other: &Print) -> bool {
        let numbers = self.seq.zip(other.seq);
        numbers.is_none_or(|(one, other)| one == other)
    }

    /// Whether users see the same in both.
    pub fn looks_like(&self, other: &Print) -> bool {
        self.available == other.available
            && self.privileges == other.privileges
            && self.content == other.content
            && self.codes == other.codes
    }
}

/// The status codes that everybody sees, in one number.
fn codes(reading: &Reading<'_>) -> u64 {
    let seen = reading.codes.iter().filter(|code| !SELF_CODES.contains(code));
    seen.fold(0, |all, code| all | 1 << (u64::from(*code) % 61))
}

impl Slave {
    pub fn new(setting: &SlaveSetting, room: &RoomSetting, now: Time) -> Self {
        let side = match (setting.active, setting.registers) {
            (true, false) => Side::Active,
            // Somebody of its domain is in; perhaps through it.
            (true, true) => Side::Unknown,
            (false, _) => Side::Idle,
        };
        let mut timers = setting.timers;
        timers.master_idle = room.timers.master_idle;
        let grants = &room.config.grants;
        if setting.registers {
            let asked = setting.demands.keepalive.max(grants.keepalive_min);
            timers.master_idle = Duration::from_secs(u64::from(asked));
            timers.slave_idle = timers.master_idle * 3 / 2;
        }
        Self {
            jid: setting.jid.to_string(),
            domain: domain_of(setting.jid.as_str()).to_owned(),
            registers: setting.registers,
            timers,
            history_max: setting.history_max,
            persistent: setting.persistent,
            strangers: setting.strangers,
            master: side,
            own: side,
            split_master: None,
            split_own: None,
            lost_master: None,
            lost_own: None,
            heard: [now; 2],
            alive: None,
            settled: true,
            lame: false,
            stopped: None,
            tracked: false,
            heeded: Heeded::default(),
            store: BTreeMap::new(),
            policy: both(setting.demands.policy, grants.policy),
            state: None,
            departures: 0,
            synced: now,
            telling: true,
            told_all: None,
            gone: None,
            denied: None,
            asked: None,
            told: None,
            run: START,
            asked_before: None,
            answered: false,
            registering: None,
            unlisted: Vec::new(),
            refused: None,
            closed: None,
            unsaid: Unsaid::default(),
        }
    }

    /// This entry may have shown that one of them has lost the other, or found it.
    pub fn shown(&mut self, entry: usize) {
        let lost =
            |side, before: Option<usize>| (side == Side::Split).then(|| before.unwrap_or(entry));
        self.lost_master = lost(self.master, self.lost_master);
        self.lost_own = lost(self.own, self.lost_own);
    }

    /// Something of its users reaches the master live.
    pub fn hear(&mut self, now: Time) {
        self.heard = [now, self.heard_before(now)];
    }

    /// When something of them had before this instant, of which it is not known what came first.
    fn heard_before(&self, now: Time) -> Time {
        let [last, before] = self.heard;
        if last < now { last } else { before }
    }

    /// One of them has lost the other: what it says later was said after this at the earliest.
    pub fn lose(&mut self, now: Time) {
        let together = self.master != Side::Split && self.own != Side::Split;
        if together && (self.settled || !self.registers) {
            (self.alive, self.settled) = (Some(self.heard_before(now)), false);
        }
    }

    /// It is accepted, perhaps without having been lost: what it says now is late until it has said
    /// all, and may have been said since it was heard.
    pub fn begin_late(&mut self, now: Time) {
        if std::mem::take(&mut self.settled) {
            self.alive = Some(self.heard_before(now));
        }
    }

    /// It sends something for itself, perhaps a request to be registered.
    pub fn asks(&mut self, reading: &Reading<'_>, now: Time) {
        if reading.stanza.has_payload("synced", ns::SLAVE) && reading.stanza.is_request() {
            self.told = Some(reading.id().to_owned());
        }
        let register = reading.stanza.payload("register", ns::SLAVE);
        if let Some(register) = register.filter(|_| reading.stanza.is_request()) {
            let run = digest_text(START, register.attr("instance").unwrap_or_default());
            // What the run before has asked, and had to wait for a stream, this one does not know.
            let same = std::mem::replace(&mut self.run, run) == run;
            self.told = None;
            let before = self.asked.replace(reading.id().to_owned());
            let before = before.filter(|_| self.own == Side::Idle && same);
            self.asked_before = before.map(|before| (before, now + self.timers.pong_timeout * 2));
        }
    }

    /// Whether it has asked to be registered: until it is it tells nobody what the master sends.
    pub fn asks_to_serve(&self) -> bool {
        self.asked.is_some()
    }

    /// It is accepted: what it has asked besides is not waited for.
    pub fn answer(&mut self) {
        (self.asked, self.asked_before, self.told, self.answered) = (None, None, None, true);
    }

    /// The master answers something that it has sent for itself: an error has it register anew.
    pub fn is_answered(&mut self, reading: &Reading<'_>) {
        self.told.take_if(|told| *told == reading.id() && !reading.stanza.is_error());
    }

    /// Whether what it gets answers what it has asked last, as far as the record tells: what it has
    /// given up it does not wait for. One that is not accepted yet goes by the answer to what it
    /// gave up last.
    pub fn awaits(&self, reading: &Reading<'_>, now: Time) -> bool {
        let Some(asked) = &self.asked else { return !self.answered };
        let before = self.asked_before.as_ref().filter(|_| self.own == Side::Idle);
        let counts = |(before, until): &(String, Time)| *before == reading.id() && now < *until;
        asked == reading.id() || before.is_some_and(counts)
    }

    /// What the master grants it from now on.
    pub fn grant(&mut self, accept: &Accept) {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        self.policy = accept.policy.unwrap_or_default();
        self.timers.master_idle = seconds(accept.keepalive.interval);
        self.timers.slave_idle = self.timers.master_idle * 3 / 2;
        if let Some(timeout) = accept.keepalive.timeout {
            self.timers.pong_timeout = seconds(timeout);
        }
        if let Some(split) = accept.keepalive.split {
            self.timers.split_ping = seconds(split);
        }
    }

    /// The master has told it all that it missed.
    pub fn sync(&mut self) {
        (self.master, self.split_master) = (Side::Active, None);
        self.departures = 0;
    }

    /// Whether it does not relay at once what its users say.
    pub fn holds(&self) -> bool {
        let alone = matches!(self.own, Side::Split | Side::Syncing);
        alone || self.asked.is_some() || self.told.is_some()
    }

    /// Whether it heeds nothing: it was stopped, and nobody is telling it everything anew.
    pub fn is_deaf(&self) -> bool {
        self.lame && self.own != Side::Syncing
    }

    /// Whether the master may remove everybody behind it at this instant, since it is lost.
    pub fn may_be_given_up(&self, now: Time) -> bool {
        self.is_given_up(now) || self.gone.is_some_and(|(_, at_once)| at_once)
    }

    /// Whether a master that keeps the usual times must have given it up by this instant, if it is
    /// lost.
    pub fn is_given_up(&self, now: Time) -> bool {
        let expired = self.split_master.is_some_and(|since| now >= since + self.timers.expiry);
        expired || self.gone.is_some_and(|(since, _)| now >= since + GRACE)
    }

    /// Whether it does not know after a crash who was there before.
    pub fn forgets(&self) -> bool {
        !self.registers || !self.persistent
    }

    /// Whether both sides take it for together, or one of them lost the other.
    pub fn is_together(&self) -> bool {
        self.master == Side::Active && self.own == Side::Active && !self.lame
    }
}

/// What is asked for and allowed.
fn both(asked: Policy, allowed: Policy) -> Policy {
    Policy {
        local_chat: asked.local_chat && allowed.local_chat,
        local_private: asked.local_private && allowed.local_private,
        local_enter: asked.local_enter && allowed.local_enter,
        local_nick: asked.local_nick && allowed.local_nick,
        local_kick: asked.local_kick && allowed.local_kick,
        mark_away: asked.mark_away && allowed.mark_away,
        enter_role: allowed.enter_role,
    }
}

/// Codes that are for the subject only (XEP-0045 §15.6).
pub(in crate::conform) const SELF_CODES: [u16; 5] = [100, 110, 170, 201, 210];

/// How many presences of a nick are remembered.
const RECENT_MAX: usize = 16;

/// \[G\] For how long a host may say that it has no such slave.
const GRACE: Duration = Duration::from_secs(30);

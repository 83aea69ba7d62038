//! A room at a slave that has registered for it (`docs/dmuc2-slave.md`): events have positions,
//! and what was missed on either side is made good when a split ends.
//!
//! | state | event | action | next |
//! | --- | --- | --- | --- |
//! | idle | a local user wants to enter | register; his join waits | registering |
//! | registering | accept | renames, then the master's state | syncing |
//! | registering | refused, at first contact | users' stanzas go up as if there were no slave | idle |
//! | registering | refused, in a netjoin | try again after a while; the room is gone: users are out | split, idle |
//! | syncing | `synced` | late stanzas, own `synced` | late |
//! | late | the own `synced` is acknowledged | what users sent meanwhile goes up | active |
//! | late | it is not | register again | registering |
//! | active | a gap, a pong that is ahead, `resync` | register again | registering |
//! | active | a bounce, pings unanswered | what users do is done here as far as granted | split |
//! | split | pong, `resync` | register again | registering |
//! | registering, syncing, late | a bounce, no progress for 2 T | | split |
//!
//! Where the rules leave a choice:
//!
//! * Nobody is asked by disco#info whether a room may be distributed: the slave registers and
//!   follows the answer. A refusal is remembered for [`REFUSED_FOR`].
//! * A join that is unanswered when the master is lost is answered: entered here if that is
//!   granted, returned if not. While the slave merely registers again it waits, as `pending`.
//! * In a netjoin the only refusals that end users' stay are `gone` and `item-not-found`. After all
//!   others the slave stays split and asks again: the master may have been about to start.
//! * `gone` without a venue, a text and a password means another room, not a destroyed one.
//! * A presence without an id is relayed with one (`names`): an error has to tell what it answers.
//! * That somebody's real JID can no longer be seen is no difference to tell him who has seen it.
//!   That it can be seen now is one in a netjoin only: a plain room shows nobody again for that.
//!
//! It shares with the slave that is configured statically (`room`): keepalive, roster, history and
//! what who may see of a presence; not what it does with them.

mod alive;
mod apart;
mod direct;
mod enter;
mod event;
mod hidden;
mod local;
pub(super) mod names;
mod outbox;
mod over;
mod passing;
mod presence;
mod provisional;
mod query;
mod register;
mod rename;
mod resume;
mod shared;
mod split;
mod sync;
mod told;
mod trouble;
mod up;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;

use self::outbox::Outbox;
use super::Standing;
use super::ahead::{Ahead, is_absence};
use crate::dmuc::pinger::Pinger;
use crate::dmuc::{Change, Demands, Note, Output, SlaveConfig, Slip, Slips, Timers};
use crate::room::{History, Roster, StoredMessage};
use crate::stanza::slave::{Policy, Resume, Whois};
use crate::stanza::{BareJid, Jid, Payloads, Stanza, dmuc};
use crate::time::{Duration, Time};

/// A registering slave's copy of a room.
#[derive(Clone, Debug)]
pub struct RegisteredRoom {
    jid: BareJid,
    address: Arc<Jid>,
    slave: Arc<Jid>,
    /// The id of this run of the slave.
    instance: Arc<str>,
    demands: Demands,
    /// Those of the configuration, with what the master granted.
    timers: Timers,
    phase: Phase,
    /// Whether the master has accepted it, and nobody has ended that.
    accepted: bool,
    /// The slave was started again: another run of it may be registered.
    amnesiac: bool,
    /// The master has pinged it since, as one that is registered.
    claimed: bool,
    /// The creation of the room, the run of its log, and the last event applied.
    position: Option<Resume>,
    granted: Policy,
    whois: Whois,
    /// Everybody in the room; with what local users did in a split.
    roster: Roster,
    /// Local occupants whom the room does not show to others.
    hidden: BTreeSet<String>,
    /// Nicks that are shown as away although the master has not said so.
    marked: BTreeSet<String>,
    /// Whether a real JID is among what it stores.
    knows_jids: bool,
    /// Whose a nick is, as moderators here were told last.
    owners: BTreeMap<String, BareJid>,
    /// The distribution list: local sessions and their nicks here.
    locals: IndexMap<Arc<Jid>, String>,
    /// Local sessions whose connection is over: until they are told that they are out, nothing of
    /// the room is for who connects under the same address.
    closed: BTreeSet<Arc<Jid>>,
    /// Local sessions that the master is known to have, and their nicks there.
    confirmed: IndexMap<Arc<Jid>, String>,
    /// The nicks at the master of sessions whose stay is over here while it may know nothing of it,
    /// and that are not expected under these.
    former: BTreeMap<Arc<Jid>, String>,
    /// How often sessions have left that were let in here since: each leave may be answered yet.
    ended: BTreeMap<Arc<Jid>, usize>,
    /// To which address of the room a local session has sent available presence, and no
    /// unavailable since.
    directed: BTreeMap<Arc<Jid>, Arc<Jid>>,
    /// Local sessions that a room which knows no slave has told that they are in, and not since
    /// that they are out.
    served: BTreeSet<Arc<Jid>>,
    /// Local sessions whose wish to be told everything again was answered here, and may come to the
    /// master yet; none of those that have sent it presence since.
    answered_here: BTreeSet<Arc<Jid>>,
    /// What each of these has said of itself last: the roster has one presence for each nick.
    said: BTreeMap<Arc<Jid>, Payloads>,
    history: History,
    /// Messages that were shown here and are not the master's yet.
    provisional: Vec<Provisional>,
    /// Messages that the master itself has told local occupants, since it knew no slave, or may
    /// tell who was let in here; whether each was told here.
    direct: BTreeMap<Told, bool>,
    /// Local sessions that the master itself has let in, since it knew no slave, and those about to
    /// be: of whom each was told what. Until the next state they may know others than is stored.
    apart: BTreeMap<Arc<Jid>, BTreeMap<String, Payloads>>,
    /// Messages of the master's last run: users have seen them.
    lately: BTreeSet<(Arc<Jid>, Arc<str>)>,
    /// Local sessions that were let in here: when, and what of before they wanted to hear.
    newcomers: BTreeMap<Arc<Jid>, (Time, dmuc::History)>,
    subject: Option<StoredMessage>,
    outbox: Outbox,
    /// Nicks whose next presence is known: their owners took them here before the master knew.
    announced: BTreeSet<String>,
    /// Nicks that have just been taken: the presence that comes next is news, whatever it says.
    taken: BTreeSet<String>,
    /// Nicks whose last session here was dismissed, with what was said: all are told next, unless
    /// that is lost.
    dismissed: Vec<(String, Stanza)>,
    /// Sessions that are to get these nicks as soon as others have given them up.
    renames: Vec<(Arc<Jid>, String)>,
    deferred: Option<Deferred>,
    /// Queries between local occupants that are not answered.
    queries: VecDeque<Query>,
    /// Errors that may come from a lost link, until a ping tells.
    doubted: Vec<Stanza>,
    pinger: Pinger,
    /// Of whom local sessions that are about to enter were told.
    ahead: Ahead,
    /// When something was sent to the master.
    sent_at: Option<Time>,
    /// How many pings were answered since this instant.
    answered: (Time, u32),
    backoff: Backoff,
    /// The id of a first request that was not waited for any longer, and when it was sent.
    given_up: Option<(Arc<str>, Time)>,
    /// When unconfirmed occupants' joins were repeated last.
    rejoined: Time,
    /// Until when a refusal is remembered.
    refused_until: Option<Time>,
    /// The deregister under way.
    deregistering: Option<Arc<str>>,
    ids: u64,
    /// How many presences were named.
    names: u64,
    pub(super) slips: Slips,
}

/// The state, with what belongs to it.
#[derive(Clone, Debug)]
enum Phase {
    Idle,
    Registering(Attempt),
    Syncing(Box<Sync>),
    Late(Late),
    Active,
    Split,
}

/// A message that was told: whom, by whom, and by what it is known.
type Told = (Arc<Jid>, Arc<Jid>, Arc<str>);

/// A registration that is asked for.
#[derive(Clone, Debug)]
struct Attempt {
    /// The id of the request; nothing while it waits to be sent.
    id: Option<Arc<str>>,
    /// When it was sent, or when it is to be.
    at: Time,
    /// Whether users' stanzas go up meanwhile, as if there were no slave.
    native: bool,
}

/// What the master is sending.
#[derive(Clone, Debug)]
struct Sync {
    /// The position at its end.
    target: Resume,
    full: bool,
    /// Whether the slave knew nothing of the room before.
    first: bool,
    /// Nicks of which the master spoke.
    mentioned: BTreeSet<String>,
    /// How many messages of initial history came, and how long they were.
    history: (u32, u64),
    /// The most that were granted.
    granted: (u32, Option<u64>),
    /// When something came last.
    heard: Time,
}

/// The own `synced` that is not acknowledged.
#[derive(Clone, Debug)]
struct Late {
    id: Arc<str>,
    since: Time,
}

/// A message that was shown before the master had it.
#[derive(Clone, Debug)]
struct Provisional {
    session: Arc<Jid>,
    message: StoredMessage,
    /// Under which other nicks the master may have it.
    said_as: Vec<String>,
    /// Who has seen it.
    seen: BTreeSet<Arc<Jid>>,
    /// Whether the master's history has it just so: from another run of the room.
    known: bool,
    /// Nobody waits for it any more.
    dropped: bool,
}

/// The arrival of somebody whose nick a local session has that the master may not know: his own
/// arrival, if ENTER follows.
#[derive(Clone, Debug)]
struct Deferred {
    stanza: Stanza,
    nick: String,
    /// Whose arrival it may be.
    sessions: Vec<Arc<Jid>>,
    seq: u64,
    until: Time,
}

/// A query between local occupants.
#[derive(Clone, Debug)]
struct Query {
    id: Option<Arc<str>>,
    asker: Arc<Jid>,
    asked: Arc<Jid>,
}

/// When the next attempt to register may be made.
#[derive(Clone, Copy, Debug, Default)]
struct Backoff {
    /// Attempts since the slave was active.
    attempts: u32,
    last: Option<Time>,
    /// In a split: when the attempt is due.
    due: Option<Time>,
}

impl RegisteredRoom {
    pub(super) fn new(
        jid: &BareJid,
        slave: Arc<Jid>,
        config: &SlaveConfig,
        demands: Demands,
        instance: Arc<str>,
    ) -> Self {
        Self {
            jid: jid.clone(),
            address: Arc::new(jid.clone().into()),
            slave,
            instance,
            demands,
            timers: config.timers,
            phase: Phase::Idle,
            accepted: false,
            amnesiac: false,
            claimed: false,
            position: None,
            granted: Policy::default(),
            whois: Whois::default(),
            roster: Roster::new(),
            hidden: BTreeSet::new(),
            marked: BTreeSet::new(),
            knows_jids: false,
            owners: BTreeMap::new(),
            locals: IndexMap::new(),
            closed: BTreeSet::new(),
            confirmed: IndexMap::new(),
            former: BTreeMap::new(),
            ended: BTreeMap::new(),
            directed: BTreeMap::new(),
            served: BTreeSet::new(),
            answered_here: BTreeSet::new(),
            said: BTreeMap::new(),
            history: History::default(),
            provisional: Vec::new(),
            direct: BTreeMap::new(),
            apart: BTreeMap::new(),
            lately: BTreeSet::new(),
            newcomers: BTreeMap::new(),
            subject: None,
            outbox: Outbox::default(),
            announced: BTreeSet::new(),
            taken: BTreeSet::new(),
            dismissed: Vec::new(),
            renames: Vec::new(),
            deferred: None,
            queries: VecDeque::new(),
            doubted: Vec::new(),
            pinger: Pinger::new(config.timers, config.timers.slave_idle),
            ahead: Ahead::default(),
            sent_at: None,
            answered: (Time::default(), 0),
            backoff: Backoff::default(),
            given_up: None,
            rejoined: Time::default(),
            refused_until: None,
            deregistering: None,
            ids: 0,
            names: 0,
            slips: Slips::default(),
        }
    }

    pub(super) fn jid(&self) -> &BareJid {
        &self.jid
    }

    pub(super) fn roster(&self) -> &Roster {
        &self.roster
    }

    pub(super) fn locals(&self) -> &IndexMap<Arc<Jid>, String> {
        &self.locals
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    pub(super) fn subject(&self) -> Option<&StoredMessage> {
        self.subject.as_ref()
    }

    pub(super) fn standing(&self) -> Standing {
        match self.phase {
            Phase::Idle => Standing::Idle,
            Phase::Registering(_) => Standing::Registering,
            Phase::Syncing(_) | Phase::Late(_) => Standing::Syncing,
            Phase::Active => Standing::Active,
            Phase::Split => Standing::Split,
        }
    }

    pub(super) fn position(&self) -> Option<&Resume> {
        self.position.as_ref()
    }

    fn note(&self, about: &Jid, change: Change) -> Output {
        Output::Note(Note { by: Jid::clone(&self.slave), about: about.clone(), change })
    }

    /// An id that no run of the slave has used.
    fn id(&mut self, what: &str) -> Arc<str> {
        self.ids += 1;
        format!("{what}-{}-{}", self.instance, self.ids).into()
    }

    /// Send something of the slave's own, or of a user.
    fn send_up(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        self.sent_at = Some(now);
        out.push(Output::Send(stanza));
    }

    /// The address of an occupant; nothing if there is no such address.
    fn occupant(&self, nick: &str) -> Option<Arc<Jid>> {
        self.jid.with_resource_str(nick).ok().map(|jid| Arc::new(jid.into()))
    }
}

/// How long a refusal at first contact is remembered.
pub(super) const REFUSED_FOR: Duration = Duration::from_secs(600);

/// How long users' stanzas wait at first contact.
const HELD_FOR: Duration = Duration::from_secs(5);

//! Slaves that register (`docs/dmuc2-slave.md`): the master's side of registration, positions,
//! keepalive with positions, and netjoin. Not here: slaves that the operator configured, which know
//! nothing of all this (`keepalive`, `resync`).
//!
//! States of a registered slave:
//!
//! | state | event | action | next |
//! | --- | --- | --- | --- |
//! | – | valid register | accept, state, `synced` | active |
//! | active | event | one copy, with its position | active |
//! | active, split | register | accept, what it missed, `synced` | active |
//! | active | message or presence error from the slave's JID | ping at once | split |
//! | active | a ping fails, or pings are unanswered | ping | split |
//! | active | pong with an old position | `resync` | split |
//! | split | event | log only | split |
//! | split | split interval | ping | split |
//! | split | pong | `resync`; no broadcast yet | split |
//! | split | the host answers, the slave does not, for longer than the grace | remove its occupants, directly too | – |
//! | split | older than the expiry | remove its occupants | – |
//! | any | deregister, by either side | its occupants become direct | – |
//!
//! Between accept and `synced` nothing else goes to the slave: both are written in one step.
//!
//! Where the document leaves a choice:
//!
//! * A change of anonymity that a slave missed makes its sync a full one: the warnings (172, 173)
//!   go out first, out of the order of positions, which only a full sync permits.
//! * Whoever was given up is synced in full when he returns, even if the log reaches back: his
//!   users are newcomers.
//! * A nick that belongs to somebody else now departs in the state before it arrives.
//! * A registration that the master ends is over when it says so, not at the answer: what follows
//!   goes to the occupants themselves, over the same stream.

mod away;
mod claim;
mod condition;
mod farewells;
mod late;
mod lifecycle;
mod liveness;
mod plan;
mod refusal;
mod register;
mod request;
mod submission;
mod sync;
mod terms;
pub(super) mod wire;

use std::collections::{BTreeMap, VecDeque};

use self::farewells::Farewells;
use self::late::LatePhase;
use self::terms::Terms;
use super::*;
use crate::dmuc::{Slip, Slips, Timers};
use crate::time::Duration;

pub(super) use self::late::Late;
pub(super) use self::liveness::position_for;
use self::refusal::Refusal;
pub(in crate::dmuc) use self::refusal::{Tombstone, of_ended};

/// What a room knows of registration in general.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    /// Whether slaves may register at this service.
    pub open: bool,
    /// Keepalive, as far as it is not negotiated.
    timers: Timers,
    /// This creation of the room.
    pub room: String,
    /// The unbroken run of the log.
    pub epoch: String,
    /// This run of the process; part of the ids of IQs, which no other run uses.
    run: String,
    ids: u64,
    /// Who said what of late, by its number: author, id, words.
    spoken: VecDeque<(u64, Arc<Jid>, Arc<str>, Payloads)>,
    /// When slaves of a domain were synced in full last, and replaced last.
    full_syncs: BTreeMap<String, Time>,
    replaced: BTreeMap<String, Time>,
    /// How users left whose slave was gone: by its domain, and when it was given up, or one of them
    /// was expelled last.
    given_up: BTreeMap<String, (Time, Farewells)>,
    /// Offers that are not answered: the id, and when it went out.
    offers: BTreeMap<String, (String, Time)>,
    slips: Slips,
}

impl Registry {
    /// Of a room that began at `opened`.
    pub fn new(open: bool, timers: Timers, opened: Time) -> Self {
        let run = format!("{:x}", opened.as_micros());
        Self {
            open,
            timers,
            room: format!("r{run}"),
            epoch: format!("e{run}"),
            run,
            ids: 0,
            spoken: VecDeque::new(),
            full_syncs: BTreeMap::new(),
            replaced: BTreeMap::new(),
            given_up: BTreeMap::new(),
            offers: BTreeMap::new(),
            slips: Slips::default(),
        }
    }

    /// The process was started again, and the log goes on.
    pub fn begin_run(&mut self, now: Time) {
        self.run = format!("{:x}", now.as_micros());
        self.offers.clear();
    }

    /// An id that no IQ of any run had.
    pub fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}{}-{}", self.ids, self.run)
    }

    /// Somebody said something that everybody was told.
    pub fn spoke(&mut self, seq: u64, session: Arc<Jid>, id: Option<Arc<str>>, words: Payloads) {
        if let Some(id) = id.filter(|_| self.open) {
            self.spoken.push_back((seq, session, id, words));
            if self.spoken.len() > SPOKEN_MAX {
                self.spoken.pop_front();
            }
        }
    }

    /// A session of a domain that has no slave is expelled.
    fn expel(&mut self, now: Time, session: &Arc<Jid>, farewell: &Payloads, seq: u64) {
        self.prune(now);
        let domain = session.domain().as_str();
        let known = self.given_up.contains_key(domain);
        if !self.open || (self.given_up.len() >= GIVEN_UP_MAX && !known) {
            return;
        }
        let (at, farewells) = self.given_up.entry(domain.to_owned()).or_default();
        *at = now;
        farewells.add(session.clone(), farewell.clone(), (0, seq), None);
    }

    /// The session is in the room again.
    fn forget_expelled(&mut self, session: &Jid) {
        if let Some((_, farewells)) = self.given_up.get_mut(session.domain().as_str()) {
            farewells.forget(session);
        }
    }

    /// Forget what was long ago.
    fn prune(&mut self, now: Time) {
        let recent = |period: Duration| move |_: &String, at: &mut Time| now < *at + period;
        self.full_syncs.retain(recent(register::FULL_SYNC_PAUSE));
        self.replaced.retain(recent(claim::REPLACEMENT_PAUSE));
        let expiry = self.timers.expiry;
        self.given_up.retain(|_, (at, _)| now < *at + expiry);
        self.offers.retain(|_, (_, at)| now < *at + lifecycle::OFFER_PAUSE);
    }
}

/// What a room knows of one registered slave, beside what it knows of every slave.
#[derive(Clone, Debug)]
pub(super) struct Registered {
    /// Its process run.
    instance: String,
    /// What it was granted.
    pub terms: Terms,
    /// Pings under way, oldest first.
    asked: VecDeque<Asked>,
    /// How many pings were sent.
    pings: u64,
    /// The id of the last `resync`, while it is not answered.
    resyncing: Option<String>,
    /// How its users left, as far as it may not know.
    farewells: Farewells,
    /// The late phase, while it lasts.
    pub late: Option<LatePhase>,
    /// The last event of the state that it was told last.
    synced: u64,
    /// When it lived last before it was lost.
    life: Time,
    /// When it refused what it was sent, although it answered pings; oldest first.
    faults: VecDeque<Time>,
    /// Whether the last of them is not confirmed by an answered ping yet.
    suspect: bool,
    /// Since when, at most a second ago, it sent how many pings.
    pinged: Option<(Time, u32)>,
    /// When a ping of it was answered last.
    ponged: Option<Time>,
    /// Whether its occupants are shown as away.
    marked: bool,
}

/// A ping under way.
#[derive(Clone, Debug)]
struct Asked {
    id: String,
    /// How many pings there were, this one included.
    number: u64,
    /// The last event before it: what the answer has to reach.
    seq: u64,
    at: Time,
}

impl Registered {
    fn new(instance: &str, terms: Terms, now: Time) -> Self {
        Self {
            instance: instance.to_owned(),
            terms,
            asked: VecDeque::new(),
            pings: 0,
            resyncing: None,
            farewells: Farewells::default(),
            late: None,
            synced: 0,
            life: now,
            faults: VecDeque::new(),
            suspect: false,
            pinged: None,
            ponged: None,
            marked: false,
        }
    }

    /// What was under way is lost.
    pub fn interrupted(&mut self) {
        self.asked.clear();
        self.resyncing = None;
        self.late = None;
        self.suspect = false;
    }
}

impl Master {
    /// It is wrong in these ways from now on.
    pub(in crate::dmuc) fn slip(&mut self, slips: Slips) {
        self.registry.slips = slips;
    }

    /// The room was created before this run, under this id.
    pub(in crate::dmuc) fn name_creation(&mut self, id: String) {
        self.registry.room = id;
    }

    /// Whether a stanza belongs to the registration of slaves: it is an IQ to the room itself, with
    /// an element of the extension, or it comes from a registered slave.
    pub(super) fn is_of_registration(&self, stanza: &Stanza, link: Option<usize>) -> bool {
        let asks = |name| stanza.has_payload(name, ns::SLAVE);
        let to_room = stanza.to.as_ref().is_some_and(|to| to.resource().is_none());
        let set = stanza.kind == Kind::Iq && stanza.type_ == Type::Set;
        link.is_some_and(|link| self.links[link].registered().is_some())
            || (set && to_room && self.registry.open && (asks("register") || asks("deregister")))
    }

    /// A stanza of that kind.
    pub(super) fn slave_registration(
        &mut self,
        now: Time,
        stanza: &Stanza,
        link: Option<usize>,
        out: &mut Vec<Output>,
    ) {
        self.registry.prune(now);
        let set = stanza.kind == Kind::Iq && stanza.type_ == Type::Set;
        let asks = |name| set && stanza.has_payload(name, ns::SLAVE);
        if asks("register") && self.is_over() {
            let refused = of_ended(stanza, self.tombstone().as_ref());
            return out.extend(refused.map(Output::Send));
        }
        if asks("register") {
            return self.register_slave(now, stanza, out);
        }
        if asks("deregister") {
            return self.slave_deregisters(stanza, link, out);
        }
        if let Some(link) = link {
            self.registered_stanza(now, link, stanza, out);
        }
    }
}

#[cfg(test)]
mod tests;

/// Of how many domains without a slave is remembered whom the room expelled.
const GIVEN_UP_MAX: usize = 256;

/// How many utterances are remembered, to know one that is submitted twice.
const SPOKEN_MAX: usize = 4096;

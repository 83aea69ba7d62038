//! Which addresses of a record are rooms, and which are slaves.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use super::MOMENT;
use super::users::Users;
use crate::conform::invariants::reading::{Dmuc, bare_of, domain_of, nick_in};
use crate::dmuc::{Change, Demands, Note};
use crate::stanza::slave::Register;
use crate::stanza::{BareJid, Jid, Kind, Stanza, ns};
use crate::time::{Duration, Time};
use crate::transcript::{Entry, Fault, Hop, Machine, Name, What, is_client};

/// The rooms and slaves of a record.
#[derive(Debug)]
pub(super) struct Places<'a> {
    /// In the order in which they show.
    pub rooms: Vec<BareJid>,
    /// In the order in which their masters tell them things.
    pub slaves: Vec<(Jid, Sign)>,
    pub users: &'a Users,
    /// Who is told something by another server, in that order.
    told_first: IndexSet<String>,
    /// The servers that tell their users that the room cannot be reached.
    refusing: BTreeSet<Name>,
    /// The servers whose slave knows after a crash what it knew before.
    recalling: BTreeSet<Name>,
    /// When a slave was first told something that is for all.
    told: Option<Time>,
    /// The servers whose slave was stopped, and has not registered since; and when it was started
    /// again.
    stopped: BTreeMap<Name, Option<Time>>,
    /// Whether machines tell nothing of themselves.
    silent: bool,
    /// Of which nicks slaves were told lately: when first, and which slave.
    shown: BTreeMap<String, (Time, String)>,
    /// Slaves that were told something for the first time a moment ago.
    young: Vec<(String, Time)>,
}

/// What shows of a slave.
#[derive(Clone, Debug, Default)]
pub(super) struct Sign {
    /// The rooms that it has to do with.
    pub rooms: BTreeSet<BareJid>,
    /// Whether it comes to serve a room by registering.
    pub registers: bool,
    /// What it asks for when it does so.
    pub demands: Option<Demands>,
    /// Whether it knows after a crash what it knew before.
    pub persistent: bool,
    /// Whether it returns what its users say while it is without the master.
    pub refuses: bool,
    /// Whether the first that is told of it is that it is created.
    created: bool,
    /// When it was first told something that is for all.
    told: Option<Time>,
    /// Whether history was among that, as at a beginning.
    begins: bool,
    /// Of which nicks it was told in that moment, and no other slave.
    roster: BTreeSet<String>,
    /// When it was first told that somebody enters behind it.
    entered: Option<Time>,
    /// Whether it was told that somebody leaves behind it before it registered.
    known: bool,
    /// When it first registered.
    registered: Option<Time>,
    /// When that was first accepted.
    accepted: Option<Time>,
}

impl Sign {
    /// Whether it was told what is for all before it was accepted, or before anybody had entered
    /// behind it: somebody was there.
    pub fn serves_unseen(&self) -> bool {
        if self.registers {
            let before = |told: Time, since: Option<Time>| since.is_none_or(|at| told < at);
            let told = |told| before(told, self.registered) || before(told, self.accepted);
            return self.known || self.told.is_some_and(told);
        }
        self.told.is_some() && !self.enters_at_once()
    }

    /// Whether the first that it was told is of somebody who enters behind it.
    fn enters_at_once(&self) -> bool {
        let both = self.told.zip(self.entered);
        both.is_some_and(|(told, entered)| entered <= told + INSTANT)
    }
}

impl<'a> Places<'a> {
    /// Of a record with these users.
    pub fn new(users: &'a Users) -> Self {
        let (rooms, slaves) = (Vec::new(), Vec::new());
        let (told_first, refusing, recalling) = (IndexSet::new(), BTreeSet::new(), BTreeSet::new());
        let (stopped, silent) = (BTreeMap::new(), false);
        Self {
            rooms,
            slaves,
            users,
            told_first,
            refusing,
            recalling,
            told: None,
            stopped,
            silent,
            shown: BTreeMap::new(),
            young: Vec::new(),
        }
    }

    /// Find the slaves of rooms that are known.
    pub fn feed(&mut self, entry: &Entry) {
        match &entry.what {
            What::Hop(hop) if hop.crosses_servers() => {
                self.find_slave(hop, entry.at);
                let speaks = hop.stanza.is_groupchat() || hop.stanza.is_available();
                let to = address(hop.stanza.to.as_ref());
                if speaks && !self.told_first.contains(to) {
                    self.told_first.insert(to.to_owned());
                }
            }
            What::Hop(hop) if is_client(&hop.to) && is_returned(&hop.stanza) => {
                self.refusing.insert(hop.from.clone());
            }
            What::Hop(hop) if is_client(&hop.to) => self.recall(hop, entry.at),
            What::Note(note) => self.note(note),
            What::Fault(Fault::Crash(Machine::Slave(domain) | Machine::Server(domain))) => {
                self.stopped.insert(domain.clone(), None);
            }
            What::Fault(Fault::Restart(Machine::Slave(domain) | Machine::Server(domain))) => {
                self.stopped.entry(domain.clone()).and_modify(|again| *again = Some(entry.at));
            }
            _ => {}
        }
    }

    /// The record is over. `silent`: whether machines tell nothing of themselves in it.
    pub fn finish(&mut self, silent: bool) {
        self.silent = silent;
        self.forget_hosts();
        // Who hears that the room cannot be reached has a slave that does not serve it alone.
        for (jid, sign) in &mut self.slaves {
            sign.refuses = self.refusing.contains(jid.domain().as_str());
            sign.persistent |= self.recalling.contains(jid.domain().as_str());
        }
        // Of slaves that are told the same at one instant the first is known first.
        let told = &self.told_first;
        self.slaves.sort_by_key(|(jid, _)| told.get_index_of(jid.as_str()).unwrap_or(usize::MAX));
    }

    /// A server that is pinged and told nothing, and has a slave that is told something, is none.
    fn forget_hosts(&mut self) {
        let told = |sign: &Sign| sign.told.or(sign.entered).is_some() || sign.registers;
        let served: BTreeSet<(String, BareJid)> = self
            .slaves
            .iter()
            .filter(|(_, sign)| told(sign))
            .flat_map(|(jid, sign)| {
                sign.rooms.iter().map(|room| (jid.domain().to_string(), room.clone()))
            })
            .collect();
        self.slaves.retain(|(jid, sign)| {
            let is_host = jid.as_str() == jid.domain().as_str();
            let served = |room: &BareJid| served.contains(&(jid.to_string(), room.clone()));
            !is_host || told(sign) || sign.created || !sign.rooms.iter().all(served)
        });
    }

    /// Whether a slave that does not register serves its rooms when the record begins.
    /// `people`: whether anybody is there behind it then.
    pub fn is_created(&self, sign: &Sign, people: bool) -> bool {
        let late = |told: Time| self.told.is_some_and(|first| first + MOMENT < told);
        // Who begins to serve a room, with people behind it, is told who is there. A record may
        // begin while what is told is lost, or between two copies.
        let begun = !people || !sign.roster.is_empty();
        let begins = sign.begins || (begun && sign.told.is_some_and(late));
        !(sign.created || (self.silent && begins))
    }

    pub fn find_room(&mut self, what: &What) {
        if let What::Hop(hop) = what {
            let from = bare_of(address(hop.stanza.from.as_ref()));
            if self.rooms.iter().any(|room| room.as_str() == from) {
                return;
            }
        }
        let room = match what {
            What::Hop(hop) if !is_client(&hop.from) => {
                let from = address(hop.stanza.from.as_ref());
                // A user is told by his own server, and what is for all only by rooms.
                let down = is_client(&hop.to);
                let said = down && hop.stanza.is_groupchat() && from.contains('/');
                let speaks = (said || speaks_as_room(&hop.stanza)) && !self.users.is_one(from);
                (speaks && (down || domain_of(from) == &*hop.from)).then_some(from)
            }
            What::Note(note) if note.change == Change::Created => Some(note.by.as_str()),
            _ => None,
        };
        let Some(room) = room.and_then(|room| BareJid::new(bare_of(room)).ok()) else { return };
        if room.node().is_some() && !self.rooms.contains(&room) && self.rooms.len() < ROOMS_MAX {
            self.rooms.push(room);
        }
    }

    fn find_slave(&mut self, hop: &Hop, at: Time) {
        let (from, to) = (address(hop.stanza.from.as_ref()), address(hop.stanza.to.as_ref()));
        let room_of = |jid: &str, host: &str, rooms: &[BareJid]| {
            let mut rooms = rooms.iter();
            let here = |room: &&BareJid| room.domain().as_str() == host;
            rooms.find(|room| here(room) && nick_in(jid, room.as_str()).is_some()).cloned()
        };
        if let Some(room) = room_of(from, &hop.from, &self.rooms) {
            if domain_of(to) == &*hop.to
                && !self.users.is_one(to)
                && is_for_slave(&hop.stanza, &room)
            {
                let for_all = hop.stanza.is_groupchat() || hop.stanza.is_available();
                let dmuc = Dmuc::of(&hop.stanza).unwrap_or_default();
                let (enters, leaves) = (dmuc.enter.is_some(), dmuc.leave.is_some());
                let accepts = hop.stanza.has_payload("accept", ns::SLAVE);
                let Some(sign) = self.sign(to, room) else { return };
                sign.accepted = sign.accepted.or(accepts.then_some(at));
                sign.entered = sign.entered.or(enters.then_some(at));
                sign.known |= leaves && sign.registered.is_none();
                if for_all {
                    sign.told = sign.told.or(Some(at));
                    sign.begins |= sign.told == Some(at) && dmuc.history;
                    sign.registers |= is_numbered(&hop.stanza);
                    self.told = self.told.or(Some(at));
                    self.show(hop, enters, at);
                }
            }
        } else if let Some(room) = room_of(to, &hop.to, &self.rooms)
            && domain_of(from) == &*hop.from
            && !self.users.is_one(from)
        {
            self.hear(from, room, &hop.stanza, at);
        }
    }

    /// A slave is told of somebody, perhaps at first, and perhaps as others are.
    fn show(&mut self, hop: &Hop, enters: bool, at: Time) {
        let (from, to) = (address(hop.stanza.from.as_ref()), address(hop.stanza.to.as_ref()));
        let Some((_, nick)) = from.split_once('/') else { return };
        if enters || !hop.stanza.is_available() {
            return;
        }
        self.young.retain(|(_, told)| at <= *told + INSTANT + INSTANT);
        for (young, _) in self.young.iter().filter(|(young, _)| young != to) {
            let signs = self.slaves.iter_mut().filter(|(jid, _)| jid.as_str() == young);
            signs.for_each(|(_, sign)| sign.roster.retain(|one| one != nick));
        }
        let last = self.shown.get(nick).filter(|(last, _)| at <= *last + INSTANT);
        let news = last.is_some_and(|(_, slave)| slave != to);
        if last.is_none() {
            if self.shown.len() >= SHOWN_MAX {
                self.shown.clear();
            }
            self.shown.insert(nick.to_owned(), (at, to.to_owned()));
        }
        let Some((_, sign)) = self.slaves.iter_mut().find(|(jid, _)| jid.as_str() == to) else {
            return;
        };
        if sign.told.is_some_and(|told| at <= told + INSTANT) && !news {
            sign.roster.insert(nick.to_owned());
            if self.young.iter().all(|(young, _)| young != to) {
                self.young.push((to.to_owned(), at));
            }
        }
    }

    /// What somebody says to a room who is no user.
    fn hear(&mut self, from: &str, room: BareJid, stanza: &Stanza, at: Time) {
        let register = stanza.payload("register", ns::SLAVE).filter(|_| stanza.is_request());
        let pings = is_ping(stanza);
        if register.is_none() && (!pings || from.contains('/')) {
            return;
        }
        let stopped = register.is_some() && self.stopped.remove(domain_of(from)).is_some();
        let Some(sign) = self.sign(from, room) else { return };
        let Some(register) = register else { return };
        sign.registers = true;
        sign.registered = sign.registered.or(Some(at));
        let Ok(register) = Register::try_from(register.clone()) else { return };
        sign.persistent |= stopped && register.resume.is_some();
        let usual = Demands::default();
        sign.demands.get_or_insert(Demands {
            keepalive: register.keepalive.map_or(usual.keepalive, |one| one.interval),
            history: register.history.unwrap_or(usual.history),
            policy: register.policy.unwrap_or_default(),
        });
    }

    fn note(&mut self, note: &Note) {
        let (by, about) = (note.by.as_str(), note.about.as_str());
        let between = !matches!(note.change, Change::EnterRefused | Change::Ignored);
        let known = |jid: &str| self.rooms.iter().find(|room| room.as_str() == jid).cloned();
        let (slave, room) = match (known(by), known(about)) {
            (Some(room), None) if between => (about, room),
            (None, Some(room)) if between => (by, room),
            _ => return,
        };
        let is_new = self.slaves.iter().all(|(jid, _)| jid.as_str() != slave);
        let Some(sign) = self.sign(slave, room) else { return };
        sign.created |= is_new && note.change == Change::Created;
    }

    /// Who tells its users of a room in the instant in which it is started again has not forgotten
    /// it.
    fn recall(&mut self, hop: &Hop, at: Time) {
        let again = self.stopped.get(&hop.from).is_some_and(|again| *again == Some(at));
        let from = address(hop.stanza.from.as_ref());
        if again && speaks_as_room(&hop.stanza) && !self.users.is_one(from) {
            self.recalling.insert(hop.from.clone());
        }
    }

    fn sign(&mut self, jid: &str, room: BareJid) -> Option<&mut Sign> {
        let known = self.slaves.iter().position(|(slave, _)| slave.as_str() == jid);
        let number = match known {
            Some(number) => number,
            None if self.slaves.len() < SLAVES_MAX => {
                self.slaves.push((Jid::new(jid).ok()?, Sign::default()));
                self.slaves.len() - 1
            }
            None => return None,
        };
        let sign = &mut self.slaves.get_mut(number)?.1;
        sign.rooms.insert(room);
        Some(sign)
    }
}

/// Whether only a room would send this.
fn speaks_as_room(stanza: &Stanza) -> bool {
    let x = || stanza.payload("x", ns::MUC_USER);
    match stanza.kind {
        Kind::Presence if stanza.is_error() => false,
        Kind::Presence => {
            let nick = address(stanza.from.as_ref()).contains('/');
            nick && x().is_some_and(|x| x.children().any(|child| child.name() == "item"))
        }
        Kind::Message => stanza.is_groupchat() && stanza.has_payload("x", ns::DMUC),
        Kind::Iq => stanza.has_payload("accept", ns::SLAVE),
    }
}

/// Whether a room sends this to its slaves only.
fn is_for_slave(stanza: &Stanza, room: &BareJid) -> bool {
    let to = address(stanza.to.as_ref());
    if let Some(dmuc) = Dmuc::of(stanza) {
        let spoken = dmuc.enter.or(dmuc.leave).is_some() || dmuc.at.is_some() || dmuc.state;
        if spoken || dmuc.history || dmuc.stamp.is_some() || dmuc.synced {
            return true;
        }
    }
    let own = address(stanza.from.as_ref()) == room.as_str();
    match stanza.kind {
        Kind::Iq => stanza.has_payload("accept", ns::SLAVE) || (own && is_ping(stanza)),
        _ if to.contains('/') || stanza.is_error() => false,
        Kind::Message => stanza.is_groupchat(),
        Kind::Presence => stanza.has_payload("x", ns::MUC_USER),
    }
}

/// Whether it has a place in a master's log, as only slaves that register are told.
fn is_numbered(stanza: &Stanza) -> bool {
    let x = stanza.payload("x", ns::DMUC);
    x.is_some_and(|x| x.children().any(|child| child.name() == "at"))
}

/// Whether it returns a message, as somebody cannot be reached.
fn is_returned(stanza: &Stanza) -> bool {
    stanza.kind == Kind::Message && stanza.is_unreachable()
}

/// Whether it asks whether somebody is there.
pub(super) fn is_ping(stanza: &Stanza) -> bool {
    stanza.is_request() && stanza.has_payload("ping", ns::PING)
}

pub(super) fn address(jid: Option<&std::sync::Arc<Jid>>) -> &str {
    jid.map_or("", |jid| jid.as_str())
}

/// What a room tells of one thing takes no longer.
pub(super) const INSTANT: Duration = Duration::from_millis(50);

/// More rooms and slaves than these are no record that anybody wants to have judged.
const ROOMS_MAX: usize = 64;
const SLAVES_MAX: usize = 1_024;

/// How many nicks are remembered of which slaves were told lately.
const SHOWN_MAX: usize = 10_000;

//! Which addresses of a record are rooms, and which are slaves.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOMENT, Reading};
use crate::conform::invariants::reading::{bare_of, domain_of, nick_in};
use crate::dmuc::{Change, Demands, Note};
use crate::stanza::slave::Register;
use crate::stanza::{BareJid, Condition, Jid, Kind, Stanza, ns};
use crate::time::Time;
use crate::transcript::{Fault, Hop, Machine, Transcript, What, is_client};

/// The rooms and slaves of a record.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// In the order in which they show.
    pub rooms: Vec<BareJid>,
    /// In the order in which their masters tell them things.
    pub slaves: Vec<(Jid, Sign)>,
    /// Full JIDs that belong to users.
    users: BTreeSet<String>,
    /// When a slave was first told something that is for all.
    told: Option<Time>,
    /// Whether machines tell nothing of themselves.
    silent: bool,
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
    /// Whether it has been stopped.
    stopped: bool,
    /// When it was first told something that is for all.
    told: Option<Time>,
    /// Whether history was among that, as at a beginning.
    begins: bool,
}

impl Places {
    /// Those of a record.
    pub fn of(transcript: &Transcript) -> Self {
        let mut places = Self { users: users(transcript), ..Self::default() };
        for entry in &transcript.entries {
            places.find_room(&entry.what);
        }
        for entry in &transcript.entries {
            match &entry.what {
                What::Hop(hop) if !is_client(&hop.from) && !is_client(&hop.to) => {
                    places.find_slave(hop, entry.at);
                }
                What::Note(note) => places.note(note),
                What::Fault(Fault::Crash(Machine::Slave(domain) | Machine::Server(domain))) => {
                    places.stop(domain);
                }
                _ => {}
            }
        }
        places.find_refusals(transcript);
        places.order(transcript);
        places.silent = super::is_silent(transcript);
        places
    }

    /// Whether this full JID is a user's.
    pub fn is_user(&self, jid: &str) -> bool {
        self.users.contains(jid)
    }

    /// Whether a slave that does not register serves its rooms when the record begins.
    pub fn is_created(&self, sign: &Sign) -> bool {
        let late = |told: Time| self.told.is_some_and(|first| first + MOMENT < told);
        let begins = sign.begins || sign.told.is_some_and(late);
        !(sign.created || (self.silent && begins))
    }

    fn find_room(&mut self, what: &What) {
        let room = match what {
            What::Hop(hop) if !is_client(&hop.from) => {
                let from = address(hop.stanza.from.as_ref());
                let speaks = speaks_as_room(&hop.stanza) && !self.is_user(from);
                (speaks && domain_of(from) == &*hop.from).then_some(from)
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
            if domain_of(to) == &*hop.to && !self.is_user(to) && is_for_slave(&hop.stanza, &room) {
                let for_all = hop.stanza.is_groupchat() || hop.stanza.is_available();
                let Some(sign) = self.sign(to, room) else { return };
                if for_all {
                    sign.told = sign.told.or(Some(at));
                    sign.begins |= sign.told == Some(at) && is_past(&hop.stanza);
                    sign.registers |= is_numbered(&hop.stanza);
                    self.told = self.told.or(Some(at));
                }
            }
        } else if let Some(room) = room_of(to, &hop.to, &self.rooms)
            && domain_of(from) == &*hop.from
            && !self.is_user(from)
        {
            self.hear(from, room, &hop.stanza);
        }
    }

    /// What somebody says to a room who is no user.
    fn hear(&mut self, from: &str, room: BareJid, stanza: &Stanza) {
        let register = stanza.payload("register", ns::SLAVE).filter(|_| stanza.is_request());
        let pings = is_ping(stanza);
        if register.is_none() && (!pings || from.contains('/')) {
            return;
        }
        let Some(sign) = self.sign(from, room) else { return };
        let Some(register) = register else { return };
        sign.registers = true;
        let Ok(register) = Register::try_from(register.clone()) else { return };
        sign.persistent |= std::mem::take(&mut sign.stopped) && register.resume.is_some();
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

    fn stop(&mut self, domain: &str) {
        for (jid, sign) in &mut self.slaves {
            sign.stopped |= jid.domain().as_str() == domain;
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

    /// Who hears that the room cannot be reached has a slave that does not serve it alone.
    fn find_refusals(&mut self, transcript: &Transcript) {
        for (_, _, hop) in transcript.hops().filter(|(_, _, hop)| is_client(&hop.to)) {
            let unreachable = hop.stanza.kind == Kind::Message && is_loss(&hop.stanza);
            for (jid, sign) in self.slaves.iter_mut().filter(|_| unreachable) {
                sign.refuses |= jid.domain().as_str() == &*hop.from;
            }
        }
    }

    /// Of slaves that are told the same at one instant the first is known first.
    fn order(&mut self, transcript: &Transcript) {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, _, hop) in transcript.hops() {
            let speaks = hop.stanza.is_groupchat() || hop.stanza.is_available();
            if !is_client(&hop.from) && !is_client(&hop.to) && speaks {
                places.entry(address(hop.stanza.to.as_ref())).or_insert(number);
            }
        }
        let place = |jid: &Jid| places.get(jid.as_str()).copied().unwrap_or(usize::MAX);
        self.slaves.sort_by_key(|(jid, _)| place(jid));
    }
}

/// The full JIDs that are hosts of their own, or that enter rooms.
fn users(transcript: &Transcript) -> BTreeSet<String> {
    let mut users = BTreeSet::new();
    for (_, _, hop) in transcript.hops() {
        for host in [&hop.from, &hop.to].into_iter().filter(|host| is_client(host)) {
            if !users.contains(&**host) {
                users.insert(host.to_string());
            }
        }
        let from = address(hop.stanza.from.as_ref());
        let enters = hop.stanza.is_available() && hop.stanza.has_payload("x", ns::MUC);
        if enters && from.contains('/') && !users.contains(from) {
            users.insert(from.to_owned());
        }
    }
    users
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
    if let Some(dmuc) = Reading::new(stanza, room.as_str()).dmuc {
        let spoken = dmuc.enter.or(dmuc.leave).is_some() || dmuc.at.is_some() || dmuc.state;
        return spoken || dmuc.history || dmuc.stamp.is_some() || dmuc.synced;
    }
    let own = address(stanza.from.as_ref()) == room.as_str();
    match stanza.kind {
        Kind::Iq => stanza.has_payload("accept", ns::SLAVE) || (own && is_ping(stanza)),
        _ if to.contains('/') || stanza.is_error() => false,
        Kind::Message => stanza.is_groupchat(),
        Kind::Presence => stanza.has_payload("x", ns::MUC_USER),
    }
}

/// Whether it is told as history.
fn is_past(stanza: &Stanza) -> bool {
    Reading::new(stanza, "").dmuc.is_some_and(|dmuc| dmuc.history)
}

/// Whether it has a place in a master's log, as only slaves that register are told.
fn is_numbered(stanza: &Stanza) -> bool {
    let x = stanza.payload("x", ns::DMUC);
    x.is_some_and(|x| x.children().any(|child| child.name() == "at"))
}

/// Whether it says that somebody cannot be reached.
fn is_loss(stanza: &Stanza) -> bool {
    let condition = stanza.error().map(|error| error.defined_condition);
    matches!(condition, Some(Condition::RemoteServerNotFound | Condition::RemoteServerTimeout))
}

/// Whether it asks whether somebody is there.
pub(super) fn is_ping(stanza: &Stanza) -> bool {
    stanza.is_request() && stanza.has_payload("ping", ns::PING)
}

pub(super) fn address(jid: Option<&std::sync::Arc<Jid>>) -> &str {
    jid.map_or("", |jid| jid.as_str())
}

/// More rooms and slaves than these are no record that anybody wants to have judged.
const ROOMS_MAX: usize = 64;
const SLAVES_MAX: usize = 1_024;

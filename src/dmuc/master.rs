//! The master: the room itself (XEP-0045), and its side of XEP-0282.
//!
//! Rules:
//!
//! * The full JID alone tells who speaks (`master.relay.identify-by-from`); through which slave a
//!   stanza came does not matter.
//! * An occupant whose domain has a slave is served *via* that slave; all others are *direct* and
//!   served as a plain room serves them.
//! * One event, one copy for each slave that is not split, and one for each direct occupant
//!   (`master.fanout.one-copy-per-slave`). A split slave gets pings and nothing else
//!   (`master.split.stop-broadcast`); what it misses is in the log.
//! * Admission is the arrival to all, then ENTER to one slave; removal is LEAVE to one slave, then
//!   the departure to all (`master.enter.presence-to-all-first`, `master.leave.before-broadcast`).
//! * What goes to one person, errors above all, goes to his own address and never through the
//!   slave's (`master.enter.refusal-is-direct`, `scope.one-to-one-unaffected`).
//!
//! States of a slave, as the master sees it ([`link`]):
//!
//! | state | event | action | next |
//! | --- | --- | --- | --- |
//! | unborn | created | subject, roster, history; ping | active |
//! | active | event | one copy | active |
//! | active | presence or message error from the slave's JID, a failed ping, `pings_lost_max` pings unanswered | ping at once | split |
//! | active, split | ping answered with item-not-found: it has lost its memory | remove its occupants; as if created | active |
//! | split | event | log only | split |
//! | split | split interval | ping | split |
//! | split | pong | what it missed, oldest first | active |
//! | split | the host answers, the slave does not, for longer than the grace | remove its occupants | split |
//! | split | older than the expiry | remove its occupants | split |
//! | active | the room ends | told so, once | unborn |
//! | split | the room ends | log only; told so at the pong, or forgotten at the expiry | unborn |

mod admin;
mod admission;
mod affiliation;
mod asked;
mod away;
mod end;
mod fanout;
mod identity;
mod info;
mod join;
mod keepalive;
mod leave;
mod letters;
mod link;
mod lists;
mod log;
mod message;
mod occupant;
mod owner;
mod presence;
mod probe;
mod query;
mod recovery;
mod register;
mod registered;
mod resync;
mod settings;
mod visibility;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use self::identity::Identity;
use self::letters::Invitations;
use self::link::{Link, LinkKind, LinkState};
use self::log::{Log, Logged};
use self::occupant::{Occupant, Session};
use self::query::Queries;
pub(in crate::dmuc) use self::recovery::KeptRoom;
use self::registered::Registry;
pub(in crate::dmuc) use self::registered::{Tombstone, of_ended};
use super::{Change, Note, Output, ServiceConfig};
use crate::room::{Audience, History, Role, RoomConfig, Roster, Seat, StoredMessage, Whois};
use crate::stanza::{
    BareJid, Condition, ErrorType, Jid, Kind, Payloads, Stanza, Type, error_element, ns,
};
use crate::time::Time;

/// A room and its slaves.
#[derive(Clone, Debug)]
pub struct Master {
    config: RoomConfig,
    address: Arc<Jid>,
    occupants: IndexMap<String, Occupant>,
    /// The nick of each session.
    nicks: BTreeMap<Arc<Jid>, String>,
    /// How many sessions no slave serves.
    direct: usize,
    links: Vec<Link>,
    history: History,
    /// Whether it was told to keep less than before: slaves may have more than there is.
    shortened: bool,
    subject: Option<StoredMessage>,
    log: Log,
    queries: Queries,
    invitations: Invitations,
    /// The ids that it gives, if it does.
    identity: Option<Identity>,
    pings: u64,
    /// What concerns slaves that register.
    registry: Registry,
    /// When this run of the room began.
    opened: Time,
    /// The stamp of the last message.
    stamped: Time,
    /// Whether its creator has not accepted it yet (XEP-0045 §10.1).
    locked: bool,
    /// Whether anybody was in it, or tried to be.
    entered: bool,
    /// What was said to all when it was destroyed or shut down.
    ended: Option<Stanza>,
}

impl Master {
    /// A room of this service that nobody is in. Of the service's slaves it knows those that serve
    /// it; which of them are created at the start it creates when it is stepped first.
    pub fn new(config: RoomConfig, service: &ServiceConfig, now: Time) -> Self {
        let slaves = service.slaves.iter().filter(|slave| slave.rooms.contain(&config.jid));
        let links = slaves.map(|slave| Link::new(slave, service.timers, now)).collect();
        let address: Arc<Jid> = Arc::new(config.jid.clone().into());
        let identity = service.identify.then(|| Identity::new(&service.domain, address.clone()));
        Self {
            address,
            identity,
            occupants: IndexMap::new(),
            nicks: BTreeMap::new(),
            direct: 0,
            links,
            history: History::of(&config),
            shortened: false,
            subject: subject_message(&config),
            log: Log::default(),
            queries: Queries::default(),
            invitations: Invitations::default(),
            pings: 0,
            registry: Registry::new(service.registration, service.timers, now),
            opened: now,
            stamped: Time::from_micros(i64::MIN),
            locked: false,
            entered: false,
            ended: None,
            config,
        }
    }

    /// The room's address.
    pub fn jid(&self) -> &BareJid {
        &self.config.jid
    }

    /// Who is in the room, in the order of arrival.
    pub fn roster(&self) -> Roster {
        let seats = self.occupants.iter();
        seats.map(|(nick, occupant)| (nick.clone(), occupant.seat.clone())).collect()
    }

    /// What the room remembers.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The text of the subject, if one was ever set.
    pub fn subject(&self) -> Option<String> {
        self.subject.as_ref().and_then(StoredMessage::subject)
    }

    /// Whether this slave is split; nothing if it is none of this room's slaves.
    pub fn is_split(&self, slave: &Jid) -> Option<bool> {
        let link = self.links.iter().find(|link| *link.jid == *slave)?;
        Some(link.state == LinkState::Split)
    }

    /// A stanza for the room or one of its occupants.
    pub(super) fn stanza(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(from) = stanza.from.clone() else { return };
        let link = self.links.iter().position(|link| *link.jid == *from);
        if self.is_of_registration(&stanza, link) {
            return self.slave_registration(now, &stanza, link, out);
        }
        if let Some(link) = link {
            return self.slave_stanza(now, link, &stanza, out);
        }
        if !stanza.is_unreachable() {
            // What came back undelivered in somebody's name is no word of his.
            self.hear_domain(&from, now);
        }
        if self.is_over() {
            return refuse(&stanza, ErrorType::Cancel, Condition::ItemNotFound, None, out);
        }
        self.hear_users(&from, &stanza, now);
        let nick = stanza.to.as_ref().and_then(|to| to.resource()).map(|nick| nick.to_string());
        match (stanza.kind, nick) {
            (kind, nick) if stanza.is_error() && kind != Kind::Iq => {
                if kind == Kind::Message && nick.is_some() {
                    self.private_error(now, &stanza, out);
                }
                self.delivery_error(now, &stanza, out);
            }
            (Kind::Presence, nick) => self.presence(now, &stanza, nick.as_deref(), out),
            (Kind::Message, None) => self.message(now, stanza, out),
            (Kind::Message, Some(nick)) => self.private_message(&stanza, &nick, out),
            (Kind::Iq, None) => self.room_query(now, &stanza, out),
            (Kind::Iq, Some(nick)) => self.occupant_query(&stanza, &nick, out),
        }
        self.end_if_empty(now, out);
    }

    fn occupant_of(&self, session: &Jid) -> Option<(&String, &Occupant)> {
        let nick = self.nicks.get(session)?;
        self.occupants.get_key_value(nick)
    }

    /// Whether an occupant with this role may see real JIDs.
    fn sees_jids(&self, role: &Role) -> bool {
        self.config.whois == Whois::Anyone || *role == Role::Moderator
    }

    /// room/nick. Only for nicks that came as the resource of a JID, or passed for one.
    fn occupant_jid(&self, nick: &str) -> Option<Arc<Jid>> {
        self.config.jid.with_resource_str(nick).ok().map(|jid| Arc::new(jid.into()))
    }

    fn note(&self, about: &Jid, change: Change) -> Output {
        Output::Note(Note { by: Jid::clone(&self.address), about: about.clone(), change })
    }
}

fn subject_message(config: &RoomConfig) -> Option<StoredMessage> {
    let subject = config.subject.as_ref()?;
    let from = config.jid.with_resource_str(&subject.author).ok()?;
    let mut payload = crate::stanza::element("subject", crate::stanza::ns::CLIENT, &[]);
    payload.append_text(subject.text.as_str());
    Some(StoredMessage {
        from: Arc::new(from.into()),
        id: None,
        lang: None,
        payloads: Arc::new(vec![payload]),
        stamp: subject.stamp,
    })
}

/// Answer with an error, if the stanza may be answered.
fn refuse(
    stanza: &Stanza,
    type_: ErrorType,
    condition: Condition,
    text: Option<&str>,
    out: &mut Vec<Output>,
) {
    out.extend(stanza.error_reply(error_element(type_, condition, None, text)).map(Output::Send));
}

const NOT_CONNECTED: &str = "You are not currently connected to this chat";

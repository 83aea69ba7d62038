//! Monitors: what the XEP states, watched in a transcript, stanza by stanza.
//!
//! Each file is about one section of the XEP, or about one thing that several sections state of it.
//! A monitor reads what `invariants` fold from the record (who is in the room, who is split, what
//! each was told), says for every statement of its section when that applied and was kept, and
//! finds where it was broken. Statements that say in other words what an invariant says are judged
//! by that (`Requirement::shown_by`).
//!
//! | file | section |
//! | --- | --- |
//! | `fanout` | Introduction, Message Broadcast, Presence Update: the copies for slaves |
//! | `distribution` | Introduction, Message Broadcast: what slaves make of a copy |
//! | `private` | Introduction: what is for one only |
//! | `creating` | Creating a Slave, Initial Room Roster, Initial Room History |
//! | `enter`, `burst` | ENTER, at the master and at the slave |
//! | `leave` | LEAVE |
//! | `presence` | Presence Update |
//! | `forwards` | Slave Forwards Stanzas to the Master |
//! | `refusals` | what the master refuses |
//! | `broadcast`, `past` | Message Broadcast, history |
//! | `keepalive` | Master-Slave Keepalive |
//! | `split_master`, `split_slave`, `bounced`, `resync`, `returned`, `late`, `alone` | Netsplit |
//! | `wire` | addresses, namespaces, schema |
//! | `applies` | when the invariants apply |

mod alone;
mod applies;
mod bounced;
mod broadcast;
mod burst;
mod creating;
mod distribution;
mod due;
mod enter;
mod fanout;
mod forwards;
mod keepalive;
mod late;
mod leave;
mod past;
mod presence;
mod private;
mod refusals;
mod resync;
mod returned;
mod split_master;
mod split_slave;
mod wire;

use super::invariants::reading::{Reading, START, digest_text};
use super::invariants::room::{Passage, Room, Side, SlaveId, User};
use super::invariants::words::names;
use super::invariants::{Invariant, invariants};
use crate::stanza::{ShortNames, Stanza};
use crate::time::Duration;

/// All of them, and the invariants.
pub(super) fn all() -> Vec<Box<dyn Invariant>> {
    let mut all = invariants();
    all.extend::<[Box<dyn Invariant>; 22]>([
        Box::<fanout::Fanout>::default(),
        Box::<distribution::Distribution>::default(),
        Box::<private::Private>::default(),
        Box::<creating::Creating>::default(),
        Box::<enter::Enter>::default(),
        Box::<burst::Bursts>::default(),
        Box::<leave::Leave>::default(),
        Box::<presence::Presence>::default(),
        Box::<forwards::Forwards>::default(),
        Box::<refusals::Refusals>::default(),
        Box::<broadcast::Broadcast>::default(),
        Box::<past::Past>::default(),
        Box::<keepalive::Keepalive>::default(),
        Box::<split_master::SplitMaster>::default(),
        Box::<split_slave::SplitSlave>::default(),
        Box::<bounced::Bounced>::default(),
        Box::<resync::Resync>::default(),
        Box::<returned::Returned>::default(),
        Box::<late::Late>::default(),
        Box::<alone::Alone>::default(),
        Box::<wire::Wire>::default(),
        Box::<applies::Applies>::default(),
    ]);
    all
}

/// Whether it tells slaves, or those whom a slave serves, what happens now: no ENTER or LEAVE, and
/// nothing of what there is or was.
fn is_news(reading: &Reading<'_>) -> bool {
    let dmuc = reading.dmuc.unwrap_or_default();
    let kind = (reading.is_presence() && reading.nick.is_some())
        || (reading.stanza.is_groupchat() && reading.from_room);
    kind && dmuc.enter.is_none()
        && dmuc.leave.is_none()
        && !dmuc.history
        && !dmuc.state
        && !dmuc.backfill
        && !dmuc.synced
}

/// What the copies of something have in common, in one number.
fn key(reading: &Reading<'_>) -> u64 {
    let head = digest_text(content_key(reading), reading.from);
    head ^ u64::from(reading.has(303))
}

/// The same without the sender.
fn content_key(reading: &Reading<'_>) -> u64 {
    let stanza = reading.stanza;
    let head = digest_text(START, stanza.kind.name());
    // An id is a message's own; presences may get other ids on their way.
    let id = if stanza.is_groupchat() { reading.id() } else { "" };
    let head = digest_text(head, id);
    head ^ reading.content ^ (u64::from(stanza.is_unavailable()) << 1)
}

/// Whether the master takes this slave for together with it, and tells it what happens.
fn is_served(room: &Room, slave: SlaveId) -> bool {
    let slave = &room.slaves[slave];
    slave.master == Side::Active
        && slave.synced < room.now
        && room.health.carries(&room.domain, &slave.domain)
}

/// Whether a slave works, and takes itself for together with its master.
fn is_working(room: &Room, slave: SlaveId) -> bool {
    let one = &room.slaves[slave];
    one.own == Side::Active && !one.lame && !room.health.is_down(&one.domain)
}

/// Whether it heeds besides what happens: it has not asked to be told everything anew.
fn is_heeding(room: &Room, slave: SlaveId) -> bool {
    is_working(room, slave) && !room.slaves[slave].holds()
}

/// The slave that sends this to one of its users.
fn serving(passage: &Passage<'_>, user: &User, room: &Room) -> Option<SlaveId> {
    let slave = user.slave.filter(|slave| *passage.hop.from == *room.slaves[*slave].domain)?;
    (user.via == Some(slave) && user.online).then_some(slave)
}

/// A stanza in words, for a finding.
fn words(stanza: &Stanza) -> String {
    stanza.describe(&ShortNames::default())
}

/// Within this time a real machine acts on what came to it.
const LATE: Duration = Duration::from_secs(5);

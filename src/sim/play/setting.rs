//! What the record of a play does not show: how its rooms were set up, and who was in them.

use std::collections::BTreeSet;

use super::setup;
use crate::conform::invariants::{Present, RoomSetting, Setting, SlaveSetting};
use crate::dmuc::{Registration, Rooms, ServiceConfig};
use crate::room::{Role, RoomConfig, privilege};
use crate::scenario::verbs::{Pause, Raw};
use crate::scenario::{Action, Cast, Machine, Party, Scenario, Step};
use crate::stanza::Jid;
use crate::transcript::Name;

/// What the invariants have to know of a scenario beside its record.
pub fn setting(scenario: &Scenario, plain: bool) -> Setting {
    let world = setup::world_config(scenario, plain);
    let services = || world.servers.iter().filter_map(|server| server.service.as_ref());
    let rooms = services()
        .flat_map(|service| scenario.cast.rooms.values().map(move |room| (service, room)))
        .filter(|(service, room)| room.config.jid.domain().as_str() == service.domain)
        .map(|(service, room)| RoomSetting {
            present: present(&scenario.cast, &room.config),
            config: room.config.clone(),
            past: Vec::new(),
            timers: service.timers,
            persistence: service.persistence,
        });
    let hosted = world.servers.iter().flat_map(|server| &server.slaves);
    let slaves = hosted.map(|hosted| {
        let slave = &hosted.config;
        let demands = match slave.registration {
            Registration::Dynamic(demands) => Some(demands),
            Registration::Static => None,
        };
        let registers = demands.is_some();
        SlaveSetting {
            jid: slave.jid.clone(),
            rooms: match &slave.rooms {
                Rooms::Only(rooms) => Some(rooms.clone()),
                Rooms::Service(_) => None,
            },
            registers,
            demands: demands.unwrap_or_default(),
            active: if registers {
                has_users(&scenario.cast, &slave.jid)
            } else {
                services().any(|service| is_created(service, &slave.jid))
            },
            strangers: false,
            persistent: registers && slave.persistent,
            history_max: slave.history_max,
            timers: slave.timers,
        }
    });
    let name = |host: &crate::sim::network::Host| Name::from(host.as_str());
    let links = world
        .links
        .iter()
        .map(|(from, to, delay)| (name(from), name(to), delay.latency + delay.jitter));
    let known: Vec<&Jid> =
        services().flat_map(|service| service.slaves.iter().map(|slave| &slave.jid)).collect();
    let mut slaves: Vec<SlaveSetting> = slaves.collect();
    slaves.sort_by_key(|slave| known.iter().position(|jid| **jid == slave.jid));
    Setting {
        rooms: rooms.collect(),
        slaves,
        links: links.collect(),
        forgers: forgers(&scenario.cast, &scenario.steps),
        silent: false,
        ..Setting::default()
    }
}

/// Who is in the room when the script begins, with the privileges that he got at the door.
fn present(cast: &Cast, config: &RoomConfig) -> Vec<Present> {
    let Some((room, _)) = cast.room_at(&config.jid) else { return Vec::new() };
    let joined = cast.clients.values().filter(|client| client.joined.contains(room));
    joined
        .enumerate()
        .map(|(place, client)| {
            let bare = client.jid.to_bare();
            let creates = place == 0 && config.ownerless;
            let affiliation = match creates {
                true => crate::room::Affiliation::Owner,
                false => config.affiliation_of(&bare),
            };
            let role = match config.moderators.contains(&bare) {
                true => Role::Moderator,
                false => privilege::initial_role(&affiliation, config.moderated),
            };
            Present {
                session: Some(client.jid.clone()),
                nick: Some(client.nick.clone()),
                affiliation,
                role,
                known: true,
                presence: None,
            }
        })
        .collect()
}

fn is_created(service: &ServiceConfig, slave: &Jid) -> bool {
    service.slaves.iter().any(|one| one.jid == *slave && one.at_start)
}

/// Whether somebody of this slave's domain is in a room when the script begins.
fn has_users(cast: &Cast, slave: &Jid) -> bool {
    let rooms = cast.rooms.values().filter(|room| room.exists);
    let people = rooms.flat_map(|room| present(cast, &room.config));
    let mut sessions = people.filter_map(|person| person.session);
    sessions.any(|session| session.domain() == slave.domain())
}

/// The hosts whose machines the script makes send something.
fn forgers(cast: &Cast, steps: &[Step]) -> BTreeSet<Name> {
    let mut forgers = BTreeSet::new();
    for step in steps {
        match &step.action {
            Action::Raw { who, raw: Raw::Sends(_) } => {
                forgers.extend(who.iter().filter_map(|party| forger(cast, party)));
            }
            Action::Pause(Pause::Meanwhile(steps)) => forgers.extend(self::forgers(cast, steps)),
            _ => {}
        }
    }
    forgers
}

fn forger(cast: &Cast, party: &Party) -> Option<Name> {
    match party {
        Party::Client(_) => None,
        Party::Machine(Machine::Slave(slave)) => {
            cast.slaves.get(slave).map(|slave| slave.jid.domain().as_str().into())
        }
        Party::Machine(Machine::Server(domain) | Machine::Master(domain)) => {
            Some(Name::from(&**domain))
        }
    }
}

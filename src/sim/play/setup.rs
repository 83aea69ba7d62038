//! From a cast to a world, and from the world to the state in which the script begins.

use std::collections::BTreeSet;

use crate::dmuc::{Registration, Rooms, ServiceConfig, SlaveConfig, StaticSlave};
use crate::scenario::{Cast, Host, Profile, Scenario, Slave};
use crate::server::{HostedSlave, ServerConfig};
use crate::sim::network::{self, CLIENT_LATENCY, Delay, SERVER_LATENCY};
use crate::sim::world::{ClientConfig, WorldConfig};
use crate::time::{Duration, Time};

/// How long before the epoch the world begins, at least.
const LEAD_MIN: Duration = Duration::from_secs(10);

/// The world of a scenario; with `plain`, without slaves.
pub fn world_config(scenario: &Scenario, plain: bool) -> WorldConfig {
    let cast = &scenario.cast;
    let servers = cast.servers.iter().map(|(domain, server)| ServerConfig {
        domain: domain.to_string(),
        flavour: server.flavour,
        connect_timeout: server.connect_timeout,
        slaves: if plain { Vec::new() } else { slaves_of(cast, domain) },
        service: service_config(scenario, domain, plain),
    });
    let clients = cast.clients.values().map(|client| ClientConfig { jid: client.jid.clone() });
    WorldConfig { servers: servers.collect(), clients: clients.collect(), links: links(cast) }
}

/// When the world begins: early enough for everybody who is joined to enter before the epoch.
pub fn beginning(scenario: &Scenario) -> Time {
    let cast = &scenario.cast;
    let joins = cast.clients.values().map(|client| client.joined.len()).sum::<usize>();
    let slowest = links(cast)
        .iter()
        .map(|(_, _, delay)| delay.latency + delay.jitter)
        .max()
        .unwrap_or_default()
        .max(SERVER_LATENCY);
    let trips = u32::try_from(16 * (joins + 2)).unwrap_or(u32::MAX);
    (scenario.tags.epoch - LEAD_MIN.max(slowest.saturating_mul(trips))).floor_second()
}

/// The slaves of this domain.
fn slaves_of(cast: &Cast, domain: &str) -> Vec<HostedSlave> {
    let slaves = cast.slaves.values().filter(|slave| slave.jid.domain().as_str() == domain);
    let hosted = |slave: &Slave| HostedSlave {
        config: slave_config(cast, slave),
        // A static slave runs, and waits for its master to create it.
        at_start: slave.at_start || slave.registration == Registration::Static,
    };
    slaves.map(hosted).collect()
}

fn slave_config(cast: &Cast, slave: &Slave) -> SlaveConfig {
    let mut services = cast.services.keys();
    let rooms = match (services.next(), services.next()) {
        (Some(only), None) if slave.rooms.is_empty() => Rooms::Service(only.to_string()),
        _ => Rooms::Only(room_jids(cast, &slave.rooms, |_| true)),
    };
    SlaveConfig {
        jid: slave.jid.clone(),
        rooms,
        history_max: slave.history_max,
        timers: slave.timers,
        registration: slave.registration.clone(),
        persistent: slave.persistent,
    }
}

fn service_config(scenario: &Scenario, domain: &str, plain: bool) -> Option<ServiceConfig> {
    let Scenario { cast, tags, .. } = scenario;
    let service = cast.services.get(domain)?;
    let here = |room: &str| room == domain;
    let known = cast.slaves.values().filter(|one| one.registration == Registration::Static);
    let slaves = known.map(|slave| StaticSlave {
        jid: slave.jid.clone(),
        rooms: if slave.rooms.is_empty() {
            Rooms::Service(domain.to_owned())
        } else {
            Rooms::Only(room_jids(cast, &slave.rooms, here))
        },
        history_max: slave.history_max,
        at_start: slave.at_start,
    });
    let rooms =
        cast.rooms.values().filter(|room| room.exists && here(room.config.jid.domain().as_str()));
    Some(ServiceConfig {
        domain: domain.to_owned(),
        rooms: rooms.map(|room| room.config.clone()).collect(),
        creation: service.creation,
        slaves: if plain { Vec::new() } else { slaves.collect() },
        timers: service.timers,
        registration: !plain && tags.profile == Profile::Full,
        identify: tags.profile != Profile::Core,
        persistence: cast.servers.get(domain).map(|one| one.persistence).unwrap_or_default(),
    })
}

/// The addresses of these rooms, or of all if none is named, of the domains that `wanted` wants.
fn room_jids(
    cast: &Cast,
    names: &[crate::scenario::Name],
    wanted: impl Fn(&str) -> bool,
) -> BTreeSet<crate::stanza::BareJid> {
    cast.rooms
        .iter()
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .map(|(_, room)| room.config.jid.clone())
        .filter(|jid| wanted(jid.domain().as_str()))
        .collect()
}

fn links(cast: &Cast) -> Vec<(network::Host, network::Host, Delay)> {
    let mut links = Vec::new();
    for link in &cast.links {
        for direction in &link.directions {
            let (Some(from), Some(to)) = (host(cast, &direction.from), host(cast, &direction.to))
            else {
                continue;
            };
            let between_servers =
                [&from, &to].iter().all(|end| matches!(end, network::Host::Server(_)));
            let usual = if between_servers { SERVER_LATENCY } else { CLIENT_LATENCY };
            let delay = Delay { latency: link.latency.unwrap_or(usual), jitter: link.jitter };
            links.push((from, to, delay));
        }
    }
    links
}

/// The host of the network that a host of the scenario is.
pub(super) fn host(cast: &Cast, host: &Host) -> Option<network::Host> {
    Some(match host {
        Host::Server(domain) => network::Host::Server(domain.to_string()),
        Host::Client(name) => network::Host::Client(cast.clients.get(name)?.jid.clone()),
    })
}

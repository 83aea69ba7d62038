//! How many stanzas the event network delivers in a second, with the real machines.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up has to stop")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use divan::Bencher;
use divan::counter::ItemsCount;
use wallops::dmuc::{
    Persistence, Registration, Rooms, ServiceConfig, SlaveConfig, StaticSlave, Timers,
};
use wallops::room::RoomConfig;
use wallops::server::{Flavour, ServerConfig};
use wallops::sim::event::EventNetwork;
use wallops::sim::network::{HostId, Network};
use wallops::sim::world::{Action, ClientConfig, World, WorldConfig};
use wallops::stanza::{BareJid, FullJid, Jid, Stanza, Type, element, ns};
use wallops::time::{Duration, Time};
use wallops::transcript::Header;

fn main() {
    divan::main();
}

/// Slaves, and occupants behind each.
const SIZES: [(usize, usize); 3] = [(20, 20), (50, 50), (100, 100)];
const MESSAGES: usize = 100;

const ROOM: &str = "wallops@channel.avalon.irc";

fn server(domain: &str) -> ServerConfig {
    ServerConfig {
        domain: domain.to_owned(),
        flavour: Flavour::Prosody,
        connect_timeout: Flavour::Prosody.connect_timeout(),
        slaves: Vec::new(),
        service: None,
    }
}

/// A room with this many slaves and this many occupants behind each of them, all of them inside.
fn room(slaves: usize, occupants: usize) -> EventNetwork {
    let room = BareJid::new(ROOM).unwrap();
    let rooms = Rooms::Only(BTreeSet::from([room.clone()]));
    let jid = |slave: usize| Jid::new(&format!("slave@s{slave}.example")).unwrap();
    let mut config = WorldConfig::default();
    for slave in 0..slaves {
        config.servers.push(ServerConfig {
            slaves: vec![
                SlaveConfig {
                    jid: jid(slave),
                    rooms: rooms.clone(),
                    history_max: 20,
                    timers: Timers::default(),
                    registration: Registration::Static,
                    persistent: false,
                }
                .into(),
            ],
            ..server(&format!("s{slave}.example"))
        });
        config.clients.extend((0..occupants).map(|number| ClientConfig {
            jid: FullJid::new(&format!("u{number}@s{slave}.example/r")).unwrap(),
        }));
    }
    config.servers.push(ServerConfig {
        service: Some(ServiceConfig {
            domain: room.domain().to_string(),
            rooms: vec![RoomConfig::new(room.clone())],
            creation: false,
            slaves: (0..slaves)
                .map(|slave| StaticSlave {
                    jid: jid(slave),
                    rooms: rooms.clone(),
                    history_max: 20,
                    at_start: true,
                })
                .collect(),
            timers: Timers::default(),
            registration: false,
            identify: false,
            persistence: Persistence::Nothing,
        }),
        ..server(room.domain().as_str())
    });
    let start = Time::XEP_EPOCH - Duration::from_secs(10_000);
    let mut network = EventNetwork::new(World::new(config, start).unwrap(), start, 0);
    let clients: Vec<HostId> =
        (0..slaves * occupants).map(|number| HostId((slaves + 1 + number) as u32)).collect();
    for client in &clients {
        network.act(Action::Connect(*client));
    }
    assert!(network.run_until_quiet(Time::XEP_EPOCH));
    for (number, client) in clients.iter().enumerate() {
        let nick = Jid::new(&format!("{ROOM}/n{number}")).unwrap();
        let join =
            Stanza::presence(Type::Absent).with_to(nick).with_payload(element("x", ns::MUC, &[]));
        network.act(Action::SendAs(*client, join));
        assert!(network.run_until_quiet(Time::XEP_EPOCH));
    }
    network
}

fn chatter(network: &mut EventNetwork, slaves: usize) -> u64 {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text("Phaedrus, we're all having a truly rotten time.");
    let before = network.world().recorder().counters().delivered;
    for number in 0..MESSAGES {
        let stanza = Stanza::message(Type::Groupchat)
            .with_to(Jid::new(ROOM).unwrap())
            .with_payload(body.clone());
        let host = HostId((slaves + 1 + number % 7) as u32);
        network.act(Action::SendAs(host, stanza));
        assert!(network.run_until_quiet(Time::XEP_EPOCH));
    }
    network.world().recorder().counters().delivered - before
}

/// To the server, to the master, to the slaves, to the occupants.
fn deliveries((slaves, occupants): (usize, usize)) -> usize {
    MESSAGES * (2 + slaves + slaves * occupants)
}

/// The room takes long to fill: each who enters is shown to all who are inside.
fn with_room<T>(size: (usize, usize), run: impl FnOnce(&mut EventNetwork) -> T) -> T {
    thread_local! {
        static ROOMS: RefCell<BTreeMap<(usize, usize), EventNetwork>> =
            const { RefCell::new(BTreeMap::new()) };
    }
    ROOMS.with_borrow_mut(|rooms| run(rooms.entry(size).or_insert_with(|| room(size.0, size.1))))
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn record_off(bencher: Bencher, size: (usize, usize)) {
    with_room(size, |network| {
        let _ = network.world_mut().recorder_mut().finish();
        bencher.counter(ItemsCount::new(deliveries(size))).bench_local(|| chatter(network, size.0));
    });
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn record_on(bencher: Bencher, size: (usize, usize)) {
    with_room(size, |network| {
        bencher.counter(ItemsCount::new(deliveries(size))).bench_local(|| {
            network.world_mut().begin_record(Header::default());
            chatter(network, size.0)
        });
    });
}

//! The wire network: what a hop of a stanza costs, XML and simulated TCP included, and what idle
//! time costs. `cargo bench --bench wire`.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use wallops::server::{Flavour, ServerConfig};
use wallops::sim::network::Network;
use wallops::sim::wire::WireNetwork;
use wallops::sim::world::{Action, ClientConfig, World, WorldConfig};
use wallops::stanza::{FullJid, Jid, Stanza, Type, element, ns};
use wallops::time::Time;

fn main() {
    divan::main();
}

fn jid(host: usize) -> String {
    format!("user@h{host}.example/x")
}

/// So many servers with a client each, all online, all streams to and from the first open.
fn network(servers: usize) -> WireNetwork {
    let server = |host: usize| ServerConfig {
        domain: format!("h{host}.example"),
        flavour: Flavour::Prosody,
        connect_timeout: Duration::from_secs(20),
        slaves: Vec::new(),
        service: None,
    };
    let config = WorldConfig {
        servers: (0..servers).map(server).collect(),
        clients: (0..servers)
            .map(|host| ClientConfig { jid: FullJid::new(&jid(host)).unwrap() })
            .collect(),
        links: Vec::new(),
    };
    let start = Time::XEP_EPOCH;
    let mut network = WireNetwork::new(World::new(config, start).unwrap(), start, 1);
    for host in 0..servers {
        let client = network.world().named(&jid(host)).unwrap();
        network.act(Action::Connect(client));
    }
    assert!(network.run_until_quiet(start + Duration::from_secs(1)));
    for host in 1..servers {
        say(&mut network, 0, host);
        say(&mut network, host, 0);
    }
    assert!(network.run_until_quiet(start + Duration::from_secs(2)));
    network
}

/// A broadcast of the master, about as long as the XEP shows it.
fn say(network: &mut WireNetwork, from: usize, to: usize) {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text_node("Phaedrus, we're all having a truly rotten time.");
    let mut x = element("x", ns::DMUC, &[]);
    let delay =
        [("from", "wallops@channel.avalon.irc/BigCheese"), ("stamp", "1990-10-13T23:58:37Z")];
    x.append_child(element("delay", ns::DELAY, &delay));
    let to = Jid::new(&jid(to)).unwrap();
    let stanza = Stanza::message(Type::Chat).with_to(to).with_payload(body).with_payload(x);
    let client = network.world().named(&jid(from)).unwrap();
    network.act(Action::SendAs(client, stanza));
}

const ROUNDS: usize = 100;

/// One stanza after the other: client to server, server to server, server to client.
#[divan::bench(args = [2, 10, 30])]
fn hops_one_by_one(bencher: Bencher, servers: usize) {
    bencher
        .counter(ItemsCount::new(3 * ROUNDS))
        .with_inputs(|| network(servers))
        .bench_local_values(|mut network| {
            for round in 0..ROUNDS {
                let host = 1 + round % (servers - 1);
                say(&mut network, 0, host);
                let limit = network.now() + Duration::from_secs(1);
                assert!(network.run_until_quiet(limit));
            }
            network
        });
}

/// Many at once.
#[divan::bench(args = [2, 10, 30])]
fn hops_at_once(bencher: Bencher, servers: usize) {
    bencher
        .counter(ItemsCount::new(3 * 10 * ROUNDS))
        .with_inputs(|| network(servers))
        .bench_local_values(|mut network| {
            for round in 0..10 * ROUNDS {
                say(&mut network, 0, 1 + round % (servers - 1));
            }
            let limit = network.now() + Duration::from_secs(1);
            assert!(network.run_until_quiet(limit));
            network
        });
}

/// An hour in which nothing happens.
#[divan::bench]
fn idle_hour_of_10_hosts(bencher: Bencher) {
    bencher.with_inputs(|| network(10)).bench_local_values(|mut network| {
        let hour = network.now() + Duration::from_secs(3600);
        network.run_until(hour);
        network
    });
}

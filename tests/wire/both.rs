//! One script, two networks: what the clients hear, the transcript and the faults are the same.

use std::time::Duration;

use wallops::server::{Flavour, ServerConfig};
use wallops::sim::event::EventNetwork;
use wallops::sim::network::{Delay, Host, Network};
use wallops::sim::wire::WireNetwork;
use wallops::sim::world::{Action, ClientConfig, World, WorldConfig};
use wallops::stanza::{FullJid, Jid, Stanza, Type, element, ns};
use wallops::time::Time;
use wallops::transcript::{Fault, Header, Link};

pub const ALICE: &str = "alice@a.example/x";
pub const BOB: &str = "bob@b.example/y";
pub const CAROL: &str = "carol@b.example/z";

pub const START: Time = Time::XEP_EPOCH;

pub fn after(millis: u64) -> Time {
    START + Duration::from_millis(millis)
}

fn server(domain: &str) -> ServerConfig {
    ServerConfig {
        domain: domain.to_owned(),
        flavour: Flavour::Prosody,
        connect_timeout: Duration::from_secs(20),
        slaves: Vec::new(),
        service: None,
    }
}

fn world(jitter: Duration, start: Time) -> World {
    let host = |domain: &str| Host::Server(domain.to_owned());
    let delay = Delay { latency: Duration::from_micros(20_300), jitter };
    let client = |jid: &str| ClientConfig { jid: FullJid::new(jid).unwrap() };
    let config = WorldConfig {
        servers: vec![server("a.example"), server("b.example")],
        clients: vec![client(ALICE), client(BOB), client(CAROL)],
        links: vec![(host("a.example"), host("b.example"), delay)],
    };
    World::new(config, start).unwrap()
}

/// Clients online, the stream from a.example to b.example open, the recorder on, at [`START`].
fn warm_up(network: &mut dyn Network) {
    for jid in [ALICE, BOB, CAROL] {
        let client = network.world().named(jid).unwrap();
        network.act(Action::Connect(client));
    }
    assert!(network.run_until_quiet(START));
    say(network, ALICE, BOB, "warm up");
    assert!(network.run_until_quiet(START));
    network.run_until(START);
    network.world_mut().begin_record(Header::default());
}

pub fn say(network: &mut dyn Network, from: &str, to: &str, text: &str) {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text_node(text);
    let stanza = Stanza::message(Type::Chat).with_to(Jid::new(to).unwrap()).with_payload(body);
    let client = network.world().named(from).unwrap();
    network.act(Action::SendAs(client, stanza));
}

pub fn fault(network: &mut dyn Network, fault: Fault) {
    network.act(Action::Fault(fault));
}

pub fn link(both_ways: bool) -> Link {
    Link { from: "a.example".into(), to: "b.example".into(), both_ways }
}

fn heard(network: &dyn Network) -> Vec<String> {
    let mut all = Vec::new();
    for client in network.world().clients() {
        for arrival in client.inbox() {
            let text = match arrival.stanza.error() {
                Some(error) => format!("{:?}", error.defined_condition),
                None => arrival.stanza.body().unwrap_or_default(),
            };
            let at = arrival.at.time_of_day();
            all.push(format!("{} {at} {text:.40}", client.jid()));
        }
    }
    all
}

/// Equal, or else the first difference.
fn assert_same<T: PartialEq + std::fmt::Debug>(
    mut event: impl Iterator<Item = T>,
    mut wire: impl Iterator<Item = T>,
) {
    for index in 0.. {
        let pair = (event.next(), wire.next());
        assert_eq!(pair.0, pair.1, "item {index}");
        if pair == (None, None) {
            return;
        }
    }
}

/// Run a script on both networks. What the clients heard.
pub fn both(jitter: Duration, script: impl Fn(&mut dyn Network)) -> Vec<String> {
    let start = START - Duration::from_secs(10);
    let run = |network: &mut dyn Network| {
        warm_up(network);
        script(network);
        let transcript = network.world().recorder().transcript().unwrap();
        let transcript: Vec<_> = transcript.entries.iter().map(|e| format!("{e:?}")).collect();
        (heard(network), transcript, network.world().faults().to_vec())
    };
    let event = run(&mut EventNetwork::new(world(jitter, start), start, 7));
    let wire = run(&mut WireNetwork::new(world(jitter, start), start, 7));
    assert_same(event.0.iter(), wire.0.iter());
    assert_same(event.1.iter(), wire.1.iter());
    assert_eq!(event.2, wire.2);
    wire.0
}

pub fn exactly(script: impl Fn(&mut dyn Network)) -> Vec<String> {
    both(Duration::ZERO, script)
}

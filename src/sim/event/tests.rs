//! The event network with plain servers: two domains, a client at each.

use super::*;
use crate::server::{Flavour, ServerConfig};
use crate::sim::network::{Delay, Host};
use crate::sim::world::{ClientConfig, WorldConfig};
use crate::stanza::{FullJid, Jid, Type, element, ns};
use crate::time::Duration;
use crate::transcript::{Fate, Fault, Header, Hop, Link, Loss, Machine};

const ALICE: &str = "alice@a.example/x";
const BOB: &str = "bob@b.example/y";

const START: Time = Time::XEP_EPOCH;

fn after(millis: u64) -> Time {
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

fn client(jid: &str) -> ClientConfig {
    ClientConfig { jid: FullJid::new(jid).unwrap() }
}

/// Both clients online, the stream from a.example to b.example open, the recorder on, at [`START`].
fn two_servers(jitter: Duration) -> EventNetwork {
    let host = |domain: &str| Host::Server(domain.to_owned());
    let delay = Delay { latency: Duration::from_millis(20), jitter };
    let config = WorldConfig {
        servers: vec![server("a.example"), server("b.example")],
        clients: vec![client(ALICE), client(BOB)],
        links: vec![(host("a.example"), host("b.example"), delay)],
    };
    let start = START - Duration::from_secs(10);
    let mut network = EventNetwork::new(World::new(config, start).unwrap(), start, 7);
    for jid in [ALICE, BOB] {
        let client = network.world().named(jid).unwrap();
        network.act(Action::Connect(client));
    }
    assert!(network.run_until_quiet(START));
    say(&mut network, ALICE, BOB, "warm up");
    assert!(network.run_until_quiet(START));
    network.run_until(START);
    network.world_mut().begin_record(Header::default());
    network
}

fn say(network: &mut EventNetwork, from: &str, to: &str, text: &str) {
    let mut body = element("body", ns::CLIENT, &[]);
    body.append_text_node(text);
    let stanza = Stanza::message(Type::Chat).with_to(Jid::new(to).unwrap()).with_payload(body);
    let client = network.world().named(from).unwrap();
    network.act(Action::SendAs(client, stanza));
}

fn fault(network: &mut EventNetwork, fault: Fault) {
    network.act(Action::Fault(fault));
}

fn link(both_ways: bool) -> Link {
    Link { from: "a.example".into(), to: "b.example".into(), both_ways }
}

fn heard(network: &EventNetwork, jid: &str) -> Vec<(Time, String)> {
    let client = network.world().client(network.world().named(jid).unwrap()).unwrap();
    client
        .inbox()
        .iter()
        .map(|arrival| {
            let text = match arrival.stanza.error() {
                Some(error) => format!("{:?}", error.defined_condition),
                None => arrival.stanza.body().unwrap_or_default(),
            };
            (arrival.at, text)
        })
        .collect()
}

fn texts(network: &EventNetwork, jid: &str) -> Vec<String> {
    heard(network, jid).into_iter().map(|(_, text)| text).collect()
}

fn fates(network: &EventNetwork, from: &str, to: &str) -> Vec<Fate> {
    let transcript = network.world().recorder().transcript().unwrap();
    let wanted = |hop: &&Hop| *hop.from == *from && *hop.to == *to;
    transcript.hops().map(|(_, _, hop)| hop).filter(wanted).map(|hop| hop.fate).collect()
}

#[test]
fn a_stanza_takes_the_latency_of_each_link() {
    let mut network = two_servers(Duration::ZERO);
    say(&mut network, ALICE, BOB, "hello");
    assert!(network.run_until_quiet(after(1000)));
    assert_eq!(heard(&network, BOB), [(after(22), "hello".to_owned())]);
}

#[test]
fn opening_a_stream_takes_four_round_trips() {
    let mut network = two_servers(Duration::ZERO);
    say(&mut network, BOB, ALICE, "hello");
    assert!(network.run_until_quiet(after(1000)));
    assert_eq!(heard(&network, ALICE), [(after(1 + 160 + 20 + 1), "hello".to_owned())]);
}

#[test]
fn jitter_never_overtakes_and_follows_the_seed() {
    let run = || {
        let mut network = two_servers(Duration::from_millis(50));
        for number in 0..40_u64 {
            network.run_until(after(number));
            say(&mut network, ALICE, BOB, &number.to_string());
        }
        assert!(network.run_until_quiet(after(1000)));
        heard(&network, BOB)
    };
    let heard = run();
    let texts: Vec<_> = heard.iter().map(|(_, text)| text.clone()).collect();
    let sent: Vec<_> = (0..40).map(|number: u64| number.to_string()).collect();
    assert_eq!(texts, sent);
    assert!(heard.iter().zip(0..).any(|((at, _), sent)| *at > after(sent + 22)), "{heard:?}");
    assert_eq!(heard, run());
}

#[test]
fn a_held_link_loses_nothing_and_keeps_the_order() {
    let mut network = two_servers(Duration::ZERO);
    say(&mut network, ALICE, BOB, "in flight");
    network.run_until(after(10));
    fault(&mut network, Fault::Hold(link(true)));
    say(&mut network, ALICE, BOB, "held");
    network.run_until(after(5000));
    assert_eq!(texts(&network, BOB), [""; 0]);
    assert!(network.run_until_quiet(after(5000)), "what is held does not count");
    fault(&mut network, Fault::Heal(link(true)));
    say(&mut network, ALICE, BOB, "afterwards");
    assert!(network.run_until_quiet(after(6000)));
    let expected = [(5021, "in flight"), (5021, "held"), (5022, "afterwards")];
    assert_eq!(heard(&network, BOB), expected.map(|(at, text)| (after(at), text.to_owned())));
    assert_eq!(network.world().faults()[0].touched.delayed, 2);
}

#[test]
fn a_silent_cut_loses_in_silence_and_the_heal_resets_the_stream() {
    let mut network = two_servers(Duration::ZERO);
    say(&mut network, ALICE, BOB, "in flight");
    network.run_until(after(10));
    fault(&mut network, Fault::Cut(link(false), Loss::Silent));
    say(&mut network, ALICE, BOB, "into the hole");
    assert!(network.run_until_quiet(after(1000)));
    assert_eq!(fates(&network, "a.example", "b.example"), [Fate::Lost; 2]);
    assert_eq!(network.world().faults()[0].touched.lost, 2);
    fault(&mut network, Fault::HealEverything);
    say(&mut network, ALICE, BOB, "on a dead stream");
    network.run_until(after(1000));
    say(&mut network, ALICE, BOB, "on a new stream");
    assert!(network.run_until_quiet(after(2000)));
    assert_eq!(texts(&network, BOB), ["on a new stream"]);
    assert_eq!(texts(&network, ALICE), [""; 0], "nobody is told");
}

#[test]
fn a_stream_that_lost_nothing_survives_a_silent_cut() {
    let mut network = two_servers(Duration::ZERO);
    fault(&mut network, Fault::Cut(link(true), Loss::Silent));
    network.run_until(after(1000));
    fault(&mut network, Fault::HealEverything);
    assert_eq!(network.world().faults()[0].touched.total(), 0, "it touched nothing");
    say(&mut network, ALICE, BOB, "hello");
    assert!(network.run_until_quiet(after(2000)));
    assert_eq!(heard(&network, BOB), [(after(1022), "hello".to_owned())]);
}

#[test]
fn a_sender_in_the_dark_gives_up_after_945_seconds() {
    let mut network = two_servers(Duration::ZERO);
    fault(&mut network, Fault::Cut(link(true), Loss::Silent));
    say(&mut network, ALICE, BOB, "into the hole");
    network.run_until(after(945_000));
    say(&mut network, ALICE, BOB, "still on the old stream");
    network.run_until(after(945_500));
    say(&mut network, ALICE, BOB, "dials anew");
    network.run_until(after(960_000));
    assert_eq!(texts(&network, ALICE), [""; 0]);
    network.run_until(after(966_000));
    assert_eq!(texts(&network, ALICE), ["RemoteServerNotFound"], "after the connect time-out");
}

#[test]
fn a_refusing_cut_resets_and_bounces_at_once() {
    let mut network = two_servers(Duration::ZERO);
    fault(&mut network, Fault::Cut(link(true), Loss::Refused));
    network.run_until(after(0));
    say(&mut network, ALICE, BOB, "hello");
    network.run_until(after(1000));
    let bounced = after(1 + 40 + 50 + 1);
    assert_eq!(heard(&network, ALICE), [(bounced, "RemoteServerNotFound".to_owned())]);
    assert_eq!(network.world().faults()[0].touched.bounced, 1);
    fault(&mut network, Fault::HealEverything);
    network.run_until(after(1000));
    say(&mut network, ALICE, BOB, "again");
    assert!(network.run_until_quiet(after(2000)));
    assert_eq!(texts(&network, BOB), ["again"]);
}

#[test]
fn a_resetting_cut_bounces_after_the_connect_timeout() {
    let mut network = two_servers(Duration::ZERO);
    fault(&mut network, Fault::Cut(link(false), Loss::Reset));
    network.run_until(after(0));
    say(&mut network, ALICE, BOB, "hello");
    assert!(network.run_until_quiet(after(1000)), "a dial into the silence does not count");
    network.run_until(after(20_500));
    assert_eq!(heard(&network, ALICE), [(after(20_002), "RemoteServerNotFound".to_owned())]);
}

#[test]
fn a_dial_into_the_silence_succeeds_after_the_heal() {
    let mut network = two_servers(Duration::ZERO);
    fault(&mut network, Fault::Cut(link(false), Loss::Silent));
    say(&mut network, BOB, ALICE, "hello");
    network.run_until(after(1000));
    assert_eq!(texts(&network, ALICE), [""; 0], "the answers to the dial are lost");
    fault(&mut network, Fault::HealEverything);
    assert!(network.run_until_quiet(after(2000)));
    assert_eq!(heard(&network, ALICE), [(after(1000 + 160 + 21), "hello".to_owned())]);
}

#[test]
fn a_slow_link_is_late_and_then_as_fast_as_before() {
    let mut network = two_servers(Duration::ZERO);
    let slow = Fault::Slow {
        link: link(false),
        latency: Duration::from_millis(900),
        jitter: Duration::ZERO,
    };
    fault(&mut network, slow);
    say(&mut network, ALICE, BOB, "slow");
    assert!(network.run_until_quiet(after(2000)));
    fault(&mut network, Fault::Heal(link(false)));
    let healed = network.now();
    say(&mut network, ALICE, BOB, "fast");
    assert!(network.run_until_quiet(after(2000)));
    let expected = [(after(902), "slow"), (healed + Duration::from_millis(22), "fast")];
    assert_eq!(heard(&network, BOB), expected.map(|(at, text)| (at, text.to_owned())));
    assert_eq!(network.world().faults()[0].touched.delayed, 1);
}

#[test]
fn a_crashed_server_forgets_its_sessions_and_its_streams() {
    let mut network = two_servers(Duration::ZERO);
    let server = Machine::Server("b.example".into());
    fault(&mut network, Fault::Crash(server.clone()));
    assert_eq!(network.world().faults()[0].touched.sessions, 1);
    say(&mut network, ALICE, BOB, "nobody hears");
    network.run_until(after(1000));
    assert_eq!(fates(&network, "a.example", "b.example"), [Fate::Lost]);
    fault(&mut network, Fault::Restart(server));
    assert!(network.run_until_quiet(after(2000)));
    let bob = network.world().named(BOB).unwrap();
    say(&mut network, BOB, ALICE, "into a session that is gone");
    assert!(network.run_until_quiet(after(2000)));
    assert!(!network.world().client(bob).unwrap().is_online());
    network.act(Action::Connect(bob));
    assert!(network.run_until_quiet(after(2000)));
    say(&mut network, ALICE, BOB, "welcome back");
    say(&mut network, BOB, ALICE, "thank you");
    assert!(network.run_until_quiet(after(3000)));
    assert_eq!(texts(&network, BOB), ["", "welcome back"], "first his own presence");
    assert_eq!(texts(&network, ALICE), ["thank you"]);
}

#[test]
fn a_client_that_is_offline_sends_nothing() {
    let mut network = two_servers(Duration::ZERO);
    let alice = network.world().named(ALICE).unwrap();
    network.act(Action::Disconnect(alice));
    say(&mut network, ALICE, BOB, "hello");
    assert!(network.run_until_quiet(after(1000)));
    assert_eq!(network.world().recorder().counters().sent, 0);
    assert_eq!(texts(&network, BOB), [""; 0]);
}

#[test]
fn without_a_record_nothing_is_kept_but_counts() {
    let mut network = two_servers(Duration::ZERO);
    let _ = network.world_mut().recorder_mut().finish();
    say(&mut network, ALICE, BOB, "hello");
    assert!(network.run_until_quiet(after(1000)));
    assert_eq!(texts(&network, BOB), [""; 0]);
    let bob = network.world().client(network.world().named(BOB).unwrap()).unwrap();
    assert_eq!(bob.received(), 3, "his own presence, this one and the first");
}

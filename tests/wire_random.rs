//! The event network and the wire network under scripts that nobody would write.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "wire/both.rs"]
#[allow(dead_code, reason = "shared")]
mod both;

use std::time::Duration;

use both::{ALICE, BOB, CAROL, both, fault, say};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use wallops::sim::network::Network;
use wallops::sim::world::Action;
use wallops::transcript::{Fault, Link, Loss, Machine};

/// Something that a script may do.
#[derive(Clone, Debug)]
enum Deed {
    Say(usize, usize, u8),
    Cut(bool, bool, Loss),
    Hold(bool, bool),
    Heal,
    Crash(bool),
    Restart(bool),
    Connect(usize),
    Disconnect(usize),
    Lose(usize),
    Wait(u64),
}

const JIDS: [&str; 3] = [ALICE, BOB, CAROL];

fn deed() -> impl Strategy<Value = Deed> {
    let loss = prop_oneof![Just(Loss::Silent), Just(Loss::Refused), Just(Loss::Reset)];
    let client = || 0..JIDS.len();
    prop_oneof![
        8 => (client(), client(), 1..4_u8).prop_map(|(from, to, n)| Deed::Say(from, to, n)),
        2 => (any::<bool>(), any::<bool>(), loss).prop_map(|(w, b, l)| Deed::Cut(w, b, l)),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(way, both)| Deed::Hold(way, both)),
        2 => Just(Deed::Heal),
        1 => any::<bool>().prop_map(Deed::Crash),
        1 => any::<bool>().prop_map(Deed::Restart),
        2 => client().prop_map(Deed::Connect),
        1 => client().prop_map(Deed::Disconnect),
        1 => client().prop_map(Deed::Lose),
        // Not at instants at which something else happens.
        8 => (1..400_u64).prop_map(Deed::Wait),
        1 => (20_000..30_000_u64).prop_map(Deed::Wait),
    ]
}

fn perform(network: &mut dyn Network, deed: &Deed) {
    let domain = |first: bool| if first { "a.example" } else { "b.example" };
    let link = |way: bool, both_ways: bool| Link {
        from: domain(way).into(),
        to: domain(!way).into(),
        both_ways,
    };
    let server = |first: bool| Machine::Server(domain(first).into());
    let host = |network: &dyn Network, index: usize| network.world().named(JIDS[index]).unwrap();
    if matches!(deed, Deed::Cut(..) | Deed::Hold(..)) {
        // One thing is wrong with a link at a time.
        fault(network, Fault::HealEverything);
        network.run_until(network.now());
    }
    match deed {
        Deed::Say(from, to, count) => {
            for number in 0..*count {
                say(network, JIDS[*from], JIDS[*to], &number.to_string());
            }
        }
        Deed::Cut(way, both, loss) => fault(network, Fault::Cut(link(*way, *both), *loss)),
        Deed::Hold(way, both) => fault(network, Fault::Hold(link(*way, *both))),
        Deed::Heal => fault(network, Fault::HealEverything),
        Deed::Crash(first) => fault(network, Fault::Crash(server(*first))),
        Deed::Restart(first) => fault(network, Fault::Restart(server(*first))),
        Deed::Connect(index) => network.act(Action::Connect(host(network, *index))),
        Deed::Disconnect(index) => network.act(Action::Disconnect(host(network, *index))),
        Deed::Lose(index) => network.act(Action::LoseConnection(host(network, *index))),
        Deed::Wait(millis) => {
            let until = network.now() + Duration::from_millis(*millis) + Duration::from_micros(7);
            network.run_until(until);
        }
    }
}

#[test]
fn whatever_is_done_both_networks_agree() {
    // The same scripts each time.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let jitters = prop_oneof![Just(0), Just(15_000_u64)];
    let scripts = (prop::collection::vec(deed(), 1..60), jitters);
    let result = runner.run(&scripts, |(deeds, jitter)| {
        both(Duration::from_micros(jitter), |network| {
            for deed in &deeds {
                perform(network, deed);
                // What is reset at once is so before the next deed.
                network.run_until(network.now());
            }
            let until = network.now() + Duration::from_secs(1000);
            network.run_until(until);
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

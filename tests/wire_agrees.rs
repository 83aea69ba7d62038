//! The event network and the wire network under the same script: every client hears the same at
//! the same instants, and the transcripts are equal.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "wire/both.rs"]
mod both;

use std::time::Duration;

use both::{ALICE, BOB, CAROL, after, both, exactly, fault, link, say};
use wallops::sim::world::Action;
use wallops::stanza::{Jid, Stanza, Type};
use wallops::transcript::{Fault, Loss, Machine};

#[test]
fn a_stanza_takes_the_latency_of_each_link() {
    let heard = exactly(|network| {
        say(network, ALICE, BOB, "hello");
        assert!(network.run_until_quiet(after(1000)));
    });
    assert_eq!(heard, [format!("{BOB} 23:58:37.022300 hello")]);
}

#[test]
fn opening_a_stream_takes_its_round_trips() {
    let heard = exactly(|network| {
        say(network, BOB, ALICE, "hello");
        assert!(network.run_until_quiet(after(1000)));
        let bob = network.world().named(BOB).unwrap();
        network.act(Action::LoseConnection(bob));
        assert!(network.run_until_quiet(after(1000)));
        network.act(Action::Connect(bob));
        assert!(network.run_until_quiet(after(2000)));
        say(network, ALICE, BOB, "welcome back");
        assert!(network.run_until_quiet(after(3000)));
    });
    // Each said something, and Bob was told his own presence when he came back.
    assert_eq!(heard.len(), 3);
    // 1 ms to the server, 4 · (20 + 20.3) ms for the stream, 20 ms and 1 ms.
    assert_eq!(heard[0], format!("{ALICE} 23:58:37.183200 hello"));
}

#[test]
fn with_jitter_the_same_seed_gives_the_same_instants() {
    let heard = both(Duration::from_millis(50), |network| {
        for number in 0..40_u64 {
            network.run_until(after(number));
            for text in ["a", "b", "c"] {
                say(network, ALICE, BOB, &format!("{number}{text}"));
                say(network, ALICE, CAROL, &format!("{number}{text}"));
                say(network, BOB, ALICE, &format!("{number}{text}"));
            }
        }
        assert!(network.run_until_quiet(after(2000)));
    });
    assert_eq!(heard.len(), 360);
}

#[test]
fn a_held_link_loses_nothing_and_keeps_the_order() {
    for jitter in [0, 30].map(Duration::from_millis) {
        let heard = both(jitter, |network| {
            say(network, ALICE, BOB, "in flight");
            network.run_until(after(10));
            fault(network, Fault::Hold(link(true)));
            for text in ["held", "held too", "and held"] {
                say(network, ALICE, BOB, text);
                network.run_until(after(20));
            }
            network.run_until(after(5000));
            assert!(network.run_until_quiet(after(5000)), "what is held does not count");
            fault(network, Fault::Heal(link(true)));
            say(network, ALICE, BOB, "afterwards");
            assert!(network.run_until_quiet(after(6000)));
        });
        let texts = ["in flight", "held", "held too", "and held", "afterwards"];
        assert!(heard.iter().zip(texts).all(|(line, text)| line.ends_with(text)), "{heard:?}");
        assert_eq!(heard.len(), texts.len());
    }
}

#[test]
fn a_held_link_holds_more_than_tcp_would() {
    let heard = exactly(|network| {
        fault(network, Fault::Hold(link(true)));
        for number in 0..2000 {
            say(network, ALICE, BOB, &format!("{number} {}", "lorem ipsum ".repeat(20)));
        }
        network.run_until(after(5000));
        fault(network, Fault::HealEverything);
        assert!(network.run_until_quiet(after(6000)));
    });
    assert_eq!(heard.len(), 2000);
    assert!(heard.iter().all(|line| line.contains("23:58:42.021300")), "{:?}", heard.last());
}

#[test]
fn a_stanza_from_elsewhere_ends_the_stream_that_it_comes_on() {
    let heard = exactly(|network| {
        let server = network.world().server_id("a.example").unwrap();
        for from in ["mallory@c.example/x", "alice@a.example/x"] {
            let stanza = Stanza::message(Type::Chat)
                .with_from(Jid::new(from).unwrap())
                .with_to(Jid::new(BOB).unwrap());
            network.act(Action::Forge(server, stanza));
            assert!(network.run_until_quiet(after(1000)));
        }
        let transcript = network.world().recorder().transcript().unwrap().to_string();
        assert_eq!(transcript.matches("mallory").count(), 1, "{transcript}");
        assert_eq!(transcript.matches("alice").count(), 2, "{transcript}");
    });
    assert_eq!(heard, [format!("{BOB} 23:58:37.222800 ")]);
}

#[test]
fn a_dial_waits_for_a_held_link() {
    let heard = exactly(|network| {
        fault(network, Fault::Hold(link(false)));
        say(network, BOB, ALICE, "hello");
        network.run_until(after(1000));
        fault(network, Fault::HealEverything);
        assert!(network.run_until_quiet(after(2000)));
    });
    assert_eq!(heard, [format!("{ALICE} 23:58:38.182200 hello")]);
}

#[test]
fn a_dial_that_is_interrupted_begins_anew() {
    for millis in [5, 25, 30, 50, 70, 100, 130, 161] {
        let heard = exactly(|network| {
            say(network, BOB, ALICE, "hello");
            network.run_until(after(millis));
            fault(network, Fault::Cut(link(false), Loss::Silent));
            network.run_until(after(1000));
            fault(network, Fault::HealEverything);
            assert!(network.run_until_quiet(after(2000)));
            say(network, BOB, ALICE, "again");
            assert!(network.run_until_quiet(after(3000)));
        });
        assert_eq!(heard.len(), 2, "{millis}: {heard:?}");
    }
}

#[test]
fn a_silent_cut_loses_in_silence_and_the_heal_resets_the_stream() {
    let heard = exactly(|network| {
        say(network, ALICE, BOB, "in flight");
        network.run_until(after(10));
        fault(network, Fault::Cut(link(false), Loss::Silent));
        say(network, ALICE, BOB, "into the hole");
        assert!(network.run_until_quiet(after(1000)));
        fault(network, Fault::HealEverything);
        say(network, ALICE, BOB, "on a dead stream");
        network.run_until(after(1000));
        say(network, ALICE, BOB, "on a new stream");
        assert!(network.run_until_quiet(after(2000)));
    });
    assert_eq!(heard.len(), 1);
}

#[test]
fn a_stream_that_lost_nothing_survives_a_silent_cut() {
    let heard = exactly(|network| {
        fault(network, Fault::Cut(link(true), Loss::Silent));
        network.run_until(after(1000));
        fault(network, Fault::HealEverything);
        say(network, ALICE, BOB, "hello");
        assert!(network.run_until_quiet(after(2000)));
    });
    assert_eq!(heard, [format!("{BOB} 23:58:38.022300 hello")]);
}

#[test]
fn a_cut_of_one_direction_leaves_the_other() {
    let heard = exactly(|network| {
        say(network, BOB, ALICE, "hello");
        assert!(network.run_until_quiet(after(500)));
        fault(network, Fault::Cut(link(false), Loss::Silent));
        for _ in 0..500 {
            say(network, BOB, ALICE, &"through ".repeat(100));
        }
        assert!(network.run_until_quiet(after(1000)));
    });
    assert_eq!(heard.len(), 501);
}

#[test]
fn a_sender_in_the_dark_gives_up_after_945_seconds() {
    let heard = exactly(|network| {
        fault(network, Fault::Cut(link(true), Loss::Silent));
        say(network, ALICE, BOB, "into the hole");
        network.run_until(after(945_000));
        say(network, ALICE, BOB, "still on the old stream");
        network.run_until(after(945_500));
        say(network, ALICE, BOB, "dials anew");
        network.run_until(after(966_000));
        fault(network, Fault::HealEverything);
        say(network, ALICE, BOB, "on a new stream");
        network.run_until(after(970_000));
    });
    assert_eq!(heard.len(), 2);
}

#[test]
fn a_refusing_cut_resets_and_bounces_at_once() {
    for both_ways in [true, false] {
        let heard = exactly(|network| {
            say(network, ALICE, BOB, "in flight");
            network.run_until(after(10));
            fault(network, Fault::Cut(link(both_ways), Loss::Refused));
            network.run_until(after(20));
            say(network, ALICE, BOB, "hello");
            say(network, BOB, ALICE, "hello");
            network.run_until(after(1000));
            fault(network, Fault::HealEverything);
            network.run_until(after(1000));
            say(network, ALICE, BOB, "again");
            assert!(network.run_until_quiet(after(2000)));
        });
        assert_eq!(heard.len(), 3, "{heard:?}");
    }
}

#[test]
fn a_resetting_cut_bounces_after_the_connect_timeout() {
    let heard = exactly(|network| {
        fault(network, Fault::Cut(link(false), Loss::Reset));
        network.run_until(after(0));
        say(network, ALICE, BOB, "hello");
        assert!(network.run_until_quiet(after(1000)), "a dial into the silence does not count");
        network.run_until(after(20_500));
        fault(network, Fault::HealEverything);
        say(network, ALICE, BOB, "hello again");
        assert!(network.run_until_quiet(after(22_000)));
    });
    assert_eq!(heard.len(), 2);
}

#[test]
fn a_dial_given_up_is_forgotten_by_both() {
    let heard = exactly(|network| {
        fault(network, Fault::Cut(link(true), Loss::Silent));
        say(network, BOB, ALICE, "hello");
        network.run_until(after(30_000));
        fault(network, Fault::HealEverything);
        assert!(network.run_until_quiet(after(31_000)));
        say(network, BOB, ALICE, "hello again");
        assert!(network.run_until_quiet(after(32_000)));
    });
    assert_eq!(heard.len(), 2);
}

#[test]
fn a_slow_link_is_late_and_then_as_fast_as_before() {
    exactly(|network| {
        let slow = Fault::Slow {
            link: link(false),
            latency: Duration::from_millis(900),
            jitter: Duration::from_millis(100),
        };
        fault(network, slow);
        say(network, ALICE, BOB, "slow");
        assert!(network.run_until_quiet(after(2000)));
        fault(network, Fault::Heal(link(false)));
        say(network, ALICE, BOB, "fast");
        assert!(network.run_until_quiet(after(2000)));
    });
}

#[test]
fn a_crashed_server_forgets_its_sessions_and_its_streams() {
    let heard = exactly(|network| {
        say(network, BOB, ALICE, "both streams are open");
        assert!(network.run_until_quiet(after(500)));
        say(network, ALICE, BOB, "in flight");
        say(network, BOB, ALICE, "in flight");
        network.run_until(after(510));
        let server = Machine::Server("b.example".into());
        fault(network, Fault::Crash(server.clone()));
        say(network, ALICE, BOB, "nobody hears");
        network.run_until(after(1000));
        fault(network, Fault::Restart(server));
        assert!(network.run_until_quiet(after(2000)));
        let bob = network.world().named(BOB).unwrap();
        say(network, BOB, ALICE, "into a session that is gone");
        assert!(network.run_until_quiet(after(2000)));
        network.act(Action::Connect(bob));
        assert!(network.run_until_quiet(after(2000)));
        say(network, ALICE, BOB, "welcome back");
        say(network, BOB, ALICE, "thank you");
        assert!(network.run_until_quiet(after(3000)));
    });
    assert!(heard.iter().any(|line| line.ends_with("welcome back")), "{heard:?}");
    assert!(heard.iter().any(|line| line.ends_with("thank you")), "{heard:?}");
}

#[test]
fn a_server_that_crashes_again_and_again_listens_again_and_again() {
    let heard = exactly(|network| {
        let server = Machine::Server("b.example".into());
        for round in 0..5_u64 {
            let begin = round * 10_000;
            network.run_until(after(begin));
            fault(network, Fault::Crash(server.clone()));
            network.run_until(after(begin + 1000));
            fault(network, Fault::Restart(server.clone()));
            network.run_until(after(begin + 2000));
            for jid in [BOB, CAROL] {
                let client = network.world().named(jid).unwrap();
                network.act(Action::Connect(client));
            }
            network.run_until(after(begin + 3000));
            say(network, BOB, ALICE, "here I am");
            network.run_until(after(begin + 4000));
            say(network, ALICE, CAROL, "lost on the first stream");
            network.run_until(after(begin + 5000));
            say(network, ALICE, CAROL, "so I see");
            network.run_until(after(begin + 6000));
        }
    });
    assert_eq!(heard.iter().filter(|line| line.ends_with("here I am")).count(), 5, "{heard:?}");
    assert!(heard.iter().filter(|line| line.ends_with("so I see")).count() >= 5, "{heard:?}");
}

#[test]
fn a_client_comes_and_goes() {
    let heard = exactly(|network| {
        let bob = network.world().named(BOB).unwrap();
        for _ in 0..3 {
            network.act(Action::Disconnect(bob));
            say(network, ALICE, BOB, "nobody is there");
            assert!(network.run_until_quiet(after(9000)));
            network.act(Action::Connect(bob));
            assert!(network.run_until_quiet(after(9000)));
            say(network, BOB, ALICE, "back");
            assert!(network.run_until_quiet(after(9000)));
            network.act(Action::LoseConnection(bob));
            assert!(network.run_until_quiet(after(9000)));
            network.act(Action::Connect(bob));
            assert!(network.run_until_quiet(after(9000)));
        }
    });
    assert_eq!(heard.iter().filter(|line| line.ends_with("back")).count(), 3, "{heard:?}");
}

#[test]
fn a_thousand_stanzas_at_once_arrive_at_once() {
    let heard = exactly(|network| {
        for number in 0..3000 {
            say(network, ALICE, BOB, &format!("{number} {}", "lorem ipsum ".repeat(20)));
        }
        assert!(network.run_until_quiet(after(1000)));
    });
    assert_eq!(heard.len(), 3000);
    assert!(heard.iter().all(|line| line.contains("23:58:37.022300")));
}

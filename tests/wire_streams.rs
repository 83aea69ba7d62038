//! Stream negotiation: who proves to be whom, in how many round trips, and what the bytes are.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "wire/raw.rs"]
#[allow(dead_code, reason = "shared")]
mod raw;

use std::rc::Rc;
use std::time::Duration;

use raw::{
    A, ALICE, As, B, BIND, CLIENT_HEADER, Heard, Log, RAW, Raw, SERVER_HEADER, START, after,
    assert_unharmed, auth, busy_network, command, dial, network, say, seeded, send,
};
use wallops::server::DialError;
use wallops::sim::network::{Command, End, Happening, HostId, LinkState, StreamId};
use wallops::sim::wire::board::QUEUE_MAX;
use wallops::sim::wire::sockets::{CLIENT_PORT, SERVER_PORT, Sockets};
use wallops::stanza::Stanza;

/// What a.example answers to an `<auth/>`, to the end of the connection or not.
fn authenticate(who: As, mechanism: &str, response: &str) -> String {
    let mut network = busy_network();
    let header = if who == As::NewServer { SERVER_HEADER } else { CLIENT_HEADER };
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(auth(mechanism, response));
    let heard = say(&mut network, who, &bytes);
    assert_unharmed(&mut network);
    heard.split_once("</stream:features>").unwrap().1.to_owned()
}

fn failure(condition: &str) -> String {
    format!(
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}></{condition}></failure>\
         </stream:stream>[end]"
    )
}

const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'></success>";

#[test]
fn a_server_must_be_who_it_claims_to_be() {
    // b.example, nothing (so the header's), c.example, a.example
    assert_eq!(authenticate(As::NewServer, "EXTERNAL", "Yi5leGFtcGxl"), SUCCESS);
    assert_eq!(authenticate(As::NewServer, "EXTERNAL", "="), SUCCESS);
    for claimed in ["Yy5leGFtcGxl", "YS5leGFtcGxl"] {
        assert_eq!(authenticate(As::NewServer, "EXTERNAL", claimed), failure("not-authorized"));
    }
    assert_eq!(authenticate(As::NewServer, "PLAIN", "="), failure("invalid-mechanism"));
    assert_eq!(authenticate(As::NewServer, "EXTERNAL", "%%"), failure("incorrect-encoding"));
}

#[test]
fn a_client_must_have_the_account_and_its_password() {
    // alice with pencil; bob with pencil; alice with rubber; no NUL at all
    assert_eq!(authenticate(As::NewClient, "PLAIN", "AGFsaWNlAHBlbmNpbA=="), SUCCESS);
    assert_eq!(authenticate(As::NewClient, "PLAIN", "AGJvYgBwZW5jaWw="), failure("not-authorized"));
    assert_eq!(
        authenticate(As::NewClient, "PLAIN", "AGFsaWNlAHJ1YmJlcg=="),
        failure("not-authorized")
    );
    assert_eq!(authenticate(As::NewClient, "PLAIN", "YWxpY2U="), failure("malformed-request"));
    assert_eq!(authenticate(As::NewClient, "EXTERNAL", "="), failure("invalid-mechanism"));
}

#[test]
fn a_host_that_is_not_the_client_gets_no_session() {
    let mut network = busy_network();
    let heard = Heard::default();
    let noted = Rc::clone(&heard);
    network.start_on(RAW, move |sockets| async move {
        let mut raw = Raw::connect(&sockets, A, CLIENT_PORT, noted).await;
        raw.say(CLIENT_HEADER.as_bytes()).await.unwrap();
        raw.hear("</stream:features>").await;
        raw.say(&auth("PLAIN", "AGFsaWNlAHBlbmNpbA==")).await.unwrap();
        raw.hear("[end]").await;
    });
    network.run_to(after(2000));
    assert!(heard.borrow().ends_with(&failure("not-authorized")), "{}", heard.borrow());
    assert_unharmed(&mut network);
}

#[test]
fn a_stanza_instead_of_a_resource_is_not_authorized() {
    let mut network = busy_network();
    let heard = Heard::default();
    let noted = Rc::clone(&heard);
    network.start_on(ALICE, move |sockets| async move {
        let mut raw = Raw::connect(&sockets, A, CLIENT_PORT, noted).await;
        raw.say(CLIENT_HEADER.as_bytes()).await.unwrap();
        raw.hear("</stream:features>").await;
        raw.say(&auth("PLAIN", "AGFsaWNlAHBlbmNpbA==")).await.unwrap();
        raw.hear("<success").await;
        raw.say(CLIENT_HEADER.as_bytes()).await.unwrap();
        raw.hear("</stream:features>").await;
        raw.say(b"<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>").await.unwrap();
        raw.hear("[end]").await;
    });
    network.run_to(after(2000));
    assert!(heard.borrow().contains("<not-authorized"), "{}", heard.borrow());
    assert!(heard.borrow().ends_with("</stream:stream>[end]"), "{}", heard.borrow());
}

#[test]
fn a_client_gets_the_resource_that_it_asks_for() {
    let mut network = busy_network();
    let heard = Heard::default();
    let noted = Rc::clone(&heard);
    network.start_on(ALICE, move |sockets| async move {
        let mut raw = Raw::connect(&sockets, A, CLIENT_PORT, noted).await;
        raw.negotiate_as_client().await;
    });
    network.run_to(after(2000));
    assert!(BIND.contains("<resource>y<"));
    assert!(heard.borrow().contains("<jid>alice@a.example/y</jid>"), "{}", heard.borrow());
}

#[test]
fn round_trips_are_four_for_servers_and_five_for_clients() {
    for (from, to, trips) in [(A, B, 4), (B, A, 4), (ALICE, A, 5)] {
        let mut network = network();
        dial(&mut network, 0, from, to);
        assert!(network.run_to_quiet(after(10_000)));
        let opened = (after(20 * trips), Happening::Opened(StreamId(0)));
        assert_eq!(network.machine().happenings, [opened]);
    }
}

#[test]
fn dialling_what_does_not_exist_or_does_not_listen_fails() {
    let mut network = network();
    dial(&mut network, 0, A, HostId(99));
    dial(&mut network, 1, A, RAW);
    network.run_to(after(1000));
    let failed = |stream, error| Happening::Failed(StreamId(stream), error);
    assert_eq!(
        network.machine().happenings,
        [(START, failed(0, DialError::UnknownHost)), (after(20), failed(1, DialError::Refused))]
    );
}

#[test]
fn what_nobody_knows_arrives_untouched() {
    let texts = [
        "<message from='x@b.example' to='y@a.example' type='other' xml:lang='de' custom='1' \
         xmlns:p='urn:p' p:q='2'><thing xmlns='urn:thing' a='&lt;&amp;&quot;'>mixed <b>up</b> \
         text\n\tand <c xmlns='urn:c'><message xmlns='jabber:client'/></c></thing>\
         <body>ünïcödé &#x1F600;</body><x xmlns=''/></message>",
        "<presence from='b.example' to='a.example'><x xmlns='jabber:x:data'/></presence>",
        "<iq type='error' id='1' from='b.example' to='a.example'><error type='cancel'>\
         <gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:x@y</gone></error></iq>",
        "<message from='not a jid@@' to='@'/>",
    ];
    let mut network = busy_network();
    for text in texts {
        send(&mut network, 0, End::Dialer, text);
        send(&mut network, 1, End::Acceptor, text);
    }
    assert!(network.run_to_quiet(after(5000)));
    for end in [End::Dialer, End::Acceptor] {
        let received: Vec<&Stanza> = network
            .machine()
            .happenings
            .iter()
            .filter_map(|(_, happening)| match happening {
                Happening::Received(_, at, stanza) if *at == end => Some(stanza),
                _ => None,
            })
            .collect();
        let sent: Vec<Stanza> = texts.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(received, sent.iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_an_unfriendly_peer_leaves_half_done_harms_nobody() {
    let mut network = busy_network();
    network.start_on(RAW, move |sockets| async move {
        for port in [CLIENT_PORT, SERVER_PORT] {
            for text in ["", "<", SERVER_HEADER] {
                let mut raw = Raw::connect(&sockets, A, port, Heard::default()).await;
                raw.say(text.as_bytes()).await.unwrap();
            }
            // Nobody accepts more of these than there is room for.
            let mut all = Vec::new();
            for _ in 0..600 {
                all.push(sockets.connect(A, port).await.unwrap());
            }
            std::mem::forget(all);
        }
    });
    network.run_to(after(100_000));
    assert_unharmed(&mut network);
}

#[test]
fn a_stalled_stream_that_is_given_too_much_breaks_off() {
    let mut network = busy_network();
    command(&mut network, Command::SetLink { from: B, to: A, state: LinkState::Held });
    let stanza: Stanza = "<message to='a.example' from='b.example'/>".parse().unwrap();
    network.prompt(|_, _, out| {
        let stream = StreamId(0);
        let send = || Command::Send { stream, end: End::Dialer, stanza: stanza.clone() };
        out.extend(std::iter::repeat_with(send).take(QUEUE_MAX + 5000));
    });
    let closed = (after(1000), Happening::Closed(StreamId(0), End::Dialer));
    assert_eq!(network.machine().happenings, [closed]);
}

fn run_once(seed: u64) -> Vec<(wallops::time::Time, Happening)> {
    let mut network = seeded(seed);
    let jitter = Duration::from_millis(30);
    for (from, to) in [(A, B), (B, A)] {
        let delay = wallops::sim::network::Delay { latency: Duration::from_millis(5), jitter };
        command(&mut network, Command::SetDelay { from, to, delay });
    }
    dial(&mut network, 0, A, B);
    dial(&mut network, 1, B, A);
    network.run_to(after(500));
    for number in 0..200 {
        let text = format!("<message from='x' to='y' id='{number}'/>");
        send(&mut network, number % 2, End::Dialer, &text);
        network.run_to(after(500 + u64::from(number)));
    }
    network.run_to(after(5000));
    let log: &Log = network.machine();
    log.happenings.clone()
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let first = run_once(1);
    assert_eq!(first.len(), 202);
    assert_eq!(first, run_once(1));
    assert_ne!(first, run_once(2));
}

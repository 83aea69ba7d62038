//! Hostile bytes on a stream end that stream, with the right stream error, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "wire/raw.rs"]
#[allow(dead_code, reason = "shared")]
mod raw;

use raw::{
    A, ALICE, As, CLIENT_HEADER, Heard, RAW, Raw, SERVER_HEADER, after, assert_unharmed,
    busy_network, dial, network, say, send,
};
use wallops::server::DialError;
use wallops::sim::network::{End, Happening, HostId, StreamId};
use wallops::sim::wire::sockets::{CLIENT_PORT, SERVER_PORT};

/// Whether the last that was heard is this stream error and the orderly end of the stream.
fn ends_with(heard: &str, condition: &str) -> bool {
    let namespace = "urn:ietf:params:xml:ns:xmpp-streams";
    let error = format!("<stream:error><{condition} xmlns='{namespace}'/></stream:error>");
    let heard = heard.replace(&format!("></{condition}>"), "/>");
    heard.ends_with(&format!("{error}</stream:stream>[end]"))
}

fn assert_ends(who: As, bytes: &[u8], condition: &str) {
    let mut network = busy_network();
    let heard = say(&mut network, who, bytes);
    let said: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
    assert!(ends_with(&heard, condition), "{who:?} said {said:?}, wanted {condition}: {heard}");
    assert_unharmed(&mut network);
}

const ESTABLISHED: [As; 2] = [As::Server, As::Client];
const NEW: [As; 2] = [As::NewServer, As::NewClient];

#[test]
fn what_is_not_well_formed() {
    let cases: [&[u8]; 9] = [
        b"<message></presence>",
        b"<message",
        b"<message><body>&nbsp;</body></message>",
        b"<message a='1' a='2'/>",
        b"<x:message/>",
        b"<message>\xff</message>",
        b"<message>\x00</message>",
        b"<1/>",
        b"<message><body>&#0;</body></message>",
    ];
    for who in ESTABLISHED {
        for bytes in cases {
            if bytes == b"<message" {
                // Not finished, not wrong yet.
                assert_ends(who, b"<message <", "not-well-formed");
            } else {
                assert_ends(who, bytes, "not-well-formed");
            }
        }
    }
}

#[test]
fn what_is_too_deep_or_too_long() {
    let deep = "<message>".to_owned() + &"<a>".repeat(64);
    let very_deep = "<a>".repeat(3_000_000);
    let long = "<message><body>".to_owned() + &"x".repeat(256 * 1024);
    let wide = "<message>".to_owned() + &"<a/>".repeat(100_000);
    let attribute = format!("<message id='{}", "x".repeat(300_000));
    for who in ESTABLISHED {
        for text in [&deep, &very_deep, &long, &wide, &attribute] {
            assert_ends(who, text.as_bytes(), "policy-violation");
        }
    }
}

#[test]
fn what_is_as_deep_and_as_long_as_allowed_passes() {
    let deep = "<message>".to_owned() + &"<a>".repeat(63) + &"</a>".repeat(63) + "</message>";
    let long = format!("<message><body>{}</body></message>", "x".repeat(256 * 1024 - 32));
    for who in ESTABLISHED {
        for text in [&deep, &long] {
            let mut network = busy_network();
            assert_eq!(say(&mut network, who, text.as_bytes()), "");
            assert_unharmed(&mut network);
        }
    }
}

#[test]
fn what_is_in_the_wrong_namespace() {
    assert_ends(As::Server, b"<message xmlns='jabber:client'/>", "invalid-namespace");
    assert_ends(As::Client, b"<message xmlns='jabber:server'/>", "invalid-namespace");
    for who in ESTABLISHED {
        assert_ends(who, b"<message xmlns='urn:example'/>", "invalid-namespace");
        assert_ends(who, b"<message xmlns=''/>", "invalid-namespace");
    }
}

#[test]
fn what_is_no_stanza() {
    for who in ESTABLISHED {
        assert_ends(who, b"<massage/>", "unsupported-stanza-type");
        assert_ends(
            who,
            b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
            "unsupported-stanza-type",
        );
        assert_ends(who, b"hello", "bad-format");
        assert_ends(who, b"<message>hello</message>", "bad-format");
    }
}

#[test]
fn what_xmpp_forbids_in_xml() {
    for who in ESTABLISHED {
        assert_ends(who, b"<!-- -->", "restricted-xml");
        assert_ends(who, b"<message><!-- --></message>", "restricted-xml");
        assert_ends(who, b"<?php ?>", "restricted-xml");
        assert_ends(who, b"<!DOCTYPE x>", "restricted-xml");
    }
    for who in NEW {
        assert_ends(
            who,
            b"<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>]>",
            "restricted-xml",
        );
        assert_ends(who, b"<?xml version='1.0'?><!-- -->", "restricted-xml");
    }
}

#[test]
fn headers_that_are_wrong() {
    let changes = [
        ("http://etherx.jabber.org/streams", "urn:example", "invalid-namespace"),
        (" version='1.0'>", ">", "unsupported-version"),
        (" version='1.0'>", " version='3.0'>", "unsupported-version"),
        (" to='a.example'", " to='c.example'", "host-unknown"),
        ("<stream:stream", "<stream:features", "bad-format"),
        ("<stream:stream", "<steam:stream", "not-well-formed"),
        (
            "<?xml version='1.0'?>",
            "<?xml version='1.0' encoding='ISO-8859-1'?>",
            "unsupported-encoding",
        ),
        ("<?xml version='1.0'?>", "hello", "not-well-formed"),
    ];
    for (who, header) in [(As::NewServer, SERVER_HEADER), (As::NewClient, CLIENT_HEADER)] {
        for (from, to, condition) in changes {
            assert_ends(who, header.replace(from, to).as_bytes(), condition);
        }
    }
    assert_ends(As::NewServer, CLIENT_HEADER.as_bytes(), "invalid-namespace");
    assert_ends(As::NewClient, SERVER_HEADER.as_bytes(), "invalid-namespace");
    let endless = format!("<stream:stream x='{}", "x".repeat(1_000_000));
    assert_ends(As::NewServer, endless.as_bytes(), "policy-violation");
}

#[test]
fn an_error_before_the_header_comes_after_one() {
    let mut network = busy_network();
    let heard = say(&mut network, As::NewServer, CLIENT_HEADER.as_bytes());
    assert!(
        heard.starts_with("<?xml version='1.0'?><stream:stream xmlns='jabber:server'"),
        "{heard}"
    );
    assert!(heard.contains("from='a.example'"), "{heard}");
}

#[test]
fn stanzas_before_their_time() {
    for (who, header) in [(As::NewServer, SERVER_HEADER), (As::NewClient, CLIENT_HEADER)] {
        assert_ends(who, format!("{header}<message/>").as_bytes(), "not-authorized");
        assert_ends(
            who,
            format!("{header}<proceed xmlns='urn:x'/>").as_bytes(),
            "unsupported-stanza-type",
        );
        assert_ends(who, format!("{header}<message></x>").as_bytes(), "not-well-formed");
        assert_ends(who, format!("{header}{}", "<a>".repeat(100)).as_bytes(), "policy-violation");
    }
}

#[test]
fn a_peer_that_ends_without_a_word_or_with_one_is_left_alone() {
    for (bytes, answer) in [
        ("</stream:stream>", "</stream:stream>[end]"),
        (
            "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
            "</stream:stream>[end]",
        ),
    ] {
        for who in ESTABLISHED {
            let mut network = busy_network();
            assert_eq!(say(&mut network, who, bytes.as_bytes()), answer);
            assert_unharmed(&mut network);
        }
    }
}

#[test]
fn the_machine_ends_a_stream_with_an_error() {
    let mut network = busy_network();
    network.machine_mut().refuse = Some("invalid-from");
    send(&mut network, 0, End::Dialer, "<message from='x@c.example' to='y@a.example'/>");
    network.run_to_quiet(after(2000));
    let happenings: Vec<_> = network.machine().happenings.iter().map(|(_, h)| h).collect();
    assert_eq!(happenings.len(), 2);
    assert!(matches!(happenings[0], Happening::Received(StreamId(0), End::Acceptor, _)));
    assert_eq!(happenings[1], &Happening::Closed(StreamId(0), End::Dialer));
}

/// What a server that dials a raw peer hears of it, and the peer of the server.
fn answer(replies: &'static [&'static str]) -> (Vec<Happening>, String) {
    answer_to(A, SERVER_PORT, replies)
}

fn answer_to(
    dialer: HostId,
    port: u16,
    replies: &'static [&'static str],
) -> (Vec<Happening>, String) {
    let mut network = network();
    let heard = Heard::default();
    let noted = Heard::clone(&heard);
    network.start_on(RAW, move |sockets| async move {
        let mut raw = Raw::accept(&sockets, port, noted).await;
        for reply in replies {
            raw.hear(">").await;
            let _ = raw.say(reply.as_bytes()).await;
        }
        raw.hear("nothing that could be heard").await;
        std::future::pending::<()>().await;
    });
    dial(&mut network, 0, dialer, RAW);
    network.run_to(after(60_000));
    let happenings = network.machine().happenings.iter().map(|(_, h)| h.clone()).collect();
    (happenings, heard.borrow().clone())
}

const ANSWER: &str = "<stream:stream xmlns='jabber:server' \
    xmlns:stream='http://etherx.jabber.org/streams' from='c' to='a.example' id='1' version='1.0'>\
    <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
    <mechanism>EXTERNAL</mechanism></mechanisms></stream:features>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const RESTART: &str = "<stream:stream xmlns='jabber:server' \
    xmlns:stream='http://etherx.jabber.org/streams' from='c' to='a.example' id='2' version='1.0'>\
    <stream:features/>";

#[test]
fn a_dialler_that_is_answered_with_nonsense_fails() {
    let failed = [Happening::Failed(StreamId(0), DialError::Broken)];
    let cases: [(&[&str], &str); 6] = [
        (&["hello<"], "not-well-formed"),
        (
            &[
                "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
            ],
            "invalid-namespace",
        ),
        (
            &[
                "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>",
            ],
            "unsupported-version",
        ),
        (&[ANSWER, "<success/>"], "unsupported-stanza-type"),
        (&[ANSWER, "<!-- -->"], "restricted-xml"),
        (&[ANSWER, SUCCESS, "<stream>"], "invalid-namespace"),
    ];
    for (replies, condition) in cases {
        let (happenings, heard) = answer(replies);
        assert_eq!(happenings, failed, "{replies:?}");
        assert!(ends_with(&heard, condition), "{replies:?} {condition}: {heard}");
    }
    for replies in [
        &[
            ANSWER,
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure></stream:stream>",
        ][..],
        &[
            "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features/>",
        ],
        &[ANSWER, "</stream:stream>"],
    ] {
        assert_eq!(answer(replies).0, failed, "{replies:?}");
    }
}

#[test]
fn a_stream_of_one_way_carries_nothing_the_other_way() {
    let (happenings, heard) = answer(&[ANSWER, SUCCESS, RESTART]);
    assert_eq!(happenings, [Happening::Opened(StreamId(0))], "{heard}");
    let (happenings, heard) = answer(&[ANSWER, SUCCESS, RESTART, "<message/>"]);
    assert_eq!(happenings, [Happening::Opened(StreamId(0))], "{heard}");
    const LATE: &str = concat!(
        "<stream:stream xmlns='jabber:server' ",
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
        "<stream:features/><message/>"
    );
    let (happenings, heard) = answer(&[ANSWER, SUCCESS, LATE]);
    let closed = Happening::Closed(StreamId(0), End::Dialer);
    assert_eq!(happenings, [Happening::Opened(StreamId(0)), closed], "{heard}");
    assert!(ends_with(&heard, "not-authorized"), "{heard}");
}

#[test]
fn what_is_good_arrives_before_what_is_bad() {
    const HELLO: &str = "<stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>\
        <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
        </mechanisms></stream:features>";
    const BIND: &str = "<stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>\
        <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
    let deep = "<message id='3'>".to_owned() + &"<a>".repeat(100);
    for bad in ["<!-- -->", "<message></x>", "<message xmlns='jabber:server'/>", &deep] {
        let bound = format!(
            "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>alice@a.example/x</jid></bind></iq><message id='1'/><message id='2'/>{bad}",
        );
        let bound: &'static str = Box::leak(bound.into_boxed_str());
        let replies = Box::leak(vec![HELLO, SUCCESS, BIND, bound].into_boxed_slice());
        let (happenings, heard) = answer_to(ALICE, CLIENT_PORT, replies);
        let [opened, one, two, closed] = &happenings[..] else { panic!("{happenings:?} {heard}") };
        assert_eq!(opened, &Happening::Opened(StreamId(0)));
        for received in [one, two] {
            assert!(matches!(received, Happening::Received(StreamId(0), End::Dialer, _)));
        }
        assert_eq!(closed, &Happening::Closed(StreamId(0), End::Dialer));
    }
}

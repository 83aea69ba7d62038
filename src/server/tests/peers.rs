//! Streams to and from other servers.

use super::peer::QUEUE_MAX;
use super::*;

const SHAVER: &str = "rubenro@vesa.yeggmaex.irc/shaver";

fn message(number: usize) -> String {
    format!("<message from='{SHAVER}' to='wiz@channel.avalon.irc' id='{number}'/>")
}

/// A server of a flavour with a session.
fn with_session(flavour: Flavour) -> (Desk, SessionId) {
    let connect_timeout = flavour.connect_timeout();
    let mut desk = desk(ServerConfig { flavour, connect_timeout, ..plain() });
    let shaver = desk.open(SHAVER);
    (desk, shaver)
}

/// The ids of what was bounced.
fn bounced(out: &[Output]) -> Vec<String> {
    let ids = out.iter().filter_map(|output| match output {
        Output::ToSession(_, stanza) => Some(stanza.id.as_deref()?.to_owned()),
        _ => None,
    });
    ids.collect()
}

#[test]
fn stanzas_wait_for_the_stream_and_leave_in_order() {
    let (mut desk, shaver) = with_session(Flavour::Prosody);
    assert_eq!(desk.says(shaver, &message(1)), [Output::Dial(ROOMS.into())]);
    assert_eq!(desk.says(shaver, &message(2)), []);
    let out = desk.step(Input::PeerOpened(ROOMS.into()));
    assert_eq!(out, [to_peer(ROOMS, &message(1)), to_peer(ROOMS, &message(2))]);
    assert_eq!(desk.says(shaver, &message(3)), [to_peer(ROOMS, &message(3))]);
    assert_eq!(desk.server.deadline(), None, "no timer is left");
}

#[test]
fn each_domain_has_a_stream_of_its_own() {
    let (mut desk, shaver) = with_session(Flavour::Prosody);
    let other = "<message to='x@eris.dclxvii.irc'/>";
    assert_eq!(desk.says(shaver, &message(1)), [Output::Dial(ROOMS.into())]);
    assert_eq!(desk.says(shaver, other), [Output::Dial("eris.dclxvii.irc".into())]);
    let out = desk.step(Input::PeerOpened(ROOMS.into()));
    assert_eq!(out, [to_peer(ROOMS, &message(1))]);
}

#[test]
fn after_the_stream_has_ended_the_next_stanza_dials_again() {
    let (mut desk, shaver) = with_session(Flavour::Ejabberd);
    desk.says(shaver, &message(1));
    desk.step(Input::PeerOpened(ROOMS.into()));
    assert_eq!(desk.step(Input::PeerClosed(ROOMS.into())), []);
    assert_eq!(desk.says(shaver, &message(2)), [Output::Dial(ROOMS.into())]);
}

#[test]
fn a_stream_that_does_not_open_in_time_is_given_up() {
    for (flavour, seconds) in [(Flavour::Prosody, 20), (Flavour::Ejabberd, 10)] {
        let (mut desk, shaver) = with_session(flavour);
        desk.says(shaver, &message(1));
        desk.says(shaver, &message(2));
        let almost = Duration::from_secs(seconds) - Duration::from_micros(1);
        assert_eq!(desk.wait(almost), []);
        let out = desk.wait(Duration::from_micros(1));
        assert_eq!(out[0], Output::Hangup(ROOMS.into()));
        assert_eq!(bounced(&out), ["1", "2"]);
        let late = desk.step(Input::PeerOpened(ROOMS.into()));
        assert_eq!(late, [Output::Hangup(ROOMS.into())], "too late");
    }
}

#[test]
fn a_failed_dial_bounces_everything_after_a_moment() {
    for (flavour, error, millis) in [
        (Flavour::Prosody, DialError::Refused, 50),
        (Flavour::Prosody, DialError::UnknownHost, 40),
        (Flavour::Prosody, DialError::Broken, 0),
        (Flavour::Ejabberd, DialError::Refused, 100),
        (Flavour::Ejabberd, DialError::UnknownHost, 100),
        (Flavour::Ejabberd, DialError::Broken, 0),
    ] {
        let (mut desk, shaver) = with_session(flavour);
        desk.says(shaver, &message(1));
        let mut out = desk.step(Input::PeerFailed(ROOMS.into(), error));
        if millis > 0 {
            assert_eq!(out, []);
            assert_eq!(desk.says(shaver, &message(2)), [], "it joins those that wait");
            assert_eq!(desk.server.deadline(), Some(desk.now + Duration::from_millis(millis)));
            out = desk.wait(Duration::from_millis(millis));
            assert_eq!(bounced(&out), ["1", "2"], "{flavour:?} {error:?}");
        } else {
            assert_eq!(bounced(&out), ["1"]);
        }
        assert_eq!(desk.server.deadline(), None);
    }
}

#[test]
fn prosody_dials_again_after_a_failure() {
    let (mut desk, shaver) = with_session(Flavour::Prosody);
    desk.says(shaver, &message(1));
    desk.step(Input::PeerFailed(ROOMS.into(), DialError::Broken));
    assert_eq!(desk.says(shaver, &message(2)), [Output::Dial(ROOMS.into())]);
}

#[test]
fn ejabberd_bounces_at_once_for_a_growing_while_until_it_succeeds() {
    let (mut desk, shaver) = with_session(Flavour::Ejabberd);
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        assert_eq!(desk.says(shaver, &message(1)), [Output::Dial(ROOMS.into())]);
        desk.step(Input::PeerFailed(ROOMS.into(), DialError::Broken));
        desk.wait(Duration::from_secs(seconds) - Duration::from_micros(1));
        let out = desk.says(shaver, &message(2));
        assert_eq!(bounced(&out), ["2"], "still in the {seconds} s");
        desk.wait(Duration::from_micros(1));
    }
    desk.says(shaver, &message(3));
    desk.step(Input::PeerOpened(ROOMS.into()));
    desk.step(Input::PeerClosed(ROOMS.into()));
    desk.says(shaver, &message(4));
    desk.step(Input::PeerFailed(ROOMS.into(), DialError::Broken));
    desk.wait(Duration::from_secs(1));
    assert_eq!(desk.says(shaver, &message(5)), [Output::Dial(ROOMS.into())], "from the beginning");
}

#[test]
fn a_queue_that_is_full_bounces_what_is_too_much() {
    let (mut desk, shaver) = with_session(Flavour::Prosody);
    let first: Stanza = message(0).parse().unwrap();
    for _ in 0..QUEUE_MAX {
        desk.step(Input::FromSession(shaver, first.clone()));
    }
    let out = desk.says(shaver, &message(QUEUE_MAX));
    let [Output::Undeliverable(..), Output::ToSession(_, reply)] = &out[..] else {
        panic!("{out:#?}");
    };
    assert_eq!(error_of(reply), "wait resource-constraint");
    let out = desk.step(Input::PeerOpened(ROOMS.into()));
    assert_eq!(out.len(), QUEUE_MAX);
}

#[test]
fn reports_about_streams_that_nobody_wants_have_no_effect() {
    let (mut desk, _) = with_session(Flavour::Prosody);
    assert_eq!(desk.step(Input::PeerFailed(ROOMS.into(), DialError::Refused)), []);
    assert_eq!(desk.step(Input::PeerClosed(ROOMS.into())), []);
    let out = desk.step(Input::PeerOpened(ROOMS.into()));
    assert_eq!(out, [Output::Hangup(ROOMS.into())]);
    assert_eq!(desk.server.deadline(), None);
}

#[test]
fn a_server_speaks_for_exactly_its_own_domain() {
    let (mut desk, _) = with_session(Flavour::Prosody);
    for from in ["x@eris.dclxvii.irc", "x@rooms.channel.avalon.irc", "avalon.irc", SHAVER] {
        let out = desk.hears(ROOMS, &format!("<message from='{from}' to='{SHAVER}'/>"));
        assert_eq!(out, [Output::RefusePeer(ROOMS.into(), "invalid-from")], "{from}");
    }
    let out = desk.hears(OWN, &format!("<message from='{SHAVER}' to='{SHAVER}'/>"));
    assert_eq!(out, [Output::RefusePeer(OWN.into(), "invalid-from")], "nobody else is this server");
}

#[test]
fn a_server_that_leaves_out_an_address_is_refused() {
    let (mut desk, _) = with_session(Flavour::Prosody);
    for xml in [
        "<message from='x@channel.avalon.irc'/>",
        "<message from='x@channel.avalon.irc' to='a@@b'/>",
        "<message to='rubenro@vesa.yeggmaex.irc/shaver'/>",
        "<message from='a@@b' to='rubenro@vesa.yeggmaex.irc/shaver'/>",
    ] {
        let out = desk.hears(ROOMS, xml);
        assert_eq!(out, [Output::RefusePeer(ROOMS.into(), "improper-addressing")], "{xml}");
    }
}

#[test]
fn this_server_relays_nothing_for_strangers() {
    let (mut desk, _) = with_session(Flavour::Prosody);
    let out = desk.hears(ROOMS, "<message from='x@channel.avalon.irc' to='y@eris.dclxvii.irc'/>");
    assert_eq!(out, [Output::RefusePeer(ROOMS.into(), "host-unknown")]);
}

#[test]
fn a_broken_stanza_of_another_server_is_answered() {
    let (mut desk, _) = with_session(Flavour::Prosody);
    desk.connect(ROOMS);
    let out = desk.hears(
        ROOMS,
        &format!("<iq type='get' id='1' from='x@channel.avalon.irc' to='{SHAVER}'/>"),
    );
    let [Output::ToPeer(_, reply, _)] = &out[..] else { panic!("{out:#?}") };
    assert_eq!(error_of(reply), "modify bad-request");
    assert_eq!(reply.to.as_deref(), Some(&jid("x@channel.avalon.irc")));
}

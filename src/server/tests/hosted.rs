//! What the slave and the chat service see, and what happens while they are down.

use super::router::{Path, Work};
use super::*;
use crate::dmuc::SlaveInput;

const SHAVER: &str = "rubenro@vesa.yeggmaex.irc/shaver";
const ROOM: &str = "wallops@channel.avalon.irc";

/// The same stanza in all kinds, bare and with resource.
fn all_kinds(from: &str, to: &str) -> Vec<String> {
    let mut all = Vec::new();
    for to in [to.to_owned(), format!("{to}/WiZ")] {
        all.push(format!("<message from='{from}' to='{to}' type='groupchat'/>"));
        all.push(format!("<message from='{from}' to='{to}' type='error'/>"));
        all.push(format!("<presence from='{from}' to='{to}'/>"));
        all.push(format!("<presence from='{from}' to='{to}' type='unavailable'/>"));
        all.push(format!("<iq from='{from}' to='{to}' type='get' id='1'><x xmlns='y'/></iq>"));
        all.push(format!("<iq from='{from}' to='{to}' type='result' id='1'/>"));
    }
    all
}

fn seen(desk: &Desk, path: Path, xml: &str) -> Option<SlaveInput> {
    let stanza: Stanza = xml.parse().unwrap();
    desk.server.intercept(path, &stanza).map(|(_, input)| input(stanza))
}

#[test]
fn the_slave_sees_everything_that_a_user_sends_to_its_room() {
    let desk = desk(with_slave());
    for xml in all_kinds(SHAVER, ROOM) {
        let stanza = xml.parse().unwrap();
        assert_eq!(seen(&desk, Path::Sent, &xml), Some(SlaveInput::Up(stanza)), "{xml}");
    }
    for other in ["other@channel.avalon.irc", "channel.avalon.irc", "valdis@vesa.yeggmaex.irc"] {
        let xml = format!("<message from='{SHAVER}' to='{other}'/>");
        assert_eq!(seen(&desk, Path::Sent, &xml), None, "{xml}");
    }
}

#[test]
fn the_slave_sees_what_comes_for_it_and_what_its_room_sends_to_users() {
    let mut desk = desk(with_slave());
    desk.open(SHAVER);
    for xml in all_kinds(ROOM, "slave@vesa.yeggmaex.irc")
        .into_iter()
        .chain(all_kinds("wallops@channel.avalon.irc/WiZ", "rubenro@vesa.yeggmaex.irc"))
        .chain(all_kinds("stranger@eris.dclxvii.irc/x", "slave@vesa.yeggmaex.irc"))
    {
        let stanza: Stanza = xml.parse().unwrap();
        let down = Some(SlaveInput::Down(stanza.clone()));
        assert_eq!(seen(&desk, Path::Arrived, &xml), down, "{xml}");
        let bounced = Some(SlaveInput::Bounced(stanza));
        assert_eq!(seen(&desk, Path::Bounced, &xml), bounced, "{xml}");
    }
    for from in ["other@channel.avalon.irc/WiZ", "channel.avalon.irc"] {
        let xml = format!("<message from='{from}' to='{SHAVER}'/>");
        assert_eq!(seen(&desk, Path::Arrived, &xml), None, "{xml}");
    }
    let xml = format!("<iq from='{ROOM}' to='{OWN}' type='get' id='1'><x xmlns='y'/></iq>");
    assert_eq!(seen(&desk, Path::Arrived, &xml), None, "the server is no user");
}

#[test]
fn while_the_slave_is_dead_users_are_routed_natively() {
    let mut desk = desk(with_slave());
    desk.connect(ROOMS);
    let shaver = desk.open(SHAVER);
    desk.step(Input::CrashSlave(jid("slave@vesa.yeggmaex.irc")));
    for xml in all_kinds(SHAVER, ROOM) {
        assert_eq!(desk.says(shaver, &xml), [to_peer(ROOMS, &xml)]);
    }
    let down = format!("<message from='{ROOM}/WiZ' to='{SHAVER}' type='groupchat'/>");
    assert_eq!(desk.hears(ROOMS, &down), [to_session(shaver, &down)]);
}

#[test]
fn while_the_slave_is_dead_its_address_is_an_unknown_account() {
    let mut desk = desk(with_slave());
    desk.connect(ROOMS);
    desk.step(Input::CrashSlave(jid("slave@vesa.yeggmaex.irc")));
    let broadcast = format!("<presence from='{ROOM}/WiZ' to='slave@vesa.yeggmaex.irc'/>");
    assert_eq!(desk.hears(ROOMS, &broadcast), [], "presence vanishes");
    let ping = format!(
        "<iq type='get' id='1' from='{ROOM}' to='slave@vesa.yeggmaex.irc'>\
         <ping xmlns='urn:xmpp:ping'/></iq>"
    );
    let out = desk.hears(ROOMS, &ping);
    let [Output::ToPeer(_, reply, _)] = &out[..] else { panic!("{out:#?}") };
    assert_eq!(error_of(reply), "cancel service-unavailable");
}

#[test]
fn a_slave_that_starts_again_learns_who_had_sent_presence_to_its_room() {
    let mut desk = desk(with_slave());
    let shaver = desk.open(SHAVER);
    let razor = desk.open("rubenro@vesa.yeggmaex.irc/razor");
    desk.says(shaver, &format!("<presence to='{ROOM}/BigCheese'/>"));
    desk.says(shaver, "<presence to='other@channel.avalon.irc/BigCheese'/>");
    desk.says(razor, &format!("<presence to='{ROOM}/Razor'/>"));
    desk.says(razor, &format!("<presence type='unavailable' to='{ROOM}/Razor'/>"));
    desk.step(Input::CrashSlave(jid("slave@vesa.yeggmaex.irc")));
    desk.server.restart_slave(&jid("slave@vesa.yeggmaex.irc"));
    let [Work::Slave(0, SlaveInput::Restarted(directed, _))] = desk.server.work.make_contiguous()
    else {
        panic!("{:#?}", desk.server.work);
    };
    let room = jid(&format!("{ROOM}/BigCheese"));
    assert_eq!(*directed, [(jid(SHAVER).into(), room.into())]);
}

#[test]
fn a_session_that_ends_leaves_its_rooms_even_while_the_slave_is_dead() {
    let mut desk = desk(with_slave());
    desk.connect(ROOMS);
    let shaver = desk.open(SHAVER);
    desk.step(Input::CrashSlave(jid("slave@vesa.yeggmaex.irc")));
    desk.says(shaver, &format!("<presence to='{ROOM}/BigCheese'/>"));
    desk.says(shaver, "<presence to='other@channel.avalon.irc/BigCheese'/>");
    let gone = |room: &str| {
        let xml = format!("<presence type='unavailable' from='{SHAVER}' to='{room}/BigCheese'/>");
        to_peer(ROOMS, &xml)
    };
    let out = desk.step(Input::SessionClosed(shaver));
    assert_eq!(out, [gone(ROOM), gone("other@channel.avalon.irc")]);
}

#[test]
fn a_session_that_ends_leaves_its_rooms_on_the_path_of_what_users_send() {
    let mut desk = desk(with_slave());
    let shaver = desk.open(SHAVER);
    desk.says(shaver, &format!("<presence to='{ROOM}/BigCheese'/>"));
    desk.server.session_closed(shaver, &mut Vec::new());
    // Its slave is told first: what it has for that session is for nobody any more.
    let [Work::Slave(0, SlaveInput::Closed(_)), Work::Route(Path::Sent, stanza)] =
        desk.server.work.make_contiguous()
    else {
        panic!("{:#?}", desk.server.work);
    };
    let xml = format!("<presence type='unavailable' from='{SHAVER}' to='{ROOM}/BigCheese'/>");
    assert_eq!(*stanza, xml.parse().unwrap());
}

#[test]
fn while_the_service_is_down_its_rooms_are_answered_for() {
    let mut desk = desk(with_service(OWN));
    let shaver = desk.open(SHAVER);
    desk.step(Input::CrashService);
    let xml = format!("<message to='{ROOM}' type='groupchat' id='7'><body>x</body></message>");
    let out = desk.says(shaver, &xml);
    let answer = format!(
        "<message type='error' id='7' from='{ROOM}' to='{SHAVER}'>\
         <error type='wait' by='{ROOMS}'>\
         <remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Component unavailable</text>\
         </error></message>"
    );
    assert!(matches!(&out[0], Output::Undeliverable(domain, _) if &**domain == ROOMS));
    assert_eq!(out[1..], [to_session(shaver, &answer)]);
    let out = desk.says(shaver, &format!("<message type='error' to='{ROOM}'/>"));
    assert!(matches!(&out[..], [Output::Undeliverable(..)]), "recorded, not answered");
}

#[test]
fn a_service_on_the_servers_own_domain_leaves_the_accounts_alone() {
    let mut desk = desk(with_service(ROOMS));
    desk.step(Input::CrashService);
    let wiz = desk.open_available("squit@channel.avalon.irc/jupiter", 0);
    let to_user =
        "<message from='squit@channel.avalon.irc/jupiter' to='squit@channel.avalon.irc'/>";
    assert_eq!(desk.says(wiz, to_user), [to_session(wiz, to_user)]);
    for room in [ROOM.to_owned(), format!("{ROOM}/WiZ")] {
        let out = desk.says(wiz, &format!("<message to='{room}'/>"));
        assert!(matches!(&out[..], [Output::Undeliverable(..), Output::ToSession(..)]));
    }
    let out = desk.says(wiz, "<message to='squit@channel.avalon.irc/gone' type='groupchat'/>");
    assert_eq!(error_of(only_stanza(&out)), "cancel service-unavailable");
    let ping = "<iq type='get' id='1' to='channel.avalon.irc'><ping xmlns='urn:xmpp:ping'/></iq>";
    let out = desk.says(wiz, ping);
    assert_eq!(only_stanza(&out).type_, Type::Result, "the server is there");
}

#[test]
fn stanzas_of_other_servers_reach_the_services_domain() {
    let mut desk = desk(with_service(OWN));
    desk.step(Input::CrashService);
    desk.connect("eris.dclxvii.irc");
    let out = desk.hears(
        "eris.dclxvii.irc",
        &format!("<message from='valdis@eris.dclxvii.irc/x' to='{ROOM}'/>"),
    );
    let [Output::Undeliverable(..), Output::ToPeer(_, reply, _)] = &out[..] else {
        panic!("{out:#?}");
    };
    assert_eq!(error_of(reply), "wait remote-server-timeout");
}

#[test]
fn a_dead_slaves_address_is_not_taken_for_a_room_on_the_same_domain() {
    let mut config = with_service(ROOMS);
    let mut slave = with_slave().slaves.remove(0);
    slave.config.jid = jid("slave@channel.avalon.irc");
    config.slaves = vec![slave];
    let mut desk = desk(config);
    desk.step(Input::CrashSlave(jid("slave@channel.avalon.irc")));
    let wiz = desk.open("squit@channel.avalon.irc/jupiter");
    let out = desk.says(wiz, "<message to='slave@channel.avalon.irc'/>");
    assert_eq!(error_of(only_stanza(&out)), "cancel service-unavailable");
}

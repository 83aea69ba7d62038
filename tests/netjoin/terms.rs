//! What a slave asks for and what it is granted (§4.2).

use wallops::stanza::slave::{EnterRole, Policy};
use wallops::stanza::{Element, ns};

use crate::cast::*;
use crate::lone_master::*;
use crate::record::*;

fn accepted(alone: &mut LoneMaster, inside: &str, instance: &str) -> Element {
    let id = format!("neg-{instance}");
    alone.send(
        VESA,
        &format!(
            "<iq id='{id}' to='{ROOM}' type='set'><register \
             xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='{instance}'>{inside}</register></iq>"
        ),
    );
    let answer = answer(&alone.take(), &id);
    answer.payload("accept", ns::SLAVE).unwrap_or_else(|| panic!("{}", text(&answer))).clone()
}

fn granted(accept: &Element, part: &str, attribute: &str) -> String {
    let part = accept.get_child(part, ns::SLAVE).unwrap();
    part.attr(attribute).unwrap_or_default().to_owned()
}

/// §4.2, keepalive: max(asked, master's minimum); time-out and split interval are the master's.
#[test]
fn keepalive_is_what_is_asked_for_but_not_below_the_minimum() {
    let mut room = room();
    room.grants.keepalive_min = 30;
    for (asked, interval) in [("10", "30"), ("30", "30"), ("300", "300")] {
        let mut alone = LoneMaster::of(registering(room.clone()));
        let accept = accepted(
            &mut alone,
            &format!("<keepalive interval='{asked}' timeout='1' split='1'/>"),
            "one",
        );
        assert_eq!(granted(&accept, "keepalive", "interval"), interval);
        assert_eq!(granted(&accept, "keepalive", "timeout"), "20");
        assert_eq!(granted(&accept, "keepalive", "split"), "5");
    }
}

/// `create.negotiate-keepalive`: what was granted is what happens.
#[test]
fn the_master_pings_after_the_interval_that_it_granted() {
    let mut alone = LoneMaster::new();
    accepted(&mut alone, "<keepalive interval='200'/>", "one");
    alone.finish(VESA);
    alone.take();
    alone.seconds(199);
    assert!(!alone.take().iter().any(is_ping));
    alone.seconds(2);
    assert!(alone.take().iter().any(is_ping));
}

/// §4.2, history: min(asked, master's); 0 = none.
#[test]
fn of_history_the_lesser_is_granted_and_sent() {
    for (asked, count) in [(200, 4), (3, 3), (0, 0)] {
        let mut alone = LoneMaster::new();
        let history = format!("<history maxstanzas='{asked}' maxbytes='262144'/>");
        alone.send(
            VESA,
            &format!(
                "<iq id='reg' to='{ROOM}' type='set'><register \
                 xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='one'>{history}</register></iq>"
            ),
        );
        let sent = alone.take();
        let said = bodies(&sent);
        let newest: Vec<_> = PAST[4 - count..].iter().map(|(_, _, body)| *body).collect();
        assert_eq!(said, newest, "asked for {asked}");
        let accept = answer(&sent, "reg").payload("accept", ns::SLAVE).unwrap().clone();
        let least = asked.min(100).to_string();
        assert_eq!(granted(&accept, "history", "maxstanzas"), least);
        assert_eq!(granted(&accept, "history", "maxbytes"), "65536");
    }
}

/// `create.negotiate-history`: bytes are those of complete stanzas, and the newest are kept.
#[test]
fn history_keeps_to_the_bytes_that_were_granted() {
    let mut alone = LoneMaster::new();
    alone.register_with(VESA, "one", "");
    let whole: Vec<_> = alone.take().into_iter().filter(|s| s.body().is_some()).collect();
    let two: usize = whole[2..].iter().map(|stanza| text(stanza).len()).sum();
    for (bytes, count) in [(two + 20, 2), (two - 20, 1), (3, 0)] {
        let mut alone = LoneMaster::new();
        accepted_history(&mut alone, bytes, count);
    }
}

fn accepted_history(alone: &mut LoneMaster, bytes: usize, count: usize) {
    alone.send(
        VESA,
        &format!(
            "<iq id='reg' to='{ROOM}' type='set'><register xmlns='urn:xmpp:tmp:dmuc:0#slave' \
             instance='one'><history maxstanzas='9' maxbytes='{bytes}'/></register></iq>"
        ),
    );
    let said = bodies(&alone.take());
    let newest: Vec<_> = PAST[4 - count..].iter().map(|(_, _, body)| *body).collect();
    assert_eq!(said, newest, "{bytes} bytes");
}

/// §4.2, policy: asked AND allowed.
#[test]
fn of_policies_those_are_granted_that_are_asked_for_and_allowed() {
    let names =
        ["local-chat", "local-private", "local-enter", "local-nick", "local-kick", "mark-away"];
    let flags = |bits: usize| [0, 1, 2, 3, 4, 5].map(|bit| bits & (1 << bit) != 0);
    for (asked, allowed) in [(63, 63), (63, 0), (0, 63), (0b10_1010, 0b11_1000), (0b111, 0b101)] {
        let [local_chat, local_private, local_enter, local_nick, local_kick, mark_away] =
            flags(allowed);
        let mut alone = LoneMaster::granting(Policy {
            local_chat,
            local_private,
            local_enter,
            local_nick,
            local_kick,
            mark_away,
            enter_role: EnterRole::Participant,
        });
        let wanted: Vec<_> = flags(asked)
            .iter()
            .zip(names)
            .filter(|(flag, _)| **flag)
            .map(|(_, name)| format!("{name}='true'"))
            .collect();
        let accept = accepted(&mut alone, &format!("<policy {}/>", wanted.join(" ")), "one");
        let policy = accept.get_child("policy", ns::SLAVE);
        for (name, both) in names.iter().zip(flags(asked & allowed)) {
            let value = policy.and_then(|policy| policy.attr(*name)).unwrap_or("false");
            assert_eq!(value == "true", both, "{name} of {asked:b} and {allowed:b}");
        }
        // `policy/@enter-role` accompanies a granted local-enter (§4.2).
        let role = policy.and_then(|policy| policy.attr("enter-role"));
        let enters = flags(asked & allowed)[2];
        assert_eq!(role, enters.then_some("participant"), "{asked:b} and {allowed:b}");
    }
}

//! What may not hide under `...`, what an erratum forbids, and what it allows.

use crate::run::{Line, check, errata, of, stanza, unmatched, whole};

/// Example `number` with these children added to one of its stanzas.
fn with(number: u32, index: usize, children: &str) -> Vec<Line> {
    let mut lines = of(number, 0);
    let hop = &mut lines[index].1;
    for child in stanza(&format!("<presence>{children}</presence>")).payloads.iter() {
        hop.stanza = hop.stanza.clone().with_payload(child.clone());
    }
    lines
}

/// Example `number` with a text of one of its stanzas replaced.
fn replaced(number: u32, index: usize, old: &str, new: &str) -> Vec<Line> {
    let mut lines = of(number, 0);
    let text = lines[index].1.stanza.to_string();
    assert!(text.contains(old), "{text}");
    lines[index].1.stanza = stanza(&text.replace(old, new));
    lines
}

fn differs(number: u32, lines: &[Line]) -> bool {
    unmatched(lines).contains(&number)
}

const JID: &str = "rubenro@vesa.yeggmaex.irc/shaver";

#[test]
fn the_dots_stand_for_what_anybody_may_see() {
    for (number, index) in [(2, 0), (3, 0), (8, 2), (9, 0), (9, 1), (10, 1), (11, 0), (14, 0)] {
        let lines = with(number, index, "<show>dnd</show><mood xmlns='urn:example:mood'/>");
        assert!(!differs(number, &lines), "example {number}");
    }
    for (number, index) in [(1, 0), (5, 0), (6, 1), (7, 1), (13, 3), (15, 0), (18, 2)] {
        let lines = with(number, index, "<show>dnd</show>");
        assert!(differs(number, &lines), "example {number}");
    }
}

#[test]
fn no_jid_hides_from_those_who_may_not_see_it() {
    let hiding = [
        format!(
            "<addresses xmlns='http://jabber.org/protocol/address'><address type='ofrom' jid='{JID}'/></addresses>"
        ),
        format!("<note xmlns='urn:example:note'>{JID}</note>"),
        "<note xmlns='urn:example:note' by='xmpp:rubenro@vesa.yeggmaex.irc?join'/>".to_owned(),
    ];
    for child in &hiding {
        // Valdis, Phaedrus, Efchen; the slave of vesa, which serves no moderator.
        for (number, index) in [(9, 1), (9, 2), (11, 0), (8, 2), (4, 2)] {
            assert!(differs(number, &with(number, index, child)), "example {number}: {child}");
        }
        // Wumpus, WiZ, Troy; the slaves of killrc and eris, which serve them; BigCheese himself.
        for (number, index) in [(9, 0), (10, 0), (10, 1), (8, 0), (8, 1)] {
            assert!(!differs(number, &with(number, index, child)), "example {number}: {child}");
        }
    }
    for (number, index) in [(9, 1), (9, 2), (11, 0), (8, 2), (4, 2), (1, 0), (13, 5)] {
        let lines = replaced(number, index, "<item ", &format!("<item jid='{JID}' "));
        let own = number == 13;
        assert!(differs(number, &lines) || own, "example {number}");
    }
    let other = "<item jid='msa@vesa.yeggmaex.irc/bicycle' ";
    assert!(differs(13, &replaced(13, 5, "<item ", other)));
}

#[test]
fn a_second_item_does_not_hide() {
    let x = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/></x>";
    for (number, index) in [(8, 0), (8, 2), (9, 0), (9, 1), (10, 0), (11, 0)] {
        assert!(differs(number, &with(number, index, x)), "example {number}");
    }
    assert!(!differs(14, &with(14, 0, x)));
    assert!(differs(14, &with(14, 0, &x.repeat(2))));
}

#[test]
fn dmuc_elements_do_not_reach_users_and_do_not_hide() {
    let elements = [
        "<x xmlns='urn:xmpp:tmp:dmuc:0'/>",
        "<x xmlns='urn:xmpp:tmp:dmuc:0'><delay xmlns='urn:xmpp:delay' from='wallops@channel.avalon.irc/BigCheese' stamp='1990-10-13T23:58:37Z'/></x>",
        "<at xmlns='urn:xmpp:tmp:dmuc:0#slave' seq='1'/>",
        "<wrapped xmlns='urn:example:wrap'><x xmlns='urn:xmpp:tmp:dmuc:0'/></wrapped>",
    ];
    for element in elements {
        for number in [9, 10, 11, 13, 14, 15, 18, 19, 20] {
            assert!(differs(number, &with(number, 0, element)), "example {number}: {element}");
        }
    }
    for number in [4, 8] {
        let enter = format!("<x xmlns='urn:xmpp:tmp:dmuc:0'><enter jid='{JID}'/></x>");
        for index in 0..3 {
            assert!(differs(number, &with(number, index, &enter)));
        }
    }
}

#[test]
fn no_user_learns_of_a_slave() {
    let child = "<note xmlns='urn:example:note' by='slave@vesa.yeggmaex.irc'/>";
    for number in [11, 14] {
        assert!(differs(number, &with(number, 0, child)), "example {number}");
    }
}

#[test]
fn codes_about_oneself_may_be_added_for_oneself_only() {
    let coded = |number, index| replaced(number, index, "</x>", "<status code='110'/></x>");
    // The copy for BigCheese's own slave may have it, no other copy.
    assert!(!differs(8, &coded(8, 2)));
    for (number, index) in [(8, 0), (8, 1), (9, 0), (9, 1), (10, 0), (11, 0), (1, 2), (13, 2)] {
        assert!(differs(number, &coded(number, index)), "example {number}, stanza {index}");
    }
    let x = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/><status code='110'/></x>";
    assert!(!differs(14, &with(14, 0, x)));
    assert!(!differs(12, &with(12, 0, x)));
    assert!(differs(8, &replaced(8, 2, "</x>", "<status code='307'/></x>")));
}

#[test]
fn corrected_misprints_do_not_match_as_printed() {
    let troy =
        |value: &str| replaced(1, 4, "affiliation='none'", &format!("affiliation='{value}'"));
    for (value, fails) in
        [("participant", true), ("member", false), ("admin", false), ("owner", true)]
    {
        assert_eq!(differs(1, &troy(value)), fails, "{value}");
    }
    for index in 0..2 {
        assert!(differs(10, &replaced(10, index, "irc/BigCheese", "irc/WiZ")));
    }
    let mut lines = of(11, 0);
    let hop = &mut lines[0].1;
    hop.to = JID.into();
    hop.stanza.to = Some(crate::run::jid(JID));
    assert!(differs(11, &lines));
}

#[test]
fn either_form_is_accepted_and_said() {
    let outcomes = check(&whole());
    assert_eq!(errata(&outcomes, 2), ["E04"]);
    assert!(errata(&outcomes, 12).is_empty());
    assert!(errata(&outcomes, 15).is_empty());
    let limited = |limit: &str| {
        let history = format!("<history {limit}/></x>");
        check(&replaced(12, 0, "</x>", &history))
    };
    let outcomes = limited("maxstanzas='20'");
    assert!(errata(&outcomes, 2).is_empty());
    assert_eq!(errata(&outcomes, 12), ["E04"]);
    let outcomes = limited("maxchars='0' since='1990-10-13T00:00:00Z'");
    assert_eq!(errata(&outcomes, 2), ["E04"]);
    for wrong in ["maxstanzas='few'", "maxstanzas='-1'", "since='yesterday'", "size='1'"] {
        let outcomes = limited(wrong);
        assert!(!outcomes[1].is_match() && !outcomes[11].is_match(), "{wrong}");
    }
    let lines = replaced(
        15,
        2,
        "delay' from='wallops@channel.avalon.irc/DCLXVI'",
        "delay' from='wallops@channel.avalon.irc'",
    );
    assert_eq!(errata(&check(&lines), 15), ["E15"]);
}

#[test]
fn the_two_elements_of_enter_come_in_either_order() {
    let mut lines = with(12, 0, "<x xmlns='http://jabber.org/protocol/muc#user'/>");
    let mut payloads = lines[0].1.stanza.payloads.to_vec();
    payloads.reverse();
    lines[0].1.stanza = lines[0].1.stanza.clone().with_payloads(payloads);
    assert!(!differs(12, &lines));
}

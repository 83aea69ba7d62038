use super::*;
use crate::transcript::Header;

const WIZ: &str = "squit@eris.dclxvii.irc/jupiter";

/// A run in which WiZ receives these, one a second unless they are given together.
fn run(bursts: &[&[&str]]) -> Transcript {
    let mut transcript = Transcript::new(Header::default());
    for (second, burst) in (0..).zip(bursts) {
        let at = Time::from_micros(second * 1_000_000);
        for text in *burst {
            let stanza: Stanza = text.parse().unwrap();
            let entry = transcript.sent(at, "eris.dclxvii.irc".into(), WIZ.into(), stanza);
            transcript.delivered(entry, at);
        }
    }
    transcript
}

fn differs(one: &[&[&str]], other: &[&[&str]]) -> bool {
    let people = compare(&run(one), &run(other));
    assert_eq!(people.len(), 1);
    people[0].diff.is_some()
}

const TROY: &str = "<presence from='r@c.irc/Troy'/>";
const EFCHEN: &str = "<presence from='r@c.irc/Efchen'/>";
const OWN: &str = "<presence from='r@c.irc/Efchen'><x xmlns='http://jabber.org/protocol/muc#user'>\
                   <status code='110'/></x></presence>";
const GONE: &str = "<presence from='r@c.irc/Efchen' type='unavailable'/>";

#[test]
fn the_order_of_a_roster_is_no_difference_and_any_other_order_is() {
    assert!(!differs(&[&[TROY, EFCHEN]], &[&[EFCHEN, TROY]]));
    assert!(differs(&[&[TROY], &[EFCHEN]], &[&[EFCHEN], &[TROY]]), "not at one instant");
    assert!(differs(&[&[TROY, OWN]], &[&[OWN, TROY]]), "his own comes last");
    assert!(differs(&[&[TROY, GONE]], &[&[GONE, TROY]]), "somebody left in between");
    assert!(differs(&[&[TROY]], &[&[TROY, EFCHEN]]));
}

#[test]
fn what_a_service_chooses_is_no_difference_and_what_it_says_is() {
    let message = |id: &str, from: &str, stamp: &str| {
        format!(
            "<message type='groupchat' id='{id}'><body>Hello</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='r@c.irc' id='{id}'/>\
             <delay xmlns='urn:xmpp:delay' from='{from}' stamp='{stamp}'/></message>"
        )
    };
    let (one, other) = (message("a", "r@c.irc", "1990-01-01T00:00:00Z"), "1990-01-01T00:00:01Z");
    assert!(!differs(&[&[&one]], &[&[&message("b", "s@c.irc", "1990-01-01T00:00:00Z")]]));
    assert!(differs(&[&[&one]], &[&[&message("a", "r@c.irc", other)]]));
}

#[test]
fn an_id_that_a_client_has_chosen_counts() {
    let iq = |id: &str| format!("<iq type='result' id='{id}'/>");
    let mut runs = [run(&[&[&iq("mine")]]), run(&[&[&iq("yours")]])];
    assert_eq!(compare(&runs[0], &runs[1])[0].diff, None, "nobody has asked");
    for run in &mut runs {
        let asked: Stanza = iq("mine").parse().unwrap();
        run.sent(Time::default(), WIZ.into(), "eris.dclxvii.irc".into(), asked);
    }
    let diff = compare(&runs[0], &runs[1])[0].diff.clone().unwrap();
    assert_eq!(diff, "…\n-<iq type='result'/>\n+<iq id='mine' type='result'/>\n");
}

#[test]
fn a_time_within_the_run_is_that_of_a_line() {
    let late = |second: u32| {
        format!(
            "<message><delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:0{second}Z'/></message>"
        )
    };
    let told = |second: u32, began: [i64; 2]| {
        let mut run = run(&[&[&late(second)]]);
        for (number, at) in (1..).zip(began) {
            let at = Time::from_micros(at * 1_000_000);
            run.push(at, What::Line { number, text: "".into() });
        }
        run
    };
    let diff = |one: &Transcript, other: &Transcript| compare(one, other)[0].diff.clone();
    let (quick, slow) = (told(2, [0, 2]), told(5, [0, 5]));
    assert_eq!(diff(&quick, &slow), None, "the second line took longer to come");
    assert!(diff(&quick, &told(1, [0, 2])).is_some(), "another line");
}

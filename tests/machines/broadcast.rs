//! Messages to all (register, L).

use wallops::stanza::{Stanza, ns};
use wallops::time::Duration;

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

const LINE: &str = "Phaedrus, we're all having a truly rotten time.";

/// All are in and BigCheese says his line.
fn line() -> Stage {
    let mut stage = Stage::full();
    stage.advance(Duration::from_millis(40));
    stage.say(BIGCHEESE, LINE);
    stage
}

/// `master.broadcast.delay-in-dmuc`, `master.broadcast.delay-attributes`
#[test]
fn the_copy_for_a_slave_says_inside_when_the_master_got_it_and_from_whom() {
    let stage = line();
    for stanza in stage.record.hop(Hop::MasterToSlave) {
        assert!(stanza.delay().is_none(), "not at the top level");
        let delay = stanza.dmuc().unwrap().delay.unwrap();
        assert_eq!(delay.stamp, stage.now);
        assert_eq!(delay.from.unwrap().as_str(), "wallops@channel.avalon.irc/BigCheese");
        assert!(text(&stanza).contains("stamp='1990-10-13T23:58:37.040000Z'"));
    }
}

/// `master.broadcast.copy-to-each`
#[test]
fn a_slave_without_occupants_gets_its_copy_too() {
    let mut stage = Stage::with_people(&[WUMPUS]);
    stage.say(WUMPUS, "one");
    assert_eq!(stage.record.hop(Hop::MasterToSlave).iter().map(to).collect::<Vec<_>>(), SLAVES);
    stage.record.clear();
    stage.join(BIGCHEESE);
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE)).last().unwrap(), "one");
}

/// `master.broadcast.from-occupant`, `master.broadcast.identical`
#[test]
fn all_copies_are_from_the_occupant_and_differ_in_their_addressee_only() {
    let copies = line().record.hop(Hop::MasterToSlave);
    for copy in &copies {
        assert_eq!(from(copy), "wallops@channel.avalon.irc/BigCheese");
        assert!(copy.is_groupchat());
        let same = Stanza { to: copies[0].to.clone(), ..copy.clone() };
        assert_eq!(same, copies[0]);
    }
}

/// `master.broadcast.preserve-payload`
#[test]
fn id_thread_language_and_unknown_elements_survive_to_every_reader() {
    let mut stage = Stage::full();
    stage.send(BIGCHEESE, &format!(
        "<message id='m-1' to='{ROOM}' type='groupchat' xml:lang='de'><subject>s</subject><body>x\
         </body><thread parent='p'>t</thread><active \
         xmlns='http://jabber.org/protocol/chatstates'/><odd xmlns='urn:example' a='1'/></message>"
    ));
    let sent = stage.record.hop(Hop::UserToSlave).remove(0);
    for copy in stage.record.hop(Hop::MasterToSlave) {
        assert_eq!((&copy.id, &copy.lang), (&sent.id, &sent.lang));
        assert_eq!(copy.payloads[..sent.payloads.len()], sent.payloads[..]);
    }
    let shown = stage.record.hop(Hop::SlaveToUser);
    assert_eq!(shown.len(), 7);
    for copy in shown {
        assert_eq!((&copy.id, &copy.lang, &copy.payloads), (&sent.id, &sent.lang, &sent.payloads));
    }
    assert_eq!(stage.clients[WUMPUS].subject.as_deref(), Some("EFnet or A-net?"));
}

/// `slave.broadcast.save-then-send`
#[test]
fn who_enters_right_after_a_message_finds_it_in_his_history() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.held = true;
    stage.say(WUMPUS, "one");
    stage.join(BIGCHEESE);
    stage.say(WUMPUS, "two");
    stage.pump();
    let heard: Vec<_> = stage.clients[BIGCHEESE]
        .heard
        .iter()
        .map(|heard| (heard.body.as_str(), heard.delayed))
        .collect();
    assert_eq!(heard[PAST.len()..], [("one", true), ("two", false)]);
}

/// `slave.broadcast.strip-dmuc`, `slave.broadcast.no-delay-live`,
/// `slave.broadcast.each-local-user`, `usecase.msg.full-cycle`
#[test]
fn one_submission_three_copies_seven_deliveries_without_a_trace() {
    let stage = line();
    assert_eq!(stage.record.hop(Hop::UserToSlave).len(), 1);
    assert_eq!(stage.record.hop(Hop::SlaveToMaster).len(), 1);
    assert_eq!(stage.record.hop(Hop::MasterToSlave).len(), 3);
    let shown = stage.record.hop(Hop::SlaveToUser);
    let mut readers: Vec<_> = shown.iter().map(to).collect();
    let mut all = CAST.to_vec();
    readers.sort_unstable();
    all.sort_unstable();
    assert_eq!(readers, all);
    for stanza in shown {
        assert_eq!(stanza.payloads.len(), 1, "{}", text(&stanza));
        assert_eq!(stanza.body().as_deref(), Some(LINE));
    }
    assert_eq!(stage.record.crossings(), 4);
}

/// `slave.broadcast.no-delay-live`: a delay that is the sender's own stays.
#[test]
fn a_delay_that_the_author_gave_stays() {
    let mut stage = Stage::full();
    stage.send(
        BIGCHEESE,
        &format!(
            "<message id='1' to='{ROOM}' type='groupchat'><body>x</body><delay xmlns='{}' \
         stamp='1990-01-01T00:00:00Z'/></message>",
            ns::DELAY
        ),
    );
    for stanza in stage.record.hop(Hop::SlaveToUser) {
        assert_eq!(stanza.delay().unwrap().stamp, time("1990-01-01T00:00:00Z"));
    }
}

/// `slave.history.master-timestamp`, `slave.history.delay-top-level`, `slave.history.delay-from`,
/// `slave.history.order`, INV-HISTORY-TRUE
#[test]
fn history_is_stamped_by_the_master_at_the_top_level_and_in_order() {
    let mut stage = Stage::with_people(&[WUMPUS, WIZ]);
    for body in ["one", "two", "three"] {
        stage.seconds(7);
        stage.say(WIZ, body);
    }
    let stamps: Vec<_> = stage
        .record
        .to(Hop::MasterToSlave, VESA)
        .iter()
        .filter(|stanza| stanza.is_groupchat())
        .map(|stanza| stanza.dmuc().unwrap().delay.unwrap().stamp)
        .collect();
    stage.seconds(100);
    stage.record.clear();
    stage.join(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    let history: Vec<_> = got.iter().filter(|stanza| stanza.body().is_some()).collect();
    let mut before = None;
    for message in &history {
        let delays = message.payloads.iter().filter(|p| p.is("delay", ns::DELAY)).count();
        let delay = message.delay().unwrap();
        assert_eq!((delays, delay.from.unwrap().as_str()), (1, ROOM));
        assert!(before <= Some(delay.stamp));
        before = Some(delay.stamp);
    }
    let served: Vec<_> = history[PAST.len()..].iter().map(|m| m.delay().unwrap().stamp).collect();
    assert_eq!(served, stamps);
}

/// 3.7: what has no body, or asks not to be stored, is told to all and kept nowhere.
#[test]
fn chat_states_and_messages_that_must_not_be_stored_are_in_no_history() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    for payload in [
        "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
        "<body>secret</body><no-store xmlns='urn:xmpp:hints'/>",
        "<body>fleeting</body><no-permanent-store xmlns='urn:xmpp:hints'/>",
    ] {
        let message = format!("<message to='{ROOM}' type='groupchat'>{payload}</message>");
        stage.send(WUMPUS, &message);
    }
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 3);
    stage.record.clear();
    stage.join(BIGCHEESE);
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE)).len(), PAST.len());
}

/// INV-TOTAL-ORDER, INV-FIFO
#[test]
fn everybody_hears_messages_in_the_same_order() {
    let mut stage = Stage::full();
    stage.held = true;
    for round in 0..5 {
        for who in CAST {
            stage.say(who, &format!("{round}"));
        }
    }
    stage.pump();
    let order = |who: &str| -> Vec<_> {
        stage.record.to(Hop::SlaveToUser, who).into_iter().map(|stanza| stanza.id).collect()
    };
    assert_eq!(order(WUMPUS).len(), 35);
    assert!(CAST.iter().all(|who| order(who) == order(WUMPUS)));
}

//! One root, one copy for each slave, and everything else as ever (register, A and B).

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

const LINE: &str = "Phaedrus, we're all having a truly rotten time.";

/// `arch.single-root`
#[test]
fn slaves_talk_to_the_master_and_to_their_own_users_only() {
    let mut stage = Stage::full();
    stage.say(BIGCHEESE, LINE);
    stage.show(WUMPUS, "away");
    stage.kick(WIZ, "Efchen");
    stage.leave(VALDIS);
    assert!(stage.record.hop(Hop::Astray).is_empty());
    for stanza in stage.record.hop(Hop::SlaveToMaster) {
        assert_eq!(stanza.to.unwrap().domain().as_str(), DOMAIN);
    }
}

/// `slave.submit.no-local-echo`
#[test]
fn a_message_is_not_shown_before_it_comes_back() {
    let mut stage = Stage::full();
    stage.held = true;
    stage.say(BIGCHEESE, LINE);
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
    stage.pump();
    let down = stage.record.position(|r| r.is(Hop::MasterToSlave) && to(&r.stanza) == VESA);
    let shown = stage.record.position(|r| r.is(Hop::SlaveToUser) && to(&r.stanza) == EFCHEN);
    assert!(down.unwrap() < shown.unwrap());
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 1);
}

/// `master.fanout.one-copy-per-slave`, `master.fanout.includes-origin-slave`
#[test]
fn each_slave_gets_one_copy_and_so_does_that_of_the_author() {
    let mut stage = Stage::full();
    stage.say(BIGCHEESE, LINE);
    for slave in SLAVES {
        assert_eq!(stage.record.to(Hop::MasterToSlave, slave).len(), 1, "{slave}");
    }
    assert!(stage.record.hop(Hop::MasterToUser).is_empty());
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).len(), 1);
}

/// `slave.fanout.all-local-leaves`, `slave.fanout.only-local-leaves`
#[test]
fn a_slave_hands_a_copy_to_each_local_occupant_and_to_nobody_else() {
    let mut stage = Stage::with_people(&[WUMPUS, VALDIS, BIGCHEESE]);
    // Online, once in the room, not in it.
    stage.join(PHAEDRUS);
    stage.leave(PHAEDRUS);
    stage.record.clear();
    stage.say(WUMPUS, LINE);
    let mut receivers: Vec<_> =
        stage.record.hop(Hop::SlaveToUser).iter().map(|s| to(s).to_owned()).collect();
    receivers.sort();
    assert_eq!(receivers, [WUMPUS, BIGCHEESE, VALDIS]);
}

/// `slave.redistribute.keep-from`, `slave.redistribute.rewrite-to`
#[test]
fn a_copy_keeps_its_sender_and_is_addressed_to_a_full_jid() {
    let mut stage = Stage::full();
    stage.say(BIGCHEESE, LINE);
    stage.show(TROY, "dnd");
    for stanza in stage.record.hop(Hop::SlaveToUser) {
        assert!(
            ["wallops@channel.avalon.irc/BigCheese", "wallops@channel.avalon.irc/Troy"]
                .contains(&from(&stanza))
        );
        assert!(CAST.contains(&to(&stanza)), "{}", text(&stanza));
    }
}

/// `slave.same-security-domain`
#[test]
fn enter_and_leave_go_to_the_slave_of_the_users_own_domain() {
    let mut stage = Stage::empty();
    for who in CAST {
        stage.join(who);
        stage.leave(who);
    }
    for stanza in stage.record.hop(Hop::MasterToSlave) {
        if let Some(user) = enter_jid(&stanza).or(leave_jid(&stanza)) {
            assert_eq!(domain_of(&user), domain_of(to(&stanza)));
        }
    }
    // A slave whose master would have it serve somebody else's user does not.
    stage.forge_at(VESA, &format!(
        "<presence from='{ROOM}/WiZ' to='{VESA}'><x xmlns='urn:xmpp:tmp:dmuc:0'><enter jid='{WIZ}'/>\
         </x><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='admin' \
         role='moderator'/></x></presence>"
    ));
    assert_eq!(stage.slave(VESA).room(&bare(ROOM)).unwrap().locals().count(), 0);
}

/// `scope.broadcast-only`
#[test]
fn only_presence_and_groupchat_messages_are_multiplied() {
    let mut stage = Stage::full();
    stage.say(BIGCHEESE, LINE);
    stage.show(WUMPUS, "away");
    stage.whisper(BIGCHEESE, "Wumpus", "psst");
    stage.ping(BIGCHEESE, "WiZ");
    stage.set_role(WIZ, "Efchen", "visitor");
    for stanza in stage.record.hop(Hop::MasterToSlave) {
        assert!(stanza.is_groupchat() || stanza.kind == wallops::stanza::Kind::Presence);
    }
}

/// `scope.one-to-one-unaffected`
#[test]
fn a_private_message_goes_to_its_addressee_once_and_in_the_senders_nick() {
    let mut stage = Stage::full();
    stage.whisper(BIGCHEESE, "Wumpus", "psst");
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let direct = stage.record.hop(Hop::MasterToUser);
    assert_eq!(direct.len(), 1);
    assert_eq!((from_nick(&direct[0]), to(&direct[0])), ("BigCheese", WUMPUS));
    assert_eq!(bodies(&stage.record.hop(Hop::SlaveToUser)), ["psst"]);
}

/// `scope.one-to-one-may-share-path`
#[test]
fn what_passes_the_slave_on_its_way_to_one_person_passes_unchanged() {
    let mut stage = Stage::full();
    stage.send(BIGCHEESE, &format!(
        "<message id='w' to='{ROOM}/Wumpus' type='chat' xml:lang='en'><body>psst</body><thread>t</thread>\
         <odd xmlns='urn:example' a='1'><b/></odd></message>"
    ));
    stage.send(
        BIGCHEESE,
        &format!("<iq id='v' to='{ROOM}/WiZ' type='get'><query xmlns='jabber:iq:version'/></iq>"),
    );
    let submitted = stage.record.hop(Hop::UserToSlave);
    assert_eq!(stage.record.hop(Hop::SlaveToMaster), submitted);
    assert_eq!(stage.record.hop(Hop::SlaveToUser), stage.record.hop(Hop::MasterToUser));
}

/// `req.transparency`: the stage looks at each stanza that a user gets; here all kinds pass.
#[test]
fn no_user_can_tell_that_there_is_a_slave() {
    let mut stage = Stage::empty().entered(&CAST);
    stage.say(BIGCHEESE, LINE);
    stage.set_subject(WUMPUS, "Truly rotten");
    stage.rename(EFCHEN, "Effie");
    stage.join_as(STRANGER, "WiZ");
    stage.kick(EFCHEN, "Wumpus");
    stage.kick(WUMPUS, "Valdis");
    stage.ban(WUMPUS, EFCHEN);
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(BIGCHEESE, "Hello?");
    stage.show(BIGCHEESE, "away");
    stage.leave(BIGCHEESE);
    let users: Vec<_> = stage.record.hop(Hop::SlaveToUser);
    assert!(users.len() > 40, "{}", users.len());
    assert!(users.iter().any(|stanza| stanza.is_error()));
}

/// `req.detect-loss`
#[test]
fn both_ends_notice_a_silent_loss_within_their_bounds() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.seconds(100);
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().is_split(&jid(VESA)), Some(true));
    stage.seconds(30);
    assert!(stage.slave(VESA).room(&bare(ROOM)).unwrap().is_split());
}

/// `req.remain-in-instance`
#[test]
fn nobody_is_removed_because_of_a_split() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Silent, Way::Silent);
    stage.seconds(3000);
    let gone = |stanza: &wallops::stanza::Stanza| stanza.is_unavailable();
    assert!(!stage.record.hop(Hop::SlaveToUser).iter().any(gone));
    assert_eq!(stage.service.room(&bare(ROOM)).unwrap().roster().len(), 7);
}

/// `req.leave-while-split`
#[test]
fn an_occupant_can_leave_while_the_master_is_lost() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(EFCHEN, "Hello?");
    stage.record.clear();
    stage.leave(BIGCHEESE);
    let own = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(own.len(), 1);
    assert!(own[0].is_unavailable() && has_code(&own[0], "110"));
    let others = stage.record.to(Hop::SlaveToUser, EFCHEN);
    assert_eq!(others.len(), 1);
    assert!(others[0].is_unavailable() && !has_code(&others[0], "110"));
    stage.say(EFCHEN, "Gone.");
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).len(), 1);
}

/// `req.resync-on-reconnect`, `netjoin.defined` (as far as profile core goes)
#[test]
fn rosters_and_history_are_the_same_again_when_the_master_is_back() {
    let mut stage = Stage::full();
    stage.cut(VESA, Way::Bounce, Way::Bounce);
    stage.say(WUMPUS, "one");
    stage.say(WUMPUS, "two");
    stage.show(TROY, "away");
    stage.leave(VALDIS);
    stage.rename(PHAEDRUS, "Phae");
    stage.leave(EFCHEN);
    stage.show(BIGCHEESE, "xa");
    stage.calm_down();
    stage.assert_converged();
}

/// `req.improve-broadcast`, COST-BROADCAST, COST-CAST: 4 crossings in place of 8.
#[test]
fn a_message_or_presence_crosses_between_servers_four_times() {
    let mut stage = Stage::full();
    stage.say(BIGCHEESE, LINE);
    assert_eq!(stage.record.crossings(), 4);
    stage.record.clear();
    stage.show(WUMPUS, "away");
    assert_eq!(stage.record.crossings(), 4);
}

/// COST-JOIN, COST-LEAVE
#[test]
fn a_join_or_leave_crosses_between_servers_five_times() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.join(BIGCHEESE);
    assert_eq!(stage.record.crossings(), 5);
    stage.record.clear();
    stage.leave(BIGCHEESE);
    assert_eq!(stage.record.crossings(), 5);
}

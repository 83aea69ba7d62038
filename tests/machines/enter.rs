//! ENTER (register, H).

use wallops::dmuc::Change;
use wallops::stanza::{Stanza, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Stage, Way};

/// Six are in, BigCheese comes; what was sent then.
fn arrival() -> Stage {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.join(BIGCHEESE);
    stage
}

/// What BigCheese gets when he enters.
fn burst() -> Vec<Stanza> {
    arrival().record.to(Hop::SlaveToUser, BIGCHEESE)
}

fn own_position(burst: &[Stanza]) -> usize {
    burst.iter().position(|stanza| has_code(stanza, "110")).unwrap()
}

/// `master.enter.presence-to-all-first`
#[test]
fn the_arrival_goes_to_all_slaves_before_enter() {
    let down = arrival().record.hop(Hop::MasterToSlave);
    let enter = down.iter().position(is_enter).unwrap();
    let arrivals: Vec<_> = down[..enter].iter().map(to).collect();
    assert_eq!(arrivals, SLAVES);
    assert!(down[..enter].iter().all(|stanza| from_nick(stanza) == "BigCheese"));
}

/// `master.enter.to-affected-slave-only`, `master.enter.format`
#[test]
fn enter_goes_to_the_newcomers_slave_with_his_full_jid() {
    let down = arrival().record.hop(Hop::MasterToSlave);
    let enters: Vec<_> = down.iter().filter(|stanza| is_enter(stanza)).collect();
    assert_eq!(enters.len(), 1);
    assert_eq!((to(enters[0]), from_nick(enters[0])), (VESA, "BigCheese"));
    assert_eq!(enter_jid(enters[0]).as_deref(), Some(BIGCHEESE));
    assert!(enters[0].is_available());
    assert!(has_code(enters[0], "110") && item(enters[0], "role") == Some("participant"));
}

/// `master.enter.adjacent`
#[test]
fn nothing_comes_between_the_arrival_and_enter() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.held = true;
    stage.say(WUMPUS, "before");
    stage.join(BIGCHEESE);
    stage.say(WUMPUS, "after");
    stage.pump();
    let down = stage.record.to(Hop::MasterToSlave, VESA);
    let enter = down.iter().position(is_enter).unwrap();
    assert!(down[enter - 1].is_available() && from_nick(&down[enter - 1]) == "BigCheese");
    assert_eq!(bodies(&down), ["before", "after"]);
}

/// `master.enter.history-limit`
#[test]
fn enter_carries_the_limits_that_the_newcomer_asked_for() {
    let mut stage = Stage::with_people(&[WUMPUS]);
    stage.join(EFCHEN);
    stage.join_with(BIGCHEESE, "BigCheese", "<history maxstanzas='2' seconds='9' maxchars='999'/>");
    let enters: Vec<_> =
        stage.record.hop(Hop::MasterToSlave).into_iter().filter(is_enter).collect();
    assert!(enters[0].dmuc().unwrap().history.is_none(), "he asked for none");
    let asked = enters[1].dmuc().unwrap().history.unwrap();
    assert_eq!((asked.maxstanzas, asked.seconds, asked.maxchars), (Some(2), Some(9), Some(999)));
    assert_eq!(asked.since, None);
}

/// `slave.enter.obey-history-limit`
#[test]
fn the_newest_messages_within_the_limit_are_served_in_their_order() {
    let mut stage = Stage::with_people(&[WUMPUS]);
    stage.join_with(BIGCHEESE, "BigCheese", "<history maxstanzas='2'/>");
    let served = bodies(&stage.record.to(Hop::SlaveToUser, BIGCHEESE));
    assert_eq!(served, ["Ask him yourself.", "I did what?"]);
}

/// `slave.enter.verify-directed-presence`, `slave.enter.unverified-no-effect`
#[test]
fn nobody_is_entered_who_has_not_asked() {
    let mut stage = Stage::with_people(&[WUMPUS, EFCHEN]);
    stage.clients.insert(BIGCHEESE.to_owned(), crate::client::Client::new(BIGCHEESE));
    stage.forge_at(VESA, &format!(
        "<presence from='{ROOM}/BigCheese' to='{VESA}'><x xmlns='{}'><enter jid='{BIGCHEESE}'/></x>\
         <x xmlns='{}'><item affiliation='none' role='participant'/><status code='110'/></x>\
         </presence>",
        ns::DMUC,
        ns::MUC_USER
    ));
    stage.say(WUMPUS, "one");
    assert!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).is_empty());
    assert!(stage.record.iter().any(|record| record.is_note(Change::EnterRefused)));
    let up = stage.record.hop(Hop::SlaveToMaster);
    assert!(!up.iter().any(Stanza::is_error), "an error would look like a split");
    // The ghost of a local user is cleared as if he had gone offline (3.7.1).
    let goodbye = stage.record.from(Hop::SlaveToMaster, BIGCHEESE);
    assert_eq!(goodbye.len(), 1);
    assert!(goodbye[0].is_unavailable() && to(&goodbye[0]) == format!("{ROOM}/BigCheese"));
    assert_eq!(bodies(&stage.record.to(Hop::SlaveToUser, EFCHEN)), ["one"]);
}

/// `slave.enter.unverified-no-effect`: a foreigner's ghost is not the slave's affair.
#[test]
fn a_refused_foreigner_is_not_said_goodbye_for() {
    let mut stage = Stage::empty();
    stage.forge_at(VESA, &format!(
        "<presence from='{ROOM}/WiZ' to='{VESA}'><x xmlns='{}'><enter jid='{WIZ}'/></x></presence>",
        ns::DMUC
    ));
    let up = stage.record.hop(Hop::SlaveToMaster);
    assert!(up.iter().all(|stanza| stanza.kind == wallops::stanza::Kind::Iq), "pongs only");
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
}

/// `slave.enter.add-to-distribution`
#[test]
fn who_has_entered_gets_everything_until_he_leaves() {
    let mut stage = arrival();
    stage.record.clear();
    stage.say(WUMPUS, "one");
    stage.show(TROY, "away");
    stage.leave(VALDIS);
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).len(), 3);
}

/// `slave.enter.send-roster`, `slave.enter.own-presence-last`, `slave.enter.history-after-roster`,
/// `usecase.join.sequence`, INV-JOIN-ORDER
#[test]
fn a_newcomer_gets_roster_himself_history_and_subject_in_this_order() {
    let burst = burst();
    let what: Vec<_> = burst
        .iter()
        .map(|stanza| match stanza {
            stanza if stanza.is_available() => from_nick(stanza).to_owned(),
            stanza if stanza.body().is_some() => "message".to_owned(),
            _ => "subject".to_owned(),
        })
        .collect();
    assert_eq!(
        what,
        [
            "Wumpus",
            "Valdis",
            "Phaedrus",
            "WiZ",
            "Troy",
            "Efchen",
            "BigCheese",
            "message",
            "message",
            "message",
            "message",
            "subject",
        ]
    );
}

/// `slave.enter.to-full-jid`, `slave.enter.only-new-user`
#[test]
fn the_burst_goes_to_the_newcomers_session_and_to_nobody_else() {
    let stage = arrival();
    let enter = stage.record.position(|r| is_enter(&r.stanza)).unwrap();
    let rest = stage.record[enter..].to_vec();
    for stanza in rest.hop(Hop::SlaveToUser) {
        let arrival = from_nick(&stanza) == "BigCheese";
        assert!(to(&stanza) == BIGCHEESE || arrival, "{}", text(&stanza));
    }
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 1);
}

/// `slave.enter.status-110`, INV-ONE-110
#[test]
fn his_own_presence_has_110_and_no_other_has() {
    let burst = burst();
    let own = own_position(&burst);
    assert_eq!(codes(&burst[own]), ["110"]);
    assert_eq!(burst.iter().filter(|stanza| has_code(stanza, "110")).count(), 1);
    let stage = arrival();
    for who in &CAST[..6] {
        let seen = stage.record.to(Hop::SlaveToUser, who);
        assert!(seen.iter().all(|stanza| codes(stanza).is_empty()), "{who}");
    }
}

/// `slave.enter.status-110`: the other codes that are for the newcomer only.
#[test]
fn whoever_creates_the_room_is_told_and_only_he() {
    let mut config = service(room(), &SLAVES);
    config.rooms.clear();
    config.slaves[2].rooms = wallops::dmuc::Rooms::Service(DOMAIN.to_owned());
    let mut stage = Stage::with(config);
    stage.join(BIGCHEESE);
    let own = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(codes(&own[0]), ["201", "110"]);
    assert_eq!(item(&own[0], "affiliation"), Some("owner"));
    stage.accept_room(BIGCHEESE);
    stage.record.clear();
    stage.join(EFCHEN);
    for stanza in stage.record.hop(Hop::SlaveToUser) {
        assert!(!has_code(&stanza, "201"), "{}", text(&stanza));
    }
}

/// `slave.enter.subject`
#[test]
fn one_subject_follows_the_history_even_where_there_is_none() {
    let burst = burst();
    assert_eq!(burst.last().unwrap().subject().as_deref(), Some("EFnet or A-net?"));
    assert_eq!(from_nick(burst.last().unwrap()), "Wumpus");
    assert_eq!(burst.iter().filter(|stanza| stanza.subject().is_some()).count(), 1);

    let mut bare_room = room();
    bare_room.subject = None;
    bare_room.history.clear();
    let mut stage = Stage::of(bare_room, &[WUMPUS]);
    stage.join(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    let last = got.last().unwrap();
    assert_eq!((last.subject().as_deref(), from(last)), (Some(""), ROOM));
}

/// `master.enter.refusal-is-direct`
#[test]
fn a_refusal_goes_to_the_user_himself_and_nobody_hears_of_it() {
    let mut stage = Stage::with_people(&CAST[..6]);
    let id = stage.join_as(BIGCHEESE, "Wumpus");
    assert!(stage.record.hop(Hop::MasterToSlave).is_empty());
    let errors = stage.record.hop(Hop::MasterToUser);
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].id.as_deref(), to(&errors[0])), (Some(id.as_str()), BIGCHEESE));
    assert_eq!(condition(&errors[0]).as_deref(), Some("conflict"));
    assert_eq!(stage.record.to(Hop::SlaveToUser, BIGCHEESE), errors);
}

/// `slave.enter.none-before-enter`
#[test]
fn a_newcomer_gets_nothing_before_enter_not_even_his_own_arrival() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.cut(VESA, Way::Up, Way::Silent);
    stage.join(BIGCHEESE);
    stage.heal(VESA);
    stage.record.clear();
    // His arrival, without ENTER.
    stage.forge_at(
        VESA,
        &format!(
            "<presence from='{ROOM}/BigCheese' to='{VESA}'><x xmlns='{}'><item affiliation='none' \
         role='participant'/></x></presence>",
            ns::MUC_USER
        ),
    );
    assert!(stage.record.to(Hop::SlaveToUser, BIGCHEESE).is_empty());
    assert_eq!(stage.record.to(Hop::SlaveToUser, EFCHEN).len(), 1);
    // Nobody has noticed that ENTER was lost; the slave misses an answer to the join.
    stage.seconds(100);
    assert!(stage.clients[BIGCHEESE].is_in());
    stage.assert_converged();
}

/// 3.7.1: a client that has lost track enters again.
#[test]
fn a_client_that_asks_again_gets_the_whole_burst_and_nobody_else_hears() {
    let mut stage = Stage::full();
    stage.join(BIGCHEESE);
    let got = stage.record.to(Hop::SlaveToUser, BIGCHEESE);
    assert_eq!(got.len(), 6 + 1 + PAST.len() + 1);
    assert!(stage.record.to(Hop::SlaveToUser, EFCHEN).is_empty());
    assert_eq!(stage.record.hop(Hop::MasterToSlave).len(), 1);
}

/// 3.7.1: ENTER that is told twice is a confirmation and shows nothing.
#[test]
fn a_repeated_enter_shows_nothing() {
    let mut stage = arrival();
    let enter = stage.record.hop(Hop::MasterToSlave).into_iter().find(is_enter).unwrap();
    stage.record.clear();
    stage.forge_at(VESA, &text(&enter));
    assert!(stage.record.hop(Hop::SlaveToUser).is_empty());
}

/// 3.7.1: a second visit begun before the first has ended.
#[test]
fn joining_leaving_and_joining_again_at_once_ends_in_the_room() {
    let mut stage = Stage::with_people(&CAST[..6]);
    stage.held = true;
    stage.join(BIGCHEESE);
    stage.client(BIGCHEESE);
    let to = occupant(BIGCHEESE);
    stage.send(BIGCHEESE, &format!("<presence to='{to}' type='unavailable'/>"));
    stage.join(BIGCHEESE);
    stage.held = false;
    stage.pump();
    assert!(stage.clients[BIGCHEESE].is_in() && !stage.clients[BIGCHEESE].waits());
    stage.assert_converged();
}

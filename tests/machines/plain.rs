//! Without faults nobody can tell a distributed room from a plain one: the same people do the same
//! things, and each of them gets the same stanzas (the oracle of 4.4).

use proptest::prelude::*;
use wallops::stanza::{Kind, Stanza};

use crate::cast::*;
use crate::record::*;
use crate::schedule::{Act, Schedule, without_faults};
use crate::stage::Stage;

/// What a user got, without what a service generates: ids of what had none.
fn received(stage: &Stage, who: &str) -> Vec<String> {
    let client = stage.clients.get(who);
    let inbox = client.map(|client| client.inbox.clone()).unwrap_or_default();
    inbox.into_iter().map(|stanza| text(&normal(stanza))).collect()
}

/// Who passes an IQ on may give it another id.
fn normal(stanza: Stanza) -> Stanza {
    if stanza.kind == Kind::Iq && stanza.is_request() {
        return Stanza { id: None, ..stanza };
    }
    stanza
}

/// The first that differs.
fn assert_same(who: &str, distributed: &[String], plain: &[String]) {
    for (distributed, plain) in distributed.iter().zip(plain) {
        assert_eq!(distributed, plain, "{who}");
    }
    assert_eq!(distributed.len(), plain.len(), "{who}");
}

fn compare(schedule: &Schedule) {
    let mut distributed = schedule.stage(true);
    let mut plain = schedule.stage(false);
    schedule.play(&mut distributed);
    schedule.play(&mut plain);
    for who in CAST.iter().chain([&STRANGER]) {
        assert_same(who, &received(&distributed, who), &received(&plain, who));
    }
}

/// The whole play: `req.transparency`.
#[test]
fn a_day_in_the_room_looks_the_same_with_slaves_and_without() {
    let play = |mut stage: Stage| {
        for who in CAST {
            stage.join(who);
        }
        stage.join_with(STRANGER, "Kehs", "<history maxstanzas='2'/>");
        stage.say(BIGCHEESE, "Phaedrus, we're all having a truly rotten time.");
        stage.set_subject(WUMPUS, "Truly rotten");
        stage.set_subject(EFCHEN, "mine");
        stage.show(TROY, "away");
        stage.rename(BIGCHEESE, "SmallCheese");
        stage.rename(BIGCHEESE, "WiZ");
        stage.whisper(STRANGER, "SmallCheese", "psst");
        stage.whisper(EFCHEN, "Nobody", "psst");
        stage.ping(EFCHEN, "Efchen");
        stage.ping(EFCHEN, "WiZ");
        stage.set_role(WUMPUS, "Efchen", "moderator");
        stage.set_role(WIZ, "Troy", "participant");
        stage.set_affiliation(WUMPUS, EFCHEN, "admin");
        stage.kick(EFCHEN, "Valdis");
        stage.kick(VALDIS, "Wumpus");
        stage.join(VALDIS);
        stage.join(PHAEDRUS);
        stage.ban(WUMPUS, EFCHEN);
        stage.join(EFCHEN);
        stage.disconnect(PHAEDRUS);
        stage.leave(WIZ);
        stage.leave(WIZ);
        stage.say(WIZ, "too late");
        CAST.iter().chain([&STRANGER]).map(|who| received(&stage, who)).collect::<Vec<_>>()
    };
    let distributed = play(Stage::empty());
    let plain = play(Stage::with(service(room(), &[])));
    for (who, (distributed, plain)) in CAST.iter().zip(distributed.iter().zip(&plain)) {
        assert_same(who, distributed, plain);
        assert!(distributed.len() > 10);
    }
}

proptest! {
    #![proptest_config(crate::random::config(300))]

    #[test]
    fn whatever_people_do_they_see_the_same_with_slaves_and_without(
        mut schedule in without_faults(),
    ) {
        // Somebody who has left already is not entered by a slave, but by a plain room, which does
        // not know that he has sent his goodbye.
        schedule.acts.retain(|act| !matches!(act, Act::Hold(_)));
        compare(&schedule);
    }
}

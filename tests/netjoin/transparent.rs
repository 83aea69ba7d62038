//! What a plain room does looks the same through slaves that register: several sessions, people
//! who are not shown, the end of a room.

use wallops::room::config::BroadcastRole;
use wallops::room::{Affiliation, RoomConfig};
use wallops::stanza::slave::Policy;

use crate::cast::*;
use crate::lone_master::registering;
use crate::record::*;
use crate::stage::Stage;

/// What each has got, without the instants, which are not those of a plain room.
fn inboxes(stage: &Stage) -> Vec<(String, Vec<String>)> {
    let timeless = |text: String| match text.find("stamp='") {
        Some(start) => format!("{}{}", &text[..start], &text[start + "stamp=''".len() + 20..]),
        None => text,
    };
    let people = stage.clients.iter();
    people
        .map(|(who, client)| {
            let inbox = client.inbox.iter().filter(|stanza| !is_delayed(stanza));
            (who.clone(), inbox.map(|stanza| timeless(text(stanza))).collect())
        })
        .collect()
}

fn compare(room: RoomConfig, play: impl Fn(&mut Stage)) {
    let mut registered = Stage::of(room.clone(), Policy::default(), &[]);
    let mut plain = Stage::with(registering(room), Vec::new());
    play(&mut registered);
    play(&mut plain);
    let (registered, plain) = (inboxes(&registered), inboxes(&plain));
    for ((who, one), (_, other)) in registered.iter().zip(&plain) {
        for (one, other) in one.iter().zip(other) {
            assert_eq!(one, other, "{who}");
        }
        assert_eq!(one.len(), other.len(), "{who}");
    }
}

#[test]
fn two_sessions_of_a_nick() {
    compare(room(), |stage| {
        for who in [WUMPUS, EFCHEN, BIGCHEESE, RAZOR, TRAM] {
            stage.join(who);
        }
        stage.show(RAZOR, "away");
        stage.show(BIGCHEESE, "dnd");
        stage.say(RAZOR, "one");
        stage.rename(TRAM, "Effi");
        stage.leave(BIGCHEESE);
        stage.join(BIGCHEESE);
        stage.kick(WUMPUS, "Effi");
        stage.disconnect(RAZOR);
        stage.ban(WUMPUS, BIGCHEESE);
    });
}

#[test]
fn people_who_are_not_shown() {
    let mut discreet = room();
    discreet.presence_broadcast = [BroadcastRole::Moderator].into();
    discreet.affiliations.insert(bare(BIGCHEESE), Affiliation::Member);
    compare(discreet, |stage| {
        for who in CAST {
            stage.join(who);
        }
        stage.show(BIGCHEESE, "away");
        stage.show(TROY, "away");
        stage.say(EFCHEN, "one");
        stage.rename(EFCHEN, "Effi");
        stage.rename(TROY, "Driver");
        stage.set_role(WUMPUS, "Driver", "participant");
        stage.say(TROY, "two");
        stage.rename(BIGCHEESE, "SmallCheese");
        stage.join(RAZOR);
        stage.leave(BIGCHEESE);
        stage.kick(WUMPUS, "Valdis");
        stage.disconnect(TROY);
    });
}

#[test]
fn another_configuration_and_the_end() {
    compare(room(), |stage| {
        for who in CAST {
            stage.join(who);
        }
        stage.configure(WUMPUS, &[("muc#roomconfig_enablelogging", "1")]);
        stage.configure(WUMPUS, &[("muc#roomconfig_roomsecret", "netsplit")]);
        stage.leave(EFCHEN);
        stage.join(EFCHEN);
        stage.join_with(EFCHEN, "Efchen", "<password>netsplit</password>");
        stage.configure(WUMPUS, &[("muc#roomconfig_membersonly", "1")]);
        stage.destroy(WUMPUS, "jid='operlog@channel.avalon.irc'", "<reason>over</reason>");
    });
}

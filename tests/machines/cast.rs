//! The people of XEP-0282's examples, their room, and what they say.

use std::collections::BTreeSet;

use wallops::dmuc::{Persistence, Rooms, ServiceConfig, StaticSlave, Timers};
use wallops::room::{Affiliation, PastMessage, RoomConfig, Subject};
use wallops::stanza::{BareJid, Jid, Limits, Stanza, read_stanza};
use wallops::time::Time;

pub const ROOM: &str = "wallops@channel.avalon.irc";
pub const DOMAIN: &str = "channel.avalon.irc";

pub const WUMPUS: &str = "argl@killrc.oulubox.irc/laptop";
pub const VALDIS: &str = "valdis@killrc.oulubox.irc/desktop";
pub const PHAEDRUS: &str = "phaedrus@killrc.oulubox.irc/phone";
pub const WIZ: &str = "squit@eris.dclxvii.irc/jupiter";
pub const TROY: &str = "troy@eris.dclxvii.irc/screwdriver";
pub const BIGCHEESE: &str = "rubenro@vesa.yeggmaex.irc/shaver";
pub const EFCHEN: &str = "msa@vesa.yeggmaex.irc/bicycle";
/// Of a domain that has no slave unless a test gives it one.
pub const STRANGER: &str = "kehs@tolsun.oulu.irc/lab";

/// Efchen and BigCheese again, from elsewhere.
pub const TRAM: &str = "msa@vesa.yeggmaex.irc/tram";
pub const RAZOR: &str = "rubenro@vesa.yeggmaex.irc/razor";

/// Everybody but the stranger.
pub const CAST: [&str; 7] = [WUMPUS, VALDIS, PHAEDRUS, WIZ, TROY, EFCHEN, BIGCHEESE];

pub const KILLRC: &str = "slave@killrc.oulubox.irc";
pub const ERIS: &str = "slave@eris.dclxvii.irc";
pub const VESA: &str = "slave@vesa.yeggmaex.irc";
pub const TOLSUN: &str = "slave@tolsun.oulu.irc";

/// The slaves of the examples.
pub const SLAVES: [&str; 3] = [KILLRC, ERIS, VESA];

/// The nick that somebody goes by.
pub fn nick(who: &str) -> &'static str {
    match who {
        WUMPUS => "Wumpus",
        VALDIS => "Valdis",
        PHAEDRUS => "Phaedrus",
        WIZ => "WiZ",
        TROY => "Troy",
        BIGCHEESE | RAZOR => "BigCheese",
        EFCHEN | TRAM => "Efchen",
        _ => "Kehs",
    }
}

/// room/nick of somebody.
pub fn occupant(who: &str) -> String {
    format!("{ROOM}/{}", nick(who))
}

pub fn domain_of(jid: &str) -> &str {
    let rest = jid.split_once('@').map_or(jid, |(_, rest)| rest);
    rest.split('/').next().unwrap()
}

pub fn bare(jid: &str) -> BareJid {
    jid.parse::<Jid>().unwrap().to_bare()
}

pub fn jid(jid: &str) -> Jid {
    jid.parse().unwrap()
}

pub fn xml(text: &str) -> Stanza {
    read_stanza(text, Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// The room of the examples: Wumpus owns it, WiZ is an admin, Troy a moderator without
/// affiliation; four people, long gone, have said something, and Wumpus has set a subject.
pub fn room() -> RoomConfig {
    let mut room = RoomConfig::new(bare(ROOM));
    room.affiliations.insert(bare(WUMPUS), Affiliation::Owner);
    room.affiliations.insert(bare(WIZ), Affiliation::Admin);
    room.moderators.insert(bare(TROY));
    room.subject = Some(Subject {
        text: "EFnet or A-net?".to_owned(),
        author: "Wumpus".to_owned(),
        stamp: time("1990-08-25T10:00:00Z"),
    });
    room.history = PAST
        .iter()
        .map(|(author, stamp, text)| PastMessage {
            author: (*author).to_owned(),
            stamp: time(stamp),
            text: (*text).to_owned(),
        })
        .collect();
    room.history_max = 1000;
    room
}

/// What was said before.
pub const PAST: [(&str, &str, &str); 4] = [
    ("Trillian", "1990-01-23T19:50:01Z", "Honest! He did!!"),
    ("BlondeBoy", "1990-01-23T19:50:20Z", "You are lying."),
    ("DCLXVI", "1990-01-23T19:51:00Z", "Ask him yourself."),
    ("Cerebus", "1990-01-23T19:51:30Z", "I did what?"),
];

/// A service with this room and these slaves, all created at the start.
pub fn service(room: RoomConfig, slaves: &[&str]) -> ServiceConfig {
    ServiceConfig {
        domain: DOMAIN.to_owned(),
        rooms: vec![room],
        creation: true,
        slaves: slaves.iter().map(|slave| static_slave(slave)).collect(),
        timers: Timers::default(),
        registration: false,
        identify: false,
        persistence: Persistence::Nothing,
    }
}

pub fn static_slave(slave: &str) -> StaticSlave {
    StaticSlave {
        jid: jid(slave),
        rooms: Rooms::Only(BTreeSet::from([bare(ROOM)])),
        history_max: 1000,
        at_start: true,
    }
}

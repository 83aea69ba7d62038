//! By what it shows that a server sends one stanza because of another.
//!
//! | what came | what is sent about it | by what that shows |
//! | --- | --- | --- |
//! | anything of a user | the same, forwarded | his address, the id or what it says |
//! | a message for the room | its copies | the id or what it says |
//! | presence for the room, an admin's request | presence of that nick | the nick |
//! | the same | ENTER, LEAVE | the user's JID |
//! | a request | its answer | who asked, and the id |
//! | what the room tells a slave, or a user | the same to users | who it is from, and what it says |
//! | ENTER | all that a newcomer is told | the user's JID |
//! | the first answer of a slave after a loss | what it has missed | that it goes to that slave |

use crate::conform::invariants::Setting;
use crate::conform::invariants::reading::{
    Reading, START, bare_of, digest_text, domain_of, nick_in,
};
use crate::stanza::{Kind, Type, ns};
use crate::transcript::{Hop, is_client};

/// The signs of one hop, each a digest.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// What those have that may be sent about it.
    pub asks: Vec<u64>,
    /// What those have about which it may be sent, the surest first.
    pub answers: Vec<u64>,
    /// To whom it goes, as what.
    pub addressee: u64,
    /// The user to whom it goes: the sign of his ENTER.
    pub reader: Option<u64>,
    /// The user whose ENTER it is.
    pub enters: Option<u64>,
    /// The user whose LEAVE it is.
    pub leaves: Option<u64>,
    /// Whether it tells its reader that he is out.
    pub ends: bool,
    /// Whether it tells its reader who is there.
    pub shows: bool,
    /// Whether it tells its reader that he is in.
    pub seats: bool,
    /// What a room tells another server: the sign of who is there again after a loss.
    pub resumes: Option<u64>,
    /// Whether it asks whether another server is there, or answers that.
    pub pings: bool,
    pub pongs: bool,
    /// Whether it is all that is done about what it answers.
    pub refuses: bool,
    /// Whether a server sends it for one of its users, who acts when he likes.
    pub own: bool,
}

/// The signs of this hop.
pub(super) fn signs(hop: &Hop, setting: &Setting) -> Signs {
    let room = setting.room_of(&hop.stanza).or(setting.rooms.first());
    let room = room.map_or("", |room| room.config.jid.as_str());
    let reading = Reading::new(&hop.stanza, room);
    let dmuc = reading.dmuc.unwrap_or_default();
    let reader = is_client(&hop.to).then(|| sign("reader", &[&hop.to]));
    let own = is_relayed(hop, setting);
    let marks = [dmuc.enter, dmuc.leave].map(Option::unwrap_or_default);
    let type_ = type_of(&reading);
    let mut signs = Signs {
        addressee: sign("to", &[&hop.to, reading.to, reading.from, &type_, marks[0], marks[1]]),
        reader,
        enters: dmuc.enter.map(|jid| sign("reader", &[jid])),
        leaves: dmuc.leave.map(|jid| sign("reader", &[jid])),
        own,
        ends: reading.stanza.is_unavailable() && reading.has(110),
        refuses: reading.stanza.is_error(),
        shows: reader.is_some() && reading.is_presence() && reading.stanza.is_available(),
        seats: reading.stanza.is_available() && reading.has(110),
        pings: reading.stanza.is_request() && reading.stanza.has_payload("ping", ns::PING),
        pongs: reading.stanza.kind == Kind::Iq && reading.stanza.type_ == Type::Result,
        ..Signs::default()
    };
    if is_client(&hop.from) {
        if nick_in(reading.to, room).is_some() {
            signs.asks = same(reading.to, &hop.from, &reading);
            signs.asks.extend(same("up", &hop.from, &reading));
        }
        return signs;
    }
    if own {
        signs.answers = same(reading.to, reading.from, &reading);
        signs.answers.extend(same("up", reading.from, &reading));
    } else if reader.is_some() {
        signs.answers = same("down", reading.from, &reading);
        signs.answers.extend(reader);
    } else {
        signs.answers = told(&reading);
        let tells = reading.from_room && reading.stanza.kind != Kind::Iq && !signs.refuses;
        signs.resumes = tells.then(|| there_again(&hop.to));
        signs.answers.extend(signs.resumes);
    }
    if reading.from_room {
        signs.asks = same("down", reading.from, &reading);
        signs.asks.extend(signs.enters);
    } else {
        signs.asks = asked(&reading);
    }
    signs.asks.push(sign("answer", &[reading.from, reading.id(), reading.to]));
    signs
}

/// The sign of an answer of this host after a loss.
pub(super) fn there_again(host: &str) -> u64 {
    sign("there again", &[host])
}

/// The same stanza, handed on: by its id, or else by what it says.
fn same(way: &str, from: &str, reading: &Reading<'_>) -> Vec<u64> {
    let (type_, content) = (type_of(reading), reading.content.to_string());
    let by_content = sign(way, &[from, &type_, "", &content]);
    let by_id = sign(way, &[from, &type_, reading.id()]);
    match (reading.id(), reading.stanza.kind) {
        ("", _) => vec![by_content],
        (_, Kind::Iq) => vec![by_id],
        _ => vec![sign(way, &[from, &type_, reading.id(), &content]), by_id, by_content],
    }
}

/// What a room is asked for, by what shows in what it tells.
fn asked(reading: &Reading<'_>) -> Vec<u64> {
    let content = reading.content.to_string();
    match reading.stanza.kind {
        Kind::Message => vec![sign("said", &[reading.id(), &content]), sign("said", &[&content])],
        Kind::Presence => {
            let nick = reading.to_nick.unwrap_or_default();
            let (seen, way) = match reading.stanza.is_available() {
                true => ("seen", "enter"),
                false => ("gone", "leave"),
            };
            let who = [sign(way, &[reading.from, nick]), sign(way, &[reading.from])];
            let who = who.into_iter();
            who.chain([sign(seen, &[nick, &content]), sign(seen, &[nick])]).collect()
        }
        Kind::Iq => {
            let query = reading.stanza.payload("query", ns::MUC_ADMIN);
            let items = query.into_iter().flat_map(|query| query.children());
            let nicks = items.filter_map(|item| item.attr("nick"));
            nicks.flat_map(|nick| ["seen", "gone"].map(|way| sign(way, &[nick]))).collect()
        }
    }
}

/// What a room tells, or a slave for itself, by what shows in what was asked for.
fn told(reading: &Reading<'_>) -> Vec<u64> {
    let content = reading.content.to_string();
    let dmuc = reading.dmuc.unwrap_or_default();
    let answer = sign("answer", &[reading.to, reading.id(), reading.from]);
    if reading.stanza.is_error() {
        return vec![answer];
    }
    match reading.stanza.kind {
        Kind::Message => vec![sign("said", &[reading.id(), &content]), sign("said", &[&content])],
        Kind::Iq => vec![answer],
        Kind::Presence => {
            let named = reading.nick.unwrap_or_default();
            let who = [("enter", dmuc.enter), ("leave", dmuc.leave)].into_iter();
            let who = who.filter_map(|(way, jid)| Some((way, jid?)));
            let who = who.flat_map(|(way, jid)| [sign(way, &[jid, named]), sign(way, &[jid])]);
            let renamed = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303));
            let nick = renamed.or(reading.nick).unwrap_or_default();
            let seen = reading.stanza.is_available() || renamed.is_some();
            let way = if seen { "seen" } else { "gone" };
            let nick = [sign(way, &[nick, &content]), sign(way, &[nick])];
            who.chain(nick).collect()
        }
    }
}

/// Whether a server sends it for one of its users: it is from a session, not from an occupant.
fn is_relayed(hop: &Hop, setting: &Setting) -> bool {
    let from = hop.stanza.from.as_ref().map_or("", |from| from.as_str());
    let is_room = |bare: &str| setting.rooms.iter().any(|room| room.config.jid.as_str() == bare);
    let server = !is_client(&hop.from) && from.contains('/');
    server && *domain_of(from) == *hop.from && !is_room(bare_of(from))
}

fn type_of(reading: &Reading<'_>) -> String {
    format!("{:?} {:?}", reading.stanza.kind, reading.stanza.type_)
}

fn sign(what: &str, parts: &[&str]) -> u64 {
    parts.iter().fold(digest_text(START, what), |digest, part| digest_text(digest, part))
}

//! INV-JUSTIFIED: what a slave tells its users it has from the master, or is what a slave may say
//! without it.

use std::collections::{BTreeMap, VecDeque};

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::reading::Reading;
use super::room::{Class, Fact, Passage, Print, Room, Side, Slave, UserId, push_bounded};
use super::steps::{Happening, Step};
use crate::stanza::{Kind, Type};
use crate::time::Time;

/// What has come for users, and what they have asked.
#[derive(Debug, Default)]
pub(super) struct Justified {
    /// What the master sent to a user's own address, until it is handed to him.
    letters: BTreeMap<UserId, VecDeque<Letter>>,
    /// What it sent to somebody's bare JID: his server hands it to any of his sessions.
    to_bare: BTreeMap<String, VecDeque<Letter>>,
    /// The last stanzas that users sent to the room: kind and id.
    asked: BTreeMap<UserId, VecDeque<(Kind, String)>>,
}

#[derive(Debug)]
struct Letter {
    /// When it came.
    at: Time,
    kind: Kind,
    type_: Type,
    id: String,
    from: String,
    content: u64,
}

impl Letter {
    fn of(reading: &Reading<'_>, at: Time) -> Self {
        Self {
            at,
            kind: reading.stanza.kind,
            type_: reading.stanza.type_.clone(),
            id: reading.id().to_owned(),
            from: reading.from.to_owned(),
            content: reading.content,
        }
    }

    /// Whether this is what the other says.
    fn says(&self, other: &Letter) -> bool {
        (self.kind, &self.type_, self.content) == (other.kind, &other.type_, other.content)
            && (&self.id, &self.from) == (&other.id, &other.from)
    }
}

impl Invariant for Justified {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => {
                let letters = match passage.class {
                    Class::ToUser(Some(user)) => self.letters.entry(user).or_default(),
                    Class::ToUser(None) if self.to_bare.len() < PEOPLE_MAX => {
                        self.to_bare.entry(passage.reading.to.to_owned()).or_default()
                    }
                    _ => return,
                };
                letters.push_back(Letter::of(&passage.reading, step.at));
                // What comes at one instant is handed over at it, however much that is.
                let old = letters.front().is_some_and(|first| first.at < step.at);
                if old && letters.len() > LETTERS_MAX {
                    letters.pop_front();
                }
            }
            Happening::Left(passage) => match passage.class {
                Class::Up(user) => {
                    let asked = (passage.reading.stanza.kind, passage.reading.id().to_owned());
                    push_bounded(self.asked.entry(user).or_default(), asked, LETTERS_MAX);
                }
                Class::Down(user) if *passage.hop.from != *room.domain => {
                    let online = room.users[user].online;
                    if let Some(came) = passage.reading.misnamed.filter(|_| online) {
                        under_another_nick((step.entry, *passage), came, findings);
                    } else if online && !self.is_justified(user, passage, room) {
                        let expected = "what the master has sent, or a slave may say without it";
                        let wrong = Wrong::of(unjustified(user, passage, room));
                        findings.wrong("INV-JUSTIFIED", (step.entry, passage), expected, wrong);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, _: &mut Findings) {
        if let Happening::Stream { from, .. } = step.what
            && let Some(user) = room.known_user(from)
        {
            // What came for him just now may be handed to who is connected from now on.
            let letters = self.letters.entry(user).or_default();
            letters.retain(|letter| letter.at == step.at);
        }
    }
}

impl Justified {
    fn is_justified(&mut self, user: UserId, passage: &Passage<'_>, room: &Room) -> bool {
        let reading = &passage.reading;
        let letter = Letter::of(reading, room.now);
        let letters = self.letters.entry(user).or_default();
        if let Some(position) = letters.iter().position(|one| one.says(&letter)) {
            letters.remove(position);
            return true;
        }
        if reading.stanza.kind == Kind::Message && !reading.stanza.is_groupchat() {
            // His server hands to one session what it cannot hand to another (RFC 6121 §8.5.3.2).
            let mut others = self.letters.iter();
            let mine = |other: &UserId| room.users[*other].bare == room.users[user].bare;
            let says = |letters: &VecDeque<Letter>| letters.iter().any(|one| one.says(&letter));
            if self.to_bare.get(&room.users[user].bare).is_some_and(says)
                || others.any(|(other, letters)| mine(other) && says(letters))
            {
                return true;
            }
        }
        let asked = self.asked.get(&user);
        // What had no id may have got one on the way.
        let answers = asked.is_some_and(|asked| {
            let like = |one: &(Kind, String)| {
                one.0 == letter.kind && (one.1 == letter.id || one.1.is_empty())
            };
            asked.iter().any(like)
        });
        // His own server answers what it cannot deliver; that it has said when his connection was
        // over may come back too.
        let gone = reading.stanza.kind == Kind::Presence && room.users[user].disconnected;
        let slave = room.users[user].slave.map(|slave| &room.slaves[slave]);
        let Some(slave) = slave else { return (answers || gone) && reading.stanza.is_error() };
        match (reading.stanza.kind, &reading.stanza.type_) {
            // So may what was said for him when his slave had forgotten him.
            (Kind::Presence, Type::Error) => answers || gone || slave.stopped.is_some(),
            (_, Type::Error) | (Kind::Iq, Type::Result) => answers,
            (Kind::Presence, _) => is_known(user, reading, slave, room),
            (Kind::Message, Type::Groupchat) => is_heard(user, reading, slave, room),
            // Between two of its users, if the master allows it.
            _ => slave.own != Side::Active && slave.policy.local_private,
        }
    }
}

/// What a slave was to hand on as it came, it has handed on under another nick.
fn under_another_nick(here: (usize, &Passage<'_>), came: usize, findings: &mut Findings) {
    let (reading, hop) = (&here.1.reading, here.1.hop);
    let from = reading.stanza.from.as_ref().map_or("nobody", |from| from.as_str());
    let words = format!("it is from {from}, and came to {} from {}", hop.from, reading.from);
    let expected = format!("{} as the sender", reading.from);
    let wrong = Wrong::of(words).because([came]);
    findings.wrong("slave.redistribute.keep-from", here, &expected, wrong);
}

/// What a user is told for which there is no reason.
fn unjustified(user: UserId, passage: &Passage<'_>, room: &Room) -> String {
    let (reading, user) = (&passage.reading, &room.users[user]);
    let slave = user.slave.map(|slave| &room.slaves[slave].jid);
    let by = slave.map_or(&*passage.hop.from, String::as_str);
    let of = reading.nick.unwrap_or("the room");
    match (reading.stanza.kind, &reading.stanza.type_) {
        (_, Type::Error) | (Kind::Iq, _) => format!("{} has asked nothing like it", user.jid),
        (Kind::Presence, _) => format!("{by} shows this of {of}, and was not told it"),
        (Kind::Message, Type::Groupchat) => {
            format!("{by} tells this as said by {of}, and was not told it with these words")
        }
        _ => format!("nothing like it has come for {}", user.jid),
    }
}

/// Whether a slave has this of somebody.
fn is_known(user: UserId, reading: &Reading<'_>, slave: &Slave, room: &Room) -> bool {
    let Some(nick) = reading.nick.and_then(|nick| room.known_nick(nick)) else { return false };
    let print = Print::of(reading, 0, room.now);
    let stored = slave.store.get(&nick);
    let told =
        |like: &dyn Fn(&Print) -> bool| stored.is_some_and(|stored| stored.recent.iter().any(like));
    if told(&|one| one.looks_like(&print)) {
        return true;
    }
    let alone = slave.own != Side::Active || slave.told_all == Some(room.now);
    let local = room.users.iter().any(|one| {
        one.slave == room.users[user].slave && {
            [one.nick, one.asked].contains(&Some(nick)) || one.bare == room.users[user].bare
        }
    });
    let own = print.available || reading.has(110) || room.users[user].nick == Some(nick);
    let ended = slave.lame || slave.closed.is_some() || slave.refused.is_some();
    let forgotten = own && !print.available && (ended || room.master_lost.is_some());
    let away = slave.policy.mark_away && told(&|one| one.privileges == print.privileges);
    let dropped = slave.registers && !print.available && slave.told_all == Some(room.now);
    // One without numbers learns from ENTER that somebody has another nick.
    let new = reading.item.and_then(|item| room.known_nick(item.nick?));
    let entered = new.and_then(|new| slave.store.get(&new)?.recent.back());
    let told_so = entered.is_some_and(|print| print.at == room.now) && reading.has(110);
    let renamed = reading.has(303) && (slave.registers || told_so);
    let renamed = renamed || (slave.registers && reading.has(210));
    // Who has left and is let in again learns that these are two stays.
    let asked = &room.users[user];
    let left = asked.leaving().is_some() && asked.coming.begins();
    let left = own && !print.available && (left || asked.was_told_in_doubt(room.now));
    forgotten
        || left
        || dropped
        || renamed
        || (alone && (local || away))
        || (slave.registers && local)
}

/// Whether a slave has this message.
fn is_heard(user: UserId, reading: &Reading<'_>, slave: &Slave, room: &Room) -> bool {
    let id = room.log.id(reading);
    let nick = reading.nick.and_then(|nick| room.known_nick(nick));
    let events = room.log.like(&id, reading.content).iter();
    let mut events = events.filter_map(|number| room.log.event(*number));
    if events.any(|event| event.nick == nick && event.says(reading.literal)) {
        return true;
    }
    if reading.stanza.is_subject_change() {
        // There was never one; or it lost its id on the way.
        return nick.is_none() || room.log.subjects.has(reading.content, nick);
    }
    let mut said = room.log.said_like(&id, reading.content);
    let here = said.any(|said| {
        let author = room.log.submission(said).map(|said| &room.users[said.user]);
        author.is_some_and(|author| author.slave == room.users[user].slave)
    });
    let exact = reading.content == reading.literal;
    here && exact && slave.own != Side::Active && slave.policy.local_chat
}

/// How many people are remembered who were written to under their bare JIDs.
const PEOPLE_MAX: usize = 1_024;

/// How many stanzas are remembered of each user.
const LETTERS_MAX: usize = 64;

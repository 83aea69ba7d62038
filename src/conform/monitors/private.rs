//! What is for one only takes no way through a master's broadcast.

use super::super::invariants::reading::{domain_of, nick_in};
use super::words;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, NickId, Passage, Room, UserId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Kind, Stanza};
use crate::time::{Duration, Time};

/// Private messages that reached the master, or the servers of those for whom they are, at this
/// instant.
#[derive(Debug, Default)]
pub(super) struct Private {
    letters: Vec<Letter>,
    /// What has come to the servers of occupants for them: for whom, what it says, and where.
    passing: Vec<(UserId, u64, usize, Time)>,
}

#[derive(Debug)]
struct Letter {
    entry: usize,
    at: Time,
    content: u64,
    stanza: Stanza,
    /// Who has written it, if that is known, and the nick that he had.
    author: Option<(UserId, NickId)>,
    answered: bool,
    /// To which addresses it went.
    sent: Vec<String>,
}

impl Letter {
    /// Whether it, and an error for it, surely goes on at once: no stream has to be opened first.
    fn goes_at_once(&self, room: &Room) -> bool {
        let [from, to] = [&self.stanza.from, &self.stanza.to];
        let [from, to] = [from, to].map(|jid| jid.as_ref().map_or("", |jid| jid.as_str()));
        let nick = nick_in(to, &room.address).flatten().and_then(|nick| room.known_nick(nick));
        let sessions = nick.and_then(|nick| room.occupants.get(&nick)).map(|one| &one.sessions);
        let servers = sessions.into_iter().flatten().map(|user| &*room.users[*user].domain);
        let mut servers = servers.chain([domain_of(from)]);
        servers.all(|server| room.health.reaches(&room.domain, server, room.now))
    }
}

impl Invariant for Private {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        let patience = if room.silent { PATIENCE } else { Duration::default() };
        for (user, _, entry, _) in self.passing.extract_if(.., |one| one.3 + patience < next) {
            let one = &room.users[user];
            if one.inside && one.online && !room.health.is_down(&one.domain) {
                let what = format!("{} is not given what came for him alone", one.jid);
                let expected = "what is for one to come to him, unchanged";
                let id = "scope.one-to-one-may-share-path";
                findings.push(id, &one.domain, entry, what, expected, &[]);
            }
        }
        let id = "scope.one-to-one-unaffected";
        for letter in std::mem::take(&mut self.letters) {
            let dialled = letter.at + room.round_trip * DIALS;
            if letter.answered {
                findings.kept(id);
            } else if next < dialled && !letter.goes_at_once(room) {
                // At the end of the record nothing is next.
                self.letters.extend((next > room.now).then_some(letter));
            } else if room.health.is_smooth() && room.master_lost.is_none() {
                let what = format!("nothing comes of: {}", words(&letter.stanza));
                let expected = "a private message to go to its addressee, or to come back";
                findings.push(id, &room.domain, letter.entry, what, expected, &[]);
            }
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step.entry, passage, room),
            Happening::Left(passage) => self.left(step.entry, passage, room, findings),
            _ => {}
        }
    }
}

impl Private {
    fn came(&mut self, entry: usize, passage: &Passage<'_>, room: &Room) {
        let reading = &passage.reading;
        if let (Class::ToUser(Some(user)), true) = (passage.class, is_letter(passage)) {
            let one = &room.users[user];
            let here = one.inside && one.online && one.leaving().is_none() && one.via.is_some();
            if here && *passage.hop.to == *one.domain {
                self.passing.push((user, reading.content, entry, room.now));
            }
        }
        let by_user = matches!(passage.class, Class::Relay(Some(_)) | Class::Up(_));
        if by_user
            && *passage.hop.to == *room.domain
            && is_letter(passage)
            && nick_in(reading.to, &room.address).flatten().is_some()
        {
            let stanza = passage.hop.stanza.clone();
            let content = reading.content;
            let user = match passage.class {
                Class::Relay(user) => user,
                Class::Up(user) => Some(user),
                _ => None,
            };
            let author = user.and_then(|user| Some((user, nick_of(user, room)?)));
            let (answered, sent) = (false, Vec::new());
            let at = room.now;
            self.letters.push(Letter { entry, at, content, stanza, author, answered, sent });
        }
    }

    fn left(&mut self, entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
        let reading = &passage.reading;
        if let Class::Down(user) = passage.class {
            let mut passing = self.passing.iter();
            let same = |one: &(UserId, u64, usize, Time)| one.0 == user && one.1 == reading.content;
            if let Some(place) = passing.position(same) {
                self.passing.remove(place);
            }
        }
        if *passage.hop.from != *room.domain {
            return;
        }
        let here = (entry, passage);
        match passage.class {
            Class::ToSlave(_) if reading.nick.is_some() => {
                let well = !is_letter(passage);
                let expected = "nothing for a slave but what is for everybody";
                findings.judge("scope.broadcast-only", well, here, expected, || {
                    Wrong::of(format!("it is a private message, and goes to {}", reading.to))
                });
            }
            Class::ToUser(_) | Class::Down(_) if reading.stanza.kind == Kind::Message => {
                self.sent(here, room, findings);
            }
            _ => {}
        }
    }

    /// The master sends what is for one, or an error.
    fn sent(&mut self, here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
        let (id, reading) = ("scope.one-to-one-unaffected", &here.1.reading);
        if reading.stanza.is_error() {
            let open = self.letters.iter_mut().find(|letter| !letter.answered);
            return open.into_iter().for_each(|letter| letter.answered = true);
        }
        let mut same = self.letters.iter_mut().filter(|letter| letter.content == reading.content);
        let Some(first) = same.next() else { return };
        let cause = first.entry;
        let was_sent = |letter: &Letter| letter.sent.iter().any(|to| to == reading.to);
        let letter = match was_sent(first) {
            true => same.find(|letter| !was_sent(letter)),
            false => Some(first),
        };
        let Some(letter) = letter else {
            let wrong = Wrong::of(format!("{} is sent it more than once", reading.to));
            let expected = "a private message once for each session of its addressee";
            return findings.wrong(id, here, expected, wrong.because([cause]));
        };
        letter.answered = true;
        letter.sent.push(reading.to.to_owned());
        if !here.1.hop.to.contains('/') && !reading.to.contains('/') {
            let expected = "a private message for the full JID of its addressee";
            let wrong = Wrong::of(format!("it is for {}", reading.to)).because([letter.entry]);
            findings.wrong(id, here, expected, wrong);
        }
        let Some((author, nick)) = letter.author else { return };
        let from = reading.nick.and_then(|nick| room.known_nick(nick));
        if from != Some(nick) && from != nick_of(author, room) {
            let expected = format!("a private message from the room's {}", room.nicks[nick]);
            let wrong = Wrong::of(format!("it is from {}", reading.from)).because([letter.entry]);
            findings.wrong(id, here, &expected, wrong);
        }
    }
}

/// Under which nick a session is in the room, as far as the record tells.
fn nick_of(user: UserId, room: &Room) -> Option<NickId> {
    let mut there = room.occupants.iter();
    there.find(|(_, one)| one.sessions.contains(&user)).map(|(nick, _)| *nick)
}

/// Whether it is a message to one that says something.
fn is_letter(passage: &Passage<'_>) -> bool {
    let stanza = passage.reading.stanza;
    stanza.kind == Kind::Message
        && !stanza.is_groupchat()
        && !stanza.is_error()
        && stanza.body().is_some()
}

/// How long a server that tells nothing of itself may take to hand something on.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many round trips it takes at most until a stream is open.
const DIALS: u32 = 9;

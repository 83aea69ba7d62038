//! What is for one only takes no way through a master's broadcast.

use super::super::invariants::reading::nick_in;
use super::words;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, UserId};
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
    content: u64,
    stanza: Stanza,
    answered: bool,
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
        for letter in self.letters.drain(..) {
            let id = "scope.one-to-one-unaffected";
            if letter.answered {
                findings.kept(id);
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
            self.letters.push(Letter { entry, content, stanza, answered: false });
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
                let same = |letter: &&mut Letter| {
                    letter.content == reading.content || reading.stanza.is_error()
                };
                let mut open = self.letters.iter_mut().filter(|letter| !letter.answered);
                if let Some(letter) = open.find(same) {
                    letter.answered = true;
                    let full = passage.hop.to.contains('/') || reading.to.contains('/');
                    if !full {
                        let expected = "a private message for the full JID of its addressee";
                        let id = "scope.one-to-one-unaffected";
                        let wrong = Wrong::of(format!("it is for {}", reading.to));
                        findings.wrong(id, here, expected, wrong.because([letter.entry]));
                    }
                }
            }
            _ => {}
        }
    }
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

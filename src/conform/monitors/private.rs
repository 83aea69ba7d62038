//! What is for one only takes no way through a master's broadcast.

use super::super::invariants::reading::nick_in;
use super::words;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Kind, Stanza};
use crate::time::Time;

/// Private messages that reached the master at this instant.
#[derive(Debug, Default)]
pub(super) struct Private {
    letters: Vec<Letter>,
}

#[derive(Debug)]
struct Letter {
    entry: usize,
    content: u64,
    stanza: Stanza,
    answered: bool,
}

impl Invariant for Private {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
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
        if *passage.hop.from != *room.domain {
            return;
        }
        let reading = &passage.reading;
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

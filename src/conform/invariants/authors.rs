//! Everything has an author, who said it through his own server, and nobody answers errors:
//! INV-AUTH, INV-NO-ERROR-LOOP.

use std::collections::{BTreeMap, VecDeque};

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::reading::{Reading, START, digest_text};
use super::room::{Class, Fact, Passage, Room, push_bounded};
use super::steps::{Happening, Step};
use crate::dmuc::Persistence;
use crate::time::Time;

/// Both of them.
#[derive(Debug, Default)]
pub(super) struct Authors {
    /// The errors that reached each host last.
    errors: BTreeMap<String, VecDeque<Letter>>,
    /// What else reached it, and may be answered.
    others: BTreeMap<String, VecDeque<Letter>>,
}

/// What a stanza is that may be answered, and its entry.
#[derive(Clone, Copy, Debug)]
struct Letter {
    /// Its kind, its id and its two addresses, in one number.
    key: u64,
    entry: usize,
    at: Time,
}

impl Letter {
    fn of(reading: &Reading<'_>, entry: usize, at: Time) -> Self {
        Self { key: key(reading, reading.from, reading.to), entry, at }
    }
}

/// The key of the stanza that goes between these two and is of this kind and id.
fn key(reading: &Reading<'_>, from: &str, to: &str) -> u64 {
    [reading.stanza.kind.name(), reading.id(), from, to].into_iter().fold(START, digest_text)
}

impl Invariant for Authors {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Left(passage) => {
                for fact in facts {
                    said_by_somebody(step.entry, fact, passage, room, findings);
                }
                if passage.reading.stanza.is_error() {
                    self.answers_no_error(step.entry, passage, room, findings);
                }
            }
            Happening::Came(passage) => {
                self.remember(&passage.hop.to, &passage.reading, step);
            }
            Happening::Undeliverable { at, reading, .. } => {
                self.remember(at, reading, step);
            }
            _ => {}
        }
    }
}

impl Authors {
    fn remember(&mut self, host: &str, reading: &Reading<'_>, step: &Step<'_>) {
        let letters = if reading.stanza.is_error() { &mut self.errors } else { &mut self.others };
        let letter = Letter::of(reading, step.entry, step.at);
        match letters.get_mut(host) {
            Some(letters) => push_bounded(letters, letter, LETTERS_MAX),
            None => drop(letters.insert(host.to_owned(), VecDeque::from([letter]))),
        }
    }

    fn answers_no_error(
        &mut self,
        entry: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let answered = key(&passage.reading, passage.reading.to, passage.reading.from);
        let last = |letters: &BTreeMap<String, VecDeque<Letter>>| {
            let mut letters = letters.get(&*passage.hop.from)?.iter().rev();
            let found = letters.find(|letter| letter.key == answered);
            found.map(|one| (one.entry, one.at))
        };
        let error = last(&self.errors);
        // An answer comes at once. What a server has for who is offline goes nowhere, and is
        // answered although the record does not show it.
        let error = error.filter(|(_, at)| *at == room.now || room.is_stale(passage));
        if let (Some((error, _)), None) = (error, last(&self.others)) {
            let expected = "no answer to an error";
            let reading = &passage.reading;
            let words = format!("{} answers the error of {} with it", reading.from, reading.to);
            let wrong = Wrong::of(words).because([error]);
            findings.wrong("INV-NO-ERROR-LOOP", (entry, passage), expected, wrong);
        }
    }
}

/// What the master tells everybody of somebody came from his own server.
fn said_by_somebody(
    entry: usize,
    fact: &Fact,
    passage: &Passage<'_>,
    room: &Room,
    findings: &mut Findings,
) {
    let kept = room.persistence == Persistence::Everything && room.master_lost.is_some();
    match fact {
        Fact::Logged(event) => {
            let Some(event) = room.log.event(*event) else { return };
            if let (Some(nick), None, false) = (event.nick, event.said, event.late) {
                let expected = "a message that its author has sent through his own server";
                let nick = &room.nicks[nick];
                let words = format!("{nick} has sent nothing like it that came to the master");
                findings.wrong("INV-AUTH", (entry, passage), expected, Wrong::of(words));
            }
        }
        Fact::Arrived(nick) if matches!(passage.class, Class::ToSlave(_)) && !kept => {
            let known = room.occupants.get(nick).is_some_and(|one| !one.sessions.is_empty());
            // Of several it is not clear yet which.
            let somebody = known || room.asking.iter().any(|(asked, _)| asked == nick);
            // What had to wait for a stream is told long after he has asked.
            let waited = room.is_stale(passage) && room.wanted.contains(nick);
            if !somebody && !waited {
                let expected = "a newcomer who has asked to enter through his own server";
                let nick = &room.nicks[*nick];
                let words = format!("nobody has asked the master to enter as {nick}");
                findings.wrong("INV-AUTH", (entry, passage), expected, Wrong::of(words));
            }
        }
        _ => {}
    }
}

/// How many stanzas are remembered of each host.
const LETTERS_MAX: usize = 128;

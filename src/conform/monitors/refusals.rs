//! What the master refuses, it refuses to him who asked, and tells nobody else.

use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, Passage, Room, Side, UserId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Condition, Kind};
use crate::time::Time;

/// What was refused, and what has to be, at this instant.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Presence that was refused: user, entry, nick.
    refused: Vec<(UserId, usize, String)>,
    /// Presence that came: how often each user asks.
    asked: Vec<UserId>,
    /// ENTERs: whose, entry, nick.
    entered: Vec<(UserId, usize, String)>,
    /// What strangers said to everybody: user, entry, content.
    strangers: Vec<(UserId, usize, u64)>,
    /// Who is in the room, and has said something to all at this instant.
    spoken: Vec<(UserId, usize)>,
}

impl Invariant for Refusals {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let asked = std::mem::take(&mut self.asked);
        for (user, entry, nick) in self.refused.drain(..) {
            let often = asked.iter().filter(|one| **one == user).count();
            if often > 1 {
                continue;
            }
            let id = "master.enter.refusal-is-direct";
            // He may have asked for another nick before.
            let is_it = |(one, _, other): &&(UserId, usize, String)| *one == user && *other == nick;
            let entered = self.entered.iter().filter(is_it);
            let causes: Vec<usize> = entered.map(|(_, entry, _)| *entry).collect();
            if !causes.is_empty() {
                let what = format!("{} is refused, and entered as well", room.users[user].jid);
                let expected = "no ENTER for who is refused";
                findings.shown().push(id, &room.domain, entry, what, expected, &causes);
            } else {
                findings.kept(id);
            }
        }
        self.entered.clear();
        self.spoken.clear();
        for (user, entry, _) in self.strangers.drain(..) {
            let one = &room.users[user];
            // An answer may have to wait for a stream.
            if room.health.is_smooth() && room.health.reaches(&room.domain, &one.domain, room.now) {
                let what = format!("{} is told nothing", one.jid);
                let expected = "an error for who speaks without being in the room";
                findings.push(
                    "master.nonoccupant.reject",
                    &room.domain,
                    entry,
                    what,
                    expected,
                    &[],
                );
            }
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step.entry, passage, room),
            Happening::Left(passage) => self.left(step.entry, passage, facts, room, findings),
            _ => {}
        }
    }
}

impl Refusals {
    fn came(&mut self, entry: usize, passage: &Passage<'_>, room: &Room) {
        let (Class::Relay(Some(user)) | Class::Up(user)) = passage.class else { return };
        if *passage.hop.to != *room.domain || *passage.hop.from == *room.domain {
            return;
        }
        let reading = &passage.reading;
        if reading.stanza.is_available() && reading.to_nick.is_some() {
            self.asked.push(user);
        }
        let is_known = room.occupants.values().any(|one| {
            // Whose nick it is was never told.
            one.sessions.is_empty() || one.sessions.contains(&user)
        });
        let sure = room.is_heard() && room.doubtful.is_empty() && room.master_lost.is_none();
        let slave = room.users[user].slave.map(|slave| room.slaves[slave].master);
        let sure = sure && slave.is_none_or(|side| side == Side::Active);
        let sure = sure && reading.dmuc.is_none();
        let said = reading.stanza.is_groupchat() && reading.to_nick.is_none();
        let there = room.occupants.values().any(|one| one.sessions.contains(&user));
        // A master that has forgotten everybody need not tell of it.
        let one = &room.users[user];
        let stays = one.inside && one.leaving().is_none();
        if said && sure && there && !room.silent && stays {
            self.spoken.push((user, entry));
        }
        if said && sure && !is_known && one.via.is_none() && !one.asks.to_be_in() {
            self.strangers.push((user, entry, reading.content));
        }
    }

    fn left(
        &mut self,
        entry: usize,
        passage: &Passage<'_>,
        facts: &[Fact],
        room: &Room,
        findings: &mut Findings,
    ) {
        let reading = &passage.reading;
        let stanza = reading.stanza;
        match passage.class {
            Class::ToUser(Some(user)) | Class::Down(user)
                if stanza.is_error() && *passage.hop.from == *room.domain =>
            {
                if let (Kind::Presence, Some(nick)) = (stanza.kind, reading.nick) {
                    self.refused.push((user, entry, nick.to_owned()));
                }
                let condition = stanza.error().map(|error| error.defined_condition);
                let spoke = self.spoken.iter().find(|(one, _)| *one == user);
                if let (Some((_, cause)), Some(Condition::NotAcceptable)) = (spoke, &condition)
                    && stanza.kind == Kind::Message
                    && room.health.is_smooth()
                {
                    let expected = "who is in the room to be known by the JID that he sends from";
                    let wrong = Wrong::of("he is refused as if he were not in the room");
                    let id = "master.relay.identify-by-from";
                    findings.wrong(id, (entry, passage), expected, wrong.because([*cause]));
                }
                let waits = self.strangers.iter().position(|(one, ..)| *one == user);
                if let Some(place) = waits.filter(|_| stanza.kind == Kind::Message) {
                    let (_, cause, _) = self.strangers.remove(place);
                    let well = matches!(
                        condition,
                        Some(Condition::NotAcceptable | Condition::ItemNotFound)
                    );
                    let expected = "not-acceptable for who speaks without being in the room";
                    let (id, here) = ("master.nonoccupant.reject", (entry, passage));
                    findings.judge(id, well, here, expected, || {
                        Wrong::of("he is answered with another error").because([cause])
                    });
                }
            }
            Class::ToSlave(_) => {
                let jid = reading.dmuc.and_then(|dmuc| dmuc.enter);
                let user = jid.and_then(|jid| room.known_user(jid));
                let nick = reading.nick.unwrap_or_default();
                self.entered.extend(user.map(|user| (user, entry, nick.to_owned())));
                let logged = facts.iter().any(|fact| matches!(fact, Fact::Logged(_)));
                let mut said = self.strangers.iter();
                let said = said.find(|(.., content)| logged && *content == reading.content);
                if let Some((_, cause, _)) = said {
                    let expected = "nothing of what is said by who is not in the room";
                    let id = "master.nonoccupant.reject";
                    let wrong = Wrong::of("all are told what he said").because([*cause]);
                    findings.wrong(id, (entry, passage), expected, wrong);
                }
            }
            _ => {}
        }
    }
}

//! Nobody gets what the master has not given him: INV-NO-ESCALATION, INV-EXPELLED.
//!
//! That the master's own tables are right is for a comparison with a plain room to show.

use std::collections::{BTreeMap, BTreeSet};

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::reading::Reading;
use super::room::{Class, Fact, NickId, Passage, Privileges, Room, Side, Touch, UserId};
use super::steps::{Happening, Step};
use crate::dmuc::{Change, Note, Persistence};
use crate::stanza::{Type, ns};
use crate::time::Time;

/// Both of them.
#[derive(Debug, Default)]
pub(super) struct PrivilegesKept {
    /// Who was expelled, where, and how.
    expelled: BTreeMap<NickId, Expulsion>,
    /// Sessions that were expelled, and have not asked to be let in again since.
    out: BTreeMap<UserId, Expulsion>,
    /// Sessions whose wish to enter the master has not got.
    asked: BTreeSet<UserId>,
    /// Whose presence the master got last, and when.
    came: BTreeMap<UserId, Time>,
    /// What the master has told users itself that came to their servers at this instant.
    letters: (Time, Vec<Letter>),
    /// When the master was last asked to let others in, or no others.
    changed: Option<Time>,
}

/// What the master has told a user itself.
#[derive(Debug)]
struct Letter {
    user: UserId,
    nick: String,
    told: Privileges,
}

#[derive(Clone, Copy, Debug)]
struct Expulsion {
    entry: usize,
    at: Time,
    /// Whether it leaves nothing behind that keeps him out.
    kick: bool,
}

impl Expulsion {
    fn how(&self) -> &'static str {
        if self.kick { "kicked" } else { "removed from the room" }
    }
}

impl Invariant for PrivilegesKept {
    fn before(&mut self, step: &Step<'_>, _: &Room, _: &mut Findings) {
        let (Happening::Came(passage) | Happening::Left(passage)) = &step.what else { return };
        let joins = passage.reading.is_join();
        if matches!(step.what, Happening::Came(_)) && asks_for_changes(&passage.reading) {
            self.changed = Some(step.at);
        }
        match (&step.what, passage.class) {
            (_, Class::Up(user)) if joins => {
                self.out.remove(&user);
                self.asked.insert(user);
            }
            (Happening::Came(_), Class::Relay(Some(user))) if joins => {
                self.asked.remove(&user);
                self.came.insert(user, step.at);
            }
            (Happening::Came(_), Class::ToUser(Some(user))) => {
                self.letter_came(user, passage, step.at);
            }
            _ => {}
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        if let Happening::Note(Note { about, change: Change::Expired, .. }) = &step.what {
            // With a slave the master forgets what that is not told yet.
            let slave = room.slave_of(about.as_str());
            self.out.retain(|user, _| slave.is_none() || room.users[*user].slave != slave);
        }
        let Happening::Left(passage) = &step.what else { return };
        self.told_late(passage, room);
        let entered = passage.reading.dmuc.and_then(|dmuc| room.known_user(dmuc.enter?));
        self.let_in(step.entry, entered.as_slice(), passage, room, findings);
        for fact in facts {
            match fact {
                Fact::Restated { nick, before } => {
                    restated(step.entry, *nick, *before, passage, room, findings);
                }
                Fact::Seen { nick, .. } => self.seen(step.entry, *nick, passage, room, findings),
                Fact::Departed { nick, occupant } if passage.reading.expels() => {
                    let (entry, at) = (step.entry, step.at);
                    let kick = passage.reading.has(307);
                    let expulsion = Expulsion { entry, at, kick };
                    self.expelled.insert(*nick, expulsion);
                    let asks = |user: &UserId| {
                        // What comes after the kick at the same instant asks again.
                        let now = self.came.get(user) == Some(&step.at);
                        now || self.asked.contains(user) || room.users[*user].asks.to_be_in()
                    };
                    let sessions = occupant.sessions.iter().filter(|user| !asks(user));
                    self.out.extend(sessions.map(|user| (*user, expulsion)));
                }
                Fact::Arrived(nick) | Fact::Renamed(nick) => {
                    self.expelled.remove(nick);
                    let sessions = room.occupants.get(nick).map_or(&[][..], |one| &one.sessions);
                    self.let_in(step.entry, sessions, passage, room, findings);
                }
                Fact::Logged(event) => self.logged(step.entry, *event, passage, room, findings),
                _ => {}
            }
        }
    }
}

impl PrivilegesKept {
    /// Who asked again and was let in, with nobody to be told but who had to wait for a stream.
    fn told_late(&mut self, passage: &Passage<'_>, room: &Room) {
        let reading = &passage.reading;
        let known = reading.nick.and_then(|nick| room.known_nick(nick));
        let there = reading.is_presence() && reading.stanza.is_available();
        let Some(nick) = known.filter(|_| there && room.is_stale(passage)) else { return };
        let Some(before) = self.expelled.get(&nick).map(|one| one.at) else { return };
        let again = |user: &UserId| room.users[*user].asks.want(nick);
        if self.came.iter().any(|(user, at)| *at >= before && again(user)) {
            self.expelled.remove(&nick);
        }
    }

    fn letter_came(&mut self, user: UserId, passage: &Passage<'_>, at: Time) {
        let reading = &passage.reading;
        let Some((nick, told)) = reading.nick.zip(Privileges::of(reading)) else { return };
        if self.letters.0 != at {
            self.letters = (at, Vec::new());
        }
        self.letters.1.push(Letter { user, nick: nick.to_owned(), told });
    }

    /// Whether the master told that to this user itself at this instant.
    fn is_in_a_letter(&self, nick: NickId, told: Privileges, user: UserId, room: &Room) -> bool {
        let says_so = |letter: &Letter| {
            letter.told == told && letter.nick == room.nicks[nick] && letter.user == user
        };
        self.letters.0 == room.now && self.letters.1.iter().any(says_so)
    }

    /// A slave shows privileges as it was told them; whom it has admitted itself, without any.
    fn seen(
        &self,
        entry: usize,
        nick: NickId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let Class::Down(user) = passage.class else { return };
        let Some(slave) = room.users[user].via.or(room.users[user].slave) else { return };
        if *passage.hop.from == *room.domain {
            return;
        }
        let Some(told) = Privileges::of(&passage.reading) else { return };
        let slave = &room.slaves[slave];
        let stored = slave.store.get(&nick);
        let mut recent = stored.iter().flat_map(|stored| stored.recent.iter());
        let given = recent.any(|print| print.privileges == told)
            || self.is_in_a_letter(nick, told, user, room)
            || room.has_given(told, nick, room.users[user].slave);
        let alone = slave.own == Side::Split || slave.own == Side::Syncing;
        let own = alone || slave.told_all == Some(room.now) || room.is_unconfirmed(nick, user);
        let admitted = own && told.affiliation == "none" && !told.moderates();
        if !given && !admitted {
            let expected = "privileges that the master has given";
            let name = &room.nicks[nick];
            let last = stored.iter().flat_map(|stored| stored.recent.iter().rev()).next();
            let last = match last {
                Some(print) => format!("was told last that he is {}", print.privileges),
                None => "was told nothing of him".to_owned(),
            };
            let words = format!("{} shows {name} as {told}, and {last}", slave.jid);
            findings.wrong("INV-NO-ESCALATION", (entry, passage), expected, Wrong::of(words));
        }
    }

    /// Who was expelled is let in again if he asks, and not before.
    fn let_in(
        &mut self,
        entry: usize,
        sessions: &[UserId],
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let before = sessions.iter().find_map(|user| Some((user, self.out.remove(user)?)));
        if let Some((user, before)) = before.filter(|(_, before)| !self.is_forgotten(before, room))
        {
            let expected = "who was expelled to be let in only if he asks again";
            let (jid, how) = (&room.users[*user].jid, before.how());
            let words = format!("{jid} was {how}, and has not asked since to be let in");
            let wrong = Wrong::of(words).because([before.entry]);
            findings.wrong("INV-EXPELLED", (entry, passage), expected, wrong);
        }
    }

    /// Whether the master lost its memory of it: with its log that of kicks, with the room's
    /// configuration that of everything. Without its log it knows no more than whom it lets in now.
    fn is_forgotten(&self, before: &Expulsion, room: &Room) -> bool {
        let kept = match room.persistence {
            Persistence::Nothing => false,
            Persistence::Rooms => !before.kick && self.changed <= Some(before.at),
            Persistence::Everything => true,
        };
        !kept && room.lost_since(before.at)
    }

    /// Who was expelled says nothing any more.
    fn logged(
        &mut self,
        entry: usize,
        event: usize,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let Some(event) = room.log.event(event) else { return };
        let Some(nick) = event.nick.filter(|nick| !room.occupants.contains_key(nick)) else {
            return;
        };
        let told = match passage.class {
            Class::ToSlave(slave) => event.late || room.slaves[slave].master != Side::Active,
            _ => passage.reading.delay.is_some(),
        };
        let before = self.expelled.get(&nick).filter(|before| !self.is_forgotten(before, room));
        if let Some(before) = before.filter(|_| !told && !passage.reading.stanza.is_error()) {
            let expected = "nothing more of who was expelled";
            let words = format!("{} was {}, and is not back", room.nicks[nick], before.how());
            let wrong = Wrong::of(words).because([before.entry]);
            findings.wrong("INV-EXPELLED", (entry, passage), expected, wrong);
        }
    }
}

/// Whether somebody wants affiliations or the room's configuration to be otherwise.
fn asks_for_changes(reading: &Reading<'_>) -> bool {
    let stanza = reading.stanza;
    let has = |namespace| stanza.has_payload("query", namespace);
    stanza.is_request() && stanza.type_ == Type::Set && (has(ns::MUC_ADMIN) || has(ns::MUC_OWNER))
}

/// Privileges change when somebody asks the master to change them.
fn restated(
    entry: usize,
    nick: NickId,
    before: Privileges,
    passage: &Passage<'_>,
    room: &Room,
    findings: &mut Findings,
) {
    let asked = room.reached.iter().any(|(_, _, touch)| *touch == Touch::Request);
    if !asked && !room.is_decided_untold(nick) && !room.doubtful.contains(&nick) {
        let expected =
            format!("{} to stay {before}, as nobody has asked for more", room.nicks[nick]);
        let now = room.occupants.get(&nick).map(|one| one.privileges).unwrap_or_default();
        let words = format!("the master tells that {} is {now}", room.nicks[nick]);
        findings.wrong("INV-NO-ESCALATION", (entry, passage), &expected, Wrong::of(words));
    }
}

//! A slave that has lost its master: what it does for its users.

use std::collections::{BTreeMap, BTreeSet};

use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{
    Class, Fact, NickId, Passage, Room, Side, SlaveId, User, UserId,
};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::{Kind, ns};
use crate::time::Time;

/// What users did at this instant behind slaves that are alone.
#[derive(Debug, Default)]
pub(super) struct Alone {
    deeds: Vec<Deed>,
    /// Whether the record has begun.
    begun: bool,
    /// Nicks that users behind each slave have had.
    local: BTreeSet<(SlaveId, Option<NickId>)>,
    /// Of whom something came to which slave at this instant.
    news: Vec<(SlaveId, Option<NickId>)>,
    /// Slaves that have asked to be registered again: what users send waits for the answer.
    registering: BTreeSet<SlaveId>,
    /// Whom a slave shows as away by itself, to whom: how, and in which entry.
    marks: BTreeMap<(UserId, NickId), (u64, usize)>,
    /// Who was told how he is himself; of others the record may tell later only.
    told: BTreeSet<UserId>,
}

#[derive(Debug)]
struct Deed {
    what: What,
    user: UserId,
    nick: Option<NickId>,
    /// For whom alone it is.
    to: Option<NickId>,
    slave: SlaveId,
    entry: usize,
    content: u64,
    /// Whether he may speak, as he was told.
    voiced: bool,
    /// Who has to be told, and was not.
    waiting: Vec<UserId>,
    /// Whether he got an error.
    refused: bool,
    /// Whether he was told of it himself, as he has to be.
    told: bool,
    /// Whether somebody hears it who should not.
    astray: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Presence,
    Leave,
    Chat,
    Private,
    /// He asks again: for all there is, or whether he is in.
    Again,
}

impl Invariant for Alone {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        self.news.clear();
        for deed in self.deeds.drain(..) {
            let slave = &room.slaves[deed.slave];
            if slave.own == Side::Split && !room.health.is_down(&slave.domain) {
                deed.judge(room, findings);
            }
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        if !std::mem::replace(&mut self.begun, true) {
            let inside = room.users.iter().filter(|one| one.inside);
            self.local.extend(inside.filter_map(|one| Some((one.slave?, one.nick))));
        }
        match &step.what {
            Happening::Came(passage) => self.came(step.entry, passage, room),
            Happening::Left(passage) => self.left((step.entry, passage), room, findings),
            Happening::Note(note) => {
                if let Some(slave) = room.slave_of(note.by.as_str()) {
                    self.registering.remove(&slave);
                }
            }
            _ => {}
        }
    }

    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        for ((user, nick), (shown, entry)) in std::mem::take(&mut self.marks) {
            let one = &room.users[user];
            let still = one.view.get(&nick).is_some_and(|seen| seen.content == shown);
            let sessions = room.occupants.get(&nick).map_or(&[][..], |one| &one.sessions);
            let [session] = *sessions else { continue };
            let other = room.users[session].own.is_some_and(|own| own != shown);
            if still && other && one.inside && one.online && !one.unsure {
                let nick = &room.nicks[nick];
                let what = format!("{} still sees {nick} as the slave has marked him", one.jid);
                let expected = "the mark to be taken back when the master is found";
                let id = "slave.split.mark-away";
                findings.push(id, &one.domain, room.last, what, expected, &[entry]);
            }
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        for fact in facts {
            let Fact::Entered(user) = fact else { continue };
            let one = &room.users[*user];
            let Some(slave) = one.slave.filter(|_| !one.entered) else { continue };
            if room.slaves[slave].own == Side::Split {
                let role = one.privileges().map(|one| one.role);
                let well = matches!(role, Some("participant" | "visitor"));
                let expected = "no more than the role that the master grants to who enters alone";
                let (id, here) = ("slave.split.local-enter", (step.entry, *passage));
                findings.judge(id, well, here, expected, || {
                    let words = format!("he is let in as {}", role.unwrap_or("nothing"));
                    Wrong::of(words).because(room.slaves[slave].lost_own)
                });
            }
        }
    }
}

impl Alone {
    fn came(&mut self, entry: usize, passage: &Passage<'_>, room: &Room) {
        let reading = &passage.reading;
        if let Class::ToSlave(slave) = passage.class {
            let nick = reading.nick.and_then(|nick| room.known_nick(nick));
            self.news.push((slave, nick));
        }
        let Class::Up(user) = passage.class else { return };
        let (one, stanza) = (&room.users[user], passage.reading.stanza);
        let alone = |slave: &SlaveId| {
            room.slaves[*slave].own == Side::Split && !self.registering.contains(slave)
        };
        let Some(slave) = one.slave.filter(|slave| alone(slave) && one.inside) else { return };
        let to_nick = reading.to_nick.and_then(|nick| room.known_nick(nick));
        let own = to_nick.is_some() && to_nick == one.nick;
        let what = match stanza.kind {
            Kind::Presence if stanza.is_unavailable() => What::Leave,
            Kind::Presence if reading.is_join() && own => What::Again,
            Kind::Presence if stanza.is_available() && own => What::Presence,
            Kind::Message if stanza.is_groupchat() && stanza.body().is_some() => What::Chat,
            Kind::Message if to_nick.is_some() && stanza.body().is_some() => What::Private,
            Kind::Iq if own && stanza.has_payload("ping", ns::PING) => What::Again,
            _ => return,
        };
        let locals = (0..room.users.len()).filter(|other| {
            let other = &room.users[*other];
            other.inside && other.slave == Some(slave) && other.online
        });
        let alone = is_only_session(user, room);
        let waits = |other: &UserId| match what {
            What::Presence | What::Chat => true,
            What::Leave => {
                let sees = one.nick.is_some_and(|nick| room.users[*other].view.contains_key(&nick));
                *other != user && alone && sees
            }
            What::Private | What::Again => false,
        };
        let waiting: Vec<_> = locals.filter(waits).collect();
        self.deeds.push(Deed {
            what,
            user,
            nick: one.nick,
            to: to_nick,
            slave,
            entry,
            content: reading.content,
            voiced: !self.told.contains(&user) || !is_muted(one),
            waiting,
            refused: false,
            told: false,
            astray: false,
        });
    }

    fn left(&mut self, here: (usize, &Passage<'_>), room: &Room, findings: &mut Findings) {
        if let Class::Own(slave) = here.1.class
            && here.1.reading.stanza.has_payload("register", ns::SLAVE)
        {
            self.registering.insert(slave);
        }
        let (Class::Down(user), reading) = (here.1.class, &here.1.reading) else { return };
        let one = &room.users[user];
        self.local.extend(one.slave.filter(|_| one.inside).map(|slave| (slave, one.nick)));
        if reading.is_presence() && reading.stanza.is_available() && reading.has(110) {
            self.told.insert(user);
        }
        let Some(slave) = one.slave.filter(|slave| room.slaves[*slave].own == Side::Split) else {
            return;
        };
        let nick = reading.nick.and_then(|nick| room.known_nick(nick));
        for deed in self.deeds.iter_mut().filter(|deed| deed.slave == slave) {
            deed.hear((user, one.nick), nick, here.1);
        }
        if !reading.is_presence() || nick.is_none() {
            return;
        }
        let local = room
            .users
            .iter()
            .any(|other| other.slave == Some(slave) && (other.nick == nick && other.inside));
        let show = reading.stanza.payload("show", ns::CLIENT).map(|show| show.text());
        let away = matches!(show.as_deref(), Some("away" | "xa"));
        if !local && away && reading.stanza.is_available() && one.inside {
            findings.kept("slave.split.mark-away");
            let mark = (reading.content, here.0);
            self.marks.extend(nick.map(|nick| ((user, nick), mark)));
        }
        let special = [301, 303, 307, 321, 322, 332].into_iter().any(|code| reading.has(code));
        if !local && reading.stanza.is_unavailable() && one.inside && !reading.has(110) && !special
        {
            let known = self.local.contains(&(slave, nick)) || self.news.contains(&(slave, nick));
            let expected = "nobody to be shown as gone because his server is out of reach";
            if !known && !reading.destroys {
                findings.judge("slave.split.mark-away", false, here, expected, || {
                    let words = "he is behind another server, and the master has told nothing";
                    Wrong::of(words).because(room.slaves[slave].lost_own)
                });
            }
        }
        // What has just come of him from the master is no doing of the slave.
        let told = self.news.contains(&(slave, nick));
        if reading.has(307) && reading.stanza.is_unavailable() && !told {
            let by_moderator = room.users.iter().any(|other| {
                other.slave == Some(slave)
                    && other.inside
                    && other.privileges().is_some_and(|told| told.moderates())
            });
            let expected = "a kick by a local moderator only";
            findings.judge("slave.split.local-kick", by_moderator, here, expected, || {
                let words = "there is no moderator behind the slave, which has lost its master";
                Wrong::of(words).because(room.slaves[slave].lost_own)
            });
        }
    }
}

impl Deed {
    /// A user is told something at the same instant.
    fn hear(
        &mut self,
        (user, his): (UserId, Option<NickId>),
        nick: Option<NickId>,
        passage: &Passage<'_>,
    ) {
        let reading = &passage.reading;
        let stanza = reading.stanza;
        if user == self.user && stanza.is_error() {
            self.refused = true;
            return;
        }
        let same = nick == self.nick;
        match self.what {
            What::Presence if reading.is_presence() && stanza.is_available() && same => {
                self.waiting.retain(|waiting| *waiting != user);
                self.told |= user == self.user && reading.has(110);
            }
            What::Leave if reading.is_presence() && stanza.is_unavailable() && same => {
                self.waiting.retain(|waiting| *waiting != user);
                self.told |= user == self.user && reading.has(110);
            }
            What::Chat if stanza.is_groupchat() && same && self.content == reading.content => {
                self.waiting.retain(|waiting| *waiting != user);
                self.told |= user == self.user;
                self.astray |= !self.voiced;
            }
            What::Private if stanza.kind == Kind::Message && same && !stanza.is_groupchat() => {
                let well = his.is_none_or(|his| Some(his) == self.to);
                self.told |= well;
                self.astray |= !well && self.content == reading.content;
            }
            What::Again if user == self.user => self.told = true,
            _ => {}
        }
    }

    fn judge(&self, room: &Room, findings: &mut Findings) {
        let missed = self.waiting.iter().filter(|user| room.users[**user].inside).count();
        let all = self.told && missed == 0;
        let (rows, expected): (&[(&'static str, bool)], &str) = match self.what {
            What::Presence => (
                &[("slave.split.react-presence", all)],
                "his presence for everybody behind the slave, with code 110 for himself",
            ),
            What::Leave => (
                &[("slave.split.react-leave", all), ("req.leave-while-split", self.told)],
                "a farewell with code 110, and for his neighbours that he is gone",
            ),
            What::Chat if !self.voiced => (
                &[("slave.split.local-chat", self.refused && !self.astray)],
                "an error for who has no voice",
            ),
            What::Chat => (
                &[("slave.split.local-chat", all || self.refused)],
                "what he says for everybody behind the slave, or an error for himself",
            ),
            What::Private => (
                &[("slave.split.local-private", (self.told || self.refused) && !self.astray)],
                "the message for its addressee alone, or an error for himself",
            ),
            What::Again => (
                &[("slave.split.rejoin-answer", self.told && !self.refused)],
                "an answer from the slave",
            ),
        };
        for (id, well) in rows {
            if *well {
                findings.kept(id);
                continue;
            }
            let jid = &room.users[self.user].jid;
            let what = match self.astray {
                true => format!("what {jid} says is told to who should not hear it from him"),
                false => format!("{jid} is not answered, or {missed} others are not told"),
            };
            let one = &room.slaves[self.slave];
            let (host, causes) = (&one.domain, Vec::from_iter(one.lost_own));
            findings.push(id, host, self.entry, what, expected, &causes);
        }
    }
}

/// Whether he was told that he has no voice.
fn is_muted(user: &User) -> bool {
    user.privileges().is_some_and(|told| told.role == "visitor")
}

/// Whether nobody is left under his nick when he goes.
fn is_only_session(user: UserId, room: &Room) -> bool {
    let Some(nick) = room.users[user].nick else { return false };
    let others = (0..room.users.len()).filter(|other| *other != user);
    let shares = |other: UserId| room.users[other].inside && room.users[other].nick == Some(nick);
    let elsewhere = room.occupants.get(&nick).map_or(0, |one| one.sessions.len());
    elsewhere <= 1 && !others.into_iter().any(shares)
}

//! ENTER, as the slave takes it: the newcomer is told of the others, of himself, of what was said,
//! of the subject; and nobody else is told anything.

mod past;
mod repeated;
mod roster;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use self::told::{Told, event, told};
use super::{is_working, serving};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::room::{Class, Passage, Room, SlaveId, User, UserId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::ns;
use crate::time::Time;

/// Who is being entered at this instant.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    bursts: Vec<Burst>,
    /// Something else came to these slaves at this instant.
    busy: Vec<SlaveId>,
    /// Who was entered and has not asked for it, and in which entry.
    unasked: BTreeMap<UserId, usize>,
}

/// What a newcomer is told after his ENTER.
#[derive(Debug)]
struct Burst {
    user: UserId,
    /// Under which nick.
    nick: String,
    slave: SlaveId,
    entry: usize,
    /// Whether he has asked for it.
    asked: bool,
    /// Whether he was in already.
    inside: bool,
    /// Whether he was told that he is out again, before another ENTER.
    over: bool,
    /// How many messages the ENTER allows.
    limit: Option<u32>,
    /// How much his slave has to show.
    kept: usize,
    told: Vec<Told>,
    /// Where: the entries of `told`.
    entries: Vec<usize>,
    /// Which messages he was told.
    heard: Vec<usize>,
    /// And which of them after the subject.
    after: Vec<usize>,
    /// Of how many others he was not told the real JID.
    hidden: usize,
    /// What else others were told.
    others: Vec<usize>,
    /// Of whom something came after his ENTER, at the same instant.
    since: BTreeSet<String>,
    /// Whether a LEAVE for him did.
    leaves: bool,
    /// Who is there, as his slave was told, and who of these is in the room.
    stored: BTreeSet<String>,
    roster: BTreeSet<String>,
}

impl Invariant for Bursts {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let busy = std::mem::take(&mut self.busy);
        let several = self.bursts.len() > 1;
        for burst in self.bursts.drain(..) {
            let slave = &room.slaves[burst.slave];
            if slave.lame || room.health.is_down(&slave.domain) {
                continue;
            }
            burst.verify(room, findings);
            self.unasked.extend((!burst.asked).then_some((burst.user, burst.entry)));
            if !burst.inside && burst.told.iter().any(|told| matches!(told, Told::Oneself { .. })) {
                burst.judge(!busy.contains(&burst.slave) && !several, room, findings);
            }
        }
    }

    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Came(passage) => self.came(step.entry, passage, room),
            Happening::Left(passage) => self.left(step.entry, passage, room, findings),
            _ => {}
        }
    }
}

impl Bursts {
    fn came(&mut self, entry: usize, passage: &Passage<'_>, room: &Room) {
        match passage.class {
            Class::ToSlave(slave) => {
                let reading = &passage.reading;
                let enter = reading.dmuc.and_then(|dmuc| dmuc.enter);
                let user = enter.and_then(|jid| room.known_user(jid));
                self.goes_on(slave, reading, room);
                match user {
                    Some(user) if reading.is_presence() => {
                        self.begin(entry, user, slave, passage, room);
                    }
                    // The newcomer's own presence comes right before.
                    _ if reading.is_presence() && reading.stanza.is_available() => {}
                    _ => self.busy.push(slave),
                }
            }
            Class::Up(user) => {
                self.unasked.remove(&user);
                self.busy.extend(room.users[user].slave);
            }
            _ => {}
        }
    }

    /// Something comes to a slave, after the ENTERs that came at this instant.
    fn goes_on(&mut self, slave: SlaveId, reading: &Reading<'_>, room: &Room) {
        let leave = reading.dmuc.and_then(|dmuc| dmuc.leave);
        let leaves = leave.and_then(|jid| room.known_user(jid));
        for burst in self.bursts.iter_mut().filter(|burst| burst.slave == slave) {
            burst.leaves |= leaves == Some(burst.user);
            let nick = reading.nick.filter(|_| reading.is_presence());
            burst.since.extend(nick.map(str::to_owned));
        }
    }

    fn begin(
        &mut self,
        entry: usize,
        user: UserId,
        slave: SlaveId,
        passage: &Passage<'_>,
        room: &Room,
    ) {
        let x = passage.reading.stanza.payload("x", ns::DMUC);
        let history = x.and_then(|x| x.children().find(|child| child.name() == "history"));
        let limit = history.and_then(|one| one.attr("maxstanzas")?.parse().ok());
        let only = history.is_none_or(|one| one.attrs().len() == 1);
        let stored = room.slaves[slave].store.iter();
        let there = stored.filter(|(_, one)| one.recent.back().is_some_and(|one| one.available));
        let stored = there.clone().map(|(nick, _)| room.nicks[*nick].clone()).collect();
        // What was before a room that is no more, or has lost its memory, is nothing any more.
        let there = there.filter(|(nick, one)| {
            let stay = one.recent.back().map(|last| last.stay);
            room.occupants.get(*nick).map(|occupant| occupant.stay) == stay
        });
        let one = &room.users[user];
        self.bursts.push(Burst {
            user,
            nick: passage.reading.nick.unwrap_or_default().to_owned(),
            slave,
            entry,
            inside: one.inside,
            over: false,
            asked: one.asked.is_some() || one.inside,
            limit: limit.filter(|_| only),
            kept: room.log.events().filter(|(_, event)| event.kept).count(),
            told: Vec::new(),
            entries: Vec::new(),
            heard: Vec::new(),
            after: Vec::new(),
            hidden: 0,
            others: Vec::new(),
            since: BTreeSet::new(),
            leaves: false,
            stored,
            roster: there.map(|(nick, _)| room.nicks[*nick].clone()).collect(),
        });
    }

    fn left(&mut self, entry: usize, passage: &Passage<'_>, room: &Room, findings: &mut Findings) {
        let (Class::Down(user), reading) = (passage.class, &passage.reading) else { return };
        let is_event = reading.is_presence() || reading.stanza.is_groupchat();
        let Some(slave) = passage_slave(passage, user, room).filter(|_| is_event) else { return };
        let mut his = self.bursts.iter_mut().filter(|burst| burst.user == user && !burst.over);
        if let (Some(burst), again) = (his.next(), his.next().is_some()) {
            let out = reading.stanza.is_unavailable() && reading.has(110) && !reading.has(303);
            burst.over = again && out;
            if burst.over {
                return;
            }
            let full = reading.to == room.users[user].jid;
            let expected = "the full JID of the newcomer as the address";
            findings.judge("slave.enter.to-full-jid", full, (entry, passage), expected, || {
                Wrong::of(format!("it is for {}", reading.to)).because([burst.entry])
            });
            if Told::Subject != told(passage, &burst.nick) && reading.is_said() {
                let heard = event(reading, room);
                burst.heard.extend(heard);
                let late = reading.delay.is_some() && burst.told.contains(&Told::Subject);
                burst.after.extend(heard.filter(|_| late));
            }
            let told = told(passage, &burst.nick);
            if burst.is_over(&told, reading) {
                return;
            }
            if let Told::Other(nick) = &told {
                let nick = room.known_nick(nick);
                let stored = nick.and_then(|nick| room.slaves[slave].store.get(&nick));
                let last = stored.and_then(|stored| stored.recent.back());
                let since = reading.nick.is_some_and(|nick| burst.since.contains(nick));
                let sure = is_working(room, slave) && room.master_lost.is_none() && !since;
                if let Some(last) = last.filter(|last| last.available && sure) {
                    // What he has said himself here the master may have yet to hear.
                    let said = |one: &User| {
                        let own = one.own == Some(reading.content);
                        own && one.slave == Some(slave) && one.nick == nick
                    };
                    let well = last.content == reading.content || room.users.iter().any(said);
                    let expected = "the presence as it came last";
                    let (id, here) = ("slave.presence.store", (entry, passage));
                    findings.judge(id, well, here, expected, || {
                        Wrong::of("another one has come of him since").because([burst.entry])
                    });
                }
            }
            let shown = !passage.reading.jids.is_empty();
            burst.hidden += usize::from(matches!(told, Told::Other(_)) && !shown);
            burst.told.push(told);
            burst.entries.push(entry);
        } else if let Some(burst) = self.bursts.iter_mut().find(|burst| burst.slave == slave) {
            // The presence of the newcomer was for the others, too.
            let of_newcomer = reading.is_presence() && reading.nick == Some(burst.nick.as_str());
            burst.others.extend(Some(entry).filter(|_| !of_newcomer));
        } else if let Some(enter) = self.unasked.remove(&user).filter(|_| !reading.has(110)) {
            let expected = "nothing of the room for who has not asked for his ENTER";
            let wrong = Wrong::of("he is told what happens").because([enter]);
            findings.wrong("slave.enter.unverified-no-effect", (entry, passage), expected, wrong);
        }
    }
}

/// The slave that sends this, whether it serves the user already or not.
fn passage_slave(passage: &Passage<'_>, user: UserId, room: &Room) -> Option<SlaveId> {
    let one = &room.users[user];
    let at = one.slave.filter(|slave| *passage.hop.from == *room.slaves[*slave].domain);
    serving(passage, one, room).or(at)
}

impl Burst {
    fn at(&self, is: impl Fn(&Told) -> bool) -> Option<usize> {
        self.told.iter().position(is)
    }

    /// Whether this is none of it: all of it was told, and this is of somebody of whom something
    /// came since.
    fn is_over(&self, told: &Told, reading: &Reading<'_>) -> bool {
        let over = self.told.contains(&Told::Subject);
        let since = reading.nick.is_some_and(|nick| self.since.contains(nick));
        match told {
            Told::Oneself { .. } | Told::Other(_) => over && since,
            Told::Farewell => self.leaves,
            Told::Message(_) | Told::Subject | Told::Else => false,
        }
    }

    fn last(&self, is: impl Fn(&Told) -> bool) -> Option<usize> {
        self.told.iter().rposition(is)
    }

    /// An ENTER for who has not asked has no effect.
    fn verify(&self, room: &Room, findings: &mut Findings) {
        let expected = "no effect of an ENTER for who has not sent presence to the room";
        for id in ["slave.enter.verify-directed-presence", "slave.intercept.directed-presence"] {
            let well = self.asked || self.told.is_empty();
            self.rule(id, well, expected, room, findings);
        }
        if !self.asked {
            let well = self.told.is_empty();
            self.rule("slave.enter.unverified-no-effect", well, expected, room, findings);
        }
    }

    fn judge(&self, alone: bool, room: &Room, findings: &mut Findings) {
        let own = |told: &Told| matches!(told, Told::Oneself { .. });
        let other = |told: &Told| matches!(told, Told::Other(_));
        let message = |told: &Told| matches!(told, Told::Message(_));
        let (first, once) = (self.at(own), self.told.iter().filter(|told| own(told)).count() == 1);
        let ordered = first > self.last(other) && once;
        let mut rule = |id, well, expected: &str| self.rule(id, well, expected, room, findings);
        rule("slave.enter.own-presence-last", ordered, "his own presence once, after all others'");
        let coded = self.told.iter().all(|told| *told != Told::Oneself { code: false });
        rule("slave.enter.status-110", coded, "code 110 in the newcomer's own presence");
        if let Some(early) = self.at(message) {
            let well = Some(early) > self.last(|told| own(told) || other(told));
            rule("slave.enter.history-after-roster", well, "history after the presences");
        }
        let subjects = self.told.iter().filter(|told| **told == Told::Subject).count();
        // What comes late may come right after.
        let ordered_past = self.at(message) < self.at(|told| *told == Told::Subject);
        let after = self.is_told_past_last(room);
        let closed = subjects == 1 && ordered_past && !after;
        rule("slave.enter.subject", closed, "one subject, after the history");
        let (others, past) = if alone { self.repeats(room) } else { (false, false) };
        if past {
            let what = "he is told a message more than once";
            self.say("INV-NO-DUP", false, what, "every message once", room, findings);
        }
        let all = self.roster(others, room, findings);
        self.rule(
            "usecase.join.sequence",
            ordered && closed && all,
            "others, himself, history, subject",
            room,
            findings,
        );
        self.history(room, findings);
        let moderates = room.users[self.user].privileges().is_some_and(|one| one.moderates());
        if moderates && !room.open && self.at(other).is_some() {
            let id = "master.roster.jid-for-later-moderator";
            let expected = "real JIDs of everybody, for a moderator";
            self.rule(id, self.hidden == 0, expected, room, findings);
        }
        if alone {
            let expected = "nothing for anybody but the newcomer";
            let id = "slave.enter.only-new-user";
            if self.others.is_empty() {
                return findings.kept(id);
            }
            let (host, what) =
                (&room.slaves[self.slave].domain, "others are told something".into());
            findings.shown().push(id, host, self.entry, what, expected, &self.others);
        }
    }

    fn rule(
        &self,
        id: &'static str,
        well: bool,
        expected: &str,
        room: &Room,
        findings: &mut Findings,
    ) {
        if well {
            return findings.kept(id);
        }
        let told: Vec<String> = self.told.iter().map(Told::to_string).collect();
        let jid = &room.users[self.user].jid;
        let what = format!("after the ENTER {jid} is told: {}", told.join(", "));
        self.say(id, well, &what, expected, room, findings);
    }

    /// The same in words of its own.
    fn say(
        &self,
        id: &'static str,
        well: bool,
        what: &str,
        expected: &str,
        room: &Room,
        findings: &mut Findings,
    ) {
        if well {
            return findings.kept(id);
        }
        let host = &room.slaves[self.slave].domain;
        let whole = self.told.contains(&Told::Subject);
        let findings = findings.shown_if(whole);
        findings.push(id, host, self.entry, what.to_owned(), expected, &self.entries);
    }
}

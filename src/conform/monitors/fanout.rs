//! What is for everybody goes to each slave, once: the copies that leave the master at one instant.

use super::{content_key, is_news, is_served, key, names, words};
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::room::{Class, Fact, NickId, Passage, Room, Side, SlaveId, UserId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::stanza::Stanza;
use crate::time::Time;

/// What the master tells at this instant.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    groups: Vec<Group>,
    /// Slaves that are told what there is at this instant, or are being lost or found.
    muddled: Vec<SlaveId>,
    /// LEAVEs of this instant: whose, and where.
    leaves: Vec<(String, usize)>,
    /// Nicks that were taken at this instant instead of others.
    taken: Vec<NickId>,
}

/// The copies of one thing.
#[derive(Debug)]
struct Group {
    key: u64,
    /// The same without who says it.
    content: u64,
    entry: usize,
    what: News,
    /// The slave of whose doing it is.
    origin: Option<SlaveId>,
    /// For whom it is.
    slaves: Vec<SlaveId>,
    /// To whom it went, and where.
    copies: Vec<(SlaveId, usize)>,
    /// How often it happened at this instant.
    times: usize,
    /// Whether another slave is split meanwhile.
    while_split: bool,
    /// Whether it tells of a newcomer who moderates, to whom all JIDs are shown.
    moderator: bool,
    from: String,
    stanza: Stanza,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Message,
    Arrival,
    Departure,
    Presence,
    Renamed,
}

impl Invariant for Fanout {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let muddled = std::mem::take(&mut self.muddled);
        let leaves = std::mem::take(&mut self.leaves);
        self.taken.clear();
        let groups = std::mem::take(&mut self.groups);
        for group in groups.iter().filter(|group| !group.is_stray(&groups)) {
            // The slave of a newcomer who moderates is told of everybody again.
            let retold = |slave: &SlaveId| group.moderator && group.origin == Some(*slave);
            let served = |slave: &&SlaveId| {
                !muddled.contains(*slave) && !retold(slave) && is_served(room, **slave)
            };
            for slave in group.slaves.iter().filter(served) {
                group.judge(*slave, &leaves, room, findings);
            }
        }
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Left(passage) => self.left(step.entry, passage, facts, room, findings),
            Happening::Note(note) => {
                let slaves = [&note.by, &note.about].map(|jid| room.slave_of(jid.as_str()));
                self.muddled.extend(slaves.into_iter().flatten());
            }
            _ => {}
        }
    }
}

impl Fanout {
    fn left(
        &mut self,
        entry: usize,
        passage: &Passage<'_>,
        facts: &[Fact],
        room: &Room,
        findings: &mut Findings,
    ) {
        let Class::ToSlave(slave) = passage.class else { return };
        let reading = &passage.reading;
        if reading.dmuc.is_some_and(|dmuc| dmuc.leave.is_some()) {
            self.leaves.push((reading.from.to_owned(), entry));
        }
        if reading.dmuc.is_some_and(|dmuc| dmuc.enter.is_some()) {
            let unknown = facts.iter().any(|fact| matches!(fact, Fact::Arrived(_)));
            self.entered(entry, passage, unknown, room, findings);
        }
        if !is_news(reading) || !is_served(room, slave) || room.is_stale(passage) {
            if reading.is_presence() || reading.stanza.is_groupchat() {
                let dmuc = reading.dmuc.unwrap_or_default();
                if dmuc.enter.is_none() && dmuc.leave.is_none() {
                    self.muddled.push(slave);
                }
            }
            return;
        }
        // Where events have numbers, two that look alike are told apart by them.
        let numbered = room.slaves.iter().all(|slave| slave.registers);
        let at = reading.dmuc.and_then(|dmuc| dmuc.at).filter(|_| numbered);
        let key = key(reading) ^ at.map_or(0, |(_, seq)| seq.reverse_bits());
        let news = facts.iter().find_map(|fact| news(fact, room));
        self.taken.extend(facts.iter().filter_map(|fact| match fact {
            Fact::Renamed(nick) => Some(*nick),
            _ => None,
        }));
        // Who has taken another nick is shown under that, as he was.
        let nick = reading.nick.filter(|_| reading.stanza.is_available());
        let nick = nick.and_then(|nick| room.known_nick(nick));
        let again = nick.filter(|nick| news.is_none() && self.taken.contains(nick));
        let his = again.and_then(|nick| room.occupants.get(&nick)?.sessions.first());
        let news = news.or(again.map(|_| (News::Renamed, his.copied())));
        match (self.groups.iter_mut().find(|group| group.key == key), news) {
            (Some(group), Some((what, _))) if what != News::Renamed => {
                group.times += 1;
                group.copies.push((slave, entry));
            }
            (Some(group), _) => group.copies.push((slave, entry)),
            (None, Some((what, user))) => {
                let slaves: Vec<_> =
                    (0..room.slaves.len()).filter(|slave| is_served(room, *slave)).collect();
                self.groups.push(Group {
                    key,
                    content: content_key(reading),
                    entry,
                    what,
                    origin: user.and_then(|user| room.users[user].via.or(room.users[user].slave)),
                    slaves,
                    copies: vec![(slave, entry)],
                    times: 1,
                    while_split: room.slaves.iter().any(|slave| slave.master == Side::Split),
                    moderator: what == News::Arrival
                        && !room.open
                        && reading.item.and_then(|item| item.role) == Some("moderator"),
                    from: reading.from.to_owned(),
                    stanza: passage.hop.stanza.clone(),
                });
            }
            (None, None) => {}
        }
    }

    /// Somebody's ENTER: everybody has been told of him before.
    fn entered(
        &self,
        entry: usize,
        passage: &Passage<'_>,
        unknown: bool,
        room: &Room,
        findings: &mut Findings,
    ) {
        let id = "master.enter.presence-to-all-first";
        let from = passage.reading.from;
        let arrival = self.groups.iter().find(|one| one.what == News::Arrival && one.from == from);
        if room.is_stale(passage) || room.master_lost.is_some() {
            return;
        }
        let expected = "everybody to be told of a newcomer before his ENTER";
        if unknown && passage.reading.nick.is_some_and(|nick| room.is_hidden(nick)) {
            return;
        }
        if unknown {
            let wrong = Wrong::of("no slave was told of him");
            return findings.judge(id, false, (entry, passage), expected, || wrong);
        }
        let Some(group) = arrival else { return };
        let told = |slave: &&SlaveId| group.copies.iter().any(|(told, _)| told == *slave);
        let mut missed = group.slaves.iter().filter(|slave| !told(slave)).peekable();
        let well = missed.peek().is_none();
        findings.judge(id, well, (entry, passage), expected, || {
            let missed = names(missed.map(|slave| room.slaves[*slave].jid.as_str()));
            let words = format!("not told of him before: {missed}");
            Wrong::of(words).because(group.copies.iter().map(|(_, entry)| *entry))
        });
    }
}

impl Group {
    /// Whether it is copies of something else that went out under another nick: others have the
    /// right ones. It is missing where it should be, and no news of its own.
    fn is_stray(&self, groups: &[Group]) -> bool {
        let weight = |group: &Group| (group.copies.len(), std::cmp::Reverse(group.entry));
        groups.iter().any(|other| {
            let apart =
                |(slave, _): &(SlaveId, usize)| other.copies.iter().all(|(told, _)| told != slave);
            other.content == self.content
                && other.from != self.from
                && weight(other) > weight(self)
                && self.copies.iter().all(apart)
        })
    }

    fn judge(
        &self,
        slave: SlaveId,
        leaves: &[(String, usize)],
        room: &Room,
        findings: &mut Findings,
    ) {
        let copies = self.copies.iter().filter(|(told, _)| *told == slave).count();
        // He may have taken it more than once.
        let again = self.what == News::Renamed && copies > 0;
        let (well, more) = (again || copies == self.times, copies > self.times);
        let of_its_own = self.origin == Some(slave);
        let rows = [
            (true, "master.fanout.one-copy-per-slave"),
            (of_its_own, "master.fanout.includes-origin-slave"),
            (self.what == News::Message, "master.broadcast.copy-to-each"),
            (
                !matches!(self.what, News::Message | News::Departure),
                "master.presence.to-all-slaves",
            ),
            (self.what == News::Departure, "master.leave.announce-all"),
            (self.while_split, "master.split.only-affected"),
        ];
        for (_, id) in rows.into_iter().filter(|(applies, _)| *applies) {
            if well {
                findings.kept(id);
                continue;
            }
            let jid = &room.slaves[slave].jid;
            let copies = if copies == 1 { "1 copy".into() } else { format!("{copies} copies") };
            let what = format!("{jid} is sent {copies} of: {}", words(&self.stanza));
            let expected = match self.times {
                1 => "what is for everybody to go to each slave once".to_owned(),
                often => format!("what happens {often} times to go to each slave as often"),
            };
            let causes = self.causes(leaves, room, findings);
            findings.shown_if(more).push(id, &room.domain, self.entry, what, &expected, &causes);
        }
    }
}

impl Group {
    /// What set it off, the LEAVE that goes with it, and the copies that were sent.
    fn causes(&self, leaves: &[(String, usize)], room: &Room, findings: &Findings) -> Vec<usize> {
        let leaves = leaves.iter().filter(|(from, _)| *from == self.from);
        let leaves = leaves.filter(|_| self.what == News::Departure).map(|(_, entry)| *entry);
        let others = self.copies.iter().map(|(_, entry)| *entry);
        let others = others.filter(|entry| *entry != self.entry);
        findings.given(&room.domain).into_iter().chain(leaves).chain(others).collect()
    }
}

/// What happened, and whose doing it is.
fn news(fact: &Fact, room: &Room) -> Option<(News, Option<UserId>)> {
    let first = |nick: &usize| room.occupants.get(nick).and_then(|one| one.sessions.first());
    match fact {
        Fact::Logged(event) => {
            let event = room.log.event(*event)?;
            let said = room.log.origin(event).map(|said| said.user);
            (!event.late).then_some((News::Message, said))
        }
        Fact::Arrived(nick) => Some((News::Arrival, first(nick).copied())),
        Fact::Departed { occupant, .. } => {
            Some((News::Departure, occupant.sessions.first().copied()))
        }
        Fact::Updated(nick) | Fact::Renamed(nick) | Fact::Restated { nick, .. } => {
            Some((News::Presence, first(nick).copied()))
        }
        _ => None,
    }
}

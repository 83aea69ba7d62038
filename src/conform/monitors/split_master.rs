//! Netsplit, at the master: which errors begin a split and which do not, and what it is told after.

use std::collections::BTreeMap;

use super::is_news;
use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::{Findings, Wrong};
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::room::{Class, Fact, Passage, Room, Side, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::Change;
use crate::stanza::{Kind, ns};
use crate::time::Time;

/// Errors of this instant, and how each slave stood.
#[derive(Debug, Default)]
pub(super) struct SplitMaster {
    /// What came back from a slave: entry.
    bounced: Vec<(SlaveId, usize)>,
    /// What came back from a user behind a slave.
    private: Vec<(SlaveId, usize)>,
    /// Whether a machine said that it ignores something.
    ignored: bool,
    before: BTreeMap<SlaveId, Side>,
    /// The last event that each slave was sent, and that it had been sent when it was found again.
    sent: BTreeMap<SlaveId, u64>,
    floor: BTreeMap<SlaveId, u64>,
    /// Old events that came back.
    stale: Vec<(SlaveId, usize)>,
    /// Slaves that were found again and have to be told what there is: nicks that they were, and
    /// where; and where they were found.
    found: BTreeMap<SlaveId, (BTreeMap<String, usize>, usize)>,
}

impl Invariant for SplitMaster {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let ignored = std::mem::take(&mut self.ignored);
        let bounced = std::mem::take(&mut self.bounced);
        let others = |slave: SlaveId| bounced.iter().any(|(one, _)| *one == slave);
        for (slave, entry) in self.private.drain(..).filter(|(slave, _)| !others(*slave)) {
            let id = "master.split.trigger-scope";
            if room.slaves[slave].master != Side::Split
                || self.before.get(&slave) == Some(&Side::Split)
            {
                findings.kept(id);
            } else {
                let what = format!("{} counts as split", room.slaves[slave].jid);
                let expected = "no split because something private came back";
                let causes: Vec<_> = room.slaves[slave].lost_master.into_iter().collect();
                findings.push(id, &room.domain, entry, what, expected, &causes);
            }
        }
        for (slave, entry) in bounced.iter().copied() {
            self.judge_bounce(slave, entry, ignored, room, findings);
        }
        for (slave, entry) in self.stale.drain(..) {
            let one = &room.slaves[slave];
            if one.master != Side::Split || self.before.get(&slave) == Some(&Side::Split) {
                findings.kept("split.stale-bounce");
            } else if !bounced.iter().any(|(other, _)| *other == slave) {
                let what = format!("{} counts as split", one.jid);
                let expected = "no split because something old came back";
                let causes: Vec<_> = one.lost_master.into_iter().collect();
                findings.push("split.stale-bounce", &room.domain, entry, what, expected, &causes);
            }
        }
        self.judge_found(room, findings);
        self.before = room.slaves.iter().map(|slave| slave.master).enumerate().collect();
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        match &step.what {
            Happening::Undeliverable { at, reading, .. } if **at == *room.domain => {
                if reading.stanza.is_error() || is_answer(reading.stanza) {
                    return;
                }
                match room.slave_of(reading.to) {
                    Some(slave) => self.came_back(slave, step.entry, reading),
                    None => {
                        let user = room.known_user(reading.to).map(|user| &room.users[user]);
                        let slave = user.and_then(|user| user.slave);
                        let letter = reading.stanza.kind == Kind::Message;
                        self.private
                            .extend(slave.filter(|_| letter).map(|slave| (slave, step.entry)));
                    }
                }
            }
            Happening::Came(passage) => {
                let Class::Own(slave) = passage.class else { return };
                let reading = &passage.reading;
                if reading.stanza.is_error() && reading.stanza.kind != Kind::Iq {
                    self.came_back(slave, step.entry, reading);
                }
            }
            Happening::Note(note) => self.ignored |= note.change == Change::Ignored,
            Happening::Left(passage) => self.left((step.entry, passage), facts, room, findings),
            _ => {}
        }
        for (slave, one) in room.slaves.iter().enumerate() {
            let was = self.before.get(&slave) == Some(&Side::Split);
            let back = matches!(one.master, Side::Active | Side::Syncing);
            if was && back && !self.found.contains_key(&slave) {
                self.found.insert(slave, (BTreeMap::new(), step.entry));
                self.before.insert(slave, one.master);
            } else if !back {
                self.found.remove(&slave);
            }
        }
    }
}

impl SplitMaster {
    /// What a slave was sent came back.
    fn came_back(&mut self, slave: SlaveId, entry: usize, reading: &Reading<'_>) {
        let seq = reading.dmuc.and_then(|dmuc| dmuc.at).map(|(_, seq)| seq);
        let floor = self.floor.get(&slave).copied();
        match seq.zip(floor).is_some_and(|(seq, floor)| seq <= floor) {
            true => self.stale.push((slave, entry)),
            false => self.bounced.push((slave, entry)),
        }
    }

    fn judge_bounce(
        &self,
        slave: SlaveId,
        entry: usize,
        ignored: bool,
        room: &Room,
        findings: &mut Findings,
    ) {
        let one = &room.slaves[slave];
        let lost = matches!(one.master, Side::Split | Side::Idle);
        let known = matches!(self.before.get(&slave), Some(Side::Active | Side::Syncing));
        if room.silent {
            // See `bounced`.
        } else if lost {
            findings.kept("master.split.trigger");
            findings.kept("split.detect.by-bounce");
        } else if ignored {
            findings.kept("split.stale-bounce");
        } else if known && one.synced < room.now && !room.health.is_down(&room.domain) {
            let what = format!("{} is not taken for lost", one.jid);
            let expected = "a split when what was sent to a slave comes back";
            for id in ["master.split.trigger", "split.detect.by-bounce"] {
                findings.push(id, &room.domain, entry, what.clone(), expected, &[]);
            }
        }
    }

    fn left(
        &mut self,
        here: (usize, &Passage<'_>),
        facts: &[Fact],
        room: &Room,
        findings: &mut Findings,
    ) {
        let Class::ToSlave(slave) = here.1.class else { return };
        let reading = &here.1.reading;
        let dmuc = reading.dmuc.unwrap_or_default();
        if let Some((_, seq)) = dmuc.at {
            self.sent.insert(slave, seq);
        }
        if dmuc.synced {
            let sent = self.sent.get(&slave).copied().unwrap_or_default();
            self.floor.insert(slave, sent);
        }
        if let (Some((told, _)), Some(nick)) = (self.found.get_mut(&slave), reading.nick)
            && reading.is_presence()
            && reading.stanza.is_available()
        {
            told.insert(nick.to_owned(), here.0);
        }
        if !is_news(reading) || !reading.is_presence() || !reading.stanza.is_available() {
            return;
        }
        let occupant = reading.nick.and_then(|nick| room.occupant_named(nick));
        let Some(occupant) = occupant else { return };
        let vias = occupant.sessions.iter().filter_map(|user| room.users[*user].via);
        let lost = vias.into_iter().any(|via| room.slaves[via].master == Side::Split);
        let show = reading.stanza.payload("show", ns::CLIENT).map(|show| show.text());
        let away = matches!(show.as_deref(), Some("away" | "xa"));
        let news =
            facts.iter().any(|fact| matches!(fact, Fact::Updated(_) | Fact::Restated { .. }));
        if lost && away && news {
            let kept = !facts.iter().any(|fact| matches!(fact, Fact::Restated { .. }));
            let expected = "nothing but `away` of who is behind a slave that is split";
            findings.judge("master.split.mark-away", kept, here, expected, || {
                let lost = occupant.sessions.iter().filter_map(|user| room.users[*user].via);
                let lost = lost.filter_map(|via| room.slaves[via].lost_master);
                Wrong::of("his privileges are others than before").because(lost)
            });
        }
    }

    /// Who was found again has been told what there is before what happens.
    fn judge_found(&mut self, room: &Room, findings: &mut Findings) {
        let done = |slave: &SlaveId| room.slaves[*slave].master == Side::Active;
        let found: Vec<_> = self.found.keys().copied().filter(done).collect();
        for slave in found {
            let (told, back) = self.found.remove(&slave).unwrap_or_default();
            let one = &room.slaves[slave];
            let id = "master.split.resync";
            // Slaves that register are told what they have missed, which may be nothing.
            let known = |nick: &usize, content: u64| {
                let last = one.store.get(nick).and_then(|stored| stored.recent.back());
                let same = last.is_some_and(|last| last.available && last.content == content);
                same || told.contains_key(&room.nicks[*nick]) || room.doubtful.contains(nick)
            };
            let mut there = room.occupants.iter();
            let whole = one.registers || there.all(|(nick, one)| known(nick, one.content));
            let sure = room.health.carries(&room.domain, &one.domain);
            if whole {
                findings.kept(id);
            } else if sure {
                let what = format!("{} is told of {} occupants only", one.jid, told.len());
                let expected = "all there is, for a slave that is found again";
                let causes: Vec<_> = std::iter::once(back).chain(told.into_values()).collect();
                findings.push(id, &room.domain, room.last, what, expected, &causes);
            }
        }
    }
}

fn is_answer(stanza: &crate::stanza::Stanza) -> bool {
    stanza.kind == Kind::Iq && !stanza.is_request()
}

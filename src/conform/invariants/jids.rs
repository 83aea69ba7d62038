//! In a semi-anonymous room real JIDs are for moderators: INV-JID-SLAVE, INV-JID-USER.

use std::collections::BTreeMap;

use super::Invariant;
use super::findings::{Finding, Findings};
use super::reading::{Reading, bare_of, domain_of, nick_in};
use super::room::{Class, Fact, Passage, Room, SlaveId, UserId};
use super::steps::{Happening, Step};
use crate::room::Whois;
use crate::time::Time;

/// JIDs that were shown and may yet turn out to be for a moderator.
#[derive(Debug, Default)]
pub(super) struct Jids {
    /// To slaves at this instant: he may be promoted, or enter, right after.
    slaves: Vec<(SlaveId, Time, Finding)>,
    /// To who enters, or asks for all there is: he learns last what he is.
    users: BTreeMap<UserId, Vec<Finding>>,
    /// Whether everybody sees real JIDs, as each was told last: what he is told is in order, but
    /// the room may be otherwise already.
    open: BTreeMap<UserId, bool>,
    /// In which entry the last moderator behind each slave went, or was none any more.
    lost: BTreeMap<SlaveId, usize>,
}

impl Invariant for Jids {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        self.settle(room, findings);
    }

    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        match passage.class {
            Class::ToSlave(slave) => {
                // He may be gone again at the end of this instant.
                self.slaves.retain(|(shown, ..)| !room.may_have_moderator(*shown));
                self.shown_to_slave(step, slave, passage, room);
            }
            Class::Down(user) => {
                self.told(user, &passage.reading);
                self.shown_to_user(step, user, passage, room, findings);
            }
            _ => {}
        }
        for fact in facts {
            self.note_moderator(step.entry, fact, room);
            let (Fact::Entered(user) | Fact::Left(user)) = fact else { continue };
            if !room.users[*user].inside {
                self.open.insert(*user, false);
            }
            let shown = self.users.remove(user).unwrap_or_default();
            let moderates = room.users[*user].privileges().is_some_and(|one| one.moderates());
            let sees = moderates || self.is_open_to(*user, room);
            for one in shown.into_iter().filter(|_| !sees) {
                let Finding { requirement, host, entry, what, expected, causes } = one;
                findings.push(requirement, &host, entry, what, &expected, &causes);
            }
        }
    }

    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        self.settle(room, findings);
    }
}

impl Jids {
    /// The instant is over: who is no moderator now was none.
    fn settle(&mut self, room: &Room, findings: &mut Findings) {
        for (slave, _, one) in self.slaves.drain(..) {
            if !room.may_have_moderator(slave) {
                let host = &room.domain;
                findings.shown().push(
                    one.requirement,
                    host,
                    one.entry,
                    one.what,
                    &one.expected,
                    &one.causes,
                );
            }
        }
    }

    /// Somebody may have moderated until now.
    fn note_moderator(&mut self, entry: usize, fact: &Fact, room: &Room) {
        let sessions = match fact {
            Fact::Departed { occupant, .. } if occupant.privileges.moderates() => {
                &occupant.sessions
            }
            Fact::Restated { nick, before } if before.moderates() => match room.occupants.get(nick)
            {
                Some(occupant) => &occupant.sessions,
                None => return,
            },
            _ => return,
        };
        let users = sessions.iter().map(|user| &room.users[*user]);
        self.lost.extend(users.filter_map(|user| Some((user.via.or(user.slave)?, entry))));
    }

    /// The entries that last showed who is behind a slave, and that none of them moderates.
    fn without_moderator(&self, slave: SlaveId, room: &Room) -> Vec<usize> {
        let is_its = |user: &UserId| room.users[*user].slave == Some(slave);
        let occupants = room.occupants.values();
        let its = occupants.filter(|one| one.sessions.iter().any(is_its)).map(|one| one.entry);
        let mut shown: Vec<usize> = its.chain(self.lost.get(&slave).copied()).collect();
        shown.sort_unstable();
        shown.dedup();
        shown.split_off(shown.len().saturating_sub(SHOWN_MAX))
    }

    /// What he is told of who sees real JIDs.
    fn told(&mut self, user: UserId, reading: &Reading<'_>) {
        let enters = reading.has(110) && reading.stanza.is_available();
        let open = match reading.stanza.is_groupchat() {
            true if reading.has(172) => true,
            true if reading.has(173) => false,
            false if enters && reading.has(100) => true,
            _ => return,
        };
        self.open.insert(user, open);
    }

    /// Whether everybody sees real JIDs, as far as he has been told.
    fn is_open_to(&self, user: UserId, room: &Room) -> bool {
        self.open.get(&user).copied().unwrap_or(room.config.whois == Whois::Anyone)
    }

    fn shown_to_slave(
        &mut self,
        step: &Step<'_>,
        slave: SlaveId,
        passage: &Passage<'_>,
        room: &Room,
    ) {
        if room.may_be_open() || room.may_have_moderator(slave) || room.is_stale(passage) {
            return;
        }
        let reading = &passage.reading;
        let dmuc = reading.dmuc.unwrap_or_default();
        let of_slave = |jid: &&str| domain_of(jid) == room.slaves[slave].domain;
        let listed = [dmuc.enter, dmuc.leave].into_iter().flatten().find(|jid| !of_slave(jid));
        let shown = listed.or_else(|| shown(reading, room).next());
        if let Some(jid) = shown {
            let what = format!("{jid} is shown to {}, which has no moderator", passage.reading.to);
            let finding = Finding {
                requirement: "INV-JID-SLAVE",
                host: room.domain.clone(),
                entry: step.entry,
                what,
                expected: "no real JIDs for a slave without moderators".to_owned(),
                causes: self.without_moderator(slave, room),
            };
            self.slaves.push((slave, step.at, finding));
        }
    }

    fn shown_to_user(
        &mut self,
        step: &Step<'_>,
        user: UserId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let (reading, one) = (&passage.reading, &room.users[user]);
        let is_told = reading.is_presence() || reading.stanza.is_groupchat();
        let open = room.may_be_open() || self.is_open_to(user, room);
        // What he is may have been lost on the way; who has no connection is shown nothing.
        let unknown =
            room.is_of_before(user, reading) || !one.online || (one.unsure && !one.inside);
        if open || !is_told || is_moderator(user, room) || unknown {
            return;
        }
        let Some(jid) = shown(reading, room).find(|jid| bare_of(jid) != one.bare) else { return };
        let what = format!("{jid} is shown to {}, who is no moderator", one.jid);
        let expected = "no real JIDs of others for who is no moderator";
        if one.inside && !one.asks.to_be_in() {
            let host = &passage.hop.from;
            let causes = findings.set_off(passage);
            findings.push("INV-JID-USER", host, step.entry, what, expected, &causes);
        } else if !findings.is_forger(&passage.hop.from) {
            let finding = Finding {
                requirement: "INV-JID-USER",
                host: passage.hop.from.to_string(),
                entry: step.entry,
                what,
                expected: expected.to_owned(),
                causes: findings.set_off(passage),
            };
            self.users.entry(user).or_default().push(finding);
        }
    }
}

/// The real JIDs in it: of those it is about, of who did it, and of who is said to have delayed it
/// if that is a person.
fn shown<'a>(reading: &Reading<'a>, room: &Room) -> impl Iterator<Item = &'a str> {
    let by = reading.delayed_by.filter(|by| {
        by.contains('@') && nick_in(by, &room.address).is_none() && room.slave_of(by).is_none()
    });
    reading.jids.clone().into_iter().chain(by)
}

/// So many entries show enough.
const SHOWN_MAX: usize = 3;

/// Whether somebody is a moderator, as he was told, or as his slave was, or as the master says.
fn is_moderator(user: UserId, room: &Room) -> bool {
    let one = &room.users[user];
    if one.trusted || one.privileges().is_some_and(|told| told.moderates()) {
        return true;
    }
    // A slave goes by what it was told, though a master that has forgotten it may say otherwise. A
    // LEAVE of somebody who had this nick before says nothing of him.
    let by_slave = one.via.or(one.slave).is_some_and(|slave| {
        let stored = one.nick.and_then(|nick| room.slaves[slave].store.get(&nick));
        let mut recent = stored.into_iter().flat_map(|stored| stored.recent.iter().rev());
        let last = recent.find(|print| print.available);
        last.is_some_and(|print| print.privileges.moderates())
    });
    let mut occupants = room.occupants.values();
    by_slave
        || one.via.is_none()
            && occupants.any(|one| one.privileges.moderates() && one.sessions.contains(&user))
}

//! At rest everybody sees the same: LIVE-CONV-ROSTER, LIVE-AWAY-UNDONE, LIVE-QUEUE-EMPTY.

use std::collections::BTreeMap;

use super::Invariant;
use super::findings::Findings;
use super::room::{Class, Fact, NickId, Occupant, Room, Side, User, UserId, same_person};
use super::steps::{Happening, Step};

mod differences;

use self::differences::{Differences, Kind};

/// What slaves still have to tell the master, and what was told last.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// What was asked of a slave without its master, and has to go up: whether he left, the entry.
    queued: BTreeMap<UserId, (bool, usize)>,
    /// How somebody is seen who is seen wrongly.
    differences: Differences,
}

impl Invariant for Rest {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
        self.differences.note(step, facts, room);
        if let Happening::Left(passage) = &step.what {
            let stanza = passage.reading.stanza;
            match passage.class {
                Class::Up(user) if passage.reading.is_presence() => {
                    let slave = room.users[user].slave.map(|slave| &room.slaves[slave]);
                    let split = slave.is_some_and(|slave| slave.own == Side::Split && !slave.lame);
                    let inside = room.users[user].inside;
                    let keeps = stanza.is_unavailable() || passage.reading.to_nick.is_none();
                    if split && inside && keeps {
                        self.queued.insert(user, (stanza.is_unavailable(), step.entry));
                    }
                }
                Class::Relay(Some(user)) if passage.reading.is_presence() => {
                    self.queued.remove(&user);
                }
                _ => {}
            }
        }
        for fact in facts {
            if let Fact::Entered(user) = fact {
                self.queued.remove(user);
            }
        }
        if let Happening::Fault(_) = step.what {
            self.queued.retain(|user, _| {
                let slave = room.users[*user].slave.map(|slave| &room.slaves[slave]);
                slave.is_some_and(|slave| !slave.lame)
            });
        }
    }

    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        if room.slaves.iter().any(|slave| slave.lame || slave.refused.is_some()) {
            return;
        }
        let stays = |user: &User| user.inside && user.online && !room.has_left_untold(user);
        let mut found = differences::Found::new();
        for (id, user) in room.users.iter().enumerate() {
            if stays(user) && !user.unsure {
                is_there((id, user), room, &mut found);
                sees_all((id, user), room, &mut found);
            }
        }
        self.differences.tell(found, room, findings);
        let expelled = |user: &UserId| room.users[*user].dismissed || !room.users[*user].online;
        for (user, (_, entry)) in std::mem::take(&mut self.queued) {
            let there = room.occupants.values().any(|one| one.sessions.contains(&user));
            if there && !expelled(&user) {
                let user = &room.users[user];
                let what = format!("the slave of {} has never told the master of it", user.jid);
                let expected = "nothing left to be told when all is well";
                findings.push("LIVE-QUEUE-EMPTY", &user.domain, entry, what, expected, &[]);
            }
        }
    }
}

/// Who was told that he is in the room is in it, under the nick that he was told.
fn is_there((id, user): (UserId, &User), room: &Room, found: &mut differences::Found) {
    let sure = room.doubtful.is_empty() && user.void == 0 && !room.lost_since(user.since);
    // If nobody has told whose nick it is, it may be his.
    let known = |one: &&Occupant| sure && !one.sessions.is_empty();
    let occupant = user.nick.and_then(|nick| room.occupants.get(&nick)).filter(known);
    let his = |session: &UserId| same_person(&room.users[*session].jid, &user.jid);
    if let (Some(occupant), Some(nick)) = (occupant, user.nick)
        && !occupant.sessions.iter().any(his)
    {
        found.entry((Kind::Nick, nick)).or_default().push(id);
    }
}

/// Who is told of everybody sees who is there, and how they are.
fn sees_all((id, user): (UserId, &User), room: &Room, found: &mut differences::Found) {
    if user.void > 0 || (user.via.is_none() && room.lost_since(user.since)) {
        // A plain room that has forgotten somebody cannot tell him.
        return;
    }
    if !room.shows_all()
        || !room.doubtful.is_empty()
        || room.master_lost.is_some() && room.occupants.is_empty()
    {
        return;
    }
    let mut differs = |kind, nick: NickId| found.entry((kind, nick)).or_default().push(id);
    let ghosts = user.view.keys().filter(|nick| !room.occupants.contains_key(*nick));
    ghosts.for_each(|nick| differs(Kind::Ghost, *nick));
    let missed = room.occupants.keys().filter(|nick| !user.view.contains_key(*nick));
    missed.for_each(|nick| differs(Kind::Missed, *nick));
    if !user.view.keys().eq(room.occupants.keys()) {
        return;
    }
    for ((nick, seen), occupant) in user.view.iter().zip(room.occupants.values()) {
        if seen.privileges != occupant.privileges {
            differs(Kind::Privileges, *nick);
        }
        let [session] = occupant.sessions[..] else { continue };
        if room.users[session].own.is_some_and(|own| own != seen.content) {
            differs(Kind::Presence, *nick);
        }
    }
}

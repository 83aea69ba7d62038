//! At rest everybody sees the same: LIVE-CONV-ROSTER, LIVE-AWAY-UNDONE, LIVE-QUEUE-EMPTY.

use std::collections::{BTreeMap, VecDeque};

use super::Invariant;
use super::findings::Findings;
use super::room::{
    Class, Fact, NickId, Occupant, Room, Side, User, UserId, push_bounded, same_person,
};
use super::steps::{Happening, Step};

/// What slaves still have to tell the master.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// What was asked of a slave without its master, and has to go up: whether he left, the entry.
    queued: BTreeMap<UserId, (bool, usize)>,
    /// The last departures, and where they were told.
    gone: VecDeque<(NickId, usize)>,
}

impl Invariant for Rest {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, _: &mut Findings) {
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
            match fact {
                Fact::Entered(user) => drop(self.queued.remove(user)),
                Fact::Departed { nick, .. } => {
                    push_bounded(&mut self.gone, (*nick, step.entry), GONE_MAX);
                }
                _ => {}
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
        let stays = |user: &&User| user.inside && user.online && !room.has_left_untold(user);
        for user in room.users.iter().filter(stays).filter(|user| !user.unsure) {
            is_there(user, room, findings);
            self.sees_all(user, room, findings);
        }
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
fn is_there(user: &User, room: &Room, findings: &mut Findings) {
    let sure = room.doubtful.is_empty() && user.void == 0 && !room.lost_since(user.since);
    // If nobody has told whose nick it is, it may be his.
    let known = |one: &&Occupant| sure && !one.sessions.is_empty();
    let occupant = user.nick.and_then(|nick| room.occupants.get(&nick)).filter(known);
    let his = |session: &UserId| same_person(&room.users[*session].jid, &user.jid);
    if let (Some(occupant), Some(nick)) = (occupant, user.nick)
        && !occupant.sessions.iter().any(his)
    {
        let what = format!("{} has the nick {}, which is another's", user.jid, room.nicks[nick]);
        let expected = "everybody to have the nick that he believes to have";
        let causes = [occupant.entry];
        findings.push("LIVE-CONV-ROSTER", &user.domain, room.last, what, expected, &causes);
    }
}

impl Rest {
    fn sees_all(&self, user: &User, room: &Room, findings: &mut Findings) {
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
        let names = |nicks: Vec<&usize>| {
            let names: Vec<_> = nicks.into_iter().map(|nick| room.nicks[*nick].as_str()).collect();
            names.join(", ")
        };
        let seen: Vec<_> = user.view.keys().collect();
        let there: Vec<_> = room.occupants.keys().collect();
        if seen != there {
            let missed = room.occupants.iter().filter(|(nick, _)| !seen.contains(nick));
            let missed = missed.map(|(_, occupant)| occupant.entry);
            let ghosts = seen.iter().filter(|nick| !there.contains(nick));
            let left = |nick: &&usize| {
                let mut gone = self.gone.iter().rev();
                gone.find(|(gone, _)| *gone == **nick).map(|(_, entry)| *entry)
            };
            let mut causes: Vec<_> = ghosts.filter_map(left).chain(missed).collect();
            if causes.is_empty() {
                // What the master announced last.
                causes.extend(room.occupants.values().map(|occupant| occupant.entry).max());
            }
            let what = format!("{} sees {}; there are {}", user.jid, names(seen), names(there));
            let expected = "everybody to see who is there";
            findings.push("LIVE-CONV-ROSTER", &user.domain, room.last, what, expected, &causes);
            return;
        }
        for ((nick, seen), occupant) in user.view.iter().zip(room.occupants.values()) {
            let nick = &room.nicks[*nick];
            if seen.privileges != occupant.privileges {
                let (told, given) = (seen.privileges, occupant.privileges);
                let what = format!("{} sees {nick} as {told}, who is {given}", user.jid);
                let expected = "everybody to see what people may do";
                let causes = [occupant.entry];
                findings.push("LIVE-CONV-ROSTER", &user.domain, room.last, what, expected, &causes);
            }
            let [session] = occupant.sessions[..] else { continue };
            if room.users[session].own.is_some_and(|own| own != seen.content) {
                let what = format!("{} sees another presence of {nick} than his last", user.jid);
                let expected = "everybody's presence to be shown as he sent it last";
                let causes = [occupant.entry];
                findings.push("LIVE-AWAY-UNDONE", &user.domain, room.last, what, expected, &causes);
            }
        }
    }
}

/// So many departures are remembered.
const GONE_MAX: usize = 64;

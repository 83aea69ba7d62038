//! Nicks, and who is in the room at all: INV-NICK-UNIQUE, INV-NICK-HELD, INV-NO-VANISH.

use std::collections::BTreeMap;

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{
    Fact, NickId, Occupant, Passage, Room, Seen, Side, SlaveId, Touch, UserId, same_person,
};
use super::steps::{Happening, Step};
use super::words::{names, sessions};
use crate::time::Time;

/// The three of them.
#[derive(Debug, Default)]
pub(super) struct Nicks {
    /// Nicks of people behind a slave that is split who were removed without a reason.
    taken: BTreeMap<NickId, (SlaveId, Occupant, usize)>,
}

impl Invariant for Nicks {
    fn after(&mut self, step: &Step<'_>, facts: &[Fact], room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        for fact in facts {
            match fact {
                Fact::Contested { nick, holder } => {
                    let held = split_slave(holder, room).is_some();
                    let id = if held { "INV-NICK-HELD" } else { "INV-NICK-UNIQUE" };
                    self.taken.remove(nick);
                    let expected = "one owner of a nick at a time";
                    let (nick, has) = (&room.nicks[*nick], sessions(&holder.sessions, room));
                    let words = match held {
                        true => format!("{nick} is still kept for {has}, whose slave is split"),
                        false => format!("{nick} is still the nick of {has}"),
                    };
                    let wrong = Wrong::of(words).because([holder.entry]);
                    findings.wrong(id, (step.entry, passage), expected, wrong);
                }
                Fact::Departed { nick, occupant } => {
                    self.departed(step.entry, *nick, occupant, passage, room, findings);
                }
                Fact::Arrived(nick) => self.arrived(step.entry, *nick, passage, room, findings),
                Fact::Seen { nick, before: Some(before) } => {
                    changed_owner(step.entry, *nick, before, passage, room, findings);
                }
                _ => {}
            }
        }
    }
}

impl Nicks {
    fn departed(
        &mut self,
        entry: usize,
        nick: NickId,
        occupant: &Occupant,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        if room.doubtful.contains(&nick) || has_reason(occupant, passage, room) {
            return;
        }
        if let Some(slave) = split_slave(occupant, room) {
            self.taken.insert(nick, (slave, occupant.clone(), entry));
        }
        let expected = "somebody to be removed only if he left, was expelled or cannot come back";
        let vias = occupant.sessions.iter().filter_map(|user| room.users[*user].slave);
        let slaves = names(vias.map(|slave| room.slaves[slave].jid.as_str()));
        let who = format!("{} ({})", room.nicks[nick], sessions(&occupant.sessions, room));
        let words = match slaves.is_empty() {
            true => format!("{who} has not left, and nobody has removed him"),
            false => {
                format!("{who} has not left, nobody has removed him, and {slaves} was not given up")
            }
        };
        let wrong = Wrong::of(words).because([occupant.entry]);
        findings.wrong("INV-NO-VANISH", (entry, passage), expected, wrong);
    }

    fn arrived(
        &mut self,
        entry: usize,
        nick: NickId,
        passage: &Passage<'_>,
        room: &Room,
        findings: &mut Findings,
    ) {
        let Some((slave, holder, removed)) = self.taken.remove(&nick) else { return };
        let now = room.occupants.get(&nick).and_then(|one| one.sessions.first());
        let same = now.is_some_and(|now| is_one_of(holder.sessions.as_slice(), *now, room));
        if room.slaves[slave].master == Side::Split && !same {
            let expected = "the nicks of people behind a slave that is split to be kept for them";
            let (nick, has) = (&room.nicks[nick], sessions(&holder.sessions, room));
            let slave = &room.slaves[slave].jid;
            let words = format!("{nick} is the nick of {has}, behind {slave}, which is split");
            let wrong = Wrong::of(words).because([removed]);
            findings.wrong("INV-NICK-HELD", (entry, passage), expected, wrong);
        }
    }
}

fn is_one_of(sessions: &[usize], user: usize, room: &Room) -> bool {
    let jid = |user: usize| room.users[user].jid.as_str();
    sessions.iter().any(|session| same_person(jid(*session), jid(user)))
}

/// The slave of somebody, if the master has lost it.
fn split_slave(occupant: &Occupant, room: &Room) -> Option<SlaveId> {
    let mut vias = occupant.sessions.iter().filter_map(|user| room.users[*user].via);
    vias.find(|via| room.slaves[*via].master == Side::Split)
}

/// Whether there is a reason for which a room removes somebody.
fn has_reason(occupant: &Occupant, passage: &Passage<'_>, room: &Room) -> bool {
    let reading = &passage.reading;
    // What waited for a stream was decided before.
    let since = room.waited_since(passage.hop).unwrap_or(room.now);
    let before = room.touched.iter().filter(|(at, ..)| *at >= since);
    let before = before.map(|(_, user, touch)| (*user, *touch));
    let touches = room.reached.iter().map(|(user, _, touch)| (*user, *touch)).chain(before);
    let left = touches.clone().any(|(user, touch)| {
        is_one_of(&occupant.sessions, user, room)
            && matches!(touch, Touch::Unavailable | Touch::Error)
    });
    let ordered = touches.into_iter().any(|(_, touch)| touch == Touch::Request);
    let expelled = reading.expels() && ordered;
    let closed = reading.has(332) || reading.destroys || occupant.sessions.is_empty();
    let vias = occupant.sessions.iter().filter_map(|user| room.users[*user].slave);
    left || expelled || closed || vias.into_iter().any(|slave| is_given_up(slave, since, room))
}

/// Whether the master may remove everybody behind a slave, or might have since then.
fn is_given_up(slave: SlaveId, since: Time, room: &Room) -> bool {
    let slave = &room.slaves[slave];
    let registers = slave.registering.is_some_and(|(at, _)| at >= since);
    // When a slave is given up is agreed on elsewhere.
    let lost = room.silent && slave.master == Side::Split;
    slave.may_be_given_up(room.now) || registers || lost
}

/// In what a user is shown, a nick changes its owner only after the first is gone.
fn changed_owner(
    entry: usize,
    nick: NickId,
    before: &Seen,
    passage: &Passage<'_>,
    room: &Room,
    findings: &mut Findings,
) {
    let super::room::Class::Down(user) = passage.class else { return };
    let Some(now) = room.users[user].view.get(&nick).filter(|_| !room.users[user].unsure) else {
        return;
    };
    let owner = |seen: &Seen| room.owners.get(&seen.stay).and_then(|owners| owners.first());
    // Whom the slave has let in itself under it nobody else knows so.
    let slave = room.users[user].slave;
    let is_here = |other: &UserId| {
        let one = &room.users[*other];
        let sure = one.inside && one.online && !one.unsure && slave.is_some();
        sure && one.slave == slave && one.nick == Some(nick)
    };
    let here = (0..room.users.len()).find(is_here).filter(|_| owner(before).is_none());
    // A plain room cannot take leave of whom it has forgotten, nor repeat what is lost.
    let known = owner(before).filter(|_| before.stay > room.users[user].void);
    let (Some(first), Some(second)) = (known.or(here.as_ref()), owner(now)) else { return };
    // As in a room without slaves, nobody tells whom the master serves itself that it has forgotten
    // everybody.
    if room.users[user].via.is_none() && room.is_forgotten(before.stay) {
        return;
    }
    if !is_one_of(&[*first], *second, room) {
        let expected = "a nick to be given up before somebody else is shown under it";
        let jid = |user: &usize| room.users[*user].jid.as_str();
        let words = format!(
            "{} sees {} as {}, and was not told that {}, who was that, is gone",
            room.users[user].jid,
            jid(second),
            room.nicks[nick],
            jid(first)
        );
        let wrong = Wrong::of(words).because(room.occupants.get(&nick).map(|one| one.entry));
        findings.wrong("INV-NICK-UNIQUE", (entry, passage), expected, wrong);
    }
}

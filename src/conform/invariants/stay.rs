//! INV-STAY: nobody is told that he is out of the room because of a split.

use super::Invariant;
use super::findings::{Findings, Wrong};
use super::room::{Class, Room, Side, User};
use super::steps::{Happening, Step};

/// It; nothing has to be remembered.
#[derive(Debug, Default)]
pub(super) struct Stay;

impl Invariant for Stay {
    fn before(&mut self, step: &Step<'_>, room: &Room, findings: &mut Findings) {
        let Happening::Left(passage) = &step.what else { return };
        let (Class::Down(user), reading) = (passage.class, &passage.reading) else { return };
        let user = &room.users[user];
        let by_master = *passage.hop.from == *room.domain;
        let out = reading.stanza.is_unavailable() && reading.has(110) && !reading.has(303);
        // Of two LEAVEs that came with an ENTER in between he is told one after the other.
        let dismissed = user.dismissed || user.dismissed_at == Some(room.now);
        let left = user.leaving().is_some() || user.was_told_in_doubt(room.now);
        if !out || !user.inside || by_master || left || dismissed {
            return;
        }
        let ordered = reading.has(307) && may_kick(user, room);
        if !ordered && !has_ended(user, room) && !reading.destroys {
            let expected = "an occupant to stay, unless he leaves or the master removes him";
            let words = format!("{} has not left, and nobody has removed him", user.jid);
            let lost = user.slave.and_then(|slave| room.slaves[slave].lost_own);
            let wrong = Wrong::of(words).because(lost);
            findings.wrong("INV-STAY", (step.entry, passage), expected, wrong);
        }
    }
}

/// Whether a moderator may have removed him while the master was away.
fn may_kick(user: &User, room: &Room) -> bool {
    let slave = user.slave.map(|slave| &room.slaves[slave]);
    slave.is_some_and(|slave| slave.own != Side::Active && slave.policy.local_kick)
}

/// Whether the room, or what his slave knew of it, is no more.
fn has_ended(user: &User, room: &Room) -> bool {
    let Some(slave) = user.slave.map(|slave| &room.slaves[slave]) else { return true };
    let refused = slave.refused.is_some() && slave.registers;
    slave.lame || slave.closed.is_some() || refused || room.master_lost.is_some()
}

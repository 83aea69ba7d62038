//! Losing one another is noticed in time, and so is the way back: LIVE-DETECT, LIVE-HEAL.

use super::Invariant;
use super::findings::Findings;
use super::room::{Room, Side, Slave, SlaveId, User};
use super::steps::{Happening, Step};
use crate::stanza::{Kind, Type};
use crate::time::{Duration, Time};

/// What still has to be noticed.
#[derive(Debug, Default)]
pub(super) struct Detection {
    /// Bounces of this instant: whose, by whom they have to be noticed, and the entry.
    bounced: Vec<(SlaveId, bool, usize)>,
    /// Cuts that have been complained of: slave, whether by the master, since when.
    told: Vec<(SlaveId, bool, Time)>,
    /// The last fault of the network.
    fault: Option<usize>,
}

impl Invariant for Detection {
    fn pass(&mut self, next: Time, room: &Room, findings: &mut Findings) {
        for (slave, by_master, entry) in self.bounced.drain(..) {
            let one = &room.slaves[slave];
            let side = if by_master { one.master } else { one.own };
            // Whoever tries to come together is so far apart.
            if side == Side::Active && !one.lame {
                let host = if by_master { &room.domain } else { &one.domain };
                let other = if by_master { &one.jid } else { &room.address };
                let what = format!("this came back, and {host} goes on as if {other} were there");
                let expected = "who gets a bounce to count the other as lost";
                findings.push("LIVE-DETECT", host, entry, what, expected, &[]);
            }
        }
        for slave in 0..room.slaves.len() {
            self.cut(slave, next, room, findings);
        }
    }

    fn after(&mut self, step: &Step<'_>, _: &[super::Fact], room: &Room, _: &mut Findings) {
        if let Happening::Fault(_) = step.what {
            self.fault = Some(step.entry);
        }
        let Happening::Undeliverable { at, reading, .. } = &step.what else { return };
        let answered = reading.stanza.type_ == Type::Error
            || (reading.stanza.kind == Kind::Iq && reading.stanza.type_ == Type::Result);
        let forged = reading.from.is_empty() || reading.to.is_empty();
        if answered || forged {
            return;
        }
        if **at == *room.domain && reading.from_room {
            // A query may be one that nobody waits for any more.
            if let Some(slave) =
                room.slave_of(reading.to).filter(|_| reading.stanza.kind != Kind::Iq)
            {
                self.bounced.push((slave, true, step.entry));
            }
        } else if let Some(slave) = room.slave_at(at) {
            let to_room = reading.to_nick.is_some() || reading.to == room.address;
            let own = reading.from == room.slaves[slave].jid;
            // What was for an occupant, or from somebody who is none, is a reason to ask only.
            let user = room.known_user(reading.from).map(|user| &room.users[user]);
            let forgot = |user: &User| {
                let one = &room.slaves[slave];
                !one.persistent && one.stopped >= Some(user.since)
            };
            let user = user.filter(|user| user.inside && !forgot(user));
            let inside = user.is_some_and(|user| user.via == Some(slave));
            let doubtful = room.slaves[slave].registers && (reading.to_nick.is_some() || !inside);
            if to_room && !doubtful && !(own && reading.stanza.kind == Kind::Iq) {
                self.bounced.push((slave, false, step.entry));
            }
        }
    }

    fn rest(&mut self, room: &Room, findings: &mut Findings) {
        if findings.is_open(room.last) {
            return;
        }
        for slave in room.slaves.iter().filter(|slave| !slave.lame && slave.refused.is_none()) {
            let apart = |side: Side| side == Side::Split || side == Side::Syncing;
            if apart(slave.master) || apart(slave.own) {
                let what = format!(
                    "{} and {} are not together, though nothing has gone wrong since {}",
                    room.address,
                    slave.jid,
                    room.health.changed.time_of_day()
                );
                let expected = "both sides to be together again when everything works";
                let causes = slave.lost_master.into_iter().chain(slave.lost_own);
                let causes: Vec<_> = causes.chain(self.fault).collect();
                // Where it was mended last, or else where they lost one another.
                let entry = causes.iter().copied().max().unwrap_or(room.last);
                findings.push("LIVE-HEAL", &slave.domain, entry, what, expected, &causes);
            }
        }
    }
}

impl Detection {
    /// A link that loses everything without a word is noticed by both ends.
    fn cut(&mut self, slave: SlaveId, next: Time, room: &Room, findings: &mut Findings) {
        let one = &room.slaves[slave];
        let down = room.health.cut_since(&room.domain, &one.domain);
        let up = room.health.cut_since(&one.domain, &room.domain);
        if down.is_none() && up.is_none() {
            self.told.retain(|(other, ..)| *other != slave);
            return;
        }
        let both = down.zip(up).map(|(down, up)| down.max(up));
        if one.lame || room.health.is_down(&one.domain) || room.health.is_down(&room.domain) {
            return;
        }
        let up_since = room.health.restarted(&one.domain, &room.domain);
        let up_since = up_since.unwrap_or(one.synced);
        // Who hears the other asks back at once; from when there is no stream he hears nothing.
        let here = room.health.stream_changed(&room.domain, &one.domain);
        let streams = here.max(room.health.stream_changed(&one.domain, &room.domain));
        for by_master in [true, false] {
            let Some(since) = both.or(down).or(up).filter(|_| both.is_some() || one.registers)
            else {
                continue;
            };
            let side = if by_master { one.master } else { one.own };
            let known = self.told.contains(&(slave, by_master, since));
            // One that was down has not pinged meanwhile.
            let from = since.max(one.synced).max(up_since).max(streams.unwrap_or(since));
            let until = from + bound(one, room, by_master, both.is_some());
            if side == Side::Active && until < next && !known {
                self.told.push((slave, by_master, since));
                let host = if by_master { &room.domain } else { &one.domain };
                let other = if by_master { &one.jid } else { &room.address };
                let what = format!(
                    "{host} believes to be together with {other}; the link is down since {}",
                    since.time_of_day()
                );
                let expected = "a link that loses everything to be noticed in time";
                if !findings.is_open(room.last) {
                    // Where the link fails, as far as the record tells.
                    let entry = self.fault.unwrap_or(room.last);
                    findings.push("LIVE-DETECT", host, entry, what, expected, &[]);
                }
            }
        }
    }
}

/// How long it may take to notice.
fn bound(slave: &Slave, room: &Room, by_master: bool, both: bool) -> Duration {
    let timers = slave.timers;
    let slack = room.round_trip * 2 + Duration::from_secs(1);
    let (quiet, pings) = match (both, by_master) {
        (true, true) => (timers.master_idle, timers.pings_lost_max),
        (true, false) => (timers.slave_idle, timers.pings_lost_max),
        (false, _) => (timers.slave_idle, timers.pings_lost_max + 1),
    };
    quiet + timers.pong_timeout * pings + slack
}

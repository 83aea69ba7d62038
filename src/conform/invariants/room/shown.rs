//! Of whose stay it is what users are told of a nick.

use super::slave::Print;
use super::{NickId, Room, Side, SlaveId, UserId, same_person};
use crate::conform::invariants::reading::Reading;

impl Room {
    /// Which stay it is of which a user is told: none if it is of somebody else than is shown.
    pub(super) fn stay_told(&self, user: UserId, nick: NickId, reading: &Reading<'_>) -> u32 {
        let stay = self.newest_stay(user, nick, reading);
        let owners = self.owners.get(&stay).map_or(&[][..], Vec::as_slice);
        let shown = reading.item.and_then(|item| self.known_user(item.jid?));
        let shown = shown.or(Some(user).filter(|_| reading.has(110)));
        let his = |one: UserId| {
            let jid = |user: UserId| self.users[user].jid.as_str();
            owners.iter().any(|owner| same_person(jid(*owner), jid(one)))
        };
        let another = shown.is_some_and(|one| !owners.is_empty() && !his(one));
        if another { 0 } else { stay }
    }

    /// The newest stay that reached who tells a user of this nick. If that is over, or if somebody
    /// here has taken the nick of who has it there, it is one that only the slave knows.
    fn newest_stay(&self, user: UserId, nick: NickId, reading: &Reading<'_>) -> u32 {
        let one = &self.users[user];
        let alone = |slave: &SlaveId| self.slaves[*slave].own == Side::Split && !self.serves(user);
        let Some(slave) = one.via.or(one.slave.filter(alone)) else {
            return self.stay_passed_on(user, nick, reading);
        };
        let recent = self.slaves[slave].store.get(&nick).map(|stored| &stored.recent);
        let mut recent = recent.into_iter().flatten().rev();
        let last: Option<&Print> = recent.next();
        let stay = last.filter(|last| last.available).map_or(0, |last| last.stay);
        let print = Print::of(reading, 0, self.now);
        if last.is_some_and(|last| last.at == self.now) {
            // What looks the same may be of who had the nick when this instant began.
            for one in recent {
                if one.looks_like(&print) && one.stay != stay {
                    return 0;
                }
                if one.at < self.now {
                    break;
                }
            }
        }
        let owners = self.owners.get(&stay).map_or(&[][..], Vec::as_slice);
        let mut users = self.users.iter().enumerate().filter(|(_, one)| one.slave == Some(slave));
        let taken = users.any(|(one, claims)| {
            [claims.nick, claims.asked].contains(&Some(nick)) && !owners.contains(&one)
        });
        let alone = self.slaves[slave].own == Side::Split;
        // He has it until it is another's, of whom that is told who looks as the master has said.
        let as_said = || last.is_some_and(|last| last.looks_like(&print));
        if taken && (alone || !as_said()) { 0 } else { stay }
    }

    /// Which stay it is of which a master that serves a user itself tells him.
    fn stay_passed_on(&self, user: UserId, nick: NickId, reading: &Reading<'_>) -> u32 {
        let print = Print::of(reading, 0, self.now);
        let came = self.users[user].passing(nick, &print).map(|at| self.users[user].passing[at].1);
        let now = || self.occupants.get(&nick).map_or(0, |occupant| occupant.stay);
        came.map_or_else(now, |print| print.stay)
    }
}

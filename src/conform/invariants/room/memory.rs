//! What of the past is needed no more: a record may be long, and a room is told of what was lately.

use std::collections::BTreeSet;

use super::settled::BACK_OFF;
use super::{NickId, Room, Side, Slave, Stored};
use crate::time::{Duration, Time};

impl Room {
    /// Whether everybody is told everything at once, and that is no news: what was said long before
    /// is over.
    fn is_sound(&self) -> bool {
        let together = |slave: &Slave| {
            slave.is_together() || (slave.master, slave.own) == (Side::Idle, Side::Idle)
        };
        let settled = self.now > self.health.changed + self.noticing();
        self.health.is_well() && settled && self.slaves.iter().all(together)
    }

    /// An instant is over.
    pub(super) fn look_back(&mut self) {
        if self.is_sound() {
            self.sound = self.now;
        }
    }

    /// Before which instant everything has become what it will become.
    pub fn horizon(&self) -> Time {
        self.sound - self.noticing() * 2 - BACK_OFF
    }

    /// How long it takes until a loss is noticed, or is told by nobody any more. Of machines that
    /// never ask nobody knows how long they would wait, but it is not as long as they may.
    fn noticing(&self) -> Duration {
        self.settling().min(NOTICED)
    }

    /// Forget what was before this instant, but what newcomers are told.
    pub fn forget_before(&mut self, horizon: Time) {
        let slaves = self.slaves.iter().map(|slave| slave.history_max);
        let history = slaves.fold(self.config.history_max, usize::max).min(HISTORY_MAX);
        self.log.forget(horizon, history);
        self.forget_nicks(horizon);
        self.forget_stays();
    }

    /// Forget what was told of nicks that nobody has.
    fn forget_nicks(&mut self, horizon: Time) {
        let seen: BTreeSet<NickId> =
            self.users.iter().flat_map(|user| user.view.keys().copied()).collect();
        let occupants = &self.occupants;
        let needed = |nick: &NickId, stored: &Stored| {
            let last = stored.recent.back();
            // Who was not told that somebody is gone takes him for being there.
            let last = last.is_some_and(|print| print.available || print.at >= horizon);
            last || occupants.contains_key(nick) || seen.contains(nick)
        };
        for slave in &mut self.slaves {
            slave.store.retain(|nick, stored| needed(nick, stored));
        }
        self.announced.retain(|nick, stored| needed(nick, stored));
    }

    /// Forget whose stays were whose of which nobody is shown anything.
    fn forget_stays(&mut self) {
        let occupants = self.occupants.values().map(|one| one.stay);
        let seen = self.users.iter().flat_map(|user| user.view.values()).map(|seen| seen.stay);
        let stored = self.slaves.iter().flat_map(|slave| slave.store.values());
        let stored = stored.flat_map(|stored| &stored.recent).map(|print| print.stay);
        let needed: BTreeSet<u32> = occupants.chain(seen).chain(stored).collect();
        let recent = self.stays.saturating_sub(STAYS_MAX);
        self.owners.retain(|stay, _| *stay > recent || needed.contains(stay));
    }
}

/// After this time every loss was noticed: a stream that is dead is given up after half of it.
const NOTICED: Duration = Duration::from_secs(1_800);

/// More history than this no newcomer is told.
const HISTORY_MAX: usize = 10_000;

/// Of how many stays it is remembered whose they were.
const STAYS_MAX: u32 = 256;

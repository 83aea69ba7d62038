//! Whether the room has come to rest.

use super::{Passage, Room};
use crate::dmuc::Timers;
use crate::time::{Duration, Time};
use crate::transcript::Hop;

impl Room {
    /// Whether all has been well, and nobody has done anything, for so long that everything has to
    /// be in order.
    pub fn is_at_rest(&self) -> bool {
        self.is_at_rest_until(self.now)
    }

    /// The same at a later instant, if nothing happens until then.
    pub fn is_at_rest_until(&self, now: Time) -> bool {
        let health = &self.health;
        // What a server could not deliver it may not try again for long.
        let waits = health.bounced >= health.changed;
        let changed = if waits { health.changed + BACK_OFF } else { health.changed };
        let busy = changed.max(health.acted);
        self.health.is_well() && now > busy + self.settling()
    }

    /// How long it takes at most to notice every loss, to come together, and to tell what was
    /// missed.
    pub fn settling(&self) -> Duration {
        let all = || self.slaves.iter().map(|slave| slave.timers).chain([self.timers]);
        let pings = |one: Timers| one.pong_timeout * (one.pings_lost_max + 1);
        let notice = all().map(|one| one.slave_idle + pings(one)).max().unwrap_or_default();
        let split = all().map(|one| one.split_ping).max().unwrap_or_default();
        notice + split + REGISTER_STEP + self.round_trip * 4
    }

    /// Whether this stanza has waited for a stream, or may have: it tells of what was long ago.
    pub fn is_stale(&self, passage: &Passage<'_>) -> bool {
        self.waited_since(passage.hop).is_some()
    }

    /// Since when this stanza, which leaves now, has waited for a stream, if it has. A record that
    /// does not say so shows at least when the stream was opened, and for how long there was none.
    pub fn waited_since(&self, hop: &Hop) -> Option<Time> {
        if !hop.waited.is_zero() {
            return Some(self.now - hop.waited);
        }
        let unknown = self.health.waited_since(&hop.from, &hop.to, self.now);
        unknown.filter(|_| self.silent)
    }

    /// Whether the master forgot everything since then.
    pub fn lost_since(&self, at: Time) -> bool {
        self.master_lost.is_some_and(|lost| lost >= at)
    }
}

/// For how long a server may not dial another after it could not be reached.
pub(super) const BACK_OFF: Duration = Duration::from_secs(300);

/// The longest pause between two attempts to register.
const REGISTER_STEP: Duration = Duration::from_secs(60);

//! What a newcomer is told twice, or too late.

use super::super::is_working;
use super::{Burst, Told};
use crate::conform::invariants::room::Room;
use crate::time::Time;

impl Burst {
    /// Whether he is told after the subject what his slave had before he was let in.
    pub(super) fn is_told_past_last(&self, room: &Room) -> bool {
        let since = room.health.troubled.max(room.slaves[self.slave].synced) + room.clock;
        let mut after = self.after.iter().filter_map(|number| room.log.event(*number));
        let had = |entry: usize, stamp: Time| entry < self.entry && stamp > since;
        is_working(room, self.slave)
            && after.any(|one| one.entry.is_none_or(|entry| !one.late && had(entry, one.stamp)))
    }

    /// Whether he is told of anybody, or anything, more than once.
    pub(super) fn repeats(&self, room: &Room) -> (bool, bool) {
        let others = self.told.iter().filter(|told| matches!(told, Told::Other(_)));
        let others = others
            .clone()
            .enumerate()
            .any(|(at, one)| others.clone().take(at).any(|told| told == one));
        let content = |number: usize| room.log.event(number).map(|one| (one.nick, one.content));
        let past = self.heard.iter().any(|number| {
            let often = self.heard.iter().filter(|other| *other == number).count();
            let alike = room.log.events().filter(|(one, _)| content(*one) == content(*number));
            often > 1 && often > alike.count()
        });
        (others, past)
    }
}

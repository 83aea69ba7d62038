//! What a newcomer is told of what was said before he came.

use super::super::is_working;
use super::{Burst, Told};
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Room, SlaveId};
use crate::time::Time;

impl Burst {
    pub(super) fn history(&self, room: &Room, findings: &mut Findings) {
        let stamps = self.told.iter().filter_map(|told| match told {
            Told::Message(stamp) => Some(*stamp),
            _ => None,
        });
        let stamps: Vec<_> = stamps.collect();
        if let Some(limit) = self.limit {
            let allowed = usize::try_from(limit).unwrap_or(usize::MAX);
            let expected = format!("the newest {limit} messages at most, as the ENTER allows");
            let well = stamps.len() < allowed || (stamps.len() == allowed && self.is_newest(room));
            self.rule("slave.enter.obey-history-limit", well, &expected, room, findings);
        }
        let most = room.slaves[self.slave].history_max.min(granted(room, self.slave));
        if most == 0 {
            let expected = "no history, as the master wants none to be kept";
            let well = stamps.is_empty();
            self.rule("slave.store.history-not-desired", well, expected, room, findings);
        } else if self.kept > 0 && self.limit != Some(0) {
            let expected = "history, from the slave's own memory";
            let well = !stamps.is_empty() || self.limit.is_none();
            self.rule("slave.store.history", well, expected, room, findings);
        }
        if room.slaves[self.slave].registers && !room.silent && most > 0 {
            // What it was told late it may tell right after.
            let end = self.at(|told| *told == Told::Subject).unwrap_or(self.told.len());
            let past = self.told[..end].iter().filter(|told| matches!(told, Told::Message(_)));
            let expected = format!("the {most} messages at most that were agreed on");
            let well = past.count() <= most;
            self.rule("create.negotiate-history", well, &expected, room, findings);
        }
        self.gaps(room, findings);
        if stamps.len() > 1 {
            let well = stamps.is_sorted();
            let expected = "history in the order in which it was said";
            self.rule("slave.history.order", well, expected, room, findings);
        }
    }

    /// Whether nothing is kept that is newer than all that he is told.
    fn is_newest(&self, room: &Room) -> bool {
        let Some(last) = self.heard.iter().max() else { return true };
        // What was said when all was well, and before his ENTER, has come before it.
        let since = room.health.troubled.max(room.slaves[self.slave].synced);
        let came = |entry: usize, stamp: Time| entry < self.entry && stamp > since + room.clock;
        // So has what was said before the record, if nothing has gone wrong in it.
        let whole = since <= room.begun && !room.silent;
        !room.log.events().any(|(number, one)| {
            let came = match one.entry {
                Some(entry) => !one.late && came(entry, one.stamp),
                None => whole,
            };
            number > *last && one.is_history() && came
        })
    }

    /// Of what is kept, the newest is told without a gap.
    fn gaps(&self, room: &Room, findings: &mut Findings) {
        let (Some(first), Some(last)) = (self.heard.iter().min(), self.heard.iter().max()) else {
            return;
        };
        let between = room.log.events().filter(|(number, _)| (first..=last).contains(&number));
        let mut kept = between.filter(|(_, one)| one.kept && (!one.late || one.entry.is_none()));
        let heard = |number: usize| self.heard.contains(&number);
        let full = self.limit.is_some_and(|limit| self.heard.len() >= limit as usize);
        let well = kept.all(|(number, _)| heard(number)) && (full || self.is_newest(room));
        if room.master_lost.is_none() && is_working(room, self.slave) {
            let id = "slave.broadcast.save-then-send";
            self.rule(id, well, "all that was said, without a gap", room, findings);
        }
    }
}

/// How many messages the room lets this slave keep.
fn granted(room: &Room, slave: SlaveId) -> usize {
    match room.slaves[slave].registers {
        true => usize::try_from(room.config.grants.history.maxstanzas).unwrap_or(usize::MAX),
        false => usize::MAX,
    }
}

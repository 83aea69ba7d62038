//! Netsplit, at the slave: which errors begin a split and which do not.

use std::collections::BTreeMap;

use crate::conform::invariants::Invariant;
use crate::conform::invariants::findings::Findings;
use crate::conform::invariants::room::{Class, Fact, Room, Side, SlaveId};
use crate::conform::invariants::steps::{Happening, Step};
use crate::dmuc::Change;
use crate::stanza::{Condition, Kind, Stanza};
use crate::time::Time;

/// Errors of this instant, and how each slave stood before.
#[derive(Debug, Default)]
pub(super) struct SplitSlave {
    /// What came back: of a user's or of the slave's own.
    bounced: Vec<(SlaveId, usize, bool)>,
    /// Errors of the room that users were told.
    refused: Vec<(SlaveId, usize)>,
    ignored: bool,
    before: BTreeMap<SlaveId, Side>,
}

impl Invariant for SplitSlave {
    fn pass(&mut self, _: Time, room: &Room, findings: &mut Findings) {
        let ignored = std::mem::take(&mut self.ignored);
        let bounced = std::mem::take(&mut self.bounced);
        for (slave, entry) in self.refused.drain(..) {
            let one = &room.slaves[slave];
            let other = bounced.iter().any(|(bounced, ..)| *bounced == slave);
            let id = "slave.split.app-errors-not-split";
            if one.own != Side::Split {
                findings.kept(id);
            } else if self.before.get(&slave) == Some(&Side::Active) && !other {
                let what = format!("{} takes the master for lost", one.jid);
                let expected = "no split because the room refuses something";
                let causes: Vec<_> = one.lost_own.into_iter().collect();
                findings.push(id, &one.domain, entry, what, expected, &causes);
            }
        }
        for (slave, entry, of_user) in bounced {
            let one = &room.slaves[slave];
            let ids = match of_user {
                true => ["slave.split.sees-user-bounces", "slave.split.trigger"],
                false => ["slave.split.trigger", "split.detect.by-bounce"],
            };
            let was_active = self.before.get(&slave) == Some(&Side::Active);
            if one.own == Side::Split {
                ids.into_iter().for_each(|id| findings.kept(id));
            } else if ignored {
                findings.kept("split.stale-bounce");
            } else if was_active && one.own == Side::Active && !one.lame {
                let what = format!("{} goes on as if nothing had come back", one.jid);
                let expected = "a split when what was sent to the room comes back";
                for id in ids {
                    findings.push(id, &one.domain, entry, what.clone(), expected, &[]);
                }
            }
        }
        self.before = room.slaves.iter().map(|slave| slave.own).enumerate().collect();
    }

    fn after(&mut self, step: &Step<'_>, _: &[Fact], room: &Room, _: &mut Findings) {
        match &step.what {
            Happening::Undeliverable { at, reading } if **at != *room.domain => {
                let Some(slave) = room.slave_at(at) else { return };
                let stanza = reading.stanza;
                let answers = stanza.kind == Kind::Iq && !stanza.is_request();
                let for_room = reading.to == room.address || reading.to_nick.is_some();
                if for_room && !answers && !stanza.is_error() {
                    let of_user = room.slave_of(reading.from).is_none();
                    self.bounced.push((slave, step.entry, of_user));
                }
            }
            Happening::Came(passage) => {
                if let Class::ToUser(Some(user)) = passage.class
                    && let Some(slave) = room.users[user].slave
                    && is_refusal(passage.reading.stanza)
                {
                    self.refused.push((slave, step.entry));
                }
            }
            Happening::Note(note) => self.ignored |= note.change == Change::Ignored,
            _ => {}
        }
    }
}

/// Whether it is an error by which the room refuses something.
fn is_refusal(stanza: &Stanza) -> bool {
    let condition = stanza.error().map(|error| error.defined_condition);
    condition.is_some_and(|condition| {
        !matches!(
            condition,
            Condition::RemoteServerNotFound
                | Condition::RemoteServerTimeout
                | Condition::ServiceUnavailable
                | Condition::Gone { .. }
                | Condition::ItemNotFound
        )
    })
}

//! Who is not in the room but belongs to it, shown to somebody who enters, as at Prosody
//! (`muc#roomconfig_presencebroadcast` with `none`).

use super::*;
use crate::room::{Affiliation, BroadcastRole};

impl Master {
    /// People of the room who are away, to somebody who enters, if the room shows who is not in
    /// it. Behind a slave he is told right before ENTER.
    pub(super) fn send_absences(&self, session: &Arc<Jid>, out: &mut Vec<Output>) {
        let Some((_, newcomer)) = self.occupant_of(session) else { return };
        if !self.config.presence_broadcast.contains(&BroadcastRole::Absent) {
            return;
        }
        let jids = self.sees_jids(&newcomer.seat.role);
        let present = |bare: &BareJid| self.occupants.values().any(|o| o.bare == *bare);
        let people = self.config.affiliations.iter().filter(|(_, a)| **a != Affiliation::Outcast);
        let away = people.map(|(bare, _)| bare).filter(|bare| !present(bare));
        let absences = away.filter_map(|bare| self.absence(bare, jids)).take(ABSENCES_MAX);
        out.extend(absences.map(|absence| Output::Send(absence.with_to(session.clone()))));
    }
}

/// How many people who are away somebody who enters is told of.
const ABSENCES_MAX: usize = 1_000;

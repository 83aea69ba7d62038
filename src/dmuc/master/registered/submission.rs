//! What a slave submits after an accept, and how the phase ends (`docs/dmuc2-slave.md`, Late
//! Stanzas). What becomes of a single message is in `late`.

use super::*;
use crate::stanza::slave::Synced;

impl Master {
    /// What becomes of a message, if it comes in a late phase and says that it is late.
    pub(in crate::dmuc::master) fn judge_late(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        message: &Stanza,
    ) -> Option<Late> {
        let domain = session.domain().as_str();
        let mut links = self.links.iter_mut().filter(|link| link.domain == domain);
        let late = links.find_map(|link| match &mut link.kind {
            LinkKind::Registered(slave) => slave.late.as_mut(),
            LinkKind::Static | LinkKind::Vacant => None,
        });
        late?.judge(now, session, message)
    }

    /// Whether a late join is for somebody who was expelled since the state that his slave was
    /// told: it had not heard of that when it asked for him, and the LEAVE for him answers it. What
    /// its own users did came before.
    pub(in crate::dmuc::master) fn was_expelled_meanwhile(&self, join: &Stanza) -> bool {
        let Some(session) = join.from.as_ref() else { return false };
        let domain = session.domain().as_str();
        let mut phases = self.links.iter().filter(|link| link.domain == domain);
        let expelled = phases.any(|link| {
            let slave = link.registered().filter(|slave| slave.late.is_some());
            let expelled = |slave: &Registered| {
                slave.farewells.was_expelled_from_afar_since(session, slave.synced)
            };
            slave.is_some_and(expelled)
        });
        expelled && join.dmuc().is_some_and(|dmuc| dmuc.delay.is_some())
    }

    /// Something came from one of the users of a registered slave.
    pub(in crate::dmuc::master) fn hear_users(&mut self, from: &Jid, stanza: &Stanza, now: Time) {
        let domain = from.domain().as_str();
        for link in self.links.iter_mut().filter(|link| link.domain == domain) {
            let active = link.state == LinkState::Active;
            let LinkKind::Registered(slave) = &mut link.kind else { continue };
            match &mut slave.late {
                Some(late) => late.count(stanza),
                None if active && !stanza.is_unreachable() => slave.life = now,
                None => {}
            }
        }
    }

    /// The slave has submitted everything that is late; whether it all came.
    pub(super) fn late_phase_ends(
        &mut self,
        now: Time,
        index: usize,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let synced = stanza.payload("synced", ns::SLAVE).cloned().map(Synced::try_from);
        let Some(Ok(Synced { epoch, late: Some(late), .. })) = synced else {
            let text = Some("synced names epoch, seq and the number of late stanzas");
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, text, out);
        };
        let active = self.links[index].state == LinkState::Active;
        let current = epoch == self.registry.epoch;
        let LinkKind::Registered(slave) = &mut self.links[index].kind else { return };
        let phase = slave.late.take();
        // While split it gets no answer: what it is told then may not come, and it asks again.
        if !active {
            return;
        }
        let counts = !self.registry.slips.has(Slip::NothingCounted);
        if current && phase.is_some_and(|phase| phase.counted() == late || !counts) {
            slave.life = now;
            out.push(Output::Send(stanza.result_reply(vec![])));
        } else {
            refuse(stanza, ErrorType::Wait, Condition::UnexpectedRequest, None, out);
        }
    }
}

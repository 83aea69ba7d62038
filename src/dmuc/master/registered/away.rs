//! Occupants of a slave that is lost are shown as away, if the room wants it (XEP-0282, At the
//! Master).

use super::*;
use crate::dmuc::master::fanout::Event;
use crate::stanza::element;

impl Master {
    /// Show the occupants of a slave that is lost as away, if the room wants it: in a room that
    /// hides JIDs it tells who shares a server.
    pub(super) fn mark_away(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        if !self.config.grants.mark_away {
            return;
        }
        if let LinkKind::Registered(slave) = &mut self.links[index].kind {
            slave.marked = true;
        }
        self.show_all(now, index, true, out);
    }

    /// The slave is back: its occupants are shown as they are.
    pub(super) fn unmark_away(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        let LinkKind::Registered(slave) = &mut self.links[index].kind else { return };
        if std::mem::take(&mut slave.marked) {
            self.show_all(now, index, false, out);
        }
    }

    fn show_all(&mut self, now: Time, index: usize, away: bool, out: &mut Vec<Output>) {
        let behind = self.occupants.iter().filter(|(_, occupant)| {
            occupant.shown && occupant.sessions.values().all(|session| session.via == Some(index))
        });
        let shown: Vec<_> = behind
            .map(|(nick, occupant)| {
                let presence = &occupant.seat.presence;
                let payloads = if away { as_away(presence) } else { presence.clone() };
                let stanza = Stanza::presence(Type::Absent)
                    .with_from(occupant.seat.occupant.clone())
                    .with_payloads(payloads);
                (nick.clone(), occupant.jids(), stanza)
            })
            .collect();
        for (nick, subject, stanza) in shown {
            let logged = Logged::Changed(nick);
            let event = Event { stanza, logged, subject: &subject, except: &[] };
            self.event(now, event, out);
        }
    }
}

/// A presence with `<show>away</show>` in place of its own.
fn as_away(payloads: &Payloads) -> Payloads {
    let mut show = element("show", ns::CLIENT, &[]);
    show.append_text("away");
    let others = payloads.iter().filter(|payload| !payload.is("show", ns::CLIENT)).cloned();
    Arc::new([show].into_iter().chain(others).collect())
}

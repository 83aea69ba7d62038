//! Whose presence is shown to others (`muc#roomconfig_presencebroadcast`).
//!
//! Who is not shown is an occupant like any other; his presence is told to himself, at his own
//! address, and to nobody else. His slave learns of him, and of his role and nick, by ENTER alone.

use super::fanout::{Event, copy};
use super::*;
use crate::room::Item;
use crate::room::config::BroadcastRole;

impl Master {
    /// Whether the presence of occupants with this role is shown.
    pub(super) fn shows(&self, role: &Role) -> bool {
        let role = match role {
            Role::Moderator => BroadcastRole::Moderator,
            Role::Participant => BroadcastRole::Participant,
            Role::Visitor => BroadcastRole::Visitor,
            Role::None => return true,
        };
        self.config.presence_broadcast.contains(&role)
    }

    /// A new presence of this nick to all who may see it, but not to `except`.
    pub(super) fn present(
        &mut self,
        now: Time,
        nick: &str,
        stanza: Stanza,
        except: Option<&Arc<Jid>>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.get(nick) else { return };
        let subject = &occupant.jids();
        if self.shows(&occupant.seat.role) {
            if let Some(occupant) = self.occupants.get_mut(nick) {
                occupant.shown = true;
            }
            let except = except.map(std::slice::from_ref).unwrap_or_default();
            let logged = Logged::Changed(nick.to_owned());
            return self.event(now, Event { stanza, logged, subject, except }, out);
        }
        self.hide(now, nick, out);
        self.log.note(now, Logged::Changed(nick.to_owned()));
        self.tell_self(nick, &stanza, except, out);
        let Some(occupant) = self.occupants.get(nick) else { return };
        for (session, served) in &occupant.sessions {
            let active = |link: &usize| self.links[*link].state == LinkState::Active;
            if let Some(link) = served.via.filter(active)
                && Some(session) != except
            {
                self.send_enter(link, session, None, false, out);
            }
        }
    }

    /// Others see him no more, though he is there.
    fn hide(&mut self, now: Time, nick: &str, out: &mut Vec<Output>) {
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        if !std::mem::replace(&mut occupant.shown, false) {
            return;
        }
        let stanza = hidden(occupant);
        let subject = &occupant.jids();
        let logged = Logged::Changed(nick.to_owned());
        self.event(now, Event { stanza, logged, subject, except: subject }, out);
    }

    /// A presence about him to his own sessions, but not to `except`.
    pub(super) fn tell_self(
        &self,
        nick: &str,
        stanza: &Stanza,
        except: Option<&Arc<Jid>>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.get(nick) else { return };
        let sessions = &occupant.jids();
        let jids = self.sees_jids(&occupant.seat.role);
        let own = Audience::Own { sessions, jids }.render(&stanza.payloads);
        for session in sessions.iter().filter(|session| Some(*session) != except) {
            out.push(Output::Send(copy(stanza, session, own.clone())));
        }
    }

    /// Other roles are shown from now on.
    pub(super) fn review_visibility(&mut self, now: Time, out: &mut Vec<Output>) {
        let nicks: Vec<_> = self.occupants.keys().cloned().collect();
        for nick in nicks {
            let Some(occupant) = self.occupants.get(&nick) else { continue };
            match (occupant.shown, self.shows(&occupant.seat.role)) {
                (true, false) => self.hide(now, &nick, out),
                (false, true) => {
                    self.announce(now, &nick, &Stanza::presence(Type::Absent), None, out);
                }
                _ => {}
            }
        }
    }
}

/// That somebody is not shown any more: unavailable, but with the role that he has.
pub(super) fn hidden(occupant: &Occupant) -> Stanza {
    Stanza::presence(Type::Unavailable)
        .with_from(occupant.seat.occupant.clone())
        .with_payloads(occupant.describe(&[], &occupant.jids(), Item::default(), &[]))
}

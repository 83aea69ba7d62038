//! Distribution to local occupants.

use super::*;
use crate::room::Audience;
use crate::room::audience::Renderings;

impl SlaveRoom {
    /// One copy to each local occupant, the subject included
    /// (`slave.broadcast.each-local-user`).
    pub(super) fn distribute(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        for session in self.locals.keys().filter(|session| !self.returning.contains(*session)) {
            out.push(Output::Send(stanza.clone().with_to(session.clone())));
        }
    }

    /// A presence of `nick` to each local occupant as he may see it: real JIDs for moderators,
    /// self codes for the subject.
    pub(super) fn distribute_presence(&self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        self.distribute_to_others(stanza, nick, None, out);
    }

    /// The same to all but `except`.
    pub(super) fn distribute_to_others(
        &self,
        stanza: &Stanza,
        nick: &str,
        except: Option<&Jid>,
        out: &mut Vec<Output>,
    ) {
        let mut copies = Renderings::new(&stanza.payloads);
        for (session, local) in &self.locals {
            if self.returning.contains(session) || except == Some(&**session) {
                continue;
            }
            let payloads = if local == nick {
                let jids = self.sees_jids(local);
                let sessions = &self.local_sessions(nick);
                Audience::Own { sessions, jids }.render(&stanza.payloads)
            } else {
                copies.of(Audience::Other { jids: self.sees_jids(local) })
            };
            let copy = stanza.clone().with_to(session.clone()).with_payloads(payloads);
            out.push(Output::Send(copy));
        }
    }

    /// The local sessions that have this nick.
    pub(super) fn local_sessions(&self, nick: &str) -> Vec<Arc<Jid>> {
        let own = self.locals.iter().filter(|(_, local)| *local == nick);
        own.map(|(session, _)| session.clone()).collect()
    }

    /// Whether the occupant with this nick may see real JIDs.
    pub(super) fn sees_jids(&self, nick: &str) -> bool {
        let moderates = |seat: &crate::room::Seat| seat.role == Role::Moderator;
        self.non_anonymous || self.roster.get(nick).is_some_and(moderates)
    }

    /// Whether a local occupant is a moderator and real JIDs are known.
    pub(super) fn has_moderator(&self) -> bool {
        self.knows_jids && self.locals.values().any(|nick| self.sees_jids(nick))
    }
}

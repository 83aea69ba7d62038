//! Distribution to local occupants.

use super::up::is_join;
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
            if local != nick && self.hidden.contains(nick) {
                continue;
            }
            let payloads = if local == nick {
                let jids = self.sees_jids(local);
                let sessions = &self.sessions_to_be(nick);
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

    /// The same, with those that are about to enter: when somebody's second session enters, the
    /// event comes before its ENTER.
    fn sessions_to_be(&self, nick: &str) -> Vec<Arc<Jid>> {
        let mut sessions = self.local_sessions(nick);
        let account = sessions.first().map(|session| session.to_bare());
        let here = |occupant: &Jid| occupant.resource().is_some_and(|r| r.as_str() == nick);
        for (session, occupant) in &self.directed {
            let new = !self.locals.contains_key(session) && here(occupant);
            if new && account == Some(session.to_bare()) && self.waiting.has(session, is_join) {
                sessions.push(session.clone());
            }
        }
        sessions
    }

    /// Whether the occupant with this nick may see real JIDs.
    pub(super) fn sees_jids(&self, nick: &str) -> bool {
        let moderates = |seat: &crate::room::Seat| seat.role == Role::Moderator;
        self.non_anonymous || self.roster.get(nick).is_some_and(moderates)
    }

    /// Whether a local occupant is a moderator and real JIDs are known. Where all may see them, so
    /// may who enters next.
    pub(super) fn has_moderator(&self) -> bool {
        let sees = |nick: &String| self.sees_jids(nick);
        self.knows_jids && (self.non_anonymous || self.locals.values().any(sees))
    }
}

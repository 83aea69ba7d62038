//! Local occupants whom the room does not show to others (`muc#roomconfig_presencebroadcast`): it
//! tells of them by ENTER alone.

use super::outbox::{What, is_join};
use super::told::Telling;
use super::*;

impl RegisteredRoom {
    /// Somebody enters whom nobody was told of.
    pub(super) fn enter_hidden(&mut self, own: &Stanza, nick: &str, out: &mut Vec<Output>) {
        self.hidden.insert(nick.to_owned());
        self.show(own, nick, Telling::Nobody, None, out);
    }

    /// Of somebody whom others do not see, ENTER is the only news: of his role, of his nick.
    pub(super) fn confirm_hidden(
        &mut self,
        session: &Arc<Jid>,
        own: &Stanza,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let before = self.locals.get(session).filter(|before| self.hidden.contains(*before));
        let Some(before) = before.cloned() else { return };
        if before != nick {
            self.locals.insert(session.clone(), nick.to_owned());
            self.forget_hidden(&before);
        }
        self.enter_hidden(own, nick, out);
    }

    /// The last session of somebody whom others do not see is out.
    pub(super) fn forget_hidden(&mut self, nick: &str) {
        if !self.is_local(nick) && self.hidden.remove(nick) {
            self.roster.shift_remove(nick);
        }
    }

    /// The room does not show somebody to others any more, though he is there.
    pub(super) fn hide(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if self.hidden.contains(nick) || !self.roster.contains_key(nick) {
            return;
        }
        if !self.is_local(nick) {
            return self.show_gone(stanza, nick, out);
        }
        self.tell_others(stanza, nick, out);
        self.marked.remove(nick);
        self.hidden.insert(nick.to_owned());
    }

    /// Somebody is shown whom others did not see: to them he is new.
    pub(super) fn unhide(&mut self, nick: &str) {
        if self.hidden.remove(nick) {
            self.roster.shift_remove(nick);
        }
    }

    /// The local sessions of this nick, with those that are about to enter: when somebody's second
    /// session enters, the event comes before its ENTER.
    pub(super) fn sessions_to_be(&self, nick: &str) -> Vec<Arc<Jid>> {
        let mut sessions = self.sessions(nick);
        let account = sessions.first().map(|session| session.to_bare());
        let here = |occupant: &Jid| occupant.resource().is_some_and(|r| r.as_str() == nick);
        for (session, occupant) in &self.directed {
            let new = !self.locals.contains_key(session) && here(occupant);
            let asks = |entry: &super::outbox::Entry| {
                entry.what == What::Join && is_join(&entry.stanza) && entry.is_under_way()
            };
            if new && account == Some(session.to_bare()) && self.outbox.has(session, asks) {
                sessions.push(session.clone());
            }
        }
        sessions
    }
}

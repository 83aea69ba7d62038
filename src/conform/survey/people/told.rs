//! What a room tells, or somebody for it.

use super::People;
use super::nick::Nick;
use crate::conform::invariants::reading::Reading;
use crate::conform::invariants::room::{Privileges, same_person};
use crate::stanza::{Condition, Stanza};
use crate::time::Time;
use crate::transcript::{Hop, is_client};

impl People<'_> {
    /// The room, or somebody for it, tells something.
    pub(super) fn told(&mut self, at: Time, hop: &Hop, reading: &Reading<'_>) {
        let reader = is_client(&hop.to).then_some(&*hop.to);
        let reader = reader.or_else(|| Some(reading.to).filter(|to| self.users.is_one(to)));
        if reading.stanza.is_error() {
            if let Some(nick) = reading.nick.filter(|_| is_refusal(reading.stanza)) {
                self.asked.remove(nick);
                self.is_refused(reading.to);
            }
            return;
        }
        if let Some(reader) = reader
            && (reading.is_presence() || reading.stanza.is_groupchat())
            && !self.outside.contains(reader)
            && !self.is_inside(reader)
        {
            self.inside.insert(reader.to_owned(), None);
        }
        let empty = self.nicks.is_empty() && self.inside.is_empty();
        self.created |= reading.has(201) && empty;
        self.codes(reading);
        let Some(nick) = reading.nick else { return };
        if reading.is_presence() {
            self.presence(at, nick, reader, reading);
        } else if reading.stanza.is_groupchat() && reading.delay.is_none() {
            let past = reading.dmuc.is_some_and(|dmuc| dmuc.history || dmuc.backfill);
            if past || reading.stanza.is_subject_change() {
                return;
            }
            // What had no id may have been given one.
            let said = (reading.id().to_owned(), reading.content);
            let given = (String::new(), reading.content);
            if let Some(session) = self.said.get(&said).or(self.said.get(&given)).cloned() {
                let number = self.holder(nick);
                self.belongs(number, &session);
            }
        }
    }

    fn presence(&mut self, at: Time, nick: &str, reader: Option<&str>, reading: &Reading<'_>) {
        let dmuc = reading.dmuc.unwrap_or_default();
        if let Some(session) = dmuc.leave.filter(|session| !self.shows(nick, session)) {
            self.unseen.insert(nick.to_owned(), (session.to_owned(), at));
            return;
        }
        match dmuc.enter {
            Some(session) => self.entered(session, nick, at),
            None if reader.is_none() && reading.stanza.is_available() => self.announced(nick, at),
            None => {}
        }
        self.shares(nick, reading);
        let own = reader.filter(|_| reading.has(110));
        match own {
            Some(reader) if reading.stanza.is_available() => self.let_in_alone(reader, nick),
            Some(reader) if !reading.has(303) => self.shown_out(reader, nick),
            _ => {}
        }
        let item = reading.item.and_then(|item| item.jid);
        if let Some(session) = own.or(item).filter(|_| reading.has(303)) {
            self.renamed(session, nick);
        }
        let departed = self.departed.get(nick).filter(|_| reading.stanza.is_unavailable());
        let departed = departed.copied();
        if reading.stanza.is_unavailable() && !reading.has(303) {
            self.gone(nick);
        }
        let number = self.holder(nick).or(departed);
        // Of somebody with several sessions all are listed.
        let his = |jid: &str| item.is_some_and(|item| jid == item || same_person(jid, item));
        let listed = reading.jids.iter().copied().filter(|jid| jid.contains('/') && his(jid));
        for session in [dmuc.enter, dmuc.leave, own].into_iter().flatten().chain(listed) {
            self.belongs(number, session);
        }
        let privileges = Privileges::of(reading);
        if let (Some(reader), Some(privileges)) = (own, privileges) {
            match privileges.moderates() {
                true => self.moderators.insert(reader.to_owned()),
                false => self.moderators.remove(reader),
            };
            self.told.insert(reader.to_owned());
        }
        if let Some(reader) = reader.filter(|_| own.is_none()) {
            self.see(reader, number, reading);
        }
        if let Some(one) = number.and_then(|number| self.nicks.get_mut(number))
            && one.privileges.is_none()
            && let Some(privileges) = privileges
        {
            one.privileges = Some(privileges);
            one.presence = reading.stanza.is_available().then(|| reading.stanza.clone());
        }
        if reading.stanza.is_unavailable() {
            self.departs(nick, number, at);
            self.unavailable(nick, number, dmuc.leave.is_some(), reading);
        }
    }

    /// A nick is given up. Copies of this find it done.
    fn unavailable(
        &mut self,
        nick: &str,
        number: Option<usize>,
        leave: bool,
        reading: &Reading<'_>,
    ) {
        if let Some(new) = reading.item.and_then(|item| item.nick).filter(|_| reading.has(303)) {
            self.holders.entry(new.to_owned()).or_insert(number);
        } else if !leave {
            // What follows under this nick is told of somebody else, or again.
            self.holders.insert(nick.to_owned(), None);
            if let Some(number) = number {
                self.departed.insert(nick.to_owned(), number);
            }
        }
    }

    /// A presence is shown to somebody else.
    fn see(&mut self, reader: &str, number: Option<usize>, reading: &Reading<'_>) {
        let is_his = |one: &&Nick| one.sessions.iter().any(|session| session == reader);
        let own = number.and_then(|number| self.nicks.get(number));
        if self.moderators.contains(reader) || own.as_ref().is_some_and(is_his) {
            return;
        }
        let known = self.outside.contains(reader) || self.told.contains(reader);
        let jid = reading.item.and_then(|item| item.jid).is_some();
        match (jid, known) {
            (true, false) => {
                self.trusted.insert(reader.to_owned());
            }
            // Who goes may be shown with less.
            _ if !reading.stanza.is_available() => {}
            (true, true) => self.shown.0 += 1,
            (false, _) => self.shown.1 += 1,
        }
    }

    fn codes(&mut self, reading: &Reading<'_>) {
        let open = [(100, true), (172, false), (173, true)];
        let told = open.into_iter().find(|(code, _)| reading.has(*code));
        // That it is so from now on tells how it was before.
        self.open = self.open.or(told.map(|(_, open)| open));
    }
}

/// Whether a nick is not given to who asks for it.
fn is_refusal(stanza: &Stanza) -> bool {
    let condition = stanza.error().map(|error| error.defined_condition);
    condition != Some(Condition::RemoteServerNotFound)
        && condition != Some(Condition::RemoteServerTimeout)
}

//! Messages that were shown here before the master had them: each is shown to nobody twice, and is
//! forgotten if the master does not take it.

use super::outbox::{Entry, What, is_join};
use super::*;
use crate::dmuc::is_forged;
use crate::stanza::{Element, Payloads, ns};

impl RegisteredRoom {
    /// Show a message of a local occupant to all here.
    pub(super) fn show_provisionally(
        &mut self,
        entry: &Entry,
        from: Arc<Jid>,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = entry.stanza.from.clone() else { return };
        let nick = from.resource().map_or("", |nick| nick.as_str());
        let payloads = self.identified(&entry.stanza, nick);
        let stanza = entry.stanza.clone().with_payloads(payloads);
        let message = StoredMessage {
            from: from.clone(),
            id: stanza.id.clone(),
            lang: stanza.lang.clone(),
            payloads: stanza.payloads.clone(),
            stamp: entry.at,
        };
        if StoredMessage::is_kept(&message.payloads) {
            self.history.push(message.clone());
        }
        let told = self.seen_directly(&message, None);
        let seen = self.locals.keys().cloned().collect();
        let said_as = entry.said_as.clone();
        let (known, dropped) = (false, false);
        self.provisional.push(Provisional { session, message, said_as, seen, known, dropped });
        self.tell(&stanza.with_from(from), told.as_ref(), out);
    }

    /// What an occupant says as the room would pass it on, with the id that it has given him.
    pub(super) fn identified(&self, stanza: &Stanza, nick: &str) -> Payloads {
        let honest = |payload: &&Element| !is_forged(payload, &self.address);
        let mut payloads: Vec<_> = stanza.payloads.iter().filter(honest).cloned().collect();
        payloads.extend(self.occupant_id(nick));
        Payloads::new(payloads)
    }

    /// The id that the room has given to who has this nick (XEP-0421).
    pub(super) fn occupant_id(&self, nick: &str) -> Option<Element> {
        let is_id = |payload: &&Element| payload.is("occupant-id", ns::OCCUPANT_IDS);
        self.roster.get(nick)?.presence.iter().find(is_id).cloned()
    }

    /// A newcomer has this message in his history.
    pub(super) fn seen(&mut self, message: &Stanza, session: &Arc<Jid>) {
        for shown in &mut self.provisional {
            if Some(&shown.message.from) == message.from.as_ref() && shown.message.id == message.id
            {
                shown.seen.insert(session.clone());
            }
        }
        if matches!(self.phase, Phase::Split) {
            self.knows_directly(session, message, true);
        }
    }

    /// Somebody is told a message without the master's telling this slave of it.
    fn knows_directly(&mut self, user: &Arc<Jid>, message: &Stanza, here: bool) {
        let Some(key) = key_of(user, message).filter(|_| self.direct.len() < DIRECT_MAX) else {
            return;
        };
        self.direct.entry(key).or_insert(here);
    }

    /// The master's history has this message. If it was shown here, it is no guess any more, and
    /// stored as the master has it.
    pub(super) fn found_in_history(&mut self, message: &StoredMessage) {
        let is_it = |shown: &&mut Provisional| {
            let one = &shown.message;
            (&one.from, &one.id, one.stamp) == (&message.from, &message.id, message.stamp)
        };
        for shown in self.provisional.iter_mut().filter(is_it) {
            shown.known = true;
            self.history.remove(&message.from, message.id.as_deref(), message.stamp);
        }
    }

    /// A session is in the room anew: what it has seen before is of another stay.
    pub(super) fn has_seen_nothing(&mut self, session: &Jid) {
        for shown in &mut self.provisional {
            shown.seen.remove(session);
        }
        self.direct.retain(|(user, ..), here| !*here || **user != *session);
    }

    /// Nobody waits for it any more, so that it is not stored. If the master took it all the same,
    /// it says so at the end of the next netjoin at the latest.
    pub(super) fn purge(&mut self, entry: &Entry) {
        for shown in self.provisional.iter_mut().filter(|shown| is_same(shown, entry)) {
            let StoredMessage { from, id, stamp, .. } = &shown.message;
            if !shown.known && !std::mem::replace(&mut shown.dropped, true) {
                self.history.remove(from, id.as_deref(), *stamp);
            }
        }
    }

    /// The master has said all that was missed: what nobody waits for any more it did not take.
    pub(super) fn purge_unwanted(&mut self) {
        let outbox = std::mem::take(&mut self.outbox);
        self.withdraw(|shown| !outbox.iter().any(|entry| is_same(shown, entry)));
        self.outbox = outbox;
    }

    /// These messages were shown here, and are the master's, or nobody's. Who has seen them.
    fn withdraw(&mut self, is_it: impl Fn(&Provisional) -> bool) -> BTreeSet<Arc<Jid>> {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.provisional).into_iter().partition(is_it);
        self.provisional = kept;
        for Provisional { message, .. } in
            gone.iter().filter(|shown| !shown.known && !shown.dropped)
        {
            self.history.remove(&message.from, message.id.as_deref(), message.stamp);
        }
        gone.into_iter().flat_map(|shown| shown.seen).collect()
    }

    /// Somebody is told a message by a master that knows no slave. If it is his own it is answered.
    pub(super) fn hears_directly(
        &mut self,
        user: &Arc<Jid>,
        stanza: &Stanza,
        out: &mut Vec<Output>,
    ) {
        if stanza.is_groupchat() && self.directed.get(user) == stanza.from.as_ref() {
            self.lost_before(user, stanza.id.as_ref(), |_| true, out);
            self.outbox.take_first(|entry| entry.is_message(user, stanza.id.as_ref()));
        }
        // Whom it lets in under a nick that he has given up since is not here yet.
        let here = self.locals.contains_key(user) || self.directed.contains_key(user);
        if stanza.is_groupchat() && here && !self.is_at_the_door(user) {
            self.knows_directly(user, stanza, false);
        }
    }

    /// Whether somebody waits to be told that he is in. If a room that knows no slave has told him
    /// so, that was lost, and what is said is in the history that he is told when he asks again.
    pub(super) fn is_at_the_door(&self, user: &Arc<Jid>) -> bool {
        let join = |entry: &Entry| entry.what == What::Join && is_join(&entry.stanza);
        let asks = |entry: &Entry| join(entry) && !entry.let_in;
        !self.locals.contains_key(user) && self.outbox.has(user, asks)
    }

    /// Whether somebody whom a master that knows no slave tells a message, live or of before, has
    /// seen it here.
    pub(super) fn was_shown(&self, user: &Arc<Jid>, stanza: &Stanza) -> bool {
        let said = stanza.is_groupchat();
        let Some(from) = stanza.from.as_ref().filter(|_| said) else { return false };
        let is_it = |shown: &Provisional| shown.is(from, stanza.id.as_ref(), &stanza.payloads);
        let in_history =
            || key_of(user, stanza).is_some_and(|key| self.direct.get(&key) == Some(&true));
        self.provisional.iter().any(|shown| shown.seen.contains(user) && is_it(shown))
            || in_history()
    }

    /// Who has seen a message, with those whom the master has told it itself.
    pub(super) fn seen_directly(
        &self,
        message: &StoredMessage,
        seen: Option<BTreeSet<Arc<Jid>>>,
    ) -> Option<BTreeSet<Arc<Jid>>> {
        if self.direct.is_empty() {
            return seen;
        }
        let name = name_of(message.id.as_ref(), &message.payloads);
        let told = self.direct.keys().filter(|(_, from, id)| *from == message.from && *id == name);
        let told: BTreeSet<_> = told.map(|(user, ..)| user.clone()).collect();
        if told.is_empty() { seen } else { Some(seen.into_iter().flatten().chain(told).collect()) }
    }

    /// Who has seen a message, or is not to: to who was let in here after it it is history, and he
    /// has had of that what he had asked for, unless he has set no limit, or one of time.
    pub(super) fn heard_of_before(
        &self,
        message: &StoredMessage,
        seen: Option<BTreeSet<Arc<Jid>>>,
    ) -> Option<BTreeSet<Arc<Jid>>> {
        let missed = matches!(self.phase, Phase::Syncing(_));
        if !missed || !StoredMessage::is_kept(&message.payloads) || self.newcomers.is_empty() {
            return seen;
        }
        let unwanted = |(entered, limits): &(Time, dmuc::History)| {
            let span = limits.seconds.map(|seconds| Duration::from_secs(seconds.into()));
            let long_ago = span.is_some_and(|span| message.stamp + span < *entered)
                || limits.since.is_some_and(|since| message.stamp < since);
            let counted = limits.maxchars.is_some() || limits.maxstanzas.is_some();
            message.stamp < *entered && (counted || long_ago)
        };
        let after = self.newcomers.iter().filter(|(_, asked)| unwanted(asked));
        Some(after.map(|(session, _)| session.clone()).chain(seen.into_iter().flatten()).collect())
    }

    /// A message of a local session has come back from the master: it is answered, and what the
    /// session said before and was not is lost. Who has seen it already.
    pub(super) fn reflected(
        &mut self,
        message: &StoredMessage,
        out: &mut Vec<Output>,
    ) -> Option<BTreeSet<Arc<Jid>>> {
        let id = message.id.as_ref()?;
        let Some(entry) = self.said_here(message) else {
            // Its author is not there any more, but others who have seen it may be.
            let is_it = |shown: &Provisional| shown.is(&message.from, Some(id), &message.payloads);
            let shown = self.provisional.iter().any(is_it);
            return shown.then(|| self.withdraw(is_it));
        };
        let session = entry.stanza.from.clone()?;
        let shown = self.provisional.iter().any(|shown| is_same(shown, &entry));
        self.lost_before(&session, Some(id), |_| true, out);
        self.outbox.take_first(|other| *other == entry);
        let seen = self.withdraw(|shown| is_same(shown, &entry));
        shown.then_some(seen)
    }

    /// A message comes that is not due, so that it is told with what was missed. If it is of a
    /// local session, what that said before and is not answered is lost all the same; and of a
    /// subject nobody may hear any more, if there is another one by then.
    pub(super) fn overhear(&mut self, message: &StoredMessage, out: &mut Vec<Output>) {
        let Some(entry) = self.said_here(message) else { return };
        if let Some(session) = &entry.stanza.from {
            self.lost_before(session, message.id.as_ref(), |_| true, out);
        }
        if entry.stanza.is_subject_change() {
            self.outbox.take_first(|other| *other == entry);
        }
    }

    /// The message of a local session that this is, if it waits for it.
    fn said_here(&self, message: &StoredMessage) -> Option<Entry> {
        let nick = message.from.resource().map(|nick| nick.to_string())?;
        let id = message.id.as_ref()?;
        let own = |entry: &Entry| {
            let session = entry.stanza.from.as_ref();
            let known = session.and_then(|session| self.confirmed.get(session));
            entry.what == What::Message
                && entry.stanza.id.as_ref() == Some(id)
                && (entry.nick.as_ref() == Some(&nick)
                    || known == Some(&nick)
                    || self.outbox.is_said_as(entry, &nick))
        };
        // A client may give several messages the same id.
        let his = || self.outbox.iter().filter(|entry| own(entry));
        let said = |entry: &&Entry| body_of(&entry.stanza.payloads) == body_of(&message.payloads);
        his().find(said).or_else(|| his().next()).cloned()
    }
}

impl Provisional {
    /// Whether this is what the master makes of it.
    fn is(&self, from: &Jid, id: Option<&Arc<str>>, payloads: &[Element]) -> bool {
        let one = &self.message;
        let nick = from.resource().map(|nick| nick.as_str());
        let his = *one.from == *from || self.said_as.iter().any(|one| Some(one.as_str()) == nick);
        his && one.id.as_ref() == id && body_of(&one.payloads) == body_of(payloads)
    }
}

fn is_same(shown: &Provisional, entry: &Entry) -> bool {
    // An error that says that a copy of it came back has its id too.
    // And a client may give several messages the same.
    let says = entry.what == What::Message && entry.at == shown.message.stamp;
    let named = says && entry.is_of(&shown.session) && entry.stanza.id == shown.message.id;
    named && body_of(&entry.stanza.payloads) == body_of(&shown.message.payloads)
}

/// What a message says.
fn body_of(payloads: &[Element]) -> Option<&Element> {
    payloads.iter().find(|payload| payload.is("body", ns::CLIENT))
}

/// By what it is known that somebody is told a message.
fn key_of(user: &Arc<Jid>, message: &Stanza) -> Option<(Arc<Jid>, Arc<Jid>, Arc<str>)> {
    let name = name_of(message.id.as_ref(), &message.payloads);
    Some((user.clone(), message.from.clone()?, name))
}

/// By what a message of somebody is known: its id, or else what it says.
fn name_of(id: Option<&Arc<str>>, payloads: &[Element]) -> Arc<str> {
    let said = || {
        let said = payloads.iter().filter(|payload| !payload.is("delay", ns::DELAY));
        said.map(String::from).collect::<String>().into()
    };
    id.cloned().unwrap_or_else(said)
}

/// How many messages are remembered that the master itself has told.
const DIRECT_MAX: usize = 10_000;

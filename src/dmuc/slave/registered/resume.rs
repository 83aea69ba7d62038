//! A slave that comes back from its disk. It believes what it knew, but of users with whom the
//! room has dealt itself meanwhile: they are the room's own until they ask to enter again.

use super::apart::APART_MAX;
use super::direct::is_join_that_went_up;
use super::outbox::{Entry, Outbox, Status, What, is_join};
use super::*;
use crate::dmuc::{Passage, Told};
use crate::stanza::Type;

impl RegisteredRoom {
    /// The slave was started again and knows what it knew. Who is not online any more has left.
    pub(in crate::dmuc::slave) fn resume(
        &mut self,
        now: Time,
        instance: Arc<str>,
        directed: &[(Arc<Jid>, Arc<Jid>)],
        passages: &[Passage],
        out: &mut Vec<Output>,
    ) {
        self.instance = instance;
        self.sent_at = None;
        if !self.accepted {
            self.directed = directed.iter().cloned().collect();
            self.outbox = Outbox::default();
            self.phase = Phase::Idle;
            return;
        }
        passages.iter().for_each(|passage| self.learn_others(passage, out));
        self.let_all_go(passages, out);
        for passage in passages.iter().filter(|passage| passage.said) {
            // What he said before is not said after it.
            let older =
                |entry: &Entry| entry.what == What::Message && entry.is_of(&passage.session);
            for entry in self.outbox.take(older) {
                self.return_lost(&entry, out);
            }
        }
        let online = |session: &Jid| directed.iter().any(|(one, _)| **one == *session);
        let is = |session: &Jid, so: &dyn Fn(&Passage) -> bool| {
            passages.iter().any(|passage| *passage.session == *session && so(passage))
        };
        let refused = |session: &Jid| is(session, &|passage| passage.refused);
        let closed = |session: &Jid| is(session, &|passage| passage.closed);
        // Who is not there any more does not want to enter, nor does who has the address now of
        // whom that was; and who was refused knows it.
        self.outbox.take(|entry| {
            let waits =
                |session: &Arc<Jid>| online(session) && !refused(session) && !closed(session);
            let waits = entry.stanza.from.as_ref().is_some_and(waits);
            entry.what == What::Join && !entry.done && !waits
        });
        // Of whom nothing is left the master may have let in: he is not listed any more.
        let (locals, outbox) = (&self.locals, &self.outbox);
        self.confirmed.retain(|one, _| locals.contains_key(one) || outbox.has(one, |_| true));
        // Whoever has the address now of whose connection is over is not he.
        let closed = passages.iter().filter(|passage| passage.closed).map(|one| &one.session);
        self.closed.extend(closed.filter(|one| self.locals.contains_key(*one)).cloned());
        for passage in passages {
            self.await_said(now, passage);
        }
        self.split(now, out);
        let left = |session: &Jid| {
            is(session, &|passage| passage.asked.iter().any(Stanza::is_unavailable))
        };
        let gone = self.locals.iter().filter(|(session, _)| !online(session) || left(session));
        let gone: Vec<_> = gone.map(|(session, nick)| (session.clone(), nick.clone())).collect();
        for (session, nick) in gone {
            let Some(occupant) = self.occupant(&nick) else { continue };
            let left =
                Stanza::presence(Type::Unavailable).with_from(session.clone()).with_to(occupant);
            let entry = Entry::new(left, now, Some(&nick), Status::Held);
            self.treat(now, entry, out);
        }
        let asks =
            |session: &Jid| is(session, &|passage| passage.asked.iter().any(Stanza::is_available));
        let enters = |one: &Jid| self.locals.contains_key(one) || !refused(one) || asks(one);
        self.directed = directed.iter().filter(|(one, _)| enters(one)).cloned().collect();
        for passage in passages {
            self.ask_again(now, passage);
        }
        self.backoff.clear();
        self.register(now, out);
    }

    /// The room itself has told these whether they are in. Under the nick that somebody had here he
    /// is not there any more, unless he was told that he has it.
    fn let_all_go(&mut self, passages: &[Passage], out: &mut Vec<Output>) {
        let has = |passage: &Passage, nick: &String| {
            let own = passage.told == Some(Told::In) && passage.nick.as_ref() == Some(nick);
            own || passage.others.get(nick).is_some_and(Option::is_some)
        };
        let mut given_up = Vec::new();
        for passage in passages.iter().filter(|passage| passage.told.is_some()) {
            let here = self.locals.get(&passage.session).cloned();
            let here = here.filter(|nick| !passages.iter().any(|passage| has(passage, nick)));
            given_up.extend(here.map(|nick| (nick, &passage.session)));
            self.let_go(&passage.session, out);
        }
        for (nick, session) in given_up {
            self.give_up(&nick, session, out);
        }
    }

    /// The room has told this session itself that it is in, or out. What the slave knew of it is of
    /// a stay that is over.
    pub(super) fn let_go(&mut self, session: &Arc<Jid>, out: &mut Vec<Output>) {
        let moderated = self.is_moderated();
        self.drop_late(session, out);
        self.outbox.take(|entry| entry.is_of(session));
        self.confirmed.shift_remove(session);
        self.former.remove(session);
        self.closed.remove(session);
        if let Some(nick) = self.locals.shift_remove(session) {
            self.forget_hidden(&nick);
        }
        self.drop_jids(moderated);
    }

    /// Whom a session knows to whom the room has told meanwhile who is there. Who was let in by it
    /// knows of who is not there any more only what he was told here: that they are gone.
    fn learn_others(&mut self, passage: &Passage, out: &mut Vec<Output>) {
        let (session, others) = (&passage.session, &passage.others);
        let served = !others.is_empty() || passage.told == Some(Told::In);
        if passage.closed || (passage.ended && !served) {
            self.apart.remove(session);
        }
        if !served || passage.closed || self.apart.len() >= APART_MAX {
            return;
        }
        let apart = self.apart.remove(session);
        let known = || apart.unwrap_or_else(|| self.known_to(session));
        let mut known = if passage.ended { BTreeMap::new() } else { known() };
        known.retain(|nick, _| !others.contains_key(nick));
        // Himself he knows.
        let own = [self.locals.get(session), passage.nick.as_ref()];
        own.into_iter().flatten().for_each(|own| drop(known.remove(own)));
        let waits = self.outbox.has(session, is_join_that_went_up);
        if passage.told == Some(Told::In) && (passage.entered || waits) {
            for nick in std::mem::take(&mut known).keys() {
                self.say_gone(nick, session, out);
            }
        }
        let there = others.iter().filter_map(|(nick, told)| Some((nick.clone(), told.clone()?)));
        known.extend(there);
        self.apart.insert(session.clone(), known);
    }

    /// What an occupant has said meanwhile, and was not answered, is on its way or lost, as if it
    /// had been relayed.
    fn await_said(&mut self, now: Time, passage: &Passage) {
        let nick = self.locals.get(&passage.session).cloned();
        let overtaken = passage.overtaken.iter().map(|said| (said, true));
        let all = overtaken.chain(passage.unanswered.iter().map(|said| (said, false)));
        for (said, overtaken) in all.filter(|_| nick.is_some()) {
            let mut entry = Entry::new(said.clone(), now, nick.as_ref(), Status::Relayed(now));
            passage.named.iter().for_each(|named| entry.may_be_said_as(named));
            self.outbox.remember_asked(&mut entry);
            self.outbox.push(Entry { overtaken, ..entry });
        }
    }

    /// Whether who has left here under this nick wants to be in again, late, and is not yet. That
    /// the master tells of him is enough for the others, so that it need not hear of his leave.
    pub(super) fn comes_back(&mut self, nick: &str) -> bool {
        let asks = |one: &Jid| {
            let late = |entry: &Entry| entry.what == What::Join && entry.status == Status::Queued;
            !self.locals.contains_key(one) && self.outbox.has(one, |one| late(one) && !one.done)
        };
        let mut owners = self.confirmed.iter().filter(|(_, known)| *known == nick);
        let back = owners.find(|(session, _)| asks(session)).map(|(session, _)| session.clone());
        let Some(session) = back else { return false };
        self.confirmed.shift_remove(&session);
        self.outbox.take_first(|entry| entry.is_of(&session) && entry.what == What::Leave);
        !self.has_left_here(nick)
    }

    /// Who wanted to enter meanwhile, and was not answered, wants it still. If he has left before,
    /// this is another visit. What somebody has said of himself the master may not have.
    fn ask_again(&mut self, now: Time, passage: &Passage) {
        let session = &passage.session;
        let Some(asked) = passage.asked.iter().find(|asked| asked.is_available()) else { return };
        let nick = self.locals.get(session).cloned();
        if nick.is_none() && !is_join(asked) {
            return;
        }
        self.remember_said(asked);
        let left = self.outbox.has(session, |entry| entry.what == What::Leave);
        if nick.is_none() && !left {
            self.confirmed.shift_remove(session);
        }
        if nick.is_none() {
            // The others here have seen him leave, and the room has yet to hear of it.
            self.outbox.take(|entry| entry.is_of(session) && entry.what != What::Leave);
        }
        let asked = self.named(asked.clone());
        self.outbox.push(Entry::new(asked, now, nick.as_ref(), Status::Queued));
    }
}

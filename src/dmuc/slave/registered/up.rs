//! From local users to the master: relayed, held back, or sent as if there were no slave.

use super::names::unnamed;
use super::outbox::{Entry, Status, What, is_join};
use super::*;
use crate::stanza::{Kind, ns};

impl RegisteredRoom {
    /// A local user sends something to the room.
    pub(in crate::dmuc::slave) fn up(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let stanza = self.named(stanza.retaining(|payload| !ns::is_dmuc(payload)));
        if let Some(session) = stanza.from.as_ref().filter(|_| stanza.is_available()) {
            self.answered_here.remove(session);
        }
        match &self.phase {
            Phase::Idle if is_join(&stanza) && self.may_register(now) => {
                self.hold(now, stanza, out);
                self.register(now, out);
            }
            Phase::Idle => self.send_natively(now, stanza, out),
            Phase::Registering(attempt) if attempt.native => self.relay(now, stanza, out),
            Phase::Registering(_) | Phase::Syncing(_) | Phase::Late(_)
                if self.accepted && self.slips.has(Slip::NothingHeld) =>
            {
                self.relay(now, stanza, out);
            }
            Phase::Registering(_) | Phase::Syncing(_) | Phase::Late(_) => {
                self.hold(now, stanza, out);
            }
            Phase::Active => self.relay(now, stanza, out),
            Phase::Split => {
                let entry = self.entry(now, stanza, Status::Held);
                self.treat(now, entry, out);
            }
        }
    }

    /// As if there were no slave. What it has to know if it registers later it remembers.
    pub(super) fn send_natively(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let let_in = stanza.from.as_ref().is_some_and(|session| self.is_let_in(session));
        self.remember_directed(&stanza);
        self.remember_said(&stanza);
        if let Some(session) = stanza.from.clone().filter(|_| stanza.kind == Kind::Presence) {
            // Who is not answered when the slave is registered asks again through it.
            let asked = |entry: &Entry| entry.is_of(&session) && entry.what == What::Join;
            let mut joins = self.outbox.take(asked);
            // How he is, which he has said since, asks for less.
            let real = joins.iter().rposition(|entry| is_join(&entry.stanza));
            joins.truncate(real.map_or(joins.len(), |real| real + 1));
            let joined = joins.pop().filter(|_| stanza.is_available());
            if is_join(&stanza) {
                let entry = Entry::new(stanza.clone(), now, None, Status::Relayed(now));
                self.outbox.push(Entry { let_in, ..entry });
                self.outbox.limit();
            } else if let Some(mut join) = joined {
                join.say(&stanza);
                self.outbox.push(join);
            }
        }
        self.send_up(now, stanza, out);
    }

    /// Whether a room that knows no slave has let this session in, as far as the slave knows.
    fn is_let_in(&self, session: &Jid) -> bool {
        let asks = |entry: &Entry| is_join(&entry.stanza) && !entry.let_in;
        !self.accepted && self.directed.contains_key(session) && !self.outbox.has(session, asks)
    }

    /// Keep it until the registration has ended.
    fn hold(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let entry = self.entry(now, stanza, Status::Held);
        if entry.what != What::Leave && entry.what != What::Join && self.outbox.is_full() {
            return self.refuse_for_space(&entry.stanza, out);
        }
        self.remember_directed(&entry.stanza);
        self.outbox.push(entry);
    }

    /// Relay: `from` and `to` as they are, payload as it is. A message to all gets an id if it has
    /// none, so that its reflection can be told from another.
    pub(super) fn relay(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        let entry = self.entry(now, stanza, Status::Relayed(now));
        self.relay_entry(now, entry, out);
    }

    pub(super) fn relay_entry(&mut self, now: Time, mut entry: Entry, out: &mut Vec<Output>) {
        let Some(session) = entry.stanza.from.clone() else { return };
        self.remember_directed(&entry.stanza);
        self.remember_said(&entry.stanza);
        let entering = self.outbox.has(&session, |entry| entry.what == What::Join);
        let present = self.locals.contains_key(&session) || entering;
        let unconfirmed = !self.confirmed.contains_key(&session);
        if entry.what == What::Leave && self.locals.contains_key(&session) && unconfirmed {
            return self.leave_unconfirmed(now, entry, out);
        }
        entry.status = Status::Relayed(now);
        let awaited = match entry.what {
            // A room that knows no slave does nothing for who is not there and says how he is.
            What::Join => self.accepted || self.directed.contains_key(&session),
            // One answer is enough to who leaves twice.
            What::Leave => (present && !self.is_leaving(&session)) || entry.done,
            What::Presence | What::Message => present || entry.done,
            What::Kick | What::Other => false,
        };
        if !awaited {
            entry.stanza = unnamed(entry.stanza);
            if entry.what == What::Leave {
                self.outbox.leave_again(&session);
            }
        }
        self.send_up(now, entry.stanza.clone(), out);
        if awaited {
            if entry.what == What::Message {
                let known = self.confirmed.get(&session);
                known.into_iter().for_each(|known| entry.may_be_said_as(known));
                self.outbox.remember_asked(&mut entry);
            }
            self.outbox.push(entry);
            self.outbox.limit();
        } else if entry.stanza.kind != Kind::Iq {
            self.outbox.pass(entry);
        }
    }

    /// Whether a leave of this session is on its way, and no wish to enter after it.
    fn is_leaving(&self, session: &Jid) -> bool {
        let mut last = self.outbox.of(session).rev();
        let last = last.find(|entry| entry.what == What::Leave || is_join(&entry.stanza));
        last.is_some_and(|entry| entry.what == What::Leave && entry.is_under_way())
    }

    /// The registration has ended: what users sent meanwhile goes up.
    pub(super) fn release(&mut self, now: Time, out: &mut Vec<Output>) {
        for held in self.outbox.take(|entry| entry.status == Status::Held) {
            let nick = held.stanza.from.as_ref().and_then(|session| self.locals.get(session));
            let mut entry = Entry::new(held.stanza, held.at, nick, Status::Relayed(now));
            entry.done = held.done;
            self.relay_entry(now, entry, out);
        }
    }

    /// The connection of a local session is over.
    pub(in super::super) fn close(&mut self, session: &Arc<Jid>) {
        self.served.remove(session);
        if self.locals.contains_key(session) {
            self.closed.insert(session.clone());
        } else {
            self.apart.remove(session);
        }
    }

    /// The account of a stanza that is received now.
    fn entry(&mut self, now: Time, mut stanza: Stanza, status: Status) -> Entry {
        if stanza.is_groupchat() && stanza.id.is_none() {
            stanza.id = Some(self.message_name(now));
        }
        let session = stanza.from.as_ref();
        let let_in = is_join(&stanza) && session.is_some_and(|session| self.is_let_in(session));
        let nick = session.and_then(|session| self.locals.get(session)).cloned();
        Entry { let_in, ..Entry::new(stanza, now, nick.as_ref(), status) }
    }
}

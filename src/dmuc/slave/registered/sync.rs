//! What the master sends between accept and `synced`: state by difference, messages by log.

use super::event::{plain, stored};
use super::outbox::{Entry, Status, What, is_join};
use super::shared::names_session;
use super::told::{Telling, is_another};
use super::*;
use crate::dmuc::slave::event::is_hiding;
use crate::room::history::delay_element;
use crate::room::{Item, Seat};
use crate::stanza::slave::At;
use crate::stanza::{Element, Type, dmuc, ns};

impl RegisteredRoom {
    /// The state of one nick: to be stored, and told where it is news. Of a sync that was given up
    /// nothing counts; out of one the master sends JIDs for the first moderator.
    pub(super) fn state_presence(
        &mut self,
        now: Time,
        stanza: Stanza,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let missed = self.has_missed_nick(&stanza, nick) || self.has_missed_end(&stanza, nick);
        let telling = match &mut self.phase {
            Phase::Syncing(sync) => {
                sync.mentioned.insert(nick.to_owned());
                if sync.first { Telling::Nobody } else { Telling::News }
            }
            Phase::Active | Phase::Late(_) if missed => {
                return self.register_again(now, out);
            }
            Phase::Active | Phase::Late(_) => Telling::News,
            _ => return out.push(self.note(&self.address, Change::Ignored)),
        };
        let stanza = plain(stanza);
        if stanza.is_unavailable() {
            return self.state_gone(&stanza, nick, out);
        }
        if self.has_left_here(nick) && !self.comes_back(nick) {
            return;
        }
        self.unhide(nick);
        self.rename_away(nick, out);
        let (stanza, nick) = self.as_here(stanza, nick);
        let stanza = self.with_newer_presence(stanza, &nick);
        if telling == Telling::News {
            self.bid_farewell_to_another(&stanza, &nick, out);
        }
        if !self.show(&stanza, &nick, telling, None, out) {
            self.too_much(now, out);
        }
    }

    /// Whether this is of a local occupant under another nick than he is known to have: that he
    /// took it was lost.
    fn has_missed_nick(&self, stanza: &Stanza, nick: &str) -> bool {
        let mut known = self.confirmed.iter();
        known.any(|(one, known)| known != nick && names_session(&stanza.payloads, one))
    }

    /// Whether the nick is somebody else's than is known here: that he gave it up was lost. Who was
    /// let in here under it may have to give it up yet.
    fn has_missed_end(&self, stanza: &Stanza, nick: &str) -> bool {
        let known = !self.is_local(nick) || !self.confirmed_as(nick).is_empty();
        known && stanza.is_available() && self.is_of_another(stanza, nick)
    }

    fn is_of_another(&self, stanza: &Stanza, nick: &str) -> bool {
        let owner = self.owners.get(nick);
        let is_other = |seat: &Seat| is_another(&seat.presence, owner, &stanza.payloads);
        self.roster.get(nick).is_some_and(is_other)
    }

    /// Who had a nick that somebody else elsewhere has now is shown to be gone. A master that has
    /// forgotten who was inside does not say so itself.
    fn bid_farewell_to_another(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if !self.is_of_another(stanza, nick) || self.is_local(nick) {
            return;
        }
        if let Some(farewell) = self.farewell(nick, Item::default(), &[]) {
            self.show_gone(&farewell, nick, out);
        }
    }

    fn state_gone(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if let Some(new) = stanza.new_nick().map(str::to_owned)
            && self.roster.contains_key(nick)
        {
            // His own change of nick came with accept.
            return self.renamed(stanza, nick, &new, out);
        }
        if is_hiding(stanza) {
            self.hide(stanza, nick, out);
        } else if !self.is_local(nick) {
            self.show_gone(stanza, nick, out);
        }
    }

    /// What the master has of a local occupant, with the presence that he has sent since.
    pub(super) fn with_newer_presence(&self, stanza: Stanza, nick: &str) -> Stanza {
        let newer = self.sessions(nick).iter().any(|session| {
            let late = |entry: &Entry| {
                entry.done
                    && entry.status == Status::Queued
                    && matches!(entry.what, What::Presence | What::Join)
            };
            self.outbox.has(session, late)
        });
        let Some(seat) = self.roster.get(nick).filter(|_| newer) else { return stanza };
        let room = stanza.payloads.iter().filter(|payload| payload.is("x", ns::MUC_USER));
        let payloads: Vec<_> = seat.own_payloads().chain(room).cloned().collect();
        stanza.with_payloads(payloads)
    }

    /// The present subject.
    pub(super) fn state_subject(
        &mut self,
        now: Time,
        stanza: Stanza,
        x: dmuc::X,
        out: &mut Vec<Output>,
    ) {
        let first = match &self.phase {
            Phase::Syncing(sync) => sync.first,
            Phase::Active | Phase::Late(_) => false,
            _ => return out.push(self.note(&self.address, Change::Ignored)),
        };
        let subject = stored(&stanza, &x, now).filter(|s| s.from.resource().is_some());
        let same = |one: &StoredMessage, other: &StoredMessage| {
            one.from == other.from && one.subject() == other.subject() && one.stamp == other.stamp
        };
        let known = match (&self.subject, &subject) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => true,
            _ => false,
        };
        // Who has set it is answered by that.
        if let Some(subject) = &subject {
            self.reflected(subject, out);
        }
        if !known {
            self.outbox.overtake_by_subjects();
        }
        self.subject = subject;
        if !known && !first {
            let told = StoredMessage::subject_for(self.subject.as_ref(), &self.address);
            self.tell(&told, None, out);
        }
    }

    /// A message of before: to be stored, and told to nobody now.
    pub(super) fn initial_history(
        &mut self,
        now: Time,
        stanza: Stanza,
        x: dmuc::X,
        out: &mut Vec<Output>,
    ) {
        let Phase::Syncing(sync) = &mut self.phase else {
            return out.push(self.note(&self.address, Change::Ignored));
        };
        let length = |payload: &Element| String::from(payload).len() as u64;
        sync.history.0 += 1;
        sync.history.1 += stanza.payloads.iter().map(length).sum::<u64>();
        let (count, bytes) = sync.history;
        let (count_max, bytes_max) = sync.granted;
        // Bytes are counted a little differently by everybody.
        if count > count_max || bytes_max.is_some_and(|max| bytes > max.saturating_mul(2)) {
            return self.too_much(now, out);
        }
        let first = sync.first;
        let Some(message) = stored(&stanza, &x, now) else { return };
        if first {
            // All will read it, whoever is told that it has come.
            self.reflected(&message, out);
        }
        self.found_in_history(&message);
        if !self.history.contains(&message.from, message.id.as_deref(), message.stamp) {
            self.history.push(message);
        }
    }

    /// A message that was missed. In a difference the position follows it, so that a sync that
    /// breaks off is taken up there; in a full sync it stays that of the old state until the end.
    pub(super) fn event_in_sync(
        &mut self,
        now: Time,
        stanza: Stanza,
        x: dmuc::X,
        out: &mut Vec<Output>,
    ) {
        let Phase::Syncing(sync) = &self.phase else { return };
        let due = |at: &At| at.backfill || self.slips.has(Slip::LiveInSync);
        let Some(at) = x.at.clone().filter(|at| due(at) && stanza.is_groupchat()) else {
            return out.push(self.note(&self.address, Change::Ignored));
        };
        let (full, target) = (sync.full, sync.target.clone());
        let run = self.position.as_mut().filter(|position| position.epoch == at.epoch);
        if at.epoch != target.epoch || run.as_ref().is_some_and(|run| at.seq <= run.seq) {
            return;
        }
        // A change of whois comes before the presences that it is about, out of its order.
        let by_somebody = stanza.from.as_ref().is_some_and(|from| from.resource().is_some());
        if let Some(run) = run.filter(|_| !full && by_somebody && at.seq <= target.seq) {
            run.seq = at.seq;
        }
        self.message(now, stanza, &x, at.backfill, out);
    }

    /// The end of the master's state.
    pub(super) fn synced(&mut self, now: Time, x: dmuc::X, out: &mut Vec<Output>) {
        let Phase::Syncing(sync) = &mut self.phase else {
            return out.push(self.note(&self.address, Change::Ignored));
        };
        let said = x.synced.is_some_and(|synced| {
            synced.epoch == sync.target.epoch && synced.seq == sync.target.seq
        });
        if !said {
            return out.push(self.note(&self.address, Change::Ignored));
        }
        let Sync { target, full, mentioned, .. } = (**sync).clone();
        if full {
            self.remove_unmentioned(&mentioned, out);
        }
        self.rejoin_apart(out);
        self.purge_unwanted();
        self.direct.clear();
        self.newcomers.clear();
        self.position = Some(target);
        self.amnesiac = false;
        self.unmark_away(out);
        out.push(self.note(&self.address, Change::Synced));
        self.send_late(now, full, out);
    }

    /// Those elsewhere of whom the master did not speak are gone.
    fn remove_unmentioned(&mut self, mentioned: &BTreeSet<String>, out: &mut Vec<Output>) {
        let local: BTreeSet<_> = self.locals.values().cloned().collect();
        let gone = self.roster.keys().filter(|nick| !mentioned.contains(*nick));
        let gone: Vec<_> = gone.filter(|nick| !local.contains(*nick)).cloned().collect();
        for nick in gone {
            if let Some(farewell) = self.farewell(&nick, Item::default(), &[]) {
                self.show_gone(&farewell, &nick, out);
            }
        }
    }

    /// First the joins of those whom the master may not have, in a full sync of all, then what is
    /// late, in order; then how many these were.
    fn send_late(&mut self, now: Time, full: bool, out: &mut Vec<Output>) {
        for lost in self.outbox.take(|entry| entry.overtaken && entry.status == Status::Queued) {
            self.return_lost(&lost, out);
        }
        let mut late = 0;
        let locals: Vec<_> = self.locals.keys().cloned().collect();
        for session in locals {
            // What went up since the slave asked comes first, and may be for another nick.
            let asked = self.outbox.has(&session, |entry| match entry.status {
                Status::Queued => entry.what == What::Join,
                _ => entry.is_under_way() && entry.stanza.is_available(),
            });
            let known = !full && self.confirmed.contains_key(&session);
            if asked || known || self.only_leaves(&session) {
                continue;
            }
            if let Some(join) = self.join_for(&session) {
                late += 1;
                let nick = self.locals.get(&session).cloned();
                let join = self.marked_late(join, nick.as_deref(), now);
                self.send_up(now, join, out);
            }
        }
        let mut queued = Vec::new();
        for entry in self.outbox.iter_mut().filter(|entry| entry.status == Status::Queued) {
            (entry.status, entry.went_to) = (Status::Sent, None);
            queued.push((entry.stanza.clone(), entry.nick.clone(), entry.at));
        }
        for (stanza, nick, at) in queued {
            late += 1;
            let stanza = self.marked_late(stanza, nick.as_deref(), at);
            self.send_up(now, stanza, out);
        }
        let id = self.id("sy");
        let position = self.position.clone();
        let (epoch, seq) = position.map(|p| (p.epoch, p.seq)).unwrap_or_default();
        let own = crate::stanza::slave::Synced { epoch, seq, late: Some(late) };
        let iq = Stanza::iq(Type::Set, &id)
            .with_from(self.slave.clone())
            .with_to(self.address.clone())
            .with_payload(Element::from(own));
        self.phase = Phase::Late(Late { id, since: now });
        self.send_up(now, iq, out);
    }

    /// Whether this session has left, said nothing before that is late, and was not told that it is
    /// out.
    fn only_leaves(&self, session: &Jid) -> bool {
        let waits = |entry: &Entry| matches!(entry.status, Status::Queued | Status::Held);
        let says = |entry: &Entry| matches!(entry.what, What::Message | What::Kick);
        self.outbox.has(session, |entry| entry.what == What::Leave && waits(entry))
            && !self.outbox.has(session, |entry| says(entry) && waits(entry))
    }

    /// With the time at which it was received; an IQ carries nothing.
    fn marked_late(&self, stanza: Stanza, nick: Option<&str>, at: Time) -> Stanza {
        if stanza.kind == crate::stanza::Kind::Iq {
            return stanza;
        }
        let session = stanza.from.as_ref();
        let known = session.and_then(|session| self.confirmed.get(session)).map(String::as_str);
        let occupant = nick.or(known).and_then(|nick| self.occupant(nick));
        let occupant = occupant.or_else(|| stanza.to.clone().filter(|to| to.is_full()));
        let mut x = crate::stanza::element("x", ns::DMUC, &[]);
        x.append_child(delay_element(occupant.as_ref().unwrap_or(&self.address), at));
        stanza.with_payload(x)
    }

    /// The master has all that was late.
    pub(super) fn late_is_over(&mut self, now: Time, out: &mut Vec<Output>) {
        let over = self.outbox.take(|entry| {
            let waits = entry.what == What::Message || (is_join(&entry.stanza) && !entry.done);
            entry.status == Status::Sent && !waits
        });
        drop(over);
        if self.outbox.iter().any(|entry| entry.status == Status::Queued) {
            // Its author was not let in before it, since he had the nick of another.
            return self.register_again(now, out);
        }
        for entry in self.outbox.iter_mut().filter(|entry| entry.status == Status::Sent) {
            entry.status = Status::Relayed(now);
        }
        self.phase = Phase::Active;
        self.backoff.clear();
        self.pinger.renew(now);
        self.rejoined = now;
        self.release(now, out);
    }
}

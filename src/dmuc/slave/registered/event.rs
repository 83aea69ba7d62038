//! What comes from the master: which kind it is, whether it is due, and what an event does.

use super::enter::is_granted;
use super::outbox::{Entry, Status, What, is_join};
use super::told::Telling;
use super::*;
use crate::dmuc::slave::event::is_hiding;
use crate::room::Seat;
use crate::room::history::delay_element;
use crate::stanza::{Element, Kind, Type, dmuc, ns};

impl RegisteredRoom {
    /// A stanza of the room, or in its name, for the slave itself.
    pub(in crate::dmuc::slave) fn master_stanza(
        &mut self,
        now: Time,
        stanza: Stanza,
        out: &mut Vec<Output>,
    ) {
        if stanza.kind == Kind::Iq {
            return self.iq_from_master(now, stanza, out);
        }
        if stanza.is_error() {
            return self.stanza_came_back(now, &stanza, out);
        }
        let malformed = stanza.has_payload("x", ns::DMUC) && stanza.dmuc().is_none();
        let early = match self.phase {
            Phase::Idle => true,
            Phase::Registering(_) => !self.slips.has(Slip::GivenUp),
            _ => false,
        };
        if malformed || early {
            // Nobody asked for it, or the coming state contains it.
            self.overhear_not_due(now, &stanza, out);
            return out.push(self.note(&self.address, Change::Ignored));
        }
        self.pinger.hear(now);
        if let Phase::Syncing(sync) = &mut self.phase {
            sync.heard = now;
        }
        let x = stanza.dmuc().unwrap_or_default();
        self.resolve_deferred(Some(&x), out);
        if x.leave.is_none() {
            self.rename_waiting(out);
        }
        let nick = stanza.from.as_ref().and_then(|from| from.resource()).map(|n| n.to_string());
        match (stanza.kind, &stanza.type_, nick) {
            (Kind::Presence, Type::Absent, Some(nick)) if x.enter.is_some() => {
                self.enter(now, stanza, x, &nick, out);
            }
            (Kind::Presence, Type::Unavailable, Some(nick)) if x.leave.is_some() => {
                if let Some(leave) = x.leave {
                    self.leave(&stanza, leave, &nick, out);
                }
            }
            (Kind::Presence, Type::Absent | Type::Unavailable, Some(nick)) if x.state.is_some() => {
                self.state_presence(now, stanza, &nick, out);
            }
            (Kind::Presence, Type::Absent, Some(_)) | (Kind::Presence, Type::Unavailable, _) => {
                self.event(now, stanza, x, out);
            }
            (Kind::Message, _, None) if x.synced.is_some() => self.synced(now, x, out),
            (Kind::Message, Type::Groupchat, _) if x.state.is_some() => {
                self.state_subject(now, stanza, x, out);
            }
            (Kind::Message, Type::Groupchat, _) if x.history.is_some() => {
                self.initial_history(now, stanza, x, out);
            }
            (Kind::Message, Type::Groupchat, _) => self.event(now, stanza, x, out),
            _ => out.push(self.note(&self.address, Change::Ignored)),
        }
    }

    /// An event, if it is due.
    fn event(&mut self, now: Time, stanza: Stanza, x: dmuc::X, out: &mut Vec<Output>) {
        if let Phase::Syncing(_) = self.phase {
            return self.event_in_sync(now, stanza, x, out);
        }
        let (Some(at), Some(position)) = (&x.at, &self.position) else {
            return self.apply(now, stanza, x, out);
        };
        let same = at.epoch == position.epoch || self.slips.has(Slip::AnyRun);
        if same && at.seq <= position.seq {
            return;
        }
        if same && at.seq == position.seq + 1 {
            if self.must_wait(now, &stanza, at.seq) {
                return;
            }
            if let Some(position) = &mut self.position {
                position.seq += 1;
            }
            return self.apply(now, stanza, x, out);
        }
        if at.backfill && self.slips.has(Slip::GivenUp) {
            return self.message(now, stanza, &x, true, out);
        }
        self.overhear_not_due(now, &stanza, out);
        // What is left over from a sync that was given up shows no gap; in a split none is filled.
        if !at.backfill && !matches!(self.phase, Phase::Split) {
            self.register_again(now, out);
        }
    }

    /// An event that is not due is not applied, and yet shows what the master has.
    fn overhear_not_due(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let x = stanza.dmuc().filter(|x| x.at.is_some() && stanza.is_groupchat());
        if let Some(message) = x.and_then(|x| stored(stanza, &x, now)) {
            self.overhear(&message, out);
        }
    }

    /// The arrival of somebody whose nick an unconfirmed local occupant has may be his own; so may
    /// one for which the slave has asked in his name, or any if he has left before he was let in.
    fn must_wait(&mut self, now: Time, stanza: &Stanza, seq: u64) -> bool {
        let nick = stanza.from.as_ref().and_then(|from| from.resource()).map(|n| n.to_string());
        let own = !self.slips.has(Slip::NeverOwn);
        let waits = |nick: &String| own && stanza.is_available() && !self.has_left_here(nick);
        let Some(nick) = nick.filter(waits) else { return false };
        let mut sessions = self.unconfirmed(&nick);
        if self.has_asked_for(stanza) {
            // He may have got another nick here since.
            let others = self.locals.keys().filter(|one| !self.confirmed.contains_key(*one));
            sessions.extend(others.cloned());
        }
        if !self.roster.contains_key(&nick) {
            let again = self.locals.keys().filter(|one| self.is_in_again(one));
            sessions.extend(again.cloned());
        }
        if sessions.is_empty() {
            return false;
        }
        let (stanza, until) = (stanza.clone(), now + DEFERRED_FOR);
        self.deferred = Some(Deferred { stanza, nick, sessions, seq, until });
        true
    }

    /// The next stanza tells whose arrival it was.
    pub(super) fn resolve_deferred(&mut self, next: Option<&dmuc::X>, out: &mut Vec<Output>) {
        let Some(Deferred { stanza, nick, sessions, seq, .. }) = self.deferred.take() else {
            return;
        };
        let Some(position) = self.position.as_mut().filter(|p| p.seq + 1 == seq) else { return };
        if matches!(self.phase, Phase::Syncing(_)) {
            return;
        }
        position.seq = seq;
        let entered = next.and_then(|x| x.enter.as_ref()).map(|enter| Jid::from(enter.jid.clone()));
        if entered.as_ref().is_some_and(|entered| self.is_in_again(entered)) {
            return;
        }
        let always = self.slips.has(Slip::AlwaysOwn);
        let his = |session: &&Arc<Jid>| always || entered.as_ref() == Some(&***session);
        // It may be another's here, who takes the nick over.
        let here = entered.as_ref().and_then(|entered| self.locals.get_key_value(entered));
        let his = sessions.iter().find(his).or(here.map(|(session, _)| session)).cloned();
        match his {
            Some(session) if self.parts(&session, &nick) => {
                self.make_room_for(&nick, &session, out);
                self.show(&plain(stanza), &nick, Telling::Always, Some(&session), out);
            }
            Some(session) => {
                self.confirm(&session, &nick, out);
                self.show(&plain(stanza), &nick, Telling::News, None, out);
            }
            None if self.is_shared(&nick, entered.as_ref()) => {
                self.show(&plain(stanza), &nick, Telling::News, None, out);
            }
            None => {
                self.rename_away(&nick, out);
                self.show(&plain(stanza), &nick, Telling::Always, None, out);
            }
        }
    }

    /// What an event does.
    pub(super) fn apply(&mut self, now: Time, stanza: Stanza, x: dmuc::X, out: &mut Vec<Output>) {
        let nick = stanza.from.as_ref().and_then(|from| from.resource()).map(|n| n.to_string());
        match (stanza.kind, nick) {
            (Kind::Message, _) => {
                let late = x.at.as_ref().is_some_and(|at| at.backfill);
                self.message(now, stanza, &x, late, out);
            }
            (_, None) => self.room_is_over(now, &plain(stanza), out),
            (_, Some(nick)) if stanza.is_available() => self.available(plain(stanza), &nick, out),
            (_, Some(nick)) => self.unavailable(plain(stanza), &nick, out),
        }
    }

    /// Somebody is there, or is otherwise than before.
    fn available(&mut self, stanza: Stanza, nick: &str, out: &mut Vec<Output>) {
        if self.has_left_here(nick) {
            // The master has not heard of it yet.
            return;
        }
        self.unhide(nick);
        self.rename_away(nick, out);
        let (stanza, nick) = self.as_here(stanza, nick);
        let nick = nick.as_str();
        let own = self.sessions(nick);
        let answered = self.answer_presence(&own, &stanza);
        let asks =
            |entry: &Entry| is_join(&entry.stanza) && entry.stanza.to == stanza.from && !entry.done;
        // Who asks to enter again under this nick sees himself where ENTER shows him, unless he is
        // told that he may do more, or less, by which goes what else he sees; what comes before
        // the answer to a leave is of the stay that he has left.
        let said = super::told::seat_of(&stanza);
        let keeps =
            said.as_ref().map(Seat::privileges) == self.roster.get(nick).map(Seat::privileges);
        let asking = own.iter().filter(|_| keeps).find(|session| {
            let mut stay = self.outbox.of(session).take_while(|entry| entry.what != What::Leave);
            stay.any(|entry| asks(entry) && entry.is_under_way())
        });
        let asking = asking.cloned();
        let telling = match answered {
            _ if self.announced.remove(nick) => Telling::News,
            Some(entry) if entry.done => Telling::News,
            _ if self.is_told_again(&own) => Telling::News,
            _ => Telling::Always,
        };
        let stanza = self.with_newer_presence(stanza, nick);
        if !self.show(&stanza, nick, telling, asking.as_deref(), out) {
            out.push(self.note(&self.address, Change::Ignored));
        }
    }

    /// Whether the master repeats what these sessions said: they have joined again, late.
    fn is_told_again(&self, own: &[Arc<Jid>]) -> bool {
        !own.is_empty() && matches!(self.phase, Phase::Late(_))
    }

    /// A presence of one of these sessions has come back, and with it what was older: the event has
    /// the id of what caused it.
    fn answer_presence(&mut self, own: &[Arc<Jid>], event: &Stanza) -> Option<Entry> {
        let answered = |entry: &Entry| {
            let asks = matches!(entry.what, What::Presence | What::Join);
            let says = asks && !is_join(&entry.stanza) && entry.may_have_come();
            says && event.id.is_some() && entry.stanza.id == event.id
        };
        own.iter().find_map(|session| {
            self.outbox.take_superseding(|entry| entry.is_of(session) && answered(entry))
        })
    }

    /// Somebody is gone, or takes another nick.
    fn unavailable(&mut self, stanza: Stanza, nick: &str, out: &mut Vec<Output>) {
        if let Some(new) = stanza.new_nick().map(str::to_owned) {
            return self.renamed(&stanza, nick, &new, out);
        }
        if is_hiding(&stanza) {
            return self.hide(&stanza, nick, out);
        }
        self.former.retain(|_, former| former != nick);
        let here = self.confirmed_as(nick);
        if !here.is_empty() || !self.is_local(nick) {
            let (stanza, nick) = self.as_here(stanza.clone(), nick);
            self.show_gone(&stanza, &nick, out);
        }
        // Their LEAVE was lost: to those who had this nick the event is the end of their stay.
        let moderated = self.is_moderated();
        let own = self.confirmed.iter().filter(|(_, known)| *known == nick);
        let own: Vec<_> = own.map(|(session, _)| session.clone()).collect();
        for session in own {
            let waits = self.outbox.has(&session, |entry| {
                entry.what == What::Leave && !entry.done && entry.status != Status::Held
            });
            if waits && !here.contains(&session) {
                self.tell_own_farewell(&stanza, &session, out);
            }
            self.confirmed.shift_remove(&session);
            self.locals.shift_remove(&session);
            let leave = |entry: &Entry| entry.is_of(&session) && entry.is_leave_under_way();
            let left = self.outbox.take_first(leave).filter(|_| !is_granted(&stanza));
            self.drop_late(&session, out);
            // LEAVE comes for his own, too.
            left.into_iter().for_each(|left| self.outbox.push(Entry { done: true, ..left }));
            self.forget_directed(&session);
        }
        self.drop_jids(moderated);
    }

    /// A message to all, live or late.
    pub(super) fn message(
        &mut self,
        now: Time,
        stanza: Stanza,
        x: &dmuc::X,
        late: bool,
        out: &mut Vec<Output>,
    ) {
        let Some(message) = stored(&stanza, x, now) else { return };
        let seen = self.reflected(&message, out);
        let stanza = plain(stanza);
        self.follow_status(&stanza);
        if stanza.is_subject_change() {
            self.subject = Some(message.clone()).filter(|m| m.from.resource().is_some());
        } else if StoredMessage::is_kept(&message.payloads) {
            self.history.push(message.clone());
        }
        let known = message
            .id
            .clone()
            .is_some_and(|id| self.lately.contains(&(message.from.clone(), id)) && seen.is_none());
        if known {
            return;
        }
        let seen = self.seen_directly(&message, seen);
        let seen = self.heard_of_before(&message, seen);
        let stanza = match late {
            true => stanza.with_payload(delay_element(&self.address, message.stamp)),
            false => stanza,
        };
        self.tell(&stanza, seen.as_ref(), out);
    }

    /// The room says that it hides JIDs now, or does not any more (XEP-0045 §10.2.1: 172, 173).
    pub(super) fn follow_status(&mut self, stanza: &Stanza) {
        let by_room = stanza.from.as_ref().is_some_and(|from| from.resource().is_none());
        let Some(x) = stanza.payload("x", ns::MUC_USER).filter(|_| by_room) else { return };
        let moderated = self.is_moderated();
        for code in x.children().filter_map(|child| child.attr("code")) {
            match code {
                "172" => self.whois = Whois::Anyone,
                "173" | "174" => self.whois = Whois::Moderators,
                _ => {}
            }
        }
        self.drop_jids(moderated);
    }
}

/// What a presence says of its subject that he has said himself.
pub(super) fn said_in(presence: &Stanza) -> Vec<Element> {
    let mut said = crate::dmuc::own_payloads(presence);
    said.retain(|payload| !payload.is("occupant-id", ns::OCCUPANT_IDS));
    said
}

/// Without XEP-0282's elements.
pub(super) fn plain(stanza: Stanza) -> Stanza {
    stanza.retaining(|payload| !ns::is_dmuc(payload))
}

/// A message as it is kept.
pub(super) fn stored(stanza: &Stanza, x: &dmuc::X, now: Time) -> Option<StoredMessage> {
    let kept = |payload: &&Element| !ns::is_dmuc(payload);
    Some(StoredMessage {
        from: stanza.from.clone()?,
        id: stanza.id.clone(),
        lang: stanza.lang.clone(),
        payloads: Arc::new(stanza.payloads.iter().filter(kept).cloned().collect()),
        stamp: x.delay.as_ref().map_or(now, |delay| delay.stamp),
    })
}

/// How long an arrival waits for the ENTER that tells whose it is.
const DEFERRED_FOR: Duration = Duration::from_secs(1);

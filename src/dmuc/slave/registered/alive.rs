//! Keepalive, positions in pongs, and what a pong proves to be lost on the way up.

use super::outbox::{Entry, Status, What};
use super::*;
use crate::dmuc::pinger::Due;
use crate::room::Item;
use crate::stanza::slave::At;
use crate::stanza::{Condition, Element, ErrorType, Kind, Type, element, error_element, ns};

impl RegisteredRoom {
    /// When something is due next.
    pub(in crate::dmuc::slave) fn deadline(&self) -> Option<Time> {
        let patience = self.timers.pong_timeout * 2;
        let own = match &self.phase {
            Phase::Idle => self.refused_until.filter(|_| self.amnesiac),
            Phase::Registering(Attempt { id: None, at, .. }) => Some(*at),
            Phase::Registering(attempt) if !self.accepted && !attempt.native => {
                Some(attempt.at + HELD_FOR)
            }
            Phase::Registering(attempt) => Some(attempt.at + patience),
            Phase::Syncing(sync) => Some(sync.heard + patience),
            Phase::Late(late) => Some(late.since + self.timers.pong_timeout),
            Phase::Active => {
                let rejoin = self.has_unconfirmed().then(|| self.rejoined + self.rejoin_period());
                [self.pinger.deadline(), self.unanswered_until(), rejoin]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Phase::Split => [self.pinger.deadline(), self.backoff.due].into_iter().flatten().min(),
        };
        let deferred = self.deferred.as_ref().map(|deferred| deferred.until);
        [own, deferred].into_iter().flatten().min()
    }

    /// Do what is due.
    pub(in crate::dmuc::slave) fn tick(&mut self, now: Time, out: &mut Vec<Output>) {
        if self.deferred.as_ref().is_some_and(|deferred| deferred.until <= now) {
            self.resolve_deferred(None, out);
        }
        let patience = self.timers.pong_timeout * 2;
        match &mut self.phase {
            Phase::Idle => {
                if self.amnesiac && self.may_register(now) {
                    self.refused_until = None;
                    self.register(now, out);
                }
            }
            Phase::Registering(Attempt { id: None, at, .. }) => {
                if *at <= now {
                    self.send_register(now, out);
                }
            }
            Phase::Registering(attempt) => {
                let sent = attempt.at;
                let first = !self.accepted;
                if first && !attempt.native && sent + HELD_FOR <= now {
                    attempt.native = true;
                    self.release(now, out);
                }
                if sent + patience <= now {
                    self.attempt_failed(now, out);
                }
            }
            Phase::Syncing(sync) if sync.heard + patience <= now => self.attempt_failed(now, out),
            Phase::Late(late) if late.since + self.timers.pong_timeout <= now => {
                self.register_again(now, out);
            }
            Phase::Syncing(_) | Phase::Late(_) => {}
            Phase::Active => self.tick_active(now, out),
            Phase::Split => self.tick_split(now, out),
        }
    }

    fn tick_active(&mut self, now: Time, out: &mut Vec<Output>) {
        match self.pinger.due(now) {
            Some(Due::Ping) => self.ping(now, out),
            Some(Due::Split) => return self.split(now, out),
            None if self.unanswered_until().is_some_and(|until| until <= now) => {
                self.ping(now, out);
            }
            None => {}
        }
        if self.has_unconfirmed() && self.rejoined + self.rejoin_period() <= now {
            self.rejoined = now;
            let unconfirmed = |session: &&Arc<Jid>| !self.confirmed.contains_key(*session);
            let sessions: Vec<_> = self.locals.keys().filter(unconfirmed).cloned().collect();
            for session in &sessions {
                out.extend(self.join_for(session).map(Output::Send));
            }
        }
    }

    fn tick_split(&mut self, now: Time, out: &mut Vec<Output>) {
        if self.backoff.due.is_some_and(|due| due <= now) {
            return self.send_register(now, out);
        }
        if self.pinger.due(now).is_some() {
            self.forget_old(now, out);
            self.ping(now, out);
        }
    }

    /// Whether somebody here was not answered with ENTER.
    fn has_unconfirmed(&self) -> bool {
        self.locals.keys().any(|session| !self.confirmed.contains_key(session))
    }

    fn rejoin_period(&self) -> Duration {
        self.timers.pong_timeout
    }

    /// Until when the oldest unanswered stanza may be so without a ping.
    fn unanswered_until(&self) -> Option<Time> {
        if self.pinger.is_waiting() {
            return None;
        }
        let since = self.outbox.iter().filter_map(|entry| match entry.status {
            Status::Relayed(since) => Some(since),
            _ => None,
        });
        since.min().map(|since| since + self.timers.pong_timeout)
    }

    pub(super) fn ping(&mut self, now: Time, out: &mut Vec<Output>) {
        let id = self.id("sk");
        self.pinger.ask(id.to_string(), now);
        let ping = Stanza::iq(Type::Get, &id)
            .with_from(self.slave.clone())
            .with_to(self.address.clone())
            .with_payload(element("ping", ns::PING, &[]));
        self.send_up(now, ping, out);
    }

    /// The answer to a ping of the master: the position. If it pings although something was sent to
    /// it of late, the way up may be dead.
    pub(super) fn answer_ping(&mut self, now: Time, query: &Stanza, out: &mut Vec<Output>) {
        let (since, count) = self.answered;
        let fresh = now >= since + Duration::from_secs(1);
        self.answered = if fresh { (now, 1) } else { (since, count + 1) };
        if self.answered.1 > PONGS_MAX {
            return;
        }
        let at = self.position.clone().map(|position| {
            let Resume { epoch, seq, .. } = position;
            Element::from(At { epoch, seq, backfill: false })
        });
        out.push(Output::Send(query.result_reply(at.into_iter().collect::<Vec<_>>())));
        let recent = self.sent_at.is_some_and(|sent| now < sent + self.timers.master_idle);
        self.sent_at = Some(now);
        if matches!(self.phase, Phase::Active) && recent && self.pinger.may_doubt(now) {
            self.ping(now, out);
        }
    }

    /// An answer to a ping of the slave, with a position if the master gives one.
    pub(super) fn pong(&mut self, now: Time, id: &str, at: Option<At>, out: &mut Vec<Output>) {
        let Some(sent) = self.pinger.pong(id, now) else { return };
        match self.phase {
            Phase::Split if self.pinger.split_since().is_none() => self.register(now, out),
            Phase::Active => {
                let ahead = at.zip(self.position.as_ref()).is_some_and(|(at, position)| {
                    at.epoch != position.epoch || at.seq > position.seq
                });
                // The room answers; so the errors were about somebody else's link. Presence is for
                // the room: it was lost, and goes up again.
                for error in std::mem::take(&mut self.doubted) {
                    if error.kind != Kind::Presence {
                        self.pass_error(now, error, out);
                    }
                }
                match ahead {
                    true => self.register_again(now, out),
                    false => self.repeat_lost(now, sent, out),
                }
            }
            _ => {}
        }
    }

    /// What was relayed before a ping that is answered, and is not answered itself, is lost.
    /// A message might overtake a later one and is returned. Presence goes up once more, unless
    /// there is newer presence of that session on its way.
    fn repeat_lost(&mut self, now: Time, pinged: Time, out: &mut Vec<Output>) {
        let before = |status| matches!(status, Status::Relayed(since) if since < pinged);
        let mut again = Vec::new();
        for mut lost in self.outbox.take(|entry| before(entry.status)) {
            let Some(session) = lost.stanza.from.clone() else { continue };
            if lost.what == What::Message && !self.slips.has(Slip::SaidAgain) {
                self.return_lost(&lost, out);
                continue;
            }
            if self.is_superseded(&session, &mut lost, out) {
                continue;
            }
            lost.repeats += 1;
            if lost.repeats > REPEATS_MAX {
                if lost.what == What::Join && !lost.done {
                    self.return_lost(&lost, out);
                    self.undirect(&session);
                }
                continue;
            }
            (lost.status, lost.went_to) = (Status::Relayed(now), None);
            let mut joins = again.iter_mut().rev().filter(|one: &&mut Entry| one.is_of(&session));
            match joins.next().filter(|join| join.is_joined_by(&lost)) {
                Some(join) => join.say(&lost.stanza),
                None => again.push(lost),
            }
        }
        for lost in again {
            self.send_up(now, lost.stanza.clone(), out);
            self.outbox.push(lost);
        }
    }

    /// Whether presence of this session on its way asks for what was `lost`, or for something else
    /// instead. Who has left since does not want to enter; and who says how he is asks for nothing.
    fn is_superseded(
        &mut self,
        session: &Arc<Jid>,
        lost: &mut Entry,
        out: &mut Vec<Output>,
    ) -> bool {
        let presence = |entry: &&Entry| entry.stanza.kind == Kind::Presence;
        let newer: Vec<_> = self.outbox.of(session).filter(presence).cloned().collect();
        let (Some(first), Some(last)) = (newer.first(), newer.last()) else { return false };
        let asks = |what: What| newer.iter().any(|entry| entry.what == what);
        match lost.what {
            What::Leave if first.what == What::Leave => true,
            What::Leave => {
                let enters = asks(What::Join);
                if enters && !lost.done {
                    self.end_stay(session, out);
                }
                enters
            }
            What::Join if last.what == What::Presence && !asks(What::Leave) => {
                let muc = lost.stanza.payload("x", ns::MUC).cloned();
                lost.stanza = muc.into_iter().fold(last.stanza.clone(), Stanza::with_payload);
                false
            }
            _ => true,
        }
    }

    /// A leave was lost and the join after it was not: to the master it is one stay, to the user
    /// they are two.
    fn end_stay(&mut self, session: &Arc<Jid>, out: &mut Vec<Output>) {
        let Some(nick) = self.locals.get(session).cloned() else { return };
        if let Some(farewell) = self.farewell(&nick, Item::default(), &[]) {
            self.tell_own_farewell(&farewell, session, out);
        }
        self.locals.shift_remove(session);
    }

    /// Who is let in again has left before, of which a room that has forgotten him says nothing: to
    /// him these are two stays.
    pub(super) fn end_left(&mut self, user: &Arc<Jid>, out: &mut Vec<Output>) {
        let here = self.locals.get(user).filter(|_| !self.closed.contains(user)).cloned();
        let Some(here) = here else { return };
        self.end_stay(user, out);
        self.confirmed.shift_remove(user);
        self.apart.remove(user);
        let his = |entry: &&mut Entry| entry.is_of(user) && entry.what == What::Leave;
        let left = self.outbox.iter_mut().find(his);
        left.into_iter().for_each(|left| left.done = true);
        self.give_up(&here, user, out);
    }

    /// It did not reach the room, or nobody can tell: better late.
    pub(super) fn return_lost(&mut self, entry: &super::outbox::Entry, out: &mut Vec<Output>) {
        self.purge(entry);
        self.return_to_sender(&entry.stanza, out);
    }

    pub(super) fn return_to_sender(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        let error = error_element(ErrorType::Wait, Condition::RemoteServerTimeout, None, None);
        out.extend(stanza.error_reply(error).map(Output::Send));
    }

    pub(super) fn refuse_for_space(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        let error = error_element(ErrorType::Wait, Condition::ResourceConstraint, None, None);
        out.extend(stanza.error_reply(error).map(Output::Send));
    }
}

/// How many pings are answered in a second.
const PONGS_MAX: u32 = 20;

/// How often what is lost is relayed again.
const REPEATS_MAX: u8 = 5;

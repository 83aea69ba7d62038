//! Asking to be registered, first or again, and what the master's answer does.

use super::outbox::{Entry, Status, What, is_join};
use super::*;
use crate::stanza::slave::{Accept, HistoryLimits, Keepalive, Occupant, Register, Sync as Kind};
use crate::stanza::{Element, Type, ns};

impl RegisteredRoom {
    /// Whether a refusal is forgotten by now.
    pub(super) fn may_register(&self, now: Time) -> bool {
        self.refused_until.is_none_or(|until| until <= now)
    }

    /// The operator wants it, whatever was refused before. The server knows who is there already.
    pub(in crate::dmuc::slave) fn register_now(
        &mut self,
        now: Time,
        directed: Vec<(Arc<Jid>, Arc<Jid>)>,
        out: &mut Vec<Output>,
    ) {
        match self.phase {
            Phase::Idle => {
                for (session, occupant) in directed {
                    self.directed.entry(session).or_insert(occupant);
                }
                self.backoff.clear();
                self.register(now, out);
            }
            Phase::Active | Phase::Late(_) | Phase::Split => self.register_again(now, out),
            Phase::Registering(_) | Phase::Syncing(_) => {}
        }
    }

    /// Something was missed: ask for it. What is not answered goes up again, late.
    pub(super) fn register_again(&mut self, now: Time, out: &mut Vec<Output>) {
        self.outbox.requeue();
        self.deferred = None;
        self.register(now, out);
    }

    /// Register as soon as the back-off allows.
    pub(super) fn register(&mut self, now: Time, out: &mut Vec<Output>) {
        let allowed = self.backoff.allowed(self.ids);
        match allowed.filter(|allowed| *allowed > now) {
            None => self.send_register(now, out),
            Some(allowed) if matches!(self.phase, Phase::Split) => {
                self.backoff.due = Some(allowed);
            }
            Some(allowed) if allowed <= now + HELD_FOR => {
                self.phase = Phase::Registering(Attempt { id: None, at: allowed, native: false });
            }
            Some(allowed) => {
                self.split(now, out);
                self.backoff.due = Some(allowed);
            }
        }
    }

    pub(super) fn send_register(&mut self, now: Time, out: &mut Vec<Output>) {
        if !self.accepted {
            self.outbox.requeue();
        }
        self.backoff.attempt(now);
        let id = self.id("reg");
        let Demands { keepalive, history, policy } = self.demands;
        let register = Register {
            instance: self.instance.to_string(),
            keepalive: Some(Keepalive { interval: keepalive, timeout: None, split: None }),
            history: Some(history),
            policy: (policy != Policy::default()).then_some(policy),
            resume: self.position.clone(),
            occupants: self.listed(),
        };
        let iq = Stanza::iq(Type::Set, &id)
            .with_from(self.slave.clone())
            .with_to(self.address.clone())
            .with_payload(Element::from(register));
        self.phase = Phase::Registering(Attempt { id: Some(id), at: now, native: false });
        self.send_up(now, iq, out);
    }

    /// The local occupants that it takes the master to have, or that have something to come.
    fn listed(&self) -> Vec<Occupant> {
        let mut listed = IndexMap::new();
        if self.position.is_none() {
            // One that was started again knows only whom the room has let in itself since.
            let any = !self.amnesiac || self.claimed;
            let held = |session: &Jid| self.outbox.has(session, |entry| entry.what == What::Join);
            let there = |session: &Arc<Jid>| any || self.served.contains(session);
            let there = |session: &Arc<Jid>| there(session) && !held(session);
            for (session, to) in self.directed.iter().filter(|(session, _)| there(session)) {
                let nick = to.resource().map(|nick| nick.to_string()).unwrap_or_default();
                listed.insert(session.clone(), (nick, false));
            }
        }
        for (session, known) in &self.confirmed {
            let nick = self.locals.get(session).unwrap_or(known);
            listed.insert(session.clone(), (nick.clone(), false));
        }
        for (session, nick) in &self.locals {
            listed.entry(session.clone()).or_insert_with(|| (nick.clone(), true));
        }
        // Whose words only are late, and who is not here, is served by the master itself.
        let late = |entry: &&Entry| {
            let visit = matches!(entry.what, What::Join | What::Leave);
            visit && entry.status == Status::Queued && !entry.is_goodbye()
        };
        for entry in self.outbox.iter().filter(late) {
            let Some(session) = &entry.stanza.from else { continue };
            let asked = entry.stanza.to.as_ref().and_then(|to| to.resource());
            let nick = entry.nick.clone().or(asked.map(|nick| nick.to_string()));
            if let Some(nick) = nick {
                listed.entry(session.clone()).or_insert((nick, true));
            }
        }
        let full = |jid: &Jid| jid.try_as_full().ok().cloned();
        let occupants = listed.into_iter().filter(|(_, (nick, _))| !nick.is_empty());
        occupants
            .filter_map(|(jid, (nick, pending))| Some(Occupant { jid: full(&jid)?, nick, pending }))
            .collect()
    }

    /// The answer to this id is for the registration that is asked for.
    pub(super) fn is_register(&self, id: &str) -> bool {
        match &self.phase {
            Phase::Registering(attempt) => attempt.id.as_deref() == Some(id),
            // An answer after all.
            Phase::Idle => self.was_given_up(id),
            _ => false,
        }
    }

    /// The answer to this id is for a first request that was not waited for any longer. If that was
    /// granted after all, what it asked for comes, and another request since is one too many.
    pub(super) fn was_given_up(&self, id: &str) -> bool {
        let first = matches!(self.phase, Phase::Idle | Phase::Registering(_)) && !self.accepted;
        first && self.given_up.as_ref().is_some_and(|(given_up, _)| **given_up == *id)
    }

    /// The master accepts.
    pub(super) fn accepted(&mut self, now: Time, iq: &Stanza, out: &mut Vec<Output>) {
        let accept = iq.payload("accept", ns::SLAVE).and_then(|x| Accept::try_from(x.clone()).ok());
        let Some(accept) = accept.filter(|accept| !accept.room.is_empty()) else {
            return out.push(self.note(&self.address, Change::Ignored));
        };
        let given_up = self.given_up.take().filter(|(id, _)| iq.id.as_ref() == Some(id));
        if let Some((_, sent)) = given_up {
            // What users have sent since comes to the master as to whom it has accepted.
            self.outbox.unqueue(sent);
        }
        // From here on all answers are to what goes up from here on.
        for entry in self.outbox.iter_mut() {
            (entry.others, entry.refusals, entry.was_for) = (0, 0, None);
        }
        self.say_goodbye();
        // What went up before the request was answered before it.
        self.answered_here.clear();
        self.served.clear();
        self.former.clear();
        self.ended.clear();
        self.refused_until = None;
        let other = |position: &Resume| position.room != accept.room;
        if self.position.as_ref().is_some_and(other) && !self.slips.has(Slip::AnyRoom) {
            // Another room has the address now; nobody is moved into it unasked.
            self.dissolve(None, out);
        }
        let first = !std::mem::replace(&mut self.accepted, true);
        let full = self.position.is_none() || accept.sync == Kind::Full;
        out.push(self.note(&self.address, Change::Registered));
        if self.position.as_ref().is_some_and(|position| position.epoch != accept.epoch) {
            self.begin_run();
        }
        self.take_terms(&accept, first);
        let Accept { room, epoch, seq, history, .. } = accept.clone();
        let target = Resume { room, epoch, seq };
        self.outbox.forget_passing();
        self.phase = Phase::Syncing(Box::new(Sync {
            target: target.clone(),
            full,
            first,
            mentioned: BTreeSet::new(),
            history: (0, 0),
            granted: (history.maxstanzas, history.maxbytes),
            heard: now,
        }));
        if full && self.slips.has(Slip::PositionAtAccept) {
            self.position = Some(target);
        }
        self.take_occupants(accept.occupants, full, first, out);
    }

    /// The master's log begins anew. Users have seen what is stored.
    fn begin_run(&mut self) {
        let seen = self.history.iter();
        self.lately = seen.filter_map(|m| Some((m.from.clone(), m.id.clone()?))).collect();
        self.history = self.history.emptied();
        for shown in self.provisional.iter().filter(|shown| !shown.dropped) {
            self.history.push(shown.message.clone());
        }
    }

    /// What the master grants.
    fn take_terms(&mut self, accept: &Accept, first: bool) {
        let moderated = self.is_moderated();
        self.whois = accept.whois;
        self.drop_jids(moderated);
        let asked = self.demands.policy;
        let policy = accept.policy.unwrap_or_default();
        self.granted = Policy {
            local_chat: policy.local_chat && asked.local_chat,
            local_private: policy.local_private && asked.local_private,
            local_enter: policy.local_enter && asked.local_enter,
            local_nick: policy.local_nick && asked.local_nick,
            local_kick: policy.local_kick && asked.local_kick,
            mark_away: policy.mark_away && asked.mark_away,
            enter_role: policy.enter_role,
        };
        let HistoryLimits { maxstanzas, .. } = accept.history;
        let maxstanzas = maxstanzas.min(self.demands.history.maxstanzas);
        if first {
            self.history = History::default();
        }
        self.history.resize(maxstanzas as usize);
        let seconds = |seconds: u32| Duration::from_secs(seconds.max(1).into());
        let Keepalive { interval, timeout, split } = accept.keepalive;
        self.timers.master_idle = seconds(interval);
        self.timers.slave_idle = self.timers.master_idle * 3 / 2;
        self.timers.pong_timeout = timeout.map_or(self.timers.pong_timeout, seconds);
        self.timers.split_ping = split.map_or(self.timers.split_ping, seconds);
        self.pinger.retime(self.timers, self.timers.slave_idle);
    }

    /// Whom the master has, and under which nicks.
    fn take_occupants(
        &mut self,
        occupants: Vec<Occupant>,
        full: bool,
        first: bool,
        out: &mut Vec<Output>,
    ) {
        if full {
            self.confirmed.clear();
        }
        // Of whom it says nothing it has under the nick by which he was listed.
        for (session, known) in &mut self.confirmed {
            if let Some(here) = self.locals.get(session) {
                known.clone_from(here);
            }
        }
        self.renames.clear();
        let mut others = Vec::new();
        for Occupant { jid, nick, .. } in occupants {
            let session = Arc::new(Jid::from(jid));
            let session = self.locals.get_key_value(&session).map_or(session, |(s, _)| s.clone());
            if session.domain() != self.slave.domain() {
                continue;
            }
            // Who has only said how he is gets no ENTER for it; and who was told that he is in, and
            // asks again, knows the nick that he has until then.
            let waits = self.outbox.has(&session, |entry| is_join(&entry.stanza) && !entry.let_in);
            if first && !waits && self.directed.contains_key(&session) {
                // Handed over: everything was told to him by the master itself.
                self.locals.insert(session.clone(), nick.clone());
            }
            self.confirmed.insert(session.clone(), nick.clone());
            let here = self.locals.get(&session).filter(|here| **here != nick);
            // His change of nick is not refused until somebody else has the nick; nor is that of
            // who has changed it with him.
            if here.is_some_and(|here| !self.is_taken_since(&self.sessions(here), here)) {
                others.push((session, nick));
            }
        }
        // Whose nick here is to be that of others of his gives it up first.
        let wanted: BTreeSet<_> = others.iter().map(|(_, nick)| nick.clone()).collect();
        let gives =
            |session: &Arc<Jid>| self.locals.get(session).is_some_and(|here| wanted.contains(here));
        let (first, then): (Vec<_>, Vec<_>) = others.into_iter().partition(|(one, _)| gives(one));
        for (session, nick) in first.into_iter().chain(then) {
            let owners = self.sessions(&nick);
            let theirs = |one: &Arc<Jid>| {
                one.to_bare() != session.to_bare() && self.confirmed.get(one) == Some(&nick)
            };
            match owners.iter().any(theirs) {
                // He who had it is gone, and his LEAVE is the next that comes.
                true => self.renames.push((session, nick)),
                false => self.rename_to(&session, &nick, out),
            }
        }
    }
}

impl Backoff {
    fn attempt(&mut self, now: Time) {
        self.attempts += 1;
        self.last = Some(now);
        self.due = None;
    }

    /// When the next attempt may be made; nothing if at once. 1, 2, 4 … 60 s after the last one,
    /// and up to a quarter more, so that slaves do not come in step.
    fn allowed(&self, salt: u64) -> Option<Time> {
        let last = self.last.filter(|_| self.attempts > 0)?;
        let seconds = 1_u64 << (self.attempts - 1).min(6);
        let millis = seconds.min(60) * 1000;
        let jitter = millis * (salt.wrapping_mul(37) % 26) / 100;
        Some(last + Duration::from_millis(millis + jitter))
    }

    /// The slave is active.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

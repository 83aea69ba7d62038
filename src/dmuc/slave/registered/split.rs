//! Being without the master: what a local user sends is done here, as far as it is granted, and
//! kept for later; what is not granted is answered.
//!
//! | stanza | granted | not granted |
//! | --- | --- | --- |
//! | message of who has a voice | shown here, kept | error |
//! | chat state of who has a voice | shown here | error |
//! | message of a visitor | | forbidden |
//! | subject, other message without body | | error |
//! | presence | done here, kept | |
//! | leave | done here, kept | |
//! | nick change | done here, kept | not-acceptable |
//! | join of a newcomer | admitted here, kept | error |
//! | join of an occupant | all that is stored | |
//! | private message, query to a local occupant | passed on | error |
//! | kick of a local occupant | done here, kept | error |
//! | ping to the own nick | result | |
//! | anything else | | error |
//!
//! The error is remote-server-timeout, unless it says something else.

use super::outbox::{Entry, Status, What, is_join};
use super::told::Telling;
use super::*;
use crate::room::{Item, Role};
use crate::stanza::{Condition, Element, ErrorType, Kind, Type, error_element, ns};

impl RegisteredRoom {
    /// The master is lost. What it has not answered is treated as if it came now.
    pub(super) fn split(&mut self, now: Time, out: &mut Vec<Output>) {
        if matches!(self.phase, Phase::Split) {
            return;
        }
        if !self.accepted {
            return self.attempt_failed(now, out);
        }
        if let Phase::Syncing(sync) = &self.phase
            && self.slips.has(Slip::BrokenOff)
        {
            self.position = Some(sync.target.clone());
        }
        self.phase = Phase::Split;
        self.deferred = None;
        self.deregistering = None;
        self.pinger.split(now);
        out.push(self.note(&self.address, Change::Split));
        let entries = self.outbox.take(|_| true);
        for (index, entry) in entries.iter().enumerate() {
            let left = |later: &Entry| {
                later.what == What::Leave && later.stanza.from == entry.stanza.from && !later.done
            };
            let over = entry.what == What::Join && entries[index + 1..].iter().any(left);
            if entry.done || over {
                self.outbox.push(entry.clone().late());
            } else {
                self.treat(now, entry.clone(), out);
            }
        }
        if self.granted.mark_away {
            self.mark_away(out);
        }
        for error in std::mem::take(&mut self.doubted) {
            // Presence that came back was treated above, and is kept for later.
            if error.kind != Kind::Presence {
                self.pass_error(now, error, out);
            }
        }
    }

    /// An attempt to register came to nothing for want of an answer.
    pub(super) fn attempt_failed(&mut self, now: Time, out: &mut Vec<Output>) {
        if self.accepted {
            return self.split(now, out);
        }
        self.give_up_request();
        self.claimed = false;
        // If another run of it is registered still, what is meant for its users comes to it.
        let span = if self.amnesiac { super::over::ANEW_AFTER } else { UNANSWERED_FOR };
        self.refused_until = Some(now + span);
        self.go_native(now, out);
    }

    /// The answer to what was asked for last is not waited for.
    pub(super) fn give_up_request(&mut self) {
        if let Phase::Registering(attempt) = &self.phase {
            self.given_up = attempt.id.clone().map(|id| (id, attempt.at));
        }
    }

    /// There is no slave for this room: what users sent meanwhile goes up as if there were none.
    pub(super) fn go_native(&mut self, now: Time, out: &mut Vec<Output>) {
        self.phase = Phase::Idle;
        for entry in self.outbox.take(|_| true) {
            // Until a goodbye is answered the room may tell him what is over for him.
            let asked = entry.what == What::Join && !entry.done && entry.status != Status::Held;
            let kept = asked || entry.is_goodbye();
            let kept = kept.then(|| Entry { status: Status::Relayed(now), ..entry.clone() });
            if entry.status == Status::Held {
                self.send_natively(now, entry.stanza, out);
            } else if entry.what == What::Leave && !entry.is_goodbye() {
                // What he asked for before is over with it.
                let before = |one: &Entry| one.stanza.from == entry.stanza.from && !one.done;
                self.outbox.take(|one| one.what == What::Join && before(one));
            }
            kept.into_iter().for_each(|kept| self.outbox.push(kept));
        }
    }

    /// Do what a local user asks for as far as it can be done without the master.
    pub(super) fn treat(&mut self, now: Time, mut entry: Entry, out: &mut Vec<Output>) {
        let Some(session) = entry.stanza.from.clone() else { return };
        self.remember_directed(&entry.stanza);
        let nick = self.locals.get(&session).cloned();
        match (entry.stanza.kind, &entry.stanza.type_, &nick) {
            (Kind::Iq, Type::Result | Type::Error, _) => self.answer_here(entry.stanza, out),
            (_, Type::Error, _) => {}
            (Kind::Presence, Type::Unavailable, _) => self.leave_here(session, entry, out),
            (Kind::Presence, Type::Absent, Some(nick)) => {
                let nick = nick.clone();
                // He may have been somebody else when he sent it.
                entry.nick = Some(nick.clone());
                let to = entry.stanza.to.as_ref().and_then(|to| to.resource());
                match to.map(|to| to.to_string()).filter(|to| *to != nick) {
                    Some(new) => self.rename_in_split(&session, entry, &nick, &new, out),
                    None => self.presence_here(now, &session, entry, &nick, out),
                }
            }
            (Kind::Presence, Type::Absent, None) => self.enter_here(now, session, entry, out),
            (Kind::Message, Type::Groupchat, _) => self.say_here(entry, nick, out),
            (Kind::Iq, _, Some(nick)) if is_self_ping(&entry.stanza, nick) => {
                out.push(Output::Send(entry.stanza.result_reply(vec![])));
            }
            (Kind::Iq, _, Some(nick)) if super::local::kicked(&entry.stanza).is_some() => {
                let nick = nick.clone();
                self.kick_here(now, entry, &nick, out);
            }
            (Kind::Message | Kind::Iq, _, Some(nick)) => {
                let nick = nick.clone();
                self.pass_privately(entry.stanza, &nick, out);
            }
            _ => self.return_to_sender(&entry.stanza, out),
        }
    }

    /// Somebody leaves: told to him and to the others at once, to the master later.
    fn leave_here(&mut self, session: Arc<Jid>, entry: Entry, out: &mut Vec<Output>) {
        let entering = self
            .outbox
            .take(|other| other.is_of(&session) && other.what == What::Join && !other.done);
        let known = self.confirmed.get(&session).cloned();
        let here = self.locals.get(&session).cloned();
        if here.is_none() && entering.is_empty() && known.is_none() && entry.status == Status::Held
        {
            // Not here, as far as the slave knows; he may be served by the master itself.
            return self.keep_leave(&session, entry);
        }
        let to = entry.stanza.to.as_ref().and_then(|to| to.resource()).map(|to| to.to_string());
        let nick = here.clone().or(to).unwrap_or_default();
        let payloads = crate::dmuc::own_payloads(&entry.stanza);
        let payloads = match self.roster.get(&nick) {
            Some(seat) => seat.with_id(payloads),
            None => payloads,
        };
        let item = Item { jid: Some(&session), ..Item::default() };
        let farewell = self.farewell(&nick, item, &[]).map(|farewell| {
            let x = farewell.payloads.iter().cloned();
            let all: Vec<_> = payloads.into_iter().chain(x).collect();
            farewell.with_payloads(all)
        });
        if here.is_some() {
            self.expel(&session, farewell, out);
        } else if !entering.is_empty()
            && let Some(farewell) = farewell
        {
            let sessions = std::slice::from_ref(&session);
            let own = crate::room::Audience::Own { sessions, jids: false };
            let own = own.render(&farewell.payloads);
            out.push(Output::Send(farewell.with_to(session.clone()).with_payloads(own)));
        }
        if let Some(known) = known {
            // The master has him until it hears of it.
            self.confirmed.insert(session.clone(), known);
        }
        self.keep_leave(&session, entry);
    }

    /// Somebody leaves whom the master may not have: it need not be asked.
    pub(super) fn leave_unconfirmed(&mut self, now: Time, entry: Entry, out: &mut Vec<Output>) {
        let Some(session) = entry.stanza.from.clone() else { return };
        self.undirect(&session);
        self.drop_late(&session, out);
        let stanza = entry.stanza.clone();
        self.leave_here(session, entry, out);
        for entry in self.outbox.iter_mut().filter(|entry| entry.stanza == stanza) {
            entry.status = Status::Relayed(now);
        }
        self.send_up(now, stanza, out);
    }

    /// One leave is enough.
    fn keep_leave(&mut self, session: &Jid, entry: Entry) {
        if !self.outbox.has(session, |entry| entry.what == What::Leave) {
            self.outbox.push(entry.kept());
        }
    }

    /// An occupant's presence changes, or his client asks to be told everything again.
    fn presence_here(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        mut entry: Entry,
        nick: &str,
        out: &mut Vec<Output>,
    ) {
        let Some(seat) = self.roster.get(nick) else { return };
        let own = crate::dmuc::own_payloads(&entry.stanza);
        // What is shown may be another session's.
        let known = self.said.get(session).is_some_and(|said| **said == own);
        let payloads = seat.saying(own);
        // Of what went up and may be lost the master alone knows, whatever is shown here.
        let sent = entry.status != Status::Held;
        let changed = sent || !known || payloads != *seat.presence;
        let presence =
            Stanza::presence(Type::Absent).with_from(seat.occupant.clone()).with_payloads(payloads);
        self.remember_said(&entry.stanza);
        if is_join(&entry.stanza) {
            if entry.status != Status::Held && !entry.bounced {
                self.answered_here.insert(session.clone());
            }
            self.show(&presence, nick, Telling::News, Some(session), out);
            let limits = super::local::history_limits(&entry.stanza);
            self.burst(now, session, nick, &presence, &limits, out);
        } else {
            self.show(&presence, nick, Telling::Always, None, out);
        }
        if changed {
            self.outbox.take(|other| other.is_of(session) && other.is_plain());
            entry.stanza = entry.stanza.retaining(|payload| !payload.is("x", ns::MUC));
            entry.what = What::Presence;
            self.outbox.push(entry.kept());
        }
    }

    /// An occupant speaks to all.
    fn say_here(&mut self, mut entry: Entry, nick: Option<String>, out: &mut Vec<Output>) {
        if entry.overtaken {
            return self.outbox.push(entry.late());
        }
        if entry.stanza.to.as_ref().is_some_and(|to| to.resource().is_some()) {
            // XEP-0045 §7.5.
            let by = Some(&*self.address);
            let error = error_element(ErrorType::Modify, Condition::BadRequest, by, None);
            return out.extend(entry.stanza.error_reply(error).map(Output::Send));
        }
        let role = nick.as_ref().and_then(|nick| self.roster.get(nick)).map(|seat| &seat.role);
        let sent = entry.status != Status::Held;
        let occupant = nick.as_ref().and_then(|nick| self.occupant(nick));
        let (Some(occupant), Some(role)) = (occupant, role) else {
            if sent && !entry.bounced {
                // What he has said before is not said after it.
                self.outbox.overtake(&entry);
            }
            return self.return_to_sender(&entry.stanza, out);
        };
        if *role == Role::Visitor {
            let error = error_element(ErrorType::Auth, Condition::Forbidden, None, None);
            return out.extend(entry.stanza.error_reply(error).map(Output::Send));
        }
        if self.granted.local_chat && is_chat_state(&entry.stanza) {
            // It is of the moment. One that went up is told by the master, if it came.
            if !sent {
                let payloads = self.identified(&entry.stanza, nick.as_deref().unwrap_or_default());
                let typing = entry.stanza.with_from(occupant).with_payloads(payloads);
                self.tell(&typing, None, out);
            }
            return;
        }
        let says = entry.stanza.body().is_some();
        let granted = self.granted.local_chat && says;
        if !granted && (entry.bounced || !sent) {
            return self.return_to_sender(&entry.stanza, out);
        }
        if !sent && self.outbox.is_full() {
            return self.refuse_for_space(&entry.stanza, out);
        }
        entry.is_shown_as(nick);
        if granted {
            self.show_provisionally(&entry, occupant, out);
        }
        self.outbox.push(entry.kept());
    }

    /// What has been kept for longer than the master remembers the slave is not said any more.
    pub(super) fn forget_old(&mut self, now: Time, out: &mut Vec<Output>) {
        let expiry = self.timers.expiry;
        let old = |entry: &Entry| entry.what == What::Message && entry.at + expiry <= now;
        for entry in self.outbox.take(old) {
            self.return_lost(&entry, out);
        }
    }
}

fn is_self_ping(stanza: &Stanza, nick: &str) -> bool {
    let to = stanza.to.as_ref().and_then(|to| to.resource());
    to.is_some_and(|to| to.as_str() == nick) && stanza.has_payload("ping", ns::PING)
}

/// Whether a message says nothing but whether its author is writing (XEP-0085).
fn is_chat_state(stanza: &Stanza) -> bool {
    let says = |name| stanza.has_payload(name, ns::CLIENT);
    let is_state = |payload: &Element| payload.has_ns(ns::CHAT_STATES);
    stanza.payloads.iter().any(is_state) && !says("body") && !says("subject")
}

/// How long a first request without answer is remembered.
const UNANSWERED_FOR: Duration = Duration::from_secs(60);

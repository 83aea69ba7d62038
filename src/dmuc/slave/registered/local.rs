//! What a slave does for its users in a split if the master has granted it: admit newcomers, change
//! nicks, kick, pass private messages and queries.

use super::outbox::{Entry, Status, What};
use super::told::Telling;
use super::*;
use crate::room::privilege::rank;
use crate::room::{Affiliation, Item, Role, nick::is_acceptable};
use crate::stanza::slave::EnterRole;
use crate::stanza::{
    Condition, ErrorType, Kind, Payloads, Type, attribute, dmuc, element, error_element, ns,
};

impl RegisteredRoom {
    /// A newcomer: admitted without affiliation, until the master judges it.
    pub(super) fn enter_here(
        &mut self,
        now: Time,
        session: Arc<Jid>,
        mut entry: Entry,
        out: &mut Vec<Output>,
    ) {
        let to = entry.stanza.to.as_ref().and_then(|to| to.resource()).map(|to| to.to_string());
        let nick = to.filter(|nick| {
            let stored = self.position.is_some() && self.roster.len() < super::told::ROSTER_MAX;
            let join = super::outbox::is_join(&entry.stanza);
            self.granted.local_enter
                && stored
                && join
                && is_acceptable(nick)
                && !self.is_taken(nick, Some(&session))
                && !self.outbox.is_full()
        });
        let Some((nick, occupant)) = nick.and_then(|nick| {
            let occupant = self.occupant(&nick)?;
            Some((nick, occupant))
        }) else {
            self.undirect(&session);
            // If the master has him, it is to forget him: he is not listed any more, and if it
            // serves him itself he has left.
            self.end_confirmed(&session);
            let may_have_come = entry.status != Status::Held && !entry.bounced;
            let occupant = entry.stanza.to.clone().filter(|to| may_have_come && to.is_full());
            if let Some(to) = occupant.filter(|_| !self.outbox.has(&session, Entry::is_goodbye)) {
                self.push_goodbye(now, &session, &to, Status::Queued);
            }
            return self.return_to_sender(&entry.stanza, out);
        };
        let role = match self.granted.enter_role {
            EnterRole::Visitor => Role::Visitor,
            EnterRole::Participant => Role::Participant,
        };
        let affiliation = Some(Affiliation::None);
        let item = Item { affiliation, role: Some(role), jid: Some(&session), ..Item::default() };
        let mut payloads = crate::dmuc::own_payloads(&entry.stanza);
        // As the room would, it warns who enters that everybody sees his JID.
        let codes: &[u16] = if self.whois == Whois::Anyone { &[100] } else { &[] };
        payloads.push(item.element(codes));
        let presence = Stanza::presence(Type::Absent).with_from(occupant).with_payloads(payloads);
        self.remember_said(&entry.stanza);
        self.miss_dismissed(out);
        self.give_up_former(&session, &nick, out);
        self.clear_nick_apart(&nick, out);
        self.show(&presence, &nick, Telling::Always, None, out);
        self.locals.insert(session.clone(), nick.clone());
        self.has_seen_nothing(&session);
        let limits = history_limits(&entry.stanza);
        self.burst(now, &session, &nick, &presence, &limits, out);
        self.newcomers.insert(session.clone(), (entry.at, limits));
        if self.slips.has(Slip::TwoVisits) {
            (entry.what, entry.nick) = (What::Join, Some(nick));
            return self.outbox.push(entry.kept());
        }
        // One visit: whether the master has seen the first one end does not matter, nor what he
        // looked like in it.
        self.end_confirmed(&session);
        let before = |other: &Entry| {
            let visit = matches!(other.what, What::Join | What::Presence | What::Leave);
            other.is_of(&session) && visit
        };
        let visits = self.outbox.take(before);
        let left = visits.iter().filter(|one| one.what == What::Leave && one.may_have_come());
        *self.ended.entry(session).or_default() += left.count();
        (entry.what, entry.nick) = (What::Join, Some(nick));
        self.outbox.push_first(entry.kept());
    }

    /// An occupant asks for another nick.
    pub(super) fn rename_in_split(
        &mut self,
        session: &Arc<Jid>,
        entry: Entry,
        old: &str,
        new: &str,
        out: &mut Vec<Output>,
    ) {
        let refusal = match self.granted.local_nick {
            false => Some((ErrorType::Cancel, Condition::NotAcceptable)),
            true if !is_acceptable(new) => Some((ErrorType::Modify, Condition::JidMalformed)),
            true if self.is_taken(new, Some(session)) => {
                Some((ErrorType::Cancel, Condition::Conflict))
            }
            true => None,
        };
        if let Some((type_, condition)) = refusal {
            if let Some(occupant) = self.occupant(old) {
                self.directed.insert(session.clone(), occupant);
            }
            // What was refused does not count, if it went up.
            let own = crate::dmuc::own_payloads(&entry.stanza);
            if entry.status != Status::Held && self.said.get(session).is_some_and(|s| **s == own) {
                self.said.remove(session);
            }
            let by = Some(&*self.address);
            let error = error_element(type_, condition, by, None);
            out.extend(entry.stanza.error_reply(error).map(Output::Send));
            return;
        }
        // Whoever takes another nick says all of himself once more.
        let own = crate::dmuc::own_payloads(&entry.stanza);
        self.remember_said(&entry.stanza);
        if let Some(seat) = self.roster.get_mut(old) {
            seat.presence = Arc::new(seat.saying(own));
        }
        self.outbox.take(|other| other.is_of(session) && other.is_plain());
        self.tell_new_nick(old, new, &[], out);
        let queued = |entry: &Entry| entry.what == What::Join && entry.status == Status::Queued;
        let joining = self.outbox.has(session, queued);
        if joining {
            // Who has to be admitted yet asks to be under the new nick, and so.
            self.outbox.say_in_joins(&entry);
        } else {
            let mut kept = entry.kept();
            kept.stanza = kept.stanza.retaining(|payload| !payload.is("x", ns::MUC));
            (kept.what, kept.nick) = (What::Presence, Some(old.to_owned()));
            self.outbox.push(kept);
        }
    }

    /// A moderator kicks a local occupant.
    pub(super) fn kick_here(
        &mut self,
        now: Time,
        entry: Entry,
        actor: &str,
        out: &mut Vec<Output>,
    ) {
        let Some((target, reason)) = kicked(&entry.stanza) else { return };
        let sessions = self.sessions(&target);
        let may =
            self.roster.get(actor).zip(self.roster.get(&target)).is_some_and(|(one, other)| {
                one.role == Role::Moderator
                    && other.role != Role::Moderator
                    && rank(&other.affiliation) <= rank(&one.affiliation)
            });
        let actor_jid = entry.stanza.from.clone();
        let Some(actor_jid) = actor_jid.filter(|_| {
            self.granted.local_kick && may && !sessions.is_empty() && !self.outbox.is_full()
        }) else {
            return self.return_to_sender(&entry.stanza, out);
        };
        let item = Item {
            jid: sessions.first().map(|session| &**session),
            actor: Some((actor, &actor_jid)),
            reason: reason.as_deref(),
            ..Item::default()
        };
        let farewell = self.farewell(&target, item, &[307]);
        out.push(Output::Send(entry.stanza.result_reply(vec![])));
        let stanza = of_session(&entry.stanza, &sessions);
        self.outbox.push(Entry { what: What::Kick, stanza, ..entry.kept() });
        for session in sessions {
            let known = self.confirmed.get(&session).cloned();
            self.expel(&session, farewell.clone(), out);
            let Some(occupant) = self.occupant(&target) else { continue };
            let gone =
                Stanza::presence(Type::Unavailable).with_from(session.clone()).with_to(occupant);
            let mut leave = Entry::new(gone, now, Some(&target), Status::Queued);
            leave.done = true;
            self.outbox.take(|e| e.is_of(&session) && e.what == What::Leave);
            self.outbox.push(leave);
            if let Some(known) = known {
                self.confirmed.insert(session, known);
            }
        }
    }

    /// Whether this person was kicked here, and the master has not answered that.
    pub(super) fn was_kicked_here(&self, session: &Jid) -> bool {
        let bare = session.to_bare();
        let kicks = self.outbox.iter().filter(|entry| entry.what == What::Kick);
        kicks.filter_map(|kick| kick.stanza.payload("query", ns::MUC_ADMIN)).any(|query| {
            let kicked = query.children().filter_map(|item| item.attr("jid"));
            kicked.filter_map(|jid| Jid::new(jid).ok()).any(|jid| jid.to_bare() == bare)
        })
    }

    /// A private message or a query of one local occupant to another.
    pub(super) fn pass_privately(&mut self, stanza: Stanza, nick: &str, out: &mut Vec<Output>) {
        let to = stanza.to.as_ref().and_then(|to| to.resource()).map(|to| to.to_string());
        let sessions = to.map(|to| self.sessions(&to)).unwrap_or_default();
        let passed = matches!(stanza.kind, Kind::Message | Kind::Iq);
        let (Some(first), Some(from), true) =
            (sessions.first().cloned(), self.occupant(nick), passed && self.granted.local_private)
        else {
            return self.return_to_sender(&stanza, out);
        };
        if stanza.kind == Kind::Message {
            // As the room marks it (XEP-0045 §7.5).
            let message = stanza.clone().with_payloads(self.identified(&stanza, nick));
            let message = message.with_payload(element("x", ns::MUC_USER, &[])).with_from(from);
            let copies = sessions.into_iter().map(|session| message.clone().with_to(session));
            return out.extend(copies.map(Output::Send));
        }
        let Some(asker) = stanza.from.clone() else { return };
        // What an account answers is asked of the account.
        let asked = match stanza.has_payload("vCard", ns::VCARD) {
            true => Arc::new(Jid::from(first.to_bare())),
            false => first,
        };
        if self.queries.len() >= QUERIES_MAX {
            self.queries.pop_front();
        }
        let id = stanza.id.clone();
        self.queries.push_back(Query { id, asker, asked: asked.clone() });
        out.push(Output::Send(stanza.with_from(from).with_to(asked)));
    }

    /// The answer to a query of one local occupant to another.
    pub(super) fn answer_here(&mut self, stanza: Stanza, out: &mut Vec<Output>) {
        let query = self
            .queries
            .iter()
            .position(|query| query.id == stanza.id && Some(&query.asked) == stanza.from.as_ref());
        let Some(query) = query.and_then(|position| self.queries.remove(position)) else { return };
        let answering = |session: &Arc<Jid>| session.to_bare() == query.asked.to_bare();
        let nick = self.locals.iter().find(|(session, _)| answering(session)).map(|(_, n)| n);
        if let Some(from) = nick.and_then(|nick| self.occupant(nick)) {
            out.push(Output::Send(stanza.with_from(from).with_to(query.asker)));
        }
    }
}

/// Whom an IQ kicks, and why; nothing if it does anything else.
pub(super) fn kicked(iq: &Stanza) -> Option<(String, Option<String>)> {
    let to_room = iq.to.as_ref().is_some_and(|to| to.resource().is_none());
    let query = iq.payload("query", ns::MUC_ADMIN).filter(|_| iq.type_ == Type::Set && to_room)?;
    let mut items = query.children();
    let (item, None) = (items.next()?, items.next()) else { return None };
    let kick = item.is("item", ns::MUC_ADMIN)
        && item.attr("role") == Some("none")
        && item.attr("affiliation").is_none();
    let reason = item.get_child("reason", ns::MUC_ADMIN).map(|reason| reason.text());
    kick.then(|| item.attr("nick").map(|nick| (nick.to_owned(), reason))).flatten()
}

/// The same kick of this session: by the time at which the master gets it somebody else may have
/// the nick.
fn of_session(iq: &Stanza, sessions: &[Arc<Jid>]) -> Stanza {
    let Some(session) = sessions.first() else { return iq.clone() };
    let mut payloads: Vec<_> = iq.payloads.iter().cloned().collect();
    let queries = payloads.iter_mut().filter(|one| one.is("query", ns::MUC_ADMIN));
    for item in queries.flat_map(|query| query.children_mut()) {
        *item = attribute(item.clone(), "jid", session.as_str());
    }
    iq.clone().with_payloads(Payloads::new(payloads))
}

/// How much history who asks to enter wants.
pub(super) fn history_limits(stanza: &Stanza) -> dmuc::History {
    let history = stanza.muc().and_then(|muc| muc.history);
    history.map_or_else(dmuc::History::default, |history| dmuc::History {
        maxchars: history.maxchars,
        maxstanzas: history.maxstanzas,
        seconds: history.seconds,
        since: history.since.map(|since| Time::from_micros(since.0.timestamp_micros())),
    })
}

/// How many queries between local occupants may be without answer.
const QUERIES_MAX: usize = 256;

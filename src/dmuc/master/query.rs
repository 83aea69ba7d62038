//! IQs: to the room, and from one occupant to another (XEP-0045 §6.4, §7.5, §17.4; XEP-0410).

use std::collections::VecDeque;

use super::registered::position_for;
use super::*;

/// Requests between occupants that are not answered yet, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Queries {
    open: VecDeque<Query>,
    count: u64,
}

#[derive(Clone, Debug)]
struct Query {
    /// Who is to answer: the address that the request went to.
    target: Arc<Jid>,
    /// The id under which it went there.
    id: Arc<str>,
    /// Who asked.
    asker: Arc<Jid>,
    /// The id that he gave it.
    asked_id: Arc<str>,
    /// The occupant JID of the target, as the asker knows it.
    occupant: Arc<Jid>,
}

impl Queries {
    /// Remember a request. The id under which it goes on: its own unless that one is taken.
    fn open(
        &mut self,
        target: Arc<Jid>,
        asker: Arc<Jid>,
        id: Arc<str>,
        occupant: Arc<Jid>,
    ) -> Arc<str> {
        let taken = self.open.iter().any(|query| query.target == target && query.id == id);
        self.count += 1;
        let own = if taken { format!("{id}-{}", self.count).into() } else { id.clone() };
        if self.open.len() == QUERIES_MAX {
            self.open.pop_front();
        }
        let query = Query { target, id: own, asker, asked_id: id, occupant };
        let id = query.id.clone();
        self.open.push_back(query);
        id
    }

    fn close(&mut self, from: &Jid, id: &str) -> Option<Query> {
        let answers = |query: &Query| &*query.id == id && *query.target == *from;
        let position = self.open.iter().position(answers)?;
        self.open.remove(position)
    }
}

impl Master {
    /// An IQ addressed to the room itself.
    pub(super) fn room_query(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        if !stanza.is_request() {
            if self.is_answer_to_offer(stanza) {
                return;
            }
            return self.answer(stanza, out);
        }
        let Some(payload) = stanza.payloads.first() else {
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out);
        };
        let payload = payload.clone();
        let is = |name, namespace| payload.is(name, namespace);
        match stanza.type_ == Type::Set {
            true if is("query", ns::MUC_ADMIN) => self.change(now, stanza, out),
            false if is("query", ns::MUC_ADMIN) => self.list(stanza, out),
            _ if is("query", ns::MUC_OWNER) => self.owner_query(now, stanza, &payload, out),
            _ if is("query", ns::REGISTER) => self.registration(now, stanza, &payload, out),
            _ if is("vCard", ns::VCARD) => self.vcard(now, stanza, &payload, out),
            false if is("query", ns::DISCO_INFO) => self.disco_info(stanza, &payload, out),
            false if is("query", ns::DISCO_ITEMS) => self.disco_items(stanza, out),
            false if is("ping", ns::PING) => {
                let position = stanza.from.as_ref().and_then(|from| position_for(self, from));
                out.push(Output::Send(stanza.result_reply(Vec::from_iter(position))));
            }
            _ => refuse(stanza, ErrorType::Cancel, Condition::ServiceUnavailable, None, out),
        }
    }

    /// An IQ addressed to an occupant: it goes on to him, or is an answer that goes back.
    pub(super) fn occupant_query(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if !stanza.is_request() {
            return self.answer(stanza, out);
        }
        let Some((sender, target)) = self.parties(stanza, nick, out) else { return };
        let Some(asker) = stanza.from.clone() else { return };
        if target.sessions.contains_key(&asker) && stanza.has_payload("ping", ns::PING) {
            return out.push(Output::Send(stanza.result_reply(vec![])));
        }
        let Some(id) = stanza.id.clone() else {
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out);
        };
        let Some(occupant) = stanza.to.clone() else { return };
        let from = sender.seat.occupant.clone();
        // A vcard belongs to the account, not to the session (XEP-0054).
        let vcard = stanza.payloads.first().is_some_and(|payload| payload.is("vCard", ns::VCARD));
        let Some((session, _)) = target.sessions.first() else { return };
        let target = if vcard { Arc::new(target.bare.clone().into()) } else { session.clone() };
        let id = self.queries.open(target.clone(), asker, id, occupant);
        let query = stanza.clone().retaining(|payload| !ns::is_dmuc(payload));
        out.push(Output::Send(query.with_from(from).with_to(target).with_id(id)));
    }

    /// An answer to a request that this room passed on.
    fn answer(&mut self, stanza: &Stanza, out: &mut Vec<Output>) {
        let (Some(from), Some(id)) = (&stanza.from, &stanza.id) else { return };
        match self.queries.close(from, id) {
            Some(query) => {
                let answer = stanza.clone().with_from(query.occupant).with_to(query.asker);
                out.push(Output::Send(answer.with_id(query.asked_id)));
            }
            None => out.push(self.note(from, Change::Ignored)),
        }
    }
}

/// How many requests between occupants may be open; the oldest is forgotten then.
const QUERIES_MAX: usize = 1024;

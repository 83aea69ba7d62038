//! IQs: to the room, and from one occupant to another (XEP-0045 §6.4, §7.5, §17.4; XEP-0410).

use std::collections::VecDeque;

use super::*;
use crate::stanza::{Element, element};

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
            return self.answer(stanza, out);
        }
        let Some(payload) = stanza.payloads.first() else {
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out);
        };
        let set = stanza.type_ == Type::Set;
        if payload.is("query", ns::MUC_ADMIN) {
            return if set { self.change(now, stanza, out) } else { self.list(stanza, out) };
        }
        let reply = if payload.is("ping", ns::PING) && !set {
            Some(stanza.result_reply(vec![]))
        } else if payload.is("query", ns::DISCO_INFO) && !set {
            Some(stanza.result_reply(vec![self.disco_info()]))
        } else if payload.is("query", ns::DISCO_ITEMS) && !set {
            // Who is in the room is for its occupants (XEP-0045 §6.5 lets the list be empty).
            Some(stanza.result_reply(vec![element("query", ns::DISCO_ITEMS, &[])]))
        } else if payload.is("query", ns::MUC_OWNER) && set && self.is_instant_room(stanza, payload)
        {
            self.unlock();
            Some(stanza.result_reply(vec![]))
        } else {
            None
        };
        match reply {
            Some(reply) => out.push(Output::Send(reply)),
            None => refuse(stanza, ErrorType::Cancel, Condition::ServiceUnavailable, None, out),
        }
    }

    /// The owner accepts the room as it is (XEP-0045 §10.1.2).
    fn is_instant_room(&self, stanza: &Stanza, query: &Element) -> bool {
        let owner = stanza.from.as_ref().is_some_and(|from| {
            self.affiliation(&from.to_bare()) == crate::room::Affiliation::Owner
        });
        owner
            && query.get_child("x", ns::DATA_FORMS).is_some_and(|form| {
                form.attr("type") == Some("submit") && form.children().count() == 0
            })
    }

    /// What the room is (XEP-0045 §6.4).
    fn disco_info(&self) -> Element {
        let mut query = element("query", ns::DISCO_INFO, &[]);
        let identity = [("category", "conference"), ("type", "text")];
        query.append_child(element("identity", ns::DISCO_INFO, &identity));
        let anonymity = match self.config.whois {
            Whois::Anyone => "muc_nonanonymous",
            Whois::Moderators => "muc_semianonymous",
        };
        let moderation = if self.config.moderated { "muc_moderated" } else { "muc_unmoderated" };
        for feature in [ns::MUC, anonymity, moderation, ns::SELF_PING_OPTIMIZATION] {
            query.append_child(element("feature", ns::DISCO_INFO, &[("var", feature)]));
        }
        query
    }

    /// An IQ addressed to an occupant: it goes on to him, or is an answer that goes back.
    pub(super) fn occupant_query(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if !stanza.is_request() {
            return self.answer(stanza, out);
        }
        let Some((from, target)) = self.parties(stanza, nick, out) else { return };
        let Some(asker) = stanza.from.clone() else { return };
        if target.sessions.contains_key(&asker) && stanza.has_payload("ping", ns::PING) {
            return out.push(Output::Send(stanza.result_reply(vec![])));
        }
        let Some(id) = stanza.id.clone() else {
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out);
        };
        let Some(occupant) = stanza.to.clone() else { return };
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

//! What reaches an account when it is not addressed to a connected resource (RFC 6121 §8.5), and
//! what the server's own domain answers.

use std::sync::Arc;

use super::account::{answer_for_domain, unavailable};
use super::router::{Path, Server, Work};
use super::{Output, SessionId};
use crate::stanza::{BareJid, Jid, Kind, Stanza, Type, ns};

impl Server {
    /// Deliver a stanza to an account of the server or to the server, with no session at exactly
    /// that address.
    pub(super) fn deliver(&mut self, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(to) = stanza.to.clone() else { return };
        let account = to.to_bare();
        if to.node().is_none() {
            let slaves = [ns::SLAVE];
            let features = if self.offers_slaves() { &slaves[..] } else { &[] };
            let reply = answer_for_domain(&stanza, features);
            return self.answer(reply);
        }
        let reply = match (stanza.kind, to.is_full()) {
            (Kind::Message, full) => self.deliver_message(&account, full, stanza, out),
            (Kind::Presence, false) => {
                self.deliver_presence(&account, &stanza, out);
                None
            }
            (Kind::Iq, false) => self.accounts.answer(&stanza, &account),
            (Kind::Iq, true) => unavailable(&stanza),
            (Kind::Presence, true) => None,
        };
        self.answer(reply);
    }

    /// Send what the server says for an account; the slave sees it as it sees what users send.
    pub(super) fn answer(&mut self, reply: Option<Stanza>) {
        self.work.extend(reply.map(|reply| Work::Route(Path::Sent, reply)));
    }

    fn deliver_message(
        &mut self,
        account: &BareJid,
        full: bool,
        stanza: Stanza,
        out: &mut Vec<Output>,
    ) -> Option<Stanza> {
        let receivers = match stanza.type_ {
            Type::Error => return None,
            Type::Groupchat => return unavailable(&stanza),
            Type::Headline if full => return None,
            Type::Headline => self.reachable(account),
            _ => self.most_available(account),
        };
        for id in &receivers {
            out.push(Output::ToSession(*id, stanza.clone()));
        }
        if receivers.is_empty() && stanza.type_ != Type::Headline {
            return unavailable(&stanza);
        }
        None
    }

    /// Presence for the account reaches each of its available resources; there are no rosters, so
    /// a request for a subscription does too, and a probe finds nothing.
    fn deliver_presence(&self, account: &BareJid, stanza: &Stanza, out: &mut Vec<Output>) {
        if matches!(stanza.type_, Type::Error | Type::Probe) {
            return;
        }
        for session in self.sessions.available(account) {
            out.push(Output::ToSession(session.id, stanza.clone()));
        }
    }

    /// The available sessions that do not refuse messages by a negative priority.
    fn reachable(&self, account: &BareJid) -> Vec<SessionId> {
        let sessions = self.sessions.available(account);
        sessions.filter(|session| session.priority() >= Some(0)).map(|session| session.id).collect()
    }

    /// Those of the highest priority among them.
    fn most_available(&self, account: &BareJid) -> Vec<SessionId> {
        let highest = self.sessions.available(account).filter_map(|one| one.priority()).max();
        let sessions = self.sessions.available(account);
        sessions
            .filter(|session| session.priority() >= Some(0) && session.priority() == highest)
            .map(|session| session.id)
            .collect()
    }

    /// Tell the available resources of an account of a change of one of them; that one too, if it
    /// is available still.
    pub(super) fn tell_own_resources(
        &self,
        account: &BareJid,
        presence: &Stanza,
        out: &mut Vec<Output>,
    ) {
        for other in self.sessions.available(account) {
            let to: Arc<Jid> = Arc::clone(&other.jid);
            out.push(Output::ToSession(other.id, presence.clone().with_to(to)));
        }
    }
}

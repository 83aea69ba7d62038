//! What clients do: log in, send, log out.

use std::sync::Arc;

use super::check::{answer, client_lies, fault};
use super::router::{Path, Server, Work};
use super::session::{Leaving, Remembered, Session};
use super::{Output, SessionId};
use crate::dmuc::SlaveInput;
use crate::stanza::{
    Condition, ErrorType, FullJid, Jid, Kind, Payloads, Stanza, Type, error_element,
};

impl Server {
    /// A second session with the same full JID ends the first one (RFC 6120 §7.7.2.2).
    pub(super) fn session_opened(&mut self, id: SessionId, jid: FullJid, out: &mut Vec<Output>) {
        if jid.domain().as_str() != self.config.domain {
            return out.push(Output::CloseSession(id, "host-unknown"));
        }
        if let Some(old) = self.sessions.at(&jid) {
            self.end(old, "conflict", out);
        }
        self.accounts.know(&jid.to_bare());
        self.sessions.open(id, jid);
    }

    /// Whoever knows of the session is told that it is gone (RFC 6121 §4.5.2, §4.6.3).
    pub(super) fn session_closed(&mut self, id: SessionId, out: &mut Vec<Output>) {
        if let Some(mut session) = self.sessions.close(id) {
            self.slaves.iter_mut().for_each(|resident| resident.closed(&session.jid));
            for place in 0..self.slaves.len() {
                let closed = SlaveInput::Closed(Arc::clone(&session.jid));
                self.work.push_back(Work::Slave(place, closed));
            }
            self.say_goodbye(session.leave(), Payloads::default(), out);
        }
    }

    pub(super) fn session_sent(&mut self, id: SessionId, stanza: Stanza, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.one(id) else { return };
        if let Some(error) = client_lies(&stanza, &session.jid) {
            return self.end(id, error, out);
        }
        let stanza = stanza.with_from(Arc::clone(&session.jid));
        if let Some(error) = fault(&stanza) {
            let reply = answer(&stanza, error);
            return out.extend(reply.map(|reply| Output::ToSession(id, reply)));
        }
        match (stanza.kind, &stanza.to) {
            (Kind::Presence, None) => self.presence_changed(id, stanza, out),
            (Kind::Presence, Some(_)) => {
                if session.remember(&stanza) == Remembered::Full {
                    let condition = Condition::ResourceConstraint;
                    let error = error_element(ErrorType::Wait, condition, None, None);
                    let reply = stanza.error_reply(error);
                    return out.extend(reply.map(|reply| Output::ToSession(id, reply)));
                }
                self.send(stanza);
            }
            (Kind::Message, None) => {
                let account: Jid = session.account.clone().into();
                self.send(stanza.with_to(account));
            }
            (Kind::Iq, None) => {
                let account = session.account.clone();
                let reply = self.accounts.answer(&stanza, &account);
                out.extend(reply.map(|reply| Output::ToSession(id, reply)));
            }
            (Kind::Message | Kind::Iq, Some(_)) => self.send(stanza),
        }
    }

    /// Presence without addressee: to be sent to nobody but the account's available resources, as
    /// there are no rosters; who sent it is one of them. The last presence of a session is its
    /// presence; the others of the account tell it theirs when it comes (RFC 6121 §4.2.2, §4.4.2,
    /// §4.5.2).
    fn presence_changed(&mut self, id: SessionId, stanza: Stanza, out: &mut Vec<Output>) {
        match stanza.type_ {
            Type::Absent => {
                let Some(session) = self.sessions.one(id) else { return };
                let account = session.account.clone();
                let to = Arc::clone(&session.jid);
                let initial = session.presence.replace(stanza.clone()).is_none();
                self.tell_own_resources(&account, &stanza, out);
                if initial {
                    let others = self.sessions.available(&account).filter(|one| one.id != id);
                    let presences = others.filter_map(|one| one.presence.clone());
                    let addressed = presences.map(|one| one.with_to(Arc::clone(&to)));
                    out.extend(addressed.map(|one| Output::ToSession(id, one)));
                }
            }
            Type::Unavailable => {
                if let Some(leaving) = self.sessions.one(id).map(Session::leave) {
                    if leaving.was_available {
                        let own = stanza.clone().with_to(Arc::clone(&leaving.jid));
                        out.push(Output::ToSession(id, own));
                    }
                    self.say_goodbye(leaving, stanza.payloads, out);
                }
            }
            // Without an addressee the others mean nothing (RFC 6121 §3, §4.3).
            _ => {}
        }
    }

    /// Tell a session's end, with `payloads`, to its account's other resources and to whom it had
    /// sent directed presence.
    fn say_goodbye(&mut self, leaving: Leaving, payloads: Payloads, out: &mut Vec<Output>) {
        let goodbye =
            Stanza::presence(Type::Unavailable).with_from(leaving.jid).with_payloads(payloads);
        if leaving.was_available {
            self.tell_own_resources(&leaving.account, &goodbye, out);
        }
        for to in leaving.directed {
            self.send(goodbye.clone().with_to(to));
        }
    }

    fn end(&mut self, id: SessionId, error: &'static str, out: &mut Vec<Output>) {
        out.push(Output::CloseSession(id, error));
        self.session_closed(id, out);
    }

    fn send(&mut self, stanza: Stanza) {
        self.work.push_back(Work::Route(Path::Sent, stanza));
    }
}

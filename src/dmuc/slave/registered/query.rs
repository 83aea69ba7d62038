//! IQs of the room for the slave: requests, and the answers to its own.

use super::*;
use crate::stanza::slave::{At, Deregister};
use crate::stanza::{Condition, Element, ErrorType, Type, error_element, ns};

impl RegisteredRoom {
    pub(super) fn iq_from_master(&mut self, now: Time, iq: Stanza, out: &mut Vec<Output>) {
        // Answers match by id and by who gives them.
        let by_room = iq.from == Some(self.address.clone());
        let id = iq.id.clone().unwrap_or_default();
        match iq.type_ {
            Type::Get | Type::Set if by_room => self.request(now, &iq, out),
            Type::Get | Type::Set => self.refuse_request(&iq, out),
            Type::Result if by_room => {
                self.pinger.hear(now);
                self.resolve_deferred(None, out);
                self.answer(now, &iq, &id, out);
            }
            Type::Error if by_room => {
                self.pinger.hear(now);
                self.resolve_deferred(None, out);
                self.refusal(now, &iq, &id, out);
            }
            _ => out.push(self.note(&self.address, Change::Ignored)),
        }
    }

    fn request(&mut self, now: Time, iq: &Stanza, out: &mut Vec<Output>) {
        let get = iq.type_ == Type::Get;
        if !get && iq.has_payload("offer", ns::SLAVE) {
            return self.offered(now, iq, out);
        }
        if !self.accepted {
            self.refuse_request(iq, out);
            let waits = match &self.phase {
                Phase::Idle => true,
                Phase::Registering(attempt) => attempt.native,
                _ => false,
            };
            let waits = waits && self.amnesiac && !self.claimed;
            if waits && get && iq.has_payload("ping", ns::PING) {
                self.claimed = true;
                // The master takes it for registered: another run of the slave was, or it was
                // granted what it asked for, and the answer is lost or under way.
                self.give_up_request();
                self.register(now, out);
            }
            return;
        }
        self.pinger.hear(now);
        self.resolve_deferred(None, out);
        if get && iq.has_payload("ping", ns::PING) {
            self.answer_ping(now, iq, out);
        } else if !get && iq.has_payload("resync", ns::SLAVE) {
            out.push(Output::Send(iq.result_reply(vec![])));
            if let Phase::Active | Phase::Late(_) | Phase::Split = self.phase {
                self.register_again(now, out);
            }
        } else if !get && iq.has_payload("deregister", ns::SLAVE) {
            out.push(Output::Send(iq.result_reply(vec![])));
            self.deregistered(now, out);
        } else {
            self.refuse_request(iq, out);
        }
    }

    /// The room would like to be served here: that gives it no rights.
    pub(in crate::dmuc::slave) fn offered(
        &mut self,
        now: Time,
        iq: &Stanza,
        out: &mut Vec<Output>,
    ) {
        out.push(Output::Send(iq.result_reply(vec![])));
        if let Phase::Idle = self.phase {
            self.register(now, out);
        }
    }

    fn refuse_request(&self, iq: &Stanza, out: &mut Vec<Output>) {
        let error = error_element(ErrorType::Cancel, Condition::ServiceUnavailable, None, None);
        out.extend(iq.error_reply(error).map(Output::Send));
    }

    fn answer(&mut self, now: Time, iq: &Stanza, id: &str, out: &mut Vec<Output>) {
        if self.is_register(id) || self.was_given_up(id) {
            self.accepted(now, iq, out);
        } else if self.is_own_synced(id) {
            self.late_is_over(now, out);
        } else if self.deregistering.as_deref() == Some(id) {
            self.deregistered(now, out);
        } else {
            let at = iq.payload("at", ns::SLAVE).and_then(|at| At::try_from(at.clone()).ok());
            self.pong(now, id, at, out);
        }
    }

    pub(super) fn is_own_synced(&self, id: &str) -> bool {
        matches!(&self.phase, Phase::Late(late) if *late.id == *id)
    }

    /// An error from the room, or for want of one.
    pub(super) fn refusal(&mut self, now: Time, iq: &Stanza, id: &str, out: &mut Vec<Output>) {
        let error = iq.error();
        let condition = error.as_ref().map(|error| &error.defined_condition);
        let unreachable = iq.is_unreachable();
        if self.is_register(id) {
            match unreachable {
                true => self.attempt_failed(now, out),
                false => self.refused(now, iq, out),
            }
        } else if self.is_own_synced(id) {
            match unreachable {
                true => self.split(now, out),
                false => self.register_again(now, out),
            }
        } else if self.deregistering.as_deref() == Some(id) {
            self.deregistering = None;
            if !unreachable {
                self.deregistered(now, out);
            }
        } else if condition == Some(&Condition::FeatureNotImplemented) {
            self.pong(now, id, None, out);
        } else if self.pinger.withdraw(id) {
            let over = matches!(
                condition,
                Some(
                    Condition::ServiceUnavailable
                        | Condition::ItemNotFound
                        | Condition::RecipientUnavailable
                        | Condition::Gone { .. }
                )
            );
            self.split(now, out);
            if over {
                // The host is there and the room is not: the answer to a register says more.
                self.register(now, out);
            }
        }
    }

    /// The operator, or the slave itself, ends the registration.
    pub(in crate::dmuc::slave) fn deregister(&mut self, now: Time, out: &mut Vec<Output>) {
        if !self.accepted || self.deregistering.is_some() {
            return;
        }
        let id = self.id("de");
        let payload = Deregister { instance: Some(self.instance.to_string()), reason: None };
        let iq = Stanza::iq(Type::Set, &id)
            .with_from(self.slave.clone())
            .with_to(self.address.clone())
            .with_payload(Element::from(payload));
        self.deregistering = Some(id);
        self.send_up(now, iq, out);
    }
}

//! Why a registration is refused, and the error that says so (`docs/dmuc2-slave.md`, Refusal).
//! A refusal changes nothing: the users of the domain are served as before.

use crate::stanza::slave::{Password, Register};
use crate::stanza::{
    Condition, Element, ErrorType, Jid, Stanza, Type, attribute, element, error_element, ns,
};

/// Why a slave may not serve its domain's users in a room.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::dmuc) enum Refusal {
    /// The room's rules do not let this domain register, or the sender cannot be a slave.
    Forbidden,
    /// There is no such room.
    NoSuchRoom,
    /// The room is not to be distributed.
    NotDistributed,
    /// The room that the slave knows is no more.
    Gone(Tombstone),
    /// Another slave serves this domain, or this one was replaced a moment ago.
    Conflict,
    /// A demand is out of range; which one, and what the range is.
    NotAcceptable(String),
    /// There are too many slaves or syncs.
    ResourceConstraint(&'static str),
    /// The request is malformed; in what way.
    BadRequest(String),
}

/// What is left of a room that was destroyed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::dmuc) struct Tombstone {
    /// The creation of the room that was destroyed.
    pub room: String,
    /// Where its occupants are to meet.
    pub venue: Option<Jid>,
    /// What they have to know to enter there.
    pub password: Option<String>,
    /// Why it was destroyed.
    pub reason: Option<String>,
}

/// The answer to a register for a room that is no more: `gone` to a slave that was there, and to
/// every other one that there is no such room.
pub(in crate::dmuc) fn of_ended(register: &Stanza, ended: Option<&Tombstone>) -> Option<Stanza> {
    let payload = register.payload("register", ns::SLAVE)?;
    let resume = Register::try_from(payload.clone()).ok().and_then(|register| register.resume);
    match ended.filter(|ended| resume.is_some_and(|resume| resume.room == ended.room)) {
        Some(ended) => Refusal::Gone(ended.clone()).answer(register),
        None => Refusal::NoSuchRoom.answer(register),
    }
}

impl Refusal {
    /// The answer to `register`. Like all errors none to what is no request.
    pub fn answer(&self, register: &Stanza) -> Option<Stanza> {
        let mut reply = register.error_reply(self.error())?;
        // The request comes back without its particulars, if it can be recognised at all.
        let instance = register
            .payload("register", ns::SLAVE)
            .and_then(|payload| Register::try_from(payload.clone()).ok())
            .filter(|_| register.type_ == Type::Set)
            .map(|register| {
                attribute(element("register", ns::SLAVE, &[]), "instance", &register.instance)
            });
        let payloads: Vec<Element> =
            instance.into_iter().chain(reply.payloads.iter().cloned()).collect();
        reply.payloads = payloads.into();
        Some(reply)
    }

    fn error(&self) -> Element {
        let (type_, condition, text) = match self {
            Refusal::Forbidden => (ErrorType::Auth, Condition::Forbidden, None),
            Refusal::NoSuchRoom => (ErrorType::Cancel, Condition::ItemNotFound, None),
            Refusal::NotDistributed => (ErrorType::Cancel, Condition::NotAllowed, None),
            Refusal::Gone(tombstone) => {
                let new_address = tombstone.venue.as_ref().map(|venue| format!("xmpp:{venue}"));
                (ErrorType::Cancel, Condition::Gone { new_address }, tombstone.reason.as_deref())
            }
            Refusal::Conflict => (ErrorType::Cancel, Condition::Conflict, None),
            Refusal::NotAcceptable(text) => {
                (ErrorType::Modify, Condition::NotAcceptable, Some(text.as_str()))
            }
            Refusal::ResourceConstraint(text) => {
                (ErrorType::Wait, Condition::ResourceConstraint, Some(*text))
            }
            Refusal::BadRequest(text) => {
                (ErrorType::Modify, Condition::BadRequest, Some(text.as_str()))
            }
        };
        let mut error = error_element(type_, condition, None, text);
        if let Refusal::Gone(Tombstone { password: Some(text), .. }) = self {
            error.append_child(Password { text: text.clone() }.into());
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(payload: &str) -> Stanza {
        let from = Jid::new("slave@vesa.yeggmaex.irc").unwrap();
        let to = Jid::new("wallops@channel.avalon.irc").unwrap();
        let payload: Element = payload.parse().unwrap();
        Stanza::iq(Type::Set, "reg1").with_from(from).with_to(to).with_payload(payload)
    }

    fn well_formed() -> Stanza {
        register(
            "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'>\
             <history maxstanzas='20'/></register>",
        )
    }

    #[test]
    fn every_refusal_has_the_condition_and_type_of_its_table() {
        let table = [
            (Refusal::Forbidden, "auth", "forbidden"),
            (Refusal::NoSuchRoom, "cancel", "item-not-found"),
            (Refusal::NotDistributed, "cancel", "not-allowed"),
            (Refusal::Gone(Tombstone::default()), "cancel", "gone"),
            (Refusal::Conflict, "cancel", "conflict"),
            (Refusal::NotAcceptable("1 to 9".to_owned()), "modify", "not-acceptable"),
            (Refusal::ResourceConstraint("full"), "wait", "resource-constraint"),
            (Refusal::BadRequest("what".to_owned()), "modify", "bad-request"),
        ];
        for (refusal, type_, condition) in table {
            let answer = refusal.answer(&well_formed()).unwrap();
            let error = answer.payload("error", ns::CLIENT).unwrap();
            assert_eq!(error.attr("type"), Some(type_), "{refusal:?}");
            assert!(error.has_child(condition, ns::STANZA_ERRORS), "{refusal:?}");
        }
    }

    #[test]
    fn a_refusal_repeats_the_request_by_its_instance_only() {
        let answer = Refusal::Forbidden.answer(&well_formed()).unwrap();
        let expected = "<register xmlns='urn:xmpp:tmp:dmuc:0#slave' instance='9f2c'/>";
        assert_eq!(answer.payloads[0], expected.parse::<Element>().unwrap());
        let nameless = register("<register xmlns='urn:xmpp:tmp:dmuc:0#slave'/>");
        let answer = Refusal::BadRequest("no instance".to_owned()).answer(&nameless).unwrap();
        assert_eq!(answer.payloads.len(), 1);
    }

    #[test]
    fn gone_names_the_venue_as_a_uri_its_password_and_the_reason_as_text() {
        let tombstone = Tombstone {
            room: "r1".to_owned(),
            venue: Some(Jid::new("operlog@channel.avalon.irc").unwrap()),
            password: Some("cheese".to_owned()),
            reason: Some("the war is over".to_owned()),
        };
        let answer = Refusal::Gone(tombstone).answer(&well_formed()).unwrap();
        let error = String::from(answer.payload("error", ns::CLIENT).unwrap());
        assert!(error.contains(">xmpp:operlog@channel.avalon.irc</gone>"), "{error}");
        assert!(error.contains(">the war is over</text>"), "{error}");
        assert!(error.contains("<password xmlns='urn:xmpp:tmp:dmuc:0#slave'>cheese</"), "{error}");
    }
}

//! Whether a stanza may be processed at all: what RFC 6120 §8 and RFC 6121 want of every client
//! and of every server.
//!
//! A broken stanza is answered, a lie about the sender ends the stream.

use std::sync::Arc;

use crate::stanza::{Condition, Element, ErrorType, Jid, Kind, Stanza, Type, error_element};

/// The stream error for a client that claims to be somebody else (RFC 6120 §8.1.2.1), or that
/// gives no address at all for its own. It may name its full or its bare JID.
pub(super) fn client_lies(stanza: &Stanza, own: &Jid) -> Option<&'static str> {
    let mut addresses = stanza.extra.iter().flat_map(|extra| extra.iter());
    let malformed = addresses.any(|(name, _)| name == "from");
    let forged = stanza.from.as_ref().is_some_and(|from| {
        **from != *own && (from.resource().is_some() || !same_account(from, own))
    });
    (malformed || forged).then_some("invalid-from")
}

/// The stream error for a server that sends what it may not: without an address or with one that
/// is not a JID (RFC 6120 §4.9.3.7), or from a domain that it has not proved to be (§4.9.3.8).
pub(super) fn server_lies(stanza: &Stanza, domain: &str) -> Option<&'static str> {
    let (Some(from), Some(_)) = (&stanza.from, &stanza.to) else {
        return Some("improper-addressing");
    };
    (from.domain().as_str() != domain).then_some("invalid-from")
}

/// The error with which a stanza is answered that is not as RFC 6120 §8.2 and RFC 6121 §4.7.1
/// define it. An unknown type of message is not wrong: it counts as normal (RFC 6121 §5.2.2).
pub(super) fn fault(stanza: &Stanza) -> Option<Element> {
    if stanza.malformed_address() == Some("to") {
        return Some(malformed(stanza));
    }
    let good = match stanza.kind {
        Kind::Message => true,
        Kind::Presence => matches!(
            stanza.type_,
            Type::Absent
                | Type::Unavailable
                | Type::Error
                | Type::Probe
                | Type::Subscribe
                | Type::Subscribed
                | Type::Unsubscribe
                | Type::Unsubscribed
        ),
        Kind::Iq => {
            let children = match stanza.type_ {
                Type::Get | Type::Set => stanza.payloads.len() == 1,
                Type::Result | Type::Error => true,
                _ => false,
            };
            children && stanza.id.is_some()
        }
    };
    (!good).then(|| error_element(ErrorType::Modify, Condition::BadRequest, None, None))
}

/// The error for an address that is none. Of presence to a room it is the nick that is wrong: the
/// answer is what a room would say that could read it (XEP-0045 §7.2.8).
fn malformed(stanza: &Stanza) -> Element {
    let room = match stanza.kind {
        Kind::Presence => address_as_given(stanza).and_then(|to| to.split_once('/')),
        _ => None,
    };
    let room = room.and_then(|(room, _)| Jid::new(room).ok()).filter(|room| room.node().is_some());
    let text = room.as_ref().map(|_| NICK_INVALID);
    error_element(ErrorType::Modify, Condition::JidMalformed, room.as_ref(), text)
}

/// An addressee that is not a JID.
fn address_as_given(stanza: &Stanza) -> Option<&str> {
    let mut extra = stanza.extra.iter().flat_map(|extra| extra.iter());
    extra.find(|(name, _)| name == "to").map(|(_, to)| to.as_str())
}

/// The answer to a stanza with this error; from the address that it was for, even if that is none.
pub(super) fn answer(stanza: &Stanza, error: Element) -> Option<Stanza> {
    let mut reply = stanza.error_reply(error)?;
    if let Some(to) = address_as_given(stanza) {
        reply.extra = Some(Arc::new(vec![("from".to_owned(), to.to_owned())]));
    }
    Some(reply)
}

/// Whether both addresses are of one account.
pub(super) fn same_account(one: &Jid, other: &Jid) -> bool {
    one.node() == other.node() && one.domain() == other.domain()
}

/// What Prosody says of a nick that is none.
const NICK_INVALID: &str = "Nickname must pass strict validation";

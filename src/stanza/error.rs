//! Error stanzas (RFC 6120 §8.3).

use std::collections::BTreeMap;

use jid::Jid;
use minidom::Element;
pub use xmpp_parsers::stanza_error::DefinedCondition as Condition;
pub use xmpp_parsers::stanza_error::ErrorType;
use xmpp_parsers::stanza_error::StanzaError;

use super::{Kind, Payloads, Stanza, Type, ns};

/// The `<error/>` payload. `by` is the entity that speaks (RFC 6120 §8.3.1), `text` the
/// human-readable reason.
pub fn error_element(
    type_: ErrorType,
    condition: Condition,
    by: Option<&Jid>,
    text: Option<&str>,
) -> Element {
    let mut error: Element = StanzaError {
        type_,
        by: by.cloned(),
        defined_condition: condition,
        texts: BTreeMap::new(),
        other: None,
    }
    .into();
    if let Some(text) = text {
        // Written by hand, as a text of no language would get an empty xml:lang.
        let mut reason = Element::bare("text", ns::STANZA_ERRORS);
        reason.append_text(text);
        error.append_child(reason);
    }
    error
}

impl Stanza {
    /// The error that answers this stanza: addresses swapped, id kept, `error` as its only payload.
    ///
    /// Nothing answers an error or the result of an IQ (RFC 6120 §8.3.1, §8.2.3).
    pub fn error_reply(&self, error: Element) -> Option<Stanza> {
        let answered =
            self.type_ == Type::Error || (self.kind == Kind::Iq && self.type_ == Type::Result);
        if answered {
            return None;
        }
        let mut reply = Stanza::new(self.kind, Type::Error).with_payload(error);
        reply.id.clone_from(&self.id);
        reply.from.clone_from(&self.to);
        reply.to.clone_from(&self.from);
        Some(reply)
    }

    /// The result that answers this IQ, with `payloads`.
    pub fn result_reply(&self, payloads: impl Into<Payloads>) -> Stanza {
        let mut reply = Stanza::new(Kind::Iq, Type::Result).with_payloads(payloads);
        reply.id.clone_from(&self.id);
        reply.from.clone_from(&self.to);
        reply.to.clone_from(&self.from);
        reply
    }
}

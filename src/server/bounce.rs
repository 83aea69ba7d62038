//! What a server answers for another one that it cannot reach: shapes, texts and delays as
//! captured from Prosody 0.12 and ejabberd 23.
//!
//! It only writes the answer; when to give it is `peer`'s business. The conditions are those of
//! RFC 6120 §8.3.3.16 and §8.3.3.17.

use minidom::rxml::{Namespace, NcNameStr, xml_ncname};

use super::{DialError, Flavour};
use crate::stanza::{Condition, Element, ErrorType, Jid, Kind, Stanza, error_element, ns};
use crate::time::Duration;

/// Why a stanza could not be delivered to another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No stream could be opened.
    Dial(DialError),
    /// No stream was open when the time was up.
    Timeout,
    /// Too many stanzas wait for the stream, or too many streams are in use.
    Overflow,
}

impl Failure {
    /// How long after the failure became known the answers go out.
    pub(super) const fn delay(self, flavour: Flavour) -> Duration {
        let millis = match (self, flavour) {
            (Failure::Dial(DialError::Refused), Flavour::Prosody) => 50,
            (Failure::Dial(DialError::UnknownHost), Flavour::Prosody) => 40,
            (Failure::Dial(DialError::Refused | DialError::UnknownHost), Flavour::Ejabberd) => 100,
            (Failure::Dial(DialError::Broken) | Failure::Timeout | Failure::Overflow, _) => 0,
        };
        Duration::from_millis(millis)
    }

    const fn condition(self, flavour: Flavour) -> (ErrorType, Condition) {
        match (self, flavour) {
            (Failure::Overflow, _) => (ErrorType::Wait, Condition::ResourceConstraint),
            (Failure::Dial(DialError::Broken), _)
            | (Failure::Dial(DialError::Refused) | Failure::Timeout, Flavour::Ejabberd) => {
                (ErrorType::Wait, Condition::RemoteServerTimeout)
            }
            (Failure::Dial(DialError::UnknownHost), _)
            | (Failure::Dial(DialError::Refused) | Failure::Timeout, Flavour::Prosody) => {
                (ErrorType::Cancel, Condition::RemoteServerNotFound)
            }
        }
    }

    const fn text(self, flavour: Flavour) -> &'static str {
        match (self, flavour) {
            (Failure::Dial(DialError::Refused), Flavour::Prosody) => {
                "Server-to-server connection failed: connection refused"
            }
            (Failure::Dial(DialError::Refused), Flavour::Ejabberd) => {
                "Connection failed: connection refused"
            }
            (Failure::Dial(DialError::UnknownHost), Flavour::Prosody) => {
                "Server-to-server connection failed: NXDomain in A lookup"
            }
            (Failure::Dial(DialError::UnknownHost), Flavour::Ejabberd) => {
                "DNS lookup failed: enoname"
            }
            (Failure::Dial(DialError::Broken), Flavour::Prosody) => {
                "Server-to-server connection failed: undefined-condition"
            }
            (Failure::Dial(DialError::Broken), Flavour::Ejabberd) => {
                "Stream closed by peer: undefined-condition"
            }
            (Failure::Timeout, Flavour::Prosody) => {
                "Server-to-server connection failed: connection timeout"
            }
            (Failure::Timeout, Flavour::Ejabberd) => "Connection failed: timeout",
            (Failure::Overflow, _) => "Too much is waiting for this connection",
        }
    }
}

/// The answer to a stanza that could not be delivered, by the server `own`. Nothing answers an
/// error or the result of an IQ.
pub(super) fn bounce(
    stanza: &Stanza,
    failure: Failure,
    flavour: Flavour,
    own: &str,
) -> Option<Stanza> {
    let (type_, condition) = failure.condition(flavour);
    let text = failure.text(flavour);
    match flavour {
        Flavour::Prosody => {
            let by = Jid::new(own).ok();
            stanza.error_reply(error_element(type_, condition, by.as_ref(), Some(text)))
        }
        Flavour::Ejabberd => {
            let error = in_english(error_element(type_, condition, None, Some(text)));
            echo(stanza, error)
        }
    }
}

/// The answer for a component of the server that is known but not there. Both flavours give it
/// Prosody's way; ejabberd, which would try to find the component elsewhere, would find nobody.
pub(super) fn component_unavailable(stanza: &Stanza, component: &str) -> Option<Stanza> {
    let by = Jid::new(component).ok();
    let text = Some("Component unavailable");
    stanza.error_reply(error_element(
        ErrorType::Wait,
        Condition::RemoteServerTimeout,
        by.as_ref(),
        text,
    ))
}

/// The error with the payload of what it answers: behind it in a message, before it otherwise.
fn echo(stanza: &Stanza, error: Element) -> Option<Stanza> {
    let mut reply = stanza.error_reply(error)?;
    let error = reply.payloads.first()?.clone();
    let mut payloads = stanza.payloads.to_vec();
    match stanza.kind {
        Kind::Message => payloads.insert(0, error),
        Kind::Presence | Kind::Iq => payloads.push(error),
    }
    reply.payloads = payloads.into();
    reply.lang = Some(stanza.lang.clone().unwrap_or_else(|| "en".into()));
    Some(reply)
}

const LANG: &NcNameStr = xml_ncname!("lang");

/// The error with `xml:lang='en'` on its text.
fn in_english(mut error: Element) -> Element {
    for text in error.children_mut().filter(|child| child.is("text", ns::STANZA_ERRORS)) {
        text.set_attr(Namespace::XML, LANG.to_owned(), "en");
    }
    error
}

//! Typed views of payloads, made with xmpp-parsers on demand. A payload that is not what its name
//! says gives no view; it travels on all the same.

use minidom::Element;
use xmpp_parsers::muc::{Muc, MucUser};
use xmpp_parsers::stanza_error::StanzaError;

use super::{Condition, Stanza, dmuc, ns};

impl Stanza {
    /// The text of the first `<body/>`.
    pub fn body(&self) -> Option<String> {
        self.payload("body", ns::CLIENT).map(Element::text)
    }

    /// The text of the first `<subject/>`.
    pub fn subject(&self) -> Option<String> {
        self.payload("subject", ns::CLIENT).map(Element::text)
    }

    /// Whether it changes the subject: a subject without a body (XEP-0045 §8.1).
    pub fn is_subject_change(&self) -> bool {
        self.is_groupchat()
            && self.has_payload("subject", ns::CLIENT)
            && !self.has_payload("body", ns::CLIENT)
            && !self.has_payload("thread", ns::CLIENT)
    }

    /// The request to enter a room, `{muc}x` (XEP-0045 §7.2.1).
    pub fn muc(&self) -> Option<Muc> {
        self.payload("x", ns::MUC).and_then(|x| Muc::try_from(x.clone()).ok())
    }

    /// What a room says about an occupant, `{muc#user}x`.
    pub fn muc_user(&self) -> Option<MucUser> {
        self.payload("x", ns::MUC_USER).and_then(|x| MucUser::try_from(x.clone()).ok())
    }

    /// XEP-0282's element, read leniently.
    pub fn dmuc(&self) -> Option<dmuc::X> {
        self.payload("x", ns::DMUC).and_then(|x| dmuc::X::try_from(x.clone()).ok())
    }

    /// The error of an error stanza.
    pub fn error(&self) -> Option<StanzaError> {
        self.payload("error", ns::CLIENT)
            .and_then(|error| StanzaError::try_from(error.clone()).ok())
    }

    /// Whether it has an error that says that a server could not be reached.
    pub fn is_unreachable(&self) -> bool {
        let condition = self.error().map(|error| error.defined_condition);
        matches!(condition, Some(Condition::RemoteServerNotFound | Condition::RemoteServerTimeout))
    }

    /// When it was sent, if it says that it is late (XEP-0203).
    pub fn delay(&self) -> Option<dmuc::Delay> {
        self.payload("delay", ns::DELAY).and_then(|delay| dmuc::Delay::try_from(delay.clone()).ok())
    }
}

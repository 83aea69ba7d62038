//! Namespaces.

use minidom::Element;

/// RFC 6120 §4.8.2; the namespace of every stanza inside wallops.
pub const CLIENT: &str = "jabber:client";
/// RFC 6120 §4.8.2; the content namespace of server-to-server streams.
pub const SERVER: &str = "jabber:server";
/// RFC 6120 §8.3.2
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// RFC 6120 §4.9.2
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// XML 1.0 namespaces
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// XEP-0045
pub const MUC: &str = "http://jabber.org/protocol/muc";
/// XEP-0045
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// XEP-0045
pub const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// XEP-0045
pub const MUC_OWNER: &str = "http://jabber.org/protocol/muc#owner";
/// XEP-0282 v0.1
pub const DMUC: &str = "urn:xmpp:tmp:dmuc:0";
/// The extension of XEP-0282 for registration, positions and netjoin (`docs/dmuc2-slave.md`)
pub const SLAVE: &str = "urn:xmpp:tmp:dmuc:0#slave";
/// XEP-0203
pub const DELAY: &str = "urn:xmpp:delay";
/// XEP-0199
pub const PING: &str = "urn:xmpp:ping";
/// XEP-0054
pub const VCARD: &str = "vcard-temp";
/// XEP-0030
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// XEP-0030
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// XEP-0004
pub const DATA_FORMS: &str = "jabber:x:data";
/// XEP-0085
pub const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// XEP-0334
pub const HINTS: &str = "urn:xmpp:hints";
/// XEP-0359
pub const STANZA_IDS: &str = "urn:xmpp:sid:0";
/// XEP-0421
pub const OCCUPANT_IDS: &str = "urn:xmpp:occupant-id:0";
/// XEP-0115
pub const CAPS: &str = "http://jabber.org/protocol/caps";
/// XEP-0077
pub const REGISTER: &str = "jabber:iq:register";
/// XEP-0249
pub const DIRECT_INVITATION: &str = "jabber:x:conference";
/// XEP-0410
pub const SELF_PING_OPTIMIZATION: &str = "http://jabber.org/protocol/muc#self-ping-optimization";

/// Whether an element belongs to XEP-0282: to its namespace, or to a fragment of it, which
/// extensions use.
pub fn is_dmuc(element: &Element) -> bool {
    let namespace = element.ns();
    namespace.strip_prefix(DMUC).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}

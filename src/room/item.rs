//! `{muc#user}x`: what a room says about an occupant (XEP-0045 §7.2.3), in the order Prosody has:
//! codes, item, 110 last.

use std::sync::Arc;

use jid::Jid;
use minidom::Element;
use xmpp_parsers::muc::user::{Affiliation, Role};

use crate::stanza::{attribute, element, ns};

/// What a room says about an occupant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item<'a> {
    /// Affiliation and role; required (XEP-0045 §7.2.3).
    pub affiliation: Option<Affiliation>,
    /// The role.
    pub role: Option<Role>,
    /// The real JID.
    pub jid: Option<&'a Jid>,
    /// The nick that he takes (303).
    pub nick: Option<&'a str>,
    /// Who did it: nick and real JID.
    pub actor: Option<(&'a str, &'a Jid)>,
    /// Why.
    pub reason: Option<&'a str>,
}

impl Item<'_> {
    /// The `{muc#user}x` with these status codes. 110 goes last.
    pub fn element(&self, codes: &[u16]) -> Element {
        self.element_of(&[], codes)
    }

    /// The same with one `<item/>` for each of these sessions; one without JID if there is none.
    pub fn element_of(&self, sessions: &[Arc<Jid>], codes: &[u16]) -> Element {
        let mut x = element("x", ns::MUC_USER, &[]);
        for code in codes.iter().filter(|code| **code != 110) {
            x.append_child(status(*code));
        }
        if sessions.is_empty() {
            x.append_child(self.item());
        }
        for session in sessions {
            x.append_child(Item { jid: Some(session), ..self.clone() }.item());
        }
        if codes.contains(&110) {
            x.append_child(status(110));
        }
        x
    }

    /// The `{muc#user}x` without codes, and then something else that is said.
    pub fn element_before(&self, said: &[Element]) -> Element {
        let mut x = self.element(&[]);
        for said in said {
            x.append_child(said.clone());
        }
        x
    }

    /// The same after something else that is said, such as why a room is destroyed.
    pub fn element_after(&self, said: &[Element], codes: &[u16]) -> Element {
        let mut x = element("x", ns::MUC_USER, &[]);
        for said in said.iter().chain(self.element(codes).children()) {
            x.append_child(said.clone());
        }
        x
    }

    fn item(&self) -> Element {
        let mut item = element("item", ns::MUC_USER, &[]);
        if let Some(affiliation) = &self.affiliation {
            item = attribute(item, "affiliation", affiliation_name(affiliation));
        }
        if let Some(jid) = self.jid {
            item = attribute(item, "jid", jid.as_str());
        }
        if let Some(nick) = self.nick {
            item = attribute(item, "nick", nick);
        }
        if let Some(role) = &self.role {
            item = attribute(item, "role", role_name(role));
        }
        if let Some((nick, jid)) = self.actor {
            let actor = [("jid", jid.as_str()), ("nick", nick)];
            item.append_child(element("actor", ns::MUC_USER, &actor));
        }
        if let Some(text) = self.reason {
            let mut reason = element("reason", ns::MUC_USER, &[]);
            reason.append_text(text);
            item.append_child(reason);
        }
        item
    }
}

/// `<status code='…'/>`
pub fn status(code: u16) -> Element {
    element("status", ns::MUC_USER, &[("code", &code.to_string())])
}

/// The attribute's value.
pub fn affiliation_name(affiliation: &Affiliation) -> &'static str {
    match affiliation {
        Affiliation::Owner => "owner",
        Affiliation::Admin => "admin",
        Affiliation::Member => "member",
        Affiliation::Outcast => "outcast",
        Affiliation::None => "none",
    }
}

/// The attribute's value.
pub fn role_name(role: &Role) -> &'static str {
    match role {
        Role::Moderator => "moderator",
        Role::Participant => "participant",
        Role::Visitor => "visitor",
        Role::None => "none",
    }
}

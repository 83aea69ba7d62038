//! Invitations, voice, configuration, registration, lists and the end of a room, as the stanzas of
//! XEP-0045 and XEP-0249.

use super::deeds::{Scene, affiliation_name, role_name, text_element};
use crate::scenario::setting::{configuration, submission};
use crate::scenario::verbs::{Privilege, RoomDeed};
use crate::stanza::{BareJid, Element, Kind, Stanza, Type, attribute, element, ns};

impl Scene<'_> {
    /// The stanza with which it is done; an empty message to the room for what is no affair.
    pub(super) fn affair(&self, deed: &RoomDeed) -> Stanza {
        match deed {
            RoomDeed::Invites { directly: true, reason, .. } => {
                self.direct_invitation(reason.as_deref())
            }
            RoomDeed::Invites { reason, .. } => self.mediated("invite", reason.as_deref()),
            RoomDeed::Declines { reason, .. } => self.mediated("decline", reason.as_deref()),
            RoomDeed::AsksVoice => self.voice_form(vec![("muc#role", vec!["participant"])]),
            RoomDeed::Decides { allow, .. } => self.decision(*allow),
            RoomDeed::AsksConfiguration => self.owner_iq(Type::Get, None),
            RoomDeed::Configures(settings) => {
                self.owner_iq(Type::Set, Some(configuration(settings)))
            }
            RoomDeed::CancelsConfiguration => {
                self.owner_iq(Type::Set, Some(element("x", ns::DATA_FORMS, &[("type", "cancel")])))
            }
            RoomDeed::AsksRegistration => self.register_iq(Type::Get, None),
            RoomDeed::Registers(nick) => {
                let nick = ("muc#register_roomnick", vec![nick.as_str()]);
                let form = submission(REGISTER_FORM, [nick]);
                self.register_iq(Type::Set, Some(form))
            }
            RoomDeed::Unregisters => {
                self.register_iq(Type::Set, Some(element("remove", ns::REGISTER, &[])))
            }
            RoomDeed::AsksList(privilege) => self.list_iq(privilege),
            RoomDeed::Destroys { venue, password, reason } => {
                let destroy = destroy(venue.as_ref(), password.as_deref(), reason.as_deref());
                self.owner_iq(Type::Set, Some(destroy))
            }
            _ => self.to_room(Kind::Message, Type::Normal),
        }
    }

    /// The address of whom it is done to: the real one, or what the script says instead.
    fn address(&self) -> String {
        match self.other_jid {
            Some(jid) => jid.to_string(),
            None => self.other.unwrap_or_default().to_owned(),
        }
    }

    fn mediated(&self, name: &str, reason: Option<&str>) -> Stanza {
        let mut act = attribute(element(name, ns::MUC_USER, &[]), "to", &self.address());
        if let Some(reason) = reason {
            act.append_child(text_element("reason", ns::MUC_USER, reason));
        }
        let mut x = element("x", ns::MUC_USER, &[]);
        x.append_child(act);
        self.to_room(Kind::Message, Type::Absent).with_payload(x)
    }

    fn direct_invitation(&self, reason: Option<&str>) -> Stanza {
        let x = element("x", ns::DIRECT_INVITATION, &[("jid", self.room.as_str())]);
        let x = match reason {
            Some(reason) => attribute(x, "reason", reason),
            None => x,
        };
        let stanza = Stanza::new(Kind::Message, Type::Absent).with_payload(x);
        match self.other_jid {
            Some(jid) => stanza.with_to(crate::stanza::Jid::from(jid.clone())),
            None => with_address(stanza, &self.address()),
        }
    }

    /// A form of XEP-0045 §7.13 and §8.6.
    fn voice_form(&self, fields: Vec<(&str, Vec<&str>)>) -> Stanza {
        let form = submission(VOICE_FORM, fields);
        self.to_room(Kind::Message, Type::Absent).with_payload(form)
    }

    fn decision(&self, allow: bool) -> Stanza {
        let allow = if allow { "true" } else { "false" };
        // As the room has sent it: the session that asked (XEP-0045 §8.6).
        let jid = self.other_session.map_or_else(|| self.address(), ToString::to_string);
        self.voice_form(vec![
            ("muc#role", vec!["participant"]),
            ("muc#jid", vec![&jid]),
            ("muc#roomnick", vec![self.other.unwrap_or_default()]),
            ("muc#request_allow", vec![allow]),
        ])
    }

    fn iq(&self, type_: Type, namespace: &'static str, child: Option<Element>) -> Stanza {
        let mut query = element("query", namespace, &[]);
        if let Some(child) = child {
            query.append_child(child);
        }
        self.to_room(Kind::Iq, type_).with_id(self.id).with_payload(query)
    }

    fn owner_iq(&self, type_: Type, child: Option<Element>) -> Stanza {
        self.iq(type_, ns::MUC_OWNER, child)
    }

    fn register_iq(&self, type_: Type, child: Option<Element>) -> Stanza {
        self.iq(type_, ns::REGISTER, child)
    }

    fn list_iq(&self, privilege: &Privilege) -> Stanza {
        let item = element("item", ns::MUC_ADMIN, &[]);
        let item = match privilege {
            Privilege::Role(role) => attribute(item, "role", role_name(role)),
            Privilege::Affiliation(affiliation) => {
                attribute(item, "affiliation", affiliation_name(affiliation))
            }
        };
        self.iq(Type::Get, ns::MUC_ADMIN, Some(item))
    }
}

fn with_address(mut stanza: Stanza, address: &str) -> Stanza {
    match crate::stanza::Jid::new(address) {
        Ok(jid) => stanza.with_to(jid),
        Err(_) => {
            stanza.extra = Some(vec![("to".to_owned(), address.to_owned())].into());
            stanza
        }
    }
}

fn destroy(venue: Option<&BareJid>, password: Option<&str>, reason: Option<&str>) -> Element {
    let mut destroy = element("destroy", ns::MUC_OWNER, &[]);
    if let Some(venue) = venue {
        destroy = attribute(destroy, "jid", venue.as_str());
    }
    for (name, text) in [("password", password), ("reason", reason)] {
        if let Some(text) = text {
            destroy.append_child(text_element(name, ns::MUC_OWNER, text));
        }
    }
    destroy
}

const REGISTER_FORM: &str = "http://jabber.org/protocol/muc#register";
const VOICE_FORM: &str = "http://jabber.org/protocol/muc#request";

//! Invitations, requests for voice, renames and the end of a room, as who is concerned sees them.

use super::super::deeds::text_element;
use super::super::view::{has_status, muc_user, new_nick};
use super::Asked;
use crate::scenario::verbs::Perception;
use crate::stanza::{BareJid, Element, Jid, Kind, Stanza, Type, attribute, element, ns};

impl Asked<'_> {
    /// Whether this stanza is the affair that is asked for.
    pub(super) fn is_affair(&self, stanza: &Stanza) -> bool {
        match self.what {
            Perception::SeesStatus(codes) => {
                let has = |code: &u32| has_status(stanza, &code.to_string());
                self.is_from_room(stanza) && codes.iter().all(has)
            }
            Perception::SeesRoomDestroyed { venue, reason } => {
                let destroyed = self.is_from_room(stanza) && stanza.is_unavailable();
                destroyed
                    && muc_child(stanza, "destroy").is_some_and(|destroy| {
                        let there = venue.as_ref().map(|venue| venue.as_str());
                        (there.is_none() || destroy.attr("jid") == there)
                            && is_because(destroy, reason.as_ref())
                    })
            }
            Perception::IsRenamed(nick) => self.is_renamed(stanza, nick),
            Perception::IsInvited { reason, .. } => {
                self.is_invited(stanza, reason.as_ref())
                    || self.is_invited_directly(stanza, reason.as_ref())
            }
            Perception::SeesDecline { reason, .. } => {
                self.is_from_room(stanza)
                    && muc_child(stanza, "decline").is_some_and(|decline| {
                        self.is_by_subject(decline.attr("from"))
                            && is_because(decline, reason.as_ref())
                    })
            }
            Perception::IsAskedForVoice(_) => self.is_asked_for_voice(stanza),
            _ => false,
        }
    }

    /// By himself with 303, by the room with 210.
    fn is_renamed(&self, stanza: &Stanza, nick: &str) -> bool {
        let own =
            self.is_from_room(stanza) && stanza.kind == Kind::Presence && has_status(stanza, "110");
        let is_called = || {
            let called = stanza.from.as_ref().and_then(|from| from.resource());
            called.is_some_and(|called| called.as_str() == nick)
        };
        own && (new_nick(stanza).as_deref() == Some(nick)
            || stanza.is_available() && has_status(stanza, "210") && is_called())
    }

    fn is_invited(&self, stanza: &Stanza, reason: Option<&String>) -> bool {
        self.is_from_room(stanza)
            && muc_child(stanza, "invite").is_some_and(|invite| {
                self.is_by_subject(invite.attr("from")) && is_because(invite, reason)
            })
    }

    fn is_invited_directly(&self, stanza: &Stanza, reason: Option<&String>) -> bool {
        let Some(x) = stanza.payload("x", ns::DIRECT_INVITATION) else { return false };
        stanza.kind == Kind::Message
            && x.attr("jid") == Some(self.room.as_str())
            && self.is_by_subject(stanza.from.as_ref().map(|from| from.as_str()))
            && (reason.is_none() || x.attr("reason") == reason.map(String::as_str))
    }

    fn is_asked_for_voice(&self, stanza: &Stanza) -> bool {
        let Some(form) = stanza.payload("x", ns::DATA_FORMS) else { return false };
        let value = |name: &str| {
            let mut fields = form.children().filter(|field| field.attr("var") == Some(name));
            fields.next()?.get_child("value", ns::DATA_FORMS).map(Element::text)
        };
        self.is_from_room(stanza)
            && value("FORM_TYPE").is_some_and(|type_| type_.ends_with("muc#request"))
            && value("muc#roomnick").is_some_and(|nick| (self.is_subject)(&nick))
    }

    /// Whether the address in an attribute is that of whom the line names: his own, or the one
    /// that he has in the room.
    fn is_by_subject(&self, address: Option<&str>) -> bool {
        let Some(jid) = address.and_then(|address| Jid::new(address).ok()) else { return false };
        if jid.to_bare() == *self.room {
            return jid.resource().is_some_and(|nick| (self.is_subject)(nick.as_str()));
        }
        self.jid.as_ref() == Some(&jid.to_bare())
    }
}

fn muc_child<'a>(stanza: &'a Stanza, name: &str) -> Option<&'a Element> {
    muc_user(stanza)?.get_child(name, ns::MUC_USER)
}

fn is_because(act: &Element, reason: Option<&String>) -> bool {
    reason.is_none() || act.get_child("reason", ns::MUC_USER).map(Element::text).as_ref() == reason
}

/// What the expected stanza looks like.
pub(super) fn sketch(room: &BareJid, what: &Perception) -> Stanza {
    let with = |stanza: Stanza, child: Element| {
        let mut x = element("x", ns::MUC_USER, &[]);
        x.append_child(child);
        stanza.with_from(Jid::from(room.clone())).with_payload(x)
    };
    let act = |name: &str, reason: &Option<String>| {
        let mut act = element(name, ns::MUC_USER, &[]);
        if let Some(reason) = reason {
            act.append_child(text_element("reason", ns::MUC_USER, reason));
        }
        act
    };
    let message = || Stanza::message(Type::Absent);
    match what {
        Perception::SeesStatus(codes) => {
            let words: Vec<String> = codes.iter().map(u32::to_string).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            message().with_from(Jid::from(room.clone())).with_payload(super::codes(&words))
        }
        Perception::SeesRoomDestroyed { venue, reason } => {
            let mut destroy = act("destroy", reason);
            if let Some(venue) = venue {
                destroy = attribute(destroy, "jid", venue.as_str());
            }
            with(Stanza::presence(Type::Unavailable), destroy)
        }
        Perception::IsRenamed(nick) => with(
            Stanza::presence(Type::Unavailable),
            element("item", ns::MUC_USER, &[("nick", nick)]),
        ),
        Perception::IsInvited { reason, .. } => with(message(), act("invite", reason)),
        Perception::SeesDecline { reason, .. } => with(message(), act("decline", reason)),
        _ => message().with_from(Jid::from(room.clone())).with_payload(element(
            "x",
            ns::DATA_FORMS,
            &[("type", "form")],
        )),
    }
}

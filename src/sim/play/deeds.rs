//! What people do in rooms, as the stanzas of XEP-0045.

use crate::room::{Affiliation, Role};
use crate::scenario::verbs::{HistoryLimits, Privilege, RoomDeed};
use crate::stanza::{BareJid, Element, FullJid, Jid, Kind, Stanza, Type, attribute, element, ns};

/// What a deed's stanza needs to know.
pub(super) struct Scene<'a> {
    /// The room.
    pub(super) room: &'a BareJid,
    /// The nick of who does it: the one that he has there, or the one he would take.
    pub(super) nick: &'a str,
    /// The nick of whom it is done to, if to anybody.
    pub(super) other: Option<&'a str>,
    /// His real JID, where the script knows it.
    pub(super) other_jid: Option<&'a BareJid>,
    /// The full one, if he is of the cast.
    pub(super) other_session: Option<&'a FullJid>,
    /// The id of an IQ.
    pub(super) id: &'a str,
}

impl Scene<'_> {
    /// The stanza with which it is done.
    pub(super) fn stanza(&self, deed: &RoomDeed) -> Stanza {
        match deed {
            RoomDeed::Joins { nick, password, history } => {
                let nick = nick.as_deref().unwrap_or(self.nick);
                let muc = muc_element(password.as_deref(), history);
                self.presence(nick, Type::Absent).with_payload(muc)
            }
            RoomDeed::Leaves { saying } => {
                let stanza = self.presence(self.nick, Type::Unavailable);
                with_text(stanza, "status", saying.as_deref())
            }
            RoomDeed::Says(text) => {
                with_text(self.to_room(Kind::Message, Type::Groupchat), "body", Some(text))
            }
            RoomDeed::Tells(_, text) => {
                with_text(self.to_other(Kind::Message, Type::Chat), "body", Some(text))
            }
            RoomDeed::IsAway(status) => {
                let stanza = self.presence(self.nick, Type::Absent);
                let away = with_text(stanza, "show", Some("away"));
                with_text(away, "status", status.as_deref())
            }
            RoomDeed::IsBack => self.presence(self.nick, Type::Absent),
            RoomDeed::Becomes(nick) => self.presence(nick, Type::Absent),
            RoomDeed::SetsSubject(text) => {
                with_text(self.to_room(Kind::Message, Type::Groupchat), "subject", Some(text))
            }
            RoomDeed::Kicks(_, reason) => self.role_iq(&Role::None, reason.as_deref()),
            RoomDeed::Bans(_, reason) => {
                self.affiliation_iq(&Affiliation::Outcast, reason.as_deref())
            }
            RoomDeed::Grants(_, privilege, reason) => {
                self.privilege_iq(privilege, reason.as_deref())
            }
            RoomDeed::Revokes(_, privilege, reason) => {
                self.privilege_iq(&without(privilege), reason.as_deref())
            }
            RoomDeed::AsksVcard(_) => self
                .to_other(Kind::Iq, Type::Get)
                .with_id(self.id)
                .with_payload(element("vCard", ns::VCARD, &[])),
            RoomDeed::PingsItself => self.ping(self.nick),
            RoomDeed::Pings(_) => self.ping(self.other.unwrap_or_default()),
            RoomDeed::Probes(_) => self.to_other(Kind::Presence, Type::Probe),
            affair => self.affair(affair),
        }
    }

    fn presence(&self, nick: &str, type_: Type) -> Stanza {
        self.to_nick(Stanza::presence(type_), nick)
    }

    pub(super) fn to_room(&self, kind: Kind, type_: Type) -> Stanza {
        Stanza::new(kind, type_).with_to(Jid::from(self.room.clone()))
    }

    fn to_other(&self, kind: Kind, type_: Type) -> Stanza {
        self.to_nick(Stanza::new(kind, type_), self.other.unwrap_or_default())
    }

    /// A nick that is no resource makes an address that is no JID, which is sent all the same.
    fn to_nick(&self, mut stanza: Stanza, nick: &str) -> Stanza {
        let address = format!("{}/{nick}", self.room);
        match Jid::new(&address) {
            Ok(jid) => stanza.with_to(jid),
            Err(_) => {
                stanza.extra = Some(vec![("to".to_owned(), address)].into());
                stanza
            }
        }
    }

    fn ping(&self, nick: &str) -> Stanza {
        let stanza = Stanza::iq(Type::Get, self.id);
        self.to_nick(stanza, nick).with_payload(element("ping", ns::PING, &[]))
    }

    fn privilege_iq(&self, privilege: &Privilege, reason: Option<&str>) -> Stanza {
        match privilege {
            Privilege::Role(role) => self.role_iq(role, reason),
            Privilege::Affiliation(affiliation) => self.affiliation_iq(affiliation, reason),
        }
    }

    fn role_iq(&self, role: &Role, reason: Option<&str>) -> Stanza {
        let nick = self.other.unwrap_or_default();
        let item = element("item", ns::MUC_ADMIN, &[("nick", nick), ("role", role_name(role))]);
        self.admin_iq(item, reason)
    }

    fn affiliation_iq(&self, affiliation: &Affiliation, reason: Option<&str>) -> Stanza {
        let name = affiliation_name(affiliation);
        let item = element("item", ns::MUC_ADMIN, &[("affiliation", name)]);
        let item = match self.other_jid {
            Some(jid) => attribute(item, "jid", jid.as_str()),
            None => attribute(item, "nick", self.other.unwrap_or_default()),
        };
        self.admin_iq(item, reason)
    }

    fn admin_iq(&self, mut item: Element, reason: Option<&str>) -> Stanza {
        if let Some(reason) = reason {
            item.append_child(text_element("reason", ns::MUC_ADMIN, reason));
        }
        let mut query = element("query", ns::MUC_ADMIN, &[]);
        query.append_child(item);
        self.to_room(Kind::Iq, Type::Set).with_id(self.id).with_payload(query)
    }
}

fn with_text(stanza: Stanza, name: &str, text: Option<&str>) -> Stanza {
    let Some(text) = text else { return stanza };
    stanza.with_payload(text_element(name, ns::CLIENT, text))
}

/// An element that holds nothing but text.
pub(super) fn text_element(name: &str, namespace: &'static str, text: &str) -> Element {
    let mut child = element(name, namespace, &[]);
    if !text.is_empty() {
        child.append_text(text);
    }
    child
}

fn muc_element(password: Option<&str>, limits: &HistoryLimits) -> Element {
    let mut muc = element("x", ns::MUC, &[]);
    if let Some(password) = password {
        muc.append_child(text_element("password", ns::MUC, password));
    }
    if *limits == HistoryLimits::default() {
        return muc;
    }
    let seconds = limits.last.map(|last| last.as_secs());
    let attributes = [
        ("maxchars", limits.characters.map(|number| number.to_string())),
        ("maxstanzas", limits.stanzas.map(|number| number.to_string())),
        ("seconds", seconds.map(|number| number.to_string())),
        ("since", limits.since.map(|instant| instant.to_string())),
    ];
    let mut history = element("history", ns::MUC, &[]);
    for (name, value) in attributes {
        if let Some(value) = value {
            history = attribute(history, name, &value);
        }
    }
    muc.append_child(history);
    muc
}

/// What remains when a privilege is revoked.
fn without(privilege: &Privilege) -> Privilege {
    match privilege {
        Privilege::Role(Role::Moderator) => Privilege::Role(Role::Participant),
        Privilege::Role(_) => Privilege::Role(Role::Visitor),
        Privilege::Affiliation(_) => Privilege::Affiliation(Affiliation::None),
    }
}

pub(super) fn role_name(role: &Role) -> &'static str {
    match role {
        Role::Moderator => "moderator",
        Role::Participant => "participant",
        Role::Visitor => "visitor",
        Role::None => "none",
    }
}

pub(super) fn affiliation_name(affiliation: &Affiliation) -> &'static str {
    match affiliation {
        Affiliation::Owner => "owner",
        Affiliation::Admin => "admin",
        Affiliation::Member => "member",
        Affiliation::Outcast => "outcast",
        Affiliation::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_the_stanzas_of_the_xep() {
        let room = BareJid::new("wallops@channel.avalon.irc").unwrap();
        let scene = Scene {
            room: &room,
            nick: "BigCheese",
            other: Some("Troy"),
            other_jid: None,
            other_session: None,
            id: "1",
        };
        let joins =
            RoomDeed::Joins { nick: None, password: None, history: HistoryLimits::default() };
        assert_eq!(
            scene.stanza(&joins).to_string(),
            "<presence to='wallops@channel.avalon.irc/BigCheese'>\n  \
             <x xmlns='http://jabber.org/protocol/muc'/>\n</presence>"
        );
        let kicks = scene.stanza(&RoomDeed::Kicks(
            crate::scenario::Occupant::Nick("Troy".to_owned()),
            Some("flooding".to_owned()),
        ));
        let query = kicks.payload("query", ns::MUC_ADMIN).unwrap();
        let item = query.get_child("item", ns::MUC_ADMIN).unwrap();
        assert_eq!((item.attr("nick"), item.attr("role")), (Some("Troy"), Some("none")));
        assert_eq!(kicks.id.as_deref(), Some("1"));
        let says = scene.stanza(&RoomDeed::Says("Hello".to_owned()));
        assert_eq!((says.id.clone(), says.body().as_deref()), (None, Some("Hello")));
    }

    #[test]
    fn a_nick_that_is_no_resource_is_sent_all_the_same() {
        let room = BareJid::new("wallops@channel.avalon.irc").unwrap();
        let scene = Scene {
            room: &room,
            nick: "",
            other: None,
            other_jid: None,
            other_session: None,
            id: "1",
        };
        let joins =
            RoomDeed::Joins { nick: None, password: None, history: HistoryLimits::default() };
        assert_eq!(scene.stanza(&joins).malformed_address(), Some("to"));
    }
}

//! What a room says of itself: disco#info with its extended form, disco#items, reserved nicks
//! (XEP-0030, XEP-0128, XEP-0045 §6.4–6.6, §7.12), and its vcard (XEP-0054, XEP-0486).

use xmpp_parsers::data_forms::{DataFormType, FieldType};

use super::*;
use crate::room::{Affiliation, form};
use crate::stanza::{Element, attribute, element};

impl Master {
    /// A disco#info request to the room: about itself, or about the nick that the asker has
    /// reserved.
    pub(super) fn disco_info(&self, stanza: &Stanza, asked: &Element, out: &mut Vec<Output>) {
        let query = element("query", ns::DISCO_INFO, &[]);
        let query = match asked.attr("node") {
            None | Some("") => self.describe_room(query),
            Some(ROOM_USER_ITEM) => {
                let bare = stanza.from.as_ref().map(|from| from.to_bare());
                let nick = bare.and_then(|bare| self.config.reserved_nicks.get(&bare));
                let mut query = attribute(query, "node", ROOM_USER_ITEM);
                if let Some(nick) = nick {
                    query.append_child(attribute(identity(), "name", nick));
                }
                query
            }
            Some(_) => {
                return refuse(stanza, ErrorType::Cancel, Condition::ItemNotFound, None, out);
            }
        };
        out.push(Output::Send(stanza.result_reply(vec![query])));
    }

    fn describe_room(&self, mut query: Element) -> Element {
        let config = &self.config;
        query.append_child(match &config.name {
            Some(name) => attribute(identity(), "name", name),
            None => identity(),
        });
        let either = |yes: bool, one, other| if yes { one } else { other };
        for feature in [
            ns::MUC,
            ns::DISCO_INFO,
            ns::DISCO_ITEMS,
            ns::REGISTER,
            ns::VCARD,
            ns::SELF_PING_OPTIMIZATION,
            "http://jabber.org/protocol/muc#request",
            either(config.members_only, "muc_membersonly", "muc_open"),
            either(config.moderated, "muc_moderated", "muc_unmoderated"),
            either(config.whois == Whois::Anyone, "muc_nonanonymous", "muc_semianonymous"),
            either(config.password.is_some(), "muc_passwordprotected", "muc_unsecured"),
            either(config.persistent, "muc_persistent", "muc_temporary"),
            either(config.public, "muc_public", "muc_hidden"),
        ] {
            query.append_child(element("feature", ns::DISCO_INFO, &[("var", feature)]));
        }
        let distributed = self.registry.open && config.distributed;
        let slaves = [ns::DMUC, ns::SLAVE].into_iter().filter(|_| distributed);
        for feature in self.id_features().iter().copied().chain(slaves) {
            query.append_child(element("feature", ns::DISCO_INFO, &[("var", feature)]));
        }
        query.append_child(self.room_info());
        query
    }

    /// The extended form (XEP-0045 §15.5.4).
    fn room_info(&self) -> Element {
        let config = &self.config;
        let text = |var, label, value: &str| form::field(var, FieldType::TextSingle, label, value);
        let fields = vec![
            text(
                "muc#roominfo_description",
                "Description",
                config.description.as_deref().unwrap_or_default(),
            ),
            text(
                "muc#roominfo_occupants",
                "Number of occupants",
                &self.occupants.len().to_string(),
            ),
            text("muc#roominfo_subject", "Subject", &self.subject().unwrap_or_default()),
            form::boolean(
                "muc#roominfo_subjectmod",
                "Participants may change the subject",
                config.change_subject,
            ),
            form::boolean(
                "muc#roomconfig_allowinvites",
                "Occupants may invite",
                config.allow_invites && !config.members_only,
            ),
        ];
        form::element(DataFormType::Result_, ROOM_INFO, "", fields)
    }

    /// Who is in the room: for everybody if it is public, otherwise for who is in it.
    pub(super) fn disco_items(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        let inside = stanza.from.as_ref().is_some_and(|from| self.nicks.contains_key(from));
        let mut query = element("query", ns::DISCO_ITEMS, &[]);
        if self.config.public || inside {
            for (nick, occupant) in &self.occupants {
                let item = [("jid", occupant.seat.occupant.as_str()), ("name", nick)];
                query.append_child(element("item", ns::DISCO_ITEMS, &item));
            }
        }
        out.push(Output::Send(stanza.result_reply(vec![query])));
    }

    /// The room in the service's list, if it is to be found there (XEP-0045 §6.3).
    pub(in crate::dmuc) fn listed(&self) -> Option<Element> {
        let node = self.config.jid.node().map(|node| node.as_str()).unwrap_or_default();
        let name = self.config.name.as_deref().unwrap_or(node);
        let item = [("jid", self.config.jid.as_str()), ("name", name)];
        self.config.public.then(|| element("item", ns::DISCO_ITEMS, &item))
    }

    /// The vcard of the room: everybody reads it, owners write it. That there is another one is
    /// told like any change of configuration.
    pub(super) fn vcard(
        &mut self,
        now: Time,
        stanza: &Stanza,
        vcard: &Element,
        out: &mut Vec<Output>,
    ) {
        if stanza.type_ == Type::Get {
            let empty = || element("vCard", ns::VCARD, &[]);
            let vcard = self.config.vcard.clone().unwrap_or_else(empty);
            return out.push(Output::Send(stanza.result_reply(vec![vcard])));
        }
        let owner = stanza.from.as_ref().map(|from| self.affiliation(&from.to_bare()));
        if owner != Some(Affiliation::Owner) {
            return refuse(stanza, ErrorType::Auth, Condition::Forbidden, None, out);
        }
        let vcard = Some(vcard.clone()).filter(|vcard| vcard.children().next().is_some());
        if self.config.vcard != vcard {
            self.config.vcard = vcard;
            self.broadcast_codes(now, &[104], out);
        }
        out.push(Output::Send(stanza.result_reply(vec![])));
    }
}

fn identity() -> Element {
    element("identity", ns::DISCO_INFO, &[("category", "conference"), ("type", "text")])
}

const ROOM_USER_ITEM: &str = "x-roomuser-item";
const ROOM_INFO: &str = "http://jabber.org/protocol/muc#roominfo";

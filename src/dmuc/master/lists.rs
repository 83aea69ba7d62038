//! Lists of roles and affiliations, and who may read them (XEP-0045 §8.4, §8.6, §9.2, §9.5, §10.5).
//!
//! As at Prosody an admin reads the lists up to his own affiliation; where everybody sees real JIDs
//! and only members are let in, members read them too, unless the owner forbids that.

use super::*;
use crate::room::item::{affiliation_name, role_name};
use crate::room::privilege::rank;
use crate::room::{Affiliation, privilege};
use crate::stanza::{Element, attribute, element};

impl Master {
    /// Who has a role, or an affiliation.
    pub(super) fn list(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(actor) = &stanza.from else { return };
        let Some(query) = stanza.payload("query", ns::MUC_ADMIN) else { return };
        let asked = query.get_child("item", ns::MUC_ADMIN);
        let affiliation = asked.and_then(|item| item.attr("affiliation")).map(str::parse);
        let role = asked.and_then(|item| item.attr("role")).map(str::parse::<Role>);
        let items = match (affiliation, role) {
            (Some(Ok(affiliation)), None) => {
                self.reads_affiliations(actor, &affiliation).then(|| self.affiliated(&affiliation))
            }
            (None, Some(Ok(role))) => self.reads_roles(actor).then(|| self.occupants_with(&role)),
            _ => return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out),
        };
        let Some(items) = items else {
            return refuse(stanza, ErrorType::Auth, Condition::Forbidden, None, out);
        };
        let mut list = element("query", ns::MUC_ADMIN, &[]);
        for item in items {
            list.append_child(item);
        }
        out.push(Output::Send(stanza.result_reply(vec![list])));
    }

    fn reads_affiliations(&self, actor: &Jid, asked: &Affiliation) -> bool {
        let own = rank(&self.affiliation(&actor.to_bare()));
        let open = self.config.members_only
            && self.config.whois == Whois::Anyone
            && self.config.member_lists;
        own >= rank(&Affiliation::Admin) && own >= rank(asked)
            || open && own >= rank(&Affiliation::Member)
    }

    fn reads_roles(&self, actor: &Jid) -> bool {
        let role = self.occupant_of(actor).map(|(_, occupant)| occupant.seat.role.clone());
        let role = role.unwrap_or_else(|| {
            let affiliation = self.affiliation(&actor.to_bare());
            privilege::initial_role(&affiliation, self.config.moderated)
        });
        role == Role::Moderator
    }

    fn affiliated(&self, asked: &Affiliation) -> Vec<Element> {
        let having = self.config.affiliations.iter().filter(|(_, a)| *a == asked);
        having
            .map(|(bare, _)| {
                let affiliation = affiliation_name(asked);
                let item = [("affiliation", affiliation), ("jid", bare.as_str())];
                let mut item = element("item", ns::MUC_ADMIN, &item);
                if let Some(nick) = self.config.reserved_nicks.get(bare) {
                    item = attribute(item, "nick", nick);
                }
                if let Some(why) = self.config.ban_reasons.get(bare) {
                    let mut reason = element("reason", ns::MUC_ADMIN, &[]);
                    reason.append_text(why.as_str());
                    item.append_child(reason);
                }
                item
            })
            .collect()
    }

    fn occupants_with(&self, role: &Role) -> Vec<Element> {
        let having = self.occupants.iter().filter(|(_, occupant)| occupant.seat.role == *role);
        let sessions = having.flat_map(|(nick, occupant)| {
            occupant.sessions.keys().map(move |session| (nick, occupant, session))
        });
        sessions
            .map(|(nick, occupant, session)| {
                let item = [
                    ("affiliation", affiliation_name(&occupant.seat.affiliation)),
                    ("jid", session.as_str()),
                    ("nick", nick),
                    ("role", role_name(role)),
                ];
                element("item", ns::MUC_ADMIN, &item)
            })
            .collect()
    }
}

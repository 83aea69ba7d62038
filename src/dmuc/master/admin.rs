//! Roles and affiliations by IQ: kick, voice, moderator, ban, membership, and the lists of them
//! (XEP-0045 §8, §9).

use super::fanout::Event;
use super::leave::Departure;
use super::*;
use crate::room::item::{affiliation_name, role_name};
use crate::room::privilege::{Parties, Refusal, rank};
use crate::room::{Affiliation, Item, privilege};
use crate::stanza::{Element, element};

/// What an `<item/>` asks for.
enum Wish {
    Role(String, Role),
    Affiliation(BareJid, Affiliation),
}

type Failure = (ErrorType, Condition);

impl Master {
    /// One change or many; all of them or none.
    pub(super) fn change(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(actor) = stanza.from.clone() else { return };
        let Some(query) = stanza.payload("query", ns::MUC_ADMIN) else { return };
        let items: Vec<_> = query.children().filter(|c| c.is("item", ns::MUC_ADMIN)).collect();
        let wishes = items
            .iter()
            .map(|item| {
                let wish = self.wish(item)?;
                self.permit(&actor, &wish)?;
                Ok((wish, item.get_child("reason", ns::MUC_ADMIN).map(Element::text)))
            })
            .collect::<Result<Vec<_>, Failure>>();
        let wishes = match wishes {
            Ok(wishes) if !wishes.is_empty() => wishes,
            Ok(_) => return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out),
            Err((type_, condition)) => return refuse(stanza, type_, condition, None, out),
        };
        let nick = self.nicks.get(&actor).cloned();
        let actor = nick.as_deref().map(|nick| (nick, &*actor));
        for (wish, reason) in wishes {
            let reason = reason.as_deref().filter(|reason| !reason.is_empty());
            match wish {
                Wish::Role(nick, role) => self.set_role(now, &nick, role, actor, reason, out),
                Wish::Affiliation(bare, affiliation) => {
                    self.set_affiliation(now, &bare, affiliation, actor, reason, out);
                }
            }
        }
        out.push(Output::Send(stanza.result_reply(vec![])));
    }

    /// Read an `<item/>`; a nick may stand for the JID (XEP-0045 §9.1 has the JID).
    fn wish(&self, item: &Element) -> Result<Wish, Failure> {
        let bad = || (ErrorType::Modify, Condition::BadRequest);
        let missing = || (ErrorType::Cancel, Condition::ItemNotFound);
        match (item.attr("role"), item.attr("affiliation")) {
            (Some(role), None) => {
                let role = role.parse().map_err(|_| bad())?;
                let nick = item.attr("nick").ok_or_else(bad)?;
                self.occupants.get(nick).ok_or_else(missing)?;
                Ok(Wish::Role(nick.to_owned(), role))
            }
            (None, Some(affiliation)) => {
                let affiliation = affiliation.parse().map_err(|_| bad())?;
                let bare = match (item.attr("jid"), item.attr("nick")) {
                    (Some(jid), _) => Jid::new(jid)
                        .map_err(|_| (ErrorType::Modify, Condition::JidMalformed))?
                        .to_bare(),
                    (None, Some(nick)) => {
                        self.occupants.get(nick).ok_or_else(missing)?.bare.clone()
                    }
                    (None, None) => return Err(bad()),
                };
                Ok(Wish::Affiliation(bare, affiliation))
            }
            _ => Err(bad()),
        }
    }

    fn permit(&self, actor: &Jid, wish: &Wish) -> Result<(), Failure> {
        let role = self.occupant_of(actor).map_or(Role::None, |(_, o)| o.seat.role.clone());
        let parties = |target: &BareJid, target_role| Parties {
            actor: self.affiliation(&actor.to_bare()),
            actor_role: role.clone(),
            target: self.affiliation(target),
            target_role,
        };
        let permission = match wish {
            Wish::Role(nick, role) => {
                let Some(target) = self.occupants.get(nick) else { return Ok(()) };
                parties(&target.bare, target.seat.role.clone()).may_set_role(role)
            }
            Wish::Affiliation(bare, affiliation) => {
                let parties = parties(bare, Role::None);
                // A room keeps at least one owner (XEP-0045 §10.5).
                let last = *affiliation != Affiliation::Owner && self.is_only_owner(bare);
                if last {
                    Err(Refusal::NotAllowed)
                } else {
                    parties.may_set_affiliation(affiliation)
                }
            }
        };
        permission.map_err(|refusal| match refusal {
            Refusal::Forbidden => (ErrorType::Auth, Condition::Forbidden),
            Refusal::NotAllowed => (ErrorType::Cancel, Condition::NotAllowed),
        })
    }

    fn is_only_owner(&self, bare: &BareJid) -> bool {
        let mut owners = self.config.affiliations.iter().filter(|(_, a)| **a == Affiliation::Owner);
        owners.next().is_some_and(|(owner, _)| owner == bare) && owners.next().is_none()
    }

    fn set_role(
        &mut self,
        now: Time,
        nick: &str,
        role: Role,
        actor: Option<(&str, &Jid)>,
        reason: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        if role == Role::None {
            let departure = Departure { codes: &[307], actor, reason, ..Departure::default() };
            return self.remove(now, nick, &departure, out);
        }
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        occupant.seat.role = role;
        self.restate(now, nick, actor, reason, out);
    }

    fn set_affiliation(
        &mut self,
        now: Time,
        bare: &BareJid,
        affiliation: Affiliation,
        actor: Option<(&str, &Jid)>,
        reason: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        if affiliation == Affiliation::None {
            self.config.affiliations.remove(bare);
        } else {
            self.config.affiliations.insert(bare.clone(), affiliation.clone());
        }
        let matching = self.occupants.iter().filter(|(_, occupant)| occupant.bare == *bare);
        let nicks: Vec<_> = matching.map(|(nick, _)| nick.clone()).collect();
        for nick in nicks {
            if affiliation == Affiliation::Outcast {
                let affiliation = Some(Affiliation::Outcast);
                let departure =
                    Departure { codes: &[301], actor, reason, affiliation, ..Departure::default() };
                self.remove(now, &nick, &departure, out);
                continue;
            }
            let role = self.role_after(&nick, &affiliation);
            let Some(occupant) = self.occupants.get_mut(&nick) else { continue };
            occupant.seat.affiliation = affiliation.clone();
            occupant.seat.role = role;
            self.restate(now, &nick, actor, reason, out);
        }
    }

    /// The role that follows a change of affiliation: an admin becomes a moderator; who was one by
    /// his affiliation and is no admin any more falls back (XEP-0045 §5.1.2, §9.7).
    fn role_after(&self, nick: &str, affiliation: &Affiliation) -> Role {
        let Some(occupant) = self.occupants.get(nick) else { return Role::None };
        let initial = privilege::initial_role(affiliation, self.config.moderated);
        let was_admin = rank(&occupant.seat.affiliation) >= rank(&Affiliation::Admin);
        let kept = self.config.moderators.contains(&occupant.bare);
        match (&occupant.seat.role, &initial) {
            (Role::Moderator, _) if kept || !was_admin => Role::Moderator,
            (Role::Participant, Role::Visitor) => Role::Participant,
            _ => initial,
        }
    }

    /// Tell everybody what an occupant's privileges are now.
    fn restate(
        &mut self,
        now: Time,
        nick: &str,
        actor: Option<(&str, &Jid)>,
        reason: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        let own = occupant.own_payloads();
        let subject = &occupant.jids();
        let item = Item { actor, reason, ..Item::default() };
        let stanza = Stanza::presence(Type::Absent)
            .with_from(occupant.seat.occupant.clone())
            .with_payloads(occupant.describe(&own, subject, item, &[]));
        for link in occupant.links() {
            self.count_moderators(now, link, out);
        }
        if let Some(occupant) = self.occupants.get_mut(nick) {
            occupant.restate();
        }
        let logged = Logged::Changed(nick.to_owned());
        self.event(now, Event { stanza, logged, subject, except: None }, out);
    }

    /// Who has a role, or an affiliation; for moderators and admins (XEP-0045 §8.4, §9.2).
    pub(super) fn list(&self, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(actor) = &stanza.from else { return };
        let Some(query) = stanza.payload("query", ns::MUC_ADMIN) else { return };
        let asked = query.get_child("item", ns::MUC_ADMIN);
        let affiliation = asked.and_then(|item| item.attr("affiliation")).map(str::parse);
        let role = asked.and_then(|item| item.attr("role")).map(str::parse::<Role>);
        let admin = rank(&self.affiliation(&actor.to_bare())) >= rank(&Affiliation::Admin);
        let moderator =
            self.occupant_of(actor).is_some_and(|(_, o)| o.seat.role == Role::Moderator);
        let mut list = element("query", ns::MUC_ADMIN, &[]);
        match (affiliation, role) {
            (Some(Ok(affiliation)), None) if admin => {
                for (bare, _) in self.config.affiliations.iter().filter(|(_, a)| **a == affiliation)
                {
                    let affiliation = affiliation_name(&affiliation);
                    let item = [("affiliation", affiliation), ("jid", bare.as_str())];
                    list.append_child(element("item", ns::MUC_ADMIN, &item));
                }
            }
            (None, Some(Ok(role))) if moderator || admin => {
                let having = self.occupants.iter().filter(|(_, o)| o.seat.role == role);
                for (nick, o, session) in
                    having.flat_map(|(n, o)| o.sessions.keys().map(move |s| (n, o, s)))
                {
                    let item = [
                        ("affiliation", affiliation_name(&o.seat.affiliation)),
                        ("jid", session.as_str()),
                        ("nick", nick),
                        ("role", role_name(&role)),
                    ];
                    list.append_child(element("item", ns::MUC_ADMIN, &item));
                }
            }
            (Some(Ok(_)), None) | (None, Some(Ok(_))) => {
                return refuse(stanza, ErrorType::Auth, Condition::Forbidden, None, out);
            }
            _ => return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out),
        }
        out.push(Output::Send(stanza.result_reply(vec![list])));
    }
}

//! Roles and affiliations by IQ: kick, voice, moderator, ban, membership (XEP-0045 §8, §9). What
//! comes of a change of affiliation is in `affiliation`, who may read what in `lists`.

use super::affiliation::Grant;
use super::leave::Departure;
use super::*;
use crate::room::privilege::{Parties, Refusal};
use crate::room::{Affiliation, Item};
use crate::stanza::Element;

/// Who does something to somebody, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cause<'a> {
    /// Nick and JID of who does it; nobody if it is the room.
    pub actor: Option<(&'a str, &'a Jid)>,
    /// Why, never empty.
    pub reason: Option<&'a str>,
}

/// What an `<item/>` asks for.
enum Wish {
    Role(String, Role),
    Affiliation(Grant),
}

type Failure = (ErrorType, Condition);

impl Master {
    /// One change or many; all of them or none.
    pub(super) fn change(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(actor) = stanza.from.clone() else { return };
        let Some(query) = stanza.payload("query", ns::MUC_ADMIN) else { return };
        let wishes = match self.wishes(&actor, query) {
            Ok(wishes) => wishes,
            Err((type_, condition)) => return refuse(stanza, type_, condition, None, out),
        };
        let nick = self.nicks.get(&actor).cloned();
        let actor = nick.as_deref().map(|nick| (nick, &*actor));
        for (wish, reason) in wishes {
            let reason = reason.as_deref().filter(|reason| !reason.is_empty());
            let cause = Cause { actor, reason };
            match wish {
                Wish::Role(nick, role) => self.set_role(now, &nick, role, cause, out),
                Wish::Affiliation(grant) => self.set_affiliation(now, grant, cause, out),
            }
        }
        out.push(Output::Send(stanza.result_reply(vec![])));
    }

    /// What is asked for, with the reasons, if all of it is allowed.
    fn wishes(&self, actor: &Jid, query: &Element) -> Result<Vec<(Wish, Option<String>)>, Failure> {
        let items = query.children().filter(|child| child.is("item", ns::MUC_ADMIN));
        let wishes = items
            .map(|item| {
                let wish = self.wish(item)?;
                self.permit(actor, &wish)?;
                Ok((wish, item.get_child("reason", ns::MUC_ADMIN).map(Element::text)))
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        if wishes.is_empty() {
            return Err((ErrorType::Modify, Condition::BadRequest));
        }
        // A room keeps at least one owner (XEP-0045 §10.3, §10.5).
        if self.leaves_no_owner(&wishes) {
            return Err((ErrorType::Cancel, Condition::Conflict));
        }
        Ok(wishes)
    }

    /// Read an `<item/>`. A nick may stand for the JID of who has it or has it reserved; beside a
    /// JID it is the nick that is reserved for him, as at Prosody; where it is about a role, a
    /// session that is meant under whatever nick.
    fn wish(&self, item: &Element) -> Result<Wish, Failure> {
        let bad = || (ErrorType::Modify, Condition::BadRequest);
        let missing = || (ErrorType::Cancel, Condition::ItemNotFound);
        let malformed = || (ErrorType::Modify, Condition::JidMalformed);
        let jid = item.attr("jid").map(Jid::new).transpose().map_err(|_| malformed())?;
        match (item.attr("role"), item.attr("affiliation")) {
            (Some(role), None) => {
                let role = role.parse().map_err(|_| bad())?;
                let of_session = jid.as_ref().and_then(|jid| self.nicks.get(jid)).cloned();
                let nick = item.attr("nick").map(str::to_owned);
                let nick = of_session.or(nick).ok_or_else(bad)?;
                let holder = self.occupants.get(&nick).ok_or_else(missing)?;
                // Whoever has the nick by now need not be who is meant.
                jid.is_none_or(|jid| jid.to_bare() == holder.bare)
                    .then_some(())
                    .ok_or_else(missing)?;
                Ok(Wish::Role(nick, role))
            }
            (None, Some(affiliation)) => {
                let affiliation = affiliation.parse().map_err(|_| bad())?;
                let grant = match (jid, item.attr("nick")) {
                    (Some(jid), None) => Grant::of(jid.to_bare(), affiliation),
                    (Some(jid), Some(nick)) => {
                        let nick = Some(self.prepared_nick(nick).ok_or_else(malformed)?);
                        Grant { nick, ..Grant::of(jid.to_bare(), affiliation) }
                    }
                    (None, Some(nick)) => {
                        Grant::of(self.holder(nick).ok_or_else(missing)?, affiliation)
                    }
                    (None, None) => return Err(bad()),
                };
                Ok(Wish::Affiliation(grant))
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
            Wish::Affiliation(grant) => {
                let permission =
                    parties(&grant.bare, Role::None).may_set_affiliation(&grant.affiliation);
                let himself = grant.bare == actor.to_bare();
                if permission.is_ok() && himself && grant.affiliation == Affiliation::Outcast {
                    // Nobody bans himself (XEP-0045 §9.1).
                    return Err((ErrorType::Cancel, Condition::Conflict));
                }
                if !self.has_place_for(grant) {
                    return Err((ErrorType::Wait, Condition::ResourceConstraint));
                }
                permission
            }
        };
        permission.map_err(|refusal| match refusal {
            Refusal::Forbidden => (ErrorType::Auth, Condition::Forbidden),
            Refusal::NotAllowed => (ErrorType::Cancel, Condition::NotAllowed),
        })
    }

    fn leaves_no_owner(&self, wishes: &[(Wish, Option<String>)]) -> bool {
        let affiliations = self.config.affiliations.iter();
        let mut owners: std::collections::BTreeSet<_> = affiliations
            .filter(|(_, affiliation)| **affiliation == Affiliation::Owner)
            .map(|(owner, _)| owner)
            .collect();
        let had_one = !owners.is_empty();
        for (wish, _) in wishes {
            match wish {
                Wish::Affiliation(grant) if grant.affiliation == Affiliation::Owner => {
                    owners.insert(&grant.bare);
                }
                Wish::Affiliation(grant) => {
                    owners.remove(&grant.bare);
                }
                Wish::Role(..) => {}
            }
        }
        had_one && owners.is_empty()
    }

    /// Whose nick this is: who has it, or for whom it is reserved.
    fn holder(&self, nick: &str) -> Option<BareJid> {
        let present = self.occupants.get(nick).map(|occupant| occupant.bare.clone());
        present.or_else(|| self.reserved_for(nick).cloned())
    }

    /// Give an occupant a role, or take him out of the room.
    pub(super) fn set_role(
        &mut self,
        now: Time,
        nick: &str,
        role: Role,
        cause: Cause<'_>,
        out: &mut Vec<Output>,
    ) {
        if role == Role::None {
            let Cause { actor, reason } = cause;
            let departure = Departure { codes: &[307], actor, reason, ..Departure::default() };
            return self.remove(now, nick, &departure, out);
        }
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        occupant.seat.role = role;
        self.restate(now, nick, cause, out);
    }

    /// Tell everybody what an occupant's privileges are now.
    pub(super) fn restate(
        &mut self,
        now: Time,
        nick: &str,
        cause: Cause<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        let own = occupant.own_payloads();
        let subject = &occupant.jids();
        let item = Item { actor: cause.actor, reason: cause.reason, ..Item::default() };
        let stanza = Stanza::presence(Type::Absent)
            .with_from(occupant.seat.occupant.clone())
            .with_payloads(occupant.describe(&own, subject, item, &[]));
        for link in occupant.links() {
            self.count_moderators(now, link, out);
        }
        if let Some(occupant) = self.occupants.get_mut(nick) {
            occupant.restate();
        }
        self.present(now, nick, stanza, None, out);
    }
}

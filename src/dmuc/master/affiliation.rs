//! What comes of a change of affiliation (XEP-0045 §9, §10): who is in the room gets another role
//! or is out of it; of who is not there, those are told who may see his JID. A nick that is
//! reserved is taken from who has it.

use super::admin::Cause;
use super::leave::Departure;
use super::*;
use crate::room::privilege::rank;
use crate::room::{Affiliation, Item, nick, privilege};

/// An affiliation for somebody.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grant {
    /// Whose it is to be.
    pub bare: BareJid,
    /// Which.
    pub affiliation: Affiliation,
    /// The nick that is to be reserved for him; what he has reserved stays otherwise.
    pub nick: Option<String>,
}

impl Grant {
    /// This affiliation, and no nick.
    pub fn of(bare: BareJid, affiliation: Affiliation) -> Self {
        Self { bare, affiliation, nick: None }
    }
}

impl Master {
    /// Set an affiliation, and everything that follows from it.
    pub(super) fn set_affiliation(
        &mut self,
        now: Time,
        grant: Grant,
        cause: Cause<'_>,
        out: &mut Vec<Output>,
    ) {
        self.write_down(&grant, cause.reason);
        if let Some(nick) = &grant.nick {
            self.reserve(now, &grant.bare, nick, out);
        }
        let concerned = self.concerned(&grant);
        if concerned.is_empty() {
            return self.tell_of_absent(&grant, cause.reason, out);
        }
        for (nick, affiliation) in concerned {
            let role = self.role_after(&nick, &affiliation);
            if role == Role::None {
                let departure = Departure {
                    codes: &[self.removal_code(&affiliation).unwrap_or(321)],
                    actor: cause.actor,
                    reason: cause.reason,
                    affiliation: Some(affiliation),
                    ..Departure::default()
                };
                self.remove(now, &nick, &departure, out);
                continue;
            }
            let Some(occupant) = self.occupants.get_mut(&nick) else { continue };
            occupant.seat.affiliation = affiliation;
            occupant.seat.role = role;
            self.restate(now, &nick, cause, out);
        }
    }

    /// The nicks of whom a change that is written down concerns, with what they are now: himself,
    /// or of a domain that is banned who has no affiliation of his own.
    fn concerned(&self, grant: &Grant) -> Vec<(String, Affiliation)> {
        let of_domain = |bare: &BareJid| {
            grant.affiliation == Affiliation::Outcast
                && grant.bare.node().is_none()
                && bare.domain() == grant.bare.domain()
                && !self.config.affiliations.contains_key(bare)
        };
        let occupants = self.occupants.iter();
        occupants
            .filter(|(_, other)| other.bare == grant.bare || of_domain(&other.bare))
            .map(|(nick, other)| (nick.clone(), self.affiliation(&other.bare)))
            .collect()
    }

    /// Whether the room can remember one more.
    pub(super) fn has_place_for(&self, grant: &Grant) -> bool {
        grant.affiliation == Affiliation::None
            || self.config.affiliations.len() < AFFILIATIONS_MAX
            || self.config.affiliations.contains_key(&grant.bare)
    }

    fn write_down(&mut self, grant: &Grant, reason: Option<&str>) {
        let Grant { bare, affiliation, .. } = grant;
        self.config.ban_reasons.remove(bare);
        match affiliation {
            Affiliation::None => {
                self.config.affiliations.remove(bare);
                self.config.reserved_nicks.remove(bare);
                return;
            }
            Affiliation::Outcast => {
                self.config.reserved_nicks.remove(bare);
                let reason = reason.map(|reason| reason.chars().take(REASON_MAX).collect());
                self.config.ban_reasons.extend(reason.map(|reason| (bare.clone(), reason)));
            }
            _ => {}
        }
        self.config.affiliations.insert(bare.clone(), affiliation.clone());
    }

    /// Reserve a nick; who else has it is out of the room.
    fn reserve(&mut self, now: Time, bare: &BareJid, nick: &str, out: &mut Vec<Output>) {
        if !self.config.affiliations.contains_key(bare) {
            return;
        }
        self.config.reserved_nicks.retain(|_, reserved| reserved != nick);
        self.config.reserved_nicks.insert(bare.clone(), nick.to_owned());
        if self.occupants.get(nick).is_some_and(|occupant| occupant.bare != *bare) {
            let reason = Some("This nickname is reserved");
            self.set_role(now, nick, Role::None, Cause { actor: None, reason }, out);
        }
    }

    /// For whom a nick is reserved.
    pub(super) fn reserved_for(&self, nick: &str) -> Option<&BareJid> {
        let mut reserved = self.config.reserved_nicks.iter();
        reserved.find(|(_, reserved)| *reserved == nick).map(|(bare, _)| bare)
    }

    /// A nick as the resource of a JID has it; nothing if it is none, or the room does not accept
    /// it.
    pub(super) fn prepared_nick(&self, nick: &str) -> Option<String> {
        let occupant = self.config.jid.with_resource_str(nick).ok()?;
        let nick = occupant.resource().as_str();
        nick::is_acceptable(nick).then(|| nick.to_owned())
    }

    /// The status code of who may not be in the room with this affiliation (XEP-0045 §9.1, §9.4).
    fn removal_code(&self, affiliation: &Affiliation) -> Option<u16> {
        match affiliation {
            Affiliation::Outcast => Some(301),
            Affiliation::None if self.config.members_only => Some(321),
            _ => None,
        }
    }

    /// The affiliation of somebody who is not in the room has changed: a message to those who may
    /// see his JID, to each for himself (XEP-0045 §9.3).
    fn tell_of_absent(&self, grant: &Grant, reason: Option<&str>, out: &mut Vec<Output>) {
        let jid = Jid::from(grant.bare.clone());
        let item = Item {
            affiliation: Some(grant.affiliation.clone()),
            jid: Some(&jid),
            reason,
            ..Item::default()
        };
        let code = self.removal_code(&grant.affiliation);
        let message = Stanza::message(Type::Absent)
            .with_from(self.address.clone())
            .with_payload(item.element(code.as_slice()));
        self.tell_each(&message, |occupant| self.sees_jids(&occupant.seat.role), out);
    }

    /// A stanza to each session of those occupants, to its own address.
    pub(super) fn tell_each(
        &self,
        stanza: &Stanza,
        whom: impl Fn(&Occupant) -> bool,
        out: &mut Vec<Output>,
    ) {
        for occupant in self.occupants.values().filter(|occupant| whom(occupant)) {
            for session in occupant.sessions.keys() {
                out.push(Output::Send(stanza.clone().with_to(session.clone())));
            }
        }
    }

    /// The role that follows a change of affiliation: an admin becomes a moderator; who was one by
    /// his affiliation and is no admin any more falls back (XEP-0045 §5.1.2, §9.7). Who may not be
    /// in the room has none.
    fn role_after(&self, nick: &str, affiliation: &Affiliation) -> Role {
        let Some(occupant) = self.occupants.get(nick) else { return Role::None };
        if self.removal_code(affiliation).is_some() {
            return Role::None;
        }
        let initial = privilege::initial_role(affiliation, self.config.moderated);
        let was_admin = rank(&occupant.seat.affiliation) >= rank(&Affiliation::Admin);
        let kept = self.config.moderators.contains(&occupant.bare);
        match (&occupant.seat.role, &initial) {
            (Role::Moderator, _) if kept || !was_admin => Role::Moderator,
            (Role::Participant, Role::Visitor) => Role::Participant,
            _ => initial,
        }
    }
}

/// How many affiliations a room remembers.
const AFFILIATIONS_MAX: usize = 100_000;

/// The longest reason for a ban that is remembered, in characters.
const REASON_MAX: usize = 1_024;

//! Affiliations and roles, and who may do what to whom (XEP-0045 §5, §8, §9).

use xmpp_parsers::muc::user::{Affiliation, Role};

/// The role of a newcomer with this affiliation (XEP-0045 §5.1.2).
pub fn initial_role(affiliation: &Affiliation, moderated: bool) -> Role {
    match affiliation {
        Affiliation::Owner | Affiliation::Admin => Role::Moderator,
        Affiliation::Member => Role::Participant,
        Affiliation::None if moderated => Role::Visitor,
        Affiliation::None => Role::Participant,
        Affiliation::Outcast => Role::None,
    }
}

/// Higher is more: outcast, none, member, admin, owner.
pub fn rank(affiliation: &Affiliation) -> u8 {
    match affiliation {
        Affiliation::Outcast => 0,
        Affiliation::None => 1,
        Affiliation::Member => 2,
        Affiliation::Admin => 3,
        Affiliation::Owner => 4,
    }
}

/// Why a change of privileges is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The actor has not the privilege at all.
    Forbidden,
    /// Nobody may do this to that person.
    NotAllowed,
}

/// Who acts and who is acted upon.
#[derive(Clone, Debug, PartialEq)]
pub struct Parties {
    /// The actor's affiliation.
    pub actor: Affiliation,
    /// The actor's role.
    pub actor_role: Role,
    /// The target's affiliation.
    pub target: Affiliation,
    /// The target's role; none if he is not in the room.
    pub target_role: Role,
}

impl Parties {
    /// Whether the actor may give the target this role (XEP-0045 §8.2–8.4, §9.6–9.7).
    pub fn may_set_role(&self, role: &Role) -> Result<(), Refusal> {
        let privileged = rank(&self.actor) >= rank(&Affiliation::Admin);
        let moderates = self.actor_role == Role::Moderator;
        let about_moderator = *role == Role::Moderator || self.target_role == Role::Moderator;
        let kick = *role == Role::None;
        if !moderates && !privileged {
            return Err(Refusal::Forbidden);
        }
        if rank(&self.target) > rank(&self.actor) {
            return Err(Refusal::NotAllowed);
        }
        // The role of moderator is the admins' to give and take; a moderator may kick his like
        // unless that one's affiliation is higher (XEP-0045 §8.2).
        if about_moderator && !privileged && !kick {
            return Err(Refusal::Forbidden);
        }
        // An admin's or owner's moderator role comes with the affiliation (XEP-0045 §9.7).
        let demotes = self.target_role == Role::Moderator && !kick && *role != Role::Moderator;
        if demotes && rank(&self.target) >= rank(&Affiliation::Admin) {
            return Err(Refusal::NotAllowed);
        }
        Ok(())
    }

    /// Whether the actor may give the target this affiliation (XEP-0045 §9, §10.3–10.6).
    pub fn may_set_affiliation(&self, affiliation: &Affiliation) -> Result<(), Refusal> {
        if rank(&self.actor) < rank(&Affiliation::Admin) {
            return Err(Refusal::Forbidden);
        }
        if self.actor == Affiliation::Owner {
            return Ok(());
        }
        if rank(&self.target) >= rank(&Affiliation::Admin) {
            return Err(Refusal::NotAllowed);
        }
        if rank(affiliation) >= rank(&Affiliation::Admin) {
            return Err(Refusal::Forbidden);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parties(actor: Affiliation, actor_role: Role, target: Affiliation, role: Role) -> Parties {
        Parties { actor, actor_role, target, target_role: role }
    }

    #[test]
    fn a_participant_kicks_nobody() {
        let p = parties(Affiliation::None, Role::Participant, Affiliation::None, Role::Participant);
        assert_eq!(p.may_set_role(&Role::None), Err(Refusal::Forbidden));
    }

    #[test]
    fn a_moderator_kicks_participants_but_not_the_owner() {
        let p = |target| parties(Affiliation::None, Role::Moderator, target, Role::Participant);
        assert_eq!(p(Affiliation::None).may_set_role(&Role::None), Ok(()));
        assert_eq!(p(Affiliation::Owner).may_set_role(&Role::None), Err(Refusal::NotAllowed));
    }

    #[test]
    fn only_admins_make_moderators() {
        let p = |actor| parties(actor, Role::Moderator, Affiliation::None, Role::Participant);
        assert_eq!(p(Affiliation::None).may_set_role(&Role::Moderator), Err(Refusal::Forbidden));
        assert_eq!(p(Affiliation::Admin).may_set_role(&Role::Moderator), Ok(()));
    }

    #[test]
    fn an_admin_is_not_demoted_by_role() {
        let p = parties(Affiliation::Owner, Role::Moderator, Affiliation::Admin, Role::Moderator);
        assert_eq!(p.may_set_role(&Role::Participant), Err(Refusal::NotAllowed));
    }

    #[test]
    fn admins_ban_but_not_one_another_and_make_no_admins() {
        let p = |target| parties(Affiliation::Admin, Role::Moderator, target, Role::None);
        assert_eq!(p(Affiliation::None).may_set_affiliation(&Affiliation::Outcast), Ok(()));
        assert_eq!(
            p(Affiliation::Admin).may_set_affiliation(&Affiliation::Outcast),
            Err(Refusal::NotAllowed)
        );
        assert_eq!(
            p(Affiliation::None).may_set_affiliation(&Affiliation::Admin),
            Err(Refusal::Forbidden)
        );
    }
}

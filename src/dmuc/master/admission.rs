//! Who may enter, and under which nick (XEP-0045 §7.2.5–7.2.10, §7.6), in Prosody's order.

use super::*;
use crate::room::privilege::rank;
use crate::room::{Affiliation, nick};

/// Why somebody may not enter: type, condition and text of the error.
pub(super) type Refusal = (ErrorType, Condition, Option<&'static str>);

impl Master {
    /// Why this session may not enter under this nick, with what its request says.
    pub(super) fn admission(
        &self,
        session: &Jid,
        nick: &str,
        request: &Stanza,
    ) -> Result<(), Refusal> {
        let bare = session.to_bare();
        let affiliation = self.affiliation(&bare);
        acceptable(nick)?;
        if self.config.members_only && rank(&affiliation) <= rank(&Affiliation::None) {
            return Err((ErrorType::Auth, Condition::RegistrationRequired, None));
        }
        if affiliation == Affiliation::Outcast {
            return Err((ErrorType::Auth, Condition::Forbidden, None));
        }
        if !self.knows_password(request) {
            return Err((ErrorType::Auth, Condition::NotAuthorized, None));
        }
        // For who did not create it a locked room is not there yet (XEP-0045 §7.2.10).
        let created = self.locked && !self.config.ownerless;
        if created && affiliation != Affiliation::Owner {
            return Err((ErrorType::Cancel, Condition::ItemNotFound, None));
        }
        let admin = rank(&affiliation) >= rank(&Affiliation::Admin);
        if !admin && self.is_full() && !self.occupants.contains_key(nick) {
            return Err((ErrorType::Wait, Condition::ServiceUnavailable, None));
        }
        if self.has_enough_of(session.domain().as_str()) {
            let text = Some("Too many occupants of this domain");
            return Err((ErrorType::Wait, Condition::ResourceConstraint, text));
        }
        self.owns_nick(&bare, nick)
    }

    /// Whether the room takes nobody else of this domain.
    fn has_enough_of(&self, domain: &str) -> bool {
        let Some(max) = self.config.grants.domain_users_max else { return false };
        let of_domain = |session: &&Arc<Jid>| session.domain().as_str() == domain;
        let count = self.nicks.keys().filter(of_domain).count();
        usize::try_from(max).is_ok_and(|max| count >= max)
    }

    /// Why somebody may not take this nick: it is none, reserved for somebody else, or somebody
    /// else's. A nick is one person's; he may have it with several sessions (XEP-0045 §7.2.8).
    pub(super) fn owns_nick(&self, bare: &BareJid, nick: &str) -> Result<(), Refusal> {
        acceptable(nick)?;
        let mut reserved = self.config.reserved_nicks.iter();
        let reserved = reserved.any(|(owner, reserved)| reserved == nick && owner != bare);
        let taken = self.occupants.get(nick).is_some_and(|occupant| occupant.bare != *bare);
        if reserved || taken {
            return Err((ErrorType::Cancel, Condition::Conflict, None));
        }
        Ok(())
    }

    /// Answer with this refusal, in the room's name.
    pub(super) fn refuse_entry(&self, stanza: &Stanza, refusal: Refusal, out: &mut Vec<Output>) {
        let (type_, condition, text) = refusal;
        let error = error_element(type_, condition, Some(&self.address), text);
        out.extend(stanza.error_reply(error).map(Output::Send));
    }

    fn knows_password(&self, request: &Stanza) -> bool {
        let Some(password) = &self.config.password else { return true };
        let given = request.payload("x", ns::MUC).and_then(|x| x.get_child("password", ns::MUC));
        given.is_some_and(|given| given.text() == *password)
    }

    fn is_full(&self) -> bool {
        let count = self.occupants.len();
        self.config.max_users.is_some_and(|max| usize::try_from(max).is_ok_and(|max| count >= max))
    }
}

fn acceptable(nick: &str) -> Result<(), Refusal> {
    if nick::is_acceptable(nick) {
        return Ok(());
    }
    Err((ErrorType::Modify, Condition::JidMalformed, Some("Nickname must pass strict validation")))
}

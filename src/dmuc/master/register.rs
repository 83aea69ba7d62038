//! Registering with the room: a nick is reserved, and nobody else gets it (XEP-0045 §7.10).
//!
//! As at Prosody only who has an affiliation may register; who gives his nick back is no member any
//! more, but keeps a higher affiliation.

use super::admin::Cause;
use super::affiliation::Grant;
use super::*;
use crate::room::Affiliation;
use crate::room::form::Problem;
use crate::room::registration::{self, Registration};
use crate::stanza::Element;

type Failure = (ErrorType, Condition, Option<String>);

impl Master {
    /// A `jabber:iq:register` request.
    pub(super) fn registration(
        &mut self,
        now: Time,
        stanza: &Stanza,
        query: &Element,
        out: &mut Vec<Output>,
    ) {
        let Some(bare) = stanza.from.as_ref().map(|from| from.to_bare()) else { return };
        let outcome = match self.affiliation(&bare) {
            Affiliation::Outcast => Err((ErrorType::Auth, Condition::Forbidden, None)),
            Affiliation::None => Err((ErrorType::Auth, Condition::RegistrationRequired, None)),
            _ if stanza.type_ == Type::Get => Ok(vec![self.registration_form(&bare)]),
            affiliation => self.register(now, &bare, affiliation, query, out).map(|()| vec![]),
        };
        match outcome {
            Ok(payloads) => out.push(Output::Send(stanza.result_reply(payloads))),
            Err((type_, condition, text)) => {
                refuse(stanza, type_, condition, text.as_deref(), out);
            }
        }
    }

    fn registration_form(&self, bare: &BareJid) -> Element {
        match self.config.reserved_nicks.get(bare) {
            Some(nick) => registration::registered(nick),
            None => registration::form(),
        }
    }

    fn register(
        &mut self,
        now: Time,
        bare: &BareJid,
        affiliation: Affiliation,
        query: &Element,
        out: &mut Vec<Output>,
    ) -> Result<(), Failure> {
        let bad = |problem: Problem| {
            (ErrorType::Modify, Condition::BadRequest, Some(problem.to_string()))
        };
        match Registration::read(query).map_err(bad)? {
            Registration::Cancel => {}
            Registration::Remove => {
                self.config.reserved_nicks.remove(bare);
                let kept = match affiliation {
                    Affiliation::Member => Affiliation::None,
                    higher => higher,
                };
                let grant = Grant::of(bare.clone(), kept);
                self.set_affiliation(now, grant, Cause::default(), out);
            }
            Registration::Reserve(nick) => {
                let invalid = || bad(Problem::new("muc#register_roomnick: Invalid Nickname"));
                let nick = self.prepared_nick(&nick).ok_or_else(invalid)?;
                let taken = self.occupants.get(&nick).is_some_and(|o| o.bare != *bare);
                let reserved = self.reserved_for(&nick).is_some_and(|owner| owner != bare);
                if taken || reserved {
                    return Err((ErrorType::Cancel, Condition::Conflict, None));
                }
                if self.config.reserved_nicks.get(bare) != Some(&nick) {
                    let grant = Grant { nick: Some(nick), ..Grant::of(bare.clone(), affiliation) };
                    self.set_affiliation(now, grant, Cause::default(), out);
                }
            }
        }
        Ok(())
    }
}

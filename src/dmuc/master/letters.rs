//! Messages to the room that are not for everybody: mediated invitations, declines (XEP-0045
//! §7.8.2) and requests for voice (§7.13, §8.6).

use std::collections::VecDeque;

use super::admin::Cause;
use super::affiliation::Grant;
use super::*;
use crate::room::Affiliation;
use crate::room::invitation::Letter;
use crate::room::privilege::rank;
use crate::room::voice::{self, Voice};
use crate::stanza::Element;

/// Who invited whom of late: who was invited may decline, and nobody else has the room write to
/// somebody.
#[derive(Clone, Debug, Default)]
pub(super) struct Invitations(VecDeque<(BareJid, BareJid)>);

impl Invitations {
    fn add(&mut self, inviter: BareJid, invitee: BareJid) {
        if self.have(&inviter, &invitee) {
            return;
        }
        if self.0.len() == INVITATIONS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((inviter, invitee));
    }

    fn have(&self, inviter: &BareJid, invitee: &BareJid) -> bool {
        self.0.iter().any(|(by, whom)| by == inviter && whom == invitee)
    }
}

impl Master {
    /// A message to the room that is not to everybody.
    pub(super) fn letter(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let form = stanza.payload("x", ns::DATA_FORMS);
        let asks = matches!(stanza.type_, Type::Absent | Type::Normal);
        match (Letter::of(stanza), form) {
            (Some((Letter::Invite, invite)), _) if asks => self.invite(now, stanza, invite, out),
            (Some((Letter::Decline, decline)), _) if asks => self.decline(stanza, decline, out),
            (None, Some(form)) if asks => self.voice(now, stanza, form, out),
            _ if stanza.has_payload("x", ns::MUC_USER) => {
                refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out);
            }
            _ => refuse(stanza, ErrorType::Cancel, Condition::FeatureNotImplemented, None, out),
        }
    }

    /// An occupant invites somebody; into a members-only room he makes him a member.
    fn invite(&mut self, now: Time, stanza: &Stanza, invite: &Element, out: &mut Vec<Output>) {
        let Some(from) = stanza.from.clone() else { return };
        let Some(Ok(invitee)) = invite.attr("to").map(Jid::new) else {
            return self.refuse(stanza, ErrorType::Modify, Condition::JidMalformed, out);
        };
        let bare = invitee.to_bare();
        let member = Grant::of(bare.clone(), Affiliation::Member);
        let affiliation = self.affiliation(&bare);
        if !self.may_invite(&from) || affiliation == Affiliation::Outcast {
            return self.refuse(stanza, ErrorType::Auth, Condition::Forbidden, out);
        }
        if self.config.members_only && affiliation == Affiliation::None {
            if !self.has_place_for(&member) {
                return self.refuse(stanza, ErrorType::Wait, Condition::ResourceConstraint, out);
            }
            let reason = format!("Invited by {from}");
            let cause = Cause { actor: None, reason: Some(&reason) };
            self.set_affiliation(now, member, cause, out);
        }
        self.invitations.add(from.to_bare(), bare);
        let password = self.config.password.as_deref();
        let letter = Letter::Invite.passed_on(stanza, invite, &self.config.jid, password);
        out.push(Output::Send(letter.with_to(invitee)));
    }

    /// Whether this session may invite: into a members-only room admins, and members where the
    /// owner says so; into another one everybody who is there, or moderators only.
    fn may_invite(&self, session: &Jid) -> bool {
        let Some((_, occupant)) = self.occupant_of(session) else { return false };
        if self.config.members_only {
            let least = match self.config.allow_member_invites {
                true => Affiliation::Member,
                false => Affiliation::Admin,
            };
            return rank(&occupant.seat.affiliation) >= rank(&least);
        }
        self.config.allow_invites || occupant.seat.role == Role::Moderator
    }

    /// Somebody who was invited will not come: the answer goes to who invited him.
    fn decline(&mut self, stanza: &Stanza, decline: &Element, out: &mut Vec<Output>) {
        let Some(from) = stanza.from.clone() else { return };
        let Some(Ok(inviter)) = decline.attr("to").map(Jid::new) else {
            return self.refuse(stanza, ErrorType::Modify, Condition::JidMalformed, out);
        };
        // He may be named by his occupant JID, too.
        let of_room = inviter.to_bare() == self.config.jid;
        let occupant = inviter.resource().filter(|_| of_room);
        let occupant = occupant.and_then(|nick| self.occupants.get(nick.as_str()));
        let bare = occupant.map_or_else(|| inviter.to_bare(), |occupant| occupant.bare.clone());
        if !self.invitations.have(&bare, &from.to_bare()) {
            return self.refuse(stanza, ErrorType::Cancel, Condition::ItemNotFound, out);
        }
        let letter = Letter::Decline.passed_on(stanza, decline, &self.config.jid, None);
        match occupant {
            Some(_) => self.tell_each(&letter, |occupant| occupant.bare == bare, out),
            None => out.push(Output::Send(letter.with_to(inviter))),
        }
    }

    /// A visitor asks for a voice: every moderator is asked. A moderator decides.
    fn voice(&mut self, now: Time, stanza: &Stanza, form: &Element, out: &mut Vec<Output>) {
        let Some(from) = stanza.from.clone() else { return };
        let Some((nick, occupant)) = self.occupant_of(&from) else {
            let text = Some(NOT_CONNECTED);
            return refuse(stanza, ErrorType::Cancel, Condition::NotAcceptable, text, out);
        };
        let role = occupant.seat.role.clone();
        match (Voice::read(form), role) {
            (Err(problem), _) => {
                let text = Some(problem.text());
                refuse(stanza, ErrorType::Modify, Condition::BadRequest, text, out);
            }
            (Ok(Voice::Nothing), _) => {}
            (Ok(Voice::Request), Role::Visitor) => {
                let form = voice::form(&from, nick);
                let message = Stanza::message(Type::Absent)
                    .with_from(self.address.clone())
                    .with_payload(form);
                self.tell_each(&message, |o| o.seat.role == Role::Moderator, out);
            }
            // He has a voice.
            (Ok(Voice::Request), _) => {
                refuse(stanza, ErrorType::Cancel, Condition::NotAllowed, None, out);
            }
            (Ok(Voice::Decision { jid, allowed }), Role::Moderator) => {
                let actor = nick.clone();
                let Some((nick, about)) = self.occupant_of(&jid) else {
                    return refuse(stanza, ErrorType::Cancel, Condition::ItemNotFound, None, out);
                };
                if allowed && about.seat.role == Role::Visitor {
                    let nick = nick.clone();
                    let actor = Some((actor.as_str(), &*from));
                    let cause = Cause { actor, reason: Some("Voice granted") };
                    self.set_role(now, &nick, Role::Participant, cause, out);
                }
            }
            (Ok(Voice::Decision { .. }), _) => {
                refuse(stanza, ErrorType::Auth, Condition::Forbidden, None, out);
            }
        }
    }

    /// Answer with an error in the room's name.
    fn refuse(
        &self,
        stanza: &Stanza,
        type_: ErrorType,
        condition: Condition,
        out: &mut Vec<Output>,
    ) {
        let error = error_element(type_, condition, Some(&self.address), None);
        out.extend(stanza.error_reply(error).map(Output::Send));
    }
}

/// How many invitations a room remembers; the oldest is forgotten then.
const INVITATIONS_MAX: usize = 1_024;

//! Messages: to everybody, the subject, and from one occupant to another (XEP-0045 §7.4, §7.5,
//! §8.1).

use super::registered::Late;
use super::*;
use crate::dmuc::speaks;
use crate::room::config::PrivateMessages;
use crate::stanza::element;
use crate::time::Duration;

impl Master {
    /// A message to the room.
    pub(super) fn message(&mut self, now: Time, stanza: Stanza, out: &mut Vec<Output>) {
        if stanza.type_ != Type::Groupchat {
            return self.letter(now, &stanza, out);
        }
        let session = stanza.from.clone();
        let occupant = session.as_ref().and_then(|session| self.occupant_of(session));
        let Some((_, occupant)) = occupant else {
            let text = Some(NOT_CONNECTED);
            return refuse(&stanza, ErrorType::Cancel, Condition::NotAcceptable, text, out);
        };
        let role = occupant.seat.role.clone();
        let from = occupant.seat.occupant.clone();
        let subject = stanza.is_subject_change();
        if role == Role::Visitor || (subject && !self.may_set_subject(&role)) {
            return refuse(&stanza, ErrorType::Auth, Condition::Forbidden, None, out);
        }
        let words = stanza.clone().retaining(|payload| !speaks(payload)).payloads;
        let payloads = self.identified(words.clone(), occupant, true);
        let late = session.as_ref().and_then(|session| self.judge_late(now, session, &stanza));
        let stamp = match late {
            Some(Late::Said(stamp)) => stamp,
            Some(Late::Known) => return,
            Some(Late::TooMuch) => {
                let text = Some("more late messages than were granted");
                return refuse(&stanza, ErrorType::Wait, Condition::ResourceConstraint, text, out);
            }
            None => self.next_stamp(now),
        };
        let id = stanza.id.clone();
        let message = StoredMessage { from, id: stanza.id, lang: stanza.lang, payloads, stamp };
        if subject {
            self.subject = Some(message.clone());
        } else if StoredMessage::is_kept(&message.payloads) {
            self.history.push(message.clone());
        }
        self.broadcast_message(now, message, out);
        if let Some(session) = session {
            self.registry.spoke(self.log.seq(), session, id, words);
        }
    }

    /// The stamp of a message that is received now. No two messages of a room have the same, so
    /// that a slave knows by it which ones it has.
    pub(super) fn next_stamp(&mut self, now: Time) -> Time {
        self.stamped = now.max(self.stamped + Duration::from_micros(1));
        self.stamped
    }

    /// Whether a role may change the subject: by default moderators only, and everybody with a
    /// voice where the room says so (XEP-0045 §8.1, `muc#roomconfig_changesubject`).
    fn may_set_subject(&self, role: &Role) -> bool {
        *role == Role::Moderator || (self.config.change_subject && *role == Role::Participant)
    }

    /// A message from one occupant to another (XEP-0045 §7.5). It goes to his own addresses.
    pub(super) fn private_message(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        if stanza.type_ == Type::Groupchat {
            return refuse(stanza, ErrorType::Modify, Condition::BadRequest, None, out);
        }
        let Some((sender, target)) = self.parties(stanza, nick, out) else { return };
        if !self.may_whisper(sender, target) {
            let text = Some("Private messages are not allowed here");
            let by = Some(&*self.address);
            let error = error_element(ErrorType::Cancel, Condition::PolicyViolation, by, text);
            return out.extend(stanza.error_reply(error).map(Output::Send));
        }
        let message = stanza.clone().retaining(|payload| !speaks(payload));
        let payloads = self.identified(message.payloads.clone(), sender, false);
        let message = message
            .with_payloads(payloads)
            .with_payload(element("x", ns::MUC_USER, &[]))
            .with_from(sender.seat.occupant.clone());
        for session in target.sessions.keys() {
            out.push(Output::Send(message.clone().with_to(session.clone())));
        }
    }

    /// Whether the room lets this occupant write to that one in private
    /// (`muc#roomconfig_allowpm`). Everybody may write to moderators, unless nobody may at all, and
    /// to his own sessions.
    fn may_whisper(&self, sender: &Occupant, target: &Occupant) -> bool {
        let role = &sender.seat.role;
        let allowed = match self.config.private_messages {
            PrivateMessages::Anyone => true,
            PrivateMessages::Participants => *role != Role::Visitor,
            PrivateMessages::Moderators => *role == Role::Moderator,
            PrivateMessages::Nobody => false,
        };
        let open = self.config.private_messages != PrivateMessages::Nobody;
        let to_moderator = open && target.seat.role == Role::Moderator;
        allowed || to_moderator || sender.bare == target.bare
    }

    /// An error that came back for a private message: it goes on to who wrote that. What it says of
    /// a link between servers may be true of the slave's.
    pub(super) fn private_error(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let writer = stanza.to.as_ref().and_then(|to| to.resource());
        let writer = writer.and_then(|nick| self.occupants.get(nick.as_str()));
        let Some(session) = &stanza.from else { return };
        let (Some(writer), Some((_, from))) = (writer, self.occupant_of(session)) else {
            return out.push(self.note(session, Change::Ignored));
        };
        let error = stanza
            .clone()
            .retaining(|payload| !speaks(payload))
            .with_from(from.seat.occupant.clone());
        // To whom it comes from it does not go back: that would be an answer to an error.
        for to in writer.sessions.keys().filter(|to| *to != session) {
            out.push(Output::Send(error.clone().with_to(to.clone())));
        }
        let via = from.via(session);
        if let (Some(link), true) = (via, stanza.is_unreachable()) {
            self.doubt(now, link, out);
        }
    }

    /// The sender and the target, for what goes from one occupant to
    /// another; an error if one of them is not in the room.
    pub(super) fn parties(
        &self,
        stanza: &Stanza,
        nick: &str,
        out: &mut Vec<Output>,
    ) -> Option<(&Occupant, &Occupant)> {
        let sender = stanza.from.as_ref().and_then(|from| self.occupant_of(from));
        let Some((_, sender)) = sender else {
            let text = Some(NOT_CONNECTED);
            refuse(stanza, ErrorType::Cancel, Condition::NotAcceptable, text, out);
            return None;
        };
        let Some(target) = self.occupants.get(nick) else {
            let text = Some("Recipient not in room");
            refuse(stanza, ErrorType::Cancel, Condition::ItemNotFound, text, out);
            return None;
        };
        Some((sender, target))
    }
}

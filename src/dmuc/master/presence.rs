//! Presence addressed to the room: entering, leaving, availability, another nick.

use super::fanout::Event;
use super::log::Gone;
use super::*;
use crate::room::Item;

impl Master {
    pub(super) fn presence(
        &mut self,
        now: Time,
        stanza: &Stanza,
        nick: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = stanza.from.clone() else { return };
        let present = self.nicks.get(&session).cloned();
        let joins = stanza.has_payload("x", ns::MUC);
        match (&stanza.type_, nick, present) {
            (Type::Unavailable, _, _) => self.leave(now, stanza, out),
            (Type::Absent, None, None) => {
                let text = Some("Nickname required");
                refuse(stanza, ErrorType::Modify, Condition::JidMalformed, text, out);
            }
            (Type::Absent, None, Some(old)) => self.update(now, stanza, &old, out),
            (Type::Absent, Some(nick), Some(old)) if nick == old && joins => {
                self.rejoin(now, stanza, nick, out);
            }
            (Type::Absent, Some(nick), Some(old)) if nick == old => {
                self.update(now, stanza, nick, out);
            }
            (Type::Absent, Some(nick), Some(old)) => self.rename(now, stanza, &old, nick, out),
            (Type::Absent, Some(_), None) if joins && self.was_expelled_meanwhile(stanza) => {
                out.push(self.note(&session, Change::Ignored));
            }
            (Type::Absent, Some(nick), None) if joins => self.join(now, stanza, nick, out),
            (Type::Absent, Some(_), None) => {
                let text = Some(NOT_CONNECTED);
                refuse(stanza, ErrorType::Cancel, Condition::NotAcceptable, text, out);
            }
            (Type::Probe, nick, _) => self.probe(stanza, nick, out),
            // Subscriptions to rooms are not XEP-0045's.
            _ => out.push(self.note(&session, Change::Ignored)),
        }
    }

    /// An occupant's availability changes (XEP-0045 §7.7).
    fn update(&mut self, now: Time, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        let Some(session) = &stanza.from else { return };
        occupant.present(session, stanza);
        self.announce(now, nick, stanza, None, out);
    }

    /// An occupant takes another nick, with all his sessions (XEP-0045 §7.6): two adjacent events.
    fn rename(&mut self, now: Time, stanza: &Stanza, old: &str, new: &str, out: &mut Vec<Output>) {
        let Some(bare) = self.occupants.get(old).map(|occupant| occupant.bare.clone()) else {
            return;
        };
        let refusal = self.owns_nick(&bare, new).err();
        // Under another nick of his own he has other sessions; they stay as they are.
        let other = self.occupants.contains_key(new);
        let conflict = (ErrorType::Cancel, Condition::Conflict, None);
        if let Some(refusal) = refusal.or(other.then_some(conflict)) {
            return self.refuse_entry(stanza, refusal, out);
        }
        let Some(occupant_jid) = self.occupant_jid(new) else { return };
        let Some((position, _, mut occupant)) = self.occupants.shift_remove_full(old) else {
            return;
        };
        let sessions = occupant.jids();
        let item = Item { nick: Some(new), ..Item::default() };
        let farewell = occupant.describe(&[], &sessions, item, &[303]);
        let departure = Stanza::presence(Type::Unavailable)
            .with_from(occupant.seat.occupant.clone())
            .with_payloads(farewell.clone());
        let Some((session, via)) = occupant.sessions.last().map(|(s, o)| (s.clone(), o.via)) else {
            return;
        };
        occupant.seat.occupant = occupant_jid;
        if let Some(session) = &stanza.from {
            occupant.present(session, stanza);
        }
        let shown = occupant.shown;
        self.occupants.shift_insert(position, new.to_owned(), occupant);
        for session in &sessions {
            self.nicks.insert(session.clone(), new.to_owned());
        }
        if !shown {
            self.tell_self(new, &departure, None, out);
            return self.announce(now, new, stanza, None, out);
        }
        let others = sessions.iter().filter(|one| **one != session).cloned().collect();
        let gone = Gone { nick: old.to_owned(), session, via, farewell, others, renamed: true };
        let logged = Logged::Gone(gone);
        let event = Event { stanza: departure, logged, subject: &sessions, except: &[] };
        self.event(now, event, out);
        // Who asks to enter while he is in the room is entered again, under the other nick.
        let entering = stanza.from.as_ref().filter(|_| stanza.has_payload("x", ns::MUC));
        self.announce(now, new, stanza, entering, out);
        if let Some(session) = entering {
            // Under the old nick he was told of it by whoever told him of that.
            self.hand_over(session);
            self.admit(now, session, stanza, false, out);
        }
    }
}

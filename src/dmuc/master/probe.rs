//! Presence probes, and who is not in the room but belongs to it: a nick that is reserved is shown
//! as unavailable (as at Prosody; XEP-0045 has no word on it).

use super::*;
use crate::room::Item;
use crate::stanza::Element;

impl Master {
    /// Somebody asks how an occupant is. Occupants are answered with his presence as they see it,
    /// or, if the nick is reserved and its owner is away, with his absence.
    pub(super) fn probe(&self, stanza: &Stanza, nick: Option<&str>, out: &mut Vec<Output>) {
        let Some(session) = &stanza.from else { return };
        let Some((_, prober)) = self.occupant_of(session) else {
            let by = Some(&*self.address);
            let (type_, condition) = (ErrorType::Cancel, Condition::NotAcceptable);
            let error = error_element(type_, condition, by, Some(NOT_CONNECTED));
            out.extend(stanza.error_reply(error).map(Output::Send));
            return;
        };
        let jids = self.sees_jids(&prober.seat.role);
        let Some(nick) = nick else {
            return out.push(self.note(session, Change::Ignored));
        };
        let answer = match self.occupants.get(nick) {
            Some(occupant) => {
                let sessions = &occupant.jids();
                let audience = match occupant.bare == prober.bare {
                    true => Audience::Own { sessions, jids },
                    false => Audience::Other { jids },
                };
                Stanza::presence(Type::Absent)
                    .with_from(occupant.seat.occupant.clone())
                    .with_payloads(audience.render(&occupant.seat.presence))
            }
            None => {
                let reserved = self.reserved_for(nick).and_then(|bare| self.absence(bare, jids));
                let Some(absence) = reserved else {
                    return out.push(self.note(session, Change::Ignored));
                };
                absence
            }
        };
        out.push(Output::Send(answer.with_to(session.clone())));
    }

    /// What is said of somebody with an affiliation who is not in the room, without addressee: only
    /// of who has a nick reserved, where the others are not to know who he is.
    pub(super) fn absence(&self, bare: &BareJid, jids: bool) -> Option<Stanza> {
        let nick = self.config.reserved_nicks.get(bare);
        let from = match nick {
            Some(nick) => self.occupant_jid(nick)?,
            None if self.config.whois == Whois::Anyone => self.address.clone(),
            None => return None,
        };
        let jid = Jid::from(bare.clone());
        let item = Item {
            affiliation: Some(self.affiliation(bare)),
            role: Some(Role::None),
            nick: nick.map(String::as_str),
            jid: jids.then_some(&jid),
            ..Item::default()
        };
        let said: Element = item.element(&[]);
        let presence = Stanza::presence(Type::Unavailable).with_from(from);
        Some(presence.with_payload(said))
    }
}

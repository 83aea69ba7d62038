//! Leaving the room, by one's own will or not (XEP-0045 §7.14, §8.2, §9.1; XEP-0282 LEAVE).

use super::fanout::{Event, copy};
use super::log::Gone;
use super::*;
use crate::dmuc::own_payloads;
use crate::room::{Affiliation, Item};
use crate::stanza::{Element, dmuc, element};

/// How somebody goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Departure<'a> {
    /// Status codes, 110 not among them.
    pub codes: &'a [u16],
    /// Who removes him: nick and JID.
    pub actor: Option<(&'a str, &'a Jid)>,
    /// Why he is removed.
    pub reason: Option<&'a str>,
    /// The payloads of his own unavailable presence.
    pub own: Vec<Element>,
    /// The affiliation that he has from now on, if it is another one.
    pub affiliation: Option<Affiliation>,
}

impl Master {
    /// A session leaves.
    pub(super) fn leave(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let Some(session) = stanza.from.clone() else { return };
        if self.nicks.contains_key(&session) {
            let own = own_payloads(stanza);
            self.remove_session(now, &session, &Departure { own, ..Departure::default() }, out);
        } else {
            self.confirm_absence(stanza, &session, out);
        }
    }

    /// Somebody behind a slave leaves who is not in the room: he was removed while his slave was
    /// away, or his leave comes twice. LEAVE tells the slave that he is not expected any more.
    fn confirm_absence(&self, stanza: &Stanza, session: &Jid, out: &mut Vec<Output>) {
        let Some(link) = self.serving_link(session).map(|link| &self.links[link]) else { return };
        let (Some(to), Ok(jid)) = (&stanza.to, session.try_as_full()) else { return };
        if to.resource().is_none() || link.state != LinkState::Active {
            return;
        }
        let item = Item {
            affiliation: Some(self.affiliation(&session.to_bare())),
            role: Some(Role::None),
            ..Item::default()
        };
        let leave = leave_element(jid.clone());
        let presence = Stanza::presence(Type::Unavailable)
            .with_from(to.clone())
            .with_to(link.jid.clone())
            .with_payloads(vec![leave, item.element(&[110])]);
        out.push(Output::Send(presence));
    }

    /// Take this nick out of the room, with all its sessions.
    pub(super) fn remove(
        &mut self,
        now: Time,
        nick: &str,
        departure: &Departure<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(occupant) = self.occupants.shift_remove(nick) else { return };
        let sessions = occupant.jids();
        self.forget_sessions(&occupant, &sessions);
        let farewell = farewell(&occupant, &sessions, departure);
        let stanza = unavailable(&occupant, farewell.clone());
        let by = departure.actor.map(|(_, jid)| jid);
        self.remember_farewell(now, &occupant, &sessions, &farewell, by);
        let Some((last, others)) = sessions.split_last() else { return };
        for session in others {
            self.tell_leaver(&occupant, session, &stanza, out);
            self.log.note(now, Logged::Left(gone(nick, &occupant, session, &farewell)));
        }
        self.tell_leaver(&occupant, last, &stanza, out);
        let gone = gone(nick, &occupant, last, &farewell);
        if !occupant.shown {
            return self.log.note(now, Logged::Left(gone));
        }
        let logged = Logged::Gone(gone);
        self.event(now, Event { stanza, logged, subject: &sessions, except: &[] }, out);
    }

    /// Take one session out of the room. The nick goes with the last of them; before, it is said
    /// anew, by what is left of it.
    pub(super) fn remove_session(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        departure: &Departure<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some((nick, occupant)) = self.occupant_of(session) else { return };
        let nick = nick.clone();
        if occupant.sessions.len() == 1 {
            return self.remove(now, &nick, departure, out);
        }
        let before = occupant.clone();
        let Some(occupant) = self.occupants.get_mut(&nick) else { return };
        occupant.sessions.shift_remove(session);
        occupant.restate();
        let sessions = std::slice::from_ref(session);
        self.forget_sessions(&before, sessions);
        let farewell = farewell(&before, sessions, departure);
        let stanza = unavailable(&before, farewell.clone());
        let by = departure.actor.map(|(_, jid)| jid);
        self.remember_farewell(now, &before, sessions, &farewell, by);
        self.tell_leaver(&before, session, &stanza, out);
        self.log.note(now, Logged::Left(gone(&nick, &before, session, &farewell)));
        self.announce(now, &nick, &Stanza::presence(Type::Absent), None, out);
    }

    fn forget_sessions(&mut self, occupant: &Occupant, sessions: &[Arc<Jid>]) {
        for session in sessions {
            self.nicks.remove(session);
            self.direct -= usize::from(occupant.via(session).is_none());
        }
        // Without him there may be nobody left who may see JIDs, not even his own.
        if occupant.seat.role == Role::Moderator {
            for link in occupant.links() {
                self.recount_moderators(link);
            }
        }
    }

    /// LEAVE to the slave of who leaves, or the news to himself.
    fn tell_leaver(
        &self,
        occupant: &Occupant,
        session: &Arc<Jid>,
        departure: &Stanza,
        out: &mut Vec<Output>,
    ) {
        match occupant.via(session) {
            Some(link) if !self.links[link].is_gone() => {
                self.send_leave(link, session, departure, out);
            }
            _ => {
                let jids = self.sees_jids(&Role::None);
                let sessions = std::slice::from_ref(session);
                let own = Audience::Own { sessions, jids }.render(&departure.payloads);
                out.push(Output::Send(copy(departure, session, own)));
            }
        }
    }

    /// LEAVE, if the slave may be told anything now.
    pub(super) fn send_leave(
        &self,
        link: usize,
        session: &Arc<Jid>,
        departure: &Stanza,
        out: &mut Vec<Output>,
    ) {
        let link = &self.links[link];
        let Ok(jid) = session.try_as_full() else { return };
        if link.state != LinkState::Active {
            return;
        }
        // Who is out is no moderator any more.
        let jids = self.sees_jids(&Role::None);
        let sessions = std::slice::from_ref(session);
        let own = Audience::Own { sessions, jids }.render(&departure.payloads);
        let own = Audience::Slave { jids: self.shows_jids(link) }.render(&own);
        let leave = leave_element(jid.clone());
        let payloads: Vec<_> = [leave].into_iter().chain(own.iter().cloned()).collect();
        out.push(Output::Send(copy(departure, &link.jid, Arc::new(payloads))));
    }

    /// An error that came back for something that the room sent to an occupant: if it says that
    /// he cannot be reached, that session is gone (XEP-0045, Ghost Users). Behind a slave a lost
    /// connection says nothing of one user.
    pub(super) fn delivery_error(&mut self, now: Time, stanza: &Stanza, out: &mut Vec<Output>) {
        let (Some(error), Some(from)) = (stanza.error(), &stanza.from) else { return };
        let Some((_, occupant)) = self.occupant_of(from) else { return };
        let unreachable = match error.defined_condition {
            Condition::RemoteServerNotFound | Condition::RemoteServerTimeout => {
                occupant.via(from).is_none()
            }
            // Presence is not answered with an error by who is there.
            _ if stanza.kind == Kind::Presence => true,
            Condition::Gone { .. }
            | Condition::ItemNotFound
            | Condition::RecipientUnavailable
            | Condition::Redirect { .. }
            | Condition::ServiceUnavailable
            | Condition::InternalServerError
            | Condition::JidMalformed => true,
            _ => false,
        };
        if unreachable {
            let own = vec![self.kicked_for(stanza)];
            let departure = Departure { codes: &[333], own, ..Departure::default() };
            return self.remove_session(now, from, &departure, out);
        }
        // A lost connection to one user may be his slave's.
        let link = occupant.via(from).filter(|link| self.links[*link].registered().is_some());
        if let (Some(link), true) = (link, stanza.is_unreachable()) {
            self.doubt(now, link, out);
        }
    }

    /// The `<status/>` of who is removed for this error, as Prosody words it. The error's own text
    /// may name an address; not where those are hidden.
    fn kicked_for(&self, error: &Stanza) -> Element {
        let error = error.payload("error", ns::CLIENT);
        let children = || error.into_iter().flat_map(Element::children);
        let condition = children().find(|c| c.ns() == ns::STANZA_ERRORS && c.name() != "text");
        let condition = condition.map_or("presence error", |condition| condition.name());
        let text = children().find(|child| child.is("text", ns::STANZA_ERRORS)).map(Element::text);
        let shown = |text: &String| self.config.whois == Whois::Anyone || !text.contains('@');
        let text = text.filter(shown).map(|text| format!(": {text}")).unwrap_or_default();
        let mut status = element("status", ns::CLIENT, &[]);
        status.append_text(format!("Kicked: {}{text}", condition.replace('-', " ")));
        status
    }

    /// Remove everybody whom this slave serves, with 333.
    pub(super) fn remove_behind(&mut self, now: Time, link: usize, out: &mut Vec<Output>) {
        let sessions = self.occupants.values().flat_map(|occupant| &occupant.sessions);
        let behind = sessions.filter(|(_, session)| session.via == Some(link));
        let behind: Vec<_> = behind.map(|(session, _)| session.clone()).collect();
        for session in behind {
            let departure = Departure { codes: &[333], ..Departure::default() };
            self.remove_session(now, &session, &departure, out);
        }
    }
}

/// The payloads of a departure of these sessions.
fn farewell(occupant: &Occupant, sessions: &[Arc<Jid>], departure: &Departure<'_>) -> Payloads {
    let item = Item {
        affiliation: departure.affiliation.clone(),
        role: Some(Role::None),
        actor: departure.actor,
        reason: departure.reason,
        ..Item::default()
    };
    occupant.describe(&departure.own, sessions, item, departure.codes)
}

fn unavailable(occupant: &Occupant, farewell: Payloads) -> Stanza {
    Stanza::presence(Type::Unavailable)
        .with_from(occupant.seat.occupant.clone())
        .with_payloads(farewell)
}

fn gone(nick: &str, occupant: &Occupant, session: &Arc<Jid>, farewell: &Payloads) -> Gone {
    Gone {
        nick: nick.to_owned(),
        session: session.clone(),
        via: occupant.via(session),
        farewell: farewell.clone(),
        others: Vec::new(),
        renamed: false,
    }
}

pub(super) fn leave_element(jid: crate::stanza::FullJid) -> Element {
    dmuc::X { leave: Some(dmuc::Leave { jid }), ..dmuc::X::default() }.into()
}

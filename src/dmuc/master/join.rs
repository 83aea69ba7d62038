//! Entering the room (XEP-0045 §7.2, XEP-0282 ENTER).

use super::fanout::copy;
use super::*;
use crate::dmuc::own_payloads;
use crate::room::{Affiliation, Item, privilege};
use crate::stanza::{Element, dmuc};

impl Master {
    /// Somebody asks to enter under this nick.
    pub(super) fn join(&mut self, now: Time, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        let Some(session) = stanza.from.clone() else { return };
        if let Err(refusal) = self.admission(&session, nick, stanza) {
            return self.refuse_entry(stanza, refusal, out);
        }
        let created = self.adopt_creator(&session);
        self.entered = true;
        let via = self.serving_link(&session);
        if !self.occupants.contains_key(nick) && !self.seat(nick, session.to_bare()) {
            return;
        }
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        let own = Arc::new(own_payloads(stanza));
        occupant.sessions.insert(session.clone(), Session { via, own });
        occupant.restate();
        self.nicks.insert(session.clone(), nick.to_owned());
        self.forget_farewell(via, &session);
        self.direct += usize::from(via.is_none());
        self.prepare_moderator(now, via, nick, out);
        self.announce(now, nick, stanza, Some(&session), out);
        self.admit(now, &session, stanza, created, out);
    }

    /// A seat for a newcomer, still without session.
    fn seat(&mut self, nick: &str, bare: BareJid) -> bool {
        let Some(occupant) = self.occupant_jid(nick) else { return false };
        let affiliation = self.affiliation(&bare);
        let role = if self.config.moderators.contains(&bare) {
            Role::Moderator
        } else {
            privilege::initial_role(&affiliation, self.config.moderated)
        };
        let seat = Seat { occupant, affiliation, role, presence: Payloads::default() };
        let id = self.identity.as_ref().map(|identity| Arc::new(identity.of_occupant(&bare)));
        let occupant = Occupant { seat, bare, id, shown: false, sessions: IndexMap::new() };
        self.occupants.insert(nick.to_owned(), occupant);
        true
    }

    /// A session asks to enter again under the nick that it has: its client has lost track
    /// (XEP-0045 §7.2). The others hear of it only if the nick's presence is another one.
    pub(super) fn rejoin(&mut self, now: Time, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        let Some(session) = &stanza.from else { return };
        self.hand_over(session);
        let Some(occupant) = self.occupants.get_mut(nick) else { return };
        let before = occupant.seat.presence.clone();
        occupant.present(session, stanza);
        if before != occupant.seat.presence {
            self.announce(now, nick, stanza, Some(session), out);
        }
        self.admit(now, session, stanza, false, out);
    }

    /// Who enters a room that belongs to nobody and in which nobody is, owns it
    /// (XEP-0045 §10.1.1).
    fn adopt_creator(&mut self, session: &Jid) -> bool {
        let adopt = self.config.ownerless && self.occupants.is_empty();
        if adopt {
            self.config.ownerless = false;
            self.config.affiliations.insert(session.to_bare(), Affiliation::Owner);
        }
        adopt
    }

    pub(super) fn affiliation(&self, bare: &BareJid) -> Affiliation {
        self.config.affiliation_of(bare)
    }

    /// The slave of this session's domain. Of one that is dead nobody is served.
    pub(super) fn serving_link(&self, session: &Jid) -> Option<usize> {
        let domain = session.domain().as_str();
        let serves = |link: &Link| link.is_born() && !link.is_gone() && link.domain == domain;
        self.links.iter().position(serves)
    }

    /// The newcomer's side: ENTER to his slave, or the whole entry sequence to himself; with the
    /// id of the `join` that asked for it.
    pub(super) fn admit(
        &mut self,
        now: Time,
        session: &Arc<Jid>,
        join: &Stanza,
        created: bool,
        out: &mut Vec<Output>,
    ) {
        let Some((_, occupant)) = self.occupant_of(session) else { return };
        match occupant.via(session) {
            Some(link) => {
                if occupant.seat.role == Role::Moderator {
                    self.count_moderators(now, link, out);
                }
                if self.links[link].state == LinkState::Active {
                    self.send_absences(session, out);
                    self.send_enter(link, session, Some(join), created, out);
                }
            }
            None => self.send_burst(now, session, join, created, out),
        }
    }

    /// ENTER: it is the newcomer's self-presence too, so that the slave has its codes.
    pub(super) fn send_enter(
        &self,
        link: usize,
        session: &Jid,
        join: Option<&Stanza>,
        created: bool,
        out: &mut Vec<Output>,
    ) {
        let Some((_, occupant)) = self.occupant_of(session) else { return };
        let Ok(jid) = session.try_as_full() else { return };
        let enter = Some(dmuc::Enter { jid: jid.clone() });
        let limits = join.and_then(history_limits);
        let limits = if self.shortened { Some(self.at_most(limits)) } else { limits };
        let x = Element::from(dmuc::X { enter, history: limits, ..dmuc::X::default() });
        let link = &self.links[link];
        let own = self.self_presence(occupant, created);
        let own = Audience::Slave { jids: self.shows_jids(link) }.render(&own);
        let payloads = [x].into_iter().chain(own.iter().cloned()).collect::<Vec<_>>();
        let mut presence = Stanza::presence(Type::Absent)
            .with_from(occupant.seat.occupant.clone())
            .with_to(link.jid.clone())
            .with_payloads(payloads);
        presence.id = join.and_then(|join| join.id.clone());
        out.push(Output::Send(presence));
    }

    /// No more history than there is here.
    fn at_most(&self, limits: Option<dmuc::History>) -> dmuc::History {
        let kept = u32::try_from(self.history.len()).unwrap_or(u32::MAX);
        let limits = limits.unwrap_or_default();
        let maxstanzas = limits.maxstanzas.map_or(kept, |asked| asked.min(kept));
        dmuc::History { maxstanzas: Some(maxstanzas), ..limits }
    }

    fn self_presence(&self, occupant: &Occupant, created: bool) -> Payloads {
        let mut codes = vec![110];
        codes.extend((self.config.whois == Whois::Anyone).then_some(100));
        codes.extend(self.config.logging.then_some(170));
        codes.extend(created.then_some(201));
        let own = occupant.own_payloads();
        occupant.describe(&own, &occupant.jids(), Item::default(), &codes)
    }

    /// The entry sequence of a direct occupant: the others, himself, history, subject
    /// (XEP-0045 §7.2.2–7.2.15).
    fn send_burst(
        &self,
        now: Time,
        session: &Arc<Jid>,
        join: &Stanza,
        created: bool,
        out: &mut Vec<Output>,
    ) {
        let Some((nick, newcomer)) = self.occupant_of(session) else { return };
        let jids = self.sees_jids(&newcomer.seat.role);
        let others = self.occupants.iter().filter(|(other, _)| *other != nick);
        for (_, occupant) in others.filter(|(_, occupant)| occupant.shown) {
            let presence = Stanza::presence(Type::Absent).with_from(occupant.seat.occupant.clone());
            let payloads = Audience::Other { jids }.render(&occupant.seat.presence);
            out.push(Output::Send(copy(&presence, session, payloads)));
        }
        self.send_absences(session, out);
        let mut presence = Stanza::presence(Type::Absent).with_from(newcomer.seat.occupant.clone());
        presence.id.clone_from(&join.id);
        let own = self.self_presence(newcomer, created);
        out.push(Output::Send(copy(&presence, session, own)));
        let limits = history_limits(join).unwrap_or_default();
        let tail = self.history.tail(&limits, now, &self.address, session);
        out.extend(tail.into_iter().map(Output::Send));
        let subject = StoredMessage::subject_for(self.subject.as_ref(), &self.address);
        out.push(Output::Send(subject.with_to(session.clone())));
    }
}

/// The limits that a join asks for; the element is optional (XEP-0045 §7.2.14).
fn history_limits(stanza: &Stanza) -> Option<dmuc::History> {
    let history = stanza.muc()?.history?;
    Some(dmuc::History {
        maxchars: history.maxchars,
        maxstanzas: history.maxstanzas,
        seconds: history.seconds,
        since: history.since.map(|since| Time::from_micros(since.0.timestamp_micros())),
    })
}

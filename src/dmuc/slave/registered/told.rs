//! Who is told what: distribution to local occupants, and the rule of differences.
//!
//! All who may see real JIDs have been told the same, and so have all who may not. What they were
//! told last is what is stored, but for marks as away; so the difference between what is stored and
//! what comes is the difference to what they know.

use std::sync::Arc;

use super::*;
use crate::room::audience::{self, Renderings};
use crate::room::{Affiliation, Audience, Item, Role, Seat};
use crate::stanza::{Payloads, Type, element, ns};

/// To whom a presence is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// To all.
    Always,
    /// To those to whom it is news.
    News,
    /// To nobody: they were told by the master itself.
    Nobody,
}

impl RegisteredRoom {
    /// Keep a presence of this nick and tell it. Not without affiliation and role, and not without
    /// end. Whether it is kept.
    pub(super) fn show(
        &mut self,
        stanza: &Stanza,
        nick: &str,
        telling: Telling,
        except: Option<&Jid>,
        out: &mut Vec<Output>,
    ) -> bool {
        let stanza = &self.of_sessions_here(stanza.clone(), nick);
        let Some(seat) = seat_of(stanza) else { return false };
        if self.roster.len() >= ROSTER_MAX && !self.roster.contains_key(nick) {
            return false;
        }
        let moderated = self.is_moderated();
        let saw = self.sees_jids(nick);
        let before = match telling {
            Telling::News if !self.taken.remove(nick) => {
                self.roster.get(nick).map(|seat| self.as_told(nick, seat))
            }
            _ => None,
        };
        self.marked.remove(nick);
        self.taken.remove(nick);
        self.dismissed.retain(|(dismissed, _)| dismissed != nick);
        if let Some(owner) = owner_of(&seat.presence) {
            self.knows_jids = true;
            self.owners.insert(nick.to_owned(), owner);
        }
        let now = seat.presence.clone();
        if telling != Telling::Nobody {
            self.bid_farewell_apart(nick, |told| is_another(told, None, &now), out);
        }
        self.roster.insert(nick.to_owned(), seat);
        if telling != Telling::Nobody {
            let news = |jids| before.as_ref().is_none_or(|before| self.is_news(before, &now, jids));
            self.tell_presence(stanza, nick, except, [news(false), news(true)], out);
            for told in self.told_apart() {
                told.insert(nick.to_owned(), now.clone());
            }
        }
        if !saw && telling != Telling::Nobody && self.sees_jids(nick) {
            self.name_locals();
            if self.is_syncing() {
                self.show_jids(nick, out);
            }
        }
        self.drop_jids(moderated);
        true
    }

    /// Somebody is gone: tell it, if he was there.
    pub(super) fn show_gone(&mut self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        let moderated = self.is_moderated();
        self.marked.remove(nick);
        self.taken.remove(nick);
        self.dismissed.retain(|(dismissed, _)| dismissed != nick);
        self.owners.remove(nick);
        if self.roster.shift_remove(nick).is_some() {
            self.tell_presence(stanza, nick, None, [true; 2], out);
            self.forget_told(nick);
        }
        self.drop_jids(moderated);
    }

    /// A presence of this nick to each local occupant as he may see it; `news`: whether to those
    /// who see no JIDs, and to those who do.
    pub(super) fn tell_presence(
        &self,
        stanza: &Stanza,
        nick: &str,
        except: Option<&Jid>,
        news: [bool; 2],
        out: &mut Vec<Output>,
    ) {
        let mut copies = Renderings::new(&stanza.payloads);
        for (session, local) in self.hearing() {
            let jids = self.sees_jids(local);
            let news = match self.apart.get(session).filter(|_| local != nick) {
                None => news[usize::from(jids)],
                Some(told) => match told.get(nick) {
                    None => stanza.is_available(),
                    Some(told) => {
                        news[usize::from(jids)] || self.is_news(told, &stanza.payloads, jids)
                    }
                },
            };
            if except == Some(&**session) || !news {
                continue;
            }
            if local != nick && self.hidden.contains(nick) {
                continue;
            }
            let payloads = if local == nick {
                let sessions = &self.sessions_to_be(nick);
                Audience::Own { sessions, jids }.render(&stanza.payloads)
            } else {
                copies.of(Audience::Other { jids })
            };
            out.push(Output::Send(stanza.clone().with_to(session.clone()).with_payloads(payloads)));
        }
    }

    /// The same to all others.
    pub(super) fn tell_others(&self, stanza: &Stanza, nick: &str, out: &mut Vec<Output>) {
        let mut copies = Renderings::new(&stanza.payloads);
        for (session, local) in self.hearing().filter(|(_, local)| *local != nick) {
            let payloads = copies.of(Audience::Other { jids: self.sees_jids(local) });
            out.push(Output::Send(stanza.clone().with_to(session.clone()).with_payloads(payloads)));
        }
    }

    /// A message to each local occupant but these.
    pub(super) fn tell(
        &self,
        stanza: &Stanza,
        seen: Option<&BTreeSet<Arc<Jid>>>,
        out: &mut Vec<Output>,
    ) {
        let seen = |session: &Arc<Jid>| seen.is_some_and(|seen| seen.contains(session));
        for (session, _) in self.hearing().filter(|(session, _)| !seen(session)) {
            out.push(Output::Send(stanza.clone().with_to(session.clone())));
        }
    }

    /// A presence as its subject sees it.
    pub(super) fn own(&self, nick: &str, payloads: &Payloads) -> Payloads {
        let sessions = &self.sessions(nick);
        Audience::Own { sessions, jids: self.sees_jids(nick) }.render(payloads)
    }

    /// Somebody here may see JIDs: those of local users too whom the master may not have, so that
    /// it tells nothing of them.
    pub(super) fn name_locals(&mut self) {
        for nick in self.locals.values().cloned().collect::<BTreeSet<_>>() {
            let sessions = self.sessions(&nick);
            let unnamed = |seat: &&mut Seat| owner_of(&seat.presence).is_none();
            if let Some(seat) = self.roster.get_mut(&nick).filter(unnamed) {
                seat.presence = audience::with_sessions(&seat.presence, &sessions);
                self.knows_jids = true;
            }
        }
    }

    /// Whether who was told the one has to be told the other. What he may no longer see is no news,
    /// and what he may see by now is told in a netjoin only: in a plain room nobody is shown
    /// everybody again for that.
    fn is_news(&self, before: &Payloads, now: &Payloads, jids: bool) -> bool {
        let audience = Audience::Other { jids };
        let (before, now) = (audience.render(before), audience.render(now));
        let hidden = audience::without_jids;
        before != now && hidden(&before) != now && (self.is_syncing() || before != hidden(&now))
    }

    fn is_syncing(&self) -> bool {
        matches!(self.phase, Phase::Syncing(_))
    }

    /// Who may see JIDs now is shown those that he could not see.
    fn show_jids(&self, nick: &str, out: &mut Vec<Output>) {
        let sessions = self.sessions(nick);
        let shown = |other: &str| other != nick && !self.hidden.contains(other);
        for (other, seat) in self.roster.iter().filter(|(other, _)| shown(other)) {
            let told = self.as_told(other, seat);
            let seen = Audience::Other { jids: true }.render(&told);
            if seen == audience::without_jids(&seen) {
                continue;
            }
            // Of whom the master has told a session nothing itself that knows nothing yet.
            let lacks = |one: &&Arc<Jid>| match self.apart.get(*one) {
                None => true,
                Some(told) => told.get(other).is_some_and(|told| owner_of(told).is_none()),
            };
            let open = sessions.iter().filter(|session| !self.closed.contains(*session));
            for session in open.filter(lacks) {
                let presence = Stanza::presence(Type::Absent)
                    .with_from(seat.occupant.clone())
                    .with_to(session.clone())
                    .with_payloads(seen.clone());
                out.push(Output::Send(presence));
            }
        }
    }

    /// Show everybody elsewhere as away.
    pub(super) fn mark_away(&mut self, out: &mut Vec<Output>) {
        let present: Vec<_> = self.roster.keys().filter(|nick| !self.is_local(nick)).collect();
        for nick in present.into_iter().cloned().collect::<Vec<_>>() {
            let Some(seat) = self.roster.get(&nick) else { continue };
            let marked = away(&seat.presence);
            if marked != seat.presence {
                self.tell_stored(&nick, marked, out);
                self.marked.insert(nick);
            }
        }
    }

    /// Show those who are marked as they are.
    pub(super) fn unmark_away(&mut self, out: &mut Vec<Output>) {
        for nick in std::mem::take(&mut self.marked) {
            if let Some(seat) = self.roster.get(&nick) {
                self.tell_stored(&nick, seat.presence.clone(), out);
            }
        }
    }

    fn tell_stored(&self, nick: &str, payloads: Payloads, out: &mut Vec<Output>) {
        let Some(seat) = self.roster.get(nick) else { return };
        let presence =
            Stanza::presence(Type::Absent).with_from(seat.occupant.clone()).with_payloads(payloads);
        self.tell_presence(&presence, nick, None, [true; 2], out);
    }

    /// A stored presence as users have seen it.
    pub(super) fn as_told(&self, nick: &str, seat: &Seat) -> Payloads {
        match self.marked.contains(nick) {
            true => away(&seat.presence),
            false => seat.presence.clone(),
        }
    }

    /// A departure of this nick, in the name of the room.
    pub(super) fn farewell(&self, nick: &str, item: Item<'_>, codes: &[u16]) -> Option<Stanza> {
        let known = self.roster.get(nick).map(|seat| seat.affiliation.clone());
        let affiliation = item.affiliation.or(known).or(Some(Affiliation::None));
        let item = Item { affiliation, role: Some(item.role.unwrap_or(Role::None)), ..item };
        let presence = Stanza::presence(Type::Unavailable).with_from(self.occupant(nick)?);
        let payloads = self.occupant_id(nick).into_iter().chain([item.element(codes)]);
        Some(presence.with_payloads(Payloads::new(payloads.collect())))
    }

    /// Those who are told what happens: local sessions whose connection lasts.
    pub(super) fn hearing(&self) -> impl Iterator<Item = (&Arc<Jid>, &String)> {
        self.locals.iter().filter(|(session, _)| !self.closed.contains(*session))
    }

    /// The local sessions that have this nick here.
    pub(super) fn sessions(&self, nick: &str) -> Vec<Arc<Jid>> {
        let own = self.locals.iter().filter(|(_, local)| *local == nick);
        own.map(|(session, _)| session.clone()).collect()
    }

    /// Whether a local session has this nick here.
    pub(super) fn is_local(&self, nick: &str) -> bool {
        self.locals.values().any(|local| local == nick)
    }

    /// Whether the occupant with this nick may see real JIDs.
    pub(super) fn sees_jids(&self, nick: &str) -> bool {
        self.whois == Whois::Anyone
            || self.roster.get(nick).is_some_and(|seat| seat.role == Role::Moderator)
    }

    /// Whether somebody here, or about to be, may see real JIDs, and some are known. Where all may
    /// see them, so may who enters next.
    pub(super) fn is_moderated(&self) -> bool {
        let mut nicks = self.locals.values().chain(self.confirmed.values());
        let open = self.whois == Whois::Anyone;
        self.knows_jids && (open || nicks.any(|nick| self.sees_jids(nick)))
    }

    /// Real JIDs are for moderators; with the last of them here they are forgotten. `moderated`:
    /// whether there was one before. Those that come before the first moderator are for him.
    pub(super) fn drop_jids(&mut self, moderated: bool) {
        if moderated && !self.is_moderated() {
            self.knows_jids = false;
            self.owners.clear();
            for seat in self.roster.values_mut() {
                seat.presence = audience::without_jids(&seat.presence);
            }
        }
    }
}

/// What is kept of a presence; nothing if it has no affiliation or role.
pub(super) fn seat_of(stanza: &Stanza) -> Option<Seat> {
    let occupant = stanza.from.clone()?;
    let item = stanza.payload("x", ns::MUC_USER)?.get_child("item", ns::MUC_USER)?;
    let affiliation = item.attr("affiliation")?.parse().ok()?;
    let role = item.attr("role")?.parse().ok()?;
    let public = Audience::Other { jids: true }.render(&stanza.payloads);
    Some(Seat { occupant, affiliation, role, presence: audience::without_cause(&public) })
}

/// Whose a presence is, if it says so.
fn owner_of(payloads: &Payloads) -> Option<BareJid> {
    let x = payloads.iter().find(|payload| payload.is("x", ns::MUC_USER))?;
    let jid = x.children().find_map(|item| item.attr("jid").filter(|_| item.name() == "item"))?;
    Jid::new(jid).ok().map(|jid| jid.to_bare())
}

/// Whether a presence under a nick is surely somebody else's than the one before: the room's ids
/// for them (XEP-0421) or their real JIDs say so. `owner`: whose the one before was, if known.
pub(super) fn is_another(before: &Payloads, owner: Option<&BareJid>, now: &Payloads) -> bool {
    let differ = |one: Option<&str>, two: Option<&str>| one.zip(two).is_some_and(|(a, b)| a != b);
    let (known, new) = (owner_of(before), owner_of(now));
    let known = owner.or(known.as_ref());
    differ(occupant_id(before), occupant_id(now))
        || known.zip(new.as_ref()).is_some_and(|(known, new)| known != new)
}

/// The room's id of an occupant (XEP-0421).
fn occupant_id(payloads: &Payloads) -> Option<&str> {
    payloads.iter().find(|one| one.is("occupant-id", ns::OCCUPANT_IDS))?.attr("id")
}

/// A presence with `away` in place of being available.
fn away(payloads: &Payloads) -> Payloads {
    let show = payloads.iter().find(|payload| payload.is("show", ns::CLIENT));
    if show.is_some_and(|show| show.text() != "chat") {
        return payloads.clone();
    }
    let mut marked = element("show", ns::CLIENT, &[]);
    marked.append_text("away");
    let others = payloads.iter().filter(|payload| !payload.is("show", ns::CLIENT)).cloned();
    Arc::new(std::iter::once(marked).chain(others).collect())
}

/// How many occupants a slave believes in.
pub(super) const ROSTER_MAX: usize = 200_000;

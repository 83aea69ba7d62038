//! What a slave is sent when it is created, and when it is back after a split (XEP-0282, Initial
//! Room Roster, Initial Room History, Netjoin).
//!
//! XEP-0282 v0.1 leaves the netjoin "to follow". Without positions the nearest is: the master
//! remembers what happened since the slave's last answered ping and tells it again, in an order in
//! which a client would accept it: who may see JIDs, removals, departures, presences, admissions,
//! messages. Rosters converge; messages arrive at least once, and the slave drops what it knows.

use std::collections::BTreeSet;

use super::fanout::{copy, stamped};
use super::log::{Gone, Logged};
use super::registered::wire;
use super::visibility::hidden;
use super::*;
use crate::room::Item;
use crate::stanza::element;

impl Master {
    /// The operator creates this slave. `false` if it is none of this room's.
    pub(in crate::dmuc) fn create_slave(
        &mut self,
        now: Time,
        slave: &Jid,
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(index) = self.links.iter().position(|link| *link.jid == *slave) else {
            return false;
        };
        if !self.links[index].is_born() {
            self.create(now, index, out);
        }
        true
    }

    /// What a new slave is sent: the subject, which names the run of the room, the roster, the
    /// history (`master.roster.sent-on-create`, `master.history.may-send`). A ping asks whether it
    /// has come.
    pub(super) fn create(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        if self.is_over() {
            return self.tell_late_end(index, out);
        }
        self.begin(now, index, None, out);
    }

    /// The same; or without the roster and with the history of before an instant only, if all that
    /// is to be told as to a slave that is back.
    fn begin(&mut self, now: Time, index: usize, end: Option<Time>, out: &mut Vec<Output>) {
        let link = &mut self.links[index];
        link.state = LinkState::Active;
        link.confirmed = now;
        link.told = false;
        link.pinger.hear(now);
        link.jids_since = None;
        let link = &self.links[index];
        out.push(self.note(&link.jid, Change::Created));
        out.push(Output::Send(message_to(&self.opening(), &link.jid, true)));
        if end.is_none() {
            self.resend_all(index, out);
        }
        let is_past = |message: &&StoredMessage| end.is_none_or(|end| message.stamp < end);
        let skipped = self.history.iter().count().saturating_sub(link.history_max);
        for message in self.history.iter().skip(skipped).filter(is_past) {
            out.push(Output::Send(message_to(message, &link.jid, true)));
        }
        let id = self.ping(now, index, out);
        self.links[index].opening = Some(id);
    }

    /// The subject, with the run of the room as its id. There is one even if none was ever set.
    fn opening(&self) -> StoredMessage {
        let subject = self.subject.clone().unwrap_or_else(|| StoredMessage {
            from: self.address.clone(),
            id: None,
            lang: None,
            payloads: Arc::new(vec![element("subject", ns::CLIENT, &[])]),
            stamp: self.opened,
        });
        let run = format!("run-{}", self.opened.as_micros());
        StoredMessage { id: Some(run.into()), ..subject }
    }

    /// The slave is back: tell it what it missed.
    pub(super) fn resync(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        if self.is_over() {
            return self.tell_late_end(index, out);
        }
        out.push(self.note(&self.links[index].jid, Change::Resyncing));
        self.links[index].state = LinkState::Active;
        self.links[index].expired = false;
        // What it was sent since then it may not have; perhaps nothing at all. JIDs it may have
        // forgotten, too: moderators come and go in another order now.
        let confirmed = self.links[index].confirmed;
        self.links[index].jids_since = None;
        let told = self.links[index].told;
        if !told {
            self.begin(now, index, Some(confirmed), out);
            self.links[index].confirmed = confirmed;
        }
        let missed: Vec<_> = self.log.since(confirmed).cloned().collect();
        let (privacy, messages): (Vec<_>, Vec<_>) = missed
            .iter()
            .filter_map(|logged| match logged {
                Logged::Message(message) => Some(message),
                _ => None,
            })
            .partition(|message| message.has_code("172") || message.has_code("173"));
        // Who may see JIDs is said before any are shown: the slave would show them to the wrong
        // people, and those would not know that theirs are seen.
        self.resend_messages(index, &privacy, out);
        let opened = privacy.iter().any(|message| message.has_code("172"));
        self.resend_departures(index, &missed, out);
        self.resend_new_nicks(index, &missed, out);
        self.resend_presences(now, index, &missed, opened || !told, out);
        self.resend_messages(index, &messages, out);
        // Nothing is forgotten yet: what was just told may be lost as well. The next pong confirms.
        out.push(self.note(&self.links[index].jid, Change::Synced));
    }

    fn resend_messages(&self, index: usize, missed: &[&StoredMessage], out: &mut Vec<Output>) {
        let jid = &self.links[index].jid;
        out.extend(missed.iter().map(|message| Output::Send(message_to(message, jid, false))));
    }

    /// LEAVE for those of its own users who were removed, then the departures of all who are not
    /// back as the same person: to others his sessions are one. Who went more than once went as he
    /// did the last time.
    fn resend_departures(&self, index: usize, missed: &[Logged], out: &mut Vec<Output>) {
        let departures: Vec<(&Gone, bool)> = missed
            .iter()
            .filter_map(|logged| match logged {
                Logged::Gone(gone) if !self.is_back(gone) => Some((gone, true)),
                Logged::Left(gone) if !self.is_back(gone) => Some((gone, false)),
                _ => None,
            })
            .collect();
        let later = |position: usize, same: &dyn Fn(&Gone) -> bool| {
            departures[position + 1..].iter().any(|(later, _)| same(later))
        };
        for (position, (gone, _)) in departures.iter().enumerate() {
            let removed = !gone.renamed && !self.nicks.contains_key(&gone.session);
            let again = |later: &Gone| !later.renamed && later.session == gone.session;
            if removed && gone.via == Some(index) && !later(position, &again) {
                let departure = self.departure(gone, gone.farewell.clone());
                self.send_leave(index, &gone.session, &departure, out);
            }
        }
        let mut told = Vec::new();
        for (position, (gone, last)) in departures.iter().enumerate() {
            let again = |later: &Gone| later.session == gone.session && later.nick == gone.nick;
            if *last && !later(position, &again) && !self.has_nick_again(gone) {
                told.push((&*gone.nick, self.departure(gone, self.farewell(index, gone))));
            }
        }
        let link = &self.links[index];
        let audience = Audience::Slave { jids: self.shows_jids(link) };
        for departure in vacated_first(told) {
            let payloads = audience.render(&departure.payloads);
            out.push(Output::Send(copy(&departure, &link.jid, payloads)));
        }
    }

    /// ENTER for those of its own users who have taken another nick, if another session of the same
    /// person has the one before: there is no departure to tell of.
    fn resend_new_nicks(&self, index: usize, missed: &[Logged], out: &mut Vec<Output>) {
        for logged in missed {
            let Logged::Gone(gone) = logged else { continue };
            if !gone.renamed || !self.has_nick_again(gone) {
                continue;
            }
            for session in [&gone.session].into_iter().chain(&gone.others) {
                let his = self.occupant_of(session).filter(|(nick, _)| **nick != *gone.nick);
                if his.is_some_and(|(_, his)| his.via(session) == Some(index)) {
                    self.send_enter(index, session, None, false, out);
                }
            }
        }
    }

    /// Whether the same session is in the room under the same nick again.
    fn is_back(&self, gone: &Gone) -> bool {
        let occupant = self.occupants.get(&gone.nick);
        occupant.is_some_and(|occupant| occupant.sessions.contains_key(&gone.session))
    }

    /// Whether the same person has the nick again, with whatever session.
    fn has_nick_again(&self, gone: &Gone) -> bool {
        let occupant = self.occupants.get(&gone.nick);
        occupant.is_some_and(|occupant| occupant.bare == gone.session.to_bare())
    }

    /// What a slave is told late of a nick that is no more. Who is there under another one has
    /// taken that. If somebody else has the nick now, the slave may know it already, and serve
    /// him: a farewell that does not say why is not taken for his.
    fn farewell(&self, index: usize, gone: &Gone) -> Payloads {
        let successor = self.occupants.get(&gone.nick).map(|occupant| occupant.is_behind(index));
        let own = gone.via == Some(index) && successor != Some(true);
        let mut sessions = [&gone.session].into_iter().chain(&gone.others);
        match sessions.find_map(|session| self.occupant_of(session)) {
            Some((nick, occupant)) if gone.renamed && (own || successor.is_none()) => {
                let item = Item { nick: Some(nick), ..Item::default() };
                occupant.describe(&[], &occupant.jids(), item, &[303])
            }
            _ if !gone.renamed && successor.is_none() => gone.farewell.clone(),
            _ => {
                let item = Item {
                    affiliation: Some(self.affiliation(&gone.session.to_bare())),
                    role: Some(Role::None),
                    jid: Some(&gone.session),
                    ..Item::default()
                };
                Arc::new(vec![item.element(&[])])
            }
        }
    }

    fn departure(&self, gone: &Gone, farewell: Payloads) -> Stanza {
        let mut presence = Stanza::presence(Type::Unavailable).with_payloads(farewell);
        presence.from = self.occupant_jid(&gone.nick);
        presence
    }

    /// The present state of each nick that changed, or of `all`; ENTER again for its own users, who
    /// may be waiting for it.
    fn resend_presences(
        &mut self,
        now: Time,
        index: usize,
        missed: &[Logged],
        all: bool,
        out: &mut Vec<Output>,
    ) {
        if all {
            self.resend_all(index, out);
        }
        let mut told = BTreeSet::new();
        for logged in missed {
            let Logged::Changed(nick) = logged else { continue };
            let Some(occupant) = self.occupants.get(nick) else { continue };
            if !told.insert(nick.clone()) {
                continue;
            }
            if !all || !occupant.shown {
                self.send_presence(index, occupant, out);
            }
        }
        self.count_moderators(now, index, out);
        for occupant in told.iter().filter_map(|nick| self.occupants.get(nick)) {
            let behind = occupant.sessions.iter().filter(|(_, s)| s.via == Some(index));
            for (session, _) in behind {
                self.send_enter(index, session, None, false, out);
            }
        }
    }

    pub(super) fn send_presence(&self, index: usize, occupant: &Occupant, out: &mut Vec<Output>) {
        let link = &self.links[index];
        let audience = Audience::Slave { jids: self.shows_jids(link) };
        let presence = match occupant.shown {
            true => Stanza::presence(Type::Absent)
                .with_from(occupant.seat.occupant.clone())
                .with_payloads(occupant.seat.presence.clone()),
            false => hidden(occupant),
        };
        let payloads = audience.render(&presence.payloads);
        let payloads = match link.kind {
            LinkKind::Registered(_) => wire::marked(&payloads, wire::state()),
            LinkKind::Static | LinkKind::Vacant => payloads,
        };
        out.push(Output::Send(copy(&presence, &link.jid, payloads)));
    }

    /// Count the moderators behind a slave anew. As long as there are any, it needs the JIDs of all
    /// who are in the room (`master.roster.jid-for-later-moderator`); with the last of them it
    /// forgets them.
    pub(super) fn count_moderators(&mut self, now: Time, index: usize, out: &mut Vec<Output>) {
        self.recount_moderators(index);
        let link = &self.links[index];
        let lacking = link.moderators > 0 && link.jids_since.is_none();
        let semi_anonymous = self.config.whois == Whois::Moderators;
        if lacking && semi_anonymous && link.state == LinkState::Active {
            self.resend_all(index, out);
            self.links[index].jids_since = Some(now);
        }
    }

    /// Everybody's presence to a slave that may see JIDs from now on.
    pub(super) fn resend_all(&self, index: usize, out: &mut Vec<Output>) {
        if self.links[index].state == LinkState::Active {
            for occupant in self.occupants.values().filter(|occupant| occupant.shown) {
                self.send_presence(index, occupant, out);
            }
        }
    }

    pub(super) fn recount_moderators(&mut self, index: usize) {
        let moderates = |o: &&Occupant| o.seat.role == Role::Moderator && o.is_behind(index);
        let link = &mut self.links[index];
        link.moderators = self.occupants.values().filter(moderates).count();
        if link.moderators == 0 {
            link.jids_since = None;
        }
    }
}

/// These departures in an order in which nobody takes a nick (303) that is still another's. Who
/// has taken several is told of with the last of them, which may have become free only after he
/// gave up the first.
fn vacated_first(mut departures: Vec<(&str, Stanza)>) -> Vec<Stanza> {
    let mut ordered = Vec::with_capacity(departures.len());
    while !departures.is_empty() {
        let waits = |(nick, departure): &(&str, Stanza)| {
            let new = departure.new_nick();
            let mut others = departures.iter().filter(|(other, _)| other != nick);
            new.is_some_and(|new| others.any(|(other, _)| *other == new))
        };
        // Two who have exchanged their nicks wait for one another.
        let next = departures.iter().position(|one| !waits(one)).unwrap_or(0);
        ordered.push(departures.remove(next).1);
    }
    ordered
}

fn message_to(message: &StoredMessage, slave: &Arc<Jid>, initial: bool) -> Stanza {
    let mut stanza = Stanza::message(Type::Groupchat)
        .with_from(message.from.clone())
        .with_to(slave.clone())
        .with_payloads(stamped(message, initial));
    stanza.id.clone_from(&message.id);
    stanza.lang.clone_from(&message.lang);
    stanza
}

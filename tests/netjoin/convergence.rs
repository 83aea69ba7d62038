//! What holds when all is healed and quiet (protocol of liveness).

use std::collections::{BTreeMap, BTreeSet};

use wallops::dmuc::Master;
use wallops::room::item::{affiliation_name, role_name};
use wallops::room::{Roster, Seat};
use wallops::stanza::{Element, ns};

use crate::cast::*;
use crate::client::{Client, own_texts};
use crate::record::*;
use crate::stage::Stage;

/// \[K\] of the default timers, in seconds.
const K: u64 = 60;

impl Stage {
    /// Heal everything and let it come to rest.
    pub fn calm_down(&mut self) {
        self.restart_service();
        let slaves: Vec<_> = self.sites.iter().map(|site| site.jid.clone()).collect();
        for slave in &slaves {
            self.heal(slave);
            self.restart(slave);
        }
        self.seconds(1200);
    }

    /// The room, as the service has it.
    pub fn room(&self) -> &Master {
        self.service().room(&bare(ROOM)).expect("the room exists")
    }

    /// LIVE-HEAL, LIVE-JOIN, LIVE-LEAVE, LIVE-CONV-ROSTER, LIVE-CONV-HISTORY.
    pub fn assert_converged(&mut self) {
        let room = self.room();
        let (roster, subject) = (room.roster(), room.subject());
        let accepted = ids(room.history().iter().map(|message| message.id.as_deref()));
        for site in &self.sites {
            // Who has had no user who wanted to enter has no reason to register.
            let copy = site.slave.as_ref().and_then(|slave| slave.room(&bare(ROOM)));
            let Some(copy) = copy.filter(|_| room.is_split(&jid(&site.jid)).is_some()) else {
                continue;
            };
            assert_eq!(room.is_split(&jid(&site.jid)), Some(false), "{} is split", site.jid);
            assert!(!copy.is_split(), "{} is split from the room", site.jid);
            let stored: BTreeSet<_> = copy.roster().keys().collect();
            assert_eq!(stored, roster.keys().collect(), "the roster of {}", site.jid);
            for (nick, seat) in &roster {
                assert!(copy.roster()[nick].agrees_with(seat), "{nick} at {}", site.jid);
            }
            let locals: BTreeSet<_> =
                copy.locals().map(|(who, nick)| (who.to_string(), nick.to_owned())).collect();
            let here: BTreeSet<_> = sessions(&roster)
                .into_iter()
                .filter(|(who, _)| domain_of(who) == site.domain)
                .collect();
            // After a crash somebody may have been admitted directly, and is served so.
            let direct = self.died && locals.is_subset(&here);
            assert!(direct || locals == here, "{}: {locals:?} in place of {here:?}", site.jid);
            let stored = ids(copy.history().iter().map(|message| message.id.as_deref()));
            assert!(accepted.ends_with(&stored), "{}: {stored:?} of {accepted:?}", site.jid);
            let longest = accepted.len().min(100);
            assert!(stored.len() >= longest, "{}: {stored:?} of {accepted:?}", site.jid);
            assert_eq!(copy.subject(), subject, "the subject at {}", site.jid);
        }
        let whereabouts = sessions(&roster);
        for client in self.clients.values() {
            // A join that went up while there was no slave, and was lost, is lost; who was direct
            // when his server died is a ghost, as in a plain room.
            if self.died && (client.waits() || !client.is_online()) {
                continue;
            }
            assert!(!client.waits(), "{} still waits for an answer", client.jid);
            let believed = client.is_in().then(|| client.nick().to_owned());
            // Who was direct when the room forgot him does not know it, as in a plain room.
            let forgotten = self.died && believed.is_some() && !self.is_served(&client.jid);
            if forgotten && !whereabouts.contains_key(&client.jid) {
                continue;
            }
            assert_eq!(believed.as_ref(), whereabouts.get(&client.jid), "{} is where?", client.jid);
            if client.is_in() {
                // What was lost on its way to who is served directly is lost, as in a plain room.
                if self.died && self.was_cut && !self.is_served(&client.jid) {
                    continue;
                }
                assert_eq!(client.subject, subject, "the subject as {} has it", client.jid);
                assert_view(client, &roster);
            }
        }
    }

    /// Whether a slave distributes to this session.
    fn is_served(&self, who: &str) -> bool {
        let slaves = self.sites.iter().filter_map(|site| site.slave.as_ref());
        let mut copies = slaves.filter_map(|slave| slave.room(&bare(ROOM)));
        copies.any(|copy| copy.locals().any(|(session, _)| session.as_str() == who))
    }

    /// INV-NO-DUP, LIVE-DELIVER: each message of the log at each person who is in the room, exactly
    /// once, and the authors' order. Holds where the room was never forgotten and no history was
    /// left out.
    pub fn assert_heard(&self) {
        let accepted = ids(self.room().history().iter().map(|m| m.id.as_deref()));
        let said: BTreeSet<_> = accepted.iter().collect();
        assert_eq!(said.len(), accepted.len(), "one message is logged twice: {accepted:?}");
        for client in self.clients.values().filter(|client| client.is_in()) {
            let heard = ids(client.heard.iter().map(|h| Some(h.id.as_str())));
            for id in &accepted {
                assert!(heard.contains(id), "{} has not heard {id}: {heard:?}", client.jid);
            }
        }
    }

    /// INV-FIFO: what the room accepted of one session it accepted in the order in which it was
    /// said.
    pub fn assert_in_order(&self) {
        let mut last = BTreeMap::new();
        let said = self.record.hop(Hop::UserToSlave);
        let mut order = BTreeMap::new();
        for (place, stanza) in said.iter().enumerate().filter(|(_, s)| s.is_groupchat()) {
            let id = stanza.id.as_deref().unwrap_or_default().to_owned();
            order.insert(id, (from(stanza).to_owned(), place));
        }
        for id in self.log_ids() {
            let Some((who, place)) = order.get(&id) else { continue };
            let before = last.insert(who.clone(), *place);
            assert!(before.is_none_or(|before| before < *place), "{who}: {id} is out of order");
        }
    }

    /// The ids of messages in the order of their numbers, as the slaves were told.
    fn log_ids(&self) -> Vec<String> {
        let mut log = BTreeMap::new();
        for stanza in self.record.hop(Hop::MasterToSlave) {
            let at = stanza.dmuc().and_then(|x| x.at);
            if let Some(at) = at.filter(|_| stanza.is_groupchat()) {
                let id = stanza.id.as_deref().unwrap_or_default().to_owned();
                let other = log.insert((at.epoch.clone(), at.seq), id.clone());
                assert!(other.is_none_or(|other| other == id), "one number, two messages");
            }
        }
        log.into_values().collect()
    }

    /// LIVE-NO-SILENT-LOSS: each message was accepted or returned, unless its author was removed or
    /// gone before he could be told.
    pub fn assert_nothing_lost(&self) {
        let log: BTreeSet<_> = self.log_ids().into_iter().collect();
        for (place, record) in self.record.iter().enumerate() {
            let stanza = &record.stanza;
            if !record.is(Hop::UserToSlave) || !stanza.is_groupchat() || stanza.body().is_none() {
                continue;
            }
            let id = stanza.id.as_deref().unwrap_or_default();
            let client = &self.clients[from(stanza)];
            let returned = client.errors.iter().any(|error| error.id.as_deref() == Some(id));
            let removed = self.record[place..].iter().any(|later| {
                later.is(Hop::SlaveToUser)
                    && to(&later.stanza) == client.jid
                    && later.stanza.is_unavailable()
                    && has_code(&later.stanza, "110")
                    && !has_code(&later.stanza, "303")
            });
            let told = log.contains(id) || returned || removed || client.was_offline;
            // As without slaves.
            let unkept = self.unkept.contains(id);
            assert!(told || unkept, "{id} of {} is lost", client.jid);
        }
    }

    /// LIVE-CALM, COST-IDLE: in rest, each slave is pinged once in \[K\] and pings nobody.
    pub fn assert_calm(&mut self) {
        self.record.clear();
        self.seconds(10 * K);
        let down = self.record.hop(Hop::MasterToSlave);
        assert!(down.iter().all(is_ping), "{}", self.story(0));
        let room = self.room();
        for site in self.sites.iter().filter(|site| room.is_split(&jid(&site.jid)).is_some()) {
            let own = down.iter().filter(|ping| to(ping) == site.jid).count();
            assert!((9..=11).contains(&own), "{own} pings to {} in ten K", site.jid);
        }
        let up = self.record.hop(Hop::SlaveToMaster);
        // One may be under way at each end.
        let more = up.len().abs_diff(down.len());
        assert!(more <= self.sites.len(), "pings and pongs and nothing else:\n{}", self.story(0));
        assert!(!up.iter().any(is_ping), "a slave pings a healthy master");
        assert!(self.record.hop(Hop::SlaveToUser).is_empty());
    }
}

fn ids<'a>(ids: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    ids.flatten().filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

/// The fold of his presences is the room's roster.
fn assert_view(client: &Client, roster: &Roster) {
    let seen: BTreeSet<_> = client.view.keys().collect();
    assert_eq!(seen, roster.keys().collect(), "the roster as {} sees it", client.jid);
    for (nick, seat) in roster {
        let seen = &client.view[nick];
        let told = (seen.affiliation.as_str(), seen.role.as_str(), seen.own.clone());
        let own = own_texts(seat.own_payloads());
        let true_ = (affiliation_name(&seat.affiliation), role_name(&seat.role), own);
        assert_eq!(told, true_, "{nick} as {} sees him", client.jid);
        if let Some(jid) = &seen.jid {
            assert!(real_jids(seat).contains(jid), "{nick} as {} sees him", client.jid);
        }
    }
}

/// Full JIDs and their nicks.
pub fn sessions(roster: &Roster) -> BTreeMap<String, String> {
    let sessions = roster
        .iter()
        .flat_map(|(nick, seat)| real_jids(seat).into_iter().map(move |jid| (jid, nick.clone())));
    sessions.collect()
}

/// The real JIDs of an occupant, as the master has them.
pub fn real_jids(seat: &Seat) -> Vec<String> {
    let x = seat.presence.iter().find(|payload| payload.is("x", ns::MUC_USER));
    let items = x.into_iter().flat_map(Element::children);
    items.filter_map(|item| item.attr("jid")).map(str::to_owned).collect()
}

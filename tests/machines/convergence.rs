//! What holds when all is healed and quiet.

use std::collections::BTreeSet;

use wallops::room::Seat;
use wallops::room::item::{affiliation_name, role_name};
use wallops::stanza::ns;

use crate::cast::*;
use crate::client::{Client, own_texts};
use crate::record::*;
use crate::stage::Stage;

/// \[K\] of the default timers, in seconds.
const K: u64 = 60;

impl Stage {
    /// Heal everything and let it come to rest.
    pub fn calm_down(&mut self) {
        let slaves: Vec<_> = self.sites.iter().map(|site| site.jid.clone()).collect();
        for slave in &slaves {
            self.await_notice(slave);
            self.heal(slave);
        }
        self.seconds(600);
    }

    /// LIVE-HEAL, LIVE-JOIN, LIVE-LEAVE, LIVE-CONV-ROSTER, LIVE-CONV-HISTORY.
    pub fn assert_converged(&mut self) {
        let room = self.service.room(&bare(ROOM)).unwrap();
        let roster = room.roster();
        let accepted: Vec<_> =
            room.history().iter().filter_map(|message| message.id.clone()).collect();
        let subject = room.subject();
        for site in self.sites.iter().filter(|site| site.alive) {
            assert_eq!(room.is_split(&jid(&site.jid)), Some(false), "{} is split", site.jid);
            let copy = site.slave.room(&bare(ROOM)).unwrap();
            assert!(!copy.is_split(), "{} is split from the room", site.jid);
            let stored: BTreeSet<_> = copy.roster().keys().collect();
            assert_eq!(stored, roster.keys().collect(), "the roster of {}", site.jid);
            for (nick, seat) in &roster {
                assert!(copy.roster()[nick].agrees_with(seat), "{nick} at {}", site.jid);
            }
            let locals: BTreeSet<_> =
                copy.locals().map(|(who, nick)| (who.to_string(), nick.to_owned())).collect();
            let here: BTreeSet<_> = roster
                .iter()
                .flat_map(|(nick, seat)| real_jids(seat).into_iter().map(|who| (who, nick.clone())))
                .filter(|(who, _)| domain_of(who) == site.domain)
                .collect();
            assert_eq!(locals, here, "the occupants of {}", site.jid);
            let ids = copy.history().iter().filter_map(|message| message.id.clone());
            assert_eq!(ids.collect::<Vec<_>>(), accepted, "the history of {}", site.jid);
            assert_eq!(copy.subject(), subject, "the subject at {}", site.jid);
        }
        for client in self.clients.values() {
            assert!(!client.waits(), "{} still waits for an answer", client.jid);
            let seat = roster.iter().find(|(_, seat)| real_jids(seat).contains(&client.jid));
            let believed = client.is_in().then(|| client.nick().to_owned());
            assert_eq!(believed, seat.map(|(nick, _)| nick.clone()), "{} is where?", client.jid);
            if client.is_in() {
                assert_eq!(client.subject, subject, "the subject as {} has it", client.jid);
                assert_view(client, &roster);
                assert_heard(client, &accepted);
            }
        }
    }

    /// LIVE-NO-SILENT-LOSS: each message was accepted or returned, unless its author was gone
    /// before he could be told.
    pub fn assert_nothing_lost(&self) {
        let room = self.service.room(&bare(ROOM)).unwrap();
        for stanza in self.record.hop(Hop::UserToSlave) {
            let Some(id) = stanza.id.clone().filter(|_| stanza.is_groupchat()) else { continue };
            let accepted = room.history().iter().any(|message| message.id.as_ref() == Some(&id));
            let client = &self.clients[from(&stanza)];
            let returned = client.errors.iter().any(|error| error.id.as_ref() == Some(&id));
            let subject = stanza.body().is_none();
            let stayed = !client.was_offline;
            assert!(accepted || returned || subject || !stayed, "{id} of {} is lost", client.jid);
        }
    }

    /// LIVE-CALM, COST-IDLE: in rest, each slave is pinged once in \[K\] and pings nobody.
    pub fn assert_calm(&mut self) {
        self.record.clear();
        self.seconds(10 * K);
        let pings = self.record.hop(Hop::MasterToSlave);
        for site in self.sites.iter().filter(|site| site.alive) {
            let own = pings.iter().filter(|ping| to(ping) == site.jid).count();
            assert!((9..=11).contains(&own), "{own} pings to {} in ten K", site.jid);
        }
        let up = self.record.hop(Hop::SlaveToMaster);
        assert!(!up.iter().any(is_ping), "a slave pings a healthy master");
        assert_eq!(up.len(), pings.len(), "pings and pongs and nothing else");
        assert!(self.record.hop(Hop::SlaveToUser).is_empty());
    }
}

/// The fold of his presences is the room's roster.
fn assert_view(client: &Client, roster: &wallops::room::Roster) {
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

/// Every message exactly once, and the live ones in the room's order.
fn assert_heard(client: &Client, accepted: &[std::sync::Arc<str>]) {
    let all: Vec<_> = client.heard.iter().filter(|heard| !heard.id.is_empty()).collect();
    let mut ids: Vec<_> = all.iter().map(|heard| heard.id.as_str()).collect();
    let live: Vec<_> = all.iter().filter(|h| !h.delayed).map(|h| h.id.as_str()).collect();
    let order = accepted.iter().map(|id| &**id).filter(|id| live.contains(id));
    assert_eq!(live, order.collect::<Vec<_>>(), "the order in which {} hears", client.jid);
    ids.sort_unstable();
    let mut expected: Vec<_> = accepted.iter().map(|id| &**id).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected, "what {} has heard", client.jid);
    let past = client.heard.iter().filter(|heard| heard.id.is_empty()).count();
    assert_eq!(past, PAST.len(), "what {} has read of the past", client.jid);
}

/// The real JIDs of an occupant's sessions, as the master has them.
fn real_jids(seat: &Seat) -> Vec<String> {
    let x = seat.presence.iter().find(|payload| payload.is("x", ns::MUC_USER)).unwrap();
    let items = x.children().filter(|child| child.is("item", ns::MUC_USER));
    items.map(|item| item.attr("jid").unwrap().to_owned()).collect()
}

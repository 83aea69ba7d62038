//! What holds of every record, whatever was played: the invariants of safety.

use std::collections::BTreeSet;

use wallops::dmuc::Change;
use wallops::stanza::{Kind, Stanza, Type, ns};

use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

impl Stage {
    /// Nothing happened that may never happen.
    pub fn assert_sound(&self) {
        let mut faults = self.faults.clone();
        for client in self.clients.values() {
            let found = client.faults.iter().chain(&client.early);
            faults.extend(found.map(|fault| format!("{}: {fault}", client.jid)));
        }
        for record in self.record.iter().filter(|record| record.note.is_none()) {
            let stanza = &record.stanza;
            let fault = match record.hop {
                Hop::Astray => Some("a slave talks to a stranger"),
                Hop::SlaveToUser | Hop::MasterToUser => self.user_fault(stanza),
                Hop::MasterToSlave => slave_fault(record, self.shows_jids),
                Hop::SlaveToMaster => self.master_fault(stanza),
                Hop::UserToSlave => None,
            };
            faults.extend(fault.map(|fault| format!("{fault}: {}", text(stanza))));
        }
        self.check_quiet(&mut faults);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// INV-TRANSPARENT, INV-DOMAIN.
    fn user_fault(&self, stanza: &Stanza) -> Option<&'static str> {
        let text = text(stanza);
        if text.contains(ns::DMUC) {
            return Some("an element of XEP-0282 at a user");
        }
        if self.sites.iter().any(|site| text.contains(&format!("'{}'", site.jid))) {
            return Some("the name of a slave at a user");
        }
        if stanza.from.as_ref().is_none_or(|from| from.domain().as_str() != DOMAIN) {
            return Some("not from the room");
        }
        let error = stanza.payload("error", ns::CLIENT);
        let by = error.and_then(|error| error.attr("by"));
        let own = domain_of(to(stanza));
        by.is_some_and(|by| by != ROOM && by != DOMAIN && (by != own || !self.was_cut))
            .then_some("an error by somebody else")
    }

    /// Users' stanzas in their own name, the slave's in its own (`slave.relay.from-unmodified`).
    fn master_fault(&self, stanza: &Stanza) -> Option<&'static str> {
        let from = from(stanza);
        let own = self.sites.iter().any(|site| site.jid == from);
        let allowed = own || self.clients.contains_key(from) || !from.contains('/');
        (!allowed).then_some("relayed in another name")
    }

    /// INV-QUIET-M: to a slave that counts as lost go pings, `resync` and nothing else of the
    /// master's; INV-QUIET-S likewise.
    fn check_quiet(&self, faults: &mut Vec<String>) {
        let mut split = BTreeSet::new();
        for record in &self.record {
            if let Some(note) = &record.note {
                let key = (note.by.to_string(), note.about.to_string());
                match note.change {
                    Change::Split => split.insert(key),
                    Change::Synced
                    | Change::Resyncing
                    | Change::Created
                    | Change::Registered
                    | Change::Deregistered
                    | Change::Expired => split.remove(&key),
                    _ => false,
                };
                continue;
            }
            let stanza = &record.stanza;
            let quiet = match record.hop {
                Hop::MasterToSlave => split.contains(&(ROOM.to_owned(), to(stanza).to_owned())),
                Hop::SlaveToMaster => self.sites.iter().any(|site| {
                    site.slave.is_some()
                        && site.domain == domain_of(from(stanza))
                        && split.contains(&(site.jid.clone(), ROOM.to_owned()))
                }),
                _ => false,
            };
            let own = stanza.kind == Kind::Iq
                && (is_ping(stanza)
                    || stanza.payloads.iter().any(|payload| payload.ns() == ns::SLAVE)
                    || matches!(stanza.type_, Type::Result | Type::Error));
            if quiet && !own {
                faults.push(format!("sent while split: {}", text(stanza)));
            }
        }
    }
}

/// INV-JID-SLAVE, `schema.valid`.
fn slave_fault(record: &Record, shows_jids: bool) -> Option<&'static str> {
    let stanza = &record.stanza;
    if stanza.kind == Kind::Iq {
        return None;
    }
    if stanza.payloads.iter().any(|payload| {
        ns::is_dmuc(payload) && wallops::stanza::dmuc::X::try_from(payload.clone()).is_err()
    }) {
        return Some("not as the schema wants it");
    }
    let text = text(stanza);
    let known = enter_jid(stanza).or(leave_jid(stanza)).unwrap_or_default();
    let hidden = !shows_jids && !record.moderated;
    let leaks = |who: &&str| {
        text.contains(who.split('/').next().unwrap())
            && bare(who).as_str() != known.split('/').next().unwrap()
    };
    if hidden && CAST.iter().chain([&STRANGER]).any(leaks) {
        return Some("a JID for a slave without moderators");
    }
    if !from(stanza).starts_with(ROOM) {
        return Some("a broadcast from somebody else");
    }
    None
}

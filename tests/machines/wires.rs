//! What the machines of a [`Stage`] do, and where it goes.

use wallops::dmuc::{Change, Note, Output, ServiceInput, SlaveInput};
use wallops::room::Role;
use wallops::stanza::{Condition, ErrorType, Jid, Kind, Stanza, Type, error_element};

use crate::cast::*;
use crate::record::*;
use crate::stage::{Packet, Site, Stage, Way};

impl Stage {
    pub fn step_service(&mut self, input: ServiceInput) {
        let answered = match &input {
            ServiceInput::Stanza(stanza) if stanza.is_error() => stanza.from.clone(),
            _ => None,
        };
        let mut out = Vec::new();
        self.service.step(self.now, input, &mut out);
        let moderated = self.moderated_sites();
        for output in out {
            let stanza = match output {
                Output::Send(stanza) => stanza,
                Output::Note(note) => {
                    self.note(note);
                    continue;
                }
            };
            self.forbid_error_for_error(answered.as_deref(), &stanza);
            let to = stanza.to.clone().unwrap();
            let Some(site) = self.site_of(to.as_str()) else {
                self.write(Hop::MasterToUser, &stanza, false);
                self.deliver(stanza);
                continue;
            };
            let own = self.sites[site].jid == to.as_str();
            let hop = if own { Hop::MasterToSlave } else { Hop::MasterToUser };
            let way = self.sites[site].down;
            self.write(hop, &stanza, way != Way::Up);
            self.record.last_mut().unwrap().moderated = moderated[site];
            match way {
                Way::Up => self.queue.push_back(Packet::ToSite(site, stanza)),
                Way::Silent => {}
                Way::Bounce => {
                    let error = unreachable_from(DOMAIN);
                    self.queue.extend(stanza.error_reply(error).map(Packet::ToMaster));
                }
            }
        }
    }

    /// Which sites have a moderator among the room's occupants.
    fn moderated_sites(&self) -> Vec<bool> {
        let room = self.service.room(&bare(ROOM));
        let moderated = |site: &Site| {
            room.is_some_and(|room| {
                let roster = room.roster();
                let moderators = roster.values().filter(|seat| seat.role == Role::Moderator);
                let mut domains = moderators.filter_map(|seat| {
                    let x = seat.presence.iter().find_map(|payload| {
                        payload.get_child("item", wallops::stanza::ns::MUC_USER)
                    })?;
                    Some(domain_of(x.attr("jid")?).to_owned())
                });
                domains.any(|domain| domain == site.domain)
            })
        };
        self.sites.iter().map(moderated).collect()
    }

    pub fn arrive(&mut self, site: usize, stanza: Stanza) {
        if self.sites[site].alive {
            return self.step_slave(site, SlaveInput::Down(stanza));
        }
        if stanza.to.as_ref().is_some_and(|to| to.as_str() == self.sites[site].jid) {
            if stanza.is_request() || stanza.kind == Kind::Message {
                let error =
                    error_element(ErrorType::Cancel, Condition::ServiceUnavailable, None, None);
                self.queue.extend(stanza.error_reply(error).map(Packet::ToMaster));
            }
            return;
        }
        self.write(Hop::SlaveToUser, &stanza, false);
        self.deliver(stanza);
    }

    pub fn step_up(&mut self, site: usize, stanza: Stanza) {
        if self.sites[site].alive {
            self.step_slave(site, SlaveInput::Up(stanza));
        } else {
            self.upwards(site, stanza);
        }
    }

    pub fn step_slave(&mut self, site: usize, input: SlaveInput) {
        let answered = match &input {
            SlaveInput::Down(stanza) | SlaveInput::Bounced(stanza) if stanza.is_error() => {
                stanza.from.clone()
            }
            _ => None,
        };
        let mut out = Vec::new();
        self.sites[site].slave.step(self.now, input, &mut out);
        for output in out {
            match output {
                Output::Note(note) => self.note(note),
                Output::Send(stanza) => {
                    self.forbid_error_for_error(answered.as_deref(), &stanza);
                    self.slave_sends(site, stanza);
                }
            }
        }
    }

    fn slave_sends(&mut self, site: usize, stanza: Stanza) {
        let to = stanza.to.clone().unwrap();
        if to.domain().as_str() == DOMAIN {
            self.upwards(site, stanza);
        } else if to.domain().as_str() == self.sites[site].domain {
            self.write(Hop::SlaveToUser, &stanza, false);
            self.deliver(stanza);
        } else {
            self.write(Hop::Astray, &stanza, false);
        }
    }

    fn upwards(&mut self, site: usize, stanza: Stanza) {
        let way = self.sites[site].up;
        self.write(Hop::SlaveToMaster, &stanza, way != Way::Up);
        match way {
            Way::Up => self.queue.push_back(Packet::ToMaster(stanza)),
            Way::Silent => {}
            Way::Bounce => {
                let error = unreachable_from(&self.sites[site].domain);
                let bounce = |stanza| Packet::BounceAtSite(site, stanza);
                self.queue.extend(stanza.error_reply(error).map(bounce));
            }
        }
    }

    /// A server has a stanza for one of its users. Nobody is told of a message that finds no one
    /// but its sender.
    fn deliver(&mut self, stanza: Stanza) {
        let to = stanza.to.clone().unwrap();
        let was_cut = self.was_cut;
        let client = self.client(to.as_str());
        client.was_cut = was_cut;
        if client.is_online() {
            return client.receives(&stanza);
        }
        let answered = stanza.kind == Kind::Message || stanza.is_request();
        if answered && to.is_full() && stanza.type_ != Type::Error {
            let error = error_element(ErrorType::Cancel, Condition::ServiceUnavailable, None, None);
            if let Some(reply) = stanza.error_reply(error) {
                self.submit(to.as_str(), reply);
            }
        }
    }

    pub fn write(&mut self, hop: Hop, stanza: &Stanza, lost: bool) {
        if lost {
            self.lose(hop, stanza);
        }
        if hop == Hop::SlaveToUser && stanza.is_unavailable() && has_code(stanza, "110") {
            // Who is out of the room waits for nothing.
            for site in &mut self.sites {
                site.unnoticed.by_slave.remove(to(stanza));
            }
        }
        let stanza = stanza.clone();
        self.record.push(Record { at: self.now, hop, stanza, lost, moderated: false, note: None });
    }

    /// A slave knows that what it relays is answered, and so that it was lost; its master knows
    /// nothing of what it sends, but sends nothing of it in vain for long. Of IQs nobody cares.
    fn lose(&mut self, hop: Hop, stanza: &Stanza) {
        let peer = match hop {
            Hop::SlaveToMaster => stanza.from.as_ref(),
            _ => stanza.to.as_ref(),
        };
        let Some(site) = peer.and_then(|peer| self.site_of(peer.as_str())) else { return };
        let answered = stanza.kind == Kind::Presence || stanza.type_ == Type::Groupchat;
        match hop {
            _ if stanza.kind == Kind::Iq => {}
            Hop::MasterToSlave => self.sites[site].unnoticed.by_master = true,
            Hop::MasterToUser if stanza.is_error() => {
                self.sites[site].unnoticed.by_slave.insert(to(stanza).to_owned());
            }
            // Who is not in the room has nothing to leave.
            Hop::SlaveToMaster if stanza.is_unavailable() && !self.is_occupant(from(stanza)) => {}
            Hop::SlaveToMaster if answered => {
                self.sites[site].unnoticed.by_slave.insert(from(stanza).to_owned());
            }
            _ => {}
        }
    }

    /// Whether the master has this session in the room.
    fn is_occupant(&self, session: &str) -> bool {
        let room = self.service.room(&bare(ROOM));
        let roster = room.map(|room| room.roster()).unwrap_or_default();
        let marked = format!("jid='{session}'");
        roster.values().any(|seat| seat.presence.iter().any(|p| String::from(p).contains(&marked)))
    }

    fn note(&mut self, note: Note) {
        if note.change == Change::Split {
            for site in &mut self.sites {
                site.unnoticed.by_master &= site.jid != note.about.as_str();
                if site.jid == note.by.as_str() {
                    site.unnoticed.by_slave.clear();
                }
            }
        }
        self.write(Hop::Astray, &Stanza::iq(Type::Result, "note"), false);
        self.record.last_mut().unwrap().note = Some(note);
    }

    /// Errors are never answered by errors (RFC 6120 §8.3.1; `split.no-error-reply`).
    fn forbid_error_for_error(&mut self, answered: Option<&Jid>, stanza: &Stanza) {
        if let Some(from) = answered.filter(|_| stanza.is_error())
            && stanza.to.as_deref() == Some(from)
        {
            self.faults.push(format!("an error answers an error of {from}"));
        }
    }
}

/// The error with which Prosody returns what it could not deliver.
fn unreachable_from(domain: &str) -> wallops::stanza::Element {
    let text = Some("Server-to-server connection failed: connection refused");
    let condition = Condition::RemoteServerNotFound;
    error_element(ErrorType::Cancel, condition, Some(&jid(domain)), text)
}

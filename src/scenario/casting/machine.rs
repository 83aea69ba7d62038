//! `[Slave] vesa` and `[Server] vesa.yeggmaex.irc`

use super::super::ast::Name;
use super::super::cast::{Server, Slave};
use super::super::mistake::Wrong;
use super::super::sections::Section;
use super::super::values;
use super::{Casting, usual_server};
use crate::dmuc::Timers;
use crate::server::Flavour;

impl Casting<'_> {
    pub(super) fn slave(&mut self, section: &Section) {
        self.value(section, "registration", registration);
        let at_start = self.value(section, "created", created);
        let rooms = self.list(section, "rooms", Self::room_name);
        let history_max = self.value(section, "history-max", values::count);
        let timers = self.timers(section, self.timers_of(&rooms));
        let jid = self.needed(section, "jid", values::jid);
        let jid = jid.unwrap_or_else(|| self.stand_in(section).into());
        let domain: Name = jid.domain().as_str().into();
        let other = self.cast.slave_at(&domain).map(|(name, _)| Name::clone(name));
        if let (Some(other), Some(key)) = (other, section.key("jid")) {
            let wrong = Wrong::SecondSlave { domain: domain.to_string(), other: other.to_string() };
            self.flaw(wrong, key.value_span, key.file);
        }
        let slave = Slave {
            span: Some(section.span),
            jid,
            rooms,
            at_start: at_start.unwrap_or(true),
            history_max: history_max.unwrap_or(HISTORY_MAX),
            timers,
        };
        self.cast.slaves.insert(section.name.as_str().into(), slave);
    }

    /// What the service of the first of these rooms, or the first service, has.
    fn timers_of(&self, rooms: &[Name]) -> Timers {
        let room = rooms.first().and_then(|room| self.cast.rooms.get(room));
        let service = match room {
            Some(room) => self.cast.services.get(room.config.jid.domain().as_str()),
            None => self.cast.services.values().next(),
        };
        service.map(|service| service.timers).unwrap_or_default()
    }

    pub(super) fn server(&mut self, section: &Section) {
        let flavour = self.value(section, "bounces", flavour).unwrap_or_default();
        let timeout = self.value(section, "connect-timeout", values::duration);
        let domain = match values::domain(&section.name) {
            Ok(domain) => domain,
            Err(wrong) => {
                self.gaps.mention(&section.name);
                return self.flaw(wrong, section.span, section.file);
            }
        };
        let server = Server {
            span: Some(section.span),
            flavour,
            connect_timeout: timeout.unwrap_or(flavour.connect_timeout()),
        };
        self.cast.servers.insert(domain.into(), server);
    }

    /// Every domain that a JID of the cast has is a server's.
    pub(super) fn imply_servers(&mut self) {
        let cast = &self.cast;
        let domains = cast
            .clients
            .values()
            .map(|client| client.jid.domain().as_str())
            .chain(cast.rooms.values().map(|room| room.config.jid.domain().as_str()))
            .chain(cast.slaves.values().map(|slave| slave.jid.domain().as_str()));
        let real = domains.filter(|domain| !self.stands_in(domain));
        let domains: Vec<Name> = real.map(Name::from).collect();
        for domain in domains {
            self.cast.servers.entry(domain).or_insert_with(usual_server);
        }
    }
}

fn registration(word: &str) -> Result<(), Wrong> {
    if word == "static" { Ok(()) } else { Err(values::bad(word, "`static`", "")) }
}

fn created(word: &str) -> Result<bool, Wrong> {
    match word {
        "at start" => Ok(true),
        "later" => Ok(false),
        _ => Err(values::bad(word, "`at start` or `later`", "")),
    }
}

fn flavour(word: &str) -> Result<Flavour, Wrong> {
    match word {
        "prosody" => Ok(Flavour::Prosody),
        "ejabberd" => Ok(Flavour::Ejabberd),
        _ => Err(values::bad(word, "`prosody` or `ejabberd`", "")),
    }
}

/// How many messages of history a slave keeps unless its section says otherwise.
pub(in super::super) const HISTORY_MAX: usize = 100;
